// LedgerService: the calls that change the ledger.
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/ledger/validate.h"
#include "server/services/errors.h"
#include "server/services/ledger_service.h"
#include "server/services/names.h"
#include "server/services/rendering.h"
#include "server/services/requests.h"

namespace timebank::services {

namespace sv1 = storage::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

namespace {

constexpr int kMaxBatchShares = 65'536;  // bounds what one frame of the log can hold

// The bank that a request names as its parent, or whose exchange it names; what is wrong is noted in
// `problems`.
std::string BankOfParent(const std::string& parent) { return ParseBank(parent).value_or(""); }

RequestReader ReaderOfParent(const std::string& parent) {
  RequestReader reader(BankOfParent(parent));
  if (reader.bank().empty()) {
    reader.Problem("parent", parent.empty() ? ledger::violation::kRequired : ledger::violation::kMalformed);
  }
  return reader;
}

// A request about one exchange: reads its name.
RequestReader ReaderOfExchange(const std::string& name, ledger::Sequence* sequence) {
  RequestReader reader(BankOfName(name));
  *sequence = SequenceOfName(name);
  if (*sequence == 0) {
    reader.Problem("name", name.empty() ? ledger::violation::kRequired : ledger::violation::kMalformed);
  }
  return reader;
}

// Fills `exchange` and, where the reply has them, `notices` from one entry.
template <typename Response>
absl::Status FillExchange(BankReader& bank, const sv1::Entry& entry, Response* response) {
  TB_RETURN_IF_ERROR(bank.ToExchange(entry, response->mutable_exchange()));
  if constexpr (requires { response->mutable_notices(); }) {
    TB_ASSIGN_OR_RETURN(std::vector<v1::Notice> notices, bank.NoticesOf(entry));
    *response->mutable_notices() = {notices.begin(), notices.end()};
  }
  return absl::OkStatus();
}

// The same from an entry that was posted just now.
template <typename Response>
absl::Status FillPosted(BankReader& bank, const ledger::Preview& posted, Response* response) {
  TB_RETURN_IF_ERROR(bank.ToNewExchange(posted, response->mutable_exchange()));
  if constexpr (requires { response->mutable_notices(); }) {
    TB_ASSIGN_OR_RETURN(std::vector<v1::Notice> notices, bank.NoticesOf(posted.entry));
    *response->mutable_notices() = {notices.begin(), notices.end()};
  }
  return absl::OkStatus();
}

template <typename Response>
absl::Status FillPreview(BankReader& bank, const ledger::Preview& preview, Response* response) {
  TB_RETURN_IF_ERROR(bank.ToExchange(preview, response->mutable_exchange()));
  TB_ASSIGN_OR_RETURN(std::vector<v1::Notice> notices, bank.NoticesOf(preview.entry));
  *response->mutable_notices() = {notices.begin(), notices.end()};
  return absl::OkStatus();
}

// The entries of an act about an exchange: without what it sent on from merged members' accounts.
absl::StatusOr<std::vector<sv1::Entry>> EntriesAbout(const BankReader& bank, const ledger::Outcome& outcome) {
  TB_ASSIGN_OR_RETURN(std::vector<sv1::Entry> entries, EntriesOf(bank, outcome));
  std::erase_if(entries, [](const sv1::Entry& entry) {
    return entry.kind() == sv1::ENTRY_KIND_CLOSING && entry.restores() == 0;
  });
  return entries;
}

// Replies with the entry that was posted, or would have been.
template <typename Response>
Serving::Render RenderPosted(Response* response) {
  return RenderChange<Response>(
      response, [](BankReader& bank, const ledger::Outcome& outcome, Response* reply) {
        if (outcome.preview) {
          if constexpr (requires { reply->mutable_notices(); })
            return FillPreview(bank, *outcome.preview, reply);
        }
        return [&]() -> absl::Status {
          if (outcome.posted) return FillPosted(bank, *outcome.posted, reply);
          TB_ASSIGN_OR_RETURN(std::vector<sv1::Entry> entries, EntriesOf(bank, outcome));
          return FillExchange(bank, entries.back(), reply);
        }();
      });
}

// Replies with the exchange that a word was about, as it stands now.
template <typename Response>
Serving::Render RenderAbout(Response* response, ledger::Sequence exchange) {
  return RenderChange<Response>(
      response, [exchange](BankReader& bank, const ledger::Outcome&, Response* reply) -> absl::Status {
        TB_RETURN_IF_ERROR(bank.ExchangeAt(exchange, reply->mutable_exchange()));
        return absl::OkStatus();
      });
}

// The acts that say something about one exchange and name nothing but a reason and a person.
template <typename Act, typename Request>
Serving::Prepare PrepareWord(const Request* request) {
  return [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    Act act;
    RequestReader reader = ReaderOfExchange(request->name(), &act.exchange);
    if constexpr (requires { act.reason; }) act.reason = request->reason();
    act.acting_for = reader.Holder("acting_for", request->acting_for());
    return Ready(reader, std::move(act), prepared);
  };
}

}  // namespace

ServerUnaryReactor* LedgerService::RecordExchange(CallbackServerContext* context,
                                                  In<v1::RecordExchangeRequest> request,
                                                  v1::RecordExchangeResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader = ReaderOfParent(request->parent());
    ledger::RecordExchange act;
    reader.Exchange("exchange.", request->exchange(), &act.exchange);
    act.check_duplicates = request->check_duplicates();
    prepared.command.validate_only = request->validate_only();
    return Ready(reader, std::move(act), prepared);
  };
  return door_.Change(context, *request, BankOfParent(request->parent()), request->ByteSizeLong(),
                      request->request_id(), prepare, RenderPosted(response));
}

ServerUnaryReactor* LedgerService::BatchRecordExchanges(CallbackServerContext* context,
                                                        In<v1::BatchRecordExchangesRequest> request,
                                                        v1::BatchRecordExchangesResponse* response) {
  auto prepare = [request](storage::Day today, Serving::Prepared& prepared) -> absl::Status {
    int shares = 0;
    for (const auto& exchange : request->exchanges())
      shares += exchange.givers_size() + exchange.receivers_size();
    if (request->exchanges_size() > static_cast<int>(ledger::kMaxBatch) || shares > kMaxBatchShares) {
      return ToStatus(ledger::Refuse(ledger::Reason::kBatchTooLarge), {});
    }
    RequestReader reader = ReaderOfParent(request->parent());
    ledger::Stamp stamp;
    stamp.today = today;
    ledger::BatchRecordExchanges act;
    act.all_or_nothing = request->all_or_nothing();
    act.check_duplicates = request->check_duplicates();
    prepared.command.validate_only = request->validate_only();
    act.items.resize(static_cast<size_t>(request->exchanges_size()));
    RequestReader item_reader(reader.bank());
    for (int i = 0; i < request->exchanges_size(); ++i) {
      ledger::BatchRecordExchanges::Item& item = act.items[static_cast<size_t>(i)];
      item_reader.Exchange("", request->exchanges(i), &item.exchange);
      item.violations = item_reader.TakeViolations();
      if (item.violations.empty()) item.violations = ledger::ValidateExchange(item.exchange, stamp, "");
      for (ledger::Violation& violation : item.violations) {
        violation.field.insert(0, absl::StrCat("exchanges[", i, "]."));
      }
    }
    return Ready(reader, std::move(act), prepared);
  };
  auto fill = [this, request](BankReader& bank, const ledger::Outcome& outcome,
                              v1::BatchRecordExchangesResponse* reply) -> absl::Status {
    const storage::Day today = door_.serving().TodayOf(bank);
    reply->mutable_results()->Reserve(static_cast<int>(outcome.items.size()));
    for (const ledger::Outcome::Item& item : outcome.items) {
      auto* result = reply->add_results();
      if (item.refusal) {
        *result->mutable_status() = ToRpc(bank.ToStatus(*item.refusal, today));
        continue;
      }
      result->mutable_status();
      result->set_sequence(static_cast<int64_t>(item.sequence));
      if (!request->full() || request->validate_only()) continue;
      TB_ASSIGN_OR_RETURN(const sv1::Entry entry, bank.KnownEntry(item.sequence));
      TB_RETURN_IF_ERROR(FillExchange(bank, entry, result));
    }
    return absl::OkStatus();
  };
  return door_.Change(context, *request, BankOfParent(request->parent()), request->ByteSizeLong(),
                      request->request_id(), prepare,
                      RenderChange<v1::BatchRecordExchangesResponse>(response, fill));
}

ServerUnaryReactor* LedgerService::CorrectExchange(CallbackServerContext* context,
                                                   In<v1::CorrectExchangeRequest> request,
                                                   v1::CorrectExchangeResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    ledger::CorrectExchange act;
    RequestReader reader = ReaderOfExchange(request->name(), &act.exchange);
    reader.Exchange("exchange.", request->exchange(), &act.changes);
    act.mask = reader.Mask(request->exchange(), request->update_mask());
    act.reason = request->reason();
    act.acting_for = reader.Holder("acting_for", request->acting_for());
    return Ready(reader, std::move(act), prepared);
  };
  auto fill = [](BankReader& bank, const ledger::Outcome& outcome,
                 v1::CorrectExchangeResponse* reply) -> absl::Status {
    TB_ASSIGN_OR_RETURN(std::vector<sv1::Entry> entries, EntriesAbout(bank, outcome));
    TB_RETURN_IF_ERROR(bank.ToExchange(entries.front(), reply->mutable_reversal()));
    return FillExchange(bank, entries.back(), reply);
  };
  return door_.Change(context, *request, BankOfName(request->name()), request->ByteSizeLong(),
                      request->request_id(), prepare,
                      RenderChange<v1::CorrectExchangeResponse>(response, fill));
}

ServerUnaryReactor* LedgerService::ReverseExchange(CallbackServerContext* context,
                                                   In<v1::ReverseExchangeRequest> request,
                                                   v1::ReverseExchangeResponse* response) {
  auto fill = [](BankReader& bank, const ledger::Outcome& outcome,
                 v1::ReverseExchangeResponse* reply) -> absl::Status {
    TB_ASSIGN_OR_RETURN(std::vector<sv1::Entry> entries, EntriesAbout(bank, outcome));
    TB_RETURN_IF_ERROR(bank.ExchangeAt(entries.back().reverses(), reply->mutable_reversed()));
    return FillExchange(bank, entries.back(), reply);
  };
  return door_.Change(context, *request, BankOfName(request->name()), request->ByteSizeLong(),
                      request->request_id(), PrepareWord<ledger::ReverseExchange>(request),
                      RenderChange<v1::ReverseExchangeResponse>(response, fill));
}

ServerUnaryReactor* LedgerService::ContestExchange(CallbackServerContext* context,
                                                   In<v1::ContestExchangeRequest> request,
                                                   v1::ContestExchangeResponse* response) {
  return door_.Change(context, *request, BankOfName(request->name()), request->ByteSizeLong(),
                      request->request_id(), PrepareWord<ledger::ContestExchange>(request),
                      RenderAbout(response, SequenceOfName(request->name())));
}

ServerUnaryReactor* LedgerService::SettleExchange(CallbackServerContext* context,
                                                  In<v1::SettleExchangeRequest> request,
                                                  v1::SettleExchangeResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    ledger::SettleExchange act;
    RequestReader reader = ReaderOfExchange(request->name(), &act.exchange);
    switch (request->outcome()) {
      case v1::SettleExchangeRequest::OUTCOME_STANDS:
      case v1::SettleExchangeRequest::OUTCOME_REVERSED:
      case v1::SettleExchangeRequest::OUTCOME_CORRECTED:
        act.outcome = static_cast<ledger::SettleOutcome>(request->outcome());
        break;
      case v1::SettleExchangeRequest::OUTCOME_UNSPECIFIED:
        reader.Problem("outcome", ledger::violation::kRequired);
        break;
      default:
        reader.Problem("outcome", ledger::violation::kOutOfRange);
    }
    reader.Exchange("exchange.", request->exchange(), &act.changes);
    act.mask = reader.Mask(request->exchange(), request->update_mask());
    act.reason = request->reason();
    act.acting_for = reader.Holder("acting_for", request->acting_for());
    return Ready(reader, std::move(act), prepared);
  };
  auto fill = [](BankReader& bank, const ledger::Outcome& outcome,
                 v1::SettleExchangeResponse* reply) -> absl::Status {
    TB_ASSIGN_OR_RETURN(std::vector<sv1::Entry> entries, EntriesAbout(bank, outcome));
    for (const sv1::Entry& entry : entries) {
      if (entry.kind() == sv1::ENTRY_KIND_SETTLEMENT) {
        TB_RETURN_IF_ERROR(bank.ExchangeAt(entry.about(), reply->mutable_exchange()));
      } else if (entry.kind() == sv1::ENTRY_KIND_REVERSAL) {
        TB_RETURN_IF_ERROR(bank.ToExchange(entry, reply->mutable_reversal()));
      } else {
        TB_RETURN_IF_ERROR(bank.ToExchange(entry, reply->mutable_replacement()));
      }
    }
    return absl::OkStatus();
  };
  return door_.Change(context, *request, BankOfName(request->name()), request->ByteSizeLong(),
                      request->request_id(), prepare,
                      RenderChange<v1::SettleExchangeResponse>(response, fill));
}

ServerUnaryReactor* LedgerService::ConfirmExchange(CallbackServerContext* context,
                                                   In<v1::ConfirmExchangeRequest> request,
                                                   v1::ConfirmExchangeResponse* response) {
  return door_.Change(context, *request, BankOfName(request->name()), request->ByteSizeLong(),
                      request->request_id(), PrepareWord<ledger::ConfirmExchange>(request),
                      RenderAbout(response, SequenceOfName(request->name())));
}

ServerUnaryReactor* LedgerService::EraseExchangeNote(CallbackServerContext* context,
                                                     In<v1::EraseExchangeNoteRequest> request,
                                                     v1::EraseExchangeNoteResponse* response) {
  return door_.Change(context, *request, BankOfName(request->name()), request->ByteSizeLong(),
                      request->request_id(), PrepareWord<ledger::EraseExchangeNote>(request),
                      RenderAbout(response, SequenceOfName(request->name())));
}

ServerUnaryReactor* LedgerService::RecordGift(CallbackServerContext* context,
                                              In<v1::RecordGiftRequest> request,
                                              v1::RecordGiftResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader = ReaderOfParent(request->parent());
    ledger::RecordGift act;
    act.debited = reader.Holder("debited", request->debited());
    act.credited = reader.Holder("credited", request->credited());
    act.seconds = request->seconds();
    act.occurred_on = reader.Day("occurred_on", request->occurred_on());
    act.category = request->category();
    act.note = request->note();
    act.tags = {request->tags().begin(), request->tags().end()};
    act.decision = request->decision();
    act.origin = reader.Origin("", request->has_origin(), request->origin());
    act.acting_for = reader.Holder("acting_for", request->acting_for());
    prepared.command.validate_only = request->validate_only();
    return Ready(reader, std::move(act), prepared);
  };
  return door_.Change(context, *request, BankOfParent(request->parent()), request->ByteSizeLong(),
                      request->request_id(), prepare, RenderPosted(response));
}

ServerUnaryReactor* LedgerService::RecordOpening(CallbackServerContext* context,
                                                 In<v1::RecordOpeningRequest> request,
                                                 v1::RecordOpeningResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader = ReaderOfParent(request->parent());
    ledger::RecordOpening act;
    act.holder = reader.Holder("holder", request->holder());
    act.seconds = request->seconds();
    act.occurred_on = reader.Day("occurred_on", request->occurred_on());
    act.note = request->note();
    act.origin = reader.Origin("", request->has_origin(), request->origin());
    return Ready(reader, std::move(act), prepared);
  };
  return door_.Change(context, *request, BankOfParent(request->parent()), request->ByteSizeLong(),
                      request->request_id(), prepare, RenderPosted(response));
}

}  // namespace timebank::services
