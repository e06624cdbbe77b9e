#include "lib/autoscaling/member_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/autoscaling/activities.h"
#include "lib/autoscaling/group_change.h"
#include "lib/autoscaling/group_state.h"
#include "lib/autoscaling/model/apply.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/autoscaling/tables/activity_table.h"
#include "lib/autoscaling/tables/group_table.h"
#include "lib/autoscaling/tables/member_table.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_lookup_service.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/tagging/tag_service.h"

namespace brume::autoscaling {
namespace {

using scaling::Activity;
using scaling::GroupView;
using scaling::Lifecycle;
using scaling::Member;

std::string At(absl::Time now) { return absl::FormatTime("At %Y-%m-%dT%H:%M:%SZ ", now, absl::UTCTimeZone()); }

absl::StatusOr<Member*> FindMember(GroupView& view, const InstanceId& id) {
  for (Member& member : view.members) {
    if (member.instance == id) return &member;
  }
  return ScalingError(
      absl::StrCat("The instance ", id.text(), " is not part of Auto Scaling group ", view.record.group.name, "."));
}

absl::StatusOr<Member*> FindMemberIn(GroupView& view, const InstanceId& id, std::initializer_list<Lifecycle> states) {
  ASSIGN_OR_RETURN(Member * member, FindMember(view, id));
  if (std::find(states.begin(), states.end(), member->lifecycle) != states.end()) return member;
  return ScalingError(absl::StrCat("The instance ", id.text(), " is in ", LifecycleName(member->lifecycle), ", not in ",
                                   LifecycleName(*states.begin()), "."));
}

absl::Status Shrink(scaling::Group& group, int by) {
  if (group.desired - by < group.min_size) {
    return ScalingError(absl::StrCat("The desired capacity ", group.desired, " of ", group.name, " cannot shrink by ",
                                     by, ": its minimum is ", group.min_size));
  }
  group.desired -= by;
  return absl::OkStatus();
}

absl::Status Grow(scaling::Group& group, int by) {
  if (group.desired + by > group.max_size) {
    return ScalingError(absl::StrCat("The desired capacity ", group.desired, " of ", group.name, " cannot grow by ", by,
                                     ": its maximum is ", group.max_size));
  }
  group.desired += by;
  return absl::OkStatus();
}

void Enter(Member& member, Lifecycle to, absl::Time now) {
  member.lifecycle = to;
  member.since = now;
  member.waits.clear();
}

absl::StatusOr<Member> Adopt(store::Connection& c, GroupView& view, const InstanceId& id, absl::Time now) {
  const absl::StatusOr<Instance> instance = compute::GetInstance(c, id);
  if (absl::IsNotFound(instance.status())) {
    return ScalingError(absl::StrCat("Invalid Instance ID(s): [", id.text(), "] specified"));
  }
  RETURN_IF_ERROR(instance.status());
  if (instance->state != InstanceState::kRunning) {
    return ScalingError(absl::StrCat("Invalid Instance ID(s): [", id.text(), "] is ", StateName(instance->state),
                                     "; only running instances can be attached"));
  }
  ASSIGN_OR_RETURN(const auto of, MemberTable(c).Find(id));
  if (of.has_value()) {
    return ScalingError(absl::StrCat("Instance ", id.text(), " is already part of AutoScalingGroup:", of->group));
  }
  if (view.record.group.ZoneIndex(instance->availability_zone) < 0) {
    return ScalingError(absl::StrCat("Instance ", id.text(), " is in ", instance->availability_zone,
                                     ", which is no zone of AutoScalingGroup:", view.record.group.name));
  }
  Member member;
  member.token = scaling::ActivityToken(view.record.group.uuid, view.record.state.next_activity++);
  member.instance = id;
  member.lifecycle = Lifecycle::kInService;
  member.since = member.in_service = now;
  member.zone = instance->availability_zone;
  member.instance_type = instance->instance_type;
  member.source = {.is_template = true, .id = "", .version = 0, .created = instance->launch_time};
  member.launched = instance->launch_time;
  member.protected_from_scale_in = view.record.group.protect_new_members;
  RETURN_IF_ERROR(tagging::SetTags(c, id.text(), {{kGroupTag, view.record.group.name}}));
  return member;
}

}  // namespace

absl::StatusOr<std::string> TargetLifecycleState(store::Connection& connection, const InstanceId& id) {
  MemberTable members(connection);
  ASSIGN_OR_RETURN(const std::optional<MemberOf> of, members.Find(id));
  if (!of.has_value()) return std::string();
  ASSIGN_OR_RETURN(const std::optional<scaling::GroupRecord> group, GroupTable(connection).Find(of->group));
  const bool has_pool = group.has_value() && group->group.warm_pool.has_value();
  const scaling::WarmState pool = has_pool ? group->group.warm_pool->state : scaling::WarmState::kStopped;
  return std::string(scaling::LifecycleName(scaling::TargetOf(of->member.lifecycle, pool)));
}

absl::Status MemberService::Attach(const std::string& group, Instances instances) {
  const absl::Time now = clock_.Now();
  RETURN_IF_ERROR(ChangeGroup(database_, group, [&](store::Connection& c, GroupView& view) -> absl::Status {
    for (const InstanceId& id : instances) {
      ASSIGN_OR_RETURN(const Member member, Adopt(c, view, id, now));
      RETURN_IF_ERROR(Grow(view.record.group, view.record.group.WeightOf(member.instance_type)));
      view.members.push_back(member);
      RETURN_IF_ERROR(RecordAtOnce(c, view.record, member,
                                   absl::StrCat("Attaching an existing EC2 instance: ", id.text()),
                                   absl::StrCat(At(now),
                                                "an instance was added in response to user request. Keeping "
                                                "the capacity at the new ",
                                                view.record.group.desired, "."),
                                   now)
                          .status());
    }
    return absl::OkStatus();
  }));
  wake_(group);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Activity>> MemberService::Detach(const std::string& group, Instances instances,
                                                            bool decrement) {
  const absl::Time now = clock_.Now();
  std::vector<Activity> activities;
  RETURN_IF_ERROR(ChangeGroup(database_, group, [&](store::Connection& c, GroupView& view) -> absl::Status {
    activities.clear();
    for (const InstanceId& id : instances) {
      ASSIGN_OR_RETURN(Member * member, FindMemberIn(view, id, {Lifecycle::kInService, Lifecycle::kStandby}));
      if (decrement && member->lifecycle == Lifecycle::kInService)
        RETURN_IF_ERROR(Shrink(view.record.group, view.record.group.WeightOf(member->instance_type)));
      Enter(*member, Lifecycle::kDetaching, now);
      ASSIGN_OR_RETURN(
          Activity activity,
          RecordAtOnce(c, view.record, *member, absl::StrCat("Detaching EC2 instance: ", id.text()),
                       absl::StrCat(At(now), "instance ", id.text(), " was detached in response to a user request."),
                       now));
      activities.push_back(std::move(activity));
    }
    return absl::OkStatus();
  }));
  wake_(group);
  return activities;
}

absl::StatusOr<std::vector<Activity>> MemberService::EnterStandby(const std::string& group, Instances instances,
                                                                  bool decrement) {
  const absl::Time now = clock_.Now();
  std::vector<Activity> activities;
  RETURN_IF_ERROR(ChangeGroup(database_, group, [&](store::Connection& c, GroupView& view) -> absl::Status {
    activities.clear();
    for (const InstanceId& id : instances) {
      ASSIGN_OR_RETURN(Member * member, FindMemberIn(view, id, {Lifecycle::kInService}));
      const int from = view.record.group.desired;
      const int weight = view.record.group.WeightOf(member->instance_type);
      if (decrement) RETURN_IF_ERROR(Shrink(view.record.group, weight));
      Enter(*member, Lifecycle::kEnteringStandby, now);
      ASSIGN_OR_RETURN(
          Activity activity,
          RecordAtOnce(
              c, view.record, *member, absl::StrCat("Moving EC2 instance to Standby: ", id.text()),
              absl::StrCat(At(now), "instance ", id.text(), " was moved to standby in response to a user request",
                           decrement ? absl::StrCat(", shrinking the capacity from ", from, " to ", from - weight) : "",
                           "."),
              now));
      activities.push_back(std::move(activity));
    }
    return absl::OkStatus();
  }));
  wake_(group);
  return activities;
}

absl::StatusOr<std::vector<Activity>> MemberService::ExitStandby(const std::string& group, Instances instances) {
  const absl::Time now = clock_.Now();
  std::vector<Activity> activities;
  RETURN_IF_ERROR(ChangeGroup(database_, group, [&](store::Connection& c, GroupView& view) -> absl::Status {
    activities.clear();
    for (const InstanceId& id : instances) {
      ASSIGN_OR_RETURN(Member * member, FindMemberIn(view, id, {Lifecycle::kStandby}));
      const int from = view.record.group.desired;
      const int weight = view.record.group.WeightOf(member->instance_type);
      RETURN_IF_ERROR(Grow(view.record.group, weight));
      Enter(*member, Lifecycle::kPending, now);
      ASSIGN_OR_RETURN(
          Activity activity,
          RecordAtOnce(c, view.record, *member, absl::StrCat("Moving EC2 instance out of Standby: ", id.text()),
                       absl::StrCat(At(now), "instance ", id.text(),
                                    " was moved out of standby in response to a user request, increasing the capacity "
                                    "from ",
                                    from, " to ", from + weight, "."),
                       now));
      activities.push_back(std::move(activity));
    }
    return absl::OkStatus();
  }));
  wake_(group);
  return activities;
}

absl::Status MemberService::SetHealth(const InstanceId& instance, scaling::Health health, bool respect_grace) {
  ASSIGN_OR_RETURN(const std::vector<MemberView> found, Describe({&instance, 1}));
  if (found.empty()) {
    return ScalingError(
        absl::StrCat("Invalid InstanceId: ", instance.text(), " is no member of an Auto Scaling group"));
  }
  const std::string& group = found.front().group;
  const absl::Time now = clock_.Now();
  RETURN_IF_ERROR(ChangeGroup(database_, group, [&](store::Connection&, GroupView& view) -> absl::Status {
    ASSIGN_OR_RETURN(Member * member, FindMember(view, instance));
    const absl::Time end_of_grace = member->in_service + view.record.group.health_check_grace;
    if (health == scaling::Health::kUnhealthy && respect_grace && now < end_of_grace) return absl::OkStatus();
    member->health = health;
    return absl::OkStatus();
  }));
  wake_(group);
  return absl::OkStatus();
}

absl::Status MemberService::SetProtection(const std::string& group, Instances instances, bool protect) {
  RETURN_IF_ERROR(ChangeGroup(database_, group, [&](store::Connection&, GroupView& view) -> absl::Status {
    for (const InstanceId& id : instances) {
      ASSIGN_OR_RETURN(Member * member, FindMember(view, id));
      if (IsTerminating(member->lifecycle)) {
        return ScalingError(absl::StrCat("The instance ", id.text(), " is in ", LifecycleName(member->lifecycle),
                                         "; it cannot be protected any more"));
      }
      member->protected_from_scale_in = protect;
    }
    return absl::OkStatus();
  }));
  wake_(group);
  return absl::OkStatus();
}

absl::StatusOr<Activity> MemberService::Terminate(const InstanceId& instance, bool decrement) {
  ASSIGN_OR_RETURN(const std::vector<MemberView> found, Describe({&instance, 1}));
  if (found.empty()) {
    return ScalingError(
        absl::StrCat("Instance Id not found - No managed instance found for instance ID ", instance.text()));
  }
  const std::string& group = found.front().group;
  const absl::Time now = clock_.Now();
  Activity activity;
  RETURN_IF_ERROR(ChangeGroup(database_, group, [&](store::Connection& c, GroupView& view) -> absl::Status {
    ASSIGN_OR_RETURN(Member * member, FindMember(view, instance));
    if (IsTerminating(member->lifecycle)) {
      return ScalingError(absl::StrCat("The instance ", instance.text(), " is being terminated already"));
    }
    const int from = view.record.group.desired;
    const int weight = view.record.group.WeightOf(member->instance_type);
    const bool counts = IsActive(member->lifecycle);
    if (decrement && counts) RETURN_IF_ERROR(Shrink(view.record.group, weight));
    scaling::Plan plan;
    plan.next_activity = view.record.state.next_activity;
    const std::string token = scaling::ActivityToken(view.record.group.uuid, plan.next_activity++);
    const std::string why = decrement && counts ? absl::StrCat(
                                                      "in response to a user request, shrinking the capacity "
                                                      "from ",
                                                      from, " to ", from - weight)
                                                : "in response to a user request";
    plan.actions.push_back(scaling::Terminate{member->token, token, scaling::TakenOut(now, why)});
    Snapshot before;
    before.record = view.record;
    before.members = view.members;
    RETURN_IF_ERROR(RecordActions(c, before, plan.actions, now));
    Apply(plan, view.record.group, now, view.record.state, view.members);
    ASSIGN_OR_RETURN(std::vector<Activity> made, ActivityTable(c).List({.tokens = {token},
                                                                        .group = std::nullopt,
                                                                        .deleted_groups = true,
                                                                        .before = std::nullopt,
                                                                        .max_records = 1}));
    if (made.empty()) return absl::InternalError("an activity that was written is not there");
    activity = std::move(made.front());
    return absl::OkStatus();
  }));
  wake_(group);
  return activity;
}

absl::StatusOr<std::vector<MemberView>> MemberService::Describe(Instances instances) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<MemberView>> {
    MemberTable members(c);
    std::vector<MemberOf> found;
    if (instances.empty()) {
      ASSIGN_OR_RETURN(found, members.ListAll());
    }
    for (const InstanceId& id : instances) {
      ASSIGN_OR_RETURN(std::optional<MemberOf> of, members.Find(id));
      if (of.has_value()) found.push_back(*std::move(of));
    }
    std::vector<InstanceId> ids;
    for (const MemberOf& each : found) ids.push_back(each.member.instance);
    ASSIGN_OR_RETURN(const auto seen, compute::StatesOf(c, ids));
    std::vector<MemberView> views;
    for (MemberOf& each : found) {
      const auto instance = seen.find(each.member.instance);
      each.member.seen = instance == seen.end() ? InstanceState::kTerminated : instance->second.state;
      views.push_back({.group = std::move(each.group), .member = std::move(each.member)});
    }
    std::sort(views.begin(), views.end(),
              [](const MemberView& a, const MemberView& b) { return a.member.instance < b.member.instance; });
    return views;
  });
}

absl::StatusOr<ActivityPage> MemberService::Activities(const ActivityQuery& query) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<ActivityPage> {
    if (query.group.has_value() && !query.deleted_groups) {
      ASSIGN_OR_RETURN(const auto group, GroupTable(c).Find(*query.group));
      if (!group.has_value()) return GroupNotFound(*query.group);
    }
    std::vector<std::string> statuses;
    for (const scaling::ActivityStatus status : query.statuses)
      statuses.push_back(absl::StrCat(static_cast<int>(status)));
    ActivityPage page;
    ASSIGN_OR_RETURN(page.activities, ActivityTable(c).List({.tokens = query.tokens,
                                                             .group = query.group,
                                                             .deleted_groups = query.deleted_groups,
                                                             .statuses = statuses,
                                                             .started_from = query.started_from,
                                                             .started_until = query.started_until,
                                                             .before = query.after,
                                                             .max_records = query.max_records + 1}));
    if (page.activities.size() > static_cast<size_t>(query.max_records)) {
      page.activities.pop_back();
      page.next = page.activities.back().seq;
    }
    return page;
  });
}

}  // namespace brume::autoscaling
