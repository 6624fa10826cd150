#include "tests/unit/cli/import/check_reader.h"

#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "client/cli/import/limits.h"
#include "client/cli/import/text.h"
#include "tests/unit/cli/import/sample_bank.h"

namespace timebank::imports {
namespace {

class Checker {
 public:
  Checker(const ReaderOptions& options, bool secrets) : options_(options), secrets_(secrets) {}

  std::string Check(const Row& row) {
    problem_.clear();
    std::visit([this](const auto& one) { CheckOne(one); }, row);
    return problem_;
  }

  void CheckText(const std::string& text) {
    Expect(IsUtf8(text), "text is UTF-8");
    CheckSecret(text);
  }

  void CheckSecret(const std::string& text) {
    Expect(!secrets_ || text.find(kSecret) == std::string::npos, "no secret comes out");
  }

  const std::string& problem() const { return problem_; }

 private:
  void Expect(bool holds, const char* what, const std::string& of_what = "") {
    if (!holds && problem_.empty()) problem_ = absl::StrCat(what, of_what);
  }

  void CheckDay(const std::string& day, bool may_be_empty) {
    if (day.empty()) return Expect(may_be_empty, "a day is told");
    absl::CivilDay parsed;
    Expect(day.size() == 10 && absl::ParseCivilTime(day, &parsed) && absl::FormatCivilTime(parsed) == day,
           "a day is ISO");
    Expect(parsed >= kFirstDay && parsed <= options_.today, "a day lies between 1900 and today");
  }

  void CheckPlace(const Place& place) { Expect(place.line >= 1 && !place.file.empty(), "a row has a place"); }

  void CheckOrigin(const std::string& number) {
    CheckText(number);
    Expect(!number.empty() && number.size() <= kMaxNumberCharacters, "an origin can be stored");
    Expect(origins_.insert(number).second, "an origin is given once: ", number);
  }

  void CheckOne(const ImportedMember& member) {
    CheckPlace(member.place);
    Expect(!exchanges_begun_, "members come before exchanges");
    Expect(!member.number.empty() && CodePoints(member.number) <= kMaxNumberCharacters,
           "a member has a number");
    Expect(members_.insert(member.number).second, "a member is given once");
    CheckText(member.number);
    CheckText(member.display_name);
    Expect(CodePoints(member.display_name) <= kMaxNameCharacters, "a name can be stored");
    CheckDay(member.joined_on, true);
    CheckDay(member.closed_on, true);
    Expect(member.closed || member.closed_on.empty(), "only who is closed has a closing day");
    Expect(member.phones.size() <= kMaxPhones && member.emails.size() <= kMaxEmails, "not too many ways");
    for (const std::string& phone : member.phones) CheckText(phone);
    for (const std::string& email : member.emails) CheckText(email);
    for (const std::string& field : member.fields) CheckText(field);
  }

  void CheckOne(const ImportedExchange& exchange) {
    exchanges_begun_ = true;
    CheckPlace(exchange.place);
    Expect(!balances_begun_, "balances come last");
    Expect(exchange.giver != exchange.receiver, "giver and receiver differ");
    Expect(exchange.seconds >= 1 && exchange.seconds <= kMaxSeconds, "hours are within limits");
    CheckDay(exchange.occurred_on, false);
    CheckOrigin(exchange.origin_number);
    Expect(exchange.note.size() <= kMaxNoteBytes, "a note can be stored");
    Expect(CodePoints(exchange.category) <= kMaxCategoryCharacters, "a category can be stored");
    Expect(CodePoints(exchange.recorded_by) <= kMaxRecorderCharacters, "a recorder can be stored");
    for (const std::string* text : {&exchange.giver, &exchange.receiver, &exchange.note, &exchange.category,
                                    &exchange.recorded_by, &exchange.giver_name, &exchange.receiver_name}) {
      CheckText(*text);
    }
    for (const std::string& field : exchange.fields) CheckText(field);
  }

  void CheckOne(const ImportedOpening& opening) {
    CheckPlace(opening.place);
    Expect(!exchanges_begun_, "openings come before exchanges");
    Expect(opening.seconds != 0, "an opening is something");
    CheckDay(opening.occurred_on, false);
    CheckText(opening.number);
    CheckOrigin(opening.origin_number);
  }

  void CheckOne(const ImportedCircle& circle) {
    CheckPlace(circle.place);
    Expect(!exchanges_begun_, "circles come before entries");
    Expect(!circle.id.empty(), "a circle has an id");
    for (const std::string* text : {&circle.id, &circle.display_name}) CheckText(*text);
    for (const std::string& member : circle.members) CheckText(member);
  }

  void CheckOne(const ImportedEntry& entry) {
    exchanges_begun_ = true;
    CheckPlace(entry.place);
    Expect(!balances_begun_, "balances come last");
    absl::CivilDay day;
    Expect(absl::ParseCivilTime(entry.occurred_on, &day) && absl::FormatCivilTime(day) == entry.occurred_on,
           "an entry's day is ISO");
    CheckText(entry.origin.number);
    Expect(!entry.origin.system.empty() && !entry.origin.number.empty(), "an entry has a name");
    Expect(origins_.insert(entry.origin.system + " " + entry.origin.number).second, "a name is given once");
    int64_t sum = 0;
    for (const ImportedShare& moved : entry.movements) sum += moved.seconds;
    Expect(sum == 0, "what moves adds up to zero");
    for (const auto* shares : {&entry.givers, &entry.receivers}) {
      for (const ImportedShare& share : *shares) Expect(share.seconds >= 1, "a share is something");
    }
    for (const std::string* text : {&entry.note, &entry.category, &entry.decision, &entry.reason,
                                    &entry.origin.system, &entry.origin.recorded_by}) {
      CheckText(*text);
    }
    for (const std::string& tag : entry.tags) CheckText(tag);
    for (const std::string& field : entry.fields) CheckText(field);
  }

  void CheckOne(const ImportedMerge& merge) {
    exchanges_begun_ = true;
    CheckPlace(merge.place);
    CheckText(merge.number);
    CheckText(merge.into);
  }

  void CheckOne(const DeclaredBalance& declared) {
    balances_begun_ = true;
    CheckPlace(declared.place);
    CheckText(declared.number);
  }

  void CheckOne(const Reject& reject) {
    CheckPlace(reject.place);
    Expect(!reject.reason.empty(), "a reject has a reason");
    for (const std::string& field : reject.fields) CheckSecret(field);
    CheckSecret(reject.reason);
  }

  const ReaderOptions& options_;
  bool secrets_;
  std::string problem_;
  bool exchanges_begun_ = false;
  bool balances_begun_ = false;
  std::set<std::string> origins_;
  std::set<std::string> members_;
};

}  // namespace

std::string CheckReader(const std::string& format, const std::vector<std::string>& files,
                        const ReaderOptions& options, bool secrets) {
  const auto reader = OpenReader(format, files, options);
  if (!reader.ok()) return reader.status().message().empty() ? "an error says what is wrong" : "";
  Checker checker(options, secrets);
  Row row;
  for (;;) {
    const auto more = (*reader)->Next(row);
    if (!more.ok()) return absl::StrCat("reading goes on to the end: ", more.status().message());
    if (!*more) break;
    if (std::string problem = checker.Check(row); !problem.empty()) return problem;
  }
  for (const std::string& words : (*reader)->LeftOut()) checker.CheckText(words);
  if ((*reader)->bytes_consumed() != (*reader)->bytes_total()) return "all bytes are consumed";
  return checker.problem();
}

}  // namespace timebank::imports
