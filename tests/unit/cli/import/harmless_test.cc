#include "client/cli/import/harmless.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace timebank::imports {
namespace {

// Goal: whatever a spreadsheet would run is text afterwards; nothing else is touched.
TEST(HarmlessTest, MarksFormulasOnly) {
  for (const char* text : {"=A1", "+34 622", "-5", "@home", "\tx", "\r=1", "\n=1", "\uFF1DA1", "\uFF20x"}) {
    EXPECT_EQ(Harmless(text), std::string("'") + text);
  }
  EXPECT_EQ(Harmless("'=A1"), "''=A1");
  for (const char* text : {"", "'", "''", "'tis", "a=b", " =A1", "1+1", "\xEF\xBC", "\u202E=A1"}) {
    EXPECT_EQ(Harmless(text), text);
    EXPECT_EQ(Unharmed(text), text);
  }
}

// Goal: every short text of the characters that matter comes back as it was, and no two share a cell.
TEST(HarmlessTest, ComesBackExactly) {
  const std::vector<std::string> pieces = {"'", "=", "+", "-", "@", "\t", "\r", "\n", "a", " ", "\uFF1D"};
  std::vector<std::string> texts = {""};
  for (size_t from = 0, length = 0; length < 4; ++length) {
    const size_t end = texts.size();
    for (; from < end; ++from) {
      for (const std::string& piece : pieces) texts.push_back(texts[from] + piece);
    }
  }
  ASSERT_GT(texts.size(), 10'000u);
  for (const std::string& text : texts) {
    ASSERT_EQ(Unharmed(Harmless(text)), text);
    // Over and over, too: a cell that is written into another file.
    ASSERT_EQ(Unharmed(Unharmed(Harmless(Harmless(text)))), text);
  }
}

}  // namespace
}  // namespace timebank::imports
