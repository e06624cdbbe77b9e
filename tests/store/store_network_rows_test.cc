// Repositories of VPCs, subnets, interfaces and security groups.
#include "lib/ec2/network/tables/dhcp_options_table.h"
#include "lib/resource/ec2_error.h"
#include "tests/store/store_fixture.h"

namespace brume::store {
namespace {

void CheckSame(const NetworkInterface& a, const NetworkInterface& b) {
  CHECK(a.id == b.id);
  CHECK(a.vpc_id == b.vpc_id);
  CHECK(a.subnet_id == b.subnet_id);
  CHECK(a.instance_id == b.instance_id);
  CHECK(a.device_index == b.device_index);
  CHECK(a.attachment_id == b.attachment_id);
  CHECK(a.attach_time == b.attach_time);
  CHECK(a.delete_on_termination == b.delete_on_termination);
  CHECK(a.source_dest_check == b.source_dest_check);
  CHECK(a.description == b.description);
  CHECK(a.mac == b.mac);
  CHECK(a.private_ip == b.private_ip);
  CHECK(a.public_ip == b.public_ip);
  CHECK(a.auto_public_ip == b.auto_public_ip);
  CHECK(a.groups == b.groups);
}

TEST_CASE("VPCs and subnets come back with every field", "[store]") {
  Store s;
  REQUIRE_OK(s.Write([](Connection& c) {
    RETURN_IF_ERROR(network::NetworkTable(c).InsertVpc(MakeVpc(2)));
    RETURN_IF_ERROR(network::NetworkTable(c).InsertSubnet(MakeSubnet(2)));
    return InsertNetwork(c);
  }));
  const Vpc vpc = s.Read([](Connection& c) { return network::NetworkTable(c).GetVpc(Nth<VpcId>("vpc", 1)); });
  CHECK(vpc.cidr.text() == "172.31.0.0/16");
  CHECK(vpc.is_default);
  CHECK(s.Read([](Connection& c) { return network::NetworkTable(c).DefaultVpc(); })->id == vpc.id);
  const auto vpcs = s.Read([](Connection& c) { return network::NetworkTable(c).ListVpcs(); });
  REQUIRE(vpcs.size() == 2);
  CHECK(vpcs[0].id == Nth<VpcId>("vpc", 2));
  CHECK_FALSE(vpcs[0].is_default);

  const Subnet subnet =
      s.Read([](Connection& c) { return network::NetworkTable(c).GetSubnet(Nth<SubnetId>("subnet", 1)); });
  CHECK(subnet.vpc_id == vpc.id);
  CHECK(subnet.cidr->text() == "172.31.0.0/20");
  CHECK(subnet.availability_zone == "us-east-1a");
  CHECK(subnet.default_for_az);
  CHECK(subnet.map_public_ip_on_launch);
  CHECK(s.Read([](Connection& c) { return network::NetworkTable(c).ListSubnets(std::nullopt); }).size() == 2);
  const auto of_vpc = s.Read([&](Connection& c) { return network::NetworkTable(c).ListSubnets(vpc.id); });
  REQUIRE(of_vpc.size() == 1);
  CHECK(of_vpc[0].id == subnet.id);

  const auto code = [&](auto query) {
    return ec2::ErrorCode(s.db->Read([&](Connection& c) { return query(c).status(); }));
  };
  CHECK(code([](Connection& c) { return network::NetworkTable(c).GetVpc(Nth<VpcId>("vpc", 9)); }) ==
        "InvalidVpcID.NotFound");
  CHECK(code([](Connection& c) { return network::NetworkTable(c).GetSubnet(Nth<SubnetId>("subnet", 9)); }) ==
        "InvalidSubnetID.NotFound");
  CHECK(code([](Connection& c) { return network::NetworkTable(c).GetInterface(Nth<EniId>("eni", 9)); }) ==
        "InvalidNetworkInterfaceID.NotFound");
  CHECK(code([](Connection& c) { return network::SecurityGroupTable(c).Get(Nth<SecurityGroupId>("sg", 9)); }) ==
        "InvalidGroup.NotFound");
}

TEST_CASE("what is written of a VPC or a subnet leaves the rest of the row as another wrote it", "[store]") {
  Store s;
  const VpcId vpc = Nth<VpcId>("vpc", 1);
  const SubnetId subnet = Nth<SubnetId>("subnet", 1);
  const DhcpOptionsId options = Nth<DhcpOptionsId>("dopt", 1);
  REQUIRE_OK(s.Write([&](Connection& c) {
    network::NetworkTable networks(c);
    RETURN_IF_ERROR(InsertNetwork(c));
    RETURN_IF_ERROR(network::DhcpOptionsTable(c).Insert({.id = options, .is_default = false, .values = {}}));
    RETURN_IF_ERROR(networks.SetDhcpOptions(vpc, options));
    RETURN_IF_ERROR(networks.SetVpcAttributes(vpc, {.dns_support = false, .dns_hostnames = true}));
    Subnet with_ipv6;
    with_ipv6.id = subnet;
    with_ipv6.cidr_ipv6 = Value(CidrIpv6::Parse("2001:db8::/64"));
    with_ipv6.ipv6_association_id = Nth<SubnetCidrAssociationId>("subnet-cidr-assoc", 1);
    RETURN_IF_ERROR(networks.SetSubnetIpv6(with_ipv6));
    RETURN_IF_ERROR(networks.SetMapPublicIpOnLaunch(subnet, false));
    RETURN_IF_ERROR(networks.SetSubnetDnsNameOptions(subnet, {.hostname_type = HostnameType::kResourceName}));
    return networks.SetAssignIpv6OnCreation(subnet, true);
  }));
  const Vpc changed = s.Read([&](Connection& c) { return network::NetworkTable(c).GetVpc(vpc); });
  CHECK(changed.dhcp_options_id == options);
  CHECK(changed.attributes == VpcAttributes{.dns_support = false, .dns_hostnames = true});
  CHECK(changed.cidr == MakeVpc(1).cidr);
  const Subnet row = s.Read([&](Connection& c) { return network::NetworkTable(c).GetSubnet(subnet); });
  CHECK(row.cidr == MakeSubnet(1).cidr);
  CHECK(row.cidr_ipv6->text() == "2001:db8::/64");
  CHECK(row.ipv6_association_id == Nth<SubnetCidrAssociationId>("subnet-cidr-assoc", 1));
  CHECK(row.dns_name_options.hostname_type == HostnameType::kResourceName);
  CHECK(row.assign_ipv6_on_creation);
  CHECK_FALSE(row.map_public_ip_on_launch);
  const auto code = [&](auto set) {
    return ec2::ErrorCode(s.Write([&](Connection& c) {
      network::NetworkTable networks(c);
      return set(networks);
    }));
  };
  CHECK(code([](auto& t) { return t.SetDhcpOptions(Nth<VpcId>("vpc", 9), {}); }) == "InvalidVpcID.NotFound");
  CHECK(code([](auto& t) { return t.SetVpcAttributes(Nth<VpcId>("vpc", 9), {}); }) == "InvalidVpcID.NotFound");
  CHECK(code([](auto& t) { return t.SetMapPublicIpOnLaunch(Nth<SubnetId>("subnet", 9), true); }) ==
        "InvalidSubnetID.NotFound");
}

TEST_CASE("there is one default VPC at most", "[store]") {
  Store s;
  Vpc second = MakeVpc(2);
  second.is_default = true;
  REQUIRE_OK(s.Write([](Connection& c) { return network::NetworkTable(c).InsertVpc(MakeVpc(1)); }));
  REQUIRE_FALSE(s.Write([&](Connection& c) { return network::NetworkTable(c).InsertVpc(second); }).ok());
}

TEST_CASE("an interface comes back with every field by every way to find it", "[store]") {
  Store s;
  NetworkInterface eni = MakeInterface(1);
  eni.instance_id = Nth<InstanceId>("i", 1);
  eni.device_index = 2;
  eni.attachment_id = "eni-attach-0123456789abcdef0";
  eni.attach_time = kNow;
  eni.delete_on_termination = false;
  eni.source_dest_check = false;
  eni.description = "the front";
  eni.public_ip = Ipv4{0xffffffff};
  eni.auto_public_ip = true;
  eni.groups = {Nth<SecurityGroupId>("sg", 3), Nth<SecurityGroupId>("sg", 1)};
  const NetworkInterface plain = MakeInterface(2);
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(InsertNetwork(c));
    RETURN_IF_ERROR(compute::InstanceTable(c).Insert(MakeInstance(1), 128, 1));
    RETURN_IF_ERROR(network::NetworkTable(c).InsertInterface(eni));
    return network::NetworkTable(c).InsertInterface(plain);
  }));
  CheckSame(s.Read([&](Connection& c) { return network::NetworkTable(c).GetInterface(eni.id); }), eni);
  CheckSame(s.Read([&](Connection& c) { return network::NetworkTable(c).GetInterface(plain.id); }), plain);
  const auto found = s.Read(
      [&](Connection& c) { return network::NetworkTable(c).FindInterfaceByPrivateIp(eni.vpc_id, *eni.private_ip); });
  REQUIRE(found.has_value());
  CheckSame(*found, eni);
  CHECK_FALSE(s.Read([&](Connection& c) {
                 return network::NetworkTable(c).FindInterfaceByPrivateIp(eni.vpc_id, Ipv4{1});
               }).has_value());
  for (const std::optional<VpcId>& vpc : {std::optional<VpcId>(), std::optional<VpcId>(eni.vpc_id)}) {
    const auto list = s.Read([&](Connection& c) { return network::NetworkTable(c).ListInterfaces(vpc); });
    REQUIRE(list.size() == 2);
    CheckSame(list[0], eni);
    CheckSame(list[1], plain);
  }
  const std::vector<InstanceId> instances = {Nth<InstanceId>("i", 5), eni.instance_id};
  const auto of = s.Read([&](Connection& c) { return network::NetworkTable(c).ListInterfacesOf(instances); });
  REQUIRE(of.size() == 1);
  CheckSame(of[0], eni);
  CHECK(s.Read([&](Connection& c) { return network::NetworkTable(c).CountAddresses(eni.subnet_id); }) == 2);
  CHECK(s.Read([&](Connection& c) { return network::NetworkTable(c).PrivateIpTaken(eni.vpc_id, *eni.private_ip); }));
  CHECK_FALSE(s.Read([&](Connection& c) { return network::NetworkTable(c).PrivateIpTaken(eni.vpc_id, Ipv4{1}); }));
  CHECK(s.Read([&](Connection& c) { return network::NetworkTable(c).PublicIpTaken(*eni.public_ip); }));
  CHECK_FALSE(s.Read([&](Connection& c) { return network::NetworkTable(c).PublicIpTaken(Ipv4{1}); }));

  REQUIRE(absl::IsFailedPrecondition(
      s.Write([&](Connection& c) { return compute::InstanceTable(c).Delete(eni.instance_id); })));
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(network::NetworkTable(c).DeleteInterface(eni.id));
    return compute::InstanceTable(c).Delete(eni.instance_id);
  }));
}

TEST_CASE("subnets and interfaces of IPv6 alone come back without IPv4", "[store]") {
  Store s;
  Subnet only = MakeSubnet(1);
  only.id = Nth<SubnetId>("subnet", 7);
  only.cidr.reset();
  only.cidr_ipv6 = Value(CidrIpv6::Parse("fd00:1:2:3::/64"));
  NetworkInterface first = MakeInterface(1), second = MakeInterface(2);
  for (NetworkInterface* eni : {&first, &second}) {
    eni->subnet_id = only.id;
    eni->private_ip.reset();
  }
  first.ipv6 = {Value(Ipv6::Parse("fd00:1:2:3::4"))};
  second.ipv6 = {Value(Ipv6::Parse("fd00:1:2:3::5"))};
  second.mac = "06:00:00:00:00:02";
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(InsertNetwork(c));
    RETURN_IF_ERROR(network::NetworkTable(c).InsertSubnet(only));
    RETURN_IF_ERROR(network::NetworkTable(c).InsertInterface(first));
    return network::NetworkTable(c).InsertInterface(second);
  }));
  const Subnet subnet = s.Read([&](Connection& c) { return network::NetworkTable(c).GetSubnet(only.id); });
  CHECK(subnet.ipv6_native());
  CHECK(subnet.cidr_ipv6 == only.cidr_ipv6);
  const NetworkInterface eni = s.Read([&](Connection& c) { return network::NetworkTable(c).GetInterface(second.id); });
  CHECK(eni.ipv6_native());
  CHECK(eni.ipv6 == second.ipv6);
  const auto by_mac =
      s.Read([&](Connection& c) { return network::NetworkTable(c).FindInterfaceByMac(eni.vpc_id, eni.mac); });
  REQUIRE(by_mac.has_value());
  CHECK(by_mac->id == second.id);
}

TEST_CASE("an address belongs to one interface", "[store]") {
  Store s;
  NetworkInterface first = MakeInterface(1), second = MakeInterface(2), elsewhere = MakeInterface(3);
  first.public_ip = Ipv4{0xc6120001};
  second.private_ip = *first.private_ip;
  elsewhere.private_ip = *first.private_ip;
  elsewhere.vpc_id = Nth<VpcId>("vpc", 2);
  elsewhere.subnet_id = Nth<SubnetId>("subnet", 2);
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(InsertNetwork(c));
    RETURN_IF_ERROR(network::NetworkTable(c).InsertVpc(MakeVpc(2)));
    RETURN_IF_ERROR(network::NetworkTable(c).InsertSubnet(MakeSubnet(2)));
    RETURN_IF_ERROR(network::NetworkTable(c).InsertInterface(first));
    return network::NetworkTable(c).InsertInterface(elsewhere);  // another VPC: the same address is free
  }));
  const auto insert = [&] {
    return s.Write([&](Connection& c) { return network::NetworkTable(c).InsertInterface(second); });
  };
  const auto set_public = [&](const EniId& id, std::optional<Ipv4> address) {
    return s.Write([&](Connection& c) -> absl::Status {
      NetworkInterface eni = MakeInterface(1);
      eni.id = id;
      const absl::StatusOr<NetworkInterface> present = network::NetworkTable(c).GetInterface(id);
      if (present.ok()) eni = *present;
      return network::NetworkTable(c).SetPublicIp(eni, address);
    });
  };
  const absl::Status taken = insert();
  CHECK(ec2::ErrorCode(taken) == "InvalidIPAddress.InUse");
  CHECK(std::string(taken.message()).find(first.private_ip->text()) != std::string::npos);
  second.private_ip->value += 1;
  second.public_ip = first.public_ip;
  CHECK(ec2::ErrorCode(insert()) == "InvalidIPAddress.InUse");
  second.public_ip.reset();
  REQUIRE_OK(insert());
  CHECK(ec2::ErrorCode(set_public(second.id, first.public_ip)) == "InvalidIPAddress.InUse");
  REQUIRE_OK(set_public(first.id, std::nullopt));
  REQUIRE_OK(set_public(second.id, Ipv4{0xc6120001}));
  CHECK(s.Read([&](Connection& c) { return network::NetworkTable(c).GetInterface(second.id); }).public_ip ==
        Ipv4{0xc6120001});
  CHECK(ec2::ErrorCode(set_public(Nth<EniId>("eni", 9), std::nullopt)) == "InvalidNetworkInterfaceID.NotFound");
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(network::NetworkTable(c).SetDescription(second.id, "said anew"));
    return network::NetworkTable(c).SetSourceDestCheck(second.id, false);
  }));
  const NetworkInterface changed =
      s.Read([&](Connection& c) { return network::NetworkTable(c).GetInterface(second.id); });
  CHECK(changed.description == "said anew");
  CHECK_FALSE(changed.source_dest_check);
  CHECK(changed.public_ip == Ipv4{0xc6120001});
}

TEST_CASE("a public address is neither given nor taken by a copy of the interface that is stale", "[store]") {
  Store s;
  NetworkInterface stale = MakeInterface(1);
  const std::optional<Ipv4> address = stale.public_ip = Ipv4{0xc6120001};
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(InsertNetwork(c));
    return network::NetworkTable(c).InsertInterface(stale);
  }));
  REQUIRE_OK(s.Write([&](Connection& c) { return network::NetworkTable(c).SetDescription(stale.id, "said anew"); }));
  const auto take = [&](NetworkInterface& eni) {
    return s.Write([&](Connection& c) { return network::NetworkTable(c).SetPublicIp(eni, std::nullopt); });
  };
  const auto present = [&] {
    return s.Read([&](Connection& c) { return network::NetworkTable(c).GetInterface(stale.id); });
  };
  CHECK(absl::IsAborted(take(stale)));
  CHECK(stale.public_ip == address);
  NetworkInterface fresh = present();
  CHECK(fresh.public_ip == address);
  REQUIRE_OK(take(fresh));
  CHECK(present().public_ip == std::nullopt);
  CHECK(present().description == "said anew");
  CHECK(present().version == fresh.version);
}

TEST_CASE("an interface that names what is not there is refused as a whole", "[store]") {
  Store s;
  REQUIRE_OK(s.Write([](Connection& c) { return InsertNetwork(c); }));
  NetworkInterface eni = MakeInterface(1);
  SECTION("instance") { eni.instance_id = Nth<InstanceId>("i", 1); }
  SECTION("subnet") { eni.subnet_id = Nth<SubnetId>("subnet", 9); }
  SECTION("group") { eni.groups = {Nth<SecurityGroupId>("sg", 1), Nth<SecurityGroupId>("sg", 9)}; }
  REQUIRE(absl::IsFailedPrecondition(
      s.Write([&](Connection& c) { return network::NetworkTable(c).InsertInterface(eni); })));
  CHECK(s.Read([](Connection& c) { return network::NetworkTable(c).ListInterfaces(std::nullopt); }).empty());
}

TEST_CASE("members of a group are the addresses of its interfaces", "[store]") {
  Store s;
  const SecurityGroupId one = Nth<SecurityGroupId>("sg", 1), two = Nth<SecurityGroupId>("sg", 2);
  NetworkInterface first = MakeInterface(1), second = MakeInterface(2);
  first.groups = {one, two};
  second.groups = {one};
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(InsertNetwork(c));
    RETURN_IF_ERROR(network::NetworkTable(c).InsertInterface(second));
    return network::NetworkTable(c).InsertInterface(first);
  }));
  const auto members = [&](const SecurityGroupId& group) {
    return s.Read([&](Connection& c) { return network::SecurityGroupTable(c).MemberAddresses(group); });
  };
  using Addresses = std::vector<Ipv4>;
  CHECK(members(one) == Addresses{*first.private_ip, *second.private_ip});
  CHECK(members(two) == Addresses{*first.private_ip});
  const std::vector<SecurityGroupId> changed = {two};
  REQUIRE_OK(s.Write([&](Connection& c) { return network::NetworkTable(c).SetInterfaceGroups(first.id, changed); }));
  CHECK(members(one) == Addresses{*second.private_ip});
  CHECK(members(two) == Addresses{*first.private_ip});
  REQUIRE_OK(s.Write([&](Connection& c) { return network::NetworkTable(c).DeleteInterface(first.id); }));
  CHECK(members(two).empty());
}

TEST_CASE("a group's name is taken within its VPC only", "[store]") {
  Store s;
  SecurityGroup same = MakeGroup(9);
  same.name = MakeGroup(1).name;
  REQUIRE_OK(s.Write([](Connection& c) {
    RETURN_IF_ERROR(InsertNetwork(c));
    return network::NetworkTable(c).InsertVpc(MakeVpc(2));
  }));
  const auto insert = [&] {
    return s.Write([&](Connection& c) { return network::SecurityGroupTable(c).Insert(same); });
  };
  CHECK(ec2::ErrorCode(insert()) == "InvalidGroup.Duplicate");
  same.vpc_id = Nth<VpcId>("vpc", 2);
  REQUIRE_OK(insert());
  const auto found =
      s.Read([&](Connection& c) { return network::SecurityGroupTable(c).FindByName(same.vpc_id, same.name); });
  REQUIRE(found.has_value());
  CHECK(found->id == same.id);
  CHECK(found->description == same.description);
  CHECK(s.Read([](Connection& c) { return network::SecurityGroupTable(c).List(std::nullopt); }).size() == 4);
  CHECK(s.Read([&](Connection& c) { return network::SecurityGroupTable(c).List(same.vpc_id); }).size() == 1);
  CHECK(s.Read([&](Connection& c) { return network::SecurityGroupTable(c).Get(same.id); }).name == same.name);
}

TEST_CASE("rules come back with every field, each permission once", "[store]") {
  Store s;
  const SecurityGroupId group = Nth<SecurityGroupId>("sg", 1);
  SecurityGroupRule by_cidr{Nth<SecurityGroupRuleId>("sgr", 1), group, true, 6,  22,   23,
                            Cidr{Ipv4{0x0a000000}, 8},          {},    {},   {}, "ssh"};
  SecurityGroupRule by_group{
      Nth<SecurityGroupRuleId>("sgr", 2), group, false, -1, -1, -1, std::nullopt, std::nullopt, group, {}, ""};
  SecurityGroupRule everyone{
      Nth<SecurityGroupRuleId>("sgr", 3), group, false, -1, -1, -1, Cidr{Ipv4{0}, 0}, {}, {}, {}, ""};
  SecurityGroupRule by_cidr_ipv6 = everyone;
  by_cidr_ipv6.id = Nth<SecurityGroupRuleId>("sgr", 4);
  by_cidr_ipv6.cidr.reset();
  by_cidr_ipv6.cidr_ipv6 = Value(CidrIpv6::Parse("2001:db8::/32"));
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(InsertNetwork(c));
    RETURN_IF_ERROR(network::SecurityGroupTable(c).InsertRule(by_cidr));
    RETURN_IF_ERROR(network::SecurityGroupTable(c).InsertRule(by_group));
    RETURN_IF_ERROR(network::SecurityGroupTable(c).InsertRule(everyone));
    return network::SecurityGroupTable(c).InsertRule(by_cidr_ipv6);
  }));
  const auto rules = s.Read([&](Connection& c) { return network::SecurityGroupTable(c).ListRules(group); });
  REQUIRE(rules.size() == 4);
  const SecurityGroupRule* expected[] = {&by_cidr, &by_group, &everyone, &by_cidr_ipv6};
  for (int n = 0; n < 4; ++n) {
    CHECK(rules[n].id == expected[n]->id);
    CHECK(rules[n].group_id == group);
    CHECK(rules[n].SamePermission(*expected[n]));
    CHECK(rules[n].description == expected[n]->description);
  }
  for (SecurityGroupRule rule : {by_cidr, by_group, everyone, by_cidr_ipv6}) {
    rule.id = Nth<SecurityGroupRuleId>("sgr", 9);
    rule.description = "another";
    const absl::Status again = s.Write([&](Connection& c) { return network::SecurityGroupTable(c).InsertRule(rule); });
    CHECK(ec2::ErrorCode(again) == "InvalidPermission.Duplicate");
  }
  REQUIRE_OK(s.Write([&](Connection& c) { return network::SecurityGroupTable(c).DeleteRule(by_group.id); }));
  CHECK(s.Read([&](Connection& c) { return network::SecurityGroupTable(c).ListRules(group); }).size() == 3);
}

TEST_CASE("a group goes with its rules unless an interface or another group needs it", "[store]") {
  Store s;
  const SecurityGroupId one = Nth<SecurityGroupId>("sg", 1), two = Nth<SecurityGroupId>("sg", 2);
  NetworkInterface eni = MakeInterface(1);
  eni.groups = {one};
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(InsertNetwork(c));
    RETURN_IF_ERROR(network::SecurityGroupTable(c).InsertRule(
        {Nth<SecurityGroupRuleId>("sgr", 1), one, false, -1, -1, -1, std::nullopt, std::nullopt, one, {}, ""}));
    RETURN_IF_ERROR(network::SecurityGroupTable(c).InsertRule(
        {Nth<SecurityGroupRuleId>("sgr", 2), two, false, -1, -1, -1, std::nullopt, std::nullopt, one, {}, ""}));
    return network::NetworkTable(c).InsertInterface(eni);
  }));
  const auto remove = [&](const SecurityGroupId& id) {
    return s.Write([&](Connection& c) { return network::SecurityGroupTable(c).Delete(id); });
  };
  CHECK(ec2::ErrorCode(remove(one)) == "DependencyViolation");
  REQUIRE_OK(s.Write([&](Connection& c) { return network::NetworkTable(c).DeleteInterface(eni.id); }));
  CHECK(ec2::ErrorCode(remove(one)) == "DependencyViolation");
  CHECK(s.Read([&](Connection& c) { return network::SecurityGroupTable(c).ListRules(one); }).size() == 1);
  REQUIRE_OK(remove(two));
  REQUIRE_OK(remove(one));  // a rule that names its own group does not hold it
  REQUIRE_OK(remove(one));
}

}  // namespace
}  // namespace brume::store
