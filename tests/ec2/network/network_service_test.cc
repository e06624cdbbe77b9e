#include "lib/ec2/network/network_service.h"

#include <catch2/catch.hpp>
#include <set>

#include "lib/ec2/network/simulated_fabric.h"
#include "tests/ec2/compute/service_fixture.h"

namespace brume::network {
namespace {

Cidr Range(const char* text) { return Cidr::Parse(text).value(); }
Ipv4 Address(const char* text) { return Ipv4::Parse(text).value(); }

}  // namespace

TEST_CASE("a new installation gets EC2's default VPC, subnets and security group", "[network]") {
  ServiceFixture f;
  NetworkService service(*f.database, f.settings, f.random);
  REQUIRE(service.EnsureDefaults().ok());

  const std::vector<Vpc> vpcs = service.ListVpcs().value();
  REQUIRE(vpcs.size() == 1);
  CHECK(vpcs[0].cidr.text() == "172.31.0.0/16");
  CHECK(vpcs[0].is_default);

  const std::vector<SubnetView> subnets = service.ListSubnets().value();
  REQUIRE(subnets.size() == 3);
  const char* ranges[] = {"172.31.0.0/20", "172.31.16.0/20", "172.31.32.0/20"};
  for (size_t i = 0; i < 3; ++i) {
    CHECK(subnets[i].subnet.cidr->text() == ranges[i]);
    CHECK(subnets[i].subnet.availability_zone == f.settings.zones[i]);
    CHECK(subnets[i].subnet.default_for_az);
    CHECK(subnets[i].subnet.map_public_ip_on_launch);
    CHECK(subnets[i].available_addresses == 4091);
  }

  const SecurityGroup group = f.DefaultGroup();
  CHECK(group.name == "default");
  CHECK(group.description == "default VPC security group");
  const auto rules =
      f.database->ReadFor([&](store::Connection& c) { return SecurityGroupTable(c).ListRules(group.id); }).value();
  REQUIRE(rules.size() == 2);
  CHECK_FALSE(rules[0].egress);
  CHECK(rules[0].referenced_group == group.id);
  CHECK(rules[1].egress);
  CHECK(rules[1].cidr.value().text() == "0.0.0.0/0");
  CHECK(rules[1].protocol == -1);
}

TEST_CASE("ensuring the defaults again changes nothing, and what a user revoked stays revoked", "[network]") {
  ServiceFixture f;
  NetworkService service(*f.database, f.settings, f.random);
  REQUIRE(service.EnsureDefaults().ok());
  const SecurityGroup group = f.DefaultGroup();
  const auto list = [&](store::Connection& c) { return SecurityGroupTable(c).ListRules(group.id); };
  const auto rules = f.database->ReadFor(list).value();
  f.Must(f.database->Write([&](store::Connection& c) { return SecurityGroupTable(c).DeleteRule(rules[0].id); }));
  const std::vector<SubnetView> before = service.ListSubnets().value();

  REQUIRE(service.EnsureDefaults().ok());
  CHECK(service.ListVpcs().value().size() == 1);
  const std::vector<SubnetView> after = service.ListSubnets().value();
  REQUIRE(after.size() == before.size());
  for (size_t i = 0; i < after.size(); ++i) CHECK(after[i].subnet.id == before[i].subnet.id);
  CHECK(f.database->ReadFor(list).value().size() == 1);
}

TEST_CASE("a zone added to the configuration gets the next free subnet, as long as there is room", "[network]") {
  ServiceFixture f;
  f.EnsureNetwork();
  NetworkService service(*f.database, f.settings, f.random);
  f.settings.zones.insert(f.settings.zones.begin(), "us-east-1z");
  REQUIRE(service.EnsureDefaults().ok());
  CHECK(service.ListSubnets().value().back().subnet.cidr->text() == "172.31.48.0/20");
  CHECK(service.ListSubnets().value().back().subnet.availability_zone == "us-east-1z");

  for (int i = 0; i < 14; ++i) f.settings.zones.push_back("zone-" + std::to_string(i));
  REQUIRE(service.EnsureDefaults().ok());
  const std::vector<SubnetView> subnets = service.ListSubnets().value();
  CHECK(subnets.size() == 16);
  std::set<uint32_t> bases;
  for (const SubnetView& view : subnets) bases.insert(view.subnet.cidr->base.value);
  CHECK(bases.size() == 16);
}

TEST_CASE("the default VPC keeps its range when the configuration names another", "[network]") {
  ServiceFixture f;
  f.EnsureNetwork();
  f.settings.default_vpc_cidr = Range("10.0.0.0/16");
  f.settings.zones.push_back("us-east-1d");
  NetworkService service(*f.database, f.settings, f.random);
  REQUIRE(service.EnsureDefaults().ok());
  CHECK(service.ListVpcs().value()[0].cidr.text() == "172.31.0.0/16");
  CHECK(service.ListSubnets().value().back().subnet.cidr->text() == "172.31.48.0/20");
}

TEST_CASE("a default VPC too small for EC2's smallest subnet is refused and leaves nothing", "[network]") {
  for (const char* range : {"10.0.0.0/25", "10.0.0.0/28", "10.0.0.0/30", "10.0.0.1/32"}) {
    INFO(range);
    ServiceFixture f;
    f.settings.default_vpc_cidr = Range(range);
    NetworkService service(*f.database, f.settings, f.random);
    CHECK(service.EnsureDefaults().code() == absl::StatusCode::kInvalidArgument);
    CHECK(service.ListVpcs().value().empty());
  }
  ServiceFixture f;
  f.settings.default_vpc_cidr = Range("10.0.0.0/24");
  NetworkService service(*f.database, f.settings, f.random);
  REQUIRE(service.EnsureDefaults().ok());
  CHECK(service.ListSubnets().value()[1].subnet.cidr->text() == "10.0.0.16/28");
}

TEST_CASE("private addresses are given out until the subnet is full, then the error names it", "[network]") {
  ServiceFixture f;
  f.settings.default_vpc_cidr = Range("10.0.0.0/24");
  f.EnsureNetwork();
  std::set<Ipv4> seen;
  for (int i = 0; i < 11; ++i) {
    const Ipv4 address = f.InterfaceOf(f.AddInstance().id).private_ip.value();
    CHECK(IsAssignable(f.FirstSubnet().cidr.value(), address));
    seen.insert(address);
  }
  CHECK(seen.size() == 11);
  const Subnet subnet = f.FirstSubnet();
  const auto full = f.database->ReadFor([&](store::Connection& c) { return AllocatePrivateIp(c, subnet, f.random); });
  CHECK(Code(full) == "InsufficientFreeAddressesInSubnet");
  CHECK(std::string(full.status().message()).find(subnet.id.text()) != std::string::npos);
  NetworkService service(*f.database, f.settings, f.random);
  CHECK(service.ListSubnets().value()[0].available_addresses == 0);
}

TEST_CASE("a wanted private address must be in the subnet, not reserved and free", "[network]") {
  ServiceFixture f;
  f.EnsureNetwork();
  const Subnet subnet = f.FirstSubnet();
  const Ipv4 taken = f.InterfaceOf(f.AddInstance().id).private_ip.value();
  const auto check = [&](Ipv4 wanted) {
    return f.database->Read([&](store::Connection& c) { return CheckPrivateIp(c, subnet, wanted); });
  };
  for (const char* bad : {"172.31.0.0", "172.31.0.1", "172.31.0.2", "172.31.0.3", "172.31.15.255", "172.31.16.0",
                          "172.31.16.4", "172.30.255.255", "10.0.0.4", "0.0.0.0", "255.255.255.255"}) {
    INFO(bad);
    CHECK(Code(check(Address(bad))) == "InvalidParameterValue");
  }
  CHECK(Code(check(taken)) == "InvalidIPAddress.InUse");
  CHECK(check(Ipv4{taken == Address("172.31.0.4") ? taken.value + 1 : Address("172.31.0.4").value}).ok());
}

TEST_CASE("public addresses leave out the pool's base, the host's own and the last, and run out with an error",
          "[network]") {
  ServiceFixture f;
  f.settings.public_pool = Range("198.18.0.0/29");
  f.EnsureNetwork();
  std::set<std::string> seen;
  for (int i = 0; i < 5; ++i) {
    NetworkInterface eni = f.InterfaceOf(f.AddInstance().id);
    f.Must(f.database->Write([&](store::Connection& c) -> absl::Status {
      ASSIGN_OR_RETURN(const Ipv4 address, AllocatePublicIp(c, f.settings, f.random));
      seen.insert(address.text());
      return NetworkTable(c).SetPublicIp(eni, address);
    }));
  }
  CHECK(seen == std::set<std::string>{"198.18.0.2", "198.18.0.3", "198.18.0.4", "198.18.0.5", "198.18.0.6"});
  const auto allocate = [&](store::Connection& c) { return AllocatePublicIp(c, f.settings, f.random); };
  CHECK(Code(f.database->ReadFor(allocate)) == "InsufficientAddressCapacity");
  for (const char* tiny : {"198.18.1.0/30", "198.18.1.0/31", "198.18.1.0/32"}) {
    INFO(tiny);
    f.settings.public_pool = Range(tiny);
    const auto address = f.database->ReadFor(allocate);
    if (f.settings.public_pool.prefix_length == 30) {
      CHECK(address.value().text() == "198.18.1.2");
    } else {
      CHECK(Code(address) == "InsufficientAddressCapacity");
    }
  }
}

TEST_CASE("the simulated fabric keeps the port's contract without a host", "[network]") {
  ServiceFixture f;
  f.EnsureNetwork();
  const NetworkInterface eni = f.InterfaceOf(f.AddInstance().id);
  const PortSpec port{.eni = eni, .hostname = PrivateHostname(*eni.private_ip)};
  VpcSpec vpc;
  vpc.vpc.id = eni.vpc_id;
  SimulatedFabric fabric;

  CHECK(fabric.Probe(eni, absl::ZeroDuration()).value() == false);
  CHECK(absl::IsNotFound(fabric.PlugPort(port)));
  CHECK(fabric.RemoveVpc(eni.vpc_id).ok());
  CHECK(fabric.UnplugPort(eni).ok());
  REQUIRE(fabric.SyncVpc(vpc).ok());
  for (int twice = 0; twice < 2; ++twice) {
    REQUIRE(fabric.PreparePort(port).ok());
    CHECK(fabric.Probe(eni, absl::ZeroDuration()).value() == (twice == 1));
    REQUIRE(fabric.PlugPort(port).ok());
    CHECK(fabric.Probe(eni, absl::ZeroDuration()).value());
  }
  CHECK(absl::IsFailedPrecondition(fabric.RemoveVpc(eni.vpc_id)));
  CHECK(fabric.List().value().taps == std::vector<std::string>{TapName(eni.id)});
  CHECK(fabric.List().value().vpcs == std::vector<VpcId>{eni.vpc_id});
  CHECK(absl::IsUnimplemented(fabric.Listen(eni.vpc_id, Address("169.254.169.254"), 80).status()));

  // A sync makes the VPC exactly what it is told.
  vpc.ports = {port};
  REQUIRE(fabric.SyncVpc(vpc).ok());
  CHECK(fabric.Probe(eni, absl::ZeroDuration()).value());
  vpc.ports.clear();
  REQUIRE(fabric.SyncVpc(vpc).ok());
  CHECK_FALSE(fabric.Probe(eni, absl::ZeroDuration()).value());

  REQUIRE(fabric.UnplugPort(eni).ok());
  CHECK(fabric.List().value().taps.empty());
  CHECK(fabric.RemoveVpc(eni.vpc_id).ok());
  CHECK(fabric.List().value().vpcs.empty());
}

}  // namespace brume::network
