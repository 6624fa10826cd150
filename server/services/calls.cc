#include "server/services/calls.h"

#include <algorithm>
#include <cassert>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace timebank::services {
namespace {

struct Table {
  absl::Mutex mutex;
  std::vector<std::string> names ABSL_GUARDED_BY(mutex) = {""};
};

Table& TheTable() {
  static auto& table = *new Table;
  return table;
}

}  // namespace

size_t RpcNumber(std::string_view name) {
  Table& table = TheTable();
  absl::MutexLock lock(&table.mutex);
  const auto found = std::find(table.names.begin(), table.names.end(), name);
  const auto number = static_cast<size_t>(found - table.names.begin());
  if (found == table.names.end()) table.names.emplace_back(name);
  assert(number < kMostRpcs);
  return number;
}

std::vector<std::string> RpcNames() {
  Table& table = TheTable();
  absl::MutexLock lock(&table.mutex);
  return table.names;
}

}  // namespace timebank::services
