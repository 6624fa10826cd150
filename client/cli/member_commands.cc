// member add, list, show, update, close, reopen, merge.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/arguments.h"
#include "client/cli/commands.h"
#include "client/cli/exchange_words.h"
#include "client/cli/hours.h"
#include "client/cli/members_table.h"
#include "client/cli/posted.h"
#include "client/cli/resolve_holder.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// ---- What can be said of a member
// ----------------------------------------------------------------------------------

struct Facts {
  std::optional<std::string> name;
  std::optional<std::string> language;
  std::optional<std::string> joined_on;
  std::optional<std::string> note;
  std::string kind;
  std::vector<std::string> phones;
  std::vector<std::string> emails;
  std::vector<std::string> external_ids;
};

void BindFacts(Command command, Facts& facts) {
  command.Choice("--kind", facts.kind, {"person", "organisation", "household"}, T("What sort of member"))
      .Option("--phone", facts.phones, Later("NUMBER"), T("May be given several times"))
      .Option("--email", facts.emails, Later("ADDRESS"), T("May be given several times"))
      .Option("--language", facts.language, Later("TAG"), T("ca, en-GB …"))
      .Option("--joined", facts.joined_on, Later("DAY"), T("Day of joining"))
      .Option("--external", facts.external_ids, Later("SYSTEM:NUMBER"),
              T("Number in an older system; may be given several times"))
      .Option("--note", facts.note, Later("TEXT"), T("For brokers; can be erased later"));
}

v1::Member::Kind KindNamed(const std::string& word) {
  if (word == "organisation") return v1::Member::KIND_ORGANISATION;
  if (word == "household") return v1::Member::KIND_HOUSEHOLD;
  return word == "person" ? v1::Member::KIND_PERSON : v1::Member::KIND_UNSPECIFIED;
}

absl::Status FillExternalIds(const std::vector<std::string>& texts, v1::Member& member) {
  for (const std::string& text : texts) {
    const size_t colon = text.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) {
      return UsageError(Fill(T("\"$0\" is not SYSTEM:NUMBER, like timeoverflow:12."), text));
    }
    v1::Member::ExternalId& id = *member.add_external_ids();
    id.set_system(text.substr(0, colon));
    id.set_number(text.substr(colon + 1));
  }
  return absl::OkStatus();
}

// Fills what was said into `member`, and its field into `mask`.
absl::Status FillFacts(Session& session, const Facts& facts, v1::Member& member,
                       google::protobuf::FieldMask& mask) {
  const auto text = [&mask](const std::optional<std::string>& given, const char* field, std::string& target) {
    if (!given.has_value()) return;
    target = *given;
    mask.add_paths(field);
  };
  text(facts.name, "display_name", *member.mutable_display_name());
  text(facts.language, "language", *member.mutable_language());
  text(facts.note, "note", *member.mutable_note());
  if (facts.joined_on.has_value()) {
    CLI_ASSIGN_OR_RETURN(*member.mutable_joined_on(), ReadDay(session, *facts.joined_on));
    mask.add_paths("joined_on");
  }
  if (!facts.kind.empty()) {
    member.set_kind(KindNamed(facts.kind));
    mask.add_paths("kind");
  }
  for (const std::string& phone : facts.phones) member.add_phones(phone);
  if (!facts.phones.empty()) mask.add_paths("phones");
  for (const std::string& email : facts.emails) member.add_emails(email);
  if (!facts.emails.empty()) mask.add_paths("emails");
  CLI_RETURN_IF_ERROR(FillExternalIds(facts.external_ids, member));
  if (!facts.external_ids.empty()) mask.add_paths("external_ids");
  return absl::OkStatus();
}

// ---- Showing one
// ---------------------------------------------------------------------------------------------------

std::string MemberSentences(const v1::Member& member) {
  std::string text = absl::StrCat(member.number(), "  ", OneLine(DisplayName(member)), "  (",
                                  KindWord(member.kind()), ", ", StateWord(member.state()), ")\n");
  const auto line = [&text](std::string_view label, const std::string& value) {
    if (!value.empty()) absl::StrAppend(&text, "  ", Absl(label), " ", OneLine(value), "\n");
  };
  line(T("id"), std::string(client::IdOf(member.name())));
  line(T("phone"), absl::StrJoin(member.phones(), ", "));
  line(T("e-mail"), absl::StrJoin(member.emails(), ", "));
  line(T("language"), member.language());
  line(T("joined"), member.joined_on());
  line(T("last exchange"), member.last_exchange_on());
  line(T("closed"), member.closed_on());
  line(T("merged into"), member.merged_into().empty() ? "" : ShortName(member.merged_into()));
  for (const v1::Member::ExternalId& id : member.external_ids())
    // Translators: the name of an older system and a number follow.
    line(T("number in"), WithColon(id.system(), id.number()));
  line(T("note"), member.note());
  return text;
}

template <typename Response>
absl::Status ShowMember(Session& session, const Response& response, const v1::Member& member,
                        const std::string& more = "") {
  CLI_ASSIGN_OR_RETURN(const Table table, MemberTable(session, {member}));
  return session.ShowOne(MemberSentences(member) + more, table, response);
}

// The member after a change that may have moved hours.
template <typename Response>
absl::Status ShowMoved(Session& session, const Response& response, bool moved, const v1::Exchange& entry) {
  std::string more;
  if (moved) {
    CLI_ASSIGN_OR_RETURN(more, PostedSentences(session, entry, {}));
  }
  return ShowMember(session, response, response.member(), more);
}

// ---- The commands
// --------------------------------------------------------------------------------------------------

struct AddOptions {
  std::string id;
  std::vector<std::string> name;
  Facts facts;
  bool no_starter = false;
};

// That there is another of this name already: somebody may have been added twice. Not being able to look is
// no matter.
void TellNamesake(Session& session, const v1::Member& added) {
  if (added.display_name().empty()) return;
  v1::ListMembersRequest request;
  request.set_query(added.display_name());
  const absl::StatusOr<std::vector<v1::Member>> alike = ListAllMembers(session, std::move(request));
  if (!alike.ok()) return;
  for (const v1::Member& member : *alike) {
    if (member.name() == added.name() || Fold(member.display_name()) != Fold(added.display_name())) continue;
    session.Tell(Fill(T("There is another $0: number $1. Added twice? timebank member merge $2 --into $1"),
                      added.display_name(), absl::StrCat(member.number()), absl::StrCat(added.number())));
    return;
  }
}

absl::Status Add(Session& session, const AddOptions& options) {
  v1::CreateMemberRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  request.set_member_id(options.id);
  google::protobuf::FieldMask unused;
  CLI_RETURN_IF_ERROR(FillFacts(session, options.facts, *request.mutable_member(), unused));
  request.mutable_member()->set_display_name(absl::StrJoin(options.name, " "));
  request.set_no_starter(options.no_starter);
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::CreateMemberResponse response,
                       session.client().CreateMember(std::move(request)));
  session.directory().Know(response.member().name(), DisplayName(response.member()));
  TellNamesake(session, response.member());
  return ShowMoved(session, response, response.has_starter(), response.starter());
}

struct ListOptions {
  std::vector<std::string> words;
  std::string state;
  std::string quiet_since;
  bool outside = false;
};

absl::Status List(Session& session, const ListOptions& options) {
  v1::ListMembersRequest request;
  request.set_query(absl::StrJoin(options.words, " "));
  if (options.state == "active") request.set_state(v1::Member::STATE_ACTIVE);
  if (options.state == "closed") request.set_state(v1::Member::STATE_CLOSED);
  CLI_ASSIGN_OR_RETURN(*request.mutable_no_exchange_since(),
                       ReadDay(session, options.quiet_since, Future::kLooking));
  request.set_outside_warn_limits(options.outside);
  CLI_ASSIGN_OR_RETURN(const std::vector<v1::Member> members, ListAllMembers(session, std::move(request)));
  CLI_ASSIGN_OR_RETURN(const Table table, MemberTable(session, members));
  return session.ShowList(table, members);
}

// Seconds, now.
absl::StatusOr<int64_t> BalanceOf(Session& session, const std::string& name) {
  v1::GetBalanceRequest request;
  request.set_name(name);
  CLI_ASSIGN_OR_RETURN(const v1::GetBalanceResponse response,
                       session.client().GetBalance(std::move(request)));
  return response.balance().seconds();
}

absl::Status Show(Session& session, const std::vector<std::string>& name) {
  v1::GetMemberRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ResolveMember(session, absl::StrJoin(name, " ")));
  CLI_ASSIGN_OR_RETURN(const v1::GetMemberResponse response, session.client().GetMember(std::move(request)));
  CLI_ASSIGN_OR_RETURN(const int64_t balance, BalanceOf(session, response.member().name()));
  return ShowMember(session, response.member(), response.member(),
                    absl::StrCat("  ", Standing(balance), "\n"));
}

struct UpdateOptions {
  std::vector<std::string> name;
  Facts facts;
};

absl::Status Update(Session& session, const UpdateOptions& options) {
  v1::UpdateMemberRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_member()->mutable_name(),
                       ResolveMember(session, absl::StrJoin(options.name, " ")));
  CLI_RETURN_IF_ERROR(
      FillFacts(session, options.facts, *request.mutable_member(), *request.mutable_update_mask()));
  if (request.update_mask().paths().empty())
    return UsageError(T("What is to change? Say --name, --phone, --email, --kind …"));
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::UpdateMemberResponse response,
                       session.client().UpdateMember(std::move(request)));
  return ShowMember(session, response, response.member());
}

// Of an account that was closed just now. Not being able to look is no matter.
void TellDebt(Session& session, const std::string& name) {
  const absl::StatusOr<int64_t> now = BalanceOf(session, name);
  if (!now.ok() || *now >= 0) return;
  session.Tell(Fill(T("It is closed with a debt of $0, which stays on it."), FormatHours(-*now)));
}

// A closing that the member's own account speaks against is asked about at a terminal: before help that is
// recorded, before the joining, with a debt that nobody takes over. Elsewhere the first is refused, and the
// others are taken: whoever brings old lists closes accounts of people who were never told to have joined.
absl::Status AskAboutClosing(Session& session, const v1::CloseMemberRequest& request) {
  v1::GetMemberRequest look;
  look.set_name(request.name());
  CLI_ASSIGN_OR_RETURN(const v1::GetMemberResponse response, session.client().GetMember(std::move(look)));
  const v1::Member& member = response.member();
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  const bool asks = CanAsk(session.console());
  const std::string& on = request.closed_on();  // ISO, as all days here: the greater is the later
  const std::string day = FormatIsoDay(on, today);
  std::string doubt;
  if (!on.empty() && on < member.last_exchange_on()) {
    doubt = Fill(T("The latest help of $0 is of $1, after $2."), DisplayName(member),
                 FormatIsoDay(member.last_exchange_on(), today), day);
    if (!asks) return UsageError(absl::StrCat(T("Nothing was changed."), " ", doubt));
  } else if (!on.empty() && on < member.joined_on()) {
    doubt = Fill(T("$0 joined on $1, after $2."), DisplayName(member),
                 FormatIsoDay(member.joined_on(), today), day);
  }
  if (!asks) return absl::OkStatus();
  if (!doubt.empty() && AskYesOrNo(session, absl::StrCat(doubt, " ", T("Close all the same?"))) != true) {
    return UsageError(T("Nothing was changed."));
  }
  if (!request.destination().empty()) return absl::OkStatus();
  CLI_ASSIGN_OR_RETURN(const int64_t balance, BalanceOf(session, request.name()));
  if (balance >= 0) return absl::OkStatus();
  const std::string debt = Fill(T("$0 is $1 in debit; with --to pot, the community pot takes it over. Close "
                                  "with the debt?"),
                                DisplayName(member), FormatHours(-balance));
  if (AskYesOrNo(session, debt) == true) return absl::OkStatus();
  return UsageError(T("Nothing was changed."));
}

struct CloseOptions {
  std::vector<std::string> name;
  std::string to;
  std::string on;
};

absl::Status Close(Session& session, const CloseOptions& options) {
  v1::CloseMemberRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ResolveMember(session, absl::StrJoin(options.name, " ")));
  if (!options.to.empty()) {
    CLI_ASSIGN_OR_RETURN(*request.mutable_destination(), ResolveHolder(session, options.to));
  }
  CLI_ASSIGN_OR_RETURN(*request.mutable_closed_on(), ReadDay(session, options.on));
  const std::string name = request.name();
  CLI_RETURN_IF_ERROR(AskAboutClosing(session, request));
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::CloseMemberResponse response,
                       session.client().CloseMember(std::move(request)));
  CLI_RETURN_IF_ERROR(ShowMoved(session, response, response.has_closing(), response.closing()));
  if (!response.has_closing()) TellDebt(session, name);
  return absl::OkStatus();
}

absl::Status Reopen(Session& session, const std::vector<std::string>& name) {
  v1::ReopenMemberRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ResolveMember(session, absl::StrJoin(name, " ")));
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::ReopenMemberResponse response,
                       session.client().ReopenMember(std::move(request)));
  return ShowMember(session, response, response.member());
}

struct MergeOptions {
  std::vector<std::string> name;
  std::string into;
};

absl::Status Merge(Session& session, const MergeOptions& options) {
  if (options.into.empty()) return UsageError(T("Into whom? timebank member merge 31 --into ana"));
  v1::MergeMemberRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ResolveMember(session, absl::StrJoin(options.name, " ")));
  CLI_ASSIGN_OR_RETURN(*request.mutable_into(), ResolveMember(session, options.into));
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::MergeMemberResponse response,
                       session.client().MergeMember(std::move(request)));
  return ShowMoved(session, response, response.has_closing(), response.closing());
}

// ---- The grammar
// ---------------------------------------------------------------------------------------------------

void AddAdding(Command group) {
  auto add = std::make_shared<AddOptions>();
  Command command = group.Sub("add", T("Add a member; nothing but a name is needed, and not even that"),
                              "  timebank member add \"Ana Muñoz\" --phone 622743103\n"
                              "  timebank member add Llewellyn Repairs --kind organisation");
  command.Arguments(Later("name"), add->name, T("Name for people"), Need::kOptional)
      .Option("--id", add->id, Later("ID"),
              T("Short name to type: a-z, 0-9, - _ . (m and the number when left out)"))
      .Flag("--no-starter", add->no_starter, T("No starter hours"));
  BindFacts(command, add->facts);
  command.Does([add](Session& session) { return Add(session, *add); });
}

void AddLooking(Command group) {
  auto list = std::make_shared<ListOptions>();
  group
      .Sub("list", T("Members by number"),
           "  timebank member list -o csv > members.csv\n  timebank member list --quiet-since 1/1")
      .Arguments(Later("words"), list->words, T("Only who fits these words"), Need::kOptional)
      .Choice("--state", list->state, {"active", "closed"}, T("Only in this state"))
      .Option("--quiet-since", list->quiet_since, Later("DAY"), T("Only who had no exchange since"))
      .Flag("--outside", list->outside, T("Only whose balance is outside the bank's limits"))
      .Does([list](Session& session) { return List(session, *list); });
  auto name = std::make_shared<std::vector<std::string>>();
  group.Sub("show", T("One member"), "  timebank member show ana")
      .Arguments(Later("name"), *name, T("Whom"))
      .Does([name](Session& session) { return Show(session, *name); });
}

void AddChanging(Command group) {
  auto update = std::make_shared<UpdateOptions>();
  Command command =
      group.Sub("update", T("Change what is known of a member; a list that is given replaces the old one"),
                "  timebank member update ana --phone 622743103 --email ana@example.org");
  command.Arguments(Later("name"), update->name, T("Whom"))
      .Option("--name", update->facts.name, Later("NAME"), T("Name for people"));
  BindFacts(command, update->facts);
  command.Does([update](Session& session) { return Update(session, *update); });

  auto close = std::make_shared<CloseOptions>();
  group
      .Sub("close", T("Close an account and say where its hours go"),
           "  timebank member close ana --to pot\n  timebank member close ana --to ben --on yesterday")
      .Arguments(Later("name"), close->name, T("Whose"))
      .Option("--to", close->to, Later("NAME"),
              T("Who gets the hours that are left (a debt: pot, or nobody)"))
      .Option("--on", close->on, Later("DAY"), T("Day of closing; today when left out"))
      .Does([close](Session& session) { return Close(session, *close); });
  auto reopen = std::make_shared<std::vector<std::string>>();
  group.Sub("reopen", T("Open a closed account again; nothing moves"), "  timebank member reopen ana")
      .Arguments(Later("name"), *reopen, T("Whose"))
      .Does([reopen](Session& session) { return Reopen(session, *reopen); });
  auto merge = std::make_shared<MergeOptions>();
  group.Sub("merge", T("Make two records of one person into one"), "  timebank member merge 31 --into ana")
      .Arguments(Later("name"), merge->name, T("Which record goes"))
      .Option("--into", merge->into, Later("NAME"), T("Which record stays (needed)"))
      .Does([merge](Session& session) { return Merge(session, *merge); });
}

}  // namespace

void AddMemberCommands(Command root) {
  Command group = root.Sub("member", T("Add, show and change members")).Under(T("Looking after"));
  AddAdding(group);
  AddLooking(group);
  AddChanging(group);
}

}  // namespace timebank::cli
