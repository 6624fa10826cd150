#include "client/cli/import_limits.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/import/text.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

constexpr int64_t kMaxSeconds = 1'000'000'000'000;
constexpr size_t kMaxNoteBytes = 2000;
constexpr size_t kMaxCategoryCharacters = 64;
constexpr size_t kMaxNameCharacters = 200;
constexpr size_t kMaxNumberCharacters = 200;
constexpr size_t kMaxContacts = 10;
constexpr size_t kMaxPhoneCharacters = 40;
constexpr size_t kMaxEmailCharacters = 254;
constexpr std::string_view kFirstDay = "1900-01-01";

std::string WhyText(std::string_view what, std::string_view text, size_t most_characters) {
  if (!imports::IsUtf8(text)) return absl::StrCat(Absl(what), " is not UTF-8");
  if (text.size() <= most_characters || imports::CodePoints(text) <= most_characters) return "";
  return absl::StrCat(Absl(what), " is longer than ", most_characters, " characters");
}

std::string WhyNote(std::string_view note) {
  if (!imports::IsUtf8(note)) return "the note is not UTF-8";
  if (note.size() <= kMaxNoteBytes) return "";
  return absl::StrCat("the note is longer than ", kMaxNoteBytes, " bytes (", note.size(), ")");
}

bool IsTooMuch(int64_t seconds) { return seconds > kMaxSeconds || seconds < -kMaxSeconds; }

std::string WhyAmounts(const imports::ImportedEntry& entry) {
  bool too_much = IsTooMuch(entry.seconds);
  for (const auto* shares : {&entry.givers, &entry.receivers, &entry.movements}) {
    for (const imports::ImportedShare& share : *shares) too_much = too_much || IsTooMuch(share.seconds);
  }
  return too_much ? absl::StrCat("more than ", kMaxSeconds, " seconds") : "";
}

// Days in ISO form compare as texts.
std::string WhyDay(std::string_view day, std::string_view today) {
  if (day.size() != kFirstDay.size()) return absl::StrCat("\"", Absl(day), "\" is not a day");
  if (day < kFirstDay) return absl::StrCat("the day lies before 1900 (", Absl(day), ")");
  if (day > today) {
    return absl::StrCat("the day lies in the future (", Absl(day), "; today is ", Absl(today), ")");
  }
  return "";
}

std::string WhyNumber(std::string_view what, std::string_view number) {
  if (number.empty()) return absl::StrCat(Absl(what), " is missing");
  return WhyText(what, number, kMaxNumberCharacters);
}

std::string WhyContacts(std::string_view what, const std::vector<std::string>& contacts, size_t most) {
  if (contacts.size() > kMaxContacts) {
    return absl::StrCat("more than ", kMaxContacts, " of ", Absl(what), "s (", contacts.size(), ")");
  }
  for (const std::string& contact : contacts) {
    if (std::string why = WhyText(absl::StrCat("the ", Absl(what)), contact, most); !why.empty()) return why;
  }
  return "";
}

// The first that is not empty.
template <typename... Why>
std::string First(const Why&... whys) {
  std::string first;
  static_cast<void>(((first = whys(), !first.empty()) || ...));
  return first;
}

}  // namespace

std::string WhyRefused(const imports::ImportedMember& member) {
  return First([&] { return WhyNumber("the member's number", member.number); },
               [&] { return WhyText("the name", member.display_name, kMaxNameCharacters); },
               [&] { return WhyContacts("phone", member.phones, kMaxPhoneCharacters); },
               [&] { return WhyContacts("e-mail", member.emails, kMaxEmailCharacters); },
               [&] { return WhyNote(member.note); });
}

std::string WhyRefused(const imports::ImportedExchange& exchange, std::string_view today) {
  if (exchange.giver == exchange.receiver) {
    return exchange.giver.empty() ? "the bank itself stands on both sides"
                                  : "giver and receiver are the same member";
  }
  if (exchange.seconds <= 0) return "no time at all";
  if (exchange.seconds > kMaxSeconds) return absl::StrCat("more than ", kMaxSeconds, " seconds");
  return First([&] { return WhyDay(exchange.occurred_on, today); }, [&] { return WhyNote(exchange.note); },
               [&] { return WhyText("the category", exchange.category, kMaxCategoryCharacters); },
               [&] { return WhyText("who recorded it", exchange.recorded_by, kMaxNameCharacters); },
               [&] { return WhyNumber("the exchange's number", exchange.origin_number); });
}

std::string WhyRefused(const imports::ImportedOpening& opening, std::string_view today) {
  if (opening.seconds == 0) return "no time at all";
  if (opening.seconds > kMaxSeconds || opening.seconds < -kMaxSeconds) {
    return absl::StrCat("more than ", kMaxSeconds, " seconds");
  }
  return First([&] { return WhyDay(opening.occurred_on, today); }, [&] { return WhyNote(opening.note); },
               [&] { return WhyNumber("the opening's number", opening.origin_number); });
}

std::string WhyRefused(const imports::ImportedEntry& entry, std::string_view today) {
  return First([&] { return WhyAmounts(entry); }, [&] { return WhyDay(entry.occurred_on, today); },
               [&] { return WhyNote(entry.note); },
               [&] { return WhyText("the category", entry.category, kMaxCategoryCharacters); },
               [&] { return WhyText("who recorded it", entry.origin.recorded_by, kMaxNameCharacters); },
               [&] { return WhyNumber("the entry's number", entry.origin.number); });
}

std::string AsId(std::string_view id) {
  std::string lower = absl::AsciiStrToLower(Absl(id));
  return client::IsId(lower) ? lower : "";
}

}  // namespace timebank::cli
