// NAT gateways as their owner makes, routes by and deletes them.
#include <catch2/catch.hpp>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/address.pb.h"
#include "brume/ec2/v1/nat_gateway.pb.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "brume/ec2/v1/route.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

// A VPC of its own with a subnet, a table and an internet gateway that is not attached.
struct NatWorld {
  template <typename Response>
  Response Ask(const std::string& action, const std::string& text) {
    return static_cast<const Response&>(*Value(world.CallText(action, text)));
  }
  std::string CodeOf(const std::string& action, const std::string& text) {
    const auto answer = world.CallText(action, text);
    return answer.ok() ? "" : ec2::ErrorCode(answer.status());
  }
  std::string Address() { return Ask<ec2::v1::AllocateAddressResponse>("AllocateAddress", "").allocation_id(); }
  void Attach() {
    Value(world.CallText("AttachInternetGateway",
                         absl::StrCat("internet_gateway_id: '", gateway, "' vpc_id: '", vpc, "'")));
  }
  ec2::v1::NatGateway Make(const std::string& text) {
    return Ask<ec2::v1::CreateNatGatewayResponse>("CreateNatGateway", "subnet_id: '" + subnet + "' " + text)
        .nat_gateway();
  }
  ec2::v1::NatGateway Public() { return Make("allocation_id: '" + Address() + "'"); }
  ec2::v1::NatGateway Shown(const std::string& id) {
    return Ask<ec2::v1::DescribeNatGatewaysResponse>("DescribeNatGateways", "nat_gateway_ids: '" + id + "'")
        .nat_gateways(0);
  }
  bool Becomes(const std::string& id, const char* state) {
    return ComputeWorld::Eventually([&] { return Shown(id).state() == state; });
  }
  std::string Route(const std::string& nat) {
    return absl::StrCat("route_table_id: '", table, "' destination_cidr_block: '0.0.0.0/0' nat_gateway_id: '", nat,
                        "'");
  }
  ec2::v1::Route ShownRoute() {
    const auto tables =
        Ask<ec2::v1::DescribeRouteTablesResponse>("DescribeRouteTables", "route_table_ids: '" + table + "'");
    return tables.route_tables(0).routes(tables.route_tables(0).routes_size() - 1);
  }

  ApiWorld world;
  std::string vpc = Ask<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.1.0.0/16'").vpc().vpc_id();
  std::string subnet =
      Ask<ec2::v1::CreateSubnetResponse>("CreateSubnet", "vpc_id: '" + vpc + "' cidr_block: '10.1.1.0/24'")
          .subnet()
          .subnet_id();
  std::string table = Ask<ec2::v1::CreateRouteTableResponse>("CreateRouteTable", "vpc_id: '" + vpc + "'")
                          .route_table()
                          .route_table_id();
  std::string gateway =
      Ask<ec2::v1::CreateInternetGatewayResponse>("CreateInternetGateway", "").internet_gateway().internet_gateway_id();
};

}  // namespace

TEST_CASE("a public NAT gateway becomes available with an interface and an address of its own", "[api]") {
  NatWorld world;
  world.Attach();
  const std::string allocation = world.Address();
  const auto made =
      world.Make("allocation_id: '" + allocation +
                 "' tag_specifications { resource_type: 'natgateway' tags { key: 'Name' value: 'out' } }");
  CHECK(made.state() == "pending");
  CHECK(made.connectivity_type() == "public");
  CHECK(made.vpc_id() == world.vpc);
  CHECK(made.tags(0).value() == "out");
  REQUIRE(made.nat_gateway_addresses_size() == 1);
  const auto& address = made.nat_gateway_addresses(0);
  CHECK(address.allocation_id() == allocation);
  CHECK(address.status() == "associating");
  REQUIRE(world.Becomes(made.nat_gateway_id(), "available"));
  const auto interfaces = world.Ask<ec2::v1::DescribeNetworkInterfacesResponse>(
      "DescribeNetworkInterfaces", "network_interface_ids: '" + address.network_interface_id() + "'");
  const auto& eni = interfaces.network_interfaces(0);
  CHECK(eni.interface_type() == "nat_gateway");
  CHECK(eni.requester_managed());
  CHECK(eni.private_ip_address() == address.private_ip());
  CHECK(eni.association().public_ip() == address.public_ip());
  CHECK(eni.association().association_id() == address.association_id());
  const auto settled = world.Shown(made.nat_gateway_id()).nat_gateway_addresses(0);
  CHECK(settled.association_id() == address.association_id());
  CHECK(settled.status() == "succeeded");
  CHECK(settled.is_primary());
  CHECK_FALSE(eni.source_dest_check());
  CHECK(eni.description() == "Interface for NAT Gateway " + made.nat_gateway_id());
  // What it uses is nobody else's while it is there.
  CHECK(world.CodeOf("ReleaseAddress", "allocation_id: '" + allocation + "'") == "InvalidIPAddress.InUse");
  CHECK(world.CodeOf("DeleteSubnet", "subnet_id: '" + world.subnet + "'") == "DependencyViolation");
  CHECK(world.CodeOf("DetachInternetGateway", absl::StrCat("internet_gateway_id: '", world.gateway, "' vpc_id: '",
                                                           world.vpc, "'")) == "DependencyViolation");
}

TEST_CASE("a NAT gateway that is deleted frees its address, is a hole to routes and is shown for an hour", "[api]") {
  NatWorld world;
  world.Attach();
  const auto made = world.Public();
  const std::string id = made.nat_gateway_id();
  REQUIRE(world.Becomes(id, "available"));
  Value(world.world.CallText("CreateRoute", world.Route(id)));
  CHECK(world.ShownRoute().nat_gateway_id() == id);
  CHECK(world.ShownRoute().state() == "active");
  Value(world.world.CallText("DeleteNatGateway", "nat_gateway_id: '" + id + "'"));
  CHECK(world.ShownRoute().state() == "blackhole");
  REQUIRE(world.Becomes(id, "deleted"));
  CHECK(world.Shown(id).has_delete_time());
  CHECK(world.Shown(id).nat_gateway_addresses(0).public_ip() == made.nat_gateway_addresses(0).public_ip());
  CHECK_FALSE(world.Shown(id).nat_gateway_addresses(0).has_association_id());
  CHECK_FALSE(world.Shown(id).nat_gateway_addresses(0).has_status());
  // Again is as good as once.
  CHECK(world.CodeOf("DeleteNatGateway", "nat_gateway_id: '" + id + "'") == "");
  CHECK(world.CodeOf("ReleaseAddress", "allocation_id: '" + made.nat_gateway_addresses(0).allocation_id() + "'") == "");
  CHECK(world.CodeOf("DescribeNetworkInterfaces",
                     "network_interface_ids: '" + made.nat_gateway_addresses(0).network_interface_id() + "'") ==
        "InvalidNetworkInterfaceID.NotFound");
  CHECK(world.CodeOf("DeleteSubnet", "subnet_id: '" + world.subnet + "'") == "");
  world.world.clock.Advance(absl::Minutes(61));
  CHECK(world.CodeOf("DescribeNatGateways", "nat_gateway_ids: '" + id + "'") == "NatGatewayNotFound");
  CHECK(world.CodeOf("DeleteNatGateway", "nat_gateway_id: '" + id + "'") == "NatGatewayNotFound");
  CHECK(world.Ask<ec2::v1::DescribeNatGatewaysResponse>("DescribeNatGateways", "").nat_gateways_size() == 0);
}

TEST_CASE("a public NAT gateway that cannot be says why, and holds nothing", "[api]") {
  NatWorld world;
  const auto no_way = world.Public();
  CHECK(no_way.state() == "failed");
  CHECK(no_way.failure_code() == "Gateway.NotAttached");
  CHECK(no_way.failure_message() == "Network " + world.vpc + " has no Internet gateway attached");
  world.Attach();
  const std::string allocation = world.Address();
  const auto first = world.Make("allocation_id: '" + allocation + "'");
  const auto second = world.Make("allocation_id: '" + allocation + "'");
  CHECK(first.state() == "pending");
  CHECK(second.state() == "failed");
  CHECK(second.failure_code() == "Resource.AlreadyAssociated");
  CHECK_FALSE(second.nat_gateway_addresses(0).has_network_interface_id());
  CHECK_FALSE(second.nat_gateway_addresses(0).has_association_id());
  CHECK(second.nat_gateway_addresses(0).status() == "failed");
  const std::string free_one = world.Address();
  const auto by_second =
      world.Make(absl::StrCat("allocation_id: '", free_one, "' secondary_allocation_ids: '", allocation, "'"));
  CHECK(by_second.failure_code() == "Resource.AlreadyAssociated");
  CHECK(world.CodeOf("ReleaseAddress", "allocation_id: '" + free_one + "'") == "");
  Value(world.world.CallText("DeleteNatGateway", "nat_gateway_id: '" + second.nat_gateway_id() + "'"));
  CHECK(world.Shown(second.nat_gateway_id()).state() == "deleted");
}

TEST_CASE("a private NAT gateway has no elastic address, and may have a chosen private one", "[api]") {
  NatWorld world;
  const auto made = world.Make("connectivity_type: 'private' private_ip_address: '10.1.1.77'");
  CHECK(made.connectivity_type() == "private");
  CHECK(made.nat_gateway_addresses(0).private_ip() == "10.1.1.77");
  CHECK_FALSE(made.nat_gateway_addresses(0).has_public_ip());
  CHECK(world.Becomes(made.nat_gateway_id(), "available"));
  const auto filtered = world.Ask<ec2::v1::DescribeNatGatewaysResponse>(
      "DescribeNatGateways", "filter { name: 'vpc-id' values: '" + world.vpc + "' }");
  CHECK(filtered.nat_gateways_size() == 1);
}

TEST_CASE("a public NAT gateway gets further elastic addresses, and gives them back", "[api]") {
  NatWorld world;
  world.Attach();
  const std::string first = world.Address(), second = world.Address(), third = world.Address();
  const auto made = world.Make(absl::StrCat("allocation_id: '", first, "' secondary_allocation_ids: '", second,
                                            "' secondary_private_ip_addresses: '10.1.1.77'"));
  const std::string id = made.nat_gateway_id(), of = "nat_gateway_id: '" + id + "' ";
  REQUIRE(made.nat_gateway_addresses_size() == 2);
  CHECK(made.nat_gateway_addresses(1).allocation_id() == second);
  CHECK(made.nat_gateway_addresses(1).private_ip() == "10.1.1.77");
  CHECK(made.nat_gateway_addresses(1).status() == "associating");
  CHECK_FALSE(made.nat_gateway_addresses(1).is_primary());
  REQUIRE(world.Becomes(id, "available"));

  const auto given = world.Ask<ec2::v1::AssociateNatGatewayAddressResponse>("AssociateNatGatewayAddress",
                                                                            of + "allocation_ids: '" + third + "'");
  CHECK(given.nat_gateway_id() == id);
  REQUIRE(given.nat_gateway_addresses_size() == 1);
  CHECK(given.nat_gateway_addresses(0).status() == "associating");
  const auto shown = world.Shown(id);
  REQUIRE(shown.nat_gateway_addresses_size() == 3);
  const auto& last = shown.nat_gateway_addresses(2);
  CHECK(last.allocation_id() == third);
  CHECK(last.association_id() == given.nat_gateway_addresses(0).association_id());
  CHECK(last.status() == "succeeded");
  const auto eni = world.Ask<ec2::v1::DescribeNetworkInterfacesResponse>(
      "DescribeNetworkInterfaces", "network_interface_ids: '" + last.network_interface_id() + "'");
  REQUIRE(eni.network_interfaces(0).private_ip_addresses_size() == 3);
  CHECK(eni.network_interfaces(0).private_ip_addresses(2).association().public_ip() == last.public_ip());
  // They are nobody else's.
  CHECK(world.CodeOf("ReleaseAddress", "allocation_id: '" + third + "'") == "InvalidIPAddress.InUse");
  CHECK(world.CodeOf("DisassociateAddress", "association_id: '" + last.association_id() + "'") != "");
  CHECK(world.CodeOf("AssociateNatGatewayAddress", of + "allocation_ids: '" + third + "'") ==
        "Resource.AlreadyAssociated");

  const std::string primary = shown.nat_gateway_addresses(0).association_id();
  const std::pair<std::string, const char*> refused[] = {
      {"association_ids: '" + primary + "'", "InvalidParameterValue"},
      {"association_ids: 'eipassoc-00000000000000000'", "InvalidAssociationID.NotFound"},
      {"association_ids: '" + last.association_id() + "' association_ids: '" + primary + "'", "InvalidParameterValue"},
      {"", "MissingParameter"},
      {"association_ids: '" + last.association_id() + "' max_drain_duration_seconds: 4001", "InvalidParameterValue"}};
  for (const auto& [text, code] : refused) {
    INFO(text);
    CHECK(world.CodeOf("DisassociateNatGatewayAddress", of + text) == code);
  }
  CHECK(world.Shown(id).nat_gateway_addresses_size() == 3);
  const auto taken = world.Ask<ec2::v1::DisassociateNatGatewayAddressResponse>(
      "DisassociateNatGatewayAddress", of + "association_ids: '" + last.association_id() + "'");
  CHECK(taken.nat_gateway_addresses(0).status() == "disassociating");
  CHECK(taken.nat_gateway_addresses(0).public_ip() == last.public_ip());
  CHECK(world.Shown(id).nat_gateway_addresses_size() == 2);
  CHECK(world.CodeOf("ReleaseAddress", "allocation_id: '" + third + "'") == "");

  Value(world.world.CallText("DeleteNatGateway", of));
  REQUIRE(world.Becomes(id, "deleted"));
  CHECK(world.CodeOf("AssociateNatGatewayAddress", of + "allocation_ids: '" + second + "'") == "IncorrectState");
  for (const std::string& each : {first, second}) {
    CHECK(world.CodeOf("ReleaseAddress", "allocation_id: '" + each + "'") == "");
  }
}

TEST_CASE("a private NAT gateway gets further private addresses, and gives them back", "[api]") {
  NatWorld world;
  const auto made = world.Make("connectivity_type: 'private' secondary_private_ip_address_count: 2");
  const std::string id = made.nat_gateway_id(), of = "nat_gateway_id: '" + id + "' ";
  CHECK(made.nat_gateway_addresses_size() == 3);
  REQUIRE(world.Becomes(id, "available"));
  const auto given = world.Ask<ec2::v1::AssignPrivateNatGatewayAddressResponse>(
      "AssignPrivateNatGatewayAddress", of + "private_ip_addresses: '10.1.1.77'");
  CHECK(given.nat_gateway_addresses(0).status() == "assigning");
  CHECK(world.Shown(id).nat_gateway_addresses(3).private_ip() == "10.1.1.77");
  Value(world.world.CallText("AssignPrivateNatGatewayAddress", of + "private_ip_address_count: 4"));
  CHECK(world.Shown(id).nat_gateway_addresses_size() == 8);
  const std::string first = world.Shown(id).nat_gateway_addresses(0).private_ip();
  const std::tuple<const char*, std::string, const char*> refused[] = {
      {"AssignPrivateNatGatewayAddress", "private_ip_address_count: 1", "PrivateIpAddressLimitExceeded"},
      {"AssignPrivateNatGatewayAddress", "", "MissingParameter"},
      {"AssignPrivateNatGatewayAddress", "private_ip_address_count: 1 private_ip_addresses: '10.1.1.78'",
       "InvalidParameterCombination"},
      {"AssociateNatGatewayAddress", "allocation_ids: '" + world.Address() + "'", "UnsupportedOperation"},
      {"UnassignPrivateNatGatewayAddress", "private_ip_addresses: '" + first + "'", "InvalidParameterValue"},
      {"UnassignPrivateNatGatewayAddress", "private_ip_addresses: '10.1.1.78'", "InvalidParameterValue"},
      {"UnassignPrivateNatGatewayAddress", "private_ip_addresses: '10.1.1.77' private_ip_addresses: '10.1.1.77'",
       "InvalidParameterValue"},
      {"UnassignPrivateNatGatewayAddress", "private_ip_addresses: 'x'", "InvalidParameterValue"}};
  for (const auto& [action, text, code] : refused) {
    INFO(action << " " << text);
    CHECK(world.CodeOf(action, of + text) == code);
  }
  const auto taken = world.Ask<ec2::v1::UnassignPrivateNatGatewayAddressResponse>(
      "UnassignPrivateNatGatewayAddress", of + "private_ip_addresses: '10.1.1.77'");
  CHECK(taken.nat_gateway_addresses(0).status() == "unassigning");
  CHECK(world.Shown(id).nat_gateway_addresses_size() == 7);
  CHECK(world.CodeOf("AssignPrivateNatGatewayAddress", of + "private_ip_addresses: '10.1.1.1'") ==
        "InvalidParameterValue");
  CHECK(world.CodeOf("AssignPrivateNatGatewayAddress", of + "private_ip_addresses: '" + first + "'") ==
        "InvalidIPAddress.InUse");
}

TEST_CASE("a NAT gateway's bad input gets EC2's codes and makes nothing", "[api]") {
  NatWorld world;
  world.Attach();
  const std::string subnet = "subnet_id: '" + world.subnet + "' ";
  const struct {
    std::string action, text, code;
  } cases[] = {
      {"CreateNatGateway", subnet, "MissingParameter"},
      {"CreateNatGateway", subnet + "connectivity_type: 'private' allocation_id: '" + world.Address() + "'",
       "InvalidParameterCombination"},
      {"CreateNatGateway", subnet + "connectivity_type: 'other'", "InvalidParameterValue"},
      {"CreateNatGateway", subnet + "allocation_id: 'eipalloc-00000000000000000'", "InvalidAllocationID.NotFound"},
      {"CreateNatGateway",
       absl::StrCat(subnet, "allocation_id: '", world.Address(),
                    "' secondary_allocation_ids: 'eipalloc-00000000000000000'"),
       "InvalidAllocationID.NotFound"},
      {"CreateNatGateway",
       absl::StrCat(subnet, "allocation_id: '", world.Address(), "' secondary_private_ip_address_count: 1"),
       "InvalidParameterCombination"},
      {"CreateNatGateway",
       absl::StrCat(subnet, "allocation_id: '", world.Address(), "' secondary_private_ip_addresses: '10.1.1.9'"),
       "InvalidParameterCombination"},
      {"CreateNatGateway", subnet + "connectivity_type: 'private' secondary_allocation_ids: '" + world.Address() + "'",
       "InvalidParameterCombination"},
      {"CreateNatGateway",
       subnet + "connectivity_type: 'private' secondary_private_ip_address_count: 1 secondary_private_ip_addresses: "
                "'10.1.1.9'",
       "InvalidParameterCombination"},
      {"CreateNatGateway", subnet + "connectivity_type: 'private' secondary_private_ip_address_count: 8",
       "InvalidParameterValue"},
      {"AssociateNatGatewayAddress",
       "nat_gateway_id: 'nat-00000000000000000' allocation_ids: '" + world.Address() + "'", "NatGatewayNotFound"},
      {"CreateNatGateway", "subnet_id: 'subnet-00000000000000000' allocation_id: '" + world.Address() + "'",
       "InvalidSubnetID.NotFound"},
      {"CreateNatGateway", subnet + "connectivity_type: 'private' private_ip_address: '10.1.1.1'",
       "InvalidParameterValue"},
      {"CreateNatGateway", subnet + "connectivity_type: 'private' private_ip_address: '10.9.1.9'",
       "InvalidParameterValue"},
      {"DeleteNatGateway", "nat_gateway_id: 'nat-00000000000000000'", "NatGatewayNotFound"},
      {"DescribeNatGateways", "nat_gateway_ids: 'nat-x'", "NatGatewayMalformed"},
      {"CreateRoute", world.Route("nat-00000000000000000"), "InvalidNatGatewayID.NotFound"},
  };
  for (const auto& [action, text, code] : cases) {
    INFO(action << " " << text);
    CHECK(world.CodeOf(action, text) == code);
  }
  CHECK(world.Ask<ec2::v1::DescribeNatGatewaysResponse>("DescribeNatGateways", "").nat_gateways_size() == 0);
  // A route to another VPC's gateway.
  const auto made = world.Public();
  const std::string other =
      world.Ask<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.2.0.0/16'").vpc().vpc_id();
  world.table = world.Ask<ec2::v1::CreateRouteTableResponse>("CreateRouteTable", "vpc_id: '" + other + "'")
                    .route_table()
                    .route_table_id();
  CHECK(world.CodeOf("CreateRoute", world.Route(made.nat_gateway_id())) == "InvalidParameterValue");
}

TEST_CASE("a client token makes one NAT gateway, and another request with it none", "[api]") {
  NatWorld world;
  const std::string text = "connectivity_type: 'private' client_token: 'once' ";
  const auto made = world.Make(text);
  CHECK(world.Make(text).nat_gateway_id() == made.nat_gateway_id());
  CHECK(world.CodeOf("CreateNatGateway", "subnet_id: '" + world.subnet + "' " + text +
                                             "private_ip_address: '10.1.1.9'") == "IdempotentParameterMismatch");
}

TEST_CASE("what a NAT gateway uses is not its users' to take away", "[api]") {
  NatWorld world;
  world.Attach();
  const auto made = world.Public();
  const auto& address = made.nat_gateway_addresses(0);
  CHECK(world.CodeOf("DisassociateAddress", "public_ip: '" + address.public_ip() + "'") != "");
  const std::string eni = "network_interface_id: '" + address.network_interface_id() + "' ";
  CHECK(world.CodeOf("ModifyNetworkInterfaceAttribute", eni + "source_dest_check { value: true }") != "");
  CHECK(world.CodeOf("AssociateAddress", eni + "allow_reassociation: true allocation_id: '" + world.Address() + "'") !=
        "");
  CHECK(world.Shown(made.nat_gateway_id()).nat_gateway_addresses(0).public_ip() == address.public_ip());
}

}  // namespace brume
