// Answers of the Query API in XML, by the names and types of the schema.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace brume::frontend {

// The answer `response`, of the output type of `method`. Every list of a message is there, empty ones too
// (<tagSet/>), as in EC2's own examples, but for those of an attribute's answer (DescribeInstanceAttribute), which has
// only what was asked for. An EC2 action that answers nothing answers <return>true</return>. A character that XML
// cannot hold is U+FFFD, and so is a byte that is not UTF-8. `version` is that of the request, whose names the answer
// has, or empty for the API's own.
std::string EncodeResponse(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& response,
                           absl::string_view request_id, absl::string_view version = "");

}  // namespace brume::frontend
