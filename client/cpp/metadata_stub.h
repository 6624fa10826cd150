// A stub that says on whose behalf: adds metadata to every call before it goes on.
#ifndef TIMEBANK_CLIENT_CPP_METADATA_STUB_H_
#define TIMEBANK_CLIENT_CPP_METADATA_STUB_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "client/cpp/stub.h"

namespace timebank::client {

// Empty values are left out. A value that cannot be metadata makes every call fail with INVALID_ARGUMENT,
// unsent.
std::shared_ptr<Stub> MakeMetadataStub(std::shared_ptr<Stub> next,
                                       std::map<std::string, std::string> metadata);

// Whether gRPC would take `value` as metadata (visible ASCII and spaces). It aborts the whole process over
// any other.
bool IsMetadataValue(std::string_view value);

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_METADATA_STUB_H_
