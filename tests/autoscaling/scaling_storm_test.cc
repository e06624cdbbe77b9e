// Random events in random order, with crashes in between, and what must be true of a group whatever happens.
// BRUME_STORM_SEED repeats one storm, BRUME_STORM_RUNS makes more of them.
#include <stdlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "lib/base/seeded_random.h"
#include "tests/fakes/scaling_loop.h"

namespace brume::scaling {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* set = getenv(name);
  if (set != nullptr) REQUIRE(absl::SimpleAtoi(set, &otherwise));
  return otherwise;
}

// A group with a random choice of all that a group can have.
Group AnyGroup(SeededRandom& random) {
  Group group = MakeGroup(static_cast<int>(random.Below(4)), 4 + static_cast<int>(random.Below(8)), 3, {"a"});
  for (const char* zone : {"b", "c"}) {
    if (random.Below(2) == 0) group.zones.push_back({.name = zone, .subnet = SubnetId()});
  }
  if (random.Below(3) == 0) group.zones[0].weight = 2;
  if (random.Below(2) == 0) group.instance_types = {"b1.large", "b1.small"};
  if (random.Below(3) == 0) group.max_lifetime = absl::Hours(4);
  if (random.Below(3) == 0) {
    group.warm_pool = WarmPool{.min_size = static_cast<int>(random.Below(3)),
                               .max_prepared = static_cast<int>(random.Below(12)),
                               .state = static_cast<WarmState>(random.Below(3)),
                               .reuse_on_scale_in = random.Below(2) == 0};
  }
  for (const Transition transition : {Transition::kLaunching, Transition::kTerminating}) {
    if (random.Below(3) != 0) continue;
    group.hooks.push_back({.name = transition == Transition::kLaunching ? "in" : "out",
                           .transition = transition,
                           .heartbeat = absl::Minutes(5),
                           .default_result = static_cast<HookResult>(random.Below(2))});
  }
  group.protect_new_members = random.Below(6) == 0;
  group.health_check_grace = absl::Minutes(random.Below(10));
  group.termination_policies = {static_cast<TerminationPolicy>(random.Below(7))};
  return group;
}

class Storm {
 public:
  explicit Storm(uint64_t seed) : random_(seed), host_(seed), loop_(AnyGroup(random_), {}, host_) {
    host_.failed_launch_percent = static_cast<int>(random_.Below(30));
  }

  void Blow(int events) {
    for (int i = 0; i < events; ++i) {
      Disturb();
      const bool dies = random_.Below(5) == 0;
      Evaluate(dies ? static_cast<ScalingLoop::Crash>(1 + random_.Below(3)) : ScalingLoop::Crash::kNone);
      now_ += absl::Seconds(static_cast<int64_t>(random_.Below(120)));
    }
  }

  // Nothing happens any more, and the group comes to what it should be.
  void CalmDown() {
    host_.failed_launch_percent = 0;
    loop_.group.suspended = {};
    loop_.group.max_lifetime.reset();
    for (Member& member : loop_.members) {
      member.protected_from_scale_in = false;
      member.health = Health::kHealthy;
      host_.Impair(member.token, absl::InfiniteFuture());
    }
    loop_.group.protect_new_members = false;
    for (Hook& hook : loop_.group.hooks) hook.default_result = HookResult::kContinue;
    const absl::Time end = now_ + absl::Hours(6);
    for (; now_ < end; now_ += absl::Seconds(30)) Evaluate(ScalingLoop::Crash::kNone);
  }

  void CheckIsWhole() {
    CHECK(loop_.plan.actions.empty());
    CHECK(loop_.plan.blocked.empty());
    const Group& group = loop_.group;
    CHECK(loop_.InService() == std::clamp(group.desired, group.min_size, group.max_size));
    CHECK(loop_.Active() == loop_.InService());
    ZoneCounts counts(group);
    int pool = 0;
    for (const Member& member : loop_.members) {
      const bool settled = member.lifecycle == Lifecycle::kInService || member.lifecycle == Lifecycle::kStandby ||
                           IsWarmReady(member.lifecycle);
      CHECK(settled);
      pool += IsWarmReady(member.lifecycle) ? 1 : 0;
      if (IsActive(member.lifecycle)) counts.Add(group.ZoneIndex(member.zone));
      if (IsActive(member.lifecycle)) CHECK(member.seen == InstanceState::kRunning);
    }
    for (int from = 0; from < static_cast<int>(group.zones.size()); ++from) {
      for (int to = 0; to < static_cast<int>(group.zones.size()); ++to) CHECK_FALSE(counts.LeansFrom(from, to));
    }
    CHECK(counts.Of(ZoneCounts::kForeign) == 0);
    const int wanted = group.warm_pool.has_value()
                           ? std::max(group.warm_pool->min_size, *group.warm_pool->max_prepared - loop_.InService())
                           : 0;
    CHECK(pool == wanted);
    // What runs on the host is what the group knows, and what it let go of.
    for (const auto& [token, guest] : host_.guests()) {
      if (guest.state == InstanceState::kTerminated) continue;
      const bool known = loop_.Find(token) != nullptr || detached_.contains(token);
      CHECK(known);
    }
  }

 private:
  Member* AnyMember(Lifecycle lifecycle) {
    std::vector<Member*> of_state;
    for (Member& member : loop_.members) {
      if (member.lifecycle == lifecycle) of_state.push_back(&member);
    }
    return of_state.empty() ? nullptr : of_state[random_.Below(of_state.size())];
  }

  void Disturb() {
    Group& group = loop_.group;
    Member* member = AnyMember(Lifecycle::kInService);
    switch (random_.Below(16)) {
      case 0:
        group.desired = group.min_size + static_cast<int>(random_.Below(group.max_size - group.min_size + 1));
        return;
      case 1:
        if (member != nullptr) host_.Kill(member->token);
        return;
      case 2:
        if (member != nullptr) host_.Stop(member->token);
        return;
      case 3:
        if (member != nullptr) host_.Impair(member->token, now_);
        return;
      case 4:
        if (member != nullptr) member->health = Health::kUnhealthy;
        return;
      case 5:
        if (member != nullptr) member->protected_from_scale_in = random_.Below(2) == 0;
        return;
      case 6:
        group.suspended.Add(kAllProcesses[random_.Below(std::size(kAllProcesses))]);
        return;
      case 7:
      case 8:
        group.suspended = {};
        return;
      case 9:
        group.max_size = std::max(1, group.min_size) + static_cast<int>(random_.Below(10));
        group.desired = std::min(group.desired, group.max_size);
        return;
      case 10:
        std::rotate(group.zones.begin(), group.zones.begin() + 1, group.zones.end());
        if (group.zones.size() > 1 && random_.Below(4) == 0) group.zones.pop_back();
        return;
      case 11:
        if (member != nullptr) member->lifecycle = Lifecycle::kEnteringStandby;
        return;
      case 12:
        member = AnyMember(Lifecycle::kStandby);
        if (member != nullptr && loop_.Active() < group.max_size) member->lifecycle = Lifecycle::kPending;
        return;
      case 13:
        if (member == nullptr) return;
        member->lifecycle = Lifecycle::kDetaching;
        detached_[member->token] = true;
        return;
      case 14:
        member = AnyMember(random_.Below(2) == 0 ? Lifecycle::kPendingWait : Lifecycle::kTerminatingWait);
        if (member != nullptr) member->waits[0].result = static_cast<HookResult>(random_.Below(2));
        return;
      default:
        if (!loop_.members.empty()) host_.Kill(loop_.members[random_.Below(loop_.members.size())].token);
        return;
    }
  }

  void Evaluate(ScalingLoop::Crash crash) {
    const int before = loop_.Active();
    std::map<std::string, Member> were;
    for (const Member& member : loop_.members) were[member.token] = member;
    const Group group = loop_.group;
    loop_.Tick(now_, {}, crash);
    CHECK(loop_.Active() <= std::max(before, group.max_size));
    CHECK(host_.launched_twice() == 0);
    if (crash != ScalingLoop::Crash::kBeforeCommit) CheckPlan(group, were);
  }

  // Only what nothing protects, and nobody who is well without a reason, goes.
  void CheckPlan(const Group& group, const std::map<std::string, Member>& were) {
    for (const Action& action : loop_.plan.actions) {
      if (std::holds_alternative<Launch>(action)) CHECK(group.Runs(Process::kLaunch));
      const auto* end = std::get_if<Terminate>(&action);
      if (end == nullptr) continue;
      const auto was = were.find(end->member);
      REQUIRE(was != were.end());
      CHECK_FALSE(IsTerminating(was->second.lifecycle));
      const bool by_choice = end->cause.find("difference between desired") != std::string::npos ||
                             end->cause.find("balancing") != std::string::npos;
      if (by_choice) CHECK_FALSE(was->second.protected_from_scale_in);
      if (by_choice) CHECK(group.Runs(Process::kTerminate));
    }
  }

  SeededRandom random_;
  SimulatedHost host_;
  ScalingLoop loop_;
  absl::Time now_ = kStart;
  std::map<std::string, bool> detached_;
};

}  // namespace

TEST_CASE("whatever happens in whatever order, a group comes to what it should be", "[scaling]") {
  const uint64_t runs = Setting("BRUME_STORM_RUNS", 60);
  const uint64_t first = Setting("BRUME_STORM_SEED", 1);
  for (uint64_t seed = first; seed < first + runs; ++seed) {
    INFO("BRUME_STORM_SEED=" << seed);
    Storm storm(seed);
    storm.Blow(300);
    storm.CalmDown();
    storm.CheckIsWhole();
  }
}

}  // namespace brume::scaling
