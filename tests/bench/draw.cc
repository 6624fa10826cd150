#include "tests/bench/draw.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace timebank::bench {
namespace {

constexpr double kMedianMembers = 42;
// ln(250 / 42), by the 1.2816 deviations at which a normal distribution has nine tenths below it.
constexpr double kDeviation = 1.392;
constexpr double kMostMembers = 875;

struct Quantile {
  uint32_t of_thousand;
  int64_t seconds;
};
constexpr std::array<Quantile, 5> kHours = {
    {{0, 720}, {100, 5'040}, {500, 10'080}, {900, 17'280}, {1'000, 36'000}}};
constexpr int64_t kStepSeconds = 360;  // a tenth of an hour

constexpr std::array<const char*, 16> kHelp = {"Company on a walk",
                                               "Lift to the clinic",
                                               "Help with the garden",
                                               "Bread for the summer fair",
                                               "Guitar lesson",
                                               "Mending a bicycle",
                                               "Reading aloud",
                                               "Shopping",
                                               "Help with a computer",
                                               "Looking after two children",
                                               "Spanish conversation",
                                               "Painting the fence",
                                               "A haircut",
                                               "Carrying furniture",
                                               "Phone calls",
                                               "Letter to the council"};
constexpr std::array<const char*, 16> kWhere = {
    "by the canal",    "on Tuesday",         "in the morning",    "at the hall",
    "for the library", "in Mill Lane",       "after the meeting", "with Jo and Sam",
    "near the school", "before the weekend", "as agreed",         "at number",
    "for the choir",   "in the evening",     "twice, no.",        "part"};

constexpr char kMembers[] = "members/m";

}  // namespace

Population Population::Uniform(uint32_t banks, uint32_t members) {
  std::vector<uint64_t> ends;
  for (uint64_t bank = 1; bank <= banks; ++bank) ends.push_back(bank * members);
  return Population(std::move(ends));
}

Population Population::Real(uint32_t banks, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> sizes(std::log(kMedianMembers), kDeviation);
  std::vector<uint64_t> ends;
  uint64_t end = 0;
  for (uint32_t bank = 0; bank < banks; ++bank) {
    end += static_cast<uint64_t>(std::clamp(sizes(random), 2.0, kMostMembers));
    ends.push_back(end);
  }
  return Population(std::move(ends));
}

uint32_t Population::MembersOf(uint32_t bank) const {
  return static_cast<uint32_t>(ends_[bank] - (bank == 0 ? 0 : ends_[bank - 1]));
}

Population::Place Population::PlaceOf(uint64_t index) const {
  const auto bank = std::upper_bound(ends_.begin(), ends_.end(), index);
  const uint64_t first = bank == ends_.begin() ? 0 : *(bank - 1);
  return {static_cast<uint32_t>(bank - ends_.begin()), static_cast<uint32_t>(index - first)};
}

std::string BankName(uint32_t bank) { return absl::StrCat("timebanks/load", bank); }
std::string MemberId(uint32_t member) { return absl::StrCat("m", member); }

Draw::Draw(const Population& population, Options options)
    : population_(population), options_(std::move(options)), random_(options_.seed + options_.number) {}

Population::Place Draw::Member() { return population_.PlaceOf(random_() % population_.members()); }

std::string Draw::RequestId() {
  return absl::StrCat(options_.run, "-", absl::Hex(options_.number, absl::kZeroPad8), "-",
                      absl::Hex(++requests_, absl::kZeroPad8));
}

void Draw::Exchange(uint32_t bank, v1::Exchange* exchange) {
  const uint32_t members = population_.MembersOf(bank);
  const uint32_t giver = Below(members);
  auto holder = [](auto* shares) {
    std::string* name = (shares->empty() ? shares->Add() : shares->Mutable(0))->mutable_holder();
    name->clear();
    return name;
  };
  absl::StrAppend(holder(exchange->mutable_givers()), kMembers, giver);
  if (options_.hot) {
    absl::StrAppend(holder(exchange->mutable_receivers()), "pots/community");
  } else {
    const uint32_t other = Below(members - 1);
    absl::StrAppend(holder(exchange->mutable_receivers()), kMembers, other < giver ? other : other + 1);
  }
  exchange->set_seconds(Seconds());
  if (!options_.notes) return;
  DrawNote(random_, exchange->mutable_note());
  text_bytes_ += exchange->note().size();
}

int64_t Draw::Seconds() {
  const uint32_t drawn = Below(1'000);
  size_t i = 1;
  while (kHours[i].of_thousand <= drawn) ++i;
  const Quantile& low = kHours[i - 1];
  const Quantile& high = kHours[i];
  const int64_t seconds = low.seconds + (high.seconds - low.seconds) * (drawn - low.of_thousand) /
                                            (high.of_thousand - low.of_thousand);
  return (seconds + kStepSeconds / 2) / kStepSeconds * kStepSeconds;
}

void DrawNote(std::mt19937_64& random, std::string* note) {
  const uint64_t drawn = random();
  note->clear();
  absl::StrAppend(note, kHelp[drawn % 16], " ", kWhere[drawn / 16 % 16], " ", drawn / 256 % 10'000);
}

}  // namespace timebank::bench
