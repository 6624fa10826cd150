// A bank on a real server: short names, one line an act. What a test sets up must succeed and fails the test
// otherwise; what it asks about comes back as an answer to be looked at.
//
// Threads: one, but for what is const.
#ifndef TIMEBANK_TESTS_SUPPORT_LIVE_BANK_H_
#define TIMEBANK_TESTS_SUPPORT_LIVE_BANK_H_

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/wire.h"
#include "timebank/v1/circle_service.pb.h"
#include "timebank/v1/ledger_service.pb.h"
#include "timebank/v1/member_service.pb.h"
#include "timebank/v1/timebank_service.pb.h"

namespace timebank::e2e {

inline constexpr int64_t kHour = 3600;

// Calls as the member with this id.
CallOptions As(std::string_view member);
CallOptions AsBrokerAndMember(std::string_view member);
CallOptions AsPartner();

class LiveBank {
 public:
  // Opens the bank `id` on the server that `wire` leads to, with these members.
  LiveBank(const Wire& wire, std::string id, std::initializer_list<std::string_view> members = {});

  const Wire& wire() const { return wire_; }
  const std::string& name() const { return name_; }  // timebanks/{id}
  // `ana` is a member; `pots/community`, `circles/knitters`, `exchanges/7` lie in the bank as they are.
  std::string NameOf(std::string_view child) const;
  std::string NameOf(int64_t exchange) const { return NameOf("exchanges/" + std::to_string(exchange)); }
  // An id that has not been used here yet.
  std::string NewRequestId() { return "r-" + std::to_string(++requests_); }

  // --- requests, complete and with an id of their own
  v1::CreateMemberRequest NewMember(std::string_view id);
  v1::RecordExchangeRequest Helped(std::string_view giver, std::string_view receiver, int64_t seconds);
  v1::CorrectExchangeRequest Correction(int64_t exchange, int64_t seconds);
  v1::SettleExchangeRequest Settlement(int64_t exchange, v1::SettleExchangeRequest::Outcome outcome);
  // Request types that name an exchange and nothing else that is needed.
  template <typename Request>
  Request About(int64_t exchange) {
    Request request;
    request.set_name(NameOf(exchange));
    if constexpr (requires { request.set_reason(""); }) request.set_reason("it was half an hour");
    request.set_request_id(NewRequestId());
    return request;
  }

  // --- acts that must succeed
  v1::Member AddMember(std::string_view id);
  // The exchange's sequence number.
  int64_t Record(std::string_view giver, std::string_view receiver, int64_t seconds,
                 const CallOptions& options = {});
  void Set(const v1::Settings& settings, std::initializer_list<std::string_view> fields);

  // --- acts that may be refused
  Answer<v1::ConfirmExchangeResponse> Confirm(int64_t exchange, const CallOptions& options = {});
  Answer<v1::ContestExchangeResponse> Contest(int64_t exchange, const CallOptions& options = {});
  Answer<v1::ReverseExchangeResponse> Reverse(int64_t exchange, const CallOptions& options = {});
  Answer<v1::CorrectExchangeResponse> Correct(int64_t exchange, int64_t seconds,
                                              const CallOptions& options = {});
  // CORRECTED: an exchange becomes half an hour; what was reversed is recorded anew as it was.
  Answer<v1::SettleExchangeResponse> Settle(int64_t exchange, v1::SettleExchangeRequest::Outcome outcome,
                                            const CallOptions& options = {});

  // --- what there is
  v1::Exchange Get(int64_t exchange) const;
  v1::Exchange::State StateOf(int64_t exchange) const { return Get(exchange).state(); }
  v1::Balance BalanceOf(std::string_view holder) const;
  int64_t SecondsOf(std::string_view holder) const { return BalanceOf(holder).seconds(); }
  v1::Timebank Bank() const;
  // Everything from the first event on, page by page.
  std::vector<v1::LedgerEvent> Events() const;
  // Names of all holders: the pots, the members, the circles.
  std::vector<std::string> Holders() const;
  // All that a change could change, as text: the last entry, the settings, every member, every balance.
  std::string Everything() const;

 private:
  const Wire& wire_;
  const std::string name_;
  int64_t requests_ = 0;
};

}  // namespace timebank::e2e

#endif  // TIMEBANK_TESTS_SUPPORT_LIVE_BANK_H_
