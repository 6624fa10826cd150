#include "client/cli/arguments.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/cli/import/text.h"
#include "client/cli/resolve_holder.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// `90` → `90h` and `90m`, `12,5` → `12,5h` and `12,5m`.
std::string WithUnit(std::string_view text, std::string_view unit) {
  return absl::StrCat(absl::StripAsciiWhitespace(Absl(text)), Absl(unit));
}

// Translators: what people type for yes.
constexpr const char* kYes = Later("y, yes");
// Translators: what people type for no.
constexpr const char* kNo = Later("n, no");

// Which of `words` are a day: [begin, end), an `on` in front included; empty where none is.
std::pair<size_t, size_t> DayAmong(const std::vector<std::string>& words, absl::CivilDay today) {
  // With `on` in front even `sat` is a day. What stands there in other languages is in front of many things,
  // so that a day must look like one.
  const auto is_day = [&words, today](size_t at) {
    if (absl::EqualsIgnoreCase(words[at], "on")) return ParseDay(words[at + 1], today, Future::kAllowed).ok();
    // Translators: words that stand in front of a day: `on Tuesday`; several with commas.
    return IsWord(words[at], "on") && LooksLikeDay(words[at + 1], today);
  };
  if (words.size() > 1 && is_day(words.size() - 2)) return {words.size() - 2, words.size()};
  if (words.size() > 1 && is_day(0)) return {0, 2};
  if (LooksLikeDay(words.back(), today)) return {words.size() - 1, words.size()};
  if (LooksLikeDay(words.front(), today)) return {0, 1};
  return {0, 0};
}

}  // namespace

bool IsYes(std::string_view typed) { return IsWord(typed, kYes); }
bool IsNo(std::string_view typed) { return IsWord(typed, kNo); }

std::optional<bool> AskYesOrNo(Session& session, std::string_view question) {
  const auto answer = AskUntil(session.console(), Fill(T("$0 [y/n]"), question), T("Type y or n."),
                               [](const std::string& typed) { return IsYes(typed) || IsNo(typed); });
  if (!answer.has_value()) return std::nullopt;
  return IsYes(*answer);
}

absl::Status SettleMinutes(Session& session, Sentence& sentence) {
  if (!sentence.with_minutes.has_value()) return absl::OkStatus();
  const WithMinutes read = *std::exchange(sentence.with_minutes, std::nullopt);
  const std::string with = FormatHours(read.seconds);
  const std::string without = FormatHours(sentence.hours->seconds);
  if (CanAsk(session.console())) {
    const auto yes = AskYesOrNo(
        // Translators: "1h 30": is that 1h30? (n: it is 1h, and the note is "30 tea")
        session, Fill(T("\"$0\": is that $1? (n: it is $2, and the note is \"$3\")"), read.text, with,
                      without, sentence.words));
    if (yes == false) {
      // A bare number (`1`) was hours in either reading.
      sentence.hours->if_minutes_seconds.reset();
      return absl::OkStatus();
    }
    if (yes == true) {
      sentence.hours = ParsedHours{read.seconds, std::nullopt};
      sentence.hours_text = with;
      sentence.words = read.words;
      return absl::OkStatus();
    }
  }
  return UsageError(Fill(T("Nothing was changed: \"$0\" can be read in more than one way. Write $1; or, "
                           "where it is $2 and \"$3\" "
                           "is the note, a dash between them: $2 - $3"),
                         read.text, with, without, sentence.words));
}

void TellDecimals(Session& session, std::string_view hours_text, std::string_view number) {
  const std::optional<int64_t> as_minutes = DecimalsAsMinutes(hours_text);
  const absl::StatusOr<ParsedHours> hours = ParseHours(hours_text);
  if (!as_minutes.has_value() || !hours.ok()) return;
  const std::string meant = FormatHours(*as_minutes);
  session.Notice(
      number.empty()
          ? Fill(T("\"$0\" was taken for decimals of an hour: $1. Where $2 is meant, write $2."), hours_text,
                 FormatHours(hours->seconds), meant)
          : Fill(T("\"$0\" was taken for decimals of an hour: $1. If $2 was meant: timebank correct $3 $2"),
                 hours_text, FormatHours(hours->seconds), meant, number));
}

void TellDecimals(Session& session, const Sentence& sentence, std::string_view number) {
  TellDecimals(session, sentence.hours_text, number);
  for (const auto* shares : {&sentence.before, &sentence.behind}) {
    for (const NamedShare& share : *shares) TellDecimals(session, share.hours_text, "");
  }
}

absl::StatusOr<int64_t> SecondsOf(Session& session, std::string_view text, const ParsedHours& hours) {
  if (!hours.if_minutes_seconds.has_value()) return hours.seconds;
  const std::string as_hours = WithUnit(text, "h");
  const std::string as_minutes = WithUnit(text, "m");
  if (CanAsk(session.console())) {
    const auto answer =
        AskUntil(session.console(), Fill(T("\"$0\": hours or minutes? [h/m, Enter: neither]"), text),
                 T("Type h or m."), [](const std::string& typed) {
                   return absl::EqualsIgnoreCase(typed, "h") || absl::EqualsIgnoreCase(typed, "m");
                 });
    if (answer.has_value()) {
      return absl::EqualsIgnoreCase(*answer, "h") ? hours.seconds : *hours.if_minutes_seconds;
    }
  }
  return UsageError(Fill(T("Nothing was changed: is \"$0\" hours or minutes? Write $1 or $2."), text,
                         as_hours, as_minutes));
}

absl::StatusOr<int64_t> ReadHours(Session& session, std::string_view text) {
  CLI_ASSIGN_OR_RETURN(const ParsedHours hours, ParseHours(text));
  return SecondsOf(session, text, hours);
}

absl::StatusOr<int64_t> ReadSignedHours(Session& session, std::string_view text) {
  absl::string_view magnitude = absl::StripAsciiWhitespace(Absl(text));
  const bool debit = absl::ConsumePrefix(&magnitude, "-");
  CLI_ASSIGN_OR_RETURN(const int64_t seconds, ReadHours(session, {magnitude.data(), magnitude.size()}));
  return debit ? -seconds : seconds;
}

absl::StatusOr<std::string> ReadDay(Session& session, const std::string& text, Future future) {
  if (text.empty()) return std::string();
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  const auto near = ReadNearDay(text, today);
  if (future == Future::kRefused && near.has_value() && CanAsk(session.console())) {
    const auto yes = AskYesOrNo(session, Fill(T("\"$0\" lies ahead this time. Do you mean $1?"), text,
                                              FormatDay(near->before, today)));
    if (yes == true) return IsoDay(near->before);
  }
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDay(text, today, future));
  return IsoDay(day);
}

absl::Status ReadPeriod(Session& session, const std::string& from, const std::string& until,
                        std::string& first, std::string& last) {
  CLI_ASSIGN_OR_RETURN(first, ReadDay(session, from, Future::kAllowed));
  if (first.empty()) {
    CLI_ASSIGN_OR_RETURN(last, ReadDay(session, until, Future::kAllowed));
    return absl::OkStatus();
  }
  if (until.empty()) return absl::OkStatus();
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay first_day, ParseIsoDay(first));
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay last_day, ParseLastDay(until, first_day, today));
  if (last_day < first_day) {
    return UsageError(Fill(T("The period ends ($0) before it begins ($1). Write the days with their years."),
                           LongDay(last_day), LongDay(first_day)));
  }
  last = IsoDay(last_day);
  return absl::OkStatus();
}

absl::Status FillShareHours(Session& session, const std::vector<NamedShare>& names,
                            google::protobuf::RepeatedPtrField<v1::Share>& shares) {
  for (const NamedShare& name : names) {
    v1::Share& share = *shares.Add();
    if (!name.hours.has_value()) continue;
    CLI_ASSIGN_OR_RETURN(const int64_t seconds, SecondsOf(session, name.hours_text, *name.hours));
    share.set_seconds(seconds);
  }
  return absl::OkStatus();
}

absl::Status FillShares(Session& session, std::string_view names,
                        google::protobuf::RepeatedPtrField<v1::Share>& shares) {
  CLI_ASSIGN_OR_RETURN(std::vector<NamedShare> list, ParseNames(names));
  CLI_RETURN_IF_ERROR(JoinWholeNames(session, list));
  CLI_RETURN_IF_ERROR(FillShareHours(session, list, shares));
  std::vector<std::string> typed;
  for (const NamedShare& name : list) typed.push_back(name.name);
  CLI_ASSIGN_OR_RETURN(const std::vector<std::string> holders, ResolveHolders(session, typed));
  for (size_t i = 0; i < holders.size(); ++i) shares[static_cast<int>(i)].set_holder(holders[i]);
  return absl::OkStatus();
}

absl::Status TakeDayFromWords(Session& session, std::string& words, std::string& on, std::string_view how) {
  if (words.empty()) return absl::OkStatus();
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  std::vector<std::string> list = absl::StrSplit(words, ' ');
  const auto [begin, end] = DayAmong(list, today);
  if (begin == end) return absl::OkStatus();
  const std::string day = list[end - 1];
  if (CanAsk(session.console())) {
    const auto yes = AskYesOrNo(session, Fill(T("\"$0\": is that the day of the help?"), day));
    if (yes == false) return absl::OkStatus();
    if (yes == true) {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(begin),
                 list.begin() + static_cast<std::ptrdiff_t>(end));
      words = absl::StrJoin(list, " ");
      on = day;
      return absl::OkStatus();
    }
  }
  return UsageError(absl::StrCat(Fill(T("Nothing was changed: is \"$0\" the day of the help?"), day), " ",
                                 absl::StrReplaceAll(Absl(how), {{"$0", day}, {"$1", words}})));
}

absl::StatusOr<std::string> ReadExchange(Session& session, std::string_view number) {
  const std::string_view id = client::IdOf(number);
  if (!imports::IsDigits(id)) {
    return UsageError(
        Fill(T("\"$0\" is not the number of an exchange. Look for it: timebank exchange list"), number));
  }
  CLI_ASSIGN_OR_RETURN(const std::string bank, session.Bank());
  return client::ExchangeName(bank, number);
}

absl::Status PlaceWords(Session& session, const std::string& words, std::string& category,
                        std::string& note) {
  if (words.empty()) return absl::OkStatus();
  if (category.empty()) {
    CLI_ASSIGN_OR_RETURN(const v1::Timebank timebank, session.Timebank());
    const auto& known = timebank.settings().categories();
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&words](const std::string& name) { return Fold(name) == Fold(words); });
    if (found != known.end()) {
      category = *found;
      return absl::OkStatus();
    }
  }
  absl::StrAppend(&note, note.empty() ? "" : " ", words);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadActingFor(Session& session, const std::string& text) {
  if (text.empty()) return std::string();
  return ResolveMember(session, text);
}

}  // namespace timebank::cli
