// What policies may ask about instances and key pairs, and about what a launch makes.
// Source: the condition keys of "Actions, resources, and condition keys for Amazon EC2", Service Authorization
// Reference.
#pragma once

#include "absl/status/status.h"
#include "brume/ec2/v1/instance.pb.h"
#include "lib/ec2/compute/api/compute_actions.h"
#include "lib/gateway/access_question.h"
#include "lib/gateway/resource_facts.h"

namespace brume::ec2 {

void AddComputeFacts(gateway::ResourceFacts& facts, const ComputeServices& services);

// The instance, interface and volume that a launch makes.
absl::Status DescribeLaunch(const v1::RunInstancesRequest& request, const ComputeServices& services,
                            AccessQuestion& question);

}  // namespace brume::ec2
