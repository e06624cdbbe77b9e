// The actions on sets of DHCP options. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/network/dhcp_options_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// CreateDhcpOptions, DescribeDhcpOptions, DeleteDhcpOptions and AssociateDhcpOptions.
void AddDhcpOptionsActions(gateway::Actions& actions, network::DhcpOptionsService& sets, const Settings& settings);

}  // namespace brume::ec2
