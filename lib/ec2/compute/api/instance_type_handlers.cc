#include "lib/ec2/compute/api/instance_type_handlers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "brume/ec2/v1/instance_type.pb.h"
#include "lib/ec2/compute/model/instance_requirements.h"
#include "lib/gateway/filters.h"
#include "lib/gateway/pages.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/zones.h"
#include "lib/schema/message_fields.h"

namespace brume::ec2 {
namespace {

v1::InstanceTypeInfo Render(const InstanceType& type) {
  v1::InstanceTypeInfo info;
  info.set_instance_type(type.name);
  info.set_current_generation(true);
  info.set_free_tier_eligible(false);
  info.add_supported_usage_classes("on-demand");
  info.add_supported_root_device_types("ebs");
  info.add_supported_virtualization_types("hvm");
  info.set_bare_metal(false);
  info.set_hypervisor("nitro");
  info.mutable_processor_info()->add_supported_architectures("x86_64");
  info.mutable_v_cpu_info()->set_default_v_cpus(type.vcpus);
  info.mutable_v_cpu_info()->set_default_cores(type.vcpus);
  info.mutable_v_cpu_info()->set_default_threads_per_core(kThreadsPerCore);
  info.mutable_memory_info()->set_size_in_mi_b(type.memory_mib);
  info.set_instance_storage_supported(false);
  info.mutable_ebs_info()->set_ebs_optimized_support("default");
  info.mutable_ebs_info()->set_encryption_support("supported");
  info.mutable_ebs_info()->set_nvme_support("unsupported");
  v1::NetworkInfo& network = *info.mutable_network_info();
  network.set_network_performance(std::string(NetworkPerformance(type)));
  const InterfaceLimits limits = InterfaceLimitsOf(type.name);
  network.set_maximum_network_interfaces(limits.interfaces);
  network.set_maximum_network_cards(1);
  network.set_default_network_card_index(0);
  v1::NetworkCardInfo& card = *network.add_network_cards();
  card.set_network_card_index(0);
  card.set_network_performance(std::string(NetworkPerformance(type)));
  card.set_maximum_network_interfaces(limits.interfaces);
  network.set_ipv4_addresses_per_interface(limits.addresses);
  network.set_ipv6_addresses_per_interface(limits.addresses);
  network.set_ipv6_supported(true);
  network.set_ena_support("supported");
  network.set_efa_supported(false);
  network.set_encryption_in_transit_supported(false);
  info.mutable_placement_group_info();
  info.set_hibernation_supported(type.memory_mib <= kMaxHibernatedMemoryMib);
  info.set_burstable_performance_supported(IsBurstable(type));
  info.set_dedicated_hosts_supported(false);
  info.set_auto_recovery_supported(false);
  info.add_supported_boot_modes("legacy-bios");
  info.add_supported_boot_modes("uefi");
  return info;
}

using Info = v1::InstanceTypeInfo;

absl::Status CheckNames(const InstanceTypeTable& types, const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<absl::string_view> unknown;
  for (const std::string& name : names) {
    if (types.Find(name) == nullptr) unknown.push_back(absl::string_view(name).substr(0, 100));
  }
  if (unknown.empty()) return absl::OkStatus();
  return ec2::Error("InvalidInstanceType", absl::StrCat("The following supplied instance types do not exist: [",
                                                        absl::StrJoin(unknown, ", "), "]"));
}

absl::StatusOr<v1::DescribeInstanceTypesResponse> DescribeInstanceTypes(const v1::DescribeInstanceTypesRequest& request,
                                                                        const InstanceTypeTable& types) {
  const auto& names = request.instance_types();
  RETURN_IF_ERROR(gateway::CheckPaging(request, !names.empty(), "instanceType"));
  RETURN_IF_ERROR(CheckNames(types, names));
  ASSIGN_OR_RETURN(const auto keep, gateway::KeptBy(request));
  std::vector<Info> infos;
  for (const auto& [name, type] : types.all()) {
    if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end()) continue;
    Info info = Render(type);
    if (keep(info)) infos.push_back(std::move(info));
  }
  v1::DescribeInstanceTypesResponse response;
  ASSIGN_OR_RETURN(infos, gateway::Page(
                              "types", std::move(infos), request, [](const Info& i) { return i.instance_type(); },
                              [&](std::string token) { response.set_next_token(std::move(token)); }));
  for (Info& info : infos) *response.add_instance_types() = std::move(info);
  return response;
}

bool Takes(const google::protobuf::RepeatedPtrField<std::string>& given, absl::string_view ours) {
  return std::find(given.begin(), given.end(), ours) != given.end();
}

absl::StatusOr<v1::GetInstanceTypesFromInstanceRequirementsResponse> GetInstanceTypesFromInstanceRequirements(
    const v1::GetInstanceTypesFromInstanceRequirementsRequest& request, const InstanceTypeTable& types) {
  const v1::InstanceRequirementsRequest& given = request.instance_requirements();
  if (!given.allowed_instance_types().empty() && !given.excluded_instance_types().empty()) {
    return ec2::Error("InvalidParameterCombination",
                      "AllowedInstanceTypes and ExcludedInstanceTypes cannot be given together");
  }
  compute::InstanceRequirements requirements;
  schema::ReadFields(given, requirements);
  std::vector<std::string> names;
  if (Takes(request.architecture_types(), "x86_64") && Takes(request.virtualization_types(), "hvm")) {
    names = compute::SelectInstanceTypes(requirements, types);
  }
  // Pages go by name.
  std::sort(names.begin(), names.end());
  v1::GetInstanceTypesFromInstanceRequirementsResponse response;
  constexpr size_t kPage = 1000;
  ASSIGN_OR_RETURN(names,
                   gateway::Page(
                       "types by requirements", std::move(names), request, [](const std::string& name) { return name; },
                       [&](std::string token) { response.set_next_token(std::move(token)); }, kPage));
  for (std::string& name : names) response.add_instance_types()->set_instance_type(std::move(name));
  return response;
}

std::vector<std::string> Locations(const Settings& settings, absl::string_view location_type) {
  if (location_type == "region") return {settings.region};
  if (location_type == "availability-zone") return settings.zones;
  std::vector<std::string> ids;
  for (const std::string& zone : settings.zones) ids.push_back(ZoneId(settings, zone));
  return ids;
}

using Offering = v1::InstanceTypeOffering;

absl::StatusOr<v1::DescribeInstanceTypeOfferingsResponse> DescribeInstanceTypeOfferings(
    const v1::DescribeInstanceTypeOfferingsRequest& request, const InstanceTypeTable& types, const Settings& settings) {
  ASSIGN_OR_RETURN(const auto keep, gateway::KeptBy(request));
  const std::string location_type = request.has_location_type() ? request.location_type() : "region";
  std::vector<Offering> offerings;
  for (const auto& [name, type] : types.all()) {
    for (const std::string& location : Locations(settings, location_type)) {
      Offering offering;
      offering.set_instance_type(name);
      offering.set_location_type(location_type);
      offering.set_location(location);
      if (keep(offering)) offerings.push_back(std::move(offering));
    }
  }
  const auto key = [](const Offering& o) { return absl::StrCat(o.instance_type(), " ", o.location()); };
  std::sort(offerings.begin(), offerings.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  v1::DescribeInstanceTypeOfferingsResponse response;
  ASSIGN_OR_RETURN(offerings, gateway::Page("offerings", std::move(offerings), request, key,
                                            [&](std::string token) { response.set_next_token(std::move(token)); }));
  for (Offering& offering : offerings) *response.add_instance_type_offerings() = std::move(offering);
  return response;
}

}  // namespace

void AddInstanceTypeActions(gateway::Actions& actions, const InstanceTypeTable& types, const Settings& settings) {
  actions.Add(DescribeInstanceTypes, types);
  actions.Add(DescribeInstanceTypeOfferings, types, settings);
  actions.Add(GetInstanceTypesFromInstanceRequirements, types);
}

}  // namespace brume::ec2
