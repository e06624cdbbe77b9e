// REST-JSON: which rpc a request calls by its method and path, and where its members and those of the answer are, as
// the schema's options http and http_field say.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/frontend/query/refusal.h"

namespace brume::frontend {

// An rpc of a REST_JSON family.
struct RestRoute {
  const google::protobuf::MethodDescriptor* method = nullptr;
  std::string verb;                // "PUT"
  std::vector<std::string> parts;  // of the path; "{snapshotId}" stands for any that is not empty
  int status = 200;                // of success
};
// Of a method whose option http is well formed, as a test holds.
RestRoute RouteOf(const google::protobuf::MethodDescriptor& method);

// Whether the request, by its method and target, is one of the route's.
bool Matches(const RestRoute& route, absl::string_view verb, absl::string_view target);

// What a request has beside its body.
struct RestRequest {
  absl::string_view target;
  const http::Headers& headers;
  absl::string_view body;  // decompressed
};
// Fills the empty `message`, of the route's input type. Error: the family's invalid_code for a body that is no JSON of
// the schema's, a text that is no value of its field's type, and a parameter of the query that is no field's.
absl::Status DecodeRest(const RestRoute& route, const RestRequest& request, google::protobuf::Message& message);

QueryAnswer EncodeRest(const RestRoute& route, const google::protobuf::Message& response);

}  // namespace brume::frontend
