// How fast ports may send and receive.
#include <fcntl.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/netns.h"
#include "lib/ec2/network/linux/rtnetlink.h"
#include "lib/ec2/network/linux/shaping_support.h"
#include "lib/ec2/network/linux/traffic_control.h"
#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {
namespace {

constexpr int64_t kMbit = 8, kBytesPerSecond = kMbit * 1'000'000 / 8;

// How long it takes to send so much and have it received, on a connection of its own.
absl::Duration TransferTime(Guest& from, Guest& to, const char* address, int64_t bytes) {
  constexpr uint16_t kServer = 5000;
  const UniqueFd server = to.Serve(kServer);
  const UniqueFd client = from.Connect(Address(address), kServer);
  REQUIRE(client);
  const UniqueFd accepted = Accept(server);
  REQUIRE(accepted);
  // Both wait for each other.
  for (const UniqueFd* end : {&client, &accepted}) {
    REQUIRE(fcntl(end->get(), F_SETFL, fcntl(end->get(), F_GETFL) & ~O_NONBLOCK) == 0);
  }
  const timeval patience = absl::ToTimeval(absl::Seconds(60));
  setsockopt(accepted.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  const absl::Time start = absl::Now();
  std::thread sender([&] {
    const std::string piece(16384, 'x');
    for (int64_t sent = 0; sent < bytes;) {
      const ssize_t now = send(client.get(), piece.data(), std::min<int64_t>(piece.size(), bytes - sent), MSG_NOSIGNAL);
      if (now <= 0) break;
      sent += now;
    }
  });
  std::string buffer(65536, '\0');
  int64_t received = 0;
  while (received < bytes) {
    const ssize_t now = recv(accepted.get(), buffer.data(), buffer.size(), 0);
    if (now <= 0) break;
    received += now;
  }
  const absl::Duration took = absl::Now() - start;
  sender.join();
  CHECK(received == bytes);
  return took;
}

class BandwidthFixture : public FabricFixture {
 protected:
  PortSpec Limited(const char* address, int64_t mbit) {
    PortSpec port = vpc.Port(address, {vpc.members});
    port.shape.bandwidth_mbit = mbit;
    return port;
  }
  template <typename Job>
  auto Inside(Job job) {
    auto thread = NamespaceThread::Start("inside", [&]() -> absl::Status {
      auto there = OpenNamespace(NamespacePath(vpc.spec.vpc.id));
      return there.ok() ? EnterNamespace(there->get()) : there.status();
    });
    REQUIRE(Good(thread.status()));
    return (*thread)->Run(std::move(job));
  }
  // By the link's name, of links that have something of it.
  std::map<std::string, Shaping> Shapings() {
    std::map<std::string, Shaping> by_name;
    REQUIRE(Good(Inside([&]() -> absl::Status {
      auto links = Rtnetlink::Open();
      auto control = TrafficControl::Open();
      if (!links.ok() || !control.ok()) return absl::InternalError("no netlink");
      const auto all = links->Links();
      const auto shaping = control->List();
      if (!all.ok() || !shaping.ok()) return absl::InternalError("no list");
      for (const Link& link : *all) {
        if (const auto found = shaping->find(link.index); found != shaping->end()) by_name[link.name] = found->second;
      }
      return absl::OkStatus();
    })));
    return by_name;
  }
};

}  // namespace

TEST_CASE_METHOD(BandwidthFixture,
                 "a guest sends and receives no faster than its type, and one without a limit has no qdisc",
                 "[fabric]") {
  const ShapingSupport support = DetectShaping();
  REQUIRE(support.receive);
  REQUIRE(support.send);
  SyncAll();
  const PortSpec slow_port = Limited("10.0.1.4", kMbit);
  const auto slow = Launch(slow_port), plain = Launch(vpc.Port("10.0.1.5", {vpc.members}));
  const std::string tap = TapName(slow_port.eni.id);
  CHECK(Shapings() == std::map<std::string, Shaping>{{tap, {kBytesPerSecond, true}},
                                                     {ShaperLinkName(tap), {kBytesPerSecond, false}}});
  constexpr int64_t kBytes = 2'000'000;
  // The bucket is full at first, and the last packets need not have left it.
  const absl::Duration min_time = absl::Seconds(static_cast<double>(kBytes) / kBytesPerSecond) * 0.7;
  CHECK(TransferTime(*slow, *plain, "10.0.1.5", kBytes) >= min_time);
  CHECK(TransferTime(*plain, *slow, "10.0.1.4", kBytes) >= min_time);
  REQUIRE(Good(fabric->UnplugPort(slow_port.eni)));
  CHECK(Shapings().empty());
}

TEST_CASE_METHOD(BandwidthFixture,
                 "a limit changes while the guest runs, and is made again where somebody takes it away", "[fabric]") {
  SyncAll();
  PortSpec port = Limited("10.0.1.4", kMbit);
  const auto guest = Launch(port);
  const std::string tap = TapName(port.eni.id), shaper = ShaperLinkName(tap);
  port.shape.bandwidth_mbit = 2 * kMbit;
  REQUIRE(Good(fabric->PlugPort(port)));
  CHECK(Shapings()[tap].bytes_per_second == 2 * kBytesPerSecond);
  CHECK(Shapings()[shaper].bytes_per_second == 2 * kBytesPerSecond);
  vpc.spec.ports = {port};
  CHECK(fabric->Inspect()->empty());
  REQUIRE(Good(Inside([&]() -> absl::Status {
    auto links = Rtnetlink::Open();
    const auto found = links->FindLink(shaper);
    return found.ok() && found->has_value() ? links->DeleteLink((*found)->index) : absl::InternalError("no link");
  })));
  CHECK_FALSE(fabric->Inspect()->empty());
  SyncAll();
  CHECK(fabric->Inspect()->empty());
  CHECK(Shapings()[shaper].bytes_per_second == 2 * kBytesPerSecond);
  Restart();
  SyncAll();
  CHECK(Shapings()[tap].redirected);
  CHECK(guest->Pings(Address("169.254.169.254")));
  port.shape.bandwidth_mbit = 0;
  vpc.spec.ports = {port};
  SyncAll();
  CHECK(Shapings().empty());
  CHECK(guest->Pings(Address("169.254.169.254")));
}

TEST_CASE_METHOD(BandwidthFixture, "the tap of a guest with several queues is made for as many openers", "[fabric]") {
  SyncAll();
  PortSpec port = vpc.Port("10.0.1.4", {vpc.members});
  port.shape.queues = 2;
  REQUIRE(Good(fabric->PreparePort(port)));
  REQUIRE(Good(fabric->PreparePort(port)));
  const CommandResult shown = *RunCommand({"ip", "-d", "link", "show", TapName(port.eni.id)});
  CHECK(shown.standard_output.find("multi_queue") != std::string::npos);
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
}

}  // namespace brume::network
