// Looks: what a read of somebody else's account pays for being counted.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/services/days.h"
#include "server/services/look_book.h"

namespace timebank::services {
namespace {

constexpr int64_t kNowUs = 1'700'000'000'000'000;

// A disk that costs nothing.
class NoRows final : public storage::LookRows {
 public:
  absl::Status PutLooks(const std::vector<Row>&) override { return absl::OkStatus(); }
  absl::StatusOr<std::optional<std::string>> GetLook(std::string_view) const override {
    return std::optional<std::string>();
  }
  absl::Status ScanLooks(std::string_view, std::string_view, storage::Direction,
                         const std::function<bool(std::string_view, std::string_view)>&) const override {
    return absl::OkStatus();
  }
};

// Argument: over so many accounts. The day in the bank is worked out as well, as each read does.
void BM_Note(benchmark::State& state) {
  static auto& rows = *new NoRows;
  static auto& book = *new LookBook({.rows = &rows, .now_us = [] { return kNowUs; }});
  const absl::TimeZone zone = TimeZoneOf("Europe/London");
  const auto accounts = static_cast<uint32_t>(state.range(0));
  uint32_t look = 0;
  for (auto _ : state) {
    const int64_t now_us = kNowUs + ++look;
    book.Note(7, storage::MakeAccount(storage::HolderKind::kMember, 1 + look % accounts),
              {.with = "maria", .day = DayAt(now_us, zone), .now_us = now_us});
  }
}
BENCHMARK(BM_Note)->Arg(1)->Arg(1'000)->Arg(20'000)->Threads(1)->Threads(2);

}  // namespace
}  // namespace timebank::services
