#include "lib/autoscaling/api/launch_configuration.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "lib/autoscaling/api/scaling.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/api/run_request.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/gateway/time_text.h"
#include "lib/gateway/validate.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/resource/arn.h"

namespace brume::autoscaling {
namespace {

using Request = v1::CreateLaunchConfigurationRequest;
using Data = ec2::v1::RequestLaunchTemplateData;

absl::Status CheckRefused(const Request& request) {
  RETURN_IF_ERROR(RefuseGiven(request.has_classic_link_vpc_id(), "ClassicLinkVPCId", "there is no EC2-Classic"));
  RETURN_IF_ERROR(RefuseGiven(!request.kernel_id().empty(), "KernelId", "images have their own kernels"));
  RETURN_IF_ERROR(RefuseGiven(!request.ramdisk_id().empty(), "RamdiskId", "images have their own kernels"));
  return RefuseGiven(!request.spot_price().empty(), "SpotPrice", "there are no Spot Instances");
}

// What an instance has where the request says nothing. Its profile is left out: who may read an instance may not hand
// on its role.
absl::StatusOr<Request> WithInstance(const api::Services& services, const Request& request) {
  if (request.instance_id().empty()) return request;
  ASSIGN_OR_RETURN(const InstanceId id, ParseMember(request.instance_id()));
  ASSIGN_OR_RETURN(const compute::InstanceView view, AsScalingError(services.instances.Get(id)));
  const Instance& instance = view.instance;
  Request whole = request;
  if (request.image_id().empty()) whole.set_image_id(instance.image_id.text());
  if (request.instance_type().empty()) whole.set_instance_type(instance.instance_type);
  if (request.key_name().empty()) whole.set_key_name(instance.key_name);
  if (request.user_data().empty()) whole.set_user_data(absl::Base64Escape(instance.user_data));
  if (request.security_groups().empty() && !view.interfaces.empty()) {
    for (const SecurityGroupId& group : view.interfaces.front().groups) whole.add_security_groups(group.text());
  }
  return whole;
}

absl::Status ParseBlockDevices(const Request& request, Data& data) {
  for (const v1::BlockDeviceMapping& given : request.block_device_mappings()) {
    RETURN_IF_ERROR(RefuseGiven(!given.virtual_name().empty(), "VirtualName", "there are no instance store volumes"));
    RETURN_IF_ERROR(RefuseGiven(given.no_device(), "NoDevice", "images have their root device alone"));
    RETURN_IF_ERROR(
        RefuseGiven(!given.ebs().snapshot_id().empty(), "SnapshotId", "the root volume is made from the image"));
    auto& mapping = *data.add_block_device_mappings();
    mapping.set_device_name(given.device_name());
    if (!given.has_ebs()) continue;
    auto& ebs = *mapping.mutable_ebs();
    if (given.ebs().has_volume_size()) ebs.set_volume_size(given.ebs().volume_size());
    if (given.ebs().has_volume_type()) ebs.set_volume_type(given.ebs().volume_type());
    if (given.ebs().has_delete_on_termination()) ebs.set_delete_on_termination(given.ebs().delete_on_termination());
    if (given.ebs().has_iops()) ebs.set_iops(given.ebs().iops());
    if (given.ebs().has_throughput()) ebs.set_throughput(given.ebs().throughput());
    if (given.ebs().has_encrypted()) ebs.set_encrypted(given.ebs().encrypted());
  }
  return absl::OkStatus();
}

// A public address can be asked for of a network interface alone, and that has its groups by id.
absl::Status ParseNetwork(const Request& request, Data& data) {
  if (request.has_associate_public_ip_address()) {
    auto& interface = *data.add_network_interfaces();
    interface.set_device_index(0);
    interface.set_associate_public_ip_address(request.associate_public_ip_address());
  }
  for (const std::string& group : request.security_groups()) {
    const bool by_id = SecurityGroupId::Parse(group).ok();
    if (!request.has_associate_public_ip_address()) {
      by_id ? data.add_security_group_ids(group) : data.add_security_groups(group);
    } else if (by_id) {
      data.mutable_network_interfaces(0)->add_groups(group);
    } else {
      return ScalingError(absl::StrCat("The security group '", group,
                                       "' must be named by its id, as AssociatePublicIpAddress is given"));
    }
  }
  return absl::OkStatus();
}

void ParseMetadata(const v1::InstanceMetadataOptions& given, Data& data) {
  auto& options = *data.mutable_metadata_options();
  if (given.has_http_tokens()) options.set_http_tokens(given.http_tokens());
  if (given.has_http_endpoint()) options.set_http_endpoint(given.http_endpoint());
  if (given.has_http_put_response_hop_limit()) {
    options.set_http_put_response_hop_limit(given.http_put_response_hop_limit());
  }
}

// As a launch of one instance, so far as that does not depend on what there is.
absl::Status CheckLaunch(const api::Services& services, const std::string& kept) {
  ec2::v1::RunInstancesRequest launch;
  launch.ParseFromString(kept);
  launch.set_min_count(1);
  launch.set_max_count(1);
  RETURN_IF_ERROR(gateway::Validate(launch));
  ASSIGN_OR_RETURN(compute::RunRequest run, ec2::ParseRunRequest(launch));
  if (services.types.Find(run.instance_type) == nullptr) {
    return ScalingError(absl::StrCat("The instance type '", run.instance_type, "' does not exist"));
  }
  return ec2::ResolveProfile(launch, services.instance_profiles, run);
}

}  // namespace

absl::StatusOr<std::string> ConfigurationData(const api::Services& services, const Request& given) {
  RETURN_IF_ERROR(CheckRefused(given));
  ASSIGN_OR_RETURN(const Request request, WithInstance(services, given));
  if (request.image_id().empty() || request.instance_type().empty()) {
    return ScalingError("Valid requests must contain either InstanceId or both ImageId and InstanceType");
  }
  Data data;
  data.set_image_id(request.image_id());
  data.set_instance_type(request.instance_type());
  if (!request.key_name().empty()) data.set_key_name(request.key_name());
  if (!request.user_data().empty()) data.set_user_data(request.user_data());
  data.mutable_monitoring()->set_enabled(!request.has_instance_monitoring() || request.instance_monitoring().enabled());
  if (request.has_ebs_optimized()) data.set_ebs_optimized(request.ebs_optimized());
  if (request.has_placement_tenancy()) data.mutable_placement()->set_tenancy(request.placement_tenancy());
  if (!request.iam_instance_profile().empty()) {
    auto& profile = *data.mutable_iam_instance_profile();
    LooksLikeArn(request.iam_instance_profile()) ? profile.set_arn(request.iam_instance_profile())
                                                 : profile.set_name(request.iam_instance_profile());
  }
  RETURN_IF_ERROR(ParseBlockDevices(request, data));
  RETURN_IF_ERROR(ParseNetwork(request, data));
  if (request.has_metadata_options()) ParseMetadata(request.metadata_options(), data);
  const std::string kept = data.SerializeAsString();
  RETURN_IF_ERROR(AsScalingError(CheckLaunch(services, kept)));
  return kept;
}

absl::StatusOr<v1::LaunchConfiguration> RenderConfiguration(const scaling::LaunchConfiguration& configuration) {
  Data data;
  if (!data.ParseFromString(configuration.data)) {
    return absl::DataLossError(absl::StrCat("the launch configuration ", configuration.name, " is damaged"));
  }
  v1::LaunchConfiguration rendered;
  rendered.set_launch_configuration_name(configuration.name);
  rendered.set_image_id(data.image_id());
  rendered.set_key_name(data.key_name());
  *rendered.mutable_security_groups() = data.security_group_ids();
  rendered.mutable_security_groups()->MergeFrom(data.security_groups());
  rendered.set_user_data(data.user_data());
  rendered.set_instance_type(data.instance_type());
  rendered.set_kernel_id("");
  rendered.set_ramdisk_id("");
  for (const auto& mapping : data.block_device_mappings()) {
    v1::BlockDeviceMapping& device = *rendered.add_block_device_mappings();
    device.set_device_name(mapping.device_name());
    if (!mapping.has_ebs()) continue;
    v1::Ebs& ebs = *device.mutable_ebs();
    if (mapping.ebs().has_volume_size()) ebs.set_volume_size(mapping.ebs().volume_size());
    if (mapping.ebs().has_volume_type()) ebs.set_volume_type(mapping.ebs().volume_type());
    if (mapping.ebs().has_delete_on_termination()) ebs.set_delete_on_termination(mapping.ebs().delete_on_termination());
    if (mapping.ebs().has_iops()) ebs.set_iops(mapping.ebs().iops());
    if (mapping.ebs().has_throughput()) ebs.set_throughput(mapping.ebs().throughput());
    if (mapping.ebs().has_encrypted()) ebs.set_encrypted(mapping.ebs().encrypted());
  }
  rendered.mutable_instance_monitoring()->set_enabled(data.monitoring().enabled());
  const auto& profile = data.iam_instance_profile();
  if (data.has_iam_instance_profile()) {
    rendered.set_iam_instance_profile(profile.has_arn() ? profile.arn() : profile.name());
  }
  rendered.set_created_time(gateway::RenderTime(configuration.created));
  rendered.set_ebs_optimized(data.ebs_optimized());
  if (!data.network_interfaces().empty()) {
    const auto& interface = data.network_interfaces(0);
    rendered.set_associate_public_ip_address(interface.associate_public_ip_address());
    rendered.mutable_security_groups()->MergeFrom(interface.groups());
  }
  if (data.placement().has_tenancy()) rendered.set_placement_tenancy(data.placement().tenancy());
  if (data.has_metadata_options()) {
    v1::InstanceMetadataOptions& options = *rendered.mutable_metadata_options();
    const auto& kept = data.metadata_options();
    if (kept.has_http_tokens()) options.set_http_tokens(kept.http_tokens());
    if (kept.has_http_endpoint()) options.set_http_endpoint(kept.http_endpoint());
    if (kept.has_http_put_response_hop_limit()) {
      options.set_http_put_response_hop_limit(kept.http_put_response_hop_limit());
    }
  }
  return rendered;
}

}  // namespace brume::autoscaling
