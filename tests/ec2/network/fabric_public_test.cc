// Public addresses: between the host and guests, and beyond.
#include <catch2/catch.hpp>
#include <fstream>

#include "absl/strings/match.h"
#include "lib/ec2/network/linux/sysctl.h"
#include "tests/ec2/network/fabric_fixture.h"
#include "tests/ec2/network/fabric_outside.h"

namespace brume::network {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(300);

PortSpec WithPublic(PortSpec port, const char* address) {
  port.eni.public_ip = Address(address);
  return port;
}

}  // namespace

TEST_CASE_METHOD(FabricFixture, "the host reaches a guest at its public address, by the rules of its groups",
                 "[fabric]") {
  SyncAll();
  const auto guest = Launch(WithPublic(vpc.Port("10.0.1.4", {vpc.closed}), "198.18.0.10"));
  const UniqueFd ssh = guest->Serve(22), http = guest->Serve(80);
  CHECK_FALSE(ConnectTcp(Address("198.18.0.10"), 22, kBlocked));
  REQUIRE(
      Good(fabric->ApplyGroup(vpc.Group(vpc.closed, {AllEgress(), Allow(false, kTcpProtocol, 22, 22, "0.0.0.0/0")}))));
  CHECK(ConnectTcp(Address("198.18.0.10"), 22, absl::Seconds(5)));
  CHECK_FALSE(ConnectTcp(Address("198.18.0.10"), 80, kBlocked));
}

TEST_CASE_METHOD(FabricFixture, "a guest answers the host and cannot call it", "[fabric]") {
  SyncAll();
  const auto guest = Launch(WithPublic(vpc.Port("10.0.1.4", {vpc.members}), "198.18.0.10"));
  REQUIRE(Good(fabric->ApplyGroup(vpc.Group(vpc.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")}))));
  const UniqueFd on_host = ServeTcp(7000), on_guest = guest->Serve(80);
  const UniqueFd near_end = ConnectTcp(Address("198.18.0.10"), 80, absl::Seconds(5));
  const UniqueFd far_end = Accept(on_guest);
  REQUIRE(far_end);
  CHECK(PeerOf(far_end) == Address("198.18.0.1"));
  CHECK(Carries(far_end, near_end));
  CHECK_FALSE(guest->Reaches(Address("198.18.0.1"), 7000, kBlocked));
  CHECK_FALSE(guest->Pings(Address("198.18.0.1")));
}

TEST_CASE_METHOD(FabricFixture, "a public address moves between ports and takes its connections from the first",
                 "[fabric]") {
  SyncAll();
  const PortSpec first = vpc.Port("10.0.1.4", {vpc.members}), second = vpc.Port("10.0.1.5", {vpc.members});
  REQUIRE(Good(fabric->ApplyGroup(vpc.Group(vpc.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")}))));
  const auto a = Launch(WithPublic(first, "198.18.0.10"));
  const auto b = Launch(second);
  const UniqueFd on_a = a->Serve(80), on_b = b->Serve(80);
  const UniqueFd old = ConnectTcp(Address("198.18.0.10"), 80, absl::Seconds(5));
  REQUIRE(old);
  const UniqueFd old_far = Accept(on_a);
  REQUIRE(Carries(old, old_far));
  REQUIRE(Good(fabric->PlugPort(WithPublic(second, "198.18.0.10"))));
  const UniqueFd fresh = ConnectTcp(Address("198.18.0.10"), 80, absl::Seconds(5));
  REQUIRE(fresh);
  const UniqueFd fresh_far = Accept(on_b);
  REQUIRE(fresh_far);
  CHECK(Carries(fresh, fresh_far));
  CHECK_FALSE(Carries(old, old_far, kBlocked));
  REQUIRE(Good(fabric->PlugPort(first)));
  CHECK(ConnectTcp(Address("198.18.0.10"), 80, absl::Seconds(5)));
  REQUIRE(Good(fabric->PlugPort(second)));
  CHECK_FALSE(ConnectTcp(Address("198.18.0.10"), 80, kBlocked));
}

TEST_CASE_METHOD(FabricFixture, "guests of one VPC reach each other by public address", "[fabric]") {
  SyncAll();
  const auto a = Launch(vpc.Port("10.0.1.4", {vpc.members}));
  const auto b = Launch(WithPublic(vpc.Port("10.0.1.5", {vpc.members}), "198.18.0.11"));
  CHECK(a->Pings(Address("198.18.0.11")));
}

TEST_CASE_METHOD(FabricFixture, "an unassigned address of the pool is unreachable, not sent on", "[fabric]") {
  SyncAll();
  const auto answer = RunCommand({"ip", "route", "get", "198.18.0.99"});
  REQUIRE(answer.ok());
  CHECK(answer->exit_code != 0);
}

TEST_CASE_METHOD(FabricFixture, "with an uplink guests that have a public address get out, and nobody else",
                 "[fabric]") {
  Outside outside;
  const UniqueFd server = outside.Serve(80);
  uplink = "wan";
  Restart();
  REQUIRE(ReadSysctl("ipv4/ip_forward").value() == "0");
  SyncAll();
  CHECK(ReadSysctl("ipv4/ip_forward").value() == "1");
  const auto with = Launch(WithPublic(vpc.Port("10.0.1.4", {vpc.members}), "198.18.0.10"));
  const auto without = Launch(vpc.Port("10.0.1.5", {vpc.members}));
  const UniqueFd near_end = with->Connect(Address("192.0.2.2"), 80);
  CHECK(near_end);
  const UniqueFd far_end = Accept(server);
  REQUIRE(far_end);
  CHECK(PeerOf(far_end) == Address("192.0.2.1"));
  CHECK_FALSE(without->Reaches(Address("192.0.2.2"), 80, kBlocked));
  CHECK(Good(RemoveEverything(Options())));
  CHECK(ReadSysctl("ipv4/ip_forward").value() == "0");
}

TEST_CASE_METHOD(FabricFixture, "with any uplink VPCs reach each other by public address and names beyond resolve",
                 "[fabric]") {
  Outside outside;
  outside.ServeNames(directory);
  uplink = "auto";
  dns_upstream = {"192.0.2.2"};
  Restart();
  SyncAll();
  const TestVpc twin("00000000000000002");
  REQUIRE(Good(fabric->SyncVpc(twin.spec)));
  const auto mine = Launch(WithPublic(vpc.Port("10.0.1.4", {vpc.closed}), "198.18.0.10"));
  const auto other = Launch(WithPublic(twin.Port("10.0.1.4", {twin.members}), "198.18.0.11"));
  REQUIRE(Good(fabric->ApplyGroup(
      twin.Group(twin.members, {AllEgress(), Allow(false, kTcpProtocol, 80, 80, "198.18.0.10/32")}))));
  const UniqueFd server = other->Serve(80);
  CHECK(mine->Reaches(Address("198.18.0.11"), 80));
  // The router asks for the guest, which has no address of its own out there.
  const auto inner = Launch(vpc.Port("10.0.1.5", {vpc.closed}));
  CHECK(absl::StrContains(inner->Run({"busybox", "nslookup", "www.example.test", "10.0.0.2"}).standard_output,
                          "192.0.2.77"));
}

TEST_CASE_METHOD(FabricFixture, "without an uplink nothing passes the host, even when it forwards", "[fabric]") {
  Outside outside;
  const UniqueFd server = outside.Serve(80);
  REQUIRE(Good(WriteSysctl("ipv4/ip_forward", "1")));
  SyncAll();
  const auto guest = Launch(WithPublic(vpc.Port("10.0.1.4", {vpc.members}), "198.18.0.10"));
  CHECK_FALSE(guest->Reaches(Address("192.0.2.2"), 80, kBlocked));
  CHECK(ReadSysctl("ipv4/ip_forward").value() == "1");
  REQUIRE(Good(WriteSysctl("ipv4/ip_forward", "0")));
}

}  // namespace brume::network
