// What a VPC is made with. Inside transactions of the network's services.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/random.h"
#include "lib/ec2/network/model/network.h"
#include "lib/resource/settings.h"
#include "lib/store/connection.h"

namespace brume::network {

// The VPC's row with the default set of DHCP options, its main route table, its default ACL, which allows everything,
// and its default security group.
absl::Status InsertVpc(store::Connection& connection, Vpc& vpc, const Settings& settings, Random& random);

// The default VPC: names for public addresses, and a gateway that its main route table leads to.
absl::StatusOr<Vpc> InsertDefaultVpc(store::Connection& connection, const Settings& settings, Random& random);

// The subnet's row; it has the VPC's default ACL.
absl::Status InsertSubnet(store::Connection& connection, const Subnet& subnet, Random& random);

// A default subnet of the zone, in the lowest block of the VPC that no subnet overlaps; none when there is no room.
absl::StatusOr<std::optional<Subnet>> InsertDefaultSubnet(store::Connection& connection, const Vpc& vpc,
                                                          absl::string_view zone, Random& random);
// The same of one that is IPv6-only; none too when the VPC has no IPv6.
absl::StatusOr<std::optional<Subnet>> InsertIpv6OnlyDefaultSubnet(store::Connection& connection, const Vpc& vpc,
                                                                  absl::string_view zone, Random& random);
// The subnet has this range, and where it has no IPv4 one, what an IPv6-only one begins with.
void SetIpv6Range(Subnet& subnet, const CidrIpv6& range, Random& random);

// The VPC's ranges, its first at the front.
absl::StatusOr<std::vector<Cidr>> RangesOf(store::Connection& connection, const Vpc& vpc);

}  // namespace brume::network
