#include "client/cli/import_alike.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/limits.h"
#include "client/cpp/names.h"

namespace timebank::cli {

void AlikeFinder::AddHolder(const std::string& holder, const std::string& display_name) {
  names_[holder] = imports::FoldedName(display_name);
}

std::string AlikeFinder::NameOf(const std::string& holder, const std::string& display_name) const {
  const auto known = names_.find(holder);
  const std::string name = known == names_.end() ? imports::FoldedName(display_name) : known->second;
  return name.empty() ? holder : name;
}

AlikeFinder::Key AlikeFinder::KeyOf(const std::string& giver_name, const std::string& receiver_name,
                                    int64_t seconds, const std::string& day) {
  return imports::HashFacts({giver_name, receiver_name, absl::StrCat(seconds), day});
}

void AlikeFinder::AddNew(const Key& key, const std::string& day, const imports::Place& place) {
  Counts& counts = counts_[key];
  if (counts.added++ == 0) {
    if (files_.empty() || files_.back() != place.file) files_.push_back(place.file);
    counts.file = static_cast<int32_t>(files_.size()) - 1;
    counts.line = place.line;
  }
  if (first_day_.empty() || day < first_day_) first_day_ = day;
  last_day_ = std::max(last_day_, day);
}

absl::StatusOr<AlikeFinder::Found> AlikeFinder::Find(client::Client& client, const std::string& bank,
                                                     int64_t newest) const {
  Found found;
  if (first_day_.empty()) return found;
  absl::flat_hash_map<Key, int64_t> had;
  v1::ListExchangesRequest request;
  request.set_parent(bank);
  request.set_page_size(kLongestPage);
  request.set_start_day(first_day_);
  request.set_end_day(last_day_);
  request.set_kind(v1::Exchange::KIND_EXCHANGE);
  for (absl::StatusOr<v1::Exchange>& exchange : client.ListExchanges(std::move(request))) {
    if (!exchange.ok()) return exchange.status();
    const bool of_two = exchange->givers_size() == 1 && exchange->receivers_size() == 1;
    if (!of_two || exchange->state() == v1::Exchange::STATE_REVERSED ||
        client::SequenceOf(exchange->name()) > newest) {
      continue;
    }
    const v1::Share& giver = exchange->givers(0);
    const Key key =
        KeyOf(NameOf(giver.holder(), ""), NameOf(exchange->receivers(0).holder(), ""),
              exchange->seconds() != 0 ? exchange->seconds() : giver.seconds(), exchange->occurred_on());
    if (counts_.contains(key)) ++had[key];
  }
  std::vector<std::tuple<int32_t, int64_t>> places;
  for (const auto& [key, count] : had) {
    const Counts& counts = counts_.find(key)->second;
    const int64_t alike = std::min<int64_t>(counts.added, count - counts.known);
    if (alike <= 0) continue;
    found.count += alike;
    places.emplace_back(counts.file, counts.line);
  }
  std::sort(places.begin(), places.end());
  for (const auto& [file, line] : places) {
    if (found.places.size() == kMostPlaces) break;
    found.places.push_back({files_[static_cast<size_t>(file)], line});
  }
  return found;
}

}  // namespace timebank::cli
