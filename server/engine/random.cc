#include "server/engine/random.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace timebank::engine {

namespace {

void Fill(unsigned char* bytes, size_t count) {
  if (RAND_bytes(bytes, static_cast<int>(count)) != 1) {
    std::fputs("timebankd: the system gives no random numbers\n", stderr);
    std::abort();
  }
}

// One thread's supply: a call of OpenSSL's generator costs as much for 16 bytes as for hundreds. Each byte is
// given out once and wiped.
class Supply {
 public:
  Supply() = default;
  ~Supply() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  Supply(const Supply&) = delete;
  Supply& operator=(const Supply&) = delete;

  // At most kSize at a time.
  void Take(char* to, size_t count) {
    if (count > left_) {
      Fill(bytes_.data(), kSize);
      left_ = kSize;
    }
    unsigned char* from = bytes_.data() + (left_ - count);
    std::memcpy(to, from, count);
    OPENSSL_cleanse(from, count);
    left_ -= count;
  }

  static constexpr size_t kSize = 4096;

 private:
  std::array<unsigned char, kSize> bytes_ = {};
  size_t left_ = 0;  // at the beginning of bytes_
};

}  // namespace

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  if (count > Supply::kSize) {
    Fill(reinterpret_cast<unsigned char*>(bytes.data()), count);
  } else {
    static thread_local Supply supply;
    supply.Take(bytes.data(), count);
  }
  return bytes;
}

uint64_t RandomNumber() {
  uint64_t number = 0;
  while (number == 0) std::memcpy(&number, RandomBytes(sizeof number).data(), sizeof number);
  return number;
}

}  // namespace timebank::engine
