#include "tests/model/compare.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/ledger/working_state.h"
#include "storage/hash.h"
#include "storage/keys.h"
#include "storage/pages.h"
#include "storage/view.h"
#include "tests/model/describe.h"
#include "tests/model/fail.h"

namespace timebank::model {
namespace {

namespace sv1 = storage::v1;
using ledger::HolderKind;
using storage::DayRecord;
using storage::Direction;
using storage::DirectoryKind;
using storage::Family;
using storage::MovementRecord;
using storage::Sums;

void Same(const std::string& expected, const std::string& actual, const std::string& what) {
  if (expected != actual) throw Failure(absl::StrCat(what, "\n  oracle: ", expected, "\n  ledger: ", actual));
}
void Same(const google::protobuf::Message& expected, const google::protobuf::Message& actual,
          const std::string& what) {
  if (expected.SerializeAsString() != actual.SerializeAsString()) {
    Same(expected.ShortDebugString() + ".", actual.ShortDebugString() + ",", what);
  }
}

std::string Words(const Sums& sums) {
  return absl::StrCat("in=", sums.seconds_in, " out=", sums.seconds_out, " count=", sums.exchange_count);
}
std::string Words(const MovementRecord& record) {
  std::string line =
      absl::StrCat("seq=", record.sequence, " time=", record.record_time_us, " seconds=", record.seconds,
                   " day=", record.occurred_on, " kind=", static_cast<int>(record.kind), "/",
                   static_cast<int>(record.reversed_kind), " category=", record.category,
                   " recorder=", record.recorder, " key=", record.key, " for=", record.acting_for,
                   " reverses=", record.reverses, " counterparts=", record.counterpart_count, ":");
  for (AccountNumber counterpart : record.counterparts) absl::StrAppend(&line, " ", counterpart);
  return absl::StrCat(line, " after ", Words(record.after));
}
std::string Words(const DayRecord& record) {
  return absl::StrCat("day=", record.day, " seq=", record.sequence, " seconds=", record.seconds, " adds ",
                      Words(record.sums), " after ", Words(record.after));
}

// Rows are read in two places: by the rules over the working state, and by handlers through a view.
class StateReader {
 public:
  explicit StateReader(const ledger::WorkingState& state) : state_(state) {}
  bool Row(Family family, const std::string& key, google::protobuf::MessageLite* row) const {
    return state_.GetRow(family, key, row);
  }
  std::optional<sv1::Entry> Entry(BankNumber bank, Sequence sequence) const {
    return state_.Entry(bank, sequence);
  }

 private:
  const ledger::WorkingState& state_;
};
class ViewReader {
 public:
  explicit ViewReader(const storage::View& view) : view_(view) {}
  bool Row(Family family, const std::string& key, google::protobuf::MessageLite* row) const {
    auto found = view_.GetRow(family, key, row);
    Check(found.status(), "reading a row");
    return *found;
  }
  std::optional<sv1::Entry> Entry(BankNumber bank, Sequence sequence) const {
    auto bytes = view_.EntryBytes(bank, sequence);
    Check(bytes.status(), "reading an entry");
    if (!*bytes) return std::nullopt;
    sv1::Entry entry;
    Check(entry.ParseFromString(**bytes), "an entry does not parse");
    return entry;
  }

 private:
  const storage::View& view_;
};

// What is compared one thing at a time.
template <typename Reader>
class Rows {
 public:
  Rows(const Bank& bank, const Reader& reader) : bank_(bank), reader_(reader) {}

  void CheckHead() const {
    sv1::HeadRow expected;
    expected.set_last_sequence(bank_.last_sequence());
    expected.set_last_record_time_us(bank_.last_record_time_us);
    expected.set_member_count(static_cast<uint32_t>(bank_.members.size()));
    expected.set_circle_count(static_cast<uint32_t>(bank_.circles.size()));
    expected.set_category_count(static_cast<uint32_t>(bank_.categories.size()));
    expected.set_key_count(static_cast<uint32_t>(bank_.keys.size()));
    expected.set_last_record_day(bank_.first_of_day.rbegin()->first);
    CheckRow(Family::kAccount, storage::AccountKey(bank_.number, 0), expected, "head");
  }

  void CheckAccount(AccountNumber number) const {
    auto found = bank_.accounts.find(number);
    if (found == bank_.accounts.end() || !found->second.touched()) return;
    const Account& account = found->second;
    sv1::AccountRow expected;
    expected.set_balance(account.sums.balance());
    expected.set_seconds_in(account.sums.seconds_in);
    expected.set_seconds_out(account.sums.seconds_out);
    expected.set_exchange_count(account.sums.exchange_count);
    expected.set_movement_count(account.moved_by.size());
    expected.set_last_sequence(account.moved_by.empty() ? 0 : account.moved_by.back());
    expected.set_contested(account.contested);
    expected.set_last_exchange_on(account.last_exchange_on);
    CheckRow(Family::kAccount, storage::AccountKey(bank_.number, number), expected,
             absl::StrCat("account ", number));
  }

  void CheckMarks(Sequence sequence) const {
    auto found = bank_.marks.find(sequence);
    if (found == bank_.marks.end()) return;
    CheckRow(Family::kMark, storage::MarkKey(bank_.number, 0, sequence), found->second,
             absl::StrCat("mark of ", sequence));
    for (const sv1::EntryMovement& movement : bank_.entry(sequence).movements()) {
      CheckRow(Family::kMark, storage::MarkKey(bank_.number, movement.account(), sequence), found->second,
               absl::StrCat("mark of ", sequence, " under account ", movement.account()));
    }
  }

  // The entry, its words, and that its facts commit to its words as first written.
  void CheckEntry(Sequence sequence) const {
    const std::string what = absl::StrCat("entry ", sequence);
    std::optional<sv1::Entry> actual = reader_.Entry(bank_.number, sequence);
    Check(actual.has_value(), what + " is missing");
    const std::string commitment = actual->text_commitment();
    actual->clear_text_commitment();
    Same(bank_.entry(sequence), *actual, what);

    auto words = bank_.words.find(sequence);
    sv1::TextRow row;
    const bool has_row = reader_.Row(Family::kText, storage::TextKey(bank_.number, sequence), &row);
    if (words == bank_.words.end()) {
      Check(!has_row && commitment.empty(), what + " has words that nobody said");
      return;
    }
    sv1::Texts texts;
    Check(texts.ParseFromString(row.texts()), what + "'s words do not parse");
    Same(words->second.texts, texts, what + "'s words");
    Check(row.note_erased() == words->second.note_erased,
          absl::StrCat(what, ": note_erased; oracle: ", words->second.note_erased, ", ",
                       words->second.texts.ShortDebugString()));
    if (!row.note_erased()) {
      Check(commitment == storage::HmacSha256(row.salt(), row.texts()),
            what + " does not commit to its words");
    }
  }

  void CheckMember(AccountNumber account) const {
    const uint32_t number = storage::NumberOf(account);
    CheckRow(Family::kDirectory, storage::DirectoryKey(bank_.number, DirectoryKind::kMember, number),
             bank_.member(account), absl::StrCat("member ", number));
  }
  // Whom the member lets act for it, and for whom it may act.
  void CheckActingFor(AccountNumber account) const {
    sv1::ActingForRow expected;
    for (const auto& [whose, grant] : bank_.grants) {
      const auto& [member, agent] = whose;
      if (agent == account) expected.add_acts_for(member);
      if (member != account) continue;
      sv1::GrantRow& row = *expected.add_grants();
      row.set_agent(agent);
      row.set_granted_at(grant.entry);
      row.mutable_grant();
      if (grant.seconds_per_month) row.mutable_grant()->set_seconds_per_month(*grant.seconds_per_month);
      if (grant.until) row.mutable_grant()->set_until(*grant.until);
      row.set_month(grant.month);
      row.set_used(grant.used);
      row.set_counted_from(grant.counted_from);
    }
    sv1::ActingForRow actual;
    const bool found = reader_.Row(Family::kGrant, storage::AccountKey(bank_.number, account), &actual);
    const std::string what = absl::StrCat("who acts for member ", storage::NumberOf(account));
    Check(found == (expected.ByteSizeLong() > 0), what + ": a row that should not be there, or none");
    Same(expected, actual, what);
  }
  void CheckCircle(AccountNumber account) const {
    const uint32_t number = storage::NumberOf(account);
    CheckRow(Family::kDirectory, storage::DirectoryKey(bank_.number, DirectoryKind::kCircle, number),
             bank_.circle(account), absl::StrCat("circle ", number));
  }
  void CheckBank() const {
    sv1::BankRow expected = bank_.row;
    expected.set_secret(bank_.secret);
    CheckRow(Family::kDirectory, storage::DirectoryKey(bank_.number, DirectoryKind::kBank, 0), expected,
             "bank " + bank_.row.slug());
  }
  void CheckName(DirectoryKind kind, uint32_t number, const std::string& name) const {
    sv1::NameRow expected;
    expected.set_name(name);
    CheckRow(Family::kDirectory, storage::DirectoryKey(bank_.number, kind, number), expected,
             absl::StrCat("name ", number, " of kind ", static_cast<int>(kind)));
  }
  void CheckSlug(std::string_view what, const std::string& text, uint64_t number) const {
    sv1::SlugRow expected;
    expected.set_number(number);
    CheckSlug(what, text, expected);
  }
  void CheckSlugOfMember(AccountNumber account, const sv1::MemberRow& member) const {
    sv1::SlugRow expected;
    expected.set_number(account);
    expected.set_member_state(member.state());
    expected.set_member_closed_on(member.closed_on());
    expected.set_member_merged_into(member.merged_into());
    CheckSlug("member", member.slug(), expected);
  }
  void CheckSlug(std::string_view what, const std::string& text, const sv1::SlugRow& expected) const {
    CheckRow(Family::kSlug, storage::SlugKey(bank_.number, bank_.secret, what, text), expected,
             std::string(what) + " named " + text);
  }
  void CheckOrigin(const std::pair<std::string, std::string>& origin, Sequence sequence) const {
    sv1::OriginRow expected;
    expected.set_sequence(sequence);
    CheckRow(Family::kOrigin, storage::OriginKey(bank_.number, bank_.secret, origin.first, origin.second),
             expected, "origin " + origin.first + "/" + origin.second);
  }

 private:
  template <typename Row>
  void CheckRow(Family family, const std::string& key, const Row& expected, const std::string& what) const {
    Row actual;
    Check(reader_.Row(family, key, &actual), what + " has no row\n  oracle: " + expected.ShortDebugString());
    Same(expected, actual, what);
  }

  const Bank& bank_;
  const Reader& reader_;
};

// What one movement adds to its account. (As in the oracle, which has added it up on its own.)
Sums Added(const sv1::Entry& entry, int64_t seconds) {
  const bool takes_back = entry.kind() == sv1::ENTRY_KIND_REVERSAL;
  const bool is_in = (seconds > 0) != takes_back;
  Sums added;
  (is_in ? added.seconds_in : added.seconds_out) = is_in ? seconds : -seconds;
  if (entry.kind() == sv1::ENTRY_KIND_EXCHANGE) added.exchange_count = 1;
  if (takes_back && entry.reversed_kind() == sv1::ENTRY_KIND_EXCHANGE) added.exchange_count = -1;
  return added;
}

// An account's whole statement, made anew from the oracle's entries.
std::vector<MovementRecord> StatementOf(const Bank& bank, AccountNumber number) {
  std::vector<MovementRecord> records;
  Sums sums;
  for (Sequence sequence : bank.accounts.at(number).moved_by) {
    const sv1::Entry& entry = bank.entry(sequence);
    MovementRecord record;
    record.sequence = sequence;
    record.record_time_us = entry.record_time_us();
    record.occurred_on = entry.occurred_on();
    record.kind = entry.kind();
    record.reversed_kind = entry.reversed_kind();
    record.category = entry.category();
    record.recorder = entry.recorder();
    record.key = entry.key();
    record.acting_for = entry.acting_for();
    record.reverses = entry.reverses();
    for (const sv1::EntryMovement& movement : entry.movements()) {
      if (movement.account() == number) record.seconds = movement.seconds();
    }
    // First whom the account's own side helped or was helped by, then those beside it, then who took the
    // rest.
    std::vector<AccountNumber> beside;
    std::vector<AccountNumber> others;
    AccountNumber remainder = 0;
    for (const sv1::EntryMovement& movement : entry.movements()) {
      if (movement.account() == number) continue;
      if (movement.role() == sv1::MOVEMENT_ROLE_REMAINDER) {
        remainder = movement.account();
      } else {
        ((movement.seconds() > 0) == (record.seconds > 0) ? beside : others).push_back(movement.account());
      }
    }
    others.insert(others.end(), beside.begin(), beside.end());
    if (remainder != 0) others.push_back(remainder);
    record.counterpart_count = static_cast<uint32_t>(others.size());
    others.resize(std::min(others.size(), storage::kPageCounterparts));
    record.counterparts.assign(others.begin(), others.end());
    sums += Added(entry, record.seconds);
    record.after = sums;
    records.push_back(std::move(record));
  }
  return records;
}

// Reads records in both directions, from either end and from somewhere within.
template <typename Record, typename Scan>
void CompareScan(const std::vector<Record>& expected, const std::string& what, Dice& dice, const Scan& scan) {
  const size_t within = expected.empty() ? 0 : dice.Below(expected.size());
  for (const Direction direction : {Direction::kUp, Direction::kDown}) {
    const bool up = direction == Direction::kUp;
    for (const bool whole : {true, false}) {
      size_t at = whole ? (up ? 0 : expected.size()) : (up ? within : within + 1);
      if (expected.empty() && !whole) continue;
      size_t left =
          whole ? expected.size() : std::min<size_t>(up ? expected.size() - within : within + 1, 50);
      const Record* from = whole ? nullptr : &expected[within];
      Check(scan(from, direction,
                 [&](const Record& record) {
                   Check(left > 0, what + " has more than it should: " + Words(record));
                   const Record& wanted = up ? expected[at++] : expected[--at];
                   if (!(wanted == record)) {
                     Same(Words(wanted), Words(record), absl::StrCat(what, up ? " upwards" : " downwards"));
                   }
                   return --left > 0 || whole;
                 }),
            "reading " + what);
      Check(left == 0, absl::StrCat(what, up ? " upwards" : " downwards", " lacks ", left));
    }
  }
}

void CompareAccount(const Bank& bank, AccountNumber number, const storage::View& view, Dice& dice) {
  const std::string name = absl::StrCat("account ", number, " of ", bank.row.slug());
  const std::vector<MovementRecord> statement = StatementOf(bank, number);
  CompareScan(statement, "the statement of " + name, dice,
              [&](const MovementRecord* from, Direction direction, const auto& visit) {
                const Sequence end = direction == Direction::kUp ? 0 : bank.last_sequence() + 1;
                return view.ScanStatement(bank.number, number, from == nullptr ? end : from->sequence,
                                          direction, visit);
              });
  for (int i = 0; i < 5; ++i) {
    const Sequence at = dice.Below(bank.last_sequence() + 2);
    Sums expected;
    for (const MovementRecord& record : statement) {
      if (record.sequence <= at) expected = record.after;
    }
    auto actual = view.SumsAt(bank.number, number, at);
    Check(actual.status(), "reading sums");
    Same(Words(expected), Words(*actual), absl::StrCat("sums at ", at, " of ", name));
  }

  std::vector<DayRecord> by_day;
  for (const MovementRecord& record : statement) {
    by_day.push_back({record.occurred_on, record.sequence, record.seconds,
                      Added(bank.entry(record.sequence), record.seconds), Sums()});
  }
  std::stable_sort(by_day.begin(), by_day.end(),
                   [](const DayRecord& a, const DayRecord& b) { return a.day < b.day; });
  Sums of_day;
  for (size_t i = 0; i < by_day.size(); ++i) {
    if (i > 0 && by_day[i].day != by_day[i - 1].day) of_day = Sums();
    of_day += by_day[i].sums;
    by_day[i].after = of_day;
  }
  CompareScan(by_day, "the days of " + name, dice,
              [&](const DayRecord* from, Direction direction, const auto& visit) {
                if (from != nullptr) {
                  return view.ScanDays(bank.number, number, from->day, from->sequence, direction, visit);
                }
                if (direction == Direction::kUp) {
                  return view.ScanDays(bank.number, number, INT32_MIN, 0, direction, visit);
                }
                return view.ScanDays(bank.number, number, INT32_MAX, UINT64_MAX, direction, visit);
              });
  for (int i = 0; i < 5; ++i) {
    Day day = static_cast<Day>(dice.Between(-26'000, 30'000));
    if (!by_day.empty() && dice.OneIn(2))
      day = by_day[dice.Below(by_day.size())].day + static_cast<Day>(dice.Below(2));
    Sums expected;
    for (const DayRecord& record : by_day) {
      if (record.day < day) expected += record.sums;
    }
    auto actual = view.SumsBeforeDay(bank.number, number, day);
    Check(actual.status(), "reading sums");
    Same(Words(expected), Words(*actual), absl::StrCat("sums before day ", day, " of ", name));
  }
}

// Counts what `family` holds of the bank, so that nothing can stand there that the oracle does not know of.
size_t CountRows(const storage::View& view, Family family, BankNumber bank) {
  size_t count = 0;
  Check(view.ScanRows(family, storage::BankPrefix(bank), "", Direction::kUp,
                      [&](std::string_view, std::string_view) {
                        ++count;
                        return true;
                      }),
        "counting rows");
  return count;
}

// What others said of each member's exchanges and did to its record, as it follows from the entries.
void CompareActs(const Bank& bank, const storage::View& view) {
  std::set<std::string> expected;
  for (Sequence sequence = 1; sequence <= bank.last_sequence(); ++sequence) {
    const sv1::Entry& entry = bank.entry(sequence);
    const auto concerns = [&](AccountNumber account) {
      if (storage::KindOf(account) != HolderKind::kMember || account == entry.recorder()) return;
      expected.insert(storage::ActKey(bank.number, account, sequence));
    };
    concerns(entry.subject());
    if (entry.has_grant()) concerns(entry.other());
    if (entry.kind() < sv1::ENTRY_KIND_CONTEST || entry.kind() > sv1::ENTRY_KIND_NOTE_ERASED) continue;
    for (const sv1::EntryMovement& movement : bank.entry(entry.about()).movements()) {
      concerns(movement.account());
    }
  }
  std::set<std::string> actual;
  Check(view.ScanRows(Family::kAct, storage::BankPrefix(bank.number), "", Direction::kUp,
                      [&](std::string_view key, std::string_view) {
                        actual.emplace(key);
                        return true;
                      }),
        "reading acts");
  Check(actual == expected,
        absl::StrCat("other acts than the oracle's: ", actual.size(), ", expected ", expected.size()));
}

void CompareBank(const Bank& bank, const storage::View& view, Dice& dice) {
  const ViewReader reader(view);
  const Rows<ViewReader> rows(bank, reader);
  rows.CheckHead();
  rows.CheckBank();
  for (size_t i = 0; i < bank.members.size(); ++i) {
    const AccountNumber account = storage::MakeAccount(HolderKind::kMember, static_cast<uint32_t>(i) + 1);
    rows.CheckMember(account);
    rows.CheckActingFor(account);
    rows.CheckSlugOfMember(account, bank.members[i]);
  }
  for (size_t i = 0; i < bank.circles.size(); ++i) {
    const AccountNumber account = storage::MakeAccount(HolderKind::kCircle, static_cast<uint32_t>(i) + 1);
    rows.CheckCircle(account);
    rows.CheckSlug("circle", bank.circles[i].slug(), account);
  }
  for (size_t i = 0; i < bank.categories.size(); ++i) {
    rows.CheckName(DirectoryKind::kCategory, static_cast<uint32_t>(i) + 1, bank.categories[i]);
  }
  for (size_t i = 0; i < bank.keys.size(); ++i) {
    rows.CheckName(DirectoryKind::kKey, static_cast<uint32_t>(i) + 1, bank.keys[i]);
    rows.CheckSlug("key", bank.keys[i], i + 1);
  }
  for (const auto& [id, account] : bank.external_ids) {
    rows.CheckSlug("external", id.first + '\0' + id.second, account);
  }
  for (const auto& [origin, sequence] : bank.origins) rows.CheckOrigin(origin, sequence);
  Check(CountRows(view, Family::kOrigin, bank.number) == bank.origins.size(),
        "other origins than the oracle's");
  for (const auto& [sequence, mark] : bank.marks) rows.CheckMarks(sequence);
  for (const auto& [day, sequence] : bank.first_of_day) {
    auto row = view.Get(Family::kClock, storage::ClockKey(bank.number, day));
    Check(row.status(), "reading the clock");
    Check(row->has_value(), absl::StrCat("no clock row of day ", day));
  }
  Check(CountRows(view, Family::kClock, bank.number) == bank.first_of_day.size(),
        "other clock rows than the oracle's");

  CompareActs(bank, view);

  Sequence next = 1;
  Check(view.ScanJournal(bank.number, 1, Direction::kUp,
                         [&](Sequence sequence, std::string_view) {
                           Check(sequence == next++, "the journal has a gap");
                           return true;
                         }),
        "reading the journal");
  Check(next == bank.last_sequence() + 1, "the journal's length");
  for (Sequence sequence = 1; sequence <= bank.last_sequence(); ++sequence) rows.CheckEntry(sequence);

  int64_t sum = 0;
  for (const auto& [number, account] : bank.accounts) {
    rows.CheckAccount(number);
    sum += account.sums.balance();
    if (!account.moved_by.empty()) CompareAccount(bank, number, view, dice);
  }
  Check(sum == 0, "balances do not add up to zero");
}

}  // namespace

void CompareViolations(std::vector<ledger::Violation> expected, std::vector<ledger::Violation> actual) {
  if (expected == actual) return;
  for (auto* violations : {&expected, &actual}) {
    std::sort(violations->begin(), violations->end(), [](const auto& a, const auto& b) {
      return std::tie(a.field, a.reason) < std::tie(b.field, b.reason);
    });
  }
  if (expected != actual) Same(Describe(expected), Describe(actual), "validation");
}

void CompareOutcome(const ledger::Outcome& expected, const ledger::Outcome& actual) {
  ledger::Outcome facts = actual;
  if (facts.preview) {
    auto preview = std::make_shared<ledger::Preview>(*facts.preview);
    preview->entry.clear_text_commitment();
    facts.preview = std::move(preview);
  }
  Same(Describe(expected), Describe(facts), "outcome");
}

void CompareEntries(const Bank& bank, const ledger::Outcome& outcome, const ledger::WorkingState& state) {
  const StateReader reader(state);
  const Rows<StateReader> rows(bank, reader);
  rows.CheckHead();
  for (Sequence sequence = outcome.first; sequence < outcome.first + outcome.count; ++sequence) {
    rows.CheckEntry(sequence);
    const sv1::Entry& entry = bank.entry(sequence);
    for (const sv1::EntryMovement& movement : entry.movements()) rows.CheckAccount(movement.account());
    for (const Sequence about : {entry.about(), entry.reverses(), entry.corrects(), entry.restores()}) {
      if (about == 0) continue;
      rows.CheckEntry(about);
      rows.CheckMarks(about);
      for (const sv1::EntryMovement& movement : bank.entry(about).movements())
        rows.CheckAccount(movement.account());
    }
    for (const AccountNumber subject : {entry.subject(), entry.other()}) {
      if (storage::KindOf(subject) != HolderKind::kMember) continue;
      rows.CheckMember(subject);
      rows.CheckActingFor(subject);
    }
    for (const AccountNumber acting : {entry.acting_for(), entry.recorder()}) {
      if (acting != 0) rows.CheckActingFor(bank.Survivor(acting));
    }
    for (const AccountNumber subject : {entry.subject(), entry.other()}) {
      if (storage::KindOf(subject) == HolderKind::kCircle) rows.CheckCircle(subject);
    }
    if (entry.kind() == sv1::ENTRY_KIND_SETTINGS_CHANGED || entry.kind() == sv1::ENTRY_KIND_BANK_CREATED) {
      rows.CheckBank();
    }
  }
}

void CompareBanks(const Oracle& oracle, const Machine& machine, Dice& dice) {
  const storage::View view = machine.View();
  for (const auto& [number, bank] : oracle.banks()) CompareBank(bank, view, dice);
}

}  // namespace timebank::model
