#include "server/access/key_text.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "server/engine/random.h"

namespace timebank::access {
namespace {

// Goal: what a key looks like is fixed: keys are kept for years.
TEST(KeyTextTest, LooksTheSameForEver) {
  std::string random(28, '\0');
  for (size_t i = 0; i < random.size(); ++i) random[i] = static_cast<char>(17 * i + 3);
  const NewKeyText key = MakeKeyText(random);
  EXPECT_EQ(key.id, "0ca2adj7b1mq");
  EXPECT_EQ(key.text, "tbk_0ca2adj7b1mq_heeavfpfw3rg44s46n35et3shadtsfeedep3j53");
  EXPECT_EQ(key.text.size(), kKeyCharacters);
  EXPECT_EQ(KeyIdOf(key.text), key.id);
}

// Goal: a key that was cut off, mistyped or made longer is none, whichever character it is.
TEST(KeyTextTest, EveryMistakeIsSeen) {
  const std::string key = MakeKeyText(engine::RandomBytes(28)).text;
  ASSERT_TRUE(KeyIdOf(key).has_value());
  for (size_t i = 0; i < key.size(); ++i) {
    EXPECT_FALSE(KeyIdOf(key.substr(0, i)).has_value()) << "cut off at " << i;
    EXPECT_FALSE(KeyIdOf(key.substr(i + 1)).has_value()) << "begins at " << i + 1;
    std::string mistyped = key;
    mistyped[i] = mistyped[i] == '7' ? '8' : '7';
    EXPECT_FALSE(KeyIdOf(mistyped).has_value()) << mistyped;
    std::string upper = key;
    upper[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(upper[i])));
    EXPECT_EQ(KeyIdOf(upper).has_value(), upper == key) << upper;
    if (i + 1 < key.size() && key[i] != key[i + 1]) {
      std::string swapped = key;
      std::swap(swapped[i], swapped[i + 1]);
      EXPECT_FALSE(KeyIdOf(swapped).has_value()) << swapped;
    }
  }
  EXPECT_FALSE(KeyIdOf(key + "0").has_value());
  EXPECT_FALSE(KeyIdOf("").has_value());
  EXPECT_FALSE(KeyIdOf(std::string(kKeyCharacters, '\xff')).has_value());
}

// Goal: keys differ in what finds them and in what is secret.
TEST(KeyTextTest, NoTwoAreAlike) {
  std::set<std::string> ids;
  std::set<std::string> secrets;
  for (int i = 0; i < 1000; ++i) {
    const NewKeyText key = MakeKeyText(engine::RandomBytes(28));
    ids.insert(key.id);
    secrets.insert(key.text.substr(key.text.rfind('_'), 32));
  }
  EXPECT_EQ(ids.size(), 1000u);
  EXPECT_EQ(secrets.size(), 1000u);
}

}  // namespace
}  // namespace timebank::access
