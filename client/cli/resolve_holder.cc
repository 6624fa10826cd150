#include "client/cli/resolve_holder.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/cli/day.h"
#include "client/cli/errors.h"
#include "client/cli/import/text.h"
#include "client/cli/limits.h"
#include "client/cli/members_table.h"
#include "client/cli/near_names.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/error.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// More than this is not a question any more.
constexpr size_t kMostCandidates = 20;
constexpr std::string_view kCirclePrefix = "circle:";
constexpr std::string_view kPotPrefix = "pot:";

// Somebody who fits what was typed.
struct Candidate {
  std::string name;
  std::string display_name;
  // What can be typed to mean nobody else: the member's number, the circle's id.
  std::string key;
  // Empty: never; none: it is not somebody who helps.
  std::optional<std::string> last_exchange_on;
  bool closed = false;
  bool whole_words = false;
  // It is the name as it stands, of at least two words: a first name alone may be anybody's.
  bool full_name = false;
};

std::vector<std::string> WordsOf(std::string_view text) {
  return absl::StrSplit(Fold(text), absl::ByAnyChar(" ,.'-"), absl::SkipEmpty());
}

// Whether every word typed is a whole word of the name.
bool HasWholeWords(std::string_view display_name, std::string_view typed) {
  const std::vector<std::string> words = WordsOf(display_name);
  const std::vector<std::string> wanted = WordsOf(typed);
  return std::all_of(wanted.begin(), wanted.end(), [&words](const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  });
}

bool IsFullName(std::string_view display_name, std::string_view typed) {
  const std::vector<std::string> words = WordsOf(display_name);
  return words.size() > 1 && words == WordsOf(typed);
}

// Whether every word typed is part of the name or id, as the server judges members.
bool HasParts(const v1::Circle& circle, std::string_view typed) {
  const std::string text = Fold(absl::StrCat(circle.display_name(), " ", Absl(client::IdOf(circle.name()))));
  const std::vector<std::string> wanted = WordsOf(typed);
  return std::all_of(wanted.begin(), wanted.end(),
                     [&text](const std::string& word) { return absl::StrContains(text, word); });
}

Candidate FromMember(const v1::Member& member, std::string_view typed) {
  Candidate candidate;
  candidate.name = member.name();
  candidate.display_name = DisplayName(member);
  candidate.key = absl::StrCat(member.number());
  candidate.last_exchange_on = member.last_exchange_on();
  candidate.closed = member.state() == v1::Member::STATE_CLOSED;
  candidate.whole_words = HasWholeWords(candidate.display_name, typed);
  candidate.full_name = IsFullName(candidate.display_name, typed);
  return candidate;
}

// ---- Narrowing down
// ------------------------------------------------------------------------------------------------

// Keeps those that fit, unless that would leave nobody.
template <typename Fits>
void Prefer(std::vector<Candidate>& candidates, Fits fits) {
  std::vector<Candidate> kept;
  std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(kept), fits);
  if (!kept.empty()) candidates = std::move(kept);
}

// `key  name  last exchange`, in columns of these widths.
std::string Line(const Candidate& candidate, size_t key_width, size_t name_width, absl::CivilDay today) {
  std::string last;
  if (candidate.last_exchange_on.has_value()) {
    const std::string& day = *candidate.last_exchange_on;
    last = day.empty() ? T("no exchange yet") : Fill(T("last exchange $0"), FormatIsoDay(day, today));
  }
  const auto padded = [](const std::string& text, size_t width) {
    const size_t taken = DisplayWidth(text);
    return text + std::string(taken < width ? width - taken : 0, ' ');
  };
  return absl::StrCat("  ", padded(candidate.key, key_width), "  ",
                      padded(OneLine(candidate.display_name), name_width), "  ", last,
                      candidate.closed ? absl::StrCat(", ", T("closed")) : "");
}

void List(Session& session, const std::vector<Candidate>& candidates, absl::CivilDay today) {
  const size_t count = std::min(candidates.size(), kMostCandidates);
  size_t key_width = 4;
  size_t name_width = 20;
  for (size_t i = 0; i < count; ++i) {
    key_width = std::max(key_width, DisplayWidth(candidates[i].key));
    name_width = std::max(name_width, DisplayWidth(OneLine(candidates[i].display_name)));
  }
  for (size_t i = 0; i < count; ++i) session.Tell(Line(candidates[i], key_width, name_width, today));
  if (candidates.size() > count)
    session.Tell(
        Fill(Tn("  … and $0 more", "  … and $0 more", static_cast<int64_t>(candidates.size() - count)),
             candidates.size() - count));
}

// Several fit: lists them, asks where somebody can answer.
absl::StatusOr<Candidate> Choose(Session& session, std::string_view typed,
                                 const std::vector<Candidate>& candidates) {
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  session.Tell(Fill(T("\"$0\" could be:"), typed));
  List(session, candidates, today);
  if (CanAsk(session.console())) {
    const Candidate* chosen = nullptr;
    AskUntil(session.console(), T("Which one? Type the number on the left (Enter: nobody):"),
             T("That is none of these."), [&candidates, &chosen](const std::string& answer) {
               for (const Candidate& candidate : candidates) {
                 if (answer == candidate.key) chosen = &candidate;
               }
               return chosen != nullptr;
             });
    if (chosen != nullptr) return *chosen;
  }
  return UsageError(
      Fill(T("Nothing was changed: \"$0\" fits several. Write more of the name, or the number ($1)."), typed,
           candidates.front().key));
}

// Whoever fits what was typed, narrowed down as far as it goes without asking; at least one.
struct Fitting {
  std::string typed;
  std::vector<Candidate> candidates;
};

absl::StatusOr<Fitting> Narrowed(Session& session, std::string_view typed,
                                 std::vector<Candidate> candidates) {
  Prefer(candidates, [](const Candidate& candidate) { return !candidate.closed; });
  Prefer(candidates, [](const Candidate& candidate) { return candidate.whole_words; });
  Prefer(candidates, [](const Candidate& candidate) { return candidate.full_name; });
  if (candidates.empty()) {
    CLI_ASSIGN_OR_RETURN(const std::string near, DidYouMean(session, typed));
    return NotFoundError(absl::StrCat(Fill(T("Nobody here fits \"$0\"."), typed), " ",
                                      near.empty() ? T("Try a part of the name: timebank find …") : near,
                                      "\n", T("Somebody new? timebank member add \"NAME\"")));
  }
  return Fitting{std::string(typed), std::move(candidates)};
}

absl::StatusOr<std::string> OneOf(Session& session, const Fitting& fitting) {
  Candidate chosen = fitting.candidates.front();
  if (fitting.candidates.size() > 1) {
    CLI_ASSIGN_OR_RETURN(chosen, Choose(session, fitting.typed, fitting.candidates));
  }
  session.directory().Know(chosen.name, chosen.display_name);
  return chosen.name;
}

// ---- Looking up
// ----------------------------------------------------------------------------------------------------

// Whether the caller is let in, and may not look names up: a partner without the scope for it, a member.
bool MayNotLookUp(const absl::Status& status) {
  return status.code() == absl::StatusCode::kPermissionDenied &&
         client::ErrorReason(status) == "ROLE_REQUIRED";
}

// `status`: why `typed` was not looked up. The server's words are about the call that was made for it, which
// nobody has typed. `exactly`: what names `typed` without looking anything up.
absl::Status WhyNotLookedUp(const absl::Status& status, std::string_view typed, std::string_view exactly) {
  // A key of another bank: that is told as it is.
  if (!MayNotLookUp(status) || client::ErrorMetadata(status).contains("timebank")) return status;
  return RefusedError(Fill(T("You may not look up who \"$0\" is: that takes a broker, or a partner's scope "
                             "members.read. Or write the id in full: $1"),
                           typed, exactly));
}

// All members whom the server finds by `typed` and who pass `fits`. Merged ones are their survivors, who
// stand for themselves.
template <typename Fits>
absl::StatusOr<std::vector<Candidate>> FindMembers(Session& session, std::string_view typed, Fits fits) {
  CLI_ASSIGN_OR_RETURN(const std::string bank, session.Bank());
  v1::ListMembersRequest request;
  request.set_parent(bank);
  // The server looks for words, and a comma is none.
  request.set_query(absl::StrReplaceAll(Absl(typed), {{",", " "}}));
  request.set_page_size(kLongestPage);
  std::vector<Candidate> candidates;
  for (absl::StatusOr<v1::Member>& member : session.client().ListMembers(std::move(request))) {
    if (!member.ok()) return WhyNotLookedUp(member.status(), typed, "members/ID");
    if (member->state() == v1::Member::STATE_MERGED || !fits(*member)) continue;
    candidates.push_back(FromMember(*member, typed));
  }
  return candidates;
}

// A number is an id, the member's number here, or its number in an older system. Where these are different
// people, it is ambiguous like a name.
absl::StatusOr<Fitting> FindNumber(Session& session, std::string_view typed) {
  const auto fits = [&typed](const v1::Member& member) {
    return client::IdOf(member.name()) == typed || absl::StrCat(member.number()) == Absl(typed) ||
           std::any_of(member.external_ids().begin(), member.external_ids().end(),
                       [&typed](const v1::Member::ExternalId& id) { return id.number() == typed; });
  };
  CLI_ASSIGN_OR_RETURN(std::vector<Candidate> candidates, FindMembers(session, typed, fits));
  return Narrowed(session, typed, std::move(candidates));
}

// What was named in full.
Fitting Exactly(std::string name) {
  return Fitting{"",
                 {Candidate{.name = std::move(name), .display_name = "", .key = "", .last_exchange_on = {}}}};
}

// An id goes before names; where names may not be looked up it is taken for one, and whoever gets it says
// whether there is such a member.
absl::StatusOr<Fitting> FindWords(Session& session, std::string_view typed) {
  CLI_ASSIGN_OR_RETURN(const std::string bank, session.Bank());
  if (client::IsId(typed)) {
    v1::GetMemberRequest request;
    request.set_name(client::HolderName(bank, typed));
    const auto response = session.client().GetMember(std::move(request));
    if (response.ok()) return Narrowed(session, typed, {FromMember(response->member(), typed)});
    if (MayNotLookUp(response.status())) return Exactly(client::HolderName(bank, typed));
    if (response.status().code() != absl::StatusCode::kNotFound) return response.status();
  }
  CLI_ASSIGN_OR_RETURN(std::vector<Candidate> candidates,
                       FindMembers(session, typed, [](const v1::Member&) { return true; }));
  return Narrowed(session, typed, std::move(candidates));
}

bool IsResourceName(std::string_view text) {
  for (std::string_view prefix : {"timebanks/", "members/", "circles/", "pots/"}) {
    if (absl::StartsWith(Absl(text), Absl(prefix))) return true;
  }
  return false;
}

absl::StatusOr<Fitting> FindCircle(Session& session, std::string_view text) {
  absl::string_view typed = absl::StripAsciiWhitespace(Absl(text));
  absl::ConsumePrefix(&typed, Absl(kCirclePrefix));
  CLI_ASSIGN_OR_RETURN(const std::string bank, session.Bank());
  if (absl::StrContains(typed, "/")) return Exactly(client::HolderName(bank, {typed.data(), typed.size()}));
  v1::ListCirclesRequest request;
  request.set_parent(bank);
  request.set_page_size(kLongestPage);
  std::vector<Candidate> candidates;
  for (absl::StatusOr<v1::Circle>& circle : session.client().ListCircles(std::move(request))) {
    if (MayNotLookUp(circle.status()) && client::IsId({typed.data(), typed.size()})) {
      return Exactly(client::HolderName(bank, absl::StrCat("circles/", typed)));
    }
    if (!circle.ok()) {
      return WhyNotLookedUp(circle.status(), {typed.data(), typed.size()}, "circles/ID");
    }
    const std::string id(client::IdOf(circle->name()));
    Candidate candidate{.name = circle->name(),
                        .display_name = circle->display_name().empty() ? id : circle->display_name(),
                        .key = id,
                        .last_exchange_on = std::nullopt};
    if (id == typed) return Fitting{id, {std::move(candidate)}};
    if (HasParts(*circle, {typed.data(), typed.size()})) candidates.push_back(std::move(candidate));
  }
  if (candidates.empty()) {
    return NotFoundError(
        Fill(T("There is no circle \"$0\". See which there are: timebank circle list"), typed));
  }
  return Narrowed(session, {typed.data(), typed.size()}, std::move(candidates));
}

absl::StatusOr<Fitting> FindHolder(Session& session, std::string_view text) {
  const absl::string_view stripped = absl::StripAsciiWhitespace(Absl(text));
  const std::string_view typed(stripped.data(), stripped.size());
  if (typed.empty()) return UsageError(T("A name is missing. Write who: a name, a number, or pot."));
  CLI_ASSIGN_OR_RETURN(const std::string bank, session.Bank());
  if (typed == "pot" || typed == "community") return Exactly(client::HolderName(bank, "pots/community"));
  if (absl::StartsWith(stripped, Absl(kPotPrefix))) {
    return Exactly(client::HolderName(bank, absl::StrCat("pots/", Absl(typed.substr(kPotPrefix.size())))));
  }
  if (absl::StartsWith(stripped, Absl(kCirclePrefix))) return FindCircle(session, typed);
  if (IsResourceName(typed)) return Exactly(client::HolderName(bank, typed));
  return imports::IsDigits(typed) ? FindNumber(session, typed) : FindWords(session, typed);
}

// `Smith, John` → `smith` and `john`, each with single blanks.
std::vector<std::string> PiecesOf(std::string_view name) {
  std::vector<std::string> pieces;
  for (const absl::string_view piece : absl::StrSplit(Absl(name), ',')) {
    const std::string folded = Fold({piece.data(), piece.size()});
    pieces.push_back(absl::StrJoin(absl::StrSplit(folded, ' ', absl::SkipEmpty()), " "));
  }
  return pieces;
}

// Whether some member's whole name is these names of a list, with the commas between them.
absl::StatusOr<bool> AreOneName(Session& session, const std::string& joined) {
  const std::vector<std::string> pieces = PiecesOf(joined);
  const auto found = FindMembers(session, joined, [&pieces](const v1::Member& member) {
    return PiecesOf(member.display_name()) == pieces;
  });
  if (found.ok()) return !found->empty();
  // Whoever may not look names up writes ids.
  if (found.status().code() == absl::StatusCode::kPermissionDenied) return false;
  return found.status();
}

// A name has hardly more commas than two: `Smith, John, Jr.`
constexpr size_t kMostPiecesOfAName = 3;

}  // namespace

absl::Status JoinWholeNames(Session& session, std::vector<NamedShare>& names) {
  for (size_t first = 0; first + 1 < names.size(); ++first) {
    for (size_t count = std::min(kMostPiecesOfAName, names.size() - first); count > 1; --count) {
      // Only the last of them can have the hours of the one that they are.
      std::string joined = names[first].name;
      bool splits = false;
      for (size_t i = first + 1; i < first + count; ++i) {
        splits = splits || names[i - 1].hours.has_value();
        absl::StrAppend(&joined, ", ", names[i].name);
      }
      if (splits) continue;
      CLI_ASSIGN_OR_RETURN(const bool one, AreOneName(session, joined));
      if (!one) continue;
      names[first + count - 1].name = joined;
      names.erase(names.begin() + static_cast<std::ptrdiff_t>(first),
                  names.begin() + static_cast<std::ptrdiff_t>(first + count - 1));
      break;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ResolveHolder(Session& session, std::string_view text) {
  CLI_ASSIGN_OR_RETURN(const Fitting fitting, FindHolder(session, text));
  return OneOf(session, fitting);
}

absl::StatusOr<std::vector<std::string>> ResolveHolders(Session& session,
                                                        const std::vector<std::string>& texts) {
  std::vector<Fitting> fittings;
  for (const std::string& text : texts) {
    CLI_ASSIGN_OR_RETURN(fittings.emplace_back(), FindHolder(session, text));
  }
  std::vector<std::string> holders;
  for (const Fitting& fitting : fittings) {
    CLI_ASSIGN_OR_RETURN(holders.emplace_back(), OneOf(session, fitting));
  }
  return holders;
}

absl::StatusOr<std::string> ResolveMember(Session& session, std::string_view text) {
  CLI_ASSIGN_OR_RETURN(std::string holder, ResolveHolder(session, text));
  if (!absl::StartsWith(ShortName(holder), "members/")) {
    return UsageError(
        Fill(T("\"$0\" is not a member. Only a person, household or organisation can do that."), text));
  }
  return holder;
}

absl::StatusOr<std::string> ResolveCircle(Session& session, std::string_view text) {
  CLI_ASSIGN_OR_RETURN(const Fitting fitting, FindCircle(session, text));
  return OneOf(session, fitting);
}

}  // namespace timebank::cli
