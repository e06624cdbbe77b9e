// One connection of a Server. Included by server.cc alone: Boost's headers go no further.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/time/clock.h"
#include "lib/base/log.h"
#include "lib/http/server.h"

namespace brume::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Parser = beast::http::request_parser<beast::http::string_body>;

// What connections share. Used on the server's thread only.
struct SessionParts {
  const ServerOptions& options;
  const Handler& handler;
  asio::ssl::context* tls = nullptr;  // null = plain HTTP
  uint64_t bodies_bytes = 0;          // held by requests now
  bool stopping = false;              // answers are the last of their connections
};

inline std::string ToString(beast::string_view text) { return std::string(text.data(), text.size()); }

// What is wrong with an incomplete or malformed request; unset = there is nobody to answer.
inline std::optional<Fault> FaultOf(error_code code) {
  using beast::http::error;
  if (code == error::header_limit || code == error::buffer_overflow) return Fault::kHeadTooLarge;
  if (code == error::body_limit || code == error::unexpected_body) return Fault::kBodyTooLarge;
  if (code == error::end_of_stream || code == error::partial_message) return std::nullopt;
  if (code.category() == beast::http::make_error_code(error::bad_method).category()) return Fault::kMalformed;
  return std::nullopt;
}

inline void PrepareParser(Parser& parser, const Limits& limits) {
  parser.header_limit(limits.head_bytes);
  parser.body_limit(limits.body_bytes);
}

inline bool HasBody(const Parser& parser) { return parser.chunked() || parser.content_length().value_or(0) > 0; }

// All but the body.
inline void TakeHead(const Parser& parser, Request& request) {
  request.method = ToString(parser.get().method_string());
  request.target = ToString(parser.get().target());
  request.headers.clear();
  for (const auto& field : parser.get()) {
    request.headers.emplace_back(ToString(field.name_string()), ToString(field.value()));
  }
}

// What is said against a request whose head was read.
inline std::optional<Response> RefusalOfHead(const Request& request, bool has_body, const ServerOptions& options) {
  if (request.headers.size() > options.limits.headers) return options.refuse(Fault::kHeadTooLarge, &request);
  return options.check_head ? options.check_head(request, has_body) : std::nullopt;
}

// After the body was read, which may have brought trailers.
inline void TakeBody(Parser& parser, Request& request) {
  if (parser.chunked()) TakeHead(parser, request);
  request.body = std::move(parser.get().body());
}

// Lives in its listener's map and in the handlers that wait for it. On the server's thread only, but for Deliver.
class ServerSession {
 public:
  virtual ~ServerSession() = default;
  // Reads requests and answers them.
  virtual void Start() = 0;
  // Says in place of an answer that there are too many connections, and closes.
  virtual void TurnAway() = 0;
  // Ends it now; its handlers see an error and let go.
  virtual void Cut() = 0;
  // Whether a request was read whole and its answer is not written yet.
  virtual bool busy() const = 0;
  // Since when it waits for a request; unset while one is under way.
  virtual std::optional<std::chrono::steady_clock::time_point> idle_since() const = 0;
  // Hands over the answer to the request that was read whole; unset = there is none. From any thread. The session is
  // not let go of by that thread.
  virtual void Deliver(std::shared_ptr<ServerSession> self, std::optional<Response> response) = 0;
};

class SessionSink final : public Responder::Sink {
 public:
  explicit SessionSink(std::shared_ptr<ServerSession> session) : session_(std::move(session)) {}
  ~SessionSink() override { Deliver(std::nullopt); }
  void Send(Response response) override { Deliver(std::move(response)); }

 private:
  void Deliver(std::optional<Response> response) {
    if (session_ == nullptr) return;
    ServerSession& session = *session_;
    session.Deliver(std::exchange(session_, nullptr), std::move(response));
  }

  std::shared_ptr<ServerSession> session_;
};

// Whose connection it is.
struct SessionOrigin {
  std::string peer, listener;
  std::function<void()> ended;  // called once
};

template <typename Stream>
class StreamSession final : public ServerSession, public std::enable_shared_from_this<StreamSession<Stream>> {
 public:
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;

  template <typename... Context>
  StreamSession(SessionParts& parts, SessionOrigin origin, tcp::socket socket, Context&... context)
      : parts_(parts),
        origin_(std::move(origin)),
        stream_(std::move(socket), context...),
        buffer_(2 * size_t{parts.options.limits.head_bytes}) {}
  ~StreamSession() override { ReleaseBody(); }

  void Start() override {
    if constexpr (kTls) {
      ExpireAfter(deadlines().head);
      stream_.async_handshake(asio::ssl::stream_base::server, Guard([](StreamSession& self, error_code error) {
                                if (error) return self.End();
                                self.AwaitRequest();
                              }));
    } else {
      AwaitRequest();
    }
  }

  void TurnAway() override {
    if constexpr (kTls) {
      End();  // a handshake costs more than the word is worth
    } else {
      Refuse(parts_.options.refuse(Fault::kTooManyConnections, nullptr));
    }
  }

  void Cut() override { beast::get_lowest_layer(stream_).close(); }
  bool busy() const override { return busy_; }
  std::optional<std::chrono::steady_clock::time_point> idle_since() const override { return idle_since_; }

  void Deliver(std::shared_ptr<ServerSession> self, std::optional<Response> response) override {
    auto answered = Guard([response = std::move(response)](StreamSession& session) mutable {
      session.ReleaseBody();
      if (!response.has_value()) return session.End();
      session.Send(*std::move(response));
    });
    const auto executor = stream_.get_executor();
    self.reset();  // the handler holds it, and ends on the server's thread
    asio::dispatch(executor, std::move(answered));
  }

 private:
  const Limits& limits() const { return parts_.options.limits; }
  const Deadlines& deadlines() const { return parts_.options.deadlines; }
  void ExpireAfter(absl::Duration time) {
    beast::get_lowest_layer(stream_).expires_after(absl::ToChronoMilliseconds(time));
  }

  auto Room() { return buffer_.prepare(std::min(kReadBytes, buffer_.max_size())); }

  // Makes `handler(session, results…)` a completion handler that keeps the session alive. What it throws (memory ran
  // out) ends this connection alone.
  template <typename Handler>
  auto Guard(Handler handler) {
    return [self = this->shared_from_this(), handler = std::move(handler)](auto... results) mutable {
      try {
        handler(*self, results...);
      } catch (const std::exception& exception) {
        log::Error("{}: a connection of {} ends: {}", self->parts_.options.name, self->origin_.peer, exception.what());
        self->End();
      }
    };
  }

  void AwaitRequest() {
    if (parts_.stopping) return End();
    if (buffer_.size() > 0 || !deadlines().idle.has_value()) return ReadHead();  // pipelined, or under one deadline
    buffer_.shrink_to_fit();
    idle_since_ = std::chrono::steady_clock::now();
    ExpireAfter(*deadlines().idle);
    stream_.async_read_some(Room(), Guard([](StreamSession& self, error_code error, size_t bytes) {
                              self.idle_since_.reset();
                              if (error) return self.End();
                              self.buffer_.commit(bytes);
                              self.ReadHead();
                            }));
  }

  void ReadHead() {
    parser_.emplace();
    PrepareParser(*parser_, limits());
    // One deadline for all of it: a peer that sends byte by byte does not move it.
    ExpireAfter(deadlines().head);
    beast::http::async_read_header(stream_, buffer_, *parser_,
                                   Guard([](StreamSession& self, error_code error, size_t) { self.OnHead(error); }));
  }

  void OnHead(error_code error) {
    if (error) return OnReadError(error);
    request_ = {};
    TakeHead(*parser_, request_);
    const bool has_body = HasBody(*parser_);
    if (auto refusal = RefusalOfHead(request_, has_body, parts_.options)) return Refuse(*std::move(refusal));
    if (!has_body) return ReadBody();
    if (!ReserveBody(parser_->content_length().value_or(limits().body_bytes))) {
      return Refuse(parts_.options.refuse(Fault::kTooManyBodies, &request_));
    }
    if (deadlines().body.has_value()) ExpireAfter(*deadlines().body);
    const bool expects = parser_->get().count(beast::http::field::expect) > 0 && limits().body_bytes > 0;
    if (!expects || buffer_.size() > 0) return ReadBody();
    asio::async_write(stream_, asio::buffer(kContinue, sizeof kContinue - 1),
                      Guard([](StreamSession& self, error_code broken, size_t) {
                        if (broken) return self.End();
                        self.ReadBody();
                      }));
  }

  void ReadBody() {
    beast::http::async_read(stream_, buffer_, *parser_,
                            Guard([](StreamSession& self, error_code error, size_t) { self.OnRequest(error); }));
  }

  void OnReadError(error_code error) {
    const std::optional<Fault> fault = FaultOf(error);
    if (!fault.has_value()) return End();
    // A length that is too large is found at the end of the head.
    if (*fault == Fault::kBodyTooLarge) TakeHead(*parser_, request_);
    Refuse(parts_.options.refuse(*fault, request_.method.empty() ? nullptr : &request_));
  }

  void OnRequest(error_code error) {
    if (error) return OnReadError(error);
    busy_ = true;
    TakeBody(*parser_, request_);
    request_.peer = origin_.peer;
    request_.listener = origin_.listener;
    request_.secure = kTls;
    parts_.handler(std::exchange(request_, {}), Responder(std::make_shared<SessionSink>(this->shared_from_this())));
  }

  // What was not read of the request is ignored: it may be anything.
  void Refuse(Response response) {
    busy_ = true;
    ReleaseBody();
    response.close = true;
    Send(std::move(response));
  }

  // Packets of this connection die after so many hops from now on. It stays so until its end: a retransmission of the
  // answer would have whatever limit stands then.
  bool LimitHops(int hops) {
    const int fd = beast::get_lowest_layer(stream_).socket().native_handle();
    int family = AF_INET;
    socklen_t size = sizeof family;
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
    if (family == AF_INET6) return setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof hops) == 0;
    return setsockopt(fd, IPPROTO_IP, IP_TTL, &hops, sizeof hops) == 0;
  }

  void Send(Response answer) {
    if (answer.hop_limit.has_value() && !LimitHops(*answer.hop_limit)) {
      log::Error("{}: cannot set the hop limit of an answer; it is not sent", parts_.options.name);
      return Refuse(parts_.options.refuse(Fault::kInternal, nullptr));
    }
    const bool parsed = parser_.has_value() && parser_->is_header_done();
    const bool head = parser_.has_value() && parser_->get().method() == beast::http::verb::head;
    const bool keep_alive =
        parsed && parser_->get().keep_alive() && parts_.options.keep_alive && !answer.close && !parts_.stopping;
    response_ = {};
    response_.version(parsed ? parser_->get().version() : 11);
    response_.result(static_cast<unsigned>(answer.status));
    response_.keep_alive(keep_alive);
    const bool named = !parts_.options.server_name.empty();
    if (named) response_.set(beast::http::field::server, parts_.options.server_name);
    response_.set(beast::http::field::content_type, answer.content_type);
    if (named) {
      response_.set(beast::http::field::date,
                    absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()));
    }
    for (const auto& [name, value] : answer.headers) response_.set(name, value);
    response_.content_length(answer.body.size());
    if (!head) response_.body() = std::move(answer.body);
    parser_.reset();
    if (deadlines().write.has_value()) ExpireAfter(*deadlines().write);
    beast::http::async_write(stream_, response_, Guard([keep_alive](StreamSession& self, error_code error, size_t) {
                               self.response_ = {};
                               self.busy_ = false;
                               if (error) return self.End();
                               if (keep_alive) return self.AwaitRequest();
                               self.Finish();
                             }));
  }

  // Says that nothing more comes, and takes what the peer still sends.
  void Finish() {
    if (deadlines().linger_bytes > 0) ExpireAfter(deadlines().linger);
    if constexpr (kTls) {
      // It fails where the peer is still sending its request: what it sends is taken below TLS, unread.
      stream_.async_shutdown(Guard([](StreamSession& self, error_code error) {
        if (!error) return self.End();
        self.EndSending();
      }));
    } else {
      EndSending();
    }
  }

  void EndSending() {
    error_code gone;
    beast::get_lowest_layer(stream_).socket().shutdown(tcp::socket::shutdown_send, gone);
    if (gone || deadlines().linger_bytes == 0) return End();
    Linger(deadlines().linger_bytes);
  }

  void Linger(size_t bytes_left) {
    buffer_.clear();
    beast::get_lowest_layer(stream_).async_read_some(
        Room(), Guard([bytes_left](StreamSession& self, error_code error, size_t bytes) {
          if (error || bytes >= bytes_left) return self.End();
          self.Linger(bytes_left - bytes);
        }));
  }

  bool ReserveBody(uint64_t bytes) {
    if (bytes > limits().bodies_bytes - parts_.bodies_bytes) return false;
    parts_.bodies_bytes += bytes;
    reserved_ = bytes;
    return true;
  }
  void ReleaseBody() { parts_.bodies_bytes -= std::exchange(reserved_, 0); }

  void End() {
    Cut();
    busy_ = false;
    if (origin_.ended) std::exchange(origin_.ended, nullptr)();
  }

  static constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
  static constexpr size_t kReadBytes = 4096;

  SessionParts& parts_;
  SessionOrigin origin_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  Request request_;
  beast::http::response<beast::http::string_body> response_;
  std::optional<std::chrono::steady_clock::time_point> idle_since_;
  uint64_t reserved_ = 0;
  bool busy_ = false;
};

inline std::shared_ptr<ServerSession> MakeSession(SessionParts& parts, tcp::socket socket, SessionOrigin origin) {
  if (parts.tls == nullptr) {
    return std::make_shared<StreamSession<beast::tcp_stream>>(parts, std::move(origin), std::move(socket));
  }
  return std::make_shared<StreamSession<beast::ssl_stream<beast::tcp_stream>>>(parts, std::move(origin),
                                                                               std::move(socket), *parts.tls);
}

}  // namespace brume::http
