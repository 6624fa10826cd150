#include "server/services/look_book.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/time/clock.h"
#include "storage/keys.h"
#include "storage/pages.h"
#include "storage/status_macros.h"
#include "storage/threads.h"

namespace timebank::services {

namespace sv1 = storage::v1;
using storage::AccountNumber;
using storage::BankNumber;
using storage::Day;

namespace {

constexpr size_t kMostElements = 256;  // of an account and day
constexpr size_t kRowsAtOnce = 256;
constexpr int64_t kDayUs = 86'400'000'000;
constexpr int64_t kHourUs = 3'600'000'000;

int64_t SteadyUs() {
  return absl::ToInt64Microseconds(absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()));
}

bool IsSame(const sv1::LookRow& a, const sv1::LookRow& b) {
  return a.by() == b.by() && a.kind() == b.kind() && a.with() == b.with();
}

void Add(const sv1::LookRow& more, sv1::LookRow* row) {
  row->set_first_us(row->count() == 0 ? more.first_us() : std::min(row->first_us(), more.first_us()));
  row->set_last_us(std::max(row->last_us(), more.last_us()));
  row->set_count(row->count() + more.count());
}

// Counts `more` into `elements`, a container of rows. Once there are kMostElements - 1 callers and kinds,
// everybody else is the last element, who has no name and whose kind is not told. Returns whether `elements`
// grew.
template <typename Elements, typename Append>
bool AddTo(Elements& elements, const sv1::LookRow& more, const Append& append) {
  auto found = std::find_if(elements.begin(), elements.end(),
                            [&](const sv1::LookRow& row) { return IsSame(row, more); });
  if (found != elements.end()) {
    Add(more, &*found);
    return false;
  }
  if (static_cast<size_t>(elements.size()) < kMostElements - 1) {
    append(more);
    return true;
  }
  sv1::LookRow others;
  found = std::find_if(elements.begin(), elements.end(),
                       [&](const sv1::LookRow& row) { return IsSame(row, others); });
  if (found != elements.end()) {
    Add(more, &*found);
    return false;
  }
  Add(more, &others);
  append(others);
  return true;
}

bool AddTo(std::vector<sv1::LookRow>& elements, const sv1::LookRow& more) {
  return AddTo(elements, more, [&](const sv1::LookRow& row) { elements.push_back(row); });
}

}  // namespace

LookBook::LookBook(Options options) : options_(std::move(options)) {
  if (options_.write_every == absl::InfiniteDuration()) return;
  writer_ = std::thread([this] {
    storage::NameThread("looks");
    storage::StepBack();
    WriteNowAndThen();
  });
}

LookBook::~LookBook() {
  {
    absl::MutexLock lock(&stop_mutex_);
    stopping_ = true;
  }
  if (writer_.joinable()) writer_.join();
  // What cannot be written now is lost, as after a crash.
  Write().IgnoreError();
}

LookBook::Part& LookBook::PartOf(BankNumber bank, AccountNumber account) const {
  return parts_[absl::HashOf(bank, account) % kParts];
}

Day LookBook::OldestDay() const { return static_cast<Day>(options_.now_us() / kDayUs) - kLookDays; }

void LookBook::Note(BankNumber bank, AccountNumber account, const Look& look) {
  if (!Count(bank, account, look)) return;
  absl::MutexLock lock(&stop_mutex_);
  hurry_ = true;
}

// Whether there is now so much that it should be written before its time.
bool LookBook::Count(BankNumber bank, AccountNumber account, const Look& look) {
  Part& part = PartOf(bank, account);
  absl::MutexLock lock(&part.mutex);
  ++part.noted;
  Elements& elements = part.counts[{bank, account, look.day}];
  for (sv1::LookRow& row : elements) {
    if (row.by() != look.by || row.kind() != static_cast<uint32_t>(look.kind) || row.with() != look.with) {
      continue;
    }
    row.set_count(row.count() + 1);
    row.set_last_us(std::max(row.last_us(), look.now_us));
    return false;
  }
  const size_t most = options_.most_in_memory / kParts;
  if (part.elements >= most) {
    ++part.dropped;
    if (elements.empty()) part.counts.erase({bank, account, look.day});
    return true;
  }
  sv1::LookRow row;
  row.set_by(look.by);
  row.set_with(look.with.data(), look.with.size());
  row.set_kind(static_cast<uint32_t>(look.kind));
  row.set_count(1);
  row.set_first_us(look.now_us);
  row.set_last_us(look.now_us);
  if (!AddTo(elements, row)) return false;
  return ++part.elements == most / 2;
}

absl::StatusOr<std::vector<LookBook::Looks>> LookBook::List(BankNumber bank,
                                                            const std::vector<AccountNumber>& accounts,
                                                            int64_t before_us, size_t most) const {
  // Accounts that became one have one list. Days before a list's last one are whole in each of them.
  std::map<Day, Elements> days;
  const Day oldest = OldestDay();
  // In some time zone a moment's day is already the next one.
  const Day newest = static_cast<Day>(std::min(before_us, options_.now_us()) / kDayUs) + 1;
  absl::ReaderMutexLock lock(&place_mutex_);
  for (const AccountNumber account : accounts) {
    size_t found = 0;
    const auto take = [&](Day day, const sv1::LooksRow& row) {
      for (const sv1::LookRow& look : row.looks()) {
        AddTo(days[day], look);
        found += look.first_us() < before_us;
      }
    };
    absl::Status parsed;
    const auto visit = [&](std::string_view key, std::string_view value) {
      const Day day = storage::DayOfLookKey(key);
      if (day < oldest || found >= most) return false;
      // What is being written stands in memory whole, whether it is on disk by now or not.
      if (flying_.contains({bank, account, day})) return true;
      sv1::LooksRow row;
      parsed = storage::DecodeRow(value, &row);
      take(day, row);
      return parsed.ok();
    };
    for (const auto& [place, row] : flying_) {
      if (place.bank == bank && place.account == account && place.day >= oldest) take(place.day, row);
    }
    TB_RETURN_IF_ERROR(options_.rows->ScanLooks(storage::AccountKey(bank, account),
                                                storage::LookKey(bank, account, newest),
                                                storage::Direction::kDown, visit));
    TB_RETURN_IF_ERROR(parsed);
    Part& part = PartOf(bank, account);
    absl::MutexLock counting(&part.mutex);
    for (const auto& [place, elements] : part.counts) {
      if (place.bank != bank || place.account != account || place.day < oldest) continue;
      for (const sv1::LookRow& look : elements) AddTo(days[place.day], look);
    }
  }
  std::vector<Looks> list;
  for (const auto& [day, elements] : days) {
    for (const sv1::LookRow& look : elements) {
      if (look.first_us() < before_us) list.push_back({day, look});
    }
  }
  std::sort(list.begin(), list.end(), [](const Looks& a, const Looks& b) {
    return std::tuple(-a.row.first_us(), a.row.by(), a.row.with(), a.row.kind()) <
           std::tuple(-b.row.first_us(), b.row.by(), b.row.with(), b.row.kind());
  });
  return list;
}

absl::Status LookBook::Write() {
  absl::MutexLock writing(&write_mutex_);
  absl::flat_hash_map<BankNumber, bool> there;
  // What comes meanwhile is for the next time.
  for (size_t left = figures().waiting; left > 0;) {
    std::vector<std::pair<Place, Elements>> some;
    std::vector<storage::LookRows::Row> rows;
    {
      absl::MutexLock moving(&place_mutex_);
      some = TakeSome(&left);
      if (some.empty()) break;
      std::erase_if(some, [&](const auto& element) {
        auto [bank, is_new] = there.try_emplace(element.first.bank, false);
        if (is_new) bank->second = HasBank(bank->first);
        return !bank->second;
      });
      if (const absl::Status read = MakeRows(some, &rows); !read.ok()) {
        flying_.clear();
        PutBack(std::move(some));
        return read;
      }
    }
    const absl::Status written = options_.rows->PutLooks(rows);
    absl::MutexLock moving(&place_mutex_);
    flying_.clear();
    if (!written.ok()) {
      PutBack(std::move(some));
      return written;
    }
  }
  return absl::OkStatus();
}

// Up to kRowsAtOnce places out of memory; takes what they hold off `left`.
std::vector<std::pair<LookBook::Place, LookBook::Elements>> LookBook::TakeSome(size_t* left) {
  std::vector<std::pair<Place, Elements>> some;
  for (Part& part : parts_) {
    absl::MutexLock counting(&part.mutex);
    while (!part.counts.empty() && some.size() < kRowsAtOnce) {
      auto first = part.counts.begin();
      part.elements -= first->second.size();
      *left -= std::min(*left, first->second.size());
      some.emplace_back(first->first, std::move(first->second));
      part.counts.erase(first);
    }
  }
  return some;
}

// Rows as they are to be, in `rows` and in flying_.
absl::Status LookBook::MakeRows(const std::vector<std::pair<Place, Elements>>& some,
                                std::vector<storage::LookRows::Row>* rows) {
  for (const auto& [place, elements] : some) {
    std::string key = storage::LookKey(place.bank, place.account, place.day);
    sv1::LooksRow row;
    TB_ASSIGN_OR_RETURN(const std::optional<std::string> before, options_.rows->GetLook(key));
    if (before) TB_RETURN_IF_ERROR(storage::DecodeRow(*before, &row));
    auto& looks = *row.mutable_looks();
    for (const sv1::LookRow& look : elements) {
      AddTo(looks, look, [&](const sv1::LookRow& added) { *looks.Add() = added; });
    }
    rows->push_back({std::move(key), storage::EncodeRow(row)});
    flying_.emplace(place, std::move(row));
  }
  return absl::OkStatus();
}

// What could not be written waits again, as far as there is room beside what has come since.
void LookBook::PutBack(std::vector<std::pair<Place, Elements>> left) {
  for (const auto& [place, elements] : left) {
    Part& part = PartOf(place.bank, place.account);
    absl::MutexLock lock(&part.mutex);
    Elements& waiting = part.counts[place];
    for (const sv1::LookRow& look : elements) {
      const bool known = std::any_of(waiting.begin(), waiting.end(),
                                     [&](const sv1::LookRow& row) { return IsSame(row, look); });
      if (!known && part.elements >= options_.most_in_memory / kParts) {
        part.dropped += look.count();
      } else if (AddTo(waiting, look)) {
        ++part.elements;
      }
    }
    if (waiting.empty()) part.counts.erase(place);
  }
}

absl::Status LookBook::Prune() {
  const Day oldest = OldestDay();
  absl::flat_hash_map<BankNumber, bool> there;
  std::string from;
  while (true) {
    std::vector<storage::LookRows::Row> gone;
    size_t seen = 0;
    const auto visit = [&](std::string_view key, std::string_view) {
      from.assign(key);
      if (++seen > kRowsAtOnce) return false;
      auto [bank, is_new] = there.try_emplace(storage::BankOfKey(key), false);
      if (is_new) bank->second = HasBank(bank->first);
      if (!bank->second || storage::DayOfLookKey(key) < oldest) gone.push_back({std::string(key), ""});
      return true;
    };
    TB_RETURN_IF_ERROR(options_.rows->ScanLooks("", from, storage::Direction::kUp, visit));
    if (!gone.empty()) TB_RETURN_IF_ERROR(options_.rows->PutLooks(gone));
    if (seen <= kRowsAtOnce) return absl::OkStatus();
    absl::MutexLock lock(&stop_mutex_);
    if (stopping_) return absl::OkStatus();
  }
}

bool ClockCheck::GoesRight(int64_t now_us, int64_t steady_us) {
  const std::optional<Reading> before = std::exchange(before_, Reading{now_us, steady_us});
  return before.has_value() &&
         std::abs((now_us - before->now_us) - (steady_us - before->steady_us)) <= kHourUs;
}

void LookBook::WriteNowAndThen() {
  // Once a day, and never because a clock is ahead for a moment.
  ClockCheck clock;
  int64_t clock_read_us = SteadyUs();
  clock.GoesRight(options_.now_us(), clock_read_us);
  int64_t prune_at_us = clock_read_us;
  bool told = false;
  while (true) {
    {
      absl::MutexLock lock(&stop_mutex_);
      // A disk that took nothing the last time is asked again in its time.
      const auto has_reason = [this, told]() ABSL_SHARED_LOCKS_REQUIRED(stop_mutex_) {
        return stopping_ || (hurry_ && !told);
      };
      stop_mutex_.AwaitWithTimeout(absl::Condition(&has_reason), options_.write_every);
      if (stopping_) return;
      hurry_ = false;
    }
    absl::Status status = Write();
    if (const int64_t steady_us = SteadyUs(); status.ok() && steady_us - clock_read_us >= kHourUs) {
      clock_read_us = steady_us;
      if (clock.GoesRight(options_.now_us(), steady_us) && steady_us >= prune_at_us) {
        status = Prune();
        if (status.ok()) prune_at_us = steady_us + kDayUs;
      }
    }
    if (!status.ok() && !told && options_.on_trouble) options_.on_trouble(status);
    told = !status.ok();
  }
}

LookBook::Figures LookBook::figures() const {
  Figures figures = {};
  for (const Part& part : parts_) {
    absl::MutexLock lock(&part.mutex);
    figures.noted += part.noted;
    figures.dropped += part.dropped;
    figures.waiting += part.elements;
  }
  return figures;
}

}  // namespace timebank::services
