#include "server/services/paging.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "server/ledger/error.h"
#include "server/ledger/validate.h"
#include "server/services/errors.h"
#include "storage/hash.h"
#include "storage/status_macros.h"

namespace timebank::services {
namespace {

std::string QueryOf(const google::protobuf::Message& request) {
  std::unique_ptr<google::protobuf::Message> same(request.New());
  same->CopyFrom(request);
  for (const char* name : {"page_token", "page_size"}) {
    if (const auto* field = same->GetDescriptor()->FindFieldByName(name)) {
      same->GetReflection()->ClearField(same.get(), field);
    }
  }
  return std::string(same->GetDescriptor()->full_name()) + same->SerializeAsString();
}

absl::Status BadToken() { return ToStatus(ledger::Refuse(ledger::Reason::kBadPageToken), {}); }

// Of `token`, whose own seal is not looked at, for the list that `page` is of.
uint64_t SealOf(const Page& page, PageToken token) {
  token.seal = 0;
  const storage::Digest digest =
      storage::HmacKey(page.secret).Of({"timebank.v1/page", page.query, EncodePage(token)});
  uint64_t seal = 0;
  std::memcpy(&seal, digest.bytes().data(), sizeof seal);
  return seal;
}

std::string Sealed(const Page& page, PageToken token) {
  token.seal = SealOf(page, token);
  return EncodePage(token);
}

absl::Status Open(const std::string& page_token, Page* page) {
  if (page_token.empty()) return absl::OkStatus();
  page->token = DecodePage(page_token);
  if (!page->token || page->token->seal != SealOf(*page, *page->token)) return BadToken();
  page->at = page->token->position.sequence;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<size_t> PageSize(int32_t asked, size_t otherwise) {
  if (asked < 0) return ToStatus({{"page_size", std::string(ledger::violation::kOutOfRange)}}, "");
  if (asked == 0) return otherwise;
  return static_cast<size_t>(std::min(asked, kMaxPageSize));
}

absl::StatusOr<Page> OpenPage(const google::protobuf::Message& request, const std::string& page_token) {
  Page page;
  page.query = QueryOf(request);
  TB_RETURN_IF_ERROR(Open(page_token, &page));
  return page;
}

absl::StatusOr<Page> OpenPage(const BankReader& bank, const google::protobuf::Message& request,
                              const std::string& page_token) {
  Page page;
  page.query = QueryOf(request);
  page.secret = bank.row().secret();
  TB_RETURN_IF_ERROR(Open(page_token, &page));
  if (!page.token) {
    TB_ASSIGN_OR_RETURN(page.at, bank.LastSequence());
    return page;
  }
  if (page.token->position.bank != bank.bank()) return BadToken();
  TB_ASSIGN_OR_RETURN(page.at, bank.SequenceAt(EncodePosition(page.token->position), "page_token"));
  return page;
}

std::string NextPage(const BankReader& bank, const Page& page, int64_t cursor, int64_t cursor_day) {
  return Sealed(page, {0, *DecodePosition(bank.PositionAt(page.at)), cursor, cursor_day});
}

std::string NextPage(const Page& page, int64_t cursor) {
  return Sealed(page, {0, {0, page.at, 0}, cursor, 0});
}

}  // namespace timebank::services
