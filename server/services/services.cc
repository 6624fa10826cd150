#include "server/services/services.h"

#include "server/services/directory_services.h"
#include "server/services/ledger_service.h"
#include "server/services/raw_text.h"

namespace timebank::services {

LedgerService::LedgerService(const Door& door) : door_(door) {
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, RecordExchange);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, BatchRecordExchanges);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, CorrectExchange);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, ReverseExchange);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, ContestExchange);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, SettleExchange);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, ConfirmExchange);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, EraseExchangeNote);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, RecordGift);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, RecordOpening);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, GetExchange);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, ListExchanges);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, GetBalance);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, BatchGetBalances);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, ListStatementLines);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, GetTotals);
  TIMEBANK_TAKE_RAW_TEXT(LedgerService, ListEvents);
  MarkMethodRawCallback(
      MethodIndex<v1::WatchLedgerRequest>("LedgerService", "WatchLedger"),
      new grpc::internal::CallbackServerStreamingHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
          [this, rpc = RpcNumber("LedgerService/WatchLedger")](grpc::CallbackServerContext* context,
                                                               const grpc::ByteBuffer* request) {
            const CallScope scope(rpc);
            return Watch(context, *request);
          }));
}

MemberService::MemberService(const Door& door) : door_(door) {
  TIMEBANK_TAKE_RAW_TEXT(MemberService, CreateMember);
  TIMEBANK_TAKE_RAW_TEXT(MemberService, GetMember);
  TIMEBANK_TAKE_RAW_TEXT(MemberService, ListMembers);
  TIMEBANK_TAKE_RAW_TEXT(MemberService, UpdateMember);
  TIMEBANK_TAKE_RAW_TEXT(MemberService, CloseMember);
  TIMEBANK_TAKE_RAW_TEXT(MemberService, ReopenMember);
  TIMEBANK_TAKE_RAW_TEXT(MemberService, MergeMember);
  TIMEBANK_TAKE_RAW_TEXT(MemberService, GrantActingFor);
  TIMEBANK_TAKE_RAW_TEXT(MemberService, RevokeActingFor);
  TIMEBANK_TAKE_RAW_TEXT(MemberService, ListActingFor);
}

CircleService::CircleService(const Door& door) : door_(door) {
  TIMEBANK_TAKE_RAW_TEXT(CircleService, CreateCircle);
  TIMEBANK_TAKE_RAW_TEXT(CircleService, GetCircle);
  TIMEBANK_TAKE_RAW_TEXT(CircleService, ListCircles);
  TIMEBANK_TAKE_RAW_TEXT(CircleService, AddCircleMembers);
  TIMEBANK_TAKE_RAW_TEXT(CircleService, RemoveCircleMembers);
}

TimebankService::TimebankService(const Door& door) : door_(door) {
  TIMEBANK_TAKE_RAW_TEXT(TimebankService, CreateTimebank);
  TIMEBANK_TAKE_RAW_TEXT(TimebankService, GetTimebank);
  TIMEBANK_TAKE_RAW_TEXT(TimebankService, ListTimebanks);
  TIMEBANK_TAKE_RAW_TEXT(TimebankService, UpdateSettings);
  TIMEBANK_TAKE_RAW_TEXT(TimebankService, DeleteTimebank);
  TIMEBANK_TAKE_RAW_TEXT(TimebankService, ListSettingsChanges);
}

std::vector<std::unique_ptr<grpc::Service>> MakeServices(const Door& door) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<LedgerService>(door));
  services.push_back(std::make_unique<MemberService>(door));
  services.push_back(std::make_unique<CircleService>(door));
  services.push_back(std::make_unique<TimebankService>(door));
  return services;
}

}  // namespace timebank::services
