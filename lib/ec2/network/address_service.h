// Elastic addresses. Source of behaviour: EC2 API reference, AllocateAddress, AssociateAddress, DisassociateAddress,
// ReleaseAddress, DescribeAddresses.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/random.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/model/routing.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/settings.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct AddressView {
  ElasticAddress address;
  std::optional<AddressAssociation> association;
  InstanceId instance_id;  // of what it is associated with
  TagMap tags;
};

// An address as a request names it: by one of the two.
struct AddressName {
  std::optional<AllocationId> id;
  std::optional<Ipv4> public_ip;
};

struct AddressTarget {
  std::optional<InstanceId> instance;  // which has one interface
  std::optional<EniId> eni;
  std::optional<Ipv4> private_ip;  // one of the interface's; unset = its first
  bool allow_reassociation = false;
};

// What an association is made with, and what it ends.
struct AddressTargetView {
  EniId eni;
  InstanceId instance;                  // that it is in; empty = in none
  std::optional<AllocationId> present;  // the elastic address that its private one has
};

// Thread-safe.
class AddressService {
 public:
  struct Hooks {
    // Called after a commit with an interface whose public address changed.
    std::function<void(const VpcId&, const EniId&)> wake_port;
    // Called after a commit that changed what a reverse lookup gives: in every VPC.
    std::function<void()> wake_vpcs;
  };
  AddressService(store::Database& database, const Settings& settings, Random& random, AttachedInstances instances,
                 Hooks hooks);

  // `wanted`: this one. Errors: AddressLimitExceeded, InsufficientAddressCapacity, InvalidParameterValue for one that
  // is not the pool's, InvalidIPAddress.InUse.
  absl::StatusOr<ElasticAddress> Allocate(std::optional<Ipv4> wanted, const TagMap& tags);
  // The interface gives back the pool's address that it has. Errors: the ids' NotFound, InvalidAddress.NotFound,
  // InvalidInstanceID for an instance of several interfaces, InvalidParameterValue for a private address that is not
  // the interface's, Gateway.NotAttached, Resource.AlreadyAssociated.
  absl::StatusOr<AddressAssociation> Associate(const AddressName& address, const AddressTarget& target);
  // An interface that gets an address of the pool at each start gets one now. Errors: InvalidAssociationID.NotFound.
  absl::Status Disassociate(const AddressAssociationId& id);
  // As above; InvalidAddress.NotFound, InvalidAssociationID.NotFound.
  absl::Status Disassociate(Ipv4 public_ip);
  // Whether the interface has an address of the pool while it is a running instance's first; it gets one at once, or
  // gives back the one that it has. Errors: InvalidNetworkInterfaceID.NotFound, OperationNotPermitted,
  // InvalidParameterCombination for an interface without IPv4, InsufficientAddressCapacity.
  absl::Status SetAutoPublicIp(const EniId& id, bool wanted);
  // Errors: InvalidAllocationID.NotFound, InvalidAddress.NotFound, InvalidIPAddress.InUse, InvalidAddress.Locked while
  // it has a domain name.
  absl::Status Release(const AddressName& address);
  // What a reverse lookup of it gives: IsDomainName, or empty for its public name. Error: InvalidAllocationID.NotFound.
  absl::StatusOr<ElasticAddress> SetDomainName(const AllocationId& id, const std::string& domain_name);
  // Those that are named, or else those that have a tag of `tags`, or all. Errors: InvalidAllocationID.NotFound,
  // InvalidAddress.NotFound.
  absl::StatusOr<std::vector<AddressView>> List(absl::Span<const AddressName> names,
                                                const std::optional<tagging::TagQuery>& tags = {});
  // Of an association. Error: InvalidAssociationID.NotFound.
  absl::StatusOr<AddressView> Of(const AddressAssociationId& id);
  absl::StatusOr<AddressView> Of(const AddressName& address);
  // As Associate would take it. Errors: those of Associate about the target.
  absl::StatusOr<AddressTargetView> Of(const AddressTarget& target);

 private:
  struct Changed {
    VpcId vpc;
    EniId eni;
  };
  absl::Status EndAssociation(store::Connection& connection, const AddressAssociation& association, bool give_another,
                              std::vector<Changed>& changed);
  absl::Status Disassociate(const std::function<absl::StatusOr<AddressAssociation>(store::Connection&)>& find);
  void Wake(const std::vector<Changed>& changed);

  store::Database& database_;
  const Settings& settings_;
  Random& random_;
  const AttachedInstances instances_;
  const Hooks hooks_;
};

}  // namespace brume::network
