// Page sizes and page tokens of list calls.
//
// Threads: pure functions.
#ifndef TIMEBANK_SERVER_SERVICES_PAGING_H_
#define TIMEBANK_SERVER_SERVICES_PAGING_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "server/services/bank_reader.h"
#include "server/services/tokens.h"

namespace timebank::services {

inline constexpr int kMaxPageSize = 1000;

// A list call looks at no more entries or members than this; it then answers with what it found and a token
// to go on.
inline constexpr size_t kMostLookedAt = 20'000;

// `asked`, or `otherwise` where it is 0. VALIDATION below 0; more than the most is the most (AIP-158).
absl::StatusOr<size_t> PageSize(int32_t asked, size_t otherwise);

// What a list call is at: the first page at the newest position, or where its token says. A bank's tokens are
// sealed under its secret: nobody can make one that leads where no page leads.
struct Page {
  std::string query;               // the request without its page token and size
  std::string secret;              // empty: a list that is not of one bank, which looks at its cursor itself
  storage::Sequence at = 0;        // the list shows this position
  std::optional<PageToken> token;  // of a later page
};

// Reads the token of `request`, whose fields `page_token` and `page_size` may differ from page to page and no
// others. BAD_PAGE_TOKEN, EPOCH_CHANGED.
absl::StatusOr<Page> OpenPage(const BankReader& bank, const google::protobuf::Message& request,
                              const std::string& page_token);

// The same for lists that are not of one bank: their cursors may be anything.
absl::StatusOr<Page> OpenPage(const google::protobuf::Message& request, const std::string& page_token);

std::string NextPage(const BankReader& bank, const Page& page, int64_t cursor, int64_t cursor_day = 0);
std::string NextPage(const Page& page, int64_t cursor);

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_PAGING_H_
