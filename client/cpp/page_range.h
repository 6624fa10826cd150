// A list that the server hands out in pages, as one range.
//
//   for (absl::StatusOr<v1::Member>& member : client.ListMembers(request)) {
//     if (!member.ok()) return member.status();
//     Print(*member);
//   }
//
// Pages are fetched when the loop gets to them, one held at a time. An error is the range's last element;
// what came before it stands. Single pass: a second begin() goes on where the first one stopped. Not for use
// from two threads at once. May be moved until begin() is first called; may outlive the Client that made it.
#ifndef TIMEBANK_CLIENT_CPP_PAGE_RANGE_H_
#define TIMEBANK_CLIENT_CPP_PAGE_RANGE_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"

namespace timebank::client {

template <typename T>
class PageRange {
 public:
  struct Page {
    google::protobuf::RepeatedPtrField<T> items;
    // No page follows. A page may be empty and not the last.
    bool last = false;
  };
  // Gives the next page each time; never called again after an error or the last page.
  using Fetch = std::function<absl::StatusOr<Page>()>;

  class Iterator {
   public:
    // The standard library's names. NOLINTBEGIN(readability-identifier-naming)
    using iterator_concept = std::input_iterator_tag;
    using value_type = absl::StatusOr<T>;
    using difference_type = std::ptrdiff_t;
    // NOLINTEND(readability-identifier-naming)

    Iterator() = default;

    // The element is the range's own until the next ++ and may be moved from.
    absl::StatusOr<T>& operator*() const { return *range_->current_; }
    absl::StatusOr<T>* operator->() const { return &*range_->current_; }
    Iterator& operator++() {
      range_->Advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !range_->current_.has_value(); }

   private:
    friend class PageRange;
    explicit Iterator(PageRange* range) : range_(range) {}

    PageRange* range_ = nullptr;
  };

  // One way to make a range without a server, in tests of code that takes one.
  explicit PageRange(Fetch fetch) : fetch_(std::move(fetch)) {}

  PageRange(PageRange&&) noexcept = default;
  PageRange& operator=(PageRange&&) noexcept = default;

  Iterator begin() {
    if (!std::exchange(begun_, true)) Advance();
    return Iterator(this);
  }
  std::default_sentinel_t end() const { return std::default_sentinel; }

 private:
  void Advance() {
    current_.reset();
    while (next_ == page_.items.size()) {
      if (page_.last) return;
      absl::StatusOr<Page> page = fetch_();
      next_ = 0;
      if (!page.ok()) {
        page_ = Page{.items = {}, .last = true};
        current_ = page.status();
        return;
      }
      page_ = *std::move(page);
    }
    current_ = std::move(*page_.items.Mutable(next_++));
  }

  Fetch fetch_;
  bool begun_ = false;
  Page page_;
  int next_ = 0;
  std::optional<absl::StatusOr<T>> current_;
};

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_PAGE_RANGE_H_
