#include "lib/frontend/grpc/grpc_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/priority.h"
#include "lib/base/status_macros.h"
#include "lib/base/work_pool.h"
#include "lib/frontend/grpc/console_sessions.h"
#include "lib/frontend/grpc/peers.h"
#include "lib/frontend/grpc/schema_service.h"
#include "lib/frontend/grpc/unix_acceptor.h"
#include "lib/resource/ipv4.h"
#include "lib/schema/schema.h"

namespace brume::frontend {
namespace {

constexpr int kMaxRequestBytes = 1 << 20;
constexpr int kMaxStreams = 256;            // at once on one connection
constexpr int kMinPingIntervalMs = 10'000;  // a client that pings more often is cut
constexpr int kPingAfterMs = 60'000;        // of silence, to find clients that vanished
constexpr int kPingTimeoutMs = 20'000;
constexpr std::chrono::seconds kGrace(3);
constexpr char kSimulatedService[] = "simulated";

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  if (!file || content.str().empty()) return absl::FailedPreconditionError(absl::StrCat("cannot read ", path));
  return content.str();
}

bool IsLoopback(const std::string& host_and_port) {
  const std::string host = host_and_port.substr(0, host_and_port.rfind(':'));
  if (host == "localhost" || host == "[::1]") return true;
  const absl::StatusOr<Ipv4> address = Ipv4::Parse(host);
  constexpr uint32_t kLoopbackByte = 127;
  return address.ok() && address->value >> 24 == kLoopbackByte;
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TcpCredentials(const GrpcServerOptions& options) {
  const int files =
      !options.tls_cert_path.empty() + !options.tls_key_path.empty() + !options.tls_client_ca_path.empty();
  if (files == 0) {
    if (options.allow_insecure_loopback && IsLoopback(options.tcp_listen)) return grpc::InsecureServerCredentials();
    return absl::FailedPreconditionError(
        absl::StrCat("gRPC at ", options.tcp_listen,
                     " would let anybody in: give it a certificate, its key and the clients' CA, or take a loopback "
                     "address and allow it with --grpc-insecure-loopback"));
  }
  if (files != 3) {
    return absl::FailedPreconditionError("gRPC over TLS needs all three: certificate, key and the clients' CA");
  }
  grpc::SslServerCredentialsOptions ssl(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  ASSIGN_OR_RETURN(pair.private_key, ReadFile(options.tls_key_path));
  ASSIGN_OR_RETURN(pair.cert_chain, ReadFile(options.tls_cert_path));
  ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadFile(options.tls_client_ca_path));
  ssl.pem_key_cert_pairs.push_back(std::move(pair));
  return grpc::SslServerCredentials(ssl);
}

class Server final : public GrpcServer {
 public:
  Server(const gateway::Dispatcher& dispatcher, const GrpcServerOptions& options)
      : options_(options),
        peers_(options.certificate_user),
        pool_(options.threads, options.queue),
        consoles_(dispatcher, peers_, options.open_console,
                  {.max_sessions = options.consoles, .simulated = options.simulated}),
        parts_{.dispatcher = dispatcher, .peers = peers_, .pool = pool_, .simulated = options.simulated} {}

  ~Server() override {
    acceptor_.reset();
    consoles_.Close();
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + kGrace);
  }

  absl::Status Start();
  int tcp_port() const override { return tcp_port_; }

 private:
  void Adopt(UniqueFd connection, uid_t uid) {
    peers_.Add(connection.get(), uid);
    grpc::AddInsecureChannelFromFd(server_.get(), connection.release());
  }

  // What calls use stands before the server that makes them, and outlives it.
  const GrpcServerOptions options_;
  Peers peers_;
  WorkPool pool_;
  ConsoleSessions consoles_;
  const CallParts parts_;
  int tcp_port_ = 0;
  std::vector<std::unique_ptr<SchemaService>> services_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<UnixAcceptor> acceptor_;
};

void SetLimits(grpc::ServerBuilder& builder) {
  using Sync = grpc::ServerBuilder::SyncServerOption;
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kMinPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingAfterMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a taken port is an error, not a shared one
  // Reflection is the only service of gRPC's that is not by callback: one thread is plenty.
  builder.SetSyncServerOption(Sync::NUM_CQS, 1);
  builder.SetSyncServerOption(Sync::MIN_POLLERS, 1);
  builder.SetSyncServerOption(Sync::MAX_POLLERS, 1);
}

absl::Status Server::Start() {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetLimits(builder);
  for (const google::protobuf::ServiceDescriptor* service : schema::Services()) {
    services_.push_back(std::make_unique<SchemaService>(
        *service, parts_, [this](grpc::CallbackServerContext* context) { return consoles_.Start(context); }));
    builder.RegisterService(services_.back().get());
  }
  const bool tcp = !options_.tcp_listen.empty();
  if (tcp) {
    ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ServerCredentials> credentials, TcpCredentials(options_));
    builder.AddListeningPort(options_.tcp_listen, credentials, &tcp_port_);
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || (tcp && tcp_port_ == 0)) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot serve gRPC at ", options_.tcp_listen, ": is it an address of this host, and free?"));
  }
  grpc::HealthCheckServiceInterface* const health = server_->GetHealthCheckService();
  for (const google::protobuf::ServiceDescriptor* service : schema::Services()) {
    health->SetServingStatus(service->full_name(), true);
  }
  if (options_.simulated) health->SetServingStatus(kSimulatedService, true);
  if (options_.unix_socket_path.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(acceptor_, UnixAcceptor::Listen(options_.unix_socket_path, [this](UniqueFd connection, uid_t uid) {
                     Adopt(std::move(connection), uid);
                   }));
  const std::string host = options_.tcp_listen.substr(0, options_.tcp_listen.rfind(':'));
  log::Info("gRPC is served at {}{}", options_.unix_socket_path,
            tcp ? absl::StrCat(" and ", host, ":", tcp_port_) : "");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> MakeGrpcServer(const gateway::Dispatcher& dispatcher,
                                                           GrpcServerOptions options) {
  auto server = std::make_unique<Server>(dispatcher, options);
  // gRPC's threads are started by its own and by this one, and inherit its going first.
  absl::Status started;
  std::thread([&] {
    GoFirst();
    started = server->Start();
  }).join();
  RETURN_IF_ERROR(started);
  return server;
}

}  // namespace brume::frontend
