// VPC endpoints with IPv6 addresses, on real packets.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/path_explanation.h"
#include "tests/ec2/network/fabric_ipv6.h"

namespace brume::network {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5), kQuiet = absl::Milliseconds(300);
constexpr char kEndpointIpv6[] = "fd00:b:c:d102::50", kEndpointIpv4[] = "10.0.2.50";
constexpr char kServiceName[] = "ec2.us-east-1.amazonaws.com";

// A VPC of both families without a way out, and an endpoint in its second subnet, which the group `api` opens port 80
// of to members of the group `members`.
class Ipv6EndpointFixture : public FabricFixture {
 protected:
  Ipv6EndpointFixture() {
    vpc.spec.has_gateway = false;
    vpc.spec.tables.front().routes.clear();
    vpc.spec.ipv6.pool = Range6("fd00:b:c::/48");
    vpc.spec.ipv6.ranges = {Range6("fd00:b:c:d100::/56")};
    vpc.spec.subnets[0].cidr_ipv6 = Range6("fd00:b:c:d101::/64");
    vpc.spec.subnets[1].cidr_ipv6 = Range6("fd00:b:c:d102::/64");
    EndpointSpec endpoint;
    endpoint.id = VpcEndpointId::FromTrusted("vpce-00000000000000001");
    endpoint.eni_id = EniId::FromTrusted("eni-00000000000000001");
    endpoint.subnet = vpc.spec.subnets[1].id;
    endpoint.ipv6 = Address6(kEndpointIpv6);
    endpoint.groups = {api};
    endpoint.names = {kServiceName};
    vpc.spec.endpoints = {endpoint};
    Sync({FromMembers(80)});
  }

  SecurityGroupRule FromMembers(int port) const {
    SecurityGroupRule rule = AllowGroup(false, vpc.members);
    rule.protocol = kTcpProtocol;
    rule.from_port = rule.to_port = port;
    return rule;
  }
  void Sync(std::vector<SecurityGroupRule> of_api) {
    api_rules = std::move(of_api);
    vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress()}), vpc.Group(vpc.closed, {AllEgress()}),
                       vpc.Group(api, api_rules), vpc.Group(quiet, {})};
    vpc.spec.groups[0].ipv6_rules = vpc.spec.groups[1].ipv6_rules = {out};
    vpc.spec.groups[2].ipv6_rules = api_rules;
    vpc.spec.ports = ports;
    SyncAll();
  }
  void Sync() { Sync(api_rules); }
  std::unique_ptr<Guest> LaunchHere(const char* private_ip, const char* ipv6, const SecurityGroupId& group) {
    PortSpec port = vpc.Port(private_ip, {group});
    port.eni.ipv6 = {Address6(ipv6)};
    ports.push_back(port);
    vpc.launched[group].push_back(Address(private_ip));
    auto guest = Launch(port);
    ConfigureIpv6(*guest, port.eni);
    Sync();
    return guest;
  }
  UniqueFd Listen(uint16_t port) {
    auto listener = fabric->Listen(vpc.spec.vpc.id, Address6(kEndpointIpv6), port);
    REQUIRE(Good(listener.status()));
    return *std::move(listener);
  }
  static bool Reaches(Guest& guest, uint16_t port, bool expected) {
    return static_cast<bool>(
        guest.OnThread([&] { return ConnectTcp6(Address6(kEndpointIpv6), port, expected ? kPatience : kQuiet); }));
  }
  bool Explained(const char* guest, int port) const {
    const std::vector<VpcSpec> specs = {vpc.spec};
    return ExplainPath(specs, Ipv6PathProbe{.vpc = vpc.spec.vpc.id,
                                            .source = Address6(guest),
                                            .destination = Address6(kEndpointIpv6),
                                            .protocol = kTcpProtocol,
                                            .port = port})
        .arrives;
  }
  std::string Inside(std::vector<std::string> command) const {
    command.insert(command.begin(), {"nsenter", "--net=" + NamespacePath(vpc.spec.vpc.id)});
    const auto text = RunChecked(command);
    REQUIRE(Good(text.status()));
    return *text;
  }

  const SecurityGroupId api = SecurityGroupId::FromTrusted("sg-0000000000000000c");
  const SecurityGroupId quiet = SecurityGroupId::FromTrusted("sg-0000000000000000d");
  SecurityGroupRule out = Allow6(true, -1, -1, -1, "::/0");  // of guests
  std::vector<SecurityGroupRule> api_rules;
  std::vector<PortSpec> ports;
};

NetworkAclEntry Ipv6Entry(bool egress, int number, bool allow, const char* cidr) {
  NetworkAclEntry entry;
  entry.egress = egress;
  entry.number = number;
  entry.allow = allow;
  entry.protocol = -1;
  entry.cidr_ipv6 = Range6(cidr);
  return entry;
}

}  // namespace

TEST_CASE_METHOD(Ipv6EndpointFixture,
                 "a peer's guest reaches a VPC endpoint by IPv6, and nothing else of its VPC's router",
                 "[fabric][ipv6][peering]") {
  const UniqueFd plain = Listen(80), secure = Listen(443);
  TestVpc other("00000000000000002");
  other.spec.vpc.cidr = Range("10.1.0.0/16");
  other.spec.ranges = {other.spec.vpc.cidr};
  other.spec.subnets.resize(1);
  other.spec.subnets.front().cidr = Range("10.1.1.0/24");
  other.spec.subnets.front().cidr_ipv6 = Range6("fd00:b:c:d201::/64");
  other.spec.has_gateway = false;
  other.spec.tables.front().routes.clear();
  other.spec.ipv6.pool = vpc.spec.ipv6.pool;
  other.spec.ipv6.ranges = {Range6("fd00:b:c:d200::/56")};
  const auto peering = VpcPeeringConnectionId::FromTrusted("pcx-00000000000000001");
  for (const auto& [one, two] : {std::pair(&vpc, &other), std::pair(&other, &vpc)}) {
    one->spec.peerings = {{.id = peering, .other = two->spec.vpc.id, .ranges = two->spec.ranges}};
    one->spec.ipv6.peers = {{peering, two->spec.ipv6.ranges}};
    one->spec.ipv6.routes[1] = {
        {.destination = two->spec.ipv6.ranges.front(), .way = Ipv6RouteSpec::Way::kPeer, .peering = peering}};
  }
  other.spec.groups = {other.Group(other.members, {AllEgress()})};
  other.spec.groups.front().ipv6_rules = {out};
  Sync();
  REQUIRE(Good(fabric->SyncVpc(other.spec)));
  PortSpec port = other.Port("10.1.1.4", {other.members});
  port.eni.ipv6 = {Address6("fd00:b:c:d201::4")};
  other.spec.ports = {port};
  const auto far = Launch(port);
  ConfigureIpv6(*far, port.eni);
  REQUIRE(Good(fabric->SyncVpc(other.spec)));
  const auto reaches = [&](uint16_t number, bool expected) {
    Sync();
    const std::vector<VpcSpec> specs = {vpc.spec, other.spec};
    const Ipv6PathProbe probe{.vpc = other.spec.vpc.id,
                              .source = port.eni.ipv6.front(),
                              .destination = Address6(kEndpointIpv6),
                              .protocol = kTcpProtocol,
                              .port = number};
    CHECK(ExplainPath(specs, probe).arrives == expected);
    return Reaches(*far, number, expected);
  };
  CHECK_FALSE(reaches(80, false));
  api_rules = {Allow6(false, kTcpProtocol, 80, 80, "fd00:b:c:d200::/56")};
  CHECK(reaches(80, true));
  CHECK(PeerOf6(Accept(plain)) == port.eni.ipv6.front());
  CHECK_FALSE(reaches(443, false));
  CHECK(fabric->Inspect()->empty());
  CHECK_FALSE(static_cast<bool>(far->OnThread([&] { return ConnectTcp6(Address6("fd00:b:c:d101::1"), 80, kQuiet); })));
  // Without a way back.
  const auto routes = std::exchange(vpc.spec.ipv6.routes, {});
  CHECK_FALSE(reaches(80, false));
  vpc.spec.ipv6.routes = routes;
  CHECK(reaches(80, true));
  // The guests of its own VPC reach it as before.
  api_rules = {FromMembers(80)};
  CHECK_FALSE(reaches(80, false));
  const auto member = LaunchHere("10.0.1.4", "fd00:b:c:d101::4", vpc.members);
  CHECK(Reaches(*member, 80, true));
}

TEST_CASE_METHOD(Ipv6EndpointFixture, "a guest reaches a VPC endpoint by IPv6 as the groups of both let it",
                 "[fabric][ipv6]") {
  const UniqueFd plain = Listen(80), secure = Listen(443), other = Listen(8080);
  const auto member = LaunchHere("10.0.1.4", "fd00:b:c:d101::4", vpc.members);
  const auto beside = LaunchHere("10.0.2.5", "fd00:b:c:d102::5", vpc.members);
  const auto stranger = LaunchHere("10.0.1.6", "fd00:b:c:d101::6", vpc.closed);
  const UniqueFd connection = member->OnThread([] { return ConnectTcp6(Address6(kEndpointIpv6), 80, kPatience); });
  REQUIRE(connection);
  const UniqueFd accepted = Accept(plain);
  CHECK(PeerOf6(accepted) == Address6("fd00:b:c:d101::4"));
  CHECK(Explained("fd00:b:c:d101::4", 80));
  CHECK(Reaches(*beside, 80, true));
  CHECK_FALSE(Reaches(*member, 443, false));
  CHECK_FALSE(Reaches(*stranger, 80, false));
  CHECK_FALSE(Explained("fd00:b:c:d101::4", 443));
  CHECK_FALSE(Explained("fd00:b:c:d101::6", 80));

  // Whatever is opened, there is nothing but TCP at the two ports.
  Sync({Allow6(false, -1, -1, -1, "::/0")});
  CHECK(Reaches(*stranger, 80, true));
  CHECK(Reaches(*stranger, 443, true));
  CHECK_FALSE(Reaches(*stranger, 8080, false));
  CHECK_FALSE(Explained("fd00:b:c:d101::6", 8080));
  CHECK(stranger->Run({"busybox", "ping", "-6", "-c", "1", "-W", "1", kEndpointIpv6}).exit_code != 0);
  // What is there outlives the rule.
  Sync({});
  CHECK(Carries(connection, accepted));
  CHECK_FALSE(Reaches(*member, 80, false));
  // One more group is asked too.
  vpc.spec.endpoints.front().groups = {quiet, api};
  Sync({FromMembers(80)});
  CHECK(Reaches(*member, 80, true));
  CHECK_FALSE(Reaches(*stranger, 80, false));
  // The guests' own rules let them go there and nowhere else.
  out = AllowGroup(true, api);
  Sync();
  CHECK(Reaches(*member, 80, true));
  out = Allow6(true, -1, -1, -1, "fd00:b:c:d101::/64");
  Sync();
  CHECK_FALSE(Reaches(*member, 80, false));
  CHECK(Carries(connection, accepted));
}

TEST_CASE_METHOD(Ipv6EndpointFixture, "network ACLs are asked about both directions to a VPC endpoint by IPv6",
                 "[fabric][ipv6]") {
  const UniqueFd plain = Listen(80);
  const auto guest = LaunchHere("10.0.1.4", "fd00:b:c:d101::4", vpc.members);
  const auto all = [](bool egress) { return Ipv6Entry(egress, 100, true, "::/0"); };
  const auto reaches = [&](int subnet, bool expected, std::vector<NetworkAclEntry> entries) {
    vpc.spec.acls = {{.subnets = {vpc.spec.subnets[subnet].id}, .entries = std::move(entries)}};
    Sync();
    CHECK(Explained("fd00:b:c:d101::4", 80) == expected);
    return Reaches(*guest, 80, expected);
  };
  const char *near = "fd00:b:c:d101::/64", *far = "fd00:b:c:d102::/64";
  CHECK(reaches(1, true, {all(true), all(false)}));
  CHECK_FALSE(reaches(1, false, {all(true), Ipv6Entry(false, 90, false, near), all(false)}));
  CHECK_FALSE(reaches(1, false, {Ipv6Entry(true, 90, false, near), all(true), all(false)}));
  CHECK_FALSE(reaches(0, false, {Ipv6Entry(true, 90, false, far), all(true), all(false)}));
  CHECK_FALSE(reaches(0, false, {all(true), Ipv6Entry(false, 90, false, far), all(false)}));
  CHECK(reaches(0, true, {all(true), all(false)}));
}

TEST_CASE_METHOD(Ipv6EndpointFixture, "the names of a VPC endpoint lead to the addresses of its families",
                 "[fabric][ipv6]") {
  const auto guest = LaunchHere("10.0.1.4", "fd00:b:c:d101::4", vpc.members);
  const auto lookup = [&](const char* type) {
    return guest->Run({"busybox", "nslookup", std::string("-type=") + type, kServiceName, "10.0.0.2"}).standard_output;
  };
  CHECK(Eventually([&] { return absl::StrContains(lookup("aaaa"), kEndpointIpv6); }));
  CHECK_FALSE(absl::StrContains(lookup("a"), kEndpointIpv4));
  vpc.spec.endpoints.front().private_ip = Address(kEndpointIpv4);
  Sync();
  CHECK(Eventually([&] { return absl::StrContains(lookup("a"), kEndpointIpv4); }));
  CHECK(absl::StrContains(lookup("aaaa"), kEndpointIpv6));
}

TEST_CASE_METHOD(Ipv6EndpointFixture,
                 "a guest has its share of connections to a VPC endpoint by IPv6, and one that goes leaves nothing",
                 "[fabric][ipv6]") {
  constexpr int kShare = 10;
  max_connections = kShare;
  Restart();
  Sync();
  UniqueFd plain = Listen(80);
  const auto guest = LaunchHere("10.0.1.4", "fd00:b:c:d101::4", vpc.members);
  std::vector<UniqueFd> held;
  for (int i = 0; i < kShare; ++i) {
    held.push_back(guest->OnThread([] { return ConnectTcp6(Address6(kEndpointIpv6), 80, kPatience); }));
    REQUIRE(held.back());
  }
  CHECK_FALSE(Reaches(*guest, 80, false));
  held.clear();
  CHECK(Inside({"ip", "-6", "-o", "address"}).find(kEndpointIpv6) != std::string::npos);
  vpc.spec.endpoints.clear();
  Sync();
  plain.reset();
  CHECK_FALSE(Reaches(*guest, 80, false));
  CHECK(Inside({"ip", "-6", "-o", "address"}).find(kEndpointIpv6) == std::string::npos);
  CHECK(Inside({"nft", "list", "ruleset"}).find("endpoint") == std::string::npos);
  CHECK(fabric->Inspect()->empty());
}

}  // namespace brume::network
