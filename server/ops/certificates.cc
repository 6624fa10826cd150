#include "server/ops/certificates.h"

#include <arpa/inet.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "storage/status_macros.h"
#include "storage/threads.h"

namespace timebank::ops {
namespace {

// Files that are just being written are the same after so long, or not whole.
constexpr absl::Duration kSettle = absl::Milliseconds(200);
constexpr absl::Duration kTellAgain = absl::Hours(24);

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* what) const {
    Free(what);
  }
};
using Bio = std::unique_ptr<BIO, Freeing<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Freeing<X509_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freeing<GENERAL_NAMES_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;

absl::Status Unusable(const std::string& path, absl::string_view why) {
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", why));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Unusable(path, std::generic_category().message(errno));
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return Unusable(path, "cannot be read");
  return bytes;
}

// No passphrase is ever asked for: nobody is there to type it.
int NoPassphrase(char*, int, int, void*) { return -1; }

absl::StatusOr<std::vector<X509Ptr>> ParseCertificates(const std::string& path, const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<X509Ptr> certificates;
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr)) {
    certificates.emplace_back(one);
  }
  // What ends a file that is well is that no further one begins.
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return Unusable(path, "is not a PEM file of certificates, or not whole");
  }
  ERR_clear_error();
  if (certificates.empty()) return Unusable(path, "has no certificate in PEM");
  return certificates;
}

absl::StatusOr<KeyPtr> ParseKey(const std::string& path, const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) return Unusable(path, "has no private key in PEM, or one with a passphrase");
  return key;
}

// One that cannot be read is told as long ago, so that somebody looks.
absl::Time TimeOf(const ASN1_TIME* asn1) {
  tm time = {};
  if (ASN1_TIME_to_tm(asn1, &time) != 1) return absl::InfinitePast();
  return absl::FromTM(time, absl::UTCTimeZone());
}

absl::Time ExpiryOf(const X509& certificate) { return TimeOf(X509_get0_notAfter(&certificate)); }

// One that is neither a host nor an address is left out: no client looks for it.
std::vector<std::string> NamesOf(const X509& certificate) {
  std::vector<std::string> texts;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, /*crit=*/nullptr, /*idx=*/nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    const ASN1_STRING* value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const unsigned char* bytes = ASN1_STRING_get0_data(value);
    const int length = ASN1_STRING_length(value);
    if (name->type == GEN_DNS) {
      texts.push_back(absl::AsciiStrToLower(
          absl::string_view(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length))));
      continue;
    }
    char text[INET6_ADDRSTRLEN];
    const int family = length == sizeof(in_addr) ? AF_INET : AF_INET6;
    if (family == AF_INET6 && length != sizeof(in6_addr)) continue;
    if (inet_ntop(family, bytes, text, sizeof(text)) != nullptr) texts.emplace_back(text);
  }
  return texts;
}

// Whether one of `names` stands for `name`: itself, or with a star for its first part.
bool StandsFor(const std::vector<std::string>& names, const std::string& name) {
  const size_t dot = name.find('.');
  const std::string star = dot == name.npos ? name : absl::StrCat("*", name.substr(dot));
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& one) { return one == name || one == star; });
}

grpc_ssl_server_certificate_config* ConfigOf(const Certificates& certificates) {
  const grpc_ssl_pem_key_cert_pair pair = {certificates.key.c_str(), certificates.certificate.c_str()};
  // gRPC 1.51 insists on authorities even where no client is asked for a certificate: any will do then.
  const std::string& authorities =
      certificates.client_ca.empty() ? certificates.certificate : certificates.client_ca;
  return grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
}

// What gRPC's C++ interface has no word for: credentials that are asked for at each handshake. Its
// ServerCredentials is an interface that may be implemented.
class WatchedCredentials final : public grpc::ServerCredentials {
 public:
  explicit WatchedCredentials(const CertificateWatcher* watcher) : watcher_(*watcher) {
    const bool mutual = !watcher_.Latest()->client_ca.empty();
    credentials_ = grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(
            mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                   : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
            &WatchedCredentials::Fetch, this));
  }
  ~WatchedCredentials() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  // gRPC calls this before a handshake, one call at a time.
  static grpc_ssl_certificate_config_reload_status Fetch(void* self,
                                                         grpc_ssl_server_certificate_config** config) {
    auto& credentials = *static_cast<WatchedCredentials*>(self);
    std::shared_ptr<const Certificates> latest = credentials.watcher_.Latest();
    if (latest == credentials.given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    *config = ConfigOf(*latest);
    credentials.given_ = std::move(latest);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const CertificateWatcher& watcher_;
  grpc_server_credentials* credentials_;
  std::shared_ptr<const Certificates> given_;
};

}  // namespace

absl::StatusOr<Certificates> ReadCertificates(const CertificateFiles& files) {
  Certificates read;
  TB_ASSIGN_OR_RETURN(read.certificate, ReadFile(files.certificate));
  TB_ASSIGN_OR_RETURN(read.key, ReadFile(files.key));
  TB_ASSIGN_OR_RETURN(const std::vector<X509Ptr> chain,
                      ParseCertificates(files.certificate, read.certificate));
  TB_ASSIGN_OR_RETURN(const KeyPtr key, ParseKey(files.key, read.key));
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    return Unusable(files.key, absl::StrCat("is not the key of ", files.certificate));
  }
  read.begin = TimeOf(X509_get0_notBefore(chain.front().get()));
  read.expiry = ExpiryOf(*chain.front());
  read.names = NamesOf(*chain.front());
  if (files.client_ca.empty()) return read;
  TB_ASSIGN_OR_RETURN(read.client_ca, ReadFile(files.client_ca));
  TB_ASSIGN_OR_RETURN(const std::vector<X509Ptr> authorities,
                      ParseCertificates(files.client_ca, read.client_ca));
  for (const X509Ptr& authority : authorities) {
    read.client_ca_expiry =
        std::min(read.client_ca_expiry.value_or(absl::InfiniteFuture()), ExpiryOf(*authority));
  }
  return read;
}

std::string WhyNotAt(absl::Time now, const Certificates& certificates, const CertificateFiles& files) {
  const auto text = [](absl::Time time) {
    return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
  };
  if (now >= certificates.expiry) {
    return absl::StrCat(files.certificate, ": expired on ", text(certificates.expiry));
  }
  if (now < certificates.begin) {
    return absl::StrCat(files.certificate, ": is not valid before ", text(certificates.begin));
  }
  return "";
}

absl::StatusOr<std::unique_ptr<CertificateWatcher>> CertificateWatcher::Open(CertificateFiles files,
                                                                             absl::Duration every, Tell tell,
                                                                             TellRefused tell_refused) {
  TB_ASSIGN_OR_RETURN(Certificates first, ReadCertificates(files));
  return std::unique_ptr<CertificateWatcher>(new CertificateWatcher(
      std::move(files), every, std::move(tell), std::move(tell_refused), std::move(first)));
}

CertificateWatcher::CertificateWatcher(CertificateFiles files, absl::Duration every, Tell tell,
                                       TellRefused tell_refused, Certificates first)
    : files_(std::move(files)),
      tell_(std::move(tell)),
      tell_refused_(std::move(tell_refused)),
      latest_(std::make_shared<const Certificates>(std::move(first))),
      thread_([this, every] { Run(every); }) {
  absl::MutexLock look(&look_mutex_);
  LookAtDays(absl::Now());
}

CertificateWatcher::~CertificateWatcher() {
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  thread_.join();
}

std::shared_ptr<const Certificates> CertificateWatcher::Latest() const {
  absl::MutexLock lock(&mutex_);
  return latest_;
}

void CertificateWatcher::Look(absl::Time now) {
  absl::MutexLock look(&look_mutex_);
  TakeOver();
  LookAtDays(now);
}

void CertificateWatcher::LookAtDays(absl::Time now) {
  const std::string why = WhyNotAt(now, *Latest(), files_);
  if (why == told_refused_ && (why.empty() || now - told_refused_at_ < kTellAgain)) return;
  told_refused_ = why;
  told_refused_at_ = now;
  if (!why.empty() && tell_refused_) tell_refused_(why);
}

void CertificateWatcher::TakeOver() {
  absl::StatusOr<Certificates> read = ReadCertificates(files_);
  if (read.ok() && read->SameAs(*Latest())) {
    told_ = absl::OkStatus();
    return;
  }
  if (read.ok()) {
    // A chain that is being written can look whole before it is.
    absl::SleepFor(kSettle);
    absl::StatusOr<Certificates> again = ReadCertificates(files_);
    if (!again.ok() || !again->SameAs(*read))
      read = absl::UnavailableError("the certificate's files are being written");
  }
  if (!read.ok()) {
    ++failed_;
    if (read.status() != told_ && tell_) tell_(read.status());
    told_ = read.status();
    return;
  }
  Taken taken = {.expiry = read->expiry, .names = read->names, .missing = Latest()->names};
  std::erase_if(taken.missing, [&](const std::string& name) { return StandsFor(taken.names, name); });
  {
    auto latest = std::make_shared<const Certificates>(*std::move(read));
    absl::MutexLock lock(&mutex_);
    latest_ = std::move(latest);
  }
  ++taken_;
  told_ = absl::OkStatus();
  if (tell_) tell_(taken);
}

void CertificateWatcher::Run(absl::Duration every) {
  storage::NameThread("certificates");
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&ending_), every)) return;
    }
    Look();
  }
}

std::shared_ptr<grpc::ServerCredentials> TlsCredentials(const CertificateWatcher* watcher) {
  return std::make_shared<WatchedCredentials>(watcher);
}

}  // namespace timebank::ops
