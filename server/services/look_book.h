// Who looked at whose account: counted in memory as it happens, written beside the ledger every few seconds.
//
//   a read that went well ──► Note ──► counts in memory, 16 parts by account
//                                          │ every 5 s, by a thread of this one's own, and at the end
//                                          ▼
//                                      one row of Family::kLook an account and day ──(400 days)──► gone
//
// One element for each caller, kind of look and day, so that what is kept is bounded by who there is and not
// by how often somebody looks. A crash loses what was not on disk yet: some 20 seconds of looks.
//
// Limits: `most_in_memory` elements wait to be written, and are written early where half of that is there; a
//         look that would be one more is dropped and counted (that takes a disk that does not keep up). 256
//         elements an account and day; further ones are counted together, as somebody without a name.
// Threads: any. Note takes one lock, for as long as it takes to count; List reads the disk and waits for no
// write.
#ifndef TIMEBANK_SERVER_SERVICES_LOOK_BOOK_H_
#define TIMEBANK_SERVER_SERVICES_LOOK_BOOK_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/look_rows.h"
#include "storage/types.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::services {

// What was looked at; equal to timebank.v1.Act.Look.Kind.
enum class LookKind : uint8_t { kBalance = 1, kStatement = 2, kExchanges = 3, kMember = 4, kActs = 5 };

// Days that looks are kept: 13 months.
inline constexpr storage::Day kLookDays = 400;

// Whether a clock goes right: only then is it believed that something has grown old.
class ClockCheck {
 public:
  // The clock and a steady one, both in microseconds. Whether the clock went as far as the steady one since
  // they were read before, but for an hour; not the first time.
  bool GoesRight(int64_t now_us, int64_t steady_us);

 private:
  struct Reading {
    int64_t now_us;
    int64_t steady_us;
  };
  std::optional<Reading> before_;
};

class LookBook {
 public:
  struct Options {
    storage::LookRows* rows = nullptr;  // must outlive this
    // false: the bank is gone, and so are looks at its accounts. Empty: it is there.
    std::function<bool(storage::BankNumber bank)> has_bank = {};
    std::function<int64_t()> now_us;                // which looks are too old
    absl::Duration write_every = absl::Seconds(5);  // infinite: by Write() alone
    size_t most_in_memory = size_t{1} << 16;        // about 8 MB
    // What could not be written: once, and again after something could. It is tried again.
    std::function<void(const absl::Status&)> on_trouble = {};
  };

  explicit LookBook(Options options);
  ~LookBook();  // Write()
  LookBook(const LookBook&) = delete;
  LookBook& operator=(const LookBook&) = delete;

  // Somebody's look at `account`, which is another's.
  struct Look {
    storage::AccountNumber by = 0;  // the member who looked; 0: the key itself
    std::string_view with;          // whose key it was
    LookKind kind = LookKind::kBalance;
    storage::Day day = 0;  // in the bank
    int64_t now_us = 0;
  };
  void Note(storage::BankNumber bank, storage::AccountNumber account, const Look& look);

  // One caller's looks of one kind at some accounts on one day.
  struct Looks {
    storage::Day day = 0;
    storage::v1::LookRow row;
  };
  // Looks at `accounts`, which are one member's, that began before `before_us`: latest beginning first, at
  // least `most` where there are so many. Errors: the rows'.
  absl::StatusOr<std::vector<Looks>> List(storage::BankNumber bank,
                                          const std::vector<storage::AccountNumber>& accounts,
                                          int64_t before_us, size_t most) const;

  // Writes down what there is. Where that fails it stays in memory.
  absl::Status Write();
  // Removes rows that are too old, and those of banks that are gone.
  absl::Status Prune();

  struct Figures {
    uint64_t noted;
    uint64_t dropped;
    uint64_t waiting;  // elements in memory
  };
  Figures figures() const;

 private:
  struct Place {
    storage::BankNumber bank = 0;
    storage::AccountNumber account = 0;
    storage::Day day = 0;

    friend bool operator==(const Place&, const Place&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Place& place) {
      return H::combine(std::move(h), place.bank, place.account, place.day);
    }
  };
  using Elements = std::vector<storage::v1::LookRow>;
  using Counts = absl::flat_hash_map<Place, Elements>;
  struct alignas(64) Part {
    mutable absl::Mutex mutex;
    Counts counts ABSL_GUARDED_BY(mutex);
    size_t elements ABSL_GUARDED_BY(mutex) = 0;
    uint64_t noted ABSL_GUARDED_BY(mutex) = 0;
    uint64_t dropped ABSL_GUARDED_BY(mutex) = 0;
  };
  static constexpr size_t kParts = 16;

  Part& PartOf(storage::BankNumber bank, storage::AccountNumber account) const;
  storage::Day OldestDay() const;
  bool HasBank(storage::BankNumber bank) const { return !options_.has_bank || options_.has_bank(bank); }
  bool Count(storage::BankNumber bank, storage::AccountNumber account, const Look& look);
  std::vector<std::pair<Place, Elements>> TakeSome(size_t* left) ABSL_EXCLUSIVE_LOCKS_REQUIRED(place_mutex_);
  absl::Status MakeRows(const std::vector<std::pair<Place, Elements>>& some,
                        std::vector<storage::LookRows::Row>* rows)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(place_mutex_);
  void PutBack(std::vector<std::pair<Place, Elements>> left) ABSL_EXCLUSIVE_LOCKS_REQUIRED(place_mutex_);
  void WriteNowAndThen();

  const Options options_;
  mutable std::array<Part, kParts> parts_;
  absl::Mutex write_mutex_;  // one Write at a time; before place_mutex_, and that before a part's
  // Where each count is: in memory, in a row that is being written, or on disk. Whoever lists waits for no
  // write: rows are made, and taken away again, under this, and written without it.
  mutable absl::Mutex place_mutex_;
  absl::flat_hash_map<Place, storage::v1::LooksRow> flying_ ABSL_GUARDED_BY(place_mutex_);

  mutable absl::Mutex stop_mutex_;
  bool stopping_ ABSL_GUARDED_BY(stop_mutex_) = false;
  bool hurry_ ABSL_GUARDED_BY(stop_mutex_) = false;  // write before the time is over
  std::thread writer_;
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_LOOK_BOOK_H_
