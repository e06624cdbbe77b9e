// The actions on managed prefix lists. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/network/prefix_list_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// Prefix lists, their versions and what names them.
void AddPrefixListActions(gateway::Actions& actions, network::PrefixListService& lists, const Settings& settings);

}  // namespace brume::ec2
