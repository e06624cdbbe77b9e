// Answers of the Query API in XML, by the names and types of the schema, and errors as AWS writes them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/schema/schema.h"

namespace brume::frontend {

// The answer `response`, of the output type of `method`. Every list of a message is there, empty ones too
// (<tagSet/>), as in EC2's own examples, but for those of an attribute's answer (DescribeInstanceAttribute), which has
// only what was asked for. An EC2 action that answers nothing answers <return>true</return>. A character that XML
// cannot hold is U+FFFD, and so is a byte that is no UTF-8.
std::string EncodeResponse(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& response,
                           absl::string_view request_id);

// <Response><Errors>… for EC2, and where no family is known ({}); <ErrorResponse> for AWS_QUERY, in the words of whose
// services some of EC2's codes are others: UnauthorizedOperation is AccessDenied there. `error` is not OK.
std::string EncodeError(const schema::ApiFamilyInfo& family, const absl::Status& error, absl::string_view request_id);

// The status of the HTTP response to `error` as the family's service gives it (lib/resource/error_codes.h).
int HttpStatus(const schema::ApiFamilyInfo& family, const absl::Status& error);

}  // namespace brume::frontend
