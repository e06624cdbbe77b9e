// What policies may ask about a resource before there is one: the VPC that it is made in.
#pragma once

#include "absl/status/status.h"
#include "lib/gateway/access_question.h"
#include "lib/resource/arn.h"
#include "lib/resource/ids.h"

namespace brume::ec2 {

// For DescribedBy, of a request that names a VPC and makes a resource of this kind in it.
inline auto MadeInVpc(const Kind& kind, const Account& account) {
  return [&kind, account](const auto& request, AccessQuestion& question) -> absl::Status {
    AccessContext& facts = question.resource_context[ArnOf(account, kind, "*")];
    facts["ec2:vpc"] = {ArnOf(account, VpcId::kKind, request.vpc_id())};
    return absl::OkStatus();
  };
}

}  // namespace brume::ec2
