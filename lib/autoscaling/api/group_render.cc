#include "lib/autoscaling/api/group_render.h"

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/autoscaling/api/mixed_policy_message.h"
#include "lib/autoscaling/api/whole_seconds.h"
#include "lib/autoscaling/model/scaling_arns.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/zones.h"

namespace brume::autoscaling {
namespace {

constexpr char kGranularity[] = "1Minute";

void RenderSource(TemplateRenderer& templates, const scaling::GroupRecord& record, v1::AutoScalingGroup& group) {
  const scaling::SourceRequest& source = record.source;
  if (!source.is_template) {
    group.set_launch_configuration_name(source.id);
    return;
  }
  if (record.mixed_policy.has_value()) {
    *group.mutable_mixed_instances_policy() = RenderMixed(templates, *record.mixed_policy, record.source);
  } else {
    *group.mutable_launch_template() = templates.Render(source.id, source.version);
  }
}

// What has one value here, and what was given of the rest.
void RenderMaintenance(const Account& account, const scaling::GroupRecord& record, v1::AutoScalingGroup& group) {
  group.set_service_linked_role_arn(record.service_linked_role.empty() ? DefaultServiceRole(account)
                                                                       : record.service_linked_role);
  group.mutable_availability_zone_distribution()->set_capacity_distribution_strategy("balanced-best-effort");
  group.mutable_availability_zone_impairment_policy()->set_zonal_shift_enabled(false);
  group.mutable_availability_zone_impairment_policy()->set_impaired_zone_health_check_behavior("IgnoreUnhealthy");
  group.mutable_capacity_reservation_specification()->set_capacity_reservation_preference("default");
  const std::optional<scaling::MaintenancePolicy>& policy = record.group.maintenance;
  if (!policy.has_value()) return;
  group.mutable_instance_maintenance_policy()->set_min_healthy_percentage(policy->min_healthy_percent);
  group.mutable_instance_maintenance_policy()->set_max_healthy_percentage(policy->max_healthy_percent);
}

void RenderPlaces(const Settings& settings, const scaling::GroupRecord& record, v1::AutoScalingGroup& group) {
  std::vector<std::string> subnets;
  std::set<std::string> zones;
  for (const scaling::GroupSubnet& subnet : record.subnets) {
    subnets.push_back(subnet.id.text());
    zones.insert(subnet.zone);
  }
  for (const std::string& zone : zones) {
    group.add_availability_zones(zone);
    group.add_availability_zone_ids(ZoneId(settings, zone));
  }
  group.set_vpc_zone_identifier(absl::StrJoin(subnets, ","));
}

void RenderTags(const scaling::GroupView& view, v1::AutoScalingGroup& group) {
  for (const scaling::GroupTag& tag : view.tags) {
    *group.add_tags() = RenderGroupTag(view.record.group.name, tag);
  }
}

// A member that has the type of what it was launched from does not keep it.
absl::StatusOr<std::string> TypeOf(const ScalingServices& services, const scaling::Member& member) {
  if (!member.instance_type.empty()) return member.instance_type;
  const auto view = services.instances.Get(member.instance);
  if (view.ok()) return view->instance.instance_type;
  // Terminated for so long that nothing is known of it any more.
  if (absl::IsNotFound(view.status())) return std::string();
  return view.status();
}

}  // namespace

std::string DefaultServiceRole(const Account& account) {
  constexpr char kRole[] = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
  return Arn::Global(account.id, "iam", kRole).text();
}

bool IsInWarmPool(const scaling::Member& member) {
  return absl::StartsWith(scaling::LifecycleName(member.lifecycle), "Warmed:");
}

v1::TagDescription RenderGroupTag(const std::string& group, const scaling::GroupTag& tag) {
  v1::TagDescription rendered;
  rendered.set_resource_id(group);
  rendered.set_resource_type("auto-scaling-group");
  rendered.set_key(tag.key);
  rendered.set_value(tag.value);
  rendered.set_propagate_at_launch(tag.propagate);
  return rendered;
}

v1::WarmPoolConfiguration RenderWarmPool(const scaling::GroupRecord& record) {
  v1::WarmPoolConfiguration rendered;
  const scaling::WarmPool& pool = *record.group.warm_pool;
  if (pool.max_prepared.has_value()) rendered.set_max_group_prepared_capacity(*pool.max_prepared);
  rendered.set_min_size(pool.min_size);
  rendered.set_pool_state(std::string(WarmStateName(pool.state)));
  if (pool.reuse_on_scale_in) rendered.mutable_instance_reuse_policy()->set_reuse_on_scale_in(true);
  return rendered;
}

absl::StatusOr<v1::Instance> RenderMember(const ScalingServices& services, TemplateRenderer& templates,
                                          const scaling::Member& member) {
  v1::Instance rendered;
  rendered.set_instance_id(member.instance.text());
  ASSIGN_OR_RETURN(*rendered.mutable_instance_type(), TypeOf(services, member));
  rendered.set_availability_zone(member.zone);
  rendered.set_availability_zone_id(ZoneId(services.settings, member.zone));
  rendered.set_lifecycle_state(std::string(scaling::LifecycleName(member.lifecycle)));
  rendered.set_health_status(std::string(HealthName(member.health)));
  if (!member.source.is_template) {
    rendered.set_launch_configuration_name(member.source.id);
  } else if (!member.source.id.empty()) {
    *rendered.mutable_launch_template() = templates.Render(member.source.id, absl::StrCat(member.source.version));
  }
  rendered.set_protected_from_scale_in(member.protected_from_scale_in);
  return rendered;
}

absl::StatusOr<v1::AutoScalingGroup> RenderGroup(const ScalingServices& services, TemplateRenderer& templates,
                                                 const scaling::GroupView& view) {
  const scaling::GroupRecord& record = view.record;
  const scaling::Group& group = record.group;
  v1::AutoScalingGroup rendered;
  rendered.set_auto_scaling_group_name(group.name);
  rendered.set_auto_scaling_group_arn(ArnOf(services.settings.account(), group));
  RenderSource(templates, record, rendered);
  rendered.set_min_size(group.min_size);
  rendered.set_max_size(group.max_size);
  rendered.set_desired_capacity(group.desired);
  rendered.set_default_cooldown(ToWholeSeconds(group.default_cooldown));
  RenderPlaces(services.settings, record, rendered);
  RenderMaintenance(services.settings.account(), record, rendered);
  rendered.set_health_check_type(record.health_check_type);
  rendered.set_health_check_grace_period(ToWholeSeconds(group.health_check_grace));
  int warm = 0;
  for (const scaling::Member& member : view.members) {
    if (member.instance.empty()) continue;
    if (IsInWarmPool(member)) {
      ++warm;
    } else {
      ASSIGN_OR_RETURN(v1::Instance shown, RenderMember(services, templates, member));
      RenderWeight(group, member, shown);
      *rendered.add_instances() = std::move(shown);
    }
  }
  rendered.set_created_time(gateway::RenderTime(record.created));
  for (const auto& [process, reason] : record.suspensions) {
    v1::SuspendedProcess& suspended = *rendered.add_suspended_processes();
    suspended.set_process_name(process);
    suspended.set_suspension_reason(reason);
  }
  for (const std::string& metric : record.metrics) {
    v1::EnabledMetric& enabled = *rendered.add_enabled_metrics();
    enabled.set_metric(metric);
    enabled.set_granularity(kGranularity);
  }
  if (record.deleting) rendered.set_status("Delete in progress");
  RenderTags(view, rendered);
  for (const scaling::TerminationPolicy policy : group.termination_policies) {
    rendered.add_termination_policies(std::string(scaling::TerminationPolicyName(policy)));
  }
  rendered.set_new_instances_protected_from_scale_in(group.protect_new_members);
  if (group.max_lifetime.has_value()) rendered.set_max_instance_lifetime(ToWholeSeconds(*group.max_lifetime));
  if (record.capacity_rebalance) rendered.set_capacity_rebalance(true);
  if (group.warm_pool.has_value()) *rendered.mutable_warm_pool_configuration() = RenderWarmPool(record);
  if (group.warm_pool.has_value()) rendered.set_warm_pool_size(warm);
  if (!record.context.empty()) rendered.set_context(record.context);
  if (record.default_warmup.has_value()) rendered.set_default_instance_warmup(ToWholeSeconds(*record.default_warmup));
  return rendered;
}

}  // namespace brume::autoscaling
