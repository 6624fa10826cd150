// A folder that is thrown away with everything in it.
#ifndef TIMEBANK_TESTS_BENCH_TEMPORARY_FOLDER_H_
#define TIMEBANK_TESTS_BENCH_TEMPORARY_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>

namespace timebank::bench {

// In $TMPDIR, or /tmp. Benchmarks of the disk measure the disk that this folder is on.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "timebank-bench-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) {
      std::cerr << "bench: cannot make " << path_ << '\n';
      std::abort();
    }
  }
  ~TemporaryFolder() {
    std::error_code ignored;  // what is left behind is in the temporary folder
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace timebank::bench

#endif  // TIMEBANK_TESTS_BENCH_TEMPORARY_FOLDER_H_
