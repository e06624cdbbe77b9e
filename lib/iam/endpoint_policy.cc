#include "lib/iam/endpoint_policy.h"

#include "lib/iam/model/policy.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {

absl::Status CheckEndpointPolicy(const std::string& json) {
  const absl::Status parsed = Policy::Parse(json, PolicyKind::kEndpoint, PolicyUse::kWrite).status();
  if (!ec2::HasErrorCode(parsed)) return parsed;
  // IAM's own code, which EC2 does not have.
  return ec2::Error("InvalidPolicyDocument", parsed.message());
}

}  // namespace brume::iam
