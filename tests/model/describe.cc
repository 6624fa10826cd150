#include "tests/model/describe.h"

#include <optional>
#include <string_view>
#include <type_traits>
#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/ledger/reason.h"
#include "storage/types.h"

namespace timebank::model {
namespace {

using namespace ledger;  // NOLINT(google-build-using-namespace): names every act there is

// Collects `name=value` pairs; what is not filled in is left out.
class Writer {
 public:
  void Fact(std::string_view name, int64_t value) {
    if (value != 0) Append(facts_, name, std::to_string(value));
  }
  void Fact(std::string_view name, const std::optional<int64_t>& value) {
    if (value) Append(facts_, name, std::to_string(*value));
  }
  void Fact(std::string_view name, const std::optional<Day>& value) {
    if (value) Append(facts_, name, std::to_string(*value));
  }
  void Fact(std::string_view name, std::string_view value) {
    if (!value.empty()) Append(facts_, name, Quoted(value));
  }
  void Fact(std::string_view name, const HolderRef& value) {
    if (value.given()) Append(facts_, name, Named(value));
  }
  void Text(std::string_view name, std::string_view value) {
    if (!value.empty()) Append(texts_, name, Quoted(value));
  }

  void Put(const ExchangeSpec& exchange) {
    PutShares("giver", exchange.givers);
    PutShares("receiver", exchange.receivers);
    Fact("seconds", exchange.seconds);
    Fact("remainder", exchange.remainder);
    Fact("unnamed_givers", exchange.unnamed_givers);
    Fact("unnamed_receivers", exchange.unnamed_receivers);
    Fact("occurred_on", exchange.occurred_on);
    Fact("category", exchange.category);
    PutWords(exchange.note, exchange.tags, exchange.decision);
    Put(exchange.origin);
    Fact("acting_for", exchange.acting_for);
  }
  void PutWords(std::string_view note, const std::vector<std::string>& tags, std::string_view decision) {
    Text("note", note);
    for (const std::string& tag : tags) Text("tag", tag + ".");
    Text("decision", decision);
  }
  void Put(const std::optional<OriginSpec>& origin) {
    if (!origin) return;
    Fact("origin", origin->system + "/" + origin->number);
    Text("origin_recorded_by", origin->recorded_by);
    Fact("origin_time", origin->time_us);
  }
  void Put(const ExchangeMask& mask) {
    Fact("mask", mask.givers + 2 * mask.receivers + 4 * mask.seconds + 8 * mask.remainder +
                     16 * mask.unnamed_givers + 32 * mask.unnamed_receivers + 64 * mask.occurred_on +
                     128 * mask.category + 256 * mask.note + 512 * mask.tags + 1024 * mask.decision);
  }
  void PutList(std::string_view name, const std::vector<std::string>& values) {
    for (const std::string& value : values) Append(facts_, name, Quoted(value));
  }

  RequestBody Take() && { return {std::move(facts_), std::move(texts_)}; }

 private:
  static std::string Quoted(std::string_view text) {
    return absl::StrCat("'", absl::CEscape(absl::string_view(text.data(), text.size())), "'");
  }
  static std::string Named(const HolderRef& holder) {
    return absl::StrCat(static_cast<int>(holder.kind), "/", holder.id);
  }
  static void Append(std::string& out, std::string_view name, const std::string& value) {
    absl::StrAppend(&out, " ", absl::string_view(name.data(), name.size()), "=", value);
  }
  void PutShares(std::string_view name, const std::vector<ShareSpec>& shares) {
    for (const ShareSpec& share : shares) {
      Append(facts_, name,
             absl::StrCat(Named(share.holder), share.seconds ? absl::StrCat(":", *share.seconds) : ""));
    }
  }

  std::string facts_;
  std::string texts_;
};

struct PutAct {
  Writer& out;

  void operator()(const RecordExchange& act) const {
    out.Fact("act", "record");
    out.Put(act.exchange);
  }
  void operator()(const BatchRecordExchanges& act) const {
    out.Fact("act", "batch");
    out.Fact("all_or_nothing", int64_t{act.all_or_nothing});
    for (const BatchRecordExchanges::Item& item : act.items) {
      out.Fact("item", "of batch");
      out.Put(item.exchange);
    }
  }
  void operator()(const CorrectExchange& act) const {
    out.Fact("act", "correct");
    out.Fact("exchange", static_cast<int64_t>(act.exchange));
    out.Put(act.mask);
    out.Put(act.changes);
    out.Text("reason", act.reason);
    out.Fact("for", act.acting_for);
  }
  void operator()(const ReverseExchange& act) const { PutWord("reverse", act.exchange, act.reason, act); }
  void operator()(const ContestExchange& act) const { PutWord("contest", act.exchange, act.reason, act); }
  void operator()(const SettleExchange& act) const {
    out.Fact("act", "settle");
    out.Fact("exchange", static_cast<int64_t>(act.exchange));
    out.Fact("outcome", static_cast<int64_t>(act.outcome));
    out.Put(act.mask);
    out.Put(act.changes);
    out.Text("reason", act.reason);
    out.Fact("for", act.acting_for);
  }
  void operator()(const ConfirmExchange& act) const { PutWord("confirm", act.exchange, "", act); }
  void operator()(const EraseExchangeNote& act) const { PutWord("erase_note", act.exchange, "", act); }
  void operator()(const RecordGift& act) const {
    out.Fact("act", "gift");
    out.Fact("debited", act.debited);
    out.Fact("credited", act.credited);
    out.Fact("seconds", act.seconds);
    out.Fact("occurred_on", act.occurred_on);
    out.Fact("category", act.category);
    out.PutWords(act.note, act.tags, act.decision);
    out.Put(act.origin);
    out.Fact("for", act.acting_for);
  }
  void operator()(const RecordOpening& act) const {
    out.Fact("act", "opening");
    out.Fact("holder", act.holder);
    out.Fact("seconds", act.seconds);
    out.Fact("occurred_on", act.occurred_on);
    out.Text("note", act.note);
    out.Put(act.origin);
  }
  void operator()(const CreateMember& act) const {
    out.Fact("act", "create_member");
    out.Fact("id", act.id);
    out.Fact("details", act.details.ShortDebugString());
    out.Fact("joined_on", act.joined_on);
    out.Fact("no_starter", int64_t{act.no_starter});
  }
  void operator()(const UpdateMember& act) const {
    out.Fact("act", "update_member");
    out.Fact("id", act.id);
    out.Fact("details", act.details.ShortDebugString());
    out.PutList("mask", act.mask);
    out.Fact("etag", act.etag);
  }
  void operator()(const CloseMember& act) const {
    out.Fact("act", "close_member");
    out.Fact("id", act.id);
    out.Fact("destination", act.destination);
    out.Fact("closed_on", act.closed_on);
  }
  void operator()(const ReopenMember& act) const {
    out.Fact("act", "reopen_member");
    out.Fact("id", act.id);
  }
  void operator()(const MergeMember& act) const {
    out.Fact("act", "merge_member");
    out.Fact("id", act.id);
    out.Fact("into", act.into);
  }
  void operator()(const GrantActingFor& act) const {
    out.Fact("act", "grant_acting_for");
    out.Fact("id", act.id);
    out.Fact("agent", act.agent);
    if (act.seconds_per_month) out.Fact("seconds_per_month", *act.seconds_per_month);
    out.Fact("no_limit", int64_t{act.no_limit});
    out.Fact("until", act.until);
  }
  void operator()(const RevokeActingFor& act) const {
    out.Fact("act", "revoke_acting_for");
    out.Fact("id", act.id);
    out.Fact("agent", act.agent);
  }
  void operator()(const CreateCircle& act) const {
    out.Fact("act", "create_circle");
    out.Fact("id", act.id);
    out.Fact("display_name", act.display_name);
    out.PutList("member", act.members);
  }
  void operator()(const ChangeCircle& act) const {
    out.Fact("act", "change_circle");
    out.Fact("id", act.id);
    out.PutList("add", act.add);
    out.PutList("remove", act.remove);
  }
  void operator()(const CreateTimebank& act) const {
    out.Fact("act", "create_timebank");
    out.Fact("id", act.id);
    out.Fact("display_name", act.display_name);
    out.Fact("trial", int64_t{act.trial});
    out.Fact("settings", act.settings.ShortDebugString());
    out.PutList("category", act.categories);
  }
  void operator()(const DeleteTimebank& act) const {
    out.Fact("act", "delete_timebank");
    out.Fact("id", act.id);
  }
  void operator()(const UpdateSettings& act) const {
    out.Fact("act", "update_settings");
    out.Fact("settings", act.settings.ShortDebugString());
    out.PutList("category", act.categories);
    out.PutList("mask", act.mask);
    out.Fact("etag", act.etag);
  }

 private:
  template <typename Word>
  void PutWord(std::string_view name, Sequence exchange, std::string_view reason, const Word& act) const {
    out.Fact("act", name);
    out.Fact("exchange", static_cast<int64_t>(exchange));
    out.Text("reason", reason);
    out.Fact("for", act.acting_for);
  }
};

std::string_view NameOf(Role role) {
  switch (role) {
    case Role::kBroker:
      return "broker";
    case Role::kMember:
      return "member";
    case Role::kPartner:
      return "partner";
  }
  return "?";
}

}  // namespace

RequestBody DescribeBody(const Command& command) {
  Writer out;
  std::visit(PutAct{out}, command.act);
  return std::move(out).Take();
}

std::string Describe(const Command& command) {
  const RequestBody body = DescribeBody(command);
  std::string line = absl::StrCat("[", command.bank, "] ", std::string(NameOf(command.actor.role)), " ",
                                  command.actor.caller);
  if (!command.actor.member.empty()) absl::StrAppend(&line, " as ", command.actor.member);
  if (!command.request_id.empty()) absl::StrAppend(&line, " id=", absl::CEscape(command.request_id));
  absl::StrAppend(&line, " now=", command.stamp.now_us, " today=", command.stamp.today);
  if (command.validate_only) line += " validate_only";
  absl::StrAppend(&line, body.facts, body.texts);
  return line;
}

std::string Describe(const std::vector<Violation>& violations) {
  std::string line;
  for (const Violation& violation : violations) {
    absl::StrAppend(&line, line.empty() ? "" : ", ", violation.field, ": ", violation.reason);
  }
  return "{" + line + "}";
}

std::string Describe(const Refusal& refusal) {
  std::string line(ledger::NameOf(refusal.reason));
  if (refusal.account != 0) {
    absl::StrAppend(&line, " account=", static_cast<int>(storage::KindOf(refusal.account)), "/",
                    storage::NumberOf(refusal.account));
  }
  if (refusal.sequence != 0) absl::StrAppend(&line, " sequence=", refusal.sequence);
  for (const auto& [name, number] : refusal.numbers) absl::StrAppend(&line, " ", name, "=", number);
  if (!refusal.violations.empty()) absl::StrAppend(&line, " ", Describe(refusal.violations));
  if (!refusal.named.empty()) absl::StrAppend(&line, " named=", absl::CEscape(refusal.named));
  return line;
}

std::string Describe(const Outcome& outcome) {
  std::string line = outcome.refusal ? Describe(*outcome.refusal) : "OK";
  absl::StrAppend(&line, " bank=", outcome.bank);
  if (outcome.count != 0) absl::StrAppend(&line, " first=", outcome.first, " count=", outcome.count);
  if (outcome.replayed) line += " replayed";
  for (const Outcome::Item& item : outcome.items) {
    absl::StrAppend(&line, " [", item.sequence,
                    item.refusal ? absl::StrCat(" ", Describe(*item.refusal)) : "", "]");
  }
  if (outcome.preview) {
    absl::StrAppend(&line, " preview={", outcome.preview->entry.ShortDebugString(), "} texts={",
                    outcome.preview->texts.ShortDebugString(), "} category=", outcome.preview->category);
  }
  return line;
}

}  // namespace timebank::model
