#include "client/cli/exchange_words.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "client/cli/day.h"
#include "client/cli/hours.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// Up to so many balances fit on one line.
constexpr size_t kBalancesOnALine = 4;

using Shares = google::protobuf::RepeatedPtrField<v1::Share>;

// Whether the people of one side have different hours, so that each is told with its own.
bool Differ(const Shares& shares, int64_t common_seconds) {
  return std::any_of(shares.begin(), shares.end(), [common_seconds](const v1::Share& share) {
    return share.has_seconds() && share.seconds() != common_seconds;
  });
}

// Everybody on one side; with the hours behind each name whose hours are not the common ones, or (`all`)
// behind every name.
std::string Side(const Shares& shares, int32_t unnamed, int64_t common_seconds, bool all,
                 const Directory& directory) {
  std::vector<std::string> names;
  for (const v1::Share& share : shares) {
    const int64_t seconds = share.has_seconds() ? share.seconds() : common_seconds;
    names.push_back(all || seconds != common_seconds
                        ? Fill(T("$0 ($1)"), directory.Name(share.holder()), FormatHours(seconds))
                        : directory.Name(share.holder()));
  }
  if (unnamed > 0)
    names.push_back(
        Fill(names.empty() ? Tn("$0 person", "$0 people", unnamed) : Tn("$0 other", "$0 others", unnamed),
             unnamed));
  return JoinNames(names);
}

// The one per-person figure of an exchange: as recorded, else what all shares have in common; 0 where they
// have none.
int64_t CommonSeconds(const v1::Exchange& exchange) {
  if (exchange.seconds() != 0) return exchange.seconds();
  std::set<int64_t> seconds;
  for (const Shares* shares : {&exchange.givers(), &exchange.receivers()}) {
    for (const v1::Share& share : *shares) {
      if (share.has_seconds()) seconds.insert(share.seconds());
    }
  }
  return seconds.size() == 1 ? *seconds.begin() : 0;
}

// Whether there is no figure that says how long for everybody: each is then told with the hours of their own.
// A lone receiver's sum differs from the common hours and stands behind the name; the rest have them in
// common.
bool EachTheirOwn(const v1::Exchange& exchange, int64_t common) {
  const bool lone_total = exchange.receivers_size() == 1 && exchange.givers_size() > 1;
  if (lone_total) return Differ(exchange.givers(), common);
  return Differ(exchange.givers(), common) || Differ(exchange.receivers(), common);
}

// What was left over, and who has it: `Community pot gained 2h`. Empty: nothing, or with those who are named.
std::string LeftOver(const v1::Exchange& exchange, const Directory& directory) {
  if (exchange.kind() != v1::Exchange::KIND_EXCHANGE) return "";
  for (const v1::Movement& movement : exchange.movements()) {
    const auto is = [&movement](const v1::Share& share) { return share.holder() == movement.holder(); };
    const bool named = std::any_of(exchange.givers().begin(), exchange.givers().end(), is) ||
                       std::any_of(exchange.receivers().begin(), exchange.receivers().end(), is);
    if (named || movement.seconds() == 0) continue;
    // Translators: $0 is an account, mostly the community pot, $1 the hours.
    return Fill(movement.seconds() > 0 ? T("($0 gained $1)") : T("($0 lost $1)"),
                directory.Name(movement.holder()), FormatHours(movement.seconds()));
  }
  return "";
}

// Names of the accounts that were credited (+1) or debited (-1).
std::string Moved(const v1::Exchange& exchange, int sign, const Directory& directory) {
  std::vector<std::string> names;
  for (const v1::Movement& movement : exchange.movements()) {
    if ((movement.seconds() > 0) == (sign > 0)) names.push_back(directory.Name(movement.holder()));
  }
  return JoinNames(names);
}

// The account that is not a pot's: whose opening, starter hours or closing it is.
const v1::Movement* OwnMovement(const v1::Exchange& exchange) {
  for (const v1::Movement& movement : exchange.movements()) {
    if (!absl::StartsWith(ShortName(movement.holder()), "pots/")) return &movement;
  }
  return exchange.movements().empty() ? nullptr : &exchange.movements(0);
}

// The account that closed is the one that the entry left even; a debt goes the other way than hours do.
std::string ClosingDeed(const v1::Exchange& exchange, const Directory& directory) {
  if (exchange.movements_size() != 2) return T("closing");
  const bool second = exchange.movements(0).balance_after_seconds() != 0;
  const v1::Movement& closed = exchange.movements(second ? 1 : 0);
  const v1::Movement& destination = exchange.movements(second ? 0 : 1);
  std::string from = directory.Name(closed.holder());
  std::string to = directory.Name(destination.holder());
  // Two records of one person, of which one is gone; or two people of one name.
  if (from == to) {
    from = Fill(T("$0 ($1)"), from, client::IdOf(closed.holder()));
    to = Fill(T("$0 ($1)"), to, client::IdOf(destination.holder()));
  }
  return Fill(
      closed.seconds() > 0 ? T("$0 closed; the debt went to $1") : T("$0 closed; the rest went to $1"), from,
      to);
}

// What was credited in all: how much a gift or a closing moved.
int64_t Credited(const v1::Exchange& exchange) {
  int64_t seconds = 0;
  for (const v1::Movement& movement : exchange.movements())
    seconds += std::max<int64_t>(0, movement.seconds());
  return seconds;
}

// One account through entries that were posted together.
struct Change {
  std::string holder;
  int64_t before = 0;
  int64_t after = 0;
};

std::vector<Change> ChangesOf(const std::vector<const v1::Exchange*>& entries) {
  std::vector<Change> changes;
  for (const v1::Exchange* entry : entries) {
    for (const v1::Movement& movement : entry->movements()) {
      if (!movement.has_balance_after_seconds()) continue;  // it is not ours to know
      auto found = std::find_if(changes.begin(), changes.end(), [&movement](const Change& change) {
        return change.holder == movement.holder();
      });
      if (found == changes.end()) {
        found = changes.insert(changes.end(),
                               {movement.holder(), movement.balance_after_seconds() - movement.seconds(), 0});
      }
      found->after = movement.balance_after_seconds();
    }
  }
  return changes;
}

// Givers first, then receivers, then whoever else moved: the order in which the sentence names them.
void SortAsNamed(std::vector<Change>& changes, const v1::Exchange& named) {
  const std::vector<std::string> order = Directory::HoldersOf(named);
  const auto place = [&order](const Change& change) {
    return std::find(order.begin(), order.end(), change.holder) - order.begin();
  };
  std::stable_sort(changes.begin(), changes.end(),
                   [&place](const Change& a, const Change& b) { return place(a) < place(b); });
}

std::string Words(const v1::Exchange& exchange) {
  std::string words = exchange.category();
  if (!exchange.note().empty()) absl::StrAppend(&words, words.empty() ? "" : ": ", OneLine(exchange.note()));
  return words;
}

std::string UnderscoresToBlanks(std::string_view name) {
  return absl::AsciiStrToLower(absl::StrReplaceAll(Absl(name), {{"_", " "}}));
}

}  // namespace

std::string NumberOf(const v1::Exchange& exchange) {
  return exchange.name().empty() ? "-" : std::string(client::IdOf(exchange.name()));
}

std::string Deed(const v1::Exchange& exchange, const Directory& directory) {
  const int64_t common = CommonSeconds(exchange);
  const v1::Movement* own = OwnMovement(exchange);
  switch (exchange.kind()) {
    case v1::Exchange::KIND_GIFT:
      return Fill(T("$0 gave $1"), Moved(exchange, -1, directory), Moved(exchange, +1, directory));
    case v1::Exchange::KIND_REVERSAL:
      return Fill(T("undoes $0"), client::IdOf(exchange.reverses()));
    case v1::Exchange::KIND_STARTER:
      return Fill(T("$0 got starter hours"), Moved(exchange, +1, directory));
    case v1::Exchange::KIND_OPENING:
      if (own == nullptr) return T("opening");
      return Fill(own->seconds() > 0 ? T("$0 brought hours in credit") : T("$0 brought hours in debit"),
                  directory.Name(own->holder()));
    case v1::Exchange::KIND_CLOSING:
      return ClosingDeed(exchange, directory);
    default: {
      const bool all = EachTheirOwn(exchange, common);
      // Translators: the plural is for several people who helped.
      return Fill(Tn("$0 helped $1", "$0 helped $1", exchange.givers_size() + exchange.unnamed_givers()),
                  Side(exchange.givers(), exchange.unnamed_givers(), common, all, directory),
                  Side(exchange.receivers(), exchange.unnamed_receivers(), common, all, directory));
    }
  }
}

std::string Length(const v1::Exchange& exchange) {
  const bool help =
      exchange.kind() == v1::Exchange::KIND_EXCHANGE || exchange.kind() == v1::Exchange::KIND_UNSPECIFIED;
  if (!help) return FormatHours(Credited(exchange));
  const int64_t common = CommonSeconds(exchange);
  if (common == 0 || EachTheirOwn(exchange, common)) return "";
  const bool several = exchange.givers_size() > 1 || exchange.receivers_size() > 1;
  return several ? Fill(T("$0 each"), FormatHours(common)) : FormatHours(common);
}

std::string ExchangeLine(const v1::Exchange& exchange, const Directory& directory, absl::CivilDay today) {
  std::string line = absl::StrCat(NumberOf(exchange), "  ", FormatIsoDay(exchange.occurred_on(), today), "  ",
                                  Deed(exchange, directory));
  for (const std::string& more : {Length(exchange), Words(exchange), LeftOver(exchange, directory)}) {
    if (!more.empty()) absl::StrAppend(&line, "  ", more);
  }
  return line;
}

std::string BalanceLines(const std::vector<const v1::Exchange*>& entries, const Directory& directory) {
  std::vector<Change> changes = ChangesOf(entries);
  if (changes.empty()) return "";
  SortAsNamed(changes, *entries.back());
  std::vector<std::string> holders;
  for (const Change& change : changes) holders.push_back(change.holder);
  const bool one_line = changes.size() <= kBalancesOnALine;
  std::string text;
  for (const Change& change : changes) {
    if (!text.empty()) text += one_line ? " · " : "\n";
    absl::StrAppend(&text, directory.CallName(change.holder, holders), " ",
                    StandingChange(change.before, change.after));
  }
  return text + "\n";
}

std::string NoticeSentence(const v1::Notice& notice, const v1::Exchange& exchange, const Directory& directory,
                           bool posted) {
  const std::string who = directory.CallName(notice.holder(), Directory::HoldersOf(exchange));
  const auto with_undo = [&](std::string sentence) {
    return posted ? absl::StrCat(sentence, " timebank undo ", NumberOf(exchange)) : sentence;
  };
  switch (notice.kind()) {
    case v1::Notice::KIND_BELOW_WARNING:
    case v1::Notice::KIND_ABOVE_WARNING:
      // Translators: Ana is now 6h in debit; the bank likes to talk from 5h in debit on. $3 is an account.
      return Fill(T("$0 is now $1; the bank likes to talk from $2 on. Have a chat: timebank statement $3"),
                  who, Standing(notice.balance_seconds()), Standing(notice.limit_seconds()),
                  ShortName(notice.holder()));
    case v1::Notice::KIND_POSSIBLE_DUPLICATE:
      // Translators: $0 is the number of another entry.
      return with_undo(Fill(T("Looks like $0. Entered twice?"), client::IdOf(notice.exchange())));
    case v1::Notice::KIND_POT_WITHOUT_DECISION:
      return Fill(T("$0 spent hours, and no decision is named. Name it: $1"), directory.Name(notice.holder()),
                  posted ? absl::StrCat("timebank correct ", NumberOf(exchange), " --decision \"…\"")
                         : std::string("--decision \"…\""));
    case v1::Notice::KIND_HOLDER_CLOSED_BACKDATED:
      return with_undo(Fill(T("$0's account is closed; the help was given before that. Wrong person?"), who));
    default:
      return Fill(T("The server has a notice that this program does not know ($0)."),
                  static_cast<int>(notice.kind()));
  }
}

std::string StateWord(v1::Exchange::State state) {
  if (state == v1::Exchange::STATE_RECORDED) return T("recorded");
  if (state == v1::Exchange::STATE_CONFIRMED) return T("confirmed");
  if (state == v1::Exchange::STATE_CONTESTED) return T("contested");
  if (state == v1::Exchange::STATE_REVERSED) return T("reversed");
  std::string_view name = v1::Exchange::State_Name(state);
  return UnderscoresToBlanks(name.substr(std::min(name.size(), std::string_view("STATE_").size())));
}

std::string KindWord(v1::Exchange::Kind kind) {
  if (kind == v1::Exchange::KIND_EXCHANGE) return T("exchange");
  if (kind == v1::Exchange::KIND_GIFT) return T("gift");
  if (kind == v1::Exchange::KIND_STARTER) return T("starter hours");
  if (kind == v1::Exchange::KIND_OPENING) return T("opening");
  if (kind == v1::Exchange::KIND_CLOSING) return T("closing");
  if (kind == v1::Exchange::KIND_REVERSAL) return T("reversal");
  std::string_view name = v1::Exchange::Kind_Name(kind);
  return UnderscoresToBlanks(name.substr(std::min(name.size(), std::string_view("KIND_").size())));
}

std::string KindWord(v1::Member::Kind kind) {
  if (kind == v1::Member::KIND_PERSON) return T("person");
  if (kind == v1::Member::KIND_HOUSEHOLD) return T("household");
  if (kind == v1::Member::KIND_ORGANISATION) return T("organisation");
  std::string_view name = v1::Member::Kind_Name(kind);
  return UnderscoresToBlanks(name.substr(std::min(name.size(), std::string_view("KIND_").size())));
}

std::string Moment(const google::protobuf::Timestamp& time) {
  using google::protobuf::util::TimeUtil;
  return TimeUtil::ToString(TimeUtil::SecondsToTimestamp(time.seconds()));
}

std::string ClockMoment(const google::protobuf::Timestamp& time, const absl::TimeZone& zone,
                        absl::CivilDay today) {
  const absl::CivilSecond clock = absl::ToCivilSecond(absl::FromUnixSeconds(time.seconds()), zone);
  return absl::StrFormat("%s %02d:%02d", FormatDay(absl::CivilDay(clock), today), clock.hour(),
                         clock.minute());
}

Cell MomentCell(const google::protobuf::Timestamp& time, const absl::TimeZone& zone, absl::CivilDay today) {
  Cell cell = Text(Moment(time));
  cell.for_people = ClockMoment(time, zone, today);
  return cell;
}

Table ExchangeTable(const std::vector<v1::Exchange>& exchanges, const Directory& directory) {
  Table table({{"number", Later("Number"), ColumnKind::kNumber},
               {"day", Later("Day"), ColumnKind::kDay},
               {"what", Later("What"), ColumnKind::kText},
               {"hours", Later("Hours"), ColumnKind::kHours},
               {"state", Later("State"), ColumnKind::kText},
               {"kind", Later("Kind"), ColumnKind::kText, true},
               {"category", Later("Category"), ColumnKind::kText},
               {"note", Later("Note"), ColumnKind::kText}});
  for (const v1::Exchange& exchange : exchanges) {
    const bool help = exchange.kind() == v1::Exchange::KIND_EXCHANGE;
    const int64_t seconds = help ? CommonSeconds(exchange) : Credited(exchange);
    table.AddRow({exchange.sequence() == 0 ? Cell{} : Number(exchange.sequence()),
                  Text(exchange.occurred_on()), Said([&] { return Deed(exchange, directory); }),
                  seconds == 0 ? Cell{} : Hours(seconds), Said([&] { return StateWord(exchange.state()); }),
                  Said([&] { return KindWord(exchange.kind()); }), Text(exchange.category()),
                  Text(exchange.note())});
  }
  return table;
}

}  // namespace timebank::cli
