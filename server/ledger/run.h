// One command being carried out in one bank: who calls, where entries go, how holders are found.
//
// Internal to server/ledger. A rule is a function (Run&, act) -> Verdict: it changes `run.state` and answers
// nothing, or answers why not; Execute undoes what a refused rule had changed.
#ifndef TIMEBANK_SERVER_LEDGER_RUN_H_
#define TIMEBANK_SERVER_LEDGER_RUN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/ledger/command.h"
#include "server/ledger/execute.h"
#include "server/ledger/refusal.h"
#include "server/ledger/working_state.h"
#include "timebank/storage/v1/entry.pb.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::ledger {

namespace sv1 = storage::v1;

// Equal to the API's numbers; the protos are not included here, so that rules stay clear of the wire.
inline constexpr uint32_t kStateRecorded = 1;
inline constexpr uint32_t kStateConfirmed = 2;
inline constexpr uint32_t kStateContested = 3;
inline constexpr uint32_t kStateReversed = 4;

inline constexpr uint32_t kMemberPerson = 1;
inline constexpr uint32_t kMemberActive = 1;
inline constexpr uint32_t kMemberClosed = 2;
inline constexpr uint32_t kMemberMerged = 3;

inline constexpr uint32_t kEitherPartyRecords = 1;
inline constexpr uint32_t kReceiverRecords = 2;
inline constexpr uint32_t kGiverRecords = 3;
inline constexpr uint32_t kBrokersRecord = 4;

inline constexpr uint32_t kNoticeBelowWarning = 1;
inline constexpr uint32_t kNoticeAboveWarning = 2;
inline constexpr uint32_t kNoticePossibleDuplicate = 3;
inline constexpr uint32_t kNoticePotWithoutDecision = 4;
inline constexpr uint32_t kNoticeClosedBackdated = 5;

// Who gave and received, resolved to accounts.
struct Part {
  AccountNumber account = 0;
  std::optional<int64_t> own;  // seconds that the share named itself
};
struct Parts {
  std::vector<Part> givers;
  std::vector<Part> receivers;
  int64_t seconds = 0;
  AccountNumber remainder = 0;  // 0: not named
  uint32_t unnamed_givers = 0;
  uint32_t unnamed_receivers = 0;
  Day occurred_on = 0;
  uint32_t category = 0;
  std::optional<std::string> category_name;  // instead of `category`; PostExchange finds or adds it
  AccountNumber acting_for = 0;
  sv1::Texts texts;

  // Empty again; what was allocated stays for the next ones.
  void Clear();
};

// What each command makes anew, kept for its memory. One thread's.
struct Scratch {
  sv1::TextRow text_row;
  sv1::RequestRow request_row;
};

class Run {
 public:
  Run(const Command& command, WorkingState& state, Scratch& scratch)
      : command(command), state(state), text_row_(scratch.text_row) {}

  const Command& command;
  WorkingState& state;
  BankNumber bank = 0;
  sv1::HeadRow head;
  AccountNumber actor_member = 0;  // 0: the key itself speaks
  std::string request_key;         // of `request`; empty: the call has no request id

  // The exchange at work and the entry that was appended last, with its texts. Here, because the next one of
  // a batch takes the same memory.
  Parts parts;
  sv1::Entry entry;

  // --- beginning
  // Finds the bank and its head. TIMEBANK_NOT_FOUND, ROLE_REQUIRED (it is not the caller's).
  Verdict OpenBank();
  // Makes the bank of this number, which may not be there yet, the one at work.
  void BeginBank(BankNumber number);
  // Finds the member at the keyboard. HOLDER_NOT_FOUND.
  Verdict OpenActor();
  // Reads again what RollBack() may have changed beneath.
  void Reload();

  // --- the bank
  const sv1::BankRow& bank_row() const { return changed_bank_ ? *changed_bank_ : state.RowOf(*open_); }
  // A copy to change; PutBank() makes it the bank's.
  sv1::BankRow& ChangeBank();
  void PutBank();
  void PutHead() { state.PutHead(*open_, head); }
  const storage::HmacKey& secret() const { return state.SecretOf(*open_); }

  // --- finding
  // The holder's account, a merged member's survivor. HOLDER_NOT_FOUND.
  Verdict FindHolder(const HolderRef& holder, AccountNumber* account);
  // A member's own account, merged or not.
  std::optional<AccountNumber> FindUnmerged(HolderKind kind, const std::string& id);
  // The account that speaks for `account` today: a merged member's survivor.
  AccountNumber Survivor(AccountNumber account);
  // nullptr: not a member. Valid until the next change.
  const MemberFacts* Member(AccountNumber account) const { return state.MemberOf(*open_, account); }
  bool MemberRecord(AccountNumber account, sv1::MemberRow* row) const;
  // The record, and the row of its id, which says the same of its state. Nobody else writes either.
  void PutMember(AccountNumber account, const sv1::MemberRow& row);
  const AccountFigures& Account(AccountNumber account) const { return state.AccountOf(*open_, account); }
  AccountFigures& ChangeAccount(AccountNumber account) { return state.ChangeAccount(*open_, account); }

  // Number of the category, added and listed where it is new; 0 for an empty one. VALIDATION (TOO_MANY, at
  // `field`: as many as may be are listed).
  Verdict CategoryNumber(const std::string& name, std::string_view field, uint32_t* number);
  // The same for a name that is not empty; where it is new, nothing lists it yet, and `added` says so.
  uint32_t FindOrAddCategory(const std::string& name, bool* added);
  std::string CategoryName(uint32_t number) const { return state.CategoryName(*open_, number); }

  // --- who
  bool broker() const { return command.actor.role == Role::kBroker; }
  // ROLE_REQUIRED unless a broker calls.
  Verdict BrokersOnly() const;
  // The account as which the caller speaks: the one it acts for, its own, or 0. HOLDER_NOT_FOUND,
  // ROLE_REQUIRED.
  Verdict Speaker(const HolderRef& acting_for, AccountNumber* account);
  // Whether the caller may act for `account`: a broker for anybody, else whom that member lets. The answer no
  // is the same whether there never was a grant, it has ended, or its day has passed. ROLE_REQUIRED.
  Verdict MayActFor(AccountNumber account);
  // The caller acts for this account by a grant, not as a broker; 0: it does not.
  AccountNumber principal() const { return principal_; }

  // --- what agents debit (acting.cc)
  // A new act, or a new item of a batch: nobody acts for anybody yet, and nothing is debited.
  void BeginAct();
  // `entry` is about to be undone: what it debited by a grant this month is given back, by whomever it is
  // undone.
  void CountUndone(const sv1::Entry& entry);
  // `entry` moves hours by what the caller does.
  void Count(const sv1::Entry& entry);
  // Keeps what the act has debited, all in all. ACTING_FOR_LIMIT.
  Verdict KeepDebits();

  // --- appending
  // Gives `entry` its number, time and recorder, moves its accounts, keeps its texts. AMOUNT_OVERFLOW.
  Verdict Append(sv1::Entry* entry, const sv1::Texts& texts);
  // Has the entry that was appended last among what others did for the member `account`, unless the member
  // itself did it. (Append does so for the member whose record an entry changes.)
  void NoteAct(AccountNumber account);
  // AMOUNT_OVERFLOW if Append would refuse `entry`.
  Verdict Fits(const sv1::Entry& entry) const;
  // A new salt; never the same twice in one command.
  std::string_view NextSalt();

  // Origins. ORIGIN_RECORDED names the first entry; to a broker also its seconds and who gave. What is kept
  // must have been checked just before.
  Verdict CheckOrigin(const std::optional<OriginSpec>& origin);
  void KeepOrigin(const std::optional<OriginSpec>& origin, Sequence sequence);

 private:
  Refusal OriginRecorded(Sequence sequence) const;
  // What an act has debited a member by an agent's grant; below 0: given back.
  struct Debit {
    AccountNumber member;
    AccountNumber agent;
    int64_t seconds;
  };

  uint32_t KeyNumber();
  std::optional<uint32_t> FindCategory(const std::string& folded);
  void AddDebit(AccountNumber member, AccountNumber agent, int64_t seconds);

  ledger::OpenBank* open_ = nullptr;
  std::optional<sv1::BankRow> changed_bank_;
  uint32_t key_number_ = 0;  // of the caller's key; 0: not asked for yet
  AccountNumber principal_ = 0;
  Sequence under_grant_ = 0;   // the grant's entry, where there is a principal
  std::vector<Debit> debits_;  // of this act
  Sequence act_begins_ = 0;    // number of its first entry
  int64_t undone_credit_ = 0;  // what this act has taken from the principal by undoing
  uint32_t salts_ = 0;
  storage::Digest salt_;    // the last one
  sv1::TextRow& text_row_;  // all of it is set before it is read
  std::string origin_key_;  // of the one that was checked last
};

// --- the rules, one function an act
Verdict Record(Run& run, const ExchangeSpec& spec,
               bool check_duplicates);  // RecordExchange; an item of a batch
Verdict Do(Run& run, const CorrectExchange& act);
Verdict Do(Run& run, const ReverseExchange& act);
Verdict Do(Run& run, const ContestExchange& act);
Verdict Do(Run& run, const SettleExchange& act);
Verdict Do(Run& run, const ConfirmExchange& act);
Verdict Do(Run& run, const EraseExchangeNote& act);
Verdict Do(Run& run, const RecordGift& act);
Verdict Do(Run& run, const RecordOpening& act);
Verdict Do(Run& run, const CreateMember& act);
Verdict Do(Run& run, const UpdateMember& act);
Verdict Do(Run& run, const CloseMember& act);
Verdict Do(Run& run, const ReopenMember& act);
Verdict Do(Run& run, const MergeMember& act);
Verdict Do(Run& run, const CreateCircle& act);
Verdict Do(Run& run, const ChangeCircle& act);
Verdict Do(Run& run, const UpdateSettings& act);
Verdict Do(Run& run, const GrantActingFor& act);
Verdict Do(Run& run, const RevokeActingFor& act);

// CreateTimebank makes the bank that the others find, DeleteTimebank takes it away.
Verdict DoOfServer(Run& run, const CreateTimebank& act, const sv1::InstanceRow& instance);
Verdict DoOfServer(Run& run, const DeleteTimebank& act, const sv1::InstanceRow& instance);

// --- shared between exchanges and states

// HOLDER_NOT_FOUND, with the holder as the caller wrote it.
Refusal HolderNotFound(const HolderRef& holder);

// Resolves the fields of `spec` that `mask` names (none given: all) into `parts`. HOLDER_NOT_FOUND.
Verdict ResolveParts(Run& run, const ExchangeSpec& spec, const ExchangeMask* mask, Parts* parts);

// A member names its own part, in recording and in correcting: it must be a giver or a receiver, and nobody
// else's account takes the remainder. NOT_A_PARTY. Who acts for it, likewise. Brokers and partners for whom
// nobody in particular speaks: no matter.
Verdict OnlyOwn(const Run& run, const Parts& parts);

// Whether the bank lets parties like `speaker` record `parts`. ROLE_REQUIRED.
Verdict MayRecordAs(const Run& run, const Parts& parts, AccountNumber speaker);

// Moves all that stands on `account` to `destination`.
Verdict MoveBalance(Run& run, AccountNumber account, AccountNumber destination, AccountNumber acting_for = 0);

// What a new entry is to be checked for.
struct PostOptions {
  bool limits = true;  // off for corrections, restorations and imports
  bool check_duplicates = false;
  bool imported = false;
  Sequence corrects = 0;
  Sequence restores = 0;
};
// Shares out, checks and appends an EXCHANGE, which is left in `run.entry`. SAME_HOLDER,
// SHARES_DO_NOT_BALANCE, HOLDER_CLOSED, AMOUNT_OVERFLOW, BALANCE_LIMIT.
Verdict PostExchange(Run& run, const Parts& parts, const PostOptions& options);

// Grants of a member that closes, or that is merged into `survivor`: the one's end, the other's go on, save
// where the survivor has one of its own. An entry each, told to both: ACTING_FOR_REVOKED where it ends,
// ACTING_FOR_GRANTED where it goes on with another name.
Verdict EndGrants(Run& run, AccountNumber account);
Verdict MergeGrants(Run& run, AccountNumber account, AccountNumber survivor);

// What became of an entry; RECORDED where nothing did.
sv1::MarkRow MarkOf(const Run& run, const sv1::Entry& entry);

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_RUN_H_
