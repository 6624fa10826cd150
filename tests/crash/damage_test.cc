// Damage on the disk after a kill: what nobody was told of is cut off, what somebody was told of is missed
// aloud.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "tests/support/live_bank.h"
#include "tests/support/server_process.h"

namespace timebank::e2e {
namespace {

namespace fs = std::filesystem;

constexpr int kExchanges = 40;
constexpr int kLedgerFailed = 3;  // exit code
constexpr char kBank[] = "timebanks/damaged";
constexpr char kBen[] = "timebanks/damaged/members/ben";

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteAt(const fs::path& path, uint64_t offset, const std::string& bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(offset));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(file.flush());
}

template <typename Number>
Number NumberAt(const std::string& bytes, uint64_t offset) {
  Number number = 0;
  std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

// Every file below `folder` that is part of the ledger, with what is in it.
std::map<std::string, std::string> Contents(const fs::path& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == ".seg") {
      contents[entry.path().filename()] = ReadFile(entry.path());
    }
  }
  return contents;
}

// The log's only segment and where its frames stand, as storage/FORMAT.md has it.
struct Segment {
  fs::path path;
  std::vector<uint64_t> frames;
  uint64_t end = 0;  // where the next one would stand
};

Segment ReadSegment(const fs::path& data) {
  Segment segment;
  for (const auto& entry : fs::directory_iterator(data / "log")) {
    if (entry.path().extension() == ".seg") segment.path = std::max(segment.path, entry.path());
  }
  const std::string bytes = ReadFile(segment.path);
  uint64_t index = NumberAt<uint64_t>(bytes, 24);
  uint64_t offset = 64;
  while (NumberAt<uint64_t>(bytes, offset + 8) == index && NumberAt<uint32_t>(bytes, offset) > 0) {
    segment.frames.push_back(offset);
    offset += (24 + NumberAt<uint32_t>(bytes, offset) + 7) / 8 * 8;
    ++index;
  }
  segment.end = offset;
  return segment;
}

class DamageTest : public testing::Test {
 protected:
  // A ledger whose last exchanges stand in the log alone.
  void SetUp() override {
    const auto server = ServerProcess::Start(folder_.path(), {"--flush-interval-seconds", "3600"});
    ASSERT_NE(server, nullptr);
    const Wire wire(server->address());
    LiveBank bank(wire, "damaged", {"ana", "ben"});
    for (int i = 0; i < kExchanges; ++i) bank.Record("ben", "ana", 1);
    server->Kill();
    segment_ = ReadSegment(data_);
    ASSERT_GE(segment_.frames.size(), static_cast<size_t>(kExchanges));
  }

  // What ben has, after a start that must succeed.
  int64_t SecondsAfterStart() {
    const auto server = ServerProcess::Start(folder_.path());
    if (server == nullptr) return -1;
    log_ = server->Logged();
    v1::GetBalanceRequest request;
    request.set_name(kBen);
    const auto answer = Wire(server->address()).Call<v1::GetBalanceResponse>(request);
    EXPECT_TRUE(answer.ok()) << answer;
    return answer.reply.balance().seconds();
  }

  // In how many reads the server says that a record is damaged. Whatever else it answers is right, unless the
  // damage has ended all serving.
  static int DamageTold(const Wire& wire) {
    const auto corrupt = testing::AnyOf(IsRefused(grpc::StatusCode::DATA_LOSS, "CORRUPT_RECORD"),
                                        IsRefused(grpc::StatusCode::UNAVAILABLE, "NOT_SERVING"));
    int told = 0;
    v1::ListStatementLinesRequest statement;
    statement.set_parent(kBen);
    if (const auto lines = wire.Call<v1::ListStatementLinesResponse>(statement); lines.ok()) {
      EXPECT_EQ(lines.reply.lines_size(), kExchanges);
      EXPECT_EQ(lines.reply.closing_balance_seconds(), kExchanges);
    } else {
      EXPECT_THAT(lines, corrupt);
      told += lines.code == grpc::StatusCode::DATA_LOSS;
    }
    v1::GetBalanceRequest balance;
    balance.set_name(kBen);
    if (const auto seconds = wire.Call<v1::GetBalanceResponse>(balance); seconds.ok()) {
      EXPECT_EQ(seconds.reply.balance().seconds(), kExchanges);
    } else {
      EXPECT_THAT(seconds, corrupt);
      told += seconds.code == grpc::StatusCode::DATA_LOSS;
    }
    v1::ListEventsRequest events;
    events.set_parent(kBank);
    if (const auto all = wire.Call<v1::ListEventsResponse>(events); all.ok()) {
      EXPECT_EQ(all.reply.events_size(), 3 + kExchanges);
    } else {
      EXPECT_THAT(all, corrupt);
      told += all.code == grpc::StatusCode::DATA_LOSS;
    }
    return told;
  }

  Ended TryToStart() { return RunToEnd(ServerProgram(), {"--data", data_, "--listen", "127.0.0.1:0"}); }

  const TempFolder folder_;
  const std::string data_ = folder_.path() + "/data";
  Segment segment_;
  std::string log_;
};

// Goal: a torn frame behind the last acknowledged one, whatever is in it, is cut off and nothing else.
TEST_F(DamageTest, TornFrameIsCutOff) {
  const std::string bytes = ReadFile(segment_.path);
  const uint64_t last = segment_.frames.back();
  const std::string last_frame = bytes.substr(last, segment_.end - last);
  std::string noise;
  for (int i = 0; i < 5000; ++i) noise.push_back(static_cast<char>(1 + i * 37 % 255));
  // Noise; a frame's beginning with nothing behind it; half of a frame.
  for (const std::string& torn : {noise, std::string("\x10\x00\x00\x00\x01\x02\x03\x04", 8),
                                  last_frame.substr(0, last_frame.size() / 2)}) {
    ASSERT_NO_FATAL_FAILURE(WriteAt(segment_.path, segment_.end, torn));
    EXPECT_EQ(SecondsAfterStart(), kExchanges);
  }
}

// Goal: damage in front of an acknowledged frame is never passed over: the server refuses to start, says
// where, and leaves everything as it is.
TEST_F(DamageTest, FlippedBitIsRefused) {
  const std::string bytes = ReadFile(segment_.path);
  const size_t count = segment_.frames.size();
  for (const size_t frame : {size_t{0}, count / 2, count - 2}) {
    for (const uint64_t within : {uint64_t{0}, uint64_t{9}, uint64_t{17}, uint64_t{30}}) {
      const uint64_t offset = segment_.frames[frame] + within;
      const std::string flipped(1, static_cast<char>(bytes[offset] ^ 0x10));
      ASSERT_NO_FATAL_FAILURE(WriteAt(segment_.path, offset, flipped));
      const auto before = Contents(data_);
      const Ended ended = TryToStart();
      EXPECT_EQ(ended.code, kLedgerFailed) << ended.err;
      EXPECT_EQ(ended.out, "") << "it never was ready";
      EXPECT_THAT(ended.err, testing::HasSubstr(segment_.path.filename())) << "the file";
      EXPECT_THAT(ended.err, testing::HasSubstr(std::to_string(segment_.frames[frame]))) << "the place";
      EXPECT_TRUE(Contents(data_) == before) << "a refused log is left as it was";
      ASSERT_NO_FATAL_FAILURE(WriteAt(segment_.path, offset, bytes.substr(offset, 1)));
    }
  }
  EXPECT_EQ(SecondsAfterStart(), kExchanges) << "with the bits as they were nothing is lost";
}

// Goal: a log whose file is gone or cut short is missed.
TEST_F(DamageTest, MissingFileIsRefused) {
  const std::string bytes = ReadFile(segment_.path);
  fs::resize_file(segment_.path, bytes.size() / 2);
  EXPECT_EQ(TryToStart().code, kLedgerFailed);
  fs::resize_file(segment_.path, bytes.size());
  EXPECT_EQ(SecondsAfterStart(), kExchanges);
}

// Goal: damage in the database is told as damage, at the start or when it is read; never as another figure.
TEST_F(DamageTest, DamagedDatabaseIsNeverRead) {
  {
    const auto server = ServerProcess::Start(folder_.path());
    ASSERT_NE(server, nullptr);
    EXPECT_EQ(server->Stop(), 0);  // everything is in the database now
  }
  std::vector<fs::path> tables;
  for (const auto& entry : fs::directory_iterator(fs::path(data_) / "db")) {
    if (entry.path().extension() == ".sst") tables.push_back(entry.path().filename());
  }
  ASSERT_FALSE(tables.empty());
  int told = 0;
  for (const fs::path& table : tables) {
    // The server may well replace a table while it looks at it: each has a copy of its own.
    const TempFolder copy;
    fs::copy(data_, copy.path() + "/data", fs::copy_options::recursive);
    const fs::path path = fs::path(copy.path()) / "data" / "db" / table;
    const std::string bytes = ReadFile(path);
    // The first block of a table holds rows.
    ASSERT_NO_FATAL_FAILURE(WriteAt(path, 20, std::string(1, static_cast<char>(bytes[20] ^ 0x10))));
    const auto server = ServerProcess::Launch(copy.path());
    if (server->AwaitReady()) {
      told += DamageTold(Wire(server->address()));
    } else {
      EXPECT_EQ(server->AwaitEnd(), kLedgerFailed) << server->Logged();
    }
  }
  EXPECT_GT(told, 0);
  EXPECT_EQ(SecondsAfterStart(), kExchanges);
}

}  // namespace
}  // namespace timebank::e2e
