#include "storage/hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdlib>
#include <memory>

namespace timebank::storage {
namespace {

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// With everything that costs time looked up once a thread: OpenSSL's one-shot HMAC() takes three times as
// long, and each recorded exchange needs several hashes.
class Hmac {
 public:
  Hmac() {
    mac_.reset(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr));
    context_.reset(mac_ ? EVP_MAC_CTX_new(mac_.get()) : nullptr);
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    Check(context_ != nullptr && EVP_MAC_CTX_set_params(context_.get(), params) == 1);
  }

  std::string Of(std::string_view key, std::string_view message) {
    // OpenSSL takes an empty key for "the one from before"; to HMAC, which pads with zeros, a zero byte is
    // the same as nothing.
    if (key.empty()) key = std::string_view("\0", 1);
    std::string digest(32, '\0');
    size_t length = 0;
    Check(EVP_MAC_init(context_.get(), Bytes(key), key.size(), nullptr) == 1);
    Check(EVP_MAC_update(context_.get(), Bytes(message), message.size()) == 1);
    Check(EVP_MAC_final(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), &length,
                        digest.size()) == 1);
    return digest;
  }

 private:
  struct Free {
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  };

  // An OpenSSL that cannot hash, or memory that is gone: nothing sensible can go on.
  static void Check(bool done) {
    if (!done) std::abort();
  }

  std::unique_ptr<EVP_MAC, Free> mac_;
  std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

}  // namespace

std::string HmacSha256(std::string_view key, std::string_view message) {
  static thread_local Hmac hmac;
  return hmac.Of(key, message);
}

}  // namespace timebank::storage
