// Which roles may call which RPC: the option `who_may` of every RPC (proto/timebank/v1/access.proto), read
// once.
//
// Threads: any; nothing changes after construction.
#ifndef TIMEBANK_SERVER_ACCESS_WHO_MAY_H_
#define TIMEBANK_SERVER_ACCESS_WHO_MAY_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "timebank/v1/access.pb.h"

namespace timebank::access {

// Every credential has this scope.
inline constexpr std::string_view kScopeOfAll = "banks.read";

// One RPC's.
struct Rule {
  const google::protobuf::MethodDescriptor* method = nullptr;
  uint32_t roles = 0;  // a bit for each
  std::string scope;
  // Where the request names its bank, or something in it: `name`, of the message in `inside` where that is
  // there. Null: the request is the server's.
  const google::protobuf::FieldDescriptor* inside = nullptr;
  const google::protobuf::FieldDescriptor* name = nullptr;
  const google::protobuf::FieldDescriptor* items = nullptr;  // the list of a batch

  bool Allows(v1::Role role) const { return (roles >> role & 1) != 0; }
  // Id of the bank; empty where none is named, or what is named is malformed. Valid as long as the request.
  std::string_view BankOf(const google::protobuf::Message& request) const;
  // How many things it asks for in one: of a batch its items.
  size_t ItemsOf(const google::protobuf::Message& request) const;
};

class WhoMay {
 public:
  // Of all RPCs of the API.
  static const WhoMay& OfServices();

  // By the type of its request, which no two RPCs share. Null: not known, and then nobody may.
  const Rule* Find(const google::protobuf::Descriptor* request) const {
    auto found = rules_.find(request);
    return found == rules_.end() ? nullptr : &found->second;
  }

  // What partners can be given: the scopes of RPCs that partners may call, less the one that all have.
  const std::set<std::string>& scopes() const { return scopes_; }

 private:
  explicit WhoMay(const std::vector<const google::protobuf::FileDescriptor*>& files);

  absl::flat_hash_map<const google::protobuf::Descriptor*, Rule> rules_;
  std::set<std::string> scopes_;
};

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_WHO_MAY_H_
