#include "lib/ec2/compute/launch_service.h"

#include <map>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/model/user_data.h"
#include "lib/resource/ec2_error.h"

namespace brume::compute {
namespace {

absl::Status Missing(absl::string_view parameter) {
  return ec2::Error("MissingParameter", absl::StrCat("The request must contain the parameter ", parameter));
}

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
  return absl::OkStatus();
}

absl::Status ParseBlockDevices(const std::vector<LaunchSpec::BlockDeviceMapping>& mappings, RunRequest& run) {
  if (mappings.size() > 1) {
    return ec2::Error("UnsupportedOperation",
                      "An instance is launched with its root volume alone: only one block device can be mapped");
  }
  for (const LaunchSpec::BlockDeviceMapping& mapping : mappings) {
    run.root_device_name = mapping.device_name.value_or("");
    if (run.root_device_name.empty()) return Missing("blockDeviceMapping.1.deviceName");
    if (!mapping.ebs.has_value()) continue;
    if (mapping.ebs->encrypted.value_or(false)) {
      return ec2::Error("UnsupportedOperation", "Encrypted volumes are not supported");
    }
    run.root_size_gib = mapping.ebs->volume_size;
    run.root_delete_on_termination = mapping.ebs->delete_on_termination;
    run.root_volume_type = mapping.ebs->volume_type.value_or("");
  }
  return absl::OkStatus();
}

absl::Status ParseInterface(const LaunchSpec& spec, RunRequest& run) {
  const LaunchSpec::NetworkInterface& interface = spec.network_interfaces.front();
  const auto clash = [](absl::string_view what) {
    return ec2::Error("InvalidParameterCombination", absl::StrCat("Network interfaces and an instance-level ", what,
                                                                  " may not be specified on the same request"));
  };
  if (!spec.subnet_id.value_or("").empty()) return clash("subnet ID");
  if (!spec.security_group_ids.empty() || !spec.security_groups.empty()) return clash("security group");
  if (!spec.private_ip_address.value_or("").empty()) return clash("private address");
  if (!interface.delete_on_termination.value_or(true)) {
    return ec2::Error("UnsupportedOperation",
                      "A network interface made with an instance is deleted with it: deleteOnTermination must be true");
  }
  run.associate_public_ip = interface.associate_public_ip_address;
  run.interface_description = interface.description.value_or("");
  return absl::OkStatus();
}

// Of the network interface where one is given, else of the instance.
template <typename Source>
absl::Status ParseNetwork(const Source& source, const std::vector<std::string>& groups, RunRequest& run) {
  ASSIGN_OR_RETURN(run.group_ids, ParseGroups(groups));
  if (!source.subnet_id.value_or("").empty()) {
    ASSIGN_OR_RETURN(run.subnet_id, SubnetId::Parse(*source.subnet_id));
  }
  if (source.private_ip_address.value_or("").empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(run.private_ip, Ipv4::Parse(*source.private_ip_address));
  if (run.max_count == 1) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination",
                    "A private address can be given for a single instance only: maxCount must be 1");
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

}  // namespace

TagMap TemplateTags(const std::string& id, const std::string& version) {
  return {{"aws:ec2launchtemplate:id", id}, {"aws:ec2launchtemplate:version", version}};
}

MetadataOptionsChange ParseMetadataOptions(const LaunchSpec::MetadataOptions& given) {
  MetadataOptionsChange change;
  if (given.http_tokens.has_value()) change.tokens_required = given.http_tokens == "required";
  if (given.http_endpoint.has_value()) change.endpoint_enabled = given.http_endpoint == "enabled";
  if (given.instance_metadata_tags.has_value()) change.tags_enabled = given.instance_metadata_tags == "enabled";
  change.hop_limit = given.http_put_response_hop_limit;
  return change;
}

absl::StatusOr<RunRequest> ParseLaunch(const LaunchSpec& spec, const LaunchCall& call) {
  RunRequest run;
  // A launch template can be without an image, so that the schema cannot require one.
  if (spec.image_id.value_or("").empty()) return Missing("imageId");
  ASSIGN_OR_RETURN(run.image_id, ImageId::Parse(*spec.image_id));
  run.instance_type = spec.instance_type.value_or("");
  RETURN_IF_ERROR(CheckCounts(call));
  run.min_count = call.min_count;
  run.max_count = call.max_count;
  run.client_token = call.client_token;
  run.parameters_digest = call.parameters_digest;
  run.system_tags = call.system_tags;
  run.key_name = spec.key_name.value_or("");
  ASSIGN_OR_RETURN(run.user_data, DecodeUserData(spec.user_data.value_or("")));
  RETURN_IF_ERROR(ParsePlacement(spec.placement.value_or(LaunchSpec::Placement()), run));
  RETURN_IF_ERROR(ParseBlockDevices(spec.block_device_mappings, run));
  if (spec.network_interfaces.empty()) {
    run.group_names = spec.security_groups;
    RETURN_IF_ERROR(ParseNetwork(spec, spec.security_group_ids, run));
  } else {
    RETURN_IF_ERROR(ParseInterface(spec, run));
    RETURN_IF_ERROR(ParseNetwork(spec.network_interfaces.front(), spec.network_interfaces.front().groups, run));
  }
  if (spec.instance_initiated_shutdown_behavior.has_value()) {
    ASSIGN_OR_RETURN(run.shutdown_behavior, ParseShutdownBehavior(*spec.instance_initiated_shutdown_behavior));
  }
  run.disable_api_termination = spec.disable_api_termination.value_or(false);
  run.disable_api_stop = spec.disable_api_stop.value_or(false);
  if (spec.monitoring.has_value()) {
    if (!spec.monitoring->enabled.has_value()) return Missing("monitoring.enabled");
    run.monitoring = *spec.monitoring->enabled;
  }
  if (spec.metadata_options.has_value()) {
    run.metadata_options = ParseMetadataOptions(*spec.metadata_options).AppliedTo(run.metadata_options);
  }
  RETURN_IF_ERROR(ParseTags(spec.tag_specifications, run));
  return run;
}

absl::StatusOr<RunRequest> LaunchService::Parse(const LaunchSpec& spec, const LaunchCall& call) {
  ASSIGN_OR_RETURN(RunRequest run, ParseLaunch(spec, call));
  if (!spec.iam_instance_profile.has_value()) return run;
  ASSIGN_OR_RETURN(const InstanceProfile profile, profiles_.Resolve(spec.iam_instance_profile->arn.value_or(""),
                                                                    spec.iam_instance_profile->name.value_or("")));
  run.profile_id = profile.id;
  run.profile_arn = profiles_.ArnOf(profile);
  return run;
}

absl::StatusOr<ReservationView> LaunchService::Launch(const LaunchSpec& spec, const LaunchCall& call) {
  ASSIGN_OR_RETURN(const RunRequest run, Parse(spec, call));
  return instances_.Run(run);
}

absl::Status LaunchService::Check(const LaunchSpec& spec) {
  ASSIGN_OR_RETURN(const RunRequest run, Parse(spec, {}));
  if (types_.Find(run.instance_type) != nullptr) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("The instance type '", run.instance_type, "' does not exist"));
}

}  // namespace brume::compute
