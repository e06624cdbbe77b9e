// What passes between guests, the router and the host.
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(300);
constexpr char kRouterMacText[] = "02:b0:00:00:00:01";

}  // namespace

TEST_CASE_METHOD(FabricFixture, "members of a group that names itself reach each other, across subnets too",
                 "[fabric]") {
  SyncAll();
  const auto a = Launch(vpc.Port("10.0.1.4", {vpc.members}));
  const auto b = Launch(vpc.Port("10.0.1.5", {vpc.members}));
  const auto c = Launch(vpc.Port("10.0.2.4", {vpc.members}));
  CHECK(a->Pings(Address("10.0.1.5")));
  CHECK(a->Pings(Address("10.0.2.4")));
  CHECK(c->Pings(Address("10.0.1.4")));
  const UniqueFd server = b->Serve(80);
  CHECK(c->Reaches(Address("10.0.1.5"), 80));
}

TEST_CASE_METHOD(FabricFixture, "without a rule nothing comes in, and answers to what went out do", "[fabric]") {
  SyncAll();
  const auto open = Launch(vpc.Port("10.0.1.4", {vpc.members}));
  const auto shut = Launch(vpc.Port("10.0.1.5", {vpc.closed}));
  const UniqueFd server = shut->Serve(80);
  CHECK_FALSE(open->Reaches(Address("10.0.1.5"), 80, kBlocked));
  CHECK_FALSE(open->Pings(Address("10.0.1.5")));
  // The closed guest's group lets everything out, but it is no member of the other's.
  CHECK_FALSE(shut->Pings(Address("10.0.1.4")));
  REQUIRE(Good(fabric->ApplyGroup(vpc.Group(
      vpc.members, {AllEgress(), AllowGroup(false, vpc.members), Allow(false, kIcmpProtocol, 8, -1, "10.0.0.0/16")}))));
  CHECK(shut->Pings(Address("10.0.1.4")));
  CHECK_FALSE(open->Pings(Address("10.0.1.5")));
}

TEST_CASE_METHOD(FabricFixture, "an opened port passes and the one beside it does not", "[fabric]") {
  SyncAll();
  const auto client = Launch(vpc.Port("10.0.1.4", {vpc.members}));
  const auto server = Launch(vpc.Port("10.0.2.5", {vpc.closed}));
  const UniqueFd web = server->Serve(8080), other = server->Serve(8082);
  REQUIRE(Good(
      fabric->ApplyGroup(vpc.Group(vpc.closed, {AllEgress(), Allow(false, kTcpProtocol, 8080, 8081, "10.0.1.0/24")}))));
  CHECK(client->Reaches(Address("10.0.2.5"), 8080));
  CHECK_FALSE(client->Reaches(Address("10.0.2.5"), 8082, kBlocked));
}

TEST_CASE_METHOD(FabricFixture, "egress rules hold what leaves a guest", "[fabric]") {
  SyncAll();
  const auto client = Launch(vpc.Port("10.0.1.4", {vpc.members}));
  const auto server = Launch(vpc.Port("10.0.1.5", {vpc.members}));
  const UniqueFd http = server->Serve(80), https = server->Serve(443);
  REQUIRE(Good(fabric->ApplyGroup(
      vpc.Group(vpc.members, {Allow(true, kTcpProtocol, 443, 443, "0.0.0.0/0"), AllowGroup(false, vpc.members)}))));
  CHECK(client->Reaches(Address("10.0.1.5"), 443));
  CHECK_FALSE(client->Reaches(Address("10.0.1.5"), 80, kBlocked));
}

TEST_CASE_METHOD(FabricFixture, "the rules of all a port's groups add up", "[fabric]") {
  SyncAll();
  const auto client = Launch(vpc.Port("10.0.1.4", {vpc.members}));
  PortSpec port = vpc.Port("10.0.1.5", {vpc.closed});
  const auto server = Launch(port);
  const UniqueFd http = server->Serve(80);
  CHECK_FALSE(client->Reaches(Address("10.0.1.5"), 80, kBlocked));
  port.eni.groups = {vpc.closed, vpc.members};
  REQUIRE(Good(fabric->PlugPort(port)));
  CHECK(client->Reaches(Address("10.0.1.5"), 80));
  port.eni.groups = {vpc.closed};
  REQUIRE(Good(fabric->PlugPort(port)));
  CHECK_FALSE(client->Reaches(Address("10.0.1.5"), 80, kBlocked));
}

TEST_CASE_METHOD(FabricFixture, "a withdrawn rule stops new connections and leaves established ones", "[fabric]") {
  SyncAll();
  const auto client = Launch(vpc.Port("10.0.1.4", {vpc.members}));
  const auto server = Launch(vpc.Port("10.0.1.5", {vpc.closed}));
  const UniqueFd listener = server->Serve(80);
  REQUIRE(
      Good(fabric->ApplyGroup(vpc.Group(vpc.closed, {AllEgress(), Allow(false, kTcpProtocol, 80, 80, "0.0.0.0/0")}))));
  const UniqueFd near_end = client->Connect(Address("10.0.1.5"), 80);
  const UniqueFd far_end = Accept(listener);
  REQUIRE(near_end);
  REQUIRE(far_end);
  REQUIRE(Good(fabric->ApplyGroup(vpc.Group(vpc.closed, {AllEgress()}))));
  CHECK(Carries(near_end, far_end));
  CHECK(Carries(far_end, near_end));
  CHECK_FALSE(client->Reaches(Address("10.0.1.5"), 80, kBlocked));
}

TEST_CASE_METHOD(FabricFixture, "a group's member set decides who a rule that names it lets in", "[fabric]") {
  SyncAll();
  const auto web = Launch(vpc.Port("10.0.1.4", {vpc.closed}));
  const auto db = Launch(vpc.Port("10.0.1.5", {vpc.members}));
  const UniqueFd listener = db->Serve(5432);
  GroupSpec data = vpc.Group(vpc.members, {AllEgress(), AllowGroup(false, vpc.closed)});
  REQUIRE(Good(fabric->ApplyGroup(data)));
  CHECK(web->Reaches(Address("10.0.1.5"), 5432));
  GroupSpec nobody = vpc.Group(vpc.closed, {AllEgress()});
  nobody.members = {Address("10.0.9.9")};
  REQUIRE(Good(fabric->ApplyGroup(nobody)));
  CHECK_FALSE(web->Reaches(Address("10.0.1.5"), 5432, kBlocked));
}

TEST_CASE_METHOD(FabricFixture, "members come to a group and leave it, thousands too, and no rule is written for them",
                 "[fabric]") {
  SyncAll();
  const auto web = Launch(vpc.Port("10.0.1.4", {vpc.closed}));
  const auto db = Launch(vpc.Port("10.0.1.5", {vpc.members}));
  const UniqueFd listener = db->Serve(5432);
  REQUIRE(Good(fabric->ApplyGroup(vpc.Group(vpc.members, {AllEgress(), AllowGroup(false, vpc.closed)}))));
  const auto list = [&](const std::string& kind, const std::string& name) {
    const auto text = RunChecked({"ip", "netns", "exec", "brume-" + vpc.spec.vpc.id.text(), "nft", "--handle", "list",
                                  kind, "inet", "brume", name});
    REQUIRE(Good(text.status()));
    return *text;
  };
  const auto rules = [&] {
    return list("chain", "in-" + vpc.members.text()) + list("chain", "out-" + vpc.closed.text());
  };
  const std::string before = rules();
  const auto with = [&](int count, const char* first, bool itself) {
    GroupSpec group = vpc.Group(vpc.closed, {AllEgress()});
    group.members.clear();
    for (int i = 0; i < count; ++i) group.members.push_back(Ipv4{Address(first).value + static_cast<uint32_t>(i)});
    if (itself) group.members.insert(group.members.begin(), 2, Address("10.0.1.4"));  // twice
    REQUIRE(Good(fabric->ApplyGroup(group)));
    REQUIRE(Good(fabric->ApplyGroup(group)));
  };
  const auto count = [&] {
    const std::string set = list("set", vpc.closed.text());
    return std::count(set.begin(), set.end(), '.') / 3;
  };
  with(2500, "10.0.64.0", true);
  CHECK(count() == 2501);
  CHECK(web->Reaches(Address("10.0.1.5"), 5432));
  // All but 500 of them go, and others come, in one step.
  with(2500, "10.0.71.208", false);
  CHECK(count() == 2500);
  CHECK_FALSE(web->Reaches(Address("10.0.1.5"), 5432, kBlocked));
  with(0, "10.0.64.0", true);
  CHECK(count() == 1);
  CHECK(web->Reaches(Address("10.0.1.5"), 5432));
  const auto members = [&](const SecurityGroupId& group, std::vector<Ipv4> addresses) {
    return fabric->ApplyMembers({.vpc = vpc.spec.vpc.id, .group = group, .members = std::move(addresses)});
  };
  REQUIRE(Good(members(vpc.closed, {Address("10.0.64.0")})));
  CHECK_FALSE(web->Reaches(Address("10.0.1.5"), 5432, kBlocked));
  REQUIRE(Good(members(vpc.closed, {Address("10.0.64.0"), Address("10.0.1.4")})));
  CHECK(count() == 2);
  CHECK(web->Reaches(Address("10.0.1.5"), 5432));
  CHECK(rules() == before);
  CHECK(absl::IsNotFound(members(SecurityGroupId::FromTrusted("sg-0123456789abcdef0"), {})));
}

TEST_CASE_METHOD(FabricFixture, "a guest cannot speak as another", "[fabric]") {
  SyncAll();
  const PortSpec a_port = vpc.Port("10.0.1.4", {vpc.members}), b_port = vpc.Port("10.0.1.5", {vpc.members});
  const auto a = Launch(a_port);
  const auto b = Launch(b_port);
  const FrameAddresses honest{a_port.eni.mac, kRouterMacText, *a_port.eni.private_ip, *b_port.eni.private_ip};
  const auto send = [&](FrameAddresses as, const std::string& payload) { a->Send(UdpFrame(as, 4000, 4000, payload)); };

  FrameAddresses wrong_ip = honest;
  wrong_ip.source = Address("10.0.1.77");
  send(wrong_ip, "with-another-address");
  FrameAddresses wrong_mac = honest;
  wrong_mac.source_mac = "02:b0:0a:00:01:4d";
  send(wrong_mac, "with-another-mac");
  FrameAddresses unset = honest;
  unset.source = Ipv4{0};
  send(unset, "with-no-address");
  a->Send(UdpFrame(honest, 67, 68, "as-dhcp-server"));
  send(honest, "as-itself");
  REQUIRE(Eventually([&] { return b->Saw("as-itself"); }));
  CHECK_FALSE(b->Saw("with-another-address"));
  CHECK_FALSE(b->Saw("with-another-mac"));
  CHECK_FALSE(b->Saw("with-no-address"));
  CHECK_FALSE(b->Saw("as-dhcp-server"));

  // The source check can be taken off; the MAC stays held.
  PortSpec router = a_port;
  router.eni.source_dest_check = false;
  REQUIRE(Good(fabric->PlugPort(router)));
  REQUIRE(Good(fabric->ApplyGroup(vpc.Group(vpc.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")}))));
  send(wrong_mac, "with-another-mac");
  send(wrong_ip, "as-a-router");
  REQUIRE(Eventually([&] { return b->Saw("as-a-router"); }));
  CHECK_FALSE(b->Saw("with-another-mac"));
}

TEST_CASE_METHOD(FabricFixture, "the router answers ARP for whom there is, and only to the port's own addresses",
                 "[fabric]") {
  SyncAll();
  const PortSpec port = vpc.Port("10.0.1.4", {vpc.members});
  const auto guest = Launch(port);
  const auto neighbour = Launch(vpc.Port("10.0.1.5", {vpc.members}));
  const auto ask = [&](const char* target, const char* sender, const std::string& frame_mac, const std::string& mac) {
    guest->Send(ArpRequest({frame_mac, "", Address(sender), Address(target)}, mac));
  };
  const std::string& mac = port.eni.mac;
  ask("10.0.1.2", "10.0.1.4", mac, mac);  // nobody
  ask("10.0.1.5", "10.0.1.9", mac, mac);
  ask("169.254.169.253", "10.0.1.4", mac, "02:b0:0a:00:01:4d");
  ask("169.254.169.254", "10.0.1.4", "02:b0:0a:00:01:4d", mac);
  ask("10.0.1.1", "10.0.1.4", mac, mac);
  REQUIRE(Eventually([&] { return guest->Saw(ArpReplyFor(Address("10.0.1.1"))); }));
  CHECK_FALSE(guest->Saw(ArpReplyFor(Address("10.0.1.2"))));
  CHECK_FALSE(guest->Saw(ArpReplyFor(Address("10.0.1.5"))));
  CHECK_FALSE(guest->Saw(ArpReplyFor(Address("169.254.169.253"))));
  CHECK_FALSE(guest->Saw(ArpReplyFor(Address("169.254.169.254"))));
  ask("10.0.1.5", "10.0.1.4", mac, mac);
  CHECK(Eventually([&] { return guest->Saw(ArpReplyFor(Address("10.0.1.5"))); }));
}

TEST_CASE_METHOD(FabricFixture, "DHCP gives a guest its address, gateway, resolver and names", "[fabric]") {
  SyncAll();
  const PortSpec port = vpc.Port("10.0.2.4", {vpc.members});
  REQUIRE(Good(fabric->PreparePort(port)));
  Guest guest(port.eni);
  REQUIRE(Good(fabric->PlugPort(port)));
  const std::string script = directory + "/script", lease = directory + "/lease";
  {
    std::ofstream file(script);
    file << "#!/bin/sh\n[ \"$1\" = bound ] || exit 0\n"
         << "echo $ip/$mask router=$router dns=$dns domain=$domain hostname=$hostname server=$serverid > " << lease
         << "\n"
         << "ip address add $ip/$mask dev $interface && ip route add default via $router\n";
  }
  std::filesystem::permissions(script, std::filesystem::perms::all);
  const CommandResult client =
      guest.Run({"busybox", "udhcpc", "-f", "-n", "-q", "-t", "5", "-T", "1", "-i", "eth0", "-s", script});
  INFO(client.standard_error);
  REQUIRE(client.exit_code == 0);
  std::ifstream file(lease);
  std::string got;
  std::getline(file, got);
  CHECK(got == "10.0.2.4/24 router=10.0.2.1 dns=10.0.0.2 domain=ec2.internal hostname=ip-10-0-2-4 server=10.0.2.1");

  const auto other = Launch(vpc.Port("10.0.1.5", {vpc.members}));
  CHECK(guest.Pings(Address("10.0.1.5")));
  CHECK(guest.Pings(Address("10.0.2.1")));
}

TEST_CASE_METHOD(FabricFixture, "private names resolve both ways and follow the ports", "[fabric]") {
  SyncAll();
  const auto asker = Launch(vpc.Port("10.0.1.4", {vpc.members}));
  PortSpec port = vpc.Port("10.0.2.7", {vpc.members});
  port.public_hostname = "ec2-198-18-0-5.compute-1.amazonaws.com";
  const auto resolve = [&](const char* name, const char* server) {
    return asker->Run({"busybox", "nslookup", name, server}).standard_output;
  };
  CHECK_FALSE(absl::StrContains(resolve("ip-10-0-2-7.ec2.internal", "10.0.0.2"), "10.0.2.7"));
  const auto other = Launch(port);
  for (const char* server : {"10.0.0.2", "169.254.169.253", "10.0.1.1"}) {
    INFO(server);
    CHECK(Eventually([&] { return absl::StrContains(resolve("ip-10-0-2-7.ec2.internal", server), "10.0.2.7"); }));
  }
  CHECK(absl::StrContains(resolve("10.0.2.7", "10.0.0.2"), "ip-10-0-2-7.ec2.internal"));
  const char* public_name = port.public_hostname.c_str();
  CHECK(absl::StrContains(resolve(public_name, "10.0.0.2"), "10.0.2.7"));
  PortSpec heir = vpc.Port("10.0.2.8", {vpc.members});
  heir.public_hostname = port.public_hostname;
  const auto third = Launch(heir);
  CHECK(Eventually([&] { return absl::StrContains(resolve(public_name, "10.0.0.2"), "10.0.2.8"); }));
  CHECK_FALSE(absl::StrContains(resolve(public_name, "10.0.0.2"), "10.0.2.7"));
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
  CHECK(Eventually([&] { return !absl::StrContains(resolve("ip-10-0-2-7.ec2.internal", "10.0.0.2"), "10.0.2.7"); }));
}

TEST_CASE_METHOD(FabricFixture, "the metadata listener hears guests, by their own address, and not the host",
                 "[fabric]") {
  SyncAll();
  const auto guest = Launch(vpc.Port("10.0.1.4", {vpc.closed}));
  auto listener = fabric->Listen(vpc.spec.vpc.id, Address("169.254.169.254"), 80);
  REQUIRE(Good(listener.status()));
  auto hidden = fabric->Listen(vpc.spec.vpc.id, Address("169.254.169.254"), 81);
  REQUIRE(Good(hidden.status()));
  const UniqueFd near_end = guest->Connect(Address("169.254.169.254"), 80);
  REQUIRE(near_end);
  const UniqueFd far_end = Accept(*listener);
  CHECK(PeerOf(far_end) == Address("10.0.1.4"));
  CHECK(Carries(near_end, far_end));
  CHECK_FALSE(guest->Reaches(Address("169.254.169.254"), 81, kBlocked));
  // Not even when the host sends its way.
  const std::string veth = "bmv0000000001";
  REQUIRE(RunChecked({"ip", "route", "add", "169.254.169.254/32", "dev", veth}).ok());
  CHECK_FALSE(ConnectTcp(Address("169.254.169.254"), 80, kBlocked));
  REQUIRE(RunChecked({"ip", "route", "del", "169.254.169.254/32", "dev", veth}).ok());
}

TEST_CASE_METHOD(FabricFixture, "the probe tells a guest that answers from one that does not", "[fabric]") {
  SyncAll();
  const PortSpec port = vpc.Port("10.0.1.4", {vpc.closed});
  const auto guest = Launch(port);
  auto answered = fabric->Probe(port.eni, absl::Seconds(5));
  REQUIRE(Good(answered.status()));
  CHECK(*answered);
  guest->Freeze();
  answered = fabric->Probe(port.eni, absl::Milliseconds(300));
  REQUIRE(Good(answered.status()));
  CHECK_FALSE(*answered);
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
  answered = fabric->Probe(port.eni, absl::Milliseconds(300));
  REQUIRE(Good(answered.status()));
  CHECK_FALSE(*answered);
}

TEST_CASE_METHOD(FabricFixture, "what passes a port is counted as its guest sees it", "[fabric]") {
  CHECK(absl::IsNotFound(fabric->Counters(vpc.spec.vpc.id).status()));
  SyncAll();
  const PortSpec port = vpc.Port("10.0.1.4", {vpc.members}), other = vpc.Port("10.0.1.5", {vpc.members});
  const auto guest = Launch(port), peer = Launch(other);
  const auto counters = [&](const PortSpec& of) {
    const auto all = fabric->Counters(vpc.spec.vpc.id);
    REQUIRE(Good(all.status()));
    CHECK(all->size() == 2);
    for (const PortCounters& each : *all) {
      if (each.tap == TapName(of.eni.id)) return each;
    }
    FAIL("no counters of " << of.eni.id.text());
    return PortCounters{};
  };
  const UniqueFd server = peer->Serve(80);
  const UniqueFd connection = guest->Connect(Address("10.0.1.5"), 80);
  REQUIRE(connection);
  const UniqueFd accepted = Accept(server);
  const PortCounters before = counters(port), peer_before = counters(other);
  constexpr int64_t kSent = 20'000;  // fits the buffers on the way
  const std::string data(kSent, 'x');
  REQUIRE(write(connection.get(), data.data(), data.size()) == kSent);
  int64_t received = 0;
  for (std::string buffer(kSent, '\0'); received < kSent;) {
    const ssize_t some = read(accepted.get(), buffer.data(), buffer.size());
    REQUIRE(some > 0);
    received += some;
  }
  const PortCounters after = counters(port), peer_after = counters(other);
  CHECK(after.bytes_out - before.bytes_out >= kSent);
  CHECK(after.packets_out > before.packets_out);
  // Acknowledgements only.
  CHECK(after.bytes_in - before.bytes_in < kSent / 2);
  CHECK(peer_after.bytes_in - peer_before.bytes_in >= kSent);
  CHECK(peer_after.packets_in > peer_before.packets_in);
}

}  // namespace brume::network
