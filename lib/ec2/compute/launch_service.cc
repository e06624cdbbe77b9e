#include "lib/ec2/compute/launch_service.h"

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/model/user_data.h"
#include "lib/ec2/storage/model/device_name.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::compute {
namespace {

absl::Status Missing(absl::string_view parameter) { return ec2::Error(ec2::kMissingParameter, parameter); }

absl::Status Unsupported(absl::string_view why) { return ec2::Error("UnsupportedOperation", why); }

absl::StatusOr<std::vector<SecurityGroupId>> ParseGroups(const std::vector<std::string>& texts) {
  std::vector<SecurityGroupId> ids;
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(SecurityGroupId id, SecurityGroupId::Parse(text));
    ids.push_back(std::move(id));
  }
  return ids;
}

absl::Status CheckCounts(const LaunchCall& call) {
  if (call.min_count <= call.max_count) return absl::OkStatus();
  return ec2::Error(
      "InvalidParameterValue",
      absl::StrCat("Value (", call.min_count, ") for parameter minCount is invalid. It must not be above maxCount (",
                   call.max_count, ")."));
}

absl::Status ParsePlacement(const LaunchSpec::Placement& placement, RunRequest& run) {
  const std::string group = placement.group_name.value_or("");
  if (!group.empty()) {
    return ec2::Error("InvalidPlacementGroup.Unknown", absl::StrCat("The Placement Group '", group, "' is unknown."));
  }
  run.availability_zone = placement.availability_zone.value_or("");
  run.availability_zone_id = placement.availability_zone_id.value_or("");
  return absl::OkStatus();
}

absl::StatusOr<BlockDevice> ParseBlockDevice(const LaunchSpec::BlockDeviceMapping& mapping) {
  BlockDevice device{.device = mapping.device_name.value_or("")};
  if (device.device.empty()) return Missing("blockDeviceMapping.deviceName");
  // One that says nothing of a volume asks for none.
  if (mapping.virtual_name.has_value()) RETURN_IF_ERROR(CheckVirtualName(*mapping.virtual_name));
  device.asked = mapping.ebs.has_value();
  device.none = LeavesOut(mapping.no_device, device.asked) || mapping.virtual_name.has_value();
  if (!device.asked) return device;
  if (device.none) {
    return ec2::Error("InvalidBlockDeviceMapping",
                      absl::StrCat("The block device ", device.device, " has a volume and ",
                                   mapping.virtual_name.has_value() ? "virtualName" : "noDevice", " both"));
  }
  const LaunchSpec::Ebs& ebs = *mapping.ebs;
  device.encrypted = ebs.encrypted;
  device.kms_key_id = ebs.kms_key_id.value_or("");
  device.size_gib = ebs.volume_size;
  device.delete_on_termination = ebs.delete_on_termination;
  // Policies are asked of a launch before it is checked against the schema, which refuses any other text.
  device.type = kVolumeTypeNames.Find(ebs.volume_type.value_or(""));
  device.iops = ebs.iops;
  device.throughput = ebs.throughput;
  device.initialization_rate = ebs.volume_initialization_rate;
  if (!ebs.snapshot_id.value_or("").empty()) {
    ASSIGN_OR_RETURN(device.snapshot_id, SnapshotId::Parse(*ebs.snapshot_id));
  }
  return device;
}

// Beside network interfaces nothing of the network is said of the instance itself.
absl::Status CheckNoClash(const LaunchSpec& spec) {
  const auto clash = [](absl::string_view what) {
    return ec2::Error("InvalidParameterCombination", absl::StrCat("Network interfaces and an instance-level ", what,
                                                                  " may not be specified on the same request"));
  };
  if (!spec.subnet_id.value_or("").empty()) return clash("subnet ID");
  if (!spec.security_group_ids.empty() || !spec.security_groups.empty()) return clash("security group");
  if (!spec.private_ip_address.value_or("").empty()) return clash("private address");
  if (!spec.ipv6_addresses.empty() || spec.ipv6_address_count.has_value()) return clash("IPv6 address");
  return absl::OkStatus();
}

absl::Status ParseAddresses(const LaunchSpec::NetworkInterface& given, LaunchInterface& parsed) {
  if (!given.private_ip_address.value_or("").empty()) {
    ASSIGN_OR_RETURN(parsed.private_ip, Ipv4::Parse(*given.private_ip_address));
  }
  for (const LaunchSpec::PrivateIpAddress& each : given.private_ip_addresses) {
    ASSIGN_OR_RETURN(const Ipv4 address, Ipv4::Parse(each.private_ip_address.value_or("")));
    if (!each.primary.value_or(false)) {
      parsed.secondary_ips.push_back(address);
    } else if (parsed.private_ip.has_value()) {
      return ec2::Error("InvalidParameterCombination",
                        "Only one primary private IP address can be specified: by privateIpAddress, or with primary");
    } else {
      parsed.private_ip = address;
    }
  }
  parsed.secondary_count = given.secondary_private_ip_address_count.value_or(0);
  if (parsed.secondary_count == 0 || parsed.secondary_ips.empty()) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination",
                    "The parameters secondaryPrivateIpAddressCount and secondary privateIpAddresses cannot be used "
                    "together");
}

// Of what is said of an interface, or of the first one without it.
absl::Status ParseIpv6(const std::vector<LaunchSpec::Ipv6Address>& given, std::optional<int32_t> count,
                       std::vector<Ipv6>& parsed) {
  for (const LaunchSpec::Ipv6Address& each : given) {
    if (each.is_primary_ipv6.value_or(false)) {
      return Unsupported("The primary IPv6 address is the first one, where primaryIpv6 or enablePrimaryIpv6 is true");
    }
    ASSIGN_OR_RETURN(parsed.emplace_back(), Ipv6::Parse(each.ipv6_address.value_or("")));
  }
  if (count.value_or(0) == 0 || parsed.empty()) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination",
                    "The parameters ipv6AddressCount and ipv6Addresses cannot be used together");
}

absl::StatusOr<LaunchInterface> ParseInterface(const LaunchSpec::NetworkInterface& given) {
  if (given.interface_type.value_or("interface") != "interface") {
    return Unsupported("Network interfaces have the interfaceType interface and no other");
  }
  LaunchInterface parsed;
  parsed.device_index = given.device_index.value_or(0);
  parsed.delete_on_termination = given.delete_on_termination;
  RETURN_IF_ERROR(ParseAddresses(given, parsed));
  ASSIGN_OR_RETURN(parsed.group_ids, ParseGroups(given.groups));
  if (!given.subnet_id.value_or("").empty()) {
    ASSIGN_OR_RETURN(parsed.subnet_id, SubnetId::Parse(*given.subnet_id));
  }
  parsed.description = given.description.value_or("");
  if (given.connection_tracking_specification.has_value()) {
    parsed.tracking = {.tcp_established_timeout = given.connection_tracking_specification->tcp_established_timeout,
                       .udp_stream_timeout = given.connection_tracking_specification->udp_stream_timeout,
                       .udp_timeout = given.connection_tracking_specification->udp_timeout};
  }
  RETURN_IF_ERROR(ParseIpv6(given.ipv6_addresses, given.ipv6_address_count, parsed.ipv6));
  parsed.ipv6_count = given.ipv6_address_count;
  parsed.primary_ipv6 = given.primary_ipv6.value_or(false);
  if (given.network_interface_id.value_or("").empty()) return parsed;
  ASSIGN_OR_RETURN(parsed.eni_id, EniId::Parse(*given.network_interface_id));
  const bool said = parsed.private_ip || !parsed.secondary_ips.empty() || parsed.secondary_count > 0 ||
                    parsed.ipv6_count.value_or(0) > 0 || !parsed.ipv6.empty() || parsed.primary_ipv6 ||
                    !parsed.group_ids.empty() || parsed.subnet_id || !parsed.description.empty() ||
                    given.associate_public_ip_address.value_or(false) || parsed.tracking != ConnectionTracking();
  if (!said) return parsed;
  return ec2::Error(
      "InvalidParameterCombination",
      absl::StrCat("A network interface may not specify both a network interface ID and what it is made ", "with: '",
                   parsed.eni_id->text(), "' has its subnet, addresses, groups, description and connection tracking"));
}

// Device indexes are distinct, and one is 0. One interface alone need not say it.
absl::Status CheckIndexes(const LaunchSpec& spec) {
  std::set<int> indexes;
  for (const LaunchSpec::NetworkInterface& each : spec.network_interfaces) {
    const bool alone = spec.network_interfaces.size() == 1;
    if (!alone && !each.device_index.has_value()) {
      return ec2::Error("InvalidParameterValue", "Each network interface requires a device index.");
    }
    const int index = each.device_index.value_or(0);
    if (!indexes.insert(index).second) {
      return ec2::Error("InvalidParameterCombination",
                        absl::StrCat("Two network interfaces have the device index ", index));
    }
    if (!alone && each.associate_public_ip_address.value_or(false)) {
      return ec2::Error("InvalidParameterCombination",
                        "The associatePublicIPAddress parameter cannot be specified when launching with multiple "
                        "network interfaces.");
    }
  }
  if (indexes.contains(0)) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination", "One of the network interfaces must have the device index 0");
}

// Of the network interfaces where some are given, else of the instance.
absl::Status ParseNetwork(const LaunchSpec& spec, bool subnet_of_zone, RunRequest& run) {
  if (spec.network_interfaces.empty()) {
    if (!spec.subnet_id.value_or("").empty() && !spec.security_groups.empty() && !subnet_of_zone) {
      return ec2::Error("InvalidParameterCombination",
                        "The parameter groupName cannot be used with the parameter subnet");
    }
    run.group_names = spec.security_groups;
    ASSIGN_OR_RETURN(run.group_ids, ParseGroups(spec.security_group_ids));
    if (!spec.subnet_id.value_or("").empty()) {
      ASSIGN_OR_RETURN(run.subnet_id, SubnetId::Parse(*spec.subnet_id));
    }
    if (!spec.private_ip_address.value_or("").empty()) {
      ASSIGN_OR_RETURN(run.private_ip, Ipv4::Parse(*spec.private_ip_address));
    }
    RETURN_IF_ERROR(ParseIpv6(spec.ipv6_addresses, spec.ipv6_address_count, run.ipv6));
    run.ipv6_count = spec.ipv6_address_count;
  } else {
    RETURN_IF_ERROR(CheckNoClash(spec));
    RETURN_IF_ERROR(CheckIndexes(spec));
  }
  bool for_one = run.private_ip.has_value() || !run.ipv6.empty();
  for (const LaunchSpec::NetworkInterface& given : spec.network_interfaces) {
    ASSIGN_OR_RETURN(LaunchInterface parsed, ParseInterface(given));
    for_one = for_one || parsed.private_ip || parsed.eni_id || !parsed.secondary_ips.empty() || !parsed.ipv6.empty();
    if (parsed.device_index != 0) {
      run.further_interfaces.push_back(std::move(parsed));
      continue;
    }
    run.associate_public_ip = given.associate_public_ip_address;
    run.eni_id = parsed.eni_id;
    run.delete_interface = parsed.delete_on_termination;
    run.subnet_id = parsed.subnet_id;
    run.group_ids = std::move(parsed.group_ids);
    run.private_ip = parsed.private_ip;
    run.secondary_ips = std::move(parsed.secondary_ips);
    run.secondary_count = parsed.secondary_count;
    run.ipv6 = std::move(parsed.ipv6);
    run.ipv6_count = parsed.ipv6_count;
    run.primary_ipv6 = parsed.primary_ipv6;
    run.interface_description = std::move(parsed.description);
    run.tracking = parsed.tracking;
  }
  if (spec.enable_primary_ipv6.value_or(false) && run.eni_id.has_value()) {
    return ec2::Error("InvalidParameterCombination",
                      absl::StrCat("A network interface ID and enablePrimaryIpv6 may not be specified together: ",
                                   "ModifyNetworkInterfaceAttribute enables it of '", run.eni_id->text(), "'"));
  }
  run.primary_ipv6 = run.primary_ipv6 || spec.enable_primary_ipv6.value_or(false);
  if (!for_one || run.max_count == 1) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination",
                    "A private address or a network interface can be given for a single instance only: maxCount must "
                    "be 1");
}

absl::Status ParseTags(const std::vector<LaunchSpec::TagSpecification>& specifications, RunRequest& run) {
  const std::map<absl::string_view, TagMap*> targets = {{InstanceId::kKind.tag_type, &run.instance_tags},
                                                        {VolumeId::kKind.tag_type, &run.volume_tags},
                                                        {EniId::kKind.tag_type, &run.interface_tags}};
  for (const LaunchSpec::TagSpecification& specification : specifications) {
    const std::string type = specification.resource_type.value_or("");
    const auto target = targets.find(type);
    if (target == targets.end()) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("'", type, "' is not a valid taggable resource type for this operation."));
    }
    for (const LaunchSpec::Tag& tag : specification.tags) {
      if (!target->second->emplace(tag.key.value_or(""), tag.value.value_or("")).second) {
        return ec2::Error("InvalidParameterValue",
                          absl::StrCat("Duplicate tag key '", tag.key.value_or(""), "' specified."));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status ParseCapacityReservation(const LaunchSpec::CapacityReservation& given, RunRequest& run) {
  const LaunchSpec::CapacityReservationTarget target =
      given.capacity_reservation_target.value_or(LaunchSpec::CapacityReservationTarget());
  if (const std::string id = target.capacity_reservation_id.value_or(""); !id.empty()) {
    return ec2::Error("InvalidCapacityReservationId.NotFound",
                      absl::StrCat("The capacity reservation '", id, "' does not exist"));
  }
  const std::string preference = given.capacity_reservation_preference.value_or("open");
  if (preference != "open" && preference != "none" && preference != "capacity-reservations-only") {
    return ec2::Error(
        "InvalidParameterValue",
        absl::StrCat("Value (", preference.substr(0, 100),
                     ") for parameter capacityReservationPreference is invalid. It must be open or none."));
  }
  if (preference == "capacity-reservations-only" ||
      !target.capacity_reservation_resource_group_arn.value_or("").empty()) {
    return Unsupported("There are no capacity reservations: the preference must be open or none, without a target");
  }
  run.open_to_reservations = preference == "open";
  return absl::OkStatus();
}

// What has one value here, and is refused where another is asked for.
absl::Status CheckAbsentFeatures(const LaunchSpec& spec) {
  if (spec.enclave_options.has_value() && spec.enclave_options->enabled.value_or(false)) {
    return Unsupported("There are no enclaves: enclaveOptions.enabled must be false");
  }
  return absl::OkStatus();
}

absl::Status ParseOptions(const LaunchSpec& spec, RunRequest& run) {
  RETURN_IF_ERROR(CheckAbsentFeatures(spec));
  run.hibernation = spec.hibernation_options.has_value() && spec.hibernation_options->configured.value_or(false);
  run.ebs_optimized = spec.ebs_optimized.value_or(false);
  if (spec.credit_specification.has_value()) {
    if (!spec.credit_specification->cpu_credits.has_value()) return Missing("creditSpecification.cpuCredits");
    run.unlimited_credits = spec.credit_specification->cpu_credits == "unlimited";
  }
  if (spec.cpu_options.has_value()) {
    run.core_count = spec.cpu_options->core_count;
    run.threads_per_core = spec.cpu_options->threads_per_core;
  }
  if (spec.capacity_reservation_specification.has_value()) {
    RETURN_IF_ERROR(ParseCapacityReservation(*spec.capacity_reservation_specification, run));
  }
  if (spec.private_dns_name_options.has_value()) {
    run.dns_name_options = ParseDnsNameOptions(*spec.private_dns_name_options);
  }
  if (spec.maintenance_options.has_value()) {
    run.auto_recovery = spec.maintenance_options->auto_recovery.value_or("default") == "default";
  }
  if (spec.metadata_options.has_value()) {
    ASSIGN_OR_RETURN(run.metadata_options, ParseMetadataOptions(*spec.metadata_options));
  }
  return absl::OkStatus();
}

}  // namespace

TagMap TemplateTags(const std::string& id, const std::string& version) {
  return {{"aws:ec2launchtemplate:id", id}, {"aws:ec2launchtemplate:version", version}};
}

PrivateDnsNameOptionsChange ParseDnsNameOptions(const LaunchSpec::PrivateDnsNameOptions& given) {
  PrivateDnsNameOptionsChange change;
  change.hostname_type = kHostnameTypeNames.Find(given.hostname_type.value_or(""));
  change.a_record = given.enable_resource_name_dns_a_record;
  change.aaaa_record = given.enable_resource_name_dns_aaaa_record;
  return change;
}

absl::StatusOr<MetadataOptionsChange> ParseMetadataOptions(const LaunchSpec::MetadataOptions& given) {
  MetadataOptionsChange change;
  change.ipv6 = kMetadataStateNames.Find(given.http_protocol_ipv6.value_or(""));
  change.tokens = kHttpTokensNames.Find(given.http_tokens.value_or(""));
  change.endpoint = kMetadataStateNames.Find(given.http_endpoint.value_or(""));
  change.tags = kMetadataStateNames.Find(given.instance_metadata_tags.value_or(""));
  change.hop_limit = given.http_put_response_hop_limit;
  return change;
}

absl::Status CheckNoRequirements(const LaunchSpec& spec) {
  if (!spec.instance_requirements.has_value()) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination",
                    "The launch template has instance requirements, by which Auto Scaling groups choose a type: give "
                    "the parameter instanceType");
}

absl::StatusOr<RunRequest> ParseLaunch(const LaunchSpec& spec, const LaunchCall& call) {
  RunRequest run;
  // A launch template can be without an image, so that the schema cannot require one.
  if (spec.image_id.value_or("").empty()) return Missing("imageId");
  ASSIGN_OR_RETURN(run.image_id, ImageId::Parse(*spec.image_id));
  run.instance_type = spec.instance_type.value_or("");
  if (run.instance_type.empty()) RETURN_IF_ERROR(CheckNoRequirements(spec));
  RETURN_IF_ERROR(CheckCounts(call));
  run.min_count = call.min_count;
  run.max_count = call.max_count;
  run.client_token = call.client_token;
  run.parameters_digest = call.parameters_digest;
  run.system_tags = call.system_tags;
  run.key_name = spec.key_name.value_or("");
  ASSIGN_OR_RETURN(run.user_data, DecodeUserData(spec.user_data.value_or("")));
  RETURN_IF_ERROR(ParsePlacement(spec.placement.value_or(LaunchSpec::Placement()), run));
  for (const LaunchSpec::BlockDeviceMapping& mapping : spec.block_device_mappings) {
    ASSIGN_OR_RETURN(run.block_devices.emplace_back(), ParseBlockDevice(mapping));
  }
  RETURN_IF_ERROR(ParseNetwork(spec, call.subnet_of_zone, run));
  if (spec.instance_initiated_shutdown_behavior.has_value()) {
    ASSIGN_OR_RETURN(run.shutdown_behavior, ParseShutdownBehavior(*spec.instance_initiated_shutdown_behavior));
  }
  run.disable_api_termination = spec.disable_api_termination.value_or(false);
  run.disable_api_stop = spec.disable_api_stop.value_or(false);
  if (spec.monitoring.has_value()) {
    if (!spec.monitoring->enabled.has_value()) return Missing("monitoring.enabled");
    run.monitoring = *spec.monitoring->enabled;
  }
  RETURN_IF_ERROR(ParseOptions(spec, run));
  RETURN_IF_ERROR(ParseTags(spec.tag_specifications, run));
  return run;
}

absl::StatusOr<RunRequest> LaunchService::Parse(const LaunchSpec& spec, const LaunchCall& call) {
  LaunchSpec named = spec;
  ASSIGN_OR_RETURN(named.image_id, image_names_.IdOf(spec.image_id.value_or("")));
  ASSIGN_OR_RETURN(RunRequest run, ParseLaunch(named, call));
  if (!spec.iam_instance_profile.has_value()) return run;
  ASSIGN_OR_RETURN(const InstanceProfile profile, profiles_.Resolve(spec.iam_instance_profile->arn.value_or(""),
                                                                    spec.iam_instance_profile->name.value_or("")));
  run.profile_id = profile.id;
  run.profile_arn = profiles_.ArnOf(profile);
  return run;
}

absl::StatusOr<ReservationView> LaunchService::Launch(const LaunchSpec& spec, const LaunchCall& call) {
  // First, as what an earlier call was launched from may be gone.
  ASSIGN_OR_RETURN(std::optional<ReservationView> before,
                   instances_.FindRun(call.client_token, call.parameters_digest));
  if (before.has_value()) return *std::move(before);
  ASSIGN_OR_RETURN(const RunRequest run, Parse(spec, call));
  return instances_.Run(run);
}

absl::Status LaunchService::CheckNow(const LaunchSpec& spec, const LaunchCall& call) {
  ASSIGN_OR_RETURN(const RunRequest run, Parse(spec, call));
  return instances_.CheckRun(run);
}

absl::StatusOr<LaunchService::Planned> LaunchService::Plan(const LaunchSpec& spec) {
  Planned planned;
  // Whether groups may be named beside a subnet is for the launch itself to say: where a group chooses it they may.
  ASSIGN_OR_RETURN(planned.run, Parse(spec, {.subnet_of_zone = true}));
  ASSIGN_OR_RETURN(planned.plan, instances_.Plan(planned.run));
  return planned;
}

absl::Status LaunchService::Check(const LaunchSpec& spec) {
  ASSIGN_OR_RETURN(const RunRequest run, Parse(spec, {}));
  if (types_.Find(run.instance_type) != nullptr) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("The instance type '", run.instance_type, "' does not exist"));
}

}  // namespace brume::compute
