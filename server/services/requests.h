// Requests as they come in, made into commands. What is malformed is collected with its field's path; what is
// well-formed but wrong is found later, by the rules.
//
// Threads: pure functions.
#ifndef TIMEBANK_SERVER_SERVICES_REQUESTS_H_
#define TIMEBANK_SERVER_SERVICES_REQUESTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "server/ledger/command.h"
#include "timebank/v1/circle_service.pb.h"
#include "timebank/v1/ledger_service.pb.h"
#include "timebank/v1/member_service.pb.h"
#include "timebank/v1/timebank_service.pb.h"

namespace timebank::services {

// Reads the parts of one request of one bank, and notes what is malformed.
class RequestReader {
 public:
  // `bank`: the request's bank, where its name could be read; names of other banks are refused.
  explicit RequestReader(std::string bank) : bank_(std::move(bank)) {}

  const std::string& bank() const { return bank_; }
  std::vector<ledger::Violation> TakeViolations() { return std::move(violations_); }
  void Problem(std::string_view field, std::string_view reason);

  // `members/ana`, `timebanks/rushey/members/ana`; none for an empty name.
  ledger::HolderRef Holder(std::string_view field, std::string_view name);
  // A member's or circle's id, from `kind`'s collection.
  std::string HolderId(std::string_view field, const std::string& name, ledger::HolderKind kind);
  std::optional<storage::Day> Day(std::string_view field, const std::string& text);
  std::optional<ledger::OriginSpec> Origin(std::string_view path, bool has, const v1::Origin& origin);
  // Into `spec`, which is as new. What is malformed is noted with `path` before its field's name.
  void Exchange(std::string_view path, const v1::Exchange& exchange, ledger::ExchangeSpec* spec);
  ledger::ExchangeMask Mask(const v1::Exchange& exchange, const google::protobuf::FieldMask& mask);
  storage::v1::MemberRow Member(const v1::Member& member);
  storage::v1::SettingsRow Settings(std::string_view path, const v1::Settings& settings);

 private:
  void Shares(std::string_view field, const google::protobuf::RepeatedPtrField<v1::Share>& from,
              std::vector<ledger::ShareSpec>* to);

  std::string bank_;
  std::vector<ledger::Violation> violations_;
};

// The bank of a parent or child name; empty where it cannot be read.
std::string BankOfName(const std::string& name);
// The sequence number of `timebanks/{t}/exchanges/{n}`; 0 where it is no such name.
ledger::Sequence SequenceOfName(const std::string& name);

// Names of the stored fields that a mask over v1::Settings or v1::Member may name; nothing: no such field.
std::optional<std::string> StoredSettingsField(const std::string& path);
std::optional<std::string> StoredMemberField(const std::string& path);

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_REQUESTS_H_
