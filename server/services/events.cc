#include "server/services/events.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/services/days.h"
#include "storage/status_macros.h"

namespace timebank::services {

namespace sv1 = storage::v1;
using storage::Sequence;

namespace {

absl::Status FillWord(BankReader& bank, const sv1::Entry& entry, v1::LedgerEvent::Word* word) {
  TB_RETURN_IF_ERROR(bank.ExchangeAt(entry.about(), word->mutable_exchange()));
  TB_ASSIGN_OR_RETURN(*word->mutable_actor(), bank.RecorderName(entry.recorder(), entry.key()));
  if (entry.acting_for() != 0) {
    TB_ASSIGN_OR_RETURN(*word->mutable_acting_for(), bank.NameOf(entry.acting_for()));
  }
  TB_ASSIGN_OR_RETURN(sv1::Texts texts, bank.TextsOf(entry.sequence()));
  word->set_reason(texts.reason());
  word->set_outcome(static_cast<v1::SettleExchangeRequest::Outcome>(entry.outcome()));
  return absl::OkStatus();
}

absl::Status FillEvent(BankReader& bank, const sv1::Entry& entry, v1::LedgerEvent* event) {
  event->set_sequence(static_cast<int64_t>(entry.sequence()));
  event->set_position(bank.PositionAt(entry.sequence()));
  *event->mutable_record_time() = ToTimestamp(entry.record_time_us());
  switch (entry.kind()) {
    case sv1::ENTRY_KIND_CONTEST:
      return FillWord(bank, entry, event->mutable_contest());
    case sv1::ENTRY_KIND_SETTLEMENT:
      return FillWord(bank, entry, event->mutable_settlement());
    case sv1::ENTRY_KIND_CONFIRMATION:
      return FillWord(bank, entry, event->mutable_confirmation());
    case sv1::ENTRY_KIND_NOTE_ERASED:
      return FillWord(bank, entry, event->mutable_note_erasure());
    case sv1::ENTRY_KIND_MEMBER_CREATED:
    case sv1::ENTRY_KIND_MEMBER_UPDATED:
    case sv1::ENTRY_KIND_MEMBER_CLOSED:
    case sv1::ENTRY_KIND_MEMBER_REOPENED:
    case sv1::ENTRY_KIND_MEMBER_MERGED: {
      TB_ASSIGN_OR_RETURN(sv1::Texts texts, bank.TextsOf(entry.sequence()));
      TB_ASSIGN_OR_RETURN(*event->mutable_member(), bank.ToMember(entry.subject(), texts.member()));
      return absl::OkStatus();
    }
    case sv1::ENTRY_KIND_ACTING_FOR_GRANTED:
    case sv1::ENTRY_KIND_ACTING_FOR_REVOKED: {
      v1::ActingForChange& change = *event->mutable_acting_for();
      TB_ASSIGN_OR_RETURN(*change.mutable_grant(), bank.ToActingFor(entry));
      TB_ASSIGN_OR_RETURN(*change.mutable_actor(), bank.RecorderName(entry.recorder(), entry.key()));
      change.set_revoked(entry.kind() == sv1::ENTRY_KIND_ACTING_FOR_REVOKED);
      if (entry.because() == sv1::ENTRY_KIND_MEMBER_CLOSED) {
        change.set_because(v1::ActingForChange::BECAUSE_MEMBER_CLOSED);
      } else if (entry.because() == sv1::ENTRY_KIND_MEMBER_MERGED) {
        change.set_because(v1::ActingForChange::BECAUSE_MEMBER_MERGED);
      }
      return absl::OkStatus();
    }
    case sv1::ENTRY_KIND_CIRCLE_CREATED:
    case sv1::ENTRY_KIND_CIRCLE_CHANGED: {
      TB_ASSIGN_OR_RETURN(sv1::Texts texts, bank.TextsOf(entry.sequence()));
      TB_ASSIGN_OR_RETURN(*event->mutable_circle(), bank.ToCircle(entry.subject(), texts.circle()));
      return absl::OkStatus();
    }
    case sv1::ENTRY_KIND_BANK_CREATED:
    case sv1::ENTRY_KIND_SETTINGS_CHANGED: {
      TB_ASSIGN_OR_RETURN(*event->mutable_settings(), ToSettingsChange(bank, entry));
      return absl::OkStatus();
    }
    case sv1::ENTRY_KIND_REFUSAL: {
      event->mutable_refusal()->set_reason(entry.refusal().reason());
      TB_ASSIGN_OR_RETURN(*event->mutable_refusal()->mutable_actor(),
                          bank.RecorderName(entry.recorder(), entry.key()));
      return absl::OkStatus();
    }
    default: {
      TB_RETURN_IF_ERROR(bank.ToExchange(entry, event->mutable_exchange()));
      return absl::OkStatus();
    }
  }
}

// The API's name of a stored settings field: amounts carry their unit there.
std::string ApiField(const std::string& stored) {
  const bool amount = stored.rfind("warn_", 0) == 0 || stored.rfind("block_", 0) == 0;
  return amount ? stored + "_seconds" : stored;
}

}  // namespace

absl::StatusOr<Sequence> AppendEvents(BankReader& bank, Sequence after, size_t most,
                                      google::protobuf::RepeatedPtrField<v1::LedgerEvent>* events) {
  TB_ASSIGN_OR_RETURN(const Sequence end, bank.LastSequence());
  std::vector<sv1::Entry> entries;
  bool parsed = true;
  TB_RETURN_IF_ERROR(bank.view().ScanJournal(
      bank.bank(), after + 1, storage::Direction::kUp, [&](Sequence sequence, std::string_view bytes) {
        // Entries before a gap are told; who goes on behind them is told of the gap.
        if (entries.size() == most || sequence != after + entries.size() + 1) return false;
        parsed &= entries.emplace_back().ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        return parsed;
      }));
  if (!parsed) {
    return absl::DataLossError(absl::StrCat("entry ", after + entries.size(), " does not parse"));
  }
  if (entries.empty() && after < end) {
    return absl::DataLossError(absl::StrCat("entry ", after + 1, " of ", end, " is missing"));
  }
  // Clients take messages of 4 MiB unless they say otherwise; an event of many shares is large.
  constexpr size_t kMostBytes = 1 << 20;
  size_t bytes = 0;
  for (const sv1::Entry& entry : entries) {
    if (bytes > kMostBytes) break;
    TB_RETURN_IF_ERROR(FillEvent(bank, entry, events->Add()));
    bytes += events->rbegin()->ByteSizeLong();
    after = entry.sequence();
  }
  return after;
}

absl::StatusOr<v1::SettingsChange> ToSettingsChange(BankReader& bank, const sv1::Entry& entry) {
  v1::SettingsChange change;
  change.set_sequence(static_cast<int64_t>(entry.sequence()));
  *change.mutable_record_time() = ToTimestamp(entry.record_time_us());
  TB_ASSIGN_OR_RETURN(*change.mutable_actor(), bank.RecorderName(entry.recorder(), entry.key()));
  TB_ASSIGN_OR_RETURN(sv1::Texts texts, bank.TextsOf(entry.sequence()));
  TB_ASSIGN_OR_RETURN(*change.mutable_settings(), bank.ToSettings(texts.bank()));
  for (uint32_t number : entry.changed_fields()) {
    if (const auto* field = sv1::SettingsRow::descriptor()->FindFieldByNumber(static_cast<int>(number))) {
      change.add_changed_fields(ApiField(std::string(field->name())));
    }
  }
  return change;
}

}  // namespace timebank::services
