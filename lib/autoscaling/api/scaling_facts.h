// What policies may ask about Auto Scaling's resources and calls.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html
#pragma once

#include "absl/status/status.h"
#include "brume/autoscaling/v1/group.pb.h"
#include "brume/autoscaling/v1/launch_configuration.pb.h"
#include "lib/autoscaling/api/scaling_services.h"
#include "lib/gateway/access_question.h"
#include "lib/gateway/resource_facts.h"

namespace brume::autoscaling {

// The UUIDs in the ARNs of groups and launch configurations, which calls name by their names, and groups' tags.
void AddScalingFacts(gateway::ResourceFacts& facts, const ScalingServices& services);

// autoscaling:MinSize, MaxSize, LaunchConfigurationName, LaunchTemplateVersionSpecified, InstanceTypes,
// VPCZoneIdentifiers, as far as the request says them.
absl::Status DescribeGroupCall(const v1::CreateAutoScalingGroupRequest& request, AccessQuestion& question);
absl::Status DescribeGroupCall(const v1::UpdateAutoScalingGroupRequest& request, AccessQuestion& question);
// autoscaling:ImageId, InstanceType, MetadataHttpTokens, MetadataHttpEndpoint, MetadataHttpPutResponseHopLimit.
absl::Status DescribeConfigurationCall(const v1::CreateLaunchConfigurationRequest& request,
                                       const compute::LaunchSpec& spec, AccessQuestion& question);

}  // namespace brume::autoscaling
