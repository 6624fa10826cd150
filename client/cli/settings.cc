#include "client/cli/settings.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/cli/hours.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

absl::Status BadValue(std::string_view value, std::string_view write) {
  return absl::InvalidArgumentError(Fill(T("Cannot take \"$0\". Write $1."), value, write));
}

// ---- Limits
// ---------------------------------------------------------------------------------------------------------

using SetSeconds = void (v1::Settings::*)(int64_t);
using ClearSeconds = void (v1::Settings::*)();

absl::Status ReadLimit(std::string_view value, v1::Settings& settings, SetSeconds set, ClearSeconds clear) {
  if (value == "none") {
    (settings.*clear)();
    return absl::OkStatus();
  }
  absl::string_view magnitude = Absl(value);
  const bool debit = absl::ConsumePrefix(&magnitude, "-");
  if (magnitude == "0" || magnitude == "0h") {
    (settings.*set)(0);
    return absl::OkStatus();
  }
  CLI_ASSIGN_OR_RETURN(const ParsedHours hours, ParseHours({magnitude.data(), magnitude.size()}));
  // A limit of 20 is twenty hours: nobody sets one of twenty minutes without saying so.
  (settings.*set)(debit ? -hours.seconds : hours.seconds);
  return absl::OkStatus();
}

std::string WriteLimit(bool has, int64_t seconds) {
  return has ? absl::StrCat(seconds < 0 ? "-" : "", FormatHours(seconds)) : "none";
}

// ---- Choices
// --------------------------------------------------------------------------------------------------------

// `either_party` for WHO_MAY_RECORD_EITHER_PARTY.
std::string Choice(std::string_view enumerator, std::string_view prefix) {
  return absl::AsciiStrToLower(Absl(enumerator.substr(std::min(prefix.size(), enumerator.size()))));
}

absl::Status ReadWhoMayRecord(std::string_view value, v1::Settings& settings) {
  v1::Settings::WhoMayRecord who;
  if (!v1::Settings::WhoMayRecord_Parse(absl::StrCat("WHO_MAY_RECORD_", absl::AsciiStrToUpper(Absl(value))),
                                        &who)) {
    return BadValue(value, T("either_party, receiver, giver or brokers"));
  }
  settings.set_who_may_record(who);
  return absl::OkStatus();
}

absl::Status ReadVisibility(std::string_view value, v1::Settings& settings) {
  v1::Settings::Visibility who;
  if (!v1::Settings::Visibility_Parse(absl::StrCat("VISIBILITY_", absl::AsciiStrToUpper(Absl(value))),
                                      &who)) {
    return BadValue(value, T("own or members"));
  }
  settings.set_balances_visible(who);
  return absl::OkStatus();
}

// ---- All settings
// ---------------------------------------------------------------------------------------------------

struct Setting {
  // What brokers write.
  std::string_view key;
  // The API's field.
  std::string_view field;
  absl::Status (*read)(std::string_view value, v1::Settings& settings);
  std::string (*write)(const v1::Settings& settings);
};

constexpr std::array<Setting, 11> kSettings = {{
    {"time_zone", "time_zone",
     [](std::string_view value, v1::Settings& s) {
       return s.set_time_zone(std::string(value)), absl::OkStatus();
     },
     [](const v1::Settings& s) { return s.time_zone(); }},
    {"locale", "locale",
     [](std::string_view value, v1::Settings& s) {
       return s.set_locale(std::string(value)), absl::OkStatus();
     },
     [](const v1::Settings& s) { return s.locale(); }},
    {"categories", "categories",
     [](std::string_view value, v1::Settings& s) {
       for (absl::string_view piece : absl::StrSplit(Absl(value), ',')) {
         const absl::string_view name = absl::StripAsciiWhitespace(piece);
         if (!name.empty()) s.add_categories(std::string(name));
       }
       return absl::OkStatus();
     },
     [](const v1::Settings& s) { return absl::StrJoin(s.categories(), ","); }},
    {"warn_below", "warn_below_seconds",
     [](std::string_view value, v1::Settings& s) {
       return ReadLimit(value, s, &v1::Settings::set_warn_below_seconds,
                        &v1::Settings::clear_warn_below_seconds);
     },
     [](const v1::Settings& s) { return WriteLimit(s.has_warn_below_seconds(), s.warn_below_seconds()); }},
    {"warn_above", "warn_above_seconds",
     [](std::string_view value, v1::Settings& s) {
       return ReadLimit(value, s, &v1::Settings::set_warn_above_seconds,
                        &v1::Settings::clear_warn_above_seconds);
     },
     [](const v1::Settings& s) { return WriteLimit(s.has_warn_above_seconds(), s.warn_above_seconds()); }},
    {"block_below", "block_below_seconds",
     [](std::string_view value, v1::Settings& s) {
       return ReadLimit(value, s, &v1::Settings::set_block_below_seconds,
                        &v1::Settings::clear_block_below_seconds);
     },
     [](const v1::Settings& s) { return WriteLimit(s.has_block_below_seconds(), s.block_below_seconds()); }},
    {"block_above", "block_above_seconds",
     [](std::string_view value, v1::Settings& s) {
       return ReadLimit(value, s, &v1::Settings::set_block_above_seconds,
                        &v1::Settings::clear_block_above_seconds);
     },
     [](const v1::Settings& s) { return WriteLimit(s.has_block_above_seconds(), s.block_above_seconds()); }},
    {"who_may_record", "who_may_record", ReadWhoMayRecord,
     [](const v1::Settings& s) {
       return Choice(v1::Settings::WhoMayRecord_Name(s.who_may_record()), "WHO_MAY_RECORD_");
     }},
    {"balances_visible", "balances_visible", ReadVisibility,
     [](const v1::Settings& s) {
       return Choice(v1::Settings::Visibility_Name(s.balances_visible()), "VISIBILITY_");
     }},
    {"starter", "starter_seconds",
     [](std::string_view value, v1::Settings& s) {
       return ReadLimit(value, s, &v1::Settings::set_starter_seconds, &v1::Settings::clear_starter_seconds);
     },
     [](const v1::Settings& s) { return FormatHours(s.starter_seconds()); }},
    {"smallest_count_shown", "smallest_count_shown",
     [](std::string_view value, v1::Settings& s) {
       int32_t count = 0;
       if (!absl::SimpleAtoi(Absl(value), &count)) return BadValue(value, T("a number, like 5"));
       s.set_smallest_count_shown(count);
       return absl::OkStatus();
     },
     [](const v1::Settings& s) { return absl::StrCat(s.smallest_count_shown()); }},
}};

}  // namespace

absl::Status SetSetting(std::string_view assignment, v1::Settings& settings,
                        google::protobuf::FieldMask& mask) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    return absl::InvalidArgumentError(Fill(T("\"$0\" is not key=value, like warn_below=-5h."), assignment));
  }
  const std::string_view key = assignment.substr(0, equals);
  for (const Setting& setting : kSettings) {
    if (setting.key != key) continue;
    mask.add_paths(std::string(setting.field));
    return setting.read(assignment.substr(equals + 1), settings);
  }
  return absl::InvalidArgumentError(Fill(T("There is no setting \"$0\". There are: $1"), key, SettingKeys()));
}

std::vector<std::pair<std::string, std::string>> ListSettings(const v1::Settings& settings) {
  std::vector<std::pair<std::string, std::string>> list;
  for (const Setting& setting : kSettings) list.emplace_back(setting.key, setting.write(settings));
  return list;
}

std::string SettingKeys() {
  std::string keys;
  for (const Setting& setting : kSettings) absl::StrAppend(&keys, keys.empty() ? "" : " ", Absl(setting.key));
  return keys;
}

}  // namespace timebank::cli
