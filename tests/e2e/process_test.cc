// The server as a process: how it stops, whom it lets in, what it shows its operator, and calls that end
// early.
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/civil_time.h"
#include "tests/e2e/service_fixture.h"

namespace timebank::e2e {
namespace {

using grpc::StatusCode;

class ProcessTest : public ServiceTest {};

// Goal: told to stop under load, it stops in time with exit code 0, and all that it has answered is there
// afterwards.
TEST_F(ProcessTest, StopsUnderLoadAndLosesNothing) {
  const TempFolder folder;
  auto server = ServerProcess::Start(folder.path());
  std::atomic<int64_t> acknowledged = 0;
  std::atomic<bool> over = false;
  std::vector<std::thread> writers;
  {
    const Wire wire(server->address());
    LiveBank bank(wire, "stopped", {"ana", "ben"});
    std::vector<v1::RecordExchangeRequest> requests;
    for (int i = 0; i < 4; ++i) requests.push_back(bank.Helped("ben", "ana", 1));
    for (v1::RecordExchangeRequest& request : requests) {
      writers.emplace_back([&, request]() mutable {
        const Wire own(server->address());
        for (int i = 0; !over; ++i) {
          request.clear_request_id();
          const auto recorded = own.Call<v1::RecordExchangeResponse>(request);
          if (recorded.ok()) ++acknowledged;
          // Nothing but "not now" is said to whoever comes late.
          EXPECT_TRUE(recorded.ok() || recorded.code == StatusCode::UNAVAILABLE ||
                      recorded.code == StatusCode::CANCELLED)
              << recorded;
        }
      });
    }
    while (acknowledged < 500) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const auto told = std::chrono::steady_clock::now();
    EXPECT_EQ(server->Stop(std::chrono::seconds(30)), 0) << server->Logged();
    // A service manager waits so long before it kills: the ten seconds for calls, and what writing takes.
    EXPECT_LT(std::chrono::steady_clock::now() - told, std::chrono::seconds(20));
    over = true;
    for (std::thread& writer : writers) writer.join();
  }
  server = ServerProcess::Start(folder.path());
  v1::GetBalanceRequest request;
  request.set_name("timebanks/stopped/members/ben");
  EXPECT_GE(Wire(server->address()).Call<v1::GetBalanceResponse>(request).reply.balance().seconds(),
            acknowledged);
}

// Goal: one folder, one server; the second one says who has it, and ends.
TEST_F(ProcessTest, RefusesAFolderThatIsInUse) {
  const TempFolder folder;
  const auto server = ServerProcess::Start(folder.path());
  const Ended second =
      RunToEnd(ServerProgram(), {"--data", folder.path() + "/data", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.code, 4);
  EXPECT_EQ(second.out, "");
  EXPECT_THAT(second.err, testing::HasSubstr(std::to_string(server->pid()))) << "the process that has it";
  const LiveBank bank(Wire(server->address()), "undisturbed");
}

// Goal: the configuration can be looked at without serving.
TEST_F(ProcessTest, ChecksItsConfiguration) {
  const Ended fine = RunToEnd(ServerProgram(), {"--check-config", "--segment-mb", "64"});
  EXPECT_EQ(fine.code, 0) << fine.err;
  EXPECT_THAT(fine.out, testing::HasSubstr("segment_mb = 64  # --segment-mb"));
  const Ended wrong =
      RunToEnd(ServerProgram(), {"--check-config", "--segment-mb", "1", "--listen", "0.0.0.0:1"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, testing::AllOf(testing::HasSubstr("--segment-mb"), testing::HasSubstr("--listen")));
}

// Goal: it says that it is well on each address; reflection and channelz are the operator's alone.
TEST_F(ProcessTest, ShowsTheOperatorMore) {
  const Wire operators(server().OperatorAddress());
  const std::string serving = "\x08\x01";  // HealthCheckResponse.status = SERVING
  std::string reply;
  for (const Wire* wire : {&wire_, &operators}) {
    EXPECT_TRUE(wire->CallWithBytes("/grpc.health.v1.Health/Check", "", &reply).ok());
    EXPECT_EQ(reply, serving);
  }
  const std::string channelz = "/grpc.channelz.v1.Channelz/GetServers";
  const std::string reflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  const std::string list_services("\x3a\x00", 2);
  EXPECT_TRUE(operators.CallWithBytes(channelz, "", &reply).ok());
  EXPECT_FALSE(reply.empty());
  EXPECT_TRUE(operators.CallWithBytes(reflection, list_services, &reply).ok());
  EXPECT_EQ(wire_.CallWithBytes(channelz, "").code, StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(wire_.CallWithBytes(reflection, list_services).code, StatusCode::UNIMPLEMENTED);
}

// Goal: a caller who gave up early has changed nothing, or finds out with the same id; either way once.
TEST_F(ProcessTest, CallsThatEndEarlyHappenOnceOrNot) {
  LiveBank bank(wire_, "impatient", {"ana", "ben"});
  int posted = 0;
  for (int i = 0; i < 200; ++i) {
    const v1::RecordExchangeRequest request = bank.Helped("ben", "ana", 1);
    const auto hasty = wire_.Call<v1::RecordExchangeResponse>(
        request, {.metadata = {}, .deadline = std::chrono::milliseconds(i % 4)});
    EXPECT_TRUE(hasty.ok() || hasty.code == StatusCode::DEADLINE_EXCEEDED) << hasty;
    const auto again = wire_.Call<v1::RecordExchangeResponse>(request);
    EXPECT_TRUE(again.ok()) << again;
    if (hasty.ok()) {
      EXPECT_TRUE(again.reply.replayed());
      EXPECT_EQ(again.reply.exchange().sequence(), hasty.reply.exchange().sequence());
    }
    EXPECT_EQ(bank.SecondsOf("ben"), ++posted);
  }
}

// Goal: the server's clock and the bank's time zone decide what today is.
TEST_F(ProcessTest, TodayIsTheBanks) {
  LiveBank bank(wire_, "kiritimati", {"ana", "ben"});
  v1::Settings settings;
  settings.set_time_zone("Pacific/Kiritimati");
  bank.Set(settings, {"time_zone"});
  const std::string east = bank.Bank().today();
  settings.set_time_zone("Pacific/Pago_Pago");
  bank.Set(settings, {"time_zone"});
  const std::string west = bank.Bank().today();
  EXPECT_GT(east, west) << "25 hours apart";
  v1::RecordExchangeRequest request = bank.Helped("ben", "ana", 1);
  request.mutable_exchange()->set_occurred_on(east);
  EXPECT_THAT(wire_.Call<v1::RecordExchangeResponse>(request),
              IsInvalid("exchange.occurred_on", "DAY_IN_FUTURE"));
}

// Goal: a bank's first entry is recorded on the bank's own day, as all that follow: at any hour it is another
// day than in UTC for one of the two.
TEST_F(ProcessTest, TheFirstDayIsTheBanks) {
  for (const char* zone : {"Etc/GMT+12", "Etc/GMT-14"}) {
    v1::CreateTimebankRequest create;
    create.set_timebank_id(zone[7] == '+' ? "first-west" : "first-east");
    create.mutable_timebank()->mutable_settings()->set_time_zone(zone);
    const auto created = wire_.Call<v1::CreateTimebankResponse>(create);
    ASSERT_TRUE(created.ok()) << created;
    v1::CreateMemberRequest member;
    member.set_parent(created.reply.timebank().name());
    member.set_member_id("ana");
    ASSERT_TRUE(wire_.Call<v1::CreateMemberResponse>(member).ok());
    v1::RecordOpeningRequest opening;
    opening.set_parent(created.reply.timebank().name());
    opening.set_holder("members/ana");
    opening.set_seconds(3600);
    ASSERT_TRUE(wire_.Call<v1::RecordOpeningResponse>(opening).ok());
    const auto recorded_by = [&](const std::string& day) {
      v1::GetBalanceRequest balance;
      balance.set_name(created.reply.timebank().name() + "/members/ana");
      balance.set_on_day(day);
      balance.set_basis(v1::DAY_BASIS_RECORDED);
      return wire_.Call<v1::GetBalanceResponse>(balance).reply;
    };
    EXPECT_EQ(recorded_by(created.reply.timebank().today()).balance().seconds(), 3600) << zone;
    absl::CivilDay today;
    ASSERT_TRUE(absl::ParseCivilTime(created.reply.timebank().today(), &today));
    EXPECT_EQ(recorded_by(absl::FormatCivilTime(today - 1)).position(), recorded_by("1900-01-01").position())
        << zone << ": nothing was recorded on the day before";
  }
}

// Goal: a time zone is one that everybody knows by that name.
TEST_F(ProcessTest, TimeZones) {
  LiveBank bank(wire_, "zones", {});
  const auto setting = [&](const std::string& zone) {
    v1::UpdateSettingsRequest request;
    request.set_name(bank.name());
    request.mutable_settings()->set_time_zone(zone);
    request.mutable_update_mask()->add_paths("time_zone");
    return wire_.Call<v1::UpdateSettingsResponse>(request);
  };
  for (const char* zone : {"UTC", "Europe/London", "America/Argentina/Buenos_Aires", "Etc/GMT+12", "EST5EDT",
                           "America/Port-au-Prince"}) {
    EXPECT_TRUE(setting(zone).ok()) << zone;
  }
  for (const char* zone : {"localtime", "/usr/share/zoneinfo/Europe/London", "file:Europe/London",
                           "../zoneinfo/Europe/London", "Fixed/UTC+05:30:00", "posixrules", "Europe/",
                           "Europe//London", "Europe/Nowhere", "right/UTC", "Europe/London "}) {
    EXPECT_THAT(setting(zone), IsInvalid("settings.time_zone", "UNKNOWN_TIME_ZONE")) << zone;
  }
  // What the mask does not name is not looked at.
  v1::UpdateSettingsRequest request;
  request.set_name(bank.name());
  request.mutable_settings()->set_time_zone("Europe/Nowhere");
  request.mutable_settings()->set_locale("ca");
  request.mutable_update_mask()->add_paths("locale");
  const auto changed = wire_.Call<v1::UpdateSettingsResponse>(request);
  EXPECT_TRUE(changed.ok()) << changed;
  EXPECT_EQ(changed.reply.settings().time_zone(), "America/Port-au-Prince");
}

}  // namespace
}  // namespace timebank::e2e
