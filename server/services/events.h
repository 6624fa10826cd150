// A bank's journal as a feed of events.
//
// Threads: pure functions of a view.
#ifndef TIMEBANK_SERVER_SERVICES_EVENTS_H_
#define TIMEBANK_SERVER_SERVICES_EVENTS_H_

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "server/services/bank_reader.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::services {

// Appends the events behind entry `after`, at most `most` (at least 1). Returns the number of the last entry
// that was told, or `after` where there is none. DATA_LOSS where the bank has an entry behind `after` and the
// journal has not; entries before such a gap are told first.
absl::StatusOr<storage::Sequence> AppendEvents(BankReader& bank, storage::Sequence after, size_t most,
                                               google::protobuf::RepeatedPtrField<v1::LedgerEvent>* events);

// The settings as they were after entry `entry` of kind BANK_CREATED or SETTINGS_CHANGED.
absl::StatusOr<v1::SettingsChange> ToSettingsChange(BankReader& bank, const storage::v1::Entry& entry);

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_EVENTS_H_
