#include "lib/autoscaling/api/group_handlers.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "brume/autoscaling/v1/group.pb.h"
#include "lib/autoscaling/api/group_launches.h"
#include "lib/autoscaling/api/group_names.h"
#include "lib/autoscaling/api/group_render.h"
#include "lib/autoscaling/api/launch_configuration.h"
#include "lib/autoscaling/api/member_ids.h"
#include "lib/autoscaling/api/mixed_policy_message.h"
#include "lib/autoscaling/api/scaling_facts.h"
#include "lib/autoscaling/api/scaling_list.h"
#include "lib/autoscaling/api/template_source.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/gateway/filters.h"

namespace brume::autoscaling {
namespace {

constexpr char kNoBalancers[] = "there are no load balancers yet";

using Created = v1::CreateAutoScalingGroupRequest;
using Updated = v1::UpdateAutoScalingGroupRequest;

// One of the ways to say what members are launched from, or none; `by_instance` is whether another one is used.
template <typename Request>
absl::Status ParseSource(const ScalingServices& services, const Request& request, bool by_instance,
                         GroupChange& change) {
  const bool by_configuration = !request.launch_configuration_name().empty();
  if (by_configuration + request.has_launch_template() + request.has_mixed_instances_policy() + by_instance > 1) {
    return ScalingError(
        "Valid requests must contain only one of LaunchTemplate, LaunchConfigurationName, InstanceId and "
        "MixedInstancesPolicy");
  }
  if (by_configuration) {
    change.source = {.is_template = false, .id = request.launch_configuration_name(), .version = ""};
  } else if (request.has_launch_template()) {
    ASSIGN_OR_RETURN(change.source, ParseTemplate(services, request.launch_template()));
    ASSIGN_OR_RETURN(const auto requirements, RequirementsOf(services, *change.source));
    if (requirements.has_value()) {
      return ScalingError("A launch template with instance requirements needs a MixedInstancesPolicy");
    }
  } else if (request.has_mixed_instances_policy()) {
    RETURN_IF_ERROR(ParseMixed(services, request.mixed_instances_policy(), change));
  }
  return absl::OkStatus();
}

absl::Status CheckHealthCheckTypes(absl::string_view list) {
  constexpr absl::string_view kTypes[] = {"EC2", "EBS", "ELB", "VPC_LATTICE"};
  for (const absl::string_view type : absl::StrSplit(list, ',')) {
    if (std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes)) continue;
    return ScalingError(absl::StrCat("Invalid HealthCheckType '", type.substr(0, 32),
                                     "': it must be EC2, EBS, ELB, VPC_LATTICE, or several with commas between them"));
  }
  return absl::OkStatus();
}

template <typename Request>
absl::Status ParsePlaces(const ScalingServices& services, const Request& request, GroupChange& change) {
  if (!request.availability_zones().empty() && !request.availability_zone_ids().empty()) {
    return ScalingError("AvailabilityZones and AvailabilityZoneIds cannot be given together");
  }
  if (const std::vector<std::string> zones = ZonesOf(services, request); !zones.empty()) change.zones = zones;
  if (request.vpc_zone_identifier().empty()) return absl::OkStatus();
  change.subnets.emplace();
  for (const absl::string_view text : absl::StrSplit(request.vpc_zone_identifier(), ',')) {
    ASSIGN_OR_RETURN(SubnetId subnet, AsScalingError(SubnetId::Parse(absl::StripAsciiWhitespace(text))));
    change.subnets->push_back(std::move(subnet));
  }
  return absl::OkStatus();
}

// How members are replaced and spread, of which most has one value here.
template <typename Request>
absl::Status ParseMaintenance(const Request& request, GroupChange& change) {
  RETURN_IF_ERROR(RefuseGiven(request.availability_zone_impairment_policy().zonal_shift_enabled(),
                              "AvailabilityZoneImpairmentPolicy.ZonalShiftEnabled", "all zones are one host"));
  if (request.has_service_linked_role_arn()) change.service_linked_role = request.service_linked_role_arn();
  if (!request.has_instance_maintenance_policy()) return absl::OkStatus();
  const v1::InstanceMaintenancePolicy& given = request.instance_maintenance_policy();
  if (!given.has_min_healthy_percentage() || !given.has_max_healthy_percentage()) {
    return ScalingError("InstanceMaintenancePolicy needs both MinHealthyPercentage and MaxHealthyPercentage");
  }
  change.maintenance = scaling::MaintenancePolicy{.min_healthy_percent = given.min_healthy_percentage(),
                                                  .max_healthy_percent = given.max_healthy_percentage()};
  return absl::OkStatus();
}

template <typename Request>
absl::StatusOr<GroupChange> ParseChange(const ScalingServices& services, const Request& request,
                                        bool by_instance = false) {
  GroupChange change;
  RETURN_IF_ERROR(RefuseGiven(request.has_placement_group(), "PlacementGroup", "there are no placement groups"));
  RETURN_IF_ERROR(ParseSource(services, request, by_instance, change));
  RETURN_IF_ERROR(ParsePlaces(services, request, change));
  RETURN_IF_ERROR(ParseMaintenance(request, change));
  if (request.has_min_size()) change.min_size = request.min_size();
  if (request.has_max_size()) change.max_size = request.max_size();
  if (request.has_desired_capacity()) change.desired = request.desired_capacity();
  if (request.has_default_cooldown()) change.default_cooldown = absl::Seconds(request.default_cooldown());
  if (request.has_health_check_type()) {
    RETURN_IF_ERROR(CheckHealthCheckTypes(request.health_check_type()));
    change.health_check_type = request.health_check_type();
  }
  if (request.has_health_check_grace_period()) {
    change.health_check_grace = absl::Seconds(request.health_check_grace_period());
  }
  if (!request.termination_policies().empty()) {
    change.termination_policies.emplace();
    for (const std::string& name : request.termination_policies()) {
      ASSIGN_OR_RETURN(const scaling::TerminationPolicy policy, scaling::ParseTerminationPolicy(name));
      change.termination_policies->push_back(policy);
    }
  }
  if (request.has_new_instances_protected_from_scale_in()) {
    change.protect_new_members = request.new_instances_protected_from_scale_in();
  }
  if (request.has_capacity_rebalance()) change.capacity_rebalance = request.capacity_rebalance();
  if (request.has_max_instance_lifetime()) change.max_lifetime_seconds = request.max_instance_lifetime();
  if (request.has_context()) change.context = request.context();
  if (request.has_default_instance_warmup()) change.default_warmup_seconds = request.default_instance_warmup();
  return change;
}

// A group made of an instance has a launch configuration of its own name, made of the instance too.
std::vector<v1::CreateLaunchConfigurationRequest> ConfigurationOf(const Created& request) {
  std::vector<v1::CreateLaunchConfigurationRequest> made;
  if (request.instance_id().empty()) return made;
  made.emplace_back();
  made.back().set_launch_configuration_name(request.auto_scaling_group_name());
  made.back().set_instance_id(request.instance_id());
  return made;
}

absl::Status SetConfiguration(const Created& request, const ScalingServices& services, GroupChange& definition) {
  for (const v1::CreateLaunchConfigurationRequest& made : ConfigurationOf(request)) {
    ASSIGN_OR_RETURN(definition.configuration, ParseConfiguration(made, services));
    if (definition.subnets.has_value() || definition.zones.has_value()) continue;
    ASSIGN_OR_RETURN(const InstanceId id, ParseMember(request.instance_id()));
    ASSIGN_OR_RETURN(const compute::InstanceView view, AsScalingError(services.instances.Get(id)));
    if (!view.interfaces.empty()) definition.subnets = {view.interfaces.front().subnet_id};
  }
  return absl::OkStatus();
}

absl::Status CreateAutoScalingGroup(const Created& request, const ScalingServices& services) {
  RETURN_IF_ERROR(RefuseGiven(!request.load_balancer_names().empty(), "LoadBalancerNames", kNoBalancers));
  RETURN_IF_ERROR(RefuseGiven(!request.target_group_arns().empty(), "TargetGroupARNs", kNoBalancers));
  RETURN_IF_ERROR(RefuseGiven(!request.traffic_sources().empty(), "TrafficSources", kNoBalancers));
  ASSIGN_OR_RETURN(GroupChange definition, ParseChange(services, request, !request.instance_id().empty()));
  RETURN_IF_ERROR(SetConfiguration(request, services, definition));
  std::vector<scaling::GroupTag> tags;
  for (const v1::Tag& tag : request.tags()) {
    tags.push_back({.key = tag.key(), .value = tag.value(), .propagate = tag.propagate_at_launch()});
  }
  std::vector<scaling::Hook> hooks;
  for (const v1::LifecycleHookSpecification& given : request.lifecycle_hook_specification_list()) {
    scaling::Hook hook{.name = given.lifecycle_hook_name()};
    RETURN_IF_ERROR(ChangeHook(given, hook));
    hooks.push_back(std::move(hook));
  }
  return services.groups.Create(request.auto_scaling_group_name(), definition, tags, hooks);
}

absl::Status UpdateAutoScalingGroup(const Updated& request, const ScalingServices& services) {
  ASSIGN_OR_RETURN(const GroupChange change, ParseChange(services, request));
  return services.groups.Update(GroupNameOf(services, request.auto_scaling_group_name()), change);
}

absl::StatusOr<v1::DescribeAutoScalingGroupsResponse> DescribeAutoScalingGroups(
    const v1::DescribeAutoScalingGroupsRequest& request, const ScalingServices& services) {
  using View = scaling::GroupView;
  // Before they are rendered, which reads more of each group.
  static const gateway::FilterTable<View> filters(*request.GetDescriptor(), {},
                                                  [](const View& view, const gateway::TagSink& sink) {
                                                    for (const scaling::GroupTag& tag : view.tags)
                                                      sink(tag.key, tag.value);
                                                  });
  std::vector<std::string> names;
  for (const std::string& name : request.auto_scaling_group_names()) names.push_back(GroupNameOf(services, name));
  ASSIGN_OR_RETURN(std::vector<View> views, services.groups.Describe(names));
  RETURN_IF_ERROR(KeepFiltered(filters, request.filters(), views));
  const auto name = [](const View& view) { return view.record.group.name; };
  std::sort(views.begin(), views.end(), [&](const View& a, const View& b) { return name(a) < name(b); });
  v1::DescribeAutoScalingGroupsResponse response;
  ASSIGN_OR_RETURN(views, ScalingPage("scaling groups", std::move(views), request, response, name));
  TemplateRenderer templates(services);
  for (const View& view : views) {
    ASSIGN_OR_RETURN(*response.add_auto_scaling_groups(), RenderGroup(services, templates, view));
    const bool with_instances = !request.has_include_instances() || request.include_instances();
    if (!with_instances) response.mutable_auto_scaling_groups()->rbegin()->clear_instances();
  }
  return response;
}

absl::StatusOr<v1::DescribeTerminationPolicyTypesResponse> DescribeTerminationPolicyTypes(
    const v1::DescribeTerminationPolicyTypesRequest&) {
  using scaling::TerminationPolicy;
  v1::DescribeTerminationPolicyTypesResponse response;
  for (const TerminationPolicy policy :
       {TerminationPolicy::kAllocationStrategy, TerminationPolicy::kClosestToNextInstanceHour,
        TerminationPolicy::kDefault, TerminationPolicy::kNewestInstance, TerminationPolicy::kOldestInstance,
        TerminationPolicy::kOldestLaunchConfiguration, TerminationPolicy::kOldestLaunchTemplate}) {
    response.add_termination_policy_types(std::string(scaling::TerminationPolicyName(policy)));
  }
  return response;
}

absl::Status DeleteAutoScalingGroup(const v1::DeleteAutoScalingGroupRequest& request, const ScalingServices& services) {
  return services.groups.Delete(GroupNameOf(services, request.auto_scaling_group_name()), request.force_delete());
}

absl::Status SetDesiredCapacity(const v1::SetDesiredCapacityRequest& request, const ScalingServices& services) {
  return services.groups.SetDesired(GroupNameOf(services, request.auto_scaling_group_name()),
                                    request.desired_capacity(), request.honor_cooldown());
}

// A role of one's own in the place of AWS's, and those that hooks tell their targets by.
template <typename Request>
absl::StatusOr<std::vector<PassedRole>> RolesOf(const Request& request, const Account& account) {
  std::vector<PassedRole> roles;
  const std::string& own = request.service_linked_role_arn();
  if (!own.empty() && own != DefaultServiceRole(account)) roles.push_back(PassedToScaling(own));
  if constexpr (std::is_same_v<Request, Created>) {
    for (const v1::LifecycleHookSpecification& hook : request.lifecycle_hook_specification_list()) {
      if (!hook.role_arn().empty()) roles.push_back(PassedToScaling(hook.role_arn()));
    }
  }
  return roles;
}

}  // namespace

void AddGroupActions(gateway::Actions& actions, const ScalingServices& services) {
  const auto roles = [account = services.settings.account()](const auto& request) { return RolesOf(request, account); };
  const auto launches = [&services](const auto& request) { return LaunchesOf(request, services); };
  const auto describe = [](const auto& request, AccessQuestion& question) {
    return DescribeGroupCall(request, question);
  };
  actions.Add(CreateAutoScalingGroup, services)
      .DescribedBy(describe)
      .MakesLater(launches)
      .MakesLater([](const Created& request) -> absl::StatusOr<std::vector<v1::CreateLaunchConfigurationRequest>> {
        return ConfigurationOf(request);
      })
      .PassesRoles(roles);
  actions.Add(UpdateAutoScalingGroup, services).DescribedBy(describe).MakesLater(launches).PassesRoles(roles);
  actions.Add(DeleteAutoScalingGroup, services)
      .DescribedBy([](const v1::DeleteAutoScalingGroupRequest& request, AccessQuestion& question) {
        if (request.has_force_delete()) {
          question.context["autoscaling:forcedelete"] = {request.force_delete() ? "true" : "false"};
        }
        return absl::OkStatus();
      });
  actions.Add(DescribeAutoScalingGroups, services);
  actions.Add(SetDesiredCapacity, services);
  actions.Add(DescribeTerminationPolicyTypes);
}

}  // namespace brume::autoscaling
