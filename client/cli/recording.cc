#include "client/cli/recording.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/arguments.h"
#include "client/cli/exchange_words.h"
#include "client/cli/resolve_holder.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/unlikely_hours.h"
#include "client/cli/words.h"
#include "client/cpp/error.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// Everything but the people: what can be wrong with it is told before anybody is asked who is meant.
absl::Status FillDetails(Session& session, const RecordOptions& options, const Sentence& sentence,
                         v1::Exchange& exchange) {
  CLI_RETURN_IF_ERROR(FillShareHours(session, sentence.before, *exchange.mutable_givers()));
  CLI_RETURN_IF_ERROR(FillShareHours(session, sentence.behind, *exchange.mutable_receivers()));
  if (sentence.hours.has_value()) {
    CLI_ASSIGN_OR_RETURN(const int64_t seconds, SecondsOf(session, sentence.hours_text, *sentence.hours));
    exchange.set_seconds(seconds);
  }
  CLI_RETURN_IF_ERROR(FillDayAndWords(session, options, sentence.words, exchange));
  exchange.set_unnamed_givers(static_cast<int32_t>(std::min<int64_t>(options.unnamed_givers, INT32_MAX)));
  exchange.set_unnamed_receivers(
      static_cast<int32_t>(std::min<int64_t>(options.unnamed_receivers, INT32_MAX)));
  for (const std::string& tag : options.tags) exchange.add_tags(tag);
  return absl::OkStatus();
}

// Somebody who is named on both sides; empty where nobody is.
std::string OnBothSides(const v1::Exchange& exchange) {
  for (const v1::Share& giver : exchange.givers()) {
    for (const v1::Share& receiver : exchange.receivers()) {
      if (giver.holder() == receiver.holder()) return giver.holder();
    }
  }
  return "";
}

absl::Status FillPeople(Session& session, const RecordOptions& options, const Sentence& sentence,
                        v1::Exchange& exchange) {
  std::vector<std::string> typed;
  for (const NamedShare& share : sentence.before) typed.push_back(share.name);
  for (const NamedShare& share : sentence.behind) typed.push_back(share.name);
  if (!options.remainder.empty()) typed.push_back(options.remainder);
  CLI_ASSIGN_OR_RETURN(const std::vector<std::string> holders, ResolveHolders(session, typed));
  auto holder = holders.begin();
  for (v1::Share& share : *exchange.mutable_givers()) share.set_holder(*holder++);
  for (v1::Share& share : *exchange.mutable_receivers()) share.set_holder(*holder++);
  if (!options.remainder.empty()) exchange.mutable_remainder()->set_holder(*holder++);
  session.situation().both_sides = OnBothSides(exchange);
  CLI_ASSIGN_OR_RETURN(*exchange.mutable_acting_for(), ReadActingFor(session, options.acting_for));
  return absl::OkStatus();
}

// Entering a slip again may meet a refusal that is kept under its id (a limit that has been moved since, an
// account that has been opened again): so many ids are then tried. More refusals than this in 90 days are
// left to a person.
constexpr int kMostSlipIds = 10;

// Whether `status` says that the id belongs to a refusal and not to an entry, so that the slip is still to be
// entered.
bool WasOnlyRefused(Session& session, const v1::RecordExchangeRequest& request, const absl::Status& status) {
  if (status.code() == absl::StatusCode::kFailedPrecondition) {
    // Perhaps the refusal is old. What would the server say today?
    v1::RecordExchangeRequest trial = request;
    trial.clear_request_id();
    trial.set_validate_only(true);
    return session.client().RecordExchange(std::move(trial)).ok();
  }
  if (client::ErrorReason(status) != "REQUEST_ID_REUSED") return false;
  v1::GetExchangeRequest first;
  const auto metadata = client::ErrorMetadata(status);
  const auto exchange = metadata.find("exchange");
  if (exchange == metadata.end()) return false;
  first.set_name(exchange->second);
  return session.client().GetExchange(std::move(first)).status().code() == absl::StatusCode::kNotFound;
}

// Whether the entry that the slip led to was undone, and nothing stands in its place.
bool IsUndone(Session& session, const std::string& exchange) {
  v1::GetExchangeRequest request;
  request.set_name(exchange);
  const auto found = session.client().GetExchange(std::move(request));
  return found.ok() && found->exchange().state() == v1::Exchange::STATE_REVERSED &&
         found->exchange().corrected_by().empty();
}

// The entry that an answer about a slip's id names as the first one; empty: none.
std::string FirstEntry(const absl::StatusOr<v1::RecordExchangeResponse>& response) {
  if (response.ok()) return response->replayed() ? response->exchange().name() : "";
  if (client::ErrorReason(response.status()) != "REQUEST_ID_REUSED") return "";
  const auto metadata = client::ErrorMetadata(response.status());
  const auto exchange = metadata.find("exchange");
  return exchange == metadata.end() ? "" : exchange->second;
}

// Whether the slip is still to be entered, though its id has been used.
bool IsStillToBeEntered(Session& session, const std::string& slip, const v1::RecordExchangeRequest& request,
                        const absl::StatusOr<v1::RecordExchangeResponse>& response) {
  const std::string first = FirstEntry(response);
  if (!first.empty() && IsUndone(session, first)) {
    session.Notice(Fill(T("Slip $0 had been entered as $1, which was undone; it is entered anew."), slip,
                        client::IdOf(first)));
    return true;
  }
  return !response.ok() && WasOnlyRefused(session, request, response.status());
}

}  // namespace

absl::StatusOr<v1::RecordExchangeRequest> RecordRequest(Session& session, const Sentence& typed,
                                                        const RecordOptions& options) {
  v1::RecordExchangeRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  Sentence sentence = typed;
  CLI_RETURN_IF_ERROR(JoinWholeNames(session, sentence.before));
  CLI_RETURN_IF_ERROR(JoinWholeNames(session, sentence.behind));
  CLI_RETURN_IF_ERROR(FillDetails(session, options, sentence, *request.mutable_exchange()));
  CLI_RETURN_IF_ERROR(FillPeople(session, options, sentence, *request.mutable_exchange()));
  // A bare number has been asked about.
  const bool asked = sentence.hours.has_value() && sentence.hours->if_minutes_seconds.has_value();
  if (!asked) CLI_RETURN_IF_ERROR(AskIfUnlikely(session, *request.mutable_exchange()));
  request.set_check_duplicates(true);
  return request;
}

std::string SlipTag(const std::string& slip) { return absl::StrCat("slip:", slip); }

absl::StatusOr<v1::RecordExchangeResponse> PostRecord(Session& session, const std::string& slip,
                                                      v1::RecordExchangeRequest request) {
  session.Stamp(request);
  session.situation().slip = slip;
  if (!slip.empty()) request.mutable_exchange()->add_tags(SlipTag(slip));
  if (slip.empty() || request.validate_only() || !request.request_id().empty()) {
    return session.client().RecordExchange(std::move(request));
  }
  for (int attempt = 1;; ++attempt) {
    request.set_request_id(attempt == 1 ? absl::StrCat("slip-", slip)
                                        : absl::StrCat("slip-", slip, ".", attempt));
    absl::StatusOr<v1::RecordExchangeResponse> response = session.client().RecordExchange(request);
    if (attempt == kMostSlipIds || !IsStillToBeEntered(session, slip, request, response)) return response;
  }
}

}  // namespace timebank::cli
