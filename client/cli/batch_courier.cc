#include "client/cli/batch_courier.h"

#include <cassert>
#include <future>
#include <utility>

namespace timebank::cli {

BatchCourier::BatchCourier(client::Client client) : client_(std::move(client)) {}

void BatchCourier::Send(v1::BatchRecordExchangesRequest* request) {
  assert(!busy());
  request_.Swap(request);
  reply_ = std::async(std::launch::async, [this] { return client_.BatchRecordExchanges(&request_); });
  request->Clear();
}

BatchCourier::Reply BatchCourier::Fetch() {
  assert(busy());
  return reply_.get();
}

}  // namespace timebank::cli
