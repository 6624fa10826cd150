// A bank behind the mock connection, and command lines run against it.
//
// The bank keeps members, balances, exchanges, origins and request ids the way the API's comments say, as far
// as the command line leans on them; anything else is for EXPECT_CALL. Today is Thursday 16 November 2023.
#ifndef TIMEBANK_TESTS_UNIT_CLI_FAKE_BANK_H_
#define TIMEBANK_TESTS_UNIT_CLI_FAKE_BANK_H_

#include <gmock/gmock.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "client/cli/cli.h"
#include "client/cpp/mock_connection.h"

namespace timebank::cli {

// An error of the service.
absl::Status ServiceError(absl::StatusCode code, const std::string& reason,
                          const std::map<std::string, std::string>& metadata = {});

class FakeBank : public ::testing::NiceMock<client::MockConnection> {
 public:
  FakeBank();

  // Adds somebody, with a balance.
  v1::Member& AddMember(const std::string& id, const std::string& display_name, int64_t balance_seconds = 0);
  // Posts what `exchange` says, as the next number.
  absl::StatusOr<v1::Exchange> Post(v1::Exchange exchange, bool keep);

  int64_t Balance(const std::string& holder) const;
  const std::vector<v1::Exchange>& exchanges() const { return exchanges_; }
  std::vector<v1::Member>& members() { return members_; }

  v1::Timebank bank;
  bool exists = true;
  // The number that the next entry gets.
  int64_t next_sequence = 1042;
  // Told with the next exchange.
  std::vector<v1::Notice> notices;
  // Calls of BatchRecordExchanges so far, and after how many the server goes away.
  int batches = 0;
  int fails_after_batches = -1;
  // Of those, the ones that only asked; the largest number of exchanges and of bytes in one.
  int batches_asked = 0;
  int longest_batch = 0;
  size_t largest_batch_bytes = 0;

 private:
  absl::StatusOr<v1::RecordExchangeResponse> Record(const v1::RecordExchangeRequest& request);
  absl::StatusOr<v1::BatchRecordExchangesResponse> RecordBatch(
      const v1::BatchRecordExchangesRequest& request);
  absl::Status OriginRecorded(const std::string& name) const;
  v1::ListStatementLinesResponse Statement(const v1::ListStatementLinesRequest& request) const;
  v1::ListExchangesResponse Newest(const v1::ListExchangesRequest& request) const;
  absl::StatusOr<v1::BatchGetBalancesResponse> Balances(const v1::BatchGetBalancesRequest& request) const;
  absl::StatusOr<v1::GetMemberResponse> Find(const v1::GetMemberRequest& request) const;
  v1::ListMembersResponse List(const v1::ListMembersRequest& request) const;
  absl::StatusOr<v1::CreateMemberResponse> Create(const v1::CreateMemberRequest& request);
  absl::StatusOr<v1::UpdateMemberResponse> Update(const v1::UpdateMemberRequest& request);
  absl::StatusOr<v1::CloseMemberResponse> Close(const v1::CloseMemberRequest& request);
  absl::StatusOr<v1::RecordOpeningResponse> Open(const v1::RecordOpeningRequest& request);
  v1::Member* MemberNamed(const std::string& name);
  bool Knows(const std::string& holder) const;

  std::vector<v1::Member> members_;
  std::vector<v1::Exchange> exchanges_;
  std::map<std::string, int64_t> balances_;
  std::map<std::string, std::string> origins_;
  // Body and outcome of each request id.
  std::map<std::string, std::pair<std::string, v1::RecordExchangeResponse>> requests_;
};

// What a command line did.
struct Ran {
  ExitCode code = ExitCode::kOk;
  std::string out;
  std::string err;
};

struct RunOptions {
  // Somebody sits at a terminal and types `input`.
  bool terminal = false;
  std::string input = {};
  std::map<std::string, std::string> variables = {};
  // Lines are typed into an editor; what Up would bring back besides goes to `err` as `[…]`.
  bool editor = false;
};

// Runs `timebank` with `arguments`.
Ran RunCli(const std::shared_ptr<FakeBank>& bank, const std::vector<std::string>& arguments,
           const RunOptions& options = {});
// The same, split at blanks.
Ran RunCli(const std::shared_ptr<FakeBank>& bank, std::string_view arguments, const RunOptions& options = {});

}  // namespace timebank::cli

#endif  // TIMEBANK_TESTS_UNIT_CLI_FAKE_BANK_H_
