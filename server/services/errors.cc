#include "server/services/errors.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "server/ledger/validate.h"
#include "server/services/abseil.h"
#include "server/services/names.h"

namespace timebank::services {
namespace {

using ledger::Reason;

constexpr int64_t kMillisecondNs = 1'000'000;

constexpr char kDetails[] = "timebank.v1/details";  // a serialized google.rpc.Status

// What a caller can do about it, in a sentence. Programs go by the reason.
std::string_view Sentence(Reason reason) {
  switch (reason) {
    case Reason::kValidation:
      return "the request is not well-formed";
    case Reason::kSharesDoNotBalance:
      return "what was given and received does not add up; name a remainder, or leave somebody's seconds out";
    case Reason::kBatchTooLarge:
      return "a batch holds at most 8,192 exchanges and 65,536 shares";
    case Reason::kBadPageToken:
      return "the page token does not belong to this list; start again without one";
    case Reason::kTimebankNotFound:
      return "there is no such timebank";
    case Reason::kHolderNotFound:
      return "there is no such member, circle or pot";
    case Reason::kExchangeNotFound:
      return "there is no such exchange";
    case Reason::kKeyNotFound:
      return "there is no such key";
    case Reason::kAlreadyExists:
      return "this id or external number is taken";
    case Reason::kRequestIdReused:
      return "this request_id was used for something else; take a new one";
    case Reason::kOriginRecorded:
      return "this has been imported before";
    case Reason::kBalanceLimit:
      return "the bank's limit does not allow this balance";
    case Reason::kHolderClosed:
      return "this account is closed";
    case Reason::kAlreadyReversed:
      return "this has been undone already";
    case Reason::kCannotReverseReversal:
      return "a reversal cannot be undone; contest it, or record the exchange again";
    case Reason::kCannotCorrect:
      return "only exchanges can be corrected; reverse this one and record it again";
    case Reason::kAlreadyCorrected:
      return "this was corrected; contest the exchange that stands instead";
    case Reason::kAlreadyRestored:
      return "this was recorded anew already";
    case Reason::kNotContested:
      return "nobody contests this";
    case Reason::kAlreadyContested:
      return "this is contested; settle it first";
    case Reason::kAlreadyConfirmed:
      return "this party has confirmed it already";
    case Reason::kDestinationRequired:
      return "name a destination for the hours that are left";
    case Reason::kDestinationMustBePot:
      return "hours in debit can be taken over by a pot only";
    case Reason::kNotClosed:
      return "this account is not closed";
    case Reason::kTooMany:
      return "there are as many as there may be";
    case Reason::kNotATrial:
      return "only a trial bank can be deleted";
    case Reason::kActingForLimit:
      return "this is more than the member lets the agent debit in a month";
    case Reason::kNotGranted:
      return "this agent may not act for this member";
    case Reason::kEtagMismatch:
      return "somebody else changed this meanwhile; read it again";
    case Reason::kRoleRequired:
      return "the caller's role does not allow this";
    case Reason::kNotAParty:
      return "only those who gave or received can do this";
    case Reason::kKeyUnknown:
      return "this server knows its callers by keys, and this call has none that it knows";
    case Reason::kKeyRevoked:
      return "this key was revoked";
    case Reason::kKeyExpired:
      return "this key or token has expired";
    case Reason::kRateLimited:
      return "too many calls; wait, and send this again";
    case Reason::kAmountOverflow:
      return "a balance would not fit";
    case Reason::kCorruptRecord:
      return "a stored record is damaged";
    default:
      return "the server cannot do this now";
  }
}

std::string_view Sentence(std::string_view violation) {
  namespace v = ledger::violation;
  static const std::map<std::string_view, std::string_view> kSentences = {
      {v::kRequired, "is required"},
      {v::kMustBePositive, "must be more than 0"},
      {v::kOutOfRange, "is beyond its limits"},
      {v::kTooLong, "is too long"},
      {v::kTooMany, "has too many elements"},
      {v::kNotUtf8, "is not valid UTF-8"},
      {v::kMalformed, "is not of the documented form"},
      {v::kDayInFuture, "is after the bank's today"},
      {v::kDayInPast, "is before the bank's today"},
      {v::kDayTooEarly, "is before 1900-01-01"},
      {v::kSameHolder, "names a holder that stands elsewhere in the same exchange"},
      {v::kOtherBank, "names something of another bank"},
      {v::kUnknownField, "names a field that cannot be set"},
      {v::kNoEffect, "would change nothing"},
      {v::kNotAMember, "must be a member"},
      {v::kUnknownTimeZone, "is not a time zone that this server knows"},
  };
  auto found = kSentences.find(violation);
  return found == kSentences.end() ? "is not as it should be" : found->second;
}

google::rpc::ErrorInfo InfoOf(Reason reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(NameOf(reason)));
  info.set_domain(kErrorDomain);
  return info;
}

google::rpc::BadRequest BadRequestOf(const std::vector<ledger::Violation>& violations) {
  google::rpc::BadRequest bad;
  // Trailers have to fit into what HTTP/2 peers take (8 KiB by default); the message tells how many there
  // are.
  constexpr size_t kMostTold = 20;
  for (size_t i = 0; i < std::min(violations.size(), kMostTold); ++i) {
    const ledger::Violation& violation = violations[i];
    auto* field = bad.add_field_violations();
    field->set_field(violation.field);
    field->set_reason(violation.reason);
    field->set_description(absl::StrCat(violation.field, " ", Abs(Sentence(violation.reason))));
  }
  return bad;
}

absl::Status Assemble(Reason reason, const std::string& message, const google::rpc::ErrorInfo& info,
                      const std::vector<ledger::Violation>& violations, int64_t retry_ns = kRetryNs) {
  google::rpc::Status details;
  details.set_code(static_cast<int>(CodeOf(reason)));
  details.set_message(message);
  details.add_details()->PackFrom(info);
  if (!violations.empty()) details.add_details()->PackFrom(BadRequestOf(violations));
  if (CodeOf(reason) == absl::StatusCode::kResourceExhausted) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(retry_ns / (1000 * kMillisecondNs));
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(retry_ns % (1000 * kMillisecondNs)));
    details.add_details()->PackFrom(retry);
  }
  absl::Status status = ledger::ErrorOf(reason, message);
  status.SetPayload(kDetails, absl::Cord(details.SerializeAsString()));
  return status;
}

std::string MessageOf(const ledger::Refusal& refusal, const RefusalNames& names) {
  std::string message(Sentence(refusal.reason));
  if (!refusal.violations.empty()) {
    const ledger::Violation& first = refusal.violations.front();
    message = absl::StrCat(first.field, " ", Abs(Sentence(std::string_view(first.reason))));
    if (refusal.violations.size() > 1)
      absl::StrAppend(&message, "; ", refusal.violations.size() - 1, " more");
  }
  if (!refusal.named.empty()) absl::StrAppend(&message, ": ", refusal.named);
  if (!names.holder.empty()) absl::StrAppend(&message, ": ", names.holder);
  if (!names.exchange.empty()) absl::StrAppend(&message, " (", names.exchange, ")");
  return message;
}

// Whether the bank's today tells what is wrong.
bool IsAboutToday(const std::vector<ledger::Violation>& violations) {
  return std::any_of(violations.begin(), violations.end(), [](const ledger::Violation& violation) {
    return violation.reason == ledger::violation::kDayInFuture ||
           violation.reason == ledger::violation::kDayInPast;
  });
}

// `month` is kept as year * 100 + month, and told as `2026-11`.
std::string TextOf(const std::string& key, int64_t number) {
  if (key != "month") return std::to_string(number);
  return absl::StrCat(absl::Dec(number / 100, absl::kZeroPad4), "-",
                      absl::Dec(number % 100, absl::kZeroPad2));
}

}  // namespace

absl::Status ToStatus(const ledger::Refusal& refusal, const RefusalNames& names) {
  google::rpc::ErrorInfo info = InfoOf(refusal.reason);
  auto& metadata = *info.mutable_metadata();
  for (const auto& [key, value] : refusal.numbers) metadata[key] = TextOf(key, value);
  if (!refusal.named.empty()) metadata["name"] = refusal.named;
  if (!names.holder.empty()) metadata["holder"] = names.holder;
  if (!names.exchange.empty()) metadata["exchange"] = names.exchange;
  if (IsAboutToday(refusal.violations)) metadata["today"] = names.today;
  return Assemble(refusal.reason, MessageOf(refusal, names), info, refusal.violations);
}

absl::Status ToStatus(const std::vector<ledger::Violation>& violations, const std::string& today) {
  ledger::Refusal refusal = ledger::Refuse(Reason::kValidation);
  refusal.violations = violations;
  return ToStatus(refusal, {.holder = {}, .exchange = {}, .today = today});
}

absl::Status NotFound(Reason reason, const std::string& name) {
  ledger::Refusal refusal = ledger::Refuse(reason);
  refusal.named = name;
  return ToStatus(refusal, {});
}

absl::Status OfAnotherBank(const std::string& bank_id) {
  google::rpc::ErrorInfo info = InfoOf(Reason::kRoleRequired);
  const std::string bank = BankName(bank_id);
  (*info.mutable_metadata())["timebank"] = bank;
  return Assemble(Reason::kRoleRequired, absl::StrCat("this key is for ", bank, " alone"), info, {});
}

absl::Status RateLimited(const std::string& why, int64_t wait_ns) {
  // In whole milliseconds, and not so soon that asking again is all that anybody does.
  const int64_t wait_ms = std::max<int64_t>((wait_ns + kMillisecondNs - 1) / kMillisecondNs, 10);
  return Assemble(Reason::kRateLimited, absl::StrCat(why, "; try again in ", wait_ms, " ms"),
                  InfoOf(Reason::kRateLimited), {}, wait_ms * kMillisecondNs);
}

google::rpc::Status ToRpc(const absl::Status& status) {
  google::rpc::Status rpc;
  if (status.ok()) return rpc;
  if (auto details = status.GetPayload(kDetails); details && rpc.ParseFromString(std::string(*details)))
    return rpc;
  Reason reason = ledger::ReasonOf(status).value_or(Reason::kNotServing);
  if (!ledger::ReasonOf(status)) {
    // From below: the disk or a damaged record. Cancelled and expired calls, and those for what this server
    // does not have, carry no reason of ours.
    if (absl::IsDataLoss(status)) {
      reason = Reason::kCorruptRecord;
    } else if (absl::IsCancelled(status) || absl::IsDeadlineExceeded(status) ||
               absl::IsUnimplemented(status)) {
      rpc.set_code(static_cast<int>(status.code()));
      rpc.set_message(std::string(status.message()));
      return rpc;
    }
  }
  // Files and folders are for whoever runs the server, who finds them in its log.
  const std::string what = reason == Reason::kCorruptRecord
                               ? "a record of the ledger is damaged; the server's log says where"
                               : std::string(status.message());
  return ToRpc(Assemble(reason, what, InfoOf(reason), {}));
}

grpc::Status ToGrpc(const absl::Status& status, grpc::CallbackServerContext* context, std::string* reason) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status rpc = ToRpc(status);
  if (!rpc.details().empty()) {
    google::rpc::ErrorInfo info;
    if (rpc.details(0).UnpackTo(&info)) {
      context->AddTrailingMetadata("timebank-reason", info.reason());
      *reason = info.reason();
    }
  }
  return grpc::Status(static_cast<grpc::StatusCode>(rpc.code()), rpc.message(), rpc.SerializeAsString());
}

}  // namespace timebank::services
