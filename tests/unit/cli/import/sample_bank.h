// One invented bank as the files of every format, with the balances that must come out of each.
//
// A pure function of its arguments. The text holds what breaks importers: accents, quotes, delimiters and
// line breaks within a field, hundredths of an hour, equal rows. Account 0 is the bank itself.
#ifndef TIMEBANK_TESTS_UNIT_CLI_IMPORT_SAMPLE_BANK_H_
#define TIMEBANK_TESTS_UNIT_CLI_IMPORT_SAMPLE_BANK_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace timebank::imports {

struct SampleFile {
  std::string name;
  std::string text;
};

struct Sample {
  // As OpenReader() has it.
  std::string format;
  std::vector<SampleFile> files;
};

// Stands in every column of passwords; must come out nowhere.
inline constexpr char kSecret[] = "MUST-NOT-BE-READ";

class SampleBank {
 public:
  SampleBank(uint32_t seed, int members, int exchanges);

  // Every format, some in more than one form.
  std::vector<Sample> Samples() const;
  // Seconds by code.
  const std::map<int, int64_t>& balances() const { return balances_; }

 private:
  struct Exchange {
    int number;
    int giver;
    int receiver;
    int64_t seconds;
    // 2018-01-08, and the minute of the day.
    std::string day;
    std::string clock;
    std::string text;
  };

  Sample Timebank() const;
  Sample TimeOverflow() const;
  Sample TimeOverflowExport() const;
  Sample Ces() const;
  Sample NewCes() const;
  Sample Komunitin() const;
  Sample KomunitinFour() const;
  Sample Cyclos() const;
  Sample MutualCredit() const;
  Sample LocalExchange() const;
  Sample Spreadsheet() const;

  std::vector<std::string> names_;
  std::vector<Exchange> exchanges_;
  std::map<int, int64_t> balances_;
};

}  // namespace timebank::imports

#endif  // TIMEBANK_TESTS_UNIT_CLI_IMPORT_SAMPLE_BANK_H_
