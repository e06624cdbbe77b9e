#include "lib/autoscaling/api/mixed_policy_message.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/model/instance_requirements.h"
#include "lib/schema/message_fields.h"

namespace brume::autoscaling {
namespace {

using scaling::MixedPolicy;

constexpr int kMaxWeight = 999;

MixedPolicy::TemplateSpecification SpecificationOf(const scaling::SourceRequest& source) {
  MixedPolicy::TemplateSpecification specification{.launch_template_id = source.id, .version = {}};
  if (!source.version.empty()) specification.version = source.version;
  return specification;
}

absl::StatusOr<int> ParseWeight(const v1::LaunchTemplateOverrides& override) {
  int weight = 1;
  if (override.weighted_capacity().empty()) return weight;
  if (absl::SimpleAtoi(override.weighted_capacity(), &weight) && weight >= 1 && weight <= kMaxWeight) return weight;
  return ScalingError(absl::StrCat("WeightedCapacity must be a whole number from 1 to ", kMaxWeight));
}

absl::StatusOr<std::vector<std::string>> TypesWith(const ScalingServices& services,
                                                   const compute::InstanceRequirements& requirements) {
  std::vector<std::string> types = compute::SelectInstanceTypes(requirements, services.types);
  if (types.empty()) return ScalingError("No instance type has what InstanceRequirements ask for");
  return types;
}

// The types that one override stands for.
absl::StatusOr<std::vector<std::string>> TypesOf(const ScalingServices& services,
                                                 const v1::LaunchTemplateOverrides& override) {
  if (!override.has_instance_requirements()) {
    if (services.types.Find(override.instance_type()) == nullptr) {
      return ScalingError(absl::StrCat("The instance type '", override.instance_type(), "' does not exist"));
    }
    return std::vector<std::string>{override.instance_type()};
  }
  if (!override.instance_type().empty()) {
    return ScalingError("InstanceType and InstanceRequirements cannot be given together");
  }
  if (!override.instance_requirements().allowed_instance_types().empty() &&
      !override.instance_requirements().excluded_instance_types().empty()) {
    return ScalingError("AllowedInstanceTypes and ExcludedInstanceTypes cannot be given together");
  }
  compute::InstanceRequirements requirements;
  schema::ReadFields(override.instance_requirements(), requirements);
  return TypesWith(services, requirements);
}

absl::Status CheckOverrides(const v1::LaunchTemplate& launched) {
  int weights = 0, requirements = 0;
  for (const v1::LaunchTemplateOverrides& override : launched.overrides()) {
    weights += override.weighted_capacity().empty() ? 0 : 1;
    requirements += override.has_instance_requirements() ? 1 : 0;
  }
  if (weights != 0 && weights != launched.overrides_size()) {
    return ScalingError("WeightedCapacity must be given for all instance types or for none");
  }
  if (requirements != 0 && requirements != launched.overrides_size()) {
    return ScalingError("InstanceRequirements and instance types cannot be given together");
  }
  return absl::OkStatus();
}

absl::Status ParseOverride(const ScalingServices& services, const v1::LaunchTemplateOverrides& override,
                           MixedPolicy::Override& kept, GroupChange& change) {
  scaling::TypeOption option;
  ASSIGN_OR_RETURN(option.weight, ParseWeight(override));
  if (override.has_launch_template_specification()) {
    ASSIGN_OR_RETURN(const scaling::SourceRequest source,
                     ParseTemplate(services, override.launch_template_specification()));
    option.template_id = source.id;
    option.template_version = source.version;
    kept.launch_template_specification = SpecificationOf(source);
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> types, TypesOf(services, override));
  for (const std::string& type : types) {
    if (std::find(change.instance_types.begin(), change.instance_types.end(), type) != change.instance_types.end()) {
      // Of two overrides by what they require the first counts.
      if (override.has_instance_requirements()) continue;
      return ScalingError(absl::StrCat("The instance type '", type, "' is given more than once"));
    }
    change.instance_types.push_back(type);
    if (option.weight != 1 || !option.template_id.empty()) change.type_options[type] = option;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ParseMixed(const ScalingServices& services, const v1::MixedInstancesPolicy& policy, GroupChange& change) {
  const v1::LaunchTemplate& launched = policy.launch_template();
  ASSIGN_OR_RETURN(change.source, ParseTemplate(services, launched.launch_template_specification()));
  RETURN_IF_ERROR(CheckOverrides(launched));
  MixedPolicy& kept = change.mixed_policy.emplace();
  schema::ReadFields(policy, kept);
  kept.launch_template->launch_template_specification = SpecificationOf(*change.source);
  for (int i = 0; i < launched.overrides_size(); ++i) {
    RETURN_IF_ERROR(ParseOverride(services, launched.overrides(i),
                                  kept.launch_template->overrides[static_cast<size_t>(i)], change));
  }
  if (!launched.overrides().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto requirements, RequirementsOf(services, *change.source));
  if (!requirements.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(change.instance_types, TypesWith(services, *requirements));
  return absl::OkStatus();
}

v1::MixedInstancesPolicy RenderMixed(TemplateRenderer& templates, const scaling::MixedPolicy& kept,
                                     const scaling::SourceRequest& source) {
  v1::MixedInstancesPolicy policy;
  schema::WriteFields(kept, policy);
  v1::LaunchTemplate& launched = *policy.mutable_launch_template();
  *launched.mutable_launch_template_specification() = templates.Render(source.id, source.version);
  bool requirements = false;
  for (v1::LaunchTemplateOverrides& override : *launched.mutable_overrides()) {
    requirements = requirements || override.has_instance_requirements();
    if (!override.has_launch_template_specification()) continue;
    v1::LaunchTemplateSpecification& own = *override.mutable_launch_template_specification();
    own = templates.Render(own.launch_template_id(), own.version());
  }
  v1::InstancesDistribution& shown = *policy.mutable_instances_distribution();
  if (!shown.has_on_demand_allocation_strategy()) {
    shown.set_on_demand_allocation_strategy(requirements ? "lowest-price" : "prioritized");
  }
  if (!shown.has_on_demand_base_capacity()) shown.set_on_demand_base_capacity(0);
  if (!shown.has_on_demand_percentage_above_base_capacity()) shown.set_on_demand_percentage_above_base_capacity(100);
  if (!shown.has_spot_allocation_strategy()) shown.set_spot_allocation_strategy("lowest-price");
  constexpr int kDefaultPools = 2;
  if (!shown.has_spot_instance_pools() && shown.spot_allocation_strategy() == "lowest-price") {
    shown.set_spot_instance_pools(kDefaultPools);
  }
  return policy;
}

}  // namespace brume::autoscaling
