// OpenSSL's SHA256_* are marked as deprecated in favour of EVP, which allocates a context and looks up an
// implementation by name: several times the work of the hash itself where messages are a line long, and it
// has no cheap way to keep the state after a key. They use the processor's SHA instructions like EVP does.
// This is the one file that includes them.
#define OPENSSL_API_COMPAT 10101  // the last version that did not warn of them
#include "storage/hash.h"

#include <openssl/sha.h>

#include <algorithm>
#include <new>
#include <type_traits>

namespace timebank::storage {
namespace {

constexpr size_t kBlockBytes = SHA256_CBLOCK;
using Block = std::array<unsigned char, kBlockBytes>;

void Update(SHA256_CTX* context, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) SHA256_Update(context, part.data(), part.size());
}

// The context of a hash whose first block has been taken in.
SHA256_CTX After(const std::array<uint32_t, 8>& state) {
  SHA256_CTX context = {};
  std::copy(state.begin(), state.end(), context.h);
  context.Nl = kBlockBytes * 8;
  context.md_len = SHA256_DIGEST_LENGTH;
  return context;
}

std::array<uint32_t, 8> StateAfter(const Block& block) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Transform(&context, block.data());
  std::array<uint32_t, 8> state;
  std::copy(std::begin(context.h), std::end(context.h), state.begin());
  return state;
}

// HMAC, when `inner` has taken the message in.
Digest Outer(const std::array<uint32_t, 8>& outer, SHA256_CTX* inner) {
  Digest digest;
  SHA256_Final(digest.data(), inner);
  SHA256_CTX context = After(outer);
  SHA256_Update(&context, digest.data(), Digest::kBytes);
  SHA256_Final(digest.data(), &context);
  return digest;
}

}  // namespace

Digest Sha256(std::initializer_list<std::string_view> parts) {
  SHA256_CTX context;
  SHA256_Init(&context);
  Update(&context, parts);
  Digest digest;
  SHA256_Final(digest.data(), &context);
  return digest;
}

HmacKey::HmacKey(std::string_view key) {
  Block block = {};
  if (key.size() > kBlockBytes) {
    const Digest digest = Sha256({key});
    std::copy(digest.bytes().begin(), digest.bytes().end(), block.begin());
  } else {
    std::copy(key.begin(), key.end(), block.begin());
  }
  for (unsigned char& byte : block) byte ^= 0x36;
  inner_ = StateAfter(block);
  for (unsigned char& byte : block) byte ^= 0x36 ^ 0x5c;
  outer_ = StateAfter(block);
}

Digest HmacKey::Of(std::initializer_list<std::string_view> parts) const {
  SHA256_CTX context = After(inner_);
  Update(&context, parts);
  return Outer(outer_, &context);
}

static_assert(sizeof(SHA256_CTX) == 112 && std::is_trivially_copyable_v<SHA256_CTX>);

Hmac::Hmac(const HmacKey& key) : outer_(key.outer_) { new (context_.data()) SHA256_CTX(After(key.inner_)); }

void Hmac::Add(std::string_view piece) {
  SHA256_Update(reinterpret_cast<SHA256_CTX*>(context_.data()), piece.data(), piece.size());
}

Digest Hmac::Final() { return Outer(outer_, reinterpret_cast<SHA256_CTX*>(context_.data())); }

std::string HmacSha256(std::string_view key, std::string_view message) {
  return std::string(HmacKey(key).Of(message).bytes());
}

}  // namespace timebank::storage
