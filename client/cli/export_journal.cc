#include "client/cli/export_journal.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/day.h"
#include "client/cli/errors.h"
#include "client/cli/exchange_words.h"
#include "client/cli/hours.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

constexpr std::string_view kCommodity = "SEC";

// The code point at the front of `text`, and its length in bytes. What is not UTF-8 is taken byte by byte.
std::pair<uint32_t, size_t> FirstCharacter(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const size_t length = byte(0) < 0x80 ? 1 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
  if (length == 1 || text.size() < length) return {byte(0), 1};
  uint32_t code_point = byte(0) & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) code_point = code_point << 6 | (byte(i) & 0x3Fu);
  return {code_point, length};
}

// Breaks lines, is not to be seen, or turns the direction of what stands around it.
bool IsControl(uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0x061C ||
         (code_point >= 0x200E && code_point <= 0x200F) || (code_point >= 0x2028 && code_point <= 0x202E) ||
         (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0xFEFF;
}

std::string SignedLength(int64_t seconds) {
  return absl::StrCat(seconds < 0 ? "-" : "", FormatHours(seconds));
}

}  // namespace

std::string JournalAccount(JournalSyntax syntax, std::string_view holder) {
  const std::string short_name = ShortName(holder);
  const size_t slash = short_name.find('/');
  std::string folder = short_name.substr(0, slash);
  std::string id = short_name.substr(std::min(slash, short_name.size() - 1) + 1);
  folder[0] = absl::ascii_toupper(folder[0]);
  if (syntax == JournalSyntax::kBeancount) {
    id[0] = absl::ascii_toupper(id[0]);
    std::replace(id.begin(), id.end(), '_', 'U');
    std::replace(id.begin(), id.end(), '.', 'D');
  }
  return absl::StrCat("Timebank:", folder, ":", id);
}

std::string JournalText(JournalSyntax syntax, std::string_view text) {
  std::string line;
  while (!text.empty()) {
    const auto [code_point, length] = FirstCharacter(text);
    const bool hledger = syntax == JournalSyntax::kHledger;
    if (code_point == '\\') {
      line += hledger ? "\\\\" : "\\\\\\\\";
    } else if (code_point == '\n') {
      line += hledger ? "\\n" : "\\\\n";
    } else if (IsControl(code_point) || (hledger && (code_point == ';' || code_point == '|'))) {
      absl::StrAppendFormat(&line, "%s%04x", hledger ? "\\u" : "\\\\u", code_point);
    } else if (code_point == '"' && !hledger) {
      line += "\\\"";
    } else {
      line.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  return line;
}

void JournalSink::Begin() {
  if (std::exchange(begun_, true)) return;
  if (syntax_ == JournalSyntax::kHledger) {
    out_ << "; Hours of a timebank, in seconds (SEC). Written by timebank export --format hledger.\n"
            "commodity 1000. SEC\n";
  } else {
    out_ << "; Hours of a timebank, in seconds (SEC). Written by timebank export --format beancount.\n"
            "option \"name_assets\" \"Timebank\"\n"
            "1900-01-01 commodity SEC\n";
  }
}

void JournalSink::Say(std::string_view key, std::string_view text) {
  if (text.empty()) return;
  if (syntax_ == JournalSyntax::kBeancount) {
    out_ << "  " << key << ": \"" << JournalText(syntax_, text) << "\"\n";
  }
}

absl::Status JournalSink::Take(const v1::LedgerEvent& event, const Directory& directory,
                               const v1::Exchange* /*reversed*/) {
  if (!event.has_exchange()) return absl::OkStatus();
  Begin();
  const v1::Exchange& exchange = event.exchange();
  const std::string deed = Deed(exchange, directory);
  if (syntax_ == JournalSyntax::kHledger) {
    std::string words = deed;
    for (const std::string* more : {&exchange.category(), &exchange.note(), &exchange.reason()}) {
      if (!more->empty()) absl::StrAppend(&words, ": ", *more);
    }
    out_ << '\n'
         << exchange.occurred_on() << " * (" << exchange.sequence() << ") " << JournalText(syntax_, words)
         << '\n';
  } else {
    out_ << '\n'
         << exchange.occurred_on() << " * \"" << JournalText(syntax_, deed) << "\" \""
         << JournalText(syntax_, exchange.note()) << "\"\n  number: " << exchange.sequence() << '\n';
    Say("kind", KindWord(exchange.kind()));
    Say("category", exchange.category());
    Say("tags", absl::StrJoin(exchange.tags(), ", "));
    Say("decision", exchange.decision());
    Say("reason", exchange.reason());
    Say("recorded-by", ShortName(exchange.recorded_by()));
    for (const auto& [key, name] : {std::pair{"reverses", &exchange.reverses()},
                                    {"reversed-by", &exchange.reversed_by()},
                                    {"corrects", &exchange.corrects()}}) {
      Say(key, client::IdOf(*name));
    }
  }
  for (const v1::Movement& movement : exchange.movements()) {
    out_ << "    " << JournalAccount(syntax_, movement.holder()) << "  " << movement.seconds() << ' '
         << kCommodity << "  ; " << SignedLength(movement.seconds()) << '\n';
  }
  return out_ ? absl::OkStatus() : IncompleteError(T("The journal could not be written to its end."));
}

// Accounts, and what each comes to. Both tools take declarations wherever they stand.
absl::Status JournalSink::Finish(const ExportFacts& facts) {
  Begin();
  std::string last_day;
  for (const auto& [holder, account] : facts.accounts) last_day = std::max(last_day, account.last_day);
  std::map<std::string, std::string> names;
  for (const v1::Member& member : facts.members) names[member.name()] = member.display_name();
  for (const v1::Circle& circle : facts.circles) names[circle.name()] = circle.display_name();
  out_ << '\n';
  for (const auto& [holder, account] : facts.accounts) {
    const std::string& name = names[holder];
    if (!name.empty())
      out_ << "; " << ShortName(holder) << " is " << JournalText(JournalSyntax::kHledger, name) << '\n';
    if (syntax_ == JournalSyntax::kHledger) {
      out_ << "account " << JournalAccount(syntax_, holder) << '\n';
    } else {
      out_ << account.first_day << " open " << JournalAccount(syntax_, holder) << ' ' << kCommodity << '\n';
    }
  }
  if (!facts.accounts.empty() && syntax_ == JournalSyntax::kHledger) {
    out_ << "\n; What every account comes to.\n" << last_day << " * Balances\n";
    for (const auto& [holder, account] : facts.accounts) {
      out_ << "    " << JournalAccount(syntax_, holder) << "  0 " << kCommodity << " = " << account.seconds
           << ' ' << kCommodity << "  ; " << SignedLength(account.seconds) << '\n';
    }
  } else if (!facts.accounts.empty()) {
    // Beancount looks at the beginning of the day.
    CLI_ASSIGN_OR_RETURN(const absl::CivilDay day, ParseIsoDay(last_day));
    out_ << "\n; What every account comes to.\n";
    for (const auto& [holder, account] : facts.accounts) {
      out_ << IsoDay(day + 1) << " balance " << JournalAccount(syntax_, holder) << "  " << account.seconds
           << ' ' << kCommodity << '\n';
    }
  }
  out_ << "\n; " << facts.entries << " entries, up to position " << facts.position << '\n' << std::flush;
  return out_ ? absl::OkStatus() : IncompleteError(T("The journal could not be written to its end."));
}

}  // namespace timebank::cli
