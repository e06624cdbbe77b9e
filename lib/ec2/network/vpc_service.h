// VPCs and subnets as their owner makes, changes and deletes them. Source of behaviour: EC2 API reference, CreateVpc,
// ModifyVpcAttribute, AssociateVpcCidrBlock, CreateSubnet, ModifySubnetAttribute, CreateDefaultVpc,
// CreateDefaultSubnet and their kin.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/network/model/network.h"
#include "lib/resource/settings.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct SubnetRequest {
  VpcId vpc_id;
  std::optional<Cidr> cidr;       // unset: an IPv6-only subnet, which has `cidr_ipv6`
  std::string availability_zone;  // name or id; empty = the first
  TagMap tags;
  std::optional<CidrIpv6> cidr_ipv6 = {};
};

// What is absent stays.
struct VpcAttributesChange {
  std::optional<bool> dns_support, dns_hostnames, address_usage_metrics;
};
struct SubnetAttributesChange {
  std::optional<bool> map_public_ip_on_launch;
  std::optional<bool> assign_ipv6_on_creation = {};
  PrivateDnsNameOptionsChange dns_name_options;
};

// Thread-safe.
class VpcService {
 public:
  // `wake` is called with the VPC after a commit that the fabric must follow; also when the VPC is gone.
  VpcService(store::Database& database, const Settings& settings, Random& random, const Clock& clock,
             std::function<void(const VpcId&)> wake);

  // With its main route table, network ACL and default security group. Nothing in it has a way out. Errors:
  // InvalidVpc.Range, VpcLimitExceeded.
  // `with_ipv6`: and with an IPv6 range.
  absl::StatusOr<Vpc> CreateVpc(const Cidr& cidr, const TagMap& tags, bool with_ipv6 = false);
  // As a new installation has it: with a gateway, a route to it and a subnet in each zone. Error:
  // DefaultVpcAlreadyExists.
  absl::StatusOr<Vpc> CreateDefaultVpc();
  // Errors: InvalidVpcID.NotFound; DependencyViolation while anything is in it that was not made with it.
  absl::Status DeleteVpc(const VpcId& id);
  absl::Status ModifyVpc(const VpcId& id, const VpcAttributesChange& change);

  // Errors: InvalidVpcID.NotFound, InvalidVpc.Range, CidrConflict, VpcLimitExceeded.
  absl::StatusOr<VpcCidr> AddCidr(const VpcId& vpc, const Cidr& cidr);
  // What it was. Errors: InvalidVpcCidrBlockAssociationID.NotFound; DependencyViolation while a subnet is of it;
  // UnsupportedOperation for the VPC's first range, whose id has the digits of the VPC's.
  absl::StatusOr<VpcCidr> RemoveCidr(const VpcCidrAssociationId& id);

  // A /56 of the host's range. With a VPC's first its default rules let all of IPv6 through as they do IPv4, where
  // nobody changed them. Errors: InvalidVpcID.NotFound, VpcLimitExceeded, InsufficientFreeAddressesInSubnet.
  absl::StatusOr<VpcIpv6Cidr> AddIpv6Cidr(const VpcId& vpc);
  // What it was; nothing where the id is not an IPv6 range's. Error: DependencyViolation while a subnet is of it.
  absl::StatusOr<std::optional<VpcIpv6Cidr>> RemoveIpv6Cidr(const VpcCidrAssociationId& id);
  // The subnet as it is then. Errors: InvalidSubnetID.NotFound, InvalidSubnet.Range, InvalidSubnet.Conflict,
  // InvalidParameterValue for a subnet that has one.
  absl::StatusOr<Subnet> AddSubnetIpv6(const SubnetId& id, const CidrIpv6& cidr);
  // As it was. Errors: InvalidSubnetCidrBlockAssociationID.NotFound; DependencyViolation while an interface has an
  // address of it; UnsupportedOperation for the range of an IPv6-only subnet.
  absl::StatusOr<Subnet> RemoveSubnetIpv6(const SubnetCidrAssociationId& id);
  // Whose range it is. Error: InvalidSubnetCidrBlockAssociationID.NotFound.
  absl::StatusOr<SubnetId> SubnetOf(const SubnetCidrAssociationId& id);

  // Whose range it is, its first one too. Error: InvalidVpcCidrBlockAssociationID.NotFound.
  absl::StatusOr<VpcId> VpcOf(const VpcCidrAssociationId& id);

  // Errors: InvalidVpcID.NotFound, InvalidSubnet.Range, InvalidSubnet.Conflict, InvalidParameterValue for a zone that
  // is not there, SubnetLimitExceeded.
  absl::StatusOr<Subnet> CreateSubnet(const SubnetRequest& request);
  // Errors: DefaultSubnetAlreadyExistsInAvailabilityZone, InvalidParameterValue, and what CreateSubnet gives when there
  // is no room for it or no default VPC.
  absl::StatusOr<Subnet> CreateDefaultSubnet(absl::string_view availability_zone, bool ipv6_only);
  // Errors: InvalidSubnetID.NotFound; DependencyViolation while an interface is in it.
  absl::Status DeleteSubnet(const SubnetId& id);
  // Errors: InvalidSubnetID.NotFound; InvalidParameterValue for what a subnet of its kind cannot have.
  absl::Status ModifySubnet(const SubnetId& id, const SubnetAttributesChange& change);

 private:
  store::Database& database_;
  const Settings& settings_;
  Random& random_;
  const Clock& clock_;
  const std::function<void(const VpcId&)> wake_;
};

}  // namespace brume::network
