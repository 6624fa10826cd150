#include "server/services/requests.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/ledger/validate.h"
#include "server/services/abseil.h"
#include "server/services/days.h"
#include "server/services/names.h"

namespace timebank::services {
namespace {

namespace v = ledger::violation;

std::string Path(std::string_view path, std::string_view field) {
  return absl::StrCat(Abs(path), Abs(field));
}

// Fields of an exchange that can be changed, by name.
constexpr std::array kChangeable = {
    std::pair{std::string_view("givers"), &ledger::ExchangeMask::givers},
    std::pair{std::string_view("receivers"), &ledger::ExchangeMask::receivers},
    std::pair{std::string_view("seconds"), &ledger::ExchangeMask::seconds},
    std::pair{std::string_view("remainder"), &ledger::ExchangeMask::remainder},
    std::pair{std::string_view("unnamed_givers"), &ledger::ExchangeMask::unnamed_givers},
    std::pair{std::string_view("unnamed_receivers"), &ledger::ExchangeMask::unnamed_receivers},
    std::pair{std::string_view("occurred_on"), &ledger::ExchangeMask::occurred_on},
    std::pair{std::string_view("category"), &ledger::ExchangeMask::category},
    std::pair{std::string_view("note"), &ledger::ExchangeMask::note},
    std::pair{std::string_view("tags"), &ledger::ExchangeMask::tags},
    std::pair{std::string_view("decision"), &ledger::ExchangeMask::decision},
};

}  // namespace

void RequestReader::Problem(std::string_view field, std::string_view reason) {
  violations_.push_back({std::string(field), std::string(reason)});
}

ledger::HolderRef RequestReader::Holder(std::string_view field, std::string_view name) {
  if (name.empty()) return {};
  std::optional<ChildName> child = ParseChild(name);
  std::optional<ledger::HolderRef> holder = child ? ToHolder(*child) : std::nullopt;
  if (!holder) {
    Problem(field, v::kMalformed);
    return {};
  }
  if (!child->bank.empty() && child->bank != bank_) Problem(field, v::kOtherBank);
  return *std::move(holder);
}

std::string RequestReader::HolderId(std::string_view field, const std::string& name,
                                    ledger::HolderKind kind) {
  if (name.empty()) {
    Problem(field, v::kRequired);
    return "";
  }
  const ledger::HolderRef holder = Holder(field, name);
  // Without a bank the short form says nothing.
  if (holder.given() && (holder.kind != kind || bank_.empty())) Problem(field, v::kMalformed);
  return holder.id;
}

std::optional<storage::Day> RequestReader::Day(std::string_view field, const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::optional<storage::Day> day = ParseDay(text);
  if (!day) Problem(field, v::kMalformed);
  return day;
}

std::optional<ledger::OriginSpec> RequestReader::Origin(std::string_view path, bool has,
                                                        const v1::Origin& origin) {
  if (!has) return std::nullopt;
  ledger::OriginSpec spec{origin.system(), origin.number(), origin.recorded_by(), 0};
  if (origin.has_record_time()) {
    std::optional<int64_t> time = FromTimestamp(origin.record_time());
    if (!time) Problem(Path(path, "origin.record_time"), v::kOutOfRange);
    spec.time_us = time.value_or(0);
  }
  return spec;
}

void RequestReader::Shares(std::string_view field, const google::protobuf::RepeatedPtrField<v1::Share>& from,
                           std::vector<ledger::ShareSpec>* to) {
  to->resize(static_cast<size_t>(from.size()));
  for (int i = 0; i < from.size(); ++i) {
    ledger::ShareSpec& share = (*to)[static_cast<size_t>(i)];
    // The path is put together only where it is needed: a batch has thousands of shares.
    const size_t before = violations_.size();
    share.holder = Holder("", from[i].holder());
    for (size_t p = before; p < violations_.size(); ++p) {
      violations_[p].field = absl::StrCat(Abs(field), "[", i, "].holder");
    }
    if (violations_.size() > before) {
      share.holder = {ledger::HolderKind::kMember, absl::StrCat("x", i, Abs(field))};
    }
    if (from[i].has_seconds()) share.seconds = from[i].seconds();
  }
}

void RequestReader::Exchange(std::string_view path, const v1::Exchange& exchange,
                             ledger::ExchangeSpec* spec) {
  const size_t before = violations_.size();
  Shares("givers", exchange.givers(), &spec->givers);
  Shares("receivers", exchange.receivers(), &spec->receivers);
  spec->seconds = exchange.seconds();
  if (exchange.has_remainder()) spec->remainder = Holder("remainder.holder", exchange.remainder().holder());
  spec->unnamed_givers = exchange.unnamed_givers();
  spec->unnamed_receivers = exchange.unnamed_receivers();
  spec->occurred_on = Day("occurred_on", exchange.occurred_on());
  spec->category = exchange.category();
  spec->note = exchange.note();
  spec->tags.assign(exchange.tags().begin(), exchange.tags().end());
  spec->decision = exchange.decision();
  spec->origin = Origin("", exchange.has_origin(), exchange.origin());
  spec->acting_for = Holder("acting_for", exchange.acting_for());
  for (size_t p = before; p < violations_.size(); ++p) violations_[p].field.insert(0, path);
}

ledger::ExchangeMask RequestReader::Mask(const v1::Exchange& exchange,
                                         const google::protobuf::FieldMask& mask) {
  ledger::ExchangeMask taken;
  for (const std::string& path : mask.paths()) {
    auto field =
        std::find_if(kChangeable.begin(), kChangeable.end(), [&](const auto& f) { return f.first == path; });
    if (field == kChangeable.end()) {
      Problem("update_mask", v::kUnknownField);
    } else {
      taken.*(field->second) = true;
    }
  }
  if (!mask.paths().empty()) return taken;
  std::vector<const google::protobuf::FieldDescriptor*> filled;
  exchange.GetReflection()->ListFields(exchange, &filled);
  for (const auto* filled_field : filled) {
    for (const auto& [name, member] : kChangeable) {
      if (name == std::string_view(filled_field->name())) taken.*member = true;
    }
  }
  return taken;
}

storage::v1::MemberRow RequestReader::Member(const v1::Member& member) {
  storage::v1::MemberRow row;
  row.set_display_name(member.display_name());
  if (!v1::Member::Kind_IsValid(member.kind())) Problem("member.kind", v::kOutOfRange);
  row.set_kind(static_cast<uint32_t>(member.kind()));
  for (const auto& external : member.external_ids()) {
    auto* kept = row.add_external_ids();
    kept->set_system(external.system());
    kept->set_number(external.number());
  }
  *row.mutable_phones() = member.phones();
  *row.mutable_emails() = member.emails();
  row.set_language(member.language());
  row.set_note(member.note());
  if (auto joined = Day("member.joined_on", member.joined_on())) row.set_joined_on(*joined);
  return row;
}

storage::v1::SettingsRow RequestReader::Settings(std::string_view path, const v1::Settings& settings) {
  storage::v1::SettingsRow row;
  row.set_time_zone(settings.time_zone().empty() ? "UTC" : settings.time_zone());
  row.set_locale(settings.locale().empty() ? "en" : settings.locale());
  if (settings.has_warn_below_seconds()) row.set_warn_below(settings.warn_below_seconds());
  if (settings.has_warn_above_seconds()) row.set_warn_above(settings.warn_above_seconds());
  if (settings.has_block_below_seconds()) row.set_block_below(settings.block_below_seconds());
  if (settings.has_block_above_seconds()) row.set_block_above(settings.block_above_seconds());
  if (!v1::Settings::WhoMayRecord_IsValid(settings.who_may_record()))
    Problem(Path(path, "who_may_record"), v::kOutOfRange);
  row.set_who_may_record(std::max<uint32_t>(1, static_cast<uint32_t>(settings.who_may_record())));
  if (!v1::Settings::Visibility_IsValid(settings.balances_visible())) {
    Problem(Path(path, "balances_visible"), v::kOutOfRange);
  }
  row.set_balances_visible(std::max<uint32_t>(1, static_cast<uint32_t>(settings.balances_visible())));
  row.set_starter_seconds(settings.starter_seconds());
  if (settings.smallest_count_shown() < 0) Problem(Path(path, "smallest_count_shown"), v::kOutOfRange);
  row.set_smallest_count_shown(static_cast<uint32_t>(std::max(0, settings.smallest_count_shown())));
  return row;
}

std::string BankOfName(const std::string& name) {
  if (auto bank = ParseBank(name)) return *bank;
  if (auto child = ParseChild(name)) return std::string(child->bank);
  return "";
}

ledger::Sequence SequenceOfName(const std::string& name) {
  std::optional<ChildName> child = ParseChild(name);
  uint64_t sequence = 0;
  if (!child || child->bank.empty() || child->collection != "exchanges" || child->id[0] == '0' ||
      !absl::SimpleAtoi(Abs(child->id), &sequence)) {
    return 0;
  }
  return sequence;
}

std::optional<std::string> StoredSettingsField(const std::string& path) {
  static const std::array kFields = {
      std::pair{"time_zone", "time_zone"},
      std::pair{"locale", "locale"},
      std::pair{"categories", "categories"},
      std::pair{"warn_below_seconds", "warn_below"},
      std::pair{"warn_above_seconds", "warn_above"},
      std::pair{"block_below_seconds", "block_below"},
      std::pair{"block_above_seconds", "block_above"},
      std::pair{"who_may_record", "who_may_record"},
      std::pair{"balances_visible", "balances_visible"},
      std::pair{"starter_seconds", "starter_seconds"},
      std::pair{"smallest_count_shown", "smallest_count_shown"},
  };
  for (const auto& [api, stored] : kFields) {
    if (path == api) return stored;
  }
  return std::nullopt;
}

std::optional<std::string> StoredMemberField(const std::string& path) {
  static const std::array kFields = {"display_name", "kind",     "external_ids", "phones",
                                     "emails",       "language", "joined_on",    "note"};
  for (const char* field : kFields) {
    if (path == field) return path;
  }
  return std::nullopt;
}

}  // namespace timebank::services
