// Who reaches whom: every place where a packet can go to, each protocol, each kind of rule, on real packets of IPv4 and
// of IPv6. What is to arrive arrives, and what is not makes no sound; nobody is reached back who lets nobody in.
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/ec2/network/path_explanation.h"
#include "tests/ec2/network/fabric_fixture.h"
#include "tests/ec2/network/fabric_outside.h"
#include "tests/ec2/network/fabric_probe.h"

namespace brume::network {
namespace {

enum class Kind { kCidr, kGroup, kList, kDenied, kRevoked, kAcl };
constexpr std::pair<Kind, const char*> kKinds[] = {
    {Kind::kCidr, "allowed by a range"},          {Kind::kGroup, "allowed by a group"},
    {Kind::kList, "allowed by a prefix list"},    {Kind::kDenied, "not allowed"},
    {Kind::kRevoked, "revoked while it is open"}, {Kind::kAcl, "denied by the network ACL"}};
const PrefixListId kList = PrefixListId::FromTrusted("pl-00000000000000001");
constexpr std::pair<int, const char*> kProtocols[] = {
    {kTcpProtocol, "TCP"}, {kUdpProtocol, "UDP"}, {kIcmpProtocol, "ICMP"}};

// One way that packets take. The rules are those of `judge`, a group of `vpc`, in one direction.
template <typename Address>
struct Path {
  std::string name;
  Machine *from, *to;
  Address address;
  TestVpc* vpc;
  SecurityGroupId judge;
  bool egress = false;
  SubnetId subnet;                   // whose network ACL is asked
  const char* range = "";            // of the other end
  SecurityGroupId group = {};        // of the other end; empty = it has none
  bool leads = true;                 // unless nothing can arrive
  bool crosses = true;               // the subnet's border
  std::optional<Address> back = {};  // the sender, where it can be asked back
  TestVpc* sender = nullptr;         // null = outside
  Address source = {};
};

// What of a test differs by the family of the path's addresses.
SecurityGroupRule RuleFor(const Path<Ipv4>& path, int protocol) { return Rule(path.egress, protocol, path.range); }
SecurityGroupRule RuleFor(const Path<Ipv6>& path, int protocol) { return Rule6(path.egress, protocol, path.range); }
SecurityGroupRule EverythingOut(const Path<Ipv4>&) { return AllEgress(); }
SecurityGroupRule EverythingOut(const Path<Ipv6>&) { return AllEgress6(); }
NetworkAclEntry EntryFor(const Path<Ipv4>&, bool egress, int number, bool allow, int protocol) {
  return Entry(egress, number, allow, protocol);
}
NetworkAclEntry EntryFor(const Path<Ipv6>&, bool egress, int number, bool allow, int protocol) {
  return Entry6(egress, number, allow, protocol);
}
std::vector<SecurityGroupRule>& RulesFor(const Path<Ipv4>&, GroupSpec& group) { return group.rules; }
std::vector<SecurityGroupRule>& RulesFor(const Path<Ipv6>&, GroupSpec& group) { return group.ipv6_rules; }
PrefixListSpec ListFor(const Path<Ipv4>& path) { return {.id = kList, .ranges = {Range(path.range)}}; }
PrefixListSpec ListFor(const Path<Ipv6>& path) {
  return {.id = kList, .ranges = {}, .ipv6_ranges = {Range6(path.range)}};
}

// Two peered VPCs, a twin of the first with the same ranges of IPv4 and one without a gateway; a world outside. By IPv6
// the first VPC's second subnet leads out by an egress-only gateway, and the others have no way out.
class MatrixFixture : public FabricFixture {
 public:
  MatrixFixture() {
    uplink = "auto";
    outside.AddIpv6();
    Restart();
    for (const auto& [name, each] : Vpcs()) {
      each->spec.groups = {each->Group(each->members, {AllEgress()}), each->Group(each->closed, {AllEgress()})};
      for (GroupSpec& group : each->spec.groups) group.ipv6_rules = {AllEgress6()};
    }
    AddNatGateway();
    AddIpv6();
    Peer();
    bare.spec.has_gateway = false;
    bare.spec.tables[0].routes = {{.destination = {}}};
    for (const auto& [name, each] : Vpcs()) Sync(*each);
    Sync(vpc);
    host.ipv4.connect = [](Ipv4 to, absl::Duration timeout) { return ConnectTcp(to, kPort, timeout); };
    host.ipv4.datagrams = [](uint16_t port) { return ServeUdp(port); };
    host.ipv4.ping = [](Ipv4 to) { return RunChecked({"busybox", "ping", "-c", "1", "-W", "1", to.text()}).ok(); };
    host.ipv6.connect = [](const Ipv6& to, absl::Duration timeout) { return ConnectTcp6(to, kPort, timeout); };
    host.ipv6.datagrams = [](uint16_t port) { return ServeUdp6(port); };
    host.ipv6.ping = [](const Ipv6& to) {
      return RunChecked({"busybox", "ping", "-6", "-c", "1", "-W", "1", to.text()}).ok();
    };
    world.ipv4.tcp = outside.Serve(kPort);
    world.ipv4.udp = outside.ServeDatagrams(kPort);
    world.ipv6.tcp = outside.OnThread([] { return ServeTcp6(kPort); });
    world.ipv6.udp = outside.OnThread([] { return ServeUdp6(kPort); });
  }

 protected:
  std::map<std::string, TestVpc*> Vpcs() { return {{"vpc", &vpc}, {"peer", &peer}, {"twin", &twin}, {"bare", &bare}}; }
  static TestVpc Ranged(const std::string& digits, const char* range, const char* subnet) {
    TestVpc made(digits);
    made.spec.vpc.cidr = Range(range);
    made.spec.ranges = {made.spec.vpc.cidr};
    made.spec.subnets.resize(1);
    made.spec.subnets.front().cidr = Range(subnet);
    return made;
  }
  void Sync(TestVpc& each) { REQUIRE(Good(fabric->SyncVpc(each.spec))); }

  void AddNatGateway() {
    vpc.spec.nats = {{.id = {},
                      .number = 1,
                      .subnet = vpc.spec.subnets[0].id,
                      .private_ip = Address("10.0.1.200"),
                      .public_ip = Address("198.18.0.30")}};
    RouteSpec by_nat{.destination = {}, .way = RouteSpec::Way::kGateway};
    by_nat.nat = 1;
    vpc.spec.tables.push_back(TestVpc::Table(2, {vpc.spec.subnets[1].id}, {by_nat}));
  }
  void AddIpv6() {
    const std::pair<TestVpc*, const char*> ranges[] = {{&vpc, "fd00:b:c:d100::/56"},
                                                       {&peer, "fd00:b:c:e100::/56"},
                                                       {&twin, "fd00:b:c:a100::/56"},
                                                       {&bare, "fd00:b:c:f100::/56"}};
    for (const auto& [each, range] : ranges) {
      each->spec.ipv6.pool = Range6("fd00:b:c::/48");
      each->spec.ipv6.ranges = {Range6(range)};
      uint64_t number = 1;
      for (Subnet& subnet : each->spec.subnets) subnet.cidr_ipv6 = each->spec.ipv6.ranges[0].Part(64, number++);
    }
    vpc.spec.ipv6.has_way_out = true;
    vpc.spec.ipv6.routes[1] = {{.destination = {}, .way = Ipv6RouteSpec::Way::kGateway}};
    vpc.spec.ipv6.routes[2] = {{.destination = {}, .way = Ipv6RouteSpec::Way::kEgress}};
  }
  void Peer() {
    const auto id = VpcPeeringConnectionId::FromTrusted("pcx-00000000000000001");
    for (const auto& [one, other] : {std::pair{&vpc, &peer}, std::pair{&peer, &vpc}}) {
      RouteSpec there{.destination = other->spec.vpc.cidr, .way = RouteSpec::Way::kPeer};
      there.peering = id;
      one->spec.tables[0].routes.push_back(there);
      one->spec.peerings = {{.id = id, .other = other->spec.vpc.id, .ranges = other->spec.ranges}};
      one->spec.ipv6.peers[id] = other->spec.ipv6.ranges;
      one->spec.ipv6.routes[1].push_back(
          {.destination = other->spec.ipv6.ranges[0], .way = Ipv6RouteSpec::Way::kPeer, .peering = id});
    }
  }

  Machine& LaunchIn(TestVpc& each, const char* address, const char* ipv6, const SecurityGroupId& group,
                    const char* public_ip = "") {
    PortSpec port = each.Port(address, {group});
    port.eni.ipv6 = {Address6(ipv6)};
    if (*public_ip != '\0') port.eni.public_ip = Address(public_ip);
    each.spec.ports.push_back(port);
    auto guest = Launch(port);
    // Launch has seen to those whose address is in a range of the first VPC.
    for (const Subnet& subnet : each.spec.subnets) {
      if (!vpc.spec.vpc.cidr.Contains(*port.eni.private_ip)) guest->Configure(*subnet.cidr);
    }
    ConfigureIpv6(*guest, port.eni);
    guests.push_back(std::move(guest));
    members[group].push_back(port.eni);
    machines.push_back(std::make_unique<Machine>(Of(*guests.back())));
    return *machines.back();
  }
  void SetMembers(GroupSpec& group) {
    group.members.clear();
    group.ipv6_members.clear();
    for (const NetworkInterface& eni : members[group.group.id]) {
      group.members.push_back(*eni.private_ip);
      group.ipv6_members.push_back(eni.ipv6.front());
    }
  }

  // The judge's rules of its direction are these; its other direction is open outwards and closed inwards.
  template <typename Address>
  void SetRules(const Path<Address>& path, std::vector<SecurityGroupRule> rules,
                std::vector<NetworkAclEntry> entries = {}) {
    if (!path.egress) rules.push_back(EverythingOut(path));
    for (GroupSpec& group : path.vpc->spec.groups) {
      SetMembers(group);
      if (group.group.id != path.judge) continue;
      RulesFor(path, group) = rules;
      group.prefix_lists = {ListFor(path)};
    }
    if (!path.group.empty()) {
      // The other end's group may be a peer's.
      auto& groups = path.vpc->spec.groups;
      std::erase_if(groups, [&](const GroupSpec& each) { return each.group.id == path.group && each.rules.empty(); });
      const bool there =
          std::any_of(groups.begin(), groups.end(), [&](const GroupSpec& each) { return each.group.id == path.group; });
      if (!there) {
        groups.push_back(path.vpc->Group(path.group, {}));
        SetMembers(groups.back());
      }
    }
    path.vpc->spec.acls.clear();
    if (!entries.empty()) path.vpc->spec.acls = {{.subnets = {path.subnet}, .entries = std::move(entries)}};
    Sync(*path.vpc);
  }

  // What is said of the same packet without sending it.
  template <typename Address>
  bool Explained(const Path<Address>& path, int protocol) {
    std::vector<VpcSpec> specs;
    for (const auto& [name, each] : Vpcs()) specs.push_back(each->spec);
    const BasicPathProbe<Address> probe = {.vpc = path.sender == nullptr ? VpcId() : path.sender->spec.vpc.id,
                                           .source = path.source,
                                           .destination = path.address,
                                           .protocol = NumberFor(path.address, protocol),
                                           .port = kPort};
    const PathExplanation explanation = ExplainPath(specs, probe);
    for (const PathHop& hop : explanation.hops) UNSCOPED_INFO("  " << hop.id << " " << hop.detail);
    CHECK(explanation.arrives == explanation.hops.back().code.empty());
    return explanation.arrives;
  }

  // What is open when its rule is withdrawn goes on, in both directions; nothing new begins.
  template <typename Address>
  void Revoke(const Path<Address>& path, int protocol) {
    Stack<Address>& sender = StackFor(*path.from, path.address);
    Stack<Address>& receiver = StackFor(*path.to, path.address);
    UniqueFd open, end;
    if (protocol == kTcpProtocol) {
      open = sender.connect(path.address, kSoon);
      REQUIRE(open);
      end = Accept(receiver.tcp);
    } else if (protocol == kUdpProtocol) {
      open = sender.datagrams(0);
      REQUIRE(Send(open, path.address, kPort));
      REQUIRE(AnswerOne(receiver.udp, open, kSoon));
    }
    SetRules(path, {});
    if (protocol == kTcpProtocol) CHECK((Carries(open, end) && Carries(end, open)));
    if (protocol == kUdpProtocol) CHECK((Send(open, path.address, kPort) && AnswerOne(receiver.udp, open, kSoon)));
    CHECK_FALSE(Reaches(*path.from, *path.to, path.address, protocol, false));
  }

  // How many packets were sent, or not let through.
  template <typename Address>
  int Try(const Path<Address>& path, int protocol, Kind kind) {
    std::vector<SecurityGroupRule> allowed = {RuleFor(path, protocol)};
    SecurityGroupRule& rule = allowed.front();
    bool arrives = path.leads;
    if (kind == Kind::kGroup || kind == Kind::kList) {
      rule.cidr.reset();
      rule.cidr_ipv6.reset();
    }
    if (kind == Kind::kGroup) {
      // Whom no group holds, no rule about a group lets through.
      arrives &= !path.group.empty();
      rule.referenced_group = path.group.empty() ? path.vpc->members : path.group;
    }
    if (kind == Kind::kList) rule.prefix_list = kList;
    std::vector<NetworkAclEntry> acl;
    if (kind == Kind::kAcl) {
      arrives &= !path.crosses;
      acl = {EntryFor(path, path.egress, 90, false, protocol), EntryFor(path, true, 100, true, -1),
             EntryFor(path, false, 100, true, -1)};
    }
    if (kind == Kind::kDenied) {
      arrives = false;
      allowed.clear();
    }
    SetRules(path, allowed, acl);
    CHECK(Explained(path, protocol) == arrives);
    CHECK(Reaches(*path.from, *path.to, path.address, protocol, arrives) == arrives);
    int cases = 1;
    if (kind == Kind::kRevoked && arrives) {
      Revoke(path, protocol);
      cases += 2;
    }
    if (path.back.has_value()) {
      CHECK_FALSE(Reaches(*path.to, *path.from, *path.back, protocol, false));
      ++cases;
    }
    return cases;
  }

  template <typename Address>
  int TryAll(const std::vector<Path<Address>>& paths) {
    int cases = 0;
    for (const Path<Address>& path : paths) {
      for (const auto& [protocol, protocol_name] : kProtocols) {
        for (const auto& [kind, kind_name] : kKinds) {
          INFO(path.name << ", " << protocol_name << ", " << kind_name);
          cases += Try(path, protocol, kind);
        }
      }
    }
    return cases;
  }

  TestVpc peer = Ranged("00000000000000002", "10.1.0.0/16", "10.1.1.0/24");
  TestVpc twin = TestVpc("00000000000000003");
  TestVpc bare = Ranged("00000000000000004", "10.2.0.0/16", "10.2.1.0/24");
  Outside outside;
  std::map<SecurityGroupId, std::vector<NetworkInterface>> members;
  std::vector<std::unique_ptr<Guest>> guests;
  std::vector<std::unique_ptr<Machine>> machines;
  Machine host, world;
};

// The machines of both cases.
class InhabitedFixture : public MatrixFixture {
 protected:
  Machine& source = LaunchIn(vpc, "10.0.1.4", "fd00:b:c:d101::4", vpc.members, "198.18.0.10");
  Machine& beside = LaunchIn(vpc, "10.0.1.5", "fd00:b:c:d101::5", vpc.closed, "198.18.0.11");
  Machine& across = LaunchIn(vpc, "10.0.2.4", "fd00:b:c:d102::4", vpc.closed);
  Machine& peered = LaunchIn(peer, "10.1.1.4", "fd00:b:c:e101::4", peer.closed);
  Machine& namesake = LaunchIn(twin, "10.0.1.6", "fd00:b:c:a101::6", twin.closed);
  Machine& locked_in = LaunchIn(bare, "10.2.1.4", "fd00:b:c:f101::4", bare.members, "198.18.0.12");

  // What of the paths does not differ by family.
  template <typename Address>
  std::vector<Path<Address>> Paths() {
    const SubnetId first = vpc.spec.subnets[0].id, second = vpc.spec.subnets[1].id;
    std::vector<Path<Address>> paths(8);
    const auto set = [&](size_t at, const char* name, Machine& from, Machine& to, TestVpc& of,
                         const SecurityGroupId& judge, const SubnetId& subnet, TestVpc* sender) {
      paths[at].name = name;
      paths[at].from = &from;
      paths[at].to = &to;
      paths[at].vpc = &of;
      paths[at].judge = judge;
      paths[at].subnet = subnet;
      paths[at].sender = sender;
    };
    set(0, "a guest of the same subnet", source, beside, vpc, vpc.closed, first, &vpc);
    set(1, "a guest of another subnet", source, across, vpc, vpc.closed, second, &vpc);
    set(2, "a guest of a peered VPC", source, peered, peer, peer.closed, peer.spec.subnets[0].id, &vpc);
    set(3, "a guest of a VPC that is no peer", source, namesake, twin, twin.closed, twin.spec.subnets[0].id, &vpc);
    set(4, "a guest by its public address, from the host", host, beside, vpc, vpc.closed, first, nullptr);
    set(5, "the world by an internet gateway", source, world, vpc, vpc.members, first, &vpc);
    set(6, "the world by a gateway that lets nothing in", across, world, vpc, vpc.closed, second, &vpc);
    set(7, "the world without a gateway", locked_in, world, bare, bare.members, bare.spec.subnets[0].id, &bare);
    paths[0].crosses = false;
    paths[3].leads = paths[7].leads = false;
    for (const size_t at : {0, 1, 2}) paths[at].group = vpc.members;
    paths[3].group = twin.members;
    for (const size_t at : {5, 6, 7}) paths[at].egress = true;
    return paths;
  }
};

}  // namespace

TEST_CASE_METHOD(InhabitedFixture, "packets arrive where rules, ACLs and routes let them, and nowhere else",
                 "[fabric]") {
  std::vector<Path<Ipv4>> paths = Paths<Ipv4>();
  const char* const to[] = {"10.0.1.5",    "10.0.2.4",  "10.1.1.4",  "10.0.1.6",
                            "198.18.0.11", "192.0.2.2", "192.0.2.2", "192.0.2.2"};
  const char* const from[] = {"10.0.1.4",  "10.0.1.4", "10.0.1.4", "10.0.1.4",
                              "192.0.2.1", "10.0.1.4", "10.0.2.4", "10.2.1.4"};
  for (size_t i = 0; i < paths.size(); ++i) {
    paths[i].address = Address(to[i]);
    paths[i].source = Address(from[i]);
    paths[i].range = i < 4 ? "10.0.1.4/32" : i == 4 ? "0.0.0.0/0" : "192.0.2.0/24";
    if (i < 3) paths[i].back = paths[i].source;
  }
  CHECK(TryAll(paths) >= 200);
}

TEST_CASE_METHOD(InhabitedFixture, "IPv6 packets arrive where rules, ACLs and routes let them, and nowhere else",
                 "[fabric][ipv6]") {
  std::vector<Path<Ipv6>> paths = Paths<Ipv6>();
  const char* const to[] = {"fd00:b:c:d101::5", "fd00:b:c:d102::4", "fd00:b:c:e101::4", "fd00:b:c:a101::6",
                            "fd00:b:c:d101::5", "2001:db8:2::2",    "2001:db8:2::2",    "2001:db8:2::2"};
  const char* const from[] = {"fd00:b:c:d101::4", "fd00:b:c:d101::4", "fd00:b:c:d101::4", "fd00:b:c:d101::4",
                              "fd00:b:c::1",      "fd00:b:c:d101::4", "fd00:b:c:d102::4", "fd00:b:c:f101::4"};
  for (size_t i = 0; i < paths.size(); ++i) {
    paths[i].address = Address6(to[i]);
    paths[i].source = Address6(from[i]);
    paths[i].range = i < 4 ? "fd00:b:c:d101::4/128" : i == 4 ? "::/0" : "2001:db8:2::/64";
    if (i < 3) paths[i].back = paths[i].source;
  }
  CHECK(TryAll(paths) >= 200);
}

}  // namespace brume::network
