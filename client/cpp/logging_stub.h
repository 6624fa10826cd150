// A stub that tells Options::log about every try.
#ifndef TIMEBANK_CLIENT_CPP_LOGGING_STUB_H_
#define TIMEBANK_CLIENT_CPP_LOGGING_STUB_H_

#include <chrono>
#include <functional>
#include <memory>

#include "client/cpp/options.h"
#include "client/cpp/stub.h"

namespace timebank::client {

// `log` and `now` must not be empty.
std::shared_ptr<Stub> MakeLoggingStub(std::shared_ptr<Stub> next, std::function<void(const CallRecord&)> log,
                                      std::function<std::chrono::steady_clock::time_point()> now);

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_LOGGING_STUB_H_
