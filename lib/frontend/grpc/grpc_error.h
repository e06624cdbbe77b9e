// absl::Status as a gRPC error: its code, its message, and EC2's code in google.rpc.ErrorInfo.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"

namespace brume::frontend {

// The details (trailer grpc-status-details-bin) are a google.rpc.Status with one google.rpc.ErrorInfo: reason = EC2's
// code, domain = "ec2", metadata request_id.
grpc::Status ToGrpc(const absl::Status& status, const std::string& request_id);

}  // namespace brume::frontend
