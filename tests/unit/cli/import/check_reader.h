// Reads files to their end and checks everything that reader.h promises whatever is in them.
#ifndef TIMEBANK_TESTS_UNIT_CLI_IMPORT_CHECK_READER_H_
#define TIMEBANK_TESTS_UNIT_CLI_IMPORT_CHECK_READER_H_

#include <string>
#include <vector>

#include "client/cli/import/reader.h"

namespace timebank::imports {

// What was promised and is not so; empty where all is well. Files that do not open are well. `secrets`:
// whether the columns of the files' passwords are where they should be, so that kSecret must come out
// nowhere.
std::string CheckReader(const std::string& format, const std::vector<std::string>& files,
                        const ReaderOptions& options, bool secrets = true);

}  // namespace timebank::imports

#endif  // TIMEBANK_TESTS_UNIT_CLI_IMPORT_CHECK_READER_H_
