#include "server/access/callers_file.h"

#include <toml++/toml.h>

#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/access/toml_file.h"
#include "server/access/who_may.h"
#include "server/ledger/validate.h"
#include "storage/status_macros.h"

namespace timebank::access {
namespace {

// One table of the file; notes the first thing that is wrong, and where.
class Reader {
 public:
  Reader(const std::string& path, const toml::table& table) : path_(path), table_(table) {}

  std::string Text(std::string_view key, bool required = true) {
    known_.insert(std::string(key));
    const toml::node* node = table_.get(key);
    if (node == nullptr) {
      if (required) Wrong(table_, key, "is missing");
      return "";
    }
    const auto text = node->value_exact<std::string>();
    if (!text || text->empty()) Wrong(*node, key, "must be a text in quotes");
    return text.value_or("");
  }

  bool Switch(std::string_view key) {
    known_.insert(std::string(key));
    const toml::node* node = table_.get(key);
    if (node == nullptr) return false;
    if (!node->is_boolean()) Wrong(*node, key, "must be true or false");
    return node->value_or(false);
  }

  std::vector<std::string> Texts(std::string_view key) {
    known_.insert(std::string(key));
    std::vector<std::string> texts;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return texts;
    const toml::array* array = node->as_array();
    if (array == nullptr) Wrong(*node, key, "must be a list of texts");
    for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
      const auto text = array->get(i)->value_exact<std::string>();
      if (!text) Wrong(*array->get(i), key, "must be a list of texts");
      texts.push_back(text.value_or(""));
    }
    return texts;
  }

  void Check(bool holds, std::string_view key, std::string_view why) {
    const toml::node* node = table_.get(key);
    if (!holds) Wrong(node != nullptr ? *node : table_, key, why);
  }

  // Role, bank and what comes with them.
  Identity WhoIsIt(bool with_member) {
    Identity identity;
    const std::string role = Text("role");
    Check(v1::Role_Parse("ROLE_" + absl::AsciiStrToUpper(role), &identity.role) &&
              absl::AsciiStrToLower(role) == role && identity.role != v1::ROLE_UNSPECIFIED,
          "role", "must be steward, broker, member, partner, reader or, of a certificate, operator");
    const bool server = identity.role == v1::ROLE_OPERATOR;
    identity.bank = Text("bank", !server);
    Check(server ? identity.bank.empty() : ledger::IsId(identity.bank), "bank",
          "must be a bank's id; of an operator none");
    if (with_member) {
      const bool required = identity.role == v1::ROLE_MEMBER;
      identity.member = Text("member", required);
      Check(identity.member.empty()
                ? !required
                : ledger::IsId(identity.member) && (required || identity.role == v1::ROLE_BROKER),
            "member", "must be a member's id, of a member or a broker");
    }
    identity.scopes = Texts("scopes");
    const bool partner = identity.role == v1::ROLE_PARTNER;
    Check(partner != identity.scopes.empty(), "scopes", "are a partner's, who needs one");
    for (const std::string& scope : identity.scopes) {
      Check(WhoMay::OfServices().scopes().contains(scope), "scopes", "has a scope that there is not");
    }
    identity.may_state_member = Switch("may_state_member");
    Check(partner || !identity.may_state_member, "may_state_member", "is for partners");
    return identity;
  }

  absl::Status Finish() {
    for (const auto& [key, node] : table_) {
      if (!known_.contains(std::string(key.str()))) Wrong(node, key.str(), "is not known");
    }
    return wrong_;
  }

 private:
  void Wrong(const toml::node& node, std::string_view key, std::string_view why) {
    if (!wrong_.ok()) return;
    wrong_ = absl::InvalidArgumentError(
        absl::StrCat(path_, ":", node.source().begin.line, ": ", std::string(key), " ", std::string(why)));
  }

  const std::string& path_;
  const toml::table& table_;
  std::set<std::string> known_;
  absl::Status wrong_;
};

absl::Status ReadCertificate(const std::string& path, const toml::table& table, Callers* callers) {
  Reader reader(path, table);
  const std::string name = reader.Text("san");
  Identity identity = reader.WhoIsIt(/*with_member=*/true);
  identity.owner = reader.Text("owner");
  reader.Check(ledger::IsSystem(identity.owner), "owner", "must be of a-z, 0-9, - _ .");
  const bool fresh =
      callers->certificates.emplace(name, std::make_shared<const Identity>(std::move(identity))).second;
  reader.Check(fresh, "san", "is listed twice");
  return reader.Finish();
}

absl::Status ReadProvider(const std::string& path, const toml::table& table, Callers* callers) {
  Reader reader(path, table);
  Provider provider;
  provider.name = reader.Text("name");
  // With 24 hexadecimal digits behind it, it still is the name of an owner.
  reader.Check(ledger::IsId(provider.name) && provider.name.size() <= 15, "name",
               "must be an id of at most 15 characters");
  provider.issuer = reader.Text("issuer");
  provider.audience = reader.Text("audience");
  provider.jwks = reader.Text("jwks");
  provider.member_claim = reader.Text("member_claim", /*required=*/false);
  if (provider.member_claim.empty()) provider.member_claim = "sub";
  provider.identity = reader.WhoIsIt(/*with_member=*/false);
  reader.Check(provider.identity.role != v1::ROLE_OPERATOR, "role", "must not be operator");
  for (const Provider& other : callers->providers) {
    reader.Check(other.name != provider.name, "name", "is listed twice");
    reader.Check(other.issuer != provider.issuer, "issuer", "is listed twice");
  }
  callers->providers.push_back(std::move(provider));
  return reader.Finish();
}

absl::Status ReadAll(const std::string& path, std::string_view kind, const toml::node& node,
                     Callers* callers) {
  const toml::array* tables = node.as_array();
  if ((kind != "certificate" && kind != "provider") || tables == nullptr || !tables->is_array_of_tables()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ":", node.source().begin.line,
                                                   ": only [[certificate]] and [[provider]] are known here"));
  }
  for (const toml::node& table : *tables) {
    TB_RETURN_IF_ERROR(kind == "certificate" ? ReadCertificate(path, *table.as_table(), callers)
                                             : ReadProvider(path, *table.as_table(), callers));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Callers> ReadCallers(const std::string& path) {
  const absl::StatusOr<toml::table> file = ReadToml(path);
  if (!file.ok()) return absl::InvalidArgumentError(file.status().message());
  Callers callers;
  for (const auto& [kind, node] : *file) TB_RETURN_IF_ERROR(ReadAll(path, kind.str(), node, &callers));
  return callers;
}

}  // namespace timebank::access
