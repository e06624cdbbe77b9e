#include "lib/autoscaling/member_launch.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"

namespace brume::autoscaling {
namespace {

using compute::LaunchSpec;

// What the group says of a member, over what its source says.
LaunchSpec OfGroup(const LaunchOrder& order) {
  LaunchSpec spec;
  if (!order.instance_type.empty()) spec.instance_type = order.instance_type;
  if (order.tags.empty()) return spec;
  LaunchSpec::TagSpecification& specification = spec.tag_specifications.emplace_back();
  specification.resource_type = std::string(InstanceId::kKind.tag_type);
  for (const auto& [key, value] : order.tags) specification.tags.push_back({.key = key, .value = value});
  return spec;
}

void SetSubnet(const SubnetId& subnet, LaunchSpec& spec) {
  if (spec.placement.has_value()) spec.placement->availability_zone.reset();
  if (spec.network_interfaces.empty()) {
    spec.subnet_id = subnet.text();
    spec.private_ip_address.reset();
  } else {
    for (LaunchSpec::NetworkInterface& interface : spec.network_interfaces) {
      interface.private_ip_address.reset();
      interface.private_ip_addresses.clear();
      // All are in the subnet of the zone that the group chose.
      interface.subnet_id = subnet.text();
    }
  }
}

}  // namespace

absl::StatusOr<InstanceId> LaunchMember(compute::LaunchService& launches, compute::LaunchTemplateService& templates,
                                        const LaunchOrder& order) {
  LaunchSpec source = order.configuration;
  TagMap system_tags = order.system_tags;
  if (order.source.is_template) {
    ASSIGN_OR_RETURN(const LaunchTemplateId id, LaunchTemplateId::Parse(order.source.id));
    const std::string version = absl::StrCat(order.source.version);
    ASSIGN_OR_RETURN(compute::LaunchTemplateVersionView view, templates.Resolve(id, version));
    source = std::move(view.version.spec);
    system_tags.merge(compute::TemplateTags(order.source.id, version));
  }
  LaunchSpec spec = compute::Merge(std::move(source), OfGroup(order));
  SetSubnet(order.subnet, spec);
  const compute::LaunchCall call{.client_token = order.token,
                                 .parameters_digest = absl::StrCat("a member of an Auto Scaling group: ", order.token),
                                 .system_tags = std::move(system_tags),
                                 .subnet_of_zone = true};
  ASSIGN_OR_RETURN(const compute::ReservationView reservation, launches.Launch(spec, call));
  return reservation.instances.front().instance.id;
}

}  // namespace brume::autoscaling
