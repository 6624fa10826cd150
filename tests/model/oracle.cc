#include "tests/model/oracle.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <type_traits>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/ledger/reason.h"
#include "server/ledger/validate.h"
#include "storage/keys.h"

namespace timebank::model {
namespace {

using namespace ledger;  // NOLINT(google-build-using-namespace): names every act there is
namespace sv1 = storage::v1;
using storage::KindOf;
using storage::MakeAccount;
using storage::NumberOf;

// timebank.v1.Exchange.State.
constexpr uint32_t kRecorded = 1;
constexpr uint32_t kConfirmed = 2;
constexpr uint32_t kContested = 3;
constexpr uint32_t kReversed = 4;
// timebank.v1.Member.State.
constexpr uint32_t kActive = 1;
constexpr uint32_t kClosed = 2;
constexpr uint32_t kMerged = 3;
// timebank.v1.Notice.Kind.
constexpr uint32_t kBelowWarning = 1;
constexpr uint32_t kAboveWarning = 2;
constexpr uint32_t kPossibleDuplicate = 3;
constexpr uint32_t kPotWithoutDecision = 4;
constexpr uint32_t kHolderClosedBackdated = 5;
// timebank.v1.Settings.WhoMayRecord.
constexpr uint32_t kReceiverMayRecord = 2;
constexpr uint32_t kGiverMayRecord = 3;
constexpr uint32_t kBrokersMayRecord = 4;

constexpr size_t kMostMergedAccounts = 16;

bool MovesHours(sv1::EntryKind kind) {
  return kind >= sv1::ENTRY_KIND_EXCHANGE && kind <= sv1::ENTRY_KIND_REVERSAL;
}

// Case is not significant in categories, nor how an accent is encoded.
std::string LowerCase(const std::string& text) {
  utf8proc_uint8_t* bytes = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
      &bytes, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_CASEFOLD | UTF8PROC_COMPOSE));
  if (size < 0) return text;
  std::string lower(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  std::free(bytes);
  return lower;
}

// What one movement adds to its account. A reversal takes back what its original gave.
storage::Sums Added(const sv1::Entry& entry, int64_t seconds) {
  storage::Sums added;
  if (entry.kind() == sv1::ENTRY_KIND_REVERSAL) {
    if (seconds > 0) added.seconds_out = -seconds;
    if (seconds < 0) added.seconds_in = seconds;
    if (entry.reversed_kind() == sv1::ENTRY_KIND_EXCHANGE) added.exchange_count = -1;
  } else {
    if (seconds > 0) added.seconds_in = seconds;
    if (seconds < 0) added.seconds_out = -seconds;
    if (entry.kind() == sv1::ENTRY_KIND_EXCHANGE) added.exchange_count = 1;
  }
  return added;
}

// Sums of an account may reach this, either way. Wide enough that no sum of two 64-bit numbers is lost.
__extension__ using Wide = __int128;
bool Fits(Wide number) {
  constexpr Wide kMost = Wide{1} << 58;
  return number <= kMost && number >= -kMost;
}

// ---------------------------------------------------------------------------------------------------------
// Validation of a command alone
// ---------------------------------------------------------------------------------------------------------

class Checker {
 public:
  explicit Checker(const Stamp& stamp) : stamp_(stamp) {}

  std::vector<Violation> Take() && { return std::move(found_); }
  void Find(std::string field, std::string_view reason) {
    found_.push_back({std::move(field), std::string(reason)});
  }

  void RequestId(const std::string& id) {
    if (id.size() > 128) {
      Find("request_id", violation::kTooLong);
    } else if (std::any_of(id.begin(), id.end(), [](char c) { return c < '!' || c > '~'; })) {
      Find("request_id", violation::kMalformed);
    }
  }
  void Name(const std::string& field, const HolderRef& holder, bool required) {
    if (!holder.given()) {
      if (required) Find(field, violation::kRequired);
    } else {
      Id(field, holder.id);
    }
  }
  void ActingFor(const std::string& field, const HolderRef& holder) {
    if (!holder.given()) return;
    if (holder.kind != HolderKind::kMember) {
      Find(field, violation::kNotAMember);
    } else {
      Id(field, holder.id);
    }
  }
  void Id(const std::string& field, const std::string& id) {
    auto inner = [](char c) { return c == '-' || c == '_' || c == '.'; };
    auto outer = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    bool good = !id.empty() && id.size() <= 63 && outer(id.front()) && outer(id.back());
    for (char c : id) good = good && (inner(c) || outer(c));
    if (!good) Find(field, violation::kMalformed);
  }
  void OnDay(const std::string& field, const std::optional<Day>& day) {
    if (!day) return;
    if (*day > stamp_.today) Find(field, violation::kDayInFuture);
    if (*day < -25567) Find(field, violation::kDayTooEarly);
  }
  void Text(const std::string& field, const std::string& text, size_t most_bytes, size_t most_characters) {
    size_t characters = 0;
    if (!CountUtf8(text, &characters)) {
      Find(field, violation::kNotUtf8);
    } else if (text.size() > most_bytes || characters > most_characters) {
      Find(field, violation::kTooLong);
    }
  }
  void Bytes(const std::string& field, const std::string& text, size_t most) {
    Text(field, text, most, std::string::npos);
  }
  void Characters(const std::string& field, const std::string& text, size_t most) {
    Text(field, text, std::string::npos, most);
  }
  // One of a list: as Characters, and there must be something.
  void Word(const std::string& field, const std::string& text, size_t most) {
    if (text.empty()) {
      Find(field, violation::kRequired);
    } else {
      Characters(field, text, most);
    }
  }
  void Tags(const std::string& field, const std::vector<std::string>& tags) {
    if (tags.size() > 10) return Find(field, violation::kTooMany);
    for (size_t i = 0; i < tags.size(); ++i) Word(absl::StrCat(field, "[", i, "]"), tags[i], 40);
  }
  void Origin(const std::string& field, const std::optional<OriginSpec>& origin) {
    if (!origin) return;
    System(field + ".system", origin->system);
    Word(field + ".number", origin->number, 200);
    Characters(field + ".recorded_by", origin->recorded_by, 200);
  }
  void System(const std::string& field, const std::string& system) {
    if (system.empty()) return Find(field, violation::kRequired);
    bool good = system.size() <= 40;
    for (char c : system) {
      good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-');
    }
    if (!good) Find(field, violation::kMalformed);
  }
  void OwnSeconds(const std::string& field, int64_t seconds) {
    if (seconds <= 0) {
      Find(field, violation::kMustBePositive);
    } else if (seconds > 1'000'000'000'000) {
      Find(field, violation::kOutOfRange);
    }
  }

  // `needed`: this side must name somebody.
  void Shares(const std::string& field, const std::vector<ShareSpec>& shares, size_t* count,
              std::vector<HolderRef>* seen) {
    for (size_t i = 0; i < shares.size(); ++i) {
      if (++*count > 256) return Find(field, violation::kTooMany);
      const std::string path = absl::StrCat(field, "[", i, "]");
      Name(path + ".holder", shares[i].holder, true);
      if (shares[i].holder.given()) {
        if (std::find(seen->begin(), seen->end(), shares[i].holder) != seen->end()) {
          Find(path + ".holder", violation::kSameHolder);
        }
        seen->push_back(shares[i].holder);
      }
      if (shares[i].seconds) OwnSeconds(path + ".seconds", *shares[i].seconds);
    }
  }
  void Unnamed(const std::string& field, int32_t people) {
    if (people < 0 || people > 10'000) Find(field, violation::kOutOfRange);
  }

  // The fields of `exchange` that `mask` names; a whole exchange must also make sense as a whole.
  void Exchange(const std::string& path, const ExchangeSpec& exchange, const ExchangeMask& mask, bool whole) {
    size_t count = 0;  // of both sides
    std::vector<HolderRef> seen;
    if (mask.givers) {
      Shares(path + "givers", exchange.givers, &count, &seen);
    }
    if (mask.receivers) {
      Shares(path + "receivers", exchange.receivers, &count, &seen);
    }
    const bool nobody_named = exchange.givers.empty() && exchange.receivers.empty();
    if (whole && (nobody_named || (exchange.givers.empty() && exchange.unnamed_givers <= 0))) {
      Find(path + "givers", violation::kRequired);
    }
    if (whole && exchange.receivers.empty() && exchange.unnamed_receivers <= 0) {
      Find(path + "receivers", violation::kRequired);
    }

    if (mask.seconds) {
      if (exchange.seconds < 0 || (exchange.seconds == 0 && !whole)) {
        Find(path + "seconds", violation::kMustBePositive);
      } else if (exchange.seconds > 1'000'000'000'000) {
        Find(path + "seconds", violation::kOutOfRange);
      } else if (exchange.seconds == 0 && whole && SomebodyNeedsSeconds(exchange)) {
        Find(path + "seconds", violation::kMustBePositive);
      }
    }
    if (mask.remainder) Name(path + "remainder.holder", exchange.remainder, false);
    if (mask.unnamed_givers) Unnamed(path + "unnamed_givers", exchange.unnamed_givers);
    if (mask.unnamed_receivers) Unnamed(path + "unnamed_receivers", exchange.unnamed_receivers);
    if (mask.occurred_on) OnDay(path + "occurred_on", exchange.occurred_on);
    if (mask.category) Characters(path + "category", exchange.category, 64);
    if (mask.note) Bytes(path + "note", exchange.note, 2000);
    if (mask.tags) Tags(path + "tags", exchange.tags);
    if (whole) Origin(path + "origin", exchange.origin);
    if (mask.decision) Characters(path + "decision", exchange.decision, 200);
    if (whole) ActingFor(path + "acting_for", exchange.acting_for);
  }

  static bool SomebodyNeedsSeconds(const ExchangeSpec& exchange) {
    for (const ShareSpec& share : exchange.givers) {
      if (!share.seconds) return true;
    }
    // A lone receiver is debited what the givers gave together.
    if (exchange.receivers.size() == 1 && !exchange.givers.empty()) return false;
    for (const ShareSpec& share : exchange.receivers) {
      if (!share.seconds) return true;
    }
    return false;
  }

 private:
  // false: not UTF-8 (overlong forms, surrogates and numbers beyond 0x10FFFF included).
  static bool CountUtf8(const std::string& text, size_t* characters) {
    for (size_t i = 0; i < text.size(); ++*characters) {
      const auto lead = static_cast<unsigned char>(text[i]);
      const size_t length = lead < 0x80   ? 1
                            : lead < 0xC0 ? 0
                            : lead < 0xE0 ? 2
                            : lead < 0xF0 ? 3
                            : lead < 0xF8 ? 4
                                          : 0;
      if (length == 0 || i + length > text.size()) return false;
      uint32_t point = length == 1 ? lead : lead & (0x7F >> length);
      for (size_t k = 1; k < length; ++k) {
        const auto next = static_cast<unsigned char>(text[i + k]);
        if ((next & 0xC0) != 0x80) return false;
        point = point << 6 | (next & 0x3F);
      }
      static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
      if (point < kLeast[length] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
      i += length;
    }
    return true;
  }

  const Stamp& stamp_;
  std::vector<Violation> found_;
};

constexpr ExchangeMask kEveryField = {.givers = true,
                                      .receivers = true,
                                      .seconds = true,
                                      .remainder = true,
                                      .unnamed_givers = true,
                                      .unnamed_receivers = true,
                                      .occurred_on = true,
                                      .category = true,
                                      .note = true,
                                      .tags = true,
                                      .decision = true};

struct CheckAct {
  Checker& check;

  void operator()(const RecordExchange& act) const {
    check.Exchange("exchange.", act.exchange, kEveryField, true);
  }
  void operator()(const BatchRecordExchanges& act) const {
    if (act.items.empty()) check.Find("exchanges", violation::kRequired);
  }
  void operator()(const CorrectExchange& act) const {
    check.Exchange("exchange.", act.changes, act.mask, false);
    if (!act.mask.any()) check.Find("exchange", violation::kRequired);
    Reason(act.reason, false);
    check.ActingFor("acting_for", act.acting_for);
  }
  void operator()(const ReverseExchange& act) const {
    Reason(act.reason, false);
    check.ActingFor("acting_for", act.acting_for);
  }
  void operator()(const ContestExchange& act) const {
    Reason(act.reason, true);
    check.ActingFor("acting_for", act.acting_for);
  }
  void operator()(const SettleExchange& act) const {
    if (act.mask.any()) check.Exchange("exchange.", act.changes, act.mask, false);
    if (act.mask.any() && act.outcome != SettleOutcome::kCorrected)
      check.Find("exchange", violation::kNoEffect);
    Reason(act.reason, false);
    check.ActingFor("acting_for", act.acting_for);
  }
  void operator()(const ConfirmExchange& act) const { check.ActingFor("acting_for", act.acting_for); }
  void operator()(const EraseExchangeNote& act) const { check.ActingFor("acting_for", act.acting_for); }
  void operator()(const RecordGift& act) const {
    check.Name("debited", act.debited, true);
    check.Name("credited", act.credited, true);
    if (act.debited.given() && act.debited == act.credited) check.Find("credited", violation::kSameHolder);
    check.OwnSeconds("seconds", act.seconds);
    check.OnDay("occurred_on", act.occurred_on);
    check.Characters("category", act.category, 64);
    check.Bytes("note", act.note, 2000);
    check.Tags("tags", act.tags);
    check.Characters("decision", act.decision, 200);
    check.Origin("origin", act.origin);
    check.ActingFor("acting_for", act.acting_for);
  }
  void operator()(const RecordOpening& act) const {
    check.Name("holder", act.holder, true);
    if (act.holder == HolderRef{HolderKind::kPot, "opening"}) check.Find("holder", violation::kSameHolder);
    if (act.seconds == 0) {
      check.Find("seconds", violation::kRequired);
    } else if (act.seconds > 1'000'000'000'000 || act.seconds < -1'000'000'000'000) {
      check.Find("seconds", violation::kOutOfRange);
    }
    check.OnDay("occurred_on", act.occurred_on);
    check.Bytes("note", act.note, 2000);
    check.Origin("origin", act.origin);
  }
  void operator()(const CreateMember& act) const {
    if (!act.id.empty()) check.Id("member_id", act.id);
    Details(act.details);
    check.OnDay("member.joined_on", act.joined_on);
  }
  void operator()(const UpdateMember& act) const {
    check.Id("member.name", act.id);
    Details(act.details);
    if (act.mask.empty()) check.Find("update_mask", violation::kRequired);
  }
  void operator()(const CloseMember& act) const {
    check.Id("name", act.id);
    check.Name("destination", act.destination, false);
    if (act.destination == HolderRef{HolderKind::kMember, act.id})
      check.Find("destination", violation::kSameHolder);
    check.OnDay("closed_on", act.closed_on);
  }
  void operator()(const ReopenMember& act) const { check.Id("name", act.id); }
  void operator()(const MergeMember& act) const {
    check.Id("name", act.id);
    check.Id("into", act.into);
    if (act.id == act.into) check.Find("into", violation::kSameHolder);
  }
  void operator()(const GrantActingFor& act) const {
    Agent(act.id, act.agent);
    if (act.seconds_per_month) {
      if (act.no_limit) check.Find("seconds_per_month", violation::kMalformed);
      if (*act.seconds_per_month < 0 || *act.seconds_per_month > 1'000'000'000'000) {
        check.Find("seconds_per_month", violation::kOutOfRange);
      }
    } else if (!act.no_limit) {
      check.Find("seconds_per_month", violation::kRequired);
    }
  }
  void operator()(const RevokeActingFor& act) const { Agent(act.id, act.agent); }
  void operator()(const CreateCircle& act) const {
    if (!act.id.empty()) check.Id("circle_id", act.id);
    check.Characters("circle.display_name", act.display_name, 200);
    if (act.members.size() > 256) check.Find("circle.members", violation::kTooMany);
    for (size_t i = 0; i < act.members.size(); ++i) {
      check.Id(absl::StrCat("circle.members[", i, "]"), act.members[i]);
    }
  }
  void operator()(const ChangeCircle& act) const {
    check.Id("name", act.id);
    const size_t people = act.add.size() + act.remove.size();
    if (people == 0) check.Find("members", violation::kRequired);
    if (people > 256) check.Find("members", violation::kTooMany);
    for (const auto* list : {&act.add, &act.remove}) {
      for (size_t i = 0; i < list->size(); ++i) check.Id(absl::StrCat("members[", i, "]"), (*list)[i]);
    }
  }
  void operator()(const DeleteTimebank& act) const { check.Id("name", act.id); }
  void operator()(const CreateTimebank& act) const {
    check.Id("timebank_id", act.id);
    check.Characters("timebank.display_name", act.display_name, 200);
    Settings("timebank.settings.", act.settings, act.categories);
  }
  void operator()(const UpdateSettings& act) const {
    Settings("settings.", act.settings, act.categories);
    if (act.mask.empty()) check.Find("update_mask", violation::kRequired);
  }

 private:
  void Agent(const std::string& id, const HolderRef& agent) const {
    check.Id("name", id);
    if (agent.given() && agent.kind != HolderKind::kMember) {
      check.Find("agent", violation::kNotAMember);
      return;
    }
    check.Name("agent", agent, true);
    if (agent.given() && agent.id == id) check.Find("agent", violation::kSameHolder);
  }
  void Reason(const std::string& reason, bool required) const {
    if (required && reason.empty()) check.Find("reason", violation::kRequired);
    check.Bytes("reason", reason, 1000);
  }
  void Details(const sv1::MemberRow& details) const {
    check.Characters("member.display_name", details.display_name(), 200);
    if (details.external_ids_size() > 20) check.Find("member.external_ids", violation::kTooMany);
    for (int i = 0; i < details.external_ids_size(); ++i) {
      const std::string path = absl::StrCat("member.external_ids[", i, "]");
      check.System(path + ".system", details.external_ids(i).system());
      check.Word(path + ".number", details.external_ids(i).number(), 200);
    }
    if (details.phones_size() > 10) check.Find("member.phones", violation::kTooMany);
    for (int i = 0; i < details.phones_size(); ++i) {
      check.Word(absl::StrCat("member.phones[", i, "]"), details.phones(i), 40);
    }
    if (details.emails_size() > 10) check.Find("member.emails", violation::kTooMany);
    for (int i = 0; i < details.emails_size(); ++i) {
      check.Word(absl::StrCat("member.emails[", i, "]"), details.emails(i), 254);
    }
    check.Characters("member.language", details.language(), 35);
    check.Bytes("member.note", details.note(), 2000);
  }
  void Settings(const std::string& path, const sv1::SettingsRow& settings,
                const std::vector<std::string>& categories) const {
    check.Characters(path + "locale", settings.locale(), 35);
    if (categories.size() > 500) check.Find(path + "categories", violation::kTooMany);
    for (size_t i = 0; i < categories.size(); ++i) {
      check.Word(absl::StrCat(path, "categories[", i, "]"), categories[i], 64);
    }
    if (settings.starter_seconds() < 0 || settings.starter_seconds() > 360'000) {
      check.Find(path + "starter_seconds", violation::kOutOfRange);
    }
    if (settings.smallest_count_shown() > 100) {
      check.Find(path + "smallest_count_shown", violation::kOutOfRange);
    }
  }
};

// ---------------------------------------------------------------------------------------------------------
// One command being carried out in one bank
// ---------------------------------------------------------------------------------------------------------

// An exchange whose holders are known.
struct Part {
  AccountNumber account = 0;
  std::optional<int64_t> seconds;
  std::string field;  // as the request names it
};
struct Plan {
  std::vector<Part> givers;
  std::vector<Part> receivers;
  AccountNumber remainder = 0;
  int64_t seconds = 0;
  uint32_t unnamed_givers = 0;
  uint32_t unnamed_receivers = 0;
  Day occurred_on = 0;
  std::string category;
  sv1::Texts texts;
};

// How an entry is posted.
struct Posting {
  bool limited = false;        // warning and blocking limits bind it
  bool closed_matters = true;  // a closed holder is in its way
  bool pots_matter = true;     // spending from a pot without a decision is told
  bool check_duplicates = false;
};

class Clerk {
 public:
  Clerk(const Command& command, Bank& bank) : command_(command), bank_(bank) {}

  Outcome Run() {
    Outcome outcome;
    outcome.bank = bank_.number;
    const auto request = std::make_pair(command_.actor.RequestOwner(), command_.request_id);
    // Looking ahead asks for nothing, so there is nothing to repeat.
    if (!command_.request_id.empty() && !command_.validate_only) {
      if (auto known = bank_.requests.find(request);
          known != bank_.requests.end() &&
          command_.stamp.now_us - known->second.time_us <= kRequestMemoryUs) {
        return Again(known->second);
      }
    }
    const Sequence before = bank_.last_sequence();
    // Whoever creates a bank cannot be one of its members yet.
    if (!std::holds_alternative<CreateTimebank>(command_.act)) outcome.refusal = FindActor();
    if (!outcome.refusal) {
      outcome.refusal = std::visit([&](const auto& act) { return Do(act, &outcome); }, command_.act);
    }
    // Items of batches have been counted one by one.
    if (!outcome.refusal && !std::holds_alternative<BatchRecordExchanges>(command_.act)) {
      outcome.refusal = CountDebits(before);
    }
    if (command_.validate_only) {
      if (!outcome.refusal) Preview(before, &outcome);
      RollBack(0);
      return outcome;
    }
    if (outcome.refusal) {
      RollBack(0);
      outcome.items.clear();
      if (command_.request_id.empty() || !IsFrozen(outcome.refusal->reason)) return outcome;
      AppendRefusal(*outcome.refusal);
    }
    if (bank_.last_sequence() > before) {
      outcome.first = before + 1;
      outcome.count = static_cast<uint32_t>(bank_.last_sequence() - before);
    }
    if (!command_.request_id.empty()) {
      bank_.requests[request] = {DescribeBody(command_), false, command_.stamp.now_us, outcome};
      for (Sequence sequence = before + 1; sequence <= bank_.last_sequence(); ++sequence) {
        if (auto words = bank_.words.find(sequence); words != bank_.words.end())
          words->second.request = request;
      }
    }
    return outcome;
  }

 private:
  // --- undoing: what a refused act had changed goes back

  void RollBack(size_t to) {
    while (undo_.size() > to) {
      undo_.back()();
      undo_.pop_back();
    }
  }
  // Before `place` is changed.
  template <typename T>
  void Keep(T& place) {
    undo_.push_back([&place, value = place] { place = value; });
  }
  // Before `map[key]` is changed or made.
  template <typename Map>
  void Keep(Map& map, const typename Map::key_type& key) {
    auto found = map.find(key);
    if (found == map.end()) {
      undo_.push_back([&map, key] { map.erase(key); });
    } else {
      undo_.push_back([&map, key, value = found->second] { map[key] = value; });
    }
  }
  template <typename T>
  void Add(std::vector<T>& list, T value) {
    list.push_back(std::move(value));
    undo_.push_back([&list] { list.pop_back(); });
  }

  // --- repeats

  Outcome Again(const Remembered& known) const {
    const RequestBody body = DescribeBody(command_);
    Outcome outcome;
    outcome.bank = bank_.number;
    if (body.facts != known.body.facts || (!known.texts_erased && body.texts != known.body.texts)) {
      outcome.refusal = About(Reason::kRequestIdReused, known.outcome.first);
      return outcome;
    }
    outcome = known.outcome;
    outcome.replayed = true;
    return outcome;
  }

  void Preview(Sequence before, Outcome* outcome) const {
    if (bank_.last_sequence() == before) return;
    ledger::Preview preview;
    preview.entry = bank_.entry(before + 1);
    if (auto words = bank_.words.find(before + 1); words != bank_.words.end())
      preview.texts = words->second.texts;
    if (preview.entry.category() != 0) preview.category = bank_.categories[preview.entry.category() - 1];
    outcome->preview = std::make_shared<ledger::Preview>(std::move(preview));
    outcome->items.clear();
  }

  // --- who

  // HOLDER_NOT_FOUND, naming it.
  static Verdict Unknown(const std::string& named) {
    Refusal refusal = Refuse(Reason::kHolderNotFound);
    refusal.named = named;
    return refusal;
  }
  Verdict FindMember(const std::string& id, AccountNumber* account) const {
    *account = bank_.MemberNamed(id);
    if (*account == 0) return Unknown("members/" + id);
    return std::nullopt;
  }
  Verdict FindSurvivor(const std::string& id, AccountNumber* account) const {
    if (Verdict no = FindMember(id, account)) return no;
    *account = bank_.Survivor(*account);
    return std::nullopt;
  }
  Verdict FindHolder(const HolderRef& holder, AccountNumber* account) const {
    *account = 0;
    std::string_view kind;
    switch (holder.kind) {
      case HolderKind::kNone:
        return std::nullopt;
      case HolderKind::kMember:
        return FindSurvivor(holder.id, account);
      case HolderKind::kCircle:
        kind = "circles/";
        *account = bank_.CircleNamed(holder.id);
        break;
      case HolderKind::kPot:
        kind = "pots/";
        if (holder.id == "community") *account = storage::kCommunityPot;
        if (holder.id == "opening") *account = storage::kOpeningPot;
        break;
    }
    if (*account == 0) return Unknown(std::string(kind) + holder.id);
    return std::nullopt;
  }
  Verdict FindActor() {
    if (command_.actor.member.empty()) return std::nullopt;
    return FindSurvivor(command_.actor.member, &actor_);
  }
  bool IsBroker() const { return command_.actor.role == Role::kBroker; }
  // Whose part the caller plays: that of the member named in acting_for, else its own.
  AccountNumber Voice() const { return acting_for_ != 0 ? acting_for_ : actor_; }
  // Somebody else's name is a broker's to use, and theirs whom that somebody lets.
  Verdict CheckActingFor() {
    if (acting_for_ == 0 || IsBroker()) return std::nullopt;
    auto found = bank_.grants.find({acting_for_, actor_});
    if (found == bank_.grants.end()) return Refuse(Reason::kRoleRequired);
    if (found->second.until && *found->second.until < RecordDay()) {
      return Refuse(Reason::kRoleRequired);
    }
    grant_ = found->second.entry;
    return std::nullopt;
  }

  // --- what agents debit

  int64_t CreditOf(const sv1::Entry& entry, AccountNumber member) const {
    int64_t credit = 0;
    for (const sv1::EntryMovement& movement : entry.movements()) {
      if (bank_.Survivor(movement.account()) == member) credit += movement.seconds();
    }
    return credit;
  }
  // Today, or the latest day on which anything was recorded: what a grant had used up it does not get back.
  Day RecordDay() const {
    const auto& days = bank_.first_of_day;
    return days.empty() ? command_.stamp.today : std::max(command_.stamp.today, days.rbegin()->first);
  }
  uint32_t Month() const {
    const storage::CivilDay civil = storage::ToCivil(RecordDay());
    return static_cast<uint32_t>(civil.year * 100 + civil.month);
  }
  // What the entries behind `before`, all of one act, have debited by grants. What is undone counts no more.
  Verdict CountDebits(Sequence before) {
    std::map<std::pair<AccountNumber, AccountNumber>, int64_t> debits;
    const auto me = std::make_pair(acting_for_, actor_);
    int64_t taken = 0;  // of what others had credited the member
    for (Sequence sequence = before + 1; sequence <= bank_.last_sequence(); ++sequence) {
      const sv1::Entry& entry = bank_.entry(sequence);
      if (!MovesHours(entry.kind())) continue;
      if (entry.kind() == sv1::ENTRY_KIND_REVERSAL) {
        const sv1::Entry& undone = bank_.entry(entry.reverses());
        const auto whose =
            std::make_pair(bank_.Survivor(undone.acting_for()), bank_.Survivor(undone.recorder()));
        const bool by_grant = undone.under_grant() != 0;
        // What was debited in another month, or by another grant, gives no room in this one.
        auto by = bank_.grants.find(whose);
        const bool counted = by_grant && by != bank_.grants.end() && by->second.month == Month() &&
                             by->second.counted_from <= undone.sequence();
        if (counted && CreditOf(undone, whose.first) < 0) debits[whose] += CreditOf(undone, whose.first);
        const bool own_mistake = by_grant && whose == me && undone.corrects() == 0 && undone.restores() == 0;
        if (grant_ != 0 && !own_mistake && CreditOf(undone, acting_for_) > 0) {
          taken = CreditOf(undone, acting_for_);
          debits[me] += taken;
        }
      } else if (grant_ != 0) {
        const int64_t credit = CreditOf(entry, acting_for_);
        debits[me] -= credit < 0 ? credit : std::min(credit, taken);
      }
    }
    for (const auto& [whose, seconds] : debits) {
      auto found = bank_.grants.find(whose);
      if (found == bank_.grants.end() || seconds == 0) continue;
      Keep(found->second);
      Grant& grant = found->second;
      if (grant.month != Month()) {
        grant.used = 0;
        grant.counted_from = before + 1;
      }
      grant.month = Month();
      if (seconds > 0 && grant.seconds_per_month && grant.used + seconds > *grant.seconds_per_month) {
        Refusal refusal = OnAccount(Reason::kActingForLimit, whose.first);
        refusal.numbers = {{"limit", *grant.seconds_per_month},
                           {"used", grant.used},
                           {"requested", seconds},
                           {"month", grant.month}};
        return refusal;
      }
      grant.used = std::max<int64_t>(0, grant.used + seconds);
    }
    return std::nullopt;
  }

  // --- entries

  sv1::Entry NewEntry(sv1::EntryKind kind) {
    sv1::Entry entry;
    entry.set_bank(bank_.number);
    entry.set_sequence(bank_.last_sequence() + 1);
    entry.set_record_time_us(std::max(command_.stamp.now_us, bank_.last_record_time_us));
    entry.set_kind(kind);
    entry.set_recorder(actor_);
    entry.set_key(NumberIn(bank_.keys, command_.actor.caller));
    entry.set_acting_for(acting_for_);
    entry.set_under_grant(grant_);
    entry.set_occurred_on(command_.stamp.today);
    return entry;
  }
  uint32_t NumberIn(std::vector<std::string>& names, const std::string& name) {
    auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<uint32_t>(found - names.begin()) + 1;
    Add(names, name);
    return static_cast<uint32_t>(names.size());
  }
  // A category that is used for the first time is listed from then on.
  uint32_t CategoryNumber(const std::string& category) {
    if (category.empty()) return 0;
    for (size_t i = 0; i < bank_.categories.size(); ++i) {
      if (LowerCase(bank_.categories[i]) == LowerCase(category)) return static_cast<uint32_t>(i) + 1;
    }
    Add(bank_.categories, category);
    const auto number = static_cast<uint32_t>(bank_.categories.size());
    Keep(bank_.row);
    bank_.row.mutable_settings()->add_categories(number);
    bank_.row.set_folded_categories(number);
    return number;
  }

  void Append(const sv1::Entry& entry) {
    Keep(bank_.last_record_time_us);
    bank_.last_record_time_us = entry.record_time_us();
    if (bank_.first_of_day.empty() || bank_.first_of_day.rbegin()->first < command_.stamp.today) {
      Keep(bank_.first_of_day, command_.stamp.today);
      bank_.first_of_day[command_.stamp.today] = entry.sequence();
    }
    for (const sv1::EntryMovement& movement : entry.movements()) {
      Account& account = bank_.accounts[movement.account()];
      Keep(account.sums);
      Keep(account.last_exchange_on);
      account.sums += Added(entry, movement.seconds());
      Add(account.moved_by, entry.sequence());
      if (entry.kind() == sv1::ENTRY_KIND_EXCHANGE) {
        account.last_exchange_on = std::max(account.last_exchange_on, entry.occurred_on());
      }
    }
    Add(bank_.entries, entry);
  }
  void SetTexts(Sequence sequence, const sv1::Texts& texts) {
    if (texts.ByteSizeLong() == 0) return;
    Keep(bank_.words, sequence);
    bank_.words[sequence].texts = texts;
  }
  void SetMark(const sv1::MarkRow& mark, Sequence sequence) {
    Keep(bank_.marks, sequence);
    bank_.marks[sequence] = mark;
  }
  // Hours of an entry are contested, or no longer.
  void AddContested(Sequence sequence, int sign) {
    for (const sv1::EntryMovement& movement : bank_.entry(sequence).movements()) {
      Account& account = bank_.accounts[bank_.Survivor(movement.account())];
      Keep(account.contested);
      account.contested += sign * movement.seconds();
    }
  }
  void AppendRefusal(const Refusal& refusal) {
    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_REFUSAL);
    entry.clear_acting_for();
    entry.clear_under_grant();
    sv1::EntryRefusal* facts = entry.mutable_refusal();
    facts->set_reason(std::string(NameOf(refusal.reason)));
    facts->set_account(refusal.account);
    facts->set_sequence(refusal.sequence);
    for (const auto& [name, value] : refusal.numbers) {
      auto* number = facts->add_numbers();
      number->set_key(name);
      number->set_value(value);
    }
    Append(entry);
  }

  // --- posting

  const storage::Sums& SumsOf(AccountNumber account) const {
    static const storage::Sums kNothing;
    auto found = bank_.accounts.find(account);
    return found == bank_.accounts.end() ? kNothing : found->second.sums;
  }

  // Refuses what `entry` (its movements filled in but for the balances) may not do, fills in balances and
  // notices, and appends it.
  Verdict Post(sv1::Entry entry, const sv1::Texts& texts, const Posting& how) {
    std::vector<AccountNumber> closed;
    if (how.closed_matters) {
      if (Verdict no = FindClosed(entry, &closed)) return no;
    }
    if (Verdict no = FillInBalances(&entry)) return no;
    if (how.limited) {
      if (Verdict no = CheckBlockingLimits(entry)) return no;
    }
    for (AccountNumber account : closed) AddNotice(entry, kHolderClosedBackdated)->set_account(account);
    if (how.limited) AddWarnings(entry);
    if (how.pots_matter && texts.decision().empty() && !entry.imported()) AddPotNotices(entry);
    if (how.check_duplicates) {
      const Sequence other = FindDuplicate(entry);
      if (other != 0) AddNotice(entry, kPossibleDuplicate)->set_sequence(other);
    }
    Append(entry);
    SetTexts(entry.sequence(), texts);
    return std::nullopt;
  }

  // Help dated up to the day of closing can still be recorded, by a broker.
  Verdict FindClosed(const sv1::Entry& entry, std::vector<AccountNumber>* closed) const {
    for (const sv1::EntryMovement& movement : entry.movements()) {
      if (!IsClosedMember(movement.account())) continue;
      if (!IsBroker() || entry.occurred_on() > bank_.member(movement.account()).closed_on()) {
        return OnAccount(Reason::kHolderClosed, movement.account());
      }
      closed->push_back(movement.account());
    }
    return std::nullopt;
  }

  Verdict FillInBalances(sv1::Entry* entry) const {
    for (sv1::EntryMovement& movement : *entry->mutable_movements()) {
      const storage::Sums& sums = SumsOf(movement.account());
      const storage::Sums added = Added(*entry, movement.seconds());
      if (!Fits(Wide{sums.seconds_in} + added.seconds_in) ||
          !Fits(Wide{sums.seconds_out} + added.seconds_out) ||
          !Fits(Wide{sums.balance()} + movement.seconds())) {
        return OnAccount(Reason::kAmountOverflow, movement.account());
      }
      movement.set_balance_after(sums.balance() + movement.seconds());
    }
    return std::nullopt;
  }

  // A limit binds members and circles, and only who moves away from it.
  Verdict CheckBlockingLimits(const sv1::Entry& entry) const {
    const sv1::SettingsRow& settings = bank_.row.settings();
    for (const sv1::EntryMovement& movement : entry.movements()) {
      if (KindOf(movement.account()) == HolderKind::kPot) continue;
      const bool below = movement.seconds() < 0 && settings.has_block_below() &&
                         movement.balance_after() < settings.block_below();
      const bool above = movement.seconds() > 0 && settings.has_block_above() &&
                         movement.balance_after() > settings.block_above();
      if (!below && !above) continue;
      Refusal refusal = OnAccount(Reason::kBalanceLimit, movement.account());
      refusal.numbers = {{"balance", movement.balance_after() - movement.seconds()},
                         {"limit", below ? settings.block_below() : settings.block_above()},
                         {"requested", movement.seconds()}};
      return refusal;
    }
    return std::nullopt;
  }

  void AddWarnings(sv1::Entry& entry) const {
    const sv1::SettingsRow& settings = bank_.row.settings();
    for (const sv1::EntryMovement& movement : entry.movements()) {
      if (KindOf(movement.account()) == HolderKind::kPot) continue;
      const bool below = movement.seconds() < 0 && settings.has_warn_below() &&
                         movement.balance_after() < settings.warn_below();
      const bool above = movement.seconds() > 0 && settings.has_warn_above() &&
                         movement.balance_after() > settings.warn_above();
      if (!below && !above) continue;
      sv1::EntryNotice* notice = AddNotice(entry, below ? kBelowWarning : kAboveWarning);
      notice->set_account(movement.account());
      notice->set_balance(movement.balance_after());
      notice->set_limit(below ? settings.warn_below() : settings.warn_above());
    }
  }

  static void AddPotNotices(sv1::Entry& entry) {
    if (entry.kind() != sv1::ENTRY_KIND_EXCHANGE && entry.kind() != sv1::ENTRY_KIND_GIFT) return;
    for (const sv1::EntryMovement& movement : entry.movements()) {
      if (KindOf(movement.account()) != HolderKind::kPot || movement.seconds() > 0) continue;
      AddNotice(entry, kPotWithoutDecision)->set_account(movement.account());
    }
  }

  static sv1::EntryNotice* AddNotice(sv1::Entry& entry, uint32_t kind) {
    sv1::EntryNotice* notice = entry.add_notices();
    notice->set_kind(kind);
    return notice;
  }

  // The latest entry of the same holders, seconds and day that is not reversed.
  Sequence FindDuplicate(const sv1::Entry& entry) const {
    auto moves = [](const sv1::Entry& of) {
      std::map<AccountNumber, int64_t> moves;
      for (const sv1::EntryMovement& movement : of.movements())
        moves[movement.account()] = movement.seconds();
      return moves;
    };
    if (entry.movements().empty()) return 0;
    const auto mine = moves(entry);
    auto account = bank_.accounts.find(entry.movements(0).account());
    if (account == bank_.accounts.end()) return 0;
    const std::vector<Sequence>& moved_by = account->second.moved_by;
    for (auto at = moved_by.rbegin(); at != moved_by.rend(); ++at) {
      const Sequence sequence = *at;
      const sv1::Entry& other = bank_.entry(sequence);
      if (other.kind() == entry.kind() && other.occurred_on() == entry.occurred_on() &&
          bank_.MarkOf(sequence).state() != kReversed && moves(other) == mine) {
        return sequence;
      }
    }
    return 0;
  }

  static void AddMovement(sv1::Entry& entry, AccountNumber account, int64_t seconds, sv1::MovementRole role,
                          bool own_seconds) {
    sv1::EntryMovement* movement = entry.add_movements();
    movement->set_account(account);
    movement->set_seconds(seconds);
    movement->set_role(role);
    movement->set_own_seconds(own_seconds);
  }

  // Hours and shares: who is credited and debited what.
  Verdict Share(const Plan& plan, sv1::Entry* entry) const {
    auto names_none = [](const Part& part) { return !part.seconds; };
    const bool lone_receiver = plan.receivers.size() == 1 && !plan.receivers[0].seconds;
    const bool receives_all =
        lone_receiver && (plan.givers.size() > 1 || (plan.givers.size() == 1 && plan.seconds == 0));
    std::set<AccountNumber> seen;
    int64_t given = 0;
    int64_t received = 0;
    for (const Part& part : plan.givers) {
      const int64_t seconds = part.seconds.value_or(plan.seconds);
      if (seconds <= 0) return Invalid("exchange.seconds", violation::kMustBePositive);
      if (!seen.insert(part.account).second) return Invalid(part.field, violation::kSameHolder);
      given += seconds;
      AddMovement(*entry, part.account, seconds, sv1::MOVEMENT_ROLE_GIVER, part.seconds.has_value());
    }
    for (const Part& part : plan.receivers) {
      const int64_t seconds = receives_all ? given : part.seconds.value_or(plan.seconds);
      if (seconds <= 0) return Invalid("exchange.seconds", violation::kMustBePositive);
      if (!seen.insert(part.account).second) return Invalid(part.field, violation::kSameHolder);
      received += seconds;
      AddMovement(*entry, part.account, -seconds, sv1::MOVEMENT_ROLE_RECEIVER, part.seconds.has_value());
    }
    if (given != received) {
      // Somebody who is not named, or who named no seconds, may be why; else the caller has miscounted.
      const bool all_told = plan.unnamed_givers == 0 && plan.unnamed_receivers == 0 &&
                            std::none_of(plan.givers.begin(), plan.givers.end(), names_none) &&
                            std::none_of(plan.receivers.begin(), plan.receivers.end(), names_none);
      if (all_told && plan.remainder == 0) {
        Refusal refusal = Refuse(Reason::kSharesDoNotBalance);
        refusal.numbers = {{"given", given}, {"received", received}};
        return refusal;
      }
      const AccountNumber remainder = plan.remainder != 0 ? plan.remainder : storage::kCommunityPot;
      if (seen.contains(remainder)) return Invalid("exchange.remainder.holder", violation::kSameHolder);
      AddMovement(*entry, remainder, received - given, sv1::MOVEMENT_ROLE_REMAINDER, false);
    }
    entry->set_remainder(plan.remainder);
    entry->set_seconds(plan.seconds);
    entry->set_unnamed_givers(plan.unnamed_givers);
    entry->set_unnamed_receivers(plan.unnamed_receivers);
    entry->set_occurred_on(plan.occurred_on);
    return std::nullopt;
  }

  Verdict CheckOrigin(const std::optional<OriginSpec>& origin) const {
    if (!origin) return std::nullopt;
    auto found = bank_.origins.find({origin->system, origin->number});
    if (found == bank_.origins.end()) return std::nullopt;
    Refusal refusal = Refuse(Reason::kOriginRecorded);
    refusal.sequence = found->second;
    if (!IsBroker()) return refusal;
    const sv1::Entry& entry = bank_.entry(found->second);
    refusal.numbers.emplace_back("seconds", entry.seconds());
    for (const auto& movement : entry.movements()) {
      if (movement.seconds() <= 0) continue;
      refusal.account = movement.account();
      break;
    }
    return refusal;
  }
  void KeepOrigin(const std::optional<OriginSpec>& origin, Sequence sequence) {
    if (!origin) return;
    const auto key = std::make_pair(origin->system, origin->number);
    Keep(bank_.origins, key);
    bank_.origins[key] = sequence;
  }
  static void PutOrigin(const std::optional<OriginSpec>& origin, sv1::Entry* entry, sv1::Texts* texts) {
    if (!origin) return;
    entry->set_imported(true);
    texts->set_origin_system(origin->system);
    texts->set_origin_number(origin->number);
    texts->set_origin_recorded_by(origin->recorded_by);
    texts->set_origin_time_us(origin->time_us);
  }

  // --- exchanges

  Verdict FindParts(const ExchangeSpec& exchange, Plan* plan) const {
    for (size_t i = 0; i < exchange.givers.size(); ++i) {
      Part part{0, exchange.givers[i].seconds, absl::StrCat("exchange.givers[", i, "].holder")};
      if (Verdict no = FindHolder(exchange.givers[i].holder, &part.account)) return no;
      plan->givers.push_back(part);
    }
    for (size_t i = 0; i < exchange.receivers.size(); ++i) {
      Part part{0, exchange.receivers[i].seconds, absl::StrCat("exchange.receivers[", i, "].holder")};
      if (Verdict no = FindHolder(exchange.receivers[i].holder, &part.account)) return no;
      plan->receivers.push_back(part);
    }
    return FindHolder(exchange.remainder, &plan->remainder);
  }

  // Whether the caller may record an exchange of these.
  // A member speaks of its own part only, and leaves what does not balance to a pot or to itself.
  Verdict OnlyOwn(const Plan& plan) const {
    if (IsBroker() || Voice() == 0) return std::nullopt;
    bool own_part = false;
    for (const auto* side : {&plan.givers, &plan.receivers}) {
      for (const Part& part : *side) own_part |= part.account == Voice();
    }
    const AccountNumber rest = plan.remainder;
    const bool fair_rest = rest == 0 || rest == Voice() || storage::KindOf(rest) == storage::HolderKind::kPot;
    if (!own_part || !fair_rest) return Refuse(Reason::kNotAParty);
    return std::nullopt;
  }

  Verdict MayRecord(const Plan& plan) {
    if (Verdict no = CheckActingFor()) return no;
    auto among = [](const std::vector<Part>& parts, AccountNumber account) {
      return account != 0 && std::any_of(parts.begin(), parts.end(),
                                         [&](const Part& part) { return part.account == account; });
    };
    if (IsBroker()) {
      if (acting_for_ != 0 && !among(plan.givers, acting_for_) && !among(plan.receivers, acting_for_)) {
        return Refuse(Reason::kNotAParty);
      }
      return std::nullopt;
    }
    if (actor_ == 0) {
      if (command_.actor.role == Role::kPartner) return std::nullopt;
      return Refuse(Reason::kRoleRequired);
    }
    if (bank_.row.settings().who_may_record() == kBrokersMayRecord) return Refuse(Reason::kRoleRequired);
    if (Verdict no = OnlyOwn(plan)) return no;
    return BankLetsRecord(plan);
  }
  Verdict BankLetsRecord(const Plan& plan) const {
    const uint32_t who = bank_.row.settings().who_may_record();
    if (who == kBrokersMayRecord) return Refuse(Reason::kRoleRequired);
    auto among = [](const std::vector<Part>& parts, AccountNumber account) {
      return std::any_of(parts.begin(), parts.end(),
                         [&](const Part& part) { return part.account == account; });
    };
    const bool gave = among(plan.givers, Voice());
    const bool received = among(plan.receivers, Voice());
    if ((who == kReceiverMayRecord && !received) || (who == kGiverMayRecord && !gave)) {
      return Refuse(Reason::kRoleRequired);
    }
    return std::nullopt;
  }

  Verdict Record(const ExchangeSpec& exchange, bool check_duplicates) {
    if (Verdict no = CheckOrigin(exchange.origin)) return no;
    Plan plan;
    if (Verdict no = FindParts(exchange, &plan)) return no;
    if (Verdict no = FindHolder(exchange.acting_for, &acting_for_)) return no;
    if (exchange.origin && !IsBroker()) return Refuse(Reason::kRoleRequired);
    if (Verdict no = MayRecord(plan)) return no;

    plan.seconds = exchange.seconds;
    plan.unnamed_givers = static_cast<uint32_t>(exchange.unnamed_givers);
    plan.unnamed_receivers = static_cast<uint32_t>(exchange.unnamed_receivers);
    plan.occurred_on = exchange.occurred_on.value_or(command_.stamp.today);
    plan.texts.set_note(exchange.note);
    for (const std::string& tag : exchange.tags) plan.texts.add_tags(tag);
    plan.texts.set_decision(exchange.decision);

    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_EXCHANGE);
    if (Verdict no = Share(plan, &entry)) return no;
    entry.set_category(CategoryNumber(exchange.category));

    PutOrigin(exchange.origin, &entry, &plan.texts);
    KeepOrigin(exchange.origin, entry.sequence());
    return Post(entry, plan.texts,
                {.limited = !exchange.origin.has_value(), .check_duplicates = check_duplicates});
  }

  Verdict Do(const RecordExchange& act, Outcome*) { return Record(act.exchange, act.check_duplicates); }

  Verdict Do(const BatchRecordExchanges& act, Outcome* outcome) {
    for (size_t i = 0; i < act.items.size(); ++i) {
      const size_t start = undo_.size();
      const Sequence next = bank_.last_sequence() + 1;
      acting_for_ = 0;
      grant_ = 0;
      Outcome::Item item;
      if (!act.items[i].violations.empty()) {
        item.refusal = Refuse(Reason::kValidation);
        item.refusal->violations = act.items[i].violations;
      } else {
        item.refusal = Record(act.items[i].exchange, act.check_duplicates);
        if (item.refusal) {
          for (Violation& violation : item.refusal->violations) {
            if (violation.field.starts_with("exchange.")) {
              violation.field = absl::StrCat("exchanges[", i, "].", violation.field.substr(9));
            }
          }
        }
        if (!item.refusal) item.refusal = CountDebits(next - 1);
      }
      if (!item.refusal) {
        item.sequence = next;
      } else {
        RollBack(start);
        if (act.all_or_nothing) {
          item.refusal->numbers.push_back({"index", static_cast<int64_t>(i)});
          return item.refusal;
        }
        if (!command_.request_id.empty() && IsFrozen(item.refusal->reason)) AppendRefusal(*item.refusal);
      }
      outcome->items.push_back(std::move(item));
    }
    return std::nullopt;
  }

  Verdict Do(const RecordGift& act, Outcome*) {
    if (Verdict no = CheckOrigin(act.origin)) return no;
    AccountNumber debited, credited;
    if (Verdict no = FindHolder(act.debited, &debited)) return no;
    if (Verdict no = FindHolder(act.credited, &credited)) return no;
    if (Verdict no = FindHolder(act.acting_for, &acting_for_)) return no;
    if (act.origin && !IsBroker()) return Refuse(Reason::kRoleRequired);
    if (Verdict no = CheckActingFor()) return no;
    if (IsBroker()) {
      if (acting_for_ != 0 && acting_for_ != debited && acting_for_ != credited)
        return Refuse(Reason::kNotAParty);
    } else if (Voice() != debited) {
      return Refuse(Reason::kNotAParty);
    } else if (grant_ != 0 && credited == actor_) {
      return Refuse(Reason::kRoleRequired);
    }
    if (debited == credited) return Invalid("credited", violation::kSameHolder);

    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_GIFT);
    entry.set_occurred_on(act.occurred_on.value_or(command_.stamp.today));
    entry.set_category(CategoryNumber(act.category));

    entry.set_seconds(act.seconds);
    AddMovement(entry, debited, -act.seconds, sv1::MOVEMENT_ROLE_UNSPECIFIED, false);
    AddMovement(entry, credited, act.seconds, sv1::MOVEMENT_ROLE_UNSPECIFIED, false);
    sv1::Texts texts;
    texts.set_note(act.note);
    for (const std::string& tag : act.tags) texts.add_tags(tag);
    texts.set_decision(act.decision);
    PutOrigin(act.origin, &entry, &texts);
    KeepOrigin(act.origin, entry.sequence());
    return Post(entry, texts, {.limited = !act.origin.has_value()});
  }

  Verdict Do(const RecordOpening& act, Outcome*) {
    if (Verdict no = CheckOrigin(act.origin)) return no;
    AccountNumber holder;
    if (Verdict no = FindHolder(act.holder, &holder)) return no;
    if (!IsBroker()) return Refuse(Reason::kRoleRequired);

    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_OPENING);
    entry.set_occurred_on(act.occurred_on.value_or(command_.stamp.today));
    entry.set_seconds(act.seconds);
    AddMovement(entry, storage::kOpeningPot, -act.seconds, sv1::MOVEMENT_ROLE_UNSPECIFIED, false);
    AddMovement(entry, holder, act.seconds, sv1::MOVEMENT_ROLE_UNSPECIFIED, false);
    sv1::Texts texts;
    texts.set_note(act.note);
    PutOrigin(act.origin, &entry, &texts);
    KeepOrigin(act.origin, entry.sequence());
    return Post(entry, texts, {});
  }

  // --- what people say about an entry

  Verdict FindExchange(Sequence sequence) const {
    if (sequence >= 1 && sequence <= bank_.last_sequence() && MovesHours(bank_.entry(sequence).kind())) {
      return std::nullopt;
    }
    Refusal refusal = Refuse(Reason::kExchangeNotFound);
    refusal.named = absl::StrCat("exchanges/", sequence);
    return refusal;
  }
  // Everything that an act about an entry begins with.
  Verdict Begin(Sequence sequence, const HolderRef& acting_for, const ExchangeSpec& changes = {}) {
    if (Verdict no = FindExchange(sequence)) return no;
    Plan named;
    if (Verdict no = FindParts(changes, &named)) return no;
    if (Verdict no = FindHolder(acting_for, &acting_for_)) return no;
    if (Verdict no = CheckActingFor()) return no;
    if (acting_for_ != 0 && !IsParty(sequence, acting_for_)) return Refuse(Reason::kNotAParty);
    if (grant_ != 0 && SpeaksForOthers(sequence)) return Refuse(Reason::kRoleRequired);
    return std::nullopt;
  }
  // Whether the agent is on another side of the entry: by a part of its own, or by what it has said for
  // somebody else.
  bool SpeaksForOthers(Sequence sequence) const {
    if (IsParty(sequence, actor_)) return true;
    const sv1::Entry& entry = bank_.entry(sequence);
    if (RecorderOf(sequence) == actor_ && bank_.Survivor(entry.acting_for()) != acting_for_) return true;
    const sv1::MarkRow mark = bank_.MarkOf(sequence);
    return mark.state() == kContested && RecorderOf(mark.contest()) == actor_ &&
           bank_.Survivor(mark.contested_by()) != acting_for_;
  }
  // Whether what was recorded is the caller's to take back. An agent's records are the member's for whom they
  // were made.
  bool IsWriter(Sequence sequence) const {
    if (grant_ != 0) {
      const AccountNumber recorder = RecorderOf(sequence);
      return recorder != 0 && (recorder == acting_for_ || recorder == actor_);
    }
    const sv1::Entry& entry = bank_.entry(sequence);
    if (entry.under_grant() == 0) return IsRecorder(sequence);
    if (Voice() != 0 && bank_.Survivor(entry.acting_for()) == Voice()) return true;
    return IsRecorder(sequence) && IsParty(sequence, Voice());
  }
  // A pot that takes the remainder has nothing to say.
  static bool CanSpeak(const sv1::EntryMovement& movement) {
    return movement.role() != sv1::MOVEMENT_ROLE_REMAINDER ||
           storage::KindOf(movement.account()) != storage::HolderKind::kPot;
  }
  // Whoever's hours moved, by whom they have been merged into.
  bool IsParty(Sequence sequence, AccountNumber member) const {
    if (member == 0) return false;
    for (const sv1::EntryMovement& movement : bank_.entry(sequence).movements()) {
      if (CanSpeak(movement) && bank_.Survivor(movement.account()) == member) return true;
    }
    return false;
  }
  // Who recorded it, whoever it was recorded for; 0: a key by itself.
  AccountNumber RecorderOf(Sequence sequence) const {
    const sv1::Entry& entry = bank_.entry(sequence);
    return bank_.Survivor(entry.recorder());
  }
  bool IsRecorder(Sequence sequence) const {
    const AccountNumber recorder = RecorderOf(sequence);
    if (recorder != 0) return Voice() == recorder;
    return Voice() == 0 && bank_.keys[bank_.entry(sequence).key() - 1] == command_.actor.caller;
  }
  static Refusal About(Reason reason, Sequence sequence) {
    Refusal refusal = Refuse(reason);
    refusal.sequence = sequence;
    return refusal;
  }

  // A party needs another role; everybody else is no party.
  Refusal NotAllowed(Sequence sequence) const {
    return Refuse(IsParty(sequence, Voice()) ? Reason::kRoleRequired : Reason::kNotAParty);
  }
  // A broker; the recorder until somebody else has confirmed.
  Verdict MayUndo(Sequence sequence) const {
    if (IsBroker()) return std::nullopt;
    if (!IsWriter(sequence)) return NotAllowed(sequence);
    if (bank_.MarkOf(sequence).confirmed_by_size() > 0) return Refuse(Reason::kRoleRequired);
    return std::nullopt;
  }
  // Whether an entry can still be undone, by the table of states.
  Verdict CanUndo(Sequence sequence) const {
    const sv1::MarkRow mark = bank_.MarkOf(sequence);
    if (bank_.entry(sequence).kind() == sv1::ENTRY_KIND_REVERSAL)
      return About(Reason::kCannotReverseReversal, bank_.entry(sequence).reverses());
    if (mark.state() == kReversed) return About(Reason::kAlreadyReversed, mark.reversed_by());
    if (mark.state() == kContested) return About(Reason::kAlreadyContested, mark.contest());
    return std::nullopt;
  }

  // Posts the opposite of `sequence`.
  Verdict PostReversal(Sequence sequence, const std::string& reason) {
    const sv1::Entry original = bank_.entry(sequence);
    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_REVERSAL);
    entry.set_occurred_on(original.occurred_on());
    entry.set_category(original.category());
    entry.set_seconds(original.seconds());
    entry.set_unnamed_givers(original.unnamed_givers());
    entry.set_unnamed_receivers(original.unnamed_receivers());
    entry.set_remainder(original.remainder());
    entry.set_reverses(sequence);
    entry.set_reversed_kind(original.kind());
    // Merged members' hours are their survivors' by now; where two of its accounts have become one, the entry
    // stays as it was.
    std::set<AccountNumber> survivors;
    for (const sv1::EntryMovement& movement : original.movements()) {
      survivors.insert(bank_.Survivor(movement.account()));
    }
    const bool apart = survivors.size() == static_cast<size_t>(original.movements_size());
    for (const sv1::EntryMovement& movement : original.movements()) {
      AddMovement(entry, apart ? bank_.Survivor(movement.account()) : movement.account(), -movement.seconds(),
                  movement.role(), movement.own_seconds());
    }
    sv1::Texts texts;
    texts.set_reason(reason);
    if (Verdict no = Post(entry, texts, {.closed_matters = false})) return no;
    sv1::MarkRow mark = bank_.MarkOf(sequence);
    mark.set_state(kReversed);
    mark.set_reversed_by(entry.sequence());
    SetMark(mark, sequence);
    return EmptyMerged(sequence);
  }

  // What stands instead of `sequence`: its own fields but for those that `mask` names.
  Verdict PlanReplacement(Sequence sequence, const ExchangeSpec& changes, const ExchangeMask& mask,
                          Plan* plan) const {
    const sv1::Entry& original = bank_.entry(sequence);
    Plan named;
    if (Verdict no = FindParts(changes, &named)) return no;
    for (const sv1::EntryMovement& movement : original.movements()) {
      Part part;
      part.account = bank_.Survivor(movement.account());
      if (movement.own_seconds()) part.seconds = std::abs(movement.seconds());
      if (movement.role() == sv1::MOVEMENT_ROLE_GIVER) {
        part.field = absl::StrCat("exchange.givers[", plan->givers.size(), "].holder");
        plan->givers.push_back(part);
      } else if (movement.role() == sv1::MOVEMENT_ROLE_RECEIVER) {
        part.field = absl::StrCat("exchange.receivers[", plan->receivers.size(), "].holder");
        plan->receivers.push_back(part);
      }
    }
    if (mask.givers) plan->givers = named.givers;
    if (mask.receivers) plan->receivers = named.receivers;
    plan->remainder = mask.remainder ? named.remainder : bank_.Survivor(original.remainder());
    plan->seconds = mask.seconds ? changes.seconds : original.seconds();
    plan->unnamed_givers =
        mask.unnamed_givers ? static_cast<uint32_t>(changes.unnamed_givers) : original.unnamed_givers();
    plan->unnamed_receivers = mask.unnamed_receivers ? static_cast<uint32_t>(changes.unnamed_receivers)
                                                     : original.unnamed_receivers();
    plan->occurred_on =
        mask.occurred_on ? changes.occurred_on.value_or(command_.stamp.today) : original.occurred_on();
    if (mask.category) {
      plan->category = changes.category;
    } else if (original.category() != 0) {
      plan->category = bank_.categories[original.category() - 1];
    }
    if (auto words = bank_.words.find(sequence); words != bank_.words.end()) {
      const sv1::Texts& texts = words->second.texts;
      plan->texts.set_note(texts.note());
      *plan->texts.mutable_tags() = texts.tags();
      plan->texts.set_decision(texts.decision());
    }
    if (mask.note) plan->texts.set_note(changes.note);
    if (mask.tags) {
      plan->texts.clear_tags();
      for (const std::string& tag : changes.tags) plan->texts.add_tags(tag);
    }
    if (mask.decision) plan->texts.set_decision(changes.decision);
    return Fit(mask, plan);
  }

  // What was carried over and what is new must be an exchange together. New seconds alone are everybody's who
  // named none, in a one-to-one also theirs who did.
  static Verdict Fit(const ExchangeMask& mask, Plan* plan) {
    const bool nobody_named = plan->givers.empty() && plan->receivers.empty();
    if (nobody_named || (plan->givers.empty() && plan->unnamed_givers == 0)) {
      return Invalid("exchange.givers", violation::kRequired);
    }
    if (plan->receivers.empty() && plan->unnamed_receivers == 0) {
      return Invalid("exchange.receivers", violation::kRequired);
    }
    if (plan->givers.size() + plan->receivers.size() > 256) {
      return Invalid(mask.receivers ? "exchange.receivers" : "exchange.givers", violation::kTooMany);
    }
    if (!mask.seconds || mask.givers || mask.receivers) return std::nullopt;
    if (plan->givers.size() == 1 && plan->receivers.size() == 1) {
      plan->givers[0].seconds.reset();
      plan->receivers[0].seconds.reset();
      return std::nullopt;
    }
    for (const auto* side : {&plan->givers, &plan->receivers}) {
      for (const Part& part : *side) {
        if (!part.seconds) return std::nullopt;
      }
    }
    return Invalid("exchange.seconds", violation::kNoEffect);
  }

  Verdict PostReplacement(const Plan& plan, Sequence corrects, Sequence restores, const std::string& reason) {
    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_EXCHANGE);

    if (Verdict no = Share(plan, &entry)) return no;
    entry.set_category(CategoryNumber(plan.category));

    entry.set_corrects(corrects);
    entry.set_restores(restores);
    sv1::Texts texts = plan.texts;
    texts.set_reason(reason);
    return Post(entry, texts, {});
  }

  // What an entry stands instead of; 0: nothing.
  static Sequence Before(const sv1::Entry& entry) {
    return entry.corrects() != 0 ? entry.corrects() : entry.restores();
  }
  // All entries that stood for the same help one after the other, `sequence` among them, the first one first.
  std::vector<Sequence> SameHelp(Sequence sequence) const {
    std::vector<Sequence> same = {sequence};
    while (Before(bank_.entry(same.front())) != 0) {
      same.insert(same.begin(), Before(bank_.entry(same.front())));
    }
    for (Sequence other = sequence + 1; other <= bank_.last_sequence(); ++other) {
      if (Before(bank_.entry(other)) == same.back()) same.push_back(other);
    }
    return same;
  }
  // It stands instead of the 256th before it.
  bool OftenEnough(Sequence sequence) const {
    int before = 0;
    while ((sequence = Before(bank_.entry(sequence))) != 0) ++before;
    return before >= 256;
  }

  Verdict ReverseAndReplace(Sequence sequence, const ExchangeSpec& changes, const ExchangeMask& mask,
                            const std::string& reason) {
    if (bank_.entry(sequence).kind() != sv1::ENTRY_KIND_EXCHANGE) return Refuse(Reason::kCannotCorrect);
    if (OftenEnough(sequence)) return Refuse(Reason::kTooMany);
    Plan plan;
    if (Verdict no = PlanReplacement(sequence, changes, mask, &plan)) return no;
    if (Verdict no = OnlyOwn(plan)) return no;
    // An agent that corrects as a party what it recorded as an agent records it as that party.
    const bool in_own_name = !IsBroker() && actor_ != 0 && acting_for_ == 0;
    if (in_own_name && bank_.entry(sequence).under_grant() != 0 && RecorderOf(sequence) == actor_) {
      if (Verdict no = BankLetsRecord(plan)) return no;
    }
    if (Verdict no = PostReversal(sequence, reason)) return no;
    if (Verdict no = PostReplacement(plan, sequence, 0, reason)) return no;
    sv1::MarkRow mark = bank_.MarkOf(sequence);
    mark.set_corrected_by(bank_.last_sequence());
    SetMark(mark, sequence);
    return std::nullopt;
  }

  // Records `original` anew, after its reversal was contested.
  Verdict PostRestored(Sequence original, Sequence reversal, const SettleExchange& act) {
    const sv1::Entry& was = bank_.entry(original);
    if (was.kind() != sv1::ENTRY_KIND_EXCHANGE && act.mask.any()) return Refuse(Reason::kCannotCorrect);
    if (OftenEnough(original)) return Refuse(Reason::kTooMany);
    if (was.kind() == sv1::ENTRY_KIND_EXCHANGE) {
      Plan plan;
      if (Verdict no = PlanReplacement(original, act.changes, act.mask, &plan)) return no;
      if (Verdict no = OnlyOwn(plan)) return no;
      return PostReplacement(plan, 0, original, act.reason);
    }
    sv1::Entry entry = NewEntry(was.kind());
    entry.set_occurred_on(was.occurred_on());
    entry.set_category(was.category());
    entry.set_seconds(was.seconds());
    entry.set_restores(original);
    for (const sv1::EntryMovement& movement : bank_.entry(reversal).movements()) {
      AddMovement(entry, movement.account(), -movement.seconds(), movement.role(), movement.own_seconds());
    }
    sv1::Texts texts;
    if (auto words = bank_.words.find(original); words != bank_.words.end()) texts = words->second.texts;
    texts.set_reason(act.reason);
    return Post(entry, texts, {.closed_matters = false, .pots_matter = false});
  }

  Verdict Do(const CorrectExchange& act, Outcome*) {
    if (Verdict no = Begin(act.exchange, act.acting_for, act.changes)) return no;
    if (Verdict no = MayUndo(act.exchange)) return no;
    if (Verdict no = CanUndo(act.exchange)) return no;
    return ReverseAndReplace(act.exchange, act.changes, act.mask, act.reason);
  }

  Verdict Do(const ReverseExchange& act, Outcome*) {
    if (Verdict no = Begin(act.exchange, act.acting_for)) return no;
    if (Verdict no = MayUndo(act.exchange)) return no;
    if (Verdict no = CanUndo(act.exchange)) return no;
    return PostReversal(act.exchange, act.reason);
  }

  Verdict Do(const ContestExchange& act, Outcome*) {
    if (Verdict no = Begin(act.exchange, act.acting_for)) return no;
    if (!IsParty(act.exchange, Voice())) return Refuse(Reason::kNotAParty);
    sv1::MarkRow mark = bank_.MarkOf(act.exchange);
    if (mark.state() == kReversed) return About(Reason::kAlreadyReversed, mark.reversed_by());
    if (mark.state() == kContested) return About(Reason::kAlreadyContested, mark.contest());
    if (mark.restored_by() != 0) return About(Reason::kAlreadyRestored, mark.restored_by());
    // The reversal that is half of a correction: what stands now is the replacement.
    if (const Sequence original = bank_.entry(act.exchange).reverses(); original != 0) {
      const Sequence replacement = bank_.MarkOf(original).corrected_by();
      if (replacement != 0) return About(Reason::kAlreadyCorrected, replacement);
    }
    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_CONTEST);
    entry.set_about(act.exchange);
    Append(entry);
    sv1::Texts texts;
    texts.set_reason(act.reason);
    SetTexts(entry.sequence(), texts);
    mark.set_state_before(mark.state());
    mark.set_state(kContested);
    mark.set_contested_by(Voice());
    mark.set_contest(entry.sequence());
    SetMark(mark, act.exchange);
    AddContested(act.exchange, +1);
    return std::nullopt;
  }

  bool IsOneToOne(Sequence sequence) const {
    const sv1::Entry& entry = bank_.entry(sequence);
    int parties = 0;
    for (const sv1::EntryMovement& movement : entry.movements()) {
      if (CanSpeak(movement)) ++parties;
    }
    return parties == 2 && entry.unnamed_givers() == 0 && entry.unnamed_receivers() == 0;
  }
  // STANDS: who contested, a broker. REVERSED, CORRECTED: the recorder, in a one-to-one the other party, a
  // broker. A broker who is a party settles as a party only.
  Verdict MaySettle(const SettleExchange& act, const sv1::MarkRow& mark) const {
    if (mark.state() != kContested) {
      // What nobody contests nobody in particular may settle.
      const bool concerned = IsBroker() || IsParty(act.exchange, Voice()) || IsWriter(act.exchange);
      return concerned ? Verdict() : Refuse(Reason::kNotAParty);
    }
    const AccountNumber contester = bank_.Survivor(mark.contested_by());
    const bool has_a_stake = IsParty(act.exchange, actor_);
    if (IsBroker() && !has_a_stake) return std::nullopt;
    if (has_a_stake && Voice() != actor_) return Refuse(Reason::kRoleRequired);
    if (act.outcome == SettleOutcome::kStands) {
      if (Voice() != 0 && Voice() == contester) return std::nullopt;
      return NotAllowed(act.exchange);
    }
    if (IsWriter(act.exchange)) return std::nullopt;
    if (IsOneToOne(act.exchange) && IsParty(act.exchange, Voice()) && Voice() != contester) {
      return std::nullopt;
    }
    return NotAllowed(act.exchange);
  }

  Verdict Do(const SettleExchange& act, Outcome*) {
    if (Verdict no = Begin(act.exchange, act.acting_for, act.changes)) return no;
    const sv1::MarkRow before = bank_.MarkOf(act.exchange);
    const Sequence original = bank_.entry(act.exchange).reverses();
    const bool is_reversal = original != 0;
    if (Verdict no = MaySettle(act, before)) return no;
    if (is_reversal && act.outcome == SettleOutcome::kReversed) {
      return About(Reason::kCannotReverseReversal, original);
    }
    if (before.state() == kReversed) return About(Reason::kAlreadyReversed, before.reversed_by());
    if (before.state() != kContested) return Refuse(Reason::kNotContested);
    if (act.outcome == SettleOutcome::kCorrected && !is_reversal && !act.mask.any()) {
      return Invalid("exchange", violation::kRequired);
    }

    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_SETTLEMENT);
    entry.set_about(act.exchange);
    entry.set_outcome(static_cast<uint32_t>(act.outcome));
    Append(entry);
    sv1::Texts texts;
    texts.set_reason(act.reason);
    SetTexts(entry.sequence(), texts);
    AddContested(act.exchange, -1);
    sv1::MarkRow mark = before;
    mark.set_state(before.state_before());
    mark.set_state_before(0);
    SetMark(mark, act.exchange);
    if (act.outcome == SettleOutcome::kStands) return std::nullopt;
    if (is_reversal) {
      if (Verdict no = PostRestored(original, act.exchange, act)) return no;
      mark.set_restored_by(bank_.last_sequence());
      SetMark(mark, act.exchange);
      return EmptyMerged(act.exchange);
    }
    if (act.outcome == SettleOutcome::kReversed) return PostReversal(act.exchange, act.reason);
    return ReverseAndReplace(act.exchange, act.changes, act.mask, act.reason);
  }

  Verdict Do(const ConfirmExchange& act, Outcome*) {
    if (Verdict no = Begin(act.exchange, act.acting_for)) return no;
    if (!IsParty(act.exchange, Voice()) || IsRecorder(act.exchange)) return Refuse(Reason::kNotAParty);
    if (grant_ != 0 && RecorderOf(act.exchange) == actor_) return Refuse(Reason::kNotAParty);
    sv1::MarkRow mark = bank_.MarkOf(act.exchange);
    if (mark.state() == kReversed) return About(Reason::kAlreadyReversed, mark.reversed_by());
    if (mark.state() == kContested) return About(Reason::kAlreadyContested, mark.contest());
    const auto& confirmed = mark.confirmed_by();
    if (std::find(confirmed.begin(), confirmed.end(), Voice()) != confirmed.end()) {
      return About(Reason::kAlreadyConfirmed, act.exchange);
    }
    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_CONFIRMATION);
    entry.set_about(act.exchange);
    Append(entry);
    mark.set_state(kConfirmed);
    mark.add_confirmed_by(Voice());
    SetMark(mark, act.exchange);
    return std::nullopt;
  }

  Verdict Do(const EraseExchangeNote& act, Outcome*) {
    if (Verdict no = Begin(act.exchange, act.acting_for)) return no;
    if (!IsBroker() && !IsParty(act.exchange, Voice())) return Refuse(Reason::kNotAParty);
    const std::string note = NoteOf(act.exchange);
    EraseNote(act.exchange);
    if (note.empty()) return std::nullopt;
    for (const Sequence other : SameHelp(act.exchange)) {
      if (other != act.exchange && NoteOf(other) == note && MayEraseNote(other)) EraseNote(other);
    }
    return std::nullopt;
  }
  // What would be answered to the same caller about this entry alone.
  bool MayEraseNote(Sequence sequence) const {
    if (acting_for_ == 0 && IsBroker()) return true;
    if (!IsParty(sequence, Voice())) return false;
    return grant_ == 0 || !SpeaksForOthers(sequence);
  }
  std::string NoteOf(Sequence sequence) const {
    auto words = bank_.words.find(sequence);
    return words == bank_.words.end() ? "" : words->second.texts.note();
  }
  void EraseNote(Sequence sequence) {
    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_NOTE_ERASED);
    entry.set_about(sequence);
    Append(entry);
    auto found = bank_.words.find(sequence);
    if (found == bank_.words.end()) return;
    Keep(bank_.words, sequence);
    Words& words = found->second;
    words.texts.clear_note();
    words.note_erased = true;
    if (words.request) {
      if (auto request = bank_.requests.find(*words.request); request != bank_.requests.end()) {
        Keep(bank_.requests, *words.request);
        request->second.texts_erased = true;
      }
    }
  }

  // --- members

  sv1::MemberRow& Row(AccountNumber account) { return bank_.members.at(NumberOf(account) - 1); }

  // Notes in the member's row and in the entry's texts what the record is now.
  void AppendMemberEntry(sv1::Entry entry, AccountNumber account, sv1::MemberRow row) {
    entry.set_subject(account);
    row.set_changed_at(entry.sequence());
    row.set_update_time_us(entry.record_time_us());
    Keep(Row(account));
    Row(account) = row;
    Append(entry);
    sv1::Texts texts;
    *texts.mutable_member() = row;
    SetTexts(entry.sequence(), texts);
  }

  // A number in another system is one member's.
  Verdict CheckExternalIds(AccountNumber account, const sv1::MemberRow& details) const {
    for (const sv1::ExternalIdRow& id : details.external_ids()) {
      auto taken = bank_.external_ids.find({id.system(), id.number()});
      if (taken == bank_.external_ids.end()) continue;
      const AccountNumber owner = bank_.Survivor(taken->second);
      if (owner != account) return OnAccount(Reason::kAlreadyExists, owner);
    }
    return std::nullopt;
  }
  void SetExternalIds(AccountNumber account, const sv1::MemberRow& before, const sv1::MemberRow& after) {
    for (const sv1::ExternalIdRow& id : before.external_ids()) {
      Keep(bank_.external_ids, {id.system(), id.number()});
      bank_.external_ids.erase({id.system(), id.number()});
    }
    for (const sv1::ExternalIdRow& id : after.external_ids()) {
      Keep(bank_.external_ids, {id.system(), id.number()});
      bank_.external_ids[{id.system(), id.number()}] = account;
    }
  }
  // `asked`, or the first of prefix-number, prefix-number-2, ... that is free.
  std::string NewId(const std::string& asked, char prefix, uint32_t number,
                    AccountNumber (Bank::*named)(std::string_view) const) const {
    if (!asked.empty()) return asked;
    const std::string first = absl::StrCat(std::string(1, prefix), number);
    std::string id = first;
    for (int i = 2; (bank_.*named)(id) != 0; ++i) id = absl::StrCat(first, "-", i);
    return id;
  }

  Verdict Do(const CreateMember& act, Outcome*) {
    const auto number = static_cast<uint32_t>(bank_.members.size()) + 1;
    const std::string id = NewId(act.id, 'm', number, &Bank::MemberNamed);
    if (const AccountNumber other = bank_.MemberNamed(id)) return OnAccount(Reason::kAlreadyExists, other);
    const AccountNumber account = MakeAccount(HolderKind::kMember, number);
    if (Verdict no = CheckExternalIds(account, act.details)) return no;
    if (!IsBroker()) return Refuse(Reason::kRoleRequired);
    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_MEMBER_CREATED);
    sv1::MemberRow row = act.details;
    row.set_slug(id);
    if (row.kind() == 0) row.set_kind(1);
    row.set_joined_on(act.joined_on.value_or(command_.stamp.today));
    row.set_state(kActive);
    row.set_create_time_us(entry.record_time_us());
    row.set_created_at(entry.sequence());
    Add(bank_.members, sv1::MemberRow());
    SetExternalIds(account, {}, row);
    AppendMemberEntry(entry, account, row);

    const int64_t starter = bank_.row.settings().starter_seconds();
    if (starter == 0 || act.no_starter) return std::nullopt;
    sv1::Entry hours = NewEntry(sv1::ENTRY_KIND_STARTER);
    hours.set_occurred_on(command_.stamp.today);
    hours.set_seconds(starter);
    AddMovement(hours, storage::kOpeningPot, -starter, sv1::MOVEMENT_ROLE_UNSPECIFIED, false);
    AddMovement(hours, account, starter, sv1::MOVEMENT_ROLE_UNSPECIFIED, false);
    return Post(hours, {}, {});
  }

  Verdict Do(const UpdateMember& act, Outcome*) {
    AccountNumber account;
    if (Verdict no = FindSurvivor(act.id, &account)) return no;
    if (std::find(act.mask.begin(), act.mask.end(), "external_ids") != act.mask.end()) {
      if (Verdict no = CheckExternalIds(account, act.details)) return no;
    }
    if (!IsBroker()) {
      static const std::set<std::string> kOwn = {"display_name", "phones", "emails", "language"};
      for (const std::string& field : act.mask) {
        if (!kOwn.contains(field)) return Refuse(Reason::kRoleRequired);
      }
      if (actor_ != account) return Refuse(Reason::kNotAParty);
    }
    sv1::MemberRow row = bank_.member(account);
    if (!act.etag.empty() && act.etag != std::to_string(row.changed_at()))
      return Refuse(Reason::kEtagMismatch);
    for (const std::string& field : act.mask) {
      if (field == "display_name") row.set_display_name(act.details.display_name());
      if (field == "kind") row.set_kind(act.details.kind() == 0 ? 1 : act.details.kind());
      if (field == "external_ids") *row.mutable_external_ids() = act.details.external_ids();
      if (field == "phones") *row.mutable_phones() = act.details.phones();
      if (field == "emails") *row.mutable_emails() = act.details.emails();
      if (field == "language") row.set_language(act.details.language());
      if (field == "joined_on") row.set_joined_on(act.details.joined_on());
      if (field == "note") row.set_note(act.details.note());
    }
    SetExternalIds(account, bank_.member(account), row);
    AppendMemberEntry(NewEntry(sv1::ENTRY_KIND_MEMBER_UPDATED), account, row);
    return std::nullopt;
  }

  // A merged member's account keeps nothing: what an undone entry left there goes where the rest went.
  Verdict EmptyMerged(Sequence undone) {
    const sv1::Entry entry = bank_.entry(undone);
    for (const sv1::EntryMovement& movement : entry.movements()) {
      const AccountNumber now = bank_.Survivor(movement.account());
      if (now == movement.account() || SumsOf(movement.account()).balance() == 0) continue;
      if (Verdict no = PostClosing(movement.account(), now)) return no;
    }
    return std::nullopt;
  }

  // Moves what is left on `account` to `destination`.
  Verdict PostClosing(AccountNumber account, AccountNumber destination) {
    const int64_t left = SumsOf(account).balance();
    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_CLOSING);
    entry.set_seconds(left < 0 ? -left : left);
    AddMovement(entry, account, -left, sv1::MOVEMENT_ROLE_UNSPECIFIED, false);
    AddMovement(entry, destination, left, sv1::MOVEMENT_ROLE_UNSPECIFIED, false);
    return Post(entry, {}, {.closed_matters = false});
  }

  bool IsClosedMember(AccountNumber account) const {
    return KindOf(account) == HolderKind::kMember && bank_.member(account).state() == kClosed;
  }
  static Refusal OnAccount(Reason reason, AccountNumber account) {
    Refusal refusal = Refuse(reason);
    refusal.account = account;
    return refusal;
  }

  Verdict Do(const CloseMember& act, Outcome*) {
    AccountNumber account, destination;
    if (Verdict no = FindSurvivor(act.id, &account)) return no;
    if (Verdict no = FindHolder(act.destination, &destination)) return no;
    if (!IsBroker()) return Refuse(Reason::kRoleRequired);
    if (destination == account) return Invalid("destination", violation::kSameHolder);
    if (IsClosedMember(account)) return OnAccount(Reason::kHolderClosed, account);
    if (IsClosedMember(destination)) return OnAccount(Reason::kHolderClosed, destination);
    const int64_t left = SumsOf(account).balance();
    if (left > 0 && destination == 0) {
      Refusal refusal = OnAccount(Reason::kDestinationRequired, account);
      refusal.numbers = {{"balance", left}};
      return refusal;
    }
    if (left < 0 && destination != 0 && KindOf(destination) != HolderKind::kPot) {
      Refusal refusal = OnAccount(Reason::kDestinationMustBePot, account);
      refusal.numbers = {{"balance", left}};
      return refusal;
    }
    const Day day = act.closed_on.value_or(command_.stamp.today);
    if (left != 0 && destination != 0) {
      if (Verdict no = PostClosing(account, destination)) return no;
    }
    for (const auto& [whose, grant] : GrantsOf(account)) {
      AppendGrantEntry(sv1::ENTRY_KIND_ACTING_FOR_REVOKED, whose, grant, grant.entry,
                       sv1::ENTRY_KIND_MEMBER_CLOSED);
      Keep(bank_.grants);
      bank_.grants.erase(whose);
    }
    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_MEMBER_CLOSED);
    entry.set_other(destination);
    entry.set_closed_on(day);
    sv1::MemberRow row = bank_.member(account);
    row.set_state(kClosed);
    row.set_closed_on(day);
    AppendMemberEntry(entry, account, row);
    return std::nullopt;
  }

  Verdict Do(const ReopenMember& act, Outcome*) {
    AccountNumber account;
    if (Verdict no = FindSurvivor(act.id, &account)) return no;
    if (!IsBroker()) return Refuse(Reason::kRoleRequired);
    if (!IsClosedMember(account)) return Refuse(Reason::kNotClosed);
    sv1::MemberRow row = bank_.member(account);
    row.set_state(kActive);
    row.clear_closed_on();
    AppendMemberEntry(NewEntry(sv1::ENTRY_KIND_MEMBER_REOPENED), account, row);
    return std::nullopt;
  }

  Verdict Do(const MergeMember& act, Outcome*) {
    AccountNumber account, into;
    if (Verdict no = FindSurvivor(act.id, &account)) return no;
    if (Verdict no = FindSurvivor(act.into, &into)) return no;
    if (!IsBroker()) return Refuse(Reason::kRoleRequired);
    if (account == into) return Invalid("into", violation::kSameHolder);
    if (IsClosedMember(into)) return OnAccount(Reason::kHolderClosed, into);
    sv1::MemberRow gone = bank_.member(account);
    sv1::MemberRow survivor = bank_.member(into);
    if (survivor.merged_accounts_size() + gone.merged_accounts_size() + 1 >
        static_cast<int>(kMostMergedAccounts)) {
      return Refuse(Reason::kTooMany);
    }
    if (SumsOf(account).balance() != 0) {
      if (Verdict no = PostClosing(account, into)) return no;
    }
    MoveGrants(account, into);
    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_MEMBER_MERGED);
    entry.set_other(into);
    survivor.set_changed_at(entry.sequence());
    survivor.set_update_time_us(entry.record_time_us());
    survivor.add_merged_accounts(account);
    survivor.mutable_merged_accounts()->MergeFrom(gone.merged_accounts());
    Keep(Row(into));
    Row(into) = survivor;
    gone.set_state(kMerged);
    gone.set_merged_into(into);
    gone.clear_merged_accounts();
    // What was contested of the one is contested of the other.
    Account& from = bank_.accounts[account];
    Account& to = bank_.accounts[into];
    Keep(from.contested);
    Keep(to.contested);
    to.contested += from.contested;
    from.contested = 0;
    AppendMemberEntry(entry, account, gone);
    return std::nullopt;
  }

  // --- who may act for whom

  using Whose = std::pair<AccountNumber, AccountNumber>;  // member, agent

  // Grants that `account` gave, then those that it holds.
  std::vector<std::pair<Whose, Grant>> GrantsOf(AccountNumber account) const {
    std::vector<std::pair<Whose, Grant>> found;
    for (const auto& grant : bank_.grants) {
      if (grant.first.first == account) found.emplace_back(grant);
    }
    for (const auto& grant : bank_.grants) {
      if (grant.first.second == account) found.emplace_back(grant);
    }
    return found;
  }
  // What was granted by and to `gone` is `survivor`'s. Where that has such a grant already, it stands, and
  // what was used of both counts. Each is told.
  void MoveGrants(AccountNumber gone, AccountNumber survivor) {
    for (const auto& [whose, grant] : GrantsOf(gone)) {
      const Whose becomes(whose.first == gone ? survivor : whose.first,
                          whose.second == gone ? survivor : whose.second);
      Keep(bank_.grants);
      bank_.grants.erase(whose);
      const bool ends = becomes.first == becomes.second || bank_.grants.contains(becomes);
      AppendGrantEntry(ends ? sv1::ENTRY_KIND_ACTING_FOR_REVOKED : sv1::ENTRY_KIND_ACTING_FOR_GRANTED,
                       ends ? whose : becomes, grant, grant.entry, sv1::ENTRY_KIND_MEMBER_MERGED);
      if (becomes.first == becomes.second) continue;
      Grant& stands = bank_.grants.try_emplace(becomes, grant).first->second;
      if (!ends) {
        stands.entry = bank_.last_sequence();
      } else if (grant.month == stands.month) {
        stands.used += grant.used;
        stands.counted_from = std::max(stands.counted_from, grant.counted_from);
      } else if (grant.month > stands.month) {
        stands.month = grant.month;
        stands.used = grant.used;
        stands.counted_from = grant.counted_from;
      }
    }
  }
  void AppendGrantEntry(sv1::EntryKind kind, const Whose& whose, const Grant& grant, Sequence about,
                        sv1::EntryKind because = sv1::ENTRY_KIND_UNSPECIFIED) {
    sv1::Entry entry = NewEntry(kind);
    entry.set_because(because);
    entry.set_subject(whose.first);
    entry.set_other(whose.second);
    entry.set_about(about);
    entry.mutable_grant();
    if (grant.seconds_per_month) entry.mutable_grant()->set_seconds_per_month(*grant.seconds_per_month);
    if (grant.until) entry.mutable_grant()->set_until(*grant.until);
    Append(entry);
  }

  Verdict Do(const GrantActingFor& act, Outcome*) {
    std::pair<AccountNumber, AccountNumber> whose;
    if (Verdict no = FindSurvivor(act.id, &whose.first)) return no;
    if (Verdict no = FindSurvivor(act.agent.id, &whose.second)) return no;
    if (!IsBroker() && actor_ != whose.first) return Refuse(Reason::kNotAParty);
    if (whose.first == whose.second) return Invalid("agent", violation::kSameHolder);
    if (act.until && *act.until < command_.stamp.today) return Invalid("until", violation::kDayInPast);
    if (IsClosedMember(whose.first)) return OnAccount(Reason::kHolderClosed, whose.first);
    if (IsClosedMember(whose.second)) return OnAccount(Reason::kHolderClosed, whose.second);
    Keep(bank_.grants);
    if (!bank_.grants.contains(whose)) {
      int agents = 0;
      int members = 0;
      for (const auto& [other, grant] : bank_.grants) {
        agents += other.first == whose.first;
        members += other.second == whose.second;
      }
      if (agents >= 16 || members >= 256) return Refuse(Reason::kTooMany);
    }
    Grant& grant = bank_.grants[whose];
    const Sequence before = grant.entry;
    grant.entry = bank_.last_sequence() + 1;
    grant.seconds_per_month = act.seconds_per_month;
    grant.until = act.until;
    AppendGrantEntry(sv1::ENTRY_KIND_ACTING_FOR_GRANTED, whose, grant, before);
    return std::nullopt;
  }

  Verdict Do(const RevokeActingFor& act, Outcome*) {
    std::pair<AccountNumber, AccountNumber> whose;
    if (Verdict no = FindSurvivor(act.id, &whose.first)) return no;
    if (Verdict no = FindSurvivor(act.agent.id, &whose.second)) return no;
    const bool own = actor_ != 0 && (actor_ == whose.first || actor_ == whose.second);
    if (!IsBroker() && !own) return Refuse(Reason::kNotAParty);
    auto found = bank_.grants.find(whose);
    if (found == bank_.grants.end()) return Refuse(Reason::kNotGranted);
    AppendGrantEntry(sv1::ENTRY_KIND_ACTING_FOR_REVOKED, whose, found->second, found->second.entry);
    Keep(bank_.grants);
    bank_.grants.erase(whose);
    return std::nullopt;
  }

  // --- circles

  Verdict FindMembers(const std::vector<std::string>& ids, std::vector<AccountNumber>* accounts) const {
    for (const std::string& id : ids) {
      AccountNumber account;
      if (Verdict no = FindSurvivor(id, &account)) return no;
      accounts->push_back(account);
    }
    return std::nullopt;
  }
  static bool IsIn(const sv1::CircleRow& row, AccountNumber account) {
    return std::find(row.members().begin(), row.members().end(), account) != row.members().end();
  }
  void AppendCircleEntry(sv1::Entry entry, AccountNumber account, const sv1::CircleRow& row) {
    entry.set_subject(account);
    sv1::CircleRow& place = bank_.circles.at(NumberOf(account) - 1);
    Keep(place);
    place = row;
    Append(entry);
    sv1::Texts texts;
    *texts.mutable_circle() = row;
    SetTexts(entry.sequence(), texts);
  }

  Verdict Do(const CreateCircle& act, Outcome*) {
    std::vector<AccountNumber> members;
    if (Verdict no = FindMembers(act.members, &members)) return no;
    const auto number = static_cast<uint32_t>(bank_.circles.size()) + 1;
    const std::string id = NewId(act.id, 'c', number, &Bank::CircleNamed);
    if (const AccountNumber other = bank_.CircleNamed(id)) return OnAccount(Reason::kAlreadyExists, other);
    if (!IsBroker()) return Refuse(Reason::kRoleRequired);
    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_CIRCLE_CREATED);
    sv1::CircleRow row;
    row.set_slug(id);
    row.set_display_name(act.display_name);
    for (AccountNumber member : members) {
      if (!IsIn(row, member)) row.add_members(member);
    }
    row.set_create_time_us(entry.record_time_us());
    row.set_created_at(entry.sequence());
    Add(bank_.circles, sv1::CircleRow());
    AppendCircleEntry(entry, MakeAccount(HolderKind::kCircle, number), row);
    return std::nullopt;
  }

  Verdict Do(const ChangeCircle& act, Outcome*) {
    const AccountNumber circle = bank_.CircleNamed(act.id);
    if (circle == 0) return Unknown("circles/" + act.id);
    std::vector<AccountNumber> add, remove;
    if (Verdict no = FindMembers(act.add, &add)) return no;
    if (Verdict no = FindMembers(act.remove, &remove)) return no;
    if (!IsBroker()) return Refuse(Reason::kRoleRequired);
    sv1::CircleRow row = bank_.circle(circle);
    row.clear_members();
    for (AccountNumber member : bank_.circle(circle).members()) {
      if (!IsIn(row, bank_.Survivor(member))) row.add_members(bank_.Survivor(member));
    }
    for (AccountNumber member : add) {
      if (!IsIn(row, member)) row.add_members(member);
    }
    for (AccountNumber member : remove) {
      auto* members = row.mutable_members();
      members->erase(std::remove(members->begin(), members->end(), member), members->end());
    }
    if (row.members_size() > 256) return Refuse(Reason::kTooMany);
    AppendCircleEntry(NewEntry(sv1::ENTRY_KIND_CIRCLE_CHANGED), circle, row);
    return std::nullopt;
  }

  // --- the bank

  void AppendBankEntry(const sv1::Entry& entry) {
    bank_.row.set_changed_at(entry.sequence());
    Append(entry);
    sv1::Texts texts;
    *texts.mutable_bank() = bank_.row;
    SetTexts(entry.sequence(), texts);
  }
  void SetCategories(const std::vector<std::string>& categories) {
    std::vector<uint32_t> numbers;
    for (const std::string& category : categories) {
      const uint32_t number = CategoryNumber(category);
      if (std::find(numbers.begin(), numbers.end(), number) == numbers.end()) numbers.push_back(number);
    }
    auto* listed = bank_.row.mutable_settings()->mutable_categories();
    listed->Clear();
    listed->Add(numbers.begin(), numbers.end());
  }

  Verdict Do(const UpdateSettings& act, Outcome*) {
    if (!IsBroker()) return Refuse(Reason::kRoleRequired);
    if (!act.etag.empty() && act.etag != std::to_string(bank_.row.changed_at())) {
      return Refuse(Reason::kEtagMismatch);
    }
    Keep(bank_.row);
    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_SETTINGS_CHANGED);
    entry.set_about(bank_.row.changed_at());
    sv1::SettingsRow* settings = bank_.row.mutable_settings();
    for (const std::string& field : act.mask) {
      const auto* descriptor = sv1::SettingsRow::descriptor()->FindFieldByName(field);
      entry.add_changed_fields(static_cast<uint32_t>(descriptor->number()));
      if (field == "categories") {
        SetCategories(act.categories);
        continue;
      }
      if (field == "time_zone" && !act.time_zone_known && act.settings.time_zone() != settings->time_zone()) {
        return Invalid("settings.time_zone", violation::kUnknownTimeZone);
      }
      settings->GetReflection()->ClearField(settings, descriptor);
      // A limit that is named in the mask and absent is taken away.
      sv1::SettingsRow only = act.settings;
      std::vector<const google::protobuf::FieldDescriptor*> filled;
      only.GetReflection()->ListFields(act.settings, &filled);
      for (const auto* other : filled) {
        if (other != descriptor) only.GetReflection()->ClearField(&only, other);
      }
      settings->MergeFrom(only);
    }
    AppendBankEntry(entry);
    return std::nullopt;
  }

  Verdict Do(const DeleteTimebank&, Outcome*) { return std::nullopt; }  // never a bank's own act

  Verdict Do(const CreateTimebank& act, Outcome*) {
    // Everything else about it is decided by whoever holds the list of banks.
    sv1::Entry entry = NewEntry(sv1::ENTRY_KIND_BANK_CREATED);
    bank_.row.set_slug(act.id);
    bank_.row.set_display_name(act.display_name);
    bank_.row.set_trial(act.trial);
    *bank_.row.mutable_settings() = act.settings;
    bank_.row.set_create_time_us(entry.record_time_us());
    SetCategories(act.categories);
    AppendBankEntry(entry);
    return std::nullopt;
  }

  const Command& command_;
  Bank& bank_;
  std::vector<std::function<void()>> undo_;
  AccountNumber actor_ = 0;       // the member at the keyboard
  AccountNumber acting_for_ = 0;  // on whose behalf
  Sequence grant_ = 0;            // by which, where no broker does
};

}  // namespace

// -----------------------------------------------------------------------------------------------------------
// Bank
// -----------------------------------------------------------------------------------------------------------

AccountNumber Bank::MemberNamed(std::string_view id) const {
  for (size_t i = 0; i < members.size(); ++i) {
    if (members[i].slug() == id) return MakeAccount(HolderKind::kMember, static_cast<uint32_t>(i) + 1);
  }
  return 0;
}

AccountNumber Bank::CircleNamed(std::string_view id) const {
  for (size_t i = 0; i < circles.size(); ++i) {
    if (circles[i].slug() == id) return MakeAccount(HolderKind::kCircle, static_cast<uint32_t>(i) + 1);
  }
  return 0;
}

AccountNumber Bank::Survivor(AccountNumber account) const {
  while (account != 0 && KindOf(account) == HolderKind::kMember && member(account).state() == kMerged) {
    account = member(account).merged_into();
  }
  return account;
}

const sv1::MemberRow& Bank::member(AccountNumber account) const { return members.at(NumberOf(account) - 1); }
const sv1::CircleRow& Bank::circle(AccountNumber account) const { return circles.at(NumberOf(account) - 1); }

sv1::MarkRow Bank::MarkOf(Sequence sequence) const {
  if (auto found = marks.find(sequence); found != marks.end()) return found->second;
  sv1::MarkRow mark;
  mark.set_state(kRecorded);
  return mark;
}

// -----------------------------------------------------------------------------------------------------------
// Oracle
// -----------------------------------------------------------------------------------------------------------

std::vector<Violation> Oracle::Validate(const Command& command) {
  Checker check(command.stamp);
  std::visit(CheckAct{check}, command.act);
  check.RequestId(command.request_id);
  return std::move(check).Take();
}

std::vector<Violation> Oracle::ValidateExchange(const ExchangeSpec& exchange, const Stamp& stamp,
                                                const std::string& path) {
  Checker check(stamp);
  check.Exchange(path, exchange, kEveryField, true);
  return std::move(check).Take();
}

const Bank* Oracle::Find(std::string_view id) const {
  for (const auto& [number, bank] : banks_) {
    if (bank.row.slug() == id) return &bank;
  }
  return nullptr;
}

// What makes banks and takes them away is remembered by the server.
Outcome Oracle::ExecuteForServer(const Command& command) {
  Outcome outcome;
  const auto request = std::make_pair(command.actor.RequestOwner(), command.request_id);
  if (auto known = of_server_.find(request);
      !command.request_id.empty() && known != of_server_.end() &&
      command.stamp.now_us - known->second.time_us <= kRequestMemoryUs) {
    if (DescribeBody(command) != known->second.body) {
      outcome.refusal = Refuse(Reason::kRequestIdReused);
      outcome.refusal->sequence = known->second.outcome.first;
      return outcome;
    }
    outcome = known->second.outcome;
    outcome.replayed = true;
    return outcome;
  }
  if (const auto* act = std::get_if<CreateTimebank>(&command.act)) {
    if (Find(act->id) != nullptr) {
      outcome.refusal = Refuse(Reason::kAlreadyExists);
      outcome.refusal->named = "timebanks/" + act->id;
      return outcome;
    }
    if (command.actor.role != Role::kBroker) {
      outcome.refusal = Refuse(Reason::kRoleRequired);
      return outcome;
    }
    Bank bank;
    bank.number = act->number;
    bank.secret = act->secret;
    bank.row.set_ordinal(++created_);
    outcome = Clerk(command, bank).Run();
    bank.requests.clear();
    banks_[act->number] = std::move(bank);
  } else {
    const Bank* bank = Find(std::get<DeleteTimebank>(command.act).id);
    if (bank == nullptr) {
      outcome.refusal = Refuse(Reason::kTimebankNotFound);
      outcome.refusal->named = std::get<DeleteTimebank>(command.act).id;
      return outcome;
    }
    if (command.actor.role != Role::kBroker) {
      outcome.refusal = Refuse(Reason::kRoleRequired);
      return outcome;
    }
    outcome.bank = bank->number;
    if (!bank->row.trial()) {
      outcome.refusal = Refuse(Reason::kNotATrial);
      return outcome;
    }
    banks_.erase(bank->number);
  }
  if (!command.request_id.empty()) {
    of_server_[request] = {DescribeBody(command), false, command.stamp.now_us, outcome};
  }
  return outcome;
}

Outcome Oracle::Execute(const Command& command) {
  if (IsOfServer(command.act)) return ExecuteForServer(command);
  for (auto& [number, bank] : banks_) {
    if (bank.row.slug() == command.bank) return Clerk(command, bank).Run();
  }
  Outcome outcome;
  outcome.refusal = Refuse(Reason::kTimebankNotFound);
  outcome.refusal->named = command.bank;
  return outcome;
}

void Oracle::Plant(BankNumber number, const sv1::Entry& entry) {
  Bank& bank = banks_.at(number);
  for (const sv1::EntryMovement& movement : entry.movements()) {
    Account& account = bank.accounts[movement.account()];
    account.sums += Added(entry, movement.seconds());
    account.moved_by.push_back(entry.sequence());
  }
  bank.last_record_time_us = entry.record_time_us();
  bank.entries.push_back(entry);
}

}  // namespace timebank::model
