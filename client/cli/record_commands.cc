// record, gift, opening: what moves hours.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/arguments.h"
#include "client/cli/commands.h"
#include "client/cli/exchange_words.h"
#include "client/cli/posted.h"
#include "client/cli/resolve_holder.h"
#include "client/cli/sentence.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/words.h"
#include "client/cpp/error.h"

namespace timebank::cli {
namespace {

constexpr char kRecordExamples[] = R"(  timebank record ben helped ana 1h30 gardening --on tue --slip 231
  timebank record ana muñoz helped ben 45m
  timebank record ben ayudó a ana 1h30        (likewise: gave help to, va ajudar, a aidé)
  timebank record rosa helped ana,ben,carla,dan:1h,eva 2h yoga
  timebank record ben helped pot 3h --decision "spring cleaning, agreed on 2 May"

Everybody named gives or receives the whole time, unless a name has a time of its own (dan:1h). What is then
left over goes to the community pot, or to --remainder. Words at the end are the category where the bank has
one of that name, else the note.
A slip's number can be used once by each name (--as): entering slip 231 again with the same contents records
nothing and shows the first one; with other contents it is refused. After 90 days the number is free again.)";

struct RecordOptions {
  std::vector<std::string> sentence;
  std::string on;
  std::string slip;
  std::string category;
  std::string note;
  std::string decision;
  std::string acting_for;
  std::string remainder;
  std::vector<std::string> tags;
  int64_t unnamed_givers = 0;
  int64_t unnamed_receivers = 0;
  bool dry_run = false;
};

// Everything but the people: what can be wrong with it is told before anybody is asked who is meant.
absl::Status FillDetails(Session& session, const RecordOptions& options, const Sentence& sentence,
                         v1::Exchange& exchange) {
  CLI_RETURN_IF_ERROR(FillShareHours(session, sentence.before, *exchange.mutable_givers()));
  CLI_RETURN_IF_ERROR(FillShareHours(session, sentence.behind, *exchange.mutable_receivers()));
  if (sentence.hours.has_value()) {
    CLI_ASSIGN_OR_RETURN(const int64_t seconds, SecondsOf(session, sentence.hours_text, *sentence.hours));
    exchange.set_seconds(seconds);
  }
  std::string on = options.on;
  std::string words = sentence.words;
  if (on.empty()) CLI_RETURN_IF_ERROR(TakeDayFromWords(session, words, on));
  CLI_ASSIGN_OR_RETURN(*exchange.mutable_occurred_on(), ReadDay(session, on));
  exchange.set_category(options.category);
  exchange.set_note(options.note);
  CLI_RETURN_IF_ERROR(PlaceWords(session, words, *exchange.mutable_category(), *exchange.mutable_note()));
  exchange.set_decision(options.decision);
  exchange.set_unnamed_givers(static_cast<int32_t>(std::min<int64_t>(options.unnamed_givers, INT32_MAX)));
  exchange.set_unnamed_receivers(
      static_cast<int32_t>(std::min<int64_t>(options.unnamed_receivers, INT32_MAX)));
  for (const std::string& tag : options.tags) exchange.add_tags(tag);
  return absl::OkStatus();
}

// Somebody who is named on both sides; empty where nobody is.
std::string OnBothSides(const v1::Exchange& exchange) {
  for (const v1::Share& giver : exchange.givers()) {
    for (const v1::Share& receiver : exchange.receivers()) {
      if (giver.holder() == receiver.holder()) return giver.holder();
    }
  }
  return "";
}

absl::Status FillPeople(Session& session, const RecordOptions& options, const Sentence& sentence,
                        v1::Exchange& exchange) {
  std::vector<std::string> typed;
  for (const NamedShare& share : sentence.before) typed.push_back(share.name);
  for (const NamedShare& share : sentence.behind) typed.push_back(share.name);
  if (!options.remainder.empty()) typed.push_back(options.remainder);
  CLI_ASSIGN_OR_RETURN(const std::vector<std::string> holders, ResolveHolders(session, typed));
  auto holder = holders.begin();
  for (v1::Share& share : *exchange.mutable_givers()) share.set_holder(*holder++);
  for (v1::Share& share : *exchange.mutable_receivers()) share.set_holder(*holder++);
  if (!options.remainder.empty()) exchange.mutable_remainder()->set_holder(*holder++);
  session.situation().both_sides = OnBothSides(exchange);
  CLI_ASSIGN_OR_RETURN(*exchange.mutable_acting_for(), ReadActingFor(session, options.acting_for));
  return absl::OkStatus();
}

// Entering a slip again may meet a refusal that is kept under its id (a limit that has been moved since, an
// account that has been opened again): so many ids are then tried. More refusals than this in 90 days are
// left to a person.
constexpr int kMostSlipIds = 10;

// Whether `status` says that the id belongs to a refusal and not to an entry, so that the slip is still to be
// entered.
bool WasOnlyRefused(Session& session, const v1::RecordExchangeRequest& request, const absl::Status& status) {
  if (status.code() == absl::StatusCode::kFailedPrecondition) {
    // Perhaps the refusal is old. What would the server say today?
    v1::RecordExchangeRequest trial = request;
    trial.clear_request_id();
    trial.set_validate_only(true);
    return session.client().RecordExchange(std::move(trial)).ok();
  }
  if (client::ErrorReason(status) != "REQUEST_ID_REUSED") return false;
  v1::GetExchangeRequest first;
  const auto metadata = client::ErrorMetadata(status);
  const auto exchange = metadata.find("exchange");
  if (exchange == metadata.end()) return false;
  first.set_name(exchange->second);
  return session.client().GetExchange(std::move(first)).status().code() == absl::StatusCode::kNotFound;
}

// A slip is entered once: its number is the request's id, so the server itself tells a second entering.
absl::StatusOr<v1::RecordExchangeResponse> Post(Session& session, const std::string& slip,
                                                v1::RecordExchangeRequest request) {
  session.Stamp(request);
  if (!slip.empty()) {
    session.situation().slip = slip;
    request.mutable_exchange()->add_tags(absl::StrCat("slip:", slip));
  }
  if (slip.empty() || request.validate_only() || !request.request_id().empty()) {
    return session.client().RecordExchange(std::move(request));
  }
  for (int attempt = 1;; ++attempt) {
    request.set_request_id(attempt == 1 ? absl::StrCat("slip-", slip)
                                        : absl::StrCat("slip-", slip, ".", attempt));
    absl::StatusOr<v1::RecordExchangeResponse> response = session.client().RecordExchange(request);
    if (response.ok() || attempt == kMostSlipIds || !WasOnlyRefused(session, request, response.status()))
      return response;
  }
}

absl::Status Record(Session& session, const RecordOptions& options) {
  CLI_ASSIGN_OR_RETURN(const Sentence sentence, ParseSentence(options.sentence, Verb::kHelped));
  v1::RecordExchangeRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  CLI_RETURN_IF_ERROR(FillDetails(session, options, sentence, *request.mutable_exchange()));
  CLI_RETURN_IF_ERROR(FillPeople(session, options, sentence, *request.mutable_exchange()));
  request.set_check_duplicates(true);
  request.set_validate_only(options.dry_run);
  CLI_ASSIGN_OR_RETURN(const v1::RecordExchangeResponse response,
                       Post(session, options.slip, std::move(request)));
  return ShowPosted(session, response, response.exchange(), {.dry_run = options.dry_run});
}

struct GiftOptions {
  std::vector<std::string> sentence;
  std::string on;
  std::string category;
  std::string note;
  std::string decision;
  std::string acting_for;
  bool dry_run = false;
};

absl::Status Gift(Session& session, const GiftOptions& options) {
  CLI_ASSIGN_OR_RETURN(const Sentence sentence, ParseSentence(options.sentence, Verb::kGave));
  if (sentence.before.size() != 1 || sentence.behind.size() != 1 || !sentence.hours.has_value()) {
    return UsageError("A gift has one giver, one receiver and one time: timebank gift ana gave ben 2h");
  }
  v1::RecordGiftRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  CLI_ASSIGN_OR_RETURN(const int64_t seconds, SecondsOf(session, sentence.hours_text, *sentence.hours));
  request.set_seconds(seconds);
  std::string on = options.on;
  std::string words = sentence.words;
  if (on.empty()) CLI_RETURN_IF_ERROR(TakeDayFromWords(session, words, on));
  CLI_ASSIGN_OR_RETURN(*request.mutable_occurred_on(), ReadDay(session, on));
  request.set_category(options.category);
  request.set_note(options.note);
  CLI_RETURN_IF_ERROR(PlaceWords(session, words, *request.mutable_category(), *request.mutable_note()));
  CLI_ASSIGN_OR_RETURN(const std::vector<std::string> holders,
                       ResolveHolders(session, {sentence.before.front().name, sentence.behind.front().name}));
  request.set_debited(holders[0]);
  request.set_credited(holders[1]);
  if (holders[0] == holders[1]) session.situation().both_sides = holders[0];
  request.set_decision(options.decision);
  CLI_ASSIGN_OR_RETURN(*request.mutable_acting_for(), ReadActingFor(session, options.acting_for));
  request.set_validate_only(options.dry_run);
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::RecordGiftResponse response,
                       session.client().RecordGift(std::move(request)));
  return ShowPosted(session, response, response.exchange(), {.dry_run = options.dry_run});
}

struct OpeningOptions {
  std::vector<std::string> sentence;
  std::string on;
  std::string note;
};

// `ana 3h`, `ana -2h`, `ana 2h in debit`.
absl::Status Opening(Session& session, const OpeningOptions& options) {
  std::vector<std::string> words = options.sentence;
  const auto ends_with = [&words](const std::string& last) {
    return words.size() > 3 && absl::EqualsIgnoreCase(words[words.size() - 2], "in") &&
           absl::EqualsIgnoreCase(words.back(), last);
  };
  const bool debit = ends_with("debit");
  if (debit || ends_with("credit")) words.resize(words.size() - 2);
  if (words.size() < 2)
    return UsageError("Who, and how much? timebank opening ana 3h, or timebank opening ana 2h in debit");
  const std::string hours = words.back();
  words.pop_back();

  v1::RecordOpeningRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  CLI_ASSIGN_OR_RETURN(const int64_t seconds, ReadSignedHours(session, hours));
  request.set_seconds(debit && seconds > 0 ? -seconds : seconds);
  CLI_ASSIGN_OR_RETURN(*request.mutable_occurred_on(), ReadDay(session, options.on));
  CLI_ASSIGN_OR_RETURN(*request.mutable_holder(), ResolveHolder(session, absl::StrJoin(words, " ")));
  request.set_note(options.note);
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::RecordOpeningResponse response,
                       session.client().RecordOpening(std::move(request)));
  return ShowPosted(session, response, response.exchange(), {});
}

}  // namespace

void AddRecordCommands(Command root) {
  constexpr char kHeading[] = "Recording";
  auto record = std::make_shared<RecordOptions>();
  root.Sub("record", "Record help that was given: GIVER helped RECEIVER HOURS [words]", kRecordExamples)
      .Under(kHeading)
      .Arguments("sentence", record->sentence,
                 "GIVER[,GIVER…] helped RECEIVER[,RECEIVER…] HOURS [category or note]")
      .Option("--on", record->on, "DAY", "Day of the help; today when left out")
      .Option("--slip", record->slip, "NUMBER", "Number of the paper slip: each can be entered once")
      .Option("--category", record->category, "NAME", "Category")
      .Option("--note", record->note, "TEXT", "Note; can be erased later")
      .Option("--tag", record->tags, "WORD", "A word to find it by; may be given several times")
      .Option("--decision", record->decision, "TEXT", "The decision behind spending from a pot")
      .Option("--remainder", record->remainder, "NAME",
              "Who takes or gives what is left over (the community pot)")
      .Option("--acting-for", record->acting_for, "NAME",
              "The member on whose behalf, for people who telephone")
      .Option("--unnamed-givers", record->unnamed_givers, "COUNT",
              "People who gave but are not named; they move nothing")
      .Option("--unnamed-receivers", record->unnamed_receivers, "COUNT",
              "People who received but are not named")
      .Flag("--dry-run", record->dry_run, "Show what would come out and record nothing")
      .Does([record](Session& session) { return Record(session, *record); });

  auto gift = std::make_shared<GiftOptions>();
  root.Sub("gift", "Hours given away without help received: GIVER gave RECEIVER HOURS",
           "  timebank gift ana gave ben 2h --note \"for the move\"\n"
           "  timebank gift pot gave carla 4h --decision \"hardship, agreed on 2 May\"")
      .Under(kHeading)
      .Arguments("sentence", gift->sentence, "GIVER gave RECEIVER HOURS [category or note]")
      .Option("--on", gift->on, "DAY", "Day of the gift; today when left out")
      .Option("--category", gift->category, "NAME", "Category")
      .Option("--note", gift->note, "TEXT", "Note; can be erased later")
      .Option("--decision", gift->decision, "TEXT", "The decision behind spending from a pot")
      .Option("--acting-for", gift->acting_for, "NAME", "The member on whose behalf")
      .Flag("--dry-run", gift->dry_run, "Show what would come out and record nothing")
      .Does([gift](Session& session) { return Gift(session, *gift); });

  auto opening = std::make_shared<OpeningOptions>();
  root.Sub("opening", "Bring a balance from an older system without its history",
           "  timebank opening ana 3h --on 31/12/2025\n  timebank opening ben 2h in debit\n  timebank "
           "opening ben -2h")
      .Under(kHeading)
      .Arguments("sentence", opening->sentence, "NAME HOURS [in credit|in debit]")
      .Option("--on", opening->on, "DAY", "The day on which the balance stood; today when left out")
      .Option("--note", opening->note, "TEXT", "Note; can be erased later")
      .Does([opening](Session& session) { return Opening(session, *opening); });
}

}  // namespace timebank::cli
