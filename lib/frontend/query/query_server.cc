#include "lib/frontend/query/query_server.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/frontend/query/query_answerer.h"
#include "lib/http/server.h"

namespace brume::frontend {
namespace {

class Server final : public QueryServer {
 public:
  Server(const gateway::Dispatcher& dispatcher, Authenticate authenticate, QueryServerOptions options)
      : options_(std::move(options)),
        answerer_(dispatcher, std::move(authenticate), options_, options_.limits.threads, options_.limits.queue),
        server_(answerer_.HttpOptions(), [this](http::Request request, http::Responder responder) {
          answerer_.Answer(std::move(request), std::move(responder));
        }) {}

  absl::Status Start();
  int port() const override { return port_; }
  std::string url() const override {
    return absl::StrCat(options_.tls_cert_path.empty() ? "http" : "https", "://",
                        options_.listen.substr(0, options_.listen.rfind(':')), ":", port_);
  }

 private:
  absl::StatusOr<http::ListeningSocket> Listen() const;

  const QueryServerOptions options_;
  int port_ = 0;
  QueryAnswerer answerer_;
  http::Server server_;  // goes first, so that no call begins while those under way end
};

absl::StatusOr<http::ListeningSocket> Server::Listen() const {
  const std::optional<http::Endpoint> endpoint = http::ParseEndpoint(options_.listen);
  if (!endpoint.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat("'", options_.listen, "' is no ADDRESS:PORT to serve the EC2 API at (IPv6: [ADDRESS]:PORT)"));
  }
  if (options_.tls_cert_path.empty() && !endpoint->loopback && !options_.allow_plaintext) {
    return absl::FailedPreconditionError(
        absl::StrCat("the EC2 API at ", options_.listen,
                     " would be plain HTTP that others can read: give it a certificate and its key "
                     "(ec2.tls_cert, ec2.tls_key), take a loopback address, or set ec2.allow_plaintext"));
  }
  absl::StatusOr<http::ListeningSocket> socket = http::Listen(*endpoint);
  if (socket.ok()) return socket;
  return absl::FailedPreconditionError(absl::StrCat("cannot serve the EC2 API at ", options_.listen, ": ",
                                                    socket.status().message(),
                                                    "; another address is set by ec2.listen or --ec2-listen"));
}

absl::Status Server::Start() {
  if (options_.tls_cert_path.empty() != options_.tls_key_path.empty()) {
    return absl::FailedPreconditionError("HTTPS needs both ec2.tls_cert and ec2.tls_key");
  }
  RETURN_IF_ERROR(server_.Start());
  ASSIGN_OR_RETURN(http::ListeningSocket socket, Listen());
  port_ = socket.port;
  server_.AddListener(options_.listen, std::move(socket.fd));
  log::Info("the EC2 API is served at {}", url());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<QueryServer>> MakeQueryServer(const gateway::Dispatcher& dispatcher,
                                                             Authenticate authenticate, QueryServerOptions options) {
  auto server = std::make_unique<Server>(dispatcher, std::move(authenticate), std::move(options));
  RETURN_IF_ERROR(server->Start());
  return server;
}

}  // namespace brume::frontend
