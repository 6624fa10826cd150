#include "client/cli/settings.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_join.h"

namespace timebank::cli {
namespace {

// Goal: every setting is read as it is written, and lands in the mask under the API's name.
TEST(SettingsTest, ReadsWhatItWrites) {
  v1::Settings settings;
  google::protobuf::FieldMask mask;
  for (const char* assignment :
       {"time_zone=Europe/Madrid", "locale=es-ES", "categories=Home, Care,Food", "warn_below=-5h",
        "warn_above=20h", "block_below=none", "block_above=0", "who_may_record=receiver",
        "balances_visible=members", "starter=2h30", "smallest_count_shown=5"}) {
    EXPECT_TRUE(SetSetting(assignment, settings, mask).ok()) << assignment;
  }
  EXPECT_EQ(settings.warn_below_seconds(), -5 * 3600);
  EXPECT_EQ(settings.categories_size(), 3);
  EXPECT_FALSE(settings.has_block_below_seconds());
  EXPECT_TRUE(settings.has_block_above_seconds());
  EXPECT_EQ(absl::StrJoin(mask.paths(), " "),
            "time_zone locale categories warn_below_seconds warn_above_seconds block_below_seconds "
            "block_above_seconds "
            "who_may_record balances_visible starter_seconds smallest_count_shown");
  v1::Settings again;
  google::protobuf::FieldMask unused;
  for (const auto& [key, value] : ListSettings(settings)) {
    EXPECT_TRUE(SetSetting(key + "=" + value, again, unused).ok()) << key << "=" << value;
  }
  EXPECT_EQ(again.SerializeAsString(), settings.SerializeAsString());
}

// Goal: what is not a setting, or not its value, is told.
TEST(SettingsTest, RefusesOthers) {
  v1::Settings settings;
  google::protobuf::FieldMask mask;
  for (const char* assignment : {"time_zone", "colour=red", "warn_below=some", "who_may_record=everybody",
                                 "smallest_count_shown=x", "balances_visible="}) {
    EXPECT_FALSE(SetSetting(assignment, settings, mask).ok()) << assignment;
  }
}

}  // namespace
}  // namespace timebank::cli
