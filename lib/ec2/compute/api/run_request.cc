#include "lib/ec2/compute/api/run_request.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/api/user_data.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/parameters.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

absl::Status ParsePlacement(const v1::Placement& placement, compute::RunRequest& run) {
  if (!placement.group_name().empty()) {
    return ec2::Error("InvalidPlacementGroup.Unknown",
                      absl::StrCat("The Placement Group '", placement.group_name(), "' is unknown."));
  }
  run.availability_zone = placement.availability_zone();
  return absl::OkStatus();
}

absl::Status ParseBlockDevices(const v1::RunInstancesRequest& request, compute::RunRequest& run) {
  if (request.block_device_mappings_size() > 1) {
    return ec2::Error("UnsupportedOperation",
                      "An instance is launched with its root volume alone: only one block device can be mapped");
  }
  for (const v1::BlockDeviceMapping& mapping : request.block_device_mappings()) {
    const v1::EbsBlockDevice& ebs = mapping.ebs();
    if (mapping.device_name().empty()) {
      return ec2::Error("MissingParameter", "The request must contain the parameter blockDeviceMapping.1.deviceName");
    }
    if (ebs.encrypted()) return ec2::Error("UnsupportedOperation", "Encrypted volumes are not supported");
    run.root_device_name = mapping.device_name();
    if (ebs.has_volume_size()) run.root_size_gib = ebs.volume_size();
    if (ebs.has_delete_on_termination()) run.root_delete_on_termination = ebs.delete_on_termination();
    run.root_volume_type = ebs.volume_type();
  }
  return absl::OkStatus();
}

absl::Status ParseInterface(const v1::RunInstancesRequest& request, compute::RunRequest& run) {
  const v1::InstanceNetworkInterfaceSpecification& interface = request.network_interfaces(0);
  const auto clash = [](absl::string_view what) {
    return ec2::Error("InvalidParameterCombination", absl::StrCat("Network interfaces and an instance-level ", what,
                                                                  " may not be specified on the same request"));
  };
  if (!request.subnet_id().empty()) return clash("subnet ID");
  if (!request.security_group_ids().empty() || !request.security_groups().empty()) return clash("security group");
  if (!request.private_ip_address().empty()) return clash("private address");
  if (interface.has_delete_on_termination() && !interface.delete_on_termination()) {
    return ec2::Error("UnsupportedOperation",
                      "A network interface made with an instance is deleted with it: deleteOnTermination must be true");
  }
  if (interface.has_associate_public_ip_address()) run.associate_public_ip = interface.associate_public_ip_address();
  run.interface_description = interface.description();
  return absl::OkStatus();
}

// Of the network interface where one is given, else of the instance.
template <typename Source, typename Groups>
absl::Status ParseNetwork(const Source& source, const Groups& groups, compute::RunRequest& run) {
  ASSIGN_OR_RETURN(run.group_ids, gateway::ParseIds<SecurityGroupId>(groups));
  ASSIGN_OR_RETURN(run.subnet_id, gateway::ParseOptionalId<SubnetId>(source.subnet_id()));
  if (source.private_ip_address().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(run.private_ip, Ipv4::Parse(source.private_ip_address()));
  if (run.max_count == 1) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination",
                    "A private address can be given for a single instance only: maxCount must be 1");
}

}  // namespace

MetadataOptionsChange ParseMetadataOptions(const v1::InstanceMetadataOptionsRequest& options) {
  MetadataOptionsChange change;
  if (options.has_http_tokens()) change.tokens_required = options.http_tokens() == "required";
  if (options.has_http_endpoint()) change.endpoint_enabled = options.http_endpoint() == "enabled";
  if (options.has_instance_metadata_tags()) change.tags_enabled = options.instance_metadata_tags() == "enabled";
  if (options.has_http_put_response_hop_limit()) change.hop_limit = options.http_put_response_hop_limit();
  return change;
}

absl::StatusOr<compute::RunRequest> ParseRunRequest(const v1::RunInstancesRequest& request) {
  compute::RunRequest run;
  ASSIGN_OR_RETURN(run.image_id, ImageId::Parse(request.image_id()));
  run.instance_type = request.instance_type();
  run.min_count = request.min_count();
  run.max_count = request.max_count();
  if (run.min_count > run.max_count) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("Value (", run.min_count,
                                                            ") for parameter minCount is invalid. It must not be above "
                                                            "maxCount (",
                                                            run.max_count, ")."));
  }
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  run.client_token = request.client_token();
  run.parameters_digest = gateway::ParametersDigest(request);
  run.key_name = request.key_name();
  ASSIGN_OR_RETURN(run.user_data, DecodeUserData(request.user_data()));
  RETURN_IF_ERROR(ParsePlacement(request.placement(), run));
  RETURN_IF_ERROR(ParseBlockDevices(request, run));
  if (request.network_interfaces().empty()) {
    run.group_names.assign(request.security_groups().begin(), request.security_groups().end());
    RETURN_IF_ERROR(ParseNetwork(request, request.security_group_ids(), run));
  } else {
    RETURN_IF_ERROR(ParseInterface(request, run));
    RETURN_IF_ERROR(ParseNetwork(request.network_interfaces(0), request.network_interfaces(0).groups(), run));
  }
  if (request.has_instance_initiated_shutdown_behavior()) {
    ASSIGN_OR_RETURN(run.shutdown_behavior, ParseShutdownBehavior(request.instance_initiated_shutdown_behavior()));
  }
  run.disable_api_termination = request.disable_api_termination();
  run.disable_api_stop = request.disable_api_stop();
  run.monitoring = request.monitoring().enabled();
  run.metadata_options = ParseMetadataOptions(request.metadata_options()).AppliedTo(run.metadata_options);
  RETURN_IF_ERROR(ParseTags(request.tag_specifications(), {{&InstanceId::kKind, &run.instance_tags},
                                                           {&VolumeId::kKind, &run.volume_tags},
                                                           {&EniId::kKind, &run.interface_tags}}));
  if (request.has_launch_template()) {
    run.system_tags = {{"aws:ec2launchtemplate:id", request.launch_template().launch_template_id()},
                       {"aws:ec2launchtemplate:version", request.launch_template().version()}};
  }
  return run;
}

absl::Status ResolveProfile(const v1::RunInstancesRequest& request, iam::InstanceProfileService& profiles,
                            compute::RunRequest& run) {
  if (!request.has_iam_instance_profile()) return absl::OkStatus();
  const v1::IamInstanceProfileSpecification& named = request.iam_instance_profile();
  ASSIGN_OR_RETURN(const InstanceProfile profile, profiles.Resolve(named.arn(), named.name()));
  run.profile_id = profile.id;
  run.profile_arn = profiles.ArnOf(profile);
  return absl::OkStatus();
}

}  // namespace brume::ec2
