// Processor time of one evaluation of many groups: what their policies want, and what their members need.
//   scaling_bench [groups=10000]
#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include "absl/strings/str_format.h"
#include "lib/autoscaling/model/activity.h"
#include "lib/autoscaling/model/converge.h"
#include "lib/autoscaling/model/scale.h"

namespace brume::scaling {
namespace {

constexpr int kMembersOfEach = 10;
constexpr int kRounds = 20;
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

struct Entry {
  Group group;
  State state;
  std::vector<Member> members;
  std::vector<std::optional<double>> values;
  std::vector<Policy> policies;
  std::vector<PolicyMemory> memories;
  std::vector<Signal> signals;
};

Entry MakeEntry(int number) {
  Entry entry;
  entry.group.uuid = absl::StrFormat("%08x-89ab-4cde-8f01-23456789abcd", number);
  entry.group.max_size = 2 * kMembersOfEach;
  entry.group.desired = kMembersOfEach;
  for (const char* zone : {"us-east-1a", "us-east-1b", "us-east-1c"}) {
    entry.group.zones.push_back({.name = zone, .subnet = SubnetId()});
  }
  entry.group.max_lifetime = absl::Hours(7 * 24);
  for (int i = 0; i < kMembersOfEach; ++i) {
    Member member;
    member.token = ActivityToken(entry.group.uuid, i + 1);
    member.instance = InstanceId::FromTrusted(absl::StrFormat("i-%017x", number * kMembersOfEach + i));
    member.lifecycle = Lifecycle::kInService;
    member.zone = entry.group.zones[i % entry.group.zones.size()].name;
    member.launched = member.in_service = kNow - absl::Hours(i + 1);
    member.seen = InstanceState::kRunning;
    entry.members.push_back(member);
    entry.values.emplace_back(45 + i);
  }
  entry.policies.push_back({.name = "cpu", .enabled = true, .rule = TrackingPolicy{50, false}});
  entry.policies.push_back(
      {.name = "steps", .enabled = true, .rule = StepPolicy{AdjustmentType::kChangeInCapacity, 0, {{0.0, {}, 1}}}});
  entry.memories.resize(entry.policies.size());
  entry.signals.resize(entry.policies.size());
  return entry;
}

// Returns how many actions came of it, so that nothing is left out by the compiler.
size_t Evaluate(Entry& entry) {
  entry.signals[0].datapoint = Measure(entry.group, entry.members, entry.values, kNow);
  const Crowd crowd = CountCrowd(entry.group, entry.members, kNow);
  const auto decision =
      Scale(entry.group, {entry.policies, entry.signals, crowd}, absl::MakeSpan(entry.memories), kNow);
  return Converge(entry.group, entry.state, entry.members, kNow).actions.size() + (decision.has_value() ? 1 : 0);
}

double ProcessorSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

int Run(int groups) {
  std::vector<Entry> entries;
  entries.reserve(groups);
  for (int i = 0; i < groups; ++i) entries.push_back(MakeEntry(i));
  std::vector<double> seconds;
  size_t actions = 0;
  for (int round = 0; round < kRounds; ++round) {
    const double start = ProcessorSeconds();
    for (Entry& entry : entries) actions += Evaluate(entry);
    seconds.push_back(ProcessorSeconds() - start);
  }
  std::sort(seconds.begin(), seconds.end());
  printf("%d groups with %d members evaluated: p50 %.1f ms, most %.1f ms of one core, %zu actions\n", groups,
         groups * kMembersOfEach, seconds[kRounds / 2] * 1e3, seconds.back() * 1e3, actions);
  return seconds[kRounds / 2] <= 1 ? 0 : 1;
}

}  // namespace
}  // namespace brume::scaling

int main(int argc, char** argv) { return brume::scaling::Run(argc > 1 ? atoi(argv[1]) : 10000); }
