// Ports of IPv6-only subnets on real packets: they talk by IPv6, and by nothing else.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/model/link_services.h"
#include "lib/ec2/network/path_explanation.h"
#include "tests/ec2/network/fabric_ipv6.h"

namespace brume::network {
namespace {

constexpr char kRouter[] = "02:b0:00:00:00:01";
constexpr uint16_t kPort = 7000;
constexpr absl::Duration kWait = absl::Seconds(5), kShort = absl::Milliseconds(250);
constexpr uint8_t kDhcpv6Solicit = 1, kDhcpv6Advertise = 2;

struct Ipv6Guest {
  std::unique_ptr<Guest> guest;
  PortSpec port;
  UniqueFd tcp, udp;

  const Ipv6& address() const { return port.eni.ipv6.front(); }
  bool Connects(const Ipv6& to, bool expected) {
    return guest->OnThread([&] { return static_cast<bool>(ConnectTcp6(to, kPort, expected ? kWait : kShort)); });
  }
  bool Pings(const Ipv6& to) {
    return guest->Run({"busybox", "ping", "-6", "-c", "1", "-W", "1", to.text()}).exit_code == 0;
  }
  std::string LookUp(const char* type, const std::string& name) {
    return guest->Run({"busybox", "nslookup", absl::StrCat("-type=", type), name, kResolverIpv6.text()})
        .standard_output;
  }
};

}  // namespace

// A VPC with a dual-stack subnet 10.0.1.0/24, fd00:b:c:d101::/64 and an IPv6-only one fd00:b:c:d102::/64.
class Ipv6OnlyFixture : public FabricFixture {
 protected:
  Ipv6OnlyFixture() {
    vpc.spec.ipv6.pool = Range6("fd00:b:c::/48");
    vpc.spec.ipv6.ranges = {Range6("fd00:b:c:d100::/56")};
    vpc.spec.subnets[0].cidr_ipv6 = Range6("fd00:b:c:d101::/64");
    vpc.spec.subnets[1].cidr_ipv6 = Range6("fd00:b:c:d102::/64");
    vpc.spec.subnets[1].cidr.reset();
    vpc.spec.tag_domain = "lab.example";
    for (GroupSpec& group : vpc.spec.groups) group.ipv6_rules = {Allow6(true, -1, -1, -1, "::/0")};
    vpc.spec.groups[0].ipv6_rules.push_back(AllowGroup(false, vpc.members));
    // By IPv4 everything is let through, so that it is the port that has none.
    for (GroupSpec& group : vpc.spec.groups) group.rules.push_back(Allow(false, -1, -1, -1, "0.0.0.0/0"));
  }

  PortSpec Only(const char* ipv6, const SecurityGroupId& group) {
    PortSpec port;
    port.eni.ipv6 = {Address6(ipv6)};
    port.eni.mac = MacAddressFor(port.eni.ipv6.front());
    const std::string digits = absl::StrReplaceAll(port.eni.mac, {{":", ""}});
    port.eni.id = EniId::FromTrusted("eni-00000" + digits);
    port.eni.vpc_id = vpc.spec.vpc.id;
    port.eni.subnet_id = vpc.spec.subnets[1].id;
    port.eni.groups = {group};
    port.hostname = port.ipv6_hostname = "i-00000" + digits;
    return port;
  }
  PortSpec Dual(const char* private_ip, const char* ipv6) {
    PortSpec port = vpc.Port(private_ip, {vpc.members});
    port.eni.ipv6 = {Address6(ipv6)};
    return port;
  }
  Ipv6Guest Start(const PortSpec& port) {
    Ipv6Guest made{.guest = Launch(port), .port = port, .tcp = {}, .udp = {}};
    ConfigureIpv6(*made.guest, port.eni);
    made.tcp = made.guest->OnThread([] { return ServeTcp6(kPort); });
    made.udp = made.guest->OnThread([] { return ServeUdp6(kPort); });
    REQUIRE(made.tcp);
    return made;
  }
};

TEST_CASE_METHOD(Ipv6OnlyFixture, "a port of an IPv6-only subnet reaches others by IPv6 and nothing by IPv4",
                 "[fabric][ipv6]") {
  SyncAll();
  // Without the check of sources nothing else passes either.
  PortSpec unchecked = Only("fd00:b:c:d102::c", vpc.members);
  unchecked.eni.source_dest_check = false;
  Ipv6Guest a = Start(Only("fd00:b:c:d102::a", vpc.members)), b = Start(Only("fd00:b:c:d102::b", vpc.members));
  Ipv6Guest dual = Start(Dual("10.0.1.4", "fd00:b:c:d101::d")), router = Start(unchecked);
  for (Ipv6Guest* from : {&a, &b, &dual, &router}) {
    for (Ipv6Guest* to : {&a, &b, &dual, &router}) {
      if (from == to) continue;
      INFO(from->address().text() << " to " << to->address().text());
      CHECK(from->Connects(to->address(), true));
      CHECK(from->Pings(to->address()));
    }
  }
  // By addresses that it takes by hand: of nobody, of the other subnet, and of another guest.
  const UniqueFd served = dual.guest->ServeDatagrams(4000);
  for (Ipv6Guest* liar : {&a, &router}) {
    REQUIRE(liar->guest->Run({"ip", "address", "add", "10.0.2.77/16", "dev", "eth0"}).exit_code == 0);
    CHECK_FALSE(liar->guest->Pings(Address("10.0.1.4")));
    CHECK_FALSE(liar->guest->Pings(Address("10.0.1.1")));
    CHECK_FALSE(liar->guest->Pings(kMetadataAddress));
    const std::string mac = liar->port.eni.mac;
    for (const char* source : {"10.0.2.77", "10.0.1.4", "10.0.1.99", "0.0.0.0"}) {
      const FrameAddresses there{mac, kRouter, Address(source), Address("10.0.1.4")};
      liar->guest->Send(UdpFrame(there, 4000, 4000, "by IPv4"));
      for (const Frame& part : UdpFragments(UdpFrame(there, 4000, 4000, "in fragments by IPv4"), 7, 8)) {
        liar->guest->Send(part);
      }
      liar->guest->Send(PingFrame({mac, kRouter, Address(source), Address("10.0.1.1")}, "to the router"));
      liar->guest->Send(ArpRequest({mac, "ff:ff:ff:ff:ff:ff", Address(source), Address("10.0.1.1")}, mac));
      liar->guest->Send(ArpRequest({mac, "ff:ff:ff:ff:ff:ff", Address(source), Address("10.0.1.4")}, mac));
    }
    const FrameAddresses everyone{mac, "ff:ff:ff:ff:ff:ff", Ipv4{}, Address("255.255.255.255")};
    liar->guest->Send(UdpFrame(everyone, 68, 67, DhcpMessage({.chaddr = mac})));
    liar->guest->Send(UdpFrame(everyone, 68, 67, DhcpMessage({.chaddr = dual.port.eni.mac})));
  }
  // Behind all of these comes what may pass.
  for (Ipv6Guest* liar : {&a, &router}) {
    CHECK(liar->Pings(Address6("fd00:b:c:d102::1")));
    CHECK(liar->Connects(dual.address(), true));
    CHECK_FALSE(liar->guest->Saw(ArpReplyFor(Address("10.0.1.1"))));
    CHECK_FALSE(liar->guest->Saw(ArpReplyFor(Address("10.0.1.4"))));
    CHECK_FALSE(liar->guest->Saw("to the router"));
    // No frame of IPv4 at all.
    CHECK_FALSE(liar->guest->Saw(std::string("\x08\x00\x45", 3)));
  }
  CHECK_FALSE(ReceiveDatagram(served, kShort).has_value());
  CHECK_FALSE(dual.guest->Saw("by IPv4"));
  CHECK_FALSE(dual.guest->Pings(Address("10.0.2.77")));
}

TEST_CASE_METHOD(Ipv6OnlyFixture,
                 "a guest of an IPv6-only subnet gets address and way by DHCPv6 and advertisements alone",
                 "[fabric][ipv6]") {
  SyncAll();
  PortSpec port = Only("fd00:b:c:d102::a", vpc.members);
  port.tag_hostname = "web.lab.example";
  const auto guest = Launch(port);
  std::optional<Dhcpv6Answer> answer;
  REQUIRE(Eventually([&] {
    answer = guest->OnThread([&] { return AskByDhcpv6(kDhcpv6Solicit, port.eni.mac, absl::Seconds(1)); });
    return answer.has_value();
  }));
  CHECK(answer->type == kDhcpv6Advertise);
  CHECK(answer->address == port.eni.ipv6.front());
  CHECK(answer->name_server == kResolverIpv6);
  REQUIRE(guest->Run({"sysctl", "-qw", "net.ipv6.conf.eth0.accept_ra=2"}).exit_code == 0);
  REQUIRE(guest->Run({"ip", "link", "set", "eth0", "down"}).exit_code == 0);
  REQUIRE(guest->Run({"ip", "link", "set", "eth0", "up"}).exit_code == 0);
  CHECK(Eventually([&] {
    return absl::StrContains(guest->Run({"ip", "-6", "route"}).standard_output,
                             "default via fe80::b0:ff:fe00:1 dev eth0");
  }));
}

TEST_CASE_METHOD(Ipv6OnlyFixture, "a guest asks for its metadata by its link-local address before it has another",
                 "[fabric][ipv6]") {
  SyncAll();
  const PortSpec port = Only("fd00:b:c:d102::a", vpc.members);
  const auto guest = Launch(port), other = Launch(Only("fd00:b:c:d102::b", vpc.members));
  const auto listener = fabric->Listen(vpc.spec.vpc.id, kMetadataIpv6, 80);
  REQUIRE(Good(listener.status()));
  const std::string router = LinkLocalFor(kRouter).text();
  for (Guest* each : {guest.get(), other.get()}) {
    REQUIRE(Eventually([&] {
      return each->Run({"ip", "-6", "-o", "address", "show", "dev", "eth0", "tentative"}).standard_output.empty();
    }));
    REQUIRE(each->Run({"ip", "-6", "route", "replace", "default", "via", router, "dev", "eth0"}).exit_code == 0);
  }
  REQUIRE(guest->OnThread([&] { return ConnectTcp6(kMetadataIpv6, 80, kWait); }));
  CHECK(PeerOf6(Accept(*listener)) == LinkLocalFor(port.eni.mac));
  // No other can say that it is this one.
  REQUIRE(
      other->Run({"ip", "-6", "address", "replace", LinkLocalFor(port.eni.mac).text() + "/64", "dev", "eth0", "nodad"})
          .exit_code == 0);
  REQUIRE(other
              ->Run({"ip", "-6", "address", "del",
                     LinkLocalFor(MacAddressFor(Address6("fd00:b:c:d102::b"))).text() + "/64", "dev", "eth0"})
              .exit_code == 0);
  CHECK_FALSE(other->OnThread([&] { return ConnectTcp6(kMetadataIpv6, 80, kShort); }));
}

TEST_CASE_METHOD(Ipv6OnlyFixture, "an instance of an IPv6-only subnet has names and metadata by IPv6",
                 "[fabric][ipv6]") {
  SyncAll();
  PortSpec port = Only("fd00:b:c:d102::a", vpc.members);
  port.tag_hostname = "web.lab.example";
  Ipv6Guest guest = Start(port), other = Start(Only("fd00:b:c:d102::b", vpc.members));
  const std::string name = port.hostname + ".ec2.internal";
  for (const std::string& each : {name, port.tag_hostname}) {
    INFO(each);
    CHECK(Eventually([&] { return absl::StrContains(other.LookUp("aaaa", each), "fd00:b:c:d102::a"); }));
    CHECK_FALSE(absl::StrContains(other.LookUp("a", each), "10.0."));
  }
  const std::string reverse =
      other.guest->Run({"busybox", "nslookup", "fd00:b:c:d102::a", kResolverIpv6.text()}).standard_output;
  INFO(reverse);
  CHECK(absl::StrContains(reverse, name));
  const auto listener = fabric->Listen(vpc.spec.vpc.id, kMetadataIpv6, 80);
  REQUIRE(Good(listener.status()));
  REQUIRE(guest.guest->OnThread([&] { return ConnectTcp6(kMetadataIpv6, 80, kWait); }));
  CHECK(PeerOf6(Accept(*listener)) == guest.address());
  // Its names go with it.
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
  CHECK(Eventually([&] { return !absl::StrContains(other.LookUp("aaaa", name), "fd00:b:c:d102::a"); }));
}

TEST_CASE_METHOD(Ipv6OnlyFixture,
                 "a guest without IPv4 is seen to be alive by its answer to a neighbour's solicitation",
                 "[fabric][ipv6]") {
  SyncAll();
  Ipv6Guest guest = Start(Only("fd00:b:c:d102::a", vpc.members));
  auto answered = fabric->Probe(guest.port.eni, kWait);
  REQUIRE(Good(answered.status()));
  CHECK(*answered);
  REQUIRE(guest.guest->Run({"ip", "-6", "address", "flush", "dev", "eth0", "scope", "global"}).exit_code == 0);
  answered = fabric->Probe(guest.port.eni, absl::Milliseconds(300));
  REQUIRE(Good(answered.status()));
  CHECK_FALSE(*answered);
  guest.guest->Freeze();
  answered = fabric->Probe(guest.port.eni, absl::Milliseconds(300));
  REQUIRE(Good(answered.status()));
  CHECK_FALSE(*answered);
}

TEST_CASE_METHOD(Ipv6OnlyFixture, "network ACLs, flow logs and explanations see a port that has IPv6 alone",
                 "[fabric][ipv6]") {
  vpc.spec.flow_logs = true;
  NetworkAclEntry all;
  all.number = 100;
  all.allow = true;
  all.cidr_ipv6 = Range6("::/0");
  NetworkAclEntry out = all, in = all;
  out.egress = true;
  in.protocol = kTcpProtocol;
  in.from_port = in.to_port = kPort;
  vpc.spec.acls = {{.subnets = {vpc.spec.subnets[1].id}, .entries = {in, out}}};
  SyncAll();
  PortSpec first = Only("fd00:b:c:d102::a", vpc.members);
  first.flow_logging = FlowLogging::kAll;
  Ipv6Guest a = Start(first), b = Start(Only("fd00:b:c:d102::b", vpc.members));
  Ipv6Guest closed = Start(Only("fd00:b:c:d102::c", vpc.closed)), dual = Start(Dual("10.0.1.4", "fd00:b:c:d101::d"));
  vpc.spec.ports = {a.port, b.port, closed.port, dual.port};
  struct Case {
    Ipv6Guest *from, *to;
    int protocol;
    bool arrives;
  };
  // What stays within the subnet its ACL is not asked about.
  for (const Case& each : {Case{&dual, &a, kTcpProtocol, true},
                           {&dual, &a, kIcmpv6Protocol, false},
                           {&b, &a, kIcmpv6Protocol, true},
                           {&b, &a, kTcpProtocol, true},
                           {&a, &closed, kTcpProtocol, false}}) {
    INFO(each.from->address().text() << " to " << each.to->address().text() << " by " << each.protocol);
    const bool tcp = each.protocol == kTcpProtocol;
    CHECK((tcp ? each.from->Connects(each.to->address(), each.arrives) : each.from->Pings(each.to->address())) ==
          each.arrives);
    const Ipv6PathProbe probe = {.vpc = vpc.spec.vpc.id,
                                 .source = each.from->address(),
                                 .destination = each.to->address(),
                                 .protocol = each.protocol,
                                 .port = tcp ? kPort : -1};
    CHECK(ExplainPath({&vpc.spec, 1}, probe).arrives == each.arrives);
  }
  // There is nobody by IPv4, whatever address of the VPC it is.
  const PathProbe by_ipv4 = {.vpc = vpc.spec.vpc.id,
                             .source = *dual.port.eni.private_ip,
                             .destination = Address("10.0.2.77"),
                             .protocol = kTcpProtocol,
                             .port = kPort};
  CHECK_FALSE(ExplainPath({&vpc.spec, 1}, by_ipv4).arrives);
  const auto taken = fabric->TakeFlows(vpc.spec.vpc.id);
  REQUIRE(Good(taken.status()));
  REQUIRE(taken->size() == 1);
  CHECK(taken->front().eni == a.port.eni.id);
  const auto& flows = taken->front().flows;
  CHECK(std::any_of(flows.begin(), flows.end(), [&](const Flow& flow) {
    return flow.source == decltype(flow.source)(dual.address()) && flow.accepted;
  }));
}

TEST_CASE_METHOD(Ipv6OnlyFixture, "a port without IPv4 outlives a restart, and leaves nothing behind",
                 "[fabric][ipv6]") {
  SyncAll();
  Ipv6Guest a = Start(Only("fd00:b:c:d102::a", vpc.members)), b = Start(Only("fd00:b:c:d102::b", vpc.members));
  REQUIRE(a.Connects(b.address(), true));
  vpc.spec.ports = {a.port, b.port};
  Restart();
  SyncAll();
  CHECK(a.Connects(b.address(), true));
  const auto damages = fabric->Inspect();
  REQUIRE(Good(damages.status()));
  for (const Damage& damage : *damages) INFO(damage.what);
  CHECK(damages->empty());
  // Another first address: DHCPv6 gives that out, and the former one is nobody's.
  PortSpec changed = a.port;
  changed.eni.ipv6 = {Address6("fd00:b:c:d102::f")};
  REQUIRE(Good(fabric->PlugPort(changed)));
  CHECK(Eventually([&] {
    const auto answer =
        a.guest->OnThread([&] { return AskByDhcpv6(kDhcpv6Solicit, a.port.eni.mac, absl::Seconds(1)); });
    return answer.has_value() && answer->address == changed.eni.ipv6.front();
  }));
  CHECK_FALSE(a.Pings(b.address()));
  REQUIRE(Good(fabric->UnplugPort(changed.eni)));
  CHECK_FALSE(b.Pings(changed.eni.ipv6.front()));
}

}  // namespace brume::network
