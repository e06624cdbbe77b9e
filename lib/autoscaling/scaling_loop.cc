#include "lib/autoscaling/scaling_loop.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/autoscaling/activities.h"
#include "lib/autoscaling/group_state.h"
#include "lib/autoscaling/model/apply.h"
#include "lib/autoscaling/model/scaling_arns.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/autoscaling/tables/activity_table.h"
#include "lib/autoscaling/tables/group_table.h"
#include "lib/autoscaling/tables/launch_configuration_table.h"
#include "lib/autoscaling/tables/member_table.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/redact.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {
namespace {

using scaling::HostWish;
using scaling::Member;

constexpr absl::Duration kSweepPeriod = absl::Minutes(1);
constexpr absl::Duration kMetricsPeriod = absl::Minutes(1);
// As long as EC2 shows them.
constexpr absl::Duration kActivityLife = absl::Hours(24 * 7 * 6);
constexpr int kPurgeAtOnce = 500;

// The longest time between two reconciles of a group, for changes that no wake announced.
constexpr absl::Duration kMaxRest = absl::Seconds(30);

// Whether `status` is RunInstances's word on the launch, and not a failure of ours.
bool IsRefusal(const absl::Status& status) {
  return ec2::HasErrorCode(status) && !absl::IsUnavailable(status) && !absl::IsAborted(status);
}

}  // namespace

ScalingLoop::ScalingLoop(ScalingLoopParts parts)
    : parts_(std::move(parts)),
      reader_(parts_.signals, parts_.clock, parts_.account),
      loop_({.name = "scaling", .threads = parts_.threads}, [this](const Key& key) {
        const std::string* const group = std::get_if<std::string>(&key);
        return group != nullptr ? Reconcile(*group) : SweepAll();
      }) {}

void ScalingLoop::Start() {
  loop_.Start();
  loop_.Wake(Sweep());
}

void ScalingLoop::OnInstance(const InstanceId& id) {
  std::string group;
  {
    MutexLock lock(mutex_);
    const auto found = groups_of_.find(id);
    if (found == groups_of_.end()) return;
    group = found->second;
  }
  Wake(group);
}

void ScalingLoop::OnAlarmAction(const std::string& policy_arn) {
  const std::string group = scaling::GroupOfPolicyArn(policy_arn);
  if (group.empty()) return;
  reader_.Trigger(policy_arn);
  Wake(group);
}

absl::StatusOr<absl::Duration> ScalingLoop::SweepAll() {
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   parts_.database.ReadFor([](store::Connection& c) { return GroupTable(c).ListNames(); }));
  for (const std::string& name : names) Wake(name);
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) {
    return ActivityTable(c).DeleteBefore(parts_.clock.Now() - kActivityLife, kPurgeAtOnce);
  }));
  return kSweepPeriod;
}

absl::StatusOr<std::optional<Snapshot>> ScalingLoop::Read(const std::string& group) {
  std::optional<Snapshot> read;
  // What changes about an instance wakes no group until the instance is known as a member. So what made it known may
  // be old already, and is read anew.
  do {
    ASSIGN_OR_RETURN(read, parts_.database.ReadFor([&](store::Connection& c) { return ReadSnapshot(c, group); }));
  } while (Remember(group, read.has_value() ? read->members : std::vector<Member>()));
  return read;
}

absl::StatusOr<absl::Duration> ScalingLoop::Reconcile(const std::string& group) {
  ASSIGN_OR_RETURN(std::optional<Snapshot> read, Read(group));
  if (!read.has_value()) {
    MutexLock lock(mutex_);
    memories_.erase(group);
    return absl::InfiniteDuration();
  }
  Snapshot& snapshot = *read;
  for (Member& member : snapshot.members) {
    if (member.seen != InstanceState::kRunning) continue;
    Instance instance;
    instance.id = member.instance;
    instance.state = InstanceState::kRunning;
    instance.state_since = snapshot.running_since[member.token];
    member.impaired_since = parts_.launcher.impaired_since(instance);
  }
  Memory* memory = nullptr;
  {
    MutexLock lock(mutex_);
    memory = &memories_.try_emplace(group).first->second;
  }
  const absl::Time now = parts_.clock.Now();
  const absl::StatusOr<Outcome> decided = Decide(snapshot, *memory, now);
  // Its owner changed it meanwhile: what was decided is decided anew.
  if (absl::IsAborted(decided.status())) return absl::ZeroDuration();
  RETURN_IF_ERROR(decided.status());
  const Outcome& outcome = *decided;
  ASSIGN_OR_RETURN(const bool again, Execute(outcome.after));
  RETURN_IF_ERROR(Notify(outcome.after));
  NoteMetrics(outcome.after, *memory, now);
  if (again || outcome.changed) return absl::ZeroDuration();
  absl::Duration rest = std::min(kMaxRest, outcome.next_reconcile - now);
  if (!snapshot.policies.empty()) rest = std::min(rest, parts_.signals.period / 5);
  return std::max(rest, absl::Milliseconds(1));
}

absl::StatusOr<Outcome> ScalingLoop::Decide(const Snapshot& snapshot, Memory& memory, absl::Time now) {
  // Kept when the outcome is: what a decision that was not committed has used is there for the next one.
  PolicyWatches watches;
  for (const scaling::PolicyRecord& policy : snapshot.policies) watches[policy.id] = memory.policies[policy.id];
  ASSIGN_OR_RETURN(const Signals signals, reader_.Read(snapshot, watches));
  std::vector<scaling::PolicyMemory> memories;
  for (const scaling::PolicyRecord& policy : snapshot.policies) memories.push_back(watches[policy.id].memory);
  Outcome outcome = Evaluate(snapshot, signals, absl::MakeSpan(memories), now);
  for (size_t i = 0; i < snapshot.policies.size(); ++i) watches[snapshot.policies[i].id].memory = memories[i];
  const bool news = outcome.changed || !snapshot.adopted.empty();
  if (news) {
    RETURN_IF_ERROR(Failpoint("scaling.evaluated"));
    RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) { return Commit(c, snapshot, outcome, now); }));
  }
  memory.policies = std::move(watches);
  if (news) RETURN_IF_ERROR(Failpoint("scaling.committed"));
  return outcome;
}

bool ScalingLoop::Remember(const std::string& group, const std::vector<Member>& members) {
  std::set<InstanceId> present;
  for (const Member& member : members) {
    if (!member.instance.empty()) present.insert(member.instance);
  }
  MutexLock lock(mutex_);
  std::set<InstanceId>& known = members_of_[group];
  for (const InstanceId& id : known) {
    const auto found = groups_of_.find(id);
    // One that left may be another group's by now.
    if (!present.contains(id) && found != groups_of_.end() && found->second == group) groups_of_.erase(found);
  }
  bool learned = false;
  for (const InstanceId& id : present) {
    std::string& of = groups_of_[id];
    learned |= of != group;
    of = group;
  }
  known = std::move(present);
  if (known.empty()) members_of_.erase(group);
  return learned;
}

absl::StatusOr<bool> ScalingLoop::Execute(const Snapshot& snapshot) {
  const scaling::Group group = EffectiveGroup(snapshot);
  bool again = false;
  absl::Status first_failure;
  for (const Member& member : snapshot.members) {
    absl::Status done;
    switch (WishFor(group, member)) {
      case HostWish::kNothing:
        break;
      case HostWish::kRun:
        if (!member.seen.has_value()) {
          done = Run(snapshot, member);
          again = true;
        } else if (member.seen == InstanceState::kStopped) {
          done = parts_.launcher.start(member.instance);
        }
        break;
      case HostWish::kStop:
      case HostWish::kHibernate:
        if (member.seen == InstanceState::kRunning) done = parts_.launcher.stop(member.instance);
        break;
      case HostWish::kTerminate:
        if (!member.instance.empty() && member.seen != InstanceState::kShuttingDown) {
          done = parts_.launcher.terminate(member.instance);
        }
        break;
    }
    RETURN_IF_ERROR(Failpoint("scaling.carried_out"));
    // One that cannot be served is no reason to leave the others.
    first_failure.Update(done);
  }
  RETURN_IF_ERROR(first_failure);
  return again;
}

absl::Status ScalingLoop::Run(const Snapshot& snapshot, const Member& member) {
  LaunchOrder order{.token = member.token,
                    .source = member.source,
                    .configuration = {},
                    .instance_type = member.instance_type,
                    .subnet = {},
                    .tags = {},
                    .system_tags = {{kGroupTag, snapshot.record.group.name}}};
  // Subnets of one zone take turns.
  std::vector<SubnetId> subnets;
  for (const scaling::GroupSubnet& subnet : snapshot.record.subnets) {
    if (subnet.zone == member.zone) subnets.push_back(subnet.id);
  }
  if (subnets.empty()) {
    return NoteRefused(snapshot, member.token, ScalingError(absl::StrCat("The group has no subnet in ", member.zone)));
  }
  order.subnet = subnets[static_cast<unsigned char>(member.token.back()) % subnets.size()];
  for (const scaling::GroupTag& tag : snapshot.tags) {
    if (tag.propagate) order.tags[tag.key] = tag.value;
  }
  if (!member.source.is_template) {
    ASSIGN_OR_RETURN(const auto found, parts_.database.ReadFor([&](store::Connection& c) {
      return LaunchConfigurationTable(c).Find(member.source.id);
    }));
    if (!found.has_value()) {
      return NoteRefused(
          snapshot, member.token,
          ScalingError(absl::StrCat("The launch configuration '", member.source.id, "' does not exist")));
    }
    order.configuration = found->spec;
  }
  const absl::StatusOr<InstanceId> launched = parts_.launcher.run(order);
  RETURN_IF_ERROR(Failpoint("scaling.launched"));
  if (launched.ok()) return NoteLaunched(snapshot, member.token, *launched);
  if (!IsRefusal(launched.status())) return launched.status();
  log::Warn("group {}: a launch was refused: {}", snapshot.record.group.name, launched.status().message());
  return NoteRefused(snapshot, member.token, launched.status());
}

absl::Status ScalingLoop::NoteLaunched(const Snapshot& snapshot, const std::string& token, const InstanceId& instance) {
  {
    MutexLock lock(mutex_);
    groups_of_[instance] = snapshot.record.group.name;
    members_of_[snapshot.record.group.name].insert(instance);
  }
  return parts_.database.Write([&](store::Connection& c) -> absl::Status {
    GroupTable groups(c);
    MemberTable members(c);
    ASSIGN_OR_RETURN(std::optional<scaling::GroupRecord> record, groups.Find(snapshot.record.group.name));
    if (!record.has_value() || record->seq != snapshot.record.seq) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<Member> before, members.List(record->seq));
    std::vector<Member> after = before;
    for (Member& member : after) {
      if (member.token == token) member.instance = instance;
    }
    RETURN_IF_ERROR(groups.Update(*record));
    RETURN_IF_ERROR(members.Save(record->seq, before, after));
    return RecordLaunched(c, record->seq, token, instance);
  });
}

absl::Status ScalingLoop::NoteRefused(const Snapshot& snapshot, const std::string& token, const absl::Status& why) {
  const absl::Time now = parts_.clock.Now();
  return parts_.database.Write([&](store::Connection& c) -> absl::Status {
    GroupTable groups(c);
    MemberTable members(c);
    ASSIGN_OR_RETURN(std::optional<scaling::GroupRecord> record, groups.Find(snapshot.record.group.name));
    if (!record.has_value() || record->seq != snapshot.record.seq) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<Member> before, members.List(record->seq));
    std::vector<Member> after = before;
    scaling::NoteRefusedLaunch(token, now, record->state, after);
    RETURN_IF_ERROR(groups.Update(*record));
    RETURN_IF_ERROR(members.Save(record->seq, before, after));
    return RecordRefused(c, record->seq, token, why.message(), now);
  });
}

absl::Status ScalingLoop::Notify(const Snapshot& snapshot) {
  for (const Member& member : snapshot.members) {
    for (const scaling::Wait& wait : member.waits) {
      if (wait.notified || !parts_.notify) continue;
      const auto hook = std::find_if(snapshot.record.group.hooks.begin(), snapshot.record.group.hooks.end(),
                                     [&](const scaling::Hook& each) { return each.name == wait.hook; });
      if (hook == snapshot.record.group.hooks.end()) continue;
      const nlohmann::json body = {
          {"Service", "AWS Auto Scaling"},
          {"Time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", member.since, absl::UTCTimeZone())},
          {"RequestId", wait.token},
          {"LifecycleActionToken", wait.token},
          {"AccountId", parts_.account.id},
          {"AutoScalingGroupName", snapshot.record.group.name},
          {"LifecycleHookName", hook->name},
          {"EC2InstanceId", member.instance.text()},
          {"LifecycleTransition", std::string(TransitionName(hook->transition))},
          {"NotificationMetadata", hook->metadata}};
      const absl::Status notified =
          parts_.notify(hook->target, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
      // The hook holds its member all the same, and ends as it says; whoever listens may be late.
      if (!notified.ok()) {
        log::Warn("hook {} could not notify {}: {}", hook->name, RedactUrls(hook->target),
                  RedactUrls(notified.message()));
      }
      RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) {
        return MemberTable(c).SetNotified(snapshot.record.seq, member.token, wait.hook);
      }));
    }
  }
  return absl::OkStatus();
}

void ScalingLoop::NoteMetrics(const Snapshot& snapshot, Memory& memory, absl::Time now) {
  if (snapshot.record.metrics.empty() || now < memory.metrics_noted + kMetricsPeriod) return;
  memory.metrics_noted = now;
  const scaling::Group& group = snapshot.record.group;
  std::map<std::string, double> values = {
      {"GroupMinSize", group.min_size}, {"GroupMaxSize", group.max_size}, {"GroupDesiredCapacity", group.desired}};
  for (const char* name : {"GroupInServiceInstances", "GroupPendingInstances", "GroupStandbyInstances",
                           "GroupTerminatingInstances", "GroupTotalInstances", "WarmPoolWarmedCapacity",
                           "WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity"}) {
    values[name] = 0;
  }
  for (const Member& member : snapshot.members) {
    const scaling::Lifecycle at = member.lifecycle;
    const bool pool = at >= scaling::Lifecycle::kWarmedPending;
    ++values[pool ? "WarmPoolTotalCapacity" : "GroupTotalInstances"];
    if (pool) {
      ++values[scaling::IsWarmReady(at)     ? "WarmPoolWarmedCapacity"
               : scaling::IsTerminating(at) ? "WarmPoolTerminatingCapacity"
                                            : "WarmPoolPendingCapacity"];
    } else if (at == scaling::Lifecycle::kInService) {
      ++values["GroupInServiceInstances"];
    } else if (scaling::IsPending(at)) {
      ++values["GroupPendingInstances"];
    } else if (scaling::IsTerminating(at)) {
      ++values["GroupTerminatingInstances"];
    } else {
      ++values["GroupStandbyInstances"];
    }
  }
  for (const std::string& name : snapshot.record.metrics) {
    const auto found = values.find(name);
    if (found == values.end()) continue;
    parts_.signals.note({.metric_namespace = "AWS/AutoScaling",
                         .name = name,
                         .dimensions = {{.name = "AutoScalingGroupName", .value = group.name}}},
                        now, found->second);
  }
}

}  // namespace brume::autoscaling
