// Sends batches of exchanges one after the other, while the caller makes the next.
//
// One batch is on its way at a time, so the server has them in the order in which they were sent; a second is
// being made meanwhile by the caller. Threads: the caller's, and one that waits for the answer.
#ifndef TIMEBANK_CLIENT_CLI_BATCH_COURIER_H_
#define TIMEBANK_CLIENT_CLI_BATCH_COURIER_H_

#include <future>

#include "absl/status/statusor.h"
#include "client/cpp/client.h"

namespace timebank::cli {

class BatchCourier {
 public:
  using Reply = absl::StatusOr<v1::BatchRecordExchangesResponse>;

  explicit BatchCourier(client::Client client);
  // Waits for what is on its way.
  ~BatchCourier() = default;
  BatchCourier(const BatchCourier&) = delete;
  BatchCourier& operator=(const BatchCourier&) = delete;

  // Whether a batch has been sent whose answer was not fetched.
  bool busy() const { return reply_.valid(); }
  // Sends it and returns at once. Not while busy(). What is left in `request` is empty, and has the memory of
  // the one before for the next.
  void Send(v1::BatchRecordExchangesRequest* request);
  // The answer to what was sent; waits for it. Only while busy().
  Reply Fetch();

 private:
  client::Client client_;
  v1::BatchRecordExchangesRequest request_;
  // Last, as going it waits for who reads the others.
  std::future<Reply> reply_;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_BATCH_COURIER_H_
