// A bank's settings as brokers write and read them: `warn_below=-5h`, `time_zone=Europe/Madrid`.
#ifndef TIMEBANK_CLIENT_CLI_SETTINGS_H_
#define TIMEBANK_CLIENT_CLI_SETTINGS_H_

#include <google/protobuf/field_mask.pb.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "timebank/v1/timebank_service.pb.h"

namespace timebank::cli {

// Takes `key=value` into `settings` and `mask`. A limit is `-5h`, `20h` or `none`; categories are a list with
// commas. Errors (InvalidArgument): no `=`, a key that there is not (all are named), a value that cannot be
// read.
absl::Status SetSetting(std::string_view assignment, v1::Settings& settings,
                        google::protobuf::FieldMask& mask);

// Every key with its value, as SetSetting() reads it.
std::vector<std::pair<std::string, std::string>> ListSettings(const v1::Settings& settings);

// The keys, with blanks between them.
std::string SettingKeys();

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_SETTINGS_H_
