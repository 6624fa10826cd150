#include "client/cli/import_entries.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/cli/errors.h"
#include "client/cli/status_macros.h"
#include "client/cpp/error.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

using imports::ImportedEntry;
using imports::ImportedHolder;

// As many as the importer sends at a time; the shares that the server takes in one call, and well below its
// bytes.
constexpr size_t kBatch = 1000;
constexpr size_t kBatchShares = 65'536;
constexpr size_t kBatchBytes = size_t{8} << 20;

v1::Origin ToOrigin(const imports::ImportedOrigin& from) {
  v1::Origin origin;
  origin.set_system(from.system);
  origin.set_number(from.number);
  origin.set_recorded_by(from.recorded_by);
  if (from.record_time != absl::InfinitePast()) {
    *origin.mutable_record_time() =
        google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(from.record_time));
  }
  return origin;
}

bool HasReason(const absl::Status& status, const char* reason) {
  return client::ErrorReason(status) == reason;
}

}  // namespace

std::vector<ImportedHolder> HoldersOf(const ImportedEntry& entry) {
  std::vector<ImportedHolder> holders;
  const auto add = [&holders](const ImportedHolder& holder) {
    if (std::find(holders.begin(), holders.end(), holder) == holders.end()) holders.push_back(holder);
  };
  if (entry.kind == ImportedEntry::Kind::kGift || entry.kind == ImportedEntry::Kind::kOpening) {
    add(entry.debited);
    add(entry.credited);
  }
  for (const auto* shares : {&entry.givers, &entry.receivers, &entry.movements}) {
    for (const imports::ImportedShare& share : *shares) add(share.holder);
  }
  if (entry.remainder) add(*entry.remainder);
  if (entry.acting_for) add(*entry.acting_for);
  return holders;
}

EntryPoster::EntryPoster(client::Client client, EntryPosterOptions options)
    : client_(std::move(client)), options_(std::move(options)) {}

absl::Status EntryPoster::Take(ImportedEntry entry) {
  if (!options_.commit && !CanAsk(entry)) return Tell(entry, absl::OkStatus());
  if (entry.kind == ImportedEntry::Kind::kExchange) {
    v1::Exchange exchange = ToExchange(entry);
    const size_t shares = entry.givers.size() + entry.receivers.size();
    const size_t bytes = exchange.ByteSizeLong();
    if (batch_shares_ + shares > kBatchShares || batch_bytes_ + bytes > kBatchBytes) {
      CLI_RETURN_IF_ERROR(Flush());
    }
    batch_shares_ += shares;
    batch_bytes_ += bytes;
    *request_.add_exchanges() = std::move(exchange);
    batch_.push_back(std::move(entry));
    return batch_.size() < kBatch ? absl::OkStatus() : Flush();
  }
  CLI_RETURN_IF_ERROR(Flush());
  return options_.commit ? Post(entry) : Ask(entry);
}

absl::Status EntryPoster::Flush() {
  if (batch_.empty()) return absl::OkStatus();
  v1::BatchRecordExchangesRequest request = std::exchange(request_, {});
  request.set_parent(options_.bank);
  request.set_validate_only(!options_.commit);
  batch_shares_ = 0;
  batch_bytes_ = 0;
  CLI_ASSIGN_OR_RETURN(const v1::BatchRecordExchangesResponse response,
                       client_.BatchRecordExchanges(std::move(request)));
  if (static_cast<size_t>(response.results_size()) != batch_.size()) {
    return absl::InternalError("The server answered for another number of exchanges than it was sent.");
  }
  for (size_t i = 0; i < batch_.size(); ++i) {
    const auto& result = response.results(static_cast<int>(i));
    CLI_RETURN_IF_ERROR(Tell(batch_[i], client::ToStatus(result.status()), result.sequence()));
  }
  batch_.clear();
  return absl::OkStatus();
}

absl::Status EntryPoster::Tell(const ImportedEntry& entry, const absl::Status& status, int64_t sequence) {
  if (status.ok()) return options_.on_result(entry, {EntryOutcome::kNew, sequence});
  if (!HasReason(status, "ORIGIN_RECORDED")) {
    return options_.on_result(entry, {EntryOutcome::kRefused, 0, status});
  }
  return options_.on_result(
      entry, {EntryOutcome::kKnown, client::SequenceOf(client::ErrorMetadata(status)["exchange"])});
}

// ---- The requests

// When it was, what was said about it and by whom: an exchange and a gift have the same of it.
template <typename Message>
void EntryPoster::FillInWords(const ImportedEntry& entry, Message& to) const {
  to.set_occurred_on(entry.occurred_on);
  to.set_category(entry.category);
  to.set_note(entry.note);
  for (const std::string& tag : entry.tags) to.add_tags(tag);
  to.set_decision(entry.decision);
  if (entry.acting_for) to.set_acting_for(options_.name_of(*entry.acting_for));
  *to.mutable_origin() = ToOrigin(entry.origin);
}

v1::Exchange EntryPoster::ToExchange(const ImportedEntry& entry) const {
  v1::Exchange exchange;
  const auto add = [this](const imports::ImportedShare& from, v1::Share* share) {
    share->set_holder(options_.name_of(from.holder));
    share->set_seconds(from.seconds);
  };
  for (const imports::ImportedShare& share : entry.givers) add(share, exchange.add_givers());
  for (const imports::ImportedShare& share : entry.receivers) add(share, exchange.add_receivers());
  if (entry.remainder) exchange.mutable_remainder()->set_holder(options_.name_of(*entry.remainder));
  exchange.set_seconds(entry.seconds);
  exchange.set_unnamed_givers(entry.unnamed_givers);
  exchange.set_unnamed_receivers(entry.unnamed_receivers);
  FillInWords(entry, exchange);
  return exchange;
}

v1::RecordGiftRequest EntryPoster::ToGift(const ImportedEntry& entry) const {
  v1::RecordGiftRequest request;
  request.set_parent(options_.bank);
  request.set_debited(options_.name_of(entry.debited));
  request.set_credited(options_.name_of(entry.credited));
  request.set_seconds(entry.seconds);
  FillInWords(entry, request);
  request.set_validate_only(!options_.commit);
  return request;
}

v1::RecordOpeningRequest EntryPoster::ToOpening(const ImportedEntry& entry) const {
  v1::RecordOpeningRequest request;
  request.set_parent(options_.bank);
  request.set_holder(options_.name_of(entry.credited));
  request.set_seconds(entry.seconds);
  request.set_occurred_on(entry.occurred_on);
  request.set_note(entry.note);
  *request.mutable_origin() = ToOrigin(entry.origin);
  return request;
}

// ---- Asking

bool EntryPoster::CanAsk(const ImportedEntry& entry) const {
  const std::vector<ImportedHolder> holders = HoldersOf(entry);
  return std::all_of(holders.begin(), holders.end(), options_.exists);
}

// Of whatever does not go in a batch.
absl::Status EntryPoster::Ask(const ImportedEntry& entry) {
  if (entry.kind == ImportedEntry::Kind::kGift) {
    return Tell(entry, client_.RecordGift(ToGift(entry)));
  }
  if (entry.kind == ImportedEntry::Kind::kOpening) {
    const absl::StatusOr<std::string> found = FindByOrigin(entry.origin);
    if (!found.ok()) return Tell(entry, found.status());
    const int64_t sequence = client::SequenceOf(*found);
    return options_.on_result(entry, {sequence == 0 ? EntryOutcome::kNew : EntryOutcome::kKnown, sequence});
  }
  // What it undoes may stand in the same files: then it is as new as that.
  const absl::StatusOr<std::string> undone = FindByOrigin(entry.reverses);
  if (!undone.ok()) return Tell(entry, undone.status());
  if (undone->empty()) return Tell(entry, absl::OkStatus());
  const absl::StatusOr<int64_t> reversal = ReversedBy(*undone);
  if (!reversal.ok()) return Tell(entry, reversal.status());
  return options_.on_result(entry, {*reversal == 0 ? EntryOutcome::kNew : EntryOutcome::kKnown, *reversal});
}

// The server says which entry has an origin when asked to record another with it. The pots are in every bank.
absl::StatusOr<std::string> EntryPoster::FindByOrigin(const imports::ImportedOrigin& origin) {
  v1::RecordExchangeRequest request;
  request.set_parent(options_.bank);
  v1::Exchange& exchange = *request.mutable_exchange();
  exchange.add_givers()->set_holder(client::HolderName(options_.bank, "pots/community"));
  exchange.add_receivers()->set_holder(client::HolderName(options_.bank, "pots/opening"));
  exchange.set_seconds(1);
  exchange.mutable_origin()->set_system(origin.system);
  exchange.mutable_origin()->set_number(origin.number);
  request.set_validate_only(true);
  const absl::Status status = client_.RecordExchange(std::move(request)).status();
  if (status.ok()) return std::string();
  if (!HasReason(status, "ORIGIN_RECORDED")) return status;
  const std::map<std::string, std::string> metadata = client::ErrorMetadata(status);
  const auto found = metadata.find("exchange");
  if (found == metadata.end()) {
    return absl::InternalError("The server knows an entry's origin and does not say which entry it is.");
  }
  return client::ExchangeName(options_.bank, found->second);
}

// ---- Posting

absl::Status EntryPoster::Post(const ImportedEntry& entry) {
  switch (entry.kind) {
    case ImportedEntry::Kind::kGift:
      return Tell(entry, client_.RecordGift(ToGift(entry)));
    case ImportedEntry::Kind::kOpening:
      return Tell(entry, client_.RecordOpening(ToOpening(entry)));
    default:
      break;
  }
  const absl::StatusOr<EntryResult> reversed = Reverse(entry);
  return reversed.ok() ? options_.on_result(entry, *reversed) : Tell(entry, reversed.status());
}

absl::StatusOr<int64_t> EntryPoster::ReversedBy(const std::string& name) {
  v1::GetExchangeRequest request;
  request.set_name(name);
  CLI_ASSIGN_OR_RETURN(const v1::GetExchangeResponse response, client_.GetExchange(std::move(request)));
  return client::SequenceOf(response.exchange().reversed_by());
}

// Looks first: a change that is refused stays in the bank's history as a refusal.
absl::StatusOr<EntryResult> EntryPoster::Reverse(const ImportedEntry& entry) {
  CLI_ASSIGN_OR_RETURN(const std::string undone, FindByOrigin(entry.reverses));
  if (undone.empty()) {
    return NotFoundError(absl::StrCat("The entry that it undoes (", entry.reverses.system, " ",
                                      entry.reverses.number, ") is not in this bank."));
  }
  CLI_ASSIGN_OR_RETURN(const int64_t known, ReversedBy(undone));
  if (known != 0) return EntryResult{EntryOutcome::kKnown, known};
  v1::ReverseExchangeRequest request;
  request.set_name(undone);
  request.set_reason(entry.reason);
  if (entry.acting_for) request.set_acting_for(options_.name_of(*entry.acting_for));
  CLI_ASSIGN_OR_RETURN(const v1::ReverseExchangeResponse response,
                       client_.ReverseExchange(std::move(request)));
  return EntryResult{EntryOutcome::kNew, response.exchange().sequence()};
}

absl::StatusOr<std::string> EntryPoster::SurvivorOf(const std::string& member) {
  v1::GetMemberRequest request;
  request.set_name(member);
  CLI_ASSIGN_OR_RETURN(const v1::GetMemberResponse response, client_.GetMember(std::move(request)));
  return response.member().name();
}

absl::StatusOr<EntryOutcome> EntryPoster::Merge(const std::string& member, const std::string& into) {
  if (!options_.commit) return EntryOutcome::kNew;
  CLI_RETURN_IF_ERROR(Flush());
  CLI_ASSIGN_OR_RETURN(const std::string goes, SurvivorOf(member));
  CLI_ASSIGN_OR_RETURN(const std::string stays, SurvivorOf(into));
  if (goes == stays) return EntryOutcome::kKnown;
  v1::MergeMemberRequest request;
  request.set_name(member);
  request.set_into(into);
  CLI_RETURN_IF_ERROR(client_.MergeMember(std::move(request)).status());
  return EntryOutcome::kNew;
}

}  // namespace timebank::cli
