// Answers in CBOR and JSON, by the names and types of the schema.
#pragma once

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace brume::frontend {

// The answer `response`, of the output type of `method`: a structure, an empty one where the action has nothing to
// tell. Every list is there, empty ones too, as in XML, but those that the schema
// says are left out then. Times are tagged numbers of seconds. U+FFFD stands for a byte
// that is not UTF-8.
std::string EncodeCbor(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& response);

// The same in JSON: times are numbers of seconds, blobs base64.
std::string EncodeJson(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& response);

}  // namespace brume::frontend
