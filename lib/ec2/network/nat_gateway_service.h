// NAT gateways. Source of behaviour: EC2 API reference, CreateNatGateway, DeleteNatGateway, DescribeNatGateways; Amazon
// VPC guide, "NAT gateways" (states, failures, its own subnet's routes).
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/network/model/nat_gateway.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct NatGatewayView {
  NatGateway gateway;
  AddressAssociationId association_id;      // of its elastic address with its interface; empty = there is none
  std::vector<SecondaryAddress> secondary;  // addresses beside its first, which are its interface's
  TagMap tags;
};

// Addresses beside a gateway's first: elastic ones of a public gateway, each with a private one; private ones, or so
// many, of a private gateway. What is not said is any private address that is free.
struct NatAddressRequest {
  std::vector<AllocationId> allocation_ids = {};
  std::vector<Ipv4> private_ips = {};
  int private_count = 0;
};

struct NewNatGateway {
  SubnetId subnet_id;
  bool is_public = true;
  std::optional<AllocationId> allocation_id;  // set exactly for a public one
  std::optional<Ipv4> private_ip;             // unset = any that is free
  NatAddressRequest secondary;
  TagMap tags;
  std::string client_token, parameters_digest;
};

// Thread-safe.
class NatGatewayService {
 public:
  // `wake` is called with the VPC after a commit that the fabric must follow.
  NatGatewayService(store::Database& database, Random& random, const Clock& clock,
                    std::function<void(const VpcId&)> wake);

  // It is pending until the host has it. One for which there is no internet gateway, or whose address is another's, is
  // made and has failed, as in EC2. Errors: InvalidSubnetID.NotFound, InvalidAllocationID.NotFound,
  // NatGatewayLimitExceeded, IdempotentParameterMismatch, InsufficientFreeAddressesInSubnet, InvalidIPAddress.InUse,
  // InvalidParameterValue.
  absl::StatusOr<NatGatewayView> Create(const NewNatGateway& wanted);
  // It is deleting until the host has it no more; OK when it was deleted already. Error: NatGatewayNotFound.
  absl::Status Delete(const NatGatewayId& id);
  // Gives it addresses beside those that it has; they are in use when the host has followed. Errors:
  // NatGatewayNotFound, IncorrectState, UnsupportedOperation for what the other kind of gateway has,
  // InvalidParameterCombination, InvalidAllocationID.NotFound, Resource.AlreadyAssociated,
  // PrivateIpAddressLimitExceeded; those of private addresses.
  absl::StatusOr<std::vector<SecondaryAddress>> AddAddresses(const NatGatewayId& id, const NatAddressRequest& wanted);
  // Takes them from it, elastic ones by their associations, and says which they were. Errors: NatGatewayNotFound,
  // IncorrectState, UnsupportedOperation, InvalidAssociationID.NotFound, InvalidParameterValue for its first address
  // and for one that it does not have.
  absl::StatusOr<std::vector<SecondaryAddress>> RemoveElastic(const NatGatewayId& id,
                                                              absl::Span<const AddressAssociationId> associations);
  absl::StatusOr<std::vector<SecondaryAddress>> RemovePrivate(const NatGatewayId& id, absl::Span<const Ipv4> addresses);
  // Those of `ids`, or else those that have a tag of `tags`, or all; one that has ended, for an hour. Error:
  // NatGatewayNotFound.
  absl::StatusOr<std::vector<NatGatewayView>> List(absl::Span<const NatGatewayId> ids,
                                                   const std::optional<tagging::TagQuery>& tags = {});

 private:
  // The address of the gateway's interface that is meant.
  using FindAddress = std::function<absl::StatusOr<SecondaryAddress>(const NetworkInterface& eni)>;
  absl::StatusOr<std::vector<SecondaryAddress>> Remove(const NatGatewayId& id, bool is_public,
                                                       const std::vector<FindAddress>& finds);

  store::Database& database_;
  Random& random_;
  const Clock& clock_;
  const std::function<void(const VpcId&)> wake_;
};

// Inside a transaction of the caller's.

// Of what the host carries now, `carried`: those that were pending are available, and those that were deleting and are
// not carried any more are deleted, and free what they had.
absl::Status SettleNatGateways(store::Connection& connection, const VpcId& vpc, const std::set<NatGatewayId>& carried,
                               absl::Time now);

// Whether there is one that SettleNatGateways may change.
absl::StatusOr<bool> HasUnsettledNatGateways(store::Connection& connection, const VpcId& vpc);

}  // namespace brume::network
