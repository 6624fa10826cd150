// A file system in memory that loses what a power cut loses: bytes that were not synced, in part and at any
// byte, and names that were not synced. A failed sync forgets what it could not write while reads go on
// showing it, as Linux does.
//
// Threads: one.
#ifndef TIMEBANK_TESTS_UNIT_STORAGE_CRASH_FILE_SYSTEM_H_
#define TIMEBANK_TESTS_UNIT_STORAGE_CRASH_FILE_SYSTEM_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/file_system.h"
#include "storage/status_macros.h"

namespace timebank::storage {

class CrashFileSystem final : public FileSystem {
 public:
  // The calls that change something.
  enum class Call { kCreate, kRename, kRemove, kAllocate, kWrite, kSync, kSyncFolder };

  explicit CrashFileSystem(uint32_t seed) : random_(seed) {}

  // Asked before each call that changes something; the call fails with what it returns. A write has then been
  // done in part, a sync has lost its bytes.
  std::function<absl::Status(Call)> fault;

  // From the `calls`-th call on that changes something there is no power, until PowerCut().
  void PowerFailsAfter(uint64_t calls) { calls_left_ = calls; }
  bool power_failed() const { return calls_left_ == 0; }

  // Throws away what was only in memory, some of it at least, and gives the power back. No file may be open.
  void PowerCut() {
    calls_left_ = kForever;
    std::uniform_int_distribution<size_t> kept(0, pending_names_.size());
    pending_names_.resize(kept(random_));
    for (const auto& change : pending_names_) change(disk_names_);
    pending_names_.clear();
    names_ = disk_names_;
    for (auto& [name, inode] : names_) {
      for (const auto& [offset, size] : inode->dirty) LosePart(*inode, offset, size);
      inode->dirty.clear();
      inode->seen = inode->disk;
    }
  }

  // A file's bytes as a read shows them, for a test to damage. nullptr: there is no such file.
  std::string* Bytes(const std::string& path) {
    const auto it = names_.find(path);
    return it == names_.end() ? nullptr : &it->second->seen;
  }

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path) override {
    const auto it = names_.find(path);
    if (it == names_.end()) return absl::NotFoundError(path);
    return std::make_unique<CrashFile>(*this, it->second);
  }

  absl::StatusOr<std::unique_ptr<File>> Create(const std::string& path) override {
    TB_RETURN_IF_ERROR(Begin(Call::kCreate));
    if (names_.contains(path)) return absl::AlreadyExistsError(path);
    auto inode = std::make_shared<Inode>();
    Change([=](Names& names) { names[path] = inode; });
    return std::make_unique<CrashFile>(*this, inode);
  }

  absl::Status Rename(const std::string& old_path, const std::string& new_path) override {
    TB_RETURN_IF_ERROR(Begin(Call::kRename));
    if (!names_.contains(old_path)) return absl::NotFoundError(old_path);
    Change([=](Names& names) {
      names[new_path] = names[old_path];
      names.erase(old_path);
    });
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& path) override {
    TB_RETURN_IF_ERROR(Begin(Call::kRemove));
    if (!names_.contains(path)) return absl::NotFoundError(path);
    Change([=](Names& names) { names.erase(path); });
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& folder) override {
    std::vector<std::string> result;
    for (const auto& [path, inode] : names_) {
      if (path.starts_with(folder + "/")) result.push_back(path.substr(folder.size() + 1));
    }
    return result;
  }

  absl::Status MakeFolder(const std::string&) override { return absl::OkStatus(); }

  absl::Status SyncFolder(const std::string&) override {
    TB_RETURN_IF_ERROR(Begin(Call::kSyncFolder));
    disk_names_ = names_;
    pending_names_.clear();
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<Lock>> LockFolder(const std::string&) override {
    return std::make_unique<Lock>();
  }

 private:
  static constexpr uint64_t kForever = ~uint64_t{0};

  struct Inode {
    std::string seen;                              // what a read shows
    std::string disk;                              // what a power cut leaves for certain
    std::vector<std::pair<size_t, size_t>> dirty;  // offset and size of writes since the last sync
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  class CrashFile final : public File {
   public:
    CrashFile(CrashFileSystem& files, std::shared_ptr<Inode> inode)
        : files_(files), inode_(std::move(inode)) {}

    absl::StatusOr<size_t> ReadAt(uint64_t offset, std::span<char> buffer) override {
      const std::string_view seen = inode_->seen;
      return offset > seen.size() ? 0 : seen.substr(offset).copy(buffer.data(), buffer.size());
    }

    absl::Status WriteAt(uint64_t offset, std::string_view bytes) override {
      absl::Status begun = files_.Begin(Call::kWrite);
      if (!begun.ok()) bytes = bytes.substr(0, files_.Below(bytes.size() + 1));
      if (inode_->seen.size() < offset + bytes.size()) inode_->seen.resize(offset + bytes.size());
      bytes.copy(&inode_->seen[offset], bytes.size());
      inode_->dirty.emplace_back(offset, bytes.size());
      return begun;
    }

    absl::Status Allocate(uint64_t bytes) override {
      TB_RETURN_IF_ERROR(files_.Begin(Call::kAllocate));
      if (inode_->seen.size() < bytes) inode_->seen.resize(bytes);
      return absl::OkStatus();
    }

    absl::Status Sync() override {
      absl::Status begun = files_.Begin(Call::kSync);
      if (files_.power_failed()) return begun;
      if (begun.ok()) {
        inode_->disk.resize(inode_->seen.size());
        for (const auto& [offset, size] : inode_->dirty)
          inode_->disk.replace(offset, size, inode_->seen, offset, size);
      }
      inode_->dirty.clear();
      return begun;
    }

    absl::StatusOr<uint64_t> Size() override { return inode_->seen.size(); }

   private:
    CrashFileSystem& files_;
    const std::shared_ptr<Inode> inode_;
  };

  absl::Status Begin(Call call) {
    if (calls_left_ != kForever && calls_left_ > 0) --calls_left_;
    if (power_failed()) return absl::UnavailableError("the power has failed");
    return fault == nullptr ? absl::OkStatus() : fault(call);
  }

  void Change(const std::function<void(Names&)>& change) {
    change(names_);
    pending_names_.push_back(change);
  }

  // Of a write that was not synced, nothing, all, the beginning, the end, or any bytes reach the disk.
  void LosePart(Inode& inode, size_t offset, size_t size) {
    const size_t cut = Below(size + 1);
    const size_t kind = Below(5);
    for (size_t i = 0; i < size; ++i) {
      const bool reached = kind == 0   ? false
                           : kind == 1 ? true
                           : kind == 2 ? i < cut
                           : kind == 3 ? i >= cut
                                       : Below(2) == 0;
      if (!reached) continue;
      if (inode.disk.size() <= offset + i) inode.disk.resize(offset + i + 1);
      inode.disk[offset + i] = inode.seen[offset + i];
    }
  }

  size_t Below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }

  std::mt19937 random_;
  uint64_t calls_left_ = kForever;
  Names names_;
  Names disk_names_;
  std::vector<std::function<void(Names&)>> pending_names_;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_TESTS_UNIT_STORAGE_CRASH_FILE_SYSTEM_H_
