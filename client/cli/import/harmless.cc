#include "client/cli/import/harmless.h"

#include <string>
#include <string_view>

namespace timebank::imports {
namespace {

constexpr std::string_view kFormulaSigns = "=+-@\t\r";

// Whether it begins with a formula's sign, behind any number of apostrophes.
bool LooksLikeFormula(std::string_view text) {
  const size_t sign = text.find_first_not_of('\'');
  return sign != std::string_view::npos && kFormulaSigns.find(text[sign]) != std::string_view::npos;
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
