// Hours and seconds as other systems' files write them.
//
// Amounts are int64 seconds and decimals are read digit by digit: what comes out is exact, or it is refused.
// Every function returns what is wrong, for people; empty where nothing is. Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_AMOUNTS_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_AMOUNTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace timebank::imports {

// What a bare number is.
enum class Unit : int64_t { kSecond = 1, kMinute = 60, kHour = 3600 };

// What the hours of a file tell of how it writes numbers.
class HoursVote {
 public:
  // Looks at one more cell of hours.
  void Add(std::string_view text);
  // The same of time that somebody gave on one day, in `bare`.
  void AddGiven(std::string_view text, Unit bare);
  // What `1.30` or the like (see cli::DecimalsAsMinutes()) comes to in seconds if minutes were meant; 0 where
  // it is nothing like it, or the file speaks against it: decimals that cannot be minutes (`.75`, `.9`,
  // `.33`) do so, for all that are written with the same sign.
  int64_t IfMinutes(std::string_view text) const;
  // Whether `sign` (`.` or `,`) begins decimals somewhere, and whether it parts thousands (`1.234,50`).
  bool IsDecimal(char sign) const {
    return (sign == '.' ? points_.decimal : commas_.decimal) ||
           (AreThousandths() && thousandth_.find(sign) != std::string::npos);
  }
  bool IsThousands(char sign) const { return sign == '.' ? points_.thousands : commas_.thousands; }
  // Whether all hours that were given, two at least, are written with one sign and three decimals, and none
  // comes to more than a day (`1.000`, `2.500`). Some programs write decimals so; of thousands every row
  // would be 1,000 hours or more.
  bool AreThousandths() const { return thousandths_ > 1 && !others_; }
  // The first of them.
  const std::string& Thousandth() const { return thousandth_; }

 private:
  struct Sign {
    bool decimal = false;
    bool thousands = false;
    // Decimals that cannot be minutes.
    bool no_minutes = false;
  };

  Sign points_;
  Sign commas_;
  // Of what was given: how many have three decimals, the first of them, and whether there are others.
  size_t thousandths_ = 0;
  std::string thousandth_;
  bool others_ = false;
};

// Reads `1.5`, `1,5`, `1.234,50`, `1 234.5`, `1:30`, `1h30`, `90m`, `1 hora 30 min`, with a sign or without.
// A point or a comma that stands alone is the decimal sign; where there are both, the last one is. A blank or
// an apostrophe groups exactly three digits; an apostrophe with one behind it, or two that are
// no minutes, is a decimal sign (`1'5`, `1'75`). Units may be English, Spanish, Catalan, French or German.
// Zero is taken. Wrong: empty, junk, what may mean several things (`1 30`, `1'30`), no whole second, above
// kMaxSeconds either way; with `file`, thousands or thousandths (`1.250`) where it does not tell which.
// Without one they are thousandths.
std::string ParseSignedHours(std::string_view text, int64_t& seconds, Unit bare = Unit::kHour,
                             const HoursVote* file = nullptr);

// The same where only time that was given makes sense: zero and less are wrong.
std::string ParseHoursGiven(std::string_view text, int64_t& seconds, Unit bare = Unit::kHour,
                            const HoursVote* file = nullptr);

// Whole seconds as a bare number, more than zero.
std::string ParseSecondsGiven(std::string_view text, int64_t& seconds);

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_AMOUNTS_H_
