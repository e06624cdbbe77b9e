// How long the kernel tracks idle connections of ports that have timeouts of their own.
#include <catch2/catch.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/ec2/network/linux/conntrack.h"
#include "lib/ec2/network/linux/ct_timeouts.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/netns.h"
#include "lib/ec2/network/linux/nft.h"
#include "tests/ec2/network/fabric_fixture.h"
#include "tests/ec2/network/fabric_probe.h"

namespace brume::network {
namespace {

constexpr int kTcpDefault = 432000, kSlack = 20;  // seconds

class TimeoutFixture : public FabricFixture {
 protected:
  // In the VPC's namespace.
  template <typename Job>
  auto Inside(Job job) {
    auto thread = NamespaceThread::Start("inside", [&]() -> absl::Status {
      auto there = OpenNamespace(NamespacePath(vpc.spec.vpc.id));
      return there.ok() ? EnterNamespace(there->get()) : there.status();
    });
    REQUIRE(Good(thread.status()));
    return (*thread)->Run(std::move(job));
  }
  // Seconds that the connection from one to the other is tracked without a packet; none when there is no such.
  std::optional<int> Left(const char* from, const char* to, int protocol) {
    const auto all = Inside([]() -> absl::StatusOr<std::vector<TrackedConnection>> {
      auto conntrack = Conntrack::Open();
      return conntrack.ok() ? conntrack->List() : conntrack.status();
    });
    REQUIRE(Good(all.status()));
    for (const TrackedConnection& each : *all) {
      if (each.source == Address(from) && each.target == Address(to) && each.protocol == protocol) {
        return static_cast<int>(absl::ToInt64Seconds(each.left));
      }
    }
    return std::nullopt;
  }
  // Its timeout is `seconds`, of which a few may have passed.
  bool Idles(const char* from, const char* to, int protocol, int seconds) {
    return Eventually([&] {
      const std::optional<int> left = Left(from, to, protocol);
      UNSCOPED_INFO(from << " to " << to << ": " << left.value_or(-1));
      return left.has_value() && *left <= seconds && *left > seconds - kSlack;
    });
  }
  std::set<std::string> Objects() {
    const auto names = Inside([]() -> absl::StatusOr<std::vector<std::string>> {
      auto nft = Nft::Open();
      return nft.ok() ? nft->ObjectsOf(kTimeoutTable) : nft.status();
    });
    REQUIRE(Good(names.status()));
    return {names->begin(), names->end()};
  }
  void Plug(const PortSpec& port) { REQUIRE(Good(fabric->PlugPort(port))); }
  PortSpec Port(const char* address, ConnectionTracking tracking) {
    PortSpec port = vpc.Port(address, {vpc.members});
    port.eni.tracking = tracking;
    return port;
  }
};

ConnectionTracking Tcp(int seconds) {
  return {.tcp_established_timeout = seconds, .udp_stream_timeout = {}, .udp_timeout = {}};
}

}  // namespace

TEST_CASE_METHOD(TimeoutFixture, "a connection has the timeouts of the port that began it, else of the one it came to",
                 "[fabric]") {
  SyncAll();
  const ConnectionTracking short_udp{.tcp_established_timeout = 600, .udp_stream_timeout = 70, .udp_timeout = 45};
  const auto a = Launch(Port("10.0.1.4", Tcp(400))), b = Launch(Port("10.0.1.5", short_udp)),
             plain = Launch(vpc.Port("10.0.2.6", {vpc.members}));
  CHECK(Objects() == std::set<std::string>{"tcp-400", "tcp-600", "udp-45-70"});
  const UniqueFd at_a = a->Serve(80), at_b = b->Serve(80), at_plain = plain->Serve(80);
  std::vector<UniqueFd> held;
  const auto connect = [&](Guest& from, const UniqueFd& server, const char* to) {
    held.push_back(from.Connect(Address(to), 80));
    REQUIRE(held.back());
    held.push_back(Accept(server));
    REQUIRE(held.back());
    REQUIRE(Carries(held[held.size() - 2], held.back()));
  };
  connect(*a, at_b, "10.0.1.5");
  connect(*b, at_a, "10.0.1.4");
  connect(*plain, at_b, "10.0.1.5");
  connect(*b, at_plain, "10.0.2.6");
  CHECK(Idles("10.0.1.4", "10.0.1.5", kTcpProtocol, 400));
  CHECK(Idles("10.0.1.5", "10.0.1.4", kTcpProtocol, 600));
  CHECK(Idles("10.0.2.6", "10.0.1.5", kTcpProtocol, 600));
  CHECK(Idles("10.0.1.5", "10.0.2.6", kTcpProtocol, 600));
  connect(*plain, at_a, "10.0.1.4");
  CHECK(Idles("10.0.2.6", "10.0.1.4", kTcpProtocol, 400));

  // A has none for UDP, so B's count, as its receiver; one datagram alone is not a stream.
  const UniqueFd server = b->ServeDatagrams(kPort), client = a->ServeDatagrams(0);
  REQUIRE(Send(client, Address("10.0.1.5"), kPort));
  CHECK(Idles("10.0.1.4", "10.0.1.5", kUdpProtocol, 45));
  REQUIRE(AnswerOne(server, client, kSoon));
  // The kernel calls it a stream when it has gone on for two seconds.
  CHECK(Eventually([&] {
    const bool sent = Send(client, Address("10.0.1.5"), kPort) && AnswerOne(server, client, kSoon);
    const std::optional<int> left = Left("10.0.1.4", "10.0.1.5", kUdpProtocol);
    return sent && left.has_value() && *left > 45 && *left <= 70;
  }));
}

TEST_CASE_METHOD(TimeoutFixture, "timeouts change while a guest runs, and connections of other ports keep theirs",
                 "[fabric]") {
  SyncAll();
  const auto a = Launch(Port("10.0.1.4", Tcp(400))), b = Launch(Port("10.0.1.5", Tcp(500))),
             plain = Launch(vpc.Port("10.0.2.6", {vpc.members}));
  const UniqueFd server = plain->Serve(80);
  const UniqueFd of_a = a->Connect(Address("10.0.2.6"), 80), at_a = Accept(server);
  const UniqueFd of_b = b->Connect(Address("10.0.2.6"), 80), at_b = Accept(server);
  REQUIRE(Idles("10.0.1.4", "10.0.2.6", kTcpProtocol, 400));
  REQUIRE(Idles("10.0.1.5", "10.0.2.6", kTcpProtocol, 500));
  Plug(Port("10.0.1.4", Tcp(60)));
  CHECK(Objects() == std::set<std::string>{"tcp-60", "tcp-500"});
  // Nobody has the first one's any more.
  CHECK(Carries(of_a, at_a));
  CHECK(Carries(of_b, at_b));
  CHECK(Idles("10.0.1.4", "10.0.2.6", kTcpProtocol, kTcpDefault));
  CHECK(Idles("10.0.1.5", "10.0.2.6", kTcpProtocol, 500));
  Plug(vpc.Port("10.0.1.4", {vpc.members}));
  REQUIRE(Good(fabric->UnplugPort(Port("10.0.1.5", Tcp(500)).eni)));
  CHECK(Objects().empty());
  const UniqueFd of_plain = a->Serve(80);
  const UniqueFd again = plain->Connect(Address("10.0.1.4"), 80), at_again = Accept(of_plain);
  CHECK(Idles("10.0.2.6", "10.0.1.4", kTcpProtocol, kTcpDefault));
}

TEST_CASE_METHOD(TimeoutFixture,
                 "tracked connections keep their timeouts over a sync and a restart, and a flush has them made again",
                 "[fabric]") {
  const PortSpec port = Port("10.0.1.4", Tcp(400)), other = vpc.Port("10.0.2.6", {vpc.members});
  SyncAll();
  const auto a = Launch(port), plain = Launch(other);
  vpc.spec.ports = {port, other};
  vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress(), AllowGroup(false, vpc.members)})};
  const UniqueFd server = plain->Serve(80);
  const UniqueFd client = a->Connect(Address("10.0.2.6"), 80), held = Accept(server);
  REQUIRE(Idles("10.0.1.4", "10.0.2.6", kTcpProtocol, 400));
  SyncAll();
  CHECK(Carries(client, held));
  CHECK(Idles("10.0.1.4", "10.0.2.6", kTcpProtocol, 400));
  Restart();
  SyncAll();
  CHECK(Carries(client, held));
  CHECK(Idles("10.0.1.4", "10.0.2.6", kTcpProtocol, 400));
  CHECK(Objects() == std::set<std::string>{"tcp-400"});

  REQUIRE(Good(Inside([]() -> absl::Status {
    auto nft = Nft::Open();
    return nft.ok() ? nft->Run("flush ruleset\n") : nft.status();
  })));
  const auto damages = fabric->Inspect();
  REQUIRE(Good(damages.status()));
  CHECK_FALSE(damages->empty());
  SyncAll();
  CHECK(Objects() == std::set<std::string>{"tcp-400"});
  CHECK(Carries(client, held));
  const UniqueFd of_plain = a->Serve(80);
  const UniqueFd again = plain->Connect(Address("10.0.1.4"), 80), at_again = Accept(of_plain);
  CHECK(Carries(again, at_again));
  CHECK(Idles("10.0.2.6", "10.0.1.4", kTcpProtocol, 400));
}

}  // namespace brume::network
