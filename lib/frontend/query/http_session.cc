#include "lib/frontend/query/http_session.h"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/time/clock.h"
#include "lib/base/log.h"
#include "lib/base/request_id.h"
#include "lib/frontend/query/http_message.h"

namespace brume::frontend {
namespace {

namespace http = boost::beast::http;

constexpr char kServerName[] = "Brume";
constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
// How long, and for how many bytes, a connection that is to be closed may go on sending: closing while unread bytes
// wait would reset it and take the answer away from the peer.
constexpr auto kLingerTime = std::chrono::seconds(5);
constexpr size_t kLingerBytes = 16 << 20;
constexpr size_t kReadBytes = 4096;

constexpr Refusal kTooMuch{503, "RequestLimitExceeded", "Request limit exceeded."};

template <typename Stream>
class Session final : public HttpSession, public std::enable_shared_from_this<Session<Stream>> {
 public:
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;

  template <typename... Context>
  Session(SessionParts& parts, std::string peer, std::function<void()> ended, tcp::socket socket, Context&... context)
      : parts_(parts),
        peer_(std::move(peer)),
        ended_(std::move(ended)),
        stream_(std::move(socket), context...),
        buffer_(2 * size_t{parts.options.limits.head_bytes}) {}
  ~Session() override { ReleaseBody(); }

  void Start() override {
    if constexpr (kTls) {
      ExpireAfter(limits().head_timeout);
      stream_.async_handshake(asio::ssl::stream_base::server, Guard([](Session& self, error_code error) {
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
      request_id_ = NewRequestId(parts_.random);
      Refuse({503, "RequestLimitExceeded", "There are too many connections."});
    }
  }

  void Cut() override { beast::get_lowest_layer(stream_).close(); }
  bool busy() const override { return busy_; }

 private:
  const QueryLimits& limits() const { return parts_.options.limits; }
  void ExpireAfter(absl::Duration time) {
    beast::get_lowest_layer(stream_).expires_after(absl::ToChronoMilliseconds(time));
  }

  // Makes `handler(session, results…)` a completion handler that keeps the session alive. What it throws (memory ran
  // out) ends this connection alone.
  template <typename Handler>
  auto Guard(Handler handler) {
    return [self = this->shared_from_this(), handler](auto... results) {
      try {
        handler(*self, results...);
      } catch (const std::exception& exception) {
        log::Error("query: a connection of {} ends: {}", self->peer_, exception.what());
        self->End();
      }
    };
  }

  void AwaitRequest() {
    if (parts_.stopping) return End();
    if (buffer_.size() > 0) return ReadHead();  // pipelined
    buffer_.shrink_to_fit();
    ExpireAfter(limits().idle_timeout);
    stream_.async_read_some(buffer_.prepare(kReadBytes), Guard([](Session& self, error_code error, size_t bytes) {
                              if (error) return self.End();
                              self.buffer_.commit(bytes);
                              self.ReadHead();
                            }));
  }

  void ReadHead() {
    parser_.emplace();
    parser_->header_limit(limits().head_bytes);
    parser_->body_limit(limits().body_bytes);
    request_id_ = NewRequestId(parts_.random);
    // One deadline for all of it: a peer that sends byte by byte does not move it.
    ExpireAfter(limits().head_timeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            Guard([](Session& self, error_code error, size_t) { self.OnHead(error); }));
  }

  void OnHead(error_code error) {
    if (error) return OnReadError(error);
    const bool has_body = parser_->chunked() || parser_->content_length().value_or(0) > 0;
    if (const auto refusal = RefusalOfHead(parser_->get(), has_body, limits())) return Refuse(*refusal);
    if (!has_body) return ReadBody();
    if (!ReserveBody(parser_->content_length().value_or(limits().body_bytes))) return Refuse(kTooMuch);
    ExpireAfter(limits().body_timeout);
    if (parser_->get().count(http::field::expect) == 0 || buffer_.size() > 0) return ReadBody();
    asio::async_write(stream_, asio::buffer(kContinue, sizeof kContinue - 1),
                      Guard([](Session& self, error_code broken, size_t) {
                        if (broken) return self.End();
                        self.ReadBody();
                      }));
  }

  void ReadBody() {
    http::async_read(stream_, buffer_, *parser_,
                     Guard([](Session& self, error_code error, size_t) { self.OnRequest(error); }));
  }

  void OnReadError(error_code error) {
    const std::optional<Refusal> refusal = RefusalOfReadError(error);
    if (!refusal.has_value()) return End();
    Refuse(*refusal);
  }

  void OnRequest(error_code error) {
    if (error) return OnReadError(error);
    busy_ = true;
    const bool taken = parts_.pool.Submit([self = this->shared_from_this()]() mutable {
      auto answered = self->Guard([answer = self->Answer()](Session& session) {
        session.ReleaseBody();
        session.Send(answer, session.parser_->get().keep_alive());
      });
      const auto executor = self->stream_.get_executor();
      self.reset();  // the session ends on its own thread alone
      asio::post(executor, std::move(answered));
    });
    if (!taken) Refuse(kTooMuch);
  }

  // On a thread of the pool; until it is done nothing else touches the request.
  QueryAnswer Answer() const {
    try {
      return parts_.calls.Answer(
          {.http = ToSigned(parser_->get()), .source = peer_, .secure = kTls, .request_id = request_id_});
    } catch (const std::exception& exception) {
      log::Error("query: a call of {} fails: {}", peer_, exception.what());
      return RefusedByHttp(500, "InternalError", "An internal error has occurred.", request_id_);
    }
  }

  // What was not read of the request is not looked at: it may be anything.
  void Refuse(Refusal refusal) {
    busy_ = true;
    ReleaseBody();
    Send(RefusedByHttp(refusal.status, refusal.code, refusal.message, request_id_), /*keep_alive=*/false);
  }

  void Send(QueryAnswer answer, bool keep_alive) {
    keep_alive = keep_alive && !parts_.stopping;
    const bool head = parser_.has_value() && parser_->get().method() == http::verb::head;
    response_ = {};
    response_.version(parser_.has_value() && parser_->is_header_done() ? parser_->get().version() : 11);
    response_.result(static_cast<unsigned>(answer.status));
    response_.keep_alive(keep_alive);
    response_.set(http::field::server, kServerName);
    response_.set(http::field::content_type, answer.content_type);
    response_.set(http::field::date, absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()));
    response_.set("x-amzn-RequestId", request_id_);
    if (answer.status == 405) response_.set(http::field::allow, "GET, POST");
    if (parts_.options.simulated) response_.set("x-brume-simulated", "true");
    response_.content_length(answer.body.size());
    if (!head) response_.body() = std::move(answer.body);
    parser_.reset();
    ExpireAfter(limits().write_timeout);
    http::async_write(stream_, response_, Guard([keep_alive](Session& self, error_code error, size_t) {
                        self.response_ = {};
                        self.busy_ = false;
                        if (error) return self.End();
                        if (keep_alive) return self.AwaitRequest();
                        self.Finish();
                      }));
  }

  // Says that nothing more comes, and takes what the peer still sends.
  void Finish() {
    if constexpr (kTls) {
      ExpireAfter(absl::FromChrono(kLingerTime));
      // It fails where the peer is still sending its request: what it sends is taken below TLS, unread.
      stream_.async_shutdown(Guard([](Session& self, error_code error) {
        if (!error) return self.End();
        self.EndSending();
      }));
    } else {
      ExpireAfter(absl::FromChrono(kLingerTime));
      EndSending();
    }
  }

  void EndSending() {
    error_code gone;
    beast::get_lowest_layer(stream_).socket().shutdown(tcp::socket::shutdown_send, gone);
    if (gone) return End();
    Linger(kLingerBytes);
  }

  void Linger(size_t bytes_left) {
    buffer_.clear();
    beast::get_lowest_layer(stream_).async_read_some(buffer_.prepare(kReadBytes),
                                                     Guard([bytes_left](Session& self, error_code error, size_t bytes) {
                                                       if (error || bytes >= bytes_left) return self.End();
                                                       self.Linger(bytes_left - bytes);
                                                     }));
  }

  bool ReserveBody(uint64_t bytes) {
    if (parts_.bodies_bytes + bytes > limits().bodies_bytes) return false;
    parts_.bodies_bytes += bytes;
    reserved_ = bytes;
    return true;
  }
  void ReleaseBody() { parts_.bodies_bytes -= std::exchange(reserved_, 0); }

  void End() {
    Cut();
    busy_ = false;
    if (ended_) std::exchange(ended_, nullptr)();
  }

  SessionParts& parts_;
  const std::string peer_;
  std::function<void()> ended_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  std::string request_id_;
  uint64_t reserved_ = 0;
  bool busy_ = false;
};

}  // namespace

std::shared_ptr<HttpSession> MakeHttpSession(SessionParts& parts, tcp::socket socket, std::string peer,
                                             std::function<void()> ended) {
  if (parts.tls == nullptr) {
    return std::make_shared<Session<beast::tcp_stream>>(parts, std::move(peer), std::move(ended), std::move(socket));
  }
  return std::make_shared<Session<beast::ssl_stream<beast::tcp_stream>>>(parts, std::move(peer), std::move(ended),
                                                                         std::move(socket), *parts.tls);
}

}  // namespace brume::frontend
