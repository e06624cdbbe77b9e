#include "lib/autoscaling/group_state.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/autoscaling/activities.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/autoscaling/tables/group_table.h"
#include "lib/autoscaling/tables/launch_configuration_table.h"
#include "lib/autoscaling/tables/member_table.h"
#include "lib/autoscaling/tables/policy_table.h"
#include "lib/autoscaling/tables/refresh_table.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_lookup_service.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {
namespace {

using scaling::Member;

// What `asked` stands for now. One that has gone stays what it was: launches say so.
absl::Status ResolveSource(store::Connection& c, const scaling::SourceRequest& asked, scaling::LaunchSource& source) {
  source.is_template = asked.is_template;
  source.id = asked.id;
  if (!source.is_template) {
    ASSIGN_OR_RETURN(const auto found, LaunchConfigurationTable(c).Find(source.id));
    if (found.has_value()) source.created = found->created;
    source.version = 0;
    return absl::OkStatus();
  }
  const LaunchTemplateId id = LaunchTemplateId::FromTrusted(source.id);
  const absl::StatusOr<LaunchTemplate> found = compute::GetLaunchTemplate(c, id);
  if (!found.ok()) return ec2::HasErrorCode(found.status()) ? absl::OkStatus() : found.status();
  int64_t number = found->default_version;
  if (asked.version == "$Latest") number = found->latest_version;
  if (scaling::IsNumbered(asked.version)) {
    if (!absl::SimpleAtoi(asked.version, &number)) number = found->default_version;
  }
  if (number == source.version && source.created > absl::UnixEpoch()) return absl::OkStatus();
  source.version = number;
  ASSIGN_OR_RETURN(const auto version, compute::FindLaunchTemplateVersion(c, id, number));
  if (version.has_value()) source.created = version->created;
  return absl::OkStatus();
}

absl::Status ResolveSources(store::Connection& c, scaling::GroupRecord& record) {
  RETURN_IF_ERROR(ResolveSource(c, record.source, record.group.source));
  for (auto& [type, option] : record.group.type_options) {
    if (option.template_id.empty()) continue;
    RETURN_IF_ERROR(ResolveSource(
        c, {.is_template = true, .id = option.template_id, .version = option.template_version}, option.source));
  }
  return absl::OkStatus();
}

// A launch that was executed and whose answer was lost.
absl::StatusOr<InstanceId> FindLaunched(store::Connection& c, const std::string& token) {
  ASSIGN_OR_RETURN(const std::vector<Instance> launched, compute::FindLaunch(c, token));
  return launched.empty() ? InstanceId() : launched.front().id;
}

absl::Status Observe(store::Connection& c, Snapshot& snapshot) {
  for (Member& member : snapshot.members) {
    if (!member.instance.empty()) continue;
    ASSIGN_OR_RETURN(member.instance, FindLaunched(c, member.token));
    if (!member.instance.empty()) snapshot.adopted.insert(member.token);
  }
  std::vector<InstanceId> ids;
  for (const Member& member : snapshot.members) {
    if (!member.instance.empty()) ids.push_back(member.instance);
  }
  ASSIGN_OR_RETURN(const auto seen, compute::StatesOf(c, ids));
  for (Member& member : snapshot.members) {
    const auto found = seen.find(member.instance);
    if (found != seen.end()) {
      member.seen = found->second.state;
      snapshot.running_since[member.token] = found->second.since;
      if (!found->second.reason.empty()) snapshot.ends[member.token] = found->second.reason;
    } else if (!member.instance.empty() || scaling::IsTerminating(member.lifecycle)) {
      // Its row is gone already; or it was given up before it was launched, and will not be.
      member.seen = InstanceState::kTerminated;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status GroupNotFound(absl::string_view name) {
  return ScalingError(absl::StrCat("AutoScalingGroup name not found - AutoScalingGroup '", name, "' not found"));
}

absl::StatusOr<std::optional<Snapshot>> ReadSnapshot(store::Connection& c, const std::string& name) {
  GroupTable groups(c);
  ASSIGN_OR_RETURN(std::optional<scaling::GroupRecord> record, groups.Find(name));
  if (!record.has_value()) return std::nullopt;
  Snapshot snapshot;
  snapshot.record = *std::move(record);
  const int64_t seq = snapshot.record.seq;
  RETURN_IF_ERROR(ResolveSources(c, snapshot.record));
  ASSIGN_OR_RETURN(snapshot.members, MemberTable(c).List(seq));
  ASSIGN_OR_RETURN(snapshot.tags, groups.ListTags(seq));
  ASSIGN_OR_RETURN(snapshot.policies, PolicyTable(c).List(name));
  ASSIGN_OR_RETURN(snapshot.schedules, ScheduleTable(c).List(name));
  ASSIGN_OR_RETURN(snapshot.refresh, RefreshTable(c).Active(seq));
  RETURN_IF_ERROR(Observe(c, snapshot));
  return snapshot;
}

absl::Status Commit(store::Connection& c, const Snapshot& before, Outcome& outcome, absl::Time now) {
  GroupTable groups(c);
  Snapshot& after = outcome.after;
  const int64_t seq = before.record.seq;
  RETURN_IF_ERROR(groups.Update(after.record));
  std::vector<Member> kept = before.members;
  for (Member& member : kept) {
    if (before.adopted.contains(member.token)) member.instance = InstanceId();
  }
  RETURN_IF_ERROR(MemberTable(c).Save(seq, kept, after.members));
  RETURN_IF_ERROR(RecordActions(c, before, outcome.actions, now));
  for (const scaling::Action& action : outcome.actions) {
    const auto* evict = std::get_if<scaling::Evict>(&action);
    if (evict == nullptr) continue;
    for (const Member& member : before.members) {
      // Its owner's from now on.
      const bool detached = member.lifecycle == scaling::Lifecycle::kDetaching;
      if (member.token != evict->member || !detached) continue;
      RETURN_IF_ERROR(tagging::DeleteTag(c, member.instance.text(), kGroupTag));
    }
  }
  for (const scaling::ScheduleRecord& schedule : outcome.schedules_run) {
    RETURN_IF_ERROR(ScheduleTable(c).SetEvaluatedUntil(schedule.seq, schedule.evaluated_until));
  }
  for (const int64_t over : outcome.schedules_over) RETURN_IF_ERROR(ScheduleTable(c).Delete(over));
  if (after.refresh.has_value()) RETURN_IF_ERROR(RefreshTable(c).Update(*after.refresh));
  if (after.record.deleting && after.members.empty()) return groups.Delete(seq);
  return absl::OkStatus();
}

}  // namespace brume::autoscaling
