#include "lib/autoscaling/group_definition.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/autoscaling/group_change.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/autoscaling/tables/launch_configuration_table.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/ec2/network/network_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {
namespace {

constexpr int kMaxMembers = 10000;
constexpr int kMinLifetime = 86400;
constexpr int kMaxLifetime = 31536000;

absl::Status CheckSource(store::Connection& c, const scaling::SourceRequest& source) {
  if (!source.is_template) {
    ASSIGN_OR_RETURN(const auto found, LaunchConfigurationTable(c).Find(source.id));
    if (found.has_value()) return absl::OkStatus();
    return ScalingError(
        absl::StrCat("Launch configuration name not found - Launch configuration ", source.id, " not found"));
  }
  const LaunchTemplateId id = LaunchTemplateId::FromTrusted(source.id);
  const absl::StatusOr<LaunchTemplate> found = compute::GetLaunchTemplate(c, id);
  if (!found.ok()) {
    return ec2::HasErrorCode(found.status()) ? ScalingError(found.status().message()) : found.status();
  }
  if (!scaling::IsNumbered(source.version)) return absl::OkStatus();
  int64_t number = 0;
  if (!absl::SimpleAtoi(source.version, &number)) {
    return ScalingError(absl::StrCat("'", source.version,
                                     "' is no version of a launch template: a number, $Latest or "
                                     "$Default"));
  }
  ASSIGN_OR_RETURN(const auto version, compute::FindLaunchTemplateVersion(c, id, number));
  if (version.has_value()) return absl::OkStatus();
  return ScalingError(absl::StrCat("The launch template '", source.id, "' has no version ", number));
}

absl::Status SetSubnets(store::Connection& c, const GroupChange& change, scaling::GroupRecord& record) {
  std::vector<Subnet> subnets;
  if (change.subnets.has_value() && !change.subnets->empty()) {
    for (const SubnetId& id : *change.subnets) {
      const absl::StatusOr<Subnet> found = network::GetSubnet(c, id);
      if (!found.ok()) {
        return ec2::HasErrorCode(found.status()) ? ScalingError(found.status().message()) : found.status();
      }
      subnets.push_back(*found);
    }
    for (const Subnet& subnet : subnets) {
      if (subnet.vpc_id != subnets.front().vpc_id) {
        return ScalingError("The subnets of a group must be in one VPC; these are of several");
      }
      const auto& zones = change.zones;
      if (!zones.has_value() || zones->empty()) continue;
      if (std::find(zones->begin(), zones->end(), subnet.availability_zone) == zones->end()) {
        return ScalingError("The availability zones of the specified subnets and the Auto Scaling group do not match");
      }
    }
  } else {
    ASSIGN_OR_RETURN(const std::optional<Vpc> vpc, network::FindDefaultVpc(c));
    if (!vpc.has_value()) return ScalingError("There is no default VPC; name subnets with VPCZoneIdentifier");
    ASSIGN_OR_RETURN(const std::vector<Subnet> all, network::ListSubnets(c, vpc->id));
    for (const std::string& zone : *change.zones) {
      const auto found = std::find_if(all.begin(), all.end(), [&](const Subnet& subnet) {
        return subnet.default_for_az && subnet.availability_zone == zone;
      });
      if (found == all.end()) {
        return ScalingError(absl::StrCat("Invalid Availability Zone: ", zone, " has no default subnet"));
      }
      subnets.push_back(*found);
    }
  }
  record.subnets.clear();
  record.group.zones.clear();
  for (const Subnet& subnet : subnets) {
    const auto same = [&](const scaling::GroupSubnet& each) { return each.id == subnet.id; };
    if (std::any_of(record.subnets.begin(), record.subnets.end(), same)) continue;
    record.subnets.push_back({.id = subnet.id, .zone = subnet.availability_zone});
    if (record.group.ZoneIndex(subnet.availability_zone) >= 0) continue;
    record.group.zones.push_back({.name = subnet.availability_zone, .subnet = subnet.id});
  }
  return absl::OkStatus();
}

absl::Status SetSizes(const GroupChange& change, scaling::Group& group) {
  group.min_size = change.min_size.value_or(group.min_size);
  group.max_size = change.max_size.value_or(group.max_size);
  if (group.min_size < 0 || group.max_size < 0) return ScalingError("The sizes of a group cannot be negative");
  if (group.max_size > kMaxMembers) {
    return ScalingError(absl::StrCat("The maximum size ", group.max_size, " is above ", kMaxMembers));
  }
  if (group.min_size > group.max_size) {
    return ScalingError(
        absl::StrCat("Max bound, ", group.max_size, ", must be greater than or equal to min bound, ", group.min_size));
  }
  if (change.desired.has_value()) {
    if (*change.desired < group.min_size || *change.desired > group.max_size) {
      return ScalingError(absl::StrCat("Desired capacity:", *change.desired, " must be between the specified min size:",
                                       group.min_size, " and max size:", group.max_size));
    }
    group.desired = *change.desired;
  }
  // New bounds take the desired capacity along.
  group.desired = std::clamp(group.desired, group.min_size, group.max_size);
  return absl::OkStatus();
}

absl::Status SetTimes(const GroupChange& change, scaling::GroupRecord& record) {
  scaling::Group& group = record.group;
  group.health_check_grace = change.health_check_grace.value_or(group.health_check_grace);
  group.default_cooldown = change.default_cooldown.value_or(group.default_cooldown);
  if (change.default_warmup_seconds.has_value()) {
    const int seconds = *change.default_warmup_seconds;
    if (seconds < -1) return ScalingError("DefaultInstanceWarmup must be -1 or a number of seconds");
    record.default_warmup = seconds < 0 ? std::nullopt : std::make_optional(absl::Seconds(seconds));
    group.default_warmup = record.default_warmup.value_or(absl::ZeroDuration());
  }
  if (change.max_lifetime_seconds.has_value()) {
    const int seconds = *change.max_lifetime_seconds;
    if (seconds != 0 && (seconds < kMinLifetime || seconds > kMaxLifetime)) {
      return ScalingError(
          absl::StrCat("MaxInstanceLifetime must be 0 or between ", kMinLifetime, " and ", kMaxLifetime, " seconds"));
    }
    group.max_lifetime = seconds == 0 ? std::nullopt : std::make_optional(absl::Seconds(seconds));
  }
  return absl::OkStatus();
}

absl::Status SetMaintenance(const GroupChange& change, scaling::Group& group) {
  if (!change.maintenance.has_value()) return absl::OkStatus();
  const auto [min, max] = *change.maintenance;
  group.maintenance.reset();
  if (min == -1 && max == -1) return absl::OkStatus();
  RETURN_IF_ERROR(CheckHealthyPercents(min, max));
  group.maintenance = change.maintenance;
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckHealthyPercents(int min, int max) {
  if (min >= 0 && min <= 100 && max >= 100 && max <= 200 && max - min <= 100) return absl::OkStatus();
  return ScalingError(
      "MinHealthyPercentage must be from 0 to 100 and MaxHealthyPercentage from 100 to 200, at most 100 above it");
}

absl::Status Define(store::Connection& c, const GroupChange& change, scaling::GroupRecord& record) {
  scaling::Group& group = record.group;
  if (change.source.has_value()) {
    RETURN_IF_ERROR(CheckSource(c, *change.source));
    record.source = *change.source;
    group.source = {
        .is_template = change.source->is_template, .id = change.source->id, .version = 0, .created = absl::UnixEpoch()};
    record.mixed_policy = change.mixed_policy;
    group.instance_types = change.instance_types;
    group.type_options = change.type_options;
    for (const auto& [type, option] : group.type_options) {
      if (option.template_id.empty()) continue;
      RETURN_IF_ERROR(
          CheckSource(c, {.is_template = true, .id = option.template_id, .version = option.template_version}));
    }
  }
  if (change.subnets.has_value() || change.zones.has_value()) RETURN_IF_ERROR(SetSubnets(c, change, record));
  RETURN_IF_ERROR(SetSizes(change, group));
  RETURN_IF_ERROR(SetTimes(change, record));
  record.health_check_type = change.health_check_type.value_or(record.health_check_type);
  group.termination_policies = change.termination_policies.value_or(group.termination_policies);
  group.protect_new_members = change.protect_new_members.value_or(group.protect_new_members);
  record.capacity_rebalance = change.capacity_rebalance.value_or(record.capacity_rebalance);
  record.context = change.context.value_or(record.context);
  record.service_linked_role = change.service_linked_role.value_or(record.service_linked_role);
  RETURN_IF_ERROR(SetMaintenance(change, group));
  return absl::OkStatus();
}

}  // namespace brume::autoscaling
