// The daemon, reached over one gRPC channel.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/args.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace grpc {
class Channel;
class Status;
}  // namespace grpc

namespace brume::cli {

class Client {
 public:
  // Checks the endpoint and reads the TLS files; connects at the first call.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const GlobalOptions& options);

  // One unary call. An error the daemon gave carries its EC2 code (ApiErrorCode); one on the way is a sentence on what
  // to do.
  absl::Status Call(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& request,
                    google::protobuf::Message* response, absl::Duration timeout = absl::InfiniteDuration());
  // The same by MethodPath.
  absl::Status Call(const std::string& path, const google::protobuf::Message& request,
                    google::protobuf::Message* response, absl::Duration timeout = absl::InfiniteDuration());

  // What a failed call of `method` says to the user. OK for OK.
  absl::Status Explain(const grpc::Status& status, const std::string& method) const;

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const std::string& endpoint() const { return endpoint_; }
  // Whether the daemon said with an answer that it simulates: no guest and no address of its is real.
  bool simulated() const { return simulated_; }

 private:
  Client(std::string endpoint, std::shared_ptr<grpc::Channel> channel)
      : endpoint_(std::move(endpoint)), channel_(std::move(channel)) {}

  std::string endpoint_;
  std::shared_ptr<grpc::Channel> channel_;
  bool simulated_ = false;
};

// "/brume.ec2.v1.Instances/RunInstances"
std::string MethodPath(const google::protobuf::MethodDescriptor& method);

// An error the daemon gave, and its code; "" for any other status.
absl::Status ApiError(const std::string& code, const std::string& message);
std::string ApiErrorCode(const absl::Status& status);

// EC2's code in the bytes of a google.rpc.Status with an ErrorInfo in its details; "" when there is none.
std::string ErrorInfoReason(const std::string& status_details);

// Why a Unix socket cannot be used, and what to do; OK when it takes connections.
absl::Status ProbeSocket(const std::string& path);

// The aws CLI's code for a failed command, and what it prints. `api_name`: the operation, "" outside of one.
int ExitCodeOf(const absl::Status& status);
std::string ErrorText(const absl::Status& status, const std::string& api_name);

}  // namespace brume::cli
