#include "server/services/folding.h"

#include <utf8proc.h>

#include <array>
#include <optional>
#include <utility>

#include "server/ledger/fold_case.h"

namespace timebank::services {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kStroked = {{
    {"ø", "o"},
    {"đ", "d"},
    {"ł", "l"},
    {"ħ", "h"},
    {"ŧ", "t"},
    {"ı", "i"},
    {"ð", "d"},
}};

std::string WithoutStrokes(std::string text) {
  for (const auto& [stroked, plain] : kStroked) {
    for (size_t at = text.find(stroked); at != std::string::npos; at = text.find(stroked, at)) {
      text.replace(at, stroked.size(), plain);
    }
  }
  return text;
}

// Apostrophes are left out, as most people leave them out who look for O'Brien: ' ’ ‘ ʼ `.
std::string WithoutApostrophes(std::string text) {
  for (const std::string_view apostrophe : {"'", "\u2019", "\u2018", "\u02bc", "`"}) {
    for (size_t at = text.find(apostrophe); at != std::string::npos; at = text.find(apostrophe, at)) {
      text.erase(at, apostrophe.size());
    }
  }
  return text;
}

std::string OneBlank(const std::string& text) {
  std::string folded;
  for (char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank) {
      folded.push_back(c);
    } else if (!folded.empty() && folded.back() != ' ') {
      folded.push_back(' ');
    }
  }
  return folded;
}

}  // namespace

std::string FoldForSearch(std::string_view text) {
  const std::optional<std::string> folded = ledger::MapUtf8(
      text, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD);
  // Stored text is valid UTF-8; anything else is searched for as it is.
  if (!folded) return OneBlank(std::string(text));
  return OneBlank(WithoutApostrophes(WithoutStrokes(*folded)));
}

}  // namespace timebank::services
