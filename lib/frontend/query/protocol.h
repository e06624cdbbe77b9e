// Which protocol of AWS's a request is written in, and which service it claims to be signed for: by its head alone,
// before anybody knows who sent it. It decides the form of errors.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "lib/http/server.h"
#include "lib/schema/schema.h"

namespace brume::frontend {

enum class Protocol {
  kQuery,     // a form, answered in XML
  kJson,      // AWS JSON 1.0 and 1.1: X-Amz-Target says what is called
  kCbor,      // Smithy RPC v2 CBOR: /service/SERVICE/operation/OPERATION
  kRestJson,  // EBS, and services that are not served here
  kRestXml,   // S3 and its kin, which are not served here
};

// What a request's head tells; `headers` may have names in any case.
struct RequestHead {
  absl::string_view method;
  absl::string_view target;  // as on the request line
  const http::Headers& headers;
};

// A header's value, the first of its name; empty when there is none.
absl::string_view HeaderOf(const http::Headers& headers, absl::string_view name);

// The path of a target, without its query.
absl::string_view PathOf(absl::string_view target);

// The service in the scope of the signature that a request claims to have, in its header or its query; empty when it
// claims none.
std::string ClaimedService(const RequestHead& head);

// The API `signing_name` ("monitoring"); null where it is not served over HTTP.
const schema::ApiFamilyInfo* ServedFamily(absl::string_view signing_name);

// Whether it is, and whether in REST-JSON.
bool IsServed(absl::string_view signing_name);
bool IsServedInRest(absl::string_view signing_name);

Protocol ProtocolOf(const RequestHead& head);

// The Content-Type of answers to a kJson: that of its requests.
std::string JsonTypeOf(const RequestHead& head);

// What an RPC protocol (kJson, kCbor) calls: "GraniteServiceVersion20100801" and "PutMetricData". Both are empty where
// the request does not say.
struct RpcTarget {
  std::string service;
  std::string operation;
};
RpcTarget RpcTargetOf(Protocol protocol, const RequestHead& head);

}  // namespace brume::frontend
