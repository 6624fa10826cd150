#include "client/cli/export_csv.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/cli/errors.h"
#include "client/cli/exchange_words.h"
#include "client/cli/hours.h"
#include "client/cli/import/encoding.h"
#include "client/cli/import/timebank_export.h"
#include "client/cli/status_macros.h"
#include "client/cli/table.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

using imports::JoinList;

std::string Id(const std::string& name) { return std::string(client::IdOf(name)); }

// An enumerator without the name of its type: KIND_GIFT → GIFT.
template <typename Enum>
std::string Bare(const std::string& enumerator, Enum value, std::string_view prefix) {
  return static_cast<int>(value) == 0 ? "" : enumerator.substr(prefix.size());
}

std::string Moment(bool has, const google::protobuf::Timestamp& time) {
  return has ? google::protobuf::util::TimeUtil::ToString(time) : "";
}

std::string NumberOrNothing(int64_t number) { return number == 0 ? "" : absl::StrCat(number); }

std::string Shares(const google::protobuf::RepeatedPtrField<v1::Share>& shares) {
  std::vector<std::string> items;
  for (const v1::Share& share : shares) {
    items.push_back(absl::StrCat(ShortName(share.holder()), " ", share.seconds()));
  }
  return JoinList(items);
}

// What moved in one direction.
std::string Moved(const v1::Exchange& exchange, int sign) {
  std::vector<std::string> items;
  for (const v1::Movement& movement : exchange.movements()) {
    if (sign * movement.seconds() <= 0) continue;
    items.push_back(absl::StrCat(ShortName(movement.holder()), " ", sign * movement.seconds()));
  }
  return JoinList(items);
}

template <typename Names>
std::string ShortNames(const Names& names) {
  std::vector<std::string> items;
  for (const std::string& name : names) items.push_back(ShortName(name));
  return JoinList(items);
}

template <typename Texts>
std::string List(const Texts& texts) {
  return JoinList({texts.begin(), texts.end()});
}

template <size_t kSize>
std::vector<std::string_view> All(const std::array<std::string_view, kSize>& columns) {
  return {columns.begin(), columns.end()};
}

// No program reads a NUL in CSV; U+FFFD stands for it. Counted, to be told.
std::string WithoutNul(const std::string& text, int64_t& cells) {
  if (text.find('\0') == std::string::npos) return text;
  ++cells;
  return absl::StrReplaceAll(text, {{absl::string_view("\0", 1), "\uFFFD"}});
}

}  // namespace

absl::Status CsvSink::Open(const std::string& folder, std::string_view bank_id, const ExportScope& scope) {
  folder_ = folder;
  bank_id_ = bank_id;
  whole_ = scope.whole();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return UsageError(Fill(T("Cannot make the folder $0: $1."), folder, error.message()));
  CLI_RETURN_IF_ERROR(Begin(exchanges_, imports::kExchangesFile, All(imports::kExchangeColumns)));
  if (whole_) CLI_RETURN_IF_ERROR(Begin(events_, imports::kEventsFile, All(imports::kEventColumns)));
  CLI_RETURN_IF_ERROR(Begin(members_, imports::kMembersFile, All(imports::kMemberColumns)));
  CLI_RETURN_IF_ERROR(Begin(circles_, imports::kCirclesFile, All(imports::kCircleColumns)));
  return Begin(summary_, imports::kExportFile, All(imports::kExportColumns));
}

absl::Status CsvSink::Begin(Sheet& sheet, const std::string& name, std::vector<std::string_view> columns) {
  sheet.columns = std::move(columns);
  CLI_RETURN_IF_ERROR(sheet.file.Open((std::filesystem::path(folder_) / name).string()));
  // By which spreadsheets know UTF-8.
  sheet.file.stream() << imports::kByteOrderMark;
  for (const std::string_view column : sheet.columns) {
    sheet.file.stream() << (column == sheet.columns.front() ? "" : ",") << column;
  }
  sheet.file.stream() << '\n';
  return absl::OkStatus();
}

void CsvSink::Write(Sheet& sheet, const Cells& cells) {
  std::string line = CsvText(bank_id_);
  size_t written = 0;
  for (auto column = sheet.columns.begin() + 1; column != sheet.columns.end(); ++column) {
    const auto cell = cells.find(*column);
    line += ',';
    if (cell == cells.end()) continue;
    line += CsvText(WithoutNul(cell->second, nul_cells_));
    ++written;
  }
  assert(written == cells.size());  // every cell has a column
  static_cast<void>(written);
  line += '\n';
  sheet.file.stream() << line;
  ++sheet.rows;
}

absl::Status CsvSink::Take(const v1::LedgerEvent& event, const Directory& directory,
                           const v1::Exchange* reversed) {
  if (event.has_exchange()) {
    WriteExchange(event.exchange(), directory, reversed);
  } else {
    WriteEvent(event);
  }
  for (Sheet* sheet : {&exchanges_, &events_}) {
    if (!sheet->file.stream()) {
      return IncompleteError(Fill(T("Cannot write into $0 any more. Is the disk full?"), folder_));
    }
  }
  return absl::OkStatus();
}

void CsvSink::WriteExchange(const v1::Exchange& exchange, const Directory& directory,
                            const v1::Exchange* reversed) {
  const v1::Origin& origin = exchange.origin();
  // Nobody gives or receives a gift's or an opening's hours per person: what moved says it all.
  int64_t seconds = exchange.seconds();
  if (exchange.kind() != v1::Exchange::KIND_EXCHANGE && exchange.kind() != v1::Exchange::KIND_REVERSAL) {
    seconds = 0;
    for (const v1::Movement& movement : exchange.movements())
      seconds += std::max<int64_t>(0, movement.seconds());
  }
  Cells cells = {
      {"number", absl::StrCat(exchange.sequence())},
      {"kind", Bare(v1::Exchange::Kind_Name(exchange.kind()), exchange.kind(), "KIND_")},
      {"state", Bare(v1::Exchange::State_Name(exchange.state()), exchange.state(), "STATE_")},
      {"occurred_on", exchange.occurred_on()},
      {"deed", Deed(exchange, directory)},
      {"hours", FormatClockHours(seconds)},
      {"seconds", absl::StrCat(seconds)},
      {"credited", Moved(exchange, +1)},
      {"debited", Moved(exchange, -1)},
      {"givers", Shares(exchange.givers())},
      {"receivers", Shares(exchange.receivers())},
      {"unnamed_givers", NumberOrNothing(exchange.unnamed_givers())},
      {"unnamed_receivers", NumberOrNothing(exchange.unnamed_receivers())},
      {"category", exchange.category()},
      {"note", exchange.note()},
      {"note_erased", exchange.note_erased() ? "yes" : ""},
      {"tags", List(exchange.tags())},
      {"decision", exchange.decision()},
      {"reason", exchange.reason()},
      {"recorded_by", ShortName(exchange.recorded_by())},
      {"recorded_with", Id(exchange.recorded_with())},
      {"recorded_at", Moment(exchange.has_record_time(), exchange.record_time())},
      {"origin_system", origin.system()},
      {"origin_number", origin.number()},
      {"origin_recorded_by", origin.recorded_by()},
      {"origin_recorded_at", Moment(origin.has_record_time(), origin.record_time())},
      {"reverses", Id(exchange.reverses())},
      {"reversed_by", Id(exchange.reversed_by())},
      {"corrects", Id(exchange.corrects())},
      {"corrected_by", Id(exchange.corrected_by())},
      {"restores", Id(exchange.restores())},
      {"confirmed_by", ShortNames(exchange.confirmed_by())},
  };
  if (exchange.has_remainder()) cells["remainder"] = ShortName(exchange.remainder().holder());
  if (!exchange.acting_for().empty()) cells["acting_for"] = ShortName(exchange.acting_for());
  if (reversed != nullptr && reversed->has_origin()) {
    cells["reverses_system"] = reversed->origin().system();
    cells["reverses_number"] = reversed->origin().number();
  }
  Write(exchanges_, cells);
}

void CsvSink::WriteEvent(const v1::LedgerEvent& event) {
  Cells cells = {{"number", absl::StrCat(event.sequence())},
                 {"recorded_at", Moment(event.has_record_time(), event.record_time())}};
  const auto word = [&cells](std::string_view what, const v1::LedgerEvent::Word& said) {
    cells["what"] = what;
    cells["about"] = Id(said.exchange().name());
    cells["who"] = ShortName(said.actor());
    cells["acting_for"] = said.acting_for().empty() ? "" : ShortName(said.acting_for());
    cells["reason"] = said.reason();
    cells["outcome"] =
        Bare(v1::SettleExchangeRequest::Outcome_Name(said.outcome()), said.outcome(), "OUTCOME_");
  };
  switch (event.event_case()) {
    case v1::LedgerEvent::kContest:
      word("contest", event.contest());
      break;
    case v1::LedgerEvent::kSettlement:
      word("settlement", event.settlement());
      break;
    case v1::LedgerEvent::kConfirmation:
      word("confirmation", event.confirmation());
      break;
    case v1::LedgerEvent::kNoteErasure:
      word("note_erasure", event.note_erasure());
      break;
    case v1::LedgerEvent::kMember:
      cells["what"] = "member";
      cells["about"] = Id(event.member().name());
      cells["state"] = Bare(v1::Member::State_Name(event.member().state()), event.member().state(), "STATE_");
      cells["other"] = Id(event.member().merged_into());
      cells["detail"] = ToJson(event.member(), /*pretty=*/false);
      break;
    case v1::LedgerEvent::kCircle:
      cells["what"] = "circle";
      cells["about"] = Id(event.circle().name());
      cells["detail"] = ToJson(event.circle(), /*pretty=*/false);
      break;
    case v1::LedgerEvent::kSettings:
      cells["what"] = "settings";
      cells["who"] = ShortName(event.settings().actor());
      cells["detail"] = ToJson(event.settings(), /*pretty=*/false);
      break;
    case v1::LedgerEvent::kActingFor:
      cells["what"] = event.acting_for().revoked() ? "acting_for_revoked" : "acting_for_granted";
      cells["about"] = Id(event.acting_for().grant().member());
      cells["who"] = ShortName(event.acting_for().actor());
      cells["other"] = Id(event.acting_for().grant().agent());
      cells["detail"] = ToJson(event.acting_for(), /*pretty=*/false);
      break;
    case v1::LedgerEvent::kRefusal:
      cells["what"] = "refusal";
      cells["who"] = ShortName(event.refusal().actor());
      cells["reason"] = event.refusal().reason();
      break;
    default:
      cells["what"] = "unknown";
      cells["detail"] = ToJson(event, /*pretty=*/false);
  }
  Write(events_, cells);
}

void CsvSink::WriteMembers(const ExportFacts& facts) {
  for (const v1::Member& member : facts.members) {
    std::vector<std::string> external_ids;
    for (const v1::Member::ExternalId& id : member.external_ids()) {
      external_ids.push_back(absl::StrCat(id.system(), ":", id.number()));
    }
    Cells cells = {{"id", Id(member.name())},
                   {"number", NumberOrNothing(member.number())},
                   {"display_name", member.display_name()},
                   {"kind", Bare(v1::Member::Kind_Name(member.kind()), member.kind(), "KIND_")},
                   {"state", Bare(v1::Member::State_Name(member.state()), member.state(), "STATE_")},
                   {"joined_on", member.joined_on()},
                   {"closed_on", member.closed_on()},
                   {"merged_into", Id(member.merged_into())},
                   {"language", member.language()},
                   {"phones", List(member.phones())},
                   {"emails", List(member.emails())},
                   {"external_ids", JoinList(external_ids)},
                   {"note", member.note()}};
    if (const auto balance = facts.balances.find(member.name()); balance != facts.balances.end()) {
      cells["hours"] = FormatClockHours(balance->second);
      cells["seconds"] = absl::StrCat(balance->second);
    }
    Write(members_, cells);
  }
}

void CsvSink::WriteCircles(const ExportFacts& facts) {
  for (const v1::Circle& circle : facts.circles) {
    std::vector<std::string> members;
    for (const std::string& member : circle.members()) members.push_back(Id(member));
    Cells cells = {{"id", Id(circle.name())},
                   {"number", NumberOrNothing(circle.number())},
                   {"display_name", circle.display_name()},
                   {"members", JoinList(members)}};
    if (const auto balance = facts.balances.find(circle.name()); balance != facts.balances.end()) {
      cells["hours"] = FormatClockHours(balance->second);
      cells["seconds"] = absl::StrCat(balance->second);
    }
    Write(circles_, cells);
  }
}

// What was exported, and the bank's settings: a line each, so that a spreadsheet shows them.
void CsvSink::WriteSummary(const ExportFacts& facts) {
  const auto say = [this](const std::string& what, const std::string& value) {
    Write(summary_, {{"what", what}, {"value", value}});
  };
  say("name", facts.bank.display_name());
  if (facts.bank.trial()) say("trial", "yes");
  if (!facts.scope.holder.empty()) say("only", ShortName(facts.scope.holder));
  if (!facts.scope.since.empty()) say("since", facts.scope.since);
  if (!facts.scope.until.empty()) say("until", facts.scope.until);
  say("position", facts.position);
  if (whole_) say("last_number", absl::StrCat(facts.last_sequence));
  for (const Sheet* sheet : {&members_, &circles_, &exchanges_, &events_}) {
    if (sheet->columns.empty()) continue;
    const std::string name = sheet == &members_     ? imports::kMembersFile
                             : sheet == &circles_   ? imports::kCirclesFile
                             : sheet == &exchanges_ ? imports::kExchangesFile
                                                    : imports::kEventsFile;
    say(absl::StrCat("rows ", name), absl::StrCat(sheet->rows));
  }
  for (const auto& [holder, seconds] : facts.balances) {
    if (holder.find("/pots/") != std::string::npos) {
      say(absl::StrCat("balance ", ShortName(holder)), absl::StrCat(seconds));
    }
  }
  for (const std::string& category : facts.settings.categories()) say("category", category);
  v1::Settings rest = facts.settings;
  rest.clear_categories();
  rest.clear_etag();
  say("settings", ToJson(rest, /*pretty=*/false));
}

std::vector<std::string> CsvSink::Notices() const {
  if (nul_cells_ == 0) return {};
  return {Fill(Tn("$0 text held a NUL, which CSV cannot: U+FFFD stands in its place. JSON lines have it.",
                  "$0 texts held a NUL, which CSV cannot: U+FFFD stands in its place. JSON lines have it.",
                  nul_cells_),
               nul_cells_)};
}

absl::Status CsvSink::Finish(const ExportFacts& facts) {
  WriteMembers(facts);
  WriteCircles(facts);
  WriteSummary(facts);
  // What says that the rest is whole comes last.
  for (Sheet* sheet : {&exchanges_, &events_, &members_, &circles_, &summary_}) {
    if (!sheet->columns.empty()) CLI_RETURN_IF_ERROR(sheet->file.Close());
  }
  return absl::OkStatus();
}

}  // namespace timebank::cli
