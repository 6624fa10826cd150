// Requests and replies that are used again: making and freeing the parts of a message one by one is much of
// what a cheap call costs. A message stays as it is, cleared, for the next call: its parts and their texts
// keep their memory.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_SERVICES_MESSAGE_POOL_H_
#define TIMEBANK_SERVER_SERVICES_MESSAGE_POOL_H_

#include <grpcpp/support/message_allocator.h>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::services {

// Whether a method's messages may be long and are kept all the same: their bulk is a list.
template <typename Message>
inline constexpr bool kIsBulk = false;
template <>
inline constexpr bool kIsBulk<v1::BatchRecordExchangesRequest> = true;
template <>
inline constexpr bool kIsBulk<v1::BatchGetBalancesResponse> = true;

// Whether a method's replies are pages, of some kilobytes each.
template <typename Message>
inline constexpr bool kIsPage = false;
template <>
inline constexpr bool kIsPage<v1::ListStatementLinesResponse> = true;

// Clears `message` for its next use. Protobuf's own Clear() frees a part that is a message; where nearly all
// of a message is such a part, it is kept. The part then counts as given, empty, before it is filled in; so
// this is for messages where that means the same as its being left out.
template <typename Message>
void ClearForNext(Message* message) {
  if constexpr (std::is_same_v<Message, v1::RecordExchangeRequest> ||
                std::is_same_v<Message, v1::RecordExchangeResponse>) {
    std::unique_ptr<v1::Exchange> kept(message->release_exchange());
    message->Clear();
    if (kept == nullptr) return;
    kept->Clear();
    message->set_allocated_exchange(kept.release());
  } else {
    message->Clear();
  }
}

// A short message can still have very many items, empty ones; they are refused, but only after they were
// made.
template <typename Message>
int ItemsOf(const Message&) {
  return 0;
}
inline int ItemsOf(const v1::BatchRecordExchangesRequest& request) {
  int items = request.exchanges_size();
  for (const v1::Exchange& exchange : request.exchanges()) {
    items += exchange.givers_size() + exchange.receivers_size() + exchange.tags_size();
  }
  return items;
}

// Of one method. Must outlive the server's calls.
template <typename Request, typename Response>
class MessagePool {
 public:
  MessagePool() = default;
  ~MessagePool() {
    for (Holder* holder : kept_) delete holder;
  }
  MessagePool(const MessagePool&) = delete;
  MessagePool& operator=(const MessagePool&) = delete;

  // Messages for one call, whose request is so long on the wire; they come back by Release().
  grpc::MessageHolder<Request, Response>* Take(size_t request_bytes) {
    Holder* holder = TakeKept();
    if (holder == nullptr) holder = new Holder(this);
    holder->set_request_bytes(request_bytes);
    return holder;
  }

 private:
  // What a message holds is many times what was sent, and adds up over calls of different shapes: so none is
  // kept for ever, and none that was long. Of short ones as many are kept as a few connections may have calls
  // at a time, of long ones a few: a whole batch of an import, each exchange with its note and its origin, is
  // 1.5 MB.
  struct Limits {
    size_t kept;
    size_t request_bytes;  // on the wire
    size_t reply_bytes;
    int uses;
  };
  static constexpr Limits kLimits = kIsPage<Response> ? Limits{128, 1 << 10, 32 << 10, 256}
                                    : kIsBulk<Request> || kIsBulk<Response>
                                        ? Limits{4, 2 << 20, 1 << 20, 64}
                                        : Limits{512, 1 << 10, 4 << 10, 256};
  static constexpr int kMostItems = 32'768;  // 8,192 exchanges between two, and some more

  class Holder final : public grpc::MessageHolder<Request, Response> {
   public:
    explicit Holder(MessagePool* pool) : pool_(pool) {
      this->set_request(&request_);
      this->set_response(&response_);
    }

    void set_request_bytes(size_t bytes) { request_bytes_ = bytes; }

    void Release() override {
      // As it was sent.
      const bool large = request_bytes_ > kLimits.request_bytes || ItemsOf(request_) > kMostItems ||
                         static_cast<size_t>(response_.GetCachedSize()) > kLimits.reply_bytes;
      if (large || ++uses_ >= kLimits.uses) {
        delete this;
        return;
      }
      ClearForNext(&request_);
      ClearForNext(&response_);
      pool_->TakeBack(this);
    }

   private:
    MessagePool* const pool_;
    size_t request_bytes_ = 0;
    int uses_ = 0;
    Request request_;
    Response response_;
  };

  Holder* TakeKept() {
    absl::MutexLock lock(&mutex_);
    if (kept_.empty()) return nullptr;
    Holder* holder = kept_.back();
    kept_.pop_back();
    return holder;
  }

  void TakeBack(Holder* holder) {
    {
      absl::MutexLock lock(&mutex_);
      if (kept_.size() < kLimits.kept) {
        kept_.push_back(holder);
        return;
      }
    }
    delete holder;
  }

  absl::Mutex mutex_;
  std::vector<Holder*> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_MESSAGE_POOL_H_
