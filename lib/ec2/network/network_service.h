// VPCs and subnets as they are described and used by others; the default ones are made at the first start; addresses
// are handed out here.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/base/random.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/settings.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct VpcView {
  Vpc vpc;
  std::vector<VpcCidr> cidrs;  // beside its first range
  std::vector<VpcIpv6Cidr> ipv6_cidrs;
  TagMap tags;
};

struct SubnetView {
  Subnet subnet;
  int64_t available_addresses = 0;
  TagMap tags;
};

// Thread-safe.
class NetworkService {
 public:
  NetworkService(store::Database& database, const Settings& settings, Random& random);

  // The default VPC and a default subnet in each zone, unless they are there or were deleted.
  absl::Status EnsureDefaults();
  absl::StatusOr<std::vector<Vpc>> ListVpcs();
  // Those of `ids`, or else those that have a tag of `tags`, or all. Error: InvalidVpcID.NotFound.
  absl::StatusOr<std::vector<VpcView>> DescribeVpcs(absl::Span<const VpcId> ids,
                                                    const std::optional<tagging::TagQuery>& tags = {});
  // The same of subnets. Error: InvalidSubnetID.NotFound.
  absl::StatusOr<std::vector<SubnetView>> ListSubnets(absl::Span<const SubnetId> ids = {},
                                                      const std::optional<tagging::TagQuery>& tags = {});

 private:
  store::Database& database_;
  const Settings& settings_;
  Random& random_;
};

// Inside a transaction of the caller's.

absl::StatusOr<Vpc> GetVpc(store::Connection& connection, const VpcId& id);  // InvalidVpcID.NotFound
absl::StatusOr<std::vector<Vpc>> ListVpcs(store::Connection& connection);
// The ranges that the VPC has beside its first.
absl::StatusOr<std::vector<Cidr>> ListFurtherRanges(store::Connection& connection, const VpcId& id);
absl::StatusOr<std::vector<CidrIpv6>> ListIpv6Ranges(store::Connection& connection, const VpcId& id);
absl::StatusOr<std::optional<Vpc>> FindDefaultVpc(store::Connection& connection);
absl::StatusOr<Subnet> GetSubnet(store::Connection& connection, const SubnetId& id);  // InvalidSubnetID.NotFound
absl::StatusOr<std::vector<Subnet>> ListSubnets(store::Connection& connection, const VpcId& vpc);
// The interfaces of all instances; in order of instances and device indices.
absl::StatusOr<std::vector<AttachedPort>> ListAttachedPorts(store::Connection& connection);
// How many IPv4 addresses of the subnet an interface can still get.
absl::StatusOr<int64_t> CountFreeAddresses(store::Connection& connection, const Subnet& subnet);

// An address of `subnet` that no interface has, and that is not in `others`.
// Errors: InsufficientFreeAddressesInSubnet; InvalidParameterCombination for an IPv6-only subnet.
absl::StatusOr<Ipv4> AllocatePrivateIp(store::Connection& connection, const Subnet& subnet, Random& random,
                                       absl::Span<const Ipv4> others = {});
// `wanted` if it is assignable and free. Errors: InvalidParameterValue, InvalidIPAddress.InUse;
// InvalidParameterCombination for an IPv6-only subnet.
absl::Status CheckPrivateIp(store::Connection& connection, const Subnet& subnet, Ipv4 wanted);
// Refuses what of an interface or instance is about IPv4. Error: InvalidParameterCombination for an IPv6-only subnet.
absl::Status NeedIpv4(const Subnet& subnet, absl::string_view what);
// An address that can be given out and is free. Errors: InvalidParameterValue, InvalidIPAddress.InUse.
absl::Status CheckPublicIp(store::Connection& connection, const Settings& settings, Ipv4 wanted);
// Error: InsufficientAddressCapacity.
absl::StatusOr<Ipv4> AllocatePublicIp(store::Connection& connection, const Settings& settings, Random& random);

}  // namespace brume::network
