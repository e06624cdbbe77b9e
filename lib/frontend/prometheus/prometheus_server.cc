#include "lib/frontend/prometheus/prometheus_server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/http/server.h"

namespace brume::frontend {
namespace {

constexpr uint32_t kHeadBytes = 8192;
constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

http::Response Refusal(http::Fault fault, const http::Request*) {
  if (fault == http::Fault::kHeadTooLarge) return {.status = 431, .body = "The request's head is too large\n"};
  return {.status = 400, .body = "This is no request of HTTP that is understood here\n"};
}

http::ServerOptions HttpOptions(const PrometheusServerOptions& options) {
  return {.name = "/metrics",
          .server_name = "",
          .keep_alive = false,
          .limits = {.head_bytes = kHeadBytes, .connections = options.connections},
          // One deadline for all.
          .deadlines = {.idle = std::nullopt, .head = options.timeout, .linger_bytes = 0},
          .refuse = Refusal};
}

class Server final : public PrometheusServer {
 public:
  Server(std::function<std::string()> text, PrometheusServerOptions options)
      : text_(std::move(text)),
        options_(std::move(options)),
        server_(HttpOptions(options_), [this](const http::Request& request, const http::Responder& responder) {
          responder.Send(Answer(request));
        }) {}

  absl::Status Start() {
    const std::optional<http::Endpoint> endpoint = http::ParseEndpoint(options_.listen);
    if (!endpoint.has_value()) {
      return absl::FailedPreconditionError(
          absl::StrCat("'", options_.listen, "' is no ADDRESS:PORT to serve /metrics at (IPv6: [ADDRESS]:PORT)"));
    }
    if (!endpoint->loopback && !options_.allow_remote) {
      return absl::FailedPreconditionError(
          absl::StrCat("/metrics at ", options_.listen,
                       " could be read by anybody who reaches it: take a loopback address, or set "
                       "monitoring.prometheus_allow_remote"));
    }
    absl::StatusOr<http::ListeningSocket> socket = http::Listen(*endpoint);
    if (!socket.ok()) {
      return absl::FailedPreconditionError(absl::StrCat("cannot serve /metrics at ", options_.listen, ": ",
                                                        socket.status().message(),
                                                        "; another address is set by monitoring.prometheus_listen"));
    }
    port_ = socket->port;
    RETURN_IF_ERROR(server_.Start());
    server_.AddListener(options_.listen, std::move(socket->fd));
    return absl::OkStatus();
  }

  std::string url() const override {
    return absl::StrCat("http://", options_.listen.substr(0, options_.listen.rfind(':')), ":", port_, "/metrics");
  }

 private:
  http::Response Answer(const http::Request& request) const {
    if (request.method != "GET" && request.method != "HEAD") {
      return {.status = 405, .body = "Only GET and HEAD are answered here\n"};
    }
    const absl::string_view target = request.target;
    if (target.substr(0, target.find('?')) != "/metrics") {
      return {.status = 404, .body = "The metrics are at /metrics\n"};
    }
    return {.content_type = kContentType, .body = text_()};
  }

  const std::function<std::string()> text_;
  const PrometheusServerOptions options_;
  int port_ = 0;
  http::Server server_;  // last: its thread uses all the others
};

}  // namespace

absl::StatusOr<std::unique_ptr<PrometheusServer>> MakePrometheusServer(std::function<std::string()> text,
                                                                       PrometheusServerOptions options) {
  auto server = std::make_unique<Server>(std::move(text), std::move(options));
  RETURN_IF_ERROR(server->Start());
  return server;
}

}  // namespace brume::frontend
