// key create, list, revoke: how callers are known to a server that asks for keys.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/cli/commands.h"
#include "client/cli/day.h"
#include "client/cli/exchange_words.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

constexpr std::string_view kRolePrefix = "ROLE_";

std::string RoleWord(v1::Role role) {
  return absl::AsciiStrToLower(v1::Role_Name(role).substr(kRolePrefix.size()));
}

// Since when it is good for nothing, or why; empty while it is good.
std::string Ended(const v1::Key& key) {
  if (key.has_revoke_time()) return Moment(key.revoke_time());
  return key.pepper_lost() ? T("its pepper is lost") : "";
}

Table KeyTable(const std::vector<v1::Key>& keys) {
  Table table({{"id", Later("Id"), ColumnKind::kText},
               {"owner", Later("Owner"), ColumnKind::kText},
               {"role", Later("Role"), ColumnKind::kText},
               {"member", Later("Member"), ColumnKind::kText},
               {"scopes", Later("Scopes"), ColumnKind::kText},
               {"expires", Later("Expires"), ColumnKind::kText},
               {"last_use", Later("Last use"), ColumnKind::kText},
               {"revoked", Later("Revoked"), ColumnKind::kText},
               {"note", Later("Note"), ColumnKind::kText}});
  for (const v1::Key& key : keys) {
    table.AddRow({Text(client::IdOf(key.name())), Text(key.owner()), Text(RoleWord(key.role())),
                  Text(key.member()), Text(absl::StrJoin(key.scopes(), " ")),
                  Text(key.has_expire_time() ? Moment(key.expire_time()) : ""),
                  Text(key.has_last_use_time() ? Moment(key.last_use_time()) : ""), Text(Ended(key)),
                  Text(key.note())});
  }
  return table;
}

struct CreateOptions {
  std::string role;
  std::string owner;
  std::string member;
  std::vector<std::string> scopes;
  std::string note;
  std::optional<std::string> expires;
  bool state_member = false;
};

absl::Status Create(Session& session, const CreateOptions& options) {
  CLI_RETURN_IF_ERROR(session.Open());
  v1::CreateKeyRequest request;
  v1::Key& key = *request.mutable_key();
  v1::Role role = v1::ROLE_UNSPECIFIED;
  if (!v1::Role_Parse(absl::StrCat(Absl(kRolePrefix), absl::AsciiStrToUpper(options.role)), &role)) {
    return UsageError(
        T("Say what the key is for: --role steward, broker, member, partner, reader or operator."));
  }
  key.set_role(role);
  // An operator's key is the server's, every other one a bank's.
  if (role != v1::ROLE_OPERATOR) {
    CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  }
  key.set_owner(options.owner);
  key.set_member(options.member);
  for (const std::string& scope : options.scopes) key.add_scopes(scope);
  key.set_note(options.note);
  key.set_may_state_member(options.state_member);
  std::string until;
  if (options.expires) {  // an empty one is no day, and no key that opens for ever
    absl::TimeZone zone = absl::UTCTimeZone();
    absl::CivilDay today = absl::ToCivilDay(absl::Now(), zone);
    if (role != v1::ROLE_OPERATOR) {
      CLI_ASSIGN_OR_RETURN(const v1::Timebank bank, session.Timebank());
      CLI_ASSIGN_OR_RETURN(today, session.Today());
      // The server knows a zone that this machine does not: the day then ends as it does in UTC.
      if (!absl::LoadTimeZone(bank.settings().time_zone(), &zone)) zone = absl::UTCTimeZone();
    }
    CLI_ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDayToCome(*options.expires, today));
    key.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(absl::FromCivil(day + 1, zone)));
    until = FormatDay(day, today);
  }
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::CreateKeyResponse response, session.client().CreateKey(std::move(request)));
  if (session.AsJson()) return session.ShowJson(ToJson(response));
  if (response.secret().empty()) {
    session.Tell(Fill(T("This key was made before, $0, and cannot be told again. Where it is lost, revoke it "
                        "and make another."),
                      response.key().name()));
    return absl::OkStatus();
  }
  // The key and nothing else goes where it can be led into a file.
  session.console().out << response.secret() << '\n';
  session.Tell(Fill(T("The key of $0, $1. It is told this once: keep it where only its owner can read it."),
                    response.key().owner(), response.key().name()));
  if (!until.empty()) session.Tell(Fill(T("It opens up to and with $0, and nothing from then on."), until));
  return absl::OkStatus();
}

absl::StatusOr<std::string> ParentOf(Session& session, bool operators) {
  CLI_RETURN_IF_ERROR(session.Open());
  if (operators) return std::string();
  return session.Bank();
}

absl::Status List(Session& session, bool operators) {
  v1::ListKeysRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), ParentOf(session, operators));
  std::vector<v1::Key> keys;
  for (absl::StatusOr<v1::Key>& key : session.client().ListKeys(std::move(request))) {
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
  }
  return session.ShowList(KeyTable(keys), keys);
}

absl::Status Revoke(Session& session, const std::string& id, bool operators) {
  if (absl::StartsWith(id, "tbk_")) {
    return UsageError(
        T("That is a key itself, which belongs on no command line. Its id is the part behind tbk_."));
  }
  v1::RevokeKeyRequest request;
  CLI_ASSIGN_OR_RETURN(const std::string parent, ParentOf(session, operators));
  request.set_name(absl::StrContains(id, "/") ? id
                   : parent.empty()           ? absl::StrCat("keys/", id)
                                              : absl::StrCat(parent, "/keys/", id));
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::RevokeKeyResponse response, session.client().RevokeKey(std::move(request)));
  if (session.AsJson()) return session.ShowJson(ToJson(response));
  session.Tell(Fill(response.replayed() ? T("The key $0 of $1 was revoked before.")
                                        : T("The key $0 of $1 is revoked: it opens nothing any more."),
                    response.key().name(), response.key().owner()));
  return absl::OkStatus();
}

}  // namespace

void AddKeyCommands(Command root) {
  Command group = root.Sub("key", T("Make, list and revoke keys, by which a server knows its callers"))
                      .Under(T("Looking after"));
  auto create = std::make_shared<CreateOptions>();
  group
      .Sub("create", T("Make a key; it is shown once"),
           "  timebank key create --role broker --owner maria > maria.key\n"
           "  timebank key create --role member --owner ana --of-member ana\n"
           "  timebank key create --role partner --owner app --scope exchanges.record --scope exchanges.read")
      .Choice("--role", create->role, {"steward", "broker", "member", "partner", "reader", "operator"},
              T("What its owner may: steward (settings, keys), broker (everybody's hours), member (the own), "
                "partner "
                "(what the scopes say), reader (open accounts), operator (the server)"))
      .Option("--owner", create->owner, Later("NAME"),
              T("Whose it is, as the ledger notes who recorded: a-z, 0-9, - _ ."))
      .Option("--of-member", create->member, Later("ID"), T("The member that the owner is"))
      .Option("--scope", create->scopes, Later("SCOPE"),
              T("Of partners: exchanges.record, exchanges.read, totals.read, members.read, members.write, "
                "feed.read; "
                "may be given several times"))
      .Flag("--state-member", create->state_member, T("Of partners: may say which member is at its keyboard"))
      .Option("--note", create->note, Later("TEXT"), T("What it is for, or where it is kept"))
      .Option("--expires", create->expires, Later("DAY"),
              T("Good to the end of this day (31/12, in the bank's time zone; operators' keys: UTC); for "
                "ever when left out"))
      .Does([create](Session& session) { return Create(session, *create); });
  auto operators = std::make_shared<bool>(false);
  group
      .Sub("list", T("The bank's keys, revoked ones too"),
           "  timebank key list\n  timebank key list --operators")
      .Flag("--operators", *operators, T("The server's own keys instead"))
      .Does([operators](Session& session) { return List(session, *operators); });
  auto id = std::make_shared<std::string>();
  auto of_server = std::make_shared<bool>(false);
  group.Sub("revoke", T("End a key at once, for ever"), "  timebank key revoke 7h3k9q2m5xw8")
      .Argument(Later("id"), *id, T("Its id, as timebank key list shows it"))
      .Flag("--operators", *of_server, T("A key of the server's own"))
      .Does([id, of_server](Session& session) { return Revoke(session, *id, *of_server); });
}

}  // namespace timebank::cli
