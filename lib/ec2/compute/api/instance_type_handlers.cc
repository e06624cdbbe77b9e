#include "lib/ec2/compute/api/instance_type_handlers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "brume/ec2/v1/instance_type.pb.h"
#include "lib/ec2/network/model/zones.h"
#include "lib/gateway/filter_values.h"
#include "lib/gateway/pages.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

constexpr char kNetworkPerformance[] = "As fast as this host";

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
  info.mutable_v_cpu_info()->set_default_threads_per_core(1);
  info.mutable_memory_info()->set_size_in_mi_b(type.memory_mib);
  info.set_instance_storage_supported(false);
  info.mutable_ebs_info()->set_ebs_optimized_support("unsupported");
  info.mutable_ebs_info()->set_encryption_support("unsupported");
  info.mutable_ebs_info()->set_nvme_support("unsupported");
  v1::NetworkInfo& network = *info.mutable_network_info();
  network.set_network_performance(kNetworkPerformance);
  network.set_maximum_network_interfaces(1);
  network.set_maximum_network_cards(1);
  network.set_default_network_card_index(0);
  v1::NetworkCardInfo& card = *network.add_network_cards();
  card.set_network_card_index(0);
  card.set_network_performance(kNetworkPerformance);
  card.set_maximum_network_interfaces(1);
  network.set_ipv4_addresses_per_interface(1);
  network.set_ipv6_addresses_per_interface(0);
  network.set_ipv6_supported(false);
  network.set_ena_support("supported");
  network.set_efa_supported(false);
  network.set_encryption_in_transit_supported(false);
  info.mutable_placement_group_info();
  info.set_hibernation_supported(false);
  info.set_burstable_performance_supported(false);
  info.set_dedicated_hosts_supported(false);
  info.set_auto_recovery_supported(false);
  info.add_supported_boot_modes("legacy-bios");
  info.add_supported_boot_modes("uefi");
  return info;
}

using Info = v1::InstanceTypeInfo;

const gateway::FilterTable<Info>& TypeFilters() {
  const auto texts = [](const auto& text) { return text; };
  static const gateway::FilterTable<Info> table({
      {"auto-recovery-supported", gateway::One<Info>([](const Info& i) { return i.auto_recovery_supported(); })},
      {"bare-metal", gateway::One<Info>([](const Info& i) { return i.bare_metal(); })},
      {"burstable-performance-supported",
       gateway::One<Info>([](const Info& i) { return i.burstable_performance_supported(); })},
      {"current-generation", gateway::One<Info>([](const Info& i) { return i.current_generation(); })},
      {"dedicated-hosts-supported", gateway::One<Info>([](const Info& i) { return i.dedicated_hosts_supported(); })},
      {"ebs-info.ebs-optimized-support",
       gateway::One<Info>([](const Info& i) { return i.ebs_info().ebs_optimized_support(); })},
      {"ebs-info.encryption-support",
       gateway::One<Info>([](const Info& i) { return i.ebs_info().encryption_support(); })},
      {"ebs-info.nvme-support", gateway::One<Info>([](const Info& i) { return i.ebs_info().nvme_support(); })},
      {"free-tier-eligible", gateway::One<Info>([](const Info& i) { return i.free_tier_eligible(); })},
      {"hibernation-supported", gateway::One<Info>([](const Info& i) { return i.hibernation_supported(); })},
      {"hypervisor", gateway::One<Info>([](const Info& i) { return i.hypervisor(); })},
      {"instance-storage-supported", gateway::One<Info>([](const Info& i) { return i.instance_storage_supported(); })},
      {"instance-type", gateway::One<Info>([](const Info& i) { return i.instance_type(); })},
      {"memory-info.size-in-mib", gateway::One<Info>([](const Info& i) { return i.memory_info().size_in_mi_b(); })},
      {"network-info.efa-supported",
       gateway::One<Info>([](const Info& i) { return i.network_info().efa_supported(); })},
      {"network-info.ena-support", gateway::One<Info>([](const Info& i) { return i.network_info().ena_support(); })},
      {"network-info.encryption-in-transit-supported",
       gateway::One<Info>([](const Info& i) { return i.network_info().encryption_in_transit_supported(); })},
      {"network-info.ipv4-addresses-per-interface",
       gateway::One<Info>([](const Info& i) { return i.network_info().ipv4_addresses_per_interface(); })},
      {"network-info.ipv6-addresses-per-interface",
       gateway::One<Info>([](const Info& i) { return i.network_info().ipv6_addresses_per_interface(); })},
      {"network-info.ipv6-supported",
       gateway::One<Info>([](const Info& i) { return i.network_info().ipv6_supported(); })},
      {"network-info.maximum-network-cards",
       gateway::One<Info>([](const Info& i) { return i.network_info().maximum_network_cards(); })},
      {"network-info.maximum-network-interfaces",
       gateway::One<Info>([](const Info& i) { return i.network_info().maximum_network_interfaces(); })},
      {"network-info.network-performance",
       gateway::One<Info>([](const Info& i) { return i.network_info().network_performance(); })},
      {"processor-info.supported-architecture",
       gateway::Each<Info>([](const Info& i) { return i.processor_info().supported_architectures(); }, texts)},
      {"supported-boot-mode", gateway::Each<Info>([](const Info& i) { return i.supported_boot_modes(); }, texts)},
      {"supported-root-device-type",
       gateway::Each<Info>([](const Info& i) { return i.supported_root_device_types(); }, texts)},
      {"supported-usage-class", gateway::Each<Info>([](const Info& i) { return i.supported_usage_classes(); }, texts)},
      {"supported-virtualization-type",
       gateway::Each<Info>([](const Info& i) { return i.supported_virtualization_types(); }, texts)},
      {"vcpu-info.default-cores", gateway::One<Info>([](const Info& i) { return i.v_cpu_info().default_cores(); })},
      {"vcpu-info.default-threads-per-core",
       gateway::One<Info>([](const Info& i) { return i.v_cpu_info().default_threads_per_core(); })},
      {"vcpu-info.default-vcpus", gateway::One<Info>([](const Info& i) { return i.v_cpu_info().default_v_cpus(); })},
      {"instance-storage-info.disk.count", gateway::Nothing<Info>()},
      {"instance-storage-info.disk.size-in-gb", gateway::Nothing<Info>()},
      {"instance-storage-info.disk.type", gateway::Nothing<Info>()},
      {"placement-group-info.supported-strategies", gateway::Nothing<Info>()},
      {"processor-info.sustained-clock-speed-in-ghz", gateway::Nothing<Info>()},
  });
  return table;
}

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
  ASSIGN_OR_RETURN(const auto keep, TypeFilters().Compile(request.filters()));
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
  static const gateway::FilterTable<Offering> filters({
      {"instance-type", gateway::One<Offering>([](const Offering& o) { return o.instance_type(); })},
      {"location", gateway::One<Offering>([](const Offering& o) { return o.location(); })},
  });
  ASSIGN_OR_RETURN(const auto keep, filters.Compile(request.filters()));
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
}

}  // namespace brume::ec2
