// What a VPC's spec says of IPv6. Inside transactions of the network's services.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/resource/settings.h"
#include "lib/store/connection.h"

namespace brume::network {

// Without ranges where the VPC has no IPv6. `peerings`: the active ones.
absl::StatusOr<Ipv6Spec> ReadIpv6Spec(store::Connection& connection, const Vpc& vpc, const Settings& settings,
                                      const std::vector<PeeringSpec>& peerings, const AttachedInstances& instances);

// Fills what of the group is about IPv6.
absl::Status ReadIpv6Group(store::Connection& connection, const std::vector<SecurityGroupRule>& rules, GroupSpec& spec);

}  // namespace brume::network
