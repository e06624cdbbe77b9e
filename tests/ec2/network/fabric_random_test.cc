// Thousands of random changes, each made by the call that makes it in earnest, and what the rules then let through: a
// walk through what the fabric was told says who reaches whom by IPv4 and by IPv6, and packets agree.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "lib/ec2/network/path_explanation.h"
#include "tests/ec2/network/fabric_fixture.h"
#include "tests/ec2/network/fabric_probe.h"

namespace brume::network {
namespace {

constexpr int kChanges = 2000, kChangesPerProbe = 100, kProbesPerRound = 12, kAtTheEnd = 40;

struct Member {
  TestVpc* vpc;
  PortSpec* port;
  Machine machine;
};

class RandomFixture : public FabricFixture {
 public:
  RandomFixture() {
    other.spec.vpc.cidr = Range("10.1.0.0/16");
    other.spec.ranges = {other.spec.vpc.cidr};
    other.spec.subnets.resize(1);
    other.spec.subnets.front().cidr = Range("10.1.1.0/24");
    for (TestVpc* each : {&vpc, &other}) {
      each->spec.ipv6.pool = Range6("fd00:b:c::/48");
      each->spec.ipv6.ranges = {Range6(each == &vpc ? "fd00:b:c:d100::/56" : "fd00:b:c:e100::/56")};
      uint64_t number = 1;
      for (Subnet& subnet : each->spec.subnets) subnet.cidr_ipv6 = each->spec.ipv6.ranges[0].Part(64, number++);
      each->spec.has_gateway = false;
      each->spec.tables.front().routes.clear();
      each->spec.groups.clear();
      for (int i = 0; i < 3; ++i) {
        each->spec.groups.push_back(each->Group(GroupOf(*each, i), {AllEgress()}));
        each->spec.groups.back().ipv6_rules = {AllEgress6()};
      }
      Sync(*each);
    }
    const struct {
      TestVpc* of;
      const char *address, *ipv6;
    } places[] = {{&vpc, "10.0.1.4", "fd00:b:c:d101::4"},
                  {&vpc, "10.0.1.5", "fd00:b:c:d101::5"},
                  {&vpc, "10.0.2.4", "fd00:b:c:d102::4"},
                  {&other, "10.1.1.4", "fd00:b:c:e101::4"},
                  {&other, "10.1.1.5", "fd00:b:c:e101::5"}};
    for (const auto& [of, address, ipv6] : places) {
      of->spec.ports.push_back(of->Port(address, {GroupOf(*of, 0)}));
      of->spec.ports.back().eni.ipv6 = {Address6(ipv6)};
    }
    for (TestVpc* each : {&vpc, &other}) {
      for (PortSpec& port : each->spec.ports) {
        guests.push_back(Launch(port));
        if (each == &other) guests.back()->Configure(*other.spec.subnets.front().cidr);
        ConfigureIpv6(*guests.back(), port.eni);
        members.push_back({each, &port, Of(*guests.back())});
      }
    }
    UpdateMembers();
    for (TestVpc* each : {&vpc, &other, &vpc}) Sync(*each);
  }

  // One change, and a word for it.
  std::string Change() {
    TestVpc& of = Chance(2) ? vpc : other;
    switch (Pick(10)) {
      case 0:
        return ChangeAcl(of);
      case 1:
        return ChangeRoutes(of);
      case 2:
        return ChangePeering();
      case 3:
      case 4:
        return ChangeGroups();
      default:
        return ChangeRules(of);
    }
  }

  // One packet between two of them; whether it did what the walk says.
  void Probe() {
    Member& from = members[Pick(members.size())];
    Member& to = members[Pick(members.size())];
    if (&from == &to) return;
    const int protocol = Chance(2) ? kTcpProtocol : Chance(2) ? kUdpProtocol : kIcmpProtocol;
    if (Chance(2)) {
      Probe(from, to, *from.port->eni.private_ip, *to.port->eni.private_ip, protocol, ipv4);
    } else {
      Probe(from, to, from.port->eni.ipv6.front(), to.port->eni.ipv6.front(), protocol, ipv6);
    }
  }

  struct Seen {
    int arrived = 0, stopped = 0;
  };
  Seen ipv4, ipv6;

 private:
  template <typename Address>
  void Probe(Member& from, Member& to, const Address& source, const Address& destination, int protocol, Seen& seen) {
    const VpcSpec specs[] = {vpc.spec, other.spec};
    const BasicPathProbe<Address> probe = {.vpc = from.vpc->spec.vpc.id,
                                           .source = source,
                                           .destination = destination,
                                           .protocol = NumberFor(destination, protocol),
                                           .port = kPort};
    const PathExplanation said = ExplainPath(specs, probe);
    INFO(source.text() << " to " << destination.text() << ", protocol " << protocol);
    const std::string last = said.hops.empty() ? "" : said.hops.back().id + " " + said.hops.back().detail;
    INFO(last);
    CHECK(Reaches(from.machine, to.machine, destination, protocol, said.arrives) == said.arrives);
    ++(said.arrives ? seen.arrived : seen.stopped);
  }

  size_t Pick(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random); }
  bool Chance(int of) { return Pick(of) == 0; }
  void Sync(TestVpc& each) { REQUIRE(Good(fabric->SyncVpc(each.spec))); }
  static SecurityGroupId GroupOf(const TestVpc& each, int number) {
    return SecurityGroupId::FromTrusted(absl::StrCat("sg-", each.spec.vpc.id.text().substr(5), number));
  }
  bool Peered() const { return !vpc.spec.peerings.empty(); }

  // The members of each group, and of the peer's groups as long as they are peers.
  void UpdateMembers() {
    std::map<SecurityGroupId, std::vector<Ipv4>> all;
    std::map<SecurityGroupId, std::vector<Ipv6>> all_ipv6;
    for (const Member& member : members) {
      for (const SecurityGroupId& group : member.port->eni.groups) {
        all[group].push_back(*member.port->eni.private_ip);
        all_ipv6[group].push_back(member.port->eni.ipv6.front());
      }
    }
    for (TestVpc* each : {&vpc, &other}) {
      const TestVpc& peer = each == &vpc ? other : vpc;
      auto& groups = each->spec.groups;
      std::erase_if(groups, [&](const GroupSpec& group) { return group.group.description == "foreign"; });
      for (GroupSpec& group : groups) {
        group.members = all[group.group.id];
        group.ipv6_members = all_ipv6[group.group.id];
      }
      for (int i = 0; i < 3; ++i) {
        GroupSpec foreign;
        foreign.group.id = GroupOf(peer, i);
        foreign.group.vpc_id = each->spec.vpc.id;
        foreign.group.description = "foreign";
        if (Peered()) {
          foreign.members = all[foreign.group.id];
          foreign.ipv6_members = all_ipv6[foreign.group.id];
        }
        groups.push_back(std::move(foreign));
      }
    }
  }

  SecurityGroupRule RandomRule(bool about_ipv6) {
    const char* ranges[] = {"0.0.0.0/0", "10.0.1.0/24", "10.0.2.4/32", "10.1.0.0/16", "10.0.1.5/32"};
    const char* ipv6_ranges[] = {"::/0", "fd00:b:c:d101::/64", "fd00:b:c:d102::4/128", "fd00:b:c:e100::/56",
                                 "fd00:b:c:d101::5/128"};
    const int protocols[] = {-1, kTcpProtocol, kUdpProtocol, kIcmpProtocol};
    const int protocol = Chance(2) ? -1 : protocols[Pick(4)];
    const size_t range = Chance(2) ? 0 : Pick(5);
    SecurityGroupRule rule =
        about_ipv6 ? Rule6(Chance(3), protocol, ipv6_ranges[range]) : Rule(Chance(3), protocol, ranges[range]);
    if (protocol < 0) rule.from_port = rule.to_port = -1;
    if (Chance(3)) {
      rule.cidr.reset();
      rule.cidr_ipv6.reset();
      rule.referenced_group = GroupOf(Chance(2) ? vpc : other, static_cast<int>(Pick(3)));
    }
    return rule;
  }

  std::string ChangeRules(TestVpc& of) {
    GroupSpec& group = of.spec.groups[Pick(3)];
    const bool about_ipv6 = Chance(2);
    auto& rules = about_ipv6 ? group.ipv6_rules : group.rules;
    if (!rules.empty() && (rules.size() > 5 || Chance(3))) {
      rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(Pick(rules.size())));
    } else {
      rules.push_back(RandomRule(about_ipv6));
    }
    REQUIRE(Good(fabric->ApplyGroup(group)));
    return "rules of " + group.group.id.text();
  }

  std::string ChangeGroups() {
    Member& member = members[Pick(members.size())];
    std::vector<SecurityGroupId> groups;
    for (int i = 0; i < 3; ++i) {
      if (Chance(2)) groups.push_back(GroupOf(*member.vpc, i));
    }
    if (groups.empty()) groups.push_back(GroupOf(*member.vpc, 0));
    member.port->eni.groups = groups;
    REQUIRE(Good(fabric->PlugPort(*member.port)));
    UpdateMembers();
    TestVpc& peer = member.vpc == &vpc ? other : vpc;
    for (const GroupSpec& group : peer.spec.groups) {
      if (group.group.description == "foreign") REQUIRE(Good(fabric->ApplyGroup(group)));
    }
    return "groups of " + member.port->eni.private_ip->text();
  }

  std::string ChangeAcl(TestVpc& of) {
    of.spec.acls.clear();
    if (!Chance(3)) {
      AclSpec acl{.subnets = {of.spec.subnets[Pick(of.spec.subnets.size())].id},
                  .entries = {Entry(true, 200, true, -1), Entry(false, 200, true, -1)}};
      // An ACL may be without a word about IPv6.
      if (!Chance(4)) {
        acl.entries.push_back(Entry6(true, 201, true, -1));
        acl.entries.push_back(Entry6(false, 201, true, -1));
      }
      const int protocols[] = {kTcpProtocol, kUdpProtocol, kIcmpProtocol};
      const auto make = Chance(2) ? Entry : Entry6;
      acl.entries.push_back(make(Chance(2), static_cast<int>(1 + Pick(300)), Chance(4), protocols[Pick(3)]));
      of.spec.acls.push_back(std::move(acl));
    }
    Sync(of);
    return "network ACL";
  }

  std::string ChangeRoutes(TestVpc& of) {
    const TestVpc& peer = &of == &vpc ? other : vpc;
    auto& routes = of.spec.tables.front().routes;
    routes.clear();
    if (!Chance(4)) {
      routes.push_back({.destination = peer.spec.vpc.cidr, .way = RouteSpec::Way::kPeer, .peering = peering});
    }
    // A hole in it, which the longer prefix makes.
    if (Chance(4)) routes.push_back({.destination = *peer.spec.subnets.front().cidr});
    auto& ipv6 = of.spec.ipv6.routes[1];
    ipv6.clear();
    if (!Chance(4)) {
      ipv6.push_back(
          {.destination = peer.spec.ipv6.ranges.front(), .way = Ipv6RouteSpec::Way::kPeer, .peering = peering});
    }
    if (Chance(4)) ipv6.push_back({.destination = *peer.spec.subnets.front().cidr_ipv6});
    if (!Peered()) {
      for (RouteSpec& route : routes) route = {.destination = route.destination};
      for (Ipv6RouteSpec& route : ipv6) route = {.destination = route.destination};
    }
    Sync(of);
    return "routes";
  }

  std::string ChangePeering() {
    if (Peered()) {
      for (TestVpc* each : {&vpc, &other}) {
        each->spec.peerings.clear();
        each->spec.ipv6.peers.clear();
      }
    } else {
      vpc.spec.peerings = {{.id = peering, .other = other.spec.vpc.id, .ranges = other.spec.ranges}};
      other.spec.peerings = {{.id = peering, .other = vpc.spec.vpc.id, .ranges = vpc.spec.ranges}};
      vpc.spec.ipv6.peers = {{peering, other.spec.ipv6.ranges}};
      other.spec.ipv6.peers = {{peering, vpc.spec.ipv6.ranges}};
    }
    UpdateMembers();
    for (TestVpc* each : {&vpc, &other}) {
      for (RouteSpec& route : each->spec.tables.front().routes) {
        const Cidr destination = route.destination;
        route = {.destination = destination};
        const bool whole = destination.prefix_length == 16;
        if (Peered() && whole) route = {.destination = destination, .way = RouteSpec::Way::kPeer, .peering = peering};
      }
      for (Ipv6RouteSpec& route : each->spec.ipv6.routes[1]) {
        const CidrIpv6 destination = route.destination;
        route = {.destination = destination};
        if (!Peered() || destination.prefix_length != 56) continue;
        route = {.destination = destination, .way = Ipv6RouteSpec::Way::kPeer, .peering = peering};
      }
    }
    for (TestVpc* each : {&vpc, &other}) Sync(*each);
    return Peered() ? "peered" : "not peered";
  }

  const VpcPeeringConnectionId peering = VpcPeeringConnectionId::FromTrusted("pcx-00000000000000001");
  std::mt19937 random{20261129};
  TestVpc other{"00000000000000002"};
  std::vector<std::unique_ptr<Guest>> guests;
  std::vector<Member> members;
};

}  // namespace

TEST_CASE_METHOD(RandomFixture, "whatever changes come in whatever order, packets do what a walk through them says",
                 "[fabric]") {
  std::string changed;
  for (int change = 1; change <= kChanges; ++change) {
    changed = Change();
    if (change % kChangesPerProbe != 0) continue;
    INFO("after change " << change << ", " << changed);
    for (int i = 0; i < kProbesPerRound; ++i) Probe();
    REQUIRE(Good(fabric->Inspect().status()));
  }
  for (int i = 0; i < kAtTheEnd; ++i) Probe();
  // Neither kind is all there is.
  for (const Seen& seen : {ipv4, ipv6}) {
    CHECK(seen.arrived > 20);
    CHECK(seen.stopped > 20);
  }
}

}  // namespace brume::network
