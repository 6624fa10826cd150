// Banks and their settings.
#include <algorithm>

#include "server/ledger/run.h"
#include "server/ledger/validate.h"
#include "storage/keys.h"

namespace timebank::ledger {
namespace {

using storage::DirectoryKind;
using storage::Family;

// The list becomes exactly `names`, which are few enough; numbers of categories that were used once stay
// theirs.
void SetCategories(Run& run, const std::vector<std::string>& names) {
  std::vector<uint32_t> numbers;
  for (const std::string& name : names) {
    bool added = false;
    const uint32_t number = run.FindOrAddCategory(name, &added);
    if (std::find(numbers.begin(), numbers.end(), number) == numbers.end()) numbers.push_back(number);
  }
  *run.ChangeBank().mutable_settings()->mutable_categories() = {numbers.begin(), numbers.end()};
}

Verdict NoteBank(Run& run, sv1::Entry entry) {
  entry.set_about(run.bank_row().changed_at());
  run.ChangeBank().set_changed_at(run.head.last_sequence() + 1);
  entry.set_occurred_on(run.command.stamp.today);
  sv1::Texts texts;
  *texts.mutable_bank() = run.bank_row();
  texts.mutable_bank()->clear_secret();
  if (Verdict no = run.Append(&entry, texts)) return no;
  run.PutBank();
  return std::nullopt;
}

}  // namespace

Verdict DoOfServer(Run& run, const CreateTimebank& act, const sv1::InstanceRow& instance) {
  std::string slug_key = storage::SlugKey(0, instance.secret(), "bank", act.id);
  sv1::SlugRow number;
  if (run.state.GetRow(Family::kSlug, slug_key, &number)) {
    Refusal refusal = Refuse(Reason::kAlreadyExists);
    refusal.named = "timebanks/" + act.id;
    return refusal;
  }
  if (Verdict no = run.BrokersOnly()) return no;
  number.set_number(act.number);
  run.state.PutRow(Family::kSlug, std::move(slug_key), number);
  sv1::InstanceRow counted = instance;
  counted.set_bank_count(instance.bank_count() + 1);
  run.state.PutRow(Family::kMeta, std::string(storage::kMetaInstance), counted);
  run.state.PutRow(Family::kDirectory, storage::DirectoryKey(0, DirectoryKind::kBank, counted.bank_count()),
                   number);

  run.BeginBank(act.number);
  sv1::BankRow& row = run.ChangeBank();
  row.set_slug(act.id);
  row.set_display_name(act.display_name);
  row.set_trial(act.trial);
  row.set_secret(act.secret);
  *row.mutable_settings() = act.settings;
  row.mutable_settings()->clear_categories();
  row.set_create_time_us(run.command.stamp.now_us);
  row.set_ordinal(counted.bank_count());
  run.PutBank();  // names are kept under its secret
  SetCategories(run, act.categories);
  sv1::Entry entry;
  entry.set_kind(sv1::ENTRY_KIND_BANK_CREATED);
  return NoteBank(run, entry);
}

// A bank's own row is what the bank hangs on: where it is removed, the store removes the rest (FORMAT.md).
Verdict DoOfServer(Run& run, const DeleteTimebank& act, const sv1::InstanceRow& instance) {
  const OpenBank* bank = run.state.FindBank(act.id);
  if (bank == nullptr) {
    Refusal refusal = Refuse(Reason::kTimebankNotFound);
    refusal.named = act.id;
    return refusal;
  }
  if (Verdict no = run.BrokersOnly()) return no;
  if (run.command.actor.bank != 0 && run.command.actor.bank != bank->number)
    return Refuse(Reason::kRoleRequired);
  run.BeginBank(bank->number);
  if (!run.bank_row().trial()) return Refuse(Reason::kNotATrial);
  const std::string listed = storage::DirectoryKey(0, DirectoryKind::kBank, run.bank_row().ordinal());
  run.state.Put(Family::kSlug, storage::SlugKey(0, instance.secret(), "bank", act.id), "");
  run.state.Put(Family::kDirectory, listed, "");
  run.state.Put(Family::kDirectory, storage::DirectoryKey(run.bank, DirectoryKind::kBank, 0), "");
  return std::nullopt;
}

Verdict Do(Run& run, const UpdateSettings& act) {
  if (Verdict no = run.BrokersOnly()) return no;
  if (!act.etag.empty() && act.etag != std::to_string(run.bank_row().changed_at()))
    return Refuse(Reason::kEtagMismatch);
  sv1::Entry entry;
  entry.set_kind(sv1::ENTRY_KIND_SETTINGS_CHANGED);
  for (const std::string& name : act.mask) {
    const auto* field = sv1::SettingsRow::descriptor()->FindFieldByName(name);
    entry.add_changed_fields(static_cast<uint32_t>(field->number()));
    if (name == "categories") {
      SetCategories(run, act.categories);
      continue;
    }
    // What stands may be sent back, whatever this server knows of it.
    if (name == "time_zone" && !act.time_zone_known &&
        act.settings.time_zone() != run.bank_row().settings().time_zone()) {
      return Invalid("settings.time_zone", violation::kUnknownTimeZone);
    }
    sv1::SettingsRow* settings = run.ChangeBank().mutable_settings();
    sv1::SettingsRow kept = *settings;
    *settings = act.settings;
    settings->GetReflection()->SwapFields(settings, &kept, {field});
    *settings = kept;
  }
  return NoteBank(run, entry);
}

}  // namespace timebank::ledger
