#include "lib/autoscaling/group_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/autoscaling/group_change.h"
#include "lib/autoscaling/group_definition.h"
#include "lib/autoscaling/group_state.h"
#include "lib/autoscaling/launch_configuration_definition.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/autoscaling/tables/activity_table.h"
#include "lib/autoscaling/tables/group_table.h"
#include "lib/autoscaling/tables/member_table.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {
namespace {

using scaling::GroupRecord;
using scaling::GroupView;
using scaling::Member;

constexpr size_t kMaxNameBytes = 255;

absl::Status CheckName(absl::string_view what, absl::string_view name) {
  const bool good = !name.empty() && name.size() <= kMaxNameBytes &&
                    std::none_of(name.begin(), name.end(), [](char c) { return absl::ascii_iscntrl(c) || c == ':'; });
  if (good) return absl::OkStatus();
  return ScalingError(absl::StrCat("The ", what, " must have 1 to ", kMaxNameBytes,
                                   " characters, without colons and control characters"));
}

absl::Status CheckTags(const std::vector<scaling::GroupTag>& tags) {
  constexpr size_t kMaxKeyBytes = 128, kMaxValueBytes = 256;
  for (const scaling::GroupTag& tag : tags) {
    if (tag.key.empty() || tag.key.size() > kMaxKeyBytes || tag.value.size() > kMaxValueBytes) {
      return ScalingError("A tag has a key of 1 to 128 characters and a value of at most 256");
    }
    if (absl::AsciiStrToLower(tag.key.substr(0, 4)) == "aws:") {
      return ScalingError(absl::StrCat("The tag key '", tag.key, "' begins with aws:, which is kept for AWS"));
    }
  }
  return absl::OkStatus();
}

std::string NowText(absl::Time now) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone()); }

absl::StatusOr<std::vector<std::string>> ProcessNames(absl::Span<const std::string> processes) {
  std::vector<std::string> names(processes.begin(), processes.end());
  for (const std::string& name : names) RETURN_IF_ERROR(scaling::ParseProcess(name).status());
  if (names.empty()) {
    for (const scaling::Process process : scaling::kAllProcesses) names.emplace_back(ProcessName(process));
  }
  return names;
}

absl::Status CheckMetrics(absl::Span<const std::string> metrics) {
  for (const std::string& metric : metrics) {
    if (std::find(std::begin(kGroupMetrics), std::end(kGroupMetrics), metric) == std::end(kGroupMetrics)) {
      return ScalingError(absl::StrCat("'", metric, "' is no metric of Auto Scaling groups"));
    }
  }
  return absl::OkStatus();
}

// The hook that holds a member.
absl::StatusOr<scaling::Wait*> FindWait(const HeldMember& held, GroupView& group) {
  for (Member& member : group.members) {
    if (!held.instance.empty() && member.instance != held.instance) continue;
    for (scaling::Wait& wait : member.waits) {
      if (wait.hook != held.hook || wait.result.has_value()) continue;
      if (!held.token.empty() && wait.token != held.token) continue;
      return &wait;
    }
  }
  return ScalingError(absl::StrCat(
      "No active Lifecycle Action found with ",
      held.instance.empty() ? absl::StrCat("token ", held.token) : absl::StrCat("instance ID ", held.instance.text())));
}

}  // namespace

absl::Status GroupService::Create(const std::string& name, const GroupChange& definition,
                                  const std::vector<scaling::GroupTag>& tags, const std::vector<scaling::Hook>& hooks) {
  RETURN_IF_ERROR(CheckName("AutoScalingGroupName", name));
  RETURN_IF_ERROR(CheckTags(tags));
  if (!definition.source.has_value() && !definition.configuration.has_value()) {
    return ScalingError(
        "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
        "MixedInstancesPolicy parameter.");
  }
  if ((!definition.subnets.has_value() || definition.subnets->empty()) &&
      (!definition.zones.has_value() || definition.zones->empty())) {
    return ScalingError("At least one Availability Zone or VPC Subnet is required.");
  }
  GroupRecord record;
  record.group.name = name;
  record.group.uuid = NewUuid(parts_.random);
  record.created = parts_.clock.Now();
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    GroupTable groups(c);
    ASSIGN_OR_RETURN(const std::optional<GroupRecord> taken, groups.Find(name));
    if (taken.has_value()) {
      return ec2::Error("AlreadyExists", absl::StrCat("AutoScalingGroup by this name already exists",
                                                      taken->deleting ? " and is being deleted" : "",
                                                      " - A group with the name ", name, " already exists"));
    }
    ASSIGN_OR_RETURN(const int64_t count, groups.Count());
    if (count >= kMaxGroups) {
      return ec2::Error("LimitExceeded", absl::StrCat("There can be at most ", kMaxGroups, " Auto Scaling groups"));
    }
    GroupChange change = definition;
    if (definition.configuration.has_value()) {
      change.source = {.is_template = false, .id = name, .version = ""};
      RETURN_IF_ERROR(AddConfiguration(c, {.seq = 0,
                                           .id = NewUuid(parts_.random),
                                           .name = name,
                                           .created = record.created,
                                           .spec = *definition.configuration}));
    }
    RETURN_IF_ERROR(Define(c, change, record));
    record.state.why =
        scaling::UpdatedConstraints(record.created, "a user request created an AutoScalingGroup,",
                                    record.group.min_size, record.group.max_size, record.group.desired, 0);
    RETURN_IF_ERROR(groups.Insert(record));
    for (const scaling::GroupTag& tag : tags) RETURN_IF_ERROR(groups.SetTag(record.seq, tag));
    for (const scaling::Hook& hook : hooks) {
      if (hook.notifies() && parts_.check_target) RETURN_IF_ERROR(parts_.check_target(hook.target));
      RETURN_IF_ERROR(groups.PutHook(record.seq, hook));
    }
    return absl::OkStatus();
  }));
  parts_.wake(name);
  return absl::OkStatus();
}

absl::Status GroupService::Update(const std::string& name, const GroupChange& change) {
  const absl::Time now = parts_.clock.Now();
  RETURN_IF_ERROR(ChangeGroup(parts_.database, name, [&](store::Connection& c, GroupView& view) -> absl::Status {
    const int from = view.record.group.desired;
    RETURN_IF_ERROR(Define(c, change, view.record));
    const scaling::Group& group = view.record.group;
    if (group.desired != from) {
      view.record.state.why =
          scaling::UpdatedConstraints(now, "a user request", group.min_size, group.max_size, group.desired, from);
    }
    return absl::OkStatus();
  }));
  parts_.wake(name);
  return absl::OkStatus();
}

absl::Status GroupService::Delete(const std::string& name, bool force) {
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    GroupTable groups(c);
    ASSIGN_OR_RETURN(std::optional<GroupRecord> record, groups.Find(name));
    if (!record.has_value()) return GroupNotFound(name);
    ASSIGN_OR_RETURN(const std::vector<Member> members, MemberTable(c).List(record->seq));
    if (members.empty()) return groups.Delete(record->seq);
    if (!force && !record->deleting) {
      const bool leaving = std::all_of(members.begin(), members.end(),
                                       [](const Member& member) { return IsTerminating(member.lifecycle); });
      if (leaving) {
        return ec2::Error("ScalingActivityInProgress",
                          "You cannot delete an AutoScalingGroup while there are scaling activities in progress for "
                          "that group.");
      }
      return ec2::Error("ResourceInUse",
                        "You cannot delete an AutoScalingGroup while there are instances still in the group; set its "
                        "sizes to 0, or use ForceDelete.");
    }
    record->deleting = record->force = true;
    return groups.Update(*record);
  }));
  parts_.wake(name);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<GroupView>> GroupService::Describe(absl::Span<const std::string> names) {
  return parts_.database.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<GroupView>> {
    std::vector<std::string> wanted(names.begin(), names.end());
    if (wanted.empty()) {
      ASSIGN_OR_RETURN(wanted, GroupTable(c).ListNames());
    }
    std::vector<GroupView> views;
    for (const std::string& name : wanted) {
      ASSIGN_OR_RETURN(std::optional<Snapshot> snapshot, ReadSnapshot(c, name));
      if (!snapshot.has_value()) continue;
      views.push_back({.record = std::move(snapshot->record),
                       .members = std::move(snapshot->members),
                       .tags = std::move(snapshot->tags)});
    }
    std::sort(views.begin(), views.end(),
              [](const GroupView& a, const GroupView& b) { return a.record.seq < b.record.seq; });
    return views;
  });
}

absl::StatusOr<GroupView> GroupService::Get(const std::string& name) {
  ASSIGN_OR_RETURN(std::vector<GroupView> found, Describe({&name, 1}));
  if (found.empty()) return GroupNotFound(name);
  return std::move(found.front());
}

absl::Status GroupService::SetDesired(const std::string& name, int desired, bool honor_cooldown) {
  const absl::Time now = parts_.clock.Now();
  RETURN_IF_ERROR(ChangeGroup(parts_.database, name, [&](store::Connection&, GroupView& view) -> absl::Status {
    scaling::Group& group = view.record.group;
    if (desired > group.max_size) {
      return ScalingError(absl::StrCat("New SetDesiredCapacity value ", desired, " is above max value ", group.max_size,
                                       " for the AutoScalingGroup."));
    }
    if (desired < group.min_size) {
      return ScalingError(absl::StrCat("New SetDesiredCapacity value ", desired, " is below min value ", group.min_size,
                                       " for the AutoScalingGroup."));
    }
    if (honor_cooldown && now < view.record.cooldown_until) {
      return ec2::Error("ScalingActivityInProgress",
                        absl::StrCat("The group '", name, "' cools down until ", NowText(view.record.cooldown_until)));
    }
    if (desired == group.desired) return absl::OkStatus();
    view.record.state.why = absl::StrCat("At ", NowText(now),
                                         " a user request explicitly set group desired capacity changing the desired "
                                         "capacity from ",
                                         group.desired, " to ", desired, ".");
    group.desired = desired;
    return absl::OkStatus();
  }));
  parts_.wake(name);
  return absl::OkStatus();
}

absl::Status GroupService::Suspend(const std::string& name, absl::Span<const std::string> processes) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ProcessNames(processes));
  const std::string reason = absl::StrCat("User suspended at ", NowText(parts_.clock.Now()));
  return ChangeGroup(parts_.database, name, [&](store::Connection&, GroupView& view) {
    for (const std::string& process : names) view.record.suspensions.try_emplace(process, reason);
    return absl::OkStatus();
  });
}

absl::Status GroupService::Resume(const std::string& name, absl::Span<const std::string> processes) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ProcessNames(processes));
  RETURN_IF_ERROR(ChangeGroup(parts_.database, name, [&](store::Connection&, GroupView& view) {
    for (const std::string& process : names) view.record.suspensions.erase(process);
    return absl::OkStatus();
  }));
  parts_.wake(name);
  return absl::OkStatus();
}

absl::Status GroupService::EnableMetrics(const std::string& name, absl::Span<const std::string> metrics) {
  RETURN_IF_ERROR(CheckMetrics(metrics));
  RETURN_IF_ERROR(ChangeGroup(parts_.database, name, [&](store::Connection&, GroupView& view) {
    std::vector<std::string> wanted(metrics.begin(), metrics.end());
    if (wanted.empty()) wanted.assign(std::begin(kGroupMetrics), std::end(kGroupMetrics));
    std::vector<std::string>& enabled = view.record.metrics;
    for (const std::string& metric : wanted) {
      if (std::find(enabled.begin(), enabled.end(), metric) == enabled.end()) enabled.push_back(metric);
    }
    return absl::OkStatus();
  }));
  parts_.wake(name);
  return absl::OkStatus();
}

absl::Status GroupService::DisableMetrics(const std::string& name, absl::Span<const std::string> metrics) {
  RETURN_IF_ERROR(CheckMetrics(metrics));
  return ChangeGroup(parts_.database, name, [&](store::Connection&, GroupView& view) {
    std::erase_if(view.record.metrics, [&](const std::string& metric) {
      return metrics.empty() || std::find(metrics.begin(), metrics.end(), metric) != metrics.end();
    });
    return absl::OkStatus();
  });
}

absl::Status GroupService::SetTags(const std::string& name, const std::vector<scaling::GroupTag>& tags) {
  RETURN_IF_ERROR(CheckTags(tags));
  return ChangeGroup(parts_.database, name, [&](store::Connection& c, GroupView& view) -> absl::Status {
    GroupTable groups(c);
    for (const scaling::GroupTag& tag : tags) RETURN_IF_ERROR(groups.SetTag(view.record.seq, tag));
    ASSIGN_OR_RETURN(const auto all, groups.ListTags(view.record.seq));
    if (all.size() <= static_cast<size_t>(kMaxGroupTags)) return absl::OkStatus();
    return ec2::Error("LimitExceeded", absl::StrCat("A group has at most ", kMaxGroupTags, " tags"));
  });
}

absl::Status GroupService::DeleteTags(const std::string& name, absl::Span<const std::string> keys) {
  return ChangeGroup(parts_.database, name, [&](store::Connection& c, GroupView& view) -> absl::Status {
    for (const std::string& key : keys) {
      RETURN_IF_ERROR(GroupTable(c).DeleteTag(view.record.seq, key));
    }
    return absl::OkStatus();
  });
}

absl::Status GroupService::CheckHook(const scaling::Hook& hook) {
  RETURN_IF_ERROR(CheckName("LifecycleHookName", hook.name));
  constexpr absl::Duration kMin = absl::Seconds(30), kMax = absl::Seconds(7200);
  if (hook.heartbeat < kMin || hook.heartbeat > kMax) {
    return ScalingError("HeartbeatTimeout must be between 30 and 7200 seconds");
  }
  return !hook.notifies() || !parts_.check_target ? absl::OkStatus() : parts_.check_target(hook.target);
}

absl::Status GroupService::PutHook(const std::string& name, const std::string& hook,
                                   const std::function<absl::Status(scaling::Hook& hook, bool is_new)>& change) {
  RETURN_IF_ERROR(ChangeGroup(parts_.database, name, [&](store::Connection& c, GroupView& view) -> absl::Status {
    const std::vector<scaling::Hook>& hooks = view.record.group.hooks;
    const auto found =
        std::find_if(hooks.begin(), hooks.end(), [&](const scaling::Hook& each) { return each.name == hook; });
    const bool is_new = found == hooks.end();
    scaling::Hook changed = is_new ? scaling::Hook{.name = hook} : *found;
    RETURN_IF_ERROR(change(changed, is_new));
    RETURN_IF_ERROR(CheckHook(changed));
    if (is_new && hooks.size() >= static_cast<size_t>(kMaxHooks)) {
      return ec2::Error("LimitExceeded", absl::StrCat("A group has at most ", kMaxHooks, " lifecycle hooks"));
    }
    return GroupTable(c).PutHook(view.record.seq, changed);
  }));
  parts_.wake(name);
  return absl::OkStatus();
}

absl::Status GroupService::DeleteHook(const std::string& name, const std::string& hook) {
  RETURN_IF_ERROR(ChangeGroup(parts_.database, name, [&](store::Connection& c, GroupView& view) -> absl::Status {
    const std::vector<scaling::Hook>& hooks = view.record.group.hooks;
    if (std::none_of(hooks.begin(), hooks.end(), [&](const scaling::Hook& each) { return each.name == hook; })) {
      return ScalingError(absl::StrCat("No Lifecycle Hook found with name ", hook));
    }
    return GroupTable(c).DeleteHook(view.record.seq, hook);
  }));
  parts_.wake(name);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<scaling::Hook>> GroupService::ListHooks(const std::string& name) {
  ASSIGN_OR_RETURN(GroupView view, Get(name));
  return std::move(view.record.group.hooks);
}

absl::Status GroupService::CompleteAction(const HeldMember& held, scaling::HookResult result) {
  RETURN_IF_ERROR(ChangeGroup(parts_.database, held.group, [&](store::Connection&, GroupView& view) -> absl::Status {
    ASSIGN_OR_RETURN(scaling::Wait * wait, FindWait(held, view));
    wait->result = result;
    return absl::OkStatus();
  }));
  parts_.wake(held.group);
  return absl::OkStatus();
}

absl::Status GroupService::Heartbeat(const HeldMember& held) {
  const absl::Time now = parts_.clock.Now();
  RETURN_IF_ERROR(ChangeGroup(parts_.database, held.group, [&](store::Connection&, GroupView& view) -> absl::Status {
    ASSIGN_OR_RETURN(scaling::Wait * wait, FindWait(held, view));
    for (const scaling::Hook& hook : view.record.group.hooks) {
      if (hook.name == held.hook) wait->deadline = now + hook.heartbeat;
    }
    return absl::OkStatus();
  }));
  parts_.wake(held.group);
  return absl::OkStatus();
}

absl::Status GroupService::PutWarmPool(const std::string& name, const scaling::WarmPool& pool) {
  if (pool.min_size < 0 || pool.max_prepared.value_or(0) < 0)
    return ScalingError("Sizes of a warm pool cannot be negative");
  if (pool.state == scaling::WarmState::kHibernated) {
    return ScalingError("Instances cannot be hibernated here; take Stopped or Running as PoolState");
  }
  RETURN_IF_ERROR(ChangeGroup(parts_.database, name, [&](store::Connection&, GroupView& view) -> absl::Status {
    if (view.record.mixed_policy.has_value()) {
      return ScalingError("A group with a mixed instances policy cannot have a warm pool");
    }
    view.record.group.warm_pool = pool;
    return absl::OkStatus();
  }));
  parts_.wake(name);
  return absl::OkStatus();
}

absl::Status GroupService::DeleteWarmPool(const std::string& name, bool force) {
  RETURN_IF_ERROR(ChangeGroup(parts_.database, name, [&](store::Connection&, GroupView& view) -> absl::Status {
    view.record.group.warm_pool.reset();
    if (!force) return absl::OkStatus();
    for (Member& member : view.members) {
      if (member.lifecycle < scaling::Lifecycle::kWarmedPending) continue;
      for (scaling::Wait& wait : member.waits) wait.result = scaling::HookResult::kAbandon;
    }
    return absl::OkStatus();
  }));
  parts_.wake(name);
  return absl::OkStatus();
}

}  // namespace brume::autoscaling
