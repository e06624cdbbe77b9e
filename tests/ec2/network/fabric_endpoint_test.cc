// VPC endpoints: addresses of the router's that guests reach as the endpoint's groups and their own groups say.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/path_explanation.h"
#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(300);
constexpr char kEndpoint[] = "10.0.2.50", kName[] = "ec2.us-east-1.amazonaws.com";

// An endpoint in the second subnet, which the group `api` opens port 80 of to members of the group `members`. Nothing
// leads out of the VPC.
class EndpointFixture : public FabricFixture {
 public:
  EndpointFixture() {
    vpc.spec.has_gateway = false;
    vpc.spec.tables.front().routes.clear();
    EndpointSpec endpoint;
    endpoint.id = VpcEndpointId::FromTrusted("vpce-00000000000000001");
    endpoint.eni_id = EniId::FromTrusted("eni-00000000000000001");
    endpoint.subnet = vpc.spec.subnets[1].id;
    endpoint.private_ip = Address(kEndpoint);
    endpoint.groups = {api};
    endpoint.names = {kName};
    vpc.spec.endpoints = {endpoint};
    Sync({FromMembers(80)});
  }

 protected:
  static SecurityGroupRule FromAll(int protocol, int port) { return Allow(false, protocol, port, port, "0.0.0.0/0"); }
  SecurityGroupRule FromMembers(int port) const {
    SecurityGroupRule rule = AllowGroup(false, vpc.members);
    rule.protocol = kTcpProtocol;
    rule.from_port = rule.to_port = port;
    return rule;
  }
  // The endpoint's group has these rules; the guests that were launched are ports.
  void Sync(std::vector<SecurityGroupRule> of_api) {
    api_rules = std::move(of_api);
    vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress(), AllowGroup(false, vpc.members)}),
                       vpc.Group(vpc.closed, {AllEgress()}), vpc.Group(api, api_rules), vpc.Group(quiet, quiet_rules)};
    vpc.spec.ports = ports;
    SyncAll();
  }
  void Sync() { Sync(api_rules); }
  std::unique_ptr<Guest> LaunchHere(const char* address, const SecurityGroupId& group) {
    ports.push_back(vpc.Port(address, {group}));
    vpc.launched[group].push_back(Address(address));
    auto guest = Launch(ports.back());
    Sync();
    return guest;
  }
  UniqueFd Listen(uint16_t port) {
    auto listener = fabric->Listen(vpc.spec.vpc.id, Address(kEndpoint), port);
    REQUIRE(Good(listener.status()));
    return *std::move(listener);
  }
  std::vector<std::string> Inside(std::vector<std::string> command) const {
    command.insert(command.begin(), "--net=" + NamespacePath(vpc.spec.vpc.id));
    command.insert(command.begin(), "nsenter");
    return command;
  }
  // What is said of a guest's way to the endpoint.
  bool Explained(const char* guest, int port, int protocol = kTcpProtocol) const {
    const std::vector<VpcSpec> specs = {vpc.spec};
    return ExplainPath(specs, {.vpc = vpc.spec.vpc.id,
                               .source = Address(guest),
                               .destination = Address(kEndpoint),
                               .protocol = protocol,
                               .port = port})
        .arrives;
  }
  std::string Lookup(Guest& guest) { return guest.Run({"busybox", "nslookup", kName, "10.0.0.2"}).standard_output; }

  const SecurityGroupId api = SecurityGroupId::FromTrusted("sg-0000000000000000c");
  const SecurityGroupId quiet = SecurityGroupId::FromTrusted("sg-0000000000000000d");
  std::vector<SecurityGroupRule> api_rules, quiet_rules;
  std::vector<PortSpec> ports;
};

NetworkAclEntry Entry(bool egress, int number, bool allow, const char* cidr) {
  NetworkAclEntry entry;
  entry.egress = egress;
  entry.number = number;
  entry.allow = allow;
  entry.protocol = -1;
  entry.cidr = Range(cidr);
  return entry;
}

}  // namespace

TEST_CASE_METHOD(EndpointFixture, "a guest reaches a VPC endpoint as the endpoint's groups let it", "[fabric]") {
  const UniqueFd plain = Listen(80), secure = Listen(443), other = Listen(8080);
  const auto member = LaunchHere("10.0.1.4", vpc.members), beside = LaunchHere("10.0.2.4", vpc.members);
  const auto stranger = LaunchHere("10.0.1.5", vpc.closed);
  // From another subnet, and from the endpoint's own, where ARP finds it.
  const UniqueFd connection = member->Connect(Address(kEndpoint), 80);
  REQUIRE(connection);
  const UniqueFd accepted = Accept(plain);
  CHECK(PeerOf(accepted) == Address("10.0.1.4"));
  CHECK(Carries(connection, accepted));
  CHECK(Carries(accepted, connection));
  CHECK(beside->Reaches(Address(kEndpoint), 80));
  CHECK_FALSE(member->Reaches(Address(kEndpoint), 443, kBlocked));
  CHECK_FALSE(stranger->Reaches(Address(kEndpoint), 80, kBlocked));
  CHECK(Explained("10.0.1.4", 80));
  CHECK(Explained("10.0.2.4", 80));
  CHECK_FALSE(Explained("10.0.1.4", 443));
  CHECK_FALSE(Explained("10.0.1.5", 80));
  // A change of the group's rules is the endpoint's at once.
  REQUIRE(Good(fabric->ApplyGroup(vpc.Group(api, {FromAll(-1, -1)}))));
  CHECK(stranger->Reaches(Address(kEndpoint), 80));
  CHECK(stranger->Reaches(Address(kEndpoint), 443));
  // Whatever the group opens, there is nothing but the API.
  CHECK_FALSE(stranger->Reaches(Address(kEndpoint), 8080, kBlocked));
  CHECK_FALSE(stranger->Reaches(Address(kEndpoint), 53, kBlocked));
  CHECK_FALSE(stranger->Pings(Address(kEndpoint)));
  Sync({FromAll(-1, -1)});
  CHECK(Explained("10.0.1.5", 443));
  CHECK_FALSE(Explained("10.0.1.5", 8080));
  CHECK_FALSE(Explained("10.0.1.5", -1, kIcmpProtocol));
  // The rest of the router is as it was.
  CHECK(stranger->Pings(Address("10.0.1.1")));
  CHECK(fabric->RemoveGroup(vpc.spec.vpc.id, api).code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE_METHOD(EndpointFixture, "a guest's own egress rules are asked on the way to a VPC endpoint", "[fabric]") {
  const UniqueFd plain = Listen(80);
  Sync({FromAll(kTcpProtocol, 80)});
  const auto guest = LaunchHere("10.0.1.4", quiet);
  CHECK_FALSE(guest->Reaches(Address(kEndpoint), 80, kBlocked));
  CHECK_FALSE(Explained("10.0.1.4", 80));
  quiet_rules = {Allow(true, kTcpProtocol, 80, 80, "10.0.2.50/32")};
  Sync();
  CHECK(guest->Reaches(Address(kEndpoint), 80));
  // Or by the endpoint's group.
  quiet_rules = {AllowGroup(true, api)};
  vpc.launched[api] = {Address(kEndpoint)};
  Sync();
  CHECK(guest->Reaches(Address(kEndpoint), 80));
}

TEST_CASE_METHOD(EndpointFixture, "each of several groups of a VPC endpoint opens it", "[fabric]") {
  const UniqueFd plain = Listen(80), secure = Listen(443);
  vpc.spec.endpoints.front().groups = {quiet, api};
  const auto member = LaunchHere("10.0.1.4", vpc.members);
  quiet_rules = {FromAll(kTcpProtocol, 443)};
  Sync();
  CHECK(member->Reaches(Address(kEndpoint), 80));
  CHECK(member->Reaches(Address(kEndpoint), 443));
  Sync({});
  CHECK_FALSE(member->Reaches(Address(kEndpoint), 80, kBlocked));
  CHECK(member->Reaches(Address(kEndpoint), 443));
}

TEST_CASE_METHOD(EndpointFixture, "network ACLs are asked about both directions between a guest and a VPC endpoint",
                 "[fabric]") {
  const UniqueFd plain = Listen(80);
  const auto guest = LaunchHere("10.0.1.4", vpc.members);
  const auto all = [](bool egress) { return Entry(egress, 100, true, "0.0.0.0/0"); };
  const auto reaches = [&](int subnet, std::vector<NetworkAclEntry> entries) {
    vpc.spec.acls = {{.subnets = {vpc.spec.subnets[subnet].id}, .entries = std::move(entries)}};
    Sync();
    const bool reached = guest->Reaches(Address(kEndpoint), 80, kBlocked);
    CHECK(Explained("10.0.1.4", 80) == reached);
    return reached;
  };
  CHECK(reaches(1, {all(true), all(false)}));
  // Into and out of the endpoint's subnet.
  CHECK_FALSE(reaches(1, {all(true), Entry(false, 90, false, "10.0.1.0/24"), all(false)}));
  CHECK_FALSE(reaches(1, {Entry(true, 90, false, "10.0.1.0/24"), all(true), all(false)}));
  // Out of and into the guest's.
  CHECK_FALSE(reaches(0, {Entry(true, 90, false, "10.0.2.0/24"), all(true), all(false)}));
  CHECK_FALSE(reaches(0, {all(true), Entry(false, 90, false, "10.0.2.0/24"), all(false)}));
  CHECK(reaches(0, {all(true), all(false)}));
}

TEST_CASE_METHOD(EndpointFixture, "a peer's guest reaches a VPC endpoint where routes, groups and network ACLs let it",
                 "[fabric][peering]") {
  const UniqueFd plain = Listen(80), secure = Listen(443);
  TestVpc other("00000000000000002");
  other.spec.vpc.cidr = Range("10.1.0.0/16");
  other.spec.ranges = {other.spec.vpc.cidr};
  other.spec.subnets.resize(1);
  other.spec.subnets.front().cidr = Range("10.1.1.0/24");
  other.spec.has_gateway = false;
  const auto peering = VpcPeeringConnectionId::FromTrusted("pcx-00000000000000001");
  const auto over = [&](const char* destination) {
    return RouteSpec{.destination = Range(destination), .way = RouteSpec::Way::kPeer, .peering = peering};
  };
  vpc.spec.peerings = {{.id = peering, .other = other.spec.vpc.id, .ranges = other.spec.ranges}};
  other.spec.peerings = {{.id = peering, .other = vpc.spec.vpc.id, .ranges = vpc.spec.ranges}};
  other.spec.tables.front().routes = {over("10.0.0.0/16")};
  vpc.spec.tables.front().routes = {over("10.1.0.0/16")};
  other.spec.groups = {other.Group(other.members, {AllEgress()})};
  REQUIRE(Good(fabric->SyncVpc(other.spec)));
  other.spec.ports.push_back(other.Port("10.1.1.4", {other.members}));
  const auto far = Launch(other.spec.ports.front());
  far->Configure(*other.spec.subnets.front().cidr);
  REQUIRE(Good(fabric->SyncVpc(other.spec)));
  const SecurityGroupRule from_peer = Allow(false, kTcpProtocol, 80, 80, "10.1.0.0/16");
  const auto reaches = [&](int port, std::vector<SecurityGroupRule> rules) {
    Sync(std::move(rules));
    const bool reached = far->Reaches(Address(kEndpoint), static_cast<uint16_t>(port), absl::Milliseconds(500));
    const std::vector<VpcSpec> specs = {vpc.spec, other.spec};
    const PathExplanation explained = ExplainPath(specs, {.vpc = other.spec.vpc.id,
                                                          .source = Address("10.1.1.4"),
                                                          .destination = Address(kEndpoint),
                                                          .protocol = kTcpProtocol,
                                                          .port = port});
    CHECK(explained.arrives == reached);
    return reached;
  };

  CHECK(reaches(80, {from_peer}));
  const UniqueFd connection = far->Connect(Address(kEndpoint), 80);
  REQUIRE(connection);
  REQUIRE(Accept(plain));  // of the look before
  const UniqueFd accepted = Accept(plain);
  CHECK(PeerOf(accepted) == Address("10.1.1.4"));
  CHECK(Carries(connection, accepted));
  CHECK(Carries(accepted, connection));
  CHECK(fabric->Inspect()->empty());
  CHECK_FALSE(reaches(443, {from_peer}));
  CHECK_FALSE(reaches(80, {FromMembers(80)}));
  CHECK_FALSE(reaches(8080, {FromAll(-1, -1)}));
  // By a group of the peer's, of whose members alone this VPC is told.
  GroupSpec foreign = vpc.Group(other.members, {});
  foreign.members = {Address("10.1.1.4")};
  const auto by_group = [&] {
    vpc.spec.groups.push_back(foreign);
    SyncAll();
    return far->Reaches(Address(kEndpoint), 80, kBlocked);
  };
  Sync({AllowGroup(false, other.members)});
  CHECK(by_group());
  foreign.members.clear();
  Sync({AllowGroup(false, other.members)});
  CHECK_FALSE(by_group());

  // The sender's own groups, and the network ACL of the endpoint's subnet, both ways.
  other.spec.groups = {other.Group(other.members, {Allow(true, kTcpProtocol, 443, 443, "0.0.0.0/0")})};
  REQUIRE(Good(fabric->SyncVpc(other.spec)));
  CHECK_FALSE(reaches(80, {from_peer}));
  other.spec.groups = {other.Group(other.members, {AllEgress()})};
  REQUIRE(Good(fabric->SyncVpc(other.spec)));
  for (const bool egress : {true, false}) {
    vpc.spec.acls = {{.subnets = {vpc.spec.subnets[1].id},
                      .entries = {Entry(egress, 90, false, "10.1.0.0/16"), Entry(true, 100, true, "0.0.0.0/0"),
                                  Entry(false, 100, true, "0.0.0.0/0")}}};
    CHECK_FALSE(reaches(80, {from_peer}));
  }
  vpc.spec.acls.clear();

  // Without a way back, also where another route leads out.
  vpc.spec.has_gateway = true;
  vpc.spec.tables.front().routes = {{.destination = {}, .way = RouteSpec::Way::kGateway}};
  CHECK_FALSE(reaches(80, {from_peer}));
  vpc.spec.tables.front().routes.push_back(over("10.1.0.0/16"));
  CHECK(reaches(80, {from_peer}));
  // By the table of the endpoint's own subnet.
  vpc.spec.tables.push_back(vpc.Table(2, {vpc.spec.subnets[1].id}, {}));
  CHECK_FALSE(reaches(80, {from_peer}));
  vpc.spec.tables.back().routes = {over("10.1.0.0/16")};
  CHECK(reaches(80, {from_peer}));
  REQUIRE(Good(RunChecked(Inside({"ip", "rule", "del", "from", kEndpoint})).status()));
  CHECK(fabric->Inspect()->front().what == std::string("the rule of ") + kEndpoint + " is gone");
  CHECK(reaches(80, {from_peer}));
  // The rest of the router is nobody's but its own VPC's.
  CHECK_FALSE(far->Pings(Address("10.0.2.1")));
  CHECK_FALSE(far->Reaches(Address("10.0.0.2"), 53, kBlocked));
  // A peering connection that ends takes this with it.
  vpc.spec.peerings.clear();
  vpc.spec.tables.resize(1);
  vpc.spec.tables.front().routes.clear();
  CHECK_FALSE(reaches(80, {from_peer}));
  other.spec.peerings.clear();
  other.spec.tables.front().routes.clear();
  REQUIRE(Good(fabric->SyncVpc(other.spec)));
  CHECK(fabric->Inspect()->empty());
}

TEST_CASE_METHOD(EndpointFixture, "a VPC endpoint's names resolve inside its VPC, and its connections outlive a sync",
                 "[fabric]") {
  const UniqueFd plain = Listen(80);
  const auto guest = LaunchHere("10.0.1.4", vpc.members);
  CHECK(absl::StrContains(Lookup(*guest), kEndpoint));
  const UniqueFd connection = guest->Connect(Address(kEndpoint), 80);
  REQUIRE(connection);
  const UniqueFd accepted = Accept(plain);
  // Withdrawn, a rule stops what begins; what is there goes on.
  Sync({});
  CHECK(Carries(connection, accepted));
  CHECK_FALSE(guest->Reaches(Address(kEndpoint), 80, kBlocked));
  // Another brumed finds all as it was.
  Restart();
  Sync({FromMembers(80)});
  CHECK(Carries(connection, accepted));
  CHECK(guest->Reaches(Address(kEndpoint), 80));
}

TEST_CASE_METHOD(EndpointFixture,
                 "a VPC endpoint that goes leaves no address, name or rule, and one that was damaged is "
                 "made again",
                 "[fabric]") {
  UniqueFd plain = Listen(80);
  const auto guest = LaunchHere("10.0.1.4", vpc.members);
  const std::string address = std::string(kEndpoint) + "/32";
  REQUIRE(Good(RunChecked(Inside({"ip", "address", "del", address, "dev", kRouterLink})).status()));
  const auto damages = fabric->Inspect();
  REQUIRE(Good(damages.status()));
  REQUIRE(damages->size() == 1);
  CHECK(damages->front().what == std::string("the router's address ") + kEndpoint + " is gone");
  Sync();
  CHECK(fabric->Inspect()->empty());
  CHECK(guest->Reaches(Address(kEndpoint), 80));

  vpc.spec.endpoints.clear();
  Sync();
  plain.reset();
  CHECK_FALSE(guest->Reaches(Address(kEndpoint), 80, kBlocked));
  // The resolver reads its names again by itself.
  CHECK(Eventually([&] { return !absl::StrContains(Lookup(*guest), kEndpoint); }));
  const auto addresses = RunChecked(Inside({"ip", "-o", "address"}));
  const auto rules = RunChecked(Inside({"nft", "list", "ruleset"}));
  REQUIRE(Good(addresses.status()));
  REQUIRE(Good(rules.status()));
  CHECK_FALSE(absl::StrContains(*addresses, kEndpoint));
  CHECK_FALSE(absl::StrContains(*rules, "endpoint"));
  CHECK(fabric->Inspect()->empty());
  // The address is free for a guest.
  const auto next = LaunchHere(kEndpoint, vpc.members);
  const UniqueFd server = next->Serve(80);
  CHECK(guest->Reaches(Address(kEndpoint), 80));
}

}  // namespace brume::network
