#include "lib/ec2/compute/model/instance_requirements.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace brume::compute {
namespace {

template <typename Range, typename Number>
bool IsIn(const std::optional<Range>& range, Number number) {
  if (!range.has_value()) return true;
  return (!range->min.has_value() || number >= *range->min) && (!range->max.has_value() || number <= *range->max);
}

// "m5*", "*.large": a star stands for any text.
bool MatchesPattern(absl::string_view pattern, absl::string_view text) {
  size_t p = 0, t = 0, star = absl::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == absl::string_view::npos;
}

bool IsNamed(const std::vector<std::string>& patterns, absl::string_view type) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return MatchesPattern(pattern, type); });
}

bool Has(const std::vector<std::string>& values, absl::string_view value) {
  return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

// Of what no type has any.
template <typename Range>
bool AsksForSome(const std::optional<Range>& range) {
  return range.has_value() && range->min.value_or(0) > 0;
}

bool IsRequired(const std::optional<std::string>& wish) { return wish.has_value() && *wish == "required"; }

// Behind a family's generation: t3a is of AMD's, m6g of AWS's own.
absl::string_view ManufacturerOf(absl::string_view type) {
  const absl::string_view family = type.substr(0, type.find('.'));
  const size_t digit = family.find_first_of("0123456789");
  const absl::string_view attributes = digit == absl::string_view::npos ? "" : family.substr(digit + 1);
  if (absl::StrContains(attributes, "a")) return "amd";
  return absl::StrContains(attributes, "g") ? "amazon-web-services" : "intel";
}

// What no type here has, and is asked for.
bool AsksForMore(const InstanceRequirements& r) {
  return AsksForSome(r.accelerator_count) || AsksForSome(r.accelerator_total_memory_mi_b) ||
         AsksForSome(r.total_local_storage_g_b) || !r.accelerator_types.empty() ||
         !r.accelerator_manufacturers.empty() || !r.accelerator_names.empty() || IsRequired(r.bare_metal) ||
         IsRequired(r.local_storage);
}

// Without a word they are excluded.
bool AllowsBurstable(const InstanceType& type, const std::optional<std::string>& wish) {
  return IsBurstable(type) ? wish.has_value() && *wish != "excluded" : !IsRequired(wish);
}

bool Satisfies(const InstanceType& type, const InstanceRequirements& r) {
  constexpr double kMibPerGib = 1024;
  return IsIn(r.v_cpu_count, type.vcpus) && IsIn(r.memory_mi_b, type.memory_mib) &&
         IsIn(r.memory_gi_b_per_v_cpu, static_cast<double>(type.memory_mib) / kMibPerGib / type.vcpus) &&
         IsIn(r.network_interface_count, InterfaceLimitsOf(type.name).interfaces) &&
         AllowsBurstable(type, r.burstable_performance) &&
         (!r.require_hibernate_support.value_or(false) || type.memory_mib <= kMaxHibernatedMemoryMib) &&
         Has(r.cpu_manufacturers, ManufacturerOf(type.name)) && Has(r.instance_generations, "current") &&
         (r.allowed_instance_types.empty() || IsNamed(r.allowed_instance_types, type.name)) &&
         !IsNamed(r.excluded_instance_types, type.name);
}

}  // namespace

std::vector<std::string> SelectInstanceTypes(const InstanceRequirements& requirements, const InstanceTypeTable& types) {
  std::vector<std::string> names;
  if (AsksForMore(requirements)) return names;
  std::vector<const InstanceType*> found;
  for (const auto& [name, type] : types.all()) {
    if (Satisfies(type, requirements)) found.push_back(&type);
  }
  std::sort(found.begin(), found.end(), [](const InstanceType* a, const InstanceType* b) {
    return std::tie(a->vcpus, a->memory_mib, a->name) < std::tie(b->vcpus, b->memory_mib, b->name);
  });
  for (const InstanceType* type : found) names.push_back(type->name);
  return names;
}

}  // namespace brume::compute
