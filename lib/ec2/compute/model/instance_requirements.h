// Instance types by what they must have, in place of their names.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceRequirementsRequest.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "lib/base/fields.h"
#include "lib/ec2/compute/model/instance_type.h"

namespace brume::compute {

// Both included; an unset bound does not limit.
struct CountRange {
  std::optional<int32_t> min, max;

  bool operator==(const CountRange&) const = default;
  static constexpr auto Fields() { return std::tuple(Field{"min", &CountRange::min}, Field{"max", &CountRange::max}); }
};
struct NumberRange {
  std::optional<double> min, max;

  bool operator==(const NumberRange&) const = default;
  static constexpr auto Fields() {
    return std::tuple(Field{"min", &NumberRange::min}, Field{"max", &NumberRange::max});
  }
};

// Structure and names are those of the schema's messages; Auto Scaling stores them
// (lib/autoscaling/model/mixed_policy.h), so a name never changes.
struct InstanceRequirements {
  std::optional<CountRange> v_cpu_count, memory_mi_b;
  std::optional<NumberRange> memory_gi_b_per_v_cpu;
  std::vector<std::string> cpu_manufacturers, instance_generations;
  std::vector<std::string> allowed_instance_types, excluded_instance_types;     // "m5.large", "m5*"
  std::optional<std::string> bare_metal, burstable_performance, local_storage;  // included, excluded, required
  std::vector<std::string> local_storage_types;
  std::optional<bool> require_hibernate_support;
  std::optional<CountRange> network_interface_count;
  std::optional<NumberRange> total_local_storage_g_b;
  std::optional<CountRange> accelerator_count, accelerator_total_memory_mi_b;
  std::vector<std::string> accelerator_types, accelerator_manufacturers, accelerator_names;
  std::optional<int32_t> spot_max_price_percentage_over_lowest_price;
  std::optional<int32_t> on_demand_max_price_percentage_over_lowest_price;
  std::optional<int32_t> max_spot_price_as_percentage_of_optimal_on_demand_price = {};
  std::optional<CountRange> baseline_ebs_bandwidth_mbps = {};
  std::optional<NumberRange> network_bandwidth_gbps = {};
  std::optional<bool> require_encryption_in_transit = {};

  bool operator==(const InstanceRequirements&) const = default;
  static constexpr auto Fields() {
    using R = InstanceRequirements;
    return std::tuple(
        Field{"v_cpu_count", &R::v_cpu_count}, Field{"memory_mi_b", &R::memory_mi_b},
        Field{"memory_gi_b_per_v_cpu", &R::memory_gi_b_per_v_cpu}, Field{"cpu_manufacturers", &R::cpu_manufacturers},
        Field{"instance_generations", &R::instance_generations},
        Field{"allowed_instance_types", &R::allowed_instance_types},
        Field{"excluded_instance_types", &R::excluded_instance_types}, Field{"bare_metal", &R::bare_metal},
        Field{"burstable_performance", &R::burstable_performance}, Field{"local_storage", &R::local_storage},
        Field{"local_storage_types", &R::local_storage_types},
        Field{"require_hibernate_support", &R::require_hibernate_support},
        Field{"network_interface_count", &R::network_interface_count},
        Field{"total_local_storage_g_b", &R::total_local_storage_g_b},
        Field{"accelerator_count", &R::accelerator_count},
        Field{"accelerator_total_memory_mi_b", &R::accelerator_total_memory_mi_b},
        Field{"accelerator_types", &R::accelerator_types},
        Field{"accelerator_manufacturers", &R::accelerator_manufacturers},
        Field{"accelerator_names", &R::accelerator_names},
        Field{"spot_max_price_percentage_over_lowest_price", &R::spot_max_price_percentage_over_lowest_price},
        Field{"on_demand_max_price_percentage_over_lowest_price", &R::on_demand_max_price_percentage_over_lowest_price},
        Field{"max_spot_price_as_percentage_of_optimal_on_demand_price",
              &R::max_spot_price_as_percentage_of_optimal_on_demand_price},
        Field{"baseline_ebs_bandwidth_mbps", &R::baseline_ebs_bandwidth_mbps},
        Field{"network_bandwidth_gbps", &R::network_bandwidth_gbps},
        Field{"require_encryption_in_transit", &R::require_encryption_in_transit});
  }
};

// The types that have all of it, the smallest first: fewer vCPUs, then less memory, then by name. Burstable ones only
// where they are included or required, as at EC2. Types here are not bare metal, are all of the current generation, and
// have no storage or accelerators of their own; prices tell nothing. A CPU is Intel's unless the type's family says
// another.
std::vector<std::string> SelectInstanceTypes(const InstanceRequirements& requirements, const InstanceTypeTable& types);

}  // namespace brume::compute
