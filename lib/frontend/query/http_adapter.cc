#include "lib/frontend/query/http_adapter.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "lib/frontend/query/content_coding.h"
#include "lib/frontend/query/protocol.h"
#include "lib/resource/error_codes.h"

namespace brume::frontend {
namespace {

// The texts are constants.
struct Refusal {
  int status;
  ec2::KnownCode code;
  const char* message;
};

Refusal RefusalOf(http::Fault fault) {
  switch (fault) {
    case http::Fault::kMalformed:
      return {400, "InvalidRequest", "This is no HTTP/1.1 request."};
    case http::Fault::kHeadTooLarge:
      return {431, "RequestHeaderSectionTooLarge", "The header of the request is too large."};
    case http::Fault::kBodyTooLarge:
      return {413, "RequestEntityTooLarge", "The body of the request is too large."};
    case http::Fault::kTooManyBodies:
      return {503, "RequestLimitExceeded", "Request limit exceeded."};
    case http::Fault::kTooManyConnections:
      return {503, "RequestLimitExceeded", "There are too many connections."};
    case http::Fault::kInternal:
      break;
  }
  return {500, "InternalError", "An internal error has occurred."};
}

// Of a body that is read where the request's protocol is `protocol`.
bool IsServedType(Protocol protocol, absl::string_view content_type) {
  const absl::string_view type = absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';')));
  switch (protocol) {
    case Protocol::kCbor:
      return absl::EqualsIgnoreCase(type, "application/cbor");
    case Protocol::kJson:
      return absl::EqualsIgnoreCase(type, "application/x-amz-json-1.0") ||
             absl::EqualsIgnoreCase(type, "application/x-amz-json-1.1");
    default:
      return absl::EqualsIgnoreCase(type, "application/x-www-form-urlencoded");
  }
}

// Whether the header is there with another value.
bool Differs(const std::string* header, absl::string_view value) {
  return header != nullptr && !absl::EqualsIgnoreCase(*header, value);
}

// A request that claims to be signed for a service that is not served may be anything: its signature is checked, and
// it is told.
bool IsForAnotherService(const RequestHead& head) {
  const std::string service = ClaimedService(head);
  return !service.empty() && !IsServed(service);
}

// Of a request for a service that is served in REST-JSON. What its body is, the call finds.
std::optional<Refusal> RefusalOfRest(const RequestHead& head) {
  if (head.method != "GET" && head.method != "POST" && head.method != "PUT") {
    return Refusal{405, "InvalidRequest", "Only GET, POST and PUT are served."};
  }
  if (!ContentCodingOf(head.headers).has_value()) {
    return Refusal{415, "InvalidRequest", "The only content encoding served is gzip."};
  }
  return std::nullopt;
}

RequestHead HeadOf(const http::Request& request) {
  return {.method = request.method, .target = request.target, .headers = request.headers};
}

std::optional<Refusal> RefusalOfHead(const http::Request& request, bool has_body) {
  const RequestHead head = HeadOf(request);
  if (Differs(request.FindHeader("Transfer-Encoding"), "chunked")) {
    return Refusal{501, "InvalidRequest", "The only transfer encoding served is chunked."};
  }
  if (Differs(request.FindHeader("Expect"), "100-continue")) {
    return Refusal{417, "InvalidRequest", "The only expectation met is 100-continue."};
  }
  if (IsForAnotherService(head)) return std::nullopt;
  if (ProtocolOf(head) == Protocol::kRestJson) return RefusalOfRest(head);
  if (head.method != "GET" && head.method != "POST") {
    return Refusal{405, "InvalidRequest", "Only GET and POST are served."};
  }
  const Protocol protocol = ProtocolOf(head);
  const bool served_here =
      protocol == Protocol::kCbor ? !RpcTargetOf(protocol, head).operation.empty() : PathOf(head.target) == "/";
  if (!served_here) {
    return Refusal{404, "InvalidRequest", "The API is served at / alone, and CBOR at /service/NAME/operation/NAME."};
  }
  if (protocol != Protocol::kQuery && head.method != "POST") {
    return Refusal{405, "InvalidRequest", "CBOR and JSON are served to POST alone."};
  }
  if (!has_body) return std::nullopt;
  if (head.method == "GET") return Refusal{400, "InvalidRequest", "A GET has no body."};
  if (!IsServedType(protocol, HeaderOf(head.headers, "Content-Type"))) {
    return Refusal{415, "InvalidRequest",
                   "The body must be application/x-www-form-urlencoded, with X-Amz-Target application/x-amz-json-1.0, "
                   "or with smithy-protocol: rpc-v2-cbor application/cbor."};
  }
  if (!ContentCodingOf(head.headers).has_value()) {
    return Refusal{415, "InvalidRequest", "The only content encoding served is gzip."};
  }
  return std::nullopt;
}

http::Limits HttpLimits(const QueryLimits& limits) {
  return {.head_bytes = limits.head_bytes,
          .headers = limits.headers,
          .body_bytes = limits.body_bytes,
          .bodies_bytes = limits.bodies_bytes,
          .connections = limits.connections,
          .connections_per_peer = limits.connections_per_peer};
}

http::Deadlines HttpDeadlines(const QueryLimits& limits) {
  return {.idle = limits.idle_timeout,
          .head = limits.head_timeout,
          .body = limits.body_timeout,
          .write = limits.write_timeout,
          .linger = absl::Seconds(5),
          .linger_bytes = 16 << 20,
          .grace = absl::Seconds(3)};
}

}  // namespace

http::ServerOptions HttpServerOptions(const QueryServerOptions& options, std::function<std::string()> new_request_id) {
  const auto answer = [simulated = options.simulated, new_request_id = std::move(new_request_id)](
                          const http::Request* head, const Refusal& refusal) {
    const std::string id = new_request_id();
    return ToHttp(RefusedByHttp(head == nullptr ? RefusalForm() : RefusalFormOf(HeadOf(*head)), refusal.status,
                                refusal.code, refusal.message, id),
                  id, simulated);
  };
  return {.name = "query",
          .server_name = "Brume",
          .tls_cert_path = options.tls_cert_path,
          .tls_key_path = options.tls_key_path,
          .high_priority = true,
          .limits = HttpLimits(options.limits),
          .deadlines = HttpDeadlines(options.limits),
          .when_full = http::WhenFull::kRefuse,
          .refuse = [answer](http::Fault fault, const http::Request* head) { return answer(head, RefusalOf(fault)); },
          .check_head = [answer](const http::Request& head, bool has_body) -> std::optional<http::Response> {
            const std::optional<Refusal> refusal = RefusalOfHead(head, has_body);
            if (!refusal.has_value()) return std::nullopt;
            return answer(&head, *refusal);
          }};
}

http::Response Overloaded(const http::Request& request, const std::string& request_id, bool simulated) {
  http::Response refusal = ToHttp(
      RefusedByHttp(RefusalFormOf(HeadOf(request)), 503, "RequestLimitExceeded", "Request limit exceeded.", request_id),
      request_id, simulated);
  refusal.close = true;
  return refusal;
}

http::Response Failed(const http::Request& request, const std::string& request_id, bool simulated) {
  return ToHttp(RefusedByHttp(RefusalFormOf(HeadOf(request)), 500, "InternalError", "An internal error has occurred.",
                              request_id),
                request_id, simulated);
}

SignedRequest ToSigned(const http::Request& request) {
  SignedRequest signed_request;
  signed_request.method = request.method;
  signed_request.target = request.target;
  for (const auto& [name, value] : request.headers) {
    signed_request.headers.emplace_back(absl::AsciiStrToLower(name), std::string(absl::StripAsciiWhitespace(value)));
  }
  signed_request.body = request.body;
  return signed_request;
}

http::Response ToHttp(QueryAnswer answer, const std::string& request_id, bool simulated) {
  http::Response response{
      .status = answer.status, .content_type = std::move(answer.content_type), .body = std::move(answer.body)};
  response.headers = std::move(answer.headers);
  response.headers.emplace_back("x-amzn-RequestId", request_id);
  if (answer.status == 405) response.headers.emplace_back("Allow", "GET, POST");
  if (simulated) response.headers.emplace_back("x-brume-simulated", "true");
  return response;
}

}  // namespace brume::frontend
