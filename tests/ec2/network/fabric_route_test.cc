// Route tables and gateways: where packets of a subnet go, and where they do not.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lib/ec2/network/linux/netns.h"
#include "lib/ec2/network/path_explanation.h"
#include "tests/ec2/network/fabric_fixture.h"
#include "tests/ec2/network/fabric_outside.h"
#include "tests/ec2/network/fabric_probe.h"

namespace brume::network {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(300);

RouteSpec Out(const char* destination) { return {.destination = Range(destination), .way = RouteSpec::Way::kGateway}; }
RouteSpec Nowhere(const char* destination) { return {.destination = Range(destination)}; }
RouteSpec Through(const char* destination, const PortSpec& port) {
  return {.destination = Range(destination),
          .way = RouteSpec::Way::kPort,
          .tap = TapName(port.eni.id),
          .address = *port.eni.private_ip};
}

// The fixture with a machine beyond the host that answers at port 80, and guests in both subnets.
class RoutedFixture : public FabricFixture {
 public:
  RoutedFixture() {
    uplink = "auto";
    Restart();
    web = outside.Serve(80);
  }

 protected:
  PortSpec WithPublic(const char* private_ip, const char* public_ip) {
    PortSpec port = vpc.Port(private_ip, {vpc.members});
    port.eni.public_ip = Address(public_ip);
    return port;
  }
  // Has the VPC's tables say this and nothing else.
  void Route(std::vector<RouteTableSpec> tables) {
    tables.front().main = true;
    vpc.spec.tables = std::move(tables);
    vpc.spec.ports = ports;
    SyncAll();
  }
  std::unique_ptr<Guest> LaunchHere(const PortSpec& port) {
    ports.push_back(port);
    return Launch(port);
  }
  // What `ip` says in the VPC's namespace.
  void Ip(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"ip", "netns", "exec", "brume-" + vpc.spec.vpc.id.text(), "ip"});
    REQUIRE(Good(RunChecked(arguments).status()));
  }

  Outside outside;
  UniqueFd web;
  std::vector<PortSpec> ports;
};

}  // namespace

TEST_CASE_METHOD(RoutedFixture, "without a gateway nothing leaves a VPC, and no public address leads into it",
                 "[fabric]") {
  vpc.spec.has_gateway = false;
  Route({vpc.Table(1, {}, {})});
  const auto guest = LaunchHere(WithPublic("10.0.1.4", "198.18.0.10"));
  const auto other = LaunchHere(vpc.Port("10.0.2.4", {vpc.members}));
  vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")})};
  Route({vpc.Table(1, {}, {})});
  const UniqueFd server = guest->Serve(80);
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
  CHECK_FALSE(ConnectTcp(Address("198.18.0.10"), 80, kBlocked));
  CHECK(other->Reaches(Address("10.0.1.4"), 80));

  vpc.spec.has_gateway = true;
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0")})});
  CHECK(guest->Reaches(kOutside, 80));
  CHECK(ConnectTcp(Address("198.18.0.10"), 80, absl::Seconds(5)));

  vpc.spec.has_gateway = false;
  Route({vpc.Table(1, {}, {Nowhere("0.0.0.0/0")})});
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
  CHECK_FALSE(ConnectTcp(Address("198.18.0.10"), 80, kBlocked));
}

TEST_CASE_METHOD(RoutedFixture, "a gateway that no route of its subnet leads to is no way out for a guest",
                 "[fabric]") {
  const SubnetId first = vpc.spec.subnets[0].id, second = vpc.spec.subnets[1].id;
  Route({vpc.Table(1, {}, {}), vpc.Table(2, {first}, {Out("0.0.0.0/0")})});
  const auto in_public = LaunchHere(WithPublic("10.0.1.4", "198.18.0.10"));
  const auto in_private = LaunchHere(WithPublic("10.0.2.4", "198.18.0.11"));
  CHECK(in_public->Reaches(kOutside, 80));
  CHECK_FALSE(in_private->Reaches(kOutside, 80, kBlocked));
  // Both reach each other all the same.
  CHECK(in_public->Pings(Address("10.0.2.4")));

  // The tables change places under guests that run.
  Route({vpc.Table(1, {}, {}), vpc.Table(2, {second}, {Out("0.0.0.0/0")})});
  CHECK_FALSE(in_public->Reaches(kOutside, 80, kBlocked));
  CHECK(in_private->Reaches(kOutside, 80));

  // The main table is for every subnet that has no other.
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0")})});
  CHECK(in_public->Reaches(kOutside, 80));
  CHECK(in_private->Reaches(kOutside, 80));
}

TEST_CASE_METHOD(RoutedFixture, "the longest prefix decides, also where it leads nowhere", "[fabric]") {
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0"), Nowhere("192.0.2.0/24")})});
  const auto guest = LaunchHere(WithPublic("10.0.1.4", "198.18.0.10"));
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
  Route({vpc.Table(1, {}, {Nowhere("0.0.0.0/0"), Out("192.0.2.0/24")})});
  CHECK(guest->Reaches(kOutside, 80));
  Route({vpc.Table(1, {}, {Out("192.0.2.0/24"), Nowhere("192.0.2.2/32")})});
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
}

TEST_CASE_METHOD(RoutedFixture, "an instance routes for others, unless it is checked or gone", "[fabric]") {
  PortSpec router_port = WithPublic("10.0.1.9", "198.18.0.9");
  router_port.eni.source_dest_check = false;
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0"), Through("10.99.0.0/16", router_port)})});
  auto router = LaunchHere(router_port);
  const auto guest = LaunchHere(WithPublic("10.0.2.4", "198.18.0.10"));
  // What lies behind the router.
  router->Run({"ip", "link", "set", "lo", "up"});
  router->Run({"ip", "address", "add", "10.99.0.1/32", "dev", "lo"});
  // It asks for its own gateway by its own address: ARP by any other is dropped, checked or not.
  router->Run({"sysctl", "-w", "net.ipv4.conf.all.arp_announce=2"});
  const UniqueFd behind = router->Serve(8080);
  CHECK(guest->Reaches(Address("10.99.0.1"), 8080));

  router_port.eni.source_dest_check = true;
  REQUIRE(Good(fabric->PlugPort(router_port)));
  CHECK_FALSE(guest->Reaches(Address("10.99.0.1"), 8080, kBlocked));
  router_port.eni.source_dest_check = false;
  REQUIRE(Good(fabric->PlugPort(router_port)));
  CHECK(guest->Reaches(Address("10.99.0.1"), 8080));

  // The network ACL of its subnet is asked about what is led to it, as the walk says.
  vpc.spec.ports = ports;
  vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress(), AllowGroup(false, vpc.members)})};
  for (const bool denied : {true, false}) {
    INFO(denied);
    vpc.spec.acls.clear();
    if (denied) {
      vpc.spec.acls = {{.subnets = {vpc.spec.subnets[0].id},
                        .entries = {Entry(false, 90, false, kTcpProtocol), Entry(true, 100, true, -1),
                                    Entry(false, 100, true, -1)}}};
    }
    SyncAll();
    const PathProbe probe = {
        .vpc = vpc.spec.vpc.id, .source = Address("10.0.2.4"), .destination = Address("10.99.0.1"), .port = 8080};
    CHECK(ExplainPath({&vpc.spec, 1}, probe).arrives == !denied);
    CHECK(guest->Reaches(Address("10.99.0.1"), 8080, denied ? kBlocked : kSoon) == !denied);
  }

  // Gone, it leaves a hole, and not the next shorter way: that would lead out.
  const auto elsewhere = RunChecked({"ip", "address", "add", "10.99.0.1/32", "dev", "lo"});
  REQUIRE(Good(elsewhere.status()));
  router.reset();
  REQUIRE(Good(fabric->UnplugPort(router_port.eni)));
  CHECK_FALSE(guest->Pings(Address("10.99.0.1")));
  CHECK(RunChecked({"ip", "address", "del", "10.99.0.1/32", "dev", "lo"}).ok());
  CHECK(guest->Reaches(kOutside, 80));
}

TEST_CASE_METHOD(RoutedFixture, "routes and rules that somebody removed are found and made again", "[fabric]") {
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0")})});
  const auto guest = LaunchHere(WithPublic("10.0.1.4", "198.18.0.10"));
  CHECK(fabric->Inspect()->empty());
  for (const std::vector<std::string>& removal : std::vector<std::vector<std::string>>{
           {"rule", "del", "fwmark", "1"}, {"rule", "del", "to", "10.0.0.0/16"}, {"route", "flush", "table", "1"}}) {
    Ip(removal);
    const auto damages = fabric->Inspect();
    REQUIRE(Good(damages.status()));
    CHECK_FALSE(damages->empty());
    Route(vpc.spec.tables);
    CHECK(fabric->Inspect()->empty());
    CHECK(guest->Reaches(kOutside, 80));
  }
}

TEST_CASE_METHOD(RoutedFixture, "a fabric that starts anew takes over the tables that stand", "[fabric]") {
  const SubnetId first = vpc.spec.subnets[0].id;
  Route({vpc.Table(1, {}, {}), vpc.Table(2, {first}, {Out("0.0.0.0/0")}), vpc.Table(3, {}, {Nowhere("192.0.2.0/24")})});
  const auto guest = LaunchHere(WithPublic("10.0.1.4", "198.18.0.10"));
  CHECK(guest->Reaches(kOutside, 80));
  Restart();
  // Meanwhile a table was deleted.
  Route({vpc.Table(1, {}, {}), vpc.Table(2, {first}, {Out("0.0.0.0/0")})});
  CHECK(guest->Reaches(kOutside, 80));
  CHECK(fabric->Inspect()->empty());
  const auto rules = RunChecked({"ip", "netns", "exec", "brume-" + vpc.spec.vpc.id.text(), "ip", "rule"});
  REQUIRE(rules.ok());
  CHECK(rules->find("0x2 lookup") != std::string::npos);
  CHECK(rules->find("0x3 lookup") == std::string::npos);
}

TEST_CASE_METHOD(RoutedFixture, "what goes to the VPC's own ranges is routed without a look at its tables",
                 "[fabric]") {
  const auto rules = [&] {
    const auto text = RunChecked({"ip", "netns", "exec", "brume-" + vpc.spec.vpc.id.text(), "ip", "rule"});
    REQUIRE(Good(text.status()));
    return *text;
  };
  const auto has = [&](const char* range) {
    return rules().find(absl::StrCat("to ", range, " lookup main")) != std::string::npos;
  };
  vpc.spec.ranges.push_back(Range("10.7.0.0/24"));
  vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")})};
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0")})});
  const auto guest = LaunchHere(WithPublic("10.0.1.4", "198.18.0.10"));
  const auto other = LaunchHere(vpc.Port("10.0.2.4", {vpc.members}));
  CHECK(has("10.0.0.0/16"));
  CHECK(has("10.7.0.0/24"));
  CHECK(guest->Pings(Address("10.0.2.4")));
  // What is there of the range and nobody's leads nowhere, and so does what is the VPC's no more, but outside.
  const auto elsewhere = RunChecked({"ip", "address", "add", "10.7.0.9/32", "dev", "lo"});
  REQUIRE(Good(elsewhere.status()));
  CHECK_FALSE(guest->Pings(Address("10.7.0.9")));
  vpc.spec.ranges.pop_back();
  Route(vpc.spec.tables);
  CHECK(has("10.0.0.0/16"));
  CHECK_FALSE(has("10.7.0.0/24"));
  CHECK(RunChecked({"ip", "address", "del", "10.7.0.9/32", "dev", "lo"}).ok());
  CHECK(guest->Reaches(kOutside, 80));
  CHECK(guest->Pings(Address("10.0.2.4")));
}

TEST_CASE_METHOD(RoutedFixture, "a change of routes leaves the packet rules as they stand", "[fabric]") {
  const auto rules = [&] {
    const auto text = RunChecked(
        {"ip", "netns", "exec", "brume-" + vpc.spec.vpc.id.text(), "nft", "--handle", "--terse", "list", "ruleset"});
    REQUIRE(Good(text.status()));
    return *text;
  };
  vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")})};
  Route({vpc.Table(1, {}, {})});
  const auto guest = LaunchHere(WithPublic("10.0.1.4", "198.18.0.10"));
  vpc.launched[vpc.members] = {Address("10.0.1.4")};
  vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")})};
  Route({vpc.Table(1, {}, {})});
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
  const std::string before = rules();
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0")})});
  CHECK(guest->Reaches(kOutside, 80));
  CHECK(rules() == before);
  // What others did to them is mended all the same, and what is a change of theirs is made.
  REQUIRE(Good(RunChecked({"ip", "netns", "exec", "brume-" + vpc.spec.vpc.id.text(), "nft", "flush", "chain", "inet",
                           "brume", "ingress"})
                   .status()));
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0")})});
  CHECK(guest->Reaches(kOutside, 80));
  vpc.spec.groups = {vpc.Group(vpc.members, {})};
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0")})});
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
}

TEST_CASE_METHOD(RoutedFixture, "a port that may send from any address still cannot send from the router's",
                 "[fabric]") {
  PortSpec port = vpc.Port("10.0.1.4", {vpc.members});
  vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")})};
  SyncAll();
  const auto guest = Launch(port);
  const auto other = Launch(vpc.Port("10.0.2.4", {vpc.members}));
  const auto hears = [&](const char* source, const std::string& payload) {
    guest->Send(PingFrame({port.eni.mac, "02:b0:00:00:00:01", Address(source), Address("10.0.2.4")}, payload));
    // Behind it, on the same way.
    guest->Send(
        PingFrame({port.eni.mac, "02:b0:00:00:00:01", Address("10.0.1.4"), Address("10.0.2.4")}, payload + " own"));
    REQUIRE(Eventually([&] { return other->Saw(payload + " own"); }));
    return other->Count(payload) > 1;
  };
  CHECK_FALSE(hears("10.99.0.1", "checked, others"));
  CHECK_FALSE(hears("10.0.2.1", "checked, the router's"));
  port.eni.source_dest_check = false;
  REQUIRE(Good(fabric->PlugPort(port)));
  CHECK(hears("10.99.0.1", "unchecked, others"));
  CHECK_FALSE(hears("10.0.2.1", "unchecked, the router's"));
  port.eni.source_dest_check = true;
  REQUIRE(Good(fabric->PlugPort(port)));
  CHECK_FALSE(hears("10.99.0.1", "checked again, others"));
}

TEST_CASE_METHOD(RoutedFixture, "a port of a subnet that the host does not know yet waits for it", "[fabric]") {
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0")})});
  PortSpec port = vpc.Port("10.0.1.4", {vpc.members});
  port.eni.subnet_id = SubnetId::FromTrusted("subnet-0123456789abcdef0");
  REQUIRE(Good(fabric->PreparePort(port)));
  CHECK(absl::IsUnavailable(fabric->PlugPort(port)));
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
}

TEST_CASE_METHOD(RoutedFixture, "a further range of a VPC is local to all its subnets", "[fabric]") {
  Subnet third;
  third.id = SubnetId::FromTrusted("subnet-00000000000000003");
  third.vpc_id = vpc.spec.vpc.id;
  third.cidr = Range("10.8.3.0/24");
  vpc.spec.ranges.push_back(Range("10.8.0.0/16"));
  vpc.spec.subnets.push_back(third);
  Route({vpc.Table(1, {}, {})});
  const auto a = LaunchHere(vpc.Port("10.0.1.4", {vpc.members}));
  const auto b = LaunchHere(vpc.Port("10.8.3.4", {vpc.members}));
  CHECK(a->Pings(Address("10.8.3.4")));
  CHECK(b->Pings(Address("10.0.1.4")));
}

namespace {

NetworkAclEntry Entry(bool egress, int number, bool allow, int protocol, int from, int to, const char* cidr) {
  NetworkAclEntry entry;
  entry.egress = egress;
  entry.number = number;
  entry.allow = allow;
  entry.protocol = protocol;
  entry.from_port = from;
  entry.to_port = to;
  entry.cidr = Range(cidr);
  return entry;
}
NetworkAclEntry AllowAll(bool egress, int number = 100) { return Entry(egress, number, true, -1, -1, -1, "0.0.0.0/0"); }

}  // namespace

TEST_CASE_METHOD(RoutedFixture, "a network ACL holds for what crosses its subnet's border, answers and all",
                 "[fabric]") {
  const SubnetId second = vpc.spec.subnets[1].id;
  vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")})};
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0")})});
  const auto a = LaunchHere(vpc.Port("10.0.1.4", {vpc.members}));
  const auto b = LaunchHere(vpc.Port("10.0.2.4", {vpc.members}));
  const auto beside_b = LaunchHere(vpc.Port("10.0.2.5", {vpc.members}));
  const UniqueFd server = b->Serve(80), other = b->Serve(81);
  const auto use = [&](std::vector<NetworkAclEntry> entries) {
    vpc.spec.acls = {{.subnets = {second}, .entries = std::move(entries)}};
    Route({vpc.Table(1, {}, {Out("0.0.0.0/0")})});
  };
  const struct {
    const char* what;
    std::vector<NetworkAclEntry> entries;
    bool reaches_80, reaches_81;
  } cases[] = {
      {"nothing", {}, false, false},
      {"everything", {AllowAll(true), AllowAll(false)}, true, true},
      {"the lowest number decides",
       {AllowAll(true), AllowAll(false, 200), Entry(false, 150, false, kTcpProtocol, 81, 81, "0.0.0.0/0")},
       true,
       false},
      {"a later number changes nothing",
       {AllowAll(true), AllowAll(false), Entry(false, 150, false, kTcpProtocol, 81, 81, "0.0.0.0/0")},
       true,
       true},
      {"no answer leaves", {AllowAll(false)}, false, false},
      {"answers leave by their own rule",
       {Entry(false, 10, true, kTcpProtocol, 80, 81, "10.0.1.0/24"),
        Entry(true, 10, true, kTcpProtocol, 1024, 65535, "10.0.1.0/24")},
       true,
       true},
      {"another range", {AllowAll(true), Entry(false, 10, true, -1, -1, -1, "10.0.9.0/24")}, false, false},
      {"another protocol", {AllowAll(true), Entry(false, 10, true, kIcmpProtocol, -1, -1, "0.0.0.0/0")}, false, false},
  };
  for (const auto& [what, entries, reaches_80, reaches_81] : cases) {
    INFO(what);
    use(entries);
    CHECK(a->Reaches(Address("10.0.2.4"), 80, reaches_80 ? absl::Seconds(5) : kBlocked) == reaches_80);
    CHECK(a->Reaches(Address("10.0.2.4"), 81, reaches_81 ? absl::Seconds(5) : kBlocked) == reaches_81);
    // Within the subnet nobody asks.
    CHECK(beside_b->Reaches(Address("10.0.2.4"), 80));
  }
}

TEST_CASE_METHOD(RoutedFixture, "a network ACL ends a connection that is open, which a group's rule would not",
                 "[fabric]") {
  vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")})};
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0")})});
  const auto a = LaunchHere(vpc.Port("10.0.1.4", {vpc.members}));
  const auto b = LaunchHere(vpc.Port("10.0.2.4", {vpc.members}));
  const UniqueFd server = b->Serve(80);
  const UniqueFd near_end = a->Connect(Address("10.0.2.4"), 80);
  REQUIRE(near_end);
  const UniqueFd far_end = Accept(server);
  REQUIRE(Carries(near_end, far_end));
  vpc.spec.acls = {
      {.subnets = {vpc.spec.subnets[1].id},
       .entries = {AllowAll(true), Entry(false, 10, false, kTcpProtocol, 80, 80, "0.0.0.0/0"), AllowAll(false, 20)}}};
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0")})});
  CHECK_FALSE(Carries(near_end, far_end, kBlocked));
  vpc.spec.acls.clear();
  Route({vpc.Table(1, {}, {Out("0.0.0.0/0")})});
  CHECK(Carries(near_end, far_end));
}

}  // namespace brume::network
