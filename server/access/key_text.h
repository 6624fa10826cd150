// A key as its owner has it: `tbk_<id>_<secret>`.
//
//   tbk_7h3k9q2m5xw8_4c0r...(32)...(7)
//       id (12)       secret (32: 160 bits), checksum (7) of all before it
//
// Letters and digits are Crockford's base 32 in lower case: none is mistaken for another when it is read out.
// The checksum tells a mistyped or cut off key from a wrong one before anything is looked up; it is no
// secret.
//
// Threads: pure functions.
#ifndef TIMEBANK_SERVER_ACCESS_KEY_TEXT_H_
#define TIMEBANK_SERVER_ACCESS_KEY_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

namespace timebank::access {

inline constexpr std::string_view kKeyPrefix = "tbk_";
inline constexpr size_t kKeyIdCharacters = 12;
inline constexpr size_t kKeyCharacters = 4 + kKeyIdCharacters + 1 + 32 + 7;

struct NewKeyText {
  std::string id;
  std::string text;  // the whole key
};

// `random`: at least 28 random bytes.
NewKeyText MakeKeyText(std::string_view random);

// The id in `text`; nothing: it is no key, or a mangled one. Valid as long as `text`.
std::optional<std::string_view> KeyIdOf(std::string_view text);

// Whether `text` may be a key's id.
bool IsKeyId(std::string_view text);

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_KEY_TEXT_H_
