// The actions on the rules of security groups. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/network/security_group_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// DescribeSecurityGroupRules, ModifySecurityGroupRules, UpdateSecurityGroupRuleDescriptionsIngress and -Egress.
void AddSecurityGroupRuleActions(gateway::Actions& actions, network::SecurityGroupService& groups,
                                 const Settings& settings);

}  // namespace brume::ec2
