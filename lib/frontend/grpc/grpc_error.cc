#include "lib/frontend/grpc/grpc_error.h"

#include <algorithm>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "lib/gateway/validate.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

// Errors travel in HTTP/2 headers, and clients take 8 KiB of those; the message goes twice, and may be escaped.
constexpr size_t kMaxMessageLength = 1024;

std::string Shortened(absl::string_view message) {
  std::string text(message);
  if (text.size() > kMaxMessageLength) {
    size_t end = kMaxMessageLength;
    while (end > 0 && (text[end] & 0xc0) == 0x80) --end;  // not inside a character
    text.resize(end);
    text += "…";
  }
  if (gateway::IsUtf8(text)) return text;
  // A message may quote bytes that are not UTF-8; protobuf's strings must be UTF-8.
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; }, '?');
  return text;
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
