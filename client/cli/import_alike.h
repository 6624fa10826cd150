// Finds, of the exchanges that an import brings anew, those that a bank may have already: of the same day, as
// many hours, and between people of the same names.
//
// For rows of systems that number nothing: their origin is a hash of what stands in them, so that a file
// that was saved with days instead of moments, or is read with another list of members, has other origins
// and is posted once more. What is found is told; it may as well be another exchange of that day.
//
// So it is with a row whose hours were mended in its file: beside the new one the bank keeps the one that the
// file has no longer. That one is found by its people and its day.
//
// Memory: the members' names, some forty bytes for each new exchange; as many again for the first 10,000.
// Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_ALIKE_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_ALIKE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
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

  // A new exchange, and the number of the one that it may have been.
  struct Mended {
    imports::Place place;
    int64_t exchange = 0;
  };
  struct Found {
    int64_t count = 0;
    // Where the first of them stand, in order.
    std::vector<imports::Place> places;
    // New ones that may be others of the bank, mended: how many, and the first of them.
    int64_t mended = 0;
    std::vector<Mended> first_mended;
  };
  static constexpr size_t kMostPlaces = 5;
  // Of more new ones than that nobody mended so many rows.
  static constexpr size_t kMostMended = 10'000;

  // A member or circle of the bank, by resource name.
  void AddHolder(const std::string& holder, const std::string& display_name);

  // What somebody goes by: its name, or where it has none, whatever else it is called.
  std::string NameOf(const std::string& holder, const std::string& display_name) const;
  static Key KeyOf(const std::string& giver_name, const std::string& receiver_name, int64_t seconds,
                   const std::string& day);

  // As KeyOf(), whatever the hours.
  static Key DayKeyOf(const std::string& giver_name, const std::string& receiver_name,
                      const std::string& day) {
    return KeyOf(giver_name, receiver_name, 0, day);
  }

  // An exchange of the files, of ISO day `day`, that the bank does not have under its origin; and one that it
  // has.
  void AddNew(const Key& key, const Key& day_key, const std::string& day, const imports::Place& place);
  void AddKnown(const Key& key);

  // Asks for what the bank had before entry `newest` and that entry, of the days that there are new exchanges
  // of. Asks nothing where there are none. `system`: whose files they are.
  absl::StatusOr<Found> Find(client::Client& client, const std::string& bank, int64_t newest,
                             std::string_view system) const;

 private:
  // One of the bank that is of the same people and day as a new one.
  struct SameDay {
    Key key;
    Key day_key;
    int64_t exchange;
  };
  struct Spot {
    int32_t file = 0;
    int64_t line = 0;
  };
  struct Counts {
    int32_t added = 0;
    int32_t known = 0;
    // Of the first one that is new.
    int32_t file = 0;
    int64_t line = 0;
  };

  int32_t FileOf(const imports::Place& place);
  imports::Place PlaceOf(const Spot& spot) const {
    return {files_[static_cast<size_t>(spot.file)], spot.line};
  }
  bool LooksForMended() const;
  void FindMended(std::vector<SameDay> same_day, Found& found) const;

  // Folded, by resource name.
  absl::flat_hash_map<std::string, std::string> names_;
  absl::flat_hash_map<Key, Counts> counts_;
  // Of each day of two people the first new one; empty where there are too many.
  absl::flat_hash_map<Key, Spot> new_on_day_;
  int64_t new_count_ = 0;
  int64_t known_count_ = 0;
  std::vector<std::string> files_;
  std::string first_day_;
  std::string last_day_;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_ALIKE_H_
