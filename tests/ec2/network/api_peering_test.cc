// VPC peering connections from the request to their end.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/peering.pb.h"
#include "brume/ec2/v1/route.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

struct PeeredWorld {
  template <typename Response>
  Response Ask(const std::string& action, const std::string& text) {
    return static_cast<const Response&>(*Value(world.CallText(action, text)));
  }
  std::string CodeOf(const std::string& action, const std::string& text) {
    const auto answer = world.CallText(action, text);
    return answer.ok() ? "" : ec2::ErrorCode(answer.status());
  }
  std::string Vpc(const char* cidr) {
    return Ask<ec2::v1::CreateVpcResponse>("CreateVpc", absl::StrCat("cidr_block: '", cidr, "'")).vpc().vpc_id();
  }
  static std::string Between(const std::string& a, const std::string& b) {
    return absl::StrCat("vpc_id: '", a, "' peer_vpc_id: '", b, "' ");
  }
  ec2::v1::VpcPeeringConnection Request(const std::string& a, const std::string& b) {
    return Ask<ec2::v1::CreateVpcPeeringConnectionResponse>("CreateVpcPeeringConnection", Between(a, b))
        .vpc_peering_connection();
  }
  static std::string Named(const std::string& id) { return "vpc_peering_connection_id: '" + id + "' "; }
  std::string Active() {
    const std::string id = Request(first, second).vpc_peering_connection_id();
    Value(world.CallText("AcceptVpcPeeringConnection", Named(id)));
    return id;
  }
  ec2::v1::VpcPeeringConnection Shown(const std::string& id) {
    return Ask<ec2::v1::DescribeVpcPeeringConnectionsResponse>("DescribeVpcPeeringConnections",
                                                               "vpc_peering_connection_ids: '" + id + "'")
        .vpc_peering_connections(0);
  }
  std::string StateOf(const std::string& id) { return Shown(id).status().code(); }
  std::string TableOf(const std::string& vpc) {
    return Ask<ec2::v1::DescribeRouteTablesResponse>("DescribeRouteTables",
                                                     "filters { name: 'vpc-id' values: '" + vpc + "' }")
        .route_tables(0)
        .route_table_id();
  }
  std::string Route(const std::string& vpc, const char* to, const std::string& peering) {
    return absl::StrCat("route_table_id: '", TableOf(vpc), "' destination_cidr_block: '", to, "' ", Named(peering));
  }

  ApiWorld world;
  std::string first = Vpc("10.1.0.0/16"), second = Vpc("10.2.0.0/16");
};

}  // namespace

TEST_CASE("a peering connection is asked for, accepted, changed and ended", "[api]") {
  PeeredWorld world;
  const auto asked = world.Request(world.first, world.second);
  const std::string id = asked.vpc_peering_connection_id();
  CHECK(asked.status().code() == "pending-acceptance");
  CHECK(asked.has_expiration_time());
  CHECK(asked.requester_vpc_info().vpc_id() == world.first);
  CHECK(asked.requester_vpc_info().cidr_block() == "10.1.0.0/16");
  CHECK(asked.accepter_vpc_info().vpc_id() == world.second);
  const auto accepted =
      world.Ask<ec2::v1::AcceptVpcPeeringConnectionResponse>("AcceptVpcPeeringConnection", world.Named(id))
          .vpc_peering_connection();
  CHECK(accepted.status().code() == "active");
  CHECK(accepted.status().message() == "Active");
  CHECK(accepted.accepter_vpc_info().cidr_block() == "10.2.0.0/16");
  CHECK(accepted.accepter_vpc_info().cidr_block_set(0).cidr_block() == "10.2.0.0/16");
  CHECK_FALSE(accepted.has_expiration_time());
  CHECK(world.CodeOf("AcceptVpcPeeringConnection", world.Named(id)) == "InvalidStateTransition");
  CHECK(world.CodeOf("RejectVpcPeeringConnection", world.Named(id)) == "InvalidStateTransition");

  Value(world.world.CallText("CreateRoute", world.Route(world.first, "10.2.0.0/16", id)));
  const auto table = [&] {
    return world
        .Ask<ec2::v1::DescribeRouteTablesResponse>(
            "DescribeRouteTables", "filters { name: 'route.vpc-peering-connection-id' values: '" + id + "' }")
        .route_tables(0);
  };
  CHECK(table().routes(1).state() == "active");
  Value(world.world.CallText("DeleteVpcPeeringConnection", world.Named(id)));
  CHECK(world.StateOf(id) == "deleted");
  CHECK(table().routes(1).state() == "blackhole");
  CHECK(world.CodeOf("DeleteVpcPeeringConnection", world.Named(id)) == "InvalidStateTransition");
  world.world.clock.Advance(absl::Minutes(121));
  CHECK(world.CodeOf("DescribeVpcPeeringConnections", "vpc_peering_connection_ids: '" + id + "'") ==
        "InvalidVpcPeeringConnectionID.NotFound");
  CHECK(world.Ask<ec2::v1::DescribeVpcPeeringConnectionsResponse>("DescribeVpcPeeringConnections", "")
            .vpc_peering_connections_size() == 0);
}

TEST_CASE("a route to a pending peering connection is a blackhole until it is accepted", "[api]") {
  PeeredWorld world;
  const std::string id = world.Request(world.first, world.second).vpc_peering_connection_id();
  const auto state_of_route = [&](const std::string& vpc) {
    const auto shown = world.Ask<ec2::v1::DescribeRouteTablesResponse>(
        "DescribeRouteTables", "filters { name: 'vpc-id' values: '" + vpc + "' }");
    return shown.route_tables(0).routes(1).state();
  };
  CHECK(world.CodeOf("CreateRoute", world.Route(world.first, "10.2.0.0/16", id)) == "");
  CHECK(world.CodeOf("CreateRoute", world.Route(world.second, "10.1.0.0/16", id)) == "");
  CHECK(state_of_route(world.first) == "blackhole");
  CHECK(state_of_route(world.second) == "blackhole");
  Value(world.world.CallText("AcceptVpcPeeringConnection", world.Named(id)));
  CHECK(state_of_route(world.first) == "active");
  CHECK(state_of_route(world.second) == "active");
  Value(world.world.CallText("DeleteVpcPeeringConnection", world.Named(id)));
  CHECK(world.CodeOf("CreateRoute", world.Route(world.first, "10.2.4.0/24", id)) == "InvalidStateTransition");
  CHECK(world.CodeOf("ReplaceRoute", world.Route(world.first, "10.2.0.0/16", id)) == "InvalidStateTransition");
}

TEST_CASE("a request for peering is rejected, or runs out after seven days", "[api]") {
  PeeredWorld world;
  const std::string rejected = world.Request(world.first, world.second).vpc_peering_connection_id();
  Value(world.world.CallText("RejectVpcPeeringConnection", world.Named(rejected)));
  CHECK(world.StateOf(rejected) == "rejected");
  CHECK(world.CodeOf("CreateRoute", world.Route(world.first, "10.2.0.0/16", rejected)) == "InvalidStateTransition");
  const std::string late = world.Request(world.second, world.first).vpc_peering_connection_id();
  CHECK(world.CodeOf("CreateVpcPeeringConnection", world.Between(world.first, world.second)) ==
        "VpcPeeringConnectionAlreadyExists");
  world.world.clock.Advance(absl::Hours(7 * 24) + absl::Minutes(1));
  CHECK(world.StateOf(late) == "expired");
  CHECK(world.CodeOf("CreateRoute", world.Route(world.first, "10.2.0.0/16", late)) == "InvalidStateTransition");
  CHECK(world.CodeOf("AcceptVpcPeeringConnection", world.Named(late)) == "InvalidStateTransition");
  // Another can be asked for.
  CHECK(world.StateOf(world.Request(world.first, world.second).vpc_peering_connection_id()) == "pending-acceptance");
}

TEST_CASE("VPCs whose ranges overlap are not peered, and a peered one gets no range of its peer", "[api]") {
  PeeredWorld world;
  const std::string twin = world.Vpc("10.1.128.0/17");
  CHECK(world.Request(world.first, twin).status().code() == "failed");
  CHECK(world.Request(world.first, world.first).status().code() == "failed");
  world.Active();
  CHECK(world.CodeOf("AssociateVpcCidrBlock", "vpc_id: '" + world.first + "' cidr_block: '10.2.4.0/24'") ==
        "CidrConflict");
  CHECK(world.CodeOf("AssociateVpcCidrBlock", "vpc_id: '" + world.first + "' cidr_block: '10.3.0.0/16'") == "");
  // A range that came between the request and the answer.
  const std::string third = world.Vpc("10.4.0.0/16");
  const std::string id = world.Request(world.first, third).vpc_peering_connection_id();
  Value(world.world.CallText("AssociateVpcCidrBlock", "vpc_id: '" + third + "' cidr_block: '10.3.4.0/24'"));
  CHECK(world.CodeOf("AcceptVpcPeeringConnection", world.Named(id)) == "InvalidStateTransition");
}

TEST_CASE("a VPC that is deleted ends its peering connections", "[api]") {
  PeeredWorld world;
  const std::string id = world.Active();
  Value(world.world.CallText("CreateRoute", world.Route(world.first, "10.2.0.0/16", id)));
  Value(world.world.CallText("DeleteVpc", "vpc_id: '" + world.second + "'"));
  CHECK(world.StateOf(id) == "deleted");
  CHECK(world.Shown(id).accepter_vpc_info().vpc_id() == world.second);
  CHECK(world
            .Ask<ec2::v1::DescribeRouteTablesResponse>("DescribeRouteTables",
                                                       "route_table_ids: '" + world.TableOf(world.first) + "'")
            .route_tables(0)
            .routes(1)
            .state() == "blackhole");
}

TEST_CASE("the options of a peering connection are an active one's, and what there is no more is refused", "[api]") {
  PeeredWorld world;
  const std::string options = "accepter_peering_connection_options { allow_dns_resolution_from_remote_vpc: true }";
  const std::string pending = world.Request(world.first, world.second).vpc_peering_connection_id();
  CHECK(world.CodeOf("ModifyVpcPeeringConnectionOptions", world.Named(pending) + options) == "OperationNotPermitted");
  Value(world.world.CallText("AcceptVpcPeeringConnection", world.Named(pending)));
  CHECK_FALSE(world.Shown(pending).accepter_vpc_info().peering_options().allow_dns_resolution_from_remote_vpc());
  const auto changed = world.Ask<ec2::v1::ModifyVpcPeeringConnectionOptionsResponse>(
      "ModifyVpcPeeringConnectionOptions", world.Named(pending) + options);
  CHECK(changed.accepter_peering_connection_options().allow_dns_resolution_from_remote_vpc());
  CHECK_FALSE(changed.has_requester_peering_connection_options());
  CHECK(world.Shown(pending).accepter_vpc_info().peering_options().allow_dns_resolution_from_remote_vpc());
  CHECK_FALSE(world.Shown(pending).requester_vpc_info().peering_options().allow_dns_resolution_from_remote_vpc());
  CHECK(world.CodeOf("ModifyVpcPeeringConnectionOptions",
                     world.Named(pending) + "requester_peering_connection_options { "
                                            "allow_egress_from_local_classic_link_to_remote_vpc: true }") ==
        "UnsupportedOperation");
}

TEST_CASE("a peer's group is named by rules while the two are peered", "[api]") {
  PeeredWorld world;
  const auto group = [&](const std::string& vpc) {
    return world
        .Ask<ec2::v1::CreateSecurityGroupResponse>("CreateSecurityGroup",
                                                   "group_name: 'web' description: 'web' vpc_id: '" + vpc + "'")
        .group_id();
  };
  const std::string near = group(world.first), far = group(world.second);
  const std::string rule = absl::StrCat(
      "group_id: '", near, "' ip_permissions { ip_protocol: '-1' user_id_group_pairs { group_id: '", far, "' } }");
  CHECK(world.CodeOf("AuthorizeSecurityGroupIngress", rule) != "");
  world.Active();
  CHECK(world.CodeOf("AuthorizeSecurityGroupIngress", rule) == "");
  const auto pair = [&] {
    return world.Ask<ec2::v1::DescribeSecurityGroupsResponse>("DescribeSecurityGroups", "group_ids: '" + near + "'")
        .security_groups(0)
        .ip_permissions(0)
        .user_id_group_pairs(0);
  };
  const std::string connection = pair().vpc_peering_connection_id();
  CHECK(pair().vpc_id() == world.second);
  CHECK(pair().peering_status() == "active");
  const auto shown = world.Ask<ec2::v1::DescribeSecurityGroupRulesResponse>(
      "DescribeSecurityGroupRules", "filters { name: 'group-id' values: '" + near + "' }");
  const auto is_ours = [](const ec2::v1::SecurityGroupRule& each) { return !each.is_egress(); };
  const auto ours = std::find_if(shown.security_group_rules().begin(), shown.security_group_rules().end(), is_ours);
  REQUIRE(ours != shown.security_group_rules().end());
  CHECK(ours->referenced_group_info().vpc_id() == world.second);
  CHECK(ours->referenced_group_info().vpc_peering_connection_id() == connection);
  CHECK(ours->referenced_group_info().peering_status() == "active");
  // EC2 keeps a group that a peer's rule names.
  CHECK(world.CodeOf("DeleteSecurityGroup", "group_id: '" + far + "'") == "DependencyViolation");
  Value(world.world.CallText("DeleteVpcPeeringConnection", world.Named(connection)));
  CHECK(pair().peering_status() == "deleted");
  CHECK(pair().vpc_peering_connection_id() == connection);
  world.Active();
  CHECK(pair().peering_status() == "active");
  CHECK(pair().vpc_peering_connection_id() != connection);
}

TEST_CASE("a peering connection's bad input gets EC2's codes", "[api]") {
  PeeredWorld world;
  const std::string pending = world.Request(world.first, world.second).vpc_peering_connection_id();
  const std::string failed = world.Request(world.first, world.first).vpc_peering_connection_id();
  const struct {
    std::string action, text, code;
  } cases[] = {
      {"CreateVpcPeeringConnection", world.Between(world.first, "vpc-00000000000000000"), "InvalidVpcID.NotFound"},
      {"CreateVpcPeeringConnection", world.Between(world.first, world.second) + "peer_owner_id: '123456789012'",
       "InvalidParameterValue"},
      {"CreateVpcPeeringConnection", world.Between(world.first, world.second) + "peer_region: 'eu-west-1'",
       "InvalidParameterValue"},
      {"AcceptVpcPeeringConnection", world.Named("pcx-00000000000000000"), "InvalidVpcPeeringConnectionID.NotFound"},
      {"AcceptVpcPeeringConnection", world.Named("pcx-?"), "InvalidVpcPeeringConnectionId.Malformed"},
      {"CreateRoute", world.Route(world.first, "10.2.0.0/16", failed), "InvalidStateTransition"},
      {"CreateRoute", world.Route(world.first, "10.2.0.0/16", "pcx-00000000000000000"),
       "InvalidVpcPeeringConnectionID.NotFound"},
  };
  for (const auto& [action, text, code] : cases) {
    INFO(action << " " << text);
    CHECK(world.CodeOf(action, text) == code);
  }
  // A route of a VPC that is not of the two.
  Value(world.world.CallText("AcceptVpcPeeringConnection", world.Named(pending)));
  const std::string third = world.Vpc("10.3.0.0/16");
  CHECK(world.CodeOf("CreateRoute", world.Route(third, "10.2.0.0/16", pending)) == "InvalidParameterValue");
}

}  // namespace brume
