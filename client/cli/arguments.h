// From the texts of a command line to the parts of a request: hours, days, shares.
//
// Whatever is unclear is asked about at a terminal and is a usage error elsewhere. Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_ARGUMENTS_H_
#define TIMEBANK_CLIENT_CLI_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/day.h"
#include "client/cli/hours.h"
#include "client/cli/sentence.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "timebank/v1/exchange.pb.h"

namespace timebank::cli {

// Whether somebody typed yes, or no.
bool IsYes(std::string_view typed);
bool IsNo(std::string_view typed);
// Asks at a terminal; none: Enter, or no answer was taken.
std::optional<bool> AskYesOrNo(Session& session, std::string_view question);

// Asks whether what stands behind whole hours is minutes or the note (sentence.h), and puts the answer into
// the sentence. Errors (usage): elsewhere than at a terminal, with how to write either.
absl::Status SettleMinutes(Session& session, Sentence& sentence);
// Tells where decimals that look like minutes (`1.30`) were taken for decimals. `number`: the entry, empty:
// nothing was recorded, or another time than the only one is meant.
void TellDecimals(Session& session, std::string_view hours_text, std::string_view number);
// The same for all times of a sentence.
void TellDecimals(Session& session, const Sentence& sentence, std::string_view number);
// Seconds of what was read as `text`; asks whether a bare large number is hours or minutes.
absl::StatusOr<int64_t> SecondsOf(Session& session, std::string_view text, const ParsedHours& hours);
// Reads and asks.
absl::StatusOr<int64_t> ReadHours(Session& session, std::string_view text);
// The same with a sign: `-2h`, `5h`, `2h in debit` (the words in `side`, empty for in credit).
absl::StatusOr<int64_t> ReadSignedHours(Session& session, std::string_view text);

// An ISO day by the bank's calendar; empty for an empty text. At a terminal a near day without a year (day.h)
// is asked about instead of being refused.
absl::StatusOr<std::string> ReadDay(Session& session, const std::string& text,
                                    Future future = Future::kRefused);

// First and last day of a period, each an ISO day or empty where the text is. Errors (usage): it ends before
// it begins.
absl::Status ReadPeriod(Session& session, const std::string& from, const std::string& until,
                        std::string& first, std::string& last);

// Puts the hours of every name into `shares`, and leaves the holders to whoever resolves the names: nobody is
// asked who is meant before the rest has been read.
absl::Status FillShareHours(Session& session, const std::vector<NamedShare>& names,
                            google::protobuf::RepeatedPtrField<v1::Share>& shares);
// Reads a list as typed, `ana,ben,dan:1h`, resolves every name and puts all into `shares`.
absl::Status FillShares(Session& session, std::string_view names,
                        google::protobuf::RepeatedPtrField<v1::Share>& shares);

// Resource name of an exchange by its number. Errors (usage): not a number.
absl::StatusOr<std::string> ReadExchange(Session& session, std::string_view number);

// Words of which the first or the last is a day (`yesterday`, `on tue`) may mean the day of the help: asks at
// a terminal, and takes the day out of `words` into `on`. Errors (usage): elsewhere, with `how` to write it
// ($0 and $1 stand for the day and the words that were typed).
absl::Status TakeDayFromWords(
    Session& session, std::string& words, std::string& on,
    std::string_view how = T("Write --on $0; or if it belongs to the note: --note \"$1\"."));

// Trailing words are the category where the bank has one of that name (in its spelling), else the note; what
// `category` and `note` hold already goes first.
absl::Status PlaceWords(Session& session, const std::string& words, std::string& category, std::string& note);

// Fills in what stands beside people and hours: day, category, note and decision, from the options of these
// names and from the words behind the sentence. Errors (usage): those of the three above.
template <typename Options, typename Message>
absl::Status FillDayAndWords(Session& session, const Options& options, std::string words, Message& message) {
  std::string on = options.on;
  if (on.empty()) CLI_RETURN_IF_ERROR(TakeDayFromWords(session, words, on));
  CLI_ASSIGN_OR_RETURN(*message.mutable_occurred_on(), ReadDay(session, on));
  message.set_category(options.category);
  message.set_note(options.note);
  message.set_decision(options.decision);
  return PlaceWords(session, words, *message.mutable_category(), *message.mutable_note());
}

// The member on whose behalf; empty for an empty text.
absl::StatusOr<std::string> ReadActingFor(Session& session, const std::string& text);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_ARGUMENTS_H_
