// IPv6 ranges of VPCs and subnets. Inside transactions of the network's services.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/random.h"
#include "lib/ec2/network/model/network.h"
#include "lib/resource/settings.h"
#include "lib/store/connection.h"

namespace brume::network {

// What all VPCs' ranges come from: the configured range, or else a unique local one (RFC 4193) that was chosen at
// random when the first was asked for, and is kept. Its first /56 is the host's own.
absl::StatusOr<CidrIpv6> Ipv6PoolOf(store::Connection& connection, const Settings& settings, Random& random);
// The same without choosing one: none where none was.
absl::StatusOr<std::optional<CidrIpv6>> FindIpv6Pool(store::Connection& connection, const Settings& settings);

// Gives a VPC a /56 that no other has. Its default security group and the others that let all of IPv4 out let all of
// IPv6 out too, and its default ACL lets it through, as at EC2; what somebody changed stays. Errors: VpcLimitExceeded,
// InsufficientFreeAddressesInSubnet.
absl::StatusOr<VpcIpv6Cidr> InsertIpv6Range(store::Connection& connection, const VpcId& vpc, const Settings& settings,
                                            Random& random);
absl::StatusOr<std::vector<CidrIpv6>> Ipv6RangesOf(store::Connection& connection, const VpcId& vpc);

// Errors: InvalidSubnet.Range for what is not a /64 of the VPC's, InvalidSubnet.Conflict for another subnet's.
absl::Status CheckSubnetIpv6(store::Connection& connection, const VpcId& vpc, const CidrIpv6& cidr);

// The lowest /64 of the VPC's ranges that no subnet has; none where it has no range or no such part of one.
absl::StatusOr<std::optional<CidrIpv6>> FreeSubnetIpv6(store::Connection& connection, const VpcId& vpc);

// An address of the subnet that nobody has. Errors: InvalidParameterValue for a subnet without IPv6;
// InsufficientFreeAddressesInSubnet.
absl::StatusOr<Ipv6> AllocateIpv6(store::Connection& connection, const Subnet& subnet, Random& random);
// Errors: InvalidParameterValue, InvalidIPAddress.InUse.
absl::Status CheckIpv6(store::Connection& connection, const Subnet& subnet, const Ipv6& wanted);

}  // namespace brume::network
