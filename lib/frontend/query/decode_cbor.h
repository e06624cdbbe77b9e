// The request message that a body of CBOR or JSON stands for, by the names and types of the schema.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace brume::frontend {

// The maximum of texts and structures of a request, together.
inline constexpr int kMaxCborValues = 65536;

// Fills the empty `request`, of the input type of `method`. Times are tagged numbers of seconds, blobs bytes; null
// stands for what is not given. An empty body is one without members. Time and memory are linear in the body.
//
// Nothing is dropped silently. Errors: UnknownParameter for a member that the schema does not have;
// InvalidParameterValue for what is not a number, or a time beyond the calendar; SerializationException for what
// cannot be read, a value of another type than the member's, a member that comes twice. What the schema's options say
// is gateway::Validate's to check.
absl::Status DecodeCbor(absl::string_view body, const google::protobuf::MethodDescriptor& method,
                        google::protobuf::Message& request);

// The same for JSON, where a time is a number of seconds, and a blob is base64.
absl::Status DecodeJson(absl::string_view body, const google::protobuf::MethodDescriptor& method,
                        google::protobuf::Message& request);

}  // namespace brume::frontend
