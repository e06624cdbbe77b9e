#include "cli/rpc_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "cli/endpoint_probe.h"
#include "cli/text.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"

namespace brume::cli {
namespace {

constexpr char kCodePayload[] = "brume/ec2-code";

absl::StatusOr<std::string> ReadPem(const std::string& path, const char* flag) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file.is_open() || content.str().empty()) {
    return absl::InvalidArgumentError(absl::StrCat(flag, ": the file '", path, "' cannot be read or is empty"));
  }
  return content.str();
}

bool IsLoopback(absl::string_view target) {
  for (absl::string_view host : {"localhost:", "127.0.0.1:", "[::1]:"}) {
    if (absl::StartsWith(target, host)) return true;
  }
  return false;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> CredentialsFor(const GlobalOptions& options) {
  const bool any = !options.tls_ca.empty() || !options.tls_cert.empty() || !options.tls_key.empty();
  const bool all = !options.tls_ca.empty() && !options.tls_cert.empty() && !options.tls_key.empty();
  if (!any && IsLoopback(options.endpoint)) return grpc::InsecureChannelCredentials();
  if (!all) {
    return absl::InvalidArgumentError(
        absl::StrCat("the endpoint ", options.endpoint,
                     " is reached by mutual TLS only: give --tls-ca, --tls-cert and --tls-key (or BRUME_TLS_CA, …)"));
  }
  grpc::SslCredentialsOptions pem;
  ASSIGN_OR_RETURN(pem.pem_root_certs, ReadPem(options.tls_ca, "--tls-ca"));
  ASSIGN_OR_RETURN(pem.pem_cert_chain, ReadPem(options.tls_cert, "--tls-cert"));
  ASSIGN_OR_RETURN(pem.pem_private_key, ReadPem(options.tls_key, "--tls-key"));
  return grpc::SslCredentials(pem);
}

// HOST:PORT of an endpoint, for what can be told before it is called.
absl::Status CheckTcpEndpoint(const std::string& endpoint) {
  for (const absl::string_view scheme : {"http://", "https://"}) {
    if (!absl::StartsWith(endpoint, scheme)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the endpoint '", Printable(endpoint),
                     "' is a URL, as the Query API and the console have; brume "
                     "speaks gRPC. Leave it out for the daemon of this host, or give unix:PATH or HOST:PORT."));
  }
  const size_t colon = endpoint.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("the endpoint '", Printable(endpoint), "' is neither unix:PATH nor HOST:PORT"));
  }
  int port = 0;
  if (absl::SimpleAtoi(endpoint.substr(colon + 1), &port) && port > 0 && port < 65536) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the endpoint '", Printable(endpoint), "' has no port from 1 to 65535"));
}

// gRPC takes a URI: what a path may hold and a URI may not is written as %XX.
std::string PercentEncode(absl::string_view path) {
  std::string encoded;
  for (unsigned char c : path) {
    if (absl::ascii_isalnum(c) || c == '/' || c == '.' || c == '-' || c == '_' || c == '~') {
      encoded += static_cast<char>(c);
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", c);
    }
  }
  return encoded;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const GlobalOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  // The host is named by the user; a proxy of the environment is not meant for it.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  std::string target = options.endpoint;
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  absl::string_view path = target;
  if (absl::ConsumePrefix(&path, "unix:")) {
    absl::ConsumePrefix(&path, "//");
    if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the socket path '", path, "' must have 1 to ", sizeof(sockaddr_un::sun_path) - 1, " bytes"));
    }
    credentials = grpc::InsecureChannelCredentials();
    target = absl::StrCat("unix:", PercentEncode(path));
  } else {
    RETURN_IF_ERROR(CheckTcpEndpoint(target));
    ASSIGN_OR_RETURN(credentials, CredentialsFor(options));
  }
  return std::unique_ptr<Client>(
      new Client(options.endpoint, grpc::CreateCustomChannel(target, credentials, arguments)));
}

absl::Status Client::Call(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& request,
                          google::protobuf::Message* response, absl::Duration timeout) {
  return Call(MethodPath(method), request, response, timeout);
}

absl::Status Client::Call(const std::string& path, const google::protobuf::Message& request,
                          google::protobuf::Message* response, absl::Duration timeout) {
  const std::string name = path.substr(path.rfind('/') + 1);
  const grpc::Slice slice(request.SerializeAsString());
  const grpc::ByteBuffer sent(&slice, 1);
  grpc::ByteBuffer received;
  grpc::ClientContext context;
  if (timeout != absl::InfiniteDuration()) {
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(timeout));
  }
  grpc::CompletionQueue queue;
  grpc::Status status;
  grpc::GenericStub stub(channel_);
  auto call = stub.PrepareUnaryCall(&context, path, sent, &queue);
  call->StartCall();
  call->Finish(&received, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  simulated_ = context.GetServerTrailingMetadata().count("x-brume-simulated") > 0;
  RETURN_IF_ERROR(Explain(status, name));
  grpc::ProtoBufferReader reader(&received);
  if (!response->ParseFromZeroCopyStream(&reader)) {
    return absl::InternalError(absl::StrCat("the daemon's answer to ", name, " is damaged"));
  }
  return absl::OkStatus();
}

absl::Status Client::Explain(const grpc::Status& status, const std::string& method) const {
  if (status.ok()) return absl::OkStatus();
  const std::string code = ErrorInfoReason(status.error_details());
  if (!code.empty()) return ApiError(code, status.error_message());
  const std::string said = Printable(status.error_message());
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE: {
      absl::string_view path = endpoint_;
      if (absl::ConsumePrefix(&path, "unix:")) {
        absl::ConsumePrefix(&path, "//");
        RETURN_IF_ERROR(ProbeSocket(std::string(path)));
      } else if (const EndpointFault fault = ProbeEndpoint({.endpoint = endpoint_}); !fault.cause.empty()) {
        return absl::UnavailableError(absl::StrCat(fault.cause, ". ", fault.advice));
      }
      return absl::UnavailableError(
          absl::StrCat("no answer from brumed at ", endpoint_, " (", said,
                       "). Look whether it runs there; a call it had already received may have been carried out."));
    }
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return absl::DeadlineExceededError(absl::StrCat("brumed at ", endpoint_, " did not answer ", method, " in time"));
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::UnimplementedError(absl::StrCat("brumed at ", endpoint_, " does not know ", method,
                                                   ": it is of another version than this brume"));
    case grpc::StatusCode::UNAUTHENTICATED:
      return ApiError("AuthFailure", status.error_message());
    case grpc::StatusCode::PERMISSION_DENIED:
      return ApiError("UnauthorizedOperation", status.error_message());
    case grpc::StatusCode::CANCELLED:
      return absl::CancelledError(absl::StrCat(method, " was cancelled"));
    default:
      return absl::UnknownError(absl::StrCat("brumed failed at ", method, ": ", said));
  }
}

std::string MethodPath(const google::protobuf::MethodDescriptor& method) {
  return absl::StrCat("/", method.service()->full_name(), "/", method.name());
}

absl::Status ApiError(const std::string& code, const std::string& message) {
  absl::Status status = absl::UnknownError(message);
  status.SetPayload(kCodePayload, absl::Cord(code));
  return status;
}

std::string ApiErrorCode(const absl::Status& status) {
  const auto payload = status.GetPayload(kCodePayload);
  return payload.has_value() ? std::string(*payload) : "";
}

std::string ErrorInfoReason(const std::string& status_details) {
  google::rpc::Status status;
  google::rpc::ErrorInfo info;
  if (!status.ParseFromString(status_details)) return "";
  for (const google::protobuf::Any& detail : status.details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

absl::Status ProbeSocket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return absl::InvalidArgumentError("the socket path is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return absl::InternalError(absl::StrCat("no socket can be made: ", std::strerror(errno)));
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return absl::OkStatus();
  switch (errno) {
    case ENOENT:
      return absl::UnavailableError(
          absl::StrCat("brumed is not running here: there is no socket ", path,
                       ". Start it (systemctl start brumed), or say where it is with --socket or BRUME_ENDPOINT."));
    case ECONNREFUSED:
      if (struct stat status{}; stat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) {
        return absl::UnavailableError(
            absl::StrCat("'", path,
                         "' is no socket. brumed's is brumed.sock in its state directory: say where that is "
                         "with --socket or BRUME_STATE_DIR."));
      }
      return absl::UnavailableError(
          absl::StrCat("brumed is not running: nobody listens on ", path, ". Start it: systemctl start brumed"));
    case EACCES:
    case EPERM:
      return absl::UnavailableError(absl::StrCat(
          "you may not use ", path,
          ". Run brume as root, or join its group: usermod --append --groups brume YOU, and log in again."));
    default:
      return absl::UnavailableError(absl::StrCat("brumed cannot be reached at ", path, ": ", std::strerror(errno)));
  }
}

int ExitCodeOf(const absl::Status& status) {
  if (!ApiErrorCode(status).empty()) return kExitApiError;
  return absl::IsInvalidArgument(status) ? kExitUsage : kExitOtherError;
}

std::string ErrorText(const absl::Status& status, const std::string& api_name) {
  const std::string code = ApiErrorCode(status);
  // A message may quote what a guest or a tag says: it is shown, never obeyed.
  const std::string message = Printable(std::string(status.message()), /*keep_lines=*/true);
  if (code.empty()) return absl::StrCat("brume: ", message, "\n");
  if (api_name.empty()) return absl::StrCat("brume: ", message, " (", Printable(code), ")\n");
  return absl::StrCat("\nAn error occurred (", Printable(code), ") when calling the ", api_name,
                      " operation: ", message, "\n");
}

}  // namespace brume::cli
