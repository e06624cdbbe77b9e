#include "lib/http/server.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/mutex.h"
#include "lib/base/priority.h"
#include "lib/base/status_macros.h"
#include "lib/http/server_session.h"

namespace brume::http {
namespace {

// Wait before the next try when the process is out of descriptors.
constexpr auto kAcceptRetry = std::chrono::milliseconds(200);
// Connections beyond the limit that are told so at once; more are closed without a word.
constexpr size_t kMaxTurnedAway = 32;

absl::Status CannotUse(absl::string_view what, const std::string& path, const error_code& error) {
  return absl::FailedPreconditionError(absl::StrCat("cannot use ", path, " as ", what, ": ", error.message()));
}

// TLS 1.2 and 1.3, with forward secrecy and authenticated encryption only.
absl::StatusOr<std::unique_ptr<asio::ssl::context>> MakeTlsContext(const std::string& cert_path,
                                                                   const std::string& key_path) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* const ssl = context->native_handle();
  // Idle connections keep no buffers, and a client cannot make the server's part of a handshake again.
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(ssl, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
    return absl::FailedPreconditionError("this OpenSSL has no TLS 1.2 with AES-GCM or ChaCha20");
  }
  error_code error;
  context->use_certificate_chain_file(cert_path, error);
  if (error) return CannotUse("the certificate", cert_path, error);
  context->use_private_key_file(key_path, asio::ssl::context::pem, error);
  if (error) return CannotUse("the key of the certificate", key_path, error);
  return context;
}

// One listening socket and its connections. On the server's thread only.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  struct Hooks {
    std::function<bool()> make_room;  // among the connections of all listeners
    std::function<void()> ended;      // called after a connection has ended
  };
  Listener(asio::io_context& io, std::string name, SessionParts& parts, Hooks hooks)
      : name_(std::move(name)), parts_(parts), hooks_(std::move(hooks)), acceptor_(io), retry_(io) {}

  void Start(UniqueFd socket) {
    sockaddr_storage address = {};
    socklen_t size = sizeof address;
    error_code error;
    if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      error = error_code(errno, boost::system::system_category());
    } else {
      acceptor_.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), socket.get(), error);
    }
    if (error) {
      log::Error("{}: the listener {} cannot be used: {}", parts_.options.name, name_, error.message());
      return;
    }
    socket.release();
    Accept();
  }

  // Connections that wait for their answers are left.
  void StopAccepting() {
    closed_ = true;
    error_code ignored;  // there is nothing left to do about a listener that does not close cleanly
    acceptor_.close(ignored);
    retry_.cancel();
    for (const auto& [serial, entry] : sessions_) {
      if (!entry.session->busy()) entry.session->Cut();
    }
  }

  void Close() {
    StopAccepting();
    for (const auto& [serial, entry] : sessions_) entry.session->Cut();
    sessions_.clear();
  }

  bool empty() const { return sessions_.empty(); }
  size_t admitted() const { return sessions_.size() - turned_away_; }

  // True when fewer than `max` connections (of `peer`, unless null) are left; may evict the one idle for the longest
  // time to that end.
  bool MakeRoom(const std::string* peer, size_t max) {
    size_t count = 0;
    auto idlest = sessions_.end();
    for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
      const Entry& entry = it->second;
      if (!entry.admitted || (peer != nullptr && entry.peer != *peer)) continue;
      ++count;
      const auto idle_since = entry.session->idle_since();
      if (idle_since.has_value() &&
          (idlest == sessions_.end() || *idle_since < *idlest->second.session->idle_since())) {
        idlest = it;
      }
    }
    if (count < max) return true;
    if (parts_.options.when_full == WhenFull::kClose || idlest == sessions_.end()) return false;
    idlest->second.session->Cut();
    sessions_.erase(idlest);  // not counted any more, though its handler is yet to run
    return true;
  }

 private:
  // A connection, by when it came.
  struct Entry {
    std::shared_ptr<ServerSession> session;
    std::string peer;
    bool admitted = false;
  };

  void Accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      self->OnAccept(error, std::move(socket));
    });
  }

  void OnAccept(error_code error, tcp::socket socket) {
    if (closed_ || error == asio::error::operation_aborted) return;
    if (error && error != asio::error::connection_aborted) {
      log::Warn("{}: {} cannot accept: {}", parts_.options.name, name_, error.message());
      retry_.expires_after(kAcceptRetry);
      retry_.async_wait([self = shared_from_this()](error_code stopped) {
        if (!stopped && !self->closed_) self->Accept();
      });
      return;
    }
    Accept();  // first, so that it goes on whatever becomes of this connection
    if (!error) Admit(std::move(socket));
  }

  void Admit(tcp::socket socket) {
    error_code error;
    const tcp::endpoint endpoint = socket.remote_endpoint(error);
    if (error) return;  // gone already
    socket.set_option(tcp::no_delay(true), error);
    if (error) return;
    const std::string peer = endpoint.address().to_string();
    const Limits& limits = parts_.options.limits;
    const bool admitted =
        MakeRoom(&peer, limits.connections_per_peer) && MakeRoom(nullptr, limits.connections) && hooks_.make_room();
    const bool refuse = parts_.options.when_full == WhenFull::kRefuse && turned_away_ < kMaxTurnedAway;
    if (!admitted && !refuse) return;
    const uint64_t serial = next_serial_++;
    auto session = MakeSession(
        parts_, std::move(socket),
        {.peer = peer, .listener = name_, .ended = [self = shared_from_this(), serial] { self->Remove(serial); }});
    sessions_.emplace(serial, Entry{.session = session, .peer = peer, .admitted = admitted});
    if (admitted) {
      session->Start();
    } else {
      ++turned_away_;
      session->TurnAway();
    }
  }

  void Remove(uint64_t serial) {
    if (const auto entry = sessions_.find(serial); entry != sessions_.end()) {
      if (!entry->second.admitted) --turned_away_;
      sessions_.erase(entry);
    }
    hooks_.ended();
  }

  const std::string name_;
  SessionParts& parts_;
  const Hooks hooks_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  bool closed_ = false;
  uint64_t next_serial_ = 0;
  size_t turned_away_ = 0;
  std::map<uint64_t, Entry> sessions_;
};

// Collects the answers of ServeBytes.
class BytesSink final : public Responder::Sink {
 public:
  explicit BytesSink(std::vector<Response>& answers) : answers_(answers) {}
  void Send(Response response) override { answers_.push_back(std::move(response)); }

 private:
  std::vector<Response>& answers_;
};

// As Beast reads from a peer that ends when `bytes` do.
error_code Feed(Parser& parser, absl::string_view& bytes, bool (Parser::*done)() const) {
  error_code error;
  while (!error && !(parser.*done)()) {
    if (!bytes.empty()) bytes.remove_prefix(parser.put(asio::buffer(bytes.data(), bytes.size()), error));
    const bool needs_more = bytes.empty() && !error && !(parser.*done)();
    if (needs_more || error == beast::http::error::need_more) {
      parser.put_eof(error);
      break;
    }
  }
  return error;
}

}  // namespace

const std::string* Request::FindHeader(absl::string_view name) const {
  for (const auto& [each, value] : headers) {
    if (absl::EqualsIgnoreCase(each, name)) return &value;
  }
  return nullptr;
}

// Everything but the two ends of the thread happens on the thread.
class Server::Impl {
 public:
  Impl(ServerOptions options, Handler handler)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        parts_{.options = options_, .handler = handler_},
        work_(asio::make_work_guard(io_)) {}
  ~Impl() { Stop(); }

  absl::Status Start() {
    if (!options_.tls_cert_path.empty()) {
      ASSIGN_OR_RETURN(tls_, MakeTlsContext(options_.tls_cert_path, options_.tls_key_path));
      parts_.tls = tls_.get();
    }
    thread_ = std::thread([this] { Run(); });
    return absl::OkStatus();
  }

  void Stop() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { StopAccepting(); });
    const auto deadline = SteadyDeadline(options_.deadlines.grace);
    {
      MutexLock lock(mutex_);
      while (!drained_ && drained_changed_.WaitUntil(mutex_, deadline)) {
      }
    }
    asio::post(io_, [this] {
      for (const auto& [name, listener] : listeners_) listener->Close();
      listeners_.clear();
      io_.stop();
    });
    thread_.join();
    // A connection that was accepted at the last moment waits in io_ with its socket: its handler closes it.
    io_.restart();
    io_.poll();
  }

  void Add(const std::string& name, UniqueFd socket) {
    // A handler must be copyable for Asio, and a descriptor is not.
    auto shared = std::make_shared<UniqueFd>(std::move(socket));
    asio::post(io_, [this, name, shared] {
      if (parts_.stopping) return;
      Remove(name);
      auto listener = std::make_shared<Listener>(
          io_, name, parts_,
          Listener::Hooks{.make_room = [this] { return MakeRoom(); }, .ended = [this] { NoteDrained(); }});
      listeners_.emplace(name, listener);
      listener->Start(std::move(*shared));
    });
  }

  void PostRemove(const std::string& name) {
    asio::post(io_, [this, name] { Remove(name); });
  }

 private:
  void Run() {
    if (options_.high_priority) GoFirst();
    while (!io_.stopped()) {
      try {
        io_.run();
      } catch (const std::exception& exception) {
        // Out of memory while a connection was accepted: that one is lost, the others go on.
        log::Error("{}: {}", options_.name, exception.what());
      }
    }
  }

  // True when one connection more is within the bound of all together. The guests of one listener cannot take it from
  // the others: room is made among the connections of the one that has the most.
  bool MakeRoom() {
    size_t count = 0;
    Listener* largest = nullptr;
    for (const auto& [name, listener] : listeners_) {
      count += listener->admitted();
      if (largest == nullptr || listener->admitted() > largest->admitted()) largest = listener.get();
    }
    return count < options_.limits.connections_in_all ||
           (largest != nullptr && largest->MakeRoom(nullptr, largest->admitted()));
  }

  void Remove(const std::string& name) {
    const auto it = listeners_.find(name);
    if (it == listeners_.end()) return;
    it->second->Close();
    listeners_.erase(it);
  }

  void StopAccepting() {
    parts_.stopping = true;
    for (const auto& [name, listener] : listeners_) listener->StopAccepting();
    NoteDrained();
  }

  void NoteDrained() {
    if (!parts_.stopping) return;
    for (const auto& [name, listener] : listeners_) {
      if (!listener->empty()) return;
    }
    {
      MutexLock lock(mutex_);
      drained_ = true;
    }
    drained_changed_.NotifyAll();
  }

  const ServerOptions options_;
  const Handler handler_;
  std::unique_ptr<asio::ssl::context> tls_;
  SessionParts parts_;
  Mutex mutex_;
  CondVar drained_changed_;
  bool drained_ ABSL_GUARDED_BY(mutex_) = false;
  // Sessions may end with the handlers that io_ still holds, so what they use stands before it.
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::map<std::string, std::shared_ptr<Listener>> listeners_;
  std::thread thread_;
};

Server::Server(ServerOptions options, Handler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}

Server::~Server() = default;

absl::Status Server::Start() { return impl_->Start(); }

void Server::Stop() { impl_->Stop(); }

void Server::AddListener(const std::string& name, UniqueFd socket) { impl_->Add(name, std::move(socket)); }

void Server::RemoveListener(const std::string& name) { impl_->PostRemove(name); }

std::optional<Endpoint> ParseEndpoint(absl::string_view listen) {
  const size_t colon = listen.rfind(':');
  uint32_t port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(listen.substr(colon + 1), &port) || port > 65535) {
    return std::nullopt;
  }
  absl::string_view host = listen.substr(0, colon);
  const bool bracketed = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  error_code error;
  const asio::ip::address address = asio::ip::make_address(std::string(host), error);
  if (error || address.is_v6() != bracketed) return std::nullopt;
  return Endpoint{.address = std::string(host), .port = static_cast<uint16_t>(port), .loopback = address.is_loopback()};
}

absl::StatusOr<ListeningSocket> Listen(const Endpoint& endpoint) {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(endpoint.address, error);
  asio::io_context io;
  tcp::acceptor acceptor(io);
  const tcp::endpoint wanted(address, endpoint.port);
  if (!error) acceptor.open(wanted.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && address.is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(wanted, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  const tcp::endpoint local = error ? tcp::endpoint() : acceptor.local_endpoint(error);
  if (error) return absl::FailedPreconditionError(error.message());
  UniqueFd fd(acceptor.release(error));
  if (error) return absl::FailedPreconditionError(error.message());
  return ListeningSocket{.fd = std::move(fd), .port = local.port()};
}

std::vector<Response> ServeBytes(const ServerOptions& options, const Handler& handler, absl::string_view bytes) {
  std::vector<Response> answers;
  while (!bytes.empty()) {
    Parser parser;
    PrepareParser(parser, options.limits);
    parser.eager(false);
    error_code error = Feed(parser, bytes, &Parser::is_header_done);
    Request request;
    if (!error) {
      TakeHead(parser, request);
      if (auto refusal = RefusalOfHead(request, HasBody(parser), options)) {
        answers.push_back(*std::move(refusal));
        return answers;
      }
      parser.eager(true);
      error = Feed(parser, bytes, &Parser::is_done);
    }
    if (error) {
      if (FaultOf(error) == Fault::kBodyTooLarge) TakeHead(parser, request);
      if (const auto fault = FaultOf(error))
        answers.push_back(options.refuse(*fault, request.method.empty() ? nullptr : &request));
      return answers;
    }
    TakeBody(parser, request);
    handler(std::move(request), Responder(std::make_shared<BytesSink>(answers)));
    if (!parser.get().keep_alive()) return answers;
  }
  return answers;
}

}  // namespace brume::http
