// An HTTP/1.1 server, over TLS where it has a certificate: the one of the Query API, the metadata service and /metrics.
//
//   http::Server server(options, [](http::Request request, http::Responder responder) {
//     responder.Send({.content_type = "text/plain", .body = "hello"});
//   });
//   RETURN_IF_ERROR(server.Start());
//   server.AddListener("main", std::move(socket));
//
// One thread reads and writes for all listeners. Nothing a peer does holds more than its connection's bounds: what
// comes slowly, is too large or too much is refused or cut. RFC 9112 says what a request is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/unique_fd.h"

namespace brume::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;
  std::string target;    // as on the request line
  Headers headers;       // in the order they came, names as they were sent, values without white space around
  std::string body;      // without its transfer encoding
  std::string peer;      // the address it came from
  std::string listener;  // the name of the listener it came by
  bool secure = false;   // over TLS

  // The value of the first header of this name, in any case; null when there is none.
  const std::string* FindHeader(absl::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain";
  Headers headers = {};               // beside those every answer has
  std::string body = {};              // of a HEAD, what a GET would have had: it is not sent
  std::optional<int> hop_limit = {};  // how many hops this connection's packets may travel from now on
  bool close = false;                 // the connection ends with it
};

// Answers one request. Copies answer the same one.
class Responder {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void Send(Response response) = 0;
  };
  explicit Responder(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}

  // To be called once, from any thread, while the server lives; when nobody does, the connection is closed.
  void Send(Response response) const { sink_->Send(std::move(response)); }

 private:
  std::shared_ptr<Sink> sink_;
};

// Called on the server's thread, which waits for it: what takes long belongs on another thread. What it throws ends
// the connection.
using Handler = std::function<void(Request request, Responder responder)>;

// What is answered without a handler; the connection ends with it.
enum class Fault {
  kMalformed,           // no request of HTTP
  kHeadTooLarge,        // of more bytes or headers than are taken
  kBodyTooLarge,        //
  kTooManyBodies,       // bodies of all connections together are too large
  kTooManyConnections,  // with WhenFull::kRefuse
  kInternal,            // the answer cannot be sent as it was asked for
};

struct Limits {
  uint32_t head_bytes = 8192;
  size_t headers = std::numeric_limits<size_t>::max();
  uint64_t body_bytes = 0;
  // Of the bodies of all connections together, by the length they announce; a chunked one announces body_bytes.
  uint64_t bodies_bytes = std::numeric_limits<uint64_t>::max();
  // Of each listener.
  size_t connections = 256;
  size_t connections_per_peer = std::numeric_limits<size_t>::max();
  // Of all listeners together. Where an idle connection makes room for one beyond it, it is one of the listener that
  // has the most.
  size_t connections_in_all = std::numeric_limits<size_t>::max();
};

struct Deadlines {
  // Between requests, and before the first. Unset: `head` counts from there on.
  std::optional<absl::Duration> idle = {};
  // From a request's first byte to the end of its head; of a TLS handshake.
  absl::Duration head = absl::Seconds(10);
  // From the head's end to the body's, and from the answer's first byte to its last. Unset: the deadline before goes
  // on.
  std::optional<absl::Duration> body = {}, write = {};
  // How long, and for how many bytes, a connection that is to be closed may go on sending: closing while unread bytes
  // wait would reset it and take the answer away from the peer. No bytes: it is closed at once.
  absl::Duration linger = absl::Seconds(1);
  size_t linger_bytes = 64 * 1024;
  // How long Stop lets requests that were read whole be answered.
  absl::Duration grace = absl::ZeroDuration();
};

// What becomes of a connection beyond the limits.
enum class WhenFull {
  kClose,      // it is closed
  kEvictIdle,  // it takes the place of the one that has been idle for the longest time; closed when none is
  kRefuse,     // as kEvictIdle, but when none is idle it is told so, unless many are being told already, or over TLS
};

struct ServerOptions {
  std::string name = {};         // in the log
  std::string server_name = {};  // of the headers Server, and Date beside it; empty = neither is sent
  // PEM files, both or neither (plain HTTP). They are read once.
  std::string tls_cert_path = {}, tls_key_path = {};
  bool keep_alive = true;
  bool high_priority = false;  // the thread goes before others (lib/base/priority.h)
  Limits limits = {};
  Deadlines deadlines = {};
  WhenFull when_full = WhenFull::kClose;
  // `head` is that of the request where it was read; null otherwise.
  std::function<Response(Fault fault, const Request* head)> refuse = {};
  // Checks a request whose head was read; an answer refuses it and ends the connection. May be empty.
  std::function<std::optional<Response>(const Request& head, bool has_body)> check_head = {};
};

// Thread-safe, but for Start and Stop, which are the owner's.
class Server {
 public:
  Server(ServerOptions options, Handler handler);
  // Stops.
  ~Server();

  // FailedPrecondition names the file that cannot be read, is no PEM, or is not the other's key.
  absl::Status Start();
  // Closes every listener and connection. No handler is called any more; a Responder that is still about does nothing.
  // Idempotent.
  void Stop();

  // Serves on a listening TCP socket; an earlier one of the name is closed. Before Start it waits for it.
  void AddListener(const std::string& name, UniqueFd socket);
  // Closes its socket and connections. Nothing happens when there is none.
  void RemoveListener(const std::string& name);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

// "ADDRESS:PORT", an IPv6 address in brackets.
struct Endpoint {
  std::string address;
  uint16_t port = 0;  // 0 = any
  bool loopback = false;
};
// nullopt when `listen` is not one.
std::optional<Endpoint> ParseEndpoint(absl::string_view listen);

struct ListeningSocket {
  UniqueFd fd;
  int port = 0;
};
// Errors: FailedPrecondition with the system's words.
absl::StatusOr<ListeningSocket> Listen(const Endpoint& endpoint);

// Serves what a peer sends that ends after `bytes`, without sockets and on the calling thread, and returns the answers:
// for tests of handlers and limits. The handler must answer before it returns.
std::vector<Response> ServeBytes(const ServerOptions& options, const Handler& handler, absl::string_view bytes);

}  // namespace brume::http
