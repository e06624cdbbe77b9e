#include "lib/frontend/grpc/grpc_error.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "lib/domain/ec2_error.h"

namespace brume::frontend {
namespace {

// Errors travel in HTTP/2 headers, and clients take 8 KiB of those; the message goes twice, and may be escaped.
constexpr size_t kLongestMessage = 1024;

std::string Shortened(absl::string_view message) {
  if (message.size() <= kLongestMessage) return std::string(message);
  size_t end = kLongestMessage;
  while (end > 0 && (message[end] & 0xc0) == 0x80) --end;  // not inside a character
  return std::string(message.substr(0, end)) + "…";
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status, const std::string& request_id) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message = Shortened(status.message());
  google::rpc::ErrorInfo info;
  info.set_reason(ec2::ErrorCode(status));
  info.set_domain("ec2");
  (*info.mutable_metadata())["request_id"] = request_id;
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(message);
  details.add_details()->PackFrom(info);
  // The codes of both libraries are the same numbers.
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message, details.SerializeAsString());
}

}  // namespace brume::frontend
