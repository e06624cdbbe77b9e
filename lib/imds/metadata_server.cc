#include "lib/imds/metadata_server.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/status_macros.h"
#include "lib/imds/answer.h"
#include "lib/imds/metadata_store.h"

namespace brume::imds {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr char kServerName[] = "EC2ws";
// How long, and for how many bytes, a connection that is to be closed may go on sending: closing while unread bytes
// wait would reset it and take the answer away from the peer.
constexpr auto kLingerTime = std::chrono::seconds(1);
constexpr size_t kLingerBytes = 64 * 1024;
// Wait before the next try when the process is out of descriptors.
constexpr auto kAcceptRetry = std::chrono::milliseconds(200);

std::string ToString(beast::string_view text) { return std::string(text.data(), text.size()); }

// The answer to what is no complete request; none = nothing to answer.
std::optional<int> StatusForReadError(error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error == http::error::body_limit || error == http::error::unexpected_body) return 413;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error.category() == http::make_error_code(http::error::bad_method).category()) return 400;
  return std::nullopt;
}

// Answers one request of one peer.
using Answerer = std::function<Response(const VpcId& vpc, Ipv4 peer, const Request& request)>;

class Listener;

// One connection. Lives in its listener's map and in the handlers that wait for it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Listener> listener, uint64_t serial, tcp::socket socket, Ipv4 peer);

  void Start() { AwaitRequest(); }
  // Ends it now; its handlers see an error and let go.
  void Cut() { stream_.close(); }

  Ipv4 peer() const { return peer_; }
  // Since when it waits for a request; none while one is under way.
  std::optional<std::chrono::steady_clock::time_point> idle_since() const { return idle_since_; }

 private:
  // Makes `handler(session, results…)` a completion handler that keeps the session alive. What it throws (memory ran
  // out) ends this connection alone.
  template <typename Handler>
  auto Guard(Handler handler) {
    return [self = shared_from_this(), handler](auto... results) {
      try {
        handler(*self, results...);
      } catch (const std::exception& exception) {
        log::Error("metadata: a connection of {} ends: {}", self->peer_.text(), exception.what());
        self->End();
      }
    };
  }
  void AwaitRequest();
  void ReadRequest();
  void OnRequest(error_code error);
  void Send(const Response& response, bool head, bool keep_alive, unsigned version);
  bool LimitHops(int hops);
  void Linger(size_t bytes_left);
  void End();

  const std::shared_ptr<Listener> listener_;
  const uint64_t serial_;
  const Ipv4 peer_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
  std::optional<std::chrono::steady_clock::time_point> idle_since_;
};

// One VPC's listening socket and its connections.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& io, VpcId vpc, const MetadataServerOptions& options, const Answerer& answer)
      : vpc_(std::move(vpc)), options_(options), answer_(answer), acceptor_(io), retry_(io) {}

  void Start(UniqueFd socket) {
    error_code error;
    acceptor_.assign(tcp::v4(), socket.get(), error);
    if (error) {
      log::Error("metadata: the listener of {} cannot be used: {}", vpc_.text(), error.message());
      return;
    }
    socket.release();
    Accept();
  }

  void Close() {
    closed_ = true;
    error_code ignored;  // there is nothing left to do about a listener that does not close cleanly
    acceptor_.close(ignored);
    retry_.cancel();
    for (const auto& [serial, session] : sessions_) session->Cut();
  }

  void Forget(uint64_t serial) { sessions_.erase(serial); }

  const MetadataServerOptions& options() const { return options_; }
  Response Answer(Ipv4 peer, const Request& request) const { return answer_(vpc_, peer, request); }

 private:
  void Accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      self->OnAccept(error, std::move(socket));
    });
  }

  void OnAccept(error_code error, tcp::socket socket) {
    if (closed_ || error == asio::error::operation_aborted) return;
    if (error && error != asio::error::connection_aborted) {
      log::Warn("metadata: {} cannot accept: {}", vpc_.text(), error.message());
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
    if (error || !endpoint.address().is_v4()) return;  // gone already
    const Ipv4 peer{endpoint.address().to_v4().to_uint()};
    if (!MakeRoom(peer, options_.connections_per_peer) || !MakeRoom(std::nullopt, options_.connections_per_vpc)) return;
    const uint64_t serial = next_serial_++;
    auto session = std::make_shared<Session>(shared_from_this(), serial, std::move(socket), peer);
    sessions_.emplace(serial, session);
    session->Start();
  }

  // True when fewer than `most` connections (of `peer`, when given) are left; cuts the longest idle one for it.
  bool MakeRoom(std::optional<Ipv4> peer, size_t most) {
    size_t count = 0;
    auto longest_idle = sessions_.end();
    for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
      const Session& session = *it->second;
      if (peer.has_value() && session.peer() != *peer) continue;
      ++count;
      if (session.idle_since() &&
          (longest_idle == sessions_.end() || *session.idle_since() < *longest_idle->second->idle_since())) {
        longest_idle = it;
      }
    }
    if (count < most) return true;
    if (longest_idle == sessions_.end()) return false;
    longest_idle->second->Cut();
    sessions_.erase(longest_idle);  // not counted any more, though its handler is yet to run
    return true;
  }

  const VpcId vpc_;
  const MetadataServerOptions& options_;
  const Answerer& answer_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  bool closed_ = false;
  uint64_t next_serial_ = 0;
  std::map<uint64_t, std::shared_ptr<Session>> sessions_;
};

Session::Session(std::shared_ptr<Listener> listener, uint64_t serial, tcp::socket socket, Ipv4 peer)
    : listener_(std::move(listener)),
      serial_(serial),
      peer_(peer),
      stream_(std::move(socket)),
      buffer_(2 * listener_->options().header_bytes) {}

void Session::AwaitRequest() {
  if (buffer_.size() > 0) return ReadRequest();  // pipelined
  idle_since_ = std::chrono::steady_clock::now();
  stream_.expires_after(absl::ToChronoMilliseconds(listener_->options().idle_timeout));
  stream_.async_read_some(buffer_.prepare(1024), Guard([](Session& self, error_code error, size_t bytes) {
                            self.idle_since_.reset();
                            if (error) return self.End();
                            self.buffer_.commit(bytes);
                            self.ReadRequest();
                          }));
}

void Session::ReadRequest() {
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(listener_->options().header_bytes));
  parser_->body_limit(0);
  // One deadline for the request and its answer: a peer that sends or reads byte by byte does not move it.
  stream_.expires_after(absl::ToChronoMilliseconds(listener_->options().request_timeout));
  http::async_read(stream_, buffer_, *parser_,
                   Guard([](Session& self, error_code error, size_t) { self.OnRequest(error); }));
}

void Session::OnRequest(error_code error) {
  if (error) {
    const std::optional<int> status = StatusForReadError(error);
    if (!status.has_value()) return End();
    return Send(ErrorResponse(*status), /*head=*/false, /*keep_alive=*/false, 11);
  }
  const http::request<http::empty_body>& message = parser_->get();
  Request request;
  request.method = ToString(message.method_string());
  request.target = ToString(message.target());
  for (const auto& field : message)
    request.headers.emplace_back(ToString(field.name_string()), ToString(field.value()));
  Send(listener_->Answer(peer_, request), request.method == "HEAD", message.keep_alive(), message.version());
}

// Packets of this connection die after so many hops from now on. It stays so until its end: a retransmission of the
// token would have whatever limit stands then.
bool Session::LimitHops(int hops) {
  return setsockopt(stream_.socket().native_handle(), IPPROTO_IP, IP_TTL, &hops, sizeof hops) == 0;
}

void Session::Send(const Response& response, bool head, bool keep_alive, unsigned version) {
  if (response.hop_limit.has_value() && !LimitHops(*response.hop_limit)) {
    log::Error("metadata: cannot set the hop limit of a token's answer; it is not sent");
    return Send(ErrorResponse(500), head, /*keep_alive=*/false, version);
  }
  response_ = {};
  response_.version(version);
  response_.result(static_cast<unsigned>(response.status));
  response_.keep_alive(keep_alive);
  response_.set(http::field::server, kServerName);
  response_.set(http::field::content_type, response.content_type);
  response_.set(http::field::date, absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()));
  for (const auto& [name, value] : response.headers) response_.set(name, value);
  response_.content_length(response.body.size());
  if (!head) response_.body() = response.body;
  http::async_write(stream_, response_, Guard([keep_alive](Session& self, error_code error, size_t) {
                      if (error) return self.End();
                      if (keep_alive) return self.AwaitRequest();
                      error_code gone;
                      self.stream_.socket().shutdown(tcp::socket::shutdown_send, gone);
                      if (gone) return self.End();
                      self.stream_.expires_after(kLingerTime);
                      self.Linger(kLingerBytes);
                    }));
}

void Session::Linger(size_t bytes_left) {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(4096), Guard([bytes_left](Session& self, error_code error, size_t bytes) {
                            if (error || bytes >= bytes_left) return self.End();
                            self.Linger(bytes_left - bytes);
                          }));
}

void Session::End() {
  stream_.close();
  listener_->Forget(serial_);
}

bool IsListening(int fd) {
  int listening = 0;
  socklen_t size = sizeof listening;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
}

}  // namespace

// Everything but the two ends of the thread happens on the thread, so nothing of it is locked.
class MetadataServer::Impl {
 public:
  Impl(store::Database& database, const Settings& settings, const InstanceTypeTable& types, const Clock& clock,
       MetadataServerOptions options)
      : database_(database),
        settings_(settings),
        types_(types),
        clock_(clock),
        options_(std::move(options)),
        answer_([this](const VpcId& vpc, Ipv4 peer, const Request& request) { return Answer(vpc, peer, request); }),
        work_(asio::make_work_guard(io_)) {}

  ~Impl() { Stop(); }

  absl::Status Start() {
    SystemRandom random;
    absl::StatusOr<TokenKey> key = EnsureTokenKey(database_, random);
    if (!key.ok()) return std::move(key).status();
    key_ = *std::move(key);
    thread_ = std::thread([this] { Run(); });
    return absl::OkStatus();
  }

  void Stop() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] {
      for (const auto& [vpc, listener] : listeners_) listener->Close();
      listeners_.clear();
      work_.reset();
    });
    thread_.join();
  }

  void Add(const VpcId& vpc, UniqueFd socket) {
    // A handler must be copyable for asio, and a descriptor is not.
    auto shared = std::make_shared<UniqueFd>(std::move(socket));
    asio::post(io_, [this, vpc, shared] {
      RemoveOnThread(vpc);
      auto listener = std::make_shared<Listener>(io_, vpc, options_, answer_);
      listeners_.emplace(vpc, listener);
      listener->Start(std::move(*shared));
    });
  }

  void Remove(const VpcId& vpc) {
    asio::post(io_, [this, vpc] { RemoveOnThread(vpc); });
  }

 private:
  void Run() {
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception& exception) {
        // Out of memory while a connection was accepted: that one is lost, the others go on.
        log::Error("metadata: {}", exception.what());
      }
    }
  }

  void RemoveOnThread(const VpcId& vpc) {
    const auto it = listeners_.find(vpc);
    if (it == listeners_.end()) return;
    it->second->Close();
    listeners_.erase(it);
  }

  absl::StatusOr<std::optional<MetadataSource>> SourceOf(const VpcId& vpc, Ipv4 peer) const {
    ASSIGN_OR_RETURN(std::optional<MetadataSource> source, database_.ReadFor([&](store::Connection& connection) {
      return ReadSource(connection, settings_, types_, vpc, peer);
    }));
    const bool has_role = source.has_value() && source->profile.has_value() && source->profile->role.has_value();
    if (!has_role || options_.credentials == nullptr) return source;
    ASSIGN_OR_RETURN(source->credentials, options_.credentials(source->view.instance.id, *source->profile->role));
    return source;
  }

  Response Answer(const VpcId& vpc, Ipv4 peer, const Request& request) const {
    const absl::StatusOr<std::optional<MetadataSource>> source = SourceOf(vpc, peer);
    if (!source.ok()) {
      log::Error("metadata: cannot read what {} in {} is: {}", peer.text(), vpc.text(), source.status().message());
      return ErrorResponse(500);
    }
    return AnswerRequest(request, source->has_value() ? &**source : nullptr, key_, clock_.Now());
  }

  store::Database& database_;
  const Settings& settings_;
  const InstanceTypeTable& types_;
  const Clock& clock_;
  const MetadataServerOptions options_;
  const Answerer answer_;
  TokenKey key_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::map<VpcId, std::shared_ptr<Listener>> listeners_;
  std::thread thread_;
};

MetadataServer::MetadataServer(store::Database& database, const Settings& settings, const InstanceTypeTable& types,
                               const Clock& clock, MetadataServerOptions options)
    : impl_(std::make_unique<Impl>(database, settings, types, clock, std::move(options))) {}

MetadataServer::~MetadataServer() = default;

absl::Status MetadataServer::Start() { return impl_->Start(); }

void MetadataServer::Stop() { impl_->Stop(); }

absl::Status MetadataServer::AddVpc(const VpcId& vpc, UniqueFd listener) {
  if (!IsListening(listener.get())) {
    return absl::InvalidArgumentError(absl::StrCat("metadata: the socket for ", vpc.text(), " does not listen"));
  }
  impl_->Add(vpc, std::move(listener));
  return absl::OkStatus();
}

void MetadataServer::RemoveVpc(const VpcId& vpc) { impl_->Remove(vpc); }

}  // namespace brume::imds
