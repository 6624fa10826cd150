// Random bytes from OpenSSL's generator, for everything that has to be unguessable: bank numbers, secrets,
// salts.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_ENGINE_RANDOM_H_
#define TIMEBANK_SERVER_ENGINE_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace timebank::engine {

// `count` bytes. Ends the program if the system has no randomness to give: nothing would be safe after that.
std::string RandomBytes(size_t count);

// Never 0.
uint64_t RandomNumber();

}  // namespace timebank::engine

#endif  // TIMEBANK_SERVER_ENGINE_RANDOM_H_
