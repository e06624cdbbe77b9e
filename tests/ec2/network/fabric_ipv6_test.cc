// IPv6 on real packets: addresses, groups, ACLs, routes, the way out, and what a guest makes up.
#include "tests/ec2/network/fabric_ipv6.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <memory>

#include "absl/strings/match.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/ipv6_links.h"
#include "lib/ec2/network/model/link_services.h"
#include "lib/ec2/network/path_explanation.h"
#include "tests/ec2/network/fabric_outside.h"

namespace brume::network {
namespace {

constexpr char kRouterMacText[] = "02:b0:00:00:00:01";
constexpr uint16_t kService = 7000;
constexpr absl::Duration kPatience = absl::Seconds(5), kQuiet = absl::Milliseconds(250);
constexpr uint8_t kSolicit = 1, kAdvertise = 2, kDecline = 9;

// Lets all of IPv4 through.
NetworkAclEntry Entry4(bool egress) {
  NetworkAclEntry entry;
  entry.egress = egress;
  entry.number = 100;
  entry.allow = true;
  return entry;
}

// A guest with IPv6, which serves at kService.
struct Guest6 {
  std::unique_ptr<Guest> guest;
  PortSpec port;
  UniqueFd tcp, udp;

  const Ipv6& address() const { return port.eni.ipv6.front(); }
};

}  // namespace

// A dual-stack VPC: ranges fd00:b:c:d100::/56, subnets …:d101::/64 and …:d102::/64, a route to the internet gateway.
class Ipv6Fixture : public FabricFixture {
 protected:
  Ipv6Fixture() {
    vpc.spec.ipv6.pool = Range6("fd00:b:c::/48");
    vpc.spec.ipv6.ranges = {Range6("fd00:b:c:d100::/56")};
    vpc.spec.subnets[0].cidr_ipv6 = Range6("fd00:b:c:d101::/64");
    vpc.spec.subnets[1].cidr_ipv6 = Range6("fd00:b:c:d102::/64");
    vpc.spec.ipv6.has_way_out = true;
    vpc.spec.ipv6.routes[1] = {{.destination = {}, .way = Ipv6RouteSpec::Way::kGateway}};
    for (GroupSpec& group : vpc.spec.groups) group.ipv6_rules = {Allow6(true, -1, -1, -1, "::/0")};
    vpc.spec.groups[0].ipv6_rules.push_back(AllowGroup(false, vpc.members));
  }

  PortSpec Port6(const char* private_ip, const char* ipv6, const SecurityGroupId& group) {
    PortSpec port = vpc.Port(private_ip, {group});
    port.eni.ipv6 = {Address6(ipv6)};
    return port;
  }

  // With its address and the way that a router advertisement would give it.
  Guest6 LaunchPort(const PortSpec& port) {
    Guest6 made{.guest = Launch(port), .port = port, .tcp = {}, .udp = {}};
    ConfigureIpv6(*made.guest, port.eni);
    made.tcp = made.guest->OnThread([] { return ServeTcp6(kService); });
    made.udp = made.guest->OnThread([] { return ServeUdp6(kService); });
    REQUIRE(made.tcp);
    return made;
  }
  Guest6 LaunchGuest(const char* private_ip, const char* ipv6, const SecurityGroupId& group) {
    return LaunchPort(Port6(private_ip, ipv6, group));
  }

  static bool Connects(Guest6& from, const Ipv6& to, bool expected) {
    return static_cast<bool>(
        from.guest->OnThread([&] { return ConnectTcp6(to, kService, expected ? kPatience : kQuiet); }));
  }
  static bool Pings(Guest6& from, const Ipv6& to) {
    return from.guest->Run({"busybox", "ping", "-6", "-c", "1", "-W", "1", to.text()}).exit_code == 0;
  }
  static bool Sends(Guest6& from, Guest6& to, bool expected) {
    const UniqueFd socket = from.guest->OnThread([] { return ServeUdp6(0); });
    return SendDatagram6(socket, to.address(), kService, "x") &&
           ReceiveDatagram(to.udp, expected ? kPatience : kQuiet).has_value();
  }
  // In each protocol alike.
  static void CheckReaches(Guest6& from, Guest6& to, bool expected) {
    CHECK(Connects(from, to.address(), expected) == expected);
    CHECK(Sends(from, to, expected) == expected);
    CHECK(Pings(from, to.address()) == expected);
  }
};

TEST_CASE_METHOD(Ipv6Fixture, "a guest gets its IPv6 address by DHCPv6 and its way by a router advertisement",
                 "[fabric][ipv6]") {
  SyncAll();
  const PortSpec port = Port6("10.0.1.4", "fd00:b:c:d101::44", vpc.members);
  const PortSpec other = Port6("10.0.2.4", "fd00:b:c:d102::44", vpc.members);
  const auto guest = Launch(port), second = Launch(other);
  for (const auto& [each, spec] : {std::pair{guest.get(), &port}, std::pair{second.get(), &other}}) {
    std::optional<Dhcpv6Answer> answer;
    REQUIRE(Eventually([&, each = each, spec = spec] {
      answer = each->OnThread([&] { return AskByDhcpv6(kSolicit, spec->eni.mac, absl::Seconds(1)); });
      return answer.has_value();
    }));
    CHECK(answer->type == kAdvertise);
    CHECK(answer->address == spec->eni.ipv6.front());
    CHECK(answer->name_server == kResolverIpv6);
    CHECK(answer->preferred_seconds == 3600);
  }
  vpc.spec.ports = {port, other};
  vpc.spec.dhcp.ipv6_seconds = 2147483647;
  SyncAll();
  CHECK(Eventually([&] {
    const auto answer = guest->OnThread([&] { return AskByDhcpv6(kSolicit, port.eni.mac, absl::Seconds(1)); });
    return answer.has_value() && answer->preferred_seconds == 2147483647;
  }));
  // It asks for one as its card comes up, and gets one every few minutes.
  REQUIRE(guest->Run({"sysctl", "-qw", "net.ipv6.conf.eth0.accept_ra=2"}).exit_code == 0);
  REQUIRE(guest->Run({"ip", "link", "set", "eth0", "down"}).exit_code == 0);
  REQUIRE(guest->Run({"ip", "link", "set", "eth0", "up"}).exit_code == 0);
  std::string routes;
  CHECK(Eventually([&] {
    routes = guest->Run({"ip", "-6", "route"}).standard_output;
    return absl::StrContains(routes, "default via fe80::b0:ff:fe00:1 dev eth0");
  }));
  INFO(routes);
  // No prefix is on its link, nor does it make itself an address of one.
  CHECK_FALSE(absl::StrContains(routes, "fd00:b:c:"));
  CHECK_FALSE(absl::StrContains(guest->Run({"ip", "-6", "-o", "address"}).standard_output, "fd00:b:c:"));
}

TEST_CASE_METHOD(Ipv6Fixture, "groups let IPv6 through by range, group, list and ICMPv6 type", "[fabric][ipv6]") {
  const SecurityGroupId target_group = vpc.closed;
  SyncAll();
  Guest6 a = LaunchGuest("10.0.1.4", "fd00:b:c:d101::a", vpc.members);
  Guest6 b = LaunchGuest("10.0.1.5", "fd00:b:c:d101::b", vpc.members);
  Guest6 c = LaunchGuest("10.0.2.5", "fd00:b:c:d102::c", target_group);
  CheckReaches(a, b, true);   // one subnet, by their group
  CheckReaches(a, c, false);  // another, whose group lets nothing in
  const auto apply = [&](std::vector<SecurityGroupRule> rules, std::vector<PrefixListSpec> lists = {}) {
    GroupSpec group = vpc.Group(target_group, {AllEgress()});
    group.ipv6_rules = std::move(rules);
    group.ipv6_rules.push_back(Allow6(true, -1, -1, -1, "::/0"));
    group.prefix_lists = std::move(lists);
    REQUIRE(Good(fabric->ApplyGroup(group)));
  };
  apply({Allow6(false, -1, -1, -1, "::/0")});
  CheckReaches(a, c, true);
  apply({Allow6(false, kTcpProtocol, kService, kService, "fd00:b:c:d101::a/128")});
  CHECK(Connects(a, c.address(), true));
  CHECK_FALSE(Connects(b, c.address(), false));
  CHECK_FALSE(Pings(a, c.address()));
  apply({Allow6(false, kIcmpv6Protocol, 128, -1, "::/0")});
  CHECK(Pings(a, c.address()));
  CHECK_FALSE(Connects(a, c.address(), false));
  // What is said of IPv4 and of ICMP is not of IPv6.
  GroupSpec ipv4 = vpc.Group(target_group, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")});
  ipv4.ipv6_rules = {Allow6(true, -1, -1, -1, "::/0")};
  REQUIRE(Good(fabric->ApplyGroup(ipv4)));
  CheckReaches(a, c, false);
  apply({AllowGroup(false, vpc.members)});
  CheckReaches(a, c, true);
  const PrefixListId list = PrefixListId::FromTrusted("pl-0123456789abcdef0");
  apply({AllowList(false, list)}, {{.id = list, .ranges = {}, .ipv6_ranges = {Range6("fd00:b:c:d101::/64")}}});
  CheckReaches(a, c, true);
  REQUIRE(Good(fabric->ApplyPrefixList(vpc.spec.vpc.id,
                                       {.id = list, .ranges = {}, .ipv6_ranges = {Range6("fd00:b:c:d101::b/128")}})));
  CheckReaches(a, c, false);
  CheckReaches(b, c, true);
}

TEST_CASE_METHOD(Ipv6Fixture, "a connection over IPv6 outlives the rule that let it begin, and not its address",
                 "[fabric][ipv6]") {
  vpc.spec.groups[1].ipv6_rules.push_back(Allow6(false, kTcpProtocol, kService, kService, "::/0"));
  SyncAll();
  Guest6 a = LaunchGuest("10.0.1.4", "fd00:b:c:d101::a", vpc.members);
  Guest6 b = LaunchGuest("10.0.2.5", "fd00:b:c:d102::b", vpc.closed);
  const UniqueFd client = a.guest->OnThread([&] { return ConnectTcp6(b.address(), kService, kPatience); });
  REQUIRE(client);
  const UniqueFd server = Accept(b.tcp);
  CHECK(PeerOf6(server) == a.address());
  GroupSpec closed = vpc.Group(vpc.closed, {AllEgress()});
  closed.ipv6_rules = {Allow6(true, -1, -1, -1, "::/0")};
  REQUIRE(Good(fabric->ApplyGroup(closed)));
  CHECK(Carries(client, server));
  CHECK_FALSE(Connects(a, b.address(), false));
  PortSpec without = b.port;
  without.eni.ipv6 = {Address6("fd00:b:c:d102::bb")};
  REQUIRE(Good(fabric->PlugPort(without)));
  CHECK_FALSE(Carries(client, server, kQuiet));
}

TEST_CASE_METHOD(Ipv6Fixture, "a network ACL asks about IPv6 packets that cross its subnet's border",
                 "[fabric][ipv6]") {
  const auto entry = [](bool egress, int number, bool allow, int protocol, int from, int to, const char* cidr) {
    NetworkAclEntry made;
    made.egress = egress;
    made.number = number;
    made.allow = allow;
    made.protocol = protocol;
    made.from_port = from;
    made.to_port = to;
    made.cidr_ipv6 = Range6(cidr);
    return made;
  };
  AclSpec acl;
  acl.subnets = {vpc.spec.subnets[1].id};
  acl.entries = {Entry4(false), Entry4(true), entry(false, 101, false, kTcpProtocol, kService, kService, "::/0"),
                 entry(false, 102, true, -1, -1, -1, "::/0"), entry(true, 101, true, -1, -1, -1, "::/0")};
  vpc.spec.acls = {acl};
  SyncAll();
  Guest6 a = LaunchGuest("10.0.1.4", "fd00:b:c:d101::a", vpc.members);
  Guest6 b = LaunchGuest("10.0.2.5", "fd00:b:c:d102::b", vpc.members);
  Guest6 c = LaunchGuest("10.0.2.6", "fd00:b:c:d102::c", vpc.members);
  CHECK_FALSE(Connects(a, b.address(), false));
  CHECK(Sends(a, b, true));
  CHECK(Pings(a, b.address()));
  CHECK(Connects(c, b.address(), true));  // within the subnet
  CHECK(a.guest->Pings(*b.port.eni.private_ip));
  // Stateless: the answer needs a rule of its own.
  vpc.spec.acls[0].entries = {Entry4(false), Entry4(true), entry(false, 101, true, -1, -1, -1, "::/0")};
  for (GroupSpec& group : vpc.spec.groups) {
    for (const Guest6* guest : {&a, &b, &c}) {
      group.members.push_back(*guest->port.eni.private_ip);
      group.ipv6_members.push_back(guest->address());
    }
  }
  vpc.spec.ports = {a.port, b.port, c.port};
  SyncAll();
  CHECK(Sends(a, b, true));
  CHECK_FALSE(Connects(a, b.address(), false));
  CHECK_FALSE(Pings(a, b.address()));
  CHECK(a.guest->Pings(*b.port.eni.private_ip));
}

TEST_CASE_METHOD(Ipv6Fixture, "the host reaches a guest by IPv6 where its subnet has a route to the internet gateway",
                 "[fabric][ipv6]") {
  vpc.spec.groups[1].ipv6_rules.push_back(Allow6(false, -1, -1, -1, "::/0"));
  SyncAll();
  Guest6 guest = LaunchGuest("10.0.1.4", "fd00:b:c:d101::a", vpc.closed);
  UniqueFd client = ConnectTcp6(guest.address(), kService, kPatience);
  REQUIRE(client);
  CHECK(PeerOf6(Accept(guest.tcp)) == Address6("fd00:b:c::1"));
  // It answers and does not call.
  const UniqueFd host = ServeTcp6(7100);
  CHECK_FALSE(guest.guest->OnThread([&] { return ConnectTcp6(Address6("fd00:b:c::1"), 7100, kQuiet); }));
  vpc.spec.ports = {guest.port};
  const auto said = [&] {
    const Ipv6PathProbe probe = {
        .vpc = {}, .source = Address6("fd00:b:c::1"), .destination = guest.address(), .port = kService};
    return ExplainPath({&vpc.spec, 1}, probe).arrives;
  };
  CHECK(said());
  SECTION("without the route") {
    vpc.spec.ipv6.routes.clear();
    SyncAll();
    CHECK_FALSE(said());
    CHECK_FALSE(ConnectTcp6(guest.address(), kService, kQuiet));
  }
  SECTION("by an egress-only gateway") {
    vpc.spec.ipv6.routes[1] = {{.destination = {}, .way = Ipv6RouteSpec::Way::kEgress}};
    SyncAll();
    CHECK_FALSE(said());
    CHECK_FALSE(ConnectTcp6(guest.address(), kService, kQuiet));
    const UniqueFd datagrams = ServeUdp6(0);
    CHECK(SendDatagram6(datagrams, guest.address(), kService, "x"));
    CHECK_FALSE(ReceiveDatagram(guest.udp, kQuiet).has_value());
  }
  SECTION("without IPv6 any more") {
    vpc.spec.ipv6 = {};
    for (Subnet& subnet : vpc.spec.subnets) subnet.cidr_ipv6.reset();
    vpc.spec.ports.front().eni.ipv6.clear();
    SyncAll();
    CHECK_FALSE(ConnectTcp6(guest.address(), kService, kQuiet));
    CHECK(guest.guest->Pings(Address("10.0.1.1")));
  }
}

class Ipv6UplinkFixture : public Ipv6Fixture {
 protected:
  Ipv6UplinkFixture() {
    uplink = "wan";
    Restart();
    outside.AddIpv6();
    vpc.spec.groups[1].ipv6_rules.push_back(Allow6(false, -1, -1, -1, "::/0"));
  }
  Outside outside;
};

TEST_CASE_METHOD(Ipv6UplinkFixture, "a guest reaches the outside by IPv6 as the host, by either gateway",
                 "[fabric][ipv6]") {
  const bool egress_only = GENERATE(false, true);
  if (egress_only) vpc.spec.ipv6.routes[1] = {{.destination = {}, .way = Ipv6RouteSpec::Way::kEgress}};
  SyncAll();
  Guest6 guest = LaunchGuest("10.0.1.4", "fd00:b:c:d101::a", vpc.closed);
  const UniqueFd server = outside.OnThread([] { return ServeTcp6(kService); });
  const UniqueFd client = guest.guest->OnThread([&] { return ConnectTcp6(kOutside6, kService, kPatience); });
  REQUIRE(client);
  const UniqueFd accepted = Accept(server);
  // Unique local addresses mean nothing out there.
  CHECK(PeerOf6(accepted) == Address6("2001:db8:2::1"));
  CHECK(Carries(accepted, client));
  const absl::Duration patience = egress_only ? kQuiet : kPatience;
  CHECK(static_cast<bool>(outside.OnThread([&] { return ConnectTcp6(guest.address(), kService, patience); })) ==
        !egress_only);
}

TEST_CASE_METHOD(Ipv6UplinkFixture, "a fabric that starts anew with another VPC cuts no IPv6 on its way out",
                 "[fabric][ipv6]") {
  SyncAll();
  Guest6 guest = LaunchGuest("10.0.1.4", "fd00:b:c:d101::a", vpc.closed);
  vpc.spec.ports = {guest.port};
  const UniqueFd server = outside.OnThread([] { return ServeTcp6(kService); });
  const TestVpc other("00000000000000002");
  Restart();
  REQUIRE(Good(fabric->SyncVpc(other.spec)));
  CHECK(guest.guest->OnThread([&] { return ConnectTcp6(kOutside6, kService, kPatience); }));
  SyncAll();
  CHECK(guest.guest->OnThread([&] { return ConnectTcp6(kOutside6, kService, kPatience); }));
  REQUIRE(Good(fabric->RemoveVpc(other.spec.vpc.id)));
}

TEST_CASE_METHOD(Ipv6UplinkFixture, "a link that comes later hears router advertisements on a host that forwards",
                 "[fabric][ipv6]") {
  const auto setting = [](const char* link) {
    return RunChecked({"sysctl", "-n", absl::StrCat("net.ipv6.conf.", link, ".accept_ra")}).value();
  };
  SyncAll();
  CHECK(setting("wan") == "2\n");
  REQUIRE(Good(RunChecked({"ip", "link", "add", "late0", "type", "veth", "peer", "name", "late1"}).status()));
  REQUIRE(setting("late0") == "1\n");
  const auto damages = fabric->Inspect();
  REQUIRE(Good(damages.status()));
  CHECK(damages->size() == 2);
  for (const char* link : {"late0", "late1"}) {
    const std::string text =
        absl::StrCat("host: ipv6/conf/", link, "/accept_ra is 1: the link hears no router advertisement");
    CHECK(std::any_of(damages->begin(), damages->end(),
                      [&](const Damage& damage) { return damage.text() == text && damage.repairable; }));
  }
  REQUIRE(Good(fabric->SyncHost()));
  CHECK(setting("late0") == "2\n");
  CHECK(fabric->Inspect().value().empty());
  // Also by one that starts anew, which does not take it for the state before.
  REQUIRE(Good(RunChecked({"sysctl", "-qw", "net.ipv6.conf.late1.accept_ra=1"}).status()));
  Restart();
  SyncAll();
  CHECK(setting("late1") == "2\n");
  REQUIRE(Good(fabric->RemoveVpc(vpc.spec.vpc.id)));
  for (const char* link : {"wan", "late0", "late1"}) CHECK(setting(link) == "1\n");
  REQUIRE(Good(RunChecked({"ip", "link", "del", "late0"}).status()));
}

TEST_CASE_METHOD(Ipv6UplinkFixture, "a host that forwarded IPv6 before keeps what its links hear", "[fabric][ipv6]") {
  REQUIRE(Good(RunChecked({"sysctl", "-qw", "net.ipv6.conf.all.forwarding=1"}).status()));
  SyncAll();
  CHECK(RunChecked({"sysctl", "-n", "net.ipv6.conf.wan.accept_ra"}).value() == "1\n");
  CHECK(fabric->Inspect().value().empty());
  REQUIRE(Good(fabric->RemoveVpc(vpc.spec.vpc.id)));
  CHECK(RunChecked({"sysctl", "-n", "net.ipv6.conf.all.forwarding"}).value() == "1\n");
  REQUIRE(Good(RunChecked({"sysctl", "-qw", "net.ipv6.conf.all.forwarding=0"}).status()));
}

TEST_CASE_METHOD(Ipv6UplinkFixture, "addresses of a configured range leave as they are", "[fabric][ipv6]") {
  vpc.spec.ipv6.pool = Range6("2001:db8:b::/48");
  vpc.spec.ipv6.ranges = {Range6("2001:db8:b:100::/56")};
  vpc.spec.subnets[0].cidr_ipv6 = Range6("2001:db8:b:101::/64");
  vpc.spec.subnets[1].cidr_ipv6.reset();
  SyncAll();
  Guest6 guest = LaunchGuest("10.0.1.4", "2001:db8:b:101::a", vpc.closed);
  const UniqueFd server = outside.OnThread([] { return ServeTcp6(kService); });
  REQUIRE(guest.guest->OnThread([&] { return ConnectTcp6(kOutside6, kService, kPatience); }));
  CHECK(PeerOf6(Accept(server)) == guest.address());
}

TEST_CASE_METHOD(Ipv6Fixture, "an instance routes IPv6 for others, and the longest prefix decides", "[fabric][ipv6]") {
  SyncAll();
  PortSpec router_port = Port6("10.0.2.4", "fd00:b:c:d102::4", vpc.members);
  router_port.eni.source_dest_check = false;
  Guest6 router = LaunchPort(router_port);
  Guest6 client = LaunchGuest("10.0.1.4", "fd00:b:c:d101::a", vpc.members);
  GroupSpec open = vpc.Group(vpc.members, {AllEgress()});
  open.ipv6_rules = {Allow6(true, -1, -1, -1, "::/0"), Allow6(false, -1, -1, -1, "::/0")};
  vpc.spec.groups[0] = open;
  vpc.spec.ports = {router.port, client.port};
  vpc.spec.ipv6.routes[1] = {{.destination = {}, .way = Ipv6RouteSpec::Way::kGateway},
                             {.destination = Range6("2001:db8:77::/48"),
                              .way = Ipv6RouteSpec::Way::kPort,
                              .tap = TapName(router_port.eni.id),
                              .address = LinkLocalFor(router_port.eni.mac)}};
  SyncAll();
  REQUIRE(router.guest->Run({"ip", "-6", "address", "add", "2001:db8:77::7/128", "dev", "lo"}).exit_code == 0);
  // Until the kernel has made it a local one, it answers that there is no way to it.
  REQUIRE(Eventually([&] {
    return absl::StrContains(router.guest->Run({"ip", "-6", "route", "show", "table", "local"}).standard_output,
                             "2001:db8:77::7");
  }));
  CHECK(Connects(client, Address6("2001:db8:77::7"), true));
  // A port that is checked gets what is addressed to it alone.
  for (const bool checked : {true, false}) {
    router.port.eni.source_dest_check = checked;
    REQUIRE(Good(fabric->PlugPort(router.port)));
    CHECK(Connects(client, Address6("2001:db8:77::7"), !checked) == !checked);
    vpc.spec.ports.front() = router.port;
    const Ipv6PathProbe probe = {.vpc = vpc.spec.vpc.id,
                                 .source = client.address(),
                                 .destination = Address6("2001:db8:77::7"),
                                 .port = kService};
    CHECK(ExplainPath({&vpc.spec, 1}, probe).arrives == !checked);
  }
  // With the router gone it does not take the way of the shorter one.
  REQUIRE(Good(fabric->UnplugPort(router.port.eni)));
  CHECK_FALSE(Connects(client, Address6("2001:db8:77::7"), false));
}

TEST_CASE_METHOD(Ipv6Fixture, "peered VPCs reach each other by IPv6 where the routes of both say so",
                 "[fabric][ipv6]") {
  TestVpc other("00000000000000002");
  other.spec.vpc.cidr = Range("10.1.0.0/16");
  other.spec.ranges = {other.spec.vpc.cidr};
  other.spec.subnets.resize(1);
  other.spec.subnets.front().cidr = Range("10.1.1.0/24");
  other.spec.subnets.front().cidr_ipv6 = Range6("fd00:b:c:e101::/64");
  other.spec.ipv6.pool = vpc.spec.ipv6.pool;
  other.spec.ipv6.ranges = {Range6("fd00:b:c:e100::/56")};
  for (TestVpc* each : {&vpc, &other}) {
    GroupSpec open = each->Group(each->members, {AllEgress()});
    open.ipv6_rules = {Allow6(true, -1, -1, -1, "::/0"), Allow6(false, -1, -1, -1, "::/0")};
    each->spec.groups = {open};
    REQUIRE(Good(fabric->SyncVpc(each->spec)));
  }
  Guest6 near = LaunchGuest("10.0.1.4", "fd00:b:c:d101::a", vpc.members);
  PortSpec port = other.Port("10.1.1.4", {other.members});
  port.eni.ipv6 = {Address6("fd00:b:c:e101::b")};
  Guest6 far = LaunchPort(port);
  vpc.spec.ports = {near.port};
  other.spec.ports = {far.port};
  const auto peering = VpcPeeringConnectionId::FromTrusted("pcx-00000000000000001");
  for (const auto& [one, two] : {std::pair{&vpc, &other}, std::pair{&other, &vpc}}) {
    one->spec.peerings = {{.id = peering, .other = two->spec.vpc.id, .ranges = two->spec.ranges}};
    one->spec.ipv6.peers = {{peering, two->spec.ipv6.ranges}};
    one->spec.ipv6.routes[1] = {
        {.destination = two->spec.ipv6.ranges.front(), .way = Ipv6RouteSpec::Way::kPeer, .peering = peering}};
  }
  for (TestVpc* each : {&vpc, &other, &vpc}) REQUIRE(Good(fabric->SyncVpc(each->spec)));
  CheckReaches(near, far, true);
  CheckReaches(far, near, true);
  const auto damages = fabric->Inspect();
  REQUIRE(Good(damages.status()));
  for (const Damage& damage : *damages) FAIL_CHECK(damage.text());
  other.spec.ipv6.routes.clear();
  REQUIRE(Good(fabric->SyncVpc(other.spec)));
  CHECK_FALSE(Connects(near, far.address(), false));
  CHECK_FALSE(Pings(far, near.address()));
}

TEST_CASE_METHOD(Ipv6Fixture, "metadata and names are asked by IPv6 too", "[fabric][ipv6]") {
  SyncAll();
  PortSpec port = Port6("10.0.1.4", "fd00:b:c:d101::a", vpc.closed);
  port.ipv6_hostname = "i-0123456789abcdef0";
  Guest6 guest = LaunchPort(port);
  auto listener = fabric->Listen(vpc.spec.vpc.id, kMetadataIpv6, 80);
  REQUIRE(Good(listener.status()));
  auto hidden = fabric->Listen(vpc.spec.vpc.id, kMetadataIpv6, 81);
  REQUIRE(Good(hidden.status()));
  REQUIRE(guest.guest->OnThread([&] { return ConnectTcp6(kMetadataIpv6, 80, kPatience); }));
  CHECK(PeerOf6(Accept(*listener)) == guest.address());
  CHECK_FALSE(guest.guest->OnThread([&] { return ConnectTcp6(kMetadataIpv6, 81, kQuiet); }));
  CHECK(guest.guest->OnThread([&] { return ConnectTcp6(kResolverIpv6, 53, kPatience); }));
  std::string answer;
  CHECK(Eventually([&] {
    answer =
        guest.guest->Run({"busybox", "nslookup", "-type=aaaa", "i-0123456789abcdef0.ec2.internal", "fd00:ec2::253"})
            .standard_output;
    return absl::StrContains(answer, "fd00:b:c:d101::a");
  }));
  INFO(answer);
}

TEST_CASE_METHOD(Ipv6Fixture, "the router answers IPv6 at its own addresses what is said of it", "[fabric][ipv6]") {
  for (GroupSpec& group : vpc.spec.groups) group.ipv6_rules.clear();
  SyncAll();
  Guest6 guest = LaunchGuest("10.0.1.4", "fd00:b:c:d101::a", vpc.closed);
  vpc.spec.ports = {guest.port};
  const auto metadata = fabric->Listen(vpc.spec.vpc.id, kMetadataIpv6, 80);
  REQUIRE(Good(metadata.status()));
  for (const bool dns : {true, false}) {
    vpc.spec.vpc.attributes.dns_support = dns;
    SyncAll();
    const struct {
      Ipv6 to;
      int protocol, port;
      bool answers;
    } cases[] = {{kResolverIpv6, kTcpProtocol, 53, dns},
                 {kResolverIpv6, kTcpProtocol, 80, false},
                 {kResolverIpv6, kIcmpv6Protocol, -1, true},
                 {kMetadataIpv6, kTcpProtocol, 80, true},
                 {kMetadataIpv6, kTcpProtocol, 53, false},
                 {kMetadataIpv6, kIcmpv6Protocol, -1, true},
                 {Address6("fd00:b:c:d101::1"), kTcpProtocol, 53, false},
                 {Address6("fd00:b:c:d101::1"), kIcmpv6Protocol, -1, true}};
    for (const auto& each : cases) {
      INFO(each.to.text() << " " << each.protocol << " " << each.port << " " << dns);
      const Ipv6PathProbe probe = {.vpc = vpc.spec.vpc.id,
                                   .source = guest.address(),
                                   .destination = each.to,
                                   .protocol = each.protocol,
                                   .port = each.port};
      CHECK(ExplainPath({&vpc.spec, 1}, probe).arrives == each.answers);
      if (each.protocol == kIcmpv6Protocol) {
        CHECK(Pings(guest, each.to) == each.answers);
        continue;
      }
      const auto port = static_cast<uint16_t>(each.port);
      const absl::Duration patience = each.answers ? kPatience : kQuiet;
      CHECK(guest.guest->OnThread([&] { return static_cast<bool>(ConnectTcp6(each.to, port, patience)); }) ==
            each.answers);
    }
  }
}

// The sum of what passed, or was rejected, from one to another.
int64_t PacketsOf(const PortFlows& at, const Ipv6& from, const Ipv6& to, int protocol, bool accepted) {
  int64_t packets = 0;
  for (const Flow& flow : at.flows) {
    const bool same = flow.source == decltype(flow.source)(from) && flow.destination == decltype(flow.source)(to) &&
                      flow.protocol == protocol && flow.accepted == accepted;
    if (same) packets += flow.packets;
  }
  return packets;
}

TEST_CASE_METHOD(Ipv6Fixture,
                 "a flow of IPv6 is recorded at each interface that it passed, and rejected at the one that stopped it",
                 "[fabric][ipv6]") {
  const SecurityGroupId mute = SecurityGroupId::FromTrusted("sg-0000000000000001c");
  vpc.spec.groups.push_back(vpc.Group(mute, {}));
  NetworkAclEntry out = Entry4(true);
  out.cidr_ipv6 = CidrIpv6{};
  // Lets nothing of IPv6 in.
  vpc.spec.acls = {{.subnets = {vpc.spec.subnets[1].id}, .entries = {Entry4(true), Entry4(false), out}}};
  vpc.spec.flow_logs = true;
  SyncAll();
  const auto launch = [&](const char* private_ip, const char* ipv6, const SecurityGroupId& group) {
    PortSpec port = Port6(private_ip, ipv6, group);
    port.flow_logging = FlowLogging::kAll;
    return LaunchPort(port);
  };
  Guest6 a = launch("10.0.1.4", "fd00:b:c:d101::a", vpc.members);
  Guest6 b = launch("10.0.1.5", "fd00:b:c:d101::b", vpc.members);
  Guest6 closed = launch("10.0.1.6", "fd00:b:c:d101::c", vpc.closed);
  Guest6 silent = launch("10.0.1.7", "fd00:b:c:d101::d", mute);
  Guest6 filtered = launch("10.0.2.8", "fd00:b:c:d102::e", vpc.members);
  REQUIRE(Connects(a, b.address(), true));
  REQUIRE_FALSE(Connects(a, closed.address(), false));
  REQUIRE_FALSE(Connects(silent, b.address(), false));
  REQUIRE_FALSE(Connects(a, filtered.address(), false));
  REQUIRE_FALSE(Pings(a, closed.address()));
  REQUIRE(Sends(a, b, true));
  const auto taken = fabric->TakeFlows(vpc.spec.vpc.id);
  REQUIRE(Good(taken.status()));
  const auto at = [&](const Guest6& guest) {
    const auto found = std::find_if(taken->begin(), taken->end(),
                                    [&](const PortFlows& flows) { return flows.eni == guest.port.eni.id; });
    REQUIRE(found != taken->end());
    CHECK_FALSE(found->skipped);
    return *found;
  };
  for (const Guest6* end : {&a, &b}) {
    CHECK(PacketsOf(at(*end), a.address(), b.address(), kTcpProtocol, true) >= 2);
    CHECK(PacketsOf(at(*end), b.address(), a.address(), kTcpProtocol, true) >= 1);
    CHECK(PacketsOf(at(*end), a.address(), b.address(), 17, true) == 1);
    CHECK(PacketsOf(at(*end), a.address(), b.address(), kTcpProtocol, false) == 0);
  }
  // Its sender's groups let it out.
  CHECK(PacketsOf(at(a), a.address(), closed.address(), kTcpProtocol, true) >= 1);
  CHECK(PacketsOf(at(a), a.address(), closed.address(), kTcpProtocol, false) == 0);
  CHECK(PacketsOf(at(closed), a.address(), closed.address(), kTcpProtocol, false) >= 1);
  CHECK(PacketsOf(at(closed), a.address(), closed.address(), kIcmpv6Protocol, false) == 1);
  CHECK(PacketsOf(at(closed), a.address(), closed.address(), kTcpProtocol, true) == 0);
  CHECK(PacketsOf(at(silent), silent.address(), b.address(), kTcpProtocol, false) >= 1);
  CHECK(PacketsOf(at(b), silent.address(), b.address(), kTcpProtocol, false) == 0);
  CHECK(PacketsOf(at(a), a.address(), filtered.address(), kTcpProtocol, true) >= 1);
  CHECK(PacketsOf(at(filtered), a.address(), filtered.address(), kTcpProtocol, false) >= 1);
  // By a route that lets nobody begin from outside nothing comes that could be rejected.
  vpc.spec.ipv6.routes[1] = {{.destination = {}, .way = Ipv6RouteSpec::Way::kEgress}};
  vpc.spec.ports = {a.port, b.port, closed.port, silent.port, filtered.port};
  SyncAll();
  REQUIRE_FALSE(ConnectTcp6(a.address(), kService, kQuiet));
  const auto again = fabric->TakeFlows(vpc.spec.vpc.id);
  REQUIRE(Good(again.status()));
  for (const PortFlows& flows : *again) {
    CHECK(PacketsOf(flows, Address6("fd00:b:c::1"), a.address(), kTcpProtocol, false) == 0);
  }
}

TEST_CASE_METHOD(Ipv6Fixture, "a VPC endpoint and a flow log leave IPv6 as it is", "[fabric][ipv6]") {
  // What they are about by IPv4 is not asked of IPv6: a guest that may send nothing by IPv4 asks its router as before.
  GroupSpec& group = vpc.spec.groups[1];
  group.rules.clear();
  vpc.spec.endpoints = {{.id = VpcEndpointId::FromTrusted("vpce-00000000000000001"),
                         .service = EndpointService::kEc2,
                         .eni_id = EniId::FromTrusted("eni-0000000000000e001"),
                         .subnet = vpc.spec.subnets[1].id,
                         .private_ip = Address("10.0.2.50"),
                         .groups = {vpc.members},
                         .names = {}}};
  vpc.spec.flow_logs = true;
  SyncAll();
  PortSpec port = Port6("10.0.1.4", "fd00:b:c:d101::a", vpc.closed);
  port.flow_logging = FlowLogging::kAll;
  Guest6 guest = LaunchPort(port);
  Guest6 other = LaunchGuest("10.0.2.5", "fd00:b:c:d102::b", vpc.closed);
  const auto listener = fabric->Listen(vpc.spec.vpc.id, kMetadataIpv6, 80);
  REQUIRE(Good(listener.status()));
  CHECK(guest.guest->OnThread([&] { return ConnectTcp6(kMetadataIpv6, 80, kPatience); }));
  CHECK_FALSE(Connects(guest, other.address(), false));
  const auto taken = fabric->TakeFlows(vpc.spec.vpc.id);
  REQUIRE(Good(taken.status()));
  for (const PortFlows& flows : *taken) CHECK_FALSE(flows.skipped);
}

TEST_CASE_METHOD(Ipv6Fixture, "no guest takes another's place by what it makes up in IPv6", "[fabric][ipv6]") {
  SyncAll();
  Guest6 victim = LaunchGuest("10.0.1.4", "fd00:b:c:d101::a", vpc.members);
  Guest6 liar = LaunchGuest("10.0.1.5", "fd00:b:c:d101::b", vpc.members);
  Guest6 target = LaunchGuest("10.0.1.6", "fd00:b:c:d101::c", vpc.members);
  const std::string own = liar.port.eni.mac, other = victim.port.eni.mac;
  const Ipv6 router = LinkLocalFor(kRouterMacText), all = Address6("ff02::1");
  const auto at = [&](const std::string& mac, const Ipv6& source) {
    return Frame6Addresses{mac, kRouterMacText, source, target.address()};
  };
  // By its address, its card, both, and a link-local address that is not the card's.
  liar.guest->Send(UdpFrame6(at(own, victim.address()), 4000, kService, "its address"));
  liar.guest->Send(UdpFrame6(at(other, liar.address()), 4000, kService, "its card"));
  liar.guest->Send(UdpFrame6(at(other, victim.address()), 4000, kService, "both"));
  liar.guest->Send(UdpFrame6(at(own, Address6("fd00:b:c:d101::dead")), 4000, kService, "nobody's"));
  for (const size_t head : {8, 16}) {
    const Frame whole = UdpFrame6(at(own, victim.address()), 4000, kService, "in some fragments");
    for (const Frame& part : Fragments6(whole, static_cast<uint32_t>(head), head)) liar.guest->Send(part);
  }
  // To the router's own address, where its packets would be answered to the victim.
  liar.guest->Send(PingFrame6({own, kRouterMacText, victim.address(), Address6("fd00:b:c:d101::1")}, "for the victim"));
  liar.guest->Send(PingFrame6({own, kRouterMacText, Address6("fe80::1234"), router}, "link-local"));
  // A router, a DHCP server and a neighbour that it is not; whole, and in fragments that hide the header.
  const std::string advertisement = RouterAdvertisement();
  const std::vector<Frame> forged = {
      Ipv6Frame({own, "33:33:00:00:00:01", LinkLocalFor(own), all}, kIcmpv6Protocol, advertisement, 2),
      Ipv6Frame({own, kRouterMacText, LinkLocalFor(own), router}, kIcmpv6Protocol,
                NeighbourAdvertisement(victim.address(), own), 2),
      Ipv6Frame({own, kRouterMacText, liar.address(), Address6("fd00:b:c:d101::1")}, kIcmpv6Protocol,
                NeighbourAdvertisement(liar.address(), other), 2),
      UdpFrame6(at(own, liar.address()), 547, 546, "as a DHCP server")};
  for (const Frame& frame : forged) {
    liar.guest->Send(frame);
    for (const Frame& part : Fragments6(frame, 77, 8)) liar.guest->Send(part);
  }
  // What it may say still passes, and behind all of the former.
  REQUIRE(Sends(liar, target, true));
  CHECK(Pings(liar, Address6("fd00:b:c:d101::1")));
  for (const char* text : {"its address", "its card", "both", "nobody's", "in some fragments", "as a DHCP server"}) {
    INFO(text);
    CHECK_FALSE(target.guest->Saw(text));
  }
  CHECK_FALSE(victim.guest->Saw("for the victim"));
  CHECK_FALSE(liar.guest->Saw("link-local"));
  // Counted by the packet rules: each was let go no further.
  CHECK_FALSE(target.guest->Saw(std::string("\x86\0", 2) + advertisement.substr(2, 6)));
  CheckReaches(target, victim, true);
  CHECK_FALSE(liar.guest->Saw("the victim's"));
  const UniqueFd to_victim = target.guest->OnThread([] { return ServeUdp6(0); });
  REQUIRE(SendDatagram6(to_victim, victim.address(), kService, "the victim's"));
  CHECK(Eventually([&] { return victim.guest->Saw("the victim's"); }));
  CHECK_FALSE(liar.guest->Saw("the victim's"));
}

TEST_CASE_METHOD(Ipv6Fixture, "no guest gets another's address by DHCPv6, and none that it declined is lost",
                 "[fabric][ipv6]") {
  SyncAll();
  Guest6 victim = LaunchGuest("10.0.1.4", "fd00:b:c:d101::a", vpc.members);
  Guest6 liar = LaunchGuest("10.0.1.5", "fd00:b:c:d101::b", vpc.members);
  const auto asks = [](Guest6& guest, uint8_t type, const std::string& mac, absl::Duration timeout) {
    return guest.guest->OnThread([&] { return AskByDhcpv6(type, mac, timeout); });
  };
  std::optional<Dhcpv6Answer> answer;
  REQUIRE(Eventually([&] {
    answer = asks(liar, kSolicit, victim.port.eni.mac, absl::Seconds(1));
    return answer.has_value();
  }));
  CHECK(answer->address == liar.address());
  CHECK_FALSE(asks(liar, kDecline, victim.port.eni.mac, kQuiet).has_value());
  answer = asks(victim, kSolicit, victim.port.eni.mac, kPatience);
  REQUIRE(answer.has_value());
  CHECK(answer->address == victim.address());
}

TEST_CASE_METHOD(Ipv6Fixture, "a fragment of one guest never ends up in another's IPv6 datagram", "[fabric][ipv6]") {
  SyncAll();
  Guest6 a = LaunchGuest("10.0.1.4", "fd00:b:c:d101::a", vpc.members);
  Guest6 b = LaunchGuest("10.0.1.5", "fd00:b:c:d101::b", vpc.members);
  Guest6 c = LaunchGuest("10.0.1.6", "fd00:b:c:d101::c", vpc.members);
  const auto datagram = [&](const std::string& mac, const std::string& payload) {
    return UdpFrame6({mac, kRouterMacText, a.address(), c.address()}, 4000, kService, payload);
  };
  const auto honest = Fragments6(datagram(a.port.eni.mac, "honest head text+tail of honest"), 5, 24);
  const auto forged = Fragments6(datagram(b.port.eni.mac, "forged head text+tail of forged"), 5, 24);
  b.guest->Send(forged[1]);
  REQUIRE(Pings(b, Address6("fd00:b:c:d101::1")));
  a.guest->Send(honest[0]);
  a.guest->Send(honest[1]);
  CHECK(ReceiveDatagram(c.udp) == "honest head text+tail of honest");
}

TEST_CASE_METHOD(Ipv6Fixture, "a fabric that starts anew adopts IPv6 as it stands, and makes again what is taken away",
                 "[fabric][ipv6]") {
  vpc.spec.groups[1].ipv6_rules.push_back(Allow6(false, -1, -1, -1, "::/0"));
  SyncAll();
  Guest6 guest = LaunchGuest("10.0.1.4", "fd00:b:c:d101::a", vpc.closed);
  vpc.spec.ports = {guest.port};
  const UniqueFd client = ConnectTcp6(guest.address(), kService, kPatience);
  REQUIRE(client);
  const UniqueFd server = Accept(guest.tcp);
  Restart();
  SyncAll();
  CHECK(Carries(client, server));
  const auto damages = fabric->Inspect();
  REQUIRE(Good(damages.status()));
  for (const Damage& damage : *damages) FAIL_CHECK(damage.text());
  const std::string ns = NamespaceName(vpc.spec.vpc.id);
  REQUIRE(RunChecked({"ip", "-n", ns, "-6", "route", "flush", "proto", "183"}).ok());
  REQUIRE(RunChecked({"ip", "-6", "route", "flush", "proto", "183"}).ok());
  CHECK(fabric->Inspect().value().size() >= 2);
  REQUIRE(Good(fabric->SyncHost()));
  SyncAll();
  CHECK(fabric->Inspect().value().empty());
  CHECK(Carries(client, server));
}

TEST_CASE_METHOD(FabricFixture, "a VPC without IPv6 has none in its namespace", "[fabric][ipv6]") {
  SyncAll();
  const auto guest = Launch(vpc.Port("10.0.1.4", {vpc.members}));
  const std::string ns = NamespaceName(vpc.spec.vpc.id);
  const auto addresses = RunChecked({"ip", "-n", ns, "-6", "-o", "address"});
  REQUIRE(Good(addresses.status()));
  CHECK(*addresses == "");
  CHECK_FALSE(absl::StrContains(RunChecked({"ip", "netns", "exec", ns, "nft", "list", "tables"}).value(), "ip6"));
  CHECK(RunChecked({"ip", "-6", "-o", "address", "show", "dev", HostVethName(vpc.spec.vpc.id)}).value() == "");
}

}  // namespace brume::network
