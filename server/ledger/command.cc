#include "server/ledger/command.h"

#include <algorithm>
#include <string_view>

#include "server/ledger/validate.h"

namespace timebank::ledger {
namespace {

// Takes the bytes of a body, piece by piece.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void Take(std::string_view piece) = 0;
};
class StringSink final : public Sink {
 public:
  explicit StringSink(std::string* out) : out_(out) {}
  void Take(std::string_view piece) override { out_->append(piece); }

 private:
  std::string* out_;
};
class HashSink final : public Sink {
 public:
  explicit HashSink(const storage::HmacKey& key) : hmac_(key) {}
  void Take(std::string_view piece) override { hmac_.Add(piece); }
  storage::Digest Final() { return hmac_.Final(); }

 private:
  storage::Hmac hmac_;
};

enum class WhenAllZero { kWrite, kWriteNothing };

// Writes values so that different sequences of values never give the same bytes: each carries its length.
class Canon {
 public:
  Canon(Sink* out, WhenAllZero when_all_zero)
      : out_(out), holding_back_(when_all_zero == WhenAllZero::kWriteNothing) {}

  Canon& Number(int64_t value) {
    if (holding_back_) {
      if (value == 0) {
        ++held_back_;
        return *this;
      }
      holding_back_ = false;
      for (; held_back_ > 0; --held_back_) Put(0);
    }
    Put(static_cast<uint64_t>(value));
    return *this;
  }
  Canon& Word(std::string_view value) {
    Number(static_cast<int64_t>(value.size()));
    if (value.size() > sizeof(buffer_) - used_) Flush();
    if (value.size() > sizeof(buffer_)) {
      out_->Take(value);
    } else {
      std::copy(value.begin(), value.end(), buffer_ + used_);
      used_ += value.size();
    }
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
  // What is still here goes to the sink.
  void Flush() {
    out_->Take({buffer_, used_});
    used_ = 0;
  }

 private:
  void Put(uint64_t bits) {
    if (sizeof(buffer_) - used_ < 9) Flush();
    char* const to = buffer_ + used_;
    to[0] = 'n';
    for (int i = 0; i < 8; ++i) to[1 + i] = static_cast<char>(bits >> (8 * i));
    used_ += 9;
  }

  Sink* out_;
  bool holding_back_;     // nothing but zeros so far
  size_t held_back_ = 0;  // so many
  size_t used_ = 0;
  char buffer_[2048];
};

// Of what could not be read, only that it was wrong is left; but a day in the future today is none tomorrow,
// and the request is still the same.
bool IsOfTheRequest(const Violation& violation) { return violation.reason != violation::kDayInFuture; }

class BodyWriter {
 public:
  // A request that says nothing but empty words says nothing that would have to be erasable: it has no texts.
  BodyWriter(Sink* facts, Sink* texts)
      : facts_(facts, WhenAllZero::kWrite), texts_(texts, WhenAllZero::kWriteNothing) {}

  void Write(const Command& command) {
    facts_.Number(static_cast<int64_t>(command.act.index())).Word(command.bank);
    std::visit(*this, command.act);
    facts_.Flush();
    texts_.Flush();
  }

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
  void operator()(const DeleteTimebank& act) { facts_.Word(act.id); }
  void operator()(const GrantActingFor& act) {
    facts_.Word(act.id).Holder(act.agent).Maybe(act.seconds_per_month).Number(act.no_limit).Maybe(act.until);
  }
  void operator()(const RevokeActingFor& act) { facts_.Word(act.id).Holder(act.agent); }
  void operator()(const UpdateSettings& act) {
    facts_.Word(act.settings.SerializeAsString()).Words(act.categories).Words(act.mask).Word(act.etag);
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
};

}  // namespace

bool ExchangeMask::any() const {
  return givers || receivers || seconds || remainder || unnamed_givers || unnamed_receivers || occurred_on ||
         category || note || tags || decision;
}

Body BodyOf(const Command& command) {
  Body body;
  StringSink facts(&body.facts);
  StringSink texts(&body.texts);
  BodyWriter(&facts, &texts).Write(command);
  return body;
}

BodyHashes BodyHashesOf(const Command& command, const storage::HmacKey& facts_key,
                        const storage::HmacKey& texts_key) {
  HashSink facts(facts_key);
  HashSink texts(texts_key);
  BodyWriter(&facts, &texts).Write(command);
  return {.facts = facts.Final(), .texts = texts.Final()};
}

}  // namespace timebank::ledger
