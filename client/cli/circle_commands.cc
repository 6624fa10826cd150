// circle add, list, show, join, leave.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/resolve_holder.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

Table CircleTable(const std::vector<v1::Circle>& circles) {
  Table table({{"number", Later("Number"), ColumnKind::kNumber},
               {"id", Later("Id"), ColumnKind::kText},
               {"name", Later("Name"), ColumnKind::kText},
               {"members", Later("Members"), ColumnKind::kNumber}});
  for (const v1::Circle& circle : circles) {
    table.AddRow({Number(circle.number()), Text(client::IdOf(circle.name())), Text(circle.display_name()),
                  Number(circle.members_size())});
  }
  return table;
}

template <typename Response>
absl::Status ShowCircle(Session& session, const Response& response, const v1::Circle& circle) {
  session.directory().LookUp(std::vector<std::string>(circle.members().begin(), circle.members().end()));
  const std::string id(client::IdOf(circle.name()));
  std::string text = absl::StrCat(
      OneLine(circle.display_name().empty() ? id : circle.display_name()), "  (circle:", id, ", ",
      Fill(Tn("$0 member", "$0 members", circle.members_size()), circle.members_size()), ")\n");
  for (const std::string& member : circle.members())
    absl::StrAppend(&text, "  ", session.directory().Name(member), "\n");
  return session.ShowOne(text, CircleTable({circle}), response);
}

absl::StatusOr<std::vector<std::string>> ResolveMembers(Session& session,
                                                        const std::vector<std::string>& names) {
  std::vector<std::string> members;
  for (const std::string& name : names) {
    CLI_ASSIGN_OR_RETURN(members.emplace_back(), ResolveMember(session, name));
  }
  return members;
}

struct AddOptions {
  std::vector<std::string> name;
  std::string id;
  std::vector<std::string> with;
};

absl::Status Add(Session& session, const AddOptions& options) {
  v1::CreateCircleRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  request.set_circle_id(options.id);
  request.mutable_circle()->set_display_name(absl::StrJoin(options.name, " "));
  CLI_ASSIGN_OR_RETURN(const std::vector<std::string> members, ResolveMembers(session, options.with));
  for (const std::string& member : members) request.mutable_circle()->add_members(member);
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::CreateCircleResponse response,
                       session.client().CreateCircle(std::move(request)));
  return ShowCircle(session, response, response.circle());
}

absl::Status List(Session& session) {
  v1::ListCirclesRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  std::vector<v1::Circle> circles;
  for (absl::StatusOr<v1::Circle>& circle : session.client().ListCircles(std::move(request))) {
    if (!circle.ok()) return circle.status();
    circles.push_back(*std::move(circle));
  }
  return session.ShowList(CircleTable(circles), circles);
}

absl::Status Show(Session& session, const std::vector<std::string>& name) {
  v1::GetCircleRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ResolveCircle(session, absl::StrJoin(name, " ")));
  CLI_ASSIGN_OR_RETURN(const v1::GetCircleResponse response, session.client().GetCircle(std::move(request)));
  return ShowCircle(session, response.circle(), response.circle());
}

struct MembershipOptions {
  std::string circle;
  std::vector<std::string> members;
};

template <typename Request>
absl::StatusOr<Request> MembershipRequest(Session& session, const MembershipOptions& options) {
  Request request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ResolveCircle(session, options.circle));
  CLI_ASSIGN_OR_RETURN(const std::vector<std::string> members, ResolveMembers(session, options.members));
  for (const std::string& member : members) request.add_members(member);
  session.Stamp(request);
  return request;
}

absl::Status Join(Session& session, const MembershipOptions& options) {
  CLI_ASSIGN_OR_RETURN(auto request, MembershipRequest<v1::AddCircleMembersRequest>(session, options));
  CLI_ASSIGN_OR_RETURN(const auto response, session.client().AddCircleMembers(std::move(request)));
  return ShowCircle(session, response, response.circle());
}

absl::Status Leave(Session& session, const MembershipOptions& options) {
  CLI_ASSIGN_OR_RETURN(auto request, MembershipRequest<v1::RemoveCircleMembersRequest>(session, options));
  CLI_ASSIGN_OR_RETURN(const auto response, session.client().RemoveCircleMembers(std::move(request)));
  return ShowCircle(session, response, response.circle());
}

void AddMembership(Command command, absl::Status (*act)(Session&, const MembershipOptions&)) {
  auto options = std::make_shared<MembershipOptions>();
  command.Argument(Later("circle"), options->circle, T("Which circle"))
      .Arguments(Later("members"), options->members,
                 T("Who; several names with blanks between them, longer names in quotes"))
      .Does([options, act](Session& session) { return act(session, *options); });
}

}  // namespace

void AddCircleCommands(Command root) {
  Command group =
      root.Sub("circle", T("Small groups with an account of their own")).Under(T("Looking after"));
  auto add = std::make_shared<AddOptions>();
  group
      .Sub("add", T("Add a circle"),
           T("  timebank circle add \"The knitters\" --id knitters --with ana --with ben"))
      .Arguments(Later("name"), add->name, T("Name for people"), Need::kOptional)
      .Option("--id", add->id, Later("ID"),
              T("Short name to type: a-z, 0-9, - _ . (c and the number when left out)"))
      .Option("--with", add->with, Later("NAME"), T("A first member; may be given several times"))
      .Does([add](Session& session) { return Add(session, *add); });
  group.Sub("list", T("All circles")).Does(List);
  auto name = std::make_shared<std::vector<std::string>>();
  group.Sub("show", T("One circle and who is in it"), "  timebank circle show knitters")
      .Arguments(Later("circle"), *name, T("Which"))
      .Does([name](Session& session) { return Show(session, *name); });
  AddMembership(group.Sub("join", T("Take members in"), "  timebank circle join knitters ana \"ben ferré\""),
                Join);
  AddMembership(group.Sub("leave", T("Take members out"), "  timebank circle leave knitters ana"), Leave);
}

}  // namespace timebank::cli
