// Peering connections: two VPCs reach each other where the routes of both say so, and nobody else through them.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(300);

// A VPC of another range: 10.1.0.0/16 with the subnet 10.1.1.0/24.
TestVpc Other(const std::string& digits, const char* range, const char* subnet) {
  TestVpc other(digits);
  other.spec.vpc.cidr = Range(range);
  other.spec.ranges = {other.spec.vpc.cidr};
  other.spec.subnets.resize(1);
  other.spec.subnets.front().cidr = Range(subnet);
  other.spec.has_gateway = false;
  other.spec.tables.front().routes.clear();
  return other;
}

class PeeringFixture : public FabricFixture {
 public:
  PeeringFixture() {
    near = LaunchIn(vpc, "10.0.1.4");
    far = LaunchIn(other, "10.1.1.4");
    Peer(vpc, other, peering);
    Sync(vpc);
    Sync(other);
    Sync(vpc);
    server = far->Serve(80);
  }

 protected:
  static VpcPeeringConnectionId Id(const char* digits) {
    return VpcPeeringConnectionId::FromTrusted(std::string("pcx-") + digits);
  }
  void Sync(TestVpc& each) { REQUIRE(Good(fabric->SyncVpc(each.spec))); }
  // Into the group whose members everybody reaches.
  std::unique_ptr<Guest> LaunchIn(TestVpc& each, const char* address) {
    each.spec.groups = {each.Group(each.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")})};
    Sync(each);
    each.spec.ports.push_back(each.Port(address, {each.members}));
    auto guest = Launch(each.spec.ports.back());
    if (&each != &vpc) guest->Configure(*each.spec.subnets.front().cidr);
    return guest;
  }
  static RouteSpec Over(const VpcPeeringConnectionId& id, const char* destination) {
    return {.destination = Range(destination), .way = RouteSpec::Way::kPeer, .peering = id};
  }
  static void Peer(TestVpc& a, TestVpc& b, const VpcPeeringConnectionId& id) {
    a.spec.peerings.push_back({.id = id, .other = b.spec.vpc.id, .ranges = b.spec.ranges});
    b.spec.peerings.push_back({.id = id, .other = a.spec.vpc.id, .ranges = a.spec.ranges});
    a.spec.tables.front().routes.push_back(Over(id, b.spec.vpc.cidr.text().c_str()));
    b.spec.tables.front().routes.push_back(Over(id, a.spec.vpc.cidr.text().c_str()));
  }

  const VpcPeeringConnectionId peering = Id("00000000000000001");
  TestVpc other = Other("00000000000000002", "10.1.0.0/16", "10.1.1.0/24");
  TestVpc third = Other("00000000000000003", "10.2.0.0/16", "10.2.1.0/24");
  std::unique_ptr<Guest> near, far;
  UniqueFd server;
};

}  // namespace

TEST_CASE_METHOD(PeeringFixture, "peered VPCs reach each other by their private addresses", "[fabric]") {
  CHECK(near->Reaches(Address("10.1.1.4"), 80));
  CHECK(far->Pings(Address("10.0.1.4")));
  CHECK(fabric->Inspect()->empty());
}

TEST_CASE_METHOD(PeeringFixture, "a peering connection without a route of either side carries nothing", "[fabric]") {
  for (TestVpc* each : {&vpc, &other}) {
    const std::vector<RouteSpec> routes = each->spec.tables.front().routes;
    each->spec.tables.front().routes.clear();
    Sync(*each);
    CHECK_FALSE(near->Reaches(Address("10.1.1.4"), 80, kBlocked));
    each->spec.tables.front().routes = routes;
    Sync(*each);
    CHECK(near->Reaches(Address("10.1.1.4"), 80));
  }
}

TEST_CASE_METHOD(PeeringFixture, "a peering connection that ends carries nothing any more, and leaves no link",
                 "[fabric]") {
  vpc.spec.peerings.clear();
  vpc.spec.tables.front().routes = {{.destination = Range("10.1.0.0/16")}};
  Sync(vpc);
  CHECK_FALSE(near->Reaches(Address("10.1.1.4"), 80, kBlocked));
  other.spec.peerings.clear();
  other.spec.tables.front().routes = {{.destination = Range("10.0.0.0/16")}};
  Sync(other);
  for (const TestVpc* each : {&vpc, &other}) {
    const auto links = RunChecked({"ip", "-n", "brume-" + each->spec.vpc.id.text(), "-br", "link"});
    REQUIRE(links.ok());
    CHECK(links->find("bp0") == std::string::npos);
  }
  CHECK(fabric->Inspect()->empty());
}

TEST_CASE_METHOD(PeeringFixture, "a peer's group is named by rules, and its members alone are let in", "[fabric]") {
  // What vpc_network is told of a peer's group: its members, and no rules.
  GroupSpec foreign = other.Group(vpc.members, {});
  foreign.group.vpc_id = other.spec.vpc.id;
  other.spec.groups = {other.Group(other.members, {AllEgress(), AllowGroup(false, vpc.members)}), foreign};
  Sync(other);
  CHECK_FALSE(near->Reaches(Address("10.1.1.4"), 80, kBlocked));
  foreign.members = {Address("10.0.1.4")};
  REQUIRE(Good(fabric->ApplyGroup(foreign)));
  CHECK(near->Reaches(Address("10.1.1.4"), 80));
}

TEST_CASE_METHOD(PeeringFixture, "nobody is reached through a peer, by no route and no forged address", "[fabric]") {
  const auto behind = LaunchIn(third, "10.2.1.4");
  Peer(other, third, Id("00000000000000002"));
  Sync(other);
  Sync(third);
  Sync(other);
  CHECK(far->Pings(Address("10.2.1.4")));
  // One side routes to the third VPC through the second, and the third routes back.
  vpc.spec.tables.front().routes.push_back(Over(peering, "10.2.0.0/16"));
  third.spec.tables.front().routes.push_back(Over(Id("00000000000000002"), "10.0.0.0/16"));
  Sync(vpc);
  Sync(third);
  CHECK_FALSE(near->Pings(Address("10.2.1.4")));

  // A router may send what it likes inside its VPC; a peer takes what comes from the VPC's ranges alone.
  PortSpec unchecked = vpc.spec.ports.front();
  unchecked.eni.source_dest_check = false;
  REQUIRE(Good(fabric->PlugPort(unchecked)));
  CHECK(near->Reaches(Address("10.1.1.4"), 80));
  near->Run({"ip", "address", "add", "10.77.0.1/32", "dev", "eth0"});
  near->Run({"ip", "route", "replace", "10.1.0.0/16", "via", "10.0.1.1", "src", "10.77.0.1"});
  CHECK_FALSE(near->Reaches(Address("10.1.1.4"), 80, kBlocked));
  // The resolver of a peer is not for its neighbours.
  CHECK_FALSE(near->Pings(Address("10.1.0.2")));
}

TEST_CASE_METHOD(PeeringFixture, "a peering link that somebody deleted is found and made again", "[fabric]") {
  const auto gone =
      RunChecked({"ip", "-n", "brume-" + vpc.spec.vpc.id.text(), "link", "del", "bp" + peering.text().substr(8)});
  REQUIRE(Good(gone.status()));
  CHECK(fabric->Inspect()->size() >= 2);
  Sync(vpc);
  Sync(other);
  CHECK(near->Reaches(Address("10.1.1.4"), 80));
  CHECK(fabric->Inspect()->empty());
}

}  // namespace brume::network
