#include "client/cli/importer.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/cli/errors.h"
#include "client/cli/fetch_balances.h"
#include "client/cli/hours.h"
#include "client/cli/import/text.h"
#include "client/cli/import/timebank_export.h"
#include "client/cli/import_limits.h"
#include "client/cli/limits.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/error.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// One call's worth: the server's limit, and well below the bytes that it takes in one request.
constexpr size_t kBatch = 8192;
constexpr size_t kBatchBytes = size_t{8} << 20;
// Progress is told about so often.
constexpr int64_t kRowsBetweenProgress = 100;

// Errors that say nothing about the row: the run ends.
bool IsAboutTheServer(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return client::ErrorReason(status) == "TIMEBANK_NOT_FOUND";
  }
}

v1::Member::Kind KindOf(imports::ImportedMember::Kind kind) {
  switch (kind) {
    case imports::ImportedMember::Kind::kOrganisation:
      return v1::Member::KIND_ORGANISATION;
    case imports::ImportedMember::Kind::kHousehold:
      return v1::Member::KIND_HOUSEHOLD;
    case imports::ImportedMember::Kind::kPerson:
      break;
  }
  return v1::Member::KIND_PERSON;
}

bool SameMoment(const google::protobuf::Timestamp& a, const google::protobuf::Timestamp& b) {
  return a.seconds() == b.seconds() && a.nanos() == b.nanos();
}

// When the account closes so that all that the files have about it lies before; a day that is not told stays
// so.
std::string DayAfterAll(const ImportAccount& account, const std::string& last_day) {
  return account.closed_on.empty() ? "" : std::max(account.closed_on, last_day);
}

// Under which a circle stands among the accounts; no member's number begins like it.
std::string CircleKey(std::string_view id) { return absl::StrCat("/circles/", Absl(id)); }

const char* const kOwnExport =
    Later("These files were exported from this very bank: it has all of it. Import them into another one.");

// As many as the server keeps of a member.
constexpr int kMostExternalIds = 20;

std::string ExternalKey(const std::string& system, const std::string& number) {
  return absl::StrCat(system, ":", number);
}

// A declared balance is a cell of a row that comes as a member's, too, and so may an opening be; a levy comes
// with its trade.
bool IsRowOfItsOwn(const imports::Row& row, imports::Place& last) {
  if (std::holds_alternative<imports::DeclaredBalance>(row)) return false;
  const auto* opening = std::get_if<imports::ImportedOpening>(&row);
  if (opening != nullptr && opening->of_member_row) return false;
  const imports::Place& place =
      std::visit([](const auto& one) -> const imports::Place& { return one.place; }, row);
  const bool same = place.line == last.line && place.file == last.file;
  if (!same) last = place;
  return !same;
}

void NoteDay(ImportAccount& account, const std::string& day) {
  if (account.closes && account.last_day < day) account.last_day = day;
}

}  // namespace

absl::Status RefuseOwnEntries(client::Client client, imports::Reader& reader, const std::string& bank) {
  const std::string prefix = absl::StrCat(Absl(client::IdOf(bank)), "/");
  imports::Row row;
  for (;;) {
    CLI_ASSIGN_OR_RETURN(const bool more, reader.Next(row));
    if (!more) return absl::OkStatus();
    const auto* entry = std::get_if<imports::ImportedEntry>(&row);
    int64_t sequence = 0;
    if (entry == nullptr || entry->origin.system != imports::kTimebank ||
        !absl::StartsWith(entry->origin.number, prefix) ||
        !absl::SimpleAtoi(entry->origin.number.substr(prefix.size()), &sequence)) {
      continue;
    }
    v1::GetExchangeRequest request;
    request.set_name(client::ExchangeName(bank, absl::StrCat(sequence)));
    const absl::StatusOr<v1::GetExchangeResponse> found = client.GetExchange(std::move(request));
    if (!found.ok()) return IsAboutTheServer(found.status()) ? found.status() : absl::OkStatus();
    const bool same = google::protobuf::util::TimeUtil::TimestampToMicroseconds(
                          found->exchange().record_time()) == absl::ToUnixMicros(entry->origin.record_time);
    return same ? UsageError(T(kOwnExport)) : absl::OkStatus();
  }
}

Importer::Importer(client::Client client, imports::Reader& reader, ImporterOptions options)
    : client_(client),
      reader_(reader),
      options_(std::move(options)),
      courier_(client),
      poster_(std::move(client),
              {.bank = options_.bank,
               .commit = options_.commit,
               .name_of = [this](const imports::ImportedHolder& holder) { return Find(holder)->name(); },
               .exists = [this](const imports::ImportedHolder& holder) { return Find(holder)->existed; },
               .on_result = [this](const imports::ImportedEntry& entry,
                                   const EntryResult& result) { return CountEntry(entry, result); }}) {}

absl::StatusOr<ImportReport> Importer::Run() {
  ImportAccount& pot = FindOrAdd("");
  pot.holder = client::HolderName(options_.bank, "pots/community");
  pot.existed = options_.bank_exists;
  report_.opening_pot.holder = client::HolderName(options_.bank, "pots/opening");
  report_.opening_pot.existed = options_.bank_exists;
  if (options_.bank_exists) {
    CLI_RETURN_IF_ERROR(RefuseOwnExport());
    CLI_RETURN_IF_ERROR(LoadAccounts());
    CLI_RETURN_IF_ERROR(LoadCircles());
    CLI_RETURN_IF_ERROR(LoadBalances());
    CLI_RETURN_IF_ERROR(LoadOpeningDay());
  }
  report_.community_found = reader_.community_found();
  imports::Row row;
  imports::Place last_place;
  for (;;) {
    CLI_ASSIGN_OR_RETURN(const bool more, reader_.Next(row));
    if (!more) break;
    report_.rows += IsRowOfItsOwn(row, last_place);
    CLI_RETURN_IF_ERROR(Take(row));
    if (options_.on_progress && report_.rows % kRowsBetweenProgress == 0) {
      options_.on_progress(reader_.bytes_consumed(), reader_.bytes_total());
    }
  }
  CLI_RETURN_IF_ERROR(Flush());
  CLI_RETURN_IF_ERROR(CloseAfterwards());
  CompareDeclared();
  // Files that have the openings have what came after them.
  if (report_.openings_new + report_.openings_known > 0) report_.before_opening = 0;
  absl::StatusOr<AlikeFinder::Found> alike =
      alike_.Find(client_, options_.bank, newest_before_, reader_.system());
  // What is posted is posted, and is to be told, whatever becomes of this question.
  if (!alike.ok() && !options_.commit) return alike.status();
  if (alike.ok()) report_.alike = *std::move(alike);
  if (options_.on_progress) options_.on_progress(reader_.bytes_total(), reader_.bytes_total());
  return report_;
}

absl::Status Importer::Take(imports::Row& row) {
  if (auto* member = std::get_if<imports::ImportedMember>(&row)) return TakeMember(*member);
  if (auto* exchange = std::get_if<imports::ImportedExchange>(&row)) return TakeExchange(*exchange);
  if (auto* opening = std::get_if<imports::ImportedOpening>(&row)) return TakeOpening(*opening);
  if (auto* circle = std::get_if<imports::ImportedCircle>(&row)) return TakeCircle(*circle);
  if (auto* entry = std::get_if<imports::ImportedEntry>(&row)) return TakeEntry(*entry);
  if (auto* merge = std::get_if<imports::ImportedMerge>(&row)) return TakeMerge(*merge);
  if (auto* declared = std::get_if<imports::DeclaredBalance>(&row)) {
    declared_.push_back(std::move(*declared));
    return absl::OkStatus();
  }
  auto& reject = std::get<imports::Reject>(row);
  Reject({std::move(reject.place), std::move(reject.fields)}, reject.field, reject.reason);
  return absl::OkStatus();
}

// ---- What the bank has
// ---------------------------------------------------------------------------------------------

ImportAccount* Importer::Find(const std::string& number) const {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : found->second;
}

ImportAccount& Importer::FindOrAdd(const std::string& number) {
  ImportAccount& account = report_.accounts[number];
  account.number = number;
  by_number_[number] = &account;
  return account;
}

ImportAccount* Importer::Find(const imports::ImportedHolder& holder) {
  switch (holder.kind) {
    case imports::ImportedHolder::Kind::kMember:
      break;
    case imports::ImportedHolder::Kind::kCircle:
      return FindCircle(holder.number);
    case imports::ImportedHolder::Kind::kPot:
      if (holder.number == "community") return Find("");
      return holder.number == "opening" ? &report_.opening_pot : nullptr;
  }
  return Find(holder.number);
}

// A circle is known by its id alone. One that the bank has and no earlier run can have brought is another
// one.
ImportAccount* Importer::FindCircle(const std::string& id) const {
  ImportAccount* circle = Find(CircleKey(id));
  return circle == nullptr || imported_before_ || !circle->existed ? circle : nullptr;
}

// Only the bank that was exported knows where its export was made.
absl::Status Importer::RefuseOwnExport() {
  if (reader_.position().empty()) return absl::OkStatus();
  v1::ListEventsRequest request;
  request.set_parent(options_.bank);
  request.set_page_size(1);
  request.set_after_position(std::string(reader_.position()));
  const absl::Status known = client_.ListEventsPage(std::move(request)).status();
  if (known.ok()) return UsageError(T(kOwnExport));
  // Its own position, and yet to come: it has been set back since.
  if (client::ErrorReason(known) == "NOT_SERVING") {
    v1::GetTimebankRequest bank;
    bank.set_name(options_.bank);
    CLI_ASSIGN_OR_RETURN(const v1::GetTimebankResponse now, client_.GetTimebank(std::move(bank)));
    return UsageError(Fill(
        T("These files were exported from this very bank, which is at an earlier position now, as after a "
          "backup was brought back: what came after entry $0 is not in it. Import them into another one."),
        now.timebank().last_sequence()));
  }
  return IsAboutTheServer(known) ? known : absl::OkStatus();
}

absl::Status Importer::LoadAccounts() {
  v1::ListMembersRequest request;
  request.set_parent(options_.bank);
  request.set_page_size(kLongestPage);
  for (absl::StatusOr<v1::Member>& member : client_.ListMembers(std::move(request))) {
    if (!member.ok()) return member.status();
    taken_ids_.insert(std::string(client::IdOf(member->name())));
    alike_.AddHolder(member->name(), member->display_name());
    for (const v1::Member::ExternalId& id : member->external_ids()) {
      if (id.system() == reader_.system()) {
        AddKnown(id.number(), *member);
      } else if (reader_.system() == imports::kTimebank) {
        elsewhere_.emplace(ExternalKey(id.system(), id.number()), Elsewhere{*member, 0});
      }
    }
  }
  return absl::OkStatus();
}

ImportAccount& Importer::AddKnown(const std::string& number, const v1::Member& member) {
  const bool merged = !member.merged_into().empty();
  ImportAccount& account = FindOrAdd(number);
  account.holder = merged ? member.merged_into() : member.name();
  if (merged) account.merged_name = member.name();
  account.display_name = member.display_name();
  account.existed = true;
  account.is_closed = member.state() != v1::Member::STATE_ACTIVE;
  account.untouched = SameMoment(member.create_time(), member.update_time());
  known_[number] = {member, merged};
  return account;
}

// Somebody who came from the same older system as the member of the files.
ImportAccount* Importer::FindElsewhere(const imports::ImportedMember& member) {
  for (const auto& [system, number] : member.external_ids) {
    const auto found = elsewhere_.find(ExternalKey(system, number));
    if (found == elsewhere_.end()) continue;
    ImportAccount& account = AddKnown(member.number, found->second.member);
    account.before_seconds = found->second.seconds;
    return &account;
  }
  return nullptr;
}

absl::Status Importer::LoadCircles() {
  v1::ListCirclesRequest request;
  request.set_parent(options_.bank);
  request.set_page_size(kLongestPage);
  for (absl::StatusOr<v1::Circle>& circle : client_.ListCircles(std::move(request))) {
    if (!circle.ok()) return circle.status();
    ImportAccount& account = FindOrAdd(CircleKey(client::IdOf(circle->name())));
    alike_.AddHolder(circle->name(), circle->display_name());
    account.holder = circle->name();
    account.number = ShortName(circle->name());
    account.display_name = circle->display_name();
    account.existed = true;
    circle_members_[CircleKey(client::IdOf(circle->name()))] = {circle->members().begin(),
                                                                circle->members().end()};
  }
  return absl::OkStatus();
}

// All at one position, and what the newest entry is there: an earlier run that was broken off may still have
// a batch on its way.
absl::Status Importer::LoadBalances() {
  v1::ListExchangesRequest newest;
  newest.set_parent(options_.bank);
  newest.set_page_size(1);
  newest.set_order(v1::LIST_ORDER_NEWEST_FIRST);
  CLI_ASSIGN_OR_RETURN(const v1::ListExchangesResponse list, client_.ListExchangesPage(std::move(newest)));
  if (list.exchanges_size() > 0) newest_before_ = client::SequenceOf(list.exchanges(0).name());
  std::vector<std::string> holders;
  for (const auto& [number, account] : report_.accounts) holders.push_back(account.holder);
  holders.push_back(report_.opening_pot.holder);
  for (const auto& [id, one] : elsewhere_) {
    holders.push_back(one.member.merged_into().empty() ? one.member.name() : one.member.merged_into());
  }
  CLI_ASSIGN_OR_RETURN(const std::vector<v1::Balance> balances,
                       FetchBalances(client_, options_.bank, holders, list.position()));
  auto balance = balances.begin();
  for (auto& [number, account] : report_.accounts) account.before_seconds = (balance++)->seconds();
  report_.opening_pot.before_seconds = (balance++)->seconds();
  for (auto& [id, one] : elsewhere_) one.seconds = (balance++)->seconds();
  return absl::OkStatus();
}

absl::Status Importer::LoadOpeningDay() {
  v1::ListStatementLinesRequest request;
  request.set_parent(report_.opening_pot.holder);
  request.set_page_size(1);
  CLI_ASSIGN_OR_RETURN(const v1::ListStatementLinesResponse newest,
                       client_.ListStatementLinesPage(std::move(request)));
  if (newest.lines_size() > 0 && newest.lines(0).kind() == v1::Exchange::KIND_OPENING) {
    report_.opening_day = newest.lines(0).occurred_on();
  }
  return absl::OkStatus();
}

// ---- Members
// -------------------------------------------------------------------------------------------------------

absl::Status Importer::TakeMember(imports::ImportedMember& member) {
  const Source source{member.place, std::move(member.fields)};
  if (const std::string why = WhyRefused(member); !why.empty()) {
    Reject(source, "", why);
    return absl::OkStatus();
  }
  ImportAccount* account = Find(member.number);
  if (account != nullptr && account->existed) imported_before_ = true;
  if (account == nullptr) account = FindElsewhere(member);
  if (account != nullptr) {
    ++report_.members_known;
    CLI_RETURN_IF_ERROR(FillIn(member, *account));
  } else {
    member.fields = source.fields;
    CLI_ASSIGN_OR_RETURN(const bool added, AddMember(member));
    if (!added) return absl::OkStatus();
    account = Find(member.number);
  }
  account->in_files = true;
  account->closes = member.closed;
  account->closed_on = member.closed_on;
  return absl::OkStatus();
}

// The one that it brings, else made of the number where that makes one; empty where it is not free. Never of
// words: a number without a digit may be a name.
std::string Importer::IdFor(const imports::ImportedMember& member) const {
  std::string id = member.id;
  if (id.empty() && member.number.find_first_of("0123456789") != std::string::npos) {
    id = absl::StrCat(Absl(reader_.id_prefix()), member.number);
  }
  id = AsId(id);
  return taken_ids_.contains(id) ? "" : id;
}

absl::StatusOr<std::string> Importer::CreateMember(const imports::ImportedMember& member,
                                                   const std::string& id) {
  v1::CreateMemberRequest request;
  request.set_parent(options_.bank);
  request.set_member_id(id);
  request.set_no_starter(true);
  v1::Member& created = *request.mutable_member();
  created.set_display_name(member.display_name);
  created.set_kind(KindOf(member.kind));
  created.set_joined_on(member.joined_on);
  created.set_language(member.language);
  created.set_note(member.note);
  for (const std::string& phone : member.phones) created.add_phones(phone);
  for (const std::string& email : member.emails) created.add_emails(email);
  v1::Member::ExternalId& external = *created.add_external_ids();
  external.set_system(std::string(reader_.system()));
  external.set_number(member.number);
  for (const auto& [system, number] : member.external_ids) {
    if (created.external_ids_size() == kMostExternalIds) break;
    v1::Member::ExternalId& other = *created.add_external_ids();
    other.set_system(system);
    other.set_number(number);
  }
  absl::StatusOr<v1::CreateMemberResponse> response = client_.CreateMember(request);
  if (!id.empty() && client::ErrorReason(response.status()) == "ALREADY_EXISTS") {
    // Somebody has got the id meanwhile; the server gives another one.
    request.clear_member_id();
    response = client_.CreateMember(std::move(request));
  }
  if (!response.ok()) return response.status();
  return response->member().name();
}

absl::StatusOr<bool> Importer::AddMember(const imports::ImportedMember& member) {
  const std::string id = IdFor(member);
  std::string holder = id.empty() ? "" : client::HolderName(options_.bank, id);
  if (options_.commit) {
    absl::StatusOr<std::string> created = CreateMember(member, id);
    if (!created.ok()) {
      if (IsAboutTheServer(created.status())) return created.status();
      Reject({member.place, member.fields}, "", Explain(created.status(), {}), /*by_server=*/true);
      return false;
    }
    holder = *std::move(created);
  }
  if (!id.empty()) taken_ids_.insert(id);
  ++report_.members_new;
  if (reader_.system() != imports::kTimebank) {
    NoteCommunity(member.number, member.display_name, report_.new_community);
  }
  // Beside its number in the files.
  const auto others = static_cast<int64_t>(member.external_ids.size());
  report_.external_ids_left_out += std::max<int64_t>(0, others - (kMostExternalIds - 1));
  ImportAccount& account = FindOrAdd(member.number);
  account.holder = std::move(holder);
  account.display_name = member.display_name;
  account.in_files = true;
  account.untouched = true;
  return true;
}

absl::Status Importer::FillIn(const imports::ImportedMember& member, ImportAccount& account) {
  const auto known = known_.find(member.number);
  if (known == known_.end() || known->second.merged) return absl::OkStatus();
  const v1::Member& have = known->second.member;
  v1::UpdateMemberRequest request;
  v1::Member& more = *request.mutable_member();
  google::protobuf::FieldMask& mask = *request.mutable_update_mask();
  // Somebody of whom only exchanges spoke until now: kind and day of joining were made up.
  const bool nothing_known = have.display_name().empty() && have.phones().empty() && have.emails().empty();
  if (have.display_name().empty() && !member.display_name.empty()) {
    more.set_display_name(member.display_name);
    mask.add_paths("display_name");
  }
  if (have.phones().empty() && !member.phones.empty()) {
    more.mutable_phones()->Assign(member.phones.begin(), member.phones.end());
    mask.add_paths("phones");
  }
  if (have.emails().empty() && !member.emails.empty()) {
    more.mutable_emails()->Assign(member.emails.begin(), member.emails.end());
    mask.add_paths("emails");
  }
  if (have.language().empty() && !member.language.empty()) {
    more.set_language(member.language);
    mask.add_paths("language");
  }
  if (have.note().empty() && !member.note.empty()) {
    more.set_note(member.note);
    mask.add_paths("note");
  }
  if (nothing_known && have.kind() != KindOf(member.kind)) {
    more.set_kind(KindOf(member.kind));
    mask.add_paths("kind");
  }
  if (nothing_known && !member.joined_on.empty() && have.joined_on() != member.joined_on) {
    more.set_joined_on(member.joined_on);
    mask.add_paths("joined_on");
  }
  if (!have.display_name().empty() && !member.display_name.empty() &&
      have.display_name() != member.display_name) {
    ++report_.members_named_otherwise;
  }
  if (mask.paths().empty()) return absl::OkStatus();
  if (account.display_name.empty()) account.display_name = member.display_name;
  if (options_.commit) {
    more.set_name(have.name());
    more.set_etag(have.etag());
    const absl::Status updated = client_.UpdateMember(std::move(request)).status();
    if (!updated.ok()) {
      if (IsAboutTheServer(updated)) return updated;
      Reject({member.place, member.fields}, "", Explain(updated, {}), /*by_server=*/true);
      return absl::OkStatus();
    }
  }
  ++report_.members_filled;
  return absl::OkStatus();
}

absl::StatusOr<ImportAccount*> Importer::AccountOf(const std::string& number, const Source& source,
                                                   const std::string& field, const std::string& name) {
  ImportAccount* account = Find(number);
  if (account == nullptr && options_.make_members) {
    imports::ImportedMember member;
    member.place = source.place;
    member.number = number;
    member.display_name = name;
    member.fields = source.fields;
    // A name is no reason to lose an exchange.
    if (!WhyRefused(member).empty()) member.display_name.clear();
    if (const std::string why = WhyRefused(member); !why.empty()) {
      Reject(source, field, why);
      return nullptr;
    }
    // One thing at a time: what was sent first has its number first.
    if (options_.commit) CLI_RETURN_IF_ERROR(Flush());
    CLI_ASSIGN_OR_RETURN(const bool added, AddMember(member));
    if (!added) return nullptr;
    account = Find(number);
  }
  if (account == nullptr) {
    NoteMissing(number, name);
    ++report_.rejected_unknown;
    // A name that nobody has is its own number, without accents and capitals.
    const std::string who = name.empty()                          ? number
                            : imports::FoldedName(name) == number ? name
                                                                  : absl::StrCat(name, " (", number, ")");
    Reject(source, field,
           absl::StrCat("there is no member ", who,
                        " in the files (or its row cannot be read), nor in the bank"));
    return nullptr;
  }
  account->in_files = true;
  return account;
}

void Importer::NoteMissing(const std::string& number, const std::string& name) {
  if (!missing_.insert(number).second) return;
  ++report_.members_missing;
  NoteCommunity(number, name, report_.missing_community);
}

bool Importer::LooksLikeTheBank(const std::string& name) const {
  const std::string folded = imports::FoldedName(name);
  if (folded.empty()) return false;
  return folded == imports::FoldedName(options_.bank_name) || imports::IsBankName(folded);
}

void Importer::NoteCommunity(const std::string& number, const std::string& name,
                             imports::NameAndNumber& noted) const {
  if (!noted.name.empty() || !(LooksLikeTheBank(name) || LooksLikeTheBank(number))) return;
  noted.name = name.empty() ? number : name;
  noted.number = imports::FoldedName(name) == number ? "" : number;
}

// ---- Openings and exchanges
// ---------------------------------------------------------------------------------------

absl::Status Importer::TakeOpening(imports::ImportedOpening& opening) {
  if (!members_done_) CLI_RETURN_IF_ERROR(CloseBeforehand());
  const Source source{opening.place, std::move(opening.fields)};
  if (const std::string why = WhyRefused(opening, options_.today); !why.empty()) {
    Reject(source, "", why);
    return absl::OkStatus();
  }
  CLI_ASSIGN_OR_RETURN(ImportAccount * account, AccountOf(opening.number, source, ""));
  if (account == nullptr) return absl::OkStatus();
  NoteDay(*account, opening.occurred_on);
  report_.opening_pot.in_files = true;
  const bool credit = opening.seconds > 0;
  ImportAccount* pot = &report_.opening_pot;
  Pending pending{source, credit ? account : pot, credit ? pot : account,
                  credit ? opening.seconds : -opening.seconds, /*opening=*/true};
  if (options_.commit) return PostOpening(std::move(pending), opening);
  // The server knows an origin whatever it came with, and takes exchanges of the same two accounts.
  imports::ImportedExchange as_exchange;
  as_exchange.occurred_on = opening.occurred_on;
  as_exchange.origin_number = opening.origin_number;
  return Enqueue(std::move(pending), as_exchange);
}

absl::Status Importer::PostOpening(Pending pending, const imports::ImportedOpening& opening) {
  CLI_RETURN_IF_ERROR(Flush());
  v1::RecordOpeningRequest request;
  request.set_parent(options_.bank);
  request.set_holder(opening.seconds > 0 ? pending.giver->holder : pending.receiver->holder);
  request.set_seconds(opening.seconds);
  request.set_occurred_on(opening.occurred_on);
  request.set_note(opening.note);
  SetOrigin(opening.origin_number, *request.mutable_origin());
  const absl::StatusOr<v1::RecordOpeningResponse> posted = client_.RecordOpening(std::move(request));
  return Count(pending, posted.status(), posted.ok() ? client::SequenceOf(posted->exchange().name()) : 0);
}

absl::Status Importer::TakeExchange(imports::ImportedExchange& exchange) {
  if (!members_done_) CLI_RETURN_IF_ERROR(CloseBeforehand());
  Source source{std::move(exchange.place), std::move(exchange.fields)};
  if (const std::string why = WhyRefused(exchange, options_.today); !why.empty()) {
    Reject(source, "", why);
    return absl::OkStatus();
  }
  CLI_ASSIGN_OR_RETURN(ImportAccount * giver,
                       AccountOf(exchange.giver, source, exchange.giver_field, exchange.giver_name));
  if (giver == nullptr) {
    if (Find(exchange.receiver) == nullptr) NoteMissing(exchange.receiver, exchange.receiver_name);
    return absl::OkStatus();
  }
  CLI_ASSIGN_OR_RETURN(ImportAccount * receiver,
                       AccountOf(exchange.receiver, source, exchange.receiver_field, exchange.receiver_name));
  if (receiver == nullptr) return absl::OkStatus();
  if (giver->holder == receiver->holder && !giver->holder.empty()) {
    Reject(source, exchange.giver_field, "giver and receiver have been merged into one member of the bank");
    return absl::OkStatus();
  }
  NoteDay(*giver, exchange.occurred_on);
  NoteDay(*receiver, exchange.occurred_on);
  Pending pending{std::move(source), giver, receiver, exchange.seconds, /*opening=*/false, exchange.mended};
  pending.equal_line = exchange.equal_line;
  pending.minutes_seconds = exchange.minutes_seconds;
  pending.doubtful_hours = std::move(exchange.doubtful_hours);
  pending.weekday_differs = exchange.weekday_differs;
  pending.before_opening = !report_.opening_day.empty() && exchange.occurred_on <= report_.opening_day;
  const bool numbered = !absl::StartsWith(exchange.origin_number, imports::kRowOrigin);
  if (newest_before_ > 0 && !numbered) pending.alike_on = exchange.occurred_on;
  return Enqueue(std::move(pending), exchange);
}

void Importer::SetOrigin(const std::string& number, v1::Origin& origin) const {
  origin.set_system(reader_.system().data(), reader_.system().size());
  origin.set_number(number);
}

// Copied and not moved: the texts of `exchange` have the memory of those before.
void Importer::SetExchange(const Pending& pending, const imports::ImportedExchange& row,
                           v1::Exchange& exchange) const {
  exchange.add_givers()->set_holder(pending.giver->holder);
  exchange.add_receivers()->set_holder(pending.receiver->holder);
  exchange.set_seconds(pending.seconds);
  exchange.set_occurred_on(row.occurred_on);
  exchange.set_note(row.note);
  exchange.set_category(row.category);
  v1::Origin& origin = *exchange.mutable_origin();
  SetOrigin(row.origin_number, origin);
  origin.set_recorded_by(row.recorded_by);
  if (row.record_time != absl::InfinitePast()) {
    *origin.mutable_record_time() =
        google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(row.record_time));
  }
}

absl::Status Importer::Enqueue(Pending pending, const imports::ImportedExchange& row) {
  // Where somebody is still to be added there is nothing to ask.
  if (!options_.commit && (!pending.giver->existed || !pending.receiver->existed)) {
    return Count(pending, absl::OkStatus(), 0);
  }
  v1::Exchange& exchange = *batch_.add_exchanges();
  SetExchange(pending, row, exchange);
  batch_bytes_ += exchange.ByteSizeLong();
  making_.push_back(std::move(pending));
  const bool full = making_.size() == kBatch || batch_bytes_ >= kBatchBytes;
  return full ? SendBatch() : absl::OkStatus();
}

absl::Status Importer::SendBatch() {
  v1::BatchRecordExchangesResponse answer;
  if (courier_.busy()) {
    CLI_ASSIGN_OR_RETURN(answer, courier_.Fetch());
  }
  if (static_cast<size_t>(answer.results_size()) != sent_.size()) {
    return absl::InternalError("The server answered for another number of exchanges than it was sent.");
  }
  std::vector<Pending> answered;
  answered.swap(sent_);
  if (!making_.empty()) {
    batch_.set_parent(options_.bank);
    batch_.set_validate_only(!options_.commit);
    // Before the answer is looked at: the server need not wait for that.
    courier_.Send(&batch_);
    batch_bytes_ = 0;
    sent_.swap(making_);
  }
  for (size_t i = 0; i < answered.size(); ++i) {
    const auto& result = answer.results(static_cast<int>(i));
    CLI_RETURN_IF_ERROR(Count(answered[i], client::ToStatus(result.status()), result.sequence()));
  }
  answered.clear();
  making_.swap(answered);  // empty as well, with the memory of many
  return absl::OkStatus();
}

absl::Status Importer::Flush() {
  CLI_RETURN_IF_ERROR(SendBatch());
  CLI_RETURN_IF_ERROR(SendBatch());
  return poster_.Flush();
}

absl::Status Importer::Count(Pending& pending, const absl::Status& status, int64_t sequence) {
  const int64_t seconds = pending.seconds;
  if (status.ok()) {
    if (sequence != 0) posted_.Add(sequence);
    report_.before_opening += pending.before_opening;
    ++(pending.opening ? report_.openings_new : report_.exchanges_new);
    NoteAlike(pending, /*is_new=*/true);
    if (!pending.opening) NoteDoubts(pending);
    pending.giver->new_seconds += seconds;
    pending.receiver->new_seconds -= seconds;
  } else if (client::ErrorReason(status) == "ORIGIN_RECORDED") {
    ++(pending.opening ? report_.openings_known : report_.exchanges_known);
    NoteAlike(pending, /*is_new=*/false);
    if (pending.mended) {
      ++report_.mended_known;
      if (report_.mended_places.size() < kPlacesTold) report_.mended_places.push_back(pending.source.place);
    }
    CompareKnown(pending, status);
    pending.giver->known_seconds += seconds;
    pending.receiver->known_seconds -= seconds;
    if (CameMeanwhile(client::SequenceOf(client::ErrorMetadata(status)["exchange"]))) {
      pending.giver->before_seconds += seconds;
      pending.receiver->before_seconds -= seconds;
    }
  } else if (IsAboutTheServer(status)) {
    return status;
  } else {
    Reject(pending.source, "", Explain(status, {}), options_.commit);
    return absl::OkStatus();
  }
  if (!pending.opening) report_.seconds += seconds;
  return absl::OkStatus();
}

void Importer::CompareKnown(const Pending& pending, const absl::Status& known) {
  const std::map<std::string, std::string> told = client::ErrorMetadata(known);
  const auto told_seconds = told.find("seconds");
  const auto told_giver = told.find("holder");
  int64_t seconds = 0;
  // A server of before this was told, or a caller who is no broker.
  if (told_seconds == told.end() || told_giver == told.end() ||
      !absl::SimpleAtoi(told_seconds->second, &seconds)) {
    return;
  }
  const ImportAccount& giver = *pending.giver;
  const bool same_giver = told_giver->second == giver.holder || told_giver->second == giver.merged_name;
  // Of an opening the server tells the signed hours, and whoever is credited by it.
  if (std::abs(seconds) == pending.seconds && same_giver) return;
  ++report_.known_otherwise;
  if (report_.otherwise.size() == kPlacesTold) return;
  report_.otherwise.push_back({pending.source.place, told.at("exchange"), pending.seconds, std::abs(seconds),
                               giver, std::string(ShortName(told_giver->second))});
}

void Importer::NoteDoubts(const Pending& pending) {
  const imports::Place& place = pending.source.place;
  if (pending.seconds > kLongExchangeSeconds) {
    ++report_.exchanges_long;
    if (pending.seconds > report_.longest_seconds) {
      report_.longest_seconds = pending.seconds;
      report_.longest = place;
    }
  }
  if (pending.minutes_seconds != 0 && report_.as_minutes.Add(place) && report_.as_minutes.count == 1) {
    report_.as_minutes_hours = pending.doubtful_hours;
    report_.as_minutes_seconds = pending.seconds;
    report_.as_minutes_meant_seconds = pending.minutes_seconds;
  }
  if (pending.equal_line != 0 && report_.equal.Add(place)) report_.equal_lines.push_back(pending.equal_line);
  if (pending.weekday_differs) report_.weekdays.Add(place);
}

void Importer::NoteAlike(const Pending& pending, bool is_new) {
  if (pending.alike_on.empty()) return;
  const std::string giver = alike_.NameOf(pending.giver->holder, pending.giver->display_name);
  const std::string receiver = alike_.NameOf(pending.receiver->holder, pending.receiver->display_name);
  const AlikeFinder::Key key = AlikeFinder::KeyOf(giver, receiver, pending.seconds, pending.alike_on);
  if (is_new) {
    alike_.AddNew(key, AlikeFinder::DayKeyOf(giver, receiver, pending.alike_on), pending.alike_on,
                  pending.source.place);
  } else {
    alike_.AddKnown(key);
  }
}

bool Importer::CameMeanwhile(int64_t sequence) const {
  return options_.commit && sequence > newest_before_ && !posted_.Contains(sequence);
}

void Importer::Reject(const Source& source, const std::string& field, const std::string& reason,
                      bool by_server) {
  ++report_.rejected;
  if (options_.on_reject) options_.on_reject({source.place, field, reason, source.fields}, by_server);
}

// ---- A bank's own export
// ---------------------------------------------------------------------------------------------

absl::Status Importer::TakeCircle(imports::ImportedCircle& circle) {
  const Source source{circle.place, std::move(circle.fields)};
  const std::string key = CircleKey(circle.id);
  if (ImportAccount* known = FindCircle(circle.id)) {
    ++report_.circles_known;
    known->in_files = true;
    std::set<std::string> members;
    for (const std::string& number : circle.members) {
      const ImportAccount* member = Find(number);
      members.insert(member == nullptr ? "" : member->holder);
    }
    // A member's export tells of circles by their names.
    if (!members.empty() && members != circle_members_[key]) ++report_.circles_otherwise;
    return absl::OkStatus();
  }
  if (Find(key) != nullptr) {
    Reject(source, "id", "another circle of this bank has that id");
    return absl::OkStatus();
  }
  v1::CreateCircleRequest request;
  request.set_parent(options_.bank);
  request.set_circle_id(circle.id);
  request.mutable_circle()->set_display_name(circle.display_name);
  for (const std::string& number : circle.members) {
    CLI_ASSIGN_OR_RETURN(const ImportAccount* member, AccountOf(number, source, "members"));
    if (member == nullptr) return absl::OkStatus();
    request.mutable_circle()->add_members(member->name());
  }
  if (options_.commit) {
    absl::Status created = client_.CreateCircle(std::move(request)).status();
    if (!created.ok()) {
      if (IsAboutTheServer(created)) return created;
      Reject(source, "", Explain(created, {}), /*by_server=*/true);
      return absl::OkStatus();
    }
  }
  ++report_.circles_new;
  ImportAccount& account = FindOrAdd(key);
  account.number = absl::StrCat("circles/", circle.id);
  account.holder = client::HolderName(options_.bank, account.number);
  account.display_name = circle.display_name;
  account.in_files = true;
  return absl::OkStatus();
}

absl::Status Importer::TakeEntry(imports::ImportedEntry& entry) {
  if (!members_done_) CLI_RETURN_IF_ERROR(CloseBeforehand());
  const Source source{entry.place, entry.fields};
  if (const std::string why = WhyRefused(entry, options_.today); !why.empty()) {
    Reject(source, "", why);
    return absl::OkStatus();
  }
  for (const imports::ImportedHolder& holder : HoldersOf(entry)) {
    ImportAccount* account = Find(holder);
    if (holder.kind == imports::ImportedHolder::Kind::kMember) {
      CLI_ASSIGN_OR_RETURN(account, AccountOf(holder.number, source, ""));
      if (account == nullptr) return absl::OkStatus();
    } else if (account == nullptr) {
      const bool circle = holder.kind == imports::ImportedHolder::Kind::kCircle;
      Reject(source, "",
             circle ? absl::StrCat("there is no circle ", holder.number,
                                   " in the files (or its row cannot be posted), nor in the bank")
                    : absl::StrCat("there is no pot ", holder.number));
      return absl::OkStatus();
    }
    account->in_files = true;
    NoteDay(*account, entry.occurred_on);
  }
  return poster_.Take(std::move(entry));
}

absl::Status Importer::CountEntry(const imports::ImportedEntry& entry, const EntryResult& result) {
  if (result.outcome == EntryOutcome::kRefused) {
    if (IsAboutTheServer(result.why)) return result.why;
    Reject({entry.place, entry.fields}, "", Explain(result.why, {}), options_.commit);
    return absl::OkStatus();
  }
  const bool is_new = result.outcome == EntryOutcome::kNew;
  if (is_new && result.sequence != 0) posted_.Add(result.sequence);
  const bool opening = entry.kind == imports::ImportedEntry::Kind::kOpening;
  ++(opening ? (is_new ? report_.openings_new : report_.openings_known)
             : (is_new ? report_.exchanges_new : report_.exchanges_known));
  for (const imports::ImportedShare& moved : entry.movements) {
    ImportAccount& account = *Find(moved.holder);
    (is_new ? account.new_seconds : account.known_seconds) += moved.seconds;
    if (!is_new && CameMeanwhile(result.sequence)) account.before_seconds += moved.seconds;
  }
  for (const imports::ImportedShare& share : entry.givers) report_.seconds += share.seconds;
  return absl::OkStatus();
}

absl::Status Importer::TakeMerge(imports::ImportedMerge& merge) {
  if (!members_done_) CLI_RETURN_IF_ERROR(CloseBeforehand());
  const Source source{merge.place, std::move(merge.fields)};
  CLI_ASSIGN_OR_RETURN(ImportAccount * goes, AccountOf(merge.number, source, "about"));
  if (goes == nullptr) return absl::OkStatus();
  CLI_ASSIGN_OR_RETURN(ImportAccount * stays, AccountOf(merge.into, source, "other"));
  if (stays == nullptr) return absl::OkStatus();
  const absl::StatusOr<EntryOutcome> merged = poster_.Merge(goes->name(), stays->name());
  if (!merged.ok()) {
    if (IsAboutTheServer(merged.status())) return merged.status();
    Reject(source, "", Explain(merged.status(), {}), /*by_server=*/true);
    return absl::OkStatus();
  }
  Join(*goes, *stays);
  return absl::OkStatus();
}

void Importer::Join(ImportAccount& goes, ImportAccount& stays) {
  // Of accounts that are one each has all that they had before.
  const bool one_already = !goes.holder.empty() && goes.holder == stays.holder;
  if (!one_already) stays.before_seconds += goes.before_seconds;
  const std::string from = goes.holder;
  stays.survives = true;
  for (auto& [number, account] : report_.accounts) {
    const bool one_of_them =
        !account.holder.empty() && (account.holder == from || account.holder == stays.holder);
    if (&account == &stays || (&account != &goes && !one_of_them)) continue;
    if (account.holder != stays.holder && account.merged_name.empty()) account.merged_name = account.holder;
    account.holder = stays.holder;
    account.before_seconds = stays.before_seconds;
    stays.new_seconds += std::exchange(account.new_seconds, 0);
    stays.known_seconds += std::exchange(account.known_seconds, 0);
    account.in_files = false;
  }
}

// ---- Members who left
// ----------------------------------------------------------------------------------------------

absl::Status Importer::CloseBeforehand() {
  members_done_ = true;
  if (!options_.commit || options_.plan == nullptr) return absl::OkStatus();
  for (auto& [number, account] : report_.accounts) {
    if (!account.closes || account.is_closed || !account.untouched || account.before_seconds > 0) continue;
    const auto planned = options_.plan->accounts.find(number);
    if (planned == options_.plan->accounts.end() || planned->second.expected_seconds() <= 0) continue;
    // The server merges into nobody who is closed.
    if (planned->second.survives) continue;
    CLI_RETURN_IF_ERROR(Close(account, DayAfterAll(account, planned->second.last_day)));
  }
  return absl::OkStatus();
}

absl::Status Importer::CloseAfterwards() {
  for (auto& [number, account] : report_.accounts) {
    if (!account.closes) continue;
    const bool had_hours = account.before_seconds > 0;
    if (account.is_closed) {
      // By whoever closed it earlier, or beforehand and counted then.
      if (account.existed && known_.at(number).member.state() != v1::Member::STATE_ACTIVE) {
        ++report_.closed_before;
      }
    } else if (!account.untouched) {
      report_.left_open.push_back({account, LeftOpen::Why::kChanged, ""});
    } else if (account.expected_seconds() <= 0) {
      CLI_RETURN_IF_ERROR(Close(account, account.closed_on));
    } else if (!options_.commit && !had_hours && !account.survives) {
      CLI_RETURN_IF_ERROR(Close(account, DayAfterAll(account, account.last_day)));
    } else if (std::none_of(
                   report_.left_open.begin(), report_.left_open.end(),
                   [&mine = account.number](const LeftOpen& told) { return told.account.number == mine; })) {
      report_.left_open.push_back({account, LeftOpen::Why::kHasHours, ""});
    }
  }
  return absl::OkStatus();
}

absl::Status Importer::Close(ImportAccount& account, const std::string& closed_on) {
  if (options_.commit) {
    v1::CloseMemberRequest request;
    request.set_name(account.holder);
    // A day that was not told, or that lies ahead, is today.
    request.set_closed_on(closed_on > options_.today ? options_.today : closed_on);
    const absl::Status closed = client_.CloseMember(std::move(request)).status();
    if (!closed.ok()) {
      if (IsAboutTheServer(closed)) return closed;
      report_.left_open.push_back({account, LeftOpen::Why::kRefused, Explain(closed, {})});
      return absl::OkStatus();
    }
  }
  account.is_closed = true;
  ++report_.closed;
  if (!account.closed_on.empty() && closed_on > account.closed_on) ++report_.closed_later;
  return absl::OkStatus();
}

// ---- Afterwards
// ----------------------------------------------------------------------------------------------------

// What the older system declares is compared with what its files add up to; where they do not hold all of the
// history, with what the account comes to here.
void Importer::CompareDeclared() {
  report_.declared = static_cast<int64_t>(declared_.size());
  for (imports::DeclaredBalance& declared : declared_) {
    const auto found = report_.accounts.find(declared.number);
    ImportAccount account;
    account.number = declared.number;
    if (found != report_.accounts.end()) account = found->second;
    const auto agrees = [&declared](int64_t computed_seconds) {
      int64_t difference = 0;
      return !__builtin_sub_overflow(declared.seconds, computed_seconds, &difference) &&
             difference <= declared.within_seconds && difference >= -declared.within_seconds;
    };
    if (agrees(account.files_seconds()) || agrees(account.expected_seconds())) continue;
    report_.declared_differences.push_back({std::move(declared), std::move(account)});
  }
}

absl::StatusOr<BalanceCheck> Importer::CheckBalances(const ImportReport& report) {
  // Members who have been merged since share an account.
  std::map<std::string, ImportAccount> by_holder;
  for (const auto& [number, account] : report.accounts) {
    if (!account.in_files) continue;
    const auto [found, first] = by_holder.emplace(account.holder, account);
    if (!first) found->second.new_seconds += account.new_seconds;
  }
  BalanceCheck check;
  check.community_pot = report.accounts.at("").in_files;
  check.opening_pot = report.opening_pot.in_files;
  check.circles = std::count_if(by_holder.begin(), by_holder.end(),
                                [](const auto& one) { return absl::StrContains(one.first, "/circles/"); });
  check.members = static_cast<int64_t>(by_holder.size()) - check.circles - check.community_pot;
  if (check.opening_pot) by_holder.emplace(report.opening_pot.holder, report.opening_pot);
  std::vector<std::string> holders;
  for (const auto& [holder, account] : by_holder) holders.push_back(holder);
  CLI_ASSIGN_OR_RETURN(const std::vector<v1::Balance> balances,
                       FetchBalances(client_, options_.bank, holders));
  auto balance = balances.begin();
  for (const auto& [holder, account] : by_holder) {
    const int64_t actual_seconds = (balance++)->seconds();
    if (actual_seconds != account.expected_seconds()) check.differences.push_back({account, actual_seconds});
  }
  return check;
}

}  // namespace timebank::cli
