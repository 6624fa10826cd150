// record, gift, opening: what moves hours.
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
#include "client/cli/recording.h"
#include "client/cli/resolve_holder.h"
#include "client/cli/sentence.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/unlikely_hours.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

const char* const kRecordExamples =
    Later(R"(  timebank record ben helped ana 1h30 gardening --on tue --slip 231
  timebank record ana muñoz helped ben 45m
  timebank record ben ayudó a ana 1h30        (likewise: gave help to, va ajudar, a aidé)
  timebank record rosa helped ana,ben,carla,dan:1h,eva 2h yoga
  timebank record ben helped pot 3h --decision "spring cleaning, agreed on 2 May"

Everybody named gives or receives the whole time, unless a name has a time of its own (dan:1h). What is then
left over goes to the community pot, or to --remainder. Words at the end are the category where the bank has
one of that name, else the note.
A slip's number can be used once by each name (--as): entering slip 231 again with the same contents records
nothing and shows the first one; with other contents it is refused. After 90 days the number is free
again, and so it is once its entry was undone.)");

struct RecordCommand {
  std::vector<std::string> sentence;
  std::string slip;
  RecordOptions options;
  bool dry_run = false;
};

absl::Status Record(Session& session, const RecordCommand& command) {
  CLI_ASSIGN_OR_RETURN(Sentence sentence, ParseSentence(command.sentence, Verb::kHelped));
  CLI_RETURN_IF_ERROR(SettleMinutes(session, sentence));
  CLI_ASSIGN_OR_RETURN(v1::RecordExchangeRequest request, RecordRequest(session, sentence, command.options));
  request.set_validate_only(command.dry_run);
  CLI_ASSIGN_OR_RETURN(const v1::RecordExchangeResponse response,
                       PostRecord(session, command.slip, std::move(request)));
  CLI_RETURN_IF_ERROR(ShowPosted(session, response, response.exchange(), {.dry_run = command.dry_run}));
  if (!response.replayed()) TellIfLong(session, response.exchange());
  TellDecimals(session, sentence, command.dry_run ? "" : client::IdOf(response.exchange().name()));
  return absl::OkStatus();
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
  CLI_ASSIGN_OR_RETURN(Sentence sentence, ParseSentence(options.sentence, Verb::kGave));
  CLI_RETURN_IF_ERROR(SettleMinutes(session, sentence));
  CLI_RETURN_IF_ERROR(JoinWholeNames(session, sentence.before));
  CLI_RETURN_IF_ERROR(JoinWholeNames(session, sentence.behind));
  if (sentence.before.size() != 1 || sentence.behind.size() != 1 || !sentence.hours.has_value()) {
    return UsageError(T("A gift has one giver, one receiver and one time: timebank gift ana gave ben 2h"));
  }
  v1::RecordGiftRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  CLI_ASSIGN_OR_RETURN(const int64_t seconds, SecondsOf(session, sentence.hours_text, *sentence.hours));
  request.set_seconds(seconds);
  CLI_RETURN_IF_ERROR(FillDayAndWords(session, options, sentence.words, request));
  CLI_ASSIGN_OR_RETURN(const std::vector<std::string> holders,
                       ResolveHolders(session, {sentence.before.front().name, sentence.behind.front().name}));
  request.set_debited(holders[0]);
  request.set_credited(holders[1]);
  if (holders[0] == holders[1]) session.situation().both_sides = holders[0];
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
  const auto ends_with = [&words](const char* last) {
    return words.size() > 3 && IsWord(absl::StrCat(words[words.size() - 2], " ", words.back()), last);
  };
  // Translators: two words that people type behind the hours; several pairs with commas.
  const bool debit = ends_with(Later("in debit"));
  // Translators: two words that people type behind the hours; several pairs with commas.
  if (debit || ends_with(Later("in credit"))) words.resize(words.size() - 2);
  if (words.size() < 2)
    return UsageError(T("Who, and how much? timebank opening ana 3h, or timebank opening ana 2h in debit"));
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
  const char* const heading = T("Recording");
  auto record = std::make_shared<RecordCommand>();
  root.Sub("record", T("Record help that was given: GIVER helped RECEIVER HOURS [words]"), T(kRecordExamples))
      .Under(heading)
      .Arguments(Later("sentence"), record->sentence,
                 T("GIVER[,GIVER…] helped RECEIVER[,RECEIVER…] HOURS [category or note]"))
      .Option("--on", record->options.on, Later("DAY"), T("Day of the help; today when left out"))
      .Option("--slip", record->slip, Later("NUMBER"),
              T("Number of the paper slip: each can be entered once"))
      .Option("--category", record->options.category, Later("NAME"), T("Category"))
      .Option("--note", record->options.note, Later("TEXT"), T("Note; can be erased later"))
      .Option("--tag", record->options.tags, Later("WORD"),
              T("A word to find it by; may be given several times"))
      .Option("--decision", record->options.decision, Later("TEXT"),
              T("The decision behind spending from a pot"))
      .Option("--remainder", record->options.remainder, Later("NAME"),
              T("Who takes or gives what is left over (the community pot)"))
      .Option("--acting-for", record->options.acting_for, Later("NAME"),
              T("The member on whose behalf, for people who telephone"))
      .Option("--unnamed-givers", record->options.unnamed_givers, Later("COUNT"),
              T("People who gave but are not named; they move nothing"))
      .Option("--unnamed-receivers", record->options.unnamed_receivers, Later("COUNT"),
              T("People who received but are not named"))
      .Flag("--dry-run", record->dry_run, T("Show what would come out and record nothing"))
      .Does([record](Session& session) { return Record(session, *record); });

  auto gift = std::make_shared<GiftOptions>();
  root.Sub("gift", T("Hours given away without help received: GIVER gave RECEIVER HOURS"),
           T("  timebank gift ana gave ben 2h --note \"for the move\"\n"
             "  timebank gift pot gave carla 4h --decision \"hardship, agreed on 2 May\""))
      .Under(heading)
      .Arguments(Later("sentence"), gift->sentence, T("GIVER gave RECEIVER HOURS [category or note]"))
      .Option("--on", gift->on, Later("DAY"), T("Day of the gift; today when left out"))
      .Option("--category", gift->category, Later("NAME"), T("Category"))
      .Option("--note", gift->note, Later("TEXT"), T("Note; can be erased later"))
      .Option("--decision", gift->decision, Later("TEXT"), T("The decision behind spending from a pot"))
      .Option("--acting-for", gift->acting_for, Later("NAME"), T("The member on whose behalf"))
      .Flag("--dry-run", gift->dry_run, T("Show what would come out and record nothing"))
      .Does([gift](Session& session) { return Gift(session, *gift); });

  auto opening = std::make_shared<OpeningOptions>();
  root.Sub("opening", T("Bring a balance from an older system without its history"),
           T("  timebank opening ana 3h --on 31/12/2025\n  timebank opening ben 2h in debit\n  timebank "
             "opening ben -2h"))
      .Under(heading)
      .Arguments(Later("sentence"), opening->sentence, T("NAME HOURS [in credit|in debit]"))
      .Option("--on", opening->on, Later("DAY"), T("The day on which the balance stood; today when left out"))
      .Option("--note", opening->note, Later("TEXT"), T("Note; can be erased later"))
      .Does([opening](Session& session) { return Opening(session, *opening); });
}

}  // namespace timebank::cli
