// The real clock, sleep, random numbers and request ids, for Options that name none of their own.
#ifndef TIMEBANK_CLIENT_CPP_DEFAULTS_H_
#define TIMEBANK_CLIENT_CPP_DEFAULTS_H_

#include "client/cpp/options.h"

namespace timebank::client {

// `options` with every empty function but `log` filled in.
Options WithDefaults(Options options);

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_DEFAULTS_H_
