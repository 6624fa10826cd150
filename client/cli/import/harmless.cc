#include "client/cli/import/harmless.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace timebank::imports {
namespace {

constexpr std::array<std::string_view, 11> kFormulaSigns = {"=",  "+",      "-",      "@",      "\t",    "\r",
                                                            "\n", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};

// Whether it begins with a formula's sign, behind any number of apostrophes.
bool LooksLikeFormula(std::string_view text) {
  const size_t apostrophes = std::min(text.find_first_not_of('\''), text.size());
  return std::any_of(kFormulaSigns.begin(), kFormulaSigns.end(), [&](std::string_view sign) {
    return text.compare(apostrophes, sign.size(), sign) == 0;
  });
}

}  // namespace

std::string Harmless(std::string_view text) {
  std::string harmless(text);
  if (LooksLikeFormula(text)) harmless.insert(0, 1, '\'');
  return harmless;
}

std::string Unharmed(std::string_view text) {
  if (!text.empty() && text.front() == '\'' && LooksLikeFormula(text)) text.remove_prefix(1);
  return std::string(text);
}

}  // namespace timebank::imports
