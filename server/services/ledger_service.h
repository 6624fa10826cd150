// timebank.v1.LedgerService: requests become commands or reads; see Serving for how they are carried out.
#ifndef TIMEBANK_SERVER_SERVICES_LEDGER_SERVICE_H_
#define TIMEBANK_SERVER_SERVICES_LEDGER_SERVICE_H_

#include "server/services/door.h"
#include "timebank/v1/ledger_service.grpc.pb.h"

namespace timebank::services {

class LedgerService final : public v1::LedgerService::CallbackService {
 public:
  explicit LedgerService(const Door& door);

  template <typename Message>
  using In = const Message*;

  grpc::ServerUnaryReactor* RecordExchange(grpc::CallbackServerContext* context,
                                           In<v1::RecordExchangeRequest> request,
                                           v1::RecordExchangeResponse* response) override;
  grpc::ServerUnaryReactor* BatchRecordExchanges(grpc::CallbackServerContext* context,
                                                 In<v1::BatchRecordExchangesRequest> request,
                                                 v1::BatchRecordExchangesResponse* response) override;
  grpc::ServerUnaryReactor* CorrectExchange(grpc::CallbackServerContext* context,
                                            In<v1::CorrectExchangeRequest> request,
                                            v1::CorrectExchangeResponse* response) override;
  grpc::ServerUnaryReactor* ReverseExchange(grpc::CallbackServerContext* context,
                                            In<v1::ReverseExchangeRequest> request,
                                            v1::ReverseExchangeResponse* response) override;
  grpc::ServerUnaryReactor* ContestExchange(grpc::CallbackServerContext* context,
                                            In<v1::ContestExchangeRequest> request,
                                            v1::ContestExchangeResponse* response) override;
  grpc::ServerUnaryReactor* SettleExchange(grpc::CallbackServerContext* context,
                                           In<v1::SettleExchangeRequest> request,
                                           v1::SettleExchangeResponse* response) override;
  grpc::ServerUnaryReactor* ConfirmExchange(grpc::CallbackServerContext* context,
                                            In<v1::ConfirmExchangeRequest> request,
                                            v1::ConfirmExchangeResponse* response) override;
  grpc::ServerUnaryReactor* EraseExchangeNote(grpc::CallbackServerContext* context,
                                              In<v1::EraseExchangeNoteRequest> request,
                                              v1::EraseExchangeNoteResponse* response) override;
  grpc::ServerUnaryReactor* RecordGift(grpc::CallbackServerContext* context,
                                       In<v1::RecordGiftRequest> request,
                                       v1::RecordGiftResponse* response) override;
  grpc::ServerUnaryReactor* RecordOpening(grpc::CallbackServerContext* context,
                                          In<v1::RecordOpeningRequest> request,
                                          v1::RecordOpeningResponse* response) override;

  grpc::ServerUnaryReactor* GetExchange(grpc::CallbackServerContext* context,
                                        In<v1::GetExchangeRequest> request,
                                        v1::GetExchangeResponse* response) override;
  grpc::ServerUnaryReactor* ListExchanges(grpc::CallbackServerContext* context,
                                          In<v1::ListExchangesRequest> request,
                                          v1::ListExchangesResponse* response) override;
  grpc::ServerUnaryReactor* GetBalance(grpc::CallbackServerContext* context,
                                       In<v1::GetBalanceRequest> request,
                                       v1::GetBalanceResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetBalances(grpc::CallbackServerContext* context,
                                             In<v1::BatchGetBalancesRequest> request,
                                             v1::BatchGetBalancesResponse* response) override;
  grpc::ServerUnaryReactor* ListStatementLines(grpc::CallbackServerContext* context,
                                               In<v1::ListStatementLinesRequest> request,
                                               v1::ListStatementLinesResponse* response) override;
  grpc::ServerUnaryReactor* GetTotals(grpc::CallbackServerContext* context, In<v1::GetTotalsRequest> request,
                                      v1::GetTotalsResponse* response) override;
  grpc::ServerUnaryReactor* ListEvents(grpc::CallbackServerContext* context,
                                       In<v1::ListEventsRequest> request,
                                       v1::ListEventsResponse* response) override;

  // WatchLedger, in bytes: a message that many streams get is made once.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Watch(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer& request);

 private:
  const Door door_;
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_LEDGER_SERVICE_H_
