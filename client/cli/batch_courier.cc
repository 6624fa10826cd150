#include "client/cli/batch_courier.h"

#include <cassert>
#include <future>
#include <utility>

namespace timebank::cli {

BatchCourier::BatchCourier(client::Client client) : client_(std::move(client)) {}

void BatchCourier::Send(v1::BatchRecordExchangesRequest request) {
  assert(!busy());
  reply_ = std::async(std::launch::async, [client = client_, request = std::move(request)]() mutable {
    return client.BatchRecordExchanges(std::move(request));
  });
}

BatchCourier::Reply BatchCourier::Fetch() {
  assert(busy());
  return reply_.get();
}

}  // namespace timebank::cli
