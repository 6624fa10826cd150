// Exchanges, balances and notices in the words that brokers read.
//
// Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_EXCHANGE_WORDS_H_
#define TIMEBANK_CLIENT_CLI_EXCHANGE_WORDS_H_

#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "client/cli/directory.h"
#include "client/cli/table.h"
#include "timebank/v1/exchange.pb.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::cli {

// `1042`; `-` for an exchange that was only tried out.
std::string NumberOf(const v1::Exchange& exchange);

// Who did what: `Ben Ferré helped Ana Muñoz`, `Ana Muñoz gave Community pot`, `undoes 1042`.
std::string Deed(const v1::Exchange& exchange, const Directory& directory);

// How long: `1h30`; with several people `2h each`; empty where everybody's differs (Deed() then tells).
std::string Length(const v1::Exchange& exchange);

// `1042  Tue 14 Nov  Ben Ferré helped Ana Muñoz  1h30  gardening`, without a line end. What was left over is
// told with who has it: `(Community pot gained 2h)`.
std::string ExchangeLine(const v1::Exchange& exchange, const Directory& directory, absl::CivilDay today);

// Whose balance changed, after and before: `Ben 6h in credit (was 4h30) · Ana 2h30 in debit (was 1h)`; more
// than four accounts one a line. `entries` were posted together, in this order. Every line has its end.
std::string BalanceLines(const std::vector<const v1::Exchange*>& entries, const Directory& directory);

// What there is to know and what to do about it, without the `! `. `posted`: false for a dry run.
std::string NoticeSentence(const v1::Notice& notice, const v1::Exchange& exchange, const Directory& directory,
                           bool posted);

// `recorded`, `confirmed`, `contested`, `reversed`.
std::string StateWord(v1::Exchange::State state);
// `exchange`, `gift`, `starter hours`, `opening`, `closing`, `reversal`.
std::string KindWord(v1::Exchange::Kind kind);
std::string KindWord(v1::Member::Kind kind);

// `2023-11-14T22:13:20Z`: to the second; JSON has the rest.
std::string Moment(const google::protobuf::Timestamp& time);
// `Tue 14 Nov 22:13` by the bank's clock for people; to programs as above.
std::string ClockMoment(const google::protobuf::Timestamp& time, const absl::TimeZone& zone,
                        absl::CivilDay today);
Cell MomentCell(const google::protobuf::Timestamp& time, const absl::TimeZone& zone, absl::CivilDay today);

// Exchanges as a table: number, day, who, hours, category, note, state.
Table ExchangeTable(const std::vector<v1::Exchange>& exchanges, const Directory& directory);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_EXCHANGE_WORDS_H_
