// Errors in the protocol that a request was written in.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lib/frontend/query/protocol.h"
#include "lib/http/server.h"
#include "lib/resource/error_codes.h"
#include "lib/schema/schema.h"

namespace brume::frontend {

struct QueryAnswer {
  int status = 200;
  std::string content_type = {};
  http::Headers headers = {};  // beside those that every answer has
  std::string body = {};
};

// What an error of a request is written by.
struct RefusalForm {
  Protocol protocol = Protocol::kQuery;
  const schema::ApiFamilyInfo* family = nullptr;  // null: of an API that is not served, or not known
  std::string service = {};                       // that the request was signed for, as it claims
  std::string json_type = {};                     // of a kJson: JsonTypeOf its head
};

// As a request's head tells it.
RefusalForm RefusalFormOf(const RequestHead& head);

// `error` is not OK. In XML as lib/frontend/query/encode_error.h says; in JSON and CBOR {__type, message}, __type being
// the name of the error's shape in AWS's models, and in x-amzn-query-error the code that a form would have got, where
// the API speaks forms too.
QueryAnswer EncodeRefusal(const RefusalForm& form, const absl::Status& error, absl::string_view request_id);

// A request that is refused by HTTP itself, with a status of its own.
QueryAnswer RefusedByHttp(const RefusalForm& form, int status, ec2::KnownCode code, absl::string_view message,
                          absl::string_view request_id);

// The Content-Type of XML, by the family's way to write it.
std::string XmlType(bool aws_query);

}  // namespace brume::frontend
