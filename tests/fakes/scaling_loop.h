// An Auto Scaling group in simulated time: a host whose guests take their time to boot and fail when told to, and the
// loop that evaluates the group, commits and executes, and can be cut off between any two of these. The loop is what
// a service with a store has to do around lib/autoscaling/model, and nothing more.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_format.h"
#include "lib/autoscaling/model/apply.h"
#include "lib/autoscaling/model/converge.h"
#include "lib/autoscaling/model/scale.h"
#include "lib/base/seeded_random.h"

namespace brume::scaling {

// Guests by the token of their launch. Every call may be repeated.
class SimulatedHost {
 public:
  struct Guest {
    InstanceId id;
    InstanceState state = InstanceState::kPending;
    absl::Time settles;  // when pending or shutting-down ends
    bool will_fail = false;
    absl::Time impaired_since = absl::InfiniteFuture();
  };

  explicit SimulatedHost(uint64_t seed) : random_(seed) {}

  absl::Duration min_boot = absl::Seconds(60);
  absl::Duration max_boot = absl::Seconds(120);
  int failed_launch_percent = 0;

  // RunInstances with a client token, and StartInstances for a guest that is there and off.
  InstanceId Run(const std::string& token, absl::Time now) {
    auto [found, is_new] = guests_.try_emplace(token);
    Guest& guest = found->second;
    if (is_new) {
      if (!tokens_.insert(token).second) ++launched_twice_;
      guest.id = InstanceId::FromTrusted(absl::StrFormat("i-%017x", tokens_.size()));
    } else if (guest.state != InstanceState::kStopped) {
      return guest.id;
    }
    guest.state = InstanceState::kPending;
    const int64_t spread = absl::ToInt64Seconds(max_boot - min_boot) + 1;
    Settles(guest, now + min_boot + absl::Seconds(static_cast<int64_t>(random_.Below(spread))));
    guest.will_fail = is_new && static_cast<int>(random_.Below(100)) < failed_launch_percent;
    return guest.id;
  }

  void Stop(const std::string& token) { End(token, InstanceState::kStopped); }
  void Kill(const std::string& token) { End(token, InstanceState::kTerminated); }

  void Terminate(const std::string& token, absl::Time now) {
    const auto found = guests_.find(token);
    if (found == guests_.end() || found->second.state == InstanceState::kTerminated ||
        found->second.state == InstanceState::kShuttingDown) {
      return;
    }
    found->second.state = InstanceState::kShuttingDown;
    Settles(found->second, now + absl::Seconds(20));
  }

  void Impair(const std::string& token, absl::Time since) {
    const auto found = guests_.find(token);
    if (found == guests_.end()) return;
    found->second.impaired_since = since;
    changed_ = true;
  }

  // Lets time do its work. Returns whether anything about a guest changed since the last call.
  bool Settle(absl::Time now) {
    if (now >= next_) {
      next_ = absl::InfiniteFuture();
      for (auto& [token, guest] : guests_) {
        const bool changing = guest.state == InstanceState::kPending || guest.state == InstanceState::kShuttingDown;
        if (!changing) continue;
        if (now < guest.settles) {
          next_ = std::min(next_, guest.settles);
          continue;
        }
        const bool runs = guest.state == InstanceState::kPending && !guest.will_fail;
        guest.state = runs ? InstanceState::kRunning : InstanceState::kTerminated;
        changed_ = true;
      }
    }
    return std::exchange(changed_, false);
  }

  // nullptr for a launch that never was.
  const Guest* Find(const std::string& token) const {
    const auto found = guests_.find(token);
    return found == guests_.end() ? nullptr : &found->second;
  }
  // A terminated guest is shown for as long as a member is there to see it.
  void Purge(const std::string& token) { guests_.erase(token); }

  const absl::flat_hash_map<std::string, Guest>& guests() const { return guests_; }
  int launched_twice() const { return launched_twice_; }
  size_t launches() const { return tokens_.size(); }

 private:
  void Settles(Guest& guest, absl::Time at) {
    guest.settles = at;
    next_ = std::min(next_, at);
    changed_ = true;
  }

  void End(const std::string& token, InstanceState state) {
    const auto found = guests_.find(token);
    if (found == guests_.end() || found->second.state == InstanceState::kTerminated) return;
    found->second.state = state;
    changed_ = true;
  }

  SeededRandom random_;
  absl::flat_hash_map<std::string, Guest> guests_;
  absl::flat_hash_set<std::string> tokens_;
  absl::Time next_ = absl::InfiniteFuture();
  bool changed_ = false;
  int launched_twice_ = 0;
};

class ScalingLoop {
 public:
  // Where the process dies in an evaluation, if it does.
  enum class Crash { kNone, kBeforeCommit, kBeforeHost, kBeforeAnswer };

  ScalingLoop(Group defined, std::vector<Policy> rules, SimulatedHost& on)
      : group(std::move(defined)), policies(std::move(rules)), memories(policies.size()), host(on) {}

  void Tick(absl::Time now, absl::Span<const Signal> signals, Crash crash = Crash::kNone) {
    if (host.Settle(now) || observe_all_) Observe();
    crowd = CountCrowd(group, members, now);
    const std::optional<Decision> decision =
        Scale(group, {policies, signals, crowd, cooldown_until}, absl::MakeSpan(memories), now);
    if (decision.has_value()) {
      if (crash == Crash::kBeforeCommit) return Restart();
      group.desired = decision->desired;
      state.why = decision->cause;
      cooldown_until = decision->cooldown_until.value_or(cooldown_until);
    }
    plan = Converge(group, state, members, now);
    if (crash == Crash::kBeforeCommit) return Restart();
    if (!plan.actions.empty()) {
      Apply(plan, group, now, state, members);
      observe_all_ = true;
      PurgeEvicted();
    }
    if (crash == Crash::kBeforeHost) return Restart();
    if (observe_all_) Execute(now, crash);
  }

  // What a process that starts anew has not got.
  void Restart() {
    memories.assign(policies.size(), {});
    observe_all_ = true;
  }

  int Active() const {
    return static_cast<int>(
        std::count_if(members.begin(), members.end(), [](const Member& m) { return IsActive(m.lifecycle); }));
  }
  int InService() const {
    return static_cast<int>(std::count_if(members.begin(), members.end(),
                                          [](const Member& m) { return m.lifecycle == Lifecycle::kInService; }));
  }
  Member* Find(const std::string& token) {
    const auto found = std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.token == token; });
    return found == members.end() ? nullptr : &*found;
  }

  // Committed.
  Group group;
  State state;
  std::vector<Member> members;
  absl::Time cooldown_until = absl::InfinitePast();
  // Not committed.
  std::vector<Policy> policies;
  std::vector<PolicyMemory> memories;
  Crowd crowd;
  Plan plan;
  SimulatedHost& host;

 private:
  void Observe() {
    observe_all_ = true;
    for (Member& member : members) {
      const SimulatedHost::Guest* guest = host.Find(member.token);
      if (guest == nullptr) {
        // Nothing under this token, and on its way out it will not be launched either.
        if (IsTerminating(member.lifecycle)) member.seen = InstanceState::kTerminated;
        continue;
      }
      member.instance = guest->id;
      member.seen = guest->state;
      member.impaired_since = guest->impaired_since;
    }
  }

  void Execute(absl::Time now, Crash crash) {
    observe_all_ = false;
    for (Member& member : members) {
      switch (WishFor(group, member)) {
        case HostWish::kNothing:
          break;
        case HostWish::kRun: {
          const InstanceId id = host.Run(member.token, now);
          if (crash == Crash::kBeforeAnswer) return Restart();
          member.instance = id;
          break;
        }
        case HostWish::kStop:
        case HostWish::kHibernate:
          if (member.seen == InstanceState::kRunning) host.Stop(member.token);
          break;
        case HostWish::kTerminate:
          host.Terminate(member.token, now);
          // Until the host has seen it through.
          observe_all_ = true;
          break;
      }
    }
  }

  void PurgeEvicted() {
    for (const Action& action : plan.actions) {
      const auto* evict = std::get_if<Evict>(&action);
      if (evict == nullptr) continue;
      const SimulatedHost::Guest* guest = host.Find(evict->member);
      if (guest != nullptr && guest->state == InstanceState::kTerminated) host.Purge(evict->member);
    }
  }

  bool observe_all_ = true;
};

inline constexpr char kGroupUuid[] = "01234567-89ab-4cde-8f01-23456789abcd";

inline Group MakeGroup(int min_size, int max_size, int desired, std::vector<std::string> zones = {"a", "b"}) {
  Group group;
  group.name = "web";
  group.uuid = kGroupUuid;
  group.min_size = min_size;
  group.max_size = max_size;
  group.desired = desired;
  for (const std::string& zone : zones) group.zones.push_back({.name = zone, .subnet = SubnetId()});
  group.source.id = "lt-0";
  return group;
}

}  // namespace brume::scaling
