// Keys of a real server that knows its callers by them.
#ifndef TIMEBANK_TESTS_E2E_KEYS_H_
#define TIMEBANK_TESTS_E2E_KEYS_H_

#include <gtest/gtest.h>

#include <string>

#include "tests/support/server_process.h"
#include "tests/support/wire.h"
#include "timebank/v1/access_service.pb.h"

namespace timebank::e2e {

// Calls with this key.
inline CallOptions With(const std::string& key) { return {.metadata = {{"authorization", "Bearer " + key}}}; }

// The id in a key's text.
inline std::string IdOf(const std::string& key) { return key.substr(4, 12); }

// Makes pepper and first operator's key for the server that will serve `folder`/data; the key.
inline std::string InitKeys(const std::string& folder) {
  const Ended init = RunToEnd(ServerProgram(), {"init", "--data", folder + "/data"});
  EXPECT_EQ(init.code, 0) << init.err;
  return init.out.substr(0, init.out.find('\n'));
}

// A broker's key for `bank`, made with an operator's.
inline std::string MakeBrokersKey(const Wire& wire, const std::string& operators_key, const std::string& bank,
                                  const std::string& owner = "maria") {
  v1::CreateKeyRequest request;
  request.set_parent("timebanks/" + bank);
  request.mutable_key()->set_owner(owner);
  request.mutable_key()->set_role(v1::ROLE_BROKER);
  const auto made = wire.Call<v1::CreateKeyResponse>(request, With(operators_key));
  EXPECT_TRUE(made.ok()) << made;
  return made.reply.secret();
}

}  // namespace timebank::e2e

#endif  // TIMEBANK_TESTS_E2E_KEYS_H_
