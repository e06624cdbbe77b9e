#include "lib/autoscaling/api/launch_configuration.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance.pb.h"
#include "lib/autoscaling/api/member_ids.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/launch_service.h"
#include "lib/ec2/storage/model/device_name.h"
#include "lib/gateway/time_text.h"
#include "lib/gateway/validate.h"
#include "lib/resource/arn.h"
#include "lib/schema/message_fields.h"

namespace brume::autoscaling {
namespace {

using Request = v1::CreateLaunchConfigurationRequest;
using compute::LaunchSpec;

absl::Status CheckRefused(const Request& request) {
  RETURN_IF_ERROR(RefuseGiven(request.has_classic_link_vpc_id(), "ClassicLinkVPCId", "there is no EC2-Classic"));
  RETURN_IF_ERROR(RefuseGiven(!request.kernel_id().empty(), "KernelId", "images have their own kernels"));
  RETURN_IF_ERROR(RefuseGiven(!request.ramdisk_id().empty(), "RamdiskId", "images have their own kernels"));
  return RefuseGiven(!request.spot_price().empty(), "SpotPrice", "there are no Spot Instances");
}

// What an instance has where the request says nothing. Its profile is left out: who may read an instance may not hand
// on its role.
absl::StatusOr<Request> WithInstance(const Request& request, compute::InstanceService& instances) {
  if (request.instance_id().empty()) return request;
  ASSIGN_OR_RETURN(const InstanceId id, ParseMember(request.instance_id()));
  ASSIGN_OR_RETURN(const compute::InstanceView view, AsScalingError(instances.Get(id)));
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

absl::Status ParseBlockDevices(const Request& request, LaunchSpec& spec) {
  for (const v1::BlockDeviceMapping& given : request.block_device_mappings()) {
    LaunchSpec::BlockDeviceMapping& mapping = spec.block_device_mappings.emplace_back();
    mapping.device_name = given.device_name();
    if (given.no_device()) mapping.no_device = "true";
    if (given.has_virtual_name()) {
      RETURN_IF_ERROR(AsScalingError(CheckVirtualName(given.virtual_name())));
      mapping.virtual_name = given.virtual_name();
    }
    if (given.has_ebs()) schema::ReadFields(given.ebs(), mapping.ebs.emplace());
  }
  return absl::OkStatus();
}

// A public address can be asked for of a network interface alone, and that has its groups by id.
absl::Status ParseNetwork(const Request& request, LaunchSpec& spec) {
  if (request.has_associate_public_ip_address()) {
    LaunchSpec::NetworkInterface& interface = spec.network_interfaces.emplace_back();
    interface.device_index = 0;
    interface.associate_public_ip_address = request.associate_public_ip_address();
  }
  for (const std::string& group : request.security_groups()) {
    const bool by_id = SecurityGroupId::Parse(group).ok();
    if (!request.has_associate_public_ip_address()) {
      (by_id ? spec.security_group_ids : spec.security_groups).push_back(group);
    } else if (by_id) {
      spec.network_interfaces.front().groups.push_back(group);
    } else {
      return ScalingError(absl::StrCat("The security group '", group,
                                       "' must be named by its id, as AssociatePublicIpAddress is given"));
    }
  }
  return absl::OkStatus();
}

void ParseProfile(const std::string& named, LaunchSpec& spec) {
  if (named.empty()) return;
  LaunchSpec::IamInstanceProfile& profile = spec.iam_instance_profile.emplace();
  (LooksLikeArn(named) ? profile.arn : profile.name) = named;
}

// As a launch of one instance, so far as that does not depend on what there is.
absl::Status CheckLaunch(const LaunchSpec& spec, compute::LaunchService& launches) {
  ec2::v1::RunInstancesRequest launch;
  schema::WriteFields(spec, launch);
  launch.set_min_count(1);
  launch.set_max_count(1);
  RETURN_IF_ERROR(gateway::Validate(launch));
  return launches.Check(spec);
}

}  // namespace

absl::StatusOr<LaunchSpec> ParseConfiguration(const Request& given, const ScalingServices& services) {
  RETURN_IF_ERROR(CheckRefused(given));
  ASSIGN_OR_RETURN(const Request request, WithInstance(given, services.instances));
  if (request.image_id().empty() || request.instance_type().empty()) {
    return ScalingError("Valid requests must contain either InstanceId or both ImageId and InstanceType");
  }
  LaunchSpec spec;
  spec.image_id = request.image_id();
  spec.instance_type = request.instance_type();
  if (!request.key_name().empty()) spec.key_name = request.key_name();
  if (!request.user_data().empty()) spec.user_data = request.user_data();
  spec.monitoring.emplace().enabled = !request.has_instance_monitoring() || request.instance_monitoring().enabled();
  if (request.has_ebs_optimized()) spec.ebs_optimized = request.ebs_optimized();
  if (request.has_placement_tenancy()) spec.placement.emplace().tenancy = request.placement_tenancy();
  ParseProfile(request.iam_instance_profile(), spec);
  RETURN_IF_ERROR(ParseBlockDevices(request, spec));
  RETURN_IF_ERROR(ParseNetwork(request, spec));
  if (request.has_metadata_options()) schema::ReadFields(request.metadata_options(), spec.metadata_options.emplace());
  RETURN_IF_ERROR(AsScalingError(CheckLaunch(spec, services.launches)));
  return spec;
}

v1::LaunchConfiguration RenderConfiguration(const scaling::LaunchConfiguration& configuration) {
  const LaunchSpec& spec = configuration.spec;
  v1::LaunchConfiguration rendered;
  rendered.set_launch_configuration_name(configuration.name);
  rendered.set_image_id(spec.image_id.value_or(""));
  rendered.set_key_name(spec.key_name.value_or(""));
  for (const std::string& group : spec.security_group_ids) rendered.add_security_groups(group);
  for (const std::string& group : spec.security_groups) rendered.add_security_groups(group);
  rendered.set_user_data(spec.user_data.value_or(""));
  rendered.set_instance_type(spec.instance_type.value_or(""));
  rendered.set_kernel_id("");
  rendered.set_ramdisk_id("");
  for (const LaunchSpec::BlockDeviceMapping& mapping : spec.block_device_mappings) {
    v1::BlockDeviceMapping& shown = *rendered.add_block_device_mappings();
    shown.set_device_name(mapping.device_name.value_or(""));
    if (mapping.no_device.has_value()) shown.set_no_device(true);
    if (mapping.virtual_name.has_value()) shown.set_virtual_name(*mapping.virtual_name);
    if (mapping.ebs.has_value()) schema::WriteFields(*mapping.ebs, *shown.mutable_ebs());
  }
  rendered.mutable_instance_monitoring()->set_enabled(spec.monitoring.has_value() &&
                                                      spec.monitoring->enabled.value_or(false));
  if (spec.iam_instance_profile.has_value()) {
    const LaunchSpec::IamInstanceProfile& profile = *spec.iam_instance_profile;
    rendered.set_iam_instance_profile(profile.arn.has_value() ? *profile.arn : profile.name.value_or(""));
  }
  rendered.set_created_time(gateway::RenderTime(configuration.created));
  rendered.set_ebs_optimized(spec.ebs_optimized.value_or(false));
  if (!spec.network_interfaces.empty()) {
    const LaunchSpec::NetworkInterface& interface = spec.network_interfaces.front();
    rendered.set_associate_public_ip_address(interface.associate_public_ip_address.value_or(false));
    for (const std::string& group : interface.groups) rendered.add_security_groups(group);
  }
  if (spec.placement.has_value() && spec.placement->tenancy.has_value()) {
    rendered.set_placement_tenancy(*spec.placement->tenancy);
  }
  if (spec.metadata_options.has_value()) {
    schema::WriteFields(*spec.metadata_options, *rendered.mutable_metadata_options());
  }
  return rendered;
}

}  // namespace brume::autoscaling
