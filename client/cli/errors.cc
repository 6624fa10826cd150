#include "client/cli/errors.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/cli/hours.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/error.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// Marks an error as ours and carries its exit code. Never on the wire.
constexpr absl::string_view kExitCode = "timebank.cli/exit_code";

absl::Status WithExitCode(absl::Status status, ExitCode code) {
  status.SetPayload(kExitCode, absl::Cord(absl::StrCat(static_cast<int>(code))));
  return status;
}

// The facts of one error of the server, as its sentence needs them.
class Facts {
 public:
  Facts(const absl::Status& status, const Situation& situation)
      : message_(status.message().data(), status.message().size()),
        metadata_(client::ErrorMetadata(status)),
        name_of_(situation.name_of) {}

  std::string Get(const std::string& key) const {
    const auto found = metadata_.find(key);
    return found == metadata_.end() ? "" : found->second;
  }
  // The holder that the error is about, by its name for people where that is known; `fallback` where it names
  // none.
  std::string Holder(std::string_view fallback) const {
    const std::string holder = Get("holder");
    if (!holder.empty()) return name_of_ ? name_of_(holder) : ShortName(holder);
    return std::string(fallback);
  }
  // What was not found, as it was asked for.
  std::string Missing(std::string_view fallback) const {
    for (const char* key : {"name", "holder", "exchange"}) {
      if (const std::string name = Get(key); !name.empty()) return ShortName(name);
    }
    return std::string(fallback);
  }
  // The number of the exchange that the error names; empty where it names none.
  std::string Exchange() const { return std::string(client::IdOf(Get("exchange"))); }
  std::optional<int64_t> Seconds(const std::string& key) const {
    int64_t seconds = 0;
    return absl::SimpleAtoi(Get(key), &seconds) ? std::optional<int64_t>(seconds) : std::nullopt;
  }
  const std::string& message() const { return message_; }

 private:
  std::string message_;
  std::map<std::string, std::string> metadata_;
  std::function<std::string(const std::string&)> name_of_;
};

using Sentence = std::string (*)(const Facts& facts, const Situation& situation);

// ---- One sentence for each reason
// -----------------------------------------------------------------------------------

std::string HolderNotFound(const Facts& facts, const Situation&) {
  const std::string missing = facts.Missing("");
  if (missing.empty()) return T("There is no such account in this bank. Look for the name: timebank find …");
  return Fill(T("There is no $0 in this bank. Look for the name: timebank find …"), missing);
}

std::string ExchangeNotFound(const Facts& facts, const Situation&) {
  return Fill(T("There is no exchange $0 in this bank. Look through them: timebank exchange list"),
              client::IdOf(facts.Missing(T("of that number"))));
}

std::string TimebankNotFound(const Facts& facts, const Situation&) {
  return Fill(T("There is no bank $0 on this server. See which there are: timebank bank list"),
              client::IdOf(facts.Missing(T("of that name"))));
}

std::string RequestIdReused(const Facts& facts, const Situation& situation) {
  const std::string number = facts.Exchange();
  if (!situation.slip.empty() && situation.in_pile) {
    return number.empty() ? Fill(T("Slip $0 has already been entered, with other contents. Is it another "
                                   "slip? Write - or "
                                   "another number instead of $0. Else correct what was entered: timebank "
                                   "correct NUMBER …"),
                                 situation.slip)
                          : Fill(T("Slip $0 has already been entered as $1, with other contents. Is it "
                                   "another slip? Write - "
                                   "or another number instead of $0. Else correct what was entered: timebank "
                                   "correct $1 …"),
                                 situation.slip, number);
  }
  if (!situation.slip.empty()) {
    return number.empty() ? Fill(T("Slip $0 has already been entered, with other contents. Is it another "
                                   "slip? Leave --slip "
                                   "out, or correct what was entered: timebank correct NUMBER …"),
                                 situation.slip)
                          : Fill(T("Slip $0 has already been entered as $1, with other contents. Is it "
                                   "another slip? Leave "
                                   "--slip out, or correct what was entered: timebank correct $1 …"),
                                 situation.slip, number);
  }
  return number.empty()
             ? T("This --request-id has already been used for something else. Leave it out: every command "
                 "makes "
                 "a new one.")
             : Fill(T("This --request-id has already been used as $0 for something else. Leave it out: every "
                      "command makes a new one."),
                    number);
}

std::string OriginRecorded(const Facts& facts, const Situation&) {
  const std::string number = facts.Exchange();
  return number.empty() ? T("This has been imported already.")
                        : Fill(T("This has been imported already as $0."), number);
}

std::string AlreadyExists(const Facts&, const Situation&) {
  return T("That id is taken. Choose another one, or leave it out.");
}

// `requested` is the change that was asked for: negative where it would have been debited.
std::string BalanceLimit(const Facts& facts, const Situation&) {
  const std::string who = facts.Holder(T("One account"));
  const auto balance = facts.Seconds("balance");
  const auto requested = facts.Seconds("requested");
  const auto limit = facts.Seconds("limit");
  std::string text = T("Nothing was recorded: the bank's own limit stands in the way.");
  if (balance && requested && limit) {
    absl::StrAppend(&text, " ",
                    Fill(T("$0 stands at $1 and would come to $2; the limit is $3."), who, Standing(*balance),
                         Standing(*balance + *requested), Standing(*limit)));
  } else {
    absl::StrAppend(&text, " ", Fill(T("It is $0's."), who));
  }
  const bool below = requested.value_or(-1) < 0;
  return absl::StrCat(
      text, "\n",
      Fill(T("Have a talk with them, or let the steward move the limit: timebank bank settings --set $0"),
           below ? "block_below=…" : "block_above=…"));
}

std::string HolderClosed(const Facts& facts, const Situation&) {
  return Fill(
      T("$0 is closed. Help given before the day of closing can be recorded with --on DAY; for more, open "
        "it again: timebank member reopen NAME"),
      facts.Holder(T("That account")));
}

std::string AlreadyReversed(const Facts& facts, const Situation&) {
  const std::string by = facts.Exchange();
  return by.empty()
             ? T("It has been undone already. Was that wrong? timebank contest NUMBER --acting-for … "
                 "--because …")
             : Fill(T("It has been undone already, by $0. Was that wrong? timebank contest $0 --acting-for … "
                      "--because …"),
                    by);
}

std::string CannotReverseReversal(const Facts&, const Situation&) {
  return T(
      "It undoes another entry, and cannot be undone itself. To have back what it undid: timebank contest "
      "NUMBER "
      "--because …, then timebank settle NUMBER corrected.");
}

std::string CannotCorrect(const Facts&, const Situation&) {
  return T("Only an exchange can be corrected. Undo this entry and record it anew: timebank undo …");
}

std::string AlreadyCorrected(const Facts& facts, const Situation&) {
  const std::string by = facts.Exchange();
  return by.empty()
             ? T("It has been corrected already.")
             : Fill(T("It has been corrected already by $0. Mend that one: timebank correct $0 …"), by);
}

std::string AlreadyRestored(const Facts& facts, const Situation&) {
  const std::string by = facts.Exchange();
  return by.empty()
             ? T("It has been recorded anew already.")
             : Fill(T("It has been recorded anew already as $0. Look at it: timebank exchange show $0"), by);
}

std::string NotContested(const Facts&, const Situation&) {
  return T(
      "Nobody contests it, so there is nothing to settle. To mend it: timebank correct … or timebank undo "
      "…");
}

std::string AlreadyContested(const Facts&, const Situation&) {
  return T("It is contested already. Settle it: timebank settle NUMBER stands | reversed | 1h");
}

std::string AlreadyConfirmed(const Facts&, const Situation&) {
  return T("They have confirmed it already. Nothing to do.");
}

std::string DestinationRequired(const Facts& facts, const Situation&) {
  const auto balance = facts.Seconds("balance");
  const std::string who = facts.Holder(T("The account"));
  return balance ? Fill(T("$0 still holds hours ($1). Say who gets them: --to NAME, or --to pot"), who,
                        FormatHours(*balance))
                 : Fill(T("$0 still holds hours. Say who gets them: --to NAME, or --to pot"), who);
}

std::string DestinationMustBePot(const Facts&, const Situation&) {
  return T(
      "Only a pot can take over a debt: --to pot. Or leave --to out: the debt then stays on the closed "
      "account.");
}

std::string NotClosed(const Facts&, const Situation&) { return T("It is not closed. Nothing to do."); }

std::string EtagMismatch(const Facts&, const Situation&) {
  return T("Somebody else has changed it meanwhile. Look again, then repeat the change.");
}

std::string RoleRequired(const Facts& facts, const Situation& situation) {
  if (const std::string bank = facts.Get("timebank"); !bank.empty()) {
    return Fill(T("Your key is for the bank $0, and was used for another one. Say --bank $0."),
                client::IdOf(bank));
  }
  if (!absl::StrContains(situation.command_line, "--member")) {
    return Fill(
        situation.key_sent
            ? T("Your key may not do that ($0). Ask whoever looks after the bank's keys for one that may.")
            : T("You may not do that ($0). Ask whoever looks after the bank's keys and certificates."),
        facts.message());
  }
  return Fill(T("You may not do that ($0). Brokers leave --member out; members ask their broker."),
              facts.message());
}

std::string NotAParty(const Facts&, const Situation&) {
  return T("Only somebody who took part can do that. To do it for one of them: --acting-for NAME");
}

std::string SharesDoNotBalance(const Facts&, const Situation&) {
  return T(
      "What was given and what was received are not the same. Say who takes or gives the rest: "
      "--remainder pot (or a name)");
}

std::string QueueFull(const Facts&, const Situation&) {
  return T("The server has too much to do just now. Nothing was recorded; try again in a moment.");
}

std::string DiskFull(const Facts&, const Situation&) {
  return T("The server's disk is full. Nothing was recorded; tell whoever looks after the server.");
}

std::string PositionTrimmed(const Facts&, const Situation&) {
  return T("That position is too old. Begin anew: leave --after out.");
}

std::string EpochChanged(const Facts&, const Situation& situation) {
  if (!situation.last_event.empty()) {
    return Fill(
        T("The ledger was put back from a backup. Of what was told here up to number $0, the newest may "
          "be gone, and its numbers may be those of other entries now. Read it again from the beginning: "
          "timebank watch --from-start. Or only what is new from now on: timebank watch"),
        situation.last_event);
  }
  return T(
      "That position is of before the ledger was put back from a backup: what was recorded up to it may be "
      "gone, and its numbers may be those of other entries now. Begin anew: leave --after out.");
}

std::string NotATrial(const Facts&, const Situation&) {
  return T("This is no trial bank. What is recorded in a bank stays: only trial banks can be deleted.");
}

std::string KeyUnknown(const Facts&, const Situation& situation) {
  if (!situation.key_sent && situation.key_held_back) {
    return Fill(
        T("The server at $0 asks for a key. The context's is not sent where nothing is encrypted: leave "
          "--plaintext and TIMEBANK_PLAINTEXT out, or name its file: --key-file FILE."),
        situation.server);
  }
  if (!situation.key_sent) {
    return Fill(T("The server at $0 asks for a key, and none was sent. Name the file with yours: "
                  "--key-file FILE, or TIMEBANK_KEY_FILE."),
                situation.server);
  }
  return Fill(T("The server at $0 asks for a key, and does not know this one. Name the file with yours: "
                "--key-file FILE, or TIMEBANK_KEY_FILE."),
              situation.server);
}

std::string KeyRevoked(const Facts&, const Situation&) {
  return T("Your key was revoked. Ask whoever looks after the bank's keys for another.");
}

std::string KeyExpired(const Facts&, const Situation&) {
  return T("Your key has expired. Ask whoever looks after the bank's keys for another.");
}

std::string KeyNotFound(const Facts&, const Situation&) {
  return T("There is no such key. See which there are: timebank key list");
}

std::string RateLimited(const Facts&, const Situation&) {
  return T(
      "Your key, or the bank's keys together, ask too much of the server at the moment. Nothing was changed; "
      "try again in a minute.");
}

std::string AmountOverflow(const Facts&, const Situation&) {
  return T("The hours would grow beyond what the ledger can count. Are they right?");
}

std::string TooMany(const Facts& facts, const Situation&) {
  return Fill(T("Too many: $0. Split it up."), facts.message());
}

// `used` and `requested` are what was debited, and would be; `month` is `2026-11`.
std::string ActingForLimit(const Facts& facts, const Situation&) {
  const std::string who = facts.Holder(T("The member"));
  const auto limit = facts.Seconds("limit");
  const auto used = facts.Seconds("used");
  const auto requested = facts.Seconds("requested");
  if (!limit || !used || !requested) {
    return T("Nothing was recorded: it is more than may be debited for this member in a month.");
  }
  return Fill(
      T("Nothing was recorded: $0 lets you debit $1 a month; $2 of it is used, and this takes $3. The "
        "member or a broker can allow more: timebank acting-for grant …"),
      who, FormatHours(*limit), FormatHours(*used), FormatHours(*requested));
}

std::string NotGranted(const Facts&, const Situation&) {
  return T("There is nothing to revoke. See who may act: timebank acting-for list NAME");
}

std::string CorruptRecord(const Facts& facts, const Situation&) {
  return Fill(
      T("The server's data are damaged ($0). Nothing was changed; tell whoever looks after the server at "
        "once."),
      facts.message());
}

struct ReasonSentence {
  std::string_view reason;
  Sentence sentence;
};

constexpr std::array<ReasonSentence, 38> kSentences = {{{"HOLDER_NOT_FOUND", HolderNotFound},
                                                        {"EXCHANGE_NOT_FOUND", ExchangeNotFound},
                                                        {"TIMEBANK_NOT_FOUND", TimebankNotFound},
                                                        {"REQUEST_ID_REUSED", RequestIdReused},
                                                        {"ORIGIN_RECORDED", OriginRecorded},
                                                        {"ALREADY_EXISTS", AlreadyExists},
                                                        {"BALANCE_LIMIT", BalanceLimit},
                                                        {"HOLDER_CLOSED", HolderClosed},
                                                        {"ALREADY_REVERSED", AlreadyReversed},
                                                        {"CANNOT_REVERSE_REVERSAL", CannotReverseReversal},
                                                        {"CANNOT_CORRECT", CannotCorrect},
                                                        {"ALREADY_CORRECTED", AlreadyCorrected},
                                                        {"ALREADY_RESTORED", AlreadyRestored},
                                                        {"NOT_CONTESTED", NotContested},
                                                        {"ALREADY_CONTESTED", AlreadyContested},
                                                        {"ALREADY_CONFIRMED", AlreadyConfirmed},
                                                        {"DESTINATION_REQUIRED", DestinationRequired},
                                                        {"DESTINATION_MUST_BE_POT", DestinationMustBePot},
                                                        {"NOT_CLOSED", NotClosed},
                                                        {"NOT_A_TRIAL", NotATrial},
                                                        {"ACTING_FOR_LIMIT", ActingForLimit},
                                                        {"NOT_GRANTED", NotGranted},
                                                        {"ETAG_MISMATCH", EtagMismatch},
                                                        {"ROLE_REQUIRED", RoleRequired},
                                                        {"NOT_A_PARTY", NotAParty},
                                                        {"KEY_UNKNOWN", KeyUnknown},
                                                        {"KEY_REVOKED", KeyRevoked},
                                                        {"KEY_EXPIRED", KeyExpired},
                                                        {"KEY_NOT_FOUND", KeyNotFound},
                                                        {"SHARES_DO_NOT_BALANCE", SharesDoNotBalance},
                                                        {"QUEUE_FULL", QueueFull},
                                                        {"DISK_FULL", DiskFull},
                                                        {"RATE_LIMITED", RateLimited},
                                                        {"POSITION_TRIMMED", PositionTrimmed},
                                                        {"EPOCH_CHANGED", EpochChanged},
                                                        {"AMOUNT_OVERFLOW", AmountOverflow},
                                                        {"TOO_MANY", TooMany},
                                                        {"CORRUPT_RECORD", CorruptRecord}}};

// ---- Fields that are not as they should be
// --------------------------------------------------------------------------

// `exchange.receivers[0].holder` → `who received`; a field that brokers have no word for is named as it is.
std::string FieldWords(const std::string& field) {
  struct Word {
    std::string_view part;
    const char* says;
  };
  static constexpr std::array<Word, 17> kWords = {{{"givers", Later("who gave")},
                                                   {"receivers", Later("who received")},
                                                   {"remainder", "--remainder"},
                                                   {"acting_for", "--acting-for"},
                                                   {"agent", "--agent"},
                                                   {"until", "--until"},
                                                   {"request_id", "--request-id"},
                                                   {"occurred_on", Later("the day")},
                                                   {"closed_on", Later("the day")},
                                                   {"joined_on", Later("the day of joining")},
                                                   {"seconds", Later("the time")},
                                                   {"display_name", Later("the name")},
                                                   {"member_id", Later("the id")},
                                                   {"circle_id", Later("the id")},
                                                   {"timebank_id", Later("the id")},
                                                   {"reason", "--because"},
                                                   {"time_zone", Later("the time zone")}}};
  for (const Word& word : kWords) {
    if (absl::StrContains(field, Absl(word.part))) return T(word.says);
  }
  return field;
}

std::string ViolationSentence(const client::FieldViolation& violation, const Facts& facts,
                              const Situation& situation) {
  if (violation.reason == "SAME_HOLDER" && !situation.both_sides.empty()) {
    const std::string& who = situation.both_sides;
    return Fill(T("$0 is named on both sides, and nobody can help themselves"),
                situation.name_of ? situation.name_of(who) : ShortName(who));
  }
  // Translators: what is wrong with `the day`, `the name`, `who gave` ($0).
  struct Phrase {
    std::string_view reason;
    const char* says;
  };
  static constexpr std::array<Phrase, 16> kPhrases = {{
      {"REQUIRED", Later("$0 is missing")},
      {"MUST_BE_POSITIVE", Later("$0 must be more than nothing")},
      {"OUT_OF_RANGE", Later("$0 is too large or too small")},
      {"TOO_LONG", Later("$0 is too long")},
      {"TOO_MANY", Later("$0 has too many entries")},
      {"NOT_UTF8", Later("$0 holds letters that cannot be read (not UTF-8)")},
      {"MALFORMED", Later("$0 is not written as it should be")},
      {"DAY_IN_FUTURE", Later("$0 lies in the future")},
      {"DAY_IN_PAST", Later("$0 is past")},
      {"DAY_TOO_EARLY", Later("$0 lies before 1900")},
      {"SAME_HOLDER", Later("$0 names somebody a second time")},
      {"OTHER_BANK", Later("$0 belongs to another bank")},
      {"UNKNOWN_FIELD", Later("$0 is not known")},
      {"NO_EFFECT", Later("$0 would change nothing")},
      {"NOT_A_MEMBER", Later("$0 must be a member, not a circle or a pot")},
      {"UNKNOWN_TIME_ZONE", Later("$0 is no time zone; write one like Europe/Madrid")},
  }};
  // Anything newer than this program: the server's own words.
  const std::string field = FieldWords(violation.field);
  std::string says = absl::StrCat(field, field.empty() ? "" : " ",
                                  violation.description.empty() ? violation.reason : violation.description);
  for (const Phrase& phrase : kPhrases) {
    if (phrase.reason != violation.reason) continue;
    says = Fill(T(phrase.says), field);
    absl::StripAsciiWhitespace(&says);
  }
  if ((violation.reason == "DAY_IN_FUTURE" || violation.reason == "DAY_IN_PAST") &&
      !facts.Get("today").empty())
    absl::StrAppend(&says, " ", Fill(T("(the bank's today is $0)"), facts.Get("today")));
  return says;
}

std::string Violations(const absl::Status& status, const Facts& facts, const Situation& situation) {
  const std::vector<client::FieldViolation> violations = client::FieldViolations(status);
  std::string text = violations.empty() ? facts.message() : "";
  for (size_t i = 0; i < violations.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : "; ", ViolationSentence(violations[i], facts, situation));
  }
  return Fill(T("The server cannot take that: $0. Nothing was changed."), text);
}

// ---- The server that does not answer
// --------------------------------------------------------------------------------

// What gRPC says where the two could not agree on a connection; there is no code for it. By TLS 1.3 a server
// that misses the client's certificate says so after the handshake, and gRPC hears no more than the end: once
// more with each try, where a server that is being started again is soon heard of otherwise.
bool IsHandshake(const absl::Status& status) {
  return absl::StrContains(status.message(), "andshake") ||
         absl::StrContains(status.message(), "Socket closed");
}

// Who did not answer, how, and what may be done about it.
std::string WhoDidNotAnswer(const absl::Status& status, const Situation& situation) {
  if (const std::string reason = client::ErrorReason(status); !reason.empty()) {
    return Fill(T("The server at $0 gave no answer ($1)."), situation.server, reason);
  }
  if (status.code() != absl::StatusCode::kUnavailable) {
    return Fill(T("The server at $0 did not answer in time. Allow more with --deadline SECONDS."),
                situation.server);
  }
  if (situation.encrypted && IsHandshake(status)) {
    return absl::StrCat(
        Fill(T("The server at $0 cannot be reached over TLS. Is it running, and is --server right? Does --ca "
               "name who vouches for it, and does it ask for a certificate (--cert, --cert-key)?"),
             situation.server),
        "\n(", status.message(), ")");
  }
  if (!client::NeverSent(status) && !IsHandshake(status)) {
    return absl::StrCat(Fill(T("The server at $0 does not answer. Try again in a moment."), situation.server),
                        "\n(", status.message(), ")");
  }
  if (situation.encrypted) {
    return absl::StrCat(Fill(T("The server at $0 cannot be reached. Is it running, and is --server right?"),
                             situation.server),
                        "\n(", status.message(), ")");
  }
  return Fill(T("The server at $0 cannot be reached. Is it running, and is --server right? If it takes TLS, "
                "add --ca FILE."),
              situation.server);
}

std::string NoAnswer(const absl::Status& status, const Situation& situation) {
  std::string text = WhoDidNotAnswer(status, situation);
  const std::string id = client::RequestId(status);
  const bool may_have_arrived = !id.empty() && !client::NeverSent(status);
  if (!may_have_arrived) {
    return situation.change_sent ? text : absl::StrCat(text, "\n", T("Nothing was changed."));
  }
  absl::StrAppend(&text, "\n",
                  T("It may or may not have taken the change. Ask again like this, and it happens once:"),
                  "\n  ", situation.command_line);
  // A slip's number is its request id, and a given id stands in the command already.
  if (!absl::StrContains(situation.command_line, id) && situation.slip.empty()) {
    absl::StrAppend(&text, " --request-id ", id);
  }
  return text;
}

bool IsNoAnswer(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kCancelled;
}

}  // namespace

absl::Status UsageError(std::string_view message) {
  return WithExitCode(absl::InvalidArgumentError(Absl(message)), ExitCode::kUsage);
}

absl::Status NotFoundError(std::string_view message) {
  return WithExitCode(absl::NotFoundError(Absl(message)), ExitCode::kNotFound);
}

absl::Status IncompleteError(std::string_view message) {
  return WithExitCode(absl::FailedPreconditionError(Absl(message)), ExitCode::kIncomplete);
}

absl::Status RefusedError(std::string_view message) {
  return WithExitCode(absl::PermissionDeniedError(Absl(message)), ExitCode::kRefused);
}

absl::Status InterruptedError(std::string_view message) {
  return WithExitCode(absl::CancelledError(Absl(message)), ExitCode::kInterrupted);
}

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return ExitCode::kOk;
  if (const auto payload = status.GetPayload(kExitCode)) {
    int code = 0;
    if (absl::SimpleAtoi(std::string(*payload), &code)) return static_cast<ExitCode>(code);
  }
  if (IsNoAnswer(status)) return ExitCode::kUnreachable;
  if (status.code() == absl::StatusCode::kNotFound) return ExitCode::kNotFound;
  // Plain InvalidArgument never came from the server: it is what this program and its library say of what was
  // typed.
  if (client::ErrorReason(status).empty() && status.code() == absl::StatusCode::kInvalidArgument)
    return ExitCode::kUsage;
  return ExitCode::kRefused;
}

std::string Explain(const absl::Status& status, const Situation& situation) {
  const Facts facts(status, situation);
  if (status.GetPayload(kExitCode)) return facts.message();
  if (IsNoAnswer(status)) return NoAnswer(status, situation);
  const std::string reason = client::ErrorReason(status);
  if (reason.empty()) return facts.message();
  if (reason == "VALIDATION") return Violations(status, facts, situation);
  for (const ReasonSentence& known : kSentences) {
    if (known.reason == reason) return known.sentence(facts, situation);
  }
  return Fill(T("The server refused: $0 ($1)."), facts.message(), reason);
}

}  // namespace timebank::cli
