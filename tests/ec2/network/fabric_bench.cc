// How long the fabric takes, for the table in docs/networking.md. Run by hand, as root:
//   build/release/bin/fabric_bench
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/netns.h"
#include "lib/ec2/network/linux/nft.h"
#include "lib/ec2/network/linux/nft_ruleset.h"
#include "lib/ec2/network/linux/rtnetlink.h"
#include "lib/ec2/network/linux/small_files.h"
#include "lib/ec2/network/linux/tap.h"
#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {
namespace {

double Milliseconds(const std::function<absl::Status()>& work) {
  const absl::Time start = absl::Now();
  REQUIRE(Good(work()));
  return absl::ToDoubleMilliseconds(absl::Now() - start);
}

// A line of smaps_rollup(5).
int64_t KibOf(const std::string& path, absl::string_view name) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  REQUIRE(Good(text.status()));
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    int64_t kib = 0;
    if (!absl::ConsumePrefix(&line, name)) continue;
    REQUIRE(absl::SimpleAtoi(absl::StripSuffix(line, " kB"), &kib));
    return kib;
  }
  FAIL("no " << name << " in " << path);
  return 0;
}

size_t CountIn(const char* path) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
}

// How many dnsmasq keep their files below `directory`, and what of their memory is theirs alone.
std::string Resolvers(const std::string& directory) {
  int count = 0;
  int64_t kib = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const absl::StatusOr<std::string> pid = ReadFile(entry.path() / "dnsmasq.pid");
    if (!pid.ok()) continue;
    ++count;
    kib += KibOf(absl::StrCat("/proc/", absl::StripAsciiWhitespace(*pid), "/smaps_rollup"), "Private_Dirty:");
  }
  if (count == 0) return "no dnsmasq";
  return absl::StrCat(count, " dnsmasq of ", kib / count, " KiB each");
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
      vpc.spec.groups[0].members.push_back(*vpc.spec.ports.back().eni.private_ip);
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
      rules.groups[vpc.members].members.insert(*port.private_ip);
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

TEST_CASE_METHOD(FabricFixture, "200 VPCs: what each takes, and time of a look for what others changed", "[bench]") {
  constexpr int kVpcs = 200, kInspections = 20;
  const int64_t memory = KibOf("/proc/self/smaps_rollup", "Private_Dirty:");
  const size_t descriptors = CountIn("/proc/self/fd");
  std::vector<TestVpc> vpcs;
  for (int i = 0; i < kVpcs; ++i) {
    vpcs.emplace_back(absl::StrCat(absl::Dec(i + 1, absl::kZeroPad17)));
    REQUIRE(Good(fabric->SyncVpc(vpcs.back().spec)));
  }
  const auto print = [&](const char* what) {
    std::printf("%d VPCs %s: %.0f KiB and %.1f descriptors of this process for each, %zu threads in all, %s\n", kVpcs,
                what, static_cast<double>(KibOf("/proc/self/smaps_rollup", "Private_Dirty:") - memory) / kVpcs,
                static_cast<double>(CountIn("/proc/self/fd") - descriptors) / kVpcs, CountIn("/proc/self/task"),
                Resolvers(directory + "/net").c_str());
  };
  print("without ports");
  const auto cpu = [] {
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return absl::DurationFromTimespec(now);
  };
  const absl::Time start = absl::Now();
  const absl::Duration cpu_start = cpu();
  for (int i = 0; i < kInspections; ++i) {
    const auto damages = fabric->Inspect();
    REQUIRE(Good(damages.status()));
    REQUIRE(damages->empty());
  }
  std::printf("a look at %d VPCs: %.2f ms, %.2f ms of it CPU\n", kVpcs,
              absl::ToDoubleMilliseconds(absl::Now() - start) / kInspections,
              absl::ToDoubleMilliseconds(cpu() - cpu_start) / kInspections);
  for (const TestVpc& each : vpcs) {
    const PortSpec port = each.Port("10.0.1.4", {each.members});
    REQUIRE(Good(fabric->PreparePort(port)));
    REQUIRE(Good(fabric->PlugPort(port)));
  }
  print("with a port each");
}

}  // namespace brume::network
