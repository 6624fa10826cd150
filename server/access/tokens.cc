#include "server/access/tokens.h"

#include <jansson.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>

extern "C" {
#include <cjose/cjose.h>
}

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/access/until_its_end.h"
#include "server/ledger/error.h"
#include "server/ledger/validate.h"
#include "server/services/days.h"
#include "storage/hash.h"
#include "storage/status_macros.h"
#include "storage/threads.h"

namespace timebank::access {
namespace {

using ledger::ErrorOf;
using ledger::Reason;

constexpr size_t kMostTokenBytes = 8192;
constexpr size_t kMostRemembered = 1024;  // in each shelf
constexpr size_t kShelves = 16;
constexpr int64_t kClocksDifferUs = 60'000'000;
constexpr int64_t kSecondUs = 1'000'000;

template <typename T, void (*kRelease)(T*)>
struct Releaser {
  void operator()(T* held) const { kRelease(held); }
};
void ReleaseJson(json_t* json) { json_decref(json); }
using Json = std::unique_ptr<json_t, Releaser<json_t, ReleaseJson>>;
void ReleaseJwk(cjose_jwk_t* key) { cjose_jwk_release(key); }
using Jwk = std::unique_ptr<cjose_jwk_t, Releaser<cjose_jwk_t, ReleaseJwk>>;
void ReleaseJws(cjose_jws_t* jws) { cjose_jws_release(jws); }
using Jws = std::unique_ptr<cjose_jws_t, Releaser<cjose_jws_t, ReleaseJws>>;

// A text that a JSON object holds under `name`; empty: none.
std::string TextIn(const json_t* object, const char* name) {
  const json_t* value = json_object_get(object, name);
  return json_is_string(value) ? std::string(json_string_value(value), json_string_length(value))
                               : std::string();
}

std::optional<int64_t> SecondsIn(const json_t* object, const char* name) {
  const json_t* value = json_object_get(object, name);
  if (!json_is_number(value)) return std::nullopt;
  const double seconds = json_number_value(value);  // RFC 7519 allows for fractions
  if (!(seconds > 0) || seconds > 253'402'300'799.0) return std::nullopt;
  return static_cast<int64_t>(seconds);
}

// Kinds of keys that an algorithm of signatures goes with; null: not taken, as `none` and shared secrets are.
std::optional<cjose_jwk_kty_t> KindFor(std::string_view algorithm) {
  for (const char* rsa : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) {
    if (algorithm == rsa) return CJOSE_JWK_KTY_RSA;
  }
  for (const char* curve : {"ES256", "ES384", "ES512"}) {
    if (algorithm == curve) return CJOSE_JWK_KTY_EC;
  }
  return std::nullopt;
}

struct NamedKey {
  std::string id;         // `kid`; may be empty
  std::string algorithm;  // `alg`; empty: any of its kind
  Jwk key;
};

absl::StatusOr<std::vector<NamedKey>> ReadKeys(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Json all(json_loadb(text.data(), text.size(), 0, nullptr));
  const json_t* listed = json_object_get(all.get(), "keys");
  std::vector<NamedKey> keys;
  for (size_t i = 0; i < json_array_size(listed); ++i) {
    const json_t* one = json_array_get(listed, i);
    const std::string use = TextIn(one, "use");
    const std::string kind = TextIn(one, "kty");
    if ((!use.empty() && use != "sig") || (kind != "RSA" && kind != "EC")) continue;
    char* written = json_dumps(one, JSON_COMPACT);
    cjose_err error = {};
    Jwk key(cjose_jwk_import(written, std::char_traits<char>::length(written), &error));
    free(written);  // NOLINT: jansson allocates so
    if (key != nullptr) keys.push_back({TextIn(one, "kid"), TextIn(one, "alg"), std::move(key)});
  }
  if (keys.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " cannot be read, or has no public key of a provider"));
  }
  return keys;
}

// What tells one state of a file from another.
std::array<int64_t, 4> StateOf(const std::string& path) {
  struct stat about = {};
  if (stat(path.c_str(), &about) != 0) return {};
  return {static_cast<int64_t>(about.st_ino), about.st_size, about.st_mtim.tv_sec, about.st_mtim.tv_nsec};
}

absl::Status Unknown(absl::string_view why) {
  return ErrorOf(Reason::kKeyUnknown, absl::StrCat("this token is not taken: ", why));
}

class ProvidersTokens final : public Tokens {
 public:
  ProvidersTokens(std::vector<Provider> providers, TokenOptions options)
      : options_(std::move(options)), providers_(std::move(providers)), states_(providers_.size()) {
    if (!options_.now_us) options_.now_us = services::SystemNowUs;
  }
  ~ProvidersTokens() override {
    {
      absl::MutexLock lock(&mutex_);
      ending_ = true;
    }
    if (looker_.joinable()) looker_.join();
  }

  absl::Status Open() {
    for (size_t i = 0; i < providers_.size(); ++i) {
      states_[i] = StateOf(providers_[i].jwks);
      TB_ASSIGN_OR_RETURN(std::vector<NamedKey> keys, ReadKeys(providers_[i].jwks));
      absl::MutexLock lock(&mutex_);
      keys_.push_back(std::move(keys));
    }
    looker_ = std::thread([this] {
      storage::NameThread("tokens");
      LookAtFiles();
    });
    return absl::OkStatus();
  }

  absl::StatusOr<Recognised> Verify(std::string_view token) const override {
    if (token.size() > kMostTokenBytes) return Unknown("it is too long");
    const std::string hash(storage::Sha256({token}).bytes());
    Shelf& shelf = shelves_[static_cast<unsigned char>(hash[0]) % kShelves];
    const int64_t now_us = options_.now_us();
    {
      absl::ReaderMutexLock lock(&shelf.mutex);
      if (auto found = shelf.tokens.find(hash); found != shelf.tokens.end()) {
        TB_RETURN_IF_ERROR(found->second.standing->Check(now_us));
        return found->second;
      }
    }
    absl::MutexLock lock(&mutex_);  // new keys wait for this, and then forget what was remembered before
    TB_ASSIGN_OR_RETURN(Recognised good, VerifyNew(std::string(token), now_us));
    absl::MutexLock remember(&shelf.mutex);
    if (shelf.tokens.size() >= kMostRemembered) shelf.tokens.clear();
    shelf.tokens.emplace(hash, good);
    return good;
  }

 private:
  struct Shelf {
    absl::Mutex mutex;
    absl::flat_hash_map<std::string, Recognised> tokens ABSL_GUARDED_BY(mutex);  // by SHA-256
  };

  absl::StatusOr<Recognised> VerifyNew(const std::string& token, int64_t now_us) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    cjose_err error = {};
    const Jws jws(cjose_jws_import(token.data(), token.size(), &error));
    if (jws == nullptr) return Unknown("it is none");
    cjose_header_t* header = cjose_jws_get_protected(jws.get());
    const char* algorithm = cjose_header_get(header, CJOSE_HDR_ALG, &error);
    const std::optional<cjose_jwk_kty_t> kind = KindFor(algorithm == nullptr ? "" : algorithm);
    if (!kind) return Unknown("it is not signed with a key pair");
    // RFC 7515, 4.1.11: what must be understood, and is not.
    char* must = cjose_header_get_raw(header, "crit", &error);
    const bool critical = must != nullptr;
    free(must);  // NOLINT: jansson allocates so
    if (critical) return Unknown("it asks for what is not known here");
    const char* named = cjose_header_get(header, CJOSE_HDR_KID, &error);
    const std::string key_id = named == nullptr ? "" : named;
    for (size_t i = 0; i < providers_.size(); ++i) {
      for (const NamedKey& key : keys_[i]) {
        if (cjose_jwk_get_kty(key.key.get(), &error) != *kind || key.id != key_id) continue;
        if (!key.algorithm.empty() && key.algorithm != algorithm) continue;
        if (!cjose_jws_verify(jws.get(), key.key.get(), &error)) continue;
        uint8_t* bytes = nullptr;
        size_t size = 0;
        if (!cjose_jws_get_plaintext(jws.get(), &bytes, &size, &error)) continue;
        const Json claims(
            json_loadb(reinterpret_cast<const char*>(bytes), size, JSON_REJECT_DUPLICATES, nullptr));
        if (TextIn(claims.get(), "iss") != providers_[i].issuer) continue;
        return Judge(providers_[i], claims.get(), now_us);
      }
    }
    return Unknown("no key of a provider has signed it");
  }

  static absl::StatusOr<Recognised> Judge(const Provider& provider, const json_t* claims, int64_t now_us) {
    const json_t* audience = json_object_get(claims, "aud");
    bool for_us = TextIn(claims, "aud") == provider.audience;
    for (size_t i = 0; i < json_array_size(audience); ++i) {
      const char* one = json_string_value(json_array_get(audience, i));
      for_us = for_us || (one != nullptr && provider.audience == one);
    }
    if (!for_us) return Unknown("it is for somebody else");
    const std::optional<int64_t> end = SecondsIn(claims, "exp");
    if (!end) return Unknown("it has no end");
    const int64_t end_us = *end * kSecondUs + kClocksDifferUs;
    if (end_us <= now_us) return ErrorOf(Reason::kKeyExpired, "this token has expired");
    const std::optional<int64_t> begin = SecondsIn(claims, "nbf");
    if (!begin && json_object_get(claims, "nbf") != nullptr) return Unknown("its `nbf` is no moment");
    if (begin && *begin * kSecondUs - kClocksDifferUs > now_us) return Unknown("its time has not come");
    const std::string subject = TextIn(claims, "sub");
    if (subject.empty()) return Unknown("it does not say whose it is");
    auto identity = std::make_shared<Identity>(provider.identity);
    // Below the provider's name, which the operator keeps clear of keys' owners (callers_file.h).
    identity->owner = absl::StrCat(provider.name, ".", subject);
    if (!ledger::IsSystem(identity->owner)) {
      const std::string digest(storage::Sha256({subject}).First(12));
      identity->owner = absl::StrCat(provider.name, ".", absl::BytesToHexString(digest));
    }
    if (identity->role == v1::ROLE_MEMBER) {
      identity->member = TextIn(claims, provider.member_claim.c_str());
      if (!ledger::IsId(identity->member)) return Unknown("it does not say which member it is of");
    }
    return Recognised{std::move(identity), std::make_shared<UntilItsEnd>(end_us, "this token has expired")};
  }

  // Whether it is time to end; waits a while for that.
  bool Ends() {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&ending_), absl::Milliseconds(options_.look_ms));
  }

  // Files are read while tokens are verified: a disk that answers late makes nobody wait.
  void LookAtFiles() {
    while (!Ends()) {
      for (size_t i = 0; i < providers_.size(); ++i) {
        const std::array<int64_t, 4> state = StateOf(providers_[i].jwks);
        if (state == states_[i]) continue;
        states_[i] = state;
        absl::StatusOr<std::vector<NamedKey>> keys = ReadKeys(providers_[i].jwks);
        if (keys.ok()) Replace(i, *std::move(keys));
      }
    }
  }

  void Replace(size_t provider, std::vector<NamedKey> keys) {
    absl::MutexLock lock(&mutex_);
    keys_[provider] = std::move(keys);
    for (Shelf& shelf : shelves_) {
      absl::MutexLock forget(&shelf.mutex);
      shelf.tokens.clear();
    }
  }

  TokenOptions options_;
  mutable std::array<Shelf, kShelves> shelves_;

  const std::vector<Provider> providers_;
  std::vector<std::array<int64_t, 4>> states_;  // of their files; the looker's

  mutable absl::Mutex mutex_;                                        // before a shelf's
  std::vector<std::vector<NamedKey>> keys_ ABSL_GUARDED_BY(mutex_);  // of each provider
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread looker_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<const Tokens>> OpenTokens(std::vector<Provider> providers,
                                                         TokenOptions options) {
  auto tokens = std::make_unique<ProvidersTokens>(std::move(providers), std::move(options));
  TB_RETURN_IF_ERROR(tokens->Open());
  return std::unique_ptr<const Tokens>(std::move(tokens));
}

}  // namespace timebank::access
