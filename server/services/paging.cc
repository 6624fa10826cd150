#include "server/services/paging.h"

#include <algorithm>
#include <memory>

#include "server/ledger/error.h"
#include "server/ledger/validate.h"
#include "server/services/errors.h"
#include "storage/status_macros.h"

namespace timebank::services {
namespace {

uint64_t QueryOf(const google::protobuf::Message& request) {
  std::unique_ptr<google::protobuf::Message> same(request.New());
  same->CopyFrom(request);
  for (const char* name : {"page_token", "page_size"}) {
    if (const auto* field = same->GetDescriptor()->FindFieldByName(name)) {
      same->GetReflection()->ClearField(same.get(), field);
    }
  }
  return QueryHash(std::string(same->GetDescriptor()->full_name()) + same->SerializeAsString());
}

absl::Status BadToken() { return ToStatus(ledger::Refuse(ledger::Reason::kBadPageToken), {}); }

}  // namespace

absl::StatusOr<size_t> PageSize(int32_t asked, size_t otherwise) {
  if (asked < 0) return ToStatus({{"page_size", std::string(ledger::violation::kOutOfRange)}}, "");
  if (asked == 0) return otherwise;
  return static_cast<size_t>(std::min(asked, kMaxPageSize));
}

absl::StatusOr<Page> OpenPage(const google::protobuf::Message& request, const std::string& page_token) {
  Page page;
  page.query = QueryOf(request);
  if (page_token.empty()) return page;
  page.token = DecodePage(page_token);
  if (!page.token || page.token->query != page.query) return BadToken();
  page.at = page.token->position.sequence;
  return page;
}

absl::StatusOr<Page> OpenPage(const BankReader& bank, const google::protobuf::Message& request,
                              const std::string& page_token) {
  TB_ASSIGN_OR_RETURN(Page page, OpenPage(request, page_token));
  if (!page.token) {
    TB_ASSIGN_OR_RETURN(page.at, bank.LastSequence());
    return page;
  }
  if (page.token->position.bank != bank.bank()) return BadToken();
  TB_ASSIGN_OR_RETURN(page.at, bank.SequenceAt(EncodePosition(page.token->position), "page_token"));
  return page;
}

std::string NextPage(const BankReader& bank, const Page& page, int64_t cursor, int64_t cursor_day) {
  return EncodePage({page.query, *DecodePosition(bank.PositionAt(page.at)), cursor, cursor_day});
}

std::string NextPage(const Page& page, int64_t cursor) {
  return EncodePage({page.query, {0, page.at, 0}, cursor, 0});
}

}  // namespace timebank::services
