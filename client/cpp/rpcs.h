// The table of unary RPCs: the one place where the library learns that an RPC exists and what it may do with
// it.
//
// A new RPC takes a line here, and a documented method on Client. Connection, its mock and the stubs are
// written from this table. WatchLedger, the one stream, is written out by hand beside it.
#ifndef TIMEBANK_CLIENT_CPP_RPCS_H_
#define TIMEBANK_CLIENT_CPP_RPCS_H_

#include <string_view>

// X(service, rpc, why it may be tried again, which deadline it has)
//
//   kRead   changes nothing.
//   kWrite  carries a request_id: the server does it once and answers repeats with the first outcome.
//   kShort  Options::deadline.
//   kBatch  Options::batch_deadline.
//
// clang-format off
#define TIMEBANK_CLIENT_UNARY_RPCS(X)                     \
  X(LedgerService, RecordExchange, kWrite, kShort)        \
  X(LedgerService, BatchRecordExchanges, kWrite, kBatch)  \
  X(LedgerService, CorrectExchange, kWrite, kShort)       \
  X(LedgerService, ReverseExchange, kWrite, kShort)       \
  X(LedgerService, ContestExchange, kWrite, kShort)       \
  X(LedgerService, SettleExchange, kWrite, kShort)        \
  X(LedgerService, ConfirmExchange, kWrite, kShort)       \
  X(LedgerService, EraseExchangeNote, kWrite, kShort)     \
  X(LedgerService, RecordGift, kWrite, kShort)            \
  X(LedgerService, RecordOpening, kWrite, kShort)         \
  X(LedgerService, GetExchange, kRead, kShort)            \
  X(LedgerService, ListExchanges, kRead, kShort)          \
  X(LedgerService, GetBalance, kRead, kShort)             \
  X(LedgerService, BatchGetBalances, kRead, kBatch)       \
  X(LedgerService, ListStatementLines, kRead, kShort)     \
  X(LedgerService, GetTotals, kRead, kShort)              \
  X(LedgerService, ListEvents, kRead, kShort)             \
  X(MemberService, CreateMember, kWrite, kShort)          \
  X(MemberService, GetMember, kRead, kShort)              \
  X(MemberService, ListMembers, kRead, kShort)            \
  X(MemberService, UpdateMember, kWrite, kShort)          \
  X(MemberService, CloseMember, kWrite, kShort)           \
  X(MemberService, ReopenMember, kWrite, kShort)          \
  X(MemberService, MergeMember, kWrite, kShort)           \
  X(MemberService, GrantActingFor, kWrite, kShort)        \
  X(MemberService, RevokeActingFor, kWrite, kShort)       \
  X(MemberService, ListActingFor, kRead, kShort)          \
  X(CircleService, CreateCircle, kWrite, kShort)          \
  X(CircleService, GetCircle, kRead, kShort)              \
  X(CircleService, ListCircles, kRead, kShort)            \
  X(CircleService, AddCircleMembers, kWrite, kShort)      \
  X(CircleService, RemoveCircleMembers, kWrite, kShort)   \
  X(TimebankService, CreateTimebank, kWrite, kShort)      \
  X(TimebankService, GetTimebank, kRead, kShort)          \
  X(TimebankService, ListTimebanks, kRead, kShort)        \
  X(TimebankService, UpdateSettings, kWrite, kShort)      \
  X(TimebankService, DeleteTimebank, kWrite, kShort)      \
  X(TimebankService, ListSettingsChanges, kRead, kShort)  \
  X(AccessService, CreateKey, kWrite, kShort)             \
  X(AccessService, ListKeys, kRead, kShort)               \
  X(AccessService, RevokeKey, kWrite, kShort)             \
  X(AccessService, ListActs, kRead, kShort)
// clang-format on

namespace timebank::client {

enum class Rpc {
#define TIMEBANK_CLIENT_ENUMERATOR(service, rpc, safety, span) k##rpc,
  TIMEBANK_CLIENT_UNARY_RPCS(TIMEBANK_CLIENT_ENUMERATOR)
#undef TIMEBANK_CLIENT_ENUMERATOR
};

enum class RpcSafety { kRead, kWrite };
enum class RpcSpan { kShort, kBatch };

// One line of the table.
struct RpcInfo {
  Rpc rpc;
  // `timebank.v1.LedgerService/RecordExchange`.
  std::string_view name;
  RpcSafety safety;
  RpcSpan span;
};

inline constexpr RpcInfo kRpcs[] = {
#define TIMEBANK_CLIENT_LINE(service, rpc, safety, span) \
  {Rpc::k##rpc, "timebank.v1." #service "/" #rpc, RpcSafety::safety, RpcSpan::span},
    TIMEBANK_CLIENT_UNARY_RPCS(TIMEBANK_CLIENT_LINE)
#undef TIMEBANK_CLIENT_LINE
};

// By its name; what is not in the table changes nothing.
constexpr bool ChangesSomething(std::string_view name) {
  for (const RpcInfo& info : kRpcs) {
    if (info.name == name) return info.safety == RpcSafety::kWrite;
  }
  return false;
}

constexpr const RpcInfo& InfoOf(Rpc rpc) { return kRpcs[static_cast<int>(rpc)]; }

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_RPCS_H_
