#include "lib/frontend/query/query_server.h"

#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/log.h"
#include "lib/base/priority.h"
#include "lib/base/random.h"
#include "lib/base/status_macros.h"
#include "lib/base/work_pool.h"
#include "lib/frontend/query/http_session.h"
#include "lib/frontend/query/tls_context.h"

namespace brume::frontend {
namespace {

// Wait before the next try when the process is out of descriptors.
constexpr auto kAcceptRetry = std::chrono::milliseconds(200);
constexpr std::chrono::seconds kGrace(3);
// Connections beyond the limit that are told so at once; more are closed without a word.
constexpr size_t kMostTurnedAway = 32;

absl::StatusOr<tcp::endpoint> ParseEndpoint(absl::string_view listen) {
  const size_t colon = listen.rfind(':');
  uint32_t port = 0;
  if (colon != absl::string_view::npos && absl::SimpleAtoi(listen.substr(colon + 1), &port) && port <= 65535) {
    absl::string_view host = listen.substr(0, colon);
    const bool bracketed = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
    error_code error;
    const asio::ip::address address = asio::ip::make_address(std::string(host), error);
    if (!error && address.is_v6() == bracketed) return tcp::endpoint(address, static_cast<uint16_t>(port));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("'", listen, "' is no ADDRESS:PORT to serve the EC2 API at (IPv6: [ADDRESS]:PORT)"));
}

class Server final : public QueryServer {
 public:
  Server(const gateway::Dispatcher& dispatcher, Authenticate authenticate, QueryServerOptions options)
      : options_(std::move(options)),
        calls_(dispatcher, std::move(authenticate), options_.strict_region),
        pool_(std::make_unique<WorkPool>(options_.limits.threads, options_.limits.queue)),
        acceptor_(io_),
        retry_(io_),
        work_(asio::make_work_guard(io_)) {}
  ~Server() override;

  absl::Status Start();
  int port() const override { return port_; }
  std::string url() const override {
    return absl::StrCat(tls_ != nullptr ? "https" : "http", "://",
                        options_.listen.substr(0, options_.listen.rfind(':')), ":", port_);
  }

 private:
  // A connection, in the order they came.
  struct Entry {
    std::shared_ptr<HttpSession> session;
    std::string peer;
    bool admitted = false;
  };

  absl::Status Listen();
  void Run();
  void Accept();
  void OnAccept(error_code error, tcp::socket socket);
  void Admit(tcp::socket socket);
  void Forget(uint64_t serial);
  void StopAccepting();
  void CutAll();

  const QueryServerOptions options_;
  const QueryCalls calls_;
  SystemRandom random_;
  std::unique_ptr<asio::ssl::context> tls_;
  std::unique_ptr<WorkPool> pool_;
  std::optional<SessionParts> parts_;
  int port_ = 0;
  // Sessions may end with the handlers that io_ still holds, so what they use stands before it.
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  uint64_t next_serial_ = 0;
  size_t turned_away_ = 0;
  absl::flat_hash_map<std::string, size_t> admitted_by_peer_;
  size_t admitted_ = 0;
  std::map<uint64_t, Entry> sessions_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool drained_ = false;
  std::thread thread_;
};

absl::Status Server::Listen() {
  ASSIGN_OR_RETURN(const tcp::endpoint endpoint, ParseEndpoint(options_.listen));
  if (tls_ == nullptr && !endpoint.address().is_loopback() && !options_.allow_plaintext) {
    return absl::FailedPreconditionError(
        absl::StrCat("the EC2 API at ", options_.listen,
                     " would be plain HTTP that others can read: give it a certificate and its key "
                     "(ec2.tls_cert, ec2.tls_key), take a loopback address, or set ec2.allow_plaintext"));
  }
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return absl::FailedPreconditionError(absl::StrCat("cannot serve the EC2 API at ", options_.listen, ": ",
                                                      error.message(),
                                                      "; another address is set by ec2.listen or --ec2-listen"));
  }
  port_ = acceptor_.local_endpoint().port();
  return absl::OkStatus();
}

absl::Status Server::Start() {
  if (options_.tls_cert_path.empty() != options_.tls_key_path.empty()) {
    return absl::FailedPreconditionError("HTTPS needs both ec2.tls_cert and ec2.tls_key");
  }
  if (!options_.tls_cert_path.empty()) {
    ASSIGN_OR_RETURN(tls_, MakeTlsContext(options_.tls_cert_path, options_.tls_key_path));
  }
  RETURN_IF_ERROR(Listen());
  parts_.emplace(
      SessionParts{.options = options_, .calls = calls_, .pool = *pool_, .random = random_, .tls = tls_.get()});
  Accept();
  thread_ = std::thread([this] { Run(); });
  log::Info("the EC2 API is served at {}", url());
  return absl::OkStatus();
}

void Server::Run() {
  GoFirst();
  while (!io_.stopped()) {
    try {
      io_.run();
    } catch (const std::exception& exception) {
      log::Error("query: {}", exception.what());  // memory ran out while a connection was taken; it is gone
    }
  }
}

void Server::Accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) { OnAccept(error, std::move(socket)); });
}

void Server::OnAccept(error_code error, tcp::socket socket) {
  if (parts_->stopping || error == asio::error::operation_aborted) return;
  if (error && error != asio::error::connection_aborted) {
    log::Warn("query: cannot accept: {}", error.message());
    retry_.expires_after(kAcceptRetry);
    retry_.async_wait([this](error_code stopped) {
      if (!stopped && !parts_->stopping) Accept();
    });
    return;
  }
  Accept();  // first, so that it goes on whatever becomes of this connection
  if (!error) Admit(std::move(socket));
}

void Server::Admit(tcp::socket socket) {
  error_code error;
  const tcp::endpoint endpoint = socket.remote_endpoint(error);
  if (error) return;  // gone already
  socket.set_option(tcp::no_delay(true), error);
  if (error) return;
  const std::string peer = endpoint.address().to_string();
  const bool admitted =
      admitted_ < options_.limits.connections && admitted_by_peer_[peer] < options_.limits.connections_per_peer;
  if (!admitted && turned_away_ >= kMostTurnedAway) return;
  const uint64_t serial = next_serial_++;
  auto session = MakeHttpSession(*parts_, std::move(socket), peer, [this, serial] { Forget(serial); });
  sessions_.emplace(serial, Entry{.session = session, .peer = peer, .admitted = admitted});
  if (admitted) {
    ++admitted_;
    ++admitted_by_peer_[peer];
    session->Start();
  } else {
    ++turned_away_;
    session->TurnAway();
  }
}

void Server::Forget(uint64_t serial) {
  const auto entry = sessions_.find(serial);
  if (entry->second.admitted) {
    --admitted_;
    if (--admitted_by_peer_[entry->second.peer] == 0) admitted_by_peer_.erase(entry->second.peer);
  } else {
    --turned_away_;
  }
  sessions_.erase(entry);
  if (!parts_->stopping || !sessions_.empty()) return;
  std::lock_guard lock(mutex_);
  drained_ = true;
  changed_.notify_all();
}

void Server::StopAccepting() {
  parts_->stopping = true;
  error_code ignored;  // there is nothing left to do about a listener that does not close cleanly
  acceptor_.close(ignored);
  retry_.cancel();
  for (const auto& [serial, entry] : sessions_) {
    if (!entry.session->busy()) entry.session->Cut();
  }
  if (!sessions_.empty()) return;
  std::lock_guard lock(mutex_);
  drained_ = true;
  changed_.notify_all();
}

void Server::CutAll() {
  for (const auto& [serial, entry] : sessions_) entry.session->Cut();
  work_.reset();
  io_.stop();
}

Server::~Server() {
  if (thread_.joinable()) {
    asio::post(io_, [this] { StopAccepting(); });
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kGrace, [this] { return drained_; });
    }
    asio::post(io_, [this] { CutAll(); });
    thread_.join();
  }
  pool_.reset();  // a call under way is let end: it may hold a transaction
}

}  // namespace

absl::StatusOr<std::unique_ptr<QueryServer>> MakeQueryServer(const gateway::Dispatcher& dispatcher,
                                                             Authenticate authenticate, QueryServerOptions options) {
  auto server = std::make_unique<Server>(dispatcher, std::move(authenticate), std::move(options));
  RETURN_IF_ERROR(server->Start());
  return server;
}

}  // namespace brume::frontend
