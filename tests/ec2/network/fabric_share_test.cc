// What one guest may take of what all share.
#include <catch2/catch.hpp>
#include <vector>

#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(300);

}  // namespace

TEST_CASE_METHOD(FabricFixture, "a guest has its share of tracked connections and takes nothing of others'",
                 "[fabric]") {
  constexpr int kShare = 20;
  max_connections = kShare;
  Restart();
  SyncAll();
  const PortSpec greedy_port = vpc.Port("10.0.1.4", {vpc.members});
  const auto greedy = Launch(greedy_port), modest = Launch(vpc.Port("10.0.1.5", {vpc.members})),
             peer = Launch(vpc.Port("10.0.1.6", {vpc.members}));
  const UniqueFd server = peer->Serve(80);
  auto listener = fabric->Listen(vpc.spec.vpc.id, Address("169.254.169.254"), 80);
  REQUIRE(Good(listener.status()));
  // Those it begins with other guests and with the router count alike.
  std::vector<UniqueFd> held;
  for (int i = 0; i < kShare / 2; ++i) {
    held.push_back(greedy->Connect(Address("10.0.1.6"), 80));
    REQUIRE(held.back());
    REQUIRE(Accept(server));
    held.push_back(greedy->Connect(Address("169.254.169.254"), 80));
    REQUIRE(held.back());
  }
  CHECK_FALSE(greedy->Reaches(Address("10.0.1.6"), 80, kBlocked));
  CHECK_FALSE(greedy->Reaches(Address("169.254.169.254"), 80, kBlocked));
  // What it has goes on, and others have shares of their own. One that others begin with it is theirs.
  CHECK(greedy->Run({"busybox", "ip", "route"}).exit_code == 0);
  CHECK(modest->Reaches(Address("10.0.1.6"), 80));
  const UniqueFd of_greedy = greedy->Serve(8080);
  CHECK(modest->Reaches(Address("10.0.1.4"), 8080));
  held.clear();
  CHECK(Eventually([&] { return greedy->Reaches(Address("10.0.1.6"), 80, kBlocked); }));
}

TEST_CASE_METHOD(FabricFixture, "the router answers 1,024 packets a second of one interface, whatever others send",
                 "[fabric]") {
  SyncAll();
  const PortSpec loud_port = vpc.Port("10.0.1.4", {vpc.members});
  const auto loud = Launch(loud_port), quiet = Launch(vpc.Port("10.0.1.5", {vpc.members}));
  const FrameAddresses there{loud_port.eni.mac, "02:b0:00:00:00:01", *loud_port.eni.private_ip,
                             Address("169.254.169.254")};
  const Frame ping = PingFrame(there, "a flood of it");
  constexpr size_t kSent = 8000, kPerSecond = 1024;
  const absl::Time start = absl::Now();
  for (size_t i = 0; i < kSent; ++i) loud->Send(ping);
  CHECK(quiet->Pings(Address("169.254.169.254")));
  const absl::Duration took = absl::Now() - start;
  const auto max_count = static_cast<size_t>(kPerSecond * (2 + absl::ToDoubleSeconds(took)));
  CHECK(loud->Count("a flood of it") <= max_count);
  CHECK(loud->Count("a flood of it") >= kPerSecond / 2);
  CHECK(Eventually([&] { return loud->Pings(Address("169.254.169.254")); }));
}

}  // namespace brume::network
