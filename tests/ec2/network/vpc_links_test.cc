// Routes through NAT gateways, as the host is told of them.
#include "lib/ec2/network/vpc_links.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace brume::network {
namespace {

using Way = RouteSpec::Way;

Cidr To(const char* text) { return Cidr::Parse(text).value(); }
SubnetId Subnet(int number) { return SubnetId::FromTrusted(absl::StrCat("subnet-0000000", number)); }

RouteSpec Out(const char* destination) { return {.destination = To(destination), .way = Way::kGateway}; }
RouteSpec Hole(const char* destination) { return {.destination = To(destination)}; }
RouteSpec Router(const char* destination) {
  return {.destination = To(destination), .way = Way::kPort, .tap = "bm0", .address = Ipv4{7}};
}
RouteSpec Over(const char* destination) {
  return {.destination = To(destination),
          .way = Way::kPeer,
          .peering = VpcPeeringConnectionId::FromTrusted("pcx-00000001")};
}
RouteSpec By(int nat, const char* destination) { return {.destination = To(destination), .nat = nat}; }

NatSpec Nat(int number, int subnet, bool is_public = true) {
  NatSpec nat;
  nat.number = number;
  nat.subnet = Subnet(subnet);
  if (is_public) nat.public_ip = Ipv4{9};
  return nat;
}

// Table 1 is the main one and has what the gateways' subnet 1 says; table 2 is of subnet 2. What table 2 becomes.
std::string Led(std::vector<RouteSpec> onward, std::vector<RouteSpec> routes, const std::vector<NatSpec>& nats) {
  std::vector<RouteTableSpec> tables(2);
  tables[0] = {.number = 1, .main = true, .subnets = {}, .routes = std::move(onward)};
  tables[1] = {.number = 2, .main = false, .subnets = {Subnet(2)}, .routes = std::move(routes)};
  LeadThroughNats(tables, nats);
  return absl::StrJoin(tables[1].routes, ", ", [](std::string* text, const RouteSpec& route) {
    const char* ways[] = {"nowhere", "out", "router", "peer"};
    absl::StrAppend(text, route.destination.text(), " ", ways[static_cast<int>(route.way)]);
    if (route.nat != 0) absl::StrAppend(text, " nat ", route.nat);
  });
}

}  // namespace

TEST_CASE("a route by a NAT gateway goes the way of the gateway's own subnet", "[network]") {
  const std::vector<NatSpec> nats = {Nat(1, 1)};
  CHECK(Led({Out("0.0.0.0/0")}, {By(1, "0.0.0.0/0")}, nats) == "0.0.0.0/0 out nat 1");
  CHECK(Led({Router("0.0.0.0/0")}, {By(1, "0.0.0.0/0")}, nats) == "0.0.0.0/0 router nat 1");
  CHECK(Led({}, {By(1, "0.0.0.0/0")}, nats) == "0.0.0.0/0 nowhere");
  CHECK(Led({Hole("0.0.0.0/0")}, {By(1, "0.0.0.0/0")}, nats) == "0.0.0.0/0 nowhere");
  // Of two that cover it, the longer.
  CHECK(Led({Out("0.0.0.0/0"), Hole("10.0.0.0/8")}, {By(1, "10.9.0.0/16")}, nats) == "10.9.0.0/16 nowhere");
  CHECK(Led({Hole("0.0.0.0/0"), Out("10.0.0.0/8")}, {By(1, "10.9.0.0/16")}, nats) == "10.9.0.0/16 out nat 1");
}

TEST_CASE("longer routes of a NAT gateway's subnet hold inside a route by it, and none outside", "[network]") {
  const std::vector<NatSpec> nats = {Nat(1, 1)};
  CHECK(Led({Out("0.0.0.0/0"), Hole("192.0.2.0/24"), Router("10.9.0.0/16")}, {By(1, "0.0.0.0/0")}, nats) ==
        "192.0.2.0/24 nowhere, 10.9.0.0/16 router nat 1, 0.0.0.0/0 out nat 1");
  CHECK(Led({Out("0.0.0.0/0"), Hole("192.0.2.0/24")}, {By(1, "10.0.0.0/8")}, nats) == "10.0.0.0/8 out nat 1");
  // The table's own longer route decides about all inside it.
  CHECK(Led({Out("0.0.0.0/0"), Hole("10.9.0.0/16")}, {By(1, "0.0.0.0/0"), Router("10.0.0.0/8")}, nats) ==
        "0.0.0.0/0 out nat 1, 10.0.0.0/8 router");
  CHECK(Led({Out("0.0.0.0/0"), Hole("10.9.0.0/16")}, {By(1, "0.0.0.0/0"), Router("10.9.0.0/16")}, nats) ==
        "0.0.0.0/0 out nat 1, 10.9.0.0/16 router");
}

TEST_CASE("a NAT gateway leads to no other one, back to itself, over no peering connection and not out in private",
          "[network]") {
  CHECK(Led({Out("0.0.0.0/0")}, {By(1, "0.0.0.0/0")}, {Nat(1, 2)}) == "0.0.0.0/0 nowhere");
  CHECK(Led({By(2, "0.0.0.0/0")}, {By(1, "0.0.0.0/0")}, {Nat(1, 1), Nat(2, 3)}) == "0.0.0.0/0 nowhere");
  CHECK(Led({Over("0.0.0.0/0")}, {By(1, "0.0.0.0/0")}, {Nat(1, 1)}) == "0.0.0.0/0 nowhere");
  CHECK(Led({Out("0.0.0.0/0")}, {By(1, "0.0.0.0/0")}, {Nat(1, 1, /*is_public=*/false)}) == "0.0.0.0/0 nowhere");
  CHECK(Led({Router("0.0.0.0/0")}, {By(1, "0.0.0.0/0")}, {Nat(1, 1, /*is_public=*/false)}) == "0.0.0.0/0 router nat 1");
  CHECK(Led({Out("0.0.0.0/0")}, {By(1, "0.0.0.0/0")}, {}) == "0.0.0.0/0 nowhere");
  CHECK(Led({Out("0.0.0.0/0")}, {Over("10.0.0.0/8"), Out("0.0.0.0/0")}, {Nat(1, 1)}) ==
        "10.0.0.0/8 peer, 0.0.0.0/0 out");
}

}  // namespace brume::network
