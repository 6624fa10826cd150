// The yardstick of the load generator: a gRPC server of the same build and the same callback API, whose
// answers have the size of timebankd's and stand for nothing. What it reaches, gRPC allows; what timebankd
// needs beyond it is its own.
//
//     timebank-noop [--listen 127.0.0.1:0]
//
// Says `timebank-noop ready on ADDRESS` once it serves, and ends on SIGTERM or SIGINT.
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "tests/bench/draw.h"
#include "timebank/v1/ledger_service.grpc.pb.h"
#include "timebank/v1/member_service.grpc.pb.h"
#include "timebank/v1/timebank_service.grpc.pb.h"

namespace timebank::bench {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

constexpr char kPosition[] = "cBI0VniavN7wAAAAAAAAJxESNFZ4mrze8J3f7Qc";
constexpr int kDefaultPageSize = 50;
// As large as these are in a ledger that has been at work for a while.
constexpr int64_t kSequence = 50'001;
constexpr int64_t kSeconds = 10'080;
constexpr int64_t kBalanceSeconds = 123'456;
constexpr size_t kNotes = 1'000;
constexpr int64_t kRecordTimeSeconds = 1'794'657'600;  // 2026-11-14

ServerUnaryReactor* Answer(CallbackServerContext* context) {
  ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

class Ledger final : public v1::LedgerService::CallbackService {
 public:
  Ledger() : notes_(kNotes) {
    std::mt19937_64 random;
    for (std::string& note : notes_) DrawNote(random, &note);
  }

  // The request's own exchange comes back, with what the ledger adds.
  ServerUnaryReactor* RecordExchange(CallbackServerContext* context, const v1::RecordExchangeRequest* request,
                                     v1::RecordExchangeResponse* response) override {
    v1::Exchange& exchange = *response->mutable_exchange();
    exchange = request->exchange();
    exchange.set_name(absl::StrCat(request->parent(), "/exchanges/", kSequence));
    exchange.set_occurred_on("2026-11-14");
    exchange.set_kind(v1::Exchange::KIND_EXCHANGE);
    exchange.set_state(v1::Exchange::STATE_RECORDED);
    exchange.set_recorded_by(request->parent() + "/keys/load");
    exchange.set_recorded_with(request->parent() + "/keys/load");
    exchange.mutable_record_time()->set_seconds(kRecordTimeSeconds);
    exchange.mutable_record_time()->set_nanos(123'456'000);
    exchange.set_sequence(kSequence);
    int64_t sign = 1;
    for (auto* shares : {exchange.mutable_givers(), exchange.mutable_receivers()}) {
      for (v1::Share& share : *shares) {
        share.set_holder(absl::StrCat(request->parent(), "/", share.holder()));
        share.set_seconds(exchange.seconds());
        v1::Movement& movement = *exchange.add_movements();
        movement.set_holder(share.holder());
        movement.set_seconds(sign * exchange.seconds());
        movement.set_balance_after_seconds(sign * kBalanceSeconds);
      }
      sign = -1;
    }
    const std::string& receiver = exchange.receivers(0).holder();
    if (absl::EndsWith(receiver, "/pots/community")) {
      v1::Notice& notice = *response->add_notices();
      notice.set_kind(v1::Notice::KIND_POT_WITHOUT_DECISION);
      notice.set_holder(receiver);
    }
    response->set_position(kPosition);
    return Answer(context);
  }

  ServerUnaryReactor* BatchRecordExchanges(CallbackServerContext* context,
                                           const v1::BatchRecordExchangesRequest* request,
                                           v1::BatchRecordExchangesResponse* response) override {
    for (int i = 0; i < request->exchanges_size(); ++i) {
      auto* result = response->add_results();
      result->mutable_status();
      result->set_sequence(kSequence + i);
    }
    response->set_position(kPosition);
    return Answer(context);
  }

  ServerUnaryReactor* GetBalance(CallbackServerContext* context, const v1::GetBalanceRequest* request,
                                 v1::GetBalanceResponse* response) override {
    v1::Balance& balance = *response->mutable_balance();
    balance.set_holder(request->name());
    // Half of all accounts are in debit, and a number below zero takes more room.
    balance.set_seconds(request->name().back() % 2 == 0 ? kBalanceSeconds : -kBalanceSeconds);
    balance.set_seconds_in(234'567);
    balance.set_seconds_out(111'111);
    balance.set_exchange_count(200);
    balance.set_display_name("Member 12");
    response->set_position(kPosition);
    return Answer(context);
  }

  ServerUnaryReactor* ListStatementLines(CallbackServerContext* context,
                                         const v1::ListStatementLinesRequest* request,
                                         v1::ListStatementLinesResponse* response) override {
    const int asked = request->page_size() == 0 ? kDefaultPageSize : request->page_size();
    const int64_t balance_seconds = request->parent().back() % 2 == 0 ? kBalanceSeconds : -kBalanceSeconds;
    const std::string bank = request->parent().substr(0, request->parent().find("/members"));
    for (int i = 0; i < std::clamp(asked, 1, 1000); ++i) {
      v1::StatementLine& line = *response->add_lines();
      line.set_exchange(absl::StrCat(bank, "/exchanges/", kSequence));
      line.set_occurred_on("2026-11-14");
      line.mutable_record_time()->set_seconds(kRecordTimeSeconds);
      line.mutable_record_time()->set_nanos(123'456'000);
      line.set_seconds(i % 2 == 0 ? kSeconds : -kSeconds);
      line.set_balance_after_seconds(balance_seconds);
      line.set_kind(v1::Exchange::KIND_EXCHANGE);
      line.set_state(v1::Exchange::STATE_RECORDED);
      line.add_counterparts(bank + "/members/m12");
      line.add_counterpart_display_names("Member 12");
      line.set_counterpart_count(1);
      line.set_note(notes_[static_cast<size_t>(i) % notes_.size()]);
      line.set_recorded_by(bank + "/keys/load");
    }
    response->set_next_page_token(std::string(72, 't'));
    response->set_opening_balance_seconds(balance_seconds);
    response->set_closing_balance_seconds(balance_seconds);
    response->set_position(kPosition);
    return Answer(context);
  }

 private:
  std::vector<std::string> notes_;
};

// What the load generator needs before it begins.
class Members final : public v1::MemberService::CallbackService {
 public:
  ServerUnaryReactor* CreateMember(CallbackServerContext* context, const v1::CreateMemberRequest*,
                                   v1::CreateMemberResponse*) override {
    return Answer(context);
  }
};
class Banks final : public v1::TimebankService::CallbackService {
 public:
  ServerUnaryReactor* CreateTimebank(CallbackServerContext* context, const v1::CreateTimebankRequest*,
                                     v1::CreateTimebankResponse*) override {
    return Answer(context);
  }
};

int Serve(const std::string& listen) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before gRPC has threads

  Ledger ledger;
  Members members;
  Banks banks;
  int port = 0;
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(12 << 20);
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&ledger);
  builder.RegisterService(&members);
  builder.RegisterService(&banks);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return EXIT_FAILURE;
  std::cout << "timebank-noop ready on " << listen.substr(0, listen.rfind(':')) << ':' << port << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown();
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace timebank::bench

int main(int argc, char** argv) {
  // As timebankd does: Debian's Abseil would look for deadlocks at every lock that gRPC takes.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  CLI::App app("A gRPC server that answers at once");
  std::string listen = "127.0.0.1:0";
  std::string unused;
  app.add_option("--listen", listen, "HOST:PORT");
  app.add_option("--data", unused, "ignored, so that it can be started as timebankd is");
  CLI11_PARSE(app, argc, argv);
  return timebank::bench::Serve(listen);
}
