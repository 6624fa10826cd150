#include "server/server.h"

#include <fcntl.h>
#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/access/access_service.h"
#include "server/log.h"
#include "server/ops/listening.h"
#include "server/rights.h"
#include "server/services/held_sends.h"
#include "server/services/services.h"
#include "storage/data_folder.h"
#include "storage/local_log.h"
#include "storage/status_macros.h"
#include "storage/store.h"
#include "timebank/v1/circle_service.grpc.pb.h"
#include "timebank/v1/ledger_service.grpc.pb.h"
#include "timebank/v1/member_service.grpc.pb.h"
#include "timebank/v1/timebank_service.grpc.pb.h"

namespace timebank {
namespace {

using State = engine::Engine::State;

constexpr uint64_t kMegabyte = 1u << 20;
// What the largest request may become, with what the server adds to each entry.
constexpr uint64_t kMaxFrameBytes = 24 * kMegabyte;
// A full answer says more of each exchange than the request did.
constexpr int kMaxSendBytes = 64 * static_cast<int>(kMegabyte);
constexpr int kMaxMetadataBytes = 16 << 10;
// Of all requests and answers on their way, by gRPC's count: it ends calls where they would take more. A call
// is looked at when its request is there as a whole, so anybody who reaches the server may send so much.
constexpr size_t kMostGrpcBytes = 256 * size_t{kMegabyte};
// Of gRPC's synchronous services, which are the operator's.
constexpr int kMaxGrpcThreads = 16;
// A connection has so long to come about, and may be without any call for so long; callers connect again by
// themselves.
constexpr int kHandshakeTimeoutMs = 20'000;
constexpr int kMaxIdleMs = 600'000;
// A connection may be pinged so often; one that is silent is asked whether it is still there.
constexpr int kMinPingIntervalMs = 20'000;
constexpr int kKeepaliveTimeMs = 120'000;
constexpr int kKeepaliveTimeoutMs = 20'000;

// gRPC's plugins are global: each server built in the process gets all of them. This takes those away that a
// server is not to have.
class Plugins final : public grpc::ServerBuilderOption {
 public:
  explicit Plugins(bool reflection) : reflection_(reflection) {}

  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    const std::string reflection = grpc::reflection::ProtoServerReflectionPlugin().name();
    std::erase_if(*plugins,
                  [&](const auto& plugin) { return !(reflection_ && plugin->name() == reflection); });
  }

 private:
  const bool reflection_;
};

void SetUpGrpc() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::channelz::experimental::InitChannelzService();
  });
}

void SetLimits(grpc::ServerBuilder& builder, int max_streams) {
  builder.SetMaxReceiveMessageSize(services::kMaxReceiveBytes);
  builder.SetMaxSendMessageSize(kMaxSendBytes);
  builder.SetResourceQuota(
      grpc::ResourceQuota("timebankd").Resize(kMostGrpcBytes).SetMaxThreads(kMaxGrpcThreads));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, max_streams);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  // A second server on the same port is to be told so, not to get half of the connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kMinPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  // Who connects and says nothing holds some memory: strangers could have all of it.
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kMaxIdleMs);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 1);
}

absl::Status CannotListen(const std::string& address, std::string_view why) {
  return absl::UnavailableError(absl::StrCat("cannot listen on ", address, ": ", std::string(why)));
}

absl::Status CannotListen(const std::string& address, int error) {
  return CannotListen(address, std::generic_category().message(error));
}

// Removes the socket that a server left behind when it was killed. gRPC would remove any file that is there,
// a living server's socket too.
absl::Status MakeWay(const std::string& path) {
  const std::string address = "unix:" + path;
  struct stat found = {};
  if (lstat(path.c_str(), &found) != 0) {
    return errno == ENOENT ? absl::OkStatus() : CannotListen(address, errno);
  }
  if (!S_ISSOCK(found.st_mode)) return CannotListen(address, "there is a file that is no socket");
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path.c_str(), sizeof(name.sun_path) - 1);
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe == -1) return CannotListen(address, errno);
  const bool dead =
      connect(probe, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0 && errno == ECONNREFUSED;
  close(probe);
  if (!dead) return CannotListen(address, "another server answers there");
  if (unlink(path.c_str()) != 0) return CannotListen(address, errno);
  return absl::OkStatus();
}

// Starts what `builder` describes at `address`, whose port becomes what was got.
absl::StatusOr<std::unique_ptr<grpc::Server>> Start(
    grpc::ServerBuilder& builder, ListenAddress& address,
    const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  if (address.is_unix) TB_RETURN_IF_ERROR(MakeWay(address.path));
  if (!address.is_unix && ops::IsTaken(address.ToString())) {
    return CannotListen(address.ToString(), ops::WhyNotListening(address.ToString()));
  }
  int port = 0;
  builder.AddListeningPort(address.ToString(), credentials, &port);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    return CannotListen(address.ToString(), ops::WhyNotListening(address.ToString()));
  }
  if (address.is_unix) {
    // Whoever may connect may do everything.
    if (chmod(address.path.c_str(), 0600) != 0) return CannotListen(address.ToString(), errno);
  } else {
    address.port = static_cast<uint16_t>(port);
  }
  return server;
}

storage::LocalLog::Options LogOptionsOf(const Config& config) {
  storage::LocalLog::Options options;
  options.folder = config.data + "/log";
  options.segment_bytes = static_cast<uint64_t>(config.segment_mb) * kMegabyte;
  options.max_frame_bytes = kMaxFrameBytes;
  return options;
}

engine::Engine::OpenLog OpenLocalLog(const Config& config) {
  return [options =
              LogOptionsOf(config)](uint64_t applied) -> absl::StatusOr<std::unique_ptr<storage::CommitLog>> {
    storage::LocalLog::Options opened = options;
    opened.applied_index = applied;
    TB_ASSIGN_OR_RETURN(std::unique_ptr<storage::LocalLog> log, storage::LocalLog::Open(std::move(opened)));
    if (log->cut_off()) LogWarning("the log's last frame was cut off", {{"what", *log->cut_off()}});
    LogInfo("log opened", {{"applied", absl::StrCat(applied)}, {"tail", absl::StrCat(log->tail_index())}});
    return log;
  };
}

storage::Store::Options StoreOptionsOf(const Config& config) {
  storage::Store::Options store;
  store.path = config.data;
  store.reserve_bytes =
      std::max(storage::kReserveBytes, static_cast<uint64_t>(config.segment_mb) * kMegabyte);
  store.block_cache_bytes = static_cast<uint64_t>(config.block_cache_mb) * kMegabyte;
  store.write_buffer_bytes = static_cast<uint64_t>(config.write_buffer_mb) * kMegabyte;
  store.tail_bytes = static_cast<uint64_t>(config.tail_mb) * kMegabyte;
  store.flush_interval_seconds = static_cast<double>(config.flush_interval_seconds);
  return store;
}

std::string_view NameOf(State state) {
  switch (state) {
    case State::kRecovering:
      return "recovering";
    case State::kServing:
      return "serving";
    case State::kFailed:
      return "failed";
    case State::kStopped:
      return "stopped";
  }
  return "";
}

void LogCall(ops::CallLog::Level level, const ops::CallLog::Fields& fields) {
  using Level = ops::CallLog::Level;
  Log(level == Level::kDebug  ? LogLevel::kDebug
      : level == Level::kInfo ? LogLevel::kInfo
                              : LogLevel::kWarning,
      "call", fields);
}

ops::CertificateFiles CertificateFilesOf(const Config& config) {
  return {config.tls_cert, config.tls_key, config.tls_client_ca};
}

// Whoever has it can be taken for this server.
void WarnOfOpenKey(const std::string& file) {
  struct stat about = {};
  if (stat(file.c_str(), &about) != 0 || (about.st_mode & S_IRWXO) == 0) return;
  LogWarning("everybody on this machine can use the key of the certificate: chmod o= FILE", {{"file", file}});
}

access::AccessPaths AccessPathsOf(const Config& config) {
  return {.pepper = config.pepper, .callers = config.callers, .data_folder = config.data};
}

access::Limits LimitsOf(const Config& config) {
  const auto of = [](int64_t calls_per_second) {
    return access::Allowance{.calls_per_second = static_cast<double>(calls_per_second),
                             .burst = 2 * static_cast<double>(calls_per_second)};
  };
  access::Limits limits = {.key = of(config.key_calls_per_second), .bank = of(config.bank_calls_per_second)};
  limits.key.calls = static_cast<int32_t>(config.key_calls_under_way);
  limits.key.streams = static_cast<int32_t>(config.key_streams);
  return limits;
}

// Debian builds Abseil with its search for deadlocks on: whoever takes a lock, gRPC too, goes through one
// graph of all locks. That is for the builds that look for mistakes.
void StopLookingForDeadlocks() {
#ifdef NDEBUG
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
}

// NOT_FOUND: there is no ledger.
absl::Status IsThere(const Config& config) {
  struct stat found = {};
  if (stat((config.data + "/FORMAT").c_str(), &found) == 0 || errno != ENOENT) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there is no ledger in ", config.data, ": it has no FORMAT"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Open(const Config& config, OnState on_state) {
  StopLookingForDeadlocks();
  std::unique_ptr<Server> server(new Server(config, std::move(on_state)));
  TB_RETURN_IF_ERROR(server->OpenCertificates());
  TB_RETURN_IF_ERROR(server->ReadAccess());
  TB_RETURN_IF_ERROR(server->OpenEngine());
  return server;
}

Server::Server(const Config& config, OnState on_state)
    : config_(config),
      on_state_(std::move(on_state)),
      call_log_({.all = config.log_level == "debug", .one_of = static_cast<uint32_t>(config.log_sample)},
                &metrics_.calls(), LogCall) {}

Server::~Server() { Stop(); }

absl::Status Server::OpenEngine() {
  engine::Engine::Options options;
  options.queue_commands = static_cast<size_t>(config_.queue_commands);
  options.queue_bytes = static_cast<size_t>(config_.queue_mb) * kMegabyte;
  options.on_state = [this](State state, const absl::Status& failure) { HearState(state, failure); };
  options.on_published = [this] {
    if (services::Feeder* feeder = feeder_) feeder->Wake();
  };
  options.on_batch = [this](size_t commands, std::chrono::nanoseconds sync) {
    metrics_.OnBatch(commands, sync);
  };
  options.on_room = [this](bool has_room) {
    if (has_room) {
      LogInfo("the disk has room again; changes are recorded", {{"folder", config_.data}});
    } else {
      LogError("the disk is full; changes are refused with DISK_FULL until there is room, reads go on",
               {{"folder", config_.data}});
    }
  };
  options.on_trouble = [this](const absl::Status& what) {
    metrics_.OnTrouble();
    LogError("the ledger has trouble and will try again", {{"what", what.ToString()}});
  };
  options.answer_together = [](absl::FunctionRef<void()> answers) {
    const services::HeldSends held;
    answers();
  };
  TB_ASSIGN_OR_RETURN(
      engine_, engine::Engine::Open(std::move(options), StoreOptionsOf(config_), OpenLocalLog(config_)));

  services::ServingOptions serving;
  serving.observer = &call_log_;
  serving.pool_threads = static_cast<size_t>(config_.pool_threads);
  serving.on_damage = [this](const absl::Status& what) {
    if (!damage_lines_.Admit()) return;
    LogError(
        "the ledger is damaged; what can be read is still served. timebankd verify, on a stopped server or a "
        "copy, reads all of it",
        {{"folder", config_.data}, {"what", std::string(what.message())}});
  };
  serving.on_trouble = [this](const absl::Status& what) {
    metrics_.OnTrouble();
    LogError("looks at accounts cannot be written down; will try again", {{"what", what.ToString()}});
  };
  serving_ = std::make_unique<services::Serving>(std::move(serving), engine_.get());
  TB_RETURN_IF_ERROR(OpenAccess());
  services_ = MakeServices(gatekeeper_ != nullptr ? *gatekeeper_ : believing_);
  feeder_ = &serving_->feeder();
  return absl::OkStatus();
}

absl::Status Server::ReadAccess() {
  if (config_.access != "keys") return absl::OkStatus();
  TB_ASSIGN_OR_RETURN(access_files_, access::ReadAccessFiles(AccessPathsOf(config_)));
  return absl::OkStatus();
}

absl::Status Server::OpenAccess() {
  if (config_.access != "keys") {
    return absl::OkStatus();
  }
  access::KeyStore::Options options;
  options.folder = config_.data;
  options.pepper = std::move(access_files_.pepper);
  options.pepper_path = config_.pepper;
  options.on_revoked = [this] {
    if (services::Feeder* feeder = feeder_) feeder->Wake();
  };
  TB_ASSIGN_OR_RETURN(keys_, access::KeyStore::Open(std::move(options)));
  if (!keys_->HasAny()) {
    LogWarning(
        "no key is known at all: with access = \"keys\" nobody can come with one. Where there were keys, put "
        "the ledger's whole folder back from a backup; else make the first operator's key with timebankd "
        "init",
        {{"file", config_.data + "/keys"}});
  }
  gatekeeper_ =
      std::make_unique<access::Gatekeeper>(keys_.get(), std::move(access_files_.callers.certificates),
                                           std::move(access_files_.tokens), LimitsOf(config_));
  return absl::OkStatus();
}

// Behind one address. Where everybody is believed AccessService has no keys: anybody could make one.
std::vector<std::unique_ptr<grpc::Service>> Server::MakeServices(const services::Authorizer& authorizer) {
  const services::Door door(serving_.get(), &authorizer);
  std::vector<std::unique_ptr<grpc::Service>> made = services::MakeServices(door);
  made.push_back(std::make_unique<access::AccessService>(door, keys_.get()));
  return made;
}

absl::Status Server::OpenMetrics() {
  if (config_.metrics_listen.empty()) return absl::OkStatus();
  ops::MetricsSources sources;
  sources.metrics = &metrics_;
  sources.engine = engine_.get();
  sources.serving = serving_.get();
  sources.certificates = certificates_.get();
  sources.is_serving = [this] {
    absl::MutexLock lock(&mutex_);
    return IsServing();
  };
  sources.folder = config_.data;
  sources.version = TIMEBANK_VERSION;
  sources.queue_commands = config_.queue_commands;
  sources.queue_bytes = config_.queue_mb * static_cast<int64_t>(kMegabyte);
  TB_ASSIGN_OR_RETURN(ListenAddress address, ParseListenAddress(config_.metrics_listen));
  if (!address.IsLocal()) {
    LogWarning("the figures are there for everybody who reaches this address, unencrypted",
               {{"address", config_.metrics_listen}});
  }
  TB_ASSIGN_OR_RETURN(metrics_endpoint_, ops::MetricsEndpoint::Open(address.ToString(), std::move(sources)));
  address.port = static_cast<uint16_t>(metrics_endpoint_->port());
  LogInfo("metrics", {{"address", address.ToString()}});
  return absl::OkStatus();
}

absl::Status Server::ListenForOperator() {
  TB_RETURN_IF_ERROR(OpenMetrics());
  if (config_.operator_socket.empty()) return absl::OkStatus();
  SetUpGrpc();
  grpc::ServerBuilder builder;
  SetLimits(builder, static_cast<int>(config_.max_streams));
  // Reflection describes what its own server serves. A service object belongs to one server, hence a second
  // set.
  operator_services_ =
      MakeServices(keys_ != nullptr ? static_cast<const services::Authorizer&>(operators_door_) : believing_);
  for (const auto& service : operator_services_) builder.RegisterService(service.get());
  ListenAddress address = {.is_unix = true, .path = config_.operator_socket, .host = {}};
  TB_ASSIGN_OR_RETURN(operator_server_, Start(builder, address, grpc::InsecureServerCredentials()));
  AddListening(operator_server_.get());
  return absl::OkStatus();
}

absl::Status Server::Listen() {
  SetUpGrpc();
  TB_ASSIGN_OR_RETURN(ListenAddress address, ParseListenAddress(config_.listen));
  grpc::ServerBuilder builder;
  builder.SetOption(std::make_unique<Plugins>(config_.reflection));
  SetLimits(builder, static_cast<int>(config_.max_streams));
  for (const auto& service : services_) builder.RegisterService(service.get());
  TB_ASSIGN_OR_RETURN(server_, Start(builder, address, credentials_));
  address_ = address.ToString();
  AddListening(server_.get());
  const bool mutual = !config_.tls_client_ca.empty();
  LogInfo("listening", {{"address", address_},
                        {"tls", certificates_ == nullptr ? "none"
                                : mutual                 ? "with client certificates"
                                                         : "on"},
                        {"access", config_.access}});
  if (!address.IsLocal() && gatekeeper_ == nullptr) {
    LogWarning("whoever has a certificate can read and change everything: access is open");
  }
  return absl::OkStatus();
}

absl::Status Server::OpenCertificates() {
  credentials_ = grpc::InsecureServerCredentials();
  if (config_.tls_cert.empty()) return absl::OkStatus();
  auto tell = [key = config_.tls_key](const absl::StatusOr<ops::CertificateWatcher::Taken>& taken) {
    if (!taken.ok()) {
      LogWarning("new certificate not usable; the old one goes on",
                 {{"why", std::string(taken.status().message())}});
      return;
    }
    LogInfo("certificate replaced", {{"expires", absl::FormatTime(taken->expiry, absl::UTCTimeZone())},
                                     {"names", absl::StrJoin(taken->names, " ")}});
    WarnOfOpenKey(key);
    if (!taken->missing.empty()) {
      LogWarning("the new certificate lacks names that the old one had; who connects by them will be refused",
                 {{"missing", absl::StrJoin(taken->missing, " ")}});
    }
  };
  auto tell_refused = [](const std::string& why) {
    LogError("clients refuse the certificate: put a valid one in its place", {{"why", why}});
  };
  TB_ASSIGN_OR_RETURN(certificates_, ops::CertificateWatcher::Open(CertificateFilesOf(config_),
                                                                   absl::Seconds(config_.tls_reload_seconds),
                                                                   std::move(tell), std::move(tell_refused)));
  WarnOfOpenKey(config_.tls_key);
  credentials_ = ops::TlsCredentials(certificates_.get());
  return absl::OkStatus();
}

void Server::HearState(State state, const absl::Status& failure) {
  if (state == State::kFailed) {
    LogError("the ledger has failed; nothing more is recorded", {{"why", failure.ToString()}});
  } else {
    LogInfo("ledger", {{"state", std::string(NameOf(state))}});
  }
  {
    absl::MutexLock lock(&mutex_);
    state_ = state;
    TellHealth();
  }
  if (on_state_) on_state_(state, failure);
}

void Server::AddListening(grpc::Server* server) {
  absl::MutexLock lock(&mutex_);
  listening_.push_back(server);
  TellHealth();
}

void Server::TellHealth() {
  const bool serving = IsServing();
  for (grpc::Server* server : listening_) {
    grpc::HealthCheckServiceInterface* health = server->GetHealthCheckService();
    for (const char* service :
         {"", v1::LedgerService::service_full_name(), v1::MemberService::service_full_name(),
          v1::CircleService::service_full_name(), v1::TimebankService::service_full_name(),
          v1::AccessService::service_full_name()}) {
      health->SetServingStatus(service, serving);
    }
  }
}

// A proxy that many call through says it once a minute.
void Server::WarnOfProxy() {
  constexpr int64_t kEverySeconds = 60;
  const int64_t now_s = absl::ToUnixSeconds(absl::Now());
  int64_t before_s = warned_s_;
  if (now_s - before_s < kEverySeconds || !warned_s_.compare_exchange_strong(before_s, now_s)) return;
  LogWarning(
      "calls come through a proxy, and this server is open: it believes whatever callers state, and refuses "
      "those for whom a proxy speaks (KEY_UNKNOWN). Set access = \"keys\"");
}

void Server::Touch() const {
  static_cast<void>(engine_->state());
  static_cast<void>(serving_->Latest());
}

void Server::Stop() {
  if (std::exchange(stopped_, true)) return;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    TellHealth();
  }
  if (serving_ != nullptr) serving_->feeder().EndAll();
  const auto deadline = std::chrono::system_clock::now() + std::chrono::seconds(config_.stop_seconds);
  if (server_ != nullptr) server_->Shutdown(deadline);
  if (operator_server_ != nullptr) operator_server_->Shutdown(deadline);
  if (engine_ != nullptr) engine_->Stop();

  feeder_ = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    listening_.clear();
  }
  metrics_endpoint_.reset();
  server_.reset();
  credentials_.reset();
  operator_server_.reset();
  services_.clear();
  operator_services_.clear();
  serving_.reset();  // ends the pool: nobody holds a view any more
  gatekeeper_.reset();
  keys_.reset();
  engine_.reset();
}

namespace {

// INVALID_ARGUMENT: the ledger has keys, and whoever reaches the server would be believed without one. A
// socket is for whoever may open it, and takes what it is told.
absl::Status BelievesAnybody(const Config& config) {
  if (config.listen.starts_with("unix:")) return absl::OkStatus();
  // What cannot be read may well be keys.
  if (!access::KeyStore::HasKeys(config.data).value_or(true)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("this ledger has keys, and access = \"open\" would believe everybody who reaches the "
                   "server, whoever they say they are: set access = \"keys\". If it is to be open to "
                   "everybody from now on, move ",
                   config.data, "/keys to another place"));
}

}  // namespace

std::vector<absl::Status> CheckFiles(const Config& config) {
  std::vector<absl::Status> wrong;
  if (!config.tls_cert.empty()) {
    const absl::Status status = ops::ReadCertificates(CertificateFilesOf(config)).status();
    if (!status.ok()) wrong.push_back(absl::InvalidArgumentError(absl::StrCat("TLS: ", status.message())));
  }
  const absl::Status rights = CheckRights(config.data);
  if (!rights.ok()) wrong.push_back(rights);
  if (config.access == "keys") {
    const absl::StatusOr<access::AccessFiles> files = access::ReadAccessFiles(AccessPathsOf(config));
    // The keys' file is in that folder: it would be told twice.
    const bool told = !rights.ok() && absl::IsPermissionDenied(files.status());
    if (!files.ok() && !told) wrong.push_back(files.status());
    if (files.ok() && !files->callers.certificates.empty() && config.tls_client_ca.empty()) {
      wrong.push_back(absl::InvalidArgumentError(
          absl::StrCat(config.callers,
                       ": [[certificate]] takes the setting tls_client_ca: without it clients "
                       "are asked for no certificate, and none of these would be known")));
    }
  } else if (rights.ok()) {
    const absl::Status believes = BelievesAnybody(config);
    if (!believes.ok()) wrong.push_back(believes);
  }
  return wrong;
}

absl::Status CheckCertificatesDay(const Config& config) {
  if (config.tls_cert.empty()) return absl::OkStatus();
  const absl::StatusOr<ops::Certificates> read = ops::ReadCertificates(CertificateFilesOf(config));
  if (!read.ok()) return absl::OkStatus();  // CheckFiles tells
  const std::string why = ops::WhyNotAt(absl::Now(), *read, CertificateFilesOf(config));
  if (why.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("TLS: ", why, ". The server would start with it, and clients would not connect"));
}

absl::Status VerifyLedger(const Config& config, std::string* what) {
  TB_RETURN_IF_ERROR(IsThere(config));
  TB_ASSIGN_OR_RETURN(const auto folder, storage::DataFolder::Open(
                                             config.data, {storage::kFormatVersion, storage::kOldestFormat}));
  TB_ASSIGN_OR_RETURN(const uint64_t applied, storage::VerifyDatabase(folder->database_path()));
  storage::LocalLog::Options options = LogOptionsOf(config);
  options.applied_index = applied;
  options.look_only = true;
  TB_ASSIGN_OR_RETURN(const std::unique_ptr<storage::LocalLog> log,
                      storage::LocalLog::Open(std::move(options)));
  if (log->cut_off()) {
    return absl::DataLossError(absl::StrCat(*log->cut_off(),
                                            " at the next start. That is so where the server was killed, or "
                                            "the power went, while it wrote. In a copy of a server that was "
                                            "stopped it is damage"));
  }
  TB_ASSIGN_OR_RETURN(const bool keys, access::KeyStore::HasKeys(config.data));
  *what = absl::StrCat(log->tail_index(), " frames, ", applied, " of them folded",
                       keys ? "; with keys" : "; without keys");
  return absl::OkStatus();
}

absl::Status MarkRestored(const Config& config) {
  TB_RETURN_IF_ERROR(IsThere(config));
  absl::Mutex mutex;
  std::optional<absl::Status> became;  // of the ledger, first
  const auto tell = [&](const absl::Status& what) {
    const absl::MutexLock lock(&mutex);
    if (!became) became = what;
  };
  engine::Engine::Options options;
  options.new_epoch = true;
  options.on_state = [&](State state, const absl::Status& failure) {
    if (state == State::kServing || state == State::kFailed) tell(failure);
  };
  options.on_trouble = tell;  // what may pass is tried again by whoever gave the command
  TB_ASSIGN_OR_RETURN(const std::unique_ptr<engine::Engine> engine,
                      engine::Engine::Open(std::move(options), StoreOptionsOf(config), OpenLocalLog(config)));
  const auto decided = [&] { return became.has_value(); };
  const absl::MutexLock lock(&mutex);
  mutex.Await(absl::Condition(&decided));
  return *became;
}

bool IsInUse(const std::string& folder) {
  const int file = open((folder + "/LOCK").c_str(), O_RDONLY | O_CLOEXEC);
  if (file == -1) return false;
  const bool locked = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(file);
  return locked;
}

}  // namespace timebank
