#include "client/cli/translate.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "client/cli/catalogue.h"
#include "client/cli/import/text.h"

namespace timebank::cli {
namespace {

constexpr char kEnglish[] = "en";
constexpr size_t kCodeLetters = 2;

// Null: English, which is what stands in the sources.
std::atomic<const Catalogue*> in_use = nullptr;

const Catalogue* Find(std::string_view code) {
  for (const Catalogue* catalogue = kCatalogues; catalogue->code != nullptr; ++catalogue) {
    if (catalogue->code == code) return catalogue;
  }
  return nullptr;
}

// Of the layout that gettext's manual calls "The Format of GNU MO Files".
uint32_t NumberAt(const Catalogue& catalogue, size_t offset) {
  assert(offset + 4 <= catalogue.size);
  const unsigned char* at = catalogue.bytes + offset;
  return static_cast<uint32_t>(at[0]) | static_cast<uint32_t>(at[1]) << 8 |
         static_cast<uint32_t>(at[2]) << 16 | static_cast<uint32_t>(at[3]) << 24;
}

// Text number `index` of the table that begins at `table`; a zero byte ends it.
const char* TextAt(const Catalogue& catalogue, size_t table, size_t index, size_t& length) {
  length = NumberAt(catalogue, table + index * 8);
  const size_t offset = NumberAt(catalogue, table + index * 8 + 4);
  assert(offset + length < catalogue.size);
  return reinterpret_cast<const char*>(catalogue.bytes + offset);
}

// The translations of `english`, one behind the other with zero bytes between them; null where there is none.
// The originals are sorted; one with a plural is found by its singular, behind which a zero byte stands.
const char* LookUp(const Catalogue& catalogue, const char* english, size_t& length) {
  const size_t count = NumberAt(catalogue, 8);
  const size_t originals = NumberAt(catalogue, 12);
  size_t first = 0;
  size_t last = count;
  while (first < last) {
    const size_t middle = first + (last - first) / 2;
    const int order = std::strcmp(TextAt(catalogue, originals, middle, length), english);
    if (order == 0) return TextAt(catalogue, NumberAt(catalogue, 16), middle, length);
    (order < 0 ? first : last) = order < 0 ? middle + 1 : middle;
  }
  return nullptr;
}

bool IsAmong(std::string_view typed, const char* list) {
  const std::vector<std::string> words = ListedWords(list);
  return std::any_of(words.begin(), words.end(), [folded = imports::WithoutMarks(typed)](const auto& word) {
    return imports::WithoutMarks(word) == folded;
  });
}

}  // namespace

const char* T(const char* english) {
  const Catalogue* catalogue = in_use.load(std::memory_order_relaxed);
  // The empty text is the catalogue's own heading.
  if (catalogue == nullptr || *english == '\0') return english;
  size_t length = 0;
  const char* translated = LookUp(*catalogue, english, length);
  return translated == nullptr || length == 0 ? english : translated;
}

const char* Tn(const char* one, const char* many, int64_t count) {
  const Catalogue* catalogue = in_use.load(std::memory_order_relaxed);
  const auto magnitude = static_cast<unsigned long>(count < 0 ? -count : count);
  size_t length = 0;
  const char* form = catalogue == nullptr ? nullptr : LookUp(*catalogue, one, length);
  if (form == nullptr || length == 0) return magnitude == 1 ? one : many;
  const char* const end = form + length;
  for (unsigned long wanted = catalogue->form(magnitude); wanted > 0; --wanted) {
    const char* const next = form + std::strlen(form) + 1;
    if (next > end) break;
    form = next;
  }
  return form;
}

std::vector<std::string> ListedWords(const char* list) {
  std::vector<std::string> words;
  for (absl::string_view word : absl::StrSplit(list, ','))
    words.emplace_back(absl::StripAsciiWhitespace(word));
  return words;
}

std::vector<std::string> TWords(const char* english) { return ListedWords(T(english)); }

bool IsWord(std::string_view typed, const char* english) {
  return IsAmong(typed, english) || IsAmong(typed, T(english));
}

std::vector<std::string> Languages() {
  std::vector<std::string> codes = {kEnglish};
  for (const Catalogue* catalogue = kCatalogues; catalogue->code != nullptr; ++catalogue)
    codes.emplace_back(catalogue->code);
  return codes;
}

std::string LanguageInUse() {
  const Catalogue* catalogue = in_use.load(std::memory_order_relaxed);
  return catalogue == nullptr ? kEnglish : catalogue->code;
}

InLanguage::InLanguage(std::string_view code) : before_(in_use.exchange(Find(code))) {}

InLanguage::~InLanguage() { in_use.store(static_cast<const Catalogue*>(before_)); }

std::string ChooseLanguage(
    std::string_view option, std::string_view context,
    const std::function<std::optional<std::string>(const std::string& name)>& variables) {
  std::string said(option);
  if (said.empty()) said = variables("TIMEBANK_LANGUAGE").value_or("");
  if (said.empty()) said = context;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (said.empty()) said = variables(name).value_or("");
  }
  const std::string code = absl::AsciiStrToLower(said.substr(0, kCodeLetters));
  // `C` and `POSIX` are no languages, nor are `fro` and `frx`.
  const bool ends = said.size() <= kCodeLetters || !absl::ascii_isalpha(said[kCodeLetters]);
  return ends && Find(code) != nullptr ? code : kEnglish;
}

std::string OptionGiven(const std::vector<std::string>& arguments, std::string_view name) {
  for (size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == name) return i + 1 < arguments.size() ? arguments[i + 1] : "";
    if (argument.substr(0, name.size()) == name && argument.substr(name.size(), 1) == "=")
      return std::string(argument.substr(name.size() + 1));
  }
  return "";
}

}  // namespace timebank::cli
