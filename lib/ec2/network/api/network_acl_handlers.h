// The actions on network ACLs. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/network/network_acl_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// Network ACLs, their rules and their associations.
void AddNetworkAclActions(gateway::Actions& actions, network::NetworkAclService& acls, const Settings& settings);

}  // namespace brume::ec2
