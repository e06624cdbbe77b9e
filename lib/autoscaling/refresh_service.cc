#include "lib/autoscaling/refresh_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/autoscaling/group_change.h"
#include "lib/autoscaling/group_definition.h"
#include "lib/autoscaling/group_state.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/autoscaling/tables/group_table.h"
#include "lib/autoscaling/tables/refresh_table.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {
namespace {

using scaling::GroupView;
using scaling::Refresh;
using scaling::RefreshStatus;

constexpr int kKept = 100;

absl::Status CheckPreferences(const scaling::RefreshPreferences& preferences) {
  if (preferences.min_healthy_percent < 0 || preferences.min_healthy_percent > 100) {
    return ScalingError("MinHealthyPercentage must be between 0 and 100");
  }
  if (preferences.max_healthy_percent.has_value()) {
    RETURN_IF_ERROR(CheckHealthyPercents(preferences.min_healthy_percent, *preferences.max_healthy_percent));
  }
  int last = 0;
  for (const int checkpoint : preferences.checkpoints) {
    if (checkpoint <= last || checkpoint > 100) {
      return ScalingError("CheckpointPercentages must rise from 1 to at most 100");
    }
    last = checkpoint;
  }
  constexpr absl::Duration kMax = absl::Hours(48);
  if (preferences.checkpoint_delay < absl::ZeroDuration() || preferences.checkpoint_delay > kMax) {
    return ScalingError("CheckpointDelay must be between 0 and 172800 seconds");
  }
  return absl::OkStatus();
}

// Whether it will be tomorrow what it is today.
bool IsFixed(const scaling::LaunchDefinition& definition) {
  if (definition.source.is_template && !scaling::IsNumbered(definition.source.version)) return false;
  return std::all_of(definition.options.begin(), definition.options.end(), [](const auto& option) {
    return option.second.template_id.empty() || scaling::IsNumbered(option.second.template_version);
  });
}

scaling::LaunchDefinition DefinitionOf(const scaling::GroupRecord& record) {
  return {.source = record.source,
          .policy = record.mixed_policy,
          .types = record.group.instance_types,
          .options = record.group.type_options};
}

GroupChange ChangeTo(const scaling::LaunchDefinition& definition) {
  GroupChange change;
  change.source = definition.source;
  change.mixed_policy = definition.policy;
  change.instance_types = definition.types;
  change.type_options = definition.options;
  return change;
}

// Another source alone leaves the group's types as they are.
scaling::LaunchDefinition WithTypes(const scaling::LaunchDefinition& desired, const scaling::LaunchDefinition& before) {
  if (desired.policy.has_value()) return desired;
  scaling::LaunchDefinition whole = before;
  whole.source = desired.source;
  return whole;
}

absl::Status NoneActive(const std::string& group) {
  return ec2::Error("ActiveInstanceRefreshNotFound",
                    absl::StrCat("No in progress or pending Instance Refresh found for Auto Scaling group ", group));
}

}  // namespace

absl::StatusOr<std::string> RefreshService::Start(const std::string& group,
                                                  const scaling::RefreshPreferences& preferences,
                                                  const std::optional<scaling::LaunchDefinition>& desired) {
  RETURN_IF_ERROR(CheckPreferences(preferences));
  if (preferences.auto_rollback && !desired.has_value()) {
    return ScalingError("AutoRollback needs a DesiredConfiguration, from which to roll back");
  }
  Refresh refresh;
  refresh.id = NewUuid(random_);
  refresh.group = group;
  refresh.started = clock_.Now();
  refresh.preferences = preferences;
  refresh.desired = desired;
  RETURN_IF_ERROR(ChangeGroup(database_, group, [&](store::Connection& c, GroupView& view) -> absl::Status {
    RefreshTable refreshes(c);
    ASSIGN_OR_RETURN(const std::optional<Refresh> active, refreshes.Active(view.record.seq));
    if (active.has_value()) {
      return ec2::Error("InstanceRefreshInProgress",
                        absl::StrCat("An Instance Refresh is already in progress and blocks the execution of this "
                                     "Instance Refresh: ",
                                     active->id));
    }
    refresh.before = DefinitionOf(view.record);
    if (preferences.auto_rollback && !IsFixed(refresh.before)) {
      return ScalingError(
          "AutoRollback needs a group whose launch templates have versions by their numbers to go back to");
    }
    if (desired.has_value()) {
      RETURN_IF_ERROR(Define(c, ChangeTo(WithTypes(*desired, refresh.before)), view.record));
    }
    RETURN_IF_ERROR(refreshes.Insert(view.record.seq, refresh));
    return refreshes.Trim(view.record.seq, kKept);
  }));
  wake_(group);
  return refresh.id;
}

absl::StatusOr<std::string> RefreshService::Cancel(const std::string& group) {
  std::string id;
  RETURN_IF_ERROR(ChangeGroup(database_, group, [&](store::Connection& c, GroupView& view) -> absl::Status {
    RefreshTable refreshes(c);
    ASSIGN_OR_RETURN(std::optional<Refresh> active, refreshes.Active(view.record.seq));
    if (!active.has_value()) return NoneActive(group);
    id = active->id;
    active->status = RefreshStatus::kCancelling;
    return refreshes.Update(*active);
  }));
  wake_(group);
  return id;
}

absl::StatusOr<std::string> RefreshService::Rollback(const std::string& group) {
  std::string id;
  RETURN_IF_ERROR(ChangeGroup(database_, group, [&](store::Connection& c, GroupView& view) -> absl::Status {
    RefreshTable refreshes(c);
    ASSIGN_OR_RETURN(std::optional<Refresh> active, refreshes.Active(view.record.seq));
    if (!active.has_value()) return NoneActive(group);
    if (!active->desired.has_value() || !IsFixed(active->before)) {
      return ec2::Error("IrreversibleInstanceRefresh",
                        absl::StrCat("The instance refresh ", active->id,
                                     " has no desired configuration, or no version by its number to go back to"));
    }
    id = active->id;
    active->status = RefreshStatus::kRollbackInProgress;
    active->reason = "Rolled back by the user.";
    active->total = 0;
    RETURN_IF_ERROR(Define(c, ChangeTo(active->before), view.record));
    return refreshes.Update(*active);
  }));
  wake_(group);
  return id;
}

absl::StatusOr<std::vector<Refresh>> RefreshService::Describe(const std::string& group,
                                                              absl::Span<const std::string> ids) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<Refresh>> {
    ASSIGN_OR_RETURN(const auto record, GroupTable(c).Find(group));
    if (!record.has_value()) return GroupNotFound(group);
    ASSIGN_OR_RETURN(std::vector<Refresh> all, RefreshTable(c).List(record->seq));
    std::erase_if(all, [&](const Refresh& refresh) {
      return !ids.empty() && std::find(ids.begin(), ids.end(), refresh.id) == ids.end();
    });
    return all;
  });
}

}  // namespace brume::autoscaling
