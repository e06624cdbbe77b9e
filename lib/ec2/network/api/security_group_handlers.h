// The actions on security groups. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/network/security_group_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// Create-, Describe- and DeleteSecurityGroup, Authorize- and RevokeSecurityGroupIngress and -Egress.
void AddSecurityGroupActions(gateway::Actions& actions, network::SecurityGroupService& groups,
                             const Settings& settings);

}  // namespace brume::ec2
