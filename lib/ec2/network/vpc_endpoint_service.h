// VPC endpoints. Source of behaviour: EC2 API reference, CreateVpcEndpoint, ModifyVpcEndpoint, DeleteVpcEndpoints,
// DescribeVpcEndpoints; AWS PrivateLink guide, "Access an AWS service using an interface VPC endpoint".
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/model/vpc_endpoint.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/settings.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct VpcEndpointView {
  VpcEndpoint endpoint;
  std::vector<SecurityGroup> groups;
  // Without those that are leaving, and the zones that they are in.
  std::vector<std::pair<VpcEndpointInterface, std::string>> interfaces;
  TagMap tags;
};

// Subnets of an endpoint, and the addresses in them; unset = any that is free.
using EndpointAddresses = std::map<SubnetId, std::optional<Ipv4>>;

struct NewVpcEndpoint {
  VpcId vpc_id;
  EndpointService service = EndpointService::kEc2;
  std::vector<SubnetId> subnets;
  EndpointAddresses addresses;
  std::vector<SecurityGroupId> groups;  // none = the VPC's default group
  IpAddressType ip_address_type = IpAddressType::kIpv4;
  std::optional<IpAddressType> dns_record_type;  // the same, where it is given
  bool private_dns = true;
  std::string policy;  // empty = it allows everything
  TagMap tags;
  std::string client_token, parameters_digest;
};

// What is absent stays.
struct VpcEndpointChange {
  std::vector<SubnetId> add_subnets, remove_subnets;
  EndpointAddresses addresses;  // where it has another one the interface is replaced
  std::vector<SecurityGroupId> add_groups, remove_groups;
  std::optional<std::string> policy;  // empty = the one that allows everything
  std::optional<bool> private_dns;
  std::optional<IpAddressType> ip_address_type, dns_record_type;  // as it is
};

struct VpcEndpointParts {
  store::Database& database;
  const Settings& settings;
  Random& random;
  const Clock& clock;
  // Whether the text is a policy that an endpoint can have. Errors are for the caller.
  std::function<absl::Status(const std::string& policy)> check_policy;
  // Called with the VPC after a commit that the fabric must follow.
  std::function<void(const VpcId&)> wake;
};

// Thread-safe.
class VpcEndpointService {
 public:
  explicit VpcEndpointService(VpcEndpointParts parts) : parts_(std::move(parts)) {}

  // It is pending until the host serves it. Errors: InvalidVpcID.NotFound, InvalidSubnetID.NotFound,
  // InvalidGroup.NotFound, DuplicateSubnetsInSameZone, InvalidParameter where its private name cannot be or a subnet
  // has not the addresses, VpcEndpointLimitExceeded, IdempotentParameterMismatch, InsufficientFreeAddressesInSubnet; of
  // check_policy.
  absl::StatusOr<VpcEndpointView> Create(const NewVpcEndpoint& wanted);
  // Errors: InvalidVpcEndpointId.NotFound, InvalidParameter; as of Create.
  absl::Status Modify(const VpcEndpointId& id, const VpcEndpointChange& change);
  // It is deleting until the host has it no more, and gone then; OK when it is deleting already. Error:
  // InvalidVpcEndpointId.NotFound.
  absl::Status Delete(const VpcEndpointId& id);
  // Those of `ids`, or else those that have a tag of `tags`, or all. Error: InvalidVpcEndpointId.NotFound.
  absl::StatusOr<std::vector<VpcEndpointView>> List(absl::Span<const VpcEndpointId> ids,
                                                    const std::optional<tagging::TagQuery>& tags = {});
  // What calls through the endpoint are judged by. Error: PermissionDenied, for one that is deleted.
  absl::StatusOr<std::string> PolicyOf(const VpcEndpointId& id);

 private:
  absl::StatusOr<VpcEndpointView> Make(store::Connection& connection, const NewVpcEndpoint& wanted);
  absl::Status ChangeSubnets(store::Connection& connection, const VpcEndpoint& endpoint,
                             const VpcEndpointChange& change);
  absl::Status ChangeGroups(store::Connection& connection, const VpcEndpoint& endpoint,
                            const VpcEndpointChange& change);
  absl::Status AddInterfaces(store::Connection& connection, const VpcEndpoint& endpoint,
                             absl::Span<const SubnetId> subnets, const EndpointAddresses& addresses);
  absl::Status CheckPrivateDns(store::Connection& connection, const VpcEndpoint& endpoint) const;

  const VpcEndpointParts parts_;
};

// Inside a transaction of the caller's.

// What the host carries of the VPC's endpoints: all but those that are deleting or leaving.
absl::StatusOr<std::vector<EndpointSpec>> ReadEndpointSpecs(store::Connection& connection, const Vpc& vpc,
                                                            const std::string& region);
// Of what the host carries now, `carried`: those that were pending are available, and those that were deleting, or
// interfaces that were leaving, and are not carried any more are gone, and free what they had.
absl::Status SettleVpcEndpoints(store::Connection& connection, const VpcId& vpc, const std::set<EniId>& carried);
// Whether there is one that SettleVpcEndpoints may change.
absl::StatusOr<bool> HasUnsettledVpcEndpoints(store::Connection& connection, const VpcId& vpc);

}  // namespace brume::network
