#include "lib/autoscaling/activities.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "lib/autoscaling/tables/activity_table.h"
#include "lib/base/status_macros.h"

namespace brume::autoscaling {
namespace {

using scaling::Activity;
using scaling::ActivityKind;
using scaling::ActivityStatus;
using scaling::Lifecycle;
using scaling::Member;

bool BringsIn(const Activity& activity) {
  return activity.kind == ActivityKind::kLaunch || activity.kind == ActivityKind::kFromPool;
}

class Recorder {
 public:
  Recorder(store::Connection& c, const Snapshot& before, absl::Time now) : activities_(c), before_(before), now_(now) {}

  absl::Status operator()(const scaling::Launch& launch) {
    Activity activity = Begin(launch.token, launch.token, ActivityKind::kLaunch, launch.cause);
    activity.zone = before_.record.group.zones[launch.zone].name;
    activity.description = "Launching a new EC2 instance";
    activity.status = ActivityStatus::kPreInService;
    return activities_.Insert(activity);
  }

  absl::Status operator()(const scaling::TakeFromPool& take) {
    Activity activity = Begin(take.activity, take.member, ActivityKind::kFromPool, take.cause);
    activity.description = absl::StrCat("Launching a new EC2 instance from warm pool: ", activity.instance.text());
    activity.status = ActivityStatus::kPreInService;
    return activities_.Insert(activity);
  }

  absl::Status operator()(const scaling::ReturnToPool& back) {
    Activity activity = Begin(back.activity, back.member, ActivityKind::kToPool, back.cause);
    activity.description = absl::StrCat("Returning EC2 instance to warm pool: ", activity.instance.text());
    return activities_.Insert(activity);
  }

  absl::Status operator()(const scaling::Terminate& end) {
    RETURN_IF_ERROR(EndOpen(end.member, [&](Activity& activity) {
      activity.status = ActivityStatus::kCancelled;
      activity.status_message = end.cause;
      return true;
    }));
    Activity activity = Begin(end.activity, end.member, ActivityKind::kTerminate, end.cause);
    activity.description = absl::StrCat("Terminating EC2 instance: ", activity.instance.text());
    return activities_.Insert(activity);
  }

  absl::Status operator()(const scaling::Enter& enter) {
    return EndOpen(enter.member, [&](Activity& activity) {
      const bool arrived = enter.state == Lifecycle::kInService
                               ? BringsIn(activity)
                               : scaling::IsWarmReady(enter.state) && activity.kind != ActivityKind::kTerminate;
      if (arrived) {
        activity.status = ActivityStatus::kSuccessful;
        return true;
      }
      if (activity.kind == ActivityKind::kAtOnce) return false;
      activity.status =
          scaling::IsWaiting(enter.state) ? ActivityStatus::kMidLifecycleAction : ActivityStatus::kInProgress;
      return false;
    });
  }

  absl::Status operator()(const scaling::Evict& evict) {
    return EndOpen(evict.member, [&](Activity& activity) {
      if (activity.kind == ActivityKind::kTerminate) {
        activity.status = ActivityStatus::kSuccessful;
        return true;
      }
      activity.status = evict.launch_failed ? ActivityStatus::kFailed : ActivityStatus::kCancelled;
      const auto why = before_.ends.find(evict.member);
      activity.status_message =
          absl::StrCat("Instance failed to launch: ", why == before_.ends.end() ? "it was terminated" : why->second);
      return true;
    });
  }

 private:
  Activity Begin(const std::string& token, const std::string& member, ActivityKind kind, const std::string& cause) {
    Activity activity;
    activity.token = token;
    activity.group = before_.record.group.name;
    activity.group_seq = before_.record.seq;
    activity.kind = kind;
    activity.member = member;
    activity.cause = cause;
    activity.started = now_;
    const auto found = std::find_if(before_.members.begin(), before_.members.end(),
                                    [&](const Member& each) { return each.token == member; });
    if (found != before_.members.end()) {
      activity.instance = found->instance;
      activity.zone = found->zone;
    }
    return activity;
  }

  // `change` returns whether the activity is over.
  absl::Status EndOpen(const std::string& member, const std::function<bool(Activity&)>& change) {
    ASSIGN_OR_RETURN(std::vector<Activity> open, activities_.ListOpen(before_.record.seq, member));
    for (Activity& activity : open) {
      if (change(activity)) activity.ended = now_;
      RETURN_IF_ERROR(activities_.Update(activity));
    }
    return absl::OkStatus();
  }

  ActivityTable activities_;
  const Snapshot& before_;
  const absl::Time now_;
};

}  // namespace

absl::Status RecordActions(store::Connection& c, const Snapshot& before, absl::Span<const scaling::Action> actions,
                           absl::Time now) {
  Recorder recorder(c, before, now);
  for (const scaling::Action& action : actions) RETURN_IF_ERROR(std::visit(recorder, action));
  return absl::OkStatus();
}

absl::Status RecordLaunched(store::Connection& c, int64_t group_seq, const std::string& token,
                            const InstanceId& instance) {
  ActivityTable activities(c);
  ASSIGN_OR_RETURN(std::vector<Activity> open, activities.ListOpen(group_seq, token));
  for (Activity& activity : open) {
    if (activity.kind != ActivityKind::kLaunch || !activity.instance.empty()) continue;
    activity.instance = instance;
    absl::StrAppend(&activity.description, ": ", instance.text());
    RETURN_IF_ERROR(activities.Update(activity));
  }
  return absl::OkStatus();
}

absl::Status RecordRefused(store::Connection& c, int64_t group_seq, const std::string& token, absl::string_view why,
                           absl::Time now) {
  ActivityTable activities(c);
  ASSIGN_OR_RETURN(std::vector<Activity> open, activities.ListOpen(group_seq, token));
  for (Activity& activity : open) {
    activity.status = ActivityStatus::kFailed;
    activity.status_message = absl::StrCat(why, "  Launching EC2 instance failed.");
    activity.ended = now;
    RETURN_IF_ERROR(activities.Update(activity));
  }
  return absl::OkStatus();
}

absl::StatusOr<Activity> RecordAtOnce(store::Connection& c, scaling::GroupRecord& record, const Member& member,
                                      const std::string& description, const std::string& cause, absl::Time now) {
  Activity activity;
  activity.token = scaling::ActivityToken(record.group.uuid, record.state.next_activity++);
  activity.group = record.group.name;
  activity.group_seq = record.seq;
  activity.kind = ActivityKind::kAtOnce;
  activity.member = member.token;
  activity.instance = member.instance;
  activity.zone = member.zone;
  activity.description = description;
  activity.cause = cause;
  activity.status = ActivityStatus::kSuccessful;
  activity.started = activity.ended = now;
  RETURN_IF_ERROR(ActivityTable(c).Insert(activity));
  return activity;
}

}  // namespace brume::autoscaling
