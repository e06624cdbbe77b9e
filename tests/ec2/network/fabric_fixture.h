// One VPC on a fabric of its own, and guests in it.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/ec2/network/linux/linux_fabric.h"
#include "tests/ec2/network/fabric_guest.h"

namespace brume::network {

inline Ipv4 Address(const char* text) { return Ipv4::Parse(text).value(); }
inline Cidr Range(const char* text) { return Cidr::Parse(text).value(); }
inline bool Good(const absl::Status& status) {
  UNSCOPED_INFO(status);
  return status.ok();
}

inline SecurityGroupRule Allow(bool egress, int protocol, int from, int to, const char* cidr) {
  SecurityGroupRule rule;
  rule.egress = egress;
  rule.protocol = protocol;
  rule.from_port = from;
  rule.to_port = to;
  rule.cidr = Range(cidr);
  return rule;
}
inline SecurityGroupRule AllowGroup(bool egress, const SecurityGroupId& peer) {
  SecurityGroupRule rule;
  rule.egress = egress;
  rule.referenced_group = peer;
  return rule;
}
inline SecurityGroupRule AllowList(bool egress, const PrefixListId& list) {
  SecurityGroupRule rule;
  rule.egress = egress;
  rule.prefix_list = list;
  return rule;
}
inline SecurityGroupRule AllEgress() { return Allow(true, -1, -1, -1, "0.0.0.0/0"); }

inline constexpr int kTcpProtocol = 6, kIcmpProtocol = 1;

// A VPC 10.0.0.0/16 with a gateway, to which its main route table leads, and subnets 10.0.1.0/24 and 10.0.2.0/24. Group
// `members`: all egress, members reach each other, as the default group of EC2. Group `closed`: all egress, nothing
// comes in.
struct TestVpc {
  explicit TestVpc(const std::string& digits = "00000000000000001") {
    spec.vpc.id = VpcId::FromTrusted("vpc-" + digits);
    spec.vpc.cidr = Range("10.0.0.0/16");
    spec.ranges = {spec.vpc.cidr};
    spec.has_gateway = true;
    spec.tables = {Table(1, {}, {RouteSpec{.destination = {}, .way = RouteSpec::Way::kGateway}})};
    spec.tables.front().main = true;
    for (const char* cidr : {"10.0.1.0/24", "10.0.2.0/24"}) {
      Subnet subnet;
      subnet.id = SubnetId::FromTrusted("subnet-" + digits.substr(1) + std::to_string(spec.subnets.size()));
      subnet.vpc_id = spec.vpc.id;
      subnet.cidr = Range(cidr);
      spec.subnets.push_back(subnet);
    }
    spec.domain = "ec2.internal";
    spec.public_domain = PublicDomain("us-east-1");
    spec.dhcp = {.domain = spec.domain, .name_servers = {DnsAddress(spec.vpc.cidr)}};
    members = SecurityGroupId::FromTrusted("sg-" + digits.substr(1) + "a");
    closed = SecurityGroupId::FromTrusted("sg-" + digits.substr(1) + "b");
    spec.groups.push_back(Group(members, {AllEgress(), AllowGroup(false, members)}));
    spec.groups.push_back(Group(closed, {AllEgress()}));
  }

  static RouteTableSpec Table(int number, std::vector<SubnetId> subnets, std::vector<RouteSpec> routes) {
    RouteTableSpec table;
    table.number = number;
    table.subnets = std::move(subnets);
    table.routes = std::move(routes);
    return table;
  }

  GroupSpec Group(const SecurityGroupId& id, std::vector<SecurityGroupRule> rules) const {
    GroupSpec group;
    group.group.id = id;
    group.group.vpc_id = spec.vpc.id;
    group.rules = std::move(rules);
    if (const auto found = launched.find(id); found != launched.end()) group.members = found->second;
    return group;
  }

  PortSpec Port(const char* private_ip, std::vector<SecurityGroupId> groups) const {
    PortSpec port;
    port.eni.private_ip = Address(private_ip);
    port.eni.id = EniId::FromTrusted("eni-0000" + spec.vpc.id.text().substr(spec.vpc.id.text().size() - 5) +
                                     absl::StrCat(absl::Hex(port.eni.private_ip->value, absl::kZeroPad8)));
    port.eni.vpc_id = spec.vpc.id;
    for (const Subnet& subnet : spec.subnets) {
      if (subnet.cidr->Contains(*port.eni.private_ip)) port.eni.subnet_id = subnet.id;
    }
    port.eni.mac = MacAddressFor(*port.eni.private_ip);
    port.eni.groups = std::move(groups);
    port.hostname = PrivateHostname(*port.eni.private_ip);
    return port;
  }

  VpcSpec spec;
  SecurityGroupId members, closed;
  // The addresses of guests by group, for the groups made from here on.
  std::map<SecurityGroupId, std::vector<Ipv4>> launched;
};

class FabricFixture {
 public:
  FabricFixture();
  ~FabricFixture();

 protected:
  LinuxFabricOptions Options() const;
  // A fabric that knows nothing of what the one before did.
  void Restart();
  // A guest with its address, plugged.
  std::unique_ptr<Guest> Launch(const PortSpec& port);
  void SyncAll() { REQUIRE(Good(fabric->SyncVpc(vpc.spec))); }

  std::string directory;
  std::string uplink = "none";
  bool pass_firewalls = true;
  std::vector<std::string> dns_upstream;
  int max_connections = kMaxConnections;
  int max_flows = kMaxFlows;
  TestVpc vpc;
  std::unique_ptr<LinuxFabric> fabric;
};

}  // namespace brume::network
