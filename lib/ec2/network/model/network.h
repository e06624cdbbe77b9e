// VPCs, subnets, network interfaces and security groups.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/base/enum_names.h"
#include "lib/base/fields.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"

namespace brume {

struct VpcAttributes {
  bool dns_support = true;  // the resolver answers
  bool dns_hostnames = false;
  bool address_usage_metrics = false;
  friend bool operator==(const VpcAttributes&, const VpcAttributes&) = default;
};

struct Vpc {
  VpcId id;
  Cidr cidr;
  bool is_default = false;
  VpcAttributes attributes;
  DhcpOptionsId dhcp_options_id = {};  // empty = none
};

// A range of a VPC beside its first.
struct VpcCidr {
  VpcCidrAssociationId id;
  VpcId vpc_id;
  Cidr cidr;
};

// By its address, ip-10-0-1-4, or by the instance's id.
enum class HostnameType { kIpName = 0, kResourceName = 1 };
std::true_type IsPersisted(HostnameType);  // the database keeps its values
inline constexpr EnumNames kHostnameTypeNames({std::pair{HostnameType::kIpName, "ip-name"},
                                               {HostnameType::kResourceName, "resource-name"}});

// An IPv6 range of a VPC, of the host's pool.
struct VpcIpv6Cidr {
  VpcCidrAssociationId id;
  VpcId vpc_id;
  CidrIpv6 cidr;
};

// How the instance of an interface is named inside its VPC.
struct PrivateDnsNameOptions {
  HostnameType hostname_type = HostnameType::kIpName;
  bool a_record = false;     // EnableResourceNameDnsARecord
  bool aaaa_record = false;  // EnableResourceNameDnsAAAARecord
  friend bool operator==(const PrivateDnsNameOptions&, const PrivateDnsNameOptions&) = default;
};

// An unset member stays as it is.
struct PrivateDnsNameOptionsChange {
  std::optional<HostnameType> hostname_type;
  std::optional<bool> a_record, aaaa_record;

  // It asks for what an IPv6-only subnet does not give: a name by address, or an A record.
  bool NeedsIpv4() const { return hostname_type == HostnameType::kIpName || a_record.value_or(false); }
  // The rest of it.
  PrivateDnsNameOptionsChange WithoutIpv4() const {
    return {.hostname_type = std::nullopt, .a_record = std::nullopt, .aaaa_record = aaaa_record};
  }
  PrivateDnsNameOptions AppliedTo(const PrivateDnsNameOptions& present) const {
    return {.hostname_type = hostname_type.value_or(present.hostname_type),
            .a_record = a_record.value_or(present.a_record),
            .aaaa_record = aaaa_record.value_or(present.aaaa_record)};
  }
};

struct Subnet {
  SubnetId id;
  VpcId vpc_id;
  std::optional<Cidr> cidr;  // unset: an IPv6-only subnet, which has a range in `cidr_ipv6`
  std::string availability_zone;
  bool default_for_az = false;
  bool map_public_ip_on_launch = false;
  PrivateDnsNameOptions dns_name_options;  // of instances that are launched into it
  std::optional<CidrIpv6> cidr_ipv6 = {};  // a /64
  SubnetCidrAssociationId ipv6_association_id = {};
  bool assign_ipv6_on_creation = false;  // interfaces that are made in it get an IPv6 address

  bool ipv6_native() const { return !cidr.has_value(); }
};

// What an interface is for. Each but the first is another resource's, which alone changes and deletes it.
enum class InterfaceType { kInterface = 0, kNatGateway = 1, kVpcEndpoint = 2 };
std::true_type IsPersisted(InterfaceType);  // the database keeps its values
inline constexpr EnumNames kInterfaceTypeNames({std::pair{InterfaceType::kInterface, "interface"},
                                                {InterfaceType::kNatGateway, "nat_gateway"},
                                                {InterfaceType::kVpcEndpoint, "vpc_endpoint"}});

// How far an interface is on its way to an instance or from it.
enum class InterfaceAttachmentState {
  kNone = 0,  // the interface is available
  kAttaching = 1,
  kAttached = 2,
  kDetaching = 3,       // the guest is asked to let go, until it does
  kForceDetaching = 4,  // asked once, and then the port is taken away
};
std::true_type IsPersisted(InterfaceAttachmentState);  // the database keeps its values

// A private address beside an interface's first.
struct SecondaryAddress {
  Ipv4 private_ip;
  std::optional<Ipv4> public_ip = {};  // an elastic one
  // Of the public address, read with it.
  AllocationId allocation_id = {};
  AddressAssociationId association_id = {};
  friend bool operator==(const SecondaryAddress&, const SecondaryAddress&) = default;
};

// How long a connection of an interface is tracked after its last packet, in seconds; unset: the kernel's own times.
struct ConnectionTracking {
  std::optional<int> tcp_established_timeout, udp_stream_timeout, udp_timeout;
  friend bool operator==(const ConnectionTracking&, const ConnectionTracking&) = default;
  static constexpr auto Fields() {
    return std::tuple(Field{"tcp_established_timeout", &ConnectionTracking::tcp_established_timeout},
                      Field{"udp_stream_timeout", &ConnectionTracking::udp_stream_timeout},
                      Field{"udp_timeout", &ConnectionTracking::udp_timeout});
  }
};

struct NetworkInterface {
  EniId id;
  VpcId vpc_id;
  SubnetId subnet_id;
  InterfaceType type = InterfaceType::kInterface;
  std::string requester_id;  // who made it in the account's name; empty = the account itself
  InterfaceAttachmentState attachment_state = InterfaceAttachmentState::kNone;
  // Of the attachment; without meaning while there is none.
  InstanceId instance_id;  // empty = attached to what is not an instance
  int device_index = 0;
  std::string attachment_id;  // "eni-attach-…"
  absl::Time attach_time;
  bool delete_on_termination = true;
  bool source_dest_check = true;
  std::string description;
  std::string mac;                 // lower-case, colons
  std::optional<Ipv4> private_ip;  // its first; it never changes. Unset in an IPv6-only subnet
  std::optional<Ipv4> public_ip;   // of private_ip
  // Gets an address of the pool whenever its instance starts and gives it back when that stops, as in EC2.
  bool auto_public_ip = false;
  // Of public_ip, read with the interface and no columns of its own. Set: it is an elastic address, and stays.
  AllocationId allocation_id;
  AddressAssociationId association_id;
  bool public_name = true;                  // public addresses have names, as the VPC says
  std::vector<SecondaryAddress> secondary;  // in the order they were assigned
  std::vector<Ipv6> ipv6;                   // likewise; the first is given out by DHCPv6
  bool primary_ipv6 = false;                // the first of ipv6 stays until the interface is detached
  std::vector<SecurityGroupId> groups;
  ConnectionTracking tracking;
  PrivateDnsNameOptions dns_name_options;
  // Of the call that made it; empty where it named none.
  std::string client_token, parameters_digest;
  int64_t version = 0;

  bool elastic() const { return !association_id.empty(); }
  bool attached() const { return attachment_state != InterfaceAttachmentState::kNone; }
  bool detaching() const {
    return attachment_state == InterfaceAttachmentState::kDetaching ||
           attachment_state == InterfaceAttachmentState::kForceDetaching;
  }
  // Of an IPv6-only subnet: it has no IPv4 address and gets none.
  bool ipv6_native() const { return !private_ip.has_value(); }
  // Another resource's: the account's users cannot change it.
  bool requester_managed() const { return !requester_id.empty(); }
};

// As EC2 shows it: "attached".
absl::string_view AttachmentStatusName(InterfaceAttachmentState state);
// Takes the attachment away, and with it the public address that the interface had of the pool.
void Release(NetworkInterface& eni);
// Of one of its IPv6 addresses.
inline bool IsPrimary(const NetworkInterface& eni, const Ipv6& address) {
  return eni.primary_ipv6 && eni.ipv6.front() == address;
}
// All its private IPv4 addresses, the first at the front; none in an IPv6-only subnet.
std::vector<Ipv4> PrivateAddresses(const NetworkInterface& eni);
// The public addresses that some of them have, in that order.
std::vector<Ipv4> PublicAddresses(const NetworkInterface& eni);
// That of one of them; unset where it has none, and for an address that is not the interface's.
std::optional<Ipv4> PublicAddressOf(const NetworkInterface& eni, Ipv4 private_ip);

// The name inside the VPC, without its domain: "ip-10-0-1-4", or the instance's id where it is named by that. Without
// an IPv4 address it is named by the instance alone; empty while it is attached to none.
std::string Hostname(const NetworkInterface& eni);
// The other name that the VPC's name server knows it by; empty when it has one alone.
std::string OtherHostname(const NetworkInterface& eni);

// The name of its first IPv6 address there: the instance's id, where it is to have one; else empty.
std::string Ipv6Hostname(const NetworkInterface& eni);

// The tap's name in the kernel (IFNAMSIZ: 15 characters): "bm" and the last 13 digits of the interface's id.
std::string TapName(const EniId& id);

// An interface that an instance has, without more of it.
struct AttachedPort {
  InstanceId instance_id;
  EniId eni_id;
  VpcId vpc_id;
};

struct SecurityGroup {
  SecurityGroupId id;
  VpcId vpc_id;
  std::string name;
  std::string description;
};

// One permission in one direction with one source or destination.
struct SecurityGroupRule {
  SecurityGroupRuleId id;
  SecurityGroupId group_id;
  bool egress = false;
  // -1 = all; else an IANA protocol number.
  int protocol = -1;
  // TCP and UDP: a port range. ICMP: type and code, -1 = all. -1 and -1 where the protocol has none.
  int from_port = -1;
  int to_port = -1;
  // Exactly one of the four.
  std::optional<Cidr> cidr;
  std::optional<CidrIpv6> cidr_ipv6;
  SecurityGroupId referenced_group;
  PrefixListId prefix_list;
  std::string description;
  friend bool operator==(const SecurityGroupRule&, const SecurityGroupRule&) = default;

  // Same direction, protocol, ports and peer: EC2 refuses a second such rule (InvalidPermission.Duplicate).
  bool SamePermission(const SecurityGroupRule& other) const {
    return egress == other.egress && protocol == other.protocol && from_port == other.from_port &&
           to_port == other.to_port && cidr == other.cidr && cidr_ipv6 == other.cidr_ipv6 &&
           referenced_group == other.referenced_group && prefix_list == other.prefix_list;
  }
};

// Whether the rule may let IPv4 packets through: one about an IPv6 range and one for ICMPv6 do not. One about a list of
// IPv6 ranges has no IPv4 range.
bool AppliesToIpv4(const SecurityGroupRule& rule);
// Likewise of IPv6 packets, which rules about an IPv4 range and those for ICMP are not about.
bool AppliesToIpv6(const SecurityGroupRule& rule);

// "tcp", "6" and "TCP" are 6; "-1" is -1. Error: InvalidParameterValue.
absl::StatusOr<int> ParseIpProtocol(absl::string_view text);
// "tcp", "udp", "icmp", "icmpv6", "-1", else the number, as EC2 shows it.
std::string IpProtocolName(int protocol);
// Checks and normalises protocol and ports as EC2 does: all protocols have no ports; TCP and UDP need 0..65535 in
// order; ICMP and ICMPv6 type and code -1..255. Errors: InvalidParameterValue, InvalidParameterCombination.
absl::Status NormaliseRule(SecurityGroupRule& rule);

}  // namespace brume
