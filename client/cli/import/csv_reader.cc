#include "client/cli/import/csv_reader.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "client/cli/import/encoding.h"

namespace timebank::imports {
namespace {

constexpr size_t kChunkBytes = size_t{64} << 10;
constexpr std::string_view kLineEnds = "\r\n";
constexpr std::array<char, 3> kCandidates = {',', ';', '\t'};
constexpr int kLinesToLookAt = 20;

}  // namespace

CsvReader::CsvReader(std::istream& in, CsvOptions options) : in_(in), options_(options) {}

CsvReader::~CsvReader() { OPENSSL_cleanse(buffer_.data(), buffer_.size()); }

void CsvReader::PassOver(size_t column) {
  if (passed_over_.size() <= column) passed_over_.resize(column + 1);
  passed_over_[column] = true;
}

bool CsvReader::Next(CsvRow& row) {
  if (!begun_) Begin();
  SkipEmptyLines();
  if (start_ == buffer_.size()) return false;
  row.line = line_;
  for (;;) {
    row.error.clear();
    size_t end = start_;
    Outcome outcome = Parse(row, end);
    if (outcome == Outcome::kNeedMore && buffer_.size() - start_ <= options_.max_row_bytes) {
      Fill();
      continue;
    }
    if (outcome == Outcome::kNeedMore || end - start_ > options_.max_row_bytes) {
      row.error = "the row is longer than " + std::to_string(options_.max_row_bytes) +
                  " bytes; perhaps a quote is opened and never closed";
      outcome = Outcome::kBad;
    }
    if (outcome == Outcome::kBad) {
      // Taken apart wrongly, what is passed over may stand anywhere.
      for (std::string& field : row.fields) OPENSSL_cleanse(field.data(), field.size());
      row.fields.clear();
      SkipLine();
    } else {
      Consume(end - start_);
    }
    return true;
  }
}

// Reads one chunk more. False at the end of the stream.
bool CsvReader::Fill() {
  if (at_end_) return false;
  const size_t before = buffer_.size() - start_;
  std::string next;
  next.reserve(before + kChunkBytes);
  next.assign(buffer_, start_, before);
  next.resize(before + kChunkBytes);
  OPENSSL_cleanse(buffer_.data(), buffer_.size());
  buffer_ = std::move(next);
  start_ = 0;
  in_.read(buffer_.data() + before, static_cast<std::streamsize>(kChunkBytes));
  buffer_.resize(before + static_cast<size_t>(in_.gcount()));
  at_end_ = !in_;
  return buffer_.size() > before;
}

void CsvReader::Begin() {
  begun_ = true;
  Fill();
  if (buffer_.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0) {
    start_ = kByteOrderMark.size();
    consumed_ = static_cast<int64_t>(start_);
  }
  if (options_.delimiter == 0) DetectDelimiter();
}

// Looks at the first lines. A separator stands in most of them, and in most of those equally often; a title
// above them, or what people write into a cell, is one line or another.
void CsvReader::DetectDelimiter() {
  // How many lines have how many of a candidate.
  std::array<std::map<int, int>, kCandidates.size()> lines;
  std::array<int, kCandidates.size()> counts{};
  int looked_at = 0;
  const auto end_line = [&] {
    looked_at += std::any_of(counts.begin(), counts.end(), [](int count) { return count > 0; });
    for (size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] > 0) ++lines[i][counts[i]];
    }
    counts.fill(0);
  };
  bool quoted = false;
  bool at_field = true;
  for (size_t at = start_; at < buffer_.size() && looked_at < kLinesToLookAt; ++at) {
    const char c = buffer_[at];
    // A quote in the middle of a field is text.
    if (c == '"' && (quoted || at_field)) quoted = !quoted;
    if (quoted) continue;
    const bool line_end = kLineEnds.find(c) != std::string_view::npos;
    const auto* const candidate = std::find(kCandidates.begin(), kCandidates.end(), c);
    if (candidate != kCandidates.end()) ++counts[static_cast<size_t>(candidate - kCandidates.begin())];
    if (line_end) end_line();
    at_field = line_end || candidate != kCandidates.end() || c == '"';
  }
  // What the buffer cuts off tells of its line's front alone.
  if (at_end_ || looked_at == 0) end_line();
  size_t best = 0;
  std::pair<int, int> most;
  for (size_t i = 0; i < kCandidates.size(); ++i) {
    for (const auto& [count, of_lines] : lines[i]) {
      if (std::pair(of_lines, count) <= most) continue;
      most = {of_lines, count};
      best = i;
    }
  }
  options_.delimiter = kCandidates[best];
}

void CsvReader::SkipEmptyLines() {
  for (;;) {
    if (start_ == buffer_.size() && !Fill()) return;
    if (kLineEnds.find(buffer_[start_]) == std::string_view::npos) return;
    // A Windows line end that is cut in two by the end of the buffer is still one line end.
    if (buffer_[start_] == '\r' && start_ + 1 == buffer_.size()) Fill();
    Consume(buffer_.compare(start_, 2, "\r\n") == 0 ? 2 : 1);
  }
}

// Takes `bytes` off the front and counts their lines. They never end between the two halves of a Windows line
// end.
void CsvReader::Consume(size_t bytes) {
  const std::string_view taken = std::string_view(buffer_).substr(start_, bytes);
  line_ += std::count(taken.begin(), taken.end(), '\n');
  for (size_t at = taken.find('\r'); at != std::string_view::npos; at = taken.find('\r', at + 1)) {
    line_ += at + 1 == taken.size() || taken[at + 1] != '\n';
  }
  consumed_ += static_cast<int64_t>(bytes);
  start_ += bytes;
}

// Skips to the next line of the file, whatever quotes say.
void CsvReader::SkipLine() {
  for (;;) {
    const size_t line_end = buffer_.find_first_of(kLineEnds, start_);
    if (line_end != std::string::npos) {
      Consume(line_end - start_);
      return;  // the line end itself is passed over as an empty line
    }
    Consume(buffer_.size() - start_);
    if (!Fill()) return;
  }
}

// Reads the row at the front of the buffer. `end` becomes the offset behind its line end. The cells of the
// row that `row` had are written over, so that their memory serves again.
CsvReader::Outcome CsvReader::Parse(CsvRow& row, size_t& end) const {
  size_t at = start_;
  size_t cells = 0;
  row.unended = false;
  for (;;) {
    const bool passed_over = cells < passed_over_.size() && passed_over_[cells];
    if (cells == row.fields.size()) row.fields.emplace_back();
    std::string& field = row.fields[cells++];
    field.clear();
    if (at < buffer_.size() && buffer_[at] == '"') {
      const char* error = nullptr;
      at = ParseQuoted(at + 1, passed_over ? nullptr : &field, error);
      if (error != nullptr) {
        row.error = error;
        return Outcome::kBad;
      }
    } else {
      const size_t stop = EndOfPlainField(at);
      if (!passed_over) field.assign(buffer_, at, stop - at);
      at = stop;
    }
    if (at >= buffer_.size()) {
      end = buffer_.size();
      if (!at_end_) return Outcome::kNeedMore;
      row.unended = true;
      break;
    }
    if (buffer_[at] == options_.delimiter) {
      ++at;
      continue;
    }
    if (buffer_[at] == '\r') {
      if (at + 1 == buffer_.size() && !at_end_) return Outcome::kNeedMore;
      ++at;
    }
    if (at < buffer_.size() && buffer_[at] == '\n') ++at;
    end = at;
    break;
  }
  row.fields.resize(cells);
  row.cells = cells;
  if (std::string_view(buffer_).substr(start_, end - start_).find('\0') != std::string_view::npos) {
    row.error = "a NUL byte in the row; is the file UTF-16? Save it as CSV UTF-8";
    return Outcome::kBad;
  }
  return Outcome::kRow;
}

// Where a field without quotes that begins at `at` ends: at a separator, or the end of the buffer.
size_t CsvReader::EndOfPlainField(size_t at) const {
  const char* const bytes = buffer_.data();
  const size_t size = buffer_.size();
  const char delimiter = options_.delimiter;
  while (at < size && bytes[at] != delimiter && bytes[at] != '\n' && bytes[at] != '\r') {
    ++at;
  }
  return at;
}

// Reads a quoted field from behind its opening quote; null: passes over it. Returns the offset behind the
// closing one, or the end of the buffer where more is needed. `error` is set where the quotes are wrong.
size_t CsvReader::ParseQuoted(size_t at, std::string* field, const char*& error) const {
  for (;;) {
    const size_t quote = std::min(buffer_.find('"', at), buffer_.size());
    if (field != nullptr) field->append(buffer_, at, quote - at);
    if (quote == buffer_.size()) {
      if (at_end_) error = "a quote is opened and never closed";
      return quote;
    }
    if (quote + 1 == buffer_.size()) return quote + 1;
    const char next = buffer_[quote + 1];
    if (next == '"') {
      if (field != nullptr) field->push_back('"');
      at = quote + 2;
      continue;
    }
    if (next != options_.delimiter && kLineEnds.find(next) == std::string_view::npos) {
      error = "there is text behind a closing quote";
    }
    return quote + 1;
  }
}

}  // namespace timebank::imports
