#include "client/cpp/credentials.h"

#include <arpa/inet.h>
#include <grpcpp/security/credentials.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace timebank::client {
namespace {

// What `path` holds, if that has `mark` in it; empty for no path.
absl::StatusOr<std::string> ReadPem(const std::string& path, std::string_view mark, const char* what) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", std::generic_category().message(errno)));
  }
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (bytes.find(mark) == bytes.npos) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is no PEM file with ", what));
  }
  return bytes;
}

constexpr std::string_view kCertificate = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kKey = "PRIVATE KEY-----";

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;

// No passphrase is ever asked for: a program may have nobody to ask.
int NoPassphrase(char*, int, int, void*) { return -1; }

// Whether the key is another certificate's. gRPC would only say that it cannot connect. What OpenSSL cannot
// read is left to gRPC.
bool IsOfAnother(const std::string& certificate_pem, const std::string& key_pem) {
  const BioPtr certificate_bio(
      BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())), &BIO_free);
  const BioPtr key_bio(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(certificate_bio.get(), nullptr, NoPassphrase, nullptr), &X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, NoPassphrase, nullptr), &EVP_PKEY_free);
  const bool other =
      certificate != nullptr && key != nullptr && X509_check_private_key(certificate.get(), key.get()) != 1;
  ERR_clear_error();
  return other;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(const TlsFiles& files) {
  if (files.certificate.empty() != files.key.empty()) {
    return absl::InvalidArgumentError("a certificate and its key go together: give both or neither");
  }
  auto ca = ReadPem(files.ca, kCertificate, "a certificate");
  if (!ca.ok()) return ca.status();
  auto certificate = ReadPem(files.certificate, kCertificate, "a certificate");
  if (!certificate.ok()) return certificate.status();
  auto key = ReadPem(files.key, kKey, "a private key");
  if (!key.ok()) return key.status();
  if (!key->empty() && IsOfAnother(*certificate, *key)) {
    return absl::InvalidArgumentError(
        absl::StrCat(files.key, ": is the key of another certificate than ", files.certificate));
  }
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = *std::move(ca);
  options.pem_cert_chain = *std::move(certificate);
  options.pem_private_key = *std::move(key);
  return grpc::SslCredentials(options);
}

bool IsOnThisMachine(std::string_view target) {
  if (target.starts_with("unix:") || target.starts_with("unix-abstract:")) return true;
  for (const std::string_view scheme : {"dns:", "ipv4:", "ipv6:"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    if (!target.starts_with("//")) break;
    // dns://SERVER/HOST asks SERVER, which may answer anything.
    if (!target.starts_with("///")) return false;
    target.remove_prefix(3);
    break;
  }
  std::string host(target);
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    if (end == host.npos) return false;
    host = host.substr(1, end - 1);
  } else if (const size_t colon = host.find(':');
             colon != host.npos && host.find(':', colon + 1) == host.npos) {
    host.resize(colon);
  }
  in_addr v4 = {};
  in6_addr v6 = {};
  return host == "localhost" ||
         (inet_pton(AF_INET, host.c_str(), &v4) == 1 && ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET) ||
         (inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6));
}

}  // namespace timebank::client
