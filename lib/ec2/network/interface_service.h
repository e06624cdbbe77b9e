// Network interfaces. Source of behaviour: EC2 API reference, CreateNetworkInterface, DeleteNetworkInterface,
// DescribeNetworkInterfaces, ModifyNetworkInterfaceAttribute, AssignPrivateIpAddresses, UnassignPrivateIpAddresses.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/random.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/port_service.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct InterfaceView {
  NetworkInterface eni;
  std::string availability_zone;
  // Names of the groups it is in.
  std::map<SecurityGroupId, std::string> group_names;
  TagMap tags;
};

// What is absent stays.
struct InterfaceChange {
  std::optional<std::string> description;
  std::optional<bool> source_dest_check;
  std::optional<std::vector<SecurityGroupId>> groups;
  // Of this attachment.
  std::string attachment_id;
  std::optional<bool> delete_on_termination;
  std::optional<ConnectionTracking> tracking;  // what is unset of it stays
  std::optional<bool> primary_ipv6;            // true cannot be taken back
};

// What CreateNetworkInterface asks for.
struct InterfaceRequest {
  SubnetId subnet_id;
  std::optional<Ipv4> private_ip = {};  // unset = any that is free
  std::vector<Ipv4> secondary_ips = {};
  int secondary_count = 0;                   // of any that are free
  std::vector<SecurityGroupId> groups = {};  // none = the VPC's default group
  std::string description = {};
  ConnectionTracking tracking = {};
  std::string client_token = {};       // empty = unset
  std::string parameters_digest = {};  // of all parameters but the token
  TagMap tags = {};
  std::vector<Ipv6> ipv6 = {};
  std::optional<int> ipv6_count = {};  // of any that are free; unset = as the subnet says, where `ipv6` is empty
  bool primary_ipv6 = false;           // the first one stays
};

// What AssignPrivateIpAddresses asks for: addresses, or so many of any.
struct AssignRequest {
  EniId eni_id;
  std::vector<Ipv4> addresses = {};
  int count = 0;
  bool allow_reassignment = false;
};

// What AssignIpv6Addresses asks for, likewise.
struct AssignIpv6Request {
  EniId eni_id;
  std::vector<Ipv6> addresses = {};
  int count = 0;
};

// The instances that interfaces are attached to, which are another area's; each is called inside a transaction.
struct AttachedInstances {
  // Those that have, or are about to have, a guest.
  std::function<absl::StatusOr<std::vector<InstanceId>>(store::Connection& connection)> list_live;
  // An instance shows the source/destination check of its first interface, which is now `check`.
  std::function<absl::Status(store::Connection& connection, const InstanceId& id, bool check)> show_source_dest_check;
  // Private addresses that an interface of the instance may have.
  std::function<absl::StatusOr<int>(store::Connection& connection, const InstanceId& id)> max_addresses;
  // What its type gives each interface; unset = what every port has.
  std::function<absl::StatusOr<PortShape>(store::Connection& connection, const InstanceId& id)> shape_of = nullptr;
};

// Called after a commit that the fabric must follow.
struct InterfaceWakes {
  std::function<void(const VpcId& vpc)> vpc;
  std::function<void(const VpcId& vpc, const EniId& eni)> port;  // what the interface alone has changed
  std::function<void(const VpcId& vpc, const SecurityGroupId& group)> members;
};

// Thread-safe.
class InterfaceService {
 public:
  InterfaceService(store::Database& database, Random& random, AttachedInstances instances, InterfaceWakes wakes);

  // With a token that made one before: that one. Errors: InvalidSubnetID.NotFound, InvalidGroup.NotFound,
  // IdempotentParameterMismatch, PrivateIpAddressLimitExceeded; those of MakeInterface.
  absl::StatusOr<InterfaceView> Create(const InterfaceRequest& request);
  // Errors: InvalidNetworkInterfaceID.NotFound, OperationNotPermitted, InvalidParameterValue while it is attached.
  absl::Status Delete(const EniId& id);
  // Error: InvalidSubnetID.NotFound.
  absl::StatusOr<Subnet> SubnetOf(const SubnetId& id);
  // What an interface of the subnet is in when it is made without groups.
  absl::StatusOr<std::vector<SecurityGroupId>> DefaultGroupsOf(const SubnetId& subnet);
  // Those that it has already are assigned again. Errors: InvalidNetworkInterfaceID.NotFound, OperationNotPermitted,
  // PrivateIpAddressLimitExceeded, InvalidParameterValue, InvalidIPAddress.InUse, InsufficientFreeAddressesInSubnet.
  absl::StatusOr<std::vector<Ipv4>> Assign(const AssignRequest& request);
  // Errors: InvalidNetworkInterfaceID.NotFound, OperationNotPermitted, InvalidParameterValue for one that it does not
  // have or that is its first.
  absl::Status Unassign(const EniId& id, absl::Span<const Ipv4> addresses);

  // The same of IPv6 addresses.
  absl::StatusOr<std::vector<Ipv6>> AssignIpv6(const AssignIpv6Request& request);
  absl::Status UnassignIpv6(const EniId& id, absl::Span<const Ipv6> addresses);

  // Those of `ids`, or else those that have a tag of `tags`, or all. Error: InvalidNetworkInterfaceID.NotFound.
  absl::StatusOr<std::vector<InterfaceView>> List(absl::Span<const EniId> ids,
                                                  const std::optional<tagging::TagQuery>& tags = {});
  // Errors: InvalidNetworkInterfaceID.NotFound, InvalidGroup.NotFound, InvalidParameterValue,
  // InvalidAttachmentID.NotFound, OperationNotPermitted.
  absl::Status Modify(const EniId& id, const InterfaceChange& change);

 private:
  // More addresses than these and `more`.
  absl::Status CheckRoom(store::Connection& connection, const NetworkInterface& eni, size_t more);
  absl::Status CheckIpv6Room(store::Connection& connection, const NetworkInterface& eni, size_t more);

  store::Database& database_;
  Random& random_;
  const AttachedInstances instances_;
  const InterfaceWakes wakes_;
};

// Inside a transaction of the caller's.

// What an interface is made with.
struct InterfaceSpec {
  // What it is attached to from the start. One without an instance is attached to what it was made for.
  struct Attachment {
    InstanceId instance_id = {};
    int device_index = 0;
    absl::Time time;
    bool delete_on_termination = true;
  };
  Subnet subnet;
  InterfaceType type = InterfaceType::kInterface;
  std::string requester_id = {};        // set: users of the account cannot change it, nor delete it
  std::optional<Ipv4> private_ip = {};  // unset = any that is free
  std::vector<Ipv4> secondary_ips = {};
  int secondary_count = 0;                   // of any that are free
  std::vector<SecurityGroupId> groups = {};  // none = it lets nothing through
  std::string description = {};
  bool source_dest_check = true;
  std::optional<PrivateDnsNameOptions> dns_name_options = {};  // unset = the subnet's
  std::optional<Attachment> attachment = {};
  ConnectionTracking tracking = {};
  std::string client_token = {}, parameters_digest = {};
  TagMap tags = {};
  std::vector<Ipv6> ipv6 = {};
  std::optional<int> ipv6_count = {};  // as of InterfaceRequest
  bool primary_ipv6 = false;
};

// Makes an interface, which is the caller's own to wake the fabric for. In an IPv6-only subnet it has an IPv6 address
// and none of IPv4. Errors: InsufficientFreeAddressesInSubnet, InvalidParameterValue for an address that the subnet
// cannot give, InvalidParameterCombination for IPv4 in an IPv6-only one, InvalidIPAddress.InUse; those of AddInterface.
absl::StatusOr<NetworkInterface> MakeInterface(store::Connection& connection, const InterfaceSpec& spec,
                                               Random& random);
// Error: InvalidNetworkInterface.InUse while it is attached.
absl::Status CheckAvailable(const NetworkInterface& eni);
// Attaches an interface that is available. Error: as above; Aborted when it changed since it was read.
absl::Status AttachTo(store::Connection& connection, NetworkInterface& eni, const InterfaceSpec::Attachment& attachment,
                      Random& random);
// Refuses what is another resource's. Error: OperationNotPermitted.
absl::Status CheckOwn(const NetworkInterface& eni);

// Error: InvalidIPAddress.InUse when another interface of the VPC has the private address, or any the public one. The
// VPC, subnet, instance and groups it names must be there (FailedPrecondition).
absl::Status AddInterface(store::Connection& connection, const NetworkInterface& eni, const TagMap& tags);
// With its tags, addresses and associations of elastic addresses, whatever it is attached to; OK when there is none.
absl::Status RemoveInterface(store::Connection& connection, const EniId& id);
absl::StatusOr<std::vector<NetworkInterface>> ListInterfaces(store::Connection& connection);
// Error: InvalidNetworkInterfaceID.NotFound.
absl::StatusOr<NetworkInterface> GetInterface(store::Connection& connection, const EniId& id);
// Error: InvalidAttachmentID.NotFound.
absl::StatusOr<NetworkInterface> GetAttachedInterface(store::Connection& connection, const std::string& attachment_id);
// In the order of `instances`, then by device index.
absl::StatusOr<std::vector<NetworkInterface>> ListInterfacesOf(store::Connection& connection,
                                                               absl::Span<const InstanceId> instances);
// Where a call names an instance and means its interface. Errors: InvalidInstanceID.NotFound when it has none,
// InvalidInstanceID when it has several.
absl::StatusOr<NetworkInterface> OnlyInterfaceOf(store::Connection& connection, const InstanceId& instance);
// The interface of the VPC that has the private address.
absl::StatusOr<std::optional<NetworkInterface>> FindInterface(store::Connection& connection, const VpcId& vpc,
                                                              Ipv4 address);
// The same by an IPv6 address of it, or the link-local one that its MAC makes.
absl::StatusOr<std::optional<NetworkInterface>> FindInterface(store::Connection& connection, const VpcId& vpc,
                                                              const Ipv6& address);
// nullopt takes it away. Sets the address and the next version in `eni`. Errors: InvalidIPAddress.InUse; Aborted when
// the interface changed since it was read.
absl::Status SetPublicIp(store::Connection& connection, NetworkInterface& eni, std::optional<Ipv4> address);
// Writes all that is of the attachment, with the public address of the pool. As above.
absl::Status SetAttachment(store::Connection& connection, NetworkInterface& eni);
absl::Status SetSourceDestCheck(store::Connection& connection, const EniId& id, bool check);
// Error: Aborted when `eni` is not as it is stored.
absl::Status SetDnsNameOptions(store::Connection& connection, const NetworkInterface& eni,
                               const PrivateDnsNameOptions& options);

// Of one interface, each once. Error: SecurityGroupsPerInterfaceLimitExceeded.
absl::Status CheckGroupCount(absl::Span<const SecurityGroupId> groups);
// These groups, each once; the VPC's default one where there are none. Errors: InvalidGroup.NotFound for one that the
// VPC does not have, that of CheckGroupCount.
absl::StatusOr<std::vector<SecurityGroupId>> GroupsIn(store::Connection& connection, const VpcId& vpc,
                                                      absl::Span<const SecurityGroupId> groups);
// Puts the interface into these groups and no others; one that is named twice counts once. Errors:
// InvalidParameterValue for none, InvalidGroup.NotFound for one that its VPC does not have.
absl::Status ChangeGroups(store::Connection& connection, const NetworkInterface& eni,
                          absl::Span<const SecurityGroupId> groups);

}  // namespace brume::network
