// What can be told wrong from a command alone, without the ledger: shapes, ranges, lengths, encodings.
//
// Runs on the thread of the call, so that the engine sees well-formed commands only. All problems are found
// at once.
//
// Threads: pure functions.
#ifndef TIMEBANK_SERVER_LEDGER_VALIDATE_H_
#define TIMEBANK_SERVER_LEDGER_VALIDATE_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "server/ledger/command.h"

namespace timebank::ledger {

// Constants of BadRequest.FieldViolation.reason; part of the contract.
namespace violation {
inline constexpr std::string_view kRequired = "REQUIRED";                // missing
inline constexpr std::string_view kMustBePositive = "MUST_BE_POSITIVE";  // zero or negative seconds
inline constexpr std::string_view kOutOfRange = "OUT_OF_RANGE";          // a number beyond its limits
inline constexpr std::string_view kTooLong = "TOO_LONG";
inline constexpr std::string_view kTooMany = "TOO_MANY";
inline constexpr std::string_view kNotUtf8 = "NOT_UTF8";
inline constexpr std::string_view kMalformed = "MALFORMED";  // not a name, day, id, ... as documented
inline constexpr std::string_view kDayInFuture = "DAY_IN_FUTURE";
inline constexpr std::string_view kDayInPast = "DAY_IN_PAST";
inline constexpr std::string_view kDayTooEarly = "DAY_TOO_EARLY";   // before 1900
inline constexpr std::string_view kSameHolder = "SAME_HOLDER";      // one holder in two parts of an exchange
inline constexpr std::string_view kOtherBank = "OTHER_BANK";        // a name of another bank
inline constexpr std::string_view kUnknownField = "UNKNOWN_FIELD";  // in a mask
inline constexpr std::string_view kNoEffect = "NO_EFFECT";          // a change that would change nothing
inline constexpr std::string_view kNotAMember =
    "NOT_A_MEMBER";  // a circle or pot where only a member can stand
inline constexpr std::string_view kUnknownTimeZone = "UNKNOWN_TIME_ZONE";
}  // namespace violation

// Limits; each stands in the proto's comment of its field.
inline constexpr int64_t kMaxSeconds = 1'000'000'000'000;
// An account's balance, hours in and hours out stay within this, either way (AMOUNT_OVERFLOW): 2^58. Sums of
// some of its movements alone, as statements by day need them, can be larger than the sums of all: a reversal
// takes hours back from a survivor on a day on which a merged member had got them. With at most 16 merged
// members they stay within 17 x 2^58, which 64 bits hold; a frame whose sums the store cannot hold would be
// one that it can never fold.
inline constexpr int64_t kMaxSumSeconds = 288'230'376'151'711'744;
inline constexpr size_t kMaxShares = 256;
inline constexpr size_t kMaxBatch = 8192;
inline constexpr int32_t kMaxUnnamed = 10'000;
inline constexpr size_t kMaxNoteBytes = 2000;
inline constexpr size_t kMaxReasonBytes = 1000;
inline constexpr size_t kMaxTags = 10;
inline constexpr size_t kMaxTagCharacters = 40;
inline constexpr size_t kMaxCategoryCharacters = 64;
inline constexpr size_t kMaxCategories = 500;
inline constexpr size_t kMaxDecisionCharacters = 200;
inline constexpr size_t kMaxOriginNumberCharacters = 200;
inline constexpr size_t kMaxSystemCharacters = 40;
inline constexpr size_t kMaxNameCharacters = 200;
inline constexpr size_t kMaxExternalIds = 20;
inline constexpr size_t kMaxContacts = 10;
inline constexpr size_t kMaxPhoneCharacters = 40;
inline constexpr size_t kMaxEmailCharacters = 254;
inline constexpr size_t kMaxLanguageCharacters = 35;
inline constexpr size_t kMaxRequestIdCharacters = 128;
inline constexpr size_t kMaxIdCharacters = 63;
inline constexpr size_t kMaxCircleMembers = 256;
inline constexpr size_t kMaxMergedAccounts = 16;
inline constexpr size_t kMaxReplacements = 256;  // of one exchange, each of the one before
inline constexpr size_t kMaxAgents = 16;         // of one member
inline constexpr size_t kMaxActedFor = 256;      // members, by one agent
inline constexpr int64_t kMaxStarterSeconds = 360'000;
inline constexpr uint32_t kMaxSmallestCount = 100;
inline constexpr Day kEarliestDay = -25567;  // 1900-01-01

// [a-z0-9] with inner `-`, `_` or `.`, 1 to 63 characters.
bool IsId(std::string_view text);
// [a-z0-9._-], 1 to 40 characters.
bool IsSystem(std::string_view text);
bool IsUtf8(std::string_view text);
// Code points of valid UTF-8.
size_t CharactersIn(std::string_view text);

// TOO_LONG, MALFORMED; nothing: it is one, or there is none.
std::optional<Violation> CheckRequestId(std::string_view id);

// Everything that is wrong, in no order to rely on; fields are named as in the API's request message.
// Batch items carry their own (see BatchRecordExchanges::Item) and are not looked at again.
std::vector<Violation> Validate(const Command& command);

// The same for one exchange; `path` is put before each field's name.
std::vector<Violation> ValidateExchange(const ExchangeSpec& exchange, const Stamp& stamp,
                                        std::string_view path);

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_VALIDATE_H_
