#include "client/cli/importer.h"

#include <google/protobuf/util/time_util.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/cli/errors.h"
#include "client/cli/fetch_balances.h"
#include "client/cli/limits.h"
#include "client/cli/status_macros.h"
#include "client/cli/words.h"
#include "client/cpp/error.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// One call's worth. More would not be faster, and a refusal of the whole call would cost more.
constexpr size_t kBatch = 1000;
// Progress is told about so often.
constexpr int64_t kRowsBetweenProgress = 100;

// Errors that say nothing about the row: the run ends.
bool IsAboutTheServer(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return client::ErrorReason(status) == "TIMEBANK_NOT_FOUND";
  }
}

}  // namespace

Importer::Importer(client::Client client, imports::Reader& reader, ImporterOptions options)
    : client_(std::move(client)), reader_(reader), options_(std::move(options)) {}

absl::StatusOr<ImportReport> Importer::Run() {
  ImportAccount& pot = report_.accounts[""];
  pot.holder = client::HolderName(options_.bank, "pots/community");
  pot.existed = options_.bank_exists;
  if (options_.bank_exists) {
    CLI_RETURN_IF_ERROR(LoadAccounts());
    CLI_RETURN_IF_ERROR(LoadBalances());
  }
  imports::Row row;
  for (;;) {
    CLI_ASSIGN_OR_RETURN(const bool more, reader_.Next(row));
    if (!more) break;
    ++report_.rows;
    if (auto* member = std::get_if<imports::ImportedMember>(&row)) {
      CLI_RETURN_IF_ERROR(TakeMember(*member));
    } else if (auto* exchange = std::get_if<imports::ImportedExchange>(&row)) {
      CLI_RETURN_IF_ERROR(TakeExchange(std::move(*exchange)));
    } else {
      const auto& reject = std::get<imports::Reject>(row);
      Reject(reject.place, reject.field, reject.reason);
    }
    if (options_.on_progress && report_.rows % kRowsBetweenProgress == 0) {
      options_.on_progress(reader_.bytes_consumed(), reader_.bytes_total());
    }
  }
  CLI_RETURN_IF_ERROR(Flush());
  if (options_.on_progress) options_.on_progress(reader_.bytes_total(), reader_.bytes_total());
  return report_;
}

// ---- What the bank has
// ---------------------------------------------------------------------------------------------

absl::Status Importer::LoadAccounts() {
  v1::ListMembersRequest request;
  request.set_parent(options_.bank);
  request.set_page_size(kLongestPage);
  for (absl::StatusOr<v1::Member>& member : client_.ListMembers(std::move(request))) {
    if (!member.ok()) return member.status();
    for (const v1::Member::ExternalId& id : member->external_ids()) {
      if (id.system() != reader_.system()) continue;
      ImportAccount& account = report_.accounts[id.number()];
      account.holder = member->merged_into().empty() ? member->name() : member->merged_into();
      account.number = id.number();
      account.display_name = member->display_name();
      account.existed = true;
    }
  }
  return absl::OkStatus();
}

absl::Status Importer::LoadBalances() {
  std::vector<std::string> holders;
  for (const auto& [number, account] : report_.accounts) holders.push_back(account.holder);
  CLI_ASSIGN_OR_RETURN(const std::vector<v1::Balance> balances,
                       FetchBalances(client_, options_.bank, holders));
  auto balance = balances.begin();
  for (auto& [number, account] : report_.accounts) account.before_seconds = (balance++)->seconds();
  return absl::OkStatus();
}

// ---- Members
// -------------------------------------------------------------------------------------------------------

absl::Status Importer::TakeMember(const imports::ImportedMember& member) {
  const auto known = report_.accounts.find(member.number);
  if (known != report_.accounts.end()) {
    known->second.in_files = true;
    ++report_.members_known;
    return absl::OkStatus();
  }
  return AddMember(member).status();
}

absl::StatusOr<bool> Importer::AddMember(const imports::ImportedMember& member) {
  const std::string id = absl::StrCat(Absl(reader_.id_prefix()), member.number);
  ImportAccount account;
  account.holder = client::HolderName(options_.bank, id);
  account.number = member.number;
  account.display_name = member.display_name;
  account.in_files = true;
  if (options_.commit) {
    v1::CreateMemberRequest request;
    request.set_parent(options_.bank);
    request.set_member_id(id);
    request.set_no_starter(true);
    v1::Member& created = *request.mutable_member();
    created.set_display_name(member.display_name);
    created.set_joined_on(member.joined_on);
    for (const std::string& phone : member.phones) created.add_phones(phone);
    for (const std::string& email : member.emails) created.add_emails(email);
    v1::Member::ExternalId& external = *created.add_external_ids();
    external.set_system(std::string(reader_.system()));
    external.set_number(member.number);
    const absl::StatusOr<v1::CreateMemberResponse> response = client_.CreateMember(std::move(request));
    if (!response.ok()) {
      if (IsAboutTheServer(response.status())) return response.status();
      Reject(member.place, "", Explain(response.status(), {}));
      return false;
    }
    account.holder = response->member().name();
  }
  ++report_.members_new;
  report_.accounts.emplace(member.number, std::move(account));
  return true;
}

absl::StatusOr<ImportAccount*> Importer::AccountOf(const std::string& number, const imports::Place& place,
                                                   const std::string& field) {
  auto found = report_.accounts.find(number);
  if (found == report_.accounts.end() && options_.make_members) {
    imports::ImportedMember unnamed;
    unnamed.place = place;
    unnamed.number = number;
    CLI_ASSIGN_OR_RETURN(const bool added, AddMember(unnamed));
    if (!added) return nullptr;
    found = report_.accounts.find(number);
  }
  if (found == report_.accounts.end()) {
    Reject(place, field,
           absl::StrCat("there is no member ", number,
                        " in the files (or its row cannot be read), nor in the bank"));
    return nullptr;
  }
  found->second.in_files = true;
  return &found->second;
}

// ---- Exchanges
// -----------------------------------------------------------------------------------------------------

absl::Status Importer::TakeExchange(imports::ImportedExchange exchange) {
  CLI_ASSIGN_OR_RETURN(ImportAccount * giver,
                       AccountOf(exchange.giver, exchange.place, exchange.giver_field));
  if (giver == nullptr) return absl::OkStatus();
  CLI_ASSIGN_OR_RETURN(ImportAccount * receiver,
                       AccountOf(exchange.receiver, exchange.place, exchange.receiver_field));
  if (receiver == nullptr) return absl::OkStatus();
  Pending pending{std::move(exchange), giver, receiver};
  if (!options_.commit) return Ask(pending);
  batch_.push_back(std::move(pending));
  return batch_.size() < kBatch ? absl::OkStatus() : Flush();
}

v1::Exchange Importer::ToExchange(const Pending& pending) const {
  v1::Exchange exchange;
  exchange.add_givers()->set_holder(pending.giver->holder);
  exchange.add_receivers()->set_holder(pending.receiver->holder);
  exchange.set_seconds(pending.row.seconds);
  exchange.set_occurred_on(pending.row.occurred_on);
  exchange.set_note(pending.row.note);
  v1::Origin& origin = *exchange.mutable_origin();
  origin.set_system(std::string(reader_.system()));
  origin.set_number(pending.row.origin_number);
  if (pending.row.record_time != absl::InfinitePast()) {
    *origin.mutable_record_time() = google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
        absl::ToUnixMicros(pending.row.record_time));
  }
  return exchange;
}

// A dry run: the server says what it would do. Where somebody is still to be added there is nothing to ask.
absl::Status Importer::Ask(const Pending& pending) {
  if (!pending.giver->existed || !pending.receiver->existed) return Settle(pending, absl::OkStatus());
  v1::RecordExchangeRequest request;
  request.set_parent(options_.bank);
  *request.mutable_exchange() = ToExchange(pending);
  request.set_validate_only(true);
  return Settle(pending, client_.RecordExchange(std::move(request)).status());
}

absl::Status Importer::Flush() {
  if (batch_.empty()) return absl::OkStatus();
  v1::BatchRecordExchangesRequest request;
  request.set_parent(options_.bank);
  for (const Pending& pending : batch_) *request.add_exchanges() = ToExchange(pending);
  CLI_ASSIGN_OR_RETURN(const v1::BatchRecordExchangesResponse response,
                       client_.BatchRecordExchanges(std::move(request)));
  if (static_cast<size_t>(response.results_size()) != batch_.size()) {
    return absl::InternalError("The server answered for another number of exchanges than it was sent.");
  }
  for (size_t i = 0; i < batch_.size(); ++i) {
    CLI_RETURN_IF_ERROR(Settle(batch_[i], client::ToStatus(response.results(static_cast<int>(i)).status())));
  }
  batch_.clear();
  return absl::OkStatus();
}

absl::Status Importer::Settle(const Pending& pending, const absl::Status& status) {
  const int64_t seconds = pending.row.seconds;
  if (status.ok()) {
    ++report_.exchanges_new;
    report_.seconds += seconds;
    pending.giver->new_seconds += seconds;
    pending.receiver->new_seconds -= seconds;
  } else if (client::ErrorReason(status) == "ORIGIN_RECORDED") {
    ++report_.exchanges_known;
    report_.seconds += seconds;
    pending.giver->known_seconds += seconds;
    pending.receiver->known_seconds -= seconds;
  } else if (IsAboutTheServer(status)) {
    return status;
  } else {
    Reject(pending.row.place, "", Explain(status, {}));
  }
  return absl::OkStatus();
}

void Importer::Reject(const imports::Place& place, const std::string& field, const std::string& reason) {
  ++report_.rejected;
  if (options_.on_reject) options_.on_reject({place, field, reason});
}

// ---- Afterwards
// ----------------------------------------------------------------------------------------------------

absl::StatusOr<std::vector<BalanceDifference>> Importer::CheckBalances(const ImportReport& report) {
  // Members who have been merged since share an account.
  std::map<std::string, ImportAccount> by_holder;
  for (const auto& [number, account] : report.accounts) {
    if (!account.in_files) continue;
    const auto [found, first] = by_holder.emplace(account.holder, account);
    if (!first) found->second.new_seconds += account.new_seconds;
  }
  std::vector<std::string> holders;
  for (const auto& [holder, account] : by_holder) holders.push_back(holder);
  CLI_ASSIGN_OR_RETURN(const std::vector<v1::Balance> balances,
                       FetchBalances(client_, options_.bank, holders));
  std::vector<BalanceDifference> differences;
  auto balance = balances.begin();
  for (const auto& [holder, account] : by_holder) {
    const int64_t actual_seconds = (balance++)->seconds();
    if (actual_seconds != account.expected_seconds()) differences.push_back({account, actual_seconds});
  }
  return differences;
}

}  // namespace timebank::cli
