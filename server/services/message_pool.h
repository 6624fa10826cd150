// Requests and replies that are used again, or at least made in memory that is: making and freeing the parts
// of a message one by one is much of what a cheap call costs.
//
// A message whose bulk is a list (KeepsParts) stays as it is, cleared, for the next call: its items and their
// texts keep their memory. Every other message stands on an arena and is gone at once.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_SERVICES_MESSAGE_POOL_H_
#define TIMEBANK_SERVER_SERVICES_MESSAGE_POOL_H_

#include <grpcpp/support/message_allocator.h>

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/arena.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::services {

template <typename Message>
inline constexpr bool kKeepsParts = false;
template <>
inline constexpr bool kKeepsParts<v1::BatchRecordExchangesRequest> = true;
template <>
inline constexpr bool kKeepsParts<v1::ListStatementLinesResponse> = true;
template <>
inline constexpr bool kKeepsParts<v1::BatchGetBalancesResponse> = true;

// A short message can still have very many items, empty ones; they are refused, but only after they were
// made.
template <typename Message>
int ItemsOf(const Message&) {
  return 0;
}
inline int ItemsOf(const v1::BatchRecordExchangesRequest& request) { return request.exchanges_size(); }

// Of one method. Must outlive the server's calls.
template <typename Request, typename Response>
class MessagePool final : public grpc::MessageAllocator<Request, Response> {
 public:
  MessagePool() = default;
  ~MessagePool() override {
    for (Holder* holder : kept_) delete holder;
  }
  MessagePool(const MessagePool&) = delete;
  MessagePool& operator=(const MessagePool&) = delete;

  // Says how long the request was on the wire, before the call ends.
  static void SetRequestBytes(grpc::MessageHolder<Request, Response>* messages, size_t bytes) {
    static_cast<Holder*>(messages)->set_request_bytes(bytes);
  }

  grpc::MessageHolder<Request, Response>* AllocateMessages() override {
    {
      absl::MutexLock lock(&mutex_);
      if (!kept_.empty()) {
        Holder* holder = kept_.back();
        kept_.pop_back();
        holder->Prepare();
        return holder;
      }
    }
    auto* holder = new Holder(this);
    holder->Prepare();
    return holder;
  }

 private:
  static constexpr bool kWithParts = kKeepsParts<Request> || kKeepsParts<Response>;
  // As many as one connection may have calls at a time; a large message is not kept. Of those that keep their
  // parts only a few are, and none for ever: what they hold is many times what was sent, and adds up over
  // calls of different shapes.
  static constexpr size_t kMostKept = 256;
  static constexpr size_t kMostKeptWithParts = 4;
  static constexpr int kMostUses = 64;
  static constexpr size_t kLargeBytes = 1 << 20;
  static constexpr int kMostItems = 8192;
  // Room for a recorded exchange, asked and answered.
  static constexpr size_t kFirstBlockBytes = 4096;

  class Holder final : public grpc::MessageHolder<Request, Response> {
   public:
    explicit Holder(MessagePool* pool) : pool_(pool), arena_(first_block_.data(), first_block_.size()) {}

    void set_request_bytes(size_t bytes) { request_bytes_ = bytes; }

    void Prepare() {
      request_bytes_ = 0;
      this->set_request(Make(&request_));
      this->set_response(Make(&response_));
    }

    void Release() override {
      // As it was sent.
      const bool large_reply =
          response_ != nullptr && static_cast<size_t>(response_->GetCachedSize()) > kLargeBytes;
      const bool large_request =
          request_ != nullptr && (request_bytes_ > kLargeBytes || ItemsOf(*request_) > kMostItems);
      const bool worn = kWithParts && ++uses_ >= kMostUses;
      if (request_ != nullptr) request_->Clear();
      if (response_ != nullptr) response_->Clear();
      arena_.Reset();
      pool_->TakeBack(this, large_reply || large_request || worn);
    }

   private:
    template <typename Message>
    Message* Make(std::unique_ptr<Message>* kept) {
      if constexpr (kKeepsParts<Message>) {
        if (*kept == nullptr) *kept = std::make_unique<Message>();
        return kept->get();
      } else {
        return google::protobuf::Arena::CreateMessage<Message>(&arena_);
      }
    }

    MessagePool* const pool_;
    alignas(8) std::array<char, kFirstBlockBytes> first_block_;
    google::protobuf::Arena arena_;
    size_t request_bytes_ = 0;
    int uses_ = 0;
    std::unique_ptr<Request> request_;  // where they keep their parts
    std::unique_ptr<Response> response_;
  };

  void TakeBack(Holder* holder, bool drop) {
    const size_t most = kWithParts ? kMostKeptWithParts : kMostKept;
    {
      absl::MutexLock lock(&mutex_);
      if (!drop && kept_.size() < most) {
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
