// The metadata service's rules: one request and what is known of the instance behind it, to one answer. Pure.
//
// Source of behaviour: "Use the Instance Metadata Service" in the EC2 User Guide (versions 1 and 2, PUT
// /latest/api/token, the codes 400, 401, 403, 404 and 405), RFC 9112 for the forms of a request's target.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lib/imds/metadata_tree.h"
#include "lib/imds/token.h"

namespace brume::imds {

// The header that a request's token comes in.
inline constexpr char kTokenHeader[] = "X-aws-ec2-metadata-token";

using Headers = std::vector<std::pair<std::string, std::string>>;

struct MetadataRequest {
  std::string method;
  std::string target;  // as on the request line
  Headers headers;     // names in any case, values without blanks around them
};

struct MetadataResponse {
  int status = 200;
  std::string content_type = "text/plain";
  std::string body;  // of a HEAD, what a GET would have had
  Headers headers;   // beside those every answer has
  // The maximum of hops for the packets of this answer; unset = the default.
  std::optional<int> hop_limit;
};

// The rules in their order: an unknown peer (null `source`) learns nothing (404); a disabled endpoint is 403; methods
// other than GET, HEAD and PUT are 405, and PUT is for /latest/api/token alone. That needs the header
// X-aws-ec2-metadata-token-ttl-seconds with 1 to 21600 (else 400) and must not carry X-Forwarded-For (403). A GET with
// a token needs a valid one, and one without is refused when the instance requires tokens (401).
MetadataResponse AnswerRequest(const MetadataRequest& request, const MetadataSource* source, const TokenKey& key,
                               absl::Time now);

// The answer that says no more than its status.
MetadataResponse ErrorResponse(int status);

}  // namespace brume::imds
