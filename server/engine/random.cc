#include "server/engine/random.h"

#include <openssl/rand.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace timebank::engine {

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    std::fputs("timebankd: the system gives no random numbers\n", stderr);
    std::abort();
  }
  return bytes;
}

uint64_t RandomNumber() {
  uint64_t number = 0;
  while (number == 0) std::memcpy(&number, RandomBytes(sizeof number).data(), sizeof number);
  return number;
}

}  // namespace timebank::engine
