#include "lib/frontend/prometheus/prometheus_server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
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
#include <exception>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"

namespace brume::frontend {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr uint32_t kHeadBytes = 8192;
constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";
// Wait before the next try when the process is out of descriptors.
constexpr auto kAcceptRetry = std::chrono::milliseconds(200);

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
      absl::StrCat("'", listen, "' is no ADDRESS:PORT to serve /metrics at (IPv6: [ADDRESS]:PORT)"));
}

class Server;

// One connection and its one request. Lives in its handlers and in the server's set.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Server& server, tcp::socket socket) : server_(server), stream_(std::move(socket)) {}

  void Start(absl::Duration timeout) {
    parser_.header_limit(kHeadBytes);
    parser_.body_limit(0);
    // One deadline for all: a peer that sends or reads byte by byte does not move it.
    stream_.expires_after(absl::ToChronoMilliseconds(timeout));
    http::async_read(stream_, buffer_, parser_,
                     [self = shared_from_this()](error_code error, size_t) { self->OnRequest(error); });
  }
  void Cut() { stream_.close(); }

 private:
  void OnRequest(error_code error);
  void Send(http::status status, const char* content_type, std::string body);
  void End();

  Server& server_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{2 * kHeadBytes};
  http::request_parser<http::empty_body> parser_;
  http::response<http::string_body> response_;
};

// Everything but the two ends of the thread happens on the thread.
class Server final : public PrometheusServer {
 public:
  Server(std::function<std::string()> text, PrometheusServerOptions options)
      : text_(std::move(text)),
        options_(std::move(options)),
        acceptor_(io_),
        retry_(io_),
        work_(asio::make_work_guard(io_)) {}

  ~Server() override {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] {
      error_code ignored;  // there is nothing left to do about a listener that does not close cleanly
      acceptor_.close(ignored);
      retry_.cancel();
      for (const std::shared_ptr<Session>& session : sessions_) session->Cut();
      work_.reset();
    });
    thread_.join();
  }

  absl::Status Start() {
    ASSIGN_OR_RETURN(const tcp::endpoint endpoint, ParseEndpoint(options_.listen));
    if (!endpoint.address().is_loopback() && !options_.allow_remote) {
      return absl::FailedPreconditionError(
          absl::StrCat("/metrics at ", options_.listen,
                       " could be read by anybody who reaches it: take a loopback address, or set "
                       "monitoring.prometheus_allow_remote"));
    }
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && endpoint.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return absl::FailedPreconditionError(absl::StrCat("cannot serve /metrics at ", options_.listen, ": ",
                                                        error.message(),
                                                        "; another address is set by monitoring.prometheus_listen"));
    }
    port_ = acceptor_.local_endpoint().port();
    Accept();
    thread_ = std::thread([this] { Run(); });
    return absl::OkStatus();
  }

  std::string url() const override {
    return absl::StrCat("http://", options_.listen.substr(0, options_.listen.rfind(':')), ":", port_, "/metrics");
  }

  std::string Text() const { return text_(); }
  void Forget(const std::shared_ptr<Session>& session) { sessions_.erase(session); }

 private:
  // What a handler throws (memory ran out) ends its connection alone.
  void Run() {
    while (true) {
      try {
        io_.run();
        return;
      } catch (const std::exception& exception) {
        log::Error("/metrics: a request ends: {}", exception.what());
      }
    }
  }

  void Accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
      if (error && error != asio::error::connection_aborted) {
        log::Warn("/metrics: cannot accept: {}", error.message());
        retry_.expires_after(kAcceptRetry);
        retry_.async_wait([this](error_code stopped) {
          if (!stopped && acceptor_.is_open()) Accept();
        });
        return;
      }
      Accept();  // first, so that it goes on whatever becomes of this connection
      if (error || sessions_.size() >= options_.connections) return;
      auto session = std::make_shared<Session>(*this, std::move(socket));
      sessions_.insert(session);
      session->Start(options_.timeout);
    });
  }

  const std::function<std::string()> text_;
  const PrometheusServerOptions options_;
  int port_ = 0;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::set<std::shared_ptr<Session>> sessions_;
  std::thread thread_;
};

void Session::OnRequest(error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return Send(http::status::request_header_fields_too_large, "text/plain", "The request's head is too large\n");
  }
  if (error && error.category() == http::make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    return Send(http::status::bad_request, "text/plain", "This is no request of HTTP that is understood here\n");
  }
  if (error) return End();
  const auto& request = parser_.get();
  const beast::string_view target = request.target().substr(0, request.target().find('?'));
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    return Send(http::status::method_not_allowed, "text/plain", "Only GET and HEAD are answered here\n");
  }
  if (target != "/metrics") return Send(http::status::not_found, "text/plain", "The metrics are at /metrics\n");
  Send(http::status::ok, kContentType, server_.Text());
}

void Session::Send(http::status status, const char* content_type, std::string body) {
  response_.version(11);
  response_.result(status);
  response_.keep_alive(false);
  response_.set(http::field::content_type, content_type);
  response_.content_length(body.size());
  if (parser_.get().method() != http::verb::head) response_.body() = std::move(body);
  http::async_write(stream_, response_, [self = shared_from_this()](error_code failed, size_t) {
    // Whoever has not taken the answer has no use for a clean end.
    error_code ignored;
    if (!failed) self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    self->End();
  });
}

void Session::End() {
  stream_.close();
  server_.Forget(shared_from_this());
}

}  // namespace

absl::StatusOr<std::unique_ptr<PrometheusServer>> MakePrometheusServer(std::function<std::string()> text,
                                                                       PrometheusServerOptions options) {
  auto server = std::make_unique<Server>(std::move(text), std::move(options));
  RETURN_IF_ERROR(server->Start());
  return server;
}

}  // namespace brume::frontend
