#include "server/ledger/command.h"

#include <algorithm>
#include <string_view>

#include "server/ledger/validate.h"

namespace timebank::ledger {
namespace {

// Writes values so that different sequences of values never give the same bytes: each carries its length.
class Canon {
 public:
  explicit Canon(std::string* out) : out_(out) {}

  Canon& Number(int64_t value) {
    out_->push_back('n');
    auto bits = static_cast<uint64_t>(value);
    for (int i = 0; i < 8; ++i) out_->push_back(static_cast<char>(bits >> (8 * i)));
    return *this;
  }
  Canon& Word(std::string_view value) {
    Number(static_cast<int64_t>(value.size()));
    out_->append(value);
    return *this;
  }
  template <typename T>
  Canon& Maybe(const std::optional<T>& value) {
    return value ? Number(1).Number(*value) : Number(0);
  }
  Canon& Holder(const HolderRef& holder) { return Number(static_cast<int64_t>(holder.kind)).Word(holder.id); }
  Canon& Words(const std::vector<std::string>& words) {
    Number(static_cast<int64_t>(words.size()));
    for (const std::string& word : words) Word(word);
    return *this;
  }

 private:
  std::string* out_;
};

// Of what could not be read, only that it was wrong is left; but a day in the future today is none tomorrow,
// and the request is still the same.
bool IsOfTheRequest(const Violation& violation) { return violation.reason != violation::kDayInFuture; }

class BodyWriter {
 public:
  explicit BodyWriter(Body* body) : facts_(&body->facts), texts_(&body->texts), body_(body) {}

  void operator()(const RecordExchange& act) { Exchange(act.exchange); }
  void operator()(const BatchRecordExchanges& act) {
    facts_.Number(act.all_or_nothing).Number(static_cast<int64_t>(act.items.size()));
    for (const auto& item : act.items) {
      facts_.Number(std::count_if(item.violations.begin(), item.violations.end(), IsOfTheRequest));
      Exchange(item.exchange);
    }
  }
  void operator()(const CorrectExchange& act) {
    facts_.Number(static_cast<int64_t>(act.exchange)).Holder(act.acting_for);
    Changes(act.changes, act.mask);
    texts_.Word(act.reason);
  }
  void operator()(const ReverseExchange& act) { About(act.exchange, act.acting_for, act.reason); }
  void operator()(const ContestExchange& act) { About(act.exchange, act.acting_for, act.reason); }
  void operator()(const SettleExchange& act) {
    About(act.exchange, act.acting_for, act.reason);
    facts_.Number(static_cast<int64_t>(act.outcome));
    Changes(act.changes, act.mask);
  }
  void operator()(const ConfirmExchange& act) { About(act.exchange, act.acting_for, {}); }
  void operator()(const EraseExchangeNote& act) { About(act.exchange, act.acting_for, {}); }
  void operator()(const RecordGift& act) {
    facts_.Holder(act.debited)
        .Holder(act.credited)
        .Number(act.seconds)
        .Maybe(act.occurred_on)
        .Word(act.category);
    facts_.Holder(act.acting_for);
    texts_.Word(act.note).Words(act.tags).Word(act.decision);
    Origin(act.origin);
  }
  void operator()(const RecordOpening& act) {
    facts_.Holder(act.holder).Number(act.seconds).Maybe(act.occurred_on);
    texts_.Word(act.note);
    Origin(act.origin);
  }
  void operator()(const CreateMember& act) {
    facts_.Word(act.id).Maybe(act.joined_on).Number(act.no_starter);
    texts_.Word(act.details.SerializeAsString());
  }
  void operator()(const UpdateMember& act) {
    facts_.Word(act.id).Words(act.mask).Word(act.etag);
    texts_.Word(act.details.SerializeAsString());
  }
  void operator()(const CloseMember& act) {
    facts_.Word(act.id).Holder(act.destination).Maybe(act.closed_on);
  }
  void operator()(const ReopenMember& act) { facts_.Word(act.id); }
  void operator()(const MergeMember& act) { facts_.Word(act.id).Word(act.into); }
  void operator()(const CreateCircle& act) {
    facts_.Word(act.id).Words(act.members);
    texts_.Word(act.display_name);
  }
  void operator()(const ChangeCircle& act) { facts_.Word(act.id).Words(act.add).Words(act.remove); }
  void operator()(const CreateTimebank& act) {
    facts_.Word(act.id).Number(act.trial).Word(act.settings.SerializeAsString()).Words(act.categories);
    texts_.Word(act.display_name);
  }
  void operator()(const UpdateSettings& act) {
    facts_.Word(act.settings.SerializeAsString()).Words(act.categories).Words(act.mask).Word(act.etag);
  }

  // Nothing but empty words: the request says nothing that would have to be erasable.
  bool AnyText() const {
    for (size_t i = 0; i < body_->texts.size(); i += 9) {
      if (body_->texts.compare(i + 1, 8, std::string_view("\0\0\0\0\0\0\0\0", 8)) != 0) return true;
    }
    return false;
  }

 private:
  void About(Sequence exchange, const HolderRef& acting_for, const std::string& reason) {
    facts_.Number(static_cast<int64_t>(exchange)).Holder(acting_for);
    texts_.Word(reason);
  }
  void Shares(const std::vector<ShareSpec>& shares) {
    facts_.Number(static_cast<int64_t>(shares.size()));
    for (const ShareSpec& share : shares) facts_.Holder(share.holder).Maybe(share.seconds);
  }
  void Origin(const std::optional<OriginSpec>& origin) {
    facts_.Number(origin.has_value());
    if (origin) {
      facts_.Number(origin->time_us);
      texts_.Word(origin->system).Word(origin->number).Word(origin->recorded_by);
    }
  }
  void Exchange(const ExchangeSpec& exchange) {
    Shares(exchange.givers);
    Shares(exchange.receivers);
    facts_.Number(exchange.seconds).Holder(exchange.remainder);
    facts_.Number(exchange.unnamed_givers).Number(exchange.unnamed_receivers);
    facts_.Maybe(exchange.occurred_on).Word(exchange.category).Holder(exchange.acting_for);
    texts_.Word(exchange.note).Words(exchange.tags).Word(exchange.decision);
    Origin(exchange.origin);
  }
  void Changes(const ExchangeSpec& exchange, const ExchangeMask& mask) {
    for (bool field :
         {mask.givers, mask.receivers, mask.seconds, mask.remainder, mask.unnamed_givers,
          mask.unnamed_receivers, mask.occurred_on, mask.category, mask.note, mask.tags, mask.decision}) {
      facts_.Number(field);
    }
    Exchange(exchange);
  }

  Canon facts_;
  Canon texts_;
  Body* body_;
};

}  // namespace

bool ExchangeMask::any() const {
  return givers || receivers || seconds || remainder || unnamed_givers || unnamed_receivers || occurred_on ||
         category || note || tags || decision;
}

Body BodyOf(const Command& command) {
  Body body;
  Canon(&body.facts).Number(static_cast<int64_t>(command.act.index())).Word(command.bank);
  BodyWriter writer(&body);
  std::visit(writer, command.act);
  if (!writer.AnyText()) body.texts.clear();
  return body;
}

}  // namespace timebank::ledger
