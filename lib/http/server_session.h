// One connection of a Server. Included by server.cc alone: Boost's headers go no further.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/verb.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/log.h"
#include "lib/http/server.h"
#include "lib/http/transport.h"

namespace brume::http {

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

class ServerSession;

class SessionSink final : public Responder::Sink {
 public:
  explicit SessionSink(std::shared_ptr<ServerSession> session) : session_(std::move(session)) {}
  ~SessionSink() override { Deliver(std::nullopt); }
  void Send(Response response) override { Deliver(std::move(response)); }

 private:
  void Deliver(std::optional<Response> response);

  std::shared_ptr<ServerSession> session_;
};

// Whose connection it is.
struct SessionOrigin {
  std::string peer, listener;
  std::function<void()> ended;  // called once
};

// Lives in its listener's map and in the handlers that wait for it. On the server's thread only, but for Deliver.
class ServerSession final : public std::enable_shared_from_this<ServerSession> {
  // Makes `handler(session, results…)` a completion handler that keeps the session alive. What it throws (memory ran
  // out) ends this connection alone.
  template <typename Handler>
  auto Guard(Handler handler) {
    return [self = shared_from_this(), handler = std::move(handler)](auto... results) mutable {
      try {
        handler(*self, results...);
      } catch (const std::exception& exception) {
        log::Error("{}: a connection of {} ends: {}", self->parts_.options.name, self->origin_.peer, exception.what());
        self->End();
      }
    };
  }

 public:
  ServerSession(SessionParts& parts, SessionOrigin origin, std::unique_ptr<Transport> transport)
      : parts_(parts),
        origin_(std::move(origin)),
        transport_(std::move(transport)),
        buffer_(2 * size_t{parts.options.limits.head_bytes}) {}
  ~ServerSession() { ReleaseBody(); }

  // Reads requests and answers them.
  void Start() {
    ExpireAfter(deadlines().head);
    transport_->Handshake(Guard([](ServerSession& self, error_code error, size_t) {
      if (error) return self.End();
      self.AwaitRequest();
    }));
  }

  // Says in place of an answer that there are too many connections, and closes.
  void TurnAway() {
    if (transport_->secure()) return End();  // a handshake costs more than the word is worth
    Refuse(parts_.options.refuse(Fault::kTooManyConnections, nullptr));
  }

  // Ends it now; its handlers see an error and let go.
  void Cut() { transport_->tcp_stream().close(); }
  // Whether a request was read whole and its answer is not written yet.
  bool busy() const { return busy_; }
  // Since when it waits for a request; unset while one is under way.
  std::optional<std::chrono::steady_clock::time_point> idle_since() const { return idle_since_; }

  // Hands over the answer to the request that was read whole; unset = there is none. From any thread. The session is
  // not let go of by that thread.
  void Deliver(std::shared_ptr<ServerSession> self, std::optional<Response> response) {
    auto answered = Guard([response = std::move(response)](ServerSession& session) mutable {
      session.ReleaseBody();
      if (!response.has_value()) return session.End();
      session.Send(*std::move(response));
    });
    const auto executor = transport_->tcp_stream().get_executor();
    self.reset();  // the handler holds it, and ends on the server's thread
    asio::dispatch(executor, std::move(answered));
  }

 private:
  const Limits& limits() const { return parts_.options.limits; }
  const Deadlines& deadlines() const { return parts_.options.deadlines; }
  void ExpireAfter(absl::Duration time) { transport_->tcp_stream().expires_after(absl::ToChronoMilliseconds(time)); }

  auto Room() { return buffer_.prepare(std::min(kReadBytes, buffer_.max_size())); }

  void AwaitRequest() {
    if (parts_.stopping) return End();
    if (buffer_.size() > 0 || !deadlines().idle.has_value()) return ReadHead();  // pipelined, or under one deadline
    buffer_.shrink_to_fit();
    idle_since_ = std::chrono::steady_clock::now();
    ExpireAfter(*deadlines().idle);
    transport_->ReadSome(Room(), Guard([](ServerSession& self, error_code error, size_t bytes) {
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
    parser_->eager(false);
    Read(&Parser::is_header_done, &ServerSession::OnHead);
  }

  // Parses until `done`: what is there first, and what the peer sends as long as that is not enough. `then` gets the
  // error that ended it, or none.
  void Read(bool (Parser::*done)() const, void (ServerSession::*then)(error_code)) {
    error_code error;
    while (!error && !(*parser_.*done)()) {
      if (buffer_.size() > 0) buffer_.consume(parser_->put(buffer_.data(), error));
      const bool needs_more = error == beast::http::error::need_more || buffer_.size() == 0;
      if (error == beast::http::error::need_more) error = {};
      if (!needs_more || error || (*parser_.*done)()) continue;
      const size_t room = beast::read_size(buffer_, kMaxReadBytes);
      if (room > 0) return ReadMore(room, done, then);
      error = beast::http::error::buffer_overflow;
    }
    (this->*then)(error);
  }

  void ReadMore(size_t room, bool (Parser::*done)() const, void (ServerSession::*then)(error_code)) {
    transport_->ReadSome(buffer_.prepare(room), Guard([=](ServerSession& self, error_code error, size_t bytes) {
                           if (error == asio::error::eof) {
                             error = beast::http::error::end_of_stream;
                             if (self.parser_->got_some()) {
                               error = {};
                               self.parser_->put_eof(error);
                             }
                             return (self.*then)(error);
                           }
                           if (error) return (self.*then)(error);
                           self.buffer_.commit(bytes);
                           self.Read(done, then);
                         }));
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
    transport_->Write({asio::buffer(kContinue, sizeof kContinue - 1)},
                      Guard([](ServerSession& self, error_code broken, size_t) {
                        if (broken) return self.End();
                        self.ReadBody();
                      }));
  }

  void ReadBody() {
    parser_->eager(true);
    Read(&Parser::is_done, &ServerSession::OnRequest);
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
    request_.secure = transport_->secure();
    parts_.handler(std::exchange(request_, {}), Responder(std::make_shared<SessionSink>(shared_from_this())));
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
    const int fd = transport_->tcp_stream().socket().native_handle();
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
    answer_head_ = HeadOf(answer, parsed ? parser_->get().version() : kHttp11, keep_alive);
    answer_body_ = head ? std::string() : std::move(answer.body);
    parser_.reset();
    if (deadlines().write.has_value()) ExpireAfter(*deadlines().write);
    transport_->Write({asio::buffer(answer_head_), asio::buffer(answer_body_)},
                      Guard([keep_alive](ServerSession& self, error_code error, size_t) {
                        self.answer_head_ = {};
                        self.answer_body_ = {};
                        self.busy_ = false;
                        if (error) return self.End();
                        if (keep_alive) return self.AwaitRequest();
                        self.Finish();
                      }));
  }

  // The status line and the fields, as they are sent.
  std::string HeadOf(const Response& answer, unsigned version, bool keep_alive) {
    beast::http::response<beast::http::empty_body> fields;
    fields.version(version);
    fields.keep_alive(keep_alive);
    const bool named = !parts_.options.server_name.empty();
    if (named) fields.set(beast::http::field::server, parts_.options.server_name);
    fields.set(beast::http::field::content_type, answer.content_type);
    if (named) {
      fields.set(beast::http::field::date,
                 absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()));
    }
    for (const auto& [name, value] : answer.headers) fields.set(name, value);
    fields.content_length(answer.body.size());
    const auto reason = beast::http::obsolete_reason(beast::http::int_to_status(static_cast<unsigned>(answer.status)));
    std::string head =
        absl::StrCat(version == kHttp11 ? "HTTP/1.1 " : "HTTP/1.0 ", answer.status, " ", ToString(reason), "\r\n");
    for (const auto& field : fields) {
      absl::StrAppend(&head, ToString(field.name_string()), ": ", ToString(field.value()), "\r\n");
    }
    head += "\r\n";
    return head;
  }

  // Says that nothing more comes, and takes what the peer still sends.
  void Finish() {
    if (deadlines().linger_bytes > 0) ExpireAfter(deadlines().linger);
    // It fails without TLS, and in TLS where the peer is still sending its request: what it sends is taken below TLS,
    // unread.
    transport_->Shutdown(Guard([](ServerSession& self, error_code error, size_t) {
      if (!error) return self.End();
      self.EndSending();
    }));
  }

  void EndSending() {
    error_code gone;
    transport_->tcp_stream().socket().shutdown(tcp::socket::shutdown_send, gone);
    if (gone || deadlines().linger_bytes == 0) return End();
    Linger(deadlines().linger_bytes);
  }

  void Linger(size_t bytes_left) {
    buffer_.clear();
    Transport::Done read = Guard([bytes_left](ServerSession& self, error_code error, size_t bytes) {
      if (error || bytes >= bytes_left) return self.End();
      self.Linger(bytes_left - bytes);
    });
    transport_->tcp_stream().async_read_some(Room(), std::move(read));
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
  static constexpr size_t kReadBytes = 4096, kMaxReadBytes = 65536;
  static constexpr unsigned kHttp11 = 11;

  SessionParts& parts_;
  SessionOrigin origin_;
  const std::unique_ptr<Transport> transport_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  Request request_;
  std::string answer_head_, answer_body_;
  std::optional<std::chrono::steady_clock::time_point> idle_since_;
  uint64_t reserved_ = 0;
  bool busy_ = false;
};

inline void SessionSink::Deliver(std::optional<Response> response) {
  if (session_ == nullptr) return;
  ServerSession& session = *session_;
  session.Deliver(std::exchange(session_, nullptr), std::move(response));
}

inline std::shared_ptr<ServerSession> MakeSession(SessionParts& parts, tcp::socket socket, SessionOrigin origin) {
  std::unique_ptr<Transport> transport;
  if (parts.tls == nullptr) {
    transport = std::make_unique<PlainTransport>(std::move(socket));
  } else {
    transport = std::make_unique<TlsTransport>(std::move(socket), *parts.tls);
  }
  return std::make_shared<ServerSession>(parts, std::move(origin), std::move(transport));
}

}  // namespace brume::http
