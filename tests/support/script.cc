#include "tests/support/script.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/ledger/genesis.h"
#include "server/ledger/validate.h"
#include "storage/keys.h"
#include "storage/pages.h"
#include "timebank/storage/v1/entry.pb.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::ledger {
namespace {

namespace sv1 = storage::v1;
using storage::DirectoryKind;
using storage::Family;

constexpr Day kFirstDay = 20771;  // 2026-11-14
constexpr int64_t kDayUs = int64_t{24} * 3600 * 1'000'000;

// --- words and what they mean

std::string Hours(int64_t seconds) {
  uint64_t rest = seconds < 0 ? -static_cast<uint64_t>(seconds) : static_cast<uint64_t>(seconds);
  std::string text = seconds < 0 ? "-" : "";
  if (rest >= 3600 || rest == 0) absl::StrAppend(&text, rest / 3600, "h");
  if (rest % 3600 >= 60) absl::StrAppend(&text, rest % 3600 / 60, "m");
  if (rest % 60 != 0) absl::StrAppend(&text, rest % 60, "s");
  return text;
}

std::optional<int64_t> ReadHours(absl::string_view text) {
  const bool negative = absl::ConsumePrefix(&text, "-");
  if (text.empty()) return std::nullopt;
  int64_t sum = 0;
  while (!text.empty()) {
    const size_t digits = text.find_first_not_of("0123456789");
    int64_t number;
    if (digits == absl::string_view::npos || !absl::SimpleAtoi(text.substr(0, digits), &number)) {
      return std::nullopt;
    }
    const char unit = text[digits];
    if (unit != 'h' && unit != 'm' && unit != 's') return std::nullopt;
    sum += number * (unit == 'h' ? 3600 : unit == 'm' ? 60 : 1);
    text.remove_prefix(digits + 1);
  }
  return negative ? -sum : sum;
}

std::string DayText(Day day) {
  const storage::CivilDay civil = storage::ToCivil(day);
  return absl::StrCat(absl::Dec(civil.year, absl::kZeroPad4), "-", absl::Dec(civil.month, absl::kZeroPad2),
                      "-", absl::Dec(civil.day, absl::kZeroPad2));
}

std::optional<Day> ReadDay(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '-');
  storage::CivilDay civil{};
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &civil.year) ||
      !absl::SimpleAtoi(parts[1], &civil.month) || !absl::SimpleAtoi(parts[2], &civil.day)) {
    return std::nullopt;
  }
  return storage::FromCivil(civil);
}

HolderRef ReadHolder(absl::string_view text) {
  HolderRef holder{.kind = HolderKind::kMember, .id = ""};
  if (absl::ConsumePrefix(&text, "pots/")) holder.kind = HolderKind::kPot;
  if (absl::ConsumePrefix(&text, "circles/")) holder.kind = HolderKind::kCircle;
  holder.id = std::string(text.data(), text.size());
  return holder;
}

std::vector<std::string> List(absl::string_view text) { return absl::StrSplit(text, ',', absl::SkipEmpty()); }

std::string Kind(sv1::EntryKind kind) {
  return std::string(absl::StripPrefix(sv1::EntryKind_Name(kind), "ENTRY_KIND_"));
}

const char* const kStates[] = {"", "RECORDED", "CONFIRMED", "CONTESTED", "REVERSED"};
const char* const kMemberStates[] = {"", "ACTIVE", "CLOSED", "MERGED"};
const char* const kNotices[] = {"",
                                "BELOW_WARNING",
                                "ABOVE_WARNING",
                                "POSSIBLE_DUPLICATE",
                                "POT_WITHOUT_DECISION",
                                "HOLDER_CLOSED_BACKDATED"};

// OK, a reason, a state ...
bool IsExpectation(const std::string& word) {
  return word.size() > 1 && absl::ascii_isupper(word[0]) && std::all_of(word.begin(), word.end(), [](char c) {
           return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == '_';
         });
}

// Of what there is to tell, these must be expected wherever they are told.
bool MustBeSaid(const std::string& word) {
  const size_t equals = word.find('=');
  return equals == std::string::npos || absl::StartsWith(word, "notice=") ||
         IsExpectation(word.substr(equals + 1));
}

// A notice may be expected without the holder or entry that it is about.
bool Matches(const std::string& told, const std::string& expected) {
  return told == expected ||
         (absl::StartsWith(expected, "notice=") && absl::StartsWith(told, absl::StrCat(expected, ":")));
}

bool Agree(const std::vector<std::string>& told, const std::vector<std::string>& expected) {
  for (const std::string& word : expected) {
    if (std::none_of(told.begin(), told.end(), [&](const auto& t) { return Matches(t, word); })) return false;
  }
  for (const std::string& word : told) {
    if (MustBeSaid(word) &&
        std::none_of(expected.begin(), expected.end(), [&](const auto& e) { return Matches(word, e); })) {
      return false;
    }
  }
  return true;
}

}  // namespace

struct Script::Line {
  int number = 0;
  std::string text;
  std::string label;
  std::vector<std::string> words;     // the operation first
  std::vector<std::string> expected;  // from the first word in capitals on
};

// The words of one line, taken one after the other; what is left over at the end was not understood.
class Script::Words {
 public:
  explicit Words(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      const size_t equals = word.find('=');
      if (equals == std::string::npos) {
        plain_.push_back(word);
      } else {
        named_[word.substr(0, equals)] = word.substr(equals + 1);
      }
    }
  }

  std::string Next(const char* what) {
    if (plain_.empty()) {
      Fail(absl::StrCat(what, " is missing"));
      return "";
    }
    std::string word = plain_.front();
    plain_.erase(plain_.begin());
    return word;
  }
  bool Flag(const std::string& name) {
    const auto word = std::find(plain_.begin(), plain_.end(), name);
    if (word == plain_.end()) return false;
    plain_.erase(word);
    return true;
  }
  bool more() const { return !plain_.empty(); }
  std::optional<std::string> Named(const std::string& name) {
    const auto word = named_.find(name);
    if (word == named_.end()) return std::nullopt;
    std::string value = word->second;
    named_.erase(word);
    return value;
  }
  std::string Text(const std::string& name) { return Named(name).value_or(""); }

  int64_t ToHours(const std::string& text) {
    const std::optional<int64_t> seconds = ReadHours(text);
    if (!seconds) Fail(absl::StrCat("`", text, "` is no number of hours"));
    return seconds.value_or(0);
  }
  Day ToDay(const std::string& text) {
    const std::optional<Day> day = ReadDay(text);
    if (!day) Fail(absl::StrCat("`", text, "` is no day"));
    return day.value_or(0);
  }
  uint64_t ToNumber(const std::string& text) {
    uint64_t number = 0;
    if (!absl::SimpleAtoi(text, &number)) Fail(absl::StrCat("`", text, "` is no number"));
    return number;
  }
  int32_t ToCount(const std::string& text) {
    int32_t number = 0;
    if (!absl::SimpleAtoi(text, &number)) Fail(absl::StrCat("`", text, "` is no number"));
    return number;
  }
  std::optional<Day> DayNamed(const std::string& name) {
    const std::optional<std::string> text = Named(name);
    return text ? std::optional(ToDay(*text)) : std::nullopt;
  }
  HolderRef HolderNamed(const std::string& name) {
    const std::optional<std::string> text = Named(name);
    return text ? ReadHolder(*text) : HolderRef();
  }

  // `ana,ben:2h,m1..m5`, or `-`.
  std::vector<ShareSpec> Shares(const std::string& text) {
    std::vector<ShareSpec> shares;
    if (text == "-") return shares;
    for (const std::string& part : List(text)) {
      const std::pair<std::string, std::string> pair = absl::StrSplit(part, absl::MaxSplits(':', 1));
      ShareSpec share;
      if (!pair.second.empty()) share.seconds = ToHours(pair.second);
      for (const std::string& id : Range(pair.first)) {
        share.holder = ReadHolder(id);
        shares.push_back(share);
      }
    }
    return shares;
  }

  // `m1..m3` is m1, m2, m3.
  std::vector<std::string> Range(const std::string& text) {
    const size_t dots = text.find("..");
    if (dots == std::string::npos) return {text};
    const size_t digit = text.find_first_of("0123456789");
    const std::string prefix = text.substr(0, digit);
    std::vector<std::string> ids;
    const uint64_t last = ToNumber(text.substr(dots + 2 + prefix.size()));
    for (uint64_t i = ToNumber(text.substr(digit, dots - digit)); i <= last; ++i) {
      ids.push_back(absl::StrCat(prefix, i));
    }
    return ids;
  }

  void Arrow() {
    if (const std::string word = Next("`->`"); word != "->")
      Fail(absl::StrCat("`->` stands for `", word, "`"));
  }

  std::optional<OriginSpec> Origin() {
    const std::optional<std::string> text = Named("origin");
    if (!text) return std::nullopt;
    const std::pair<std::string, std::string> pair = absl::StrSplit(*text, absl::MaxSplits('/', 1));
    return OriginSpec{.system = pair.first, .number = pair.second, .recorded_by = "", .time_us = 0};
  }

  ExchangeSpec Exchange() {
    ExchangeSpec spec;
    spec.givers = Shares(Next("who gave"));
    Arrow();
    spec.receivers = Shares(Next("who received"));
    if (more()) spec.seconds = ToHours(Next("seconds"));
    ExchangeMask mask;
    Details(&spec, &mask);
    spec.origin = Origin();
    spec.acting_for = HolderNamed("for");
    return spec;
  }

  void Details(ExchangeSpec* spec, ExchangeMask* mask) {
    if (auto text = Named("remainder")) {
      if (*text != "-") spec->remainder = ReadHolder(*text);
      mask->remainder = true;
    }
    if (auto text = Named("unnamed_givers")) {
      spec->unnamed_givers = ToCount(*text);
      mask->unnamed_givers = true;
    }
    if (auto text = Named("unnamed_receivers")) {
      spec->unnamed_receivers = ToCount(*text);
      mask->unnamed_receivers = true;
    }
    if (auto text = Named("on")) {
      spec->occurred_on = ToDay(*text);
      mask->occurred_on = true;
    }
    if (auto text = Named("category")) {
      spec->category = *text;
      mask->category = true;
    }
    if (auto text = Named("note")) {
      spec->note = *text;
      mask->note = true;
    }
    if (auto text = Named("tags")) {
      spec->tags = List(*text);
      mask->tags = true;
    }
    if (auto text = Named("decision")) {
      spec->decision = *text;
      mask->decision = true;
    }
  }

  void Changes(ExchangeSpec* spec, ExchangeMask* mask) {
    if (auto text = Named("givers")) {
      spec->givers = Shares(*text);
      mask->givers = true;
    }
    if (auto text = Named("receivers")) {
      spec->receivers = Shares(*text);
      mask->receivers = true;
    }
    if (auto text = Named("seconds")) {
      spec->seconds = ToHours(*text);
      mask->seconds = true;
    }
    Details(spec, mask);
  }

  // What a line says of a member; returns which fields.
  std::vector<std::string> Member(sv1::MemberRow* row) {
    std::vector<std::string> mask;
    if (auto text = Named("name")) {
      row->set_display_name(*text);
      mask.emplace_back("display_name");
    }
    if (auto text = Named("kind")) {
      row->set_kind(*text == "organisation" ? 2 : *text == "household" ? 3 : 1);
      mask.emplace_back("kind");
    }
    if (auto text = Named("external")) {
      for (const std::string& id : List(*text)) {
        const std::pair<std::string, std::string> pair = absl::StrSplit(id, absl::MaxSplits('/', 1));
        row->add_external_ids()->set_system(pair.first);
        row->mutable_external_ids(row->external_ids_size() - 1)->set_number(pair.second);
      }
      mask.emplace_back("external_ids");
    }
    if (auto text = Named("phones")) {
      for (const std::string& phone : List(*text)) row->add_phones(phone);
      mask.emplace_back("phones");
    }
    if (auto text = Named("note")) {
      row->set_note(*text);
      mask.emplace_back("note");
    }
    return mask;
  }

  // Each of these answers nothing where the operation is none of its own.
  std::optional<Act> Recording(const std::string& operation) {
    if (operation == "record") {
      const bool check = Flag("check_duplicates");
      return RecordExchange{Exchange(), check};
    }
    if (operation == "gift") {
      RecordGift act;
      act.debited = ReadHolder(Next("who gives"));
      Arrow();
      act.credited = ReadHolder(Next("who gets"));
      act.seconds = ToHours(Next("hours"));
      ExchangeSpec spec;
      ExchangeMask mask;
      Details(&spec, &mask);
      act.occurred_on = spec.occurred_on;
      act.category = spec.category;
      act.note = spec.note;
      act.tags = spec.tags;
      act.decision = spec.decision;
      act.origin = Origin();
      act.acting_for = HolderNamed("for");
      return act;
    }
    if (operation == "opening") {
      RecordOpening act;
      act.holder = ReadHolder(Next("whose"));
      act.seconds = ToHours(Next("hours"));
      act.occurred_on = DayNamed("on");
      act.note = Text("note");
      act.origin = Origin();
      return act;
    }
    return std::nullopt;
  }

  // What becomes of an exchange.
  std::optional<Act> AboutAnExchange(const std::string& operation) {
    if (operation == "correct") {
      CorrectExchange act;
      act.exchange = ToNumber(Next("which exchange"));
      Changes(&act.changes, &act.mask);
      act.reason = Text("because");
      act.acting_for = HolderNamed("for");
      return act;
    }
    if (operation == "reverse" || operation == "contest" || operation == "confirm" ||
        operation == "erase_note") {
      const Sequence exchange = ToNumber(Next("which exchange"));
      const std::string reason = Text("because");
      const HolderRef acting_for = HolderNamed("for");
      if (operation == "reverse") return ReverseExchange{exchange, reason, acting_for};
      if (operation == "contest") return ContestExchange{exchange, reason, acting_for};
      if (operation == "confirm") return ConfirmExchange{exchange, acting_for};
      return EraseExchangeNote{exchange, acting_for};
    }
    if (operation == "settle") {
      SettleExchange act;
      act.exchange = ToNumber(Next("which exchange"));
      const std::string outcome = Next("how");
      if (outcome == "reversed") act.outcome = SettleOutcome::kReversed;
      if (outcome == "corrected") act.outcome = SettleOutcome::kCorrected;
      if (act.outcome == SettleOutcome::kStands && outcome != "stands") {
        Fail(absl::StrCat("`", outcome, "` is no way to settle"));
      }
      Changes(&act.changes, &act.mask);
      act.reason = Text("because");
      act.acting_for = HolderNamed("for");
      return act;
    }
    return std::nullopt;
  }

  // Members and circles.
  std::optional<Act> People(const std::string& operation) {
    if (operation == "member") {
      CreateMember act;
      act.no_starter = Flag("no_starter");
      if (more()) act.id = Next("id");
      Member(&act.details);
      act.joined_on = DayNamed("joined");
      return act;
    }
    if (operation == "update") {
      UpdateMember act;
      act.id = Next("who");
      act.etag = Text("etag");
      act.mask = Member(&act.details);
      return act;
    }
    if (operation == "close") {
      CloseMember act;
      act.id = Next("who");
      act.destination = HolderNamed("to");
      act.closed_on = DayNamed("on");
      return act;
    }
    if (operation == "reopen") return ReopenMember{Next("who")};
    if (operation == "merge") {
      MergeMember act;
      act.id = Next("who goes");
      if (Next("`into`") != "into") Fail("`into` is missing");
      act.into = Next("who stays");
      return act;
    }
    if (operation == "grant") {
      GrantActingFor act;
      act.no_limit = Flag("no_limit");
      act.id = Next("who");
      act.agent = ReadHolder(Next("the agent"));
      if (more()) act.seconds_per_month = ToHours(Next("hours"));
      act.until = DayNamed("until");
      return act;
    }
    if (operation == "revoke") {
      RevokeActingFor act;
      act.id = Next("who");
      act.agent = ReadHolder(Next("the agent"));
      return act;
    }
    if (operation == "circle") {
      CreateCircle act;
      std::string members = Next("who is in");
      if (more()) act.id = std::exchange(members, Next("who is in"));
      if (members != "-") act.members = List(members);
      return act;
    }
    if (operation == "join" || operation == "leave") {
      ChangeCircle act;
      act.id = Next("which circle");
      for (const std::string& ids : List(Next("who"))) {
        for (const std::string& id : Range(ids)) (operation == "join" ? act.add : act.remove).push_back(id);
      }
      return act;
    }
    return std::nullopt;
  }

  // Banks and settings; `stamps` tells one new bank from another.
  std::optional<Act> Banks(const std::string& operation, uint64_t stamps) {
    if (operation == "timebank") {
      CreateTimebank act;
      act.trial = Flag("trial");
      act.id = Next("id");
      act.number = 1000 + stamps;
      act.secret = std::string(32, static_cast<char>(stamps));
      act.categories = List(Text("categories"));
      return act;
    }
    if (operation == "delete_timebank") {
      DeleteTimebank act;
      act.id = Next("id");
      return act;
    }
    if (operation == "settings") {
      UpdateSettings act;
      act.etag = Text("etag");
      auto limit = [&](const std::string& name, auto set) {
        if (auto text = Named(name)) {
          act.mask.push_back(name);
          if (*text != "-") set(ToHours(*text));
        }
      };
      limit("warn_below", [&](int64_t seconds) { act.settings.set_warn_below(seconds); });
      limit("warn_above", [&](int64_t seconds) { act.settings.set_warn_above(seconds); });
      limit("block_below", [&](int64_t seconds) { act.settings.set_block_below(seconds); });
      limit("block_above", [&](int64_t seconds) { act.settings.set_block_above(seconds); });
      if (auto text = Named("starter")) {
        act.mask.emplace_back("starter_seconds");
        act.settings.set_starter_seconds(ToHours(*text));
      }
      if (auto text = Named("who")) {
        act.mask.emplace_back("who_may_record");
        act.settings.set_who_may_record(*text == "receiver"  ? 2
                                        : *text == "giver"   ? 3
                                        : *text == "brokers" ? 4
                                                             : 1);
      }
      if (auto text = Named("zone")) {
        act.mask.emplace_back("time_zone");
        act.settings.set_time_zone(*text);
        act.time_zone_known = !Flag("unknown_zone");
      }
      if (auto text = Named("categories")) {
        act.mask.emplace_back("categories");
        act.categories = List(*text);
      }
      return act;
    }
    return std::nullopt;
  }

  void Fail(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
  }
  absl::Status Finish() {
    if (!plain_.empty()) Fail(absl::StrCat("`", plain_.front(), "` is not understood"));
    if (!named_.empty()) Fail(absl::StrCat("`", named_.begin()->first, "=` is not understood"));
    return problem_.empty() ? absl::OkStatus() : absl::InvalidArgumentError(problem_);
  }

 private:
  std::vector<std::string> plain_;
  std::map<std::string, std::string> named_;
  std::string problem_;
};

// --- running

Script::Script(Folding folding)
    : folding_(folding),
      state_(&base_),
      looked_at_(0),
      now_us_(kFirstDay * kDayUs + kDayUs / 2),
      today_(kFirstDay) {
  Genesis(/*epoch=*/1, std::string(32, 'i'), state_);
  const absl::Status status = Run("timebank rushey");
  if (!status.ok()) std::abort();
}

absl::StatusOr<Script::Line> Script::Split(int number, std::string_view text) const {
  Line line;
  line.number = number;
  std::vector<std::string> words;
  bool in_word = false;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
      if (!in_word) words.emplace_back();
      in_word = true;
    } else if (!quoted && c == '#') {
      break;
    } else if (!quoted && absl::ascii_isspace(c)) {
      in_word = false;
    } else {
      if (!in_word) words.emplace_back();
      in_word = true;
      words.back().push_back(c);
    }
    line.text.push_back(c);
  }
  line.text = std::string(absl::StripAsciiWhitespace(line.text));
  if (quoted) return absl::InvalidArgumentError("a quotation does not end");
  if (!words.empty() && words[0].size() > 1 && words[0].back() == ':') {
    line.label = words[0].substr(0, words[0].size() - 1);
    words.erase(words.begin());
  }
  for (std::string& word : words) {
    for (size_t at = 0; (at = word.find('@', at)) != std::string::npos; ++at) {
      if (at != 0 && word[at - 1] != '=' && word[at - 1] != ':') continue;  // an e-mail address
      size_t end = at + 1;
      while (end < word.size() && (absl::ascii_isalnum(word[end]) || word[end] == '_')) ++end;
      const auto label = labels_.find(word.substr(at + 1, end - at - 1));
      if (label == labels_.end()) return absl::InvalidArgumentError(absl::StrCat("no label of `", word, "`"));
      Sequence sequence = label->second;
      if (end < word.size() && word[end] == '+') {
        size_t behind = end + 1;
        while (behind < word.size() && absl::ascii_isdigit(word[behind])) ++behind;
        uint64_t more = 0;
        if (!absl::SimpleAtoi(word.substr(end + 1, behind - end - 1), &more)) {
          return absl::InvalidArgumentError(absl::StrCat("`", word, "` goes on by no number"));
        }
        sequence += more;
        end = behind;
      }
      word.replace(at, end - at, absl::StrCat(sequence));
    }
  }
  const auto expected = std::find_if(words.begin(), words.end(), IsExpectation);
  line.words.assign(words.begin(), expected);
  line.expected.assign(expected, words.end());
  return line;
}

absl::Status Script::Run(std::string_view lines) {
  std::vector<std::string> texts = absl::StrSplit(absl::string_view(lines.data(), lines.size()), '\n');
  for (size_t i = 0; i < texts.size(); ++i) {
    const size_t first = i;
    auto fail = [&](const absl::Status& status) {
      return absl::Status(status.code(),
                          absl::StrCat("line ", first + 1, ": ", absl::StripAsciiWhitespace(texts[first]),
                                       "\n  ", status.message()));
    };
    const absl::StatusOr<Line> line = Split(static_cast<int>(i + 1), texts[i]);
    if (!line.ok()) return fail(line.status());
    std::vector<Line> items;
    while (i + 1 < texts.size() && absl::StartsWith(absl::StripAsciiWhitespace(texts[i + 1]), "|")) {
      const absl::StatusOr<Line> item = Split(static_cast<int>(i + 2), texts[i + 1]);
      if (!item.ok()) return fail(item.status());
      items.push_back(*item);
      ++i;
    }
    if (line->words.empty()) continue;
    const absl::Status status = Carry(*line, items);
    if (!status.ok()) return fail(status);
  }
  return absl::OkStatus();
}

absl::Status Script::Carry(const Line& line, const std::vector<Line>& items) {
  bool done = false;
  if (absl::Status status = Tend(line, &done); done || !status.ok()) return status;
  if (absl::Status status = Look(line, &done); done || !status.ok()) return status;
  if (line.words[0] == "members") {
    for (size_t i = 1; i < line.words.size(); ++i) {
      for (const std::string& id : Words({}).Range(line.words[i])) {
        if (absl::Status status = Run(absl::StrCat("member ", id, " no_starter")); !status.ok())
          return status;
      }
    }
    return absl::OkStatus();
  }

  const absl::StatusOr<Command> command = ToCommand(line, items);
  if (!command.ok()) return command.status();
  const absl::StatusOr<Outcome> outcome = Do(*command);
  if (!outcome.ok()) return outcome.status();
  if (outcome->bank != 0) looked_at_ = outcome->bank;
  if (const auto* created = std::get_if<CreateTimebank>(&command->act);
      created != nullptr && !outcome->refusal) {
    banks_[created->id] = outcome->bank;
  }
  if (!line.label.empty()) labels_[line.label] = outcome->first;
  if (folding_ == Folding::kEachCommand) Fold();

  auto expect = [](const Line& said, const std::vector<std::string>& told) {
    std::vector<std::string> expected = said.expected;
    if (expected.empty()) expected.emplace_back("OK");
    if (Agree(told, expected)) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(said.text.substr(0, 1) == "|" ? said.text + "\n  " : "",
                                                      "should be: ", absl::StrJoin(expected, " "),
                                                      "\n  but is:    ", absl::StrJoin(told, " ")));
  };
  if (absl::Status status = expect(line, Told(*outcome)); !status.ok()) return status;
  if (outcome->refusal) return absl::OkStatus();
  for (size_t i = 0; i < items.size(); ++i) {
    Outcome item;
    item.bank = outcome->bank;
    item.refusal = outcome->items[i].refusal;
    item.first = outcome->items[i].sequence;
    item.count = item.first == 0 ? 0 : 1;
    if (absl::Status status = expect(items[i], Told(item)); !status.ok()) return status;
    if (!items[i].label.empty()) labels_[items[i].label] = item.first;
  }
  return absl::OkStatus();
}

absl::StatusOr<Outcome> Script::Do(const Command& command) {
  if (std::vector<Violation> violations = Validate(command); !violations.empty()) {
    Outcome outcome;
    outcome.refusal = Refuse(Reason::kValidation);
    outcome.refusal->violations = std::move(violations);
    return outcome;
  }
  return Execute(command, state_);
}

absl::StatusOr<Command> Script::Parse(std::string_view text) {
  const absl::StatusOr<Line> line = Split(1, text);
  if (!line.ok()) return line.status();
  return ToCommand(*line, {});
}

absl::StatusOr<Command> Script::ToCommand(const Line& line, const std::vector<Line>& items) {
  Words words(std::vector<std::string>(line.words.begin() + 1, line.words.end()));
  Command command;
  command.bank = words.Named("bank").value_or("rushey");
  const std::string who = words.Named("as").value_or("broker");
  const std::pair<std::string, std::string> pair = absl::StrSplit(who, absl::MaxSplits(':', 1));
  command.actor.member = pair.second;
  command.actor.caller = "desk";
  if (pair.first == "partner") {
    command.actor.role = Role::kPartner;
    command.actor.caller = "app";
  } else if (pair.first != "broker") {
    command.actor.role = Role::kMember;
    if (pair.first != "member") command.actor.member = pair.first;
  }
  if (auto key = words.Named("key")) command.actor.caller = *key;
  if (auto only = words.Named("only")) command.actor.bank = std::stoull(*only);
  command.request_id = words.Text("id");
  command.validate_only = words.Flag("validate_only");
  command.stamp = {.now_us = now_us_, .today = today_, .seed = absl::StrCat("seed of ", ++stamps_)};
  absl::StatusOr<Act> act = ToAct(line.words[0], words, items);
  if (!act.ok()) return act.status();
  if (absl::Status status = words.Finish(); !status.ok()) return status;
  command.act = *std::move(act);
  // What the services find wrong with an item before the ledger is asked.
  if (auto* batch = std::get_if<BatchRecordExchanges>(&command.act)) {
    for (size_t i = 0; i < batch->items.size(); ++i) {
      batch->items[i].violations =
          ValidateExchange(batch->items[i].exchange, command.stamp, absl::StrCat("exchanges[", i, "]."));
    }
  }
  return command;
}

absl::StatusOr<Act> Script::ToAct(const std::string& operation, Words& words,
                                  const std::vector<Line>& items) {
  if (operation == "batch") {
    BatchRecordExchanges act;
    act.all_or_nothing = words.Flag("all_or_nothing");
    act.check_duplicates = words.Flag("check_duplicates");
    for (const Line& line : items) {
      Words item(std::vector<std::string>(line.words.begin() + 1, line.words.end()));
      act.items.push_back({.exchange = item.Exchange(), .violations = {}});
      if (absl::Status status = item.Finish(); !status.ok()) return status;
    }
    return act;
  }
  for (std::optional<Act> act : {words.Recording(operation), words.AboutAnExchange(operation),
                                 words.People(operation), words.Banks(operation, stamps_)}) {
    if (act) return *std::move(act);
  }
  return absl::InvalidArgumentError(absl::StrCat("`", operation, "` is no operation"));
}

// What is not asked of the ledger: the clock, folding, planted rows.
absl::Status Script::Tend(const Line& line, bool* done) {
  const std::string& operation = line.words[0];
  if (operation != "today" && operation != "later" && operation != "fold" && operation != "plant" &&
      operation != "old_category" && operation != "old_requests" && operation != "old_ids") {
    return absl::OkStatus();
  }
  *done = true;
  Words words(std::vector<std::string>(line.words.begin() + 1, line.words.end()));
  if (operation == "today") {
    today_ = words.ToDay(words.Next("which day"));
    now_us_ = today_ * kDayUs + kDayUs / 2;
  } else if (operation == "later") {
    now_us_ += words.ToHours(words.Next("how much later")) * 1'000'000;
    today_ = static_cast<Day>(now_us_ / kDayUs);
  } else if (operation == "fold") {
    Fold();
  } else if (operation == "old_requests") {
    MakeRequestsOld();
  } else if (operation == "old_ids") {
    MakeIdsOld();
  } else if (operation == "old_category") {
    PlantOldCategory(words.Next("which category"));
  } else {
    const AccountNumber account = AccountOf(words.Next("who"));
    sv1::AccountRow row;
    state_.GetRow(Family::kAccount, storage::AccountKey(looked_at_, account), &row);
    row.set_seconds_in(words.ToHours(words.Text("in")));
    row.set_seconds_out(words.ToHours(words.Text("out")));
    row.set_balance(row.seconds_in() - row.seconds_out());
    row.set_movement_count(row.movement_count() + 1);
    state_.PutRow(Family::kAccount, storage::AccountKey(looked_at_, account), row);
  }
  return words.Finish();
}

// As servers wrote them that did not count whom an item did not find.
void Script::MakeRequestsOld() {
  for (const auto& [key, value] : Rows()) {
    sv1::RequestRow row;
    if (key.first != Family::kRequest || !storage::DecodeRow(value, &row).ok()) continue;
    for (auto& item : *row.mutable_items()) item.clear_not_found();
    state_.PutRow(Family::kRequest, key.second, row);
  }
}

// As servers wrote it that folded ASCII letters alone.
void Script::PlantOldCategory(const std::string& name) {
  const std::string bank_key = storage::DirectoryKey(looked_at_, DirectoryKind::kBank, 0);
  const std::string head_key = storage::AccountKey(looked_at_, 0);
  sv1::BankRow bank;
  sv1::HeadRow head;
  state_.GetRow(Family::kDirectory, bank_key, &bank);
  state_.GetRow(Family::kAccount, head_key, &head);
  head.set_category_count(head.category_count() + 1);
  sv1::SlugRow slug;
  slug.set_number(head.category_count());
  sv1::NameRow row;
  row.set_name(name);
  bank.mutable_settings()->add_categories(head.category_count());
  state_.PutRow(Family::kSlug,
                storage::SlugKey(looked_at_, bank.secret(), "category", absl::AsciiStrToLower(name)), slug);
  state_.PutRow(Family::kDirectory,
                storage::DirectoryKey(looked_at_, DirectoryKind::kCategory, head.category_count()), row);
  state_.PutRow(Family::kDirectory, bank_key, bank);
  state_.PutRow(Family::kAccount, head_key, head);
}

// As servers wrote them that read each member's record: what was known of records is forgotten as well.
void Script::MakeIdsOld() {
  for (const auto& [key, value] : Rows()) {
    sv1::SlugRow row;
    if (key.first == Family::kDirectory) state_.Put(key.first, key.second, value);
    if (key.first != Family::kSlug || !storage::DecodeRow(value, &row).ok()) continue;
    row.clear_member_state();
    row.clear_member_closed_on();
    row.clear_member_merged_into();
    state_.PutRow(Family::kSlug, key.second, row);
  }
}

void Script::Fold() {
  base_.Absorb(*state_.Seal());
  state_.DropOldest();
}

// --- telling

AccountNumber Script::AccountOf(const std::string& text) const {
  const HolderRef holder = ReadHolder(text);
  if (holder.kind == HolderKind::kPot) {
    return holder.id == "opening" ? storage::kOpeningPot : storage::kCommunityPot;
  }
  sv1::BankRow bank;
  state_.GetRow(Family::kDirectory, storage::DirectoryKey(looked_at_, DirectoryKind::kBank, 0), &bank);
  sv1::SlugRow slug;
  const char* const what = holder.kind == HolderKind::kCircle ? "circle" : "member";
  state_.GetRow(Family::kSlug, storage::SlugKey(looked_at_, bank.secret(), what, holder.id), &slug);
  return static_cast<AccountNumber>(slug.number());
}

std::string Script::NameOf(AccountNumber account) const {
  const uint32_t number = storage::NumberOf(account);
  switch (storage::KindOf(account)) {
    case HolderKind::kPot:
      return account == storage::kOpeningPot ? "pots/opening" : "pots/community";
    case HolderKind::kCircle: {
      sv1::CircleRow row;
      state_.GetRow(Family::kDirectory, storage::DirectoryKey(looked_at_, DirectoryKind::kCircle, number),
                    &row);
      return "circles/" + row.slug();
    }
    case HolderKind::kMember: {
      sv1::MemberRow row;
      state_.GetRow(Family::kDirectory, storage::DirectoryKey(looked_at_, DirectoryKind::kMember, number),
                    &row);
      return row.slug();
    }
    default:
      return "nobody";
  }
}

std::vector<std::string> Script::Told(const Outcome& outcome) const {
  std::vector<std::string> told;
  auto notices = [&](const sv1::Entry& entry) {
    for (const auto& notice : entry.notices()) {
      told.push_back(
          absl::StrCat("notice=", kNotices[notice.kind()], ":",
                       notice.account() != 0 ? NameOf(notice.account()) : absl::StrCat(notice.sequence())));
    }
  };
  if (outcome.refusal) {
    const Refusal& refusal = *outcome.refusal;
    told.emplace_back(ledger::NameOf(refusal.reason));
    if (refusal.account != 0) told.push_back("holder=" + NameOf(refusal.account));
    if (refusal.sequence != 0) told.push_back(absl::StrCat("entry=", refusal.sequence));
    if (!refusal.named.empty()) told.push_back("named=" + refusal.named);
    for (const auto& [key, value] : refusal.numbers) {
      const bool plain = key == "index" || key == "month";
      told.push_back(absl::StrCat(key, "=", plain ? absl::StrCat(value) : Hours(value)));
    }
    for (const Violation& violation : refusal.violations) {
      told.push_back(absl::StrCat(violation.field, "=", violation.reason));
    }
  } else {
    told.emplace_back("OK");
    // Of a batch each item tells its own.
    for (uint32_t i = 0; outcome.items.empty() && i < outcome.count; ++i) {
      if (auto entry = state_.Entry(outcome.bank, outcome.first + i)) notices(*entry);
    }
    if (outcome.preview) {
      notices(outcome.preview->entry);
      for (const auto& movement : outcome.preview->entry.movements()) {
        told.push_back(
            absl::StrCat("after=", NameOf(movement.account()), ":", Hours(movement.balance_after())));
      }
      told.push_back("category=" + outcome.preview->category);
      told.push_back("note=" + outcome.preview->texts.note());
    }
  }
  told.push_back(absl::StrCat("first=", outcome.first));
  told.push_back(absl::StrCat("entries=", outcome.count));
  if (outcome.replayed) told.emplace_back("replayed");
  return told;
}

// What can be looked at, each as words that a line's words are held against.
class Script::Looker {
 public:
  explicit Looker(const Script& script) : script_(script), bank_(script.looked_at_) {}

  std::vector<std::string> Balances() const {
    std::vector<std::string> told;
    int64_t sum = 0;
    for (const auto& [account, row] : Accounts()) {
      sum += row.balance();
      if (row.balance() != 0) told.push_back(absl::StrCat(Name(account), "=", Hours(row.balance())));
    }
    told.push_back(absl::StrCat("sum=", sum));
    return told;
  }

  std::vector<std::string> Account(const std::string& holder) const {
    return Account(script_.AccountOf(holder));
  }
  std::vector<std::string> Account(AccountNumber account) const {
    sv1::AccountRow row;
    script_.state_.GetRow(Family::kAccount, storage::AccountKey(bank_, account), &row);
    return {
        absl::StrCat("balance=", Hours(row.balance())),     absl::StrCat("in=", Hours(row.seconds_in())),
        absl::StrCat("out=", Hours(row.seconds_out())),     absl::StrCat("exchanges=", row.exchange_count()),
        absl::StrCat("contested=", Hours(row.contested())), absl::StrCat("moved=", row.movement_count())};
  }

  std::vector<std::string> Entry(Sequence sequence) const {
    const std::optional<sv1::Entry> found = script_.state_.Entry(bank_, sequence);
    if (!found) return {"NOTHING"};
    const sv1::Entry& entry = *found;
    std::vector<std::string> told = {Kind(entry.kind())};
    for (const auto& movement : entry.movements()) {
      told.push_back(absl::StrCat(Name(movement.account()), movement.seconds() < 0 ? "" : "+",
                                  Hours(movement.seconds()),
                                  movement.role() == sv1::MOVEMENT_ROLE_REMAINDER ? ":remainder" : ""));
    }
    auto add = [&](const char* what, const std::string& value) {
      told.push_back(absl::StrCat(what, "=", value));
    };
    if (entry.recorder() != 0) add("by", Name(entry.recorder()));
    add("key", Word(DirectoryKind::kKey, entry.key()));
    if (entry.acting_for() != 0) add("for", Name(entry.acting_for()));
    if (entry.category() != 0) add("category", Word(DirectoryKind::kCategory, entry.category()));
    add("on", DayText(entry.occurred_on()));
    for (const auto& [what, number] : {std::pair{"reverses", entry.reverses()},
                                       {"corrects", entry.corrects()},
                                       {"restores", entry.restores()},
                                       {"about", entry.about()}}) {
      if (number != 0) add(what, absl::StrCat(number));
    }
    if (entry.subject() != 0) add("subject", Name(entry.subject()));
    if (entry.other() != 0) add("other", Name(entry.other()));
    if (entry.because() != 0) add("because", Kind(entry.because()));
    if (entry.under_grant() != 0) add("grant", absl::StrCat(entry.under_grant()));
    if (entry.unnamed_givers() != 0) add("unnamed_givers", absl::StrCat(entry.unnamed_givers()));
    if (entry.unnamed_receivers() != 0) add("unnamed_receivers", absl::StrCat(entry.unnamed_receivers()));
    if (entry.has_refusal()) add("refused", entry.refusal().reason());
    return told;
  }

  std::vector<std::string> Became(Sequence sequence) const {
    sv1::MarkRow mark;
    if (!script_.state_.GetRow(Family::kMark, storage::MarkKey(bank_, 0, sequence), &mark)) mark.set_state(1);
    std::vector<std::string> told = {kStates[mark.state()]};
    std::vector<std::string> confirmed;
    for (const uint32_t account : mark.confirmed_by()) confirmed.push_back(Name(account));
    told.push_back("confirmed_by=" + absl::StrJoin(confirmed, ","));
    if (mark.contested_by() != 0) told.push_back("contested_by=" + Name(mark.contested_by()));
    for (const auto& [what, number] : {std::pair{"reversed_by", mark.reversed_by()},
                                       {"corrected_by", mark.corrected_by()},
                                       {"restored_by", mark.restored_by()}}) {
      told.push_back(absl::StrCat(what, "=", number));
    }
    return told;
  }

  std::vector<std::string> TextsOf(Sequence sequence) const {
    sv1::TextRow row;
    sv1::Texts texts;
    script_.state_.GetRow(Family::kText, storage::TextKey(bank_, sequence), &row);
    texts.ParseFromString(row.texts());
    std::vector<std::string> told = {
        "note=" + texts.note(), "reason=" + texts.reason(), "decision=" + texts.decision(),
        "tags=" + absl::StrJoin(texts.tags(), ","),
        absl::StrCat("origin=", texts.origin_system(), "/", texts.origin_number())};
    if (row.note_erased()) told.emplace_back("erased");
    return told;
  }

  std::vector<std::string> Who(const std::string& id) const {
    const AccountNumber account = script_.AccountOf(id);
    sv1::MemberRow row;
    script_.state_.GetRow(Family::kDirectory,
                          storage::DirectoryKey(bank_, DirectoryKind::kMember, storage::NumberOf(account)),
                          &row);
    std::vector<std::string> told = {kMemberStates[row.state()],
                                     "name=" + row.display_name(),
                                     "note=" + row.note(),
                                     "phones=" + absl::StrJoin(row.phones(), ","),
                                     absl::StrCat("kind=", row.kind()),
                                     absl::StrCat("etag=", row.changed_at()),
                                     "joined=" + DayText(row.joined_on())};
    if (row.state() == 2) told.push_back("closed_on=" + DayText(row.closed_on()));
    if (row.merged_into() != 0) told.push_back("merged_into=" + Name(row.merged_into()));
    std::vector<std::string> merged;
    for (const uint32_t other : row.merged_accounts()) merged.push_back(Name(other));
    if (!merged.empty()) told.push_back("merged=" + absl::StrJoin(merged, ","));
    return told;
  }

  std::vector<std::string> Circle(const std::string& id) const {
    const AccountNumber account = script_.AccountOf("circles/" + id);
    sv1::CircleRow row;
    script_.state_.GetRow(Family::kDirectory,
                          storage::DirectoryKey(bank_, DirectoryKind::kCircle, storage::NumberOf(account)),
                          &row);
    std::vector<std::string> told;
    for (const uint32_t member : row.members()) told.push_back(Name(member));
    return told;
  }

  std::vector<std::string> Acting(const std::string& id) const {
    sv1::ActingForRow row;
    script_.state_.GetRow(Family::kGrant, storage::AccountKey(bank_, script_.AccountOf(id)), &row);
    const storage::CivilDay today = storage::ToCivil(script_.today_);
    const auto month = static_cast<uint32_t>(today.year * 100 + today.month);
    std::vector<std::string> told;
    for (const auto& grant : row.grants()) {
      const sv1::EntryGrant& within = grant.grant();
      told.push_back(absl::StrCat(Name(grant.agent()), ":",
                                  within.has_seconds_per_month() ? Hours(within.seconds_per_month()) : "-",
                                  ":", Hours(grant.month() == month ? grant.used() : 0),
                                  within.has_until() ? absl::StrCat(":", DayText(within.until())) : ""));
    }
    for (const uint32_t member : row.acts_for()) told.push_back(absl::StrCat("for:", Name(member)));
    return told;
  }

  std::vector<std::string> Categories() const {
    sv1::BankRow row;
    script_.state_.GetRow(Family::kDirectory, storage::DirectoryKey(bank_, DirectoryKind::kBank, 0), &row);
    std::vector<std::string> told;
    for (const uint32_t number : row.settings().categories())
      told.push_back(Word(DirectoryKind::kCategory, number));
    return told;
  }

  // Of this bank, by number.
  std::map<AccountNumber, sv1::AccountRow> Accounts() const {
    std::map<AccountNumber, sv1::AccountRow> accounts;
    const std::string prefix = storage::BankPrefix(bank_);
    for (const auto& [key, value] : script_.Rows()) {
      if (key.first != Family::kAccount || !absl::StartsWith(key.second, prefix)) continue;
      AccountNumber account = 0;
      for (size_t i = prefix.size(); i < key.second.size(); ++i) {
        account = account << 8 | static_cast<unsigned char>(key.second[i]);
      }
      sv1::AccountRow row;
      if (account != 0 && storage::DecodeRow(value, &row).ok()) accounts[account] = row;
    }
    return accounts;
  }

  std::string Name(AccountNumber account) const { return script_.NameOf(account); }

 private:
  std::string Word(DirectoryKind kind, uint64_t number) const {
    sv1::NameRow row;
    script_.state_.GetRow(Family::kDirectory, storage::DirectoryKey(bank_, kind, number), &row);
    return row.name();
  }

  const Script& script_;
  const BankNumber bank_;
};

absl::Status Script::Look(const Line& line, bool* done) const {
  const std::string& operation = line.words[0];
  std::vector<std::string> expected(line.words.begin() + 1, line.words.end());
  expected.insert(expected.end(), line.expected.begin(), line.expected.end());
  auto first = [&] {
    if (expected.empty()) return std::string();
    std::string word = expected.front();
    expected.erase(expected.begin());
    return word;
  };
  auto number = [&] {
    uint64_t parsed = 0;
    return absl::SimpleAtoi(first(), &parsed) ? parsed : 0;
  };
  const Looker looker(*this);
  std::vector<std::string> told;
  bool all = false;
  if (operation == "balances") {
    told = looker.Balances();
    all = true;
    // An account that is named as 0 is not told.
    std::erase_if(expected, [](const std::string& word) { return absl::EndsWith(word, "=0h"); });
  } else if (operation == "account") {
    told = looker.Account(first());
  } else if (operation == "entry") {
    told = looker.Entry(number());
  } else if (operation == "became") {
    told = looker.Became(number());
  } else if (operation == "texts") {
    told = looker.TextsOf(number());
  } else if (operation == "who") {
    told = looker.Who(first());
  } else if (operation == "in") {
    told = looker.Circle(first());
    all = true;
  } else if (operation == "acting") {
    told = looker.Acting(first());
    all = true;
  } else if (operation == "categories") {
    told = looker.Categories();
    all = true;
  } else {
    return absl::OkStatus();
  }
  *done = true;
  const bool same = all ? std::is_permutation(told.begin(), told.end(), expected.begin(), expected.end())
                        : Agree(told, expected);
  if (same) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("should be: ", absl::StrJoin(expected, " "), "\n  but is:    ", absl::StrJoin(told, " ")));
}

std::string Script::Print() const {
  const Looker looker(*this);
  std::string text;
  sv1::HeadRow head;
  state_.GetRow(Family::kAccount, storage::AccountKey(looked_at_, 0), &head);
  for (Sequence sequence = 1; sequence <= head.last_sequence(); ++sequence) {
    absl::StrAppend(&text, sequence, " ", absl::StrJoin(looker.Entry(sequence), " "), "\n");
  }
  for (const auto& [account, row] : looker.Accounts()) {
    absl::StrAppend(&text, looker.Name(account), " ", absl::StrJoin(looker.Account(account), " "), "\n");
  }
  return text;
}

std::map<MemoryBase::RowKey, std::string> Script::Rows() const {
  std::map<MemoryBase::RowKey, std::string> rows = base_.rows();
  for (const auto& [key, value] : state_.Peek()->Rows()) {
    if (value.empty()) {
      rows.erase(key);
    } else {
      rows[key] = value;
    }
  }
  return rows;
}

std::string Script::Dump() const {
  std::string text;
  for (const auto& [key, value] : Rows()) {
    absl::StrAppend(&text, static_cast<int>(key.first), " ", absl::CEscape(key.second), " ",
                    absl::CEscape(value), "\n");
  }
  for (const auto& [key, bytes] : base_.entries()) absl::StrAppend(&text, absl::CEscape(bytes), "\n");
  for (const std::string& bytes : state_.Peek()->Entries()) {
    absl::StrAppend(&text, absl::CEscape(bytes), "\n");
  }
  return text;
}

}  // namespace timebank::ledger
