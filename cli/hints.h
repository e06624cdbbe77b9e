// "Did you mean" for values, which only the daemon knows.
#pragma once

#include "absl/status/status.h"
#include "cli/api_schema.h"
#include "cli/rpc_client.h"
#include "google/protobuf/message.h"

namespace brume::cli {

// The error with a sentence more where it is about a value of the request that is nearly one of those that exist: a
// filter's name, a fixed value, an instance type, the name of a key pair, an image, a group or a user. Asks the daemon
// for the latter; where it does not answer, the error is as it was.
absl::Status WithHint(const Schema& schema, Client& client, const ApiAction& action,
                      const google::protobuf::Message& request, absl::Status error);

}  // namespace brume::cli
