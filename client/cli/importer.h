// Brings what a Reader reads into a bank: members first, then openings and exchanges, at last the closing of
// those who left; or only tells what would come of it.
//
// Every opening and exchange carries its origin, so the same file brought twice posts once, and a run that
// was interrupted is completed by the next one. A row that cannot be posted never stops the others. Members
// are found by their number in the older system and by nothing else (two people may share a name); a new one
// gets an id made of that number where it makes one (Reader::id_prefix()), and no starter hours. Of a member
// who is known, what is empty in the bank is filled in; nothing is overwritten.
//
// A bank's own export brings whole entries (import_entries.h), circles and merges beside. The bank that it
// came from refuses it: it has all of it, under numbers instead of origins.
//
// Closing. The server closes an account at once where it is even or in debit; hours in credit would have to
// go somewhere. So a member who left with hours is closed while the account is still even, before its
// exchanges: the server takes help of up to the day of closing, from a broker, for closed accounts. Where
// that cannot be (the account has hours before this run), or somebody has changed the member since it was
// added (reopened it, perhaps), it stays open and is told.
//
// New exchanges that look like what the bank has under other origins are told (import_alike.h), and posted.
//
// Memory: the members of the files and of the bank, declared balances, three batches; and what the Reader
// and the AlikeFinder need. Threads: the caller's, and one that waits for the server.
#ifndef TIMEBANK_CLIENT_CLI_IMPORTER_H_
#define TIMEBANK_CLIENT_CLI_IMPORTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/batch_courier.h"
#include "client/cli/import/reader.h"
#include "client/cli/import_alike.h"
#include "client/cli/import_entries.h"
#include "client/cli/sequence_ranges.h"
#include "client/cpp/client.h"

namespace timebank::cli {

// One account that the files or the bank know.
struct ImportAccount {
  // Resource name; what it is, or will be. Empty: the server will choose. Of a merged member: whom it is one
  // with, who has the hours.
  std::string holder;
  // Of a merged member: its own name.
  std::string merged_name;
  // Number in the older system; empty for the community pot; `circles/knitters` of a circle.
  std::string number;
  std::string display_name;
  // In the bank before this run.
  bool existed = false;
  int64_t before_seconds = 0;
  // What this run moved, or would move.
  int64_t new_seconds = 0;
  // What the files' rows that the bank has already moved earlier.
  int64_t known_seconds = 0;
  // Whether the files speak of it.
  bool in_files = false;
  // Another one becomes one with it in the files.
  bool survives = false;

  // What the files say that it left, and when (ISO day or empty).
  bool closes = false;
  std::string closed_on;
  // Of one that closes: the latest day of what the files have about it.
  std::string last_day;
  // In the bank.
  bool is_closed = false;
  // Nobody has changed the member in the bank since it was added.
  bool untouched = false;

  // Its own name, whoever has the hours.
  const std::string& name() const { return merged_name.empty() ? holder : merged_name; }
  int64_t expected_seconds() const { return before_seconds + new_seconds; }
  int64_t files_seconds() const { return new_seconds + known_seconds; }
};

// Somebody who left there and stays open here.
struct LeftOpen {
  enum class Why {
    // There are hours in credit on the account, and nobody has said where they go.
    kHasHours,
    // The member was changed in the bank, perhaps reopened.
    kChanged,
    // The server refused.
    kRefused,
  };
  ImportAccount account;
  Why why = Why::kHasHours;
  // kRefused: the server's reason, for people.
  std::string reason;
};

// An account of which the older system says another balance than its rows add up to.
struct DeclaredDifference {
  imports::DeclaredBalance declared;
  ImportAccount account;
};

inline constexpr size_t kPlacesTold = 20;

// A row whose number in the older system the bank has, with other hours or another giver.
struct KnownOtherwise {
  imports::Place place;
  // The exchange that the bank has, by its whole name.
  std::string exchange;
  int64_t file_seconds = 0;
  int64_t bank_seconds = 0;
  // Who gave: in the file, and (a short name) in the bank.
  ImportAccount file_giver;
  std::string bank_giver;
};

// Rows that can be posted and may be mistaken: how many are new, and where the first of them are.
struct DoubtfulRows {
  static constexpr size_t kMostPlaces = 5;

  int64_t count = 0;
  std::vector<imports::Place> places;

  // Whether its place is among the first.
  bool Add(const imports::Place& place) {
    ++count;
    if (places.size() == kMostPlaces) return false;
    places.push_back(place);
    return true;
  }
};

// What a run did, or would do.
struct ImportReport {
  int64_t rows = 0;
  int64_t members_new = 0;
  int64_t members_known = 0;
  // Known ones of whom the files had more than the bank.
  int64_t members_filled = 0;
  // Known ones who have another name in the bank; it stays.
  int64_t members_named_otherwise = 0;
  // Whom rows name and nobody knows.
  int64_t members_missing = 0;
  // Of these, and of new ones, the first that looks like the bank itself; without a name: there is none.
  imports::NameAndNumber missing_community;
  imports::NameAndNumber new_community;
  // The heading of a second column of words that stands in the notes; empty: there is none.
  std::string also_in_notes;
  // The name that is the community pot, as in an earlier import; empty: none was found.
  std::string community_found;
  // Numbers in other systems that new ones do not keep, as they have too many.
  int64_t external_ids_left_out = 0;
  int64_t circles_new = 0;
  int64_t circles_known = 0;
  // Known ones who have other members in the bank; they stay.
  int64_t circles_otherwise = 0;
  // Entries of any kind but openings.
  int64_t exchanges_new = 0;
  int64_t exchanges_known = 0;
  // Of `exchanges_known` those that stand in a file of rejects: mended, they are equal to what was posted;
  // and where the first kPlacesTold of them are.
  int64_t mended_known = 0;
  std::vector<imports::Place> mended_places;
  // Of `exchanges_known` and `openings_known` those that are something else in the bank, and the first
  // kPlacesTold of them.
  int64_t known_otherwise = 0;
  std::vector<KnownOtherwise> otherwise;
  // Of `exchanges_new` those of the day of an opening balance that the bank had, or of before it: what they
  // moved may be in the opening already. The day; empty: the bank had no openings, or the files have them.
  int64_t before_opening = 0;
  std::string opening_day;
  // Of `exchanges_new` those that the bank may have had already, where their files number nothing.
  AlikeFinder::Found alike;
  // Of `exchanges_new`: hours such as `1.30`, which may be minutes, with those of the first; rows that are
  // equal to an earlier one of their file, with the lines of those; days that are no such day of the week.
  DoubtfulRows as_minutes;
  std::string as_minutes_hours;
  int64_t as_minutes_seconds = 0;
  int64_t as_minutes_meant_seconds = 0;
  DoubtfulRows equal;
  std::vector<int64_t> equal_lines;
  DoubtfulRows weekdays;
  int64_t openings_new = 0;
  int64_t openings_known = 0;
  // Hours of new and known exchanges together.
  int64_t seconds = 0;
  // New exchanges of more than kLongExchangeSeconds: minutes taken for hours, perhaps; and the longest of
  // them.
  int64_t exchanges_long = 0;
  int64_t longest_seconds = 0;
  imports::Place longest;
  int64_t rejected = 0;
  // Of `rejected` those of which nothing is wrong but that nobody knows whom they name.
  int64_t rejected_unknown = 0;
  // Members who left there: closed by this run; closed before it; not closed.
  int64_t closed = 0;
  int64_t closed_before = 0;
  std::vector<LeftOpen> left_open;
  // Of `closed`: as of the day of their last exchange, which came after they had left.
  int64_t closed_later = 0;
  int64_t declared = 0;
  std::vector<DeclaredDifference> declared_differences;
  // By number in the older system; the community pot under the empty number, circles under `/circles/ID`.
  std::map<std::string, ImportAccount> accounts;
  // Where openings come from; `in_files` where there are any.
  ImportAccount opening_pot;
};

// An account whose balance is not what the files say.
struct BalanceDifference {
  ImportAccount account;
  int64_t actual_seconds = 0;
};

// Every balance read back.
struct BalanceCheck {
  std::vector<BalanceDifference> differences;
  // Accounts that were compared: members (merged ones count once), circles, and whether the pots are among
  // them.
  int64_t members = 0;
  int64_t circles = 0;
  bool community_pot = false;
  bool opening_pot = false;

  int64_t accounts() const { return members + circles + community_pot + opening_pot; }
};

struct ImporterOptions {
  // Resource name of the bank.
  std::string bank = {};
  // What people call it; may be empty.
  std::string bank_name = {};
  // Its today, as an ISO day.
  std::string today = {};
  // False: the bank is still to be created, so nothing in it is known.
  bool bank_exists = true;
  // False: asks only, changes nothing.
  bool commit = false;
  // Members whom exchanges name and nobody knows are added without a name, instead of rejecting the row.
  bool make_members = false;
  // With `commit` and members who left: what a run without `commit` found, so that it is known beforehand
  // with how many hours each ends. Must outlive the importer.
  const ImportReport* plan = nullptr;
  // Called for every row that cannot be posted. `by_server`: it was refused on being posted, which no run
  // without `commit` can tell.
  std::function<void(const imports::Reject&, bool by_server)> on_reject = {};
  // Called now and then, with bytes read of bytes in all.
  std::function<void(int64_t done, int64_t total)> on_progress = {};
};

// An error (usage) where `reader` reads entries of `bank` (a resource name) itself, whatever it lacks to tell
// so by its position(). Reads to the first such entry.
absl::Status RefuseOwnEntries(client::Client client, imports::Reader& reader, const std::string& bank);

class Importer {
 public:
  // `reader` must outlive the importer.
  Importer(client::Client client, imports::Reader& reader, ImporterOptions options);
  Importer(const Importer&) = delete;
  Importer& operator=(const Importer&) = delete;

  // Reads and posts (or asks) to the end. Errors: the files are an export of this very bank (usage); the
  // server cannot be reached, a file breaks off: what was posted by then stays, and another run completes it.
  absl::StatusOr<ImportReport> Run();

  // After a committed Run(): reads every balance back. What differs from the files' sums.
  absl::StatusOr<BalanceCheck> CheckBalances(const ImportReport& report);

 private:
  // Whose row it is, for saying what is wrong with it.
  struct Source {
    imports::Place place;
    std::vector<std::string> fields;
  };
  // An exchange or opening on its way, with the accounts that it moves.
  struct Pending {
    Source source;
    ImportAccount* giver;
    ImportAccount* receiver;
    int64_t seconds;
    bool opening;
    bool mended = false;
    bool before_opening = false;
    // The ISO day of one that AlikeFinder looks for; else empty.
    std::string alike_on = {};
    // As of an exchange.
    int64_t equal_line = 0;
    int64_t minutes_seconds = 0;
    std::string doubtful_hours = {};
    bool weekday_differs = false;
  };
  // What the bank has of a member, as far as there may be more to tell.
  struct KnownMember {
    v1::Member member;
    bool merged;
  };
  // A member of the bank with a number in a system that is not the reader's.
  struct Elsewhere {
    v1::Member member;
    int64_t seconds;
  };

  // The account under that number; null: there is none.
  ImportAccount* Find(const std::string& number) const;
  // The same for a holder of a bank's own export.
  ImportAccount* Find(const imports::ImportedHolder& holder);
  // The same; a new one where there is none.
  ImportAccount& FindOrAdd(const std::string& number);
  // An export of the bank that it is to go into would post everything twice.
  absl::Status RefuseOwnExport();
  absl::Status LoadAccounts();
  ImportAccount& AddKnown(const std::string& number, const v1::Member& member);
  ImportAccount* FindElsewhere(const imports::ImportedMember& member);
  ImportAccount* FindCircle(const std::string& id) const;
  absl::Status LoadCircles();
  absl::Status LoadBalances();
  // The day of the newest opening balance of the bank.
  absl::Status LoadOpeningDay();
  absl::Status Take(imports::Row& row);
  absl::Status TakeMember(imports::ImportedMember& member);
  absl::Status TakeOpening(imports::ImportedOpening& opening);
  absl::Status TakeExchange(imports::ImportedExchange& exchange);
  absl::Status TakeCircle(imports::ImportedCircle& circle);
  absl::Status TakeEntry(imports::ImportedEntry& entry);
  absl::Status TakeMerge(imports::ImportedMerge& merge);
  // The account of a member whom a row names; null where there is none (the row is then rejected). `name`:
  // what the row calls one who is made.
  absl::StatusOr<ImportAccount*> AccountOf(const std::string& number, const Source& source,
                                           const std::string& field, const std::string& name = "");
  // Counts a member whom a row names and nobody knows, once.
  void NoteMissing(const std::string& number, const std::string& name);
  // Whether a name is one that people have for the bank itself.
  bool LooksLikeTheBank(const std::string& name) const;
  // The first in `noted` that does.
  void NoteCommunity(const std::string& number, const std::string& name, imports::NameAndNumber& noted) const;
  // Adds a member to the bank (or to what would be added). False where the server refuses (the row is then
  // rejected).
  absl::StatusOr<bool> AddMember(const imports::ImportedMember& member);
  absl::StatusOr<std::string> CreateMember(const imports::ImportedMember& member, const std::string& id);
  // Completes what the bank has of a member.
  absl::Status FillIn(const imports::ImportedMember& member, ImportAccount& account);
  std::string IdFor(const imports::ImportedMember& member) const;
  // From here on the hours of `goes` are those of `stays`.
  void Join(ImportAccount& goes, ImportAccount& stays);

  void SetOrigin(const std::string& number, v1::Origin& origin) const;
  void SetExchange(const Pending& pending, const imports::ImportedExchange& row,
                   v1::Exchange& exchange) const;
  absl::Status PostOpening(Pending pending, const imports::ImportedOpening& opening);
  // Puts it into the next batch, which is sent when it is full.
  absl::Status Enqueue(Pending pending, const imports::ImportedExchange& row);
  // Waits for the batch that is on its way, sends the next one, if there is any, and counts what came of the
  // first.
  absl::Status SendBatch();
  // The same until nothing is on its way.
  absl::Status Flush();
  // What the server says about one row: counted as new, as known, or rejected; `sequence` where it posted it.
  // Errors: it did not answer.
  absl::Status Count(Pending& pending, const absl::Status& status, int64_t sequence);
  // What the bank has under the row's number, as the server tells it.
  void CompareKnown(const Pending& pending, const absl::Status& known);
  // Notes what is doubtful about an exchange that is new.
  void NoteDoubts(const Pending& pending);
  // Notes an exchange that may be in the bank a second time.
  void NoteAlike(const Pending& pending, bool is_new);
  absl::Status CountEntry(const imports::ImportedEntry& entry, const EntryResult& result);
  // Of an entry that the bank has: whether somebody else posted it after this run had read the balances.
  bool CameMeanwhile(int64_t sequence) const;

  // Closes those who will end with hours, while their accounts are even.
  absl::Status CloseBeforehand();
  // Closes the others, and finds out who stays open.
  absl::Status CloseAfterwards();
  absl::Status Close(ImportAccount& account, const std::string& closed_on);
  void CompareDeclared();
  void Reject(const Source& source, const std::string& field, const std::string& reason,
              bool by_server = false);

  client::Client client_;
  imports::Reader& reader_;
  ImporterOptions options_;
  ImportReport report_;
  // The same accounts, to be found quickly; in the report they stay where they are.
  absl::flat_hash_map<std::string, ImportAccount*> by_number_;
  std::map<std::string, KnownMember> known_;
  // By system and number: whom an export may know by that.
  std::map<std::string, Elsewhere> elsewhere_;
  // Of the bank's circles, by key: resource names.
  std::map<std::string, std::set<std::string>> circle_members_;
  // Whether the bank knows a member by the number in the files, so that they have come before.
  bool imported_before_ = false;
  // Whom rows name and nobody knows.
  absl::flat_hash_set<std::string> missing_;
  // Sequence number of the newest entry when the balances were read.
  int64_t newest_before_ = 0;
  // What this run has posted.
  SequenceRanges posted_;
  // Where the bank has entries.
  AlikeFinder alike_;
  // Ids that members of the bank have.
  absl::flat_hash_set<std::string> taken_ids_;
  std::vector<imports::DeclaredBalance> declared_;
  // Members are read, and who must be is closed: hours may move.
  bool members_done_ = false;

  BatchCourier courier_;
  // Being made, and on its way.
  v1::BatchRecordExchangesRequest batch_;
  size_t batch_bytes_ = 0;
  std::vector<Pending> making_;
  std::vector<Pending> sent_;
  // What a bank's own export has.
  EntryPoster poster_;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_IMPORTER_H_
