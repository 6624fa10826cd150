#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "client/cli/import/reader.h"
#include "tests/unit/cli/import/check_reader.h"
#include "tests/unit/cli/import/reader_fixture.h"
#include "tests/unit/cli/import/sample_bank.h"

namespace timebank::imports {
namespace {

class SamplesTest : public ReaderTest {
 protected:
  std::vector<std::string> WriteAll(const Sample& sample) {
    std::vector<std::string> paths;
    for (const SampleFile& file : sample.files) paths.push_back(Write(file.name, file.text));
    return paths;
  }

  static int CodeOf(const std::string& number) {
    return number.empty() ? 0 : std::stoi(number.substr(number.find_last_not_of("0123456789") + 1));
  }
};

// Goal: every format of one bank is recognised and gives exactly its balances, and what the files declare
// agrees with them.
TEST_F(SamplesTest, EveryFormatGivesTheSameBalances) {
  for (uint32_t seed : {1, 2, 3}) {
    const SampleBank bank(seed, 12, 150);
    for (const Sample& sample : bank.Samples()) {
      SCOPED_TRACE(sample.format + " seed " + std::to_string(seed));
      options_.community = sample.format == "cyclos3"          ? "member0"
                           : sample.format == "local-exchange" ? "m0"
                                                               : "";
      std::map<int, int64_t> balances;
      for (const auto& [code, seconds] : bank.balances()) balances[code] = 0;
      std::vector<DeclaredBalance> declared;
      for (const Row& row : ReadRows(WriteAll(sample))) {
        ASSERT_FALSE(std::holds_alternative<Reject>(row)) << Words(row);
        if (const auto* exchange = std::get_if<ImportedExchange>(&row)) {
          balances[CodeOf(exchange->giver)] += exchange->seconds;
          balances[CodeOf(exchange->receiver)] -= exchange->seconds;
        }
        if (const auto* entry = std::get_if<ImportedEntry>(&row)) {
          for (const auto& [holder, seconds] : entry->movements) {
            balances[holder.kind == ImportedHolder::Kind::kPot ? 0 : CodeOf(holder.number)] += seconds;
          }
        }
        if (const auto* one = std::get_if<DeclaredBalance>(&row)) declared.push_back(*one);
      }
      EXPECT_EQ(balances, bank.balances());
      for (const DeclaredBalance& one : declared) {
        EXPECT_LE(std::abs(one.seconds - balances[CodeOf(one.number)]), one.within_seconds) << one.number;
      }
    }
  }
}

// Goal: what reader.h promises holds for every format; read again, later, and in another order of files, all
// origins are the same.
TEST_F(SamplesTest, OriginsAreForEver) {
  const SampleBank bank(4, 8, 100);
  for (const Sample& sample : bank.Samples()) {
    SCOPED_TRACE(sample.format);
    std::vector<std::string> paths = WriteAll(sample);
    EXPECT_EQ(CheckReader("", paths, options_), "");
    std::set<std::string> first;
    std::set<std::string> again;
    for (std::set<std::string>* origins : {&first, &again}) {
      for (const Row& row : ReadRows(paths, sample.format)) {
        if (const auto* exchange = std::get_if<ImportedExchange>(&row))
          origins->insert(exchange->origin_number);
        if (const auto* entry = std::get_if<ImportedEntry>(&row)) origins->insert(entry->origin.number);
      }
      options_.today += 40;
      std::reverse(paths.begin(), paths.end());
    }
    EXPECT_EQ(first, again);
    EXPECT_EQ(first.size(), sample.format == "local-exchange" ? 132u : 100u);
  }
}

// Changes a file as a bad disk, a bad editor and a bad export would.
void Mutate(std::string& text, std::mt19937& random) {
  static const auto& scraps = *new std::vector<std::string>{"\"",
                                                            "\"\"",
                                                            ",",
                                                            ";",
                                                            "\t",
                                                            "\n",
                                                            "\r\n",
                                                            "\r",
                                                            std::string(1, '\0'),
                                                            "\xEF\xBB\xBF",
                                                            "\xFF\xFE",
                                                            "\xFE\xFF",
                                                            "\xC3",
                                                            "\xE9",
                                                            "ñ",
                                                            "-",
                                                            "0",
                                                            "99999999999999999999",
                                                            "0.333333",
                                                            "1e9",
                                                            "31/02/2018",
                                                            "01/25/2018",
                                                            "9999-12-31",
                                                            "0000-00-00",
                                                            "RUSH0000",
                                                            "SANEVIRT",
                                                            "(7)",
                                                            "()",
                                                            "=1+1",
                                                            "Password",
                                                            "rejected_line",
                                                            "inactive_user",
                                                            "-9.00",
                                                            "1:60",
                                                            "24:00",
                                                            " ",
                                                            std::string(300, 'x'),
                                                            std::string(70'000, '"')};
  const auto below = [&random](size_t limit) { return limit == 0 ? 0 : random() % limit; };
  for (size_t n = 1 + below(4); n > 0; --n) {
    const size_t at = below(text.size() + 1);
    const size_t length = below(below(8) == 0 ? 400 : 12);
    switch (below(5)) {
      case 0:
        text.insert(at, scraps[below(scraps.size())]);
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random());
        break;
      case 3:
        text.insert(below(text.size() + 1), text.substr(at, length));
        break;
      default:
        text.replace(at, std::min(length, text.size() - at), scraps[below(scraps.size())]);
    }
  }
}

// Goal: whatever is in the files, nothing breaks and what reader.h promises holds. TIMEBANK_MUTATIONS says
// how many files are tried, TIMEBANK_MUTATION_SEED where to begin.
TEST_F(SamplesTest, MutatedFilesKeepThePromises) {
  const char* count_text = std::getenv("TIMEBANK_MUTATIONS");
  const char* seed_text = std::getenv("TIMEBANK_MUTATION_SEED");
  const int count = count_text == nullptr ? 1000 : std::atoi(count_text);
  const int first = seed_text == nullptr ? 1 : std::atoi(seed_text);
  const std::vector<Sample> samples = SampleBank(5, 4, 12).Samples();
  for (int seed = first; seed < first + count; ++seed) {
    std::mt19937 random(static_cast<uint32_t>(seed));
    Sample sample = samples[static_cast<size_t>(seed) % samples.size()];
    std::string& text = sample.files[random() % sample.files.size()].text;
    // Of a file that is taken apart wrongly nobody knows where its passwords are.
    const bool secrets = text.find(kSecret) == std::string::npos;
    Mutate(text, random);
    const std::string format = random() % 2 == 0 ? "" : sample.format;
    ASSERT_EQ(CheckReader(format, WriteAll(sample), options_, secrets), "")
        << sample.format << ", seed " << seed;
  }
}

}  // namespace
}  // namespace timebank::imports
