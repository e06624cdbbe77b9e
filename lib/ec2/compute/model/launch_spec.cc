#include "lib/ec2/compute/model/launch_spec.h"

#include <algorithm>
#include <utility>

namespace brume::compute {
namespace {

// Whether `specifications` have a tag of this key for this type of resource.
bool HasTag(const std::vector<LaunchSpec::TagSpecification>& specifications,
            const std::optional<std::string>& resource_type, const std::optional<std::string>& key) {
  return std::any_of(specifications.begin(), specifications.end(), [&](const LaunchSpec::TagSpecification& each) {
    return each.resource_type.value_or("") == resource_type.value_or("") &&
           std::any_of(each.tags.begin(), each.tags.end(),
                       [&](const LaunchSpec::Tag& tag) { return tag.key.value_or("") == key.value_or(""); });
  });
}

size_t Bytes(const std::string& text) { return text.size(); }
size_t Bytes(bool) { return 0; }
size_t Bytes(int32_t) { return 0; }
size_t Bytes(double) { return 0; }
template <typename T>
size_t Bytes(const std::optional<T>& value);
template <typename T>
size_t Bytes(const std::vector<T>& values);

template <HasFields T>
size_t Bytes(const T& value) {
  size_t bytes = 0;
  ForEachField<T>([&](const auto& field) { bytes += Bytes(value.*field.member); });
  return bytes;
}
template <typename T>
size_t Bytes(const std::optional<T>& value) {
  return value.has_value() ? Bytes(*value) : 0;
}
template <typename T>
size_t Bytes(const std::vector<T>& values) {
  size_t bytes = 0;
  for (const T& value : values) bytes += Bytes(value);
  return bytes;
}

}  // namespace

LaunchSpec Override(LaunchSpec base, const LaunchSpec& over) {
  if (over.instance_type.has_value()) base.instance_requirements.reset();
  if (over.instance_requirements.has_value()) base.instance_type.reset();
  ForEachField<LaunchSpec>([&](const auto& field) {
    if (IsGiven(over.*field.member)) base.*field.member = over.*field.member;
  });
  return base;
}

LaunchSpec Merge(LaunchSpec base, const LaunchSpec& over) {
  std::vector<LaunchSpec::TagSpecification> of_base = std::exchange(base.tag_specifications, {});
  LaunchSpec merged = Override(std::move(base), over);
  for (LaunchSpec::TagSpecification& specification : of_base) {
    std::erase_if(specification.tags, [&](const LaunchSpec::Tag& tag) {
      return HasTag(merged.tag_specifications, specification.resource_type, tag.key);
    });
    if (!specification.tags.empty()) merged.tag_specifications.push_back(std::move(specification));
  }
  return merged;
}

size_t TextBytes(const LaunchSpec& spec) { return Bytes(spec); }

}  // namespace brume::compute
