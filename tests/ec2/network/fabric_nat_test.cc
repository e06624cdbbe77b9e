// NAT gateways: guests without an address of their own reach what their routes lead to, and nothing reaches them.
#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/ec2/network/fabric_fixture.h"
#include "tests/ec2/network/fabric_outside.h"

namespace brume::network {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(300);
constexpr char kNatAddress[] = "198.18.0.30";

RouteSpec Out(int nat = 0) { return {.destination = {}, .way = RouteSpec::Way::kGateway, .nat = nat}; }

// Guests of the second subnet go out by a gateway in the first.
class NatFixture : public FabricFixture {
 public:
  NatFixture() {
    uplink = "auto";
    Restart();
    web = outside.Serve(80);
    vpc.spec.nats = {{.id = {},
                      .number = 1,
                      .subnet = vpc.spec.subnets[0].id,
                      .private_ip = Address("10.0.1.200"),
                      .public_ip = Address(kNatAddress)}};
    vpc.spec.tables = {TestVpc::Table(1, {}, {Out()}), TestVpc::Table(2, {vpc.spec.subnets[1].id}, {Out(1)})};
    vpc.spec.tables.front().main = true;
    Sync();
  }

 protected:
  void Sync() {
    vpc.spec.ports = ports;
    SyncAll();
  }
  std::unique_ptr<Guest> LaunchHere(const char* address) {
    ports.push_back(vpc.Port(address, {vpc.members}));
    return Launch(ports.back());
  }

  Outside outside;
  UniqueFd web;
  std::vector<PortSpec> ports;
};

NetworkAclEntry Entry(bool egress, int number, bool allow, int protocol, const char* cidr) {
  NetworkAclEntry entry;
  entry.egress = egress;
  entry.number = number;
  entry.allow = allow;
  entry.protocol = protocol;
  entry.cidr = Range(cidr);
  return entry;
}

}  // namespace

TEST_CASE_METHOD(NatFixture, "a guest without a public address leaves by a NAT gateway, and nothing comes in by it",
                 "[fabric]") {
  const auto in_private = LaunchHere("10.0.2.4"), in_public = LaunchHere("10.0.1.4");
  vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")})};
  Sync();
  const UniqueFd server = in_private->Serve(80);
  CHECK(in_private->Reaches(kOutside, 80));
  CHECK(in_private->Pings(kOutside));
  // The subnet of the gateway leads out itself, and is not translated.
  CHECK_FALSE(in_public->Reaches(kOutside, 80, kBlocked));
  CHECK_FALSE(ConnectTcp(Address(kNatAddress), 80, kBlocked));
  // Inside the VPC nothing is translated.
  CHECK(in_public->Reaches(Address("10.0.2.4"), 80));
  CHECK(fabric->Inspect()->empty());
}

TEST_CASE_METHOD(NatFixture, "a NAT gateway serves a guest that has a public address, and gives it its own",
                 "[fabric]") {
  PortSpec port = vpc.Port("10.0.2.4", {vpc.members});
  port.eni.public_ip = Address("198.18.0.10");
  ports.push_back(port);
  const auto guest = Launch(port);
  // Who sends is seen on the host before that gives it an address of its own.
  const std::string passing =
      "add table ip probe; add chain ip probe passing { type filter hook forward priority 0; }; "
      "add rule ip probe passing ip saddr ";
  REQUIRE(
      Good(RunChecked({"nft", passing + kNatAddress + " counter; add rule ip probe passing ip saddr 198.18.0.10 drop"})
               .status()));
  CHECK(guest->Reaches(kOutside, 80));
  const auto seen = RunChecked({"nft", "list", "table", "ip", "probe"});
  CHECK(RunChecked({"nft", "delete table ip probe"}).ok());
  REQUIRE(Good(seen.status()));
  CHECK(seen->find(absl::StrCat("ip saddr ", kNatAddress, " counter packets 0 ")) == std::string::npos);
  CHECK(seen->find(absl::StrCat("ip saddr ", kNatAddress, " counter packets ")) != std::string::npos);
}

TEST_CASE_METHOD(NatFixture, "a NAT gateway that goes takes its way and its connections with it", "[fabric]") {
  const auto guest = LaunchHere("10.0.2.4");
  Sync();
  const UniqueFd open = guest->Connect(kOutside, 80);
  REQUIRE(open);
  vpc.spec.nats.clear();
  vpc.spec.tables[1].routes = {{.destination = {}}};
  Sync();
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
  CHECK_FALSE(guest->Pings(kOutside));
  CHECK(fabric->Inspect()->empty());
}

TEST_CASE_METHOD(NatFixture, "without an internet gateway a NAT gateway leads nowhere", "[fabric]") {
  const auto guest = LaunchHere("10.0.2.4");
  vpc.spec.has_gateway = false;
  vpc.spec.tables = {TestVpc::Table(1, {}, {{.destination = {}}}),
                     TestVpc::Table(2, {vpc.spec.subnets[1].id}, {{.destination = {}}})};
  vpc.spec.tables.front().main = true;
  Sync();
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
}

TEST_CASE_METHOD(NatFixture, "the network ACL of a NAT gateway's subnet is asked about both directions", "[fabric]") {
  const auto guest = LaunchHere("10.0.2.4");
  const auto allow_all = [](bool egress) { return Entry(egress, 100, true, -1, "0.0.0.0/0"); };
  const auto set = [&](std::vector<NetworkAclEntry> entries) {
    vpc.spec.acls = {{.subnets = {vpc.spec.subnets[0].id}, .entries = std::move(entries)}};
    Sync();
  };
  set({allow_all(true), allow_all(false)});
  CHECK(guest->Reaches(kOutside, 80));
  // Into the subnet, from the guest.
  set({allow_all(true), Entry(false, 90, false, -1, "10.0.2.0/24"), allow_all(false)});
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
  // Out of it, to the world.
  set({Entry(true, 90, false, kTcpProtocol, "192.0.2.0/24"), allow_all(true), allow_all(false)});
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
  CHECK(guest->Pings(kOutside));
  // Back into it, from the world.
  set({allow_all(true), Entry(false, 90, false, -1, "192.0.2.0/24"), allow_all(false)});
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
  // And out of it again, to the guest.
  set({Entry(true, 90, false, -1, "10.0.2.0/24"), allow_all(true), allow_all(false)});
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
  set({allow_all(true), allow_all(false)});
  CHECK(guest->Reaches(kOutside, 80));
}

TEST_CASE_METHOD(NatFixture, "a NAT gateway of several addresses gives each connection one of them, and uses them all",
                 "[fabric]") {
  constexpr int kMachines = 40;
  outside.OnThread([] {
    for (int i = 0; i < kMachines; ++i) {
      REQUIRE(RunChecked({"ip", "address", "add", absl::StrCat("192.0.2.", 100 + i, "/24"), "dev", "eth0"}).ok());
    }
    return true;
  });
  const auto guest = LaunchHere("10.0.2.4");
  vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress()})};
  vpc.spec.nats[0].secondary = {{Address("10.0.1.201"), Address("198.18.0.31")},
                                {Address("10.0.1.202"), Address("198.18.0.32")}};
  Sync();
  CHECK(fabric->Inspect()->empty());
  // How many connections the host sees of each address, before it gives them its own.
  const auto seen = [&] {
    std::string probe = "add table ip probe; add chain ip probe passing { type filter hook forward priority 0; }; ";
    for (const char* address : {"198.18.0.30", "198.18.0.31", "198.18.0.32", "10.0.2.4"}) {
      absl::StrAppend(&probe, "add rule ip probe passing ip saddr ", address, " tcp flags syn counter; ");
    }
    REQUIRE(Good(RunChecked({"nft", probe}).status()));
    for (int i = 0; i < kMachines; ++i) {
      REQUIRE(guest->Reaches(Address(absl::StrCat("192.0.2.", 100 + i).c_str()), 80));
      Accept(web);
    }
    const auto listed = RunChecked({"nft", "list", "table", "ip", "probe"});
    CHECK(RunChecked({"nft", "delete table ip probe"}).ok());
    REQUIRE(Good(listed.status()));
    std::vector<bool> used;
    for (const char* address : {"198.18.0.30", "198.18.0.31", "198.18.0.32", "10.0.2.4"}) {
      const size_t rule = listed->find(absl::StrCat("ip saddr ", address));
      REQUIRE(rule != std::string::npos);
      const std::string line = listed->substr(rule, listed->find('\n', rule) - rule);
      INFO(line);
      REQUIRE(line.find("counter packets ") != std::string::npos);
      used.push_back(line.find("counter packets 0 ") == std::string::npos);
    }
    return used;
  };
  CHECK(seen() == std::vector<bool>{true, true, true, false});
  for (const char* address : {"198.18.0.30", "198.18.0.31", "198.18.0.32"}) {
    CHECK_FALSE(ConnectTcp(Address(address), 80, kBlocked));
  }
  vpc.spec.nats[0].secondary.erase(vpc.spec.nats[0].secondary.begin());
  Sync();
  CHECK(seen() == std::vector<bool>{true, false, true, false});
  vpc.spec.nats[0].secondary.clear();
  Sync();
  CHECK(seen() == std::vector<bool>{true, false, false, false});
  CHECK(fabric->Inspect()->empty());
}

TEST_CASE_METHOD(NatFixture, "a private NAT gateway gives its own address to what a router gets", "[fabric]") {
  PortSpec router_port = vpc.Port("10.0.1.9", {vpc.members});
  router_port.eni.source_dest_check = false;
  ports.push_back(router_port);
  const auto router = Launch(router_port);
  const auto guest = LaunchHere("10.0.2.4");
  router->Run({"ip", "link", "set", "lo", "up"});
  router->Run({"ip", "address", "add", "10.99.0.1/32", "dev", "lo"});
  router->Run({"sysctl", "-w", "net.ipv4.conf.all.arp_announce=2"});
  // What answers at all answers to the gateway's address: the guest's own is not let back.
  router->Run({"ip", "route", "add", "blackhole", "10.0.2.4/32"});
  vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")})};
  const auto route = [&](int nat) {
    vpc.spec.tables[1].routes = {{.destination = Range("10.99.0.0/16"),
                                  .way = RouteSpec::Way::kPort,
                                  .tap = TapName(router_port.eni.id),
                                  .address = *router_port.eni.private_ip,
                                  .nat = nat}};
    Sync();
  };
  const UniqueFd behind = router->Serve(8080);
  route(0);
  CHECK_FALSE(guest->Reaches(Address("10.99.0.1"), 8080, kBlocked));
  route(1);
  CHECK(guest->Reaches(Address("10.99.0.1"), 8080));
  CHECK(PeerOf(Accept(behind)) == Address("10.0.1.200"));
  // Of several it gives each connection one.
  vpc.spec.nats[0].secondary = {{Address("10.0.1.201")}};
  route(1);
  std::set<Ipv4> peers;
  for (int i = 0; i < 30; ++i) {
    const std::string address = absl::StrCat("10.99.1.", i);
    router->Run({"ip", "address", "add", address + "/32", "dev", "lo"});
    REQUIRE(guest->Reaches(Address(address.c_str()), 8080));
    peers.insert(PeerOf(Accept(behind)));
  }
  CHECK(peers == std::set<Ipv4>{Address("10.0.1.200"), Address("10.0.1.201")});
}

}  // namespace brume::network
