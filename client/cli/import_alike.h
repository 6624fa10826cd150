// Finds, of the exchanges that an import brings anew, those that a bank may have already: of the same day, as
// many hours, and between people of the same names.
//
// For rows of systems that number nothing: their origin is a hash of what stands in them, so that a file
// that was saved with days instead of moments, or is read with another list of members, has other origins
// and is posted once more. What is found is told; it may as well be another exchange of that day.
//
// Memory: the members' names, some forty bytes for each new exchange. Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_ALIKE_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_ALIKE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "client/cli/import/reader.h"
#include "client/cli/import/text.h"
#include "client/cpp/client.h"

namespace timebank::cli {

class AlikeFinder {
 public:
  // By what an exchange may be known again.
  using Key = imports::FactsHash;

  struct Found {
    int64_t count = 0;
    // Where the first of them stand, in order.
    std::vector<imports::Place> places;
  };
  static constexpr size_t kMostPlaces = 5;

  // A member or circle of the bank, by resource name.
  void AddHolder(const std::string& holder, const std::string& display_name);

  // What somebody goes by: its name, or where it has none, whatever else it is called.
  std::string NameOf(const std::string& holder, const std::string& display_name) const;
  static Key KeyOf(const std::string& giver_name, const std::string& receiver_name, int64_t seconds,
                   const std::string& day);

  // An exchange of the files, of ISO day `day`, that the bank does not have under its origin; and one that it
  // has.
  void AddNew(const Key& key, const std::string& day, const imports::Place& place);
  void AddKnown(const Key& key) { ++counts_[key].known; }

  // Asks for what the bank had before entry `newest` and that entry, of the days that there are new exchanges
  // of. Asks nothing where there are none.
  absl::StatusOr<Found> Find(client::Client& client, const std::string& bank, int64_t newest) const;

 private:
  struct Counts {
    int32_t added = 0;
    int32_t known = 0;
    // Of the first one that is new.
    int32_t file = 0;
    int64_t line = 0;
  };

  // Folded, by resource name.
  absl::flat_hash_map<std::string, std::string> names_;
  absl::flat_hash_map<Key, Counts> counts_;
  std::vector<std::string> files_;
  std::string first_day_;
  std::string last_day_;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_ALIKE_H_
