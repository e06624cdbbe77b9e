// Rows of VPCs, subnets and network interfaces.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/network/model/network.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::network {

absl::Status AddressInUse(Ipv4 address);  // InvalidIPAddress.InUse

class NetworkTable {
 public:
  explicit NetworkTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status InsertVpc(const Vpc& vpc);
  absl::StatusOr<Vpc> GetVpc(const VpcId& id);  // InvalidVpcID.NotFound
  absl::StatusOr<std::vector<Vpc>> ListVpcs();
  // Those of them that are there, each once for every time it is named.
  absl::StatusOr<std::vector<Vpc>> FindVpcs(absl::Span<const VpcId> ids);
  absl::StatusOr<std::optional<Vpc>> DefaultVpc();
  // A VPC's or subnet's row is never written as a whole: each of these writes what it names. Errors: the kind's
  // NotFound.
  absl::Status SetVpcAttributes(const VpcId& id, const VpcAttributes& attributes);
  absl::Status SetDhcpOptions(const VpcId& id, const DhcpOptionsId& options);  // empty = none
  // With its further ranges and routes; nothing else may be in it (FailedPrecondition). It is a former one then, until
  // that row is deleted.
  absl::Status DeleteVpc(const VpcId& id);
  absl::StatusOr<std::vector<VpcId>> ListFormerVpcs();
  absl::Status DeleteFormerVpc(const VpcId& id);
  absl::Status InsertCidr(const VpcCidr& cidr);
  // Of these VPCs, in the order they were added.
  absl::StatusOr<std::vector<VpcCidr>> ListCidrsOf(absl::Span<const VpcId> vpcs);
  absl::StatusOr<VpcCidr> GetCidr(const VpcCidrAssociationId& id);
  absl::Status DeleteCidr(const VpcCidrAssociationId& id);

  absl::Status InsertIpv6Cidr(const VpcIpv6Cidr& cidr);
  // As ListCidrsOf.
  absl::StatusOr<std::vector<VpcIpv6Cidr>> ListIpv6CidrsOf(absl::Span<const VpcId> vpcs);
  // Of all VPCs, or one; in the order they were added.
  absl::StatusOr<std::vector<VpcIpv6Cidr>> ListIpv6Cidrs(const std::optional<VpcId>& vpc);
  absl::Status DeleteIpv6Cidr(const VpcCidrAssociationId& id);

  absl::StatusOr<std::optional<Subnet>> FindSubnetByAssociation(const SubnetCidrAssociationId& id);
  absl::Status InsertSubnet(const Subnet& subnet);
  absl::StatusOr<Subnet> GetSubnet(const SubnetId& id);  // InvalidSubnetID.NotFound
  absl::StatusOr<std::vector<Subnet>> ListSubnets(const std::optional<VpcId>& vpc);
  // Those of them that are there, oldest first.
  absl::StatusOr<std::vector<Subnet>> FindSubnets(absl::Span<const SubnetId> ids);
  absl::Status SetMapPublicIpOnLaunch(const SubnetId& id, bool map);
  absl::Status SetAssignIpv6OnCreation(const SubnetId& id, bool assign);
  absl::Status SetSubnetDnsNameOptions(const SubnetId& id, const PrivateDnsNameOptions& options);
  // Of `subnet`: its range and the range's association.
  absl::Status SetSubnetIpv6(const Subnet& subnet);
  absl::Status DeleteSubnet(const SubnetId& id);  // no interface may be in it (FailedPrecondition)

  // With its groups and secondary addresses. Error: InvalidIPAddress.InUse when another interface of the VPC has one of
  // the private addresses, or any the public one. The VPC, subnet, instance and groups it names must be there
  // (FailedPrecondition).
  absl::Status InsertInterface(const NetworkInterface& eni);
  absl::Status DeleteInterface(const EniId& id);  // with its tags; OK when there is none
  absl::StatusOr<NetworkInterface> GetInterface(const EniId& id);
  absl::StatusOr<std::vector<NetworkInterface>> ListInterfaces(const std::optional<VpcId>& vpc);
  // Those of them that are there, oldest first.
  absl::StatusOr<std::vector<NetworkInterface>> FindInterfaces(absl::Span<const EniId> ids);
  // In the order of `instances`, then by device index.
  absl::StatusOr<std::vector<NetworkInterface>> ListInterfacesOf(absl::Span<const InstanceId> instances);
  // Of all instances, without the whole rows; in order of instances and device indices.
  absl::StatusOr<std::vector<AttachedPort>> ListAttachedPorts();
  absl::StatusOr<std::optional<NetworkInterface>> FindInterfaceByMac(const VpcId& vpc, const std::string& mac);
  absl::StatusOr<std::optional<NetworkInterface>> FindInterfaceByPrivateIp(const VpcId& vpc, Ipv4 address);
  absl::StatusOr<std::optional<NetworkInterface>> FindInterfaceByAttachment(const std::string& attachment_id);
  absl::StatusOr<bool> PrivateIpTaken(const VpcId& vpc, Ipv4 address);
  absl::StatusOr<bool> PublicIpTaken(Ipv4 address);
  // Private addresses of the subnet that interfaces have.
  absl::StatusOr<int64_t> CountAddresses(const SubnetId& subnet);
  // Of the ClientToken that it was made with.
  absl::StatusOr<std::optional<NetworkInterface>> FindInterfaceByToken(const std::string& client_token);
  absl::Status SetInterfaceGroups(const EniId& id, absl::Span<const SecurityGroupId> groups);
  // An interface's row is never written as a whole: each of these writes one column, and counts the row's version on.
  // An address is given or taken because of what the row said: Aborted when it changed since `eni` was read. Sets
  // address and version in `eni`. nullopt takes it away. Error: InvalidIPAddress.InUse.
  absl::Status SetPublicIp(NetworkInterface& eni, std::optional<Ipv4> address);
  absl::Status SetSourceDestCheck(const EniId& id, bool source_dest_check);
  // Error: Aborted when `eni` is not as it is stored.
  absl::Status SetDnsNameOptions(NetworkInterface eni, const PrivateDnsNameOptions& options);
  // Writes what is of the attachment, and the public address with it. Error: Aborted when the row changed since `eni`
  // was read. Sets the version in `eni`.
  absl::Status SetAttachment(NetworkInterface& eni);
  absl::Status SetDeleteOnTermination(const EniId& id, bool delete_on_termination);
  absl::Status SetPrimaryIpv6(const EniId& id, bool primary);
  absl::Status SetTracking(NetworkInterface eni, const ConnectionTracking& tracking);
  absl::Status SetDescription(const EniId& id, const std::string& description);

 private:
  store::Connection& connection_;
};

}  // namespace brume::network
