#include "storage/local_log.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "storage/crc32c.h"
#include "storage/log_format.h"
#include "tests/unit/storage/crash_file_system.h"

namespace timebank::storage {
namespace {

using Frames = std::map<uint64_t, std::string>;

constexpr uint64_t kNonce = 0x0123456789abcdef;
constexpr uint64_t kSegmentBytes = 4096;
constexpr uint64_t kMaxFrameBytes = 2048;

testing::AssertionResult HasCode(const absl::Status& status, absl::StatusCode code,
                                 std::string_view words = "") {
  if (status.code() == code &&
      absl::StrContains(status.message(), absl::string_view(words.data(), words.size()))) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << status << ", where " << absl::StatusCodeToString(code) << " with '"
                                     << words << "' was expected";
}

// All frames from `from` on.
absl::StatusOr<Frames> ReadAll(CommitLog& log, uint64_t from) {
  Frames frames;
  const absl::Status read = log.Read(from, [&](uint64_t index, std::string_view bytes) {
    EXPECT_TRUE(frames.empty() || frames.rbegin()->first + 1 == index) << index;
    frames.emplace(index, bytes);
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  return frames;
}

std::string SegmentName(uint64_t number) { return absl::StrCat(absl::Hex(number, absl::kZeroPad16), ".seg"); }

// A log in a folder of the real file system.
class LocalLogTest : public testing::Test {
 protected:
  LocalLogTest() {
    std::string pattern = testing::TempDir() + "local_log_XXXXXX";
    root_ = mkdtemp(pattern.data());
    options_.folder = root_ + "/log";
    options_.segment_bytes = kSegmentBytes;
    options_.max_frame_bytes = kMaxFrameBytes;
    options_.sync = false;
  }
  ~LocalLogTest() override { std::filesystem::remove_all(root_); }

  // Opens the log anew.
  absl::Status Open() {
    log_.reset();
    absl::StatusOr<std::unique_ptr<LocalLog>> log = LocalLog::Open(options_);
    if (!log.ok()) return log.status();
    log_ = *std::move(log);
    return absl::OkStatus();
  }

  // Opens a log that must open.
  LocalLog& Opened() {
    const absl::Status opened = Open();
    EXPECT_TRUE(opened.ok()) << opened;
    if (log_ == nullptr) std::abort();
    return *log_;
  }

  // Appends frames of 1000 bytes, three of which fill a segment, up to and including `last`.
  void AppendUpTo(uint64_t last) {
    while (log_->tail_index() < last) {
      const uint64_t index = log_->tail_index() + 1;
      const absl::Status appended = log_->Append(index, LargeFrame(index));
      ASSERT_TRUE(appended.ok()) << appended;
    }
  }
  static std::string LargeFrame(uint64_t index) {
    return std::string(1000, static_cast<char>('a' + index % 26));
  }

  std::string PathOf(uint64_t segment) const { return options_.folder + "/" + SegmentName(segment); }

  static std::string Contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  // Closes the log and replaces a file's bytes. Writes over them: cutting the file to nothing first makes
  // some file systems sync it.
  void Replace(const std::string& path, std::string_view bytes) {
    log_.reset();
    if (!std::filesystem::exists(path)) std::ofstream(path).flush();
    std::fstream(path, std::ios::in | std::ios::out | std::ios::binary)
        .write(bytes.data(), std::ssize(bytes));
    std::filesystem::resize_file(path, bytes.size());
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(options_.folder)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string root_;
  LocalLog::Options options_;
  std::unique_ptr<LocalLog> log_;
};

// Goal: the bytes are those of the worked example in FORMAT.md.
TEST_F(LocalLogTest, GoldenBytes) {
  options_.nonce = [] { return kNonce; };
  LocalLog& log = Opened();
  ASSERT_TRUE(log.Append(1, "one hour").ok());
  ASSERT_TRUE(log.Append(2, "half an hour more").ok());

  std::string hex;
  for (const std::string_view line : {
           "54 42 4c 4f 47 53 45 47 01 00 00 00 00 00 00 00",  // segment 1
           "01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00",  //
           "ef cd ab 89 67 45 23 01 00 10 00 00 00 00 00 00",  //
           "00 00 00 00 00 00 00 00 00 00 00 00 ea fc 60 df",  //
           "08 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00",  // frame 1
           "0e 92 22 c3 3b 34 b0 07 6f 6e 65 20 68 6f 75 72",  //
           "11 00 00 00 3b 34 b0 07 02 00 00 00 00 00 00 00",  // frame 2
           "a3 80 c0 1d 42 4d 7a e2 68 61 6c 66 20 61 6e 20",  //
           "68 6f 75 72 20 6d 6f 72 65 00 00 00 00 00 00 00",  //
       }) {
    hex.append(line);
  }
  std::string expected = absl::HexStringToBytes(absl::StrReplaceAll(hex, {{" ", ""}}));
  expected.resize(kSegmentBytes);
  EXPECT_EQ(absl::BytesToHexString(Contents(PathOf(1))), absl::BytesToHexString(expected));
}

// Goal: what was appended is there after a restart, an empty frame and the largest one included, and goes on
// from there.
TEST_F(LocalLogTest, Reopen) {
  options_.sync = true;
  Frames frames = {
      {1, "ana gave ben an hour"}, {2, ""}, {3, std::string(kMaxFrameBytes, 'x')}, {4, std::string(7, '\0')}};
  EXPECT_EQ(Opened().tail_index(), 0u);
  for (const auto& [index, bytes] : frames) ASSERT_TRUE(log_->Append(index, bytes).ok());
  for (uint64_t index = 5; index < 8; ++index) {
    LocalLog& log = Opened();
    EXPECT_EQ(log.tail_index(), index - 1);
    EXPECT_EQ(log.cut_off(), std::nullopt);
    EXPECT_EQ(*ReadAll(log, 1), frames);
    frames[index] = absl::StrCat("frame ", index);
    ASSERT_TRUE(log.Append(index, frames[index]).ok());
  }
  EXPECT_EQ(*ReadAll(*log_, 7), (Frames{{7, "frame 7"}}));
  EXPECT_EQ(*ReadAll(*log_, 8), Frames{});
}

// Goal: what cannot be a frame is refused and does no harm.
TEST_F(LocalLogTest, RefusedFramesLeaveTheLogAsItWas) {
  LocalLog& log = Opened();
  EXPECT_TRUE(HasCode(log.Append(2, "too early"), absl::StatusCode::kInvalidArgument, "frame 1 is"));
  EXPECT_TRUE(HasCode(log.Append(1, std::string(kMaxFrameBytes + 1, 'x')), absl::StatusCode::kInvalidArgument,
                      "2048"));
  EXPECT_TRUE(log.Append(1, "an hour").ok());
  EXPECT_TRUE(HasCode(log.Append(1, "again"), absl::StatusCode::kInvalidArgument, "frame 2 is"));
  EXPECT_EQ(*ReadAll(log, 1), (Frames{{1, "an hour"}}));
}

// Goal: a wrong option is named.
TEST_F(LocalLogTest, Options) {
  const LocalLog::Options good = options_;
  const auto refused = [&](std::string_view name) {
    return HasCode(Open(), absl::StatusCode::kInvalidArgument, name);
  };
  options_.folder.clear();
  EXPECT_TRUE(refused("folder"));
  options_ = good;
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{5000}, uint64_t{2} << 30}) {
    options_.segment_bytes = bytes;
    EXPECT_TRUE(refused("segment_bytes"));
  }
  options_ = good;
  for (const uint64_t bytes : {uint64_t{0}, kSegmentBytes - kSegmentHeaderBytes - kFrameHeaderBytes + 1}) {
    options_.max_frame_bytes = bytes;
    EXPECT_TRUE(refused("max_frame_bytes"));
  }
  options_.max_frame_bytes = kSegmentBytes - kSegmentHeaderBytes - kFrameHeaderBytes;
  LocalLog& log = Opened();
  EXPECT_TRUE(log.Append(1, std::string(options_.max_frame_bytes, 'x')).ok());
}

// Goal: a folder has one log at a time.
TEST_F(LocalLogTest, OneAtATime) {
  Opened();
  EXPECT_TRUE(HasCode(LocalLog::Open(options_).status(), absl::StatusCode::kFailedPrecondition, "in use"));
}

// Goal: what does not fit begins the next segment, and the frames go on over the border; another segment size
// does not keep old segments from being read.
TEST_F(LocalLogTest, Rotates) {
  Opened();
  AppendUpTo(10);
  EXPECT_EQ(Names(),
            (std::vector<std::string>{SegmentName(1), SegmentName(2), SegmentName(3), SegmentName(4)}));
  options_.segment_bytes = 2 * kSegmentBytes;
  Opened();
  AppendUpTo(20);
  options_.segment_bytes = kSegmentBytes;
  const absl::StatusOr<Frames> frames = ReadAll(Opened(), 1);
  ASSERT_TRUE(frames.ok()) << frames.status();
  ASSERT_EQ(frames->size(), 20u);
  for (const auto& [index, bytes] : *frames) EXPECT_EQ(bytes, LargeFrame(index));
}

// Goal: Trim takes whole segments only, keeps four files to write anew, and what it took is OUT_OF_RANGE.
TEST_F(LocalLogTest, Trims) {
  Opened();
  AppendUpTo(16);
  ASSERT_TRUE(log_->Trim(2).ok());
  EXPECT_EQ(log_->first_index(), 1u) << "frame 3 is needed and in the same segment";
  ASSERT_TRUE(log_->Trim(100).ok());
  EXPECT_EQ(log_->first_index(), 16u) << "the newest segment stays";
  EXPECT_EQ(Names(),
            (std::vector<std::string>{"0000000000000001.spare", "0000000000000002.spare",
                                      "0000000000000003.spare", "0000000000000004.spare", SegmentName(6)}));
  EXPECT_TRUE(HasCode(ReadAll(*log_, 15).status(), absl::StatusCode::kOutOfRange, "begins with frame 16"));
  EXPECT_EQ(ReadAll(*log_, 16)->size(), 1u);
  options_.applied_index = 16;
  EXPECT_EQ(Opened().first_index(), 16u);
  EXPECT_EQ(log_->tail_index(), 16u);
}

// Goal: a log at rest takes no more room than its frames need, and goes on as it was when it is asked again.
TEST_F(LocalLogTest, Rests) {
  Opened();
  AppendUpTo(16);
  ASSERT_TRUE(log_->Trim(100).ok());
  ASSERT_EQ(Names().size(), 5u);
  log_->Rest();
  EXPECT_EQ(Names(), (std::vector<std::string>{SegmentName(6)}));
  AppendUpTo(20);
  options_.applied_index = 15;
  Opened();
  const absl::StatusOr<Frames> frames = ReadAll(*log_, 16);
  ASSERT_TRUE(frames.ok()) << frames.status();
  EXPECT_EQ(frames->size(), 5u);
}

// Goal: a recycled file's earlier frames never come back, wherever the log ends in it.
TEST_F(LocalLogTest, RecyclesSegments) {
  Opened();
  for (uint64_t index = 1; index <= 60; ++index) {
    AppendUpTo(index);
    options_.applied_index = index < 4 ? 0 : index - 4;
    ASSERT_TRUE(log_->Trim(options_.applied_index).ok());
    ASSERT_EQ(Opened().tail_index(), index);
    EXPECT_EQ(log_->cut_off(), std::nullopt);
    EXPECT_LE(Names().size(), 4u) << "2 or 3 in use and 2 spare at most";
    const absl::StatusOr<Frames> frames = ReadAll(*log_, options_.applied_index + 1);
    ASSERT_TRUE(frames.ok()) << frames.status();
    for (const auto& [i, bytes] : *frames) EXPECT_EQ(bytes, LargeFrame(i));
  }
}

// Goal: spares of another size and unfinished files go; files of others stay.
TEST_F(LocalLogTest, TidiesFolder) {
  Opened();
  AppendUpTo(7);
  options_.applied_index = 7;
  ASSERT_TRUE(log_->Trim(7).ok());
  Replace(options_.folder + "/00000000000000ff.new", "x");
  Replace(options_.folder + "/notes.txt", "x");
  options_.segment_bytes = 2 * kSegmentBytes;
  Opened();
  EXPECT_EQ(Names(), (std::vector<std::string>{SegmentName(3), "notes.txt"}));
}

// Goal: wherever a power cut tore the last frame, over zeros or over an older frame's remains, it is cut off
// and the log goes on.
TEST_F(LocalLogTest, TornLastFrameIsCutOff) {
  options_.nonce = [] { return kNonce; };
  Opened();
  ASSERT_TRUE(log_->Append(1, "ana gave ben an hour").ok());
  ASSERT_TRUE(log_->Append(2, "ben gave cleo two hours").ok());
  const std::string before = Contents(PathOf(1));
  ASSERT_TRUE(log_->Append(3, "cleo gave ana half an hour").ok());
  const std::string after = Contents(PathOf(1));
  const auto begin =
      static_cast<size_t>(std::mismatch(before.begin(), before.end(), after.begin()).first - before.begin());
  const size_t end = begin + FrameBytes(26);

  for (const char filler : {'\0', '\x5a'}) {
    for (size_t cut = begin; cut < end; ++cut) {
      std::string torn = after.substr(0, cut);
      torn.resize(after.size(), filler);
      if (torn == after) continue;  // the padding alone is missing, which is zero anyway
      Replace(PathOf(1), torn);
      ASSERT_TRUE(Open().ok()) << cut;
      ASSERT_EQ(log_->tail_index(), 2u) << cut;
      EXPECT_EQ(log_->cut_off().has_value(), cut >= begin + 20) << cut;
      ASSERT_TRUE(log_->Append(3, "cut").ok());
      EXPECT_EQ(*ReadAll(Opened(), 1),
                (Frames{{1, "ana gave ben an hour"}, {2, "ben gave cleo two hours"}, {3, "cut"}}));
    }
  }
}

// Goal: a frame that was cut off stays cut off, though its missing bytes turn up later.
TEST_F(LocalLogTest, CutOffFrameDoesNotComeBack) {
  Opened();
  ASSERT_TRUE(log_->Append(1, "an hour").ok());
  ASSERT_TRUE(log_->Append(2, "another hour").ok());
  std::string bytes = Contents(PathOf(1));
  const size_t at = bytes.find("another");
  bytes[at] ^= 1;
  Replace(PathOf(1), bytes);
  EXPECT_EQ(Opened().tail_index(), 1u);
  ASSERT_TRUE(log_->cut_off().has_value());
  EXPECT_TRUE(absl::StrContains(*log_->cut_off(), "frame 2 at offset 96"));

  bytes = Contents(PathOf(1));
  bytes[at] ^= 1;
  Replace(PathOf(1), bytes);
  EXPECT_EQ(Opened().tail_index(), 1u);
}

// Goal: a flipped bit anywhere in a segment that ends the log is DATA_LOSS before the last frame, and cuts
// that one off; never is an earlier frame lost in silence. A refused log is left as it was.
TEST_F(LocalLogTest, FlippedBits) {
  Opened();
  ASSERT_TRUE(log_->Append(1, "ana gave ben an hour").ok());
  ASSERT_TRUE(log_->Append(2, "ben gave cleo two hours").ok());
  ASSERT_TRUE(log_->Append(3, "cleo gave ana half an hour").ok());
  const std::string good = Contents(PathOf(1));
  const size_t last = kSegmentHeaderBytes + FrameBytes(20) + FrameBytes(23);
  for (size_t at = 0; at < last + FrameBytes(26); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      Replace(PathOf(1), bad);
      if (at < last) {
        ASSERT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, SegmentName(1))) << at;
        ASSERT_EQ(Contents(PathOf(1)), bad);
      } else {
        ASSERT_TRUE(Open().ok()) << at;
        ASSERT_EQ(log_->tail_index(), 2u) << at;
      }
    }
  }
}

// Goal: the last frame of a segment with a successor was acknowledged, too: a flipped bit in it is DATA_LOSS,
// as is one in the header of a segment that has no frame yet.
TEST_F(LocalLogTest, FlippedBitsBeforeANewSegment) {
  Opened();
  AppendUpTo(3);
  const std::string full = Contents(PathOf(1));
  AppendUpTo(4);
  const size_t last = kSegmentHeaderBytes + 2 * FrameBytes(1000);
  for (size_t at = last; at < last + FrameBytes(1000); ++at) {
    std::string bad = full;
    bad[at] ^= 0x10;
    Replace(PathOf(1), bad);
    ASSERT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, "ends with frame 2")) << at;
  }
  Replace(PathOf(1), full);
  const std::string second = Contents(PathOf(2)).substr(0, kSegmentHeaderBytes);
  for (size_t at = 0; at < kSegmentHeaderBytes; ++at) {
    std::string bad = second;
    bad[at] ^= 0x10;
    bad.resize(kSegmentBytes);
    Replace(PathOf(2), bad);
    ASSERT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, "header is damaged")) << at;
  }
}

// Goal: the error says which file, where in it, and which frame.
TEST_F(LocalLogTest, DamageIsNamed) {
  Opened();
  ASSERT_TRUE(log_->Append(1, "an hour").ok());
  ASSERT_TRUE(log_->Append(2, "another hour").ok());
  std::string bytes = Contents(PathOf(1));
  bytes[kSegmentHeaderBytes + kFrameHeaderBytes] ^= 1;
  Replace(PathOf(1), bytes);
  EXPECT_TRUE(
      HasCode(Open(), absl::StatusCode::kDataLoss,
              PathOf(1) + ": frame 1 at offset 64 is damaged: frame 2 stands behind it at offset 96"));
}

// Goal: the search for a frame behind a damaged one misses no place in a large segment.
TEST_F(LocalLogTest, DamageFarBeforeTheNextFrame) {
  options_.segment_bytes = 1 << 20;
  options_.max_frame_bytes = 1 << 19;
  for (uint64_t length = 65'376; length < 65'600; length += 8) {
    std::filesystem::remove_all(options_.folder);
    Opened();
    const std::string large(length, 'x');
    ASSERT_TRUE(log_->Append(1, large).ok());
    ASSERT_TRUE(log_->Append(2, "an hour").ok());
    ASSERT_EQ(*ReadAll(Opened(), 1), (Frames{{1, large}, {2, "an hour"}}));
    for (const uint64_t damaged : {kSegmentHeaderBytes, kSegmentHeaderBytes + kFrameHeaderBytes}) {
      std::string bytes = Contents(PathOf(1));
      bytes[damaged] ^= 1;
      Replace(PathOf(1), bytes);
      ASSERT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, "frame 2 stands behind it")) << length;
    }
  }
}

// Goal: a frame that was begun behind a damaged one proves that the damaged one was acknowledged, whole or
// not.
TEST_F(LocalLogTest, TornFrameBehindADamagedOne) {
  Opened();
  ASSERT_TRUE(log_->Append(1, "an hour").ok());
  ASSERT_TRUE(log_->Append(2, "another hour").ok());
  std::string bytes = Contents(PathOf(1));
  bytes[bytes.find("an hour")] ^= 1;
  bytes[bytes.find("another hour")] ^= 1;
  Replace(PathOf(1), bytes);
  EXPECT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, "frame 2 stands behind it"));
}

// Goal: a whole frame that continues another one than the frame before it is DATA_LOSS, in a segment and over
// its border.
TEST_F(LocalLogTest, FramesAreChained) {
  options_.nonce = [] { return kNonce; };
  Opened();
  AppendUpTo(4);
  const std::string first = Contents(PathOf(1));
  std::string bytes = first.substr(0, kSegmentHeaderBytes + 2 * FrameBytes(1000));
  AppendFrame(kNonce, 3, 0x12345678, LargeFrame(3), bytes);
  bytes.resize(kSegmentBytes);
  Replace(PathOf(1), bytes);
  EXPECT_TRUE(
      HasCode(Open(), absl::StatusCode::kDataLoss, "frame 3 at offset 2112 does not continue frame 2"));
  Replace(PathOf(1), first);

  const std::string second = Contents(PathOf(2));
  SegmentHeader header = *DecodeSegmentHeader(std::string_view(second).substr(0, kSegmentHeaderBytes));
  header.previous ^= 1;
  bytes = EncodeSegmentHeader(header);
  AppendFrame(kNonce, 4, header.previous, LargeFrame(4), bytes);
  bytes.resize(kSegmentBytes);
  Replace(PathOf(2), bytes);
  EXPECT_TRUE(
      HasCode(Open(), absl::StatusCode::kDataLoss, "does not continue frame 3 of the segment before it"));
}

// Goal: damage that comes while the log is open is told by Read.
TEST_F(LocalLogTest, DamageWhileOpen) {
  Opened();
  ASSERT_TRUE(log_->Append(1, "an hour").ok());
  ASSERT_TRUE(log_->Append(2, "another hour").ok());
  std::fstream(PathOf(1), std::ios::in | std::ios::out | std::ios::binary).seekp(kSegmentHeaderBytes + 30)
      << '?';
  EXPECT_TRUE(HasCode(ReadAll(*log_, 2).status(), absl::StatusCode::kDataLoss, "frame 1 at offset 64"));
}

// Goal: segments that are missing, cut short, renamed, copied or of another log are DATA_LOSS.
TEST_F(LocalLogTest, MissingAndForeignSegments) {
  Opened();
  AppendUpTo(10);
  log_.reset();
  const std::string whole = root_ + "/whole";
  std::filesystem::copy(options_.folder, whole);
  const auto restore = [&] {
    log_.reset();
    std::filesystem::remove_all(options_.folder);
    std::filesystem::copy(whole, options_.folder);
  };

  std::filesystem::remove(PathOf(2));
  EXPECT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, SegmentName(2)));
  restore();
  std::filesystem::remove(PathOf(1));
  EXPECT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss,
                      "begins with frame 4, but the database ends with frame 0"));
  restore();
  std::filesystem::resize_file(PathOf(2), 4000);
  EXPECT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, "4000 bytes"));
  restore();
  std::filesystem::resize_file(PathOf(4), 10);
  EXPECT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, "10 bytes"));
  restore();
  std::filesystem::copy_file(PathOf(2), PathOf(3), std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, "it is segment 2"));
  restore();
  ASSERT_TRUE(Open().ok());

  // Another log's segment 2, which begins with another frame, or with the same one after other frames.
  for (const size_t size : {size_t{900}, size_t{2000}}) {
    LocalLog::Options other = options_;
    other.folder = absl::StrCat(root_, "/other", size);
    {
      auto log = LocalLog::Open(other);
      ASSERT_TRUE(log.ok());
      for (uint64_t index = 1; index <= 4; ++index)
        ASSERT_TRUE((*log)->Append(index, std::string(size, 'z')).ok());
    }
    Replace(PathOf(2), Contents(other.folder + "/" + SegmentName(2)));
    EXPECT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, SegmentName(2)));
    restore();
  }
}

// Goal: a newer format is refused in plain words with both versions, and not taken for damage.
TEST_F(LocalLogTest, NewerFormat) {
  Opened();
  std::string bytes = Contents(PathOf(1));
  bytes[8] = 7;
  const uint32_t checksum = Crc32c(std::string_view(bytes).substr(0, 60));
  for (int i = 0; i < 4; ++i) bytes[60 + i] = static_cast<char>(checksum >> (8 * i));
  Replace(PathOf(1), bytes);
  EXPECT_TRUE(HasCode(Open(), absl::StatusCode::kFailedPrecondition,
                      "it has log format version 7, and this program reads version 1"));
}

// Goal: a frame inside a member's note is a note, even when the frame around it is torn; only whoever knows
// the segment's nonce could make one that passes.
TEST_F(LocalLogTest, ForgedFrameInANote) {
  for (const uint64_t forged_nonce : {kNonce + 1, kNonce}) {
    std::filesystem::remove_all(options_.folder);
    options_.nonce = [] { return kNonce; };
    Opened();
    ASSERT_TRUE(log_->Append(1, "an hour").ok());
    std::string note = "a note: ";
    const uint32_t forged = AppendFrame(forged_nonce, 3, 0, "all hours are mine", note);
    AppendFrame(forged_nonce, 4, forged, "", note);
    ASSERT_TRUE(log_->Append(2, note).ok());
    ASSERT_EQ(Opened().tail_index(), 2u);
    EXPECT_EQ(ReadAll(*log_, 2)->at(2), note);

    std::string bytes = Contents(PathOf(1));
    bytes[bytes.find("a note")] ^= 1;
    Replace(PathOf(1), bytes);
    if (forged_nonce == kNonce) {
      EXPECT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, "frame 3 stands behind it"));
    } else {
      EXPECT_EQ(Opened().tail_index(), 1u);
    }
  }
}

// Goal: a database whose log is gone, or was begun anew, is no whole ledger: nothing is made in its place,
// and what to do is said.
TEST_F(LocalLogTest, AMissingLogIsTold) {
  options_.applied_index = 500;
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(
        HasCode(Open(), absl::StatusCode::kDataLoss, "no segment, but the database has frames up to 500"));
    EXPECT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, "back from one backup"));
    EXPECT_TRUE(Names().empty());
  }
  options_.applied_index = 0;
  Opened();
  options_.applied_index = 500;
  EXPECT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, "the database has frame 500"));
}

// Goal: what an orderly stop leaves of a log that was trimmed is not taken for a missing one.
TEST_F(LocalLogTest, AStopLeavesASegment) {
  Opened();
  for (uint64_t index = 1; index <= 40; ++index) ASSERT_TRUE(log_->Append(index, std::string(600, 'x')).ok());
  ASSERT_TRUE(log_->Trim(40).ok());
  log_->Rest();
  options_.applied_index = 40;
  EXPECT_EQ(Opened().tail_index(), 40u);
}

// Goal: a last frame that the database has was acknowledged: its damage is DATA_LOSS, and nothing is cut off.
TEST_F(LocalLogTest, DamagedLastFrameThatWasApplied) {
  Opened();
  ASSERT_TRUE(log_->Append(1, "an hour").ok());
  ASSERT_TRUE(log_->Append(2, "another hour").ok());
  std::string bytes = Contents(PathOf(1));
  bytes[bytes.find("another")] ^= 1;
  Replace(PathOf(1), bytes);
  options_.applied_index = 2;
  EXPECT_TRUE(HasCode(Open(), absl::StatusCode::kDataLoss, "frame 2 had been acknowledged"));
  EXPECT_EQ(Contents(PathOf(1)), bytes);
  options_.applied_index = 1;
  EXPECT_EQ(Opened().tail_index(), 1u);
}

// Goal: a visitor's error ends the reading and is passed on.
TEST_F(LocalLogTest, VisitorsError) {
  Opened();
  AppendUpTo(10);
  int visited = 0;
  const absl::Status read = log_->Read(2, [&](uint64_t, std::string_view) {
    return ++visited == 5 ? absl::CancelledError("enough") : absl::OkStatus();
  });
  EXPECT_TRUE(HasCode(read, absl::StatusCode::kCancelled, "enough"));
  EXPECT_EQ(visited, 5);
}

// Goal: while frames are appended and segments recycled, another thread reads whole frames in order, or is
// told that they have been trimmed.
TEST_F(LocalLogTest, ReadsWhileAppendingAndTrimming) {
  Opened();
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const uint64_t tail = log_->tail_index();
      uint64_t next = log_->first_index();
      const absl::Status read = log_->Read(next, [&](uint64_t index, std::string_view bytes) {
        EXPECT_EQ(index, next++);
        EXPECT_EQ(bytes, LargeFrame(index));
        return absl::OkStatus();
      });
      EXPECT_TRUE(read.ok() ? next > tail : absl::IsOutOfRange(read)) << read;
    }
  });
  std::thread trimmer([&] {
    while (!done || log_->first_index() == 1) {
      const uint64_t tail = log_->tail_index();
      EXPECT_TRUE(log_->Trim(tail < 20 ? 0 : tail - 20).ok());
      std::this_thread::yield();
    }
  });
  AppendUpTo(3000);
  done = true;
  reader.join();
  trimmer.join();
}

// Goal: segments that a Read has yet to come to are not written anew under it, though they are trimmed
// meanwhile.
TEST_F(LocalLogTest, ReadKeepsItsSegments) {
  Opened();
  AppendUpTo(9);
  Frames frames;
  const absl::Status read = log_->Read(1, [&](uint64_t index, std::string_view bytes) {
    EXPECT_TRUE(log_->Trim(8).ok());
    AppendUpTo(30);
    frames.emplace(index, bytes);
    return absl::OkStatus();
  });
  EXPECT_TRUE(read.ok()) << read;
  EXPECT_EQ(frames.size(), 9u);
  for (const auto& [index, bytes] : frames) EXPECT_EQ(bytes, LargeFrame(index));
}

// A log on a file system that fails and loses power.
class LocalLogCrashTest : public testing::Test {
 protected:
  using Call = CrashFileSystem::Call;

  LocalLogCrashTest() {
    options_.folder = "log";
    options_.segment_bytes = kSegmentBytes;
    options_.max_frame_bytes = kMaxFrameBytes;
    options_.file_system = &files_;
    options_.nonce = [this] { return ++nonce_ * 0x9e3779b97f4a7c15; };
  }

  absl::Status Open() {
    log_.reset();
    absl::StatusOr<std::unique_ptr<LocalLog>> log = LocalLog::Open(options_);
    if (!log.ok()) return log.status();
    log_ = *std::move(log);
    return absl::OkStatus();
  }

  void PowerCut() {
    log_.reset();
    files_.PowerCut();
  }

  uint64_t nonce_ = 0;
  CrashFileSystem files_{1};
  LocalLog::Options options_;
  std::unique_ptr<LocalLog> log_;
};

// Goal: after a failed write or sync the log takes nothing more and syncs nothing again, until it is opened
// anew.
TEST_F(LocalLogCrashTest, AFailureEndsTheLog) {
  for (const Call failing : {Call::kWrite, Call::kSync}) {
    ASSERT_TRUE(Open().ok());
    const uint64_t index = log_->tail_index() + 1;
    ASSERT_TRUE(log_->Append(index, "an hour").ok());
    files_.fault = [=](Call call) {
      return call == failing ? absl::UnknownError("broken") : absl::OkStatus();
    };
    EXPECT_TRUE(HasCode(log_->Append(index + 1, "lost"), absl::StatusCode::kUnavailable, "broken"));
    int calls = 0;
    files_.fault = [&](Call) { return ++calls, absl::OkStatus(); };
    EXPECT_TRUE(HasCode(log_->Append(index + 1, "lost"), absl::StatusCode::kUnavailable, "broken"));
    EXPECT_TRUE(HasCode(log_->Trim(index), absl::StatusCode::kUnavailable, "broken"));
    files_.fault = nullptr;
    EXPECT_EQ(calls, 0);
    EXPECT_EQ(log_->tail_index(), index);
    EXPECT_EQ(*ReadAll(*log_, index), (Frames{{index, "an hour"}}));
  }
}

// Goal: a frame whose sync failed, that a restart found all the same and that was built upon, survives a
// power cut.
TEST_F(LocalLogCrashTest, AFrameFoundAfterAFailedSyncIsMadeDurable) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(log_->Append(1, "one").ok());
  files_.fault = [](Call call) {
    return call == Call::kSync ? absl::UnknownError("broken") : absl::OkStatus();
  };
  EXPECT_FALSE(log_->Append(2, "two").ok());
  files_.fault = nullptr;
  ASSERT_TRUE(Open().ok());
  ASSERT_EQ(log_->tail_index(), 2u);
  ASSERT_TRUE(log_->Append(3, "three").ok());
  PowerCut();
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(*ReadAll(*log_, 1), (Frames{{1, "one"}, {2, "two"}, {3, "three"}}));
}

// Goal: a full disk is RESOURCE_EXHAUSTED, gives back what was half made, and heals by opening anew.
TEST_F(LocalLogCrashTest, FullDisk) {
  for (const Call failing : {Call::kAllocate, Call::kWrite}) {
    options_.folder = absl::StrCat("log", static_cast<int>(failing));
    ASSERT_TRUE(Open().ok());
    for (uint64_t index = 1; index <= 3; ++index)
      ASSERT_TRUE(log_->Append(index, std::string(1000, 'x')).ok());
    files_.fault = [=](Call call) {
      return call == failing ? absl::ResourceExhaustedError("No space left on device") : absl::OkStatus();
    };
    EXPECT_TRUE(
        HasCode(log_->Append(4, std::string(1000, 'x')), absl::StatusCode::kResourceExhausted, "No space"));
    EXPECT_TRUE(HasCode(log_->Append(4, "an hour"), absl::StatusCode::kUnavailable, "No space"));
    EXPECT_EQ(files_.List(options_.folder)->size(), 1u);
    files_.fault = nullptr;
    ASSERT_TRUE(Open().ok());
    ASSERT_TRUE(log_->Append(4, std::string(1000, 'x')).ok());
    EXPECT_EQ(ReadAll(*log_, 1)->size(), 4u);
  }
}

// Goal: when a trim fails, the log ends and nothing is recycled of which a power cut could bring the name
// back.
TEST_F(LocalLogCrashTest, FailedTrimEndsTheLog) {
  ASSERT_TRUE(Open().ok());
  for (uint64_t index = 1; index <= 9; ++index) ASSERT_TRUE(log_->Append(index, std::string(1000, 'x')).ok());
  files_.fault = [](Call call) {
    return call == Call::kSyncFolder ? absl::UnknownError("broken") : absl::OkStatus();
  };
  EXPECT_TRUE(HasCode(log_->Trim(6), absl::StatusCode::kUnavailable, "broken"));
  files_.fault = nullptr;
  EXPECT_TRUE(HasCode(log_->Append(10, "x"), absl::StatusCode::kUnavailable, "broken"));
  PowerCut();
  options_.applied_index = 6;
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(ReadAll(*log_, 7)->size(), 3u);
}

// What must be in a log, whatever happens to the machine.
class Model {
 public:
  Model(uint32_t seed, CrashFileSystem& files, LocalLog::Options& options)
      : random_(seed), files_(files), options_(options) {}

  // Opens the log, power cuts during that included, and compares it with what was acknowledged.
  void Reopen() {
    if (Below(3) == 0) files_.PowerFailsAfter(1 + Below(8));
    absl::Status opened = Open();
    while (files_.power_failed()) {
      ASSERT_TRUE(HasCode(opened, absl::StatusCode::kUnavailable));
      files_.PowerCut();
      if (Below(2) == 0) files_.PowerFailsAfter(1 + Below(8));
      opened = Open();
    }
    ASSERT_TRUE(opened.ok()) << opened;
    // A frame whose outcome is unknown may be there: then it counts.
    if (attempted_.has_value() && log_->tail_index() == acknowledged_.rbegin()->first + 1) {
      acknowledged_.emplace(log_->tail_index(), *attempted_);
    }
    attempted_.reset();
    Compare();
  }

  // Appends and trims until the power fails, a call fails or it has been enough.
  void Work() {
    if (Below(4) != 0) files_.PowerFailsAfter(1 + Below(40));
    if (Below(4) == 0) {
      files_.fault = [calls = Below(20)](CrashFileSystem::Call) mutable {
        return calls-- == 0 ? absl::UnknownError("broken") : absl::OkStatus();
      };
    }
    for (int i = 0; i < 25; ++i) {
      if (!(Below(5) == 0 ? Trim() : Append())) break;
    }
    files_.fault = nullptr;
  }

  // The process ends; most times the machine does, too.
  void Stop() {
    log_.reset();
    if (files_.power_failed() || Below(3) != 0) files_.PowerCut();
  }

  size_t frames() const { return acknowledged_.size(); }

 private:
  absl::Status Open() {
    log_.reset();
    absl::StatusOr<std::unique_ptr<LocalLog>> log = LocalLog::Open(options_);
    if (!log.ok()) return log.status();
    log_ = *std::move(log);
    return absl::OkStatus();
  }

  bool Append() {
    const uint64_t index = acknowledged_.rbegin()->first + 1;
    std::string bytes(Below(10) == 0 ? Below(kMaxFrameBytes + 1) : Below(200), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_());
    const absl::Status appended = log_->Append(index, bytes);
    if (appended.ok()) {
      acknowledged_.emplace(index, std::move(bytes));
    } else {
      EXPECT_TRUE(absl::IsUnavailable(appended)) << appended;
      attempted_ = std::move(bytes);
    }
    return appended.ok();
  }

  bool Trim() {
    const uint64_t tail = acknowledged_.rbegin()->first;
    options_.applied_index += Below(tail - options_.applied_index + 1);
    return log_->Trim(options_.applied_index).ok();
  }

  void Compare() {
    ASSERT_EQ(log_->tail_index(), acknowledged_.rbegin()->first);
    ASSERT_LE(log_->first_index(), options_.applied_index + 1);
    const absl::StatusOr<Frames> frames = ReadAll(*log_, log_->first_index());
    ASSERT_TRUE(frames.ok()) << frames.status();
    ASSERT_EQ(*frames, Frames(acknowledged_.lower_bound(log_->first_index()), acknowledged_.end()));
  }

  size_t Below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }

  std::mt19937 random_;
  CrashFileSystem& files_;
  LocalLog::Options& options_;
  std::unique_ptr<LocalLog> log_;
  Frames acknowledged_ = {{0, ""}};  // frame 0 stands for "none yet"
  std::optional<std::string> attempted_;
};

// Goal: whenever the power fails, in an append, a rotation, a trim or an opening, and whatever part of the
// unsynced bytes and names is lost, every acknowledged frame is there afterwards, in order, and at most the
// one in doubt besides.
TEST_F(LocalLogCrashTest, RandomCrashes) {
  size_t frames = 0;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    CrashFileSystem files(seed);
    LocalLog::Options options = options_;
    options.file_system = &files;
    Model model(seed, files, options);
    for (int life = 0; life < 15; ++life) {
      model.Reopen();
      if (HasFatalFailure()) return;
      model.Work();
      model.Stop();
    }
    frames += model.frames();
  }
  EXPECT_GT(frames, 10'000u) << "the machine lives too short to prove anything";
}

}  // namespace
}  // namespace timebank::storage
