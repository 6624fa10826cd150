// Whatever stands in an older system's files, nothing breaks and what client/cli/import/reader.h promises
// holds.
//
//     reader_fuzz --format=ces [libFuzzer's options] [corpus]     empty format: recognised from the content
//     reader_fuzz --seeds=FOLDER                                  writes the sample bank's files, and ends
//
// An input is up to four files, parted by kBetweenFiles. They are written where reading them costs no disk.
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/import/reader.h"
#include "tests/unit/cli/import/check_reader.h"
#include "tests/unit/cli/import/sample_bank.h"

namespace timebank::imports {
namespace {

constexpr std::string_view kBetweenFiles = "\n\x1c\n";
constexpr size_t kMostFiles = 4;
constexpr char kFormatFlag[] = "--format=";
constexpr char kSeedsFlag[] = "--seeds=";

std::string& ChosenFormat() {
  static auto& format = *new std::string;
  return format;
}

void WriteFile(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) {
    std::fprintf(stderr, "reader_fuzz: %s cannot be written\n", path.c_str());
    std::exit(2);
  }
}

// A folder of this process's own.
const std::string& Folder() {
  static const auto& folder = *new std::string([] {
    std::string made = "/dev/shm/reader_fuzz.XXXXXX";
    if (mkdtemp(made.data()) == nullptr) {
      std::perror("reader_fuzz: /dev/shm");
      std::exit(2);
    }
    return made;
  }());
  return folder;
}

void RemoveFolder() {
  for (size_t i = 0; i < kMostFiles; ++i) unlink((Folder() + "/" + std::to_string(i) + ".csv").c_str());
  rmdir(Folder().c_str());
}

void WriteSeeds(const std::string& folder) {
  mkdir(folder.c_str(), 0777);
  int number = 0;
  for (const Sample& sample : SampleBank(5, 3, 6).Samples()) {
    std::string all;
    for (const SampleFile& file : sample.files) {
      if (!all.empty()) all += kBetweenFiles;
      all += file.text;
    }
    mkdir((folder + "/" + sample.format).c_str(), 0777);
    WriteFile(folder + "/" + sample.format + "/sample-" + std::to_string(++number), all);
  }
}

}  // namespace
}  // namespace timebank::imports

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  using namespace timebank::imports;
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (argument.starts_with(kFormatFlag)) ChosenFormat() = argument.substr(sizeof kFormatFlag - 1);
    if (argument.starts_with(kSeedsFlag)) {
      WriteSeeds(std::string(argument.substr(sizeof kSeedsFlag - 1)));
      std::exit(0);
    }
  }
  Folder();
  std::atexit(RemoveFolder);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace timebank::imports;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> paths;
  for (bool more = true; more && paths.size() < kMostFiles;) {
    const size_t end = rest.find(kBetweenFiles);
    more = end != std::string_view::npos;
    paths.push_back(Folder() + "/" + std::to_string(paths.size()) + ".csv");
    WriteFile(paths.back(), rest.substr(0, end));
    if (more) rest.remove_prefix(end + kBetweenFiles.size());
  }
  ReaderOptions options;
  options.today = absl::CivilDay(2024, 2, 29);
  // Nobody knows where the passwords are in a file that was taken apart.
  const std::string broken = CheckReader(ChosenFormat(), paths, options, /*secrets=*/false);
  if (!broken.empty()) {
    std::fprintf(stderr, "a promise of reader.h is broken: %s\n", broken.c_str());
    std::abort();
  }
  return 0;
}
