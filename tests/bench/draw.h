// What is drawn for the load: banks as large, exchanges as long and notes as wordy as those of real
// timebanks. The same seed draws the same things.
//
// Threads: a Population is constant once made; a Draw belongs to one thread at a time.
#ifndef TIMEBANK_TESTS_BENCH_DRAW_H_
#define TIMEBANK_TESTS_BENCH_DRAW_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "timebank/v1/exchange.pb.h"

namespace timebank::bench {

// Which banks there are, and how many members each has.
class Population {
 public:
  struct Place {
    uint32_t bank;
    uint32_t member;  // of that bank, from 0
  };

  // `banks` with `members` each, at least 2.
  static Population Uniform(uint32_t banks, uint32_t members);

  // `banks` of the sizes that real ones have: median 42 accounts, one in ten above 250, none above 875.
  static Population Real(uint32_t banks, uint64_t seed);

  uint32_t banks() const { return static_cast<uint32_t>(ends_.size()); }
  uint64_t members() const { return ends_.back(); }  // of all banks together
  uint32_t MembersOf(uint32_t bank) const;
  // Where member `index` of all of them is; below members().
  Place PlaceOf(uint64_t index) const;

 private:
  explicit Population(std::vector<uint64_t> ends) : ends_(std::move(ends)) {}

  std::vector<uint64_t> ends_;  // how many members this bank and those before it have
};

// Their names on the wire.
std::string BankName(uint32_t bank);
std::string MemberId(uint32_t member);

class Draw {
 public:
  struct Options {
    std::string run;      // 16 characters; begins every request_id
    uint32_t number = 0;  // each Draw of a run has another one
    uint64_t seed = 1;
    bool notes = true;
    bool hot = false;  // the community pot receives in every exchange
  };

  // `population` must outlive it.
  Draw(const Population& population, Options options);

  // A member, every one as likely as any other; so a large bank comes up more often.
  Population::Place Member();

  // A bank for the next exchange, as likely as it is large.
  uint32_t Bank() { return Member().bank; }

  // As long as a UUID, and never the same one again.
  std::string RequestId();

  // Makes `exchange`, which is new or one that was drawn before, one between two members of `bank`: hours as
  // real ones have them (a tenth below 1.4, half below 2.8, nine tenths below 4.8), a note of some 20 to 50
  // characters.
  void Exchange(uint32_t bank, v1::Exchange* exchange);

  // Of all notes drawn so far.
  uint64_t text_bytes() const { return text_bytes_; }

 private:
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  int64_t Seconds();

  const Population& population_;
  const Options options_;
  std::mt19937_64 random_;
  uint32_t requests_ = 0;
  uint64_t text_bytes_ = 0;
};

// Sets `note` to a sentence such as people write beside an exchange.
void DrawNote(std::mt19937_64& random, std::string* note);

}  // namespace timebank::bench

#endif  // TIMEBANK_TESTS_BENCH_DRAW_H_
