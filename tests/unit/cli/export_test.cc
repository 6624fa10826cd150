#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/export_csv.h"
#include "client/cli/export_file.h"
#include "client/cli/export_journal.h"
#include "client/cli/export_source.h"
#include "tests/unit/cli/fake_bank.h"

namespace timebank::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::NiceMock;

constexpr char kBank[] = "timebanks/rushey";

// Goal: accounts have names that the tools take, and no two holders share one.
TEST(JournalTest, Accounts) {
  const auto hledger = [](const char* holder) { return JournalAccount(JournalSyntax::kHledger, holder); };
  const auto beancount = [](const char* holder) { return JournalAccount(JournalSyntax::kBeancount, holder); };
  EXPECT_EQ(hledger("timebanks/rushey/members/b.en_1-x"), "Timebank:Members:b.en_1-x");
  EXPECT_EQ(beancount("timebanks/rushey/members/b.en_1-x"), "Timebank:Members:BDenU1-x");
  EXPECT_EQ(beancount("timebanks/rushey/members/17"), "Timebank:Members:17");
  EXPECT_EQ(beancount("timebanks/rushey/pots/community"), "Timebank:Pots:Community");
  EXPECT_NE(beancount("timebanks/rushey/members/a_b"), beancount("timebanks/rushey/members/aub"));
}

// Goal: no text ends a line, a string or a comment, and none turns what stands around it.
TEST(JournalTest, Texts) {
  const std::string text = "a\nb\r\t\"c\" ; d | e \\ \u202Ef\u2028 \u05E9";
  EXPECT_EQ(JournalText(JournalSyntax::kHledger, text),
            "a\\nb\\u000d\\u0009\"c\" \\u003b d \\u007c e \\\\ \\u202ef\\u2028 \u05E9");
  EXPECT_EQ(JournalText(JournalSyntax::kBeancount, text),
            "a\\\\nb\\\\u000d\\\\u0009\\\"c\\\" ; d | e \\\\\\\\ \\\\u202ef\\\\u2028 \u05E9");
}

// Goal: a file has its name only when it is whole, and never takes another one's place.
TEST(ExportFileTest, WholeOrNotAtAll) {
  const std::string path = (std::filesystem::path(::testing::TempDir()) / "export_file").string();
  {
    ExportFile file;
    ASSERT_TRUE(file.Open(path).ok());
    file.stream() << "half";
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  ExportFile file;
  ASSERT_TRUE(file.Open(path).ok());
  file.stream() << "whole";
  ASSERT_TRUE(file.Close().ok());
  EXPECT_TRUE(std::filesystem::exists(path));
  const auto rights = std::filesystem::status(path).permissions();
  EXPECT_EQ(rights, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_FALSE(ExportFile().Open(path).ok());
  std::filesystem::remove(path);
}

// Goal: a text that CSV cannot hold costs neither its row nor silence.
TEST(CsvSinkTest, Nul) {
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "export_nul";
  CsvSink sink;
  ASSERT_TRUE(sink.Open(folder.string(), "rushey", {}).ok());
  v1::LedgerEvent event;
  event.mutable_exchange()->set_kind(v1::Exchange::KIND_EXCHANGE);
  event.mutable_exchange()->set_note(std::string("a\0b", 3));
  ASSERT_TRUE(sink.Take(event, Directory(client::Client(std::make_shared<FakeBank>()), kBank), nullptr).ok());
  ASSERT_TRUE(sink.Finish({}).ok());
  EXPECT_THAT(sink.Notices(), ElementsAre(HasSubstr("1 text held a NUL")));
  std::ifstream file(folder / "exchanges.csv");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_THAT(text, HasSubstr(",a\uFFFDb,"));
  EXPECT_THAT(text, ::testing::StartsWith("\xEF\xBB\xBFtimebank_exchanges_1,"));
  std::filesystem::remove_all(folder);
}

class Collect : public ExportSink {
 public:
  absl::Status Take(const v1::LedgerEvent& event, const Directory& directory,
                    const v1::Exchange* reversed) override {
    std::string line = absl::StrCat(event.sequence());
    if (event.has_exchange()) {
      absl::StrAppend(&line, " ", directory.Name(event.exchange().movements(0).holder()), " state ",
                      event.exchange().state(), event.exchange().reversed_by().empty() ? "" : " reversed");
    }
    EXPECT_EQ(reversed, nullptr);
    seen.push_back(line);
    return absl::OkStatus();
  }
  absl::Status Finish(const ExportFacts& facts) override {
    finished = facts;
    return absl::OkStatus();
  }
  std::vector<std::string> seen;
  std::optional<ExportFacts> finished;
};

// A bank of a member, two exchanges, and a reversal that came while the export ran.
class ExportSourceTest : public ::testing::Test {
 protected:
  ExportSourceTest() {
    ON_CALL(*connection_, GetTimebank).WillByDefault([](const v1::GetTimebankRequest&, auto&) {
      v1::GetTimebankResponse response;
      response.mutable_timebank()->set_name(kBank);
      response.mutable_timebank()->set_last_sequence(4);
      response.mutable_timebank()->set_position("p-4");
      return response;
    });
    ON_CALL(*connection_, ListEvents).WillByDefault([](const v1::ListEventsRequest& request, auto&) {
      v1::ListEventsResponse response;
      if (request.after_position() == "p-5") return response;
      response.set_position("p-5");
      response.add_events()->mutable_settings();
      v1::Member& ana = *response.add_events()->mutable_member();
      ana.set_name(absl::StrCat(kBank, "/members/ana"));
      ana.set_display_name("Ana");
      for (const char* reversed_by : {"timebanks/rushey/exchanges/4", "timebanks/rushey/exchanges/5"}) {
        v1::Exchange& exchange = *response.add_events()->mutable_exchange();
        exchange.set_occurred_on("2026-01-02");
        exchange.set_reversed_by(reversed_by);
        exchange.set_state(v1::Exchange::STATE_REVERSED);
        for (const auto& [holder, seconds] : {std::pair{"members/ana", 60}, {"pots/community", -60}}) {
          v1::Movement& movement = *exchange.add_movements();
          movement.set_holder(absl::StrCat(kBank, "/", holder));
          movement.set_seconds(seconds);
        }
      }
      response.add_events()->mutable_refusal();
      for (int i = 0; i < response.events_size(); ++i) response.mutable_events(i)->set_sequence(i + 1);
      return response;
    });
    ON_CALL(*connection_, BatchGetBalances)
        .WillByDefault([this](const v1::BatchGetBalancesRequest& request, auto&) {
          EXPECT_EQ(request.position(), "p-4");
          v1::BatchGetBalancesResponse response;
          for (const std::string& name : request.names()) {
            v1::Balance& balance = *response.add_balances();
            balance.set_holder(name);
            balance.set_seconds(name.ends_with("/ana")         ? anas_seconds_
                                : name.ends_with("/community") ? -120
                                                               : 0);
          }
          return response;
        });
  }
  absl::Status Read() { return ReadExport(client::Client(connection_), kBank, {}, sink_, {}).status(); }

  std::shared_ptr<NiceMock<client::MockConnection>> connection_ =
      std::make_shared<NiceMock<client::MockConnection>>();
  int64_t anas_seconds_ = 120;
  Collect sink_;
};

// Goal: one position for all: what came later is not told, nor is any link to it.
TEST_F(ExportSourceTest, EndsAtOnePosition) {
  ASSERT_TRUE(Read().ok());
  EXPECT_THAT(sink_.seen,
              ElementsAre("1", "2", absl::StrCat("3 Ana state ", v1::Exchange::STATE_REVERSED, " reversed"),
                          absl::StrCat("4 Ana state ", v1::Exchange::STATE_RECORDED)));
  EXPECT_EQ(sink_.finished->position, "p-4");
  EXPECT_EQ(sink_.finished->accounts.at("timebanks/rushey/members/ana").seconds, 120);
  EXPECT_EQ(sink_.finished->balances.size(), 3u);
}

// Goal: entries that do not come to the server's balances are no export.
TEST_F(ExportSourceTest, DoesNotAddUp) {
  anas_seconds_ = 121;
  const absl::Status status = Read();
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kIncomplete);
  EXPECT_THAT(std::string(status.message()), HasSubstr("members/ana add up to 120"));
  EXPECT_FALSE(sink_.finished.has_value());
}

}  // namespace
}  // namespace timebank::cli
