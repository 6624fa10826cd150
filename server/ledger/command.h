// What can be asked of the ledger. A Command holds everything that Execute may look at besides the ledger
// itself: whatever is not a pure function (time, the bank's day, random numbers) is stamped on it before.
#ifndef TIMEBANK_SERVER_LEDGER_COMMAND_H_
#define TIMEBANK_SERVER_LEDGER_COMMAND_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/ledger/refusal.h"
#include "storage/hash.h"
#include "storage/types.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::ledger {

using storage::AccountNumber;
using storage::BankNumber;
using storage::Day;
using storage::HolderKind;
using storage::Sequence;

enum class Role { kBroker, kMember, kPartner };

// Who calls, as the transport learned. Without `member` the key itself speaks.
struct Actor {
  std::string caller;  // the key's name
  std::string member;  // id of the member at the keyboard; empty: none
  Role role = Role::kBroker;
  // Number of the only bank that it may change; 0: any. What the id in a command led to when it was made may
  // be deleted by now, and the id another bank's.
  BankNumber bank = 0;

  // Whose request ids these are: the person's where there is one, else the key's.
  std::string RequestOwner() const { return member.empty() ? "k:" + caller : "m:" + member; }
};

// What is not a pure function of the ledger.
struct Stamp {
  int64_t now_us = 0;  // microseconds since 1970-01-01 UTC
  Day today = 0;       // in the bank's time zone
  std::string seed;    // 16 random bytes; salts are made of it
};

// A holder as the caller names it.
struct HolderRef {
  HolderKind kind = HolderKind::kNone;  // kNone: not given
  std::string id;

  bool given() const { return kind != HolderKind::kNone; }
  friend bool operator==(const HolderRef&, const HolderRef&) = default;
};

struct ShareSpec {
  HolderRef holder;
  std::optional<int64_t> seconds;
};

struct OriginSpec {
  std::string system;
  std::string number;
  std::string recorded_by;
  int64_t time_us = 0;  // 0: unknown
};

// An exchange as a caller describes it. Ranges and meaning: timebank.v1.Exchange.
struct ExchangeSpec {
  std::vector<ShareSpec> givers;
  std::vector<ShareSpec> receivers;
  int64_t seconds = 0;
  HolderRef remainder;
  int32_t unnamed_givers = 0;
  int32_t unnamed_receivers = 0;
  std::optional<Day> occurred_on;
  std::string category;
  std::string note;
  std::vector<std::string> tags;
  std::string decision;
  std::optional<OriginSpec> origin;
  HolderRef acting_for;
};

// Which fields of an ExchangeSpec replace the original's.
struct ExchangeMask {
  bool givers = false;
  bool receivers = false;
  bool seconds = false;
  bool remainder = false;
  bool unnamed_givers = false;
  bool unnamed_receivers = false;
  bool occurred_on = false;
  bool category = false;
  bool note = false;
  bool tags = false;
  bool decision = false;

  bool any() const;
};

struct RecordExchange {
  ExchangeSpec exchange;
  bool check_duplicates = false;
};
struct BatchRecordExchanges {
  struct Item {
    ExchangeSpec exchange;
    std::vector<Violation> violations;  // found before the ledger was asked; the item is refused
  };
  std::vector<Item> items;
  bool all_or_nothing = false;
  bool check_duplicates = false;
};
struct CorrectExchange {
  Sequence exchange = 0;
  ExchangeSpec changes;
  ExchangeMask mask;
  std::string reason;
  HolderRef acting_for;
};
struct ReverseExchange {
  Sequence exchange = 0;
  std::string reason;
  HolderRef acting_for;
};
struct ContestExchange {
  Sequence exchange = 0;
  std::string reason;
  HolderRef acting_for;
};
enum class SettleOutcome { kStands = 1, kReversed = 2, kCorrected = 3 };
struct SettleExchange {
  Sequence exchange = 0;
  SettleOutcome outcome = SettleOutcome::kStands;
  ExchangeSpec changes;
  ExchangeMask mask;
  std::string reason;
  HolderRef acting_for;
};
struct ConfirmExchange {
  Sequence exchange = 0;
  HolderRef acting_for;
};
struct EraseExchangeNote {
  Sequence exchange = 0;
  HolderRef acting_for;
};
struct RecordGift {
  HolderRef debited;
  HolderRef credited;
  int64_t seconds = 0;
  std::optional<Day> occurred_on;
  std::string category;
  std::string note;
  std::vector<std::string> tags;
  std::string decision;
  std::optional<OriginSpec> origin;
  HolderRef acting_for;
};
struct RecordOpening {
  HolderRef holder;
  int64_t seconds = 0;
  std::optional<Day> occurred_on;
  std::string note;
  std::optional<OriginSpec> origin;
};

struct CreateMember {
  std::string id;                  // empty: m{number}
  storage::v1::MemberRow details;  // display_name, kind, external_ids, phones, emails, language, note
  std::optional<Day> joined_on;
  bool no_starter = false;
};
struct UpdateMember {
  std::string id;
  storage::v1::MemberRow details;
  std::vector<std::string> mask;  // names of MemberRow fields
  std::string etag;
};
struct CloseMember {
  std::string id;
  HolderRef destination;
  std::optional<Day> closed_on;
};
struct ReopenMember {
  std::string id;
};
struct MergeMember {
  std::string id;
  std::string into;
};
struct CreateCircle {
  std::string id;  // empty: c{number}
  std::string display_name;
  std::vector<std::string> members;
};
struct ChangeCircle {
  std::string id;
  std::vector<std::string> add;
  std::vector<std::string> remove;
};
struct CreateTimebank {
  std::string id;
  BankNumber number = 0;  // random
  std::string secret;     // 32 random bytes
  std::string display_name;
  bool trial = false;
  storage::v1::SettingsRow settings;  // whole; categories by name below
  std::vector<std::string> categories;
};
struct DeleteTimebank {
  std::string id;
};
struct UpdateSettings {
  storage::v1::SettingsRow settings;
  bool time_zone_known = true;  // stamped: the server has a time zone of this name
  std::vector<std::string> categories;
  std::vector<std::string> mask;  // names of SettingsRow fields
  std::string etag;
};

// Lets `agent` act for member `id`, or no longer.
struct GrantActingFor {
  std::string id;
  HolderRef agent;
  std::optional<int64_t> seconds_per_month;
  bool no_limit = false;
  std::optional<Day> until;
};
struct RevokeActingFor {
  std::string id;
  HolderRef agent;
};

using Act =
    std::variant<RecordExchange, BatchRecordExchanges, CorrectExchange, ReverseExchange, ContestExchange,
                 SettleExchange, ConfirmExchange, EraseExchangeNote, RecordGift, RecordOpening, CreateMember,
                 UpdateMember, CloseMember, ReopenMember, MergeMember, CreateCircle, ChangeCircle,
                 CreateTimebank, UpdateSettings, DeleteTimebank, GrantActingFor, RevokeActingFor>;

// Whether it is an act of the server's rather than of one bank's: those make banks and take them away.
inline bool IsOfServer(const Act& act) {
  return std::holds_alternative<CreateTimebank>(act) || std::holds_alternative<DeleteTimebank>(act);
}

struct Command {
  std::string bank;  // id; empty where IsOfServer(act)
  Actor actor;
  std::string request_id;  // empty: none
  Stamp stamp;
  bool validate_only = false;  // answer as if, change nothing
  Act act;
};

// A request's body for comparing repeats: what is fact and what is text, each unambiguous.
struct Body {
  std::string facts;
  std::string texts;
};
Body BodyOf(const Command& command);

// The keyed hashes of both, without putting the body together: a batch's is long.
struct BodyHashes {
  storage::Digest facts;
  storage::Digest texts;
};
BodyHashes BodyHashesOf(const Command& command, const storage::HmacKey& facts_key,
                        const storage::HmacKey& texts_key);

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_COMMAND_H_
