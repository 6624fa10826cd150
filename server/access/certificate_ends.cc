#include "server/access/certificate_ends.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdint>
#include <ctime>

#include "absl/time/time.h"
#include "server/access/until_its_end.h"

namespace timebank::access {
namespace {

constexpr std::string_view kSaid = "this client certificate has expired";

// Microseconds since 1970-01-01 UTC; 0 where it cannot be read.
int64_t EndOf(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
  tm time = {};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &time) != 1) {
    ERR_clear_error();
    return 0;
  }
  return absl::ToUnixMicros(absl::FromTM(time, absl::UTCTimeZone()));
}

}  // namespace

std::shared_ptr<const services::Standing> CertificateEnds::StandingOf(std::string_view pem) {
  const absl::string_view key(pem.data(), pem.size());
  {
    absl::ReaderMutexLock lock(&mutex_);
    if (const auto found = known_.find(key); found != known_.end()) return found->second;
  }
  auto standing = std::make_shared<const UntilItsEnd>(EndOf(pem), kSaid);
  absl::MutexLock lock(&mutex_);
  if (known_.size() >= kMostCertificates) known_.clear();
  return known_.try_emplace(std::string(pem), std::move(standing)).first->second;
}

}  // namespace timebank::access
