#include "client/cpp/defaults.h"

#include <condition_variable>
#include <mutex>
#include <random>
#include <utility>

namespace timebank::client {
namespace {

void Sleep(std::chrono::nanoseconds duration, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, std::move(stop), duration, [] { return false; });
}

std::uint64_t Random() {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return engine();
}

// A random (version 4) UUID, straight from the system's random source: ids of different machines must never
// meet, so a seeded generator will not do.
std::string NewRequestId() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::random_device source;
  std::string id;
  for (int byte = 0; byte < 16; ++byte) {
    if (byte == 4 || byte == 6 || byte == 8 || byte == 10) id += '-';
    unsigned value = source() & 0xff;
    if (byte == 6) value = (value & 0x0f) | 0x40;
    if (byte == 8) value = (value & 0x3f) | 0x80;
    id += kDigits[value >> 4];
    id += kDigits[value & 0x0f];
  }
  return id;
}

}  // namespace

Options WithDefaults(Options options) {
  if (!options.now) options.now = [] { return std::chrono::steady_clock::now(); };
  if (!options.sleep) options.sleep = Sleep;
  if (!options.random) options.random = Random;
  if (!options.new_request_id) options.new_request_id = NewRequestId;
  return options;
}

}  // namespace timebank::client
