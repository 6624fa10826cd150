// Opaque strings that callers give back: positions and page tokens. URL-safe base64 with a checksum, so that
// a mangled one is told apart from an old one.
//
// Threads: pure functions.
#ifndef TIMEBANK_SERVER_SERVICES_TOKENS_H_
#define TIMEBANK_SERVER_SERVICES_TOKENS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/types.h"

namespace timebank::services {

// Where a bank's journal stood, on which instance of the ledger.
struct Position {
  storage::BankNumber bank = 0;
  storage::Sequence sequence = 0;
  uint64_t epoch = 0;
};
std::string EncodePosition(const Position& position);
std::optional<Position> DecodePosition(std::string_view token);

// Where a list goes on. `seal` is of the rest and of everything that must stay the same from page to page
// (paging.h).
struct PageToken {
  uint64_t seal = 0;
  Position position;  // the list shows this position on every page
  int64_t cursor = 0;
  int64_t cursor_day = 0;
};
std::string EncodePage(const PageToken& token);
std::optional<PageToken> DecodePage(std::string_view token);

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_TOKENS_H_
