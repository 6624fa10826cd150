// Why nobody can listen at an address. gRPC and the metrics' endpoint say that they cannot, and not why.
#ifndef TIMEBANK_SERVER_OPS_LISTENING_H_
#define TIMEBANK_SERVER_OPS_LISTENING_H_

#include <string>

namespace timebank::ops {

// Tries `address`, HOST:PORT with an IP address or unix:PATH, with a plain socket that is closed at once, and
// says what the system says and what that means here. Where the system now lets us: that it does.
std::string WhyNotListening(const std::string& address);

// Whether somebody listens at `address`, HOST:PORT with an IP address and a port that is not 0. To be asked
// before gRPC is, which has a page to say of it.
bool IsTaken(const std::string& address);

}  // namespace timebank::ops

#endif  // TIMEBANK_SERVER_OPS_LISTENING_H_
