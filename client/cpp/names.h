// Resource names from what people type.
//
// Each function takes the short form or the whole name, so that input can be passed through unseen. Nothing
// is checked: the server says what is wrong with a name, naming the field.
#ifndef TIMEBANK_CLIENT_CPP_NAMES_H_
#define TIMEBANK_CLIENT_CPP_NAMES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace timebank::client {

// `rushey` or `timebanks/rushey` gives `timebanks/rushey`.
std::string TimebankName(std::string_view bank);

// `ana`, `members/ana` or the whole name gives `timebanks/rushey/members/ana`; `pots/community` and
// `circles/knitters` likewise give theirs.
std::string HolderName(std::string_view bank, std::string_view holder);

// `1042`, `exchanges/1042` or the whole name gives `timebanks/rushey/exchanges/1042`.
std::string ExchangeName(std::string_view bank, std::string_view exchange);

// The bank that a whole name lies in: `timebanks/rushey/members/ana` gives `timebanks/rushey`. Empty where
// the name does not begin with a bank.
std::string_view BankOf(std::string_view name);

// Whether the server takes `id` for that of a bank, member or circle: [a-z0-9] with inner `-`, `_` or `.`, 1
// to 63 characters.
bool IsId(std::string_view id);

// The last part of a name: `timebanks/rushey/members/ana` gives `ana`.
std::string_view IdOf(std::string_view name);

// The number of an exchange, by its name or alone: `timebanks/rushey/exchanges/1042` gives 1042. 0 where it
// is none.
int64_t SequenceOf(std::string_view exchange);

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_NAMES_H_
