// A client that changes a bank until the server is gone, and keeps what it was told.
//
// Every act carries its request id as the first word of the note of what it posts, so that the journal tells
// what became of it. Threads: each Load has its own; its acts are looked at when Join() has returned.
#ifndef TIMEBANK_TESTS_CRASH_LOAD_H_
#define TIMEBANK_TESTS_CRASH_LOAD_H_

#include <google/protobuf/message.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/wire.h"

namespace timebank::e2e {

// One change that was asked for.
struct Act {
  std::unique_ptr<google::protobuf::Message> request;
  std::string id;  // its request id
  int posts = 0;   // entries with that word that it posts, all or none
  bool answered = false;
  Outcome outcome;                 // where it was answered
  std::vector<int64_t> sequences;  // of those entries, where it was answered
  std::string facts;               // what the answer said that stays so for ever

  // Whether every repeat gets the same answer: what was done, and what was refused for good.
  bool IsFinal() const {
    return answered && (outcome.ok() || outcome.code == grpc::StatusCode::FAILED_PRECONDITION);
  }
};

// Sends an act, for the first time or again: whether it was answered, and with what. `replayed` tells a
// repeat.
Act Send(const Wire& wire, const google::protobuf::Message& request, bool* replayed);

class Load {
 public:
  struct Options {
    std::string bank;  // whole name
    std::string name;  // begins the ids of its requests; its own
    uint64_t seed = 0;
    bool heavy = false;  // batches with as much text as they may have, to fill the log's files
  };
  // Members m0 to m{kMembers - 1} must be there.
  static constexpr int kMembers = 12;

  Load(const std::string& address, Options options);
  ~Load() { Join(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // How many acts have been answered so far. Any thread.
  int64_t answers() const { return answers_; }

  // Waits until it has found the server gone.
  void Join();
  std::vector<Act>& acts() { return acts_; }

 private:
  void Run();
  std::unique_ptr<google::protobuf::Message> Next(std::string id, int* posts);
  int64_t Pick(int64_t below);
  std::string MemberName();
  int64_t PickExchange();

  const Wire wire_;
  const Options options_;
  std::mt19937_64 random_;
  std::vector<Act> acts_;
  std::vector<int64_t> exchanges_;  // that it was told of
  std::atomic<int64_t> answers_ = 0;
  std::thread thread_;
};

}  // namespace timebank::e2e

#endif  // TIMEBANK_TESTS_CRASH_LOAD_H_
