// Interfaces that services make inside their own transactions, and those that belong to other resources.
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "brume/ec2/v1/network_interface.pb.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

using network::InterfaceSpec;

Subnet FirstSubnet(ApiWorld& world) {
  return Value(world.database->ReadFor([](store::Connection& c) -> absl::StatusOr<Subnet> {
    ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, network::NetworkTable(c).ListSubnets(std::nullopt));
    return subnets.front();
  }));
}

absl::StatusOr<NetworkInterface> Make(ApiWorld& world, const InterfaceSpec& spec) {
  return world.database->WriteFor([&](store::Connection& c) { return network::MakeInterface(c, spec, world.random); });
}

NetworkInterface Stored(ApiWorld& world, const EniId& id) {
  return Value(
      world.database->ReadFor([&](store::Connection& c) { return network::NetworkTable(c).GetInterface(id); }));
}

Ipv4 Address(const char* text) { return Ipv4::Parse(text).value(); }

InterfaceSpec OfNatGateway(const Subnet& subnet) {
  return {.subnet = subnet,
          .type = InterfaceType::kNatGateway,
          .requester_id = "amazon-nat",
          .description = "Interface for NAT Gateway nat-0123456789abcdef0",
          .source_dest_check = false,
          .attachment = InterfaceSpec::Attachment{.device_index = 1, .time = absl::FromUnixSeconds(1800000000)}};
}

}  // namespace

TEST_CASE("an interface without IPv4 has a MAC that no other of its VPC has, by which it is found", "[network]") {
  ApiWorld world;
  Subnet subnet = FirstSubnet(world);
  subnet.cidr.reset();
  subnet.cidr_ipv6 = Value(CidrIpv6::Parse("fd00:1:2:3::/64"));
  const Ipv6 first = Value(Ipv6::Parse("fd00:1:2:3::44"));
  // Somebody has the MAC that the address would give.
  const NetworkInterface other = Value(Make(world, {.subnet = subnet, .ipv6 = {first}}));
  CHECK(other.mac == MacAddressFor(first));
  REQUIRE_OK(world.database->Write([&](store::Connection& c) {
    return c.Run("UPDATE interface_ipv6_addresses SET address = 'fd00:1:2:3::55' WHERE eni_id = ?", other.id);
  }));
  const NetworkInterface made = Value(Make(world, {.subnet = subnet, .ipv6 = {first}}));
  CHECK(made.mac == MacAddressFor(first, 1));
  for (const NetworkInterface* eni : {&other, &made}) {
    const auto found = Value(world.database->ReadFor(
        [&](store::Connection& c) { return network::FindInterface(c, eni->vpc_id, LinkLocalFor(eni->mac)); }));
    REQUIRE(found.has_value());
    CHECK(found->id == eni->id);
  }
  CHECK_FALSE(Value(world.database->ReadFor([&](store::Connection& c) {
                return network::FindInterface(c, made.vpc_id, Value(Ipv6::Parse("fe80::1")));
              })).has_value());
}

TEST_CASE("an interface is made with chosen and with free addresses, and stored with all of them", "[network]") {
  ApiWorld world;
  const Subnet subnet = FirstSubnet(world);
  const NetworkInterface made = Value(Make(world, {.subnet = subnet,
                                                   .private_ip = Address("172.31.0.50"),
                                                   .secondary_ips = {Address("172.31.0.60")},
                                                   .secondary_count = 2,
                                                   .description = "beside"}));
  const NetworkInterface stored = Stored(world, made.id);
  CHECK(stored.private_ip == Address("172.31.0.50"));
  REQUIRE(stored.secondary.size() == 3);
  CHECK(stored.secondary == made.secondary);
  CHECK(stored.secondary.front().private_ip == Address("172.31.0.60"));
  CHECK(stored.description == "beside");
  CHECK_FALSE(stored.attached());
  CHECK_FALSE(stored.requester_managed());
  const auto free = [&](store::Connection& c) { return network::CountFreeAddresses(c, subnet); };
  CHECK(Value(world.database->ReadFor(free)) == 4091 - 4);

  // By each of its addresses it is found, and nobody gets one of them.
  for (const Ipv4 address : PrivateAddresses(stored)) {
    const auto found = Value(world.database->ReadFor(
        [&](store::Connection& c) { return network::FindInterface(c, subnet.vpc_id, address); }));
    REQUIRE(found.has_value());
    CHECK(found->id == made.id);
    CHECK(ec2::ErrorCode(Make(world, {.subnet = subnet, .private_ip = address}).status()) == "InvalidIPAddress.InUse");
    CHECK(ec2::ErrorCode(Make(world, {.subnet = subnet, .secondary_ips = {address}}).status()) ==
          "InvalidIPAddress.InUse");
  }
  REQUIRE(world.database->Write([&](store::Connection& c) { return network::RemoveInterface(c, made.id); }).ok());
  CHECK(Value(world.database->ReadFor(free)) == 4091);
}

TEST_CASE("an address that was chosen twice for one interface is refused, and nothing is made", "[network]") {
  ApiWorld world;
  const Subnet subnet = FirstSubnet(world);
  const Ipv4 twice = Address("172.31.0.60"), outside = Address("172.31.16.60"), reserved = Address("172.31.0.2");
  CHECK(ec2::ErrorCode(Make(world, {.subnet = subnet, .secondary_ips = {twice, twice}}).status()) ==
        "InvalidIPAddress.InUse");
  CHECK(ec2::ErrorCode(Make(world, {.subnet = subnet, .secondary_ips = {outside}}).status()) ==
        "InvalidParameterValue");
  CHECK(ec2::ErrorCode(Make(world, {.subnet = subnet, .private_ip = reserved}).status()) == "InvalidParameterValue");
  CHECK(Value(world.database->ReadFor([&](store::Connection& c) { return network::CountFreeAddresses(c, subnet); })) ==
        4091);
}

TEST_CASE("rules that name a group stand for all private addresses of its members", "[network]") {
  ApiWorld world;
  const Subnet subnet = FirstSubnet(world);
  const SecurityGroupId group = world.groups.Create("web", "web", std::nullopt, {})->group.id;
  Value(Make(world, {.subnet = subnet,
                     .private_ip = Address("172.31.0.50"),
                     .secondary_ips = {Address("172.31.0.60")},
                     .groups = {group}}));
  const std::vector<Ipv4> members = Value(world.database->ReadFor(
      [&](store::Connection& c) { return network::SecurityGroupTable(c).MemberAddresses(group); }));
  CHECK(members == std::vector{Address("172.31.0.50"), Address("172.31.0.60")});
}

TEST_CASE("an interface of another resource is shown as that one's and is found by it", "[network]") {
  ApiWorld world;
  const NetworkInterface made = Value(Make(world, OfNatGateway(FirstSubnet(world))));
  world.Launch();
  const std::pair<const char*, const char*> filters[] = {{"requester-managed", "true"},
                                                         {"requester-id", "amazon-nat"},
                                                         {"interface-type", "nat_gateway"},
                                                         {"attachment.instance-owner-id", "amazon-aws"}};
  for (const auto& [name, value] : filters) {
    INFO(name);
    ec2::v1::DescribeNetworkInterfacesRequest request;
    ec2::v1::Filter& only = *request.add_filters();
    only.set_name(name);
    only.add_values(value);
    const auto answer = Value(world.Call<ec2::v1::DescribeNetworkInterfacesResponse>(request));
    REQUIRE(answer.network_interfaces_size() == 1);
    const ec2::v1::NetworkInterface& shown = answer.network_interfaces(0);
    CHECK(shown.network_interface_id() == made.id.text());
    CHECK(shown.requester_managed());
    CHECK(shown.requester_id() == "amazon-nat");
    CHECK(shown.status() == "in-use");
    CHECK(shown.groups().empty());
    CHECK(shown.attachment().status() == "attached");
    CHECK_FALSE(shown.attachment().has_instance_id());
    CHECK(shown.attachment().attachment_id().rfind("ela-attach-", 0) == 0);
  }
}

TEST_CASE("an interface of another resource is not the account's to change", "[network]") {
  ApiWorld world;
  const NetworkInterface made = Value(Make(world, OfNatGateway(FirstSubnet(world))));
  ec2::v1::ModifyNetworkInterfaceAttributeRequest request;
  request.set_network_interface_id(made.id.text());
  request.mutable_source_dest_check()->set_value(true);
  CHECK(ec2::ErrorCode(world.Call<ec2::v1::ModifyNetworkInterfaceAttributeResponse>(request).status()) ==
        "OperationNotPermitted");
  CHECK_FALSE(Stored(world, made.id).source_dest_check);
}

}  // namespace brume
