#include "client/cli/import_alike.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
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

int32_t AlikeFinder::FileOf(const imports::Place& place) {
  if (files_.empty() || files_.back() != place.file) files_.push_back(place.file);
  return static_cast<int32_t>(files_.size()) - 1;
}

void AlikeFinder::AddKnown(const Key& key) {
  ++counts_[key].known;
  ++known_count_;
}

void AlikeFinder::AddNew(const Key& key, const Key& day_key, const std::string& day,
                         const imports::Place& place) {
  const Spot spot{FileOf(place), place.line};
  Counts& counts = counts_[key];
  if (counts.added++ == 0) {
    counts.file = spot.file;
    counts.line = spot.line;
  }
  if (static_cast<size_t>(++new_count_) <= kMostMended) {
    new_on_day_.emplace(day_key, spot);
  } else {
    new_on_day_.clear();
  }
  if (first_day_.empty() || day < first_day_) first_day_ = day;
  last_day_ = std::max(last_day_, day);
}

absl::StatusOr<AlikeFinder::Found> AlikeFinder::Find(client::Client& client, const std::string& bank,
                                                     int64_t newest, std::string_view system) const {
  Found found;
  if (first_day_.empty()) return found;
  absl::flat_hash_map<Key, int64_t> had;
  std::vector<SameDay> same_day;
  const bool looks_for_mended = LooksForMended();
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
    const std::string giver_name = NameOf(giver.holder(), "");
    const std::string receiver_name = NameOf(exchange->receivers(0).holder(), "");
    const Key key =
        KeyOf(giver_name, receiver_name, exchange->seconds() != 0 ? exchange->seconds() : giver.seconds(),
              exchange->occurred_on());
    if (counts_.contains(key)) ++had[key];
    const bool of_a_row = exchange->origin().system() == imports::Absl(system) &&
                          absl::StartsWith(exchange->origin().number(), imports::kRowOrigin);
    if (!looks_for_mended || !of_a_row) continue;
    const Key day_key = DayKeyOf(giver_name, receiver_name, exchange->occurred_on());
    if (new_on_day_.contains(day_key)) {
      same_day.push_back({key, day_key, client::SequenceOf(exchange->name())});
    }
  }
  FindMended(std::move(same_day), found);
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

// A file that was mended has most of its rows as they were; one of another month has none, unless it is
// short.
bool AlikeFinder::LooksForMended() const {
  constexpr int64_t kFew = 20;
  return !new_on_day_.empty() && (known_count_ > 0 || new_count_ <= kFew);
}

void AlikeFinder::FindMended(std::vector<SameDay> same_day, Found& found) const {
  // Of equal ones the files may have some.
  absl::flat_hash_map<Key, int64_t> missing;
  for (const SameDay& one : same_day) {
    const auto counts = counts_.find(one.key);
    const bool is_alike = counts != counts_.end() && counts->second.added > 0;
    if (is_alike) continue;
    const auto [left, first] = missing.emplace(one.key, 0);
    if (first && counts != counts_.end()) left->second = -counts->second.known;
    ++left->second;
  }
  std::sort(same_day.begin(), same_day.end(),
            [](const SameDay& a, const SameDay& b) { return a.exchange < b.exchange; });
  absl::flat_hash_map<Key, bool> told;
  for (const SameDay& one : same_day) {
    const auto left = missing.find(one.key);
    if (left == missing.end() || left->second-- <= 0) continue;
    if (!told.emplace(one.day_key, true).second) continue;
    ++found.mended;
    if (found.first_mended.size() == kMostPlaces) continue;
    found.first_mended.push_back({PlaceOf(new_on_day_.at(one.day_key)), one.exchange});
  }
}

}  // namespace timebank::cli
