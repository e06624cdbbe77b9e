// A MixedInstancesPolicy as its group was given it, with the template by its id. Names and structure are those of the
// schema's message, from and to which lib/schema/message_fields.h takes it. It is stored as JSON by these names
// (lib/base/fields_json.h): a name never changes.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_MixedInstancesPolicy.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "lib/base/fields.h"
#include "lib/ec2/compute/model/instance_requirements.h"

namespace brume::scaling {

struct MixedPolicy {
  struct TemplateSpecification {
    std::optional<std::string> launch_template_id;
    std::optional<std::string> version;

    bool operator==(const TemplateSpecification&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"launch_template_id", &TemplateSpecification::launch_template_id},
                        Field{"version", &TemplateSpecification::version});
    }
  };

  struct Override {
    std::optional<std::string> instance_type;
    std::optional<std::string> weighted_capacity;
    std::optional<TemplateSpecification> launch_template_specification;  // in the place of the policy's own
    std::optional<compute::InstanceRequirements> instance_requirements;  // in the place of the type

    bool operator==(const Override&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"instance_type", &Override::instance_type},
                        Field{"weighted_capacity", &Override::weighted_capacity},
                        Field{"launch_template_specification", &Override::launch_template_specification},
                        Field{"instance_requirements", &Override::instance_requirements});
    }
  };

  struct LaunchTemplate {
    std::optional<TemplateSpecification> launch_template_specification;
    std::vector<Override> overrides;

    bool operator==(const LaunchTemplate&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"launch_template_specification", &LaunchTemplate::launch_template_specification},
                        Field{"overrides", &LaunchTemplate::overrides});
    }
  };

  struct Distribution {
    std::optional<std::string> on_demand_allocation_strategy;
    std::optional<int32_t> on_demand_base_capacity;
    std::optional<int32_t> on_demand_percentage_above_base_capacity;
    std::optional<std::string> spot_allocation_strategy;
    std::optional<int32_t> spot_instance_pools;
    std::optional<std::string> spot_max_price;

    bool operator==(const Distribution&) const = default;
    static constexpr auto Fields() {
      return std::tuple(
          Field{"on_demand_allocation_strategy", &Distribution::on_demand_allocation_strategy},
          Field{"on_demand_base_capacity", &Distribution::on_demand_base_capacity},
          Field{"on_demand_percentage_above_base_capacity", &Distribution::on_demand_percentage_above_base_capacity},
          Field{"spot_allocation_strategy", &Distribution::spot_allocation_strategy},
          Field{"spot_instance_pools", &Distribution::spot_instance_pools},
          Field{"spot_max_price", &Distribution::spot_max_price});
    }
  };

  std::optional<LaunchTemplate> launch_template;
  std::optional<Distribution> instances_distribution;

  bool operator==(const MixedPolicy&) const = default;
  static constexpr auto Fields() {
    return std::tuple(Field{"launch_template", &MixedPolicy::launch_template},
                      Field{"instances_distribution", &MixedPolicy::instances_distribution});
  }
};

}  // namespace brume::scaling
