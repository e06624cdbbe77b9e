// Who reaches whom: every place where a packet can go to, each protocol, each kind of rule, on real packets. What is to
// arrive arrives, and what is not makes no sound; nobody is reached back who lets nobody in.
#include <catch2/catch.hpp>
#include <map>
#include <memory>
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
struct Path {
  std::string name;
  Machine *from, *to;
  Ipv4 address;
  TestVpc* vpc;
  SecurityGroupId judge;
  bool egress = false;
  SubnetId subnet;            // whose network ACL is asked
  const char* range;          // of the other end
  SecurityGroupId group;      // of the other end; empty = it has none
  bool leads = true;          // unless nothing can arrive
  bool crosses = true;        // the subnet's border
  Ipv4 back = {};             // the sender, where it can be asked back; 0 = it cannot
  TestVpc* sender = nullptr;  // null = outside
  Ipv4 source = {};
};

// Two peered VPCs, a twin of the first with the same ranges and one without a gateway; a world outside.
class MatrixFixture : public FabricFixture {
 public:
  MatrixFixture() {
    uplink = "auto";
    Restart();
    for (const auto& [name, each] : Vpcs()) {
      each->spec.groups = {each->Group(each->members, {AllEgress()}), each->Group(each->closed, {AllEgress()})};
    }
    const SubnetId second = vpc.spec.subnets[1].id;
    vpc.spec.nats = {{.id = {},
                      .number = 1,
                      .subnet = vpc.spec.subnets[0].id,
                      .private_ip = Address("10.0.1.200"),
                      .public_ip = Address("198.18.0.30")}};
    RouteSpec by_nat{.destination = {}, .way = RouteSpec::Way::kGateway};
    by_nat.nat = 1;
    vpc.spec.tables.push_back(TestVpc::Table(2, {second}, {by_nat}));
    const auto id = VpcPeeringConnectionId::FromTrusted("pcx-00000000000000001");
    RouteSpec there{.destination = Range("10.1.0.0/16"), .way = RouteSpec::Way::kPeer};
    RouteSpec back{.destination = Range("10.0.0.0/16"), .way = RouteSpec::Way::kPeer};
    there.peering = back.peering = id;
    vpc.spec.tables[0].routes.push_back(there);
    peer.spec.tables[0].routes.push_back(back);
    vpc.spec.peerings = {{.id = id, .other = peer.spec.vpc.id, .ranges = peer.spec.ranges}};
    peer.spec.peerings = {{.id = id, .other = vpc.spec.vpc.id, .ranges = vpc.spec.ranges}};
    bare.spec.has_gateway = false;
    bare.spec.tables[0].routes = {{.destination = {}}};
    for (const auto& [name, each] : Vpcs()) Sync(*each);
    Sync(vpc);
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
  Machine& LaunchIn(TestVpc& each, const char* address, const SecurityGroupId& group, const char* public_ip = "") {
    PortSpec port = each.Port(address, {group});
    if (*public_ip != '\0') port.eni.public_ip = Address(public_ip);
    each.spec.ports.push_back(port);
    auto guest = Launch(port);
    // Launch has seen to those whose address is in a range of the first VPC.
    for (const Subnet& subnet : each.spec.subnets) {
      if (!vpc.spec.vpc.cidr.Contains(port.eni.private_ip)) guest->Configure(subnet.cidr);
    }
    guests.push_back(std::move(guest));
    members[group].push_back(port.eni.private_ip);
    machines.push_back(std::make_unique<Machine>(Of(*guests.back())));
    return *machines.back();
  }
  // The judge's rules of its direction are these; its other direction is open outwards and closed inwards.
  void SetRules(const Path& path, std::vector<SecurityGroupRule> rules, std::vector<NetworkAclEntry> entries = {}) {
    if (!path.egress) rules.push_back(AllEgress());
    for (GroupSpec& group : path.vpc->spec.groups) {
      group.members = members[group.group.id];
      if (group.group.id != path.judge) continue;
      group.rules = rules;
      group.prefix_lists = {{.id = kList, .ranges = {Range(path.range)}}};
    }
    if (!path.group.empty()) {
      // The other end's group may be a peer's.
      auto& groups = path.vpc->spec.groups;
      std::erase_if(groups, [&](const GroupSpec& each) { return each.group.id == path.group && each.rules.empty(); });
      const bool there =
          std::any_of(groups.begin(), groups.end(), [&](const GroupSpec& each) { return each.group.id == path.group; });
      if (!there) {
        GroupSpec foreign = path.vpc->Group(path.group, {});
        foreign.members = members[path.group];
        groups.push_back(foreign);
      }
    }
    path.vpc->spec.acls.clear();
    if (!entries.empty()) path.vpc->spec.acls = {{.subnets = {path.subnet}, .entries = std::move(entries)}};
    Sync(*path.vpc);
  }

  // What is said of the same packet without sending it.
  bool Explained(const Path& path, int protocol) {
    std::vector<VpcSpec> specs;
    for (const auto& [name, each] : Vpcs()) specs.push_back(each->spec);
    const PathExplanation explanation =
        ExplainPath(specs, {.vpc = path.sender == nullptr ? VpcId() : path.sender->spec.vpc.id,
                            .source = path.source,
                            .destination = path.address,
                            .protocol = protocol,
                            .port = kPort});
    for (const PathHop& hop : explanation.hops) UNSCOPED_INFO("  " << hop.id << " " << hop.detail);
    CHECK(explanation.arrives == explanation.hops.back().code.empty());
    return explanation.arrives;
  }

  TestVpc peer = Ranged("00000000000000002", "10.1.0.0/16", "10.1.1.0/24");
  TestVpc twin = TestVpc("00000000000000003");
  TestVpc bare = Ranged("00000000000000004", "10.2.0.0/16", "10.2.1.0/24");
  Outside outside;
  std::map<SecurityGroupId, std::vector<Ipv4>> members;
  std::vector<std::unique_ptr<Guest>> guests;
  std::vector<std::unique_ptr<Machine>> machines;
};

}  // namespace

TEST_CASE_METHOD(MatrixFixture, "packets arrive where rules, ACLs and routes let them, and nowhere else", "[fabric]") {
  Machine& source = LaunchIn(vpc, "10.0.1.4", vpc.members, "198.18.0.10");
  Machine& beside = LaunchIn(vpc, "10.0.1.5", vpc.closed, "198.18.0.11");
  Machine& across = LaunchIn(vpc, "10.0.2.4", vpc.closed);
  Machine& peered = LaunchIn(peer, "10.1.1.4", peer.closed);
  Machine& namesake = LaunchIn(twin, "10.0.1.6", twin.closed);
  Machine& locked_in = LaunchIn(bare, "10.2.1.4", bare.members, "198.18.0.12");
  Machine host{.connect = [](Ipv4 to, absl::Duration timeout) { return ConnectTcp(to, kPort, timeout); },
               .datagrams = [](uint16_t port) { return ServeUdp(port); },
               .ping =
                   [](Ipv4 to) {
                     return RunChecked({"busybox", "ping", "-c", "1", "-W", "1", to.text()}).ok();
                   }};
  Machine world{.connect = nullptr, .datagrams = nullptr, .ping = nullptr};
  world.tcp = outside.Serve(kPort);
  world.udp = outside.ServeDatagrams(kPort);

  const SubnetId first = vpc.spec.subnets[0].id, second = vpc.spec.subnets[1].id;
  const Path paths[] = {
      {.name = "a guest of the same subnet",
       .from = &source,
       .to = &beside,
       .address = Address("10.0.1.5"),
       .vpc = &vpc,
       .judge = vpc.closed,
       .subnet = first,
       .range = "10.0.1.4/32",
       .group = vpc.members,
       .crosses = false,
       .back = Address("10.0.1.4"),
       .sender = &vpc,
       .source = Address("10.0.1.4")},
      {.name = "a guest of another subnet",
       .from = &source,
       .to = &across,
       .address = Address("10.0.2.4"),
       .vpc = &vpc,
       .judge = vpc.closed,
       .subnet = second,
       .range = "10.0.1.4/32",
       .group = vpc.members,
       .back = Address("10.0.1.4"),
       .sender = &vpc,
       .source = Address("10.0.1.4")},
      {.name = "a guest of a peered VPC",
       .from = &source,
       .to = &peered,
       .address = Address("10.1.1.4"),
       .vpc = &peer,
       .judge = peer.closed,
       .subnet = peer.spec.subnets[0].id,
       .range = "10.0.1.4/32",
       .group = vpc.members,
       .back = Address("10.0.1.4"),
       .sender = &vpc,
       .source = Address("10.0.1.4")},
      {.name = "a guest of a VPC that has the same addresses and is no peer",
       .from = &source,
       .to = &namesake,
       .address = Address("10.0.1.6"),
       .vpc = &twin,
       .judge = twin.closed,
       .subnet = twin.spec.subnets[0].id,
       .range = "10.0.1.4/32",
       .group = twin.members,
       .leads = false,
       .sender = &vpc,
       .source = Address("10.0.1.4")},
      {.name = "a guest by its public address, from the host",
       .from = &host,
       .to = &beside,
       .address = Address("198.18.0.11"),
       .vpc = &vpc,
       .judge = vpc.closed,
       .subnet = first,
       .range = "0.0.0.0/0",
       .group = {},
       .sender = nullptr,
       .source = Address("192.0.2.1")},
      {.name = "the world by an internet gateway",
       .from = &source,
       .to = &world,
       .address = kOutside,
       .vpc = &vpc,
       .judge = vpc.members,
       .egress = true,
       .subnet = first,
       .range = "192.0.2.0/24",
       .group = {},
       .sender = &vpc,
       .source = Address("10.0.1.4")},
      {.name = "the world by a NAT gateway",
       .from = &across,
       .to = &world,
       .address = kOutside,
       .vpc = &vpc,
       .judge = vpc.closed,
       .egress = true,
       .subnet = second,
       .range = "192.0.2.0/24",
       .group = {},
       .sender = &vpc,
       .source = Address("10.0.2.4")},
      {.name = "the world without a gateway",
       .from = &locked_in,
       .to = &world,
       .address = kOutside,
       .vpc = &bare,
       .judge = bare.members,
       .egress = true,
       .subnet = bare.spec.subnets[0].id,
       .range = "192.0.2.0/24",
       .group = {},
       .leads = false,
       .sender = &bare,
       .source = Address("10.2.1.4")},
  };
  int cases = 0;
  for (const Path& path : paths) {
    for (const auto& [protocol, protocol_name] : kProtocols) {
      for (const auto& [kind, kind_name] : kKinds) {
        INFO(path.name << ", " << protocol_name << ", " << kind_name);
        std::vector<SecurityGroupRule> allowed = {Rule(path.egress, protocol, path.range)};
        bool arrives = path.leads;
        if (kind == Kind::kGroup) {
          // Whom no group holds, no rule about a group lets through.
          arrives &= !path.group.empty();
          allowed = {RuleOfGroup(path.egress, protocol, path.group.empty() ? path.vpc->members : path.group)};
        }
        if (kind == Kind::kList) {
          allowed.front().cidr.reset();
          allowed.front().prefix_list = kList;
        }
        if (kind == Kind::kDenied) {
          arrives = false;
          allowed.clear();
        }
        std::vector<NetworkAclEntry> acl;
        if (kind == Kind::kAcl) {
          arrives &= !path.crosses;
          acl = {Entry(path.egress, 90, false, protocol), Entry(true, 100, true, -1), Entry(false, 100, true, -1)};
        }
        SetRules(path, allowed, acl);
        CHECK(Explained(path, protocol) == arrives);
        CHECK(Reaches(*path.from, *path.to, path.address, protocol, arrives) == arrives);
        ++cases;
        if (kind == Kind::kRevoked && arrives) {
          UniqueFd open, end;
          if (protocol == kTcpProtocol) {
            open = path.from->connect(path.address, kSoon);
            REQUIRE(open);
            end = Accept(path.to->tcp);
          } else if (protocol == kUdpProtocol) {
            open = path.from->datagrams(0);
            REQUIRE(Send(open, path.address, kPort));
            REQUIRE(AnswerOne(path.to->udp, open, kSoon));
          }
          SetRules(path, {});
          // What is open goes on, in both directions; nothing new begins.
          if (protocol == kTcpProtocol) CHECK((Carries(open, end) && Carries(end, open)));
          if (protocol == kUdpProtocol)
            CHECK((Send(open, path.address, kPort) && AnswerOne(path.to->udp, open, kSoon)));
          CHECK_FALSE(Reaches(*path.from, *path.to, path.address, protocol, false));
          cases += 2;
        }
        if (path.back.value != 0) {
          CHECK_FALSE(Reaches(*path.to, *path.from, path.back, protocol, false));
          ++cases;
        }
      }
    }
  }
  CHECK(cases >= 200);
}

}  // namespace brume::network
