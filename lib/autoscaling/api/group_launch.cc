#include "lib/autoscaling/api/group_launch.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/api/launch_template_data.h"
#include "lib/ec2/compute/api/run_request.h"
#include "lib/gateway/validate.h"
#include "lib/resource/ids.h"

namespace brume::autoscaling {
namespace {

void AddTags(const TagMap& tags, ec2::v1::RunInstancesRequest& request) {
  if (tags.empty()) return;
  ec2::v1::TagSpecification& specification = *request.add_tag_specifications();
  specification.set_resource_type(std::string(InstanceId::kKind.tag_type));
  for (const auto& [key, value] : tags) {
    ec2::v1::Tag& tag = *specification.add_tags();
    tag.set_key(key);
    tag.set_value(value);
  }
}

absl::StatusOr<ec2::v1::RunInstancesRequest> FromSource(const MemberLauncher& launcher,
                                                        const autoscaling::LaunchOrder& order) {
  ec2::v1::RunInstancesRequest request;
  AddTags(order.tags, request);
  if (!order.source.is_template) {
    // What a launch configuration keeps has the field numbers of RunInstancesRequest, and has no tags.
    if (!request.MergeFromString(order.configuration_data)) {
      return absl::DataLossError(absl::StrCat("the launch configuration ", order.source.id, " is damaged"));
    }
    return request;
  }
  request.mutable_launch_template()->set_launch_template_id(order.source.id);
  request.mutable_launch_template()->set_version(absl::StrCat(order.source.version));
  ASSIGN_OR_RETURN(const auto whole, ec2::WithLaunchTemplate(request, launcher.launch_templates));
  return static_cast<const ec2::v1::RunInstancesRequest&>(*whole);
}

void SetSubnet(const SubnetId& subnet, ec2::v1::RunInstancesRequest& request) {
  request.mutable_placement()->clear_availability_zone();
  if (request.network_interfaces().empty()) {
    request.set_subnet_id(subnet.text());
    request.clear_private_ip_address();
  } else {
    request.mutable_network_interfaces(0)->set_subnet_id(subnet.text());
    request.mutable_network_interfaces(0)->clear_private_ip_address();
  }
}

}  // namespace

absl::StatusOr<InstanceId> LaunchMember(const MemberLauncher& launcher, const autoscaling::LaunchOrder& order) {
  ASSIGN_OR_RETURN(ec2::v1::RunInstancesRequest request, FromSource(launcher, order));
  request.set_min_count(1);
  request.set_max_count(1);
  request.set_client_token(order.token);
  if (!order.instance_type.empty()) request.set_instance_type(order.instance_type);
  SetSubnet(order.subnet, request);
  RETURN_IF_ERROR(gateway::Validate(request));
  ASSIGN_OR_RETURN(compute::RunRequest run, ec2::ParseRunRequest(request));
  RETURN_IF_ERROR(ec2::ResolveProfile(request, launcher.instance_profiles, run));
  run.parameters_digest = absl::StrCat("a member of an Auto Scaling group: ", order.token);
  for (const auto& [key, value] : order.system_tags) run.system_tags[key] = value;
  ASSIGN_OR_RETURN(const compute::ReservationView reservation, launcher.instances.Run(run));
  return reservation.instances.front().instance.id;
}

}  // namespace brume::autoscaling
