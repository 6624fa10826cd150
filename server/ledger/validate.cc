#include "server/ledger/validate.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace timebank::ledger {
namespace {

namespace v = violation;

bool IsLowerAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// What is wrong with one field; empty where nothing is.
std::string_view ProblemOf(const HolderRef& holder) {
  if (!holder.given()) return v::kRequired;
  return IsId(holder.id) ? std::string_view() : v::kMalformed;
}
std::string_view ProblemOfPositive(int64_t seconds) {
  if (seconds <= 0) return v::kMustBePositive;
  return seconds > kMaxSeconds ? v::kOutOfRange : std::string_view();
}

// Collects what is wrong; paths are put together only when something is.
class Checker {
 public:
  Checker(const Stamp& stamp, std::string_view path, std::vector<Violation>* found)
      : stamp_(stamp), path_(path), found_(found) {}

  void Add(std::string_view field, std::string_view reason) {
    found_->push_back({path_ + std::string(field), std::string(reason)});
  }

  void Text(std::string_view field, std::string_view text, size_t most, bool in_bytes = false) {
    if (!IsUtf8(text)) return Add(field, v::kNotUtf8);
    if ((in_bytes ? text.size() : CharactersIn(text)) > most) Add(field, v::kTooLong);
  }

  void Texts(std::string_view field, const std::vector<std::string>& texts, size_t most,
             size_t most_characters) {
    if (texts.size() > most) return Add(field, v::kTooMany);
    for (size_t i = 0; i < texts.size(); ++i) {
      std::string name = absl::StrCat(absl::string_view(field.data(), field.size()), "[", i, "]");
      if (texts[i].empty()) Add(name, v::kRequired);
      Text(name, texts[i], most_characters);
    }
  }

  void DayOf(std::string_view field, const std::optional<Day>& day) {
    if (!day) return;
    if (*day > stamp_.today) Add(field, v::kDayInFuture);
    if (*day < kEarliestDay) Add(field, v::kDayTooEarly);
  }

  void Positive(std::string_view field, int64_t seconds) {
    if (std::string_view problem = ProblemOfPositive(seconds); !problem.empty()) Add(field, problem);
  }

  void Holder(std::string_view field, const HolderRef& holder) {
    if (std::string_view problem = ProblemOf(holder); !problem.empty()) Add(field, problem);
  }

  void ActingFor(const HolderRef& holder) {
    if (!holder.given()) return;
    if (holder.kind != HolderKind::kMember) return Add("acting_for", v::kNotAMember);
    Holder("acting_for", holder);
  }

  void Origin(const std::optional<OriginSpec>& origin) {
    if (!origin) return;
    if (!IsSystem(origin->system))
      Add("origin.system", origin->system.empty() ? v::kRequired : v::kMalformed);
    if (origin->number.empty()) Add("origin.number", v::kRequired);
    Text("origin.number", origin->number, kMaxOriginNumberCharacters);
    Text("origin.recorded_by", origin->recorded_by, kMaxNameCharacters);
  }

  void Words(const std::string& category, const std::string& note, const std::vector<std::string>& tags,
             const std::string& decision) {
    Text("category", category, kMaxCategoryCharacters);
    Text("note", note, kMaxNoteBytes, /*in_bytes=*/true);
    Texts("tags", tags, kMaxTags, kMaxTagCharacters);
    Text("decision", decision, kMaxDecisionCharacters);
  }

  void MemberId(std::string_view field, std::string_view id) {
    if (!IsId(id)) Add(field, v::kMalformed);
  }

 private:
  const Stamp& stamp_;
  std::string path_;
  std::vector<Violation>* found_;
};

// Holders that were named so far. A few are looked through, which is what an exchange nearly always has.
class Named {
 public:
  // false: it was there.
  bool Add(const HolderRef& holder) {
    if (!all_.empty()) return all_.emplace(holder.kind, holder.id).second;
    const auto end = few_.begin() + static_cast<ptrdiff_t>(count_);
    if (std::any_of(few_.begin(), end, [&](const HolderRef* other) { return *other == holder; }))
      return false;
    if (count_ < few_.size()) {
      few_[count_++] = &holder;
      return true;
    }
    for (const HolderRef* other : few_) all_.emplace(other->kind, other->id);
    all_.emplace(holder.kind, holder.id);
    return true;
  }

 private:
  std::array<const HolderRef*, 8> few_;
  size_t count_ = 0;
  std::set<std::pair<HolderKind, std::string_view>> all_;  // when they are more
};

void CheckShares(Checker& check, std::string_view field, const std::vector<ShareSpec>& shares, size_t* count,
                 Named* named) {
  for (size_t i = 0; i < shares.size(); ++i) {
    if (++*count > kMaxShares) return check.Add(field, v::kTooMany);
    const ShareSpec& share = shares[i];
    const auto found = [&](const char* part, std::string_view problem) {
      if (problem.empty()) return;
      check.Add(absl::StrCat(absl::string_view(field.data(), field.size()), "[", i, "].", part), problem);
    };
    found("holder", ProblemOf(share.holder));
    if (share.seconds) found("seconds", ProblemOfPositive(*share.seconds));
    if (share.holder.given() && !named->Add(share.holder)) found("holder", v::kSameHolder);
  }
}

void CheckExchange(Checker& check, const ExchangeSpec& exchange) {
  size_t count = 0;
  Named named;
  CheckShares(check, "givers", exchange.givers, &count, &named);
  CheckShares(check, "receivers", exchange.receivers, &count, &named);
  if (exchange.seconds < 0) check.Add("seconds", v::kMustBePositive);
  if (exchange.seconds > kMaxSeconds) check.Add("seconds", v::kOutOfRange);
  if (exchange.remainder.given()) check.Holder("remainder.holder", exchange.remainder);
  for (auto [field, number] : {std::pair{"unnamed_givers", exchange.unnamed_givers},
                               std::pair{"unnamed_receivers", exchange.unnamed_receivers}}) {
    if (number < 0 || number > kMaxUnnamed) check.Add(field, v::kOutOfRange);
  }
  check.DayOf("occurred_on", exchange.occurred_on);
  check.Words(exchange.category, exchange.note, exchange.tags, exchange.decision);
  check.Origin(exchange.origin);
  check.ActingFor(exchange.acting_for);
}

// What a new exchange needs besides; a correction's fields may be carried over.
void CheckCompleteness(Checker& check, const ExchangeSpec& exchange) {
  const bool nobody_named = exchange.givers.empty() && exchange.receivers.empty();
  if (nobody_named || (exchange.givers.empty() && exchange.unnamed_givers <= 0))
    check.Add("givers", v::kRequired);
  if (exchange.receivers.empty() && exchange.unnamed_receivers <= 0) check.Add("receivers", v::kRequired);
  if (exchange.seconds != 0) return;
  auto own = [](const ShareSpec& share) { return share.seconds.has_value(); };
  const bool givers_know = std::all_of(exchange.givers.begin(), exchange.givers.end(), own);
  const bool receivers_know = std::all_of(exchange.receivers.begin(), exchange.receivers.end(), own) ||
                              (exchange.receivers.size() == 1 && !exchange.givers.empty());
  if (!givers_know || !receivers_know) check.Add("seconds", v::kMustBePositive);
}

class Validator {
 public:
  Validator(const Command& command, std::vector<Violation>* found)
      : command_(command), found_(found), check_(command.stamp, "", found) {}

  void operator()(const RecordExchange& act) {
    auto problems = ValidateExchange(act.exchange, command_.stamp, "exchange.");
    found_->insert(found_->end(), problems.begin(), problems.end());
  }
  void operator()(const BatchRecordExchanges& act) {
    if (act.items.empty()) check_.Add("exchanges", v::kRequired);
  }
  void operator()(const CorrectExchange& act) {
    Changes(act.changes, act.mask, /*required=*/true);
    Reason(act.reason);
    check_.ActingFor(act.acting_for);
  }
  void operator()(const ReverseExchange& act) {
    Reason(act.reason);
    check_.ActingFor(act.acting_for);
  }
  void operator()(const ContestExchange& act) {
    if (act.reason.empty()) check_.Add("reason", v::kRequired);
    Reason(act.reason);
    check_.ActingFor(act.acting_for);
  }
  void operator()(const SettleExchange& act) {
    Changes(act.changes, act.mask, /*required=*/false);
    if (act.outcome != SettleOutcome::kCorrected && act.mask.any()) check_.Add("exchange", v::kNoEffect);
    Reason(act.reason);
    check_.ActingFor(act.acting_for);
  }
  void operator()(const ConfirmExchange& act) { check_.ActingFor(act.acting_for); }
  void operator()(const EraseExchangeNote& act) { check_.ActingFor(act.acting_for); }
  void operator()(const RecordGift& act) {
    check_.Holder("debited", act.debited);
    check_.Holder("credited", act.credited);
    if (act.debited.given() && act.debited == act.credited) check_.Add("credited", v::kSameHolder);
    check_.Positive("seconds", act.seconds);
    check_.DayOf("occurred_on", act.occurred_on);
    check_.Words(act.category, act.note, act.tags, act.decision);
    check_.Origin(act.origin);
    check_.ActingFor(act.acting_for);
  }
  void operator()(const RecordOpening& act) {
    check_.Holder("holder", act.holder);
    if (act.holder == HolderRef{HolderKind::kPot, "opening"}) check_.Add("holder", v::kSameHolder);
    if (act.seconds == 0) check_.Add("seconds", v::kRequired);
    if (act.seconds > kMaxSeconds || act.seconds < -kMaxSeconds) check_.Add("seconds", v::kOutOfRange);
    check_.DayOf("occurred_on", act.occurred_on);
    check_.Text("note", act.note, kMaxNoteBytes, /*in_bytes=*/true);
    check_.Origin(act.origin);
  }
  void operator()(const CreateMember& act) {
    if (!act.id.empty()) check_.MemberId("member_id", act.id);
    Member(act.details);
    check_.DayOf("member.joined_on", act.joined_on);
  }
  void operator()(const UpdateMember& act) {
    check_.MemberId("member.name", act.id);
    if (act.mask.empty()) check_.Add("update_mask", v::kRequired);
    Member(act.details);
    if (std::find(act.mask.begin(), act.mask.end(), "joined_on") != act.mask.end()) {
      check_.DayOf("member.joined_on", act.details.joined_on());
    }
  }
  void operator()(const CloseMember& act) {
    check_.MemberId("name", act.id);
    if (act.destination.given()) check_.Holder("destination", act.destination);
    if (act.destination == HolderRef{HolderKind::kMember, act.id}) check_.Add("destination", v::kSameHolder);
    check_.DayOf("closed_on", act.closed_on);
  }
  void operator()(const ReopenMember& act) { check_.MemberId("name", act.id); }
  void operator()(const MergeMember& act) {
    check_.MemberId("name", act.id);
    check_.MemberId("into", act.into);
    if (act.id == act.into) check_.Add("into", v::kSameHolder);
  }
  void operator()(const GrantActingFor& act) {
    ActingFor(act.id, act.agent);
    if (!act.seconds_per_month && !act.no_limit) check_.Add("seconds_per_month", v::kRequired);
    if (!act.seconds_per_month) return;
    if (act.no_limit) check_.Add("seconds_per_month", v::kMalformed);
    if (*act.seconds_per_month < 0 || *act.seconds_per_month > kMaxSeconds) {
      check_.Add("seconds_per_month", v::kOutOfRange);
    }
  }
  void operator()(const RevokeActingFor& act) { ActingFor(act.id, act.agent); }
  void operator()(const CreateCircle& act) {
    if (!act.id.empty()) check_.MemberId("circle_id", act.id);
    check_.Text("circle.display_name", act.display_name, kMaxNameCharacters);
    Ids("circle.members", act.members);
  }
  void operator()(const ChangeCircle& act) {
    check_.MemberId("name", act.id);
    if (act.add.empty() && act.remove.empty()) check_.Add("members", v::kRequired);
    Ids("members", act.add);
    Ids("members", act.remove);
  }
  void operator()(const CreateTimebank& act) {
    if (act.id.empty()) {
      check_.Add("timebank_id", v::kRequired);
    } else if (!IsId(act.id)) {
      check_.Add("timebank_id", v::kMalformed);
    }
    check_.Text("timebank.display_name", act.display_name, kMaxNameCharacters);
    Settings("timebank.settings.", act.settings, act.categories);
  }
  void operator()(const DeleteTimebank& act) {
    if (act.id.empty()) {
      check_.Add("name", v::kRequired);
    } else if (!IsId(act.id)) {
      check_.Add("name", v::kMalformed);
    }
  }
  void operator()(const UpdateSettings& act) {
    if (act.mask.empty()) check_.Add("update_mask", v::kRequired);
    Settings("settings.", act.settings, act.categories);
  }

 private:
  // A member, and who acts for it.
  void ActingFor(const std::string& id, const HolderRef& agent) {
    check_.MemberId("name", id);
    if (agent.given() && agent.kind != HolderKind::kMember) return check_.Add("agent", v::kNotAMember);
    check_.Holder("agent", agent);
    if (agent.given() && agent.id == id) check_.Add("agent", v::kSameHolder);
  }

  void Reason(const std::string& reason) {
    check_.Text("reason", reason, kMaxReasonBytes, /*in_bytes=*/true);
  }

  void Changes(const ExchangeSpec& changes, const ExchangeMask& mask, bool required) {
    if (!mask.any()) {
      if (required) check_.Add("exchange", v::kRequired);
      return;
    }
    Checker check(command_.stamp, "exchange.", found_);
    CheckExchange(check, changes);
    if (mask.seconds && changes.seconds == 0) check.Add("seconds", v::kMustBePositive);
  }

  void Ids(std::string_view field, const std::vector<std::string>& ids) {
    if (ids.size() > kMaxCircleMembers) return check_.Add(field, v::kTooMany);
    for (size_t i = 0; i < ids.size(); ++i) {
      check_.MemberId(absl::StrCat(absl::string_view(field.data(), field.size()), "[", i, "]"), ids[i]);
    }
  }

  void Member(const storage::v1::MemberRow& member) {
    check_.Text("member.display_name", member.display_name(), kMaxNameCharacters);
    check_.Texts("member.phones", {member.phones().begin(), member.phones().end()}, kMaxContacts,
                 kMaxPhoneCharacters);
    check_.Texts("member.emails", {member.emails().begin(), member.emails().end()}, kMaxContacts,
                 kMaxEmailCharacters);
    check_.Text("member.language", member.language(), kMaxLanguageCharacters);
    check_.Text("member.note", member.note(), kMaxNoteBytes, /*in_bytes=*/true);
    if (member.external_ids_size() > static_cast<int>(kMaxExternalIds))
      check_.Add("member.external_ids", v::kTooMany);
    for (int i = 0; i < member.external_ids_size() && i < static_cast<int>(kMaxExternalIds); ++i) {
      std::string path = absl::StrCat("member.external_ids[", i, "]");
      if (!IsSystem(member.external_ids(i).system())) check_.Add(path + ".system", v::kMalformed);
      if (member.external_ids(i).number().empty()) check_.Add(path + ".number", v::kRequired);
      check_.Text(path + ".number", member.external_ids(i).number(), kMaxOriginNumberCharacters);
    }
  }

  void Settings(std::string_view path, const storage::v1::SettingsRow& settings,
                const std::vector<std::string>& categories) {
    Checker check(command_.stamp, path, found_);
    check.Text("locale", settings.locale(), kMaxLanguageCharacters);
    check.Texts("categories", categories, kMaxCategories, kMaxCategoryCharacters);
    auto limit = [&](std::string_view field, bool has, int64_t seconds) {
      if (has && (seconds > kMaxSeconds || seconds < -kMaxSeconds)) check.Add(field, v::kOutOfRange);
    };
    limit("warn_below_seconds", settings.has_warn_below(), settings.warn_below());
    limit("warn_above_seconds", settings.has_warn_above(), settings.warn_above());
    limit("block_below_seconds", settings.has_block_below(), settings.block_below());
    limit("block_above_seconds", settings.has_block_above(), settings.block_above());
    if (settings.starter_seconds() < 0 || settings.starter_seconds() > kMaxStarterSeconds) {
      check.Add("starter_seconds", v::kOutOfRange);
    }
    if (settings.smallest_count_shown() > kMaxSmallestCount)
      check.Add("smallest_count_shown", v::kOutOfRange);
  }

  const Command& command_;
  std::vector<Violation>* found_;
  Checker check_;
};

}  // namespace

bool IsId(std::string_view text) {
  if (text.empty() || text.size() > kMaxIdCharacters) return false;
  if (!IsLowerAlnum(text.front()) || !IsLowerAlnum(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLowerAlnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool IsSystem(std::string_view text) {
  if (text.empty() || text.size() > kMaxSystemCharacters) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLowerAlnum(c) || c == '-' || c == '_' || c == '.'; });
}

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  while (p < end) {
    if (*p < 0x80) {
      ++p;
      continue;
    }
    int more;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (*p >= 0xC2 && *p <= 0xDF) {
      more = 1;
    } else if (*p >= 0xE0 && *p <= 0xEF) {
      more = 2;
      if (*p == 0xE0) low = 0xA0;
      if (*p == 0xED) high = 0x9F;
    } else if (*p >= 0xF0 && *p <= 0xF4) {
      more = 3;
      if (*p == 0xF0) low = 0x90;
      if (*p == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    if (end - p <= more || p[1] < low || p[1] > high) return false;
    for (int i = 2; i <= more; ++i) {
      if ((p[i] & 0xC0) != 0x80) return false;
    }
    p += more + 1;
  }
  return true;
}

size_t CharactersIn(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

std::vector<Violation> ValidateExchange(const ExchangeSpec& exchange, const Stamp& stamp,
                                        std::string_view path) {
  std::vector<Violation> found;
  Checker check(stamp, path, &found);
  CheckExchange(check, exchange);
  CheckCompleteness(check, exchange);
  return found;
}

std::optional<Violation> CheckRequestId(std::string_view id) {
  if (id.size() > kMaxRequestIdCharacters) return Violation{"request_id", std::string(v::kTooLong)};
  const bool visible = std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!visible) return Violation{"request_id", std::string(v::kMalformed)};
  return std::nullopt;
}

std::vector<Violation> Validate(const Command& command) {
  std::vector<Violation> found;
  if (auto wrong = CheckRequestId(command.request_id)) found.push_back(*std::move(wrong));
  std::visit(Validator(command, &found), command.act);
  return found;
}

}  // namespace timebank::ledger
