// How long the fabric takes, for the table in docs/networking.md. Run by hand, as root:
//   build/release/bin/fabric_bench
#include <catch2/catch.hpp>
#include <cstdio>
#include <functional>

#include "absl/time/clock.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/netns.h"
#include "lib/ec2/network/linux/nft.h"
#include "lib/ec2/network/linux/nft_ruleset.h"
#include "lib/ec2/network/linux/rtnetlink.h"
#include "lib/ec2/network/linux/tap.h"
#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {
namespace {

double Milliseconds(const std::function<absl::Status()>& work) {
  const absl::Time start = absl::Now();
  REQUIRE(Good(work()));
  return absl::ToDoubleMilliseconds(absl::Now() - start);
}

std::string NthAddress(int n) { return Ipv4{Address("10.0.1.4").value + n}.text(); }

}  // namespace

TEST_CASE_METHOD(FabricFixture, "time of a port's life", "[bench]") {
  constexpr int kRounds = 50;
  std::printf("first SyncVpc (namespace, dnsmasq): %.1f ms\n", Milliseconds([&] { return fabric->SyncVpc(vpc.spec); }));
  double prepare = 0, plug = 0, replug = 0, group = 0, unplug = 0;
  for (int i = 0; i < kRounds; ++i) {
    PortSpec port = vpc.Port(NthAddress(i).c_str(), {vpc.members});
    port.eni.public_ip = Ipv4{Address("198.18.0.10").value + i};
    prepare += Milliseconds([&] { return fabric->PreparePort(port); });
    plug += Milliseconds([&] { return fabric->PlugPort(port); });
    replug += Milliseconds([&] { return fabric->PlugPort(port); });
    const GroupSpec spec = vpc.Group(vpc.members, {AllEgress(), Allow(false, kTcpProtocol, 22, 22 + i, "0.0.0.0/0")});
    group += Milliseconds([&] { return fabric->ApplyGroup(spec); });
    unplug += Milliseconds([&] { return fabric->UnplugPort(port.eni); });
  }
  std::printf("PreparePort %.2f ms, PlugPort %.2f ms, UnplugPort %.2f ms, together %.2f ms\n", prepare / kRounds,
              plug / kRounds, unplug / kRounds, (prepare + plug + unplug) / kRounds);
  std::printf("PlugPort without a change %.2f ms, ApplyGroup %.2f ms\n", replug / kRounds, group / kRounds);
  std::printf("RemoveVpc: %.1f ms\n", Milliseconds([&] { return fabric->RemoveVpc(vpc.spec.vpc.id); }));
}

TEST_CASE_METHOD(FabricFixture, "time of the kernel's part of it alone", "[bench]") {
  constexpr int kRounds = 50;
  SyncAll();
  auto links = Rtnetlink::Open();
  REQUIRE(Good(links.status()));
  const UniqueFd target = OpenNamespace(NamespacePath(vpc.spec.vpc.id)).value();
  auto inside = NamespaceThread::Start("inside", [&] { return EnterNamespace(target.get()); });
  REQUIRE(Good(inside.status()));
  double make = 0, move = 0, remove = 0;
  for (int i = 0; i < kRounds; ++i) {
    make += Milliseconds([&] { return CreateTap("bm0123456789abc", {}); });
    const int index = (*links->FindLink("bm0123456789abc"))->index;
    move += Milliseconds([&] { return links->MoveLink(index, target.get()); });
    remove += Milliseconds([&] {
      return (*inside)->Run([&] {
        auto there = Rtnetlink::Open();
        return there->DeleteLink((*there->FindLink("bm0123456789abc"))->index);
      });
    });
  }
  std::printf("kernel alone: make %.2f ms, move %.2f ms, delete %.2f ms, together %.2f ms\n", make / kRounds,
              move / kRounds, remove / kRounds, (make + move + remove) / kRounds);
}

TEST_CASE_METHOD(FabricFixture, "time to take over running ports after a restart", "[bench]") {
  for (const int ports : {10, 200}) {
    SyncAll();
    std::vector<std::unique_ptr<Guest>> guests;
    for (int i = static_cast<int>(vpc.spec.ports.size()); i < ports; ++i) {
      vpc.spec.ports.push_back(vpc.Port(NthAddress(i).c_str(), {vpc.members}));
      vpc.spec.groups[0].members.push_back(vpc.spec.ports.back().eni.private_ip);
      REQUIRE(Good(fabric->PreparePort(vpc.spec.ports.back())));
      REQUIRE(Good(fabric->PlugPort(vpc.spec.ports.back())));
    }
    Restart();
    std::printf("SyncVpc over %d running ports: %.1f ms\n", ports,
                Milliseconds([&] { return fabric->SyncVpc(vpc.spec); }));
    PortSpec more = vpc.Port("10.0.2.9", {vpc.members, vpc.closed});
    REQUIRE(Good(fabric->PreparePort(more)));
    std::printf("PlugPort beside %d ports: %.2f ms\n", ports, Milliseconds([&] { return fabric->PlugPort(more); }));
    GroupSpec group = vpc.spec.groups[0];
    group.rules.push_back(Allow(false, kTcpProtocol, 22, 22, "0.0.0.0/0"));
    std::printf("ApplyGroup beside %d ports: %.2f ms\n", ports,
                Milliseconds([&] { return fabric->ApplyGroup(group); }));
    std::printf("UnplugPort beside %d ports: %.2f ms\n", ports,
                Milliseconds([&] { return fabric->UnplugPort(more.eni); }));
  }
}

TEST_CASE_METHOD(FabricFixture, "time of rules alone, for many ports", "[bench]") {
  for (const int ports : {1000, 10000}) {
    Ruleset rules{.resolvers = {}, .groups = {}, .ports = {}};
    for (const GroupSpec& group : vpc.spec.groups) rules.groups[group.group.id] = GroupRulesOf(group.rules, {});
    for (int i = 0; i < ports; ++i) {
      const PortRules port = PortRulesOf(vpc.Port(NthAddress(i).c_str(), {vpc.members}).eni, 1);
      rules.groups[vpc.members].members.insert(port.private_ip);
      rules.ports[port.tap] = port;
    }
    auto nft = Nft::Open();
    REQUIRE(Good(nft.status()));
    std::printf("whole ruleset of %d ports: %.1f ms\n", ports,
                Milliseconds([&] { return nft->Run(WholeRuleset(rules)); }));
    const PortRules more = PortRulesOf(vpc.Port("10.0.200.200", {vpc.members}).eni, 1);
    std::printf("one port more: %.2f ms\n", Milliseconds([&] { return nft->Run(ChangePort(nullptr, &more)); }));
    GroupRules changed = rules.groups[vpc.members];
    changed.ingress.push_back("tcp dport 22 accept");
    std::printf("one rule more: %.2f ms\n",
                Milliseconds([&] { return nft->Run(ChangeGroup(vpc.members, &rules.groups[vpc.members], changed)); }));
  }
}

TEST_CASE_METHOD(FabricFixture, "time of a look for what others changed, with 200 VPCs", "[bench]") {
  constexpr int kVpcs = 200, kLooks = 20;
  std::vector<VpcId> ids;
  for (int i = 0; i < kVpcs; ++i) {
    const TestVpc each(absl::StrCat(absl::Dec(i + 1, absl::kZeroPad17)));
    REQUIRE(Good(fabric->SyncVpc(each.spec)));
    ids.push_back(each.spec.vpc.id);
  }
  const auto cpu = [] {
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return absl::DurationFromTimespec(now);
  };
  const absl::Time start = absl::Now();
  const absl::Duration cpu_start = cpu();
  for (int i = 0; i < kLooks; ++i) {
    const auto damages = fabric->Inspect();
    REQUIRE(Good(damages.status()));
    REQUIRE(damages->empty());
  }
  printf("a look at %d VPCs: %.2f ms, %.2f ms of it CPU\n", kVpcs,
         absl::ToDoubleMilliseconds(absl::Now() - start) / kLooks,
         absl::ToDoubleMilliseconds(cpu() - cpu_start) / kLooks);
}

}  // namespace brume::network
