// Public addresses: between the host and guests, and beyond.
#include <sched.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/network/linux/sysctl.h"
#include "tests/integration/fabric_fixture.h"

namespace brume::network {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(300);

PortSpec WithPublic(PortSpec port, const char* address) {
  port.eni.public_ip = Address(address);
  return port;
}

// A machine beyond the host: a namespace "outside" on the host's link "wan", which has no route to the pool.
class Outside {
 public:
  Outside() {
    auto thread = NamespaceThread::Start("outside", [] {
      return unshare(CLONE_NEWNET) == 0 ? absl::OkStatus() : absl::ErrnoToStatus(errno, "unshare");
    });
    REQUIRE(Good(thread.status()));
    thread_ = *std::move(thread);
    const pid_t tid = thread_->Run([] { return gettid(); });
    Ip({"link", "add", "wan", "type", "veth", "peer", "name", "eth0", "netns", std::to_string(tid)});
    Ip({"address", "add", "192.0.2.1/24", "dev", "wan"});
    Ip({"link", "set", "wan", "up"});
    thread_->Run([&] {
      Ip({"address", "add", "192.0.2.2/24", "dev", "eth0"});
      Ip({"link", "set", "eth0", "up"});
      return true;
    });
  }
  ~Outside() { CHECK(RunChecked({"ip", "link", "del", "wan"}).ok()); }
  UniqueFd Serve(uint16_t port) {
    return thread_->Run([&] { return ServeTcp(port); });
  }

 private:
  static void Ip(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "ip");
    REQUIRE(Good(RunChecked(arguments).status()));
  }
  std::unique_ptr<NamespaceThread> thread_;
};

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
  // And the other way, from that address.
  const UniqueFd on_host = ServeTcp(7000);
  const UniqueFd near_end = guest->Connect(Address("198.18.0.1"), 7000);
  REQUIRE(near_end);
  const UniqueFd far_end = Accept(on_host);
  CHECK(PeerOf(far_end) == Address("198.18.0.10"));
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
  REQUIRE(old_far);
  REQUIRE(Good(fabric->PlugPort(WithPublic(second, "198.18.0.10"))));
  const UniqueFd fresh = ConnectTcp(Address("198.18.0.10"), 80, absl::Seconds(5));
  REQUIRE(fresh);
  const UniqueFd fresh_far = Accept(on_b);
  REQUIRE(fresh_far);
  CHECK(Carries(fresh, fresh_far));
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
