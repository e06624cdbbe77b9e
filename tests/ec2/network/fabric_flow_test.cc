// What is counted of the flows at ports, for flow logs.
#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/flow_rules.h"
#include "lib/ec2/network/linux/netns.h"
#include "lib/ec2/network/linux/nft.h"
#include "tests/ec2/network/fabric_fixture.h"
#include "tests/ec2/network/fabric_probe.h"

namespace brume::network {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(300);

class FlowFixture : public FabricFixture {
 protected:
  FlowFixture() { vpc.spec.flow_logs = true; }

  PortSpec Logged(const char* address, const SecurityGroupId& group, FlowLogging logging = FlowLogging::kAll) {
    PortSpec port = vpc.Port(address, {group});
    port.flow_logging = logging;
    vpc.spec.ports.push_back(port);
    return port;
  }
  // By the port's first address.
  std::map<std::string, PortFlows> Take() {
    const auto taken = fabric->TakeFlows(vpc.spec.vpc.id);
    REQUIRE(Good(taken.status()));
    std::map<std::string, PortFlows> by_address;
    for (const PortFlows& flows : *taken) {
      for (const PortSpec& port : vpc.spec.ports) {
        if (port.eni.id == flows.eni) by_address[port.eni.private_ip->text()] = flows;
      }
    }
    return by_address;
  }
  // All groups with the members that are there now.
  void SyncAgain() {
    vpc.spec.groups = {vpc.Group(vpc.members, {AllEgress(), AllowGroup(false, vpc.members)}),
                       vpc.Group(vpc.closed, {AllEgress()})};
    SyncAll();
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
  bool TableStands() {
    const auto elements = Inside([]() -> absl::StatusOr<std::vector<CountedElement>> {
      auto nft = Nft::Open();
      return nft.ok() ? nft->CountedElements(kFlowTable, SkippedSet(FlowFamily::kA)) : nft.status();
    });
    REQUIRE((elements.ok() || absl::IsNotFound(elements.status())));
    return elements.ok();
  }
};

// The sum of what passed, or was rejected, from one address to another; port 0: any.
int64_t Packets(const PortFlows& at, const char* from, const char* to, int protocol, bool accepted, int port = 0) {
  int64_t packets = 0;
  for (const Flow& flow : at.flows) {
    const bool same = flow.source == decltype(flow.source)(Address(from)) &&
                      flow.destination == decltype(flow.source)(Address(to)) && flow.protocol == protocol &&
                      flow.accepted == accepted && (port == 0 || flow.destination_port == port);
    if (same) packets += flow.packets;
  }
  return packets;
}

}  // namespace

TEST_CASE_METHOD(FlowFixture,
                 "a flow is recorded at each interface that it passed, and rejected at the one that stopped it",
                 "[fabric]") {
  const SecurityGroupId mute = SecurityGroupId::FromTrusted("sg-0000000000000001c");
  vpc.spec.groups.push_back(vpc.Group(mute, {}));
  vpc.spec.acls = {{.subnets = {vpc.spec.subnets[1].id}, .entries = {Entry(true, 1, true, -1)}}};
  SyncAll();
  const auto a = Launch(Logged("10.0.1.4", vpc.members)), b = Launch(Logged("10.0.1.5", vpc.members)),
             closed = Launch(Logged("10.0.1.6", vpc.closed)), silent = Launch(Logged("10.0.1.7", mute)),
             filtered = Launch(Logged("10.0.2.8", vpc.members));
  const UniqueFd server = b->Serve(80);
  REQUIRE(a->Reaches(Address("10.0.1.5"), 80));
  REQUIRE_FALSE(a->Reaches(Address("10.0.1.6"), 80, kBlocked));
  REQUIRE_FALSE(silent->Reaches(Address("10.0.1.5"), 80, kBlocked));
  REQUIRE_FALSE(a->Reaches(Address("10.0.2.8"), 80, kBlocked));
  auto at = Take();
  REQUIRE(at.size() == 5);
  for (const char* end : {"10.0.1.4", "10.0.1.5"}) {
    INFO(end);
    CHECK(Packets(at[end], "10.0.1.4", "10.0.1.5", kTcpProtocol, true, 80) >= 2);
    CHECK(Packets(at[end], "10.0.1.5", "10.0.1.4", kTcpProtocol, true) >= 1);
    CHECK(Packets(at[end], "10.0.1.4", "10.0.1.5", kTcpProtocol, false) == 0);
  }
  // Its sender's groups let it out.
  CHECK(Packets(at["10.0.1.4"], "10.0.1.4", "10.0.1.6", kTcpProtocol, true, 80) >= 1);
  CHECK(Packets(at["10.0.1.4"], "10.0.1.4", "10.0.1.6", kTcpProtocol, false) == 0);
  CHECK(Packets(at["10.0.1.6"], "10.0.1.4", "10.0.1.6", kTcpProtocol, false, 80) >= 1);
  CHECK(Packets(at["10.0.1.6"], "10.0.1.4", "10.0.1.6", kTcpProtocol, true) == 0);
  CHECK(Packets(at["10.0.1.7"], "10.0.1.7", "10.0.1.5", kTcpProtocol, false, 80) >= 1);
  CHECK(Packets(at["10.0.1.7"], "10.0.1.7", "10.0.1.5", kTcpProtocol, true) == 0);
  CHECK(Packets(at["10.0.1.5"], "10.0.1.7", "10.0.1.5", kTcpProtocol, false) == 0);
  // The network ACL of the subnet that it enters is its receiver's.
  CHECK(Packets(at["10.0.1.4"], "10.0.1.4", "10.0.2.8", kTcpProtocol, true, 80) >= 1);
  CHECK(Packets(at["10.0.2.8"], "10.0.1.4", "10.0.2.8", kTcpProtocol, false, 80) >= 1);
  for (const auto& [address, flows] : Take()) {
    INFO(address);
    CHECK(flows.flows.empty());
  }
}

TEST_CASE_METHOD(FlowFixture, "packets and bytes of a flow are counted once, however often they are read", "[fabric]") {
  SyncAll();
  const auto a = Launch(Logged("10.0.1.4", vpc.members)),
             b = Launch(Logged("10.0.1.5", vpc.members, FlowLogging::kAccepted));
  const UniqueFd server = b->ServeDatagrams(kPort), client = a->ServeDatagrams(0);
  constexpr int kDatagrams = 4000;
  std::atomic<bool> done = false;
  std::thread sender([&] {
    for (int i = 0; i < kDatagrams; ++i) Send(client, Address("10.0.1.5"), kPort);
    done = true;
  });
  int64_t at_a = 0, at_b = 0, bytes = 0, rejected = 0;
  const auto add = [&] {
    auto at = Take();
    at_a += Packets(at["10.0.1.4"], "10.0.1.4", "10.0.1.5", kUdpProtocol, true, kPort);
    at_b += Packets(at["10.0.1.5"], "10.0.1.4", "10.0.1.5", kUdpProtocol, true, kPort);
    for (const auto& [address, flows] : at) {
      for (const Flow& flow : flows.flows) rejected += flow.accepted ? 0 : flow.packets;
    }
    for (const Flow& flow : at["10.0.1.5"].flows) bytes += flow.protocol == kUdpProtocol ? flow.bytes : 0;
  };
  while (!done) add();
  sender.join();
  // A tap's queue may have dropped some before they came to the router; both ends saw the same.
  CHECK(Eventually([&] {
    const int64_t before = at_b;
    add();
    return at_a == at_b && at_b == before && at_b > 0;
  }));
  CHECK(at_a <= kDatagrams);
  constexpr int kDatagramBytes = 20 + 8 + 1;
  CHECK(bytes == at_b * kDatagramBytes);
  CHECK(rejected == 0);
  CHECK(a->Pings(Address("10.0.1.5")));
  CHECK(Packets(Take()["10.0.1.5"], "10.0.1.4", "10.0.1.5", kIcmpProtocol, true) >= 1);
}

TEST_CASE_METHOD(FlowFixture,
                 "what there is no room to count is told by interface, and room comes with the next reading",
                 "[fabric]") {
  max_flows = 4;
  Restart();
  SyncAll();
  const auto a = Launch(Logged("10.0.1.4", vpc.members)), b = Launch(Logged("10.0.1.5", vpc.members));
  const UniqueFd client = a->ServeDatagrams(0);
  for (uint16_t port = 7000; port < 7040; ++port) REQUIRE(Send(client, Address("10.0.1.5"), port));
  REQUIRE(a->Pings(Address("10.0.1.5")));
  auto at = Take();
  CHECK(at["10.0.1.4"].skipped);
  CHECK(at["10.0.1.4"].flows.size() <= 3 * 4);
  CHECK_FALSE(at["10.0.1.4"].flows.empty());
  REQUIRE(Send(client, Address("10.0.1.5"), 8000));
  REQUIRE(a->Pings(Address("10.0.1.5")));
  at = Take();
  CHECK(Packets(at["10.0.1.4"], "10.0.1.4", "10.0.1.5", kUdpProtocol, true, 8000) == 1);
  CHECK_FALSE(at["10.0.1.4"].skipped);
}

TEST_CASE_METHOD(FlowFixture, "counts outlive a sync and the port itself, and a flush has counting made again",
                 "[fabric]") {
  SyncAll();
  const PortSpec port = Logged("10.0.1.4", vpc.members);
  const auto a = Launch(port), b = Launch(Logged("10.0.1.5", vpc.members));
  SyncAgain();
  REQUIRE(a->Pings(Address("10.0.1.5")));
  SyncAgain();
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
  auto at = Take();
  CHECK(Packets(at["10.0.1.4"], "10.0.1.4", "10.0.1.5", kIcmpProtocol, true) >= 1);
  CHECK(Packets(at["10.0.1.5"], "10.0.1.4", "10.0.1.5", kIcmpProtocol, true) >= 1);
  CHECK(Take().count("10.0.1.4") == 0);

  REQUIRE(Good(Inside([]() -> absl::Status {
    auto nft = Nft::Open();
    return nft.ok() ? nft->Run("flush ruleset\n") : nft.status();
  })));
  CHECK_FALSE(TableStands());
  vpc.spec.ports.erase(vpc.spec.ports.begin());
  const auto damages = fabric->Inspect();
  REQUIRE(Good(damages.status()));
  CHECK_FALSE(damages->empty());
  SyncAgain();
  const auto c = Launch(Logged("10.0.1.9", vpc.members));
  REQUIRE(c->Pings(Address("10.0.1.5")));
  CHECK(Packets(Take()["10.0.1.5"], "10.0.1.9", "10.0.1.5", kIcmpProtocol, true) >= 1);
}

TEST_CASE_METHOD(FlowFixture, "without a flow log nothing is counted and no table stands", "[fabric]") {
  vpc.spec.flow_logs = false;
  SyncAll();
  const auto a = Launch(vpc.Port("10.0.1.4", {vpc.members})), b = Launch(vpc.Port("10.0.1.5", {vpc.members}));
  REQUIRE(a->Pings(Address("10.0.1.5")));
  CHECK_FALSE(TableStands());
  CHECK(Take().empty());
  // One that comes begins to count, for its interface alone.
  vpc.spec.flow_logs = true;
  vpc.spec.ports = {vpc.Port("10.0.1.4", {vpc.members})};
  Logged("10.0.1.5", vpc.members);
  SyncAgain();
  CHECK(TableStands());
  REQUIRE(a->Pings(Address("10.0.1.5")));
  auto at = Take();
  CHECK(at.size() == 1);
  CHECK(Packets(at["10.0.1.5"], "10.0.1.5", "10.0.1.4", kIcmpProtocol, true) >= 1);
  vpc.spec.flow_logs = false;
  vpc.spec.ports.back().flow_logging = FlowLogging::kNone;
  SyncAgain();
  CHECK_FALSE(TableStands());
}

}  // namespace brume::network
