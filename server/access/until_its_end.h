// The standing of a credential that says itself until when it is good: a token, a client certificate.
#ifndef TIMEBANK_SERVER_ACCESS_UNTIL_ITS_END_H_
#define TIMEBANK_SERVER_ACCESS_UNTIL_ITS_END_H_

#include <cstdint>
#include <string_view>

#include "server/ledger/error.h"
#include "server/services/caller.h"

namespace timebank::access {

class UntilItsEnd final : public services::Standing {
 public:
  // `said` to whoever comes later; must outlive this.
  UntilItsEnd(int64_t end_us, std::string_view said) : end_us_(end_us), said_(said) {}
  absl::Status Check(int64_t now_us) const override {
    return now_us < end_us_ ? absl::OkStatus() : ledger::ErrorOf(ledger::Reason::kKeyExpired, said_);
  }

 private:
  const int64_t end_us_;
  const std::string_view said_;
};

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_UNTIL_ITS_END_H_
