#include "lib/ec2/compute/api/instance_attribute_handlers.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/api/instance_render.h"
#include "lib/ec2/compute/launch_service.h"
#include "lib/ec2/compute/model/launch_spec.h"
#include "lib/ec2/compute/model/user_data.h"
#include "lib/gateway/parameters.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/schema/message_fields.h"

namespace brume::ec2 {
namespace {

absl::StatusOr<v1::DescribeInstanceAttributeResponse> DescribeInstanceAttribute(
    const v1::DescribeInstanceAttributeRequest& request, compute::InstanceService& instances) {
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(request.instance_id()));
  ASSIGN_OR_RETURN(const compute::InstanceView view, instances.Get(id));
  const Instance& instance = view.instance;
  const std::string& attribute = request.attribute();
  v1::DescribeInstanceAttributeResponse response;
  response.set_instance_id(id.text());
  if (attribute == "instanceType") {
    response.mutable_instance_type()->set_value(instance.instance_type);
  } else if (attribute == "kernel") {
    response.mutable_kernel_id();
  } else if (attribute == "ramdisk") {
    response.mutable_ramdisk_id();
  } else if (attribute == "userData") {
    response.mutable_user_data();
    if (!instance.user_data.empty()) {
      response.mutable_user_data()->set_value(absl::Base64Escape(instance.user_data));
    }
  } else if (attribute == "disableApiTermination") {
    response.mutable_disable_api_termination()->set_value(instance.disable_api_termination);
  } else if (attribute == "disableApiStop") {
    response.mutable_disable_api_stop()->set_value(instance.disable_api_stop);
  } else if (attribute == "instanceInitiatedShutdownBehavior") {
    response.mutable_instance_initiated_shutdown_behavior()->set_value(
        std::string(ShutdownBehaviorName(instance.shutdown_behavior)));
  } else if (attribute == "rootDeviceName") {
    response.mutable_root_device_name()->set_value(instance.root_device_name);
  } else if (attribute == "blockDeviceMapping") {
    *response.mutable_block_device_mappings() = RenderVolumes(view);
  } else if (attribute == "sourceDestCheck") {
    response.mutable_source_dest_check()->set_value(instance.source_dest_check);
  } else if (attribute == "groupSet") {
    *response.mutable_groups() = RenderGroups(view);
  } else if (attribute == "ebsOptimized") {
    response.mutable_ebs_optimized()->set_value(instance.ebs_optimized);
  } else if (attribute == "sriovNetSupport") {
    response.mutable_sriov_net_support();
  } else if (attribute == "enaSupport") {
    response.mutable_ena_support()->set_value(true);
  } else if (attribute == "enclaveOptions") {
    response.mutable_enclave_options()->set_enabled(false);
  }
  return response;
}

absl::StatusOr<bool> ParseBool(const std::string& name, const std::string& text) {
  if (absl::EqualsIgnoreCase(text, "true")) return true;
  if (absl::EqualsIgnoreCase(text, "false")) return false;
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("The value for parameter ", name, " is invalid. It must be true or false."));
}

absl::Status MissingValue(absl::string_view name) {
  return ec2::Error(ec2::kMissingParameter, absl::StrCat(name, ".value"));
}

// The old form: the attribute's name in one parameter, its value in another. Turned into the new form.
absl::Status Unfold(v1::ModifyInstanceAttributeRequest& request) {
  if (!request.has_attribute() && !request.has_value()) return absl::OkStatus();
  if (!request.has_attribute()) {
    return ec2::Error(ec2::kMissingParameter, "attribute");
  }
  if (!request.has_value()) {
    // EC2 takes the name beside the new form too, where it adds nothing.
    request.clear_attribute();
    return absl::OkStatus();
  }
  const std::string name = request.attribute();
  const std::string value = request.value();
  request.clear_attribute();
  request.clear_value();
  if (name == "instanceType") {
    request.mutable_instance_type()->set_value(value);
  } else if (name == "instanceInitiatedShutdownBehavior") {
    request.mutable_instance_initiated_shutdown_behavior()->set_value(value);
  } else if (name == "userData") {
    ASSIGN_OR_RETURN(*request.mutable_user_data()->mutable_value(), DecodeUserData(value));
  } else {
    ASSIGN_OR_RETURN(const bool flag, ParseBool(name, value));
    if (name == "disableApiTermination") request.mutable_disable_api_termination()->set_value(flag);
    if (name == "disableApiStop") request.mutable_disable_api_stop()->set_value(flag);
    if (name == "ebsOptimized") request.mutable_ebs_optimized()->set_value(flag);
    if (name == "sourceDestCheck") request.mutable_source_dest_check()->set_value(flag);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<bool>> OptionalFlag(bool present, const v1::AttributeBooleanValue& attribute,
                                                 absl::string_view name) {
  if (!present) return std::optional<bool>();
  if (!attribute.has_value()) return MissingValue(name);
  return std::optional<bool>(attribute.value());
}

// What image builders switch on, and is on in every instance.
absl::Status CheckFastNetwork(const v1::ModifyInstanceAttributeRequest& request) {
  ASSIGN_OR_RETURN(const auto ena, OptionalFlag(request.has_ena_support(), request.ena_support(), "enaSupport"));
  if (!ena.value_or(true)) {
    return ec2::Error("UnsupportedOperation", "Network interfaces are fast virtual ones: enaSupport must be true");
  }
  if (!request.has_sriov_net_support() || request.sriov_net_support().value() == "simple") return absl::OkStatus();
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Value (", request.sriov_net_support().value().substr(0, 64),
                                 ") for parameter sriovNetSupport is invalid. It must be simple."));
}

absl::StatusOr<compute::InstanceChange> ParseChange(v1::ModifyInstanceAttributeRequest request) {
  RETURN_IF_ERROR(Unfold(request));
  const int given = request.has_source_dest_check() + !request.block_device_mappings().empty() +
                    request.has_disable_api_termination() + request.has_disable_api_stop() + !request.groups().empty() +
                    request.has_instance_initiated_shutdown_behavior() + request.has_instance_type() +
                    request.has_user_data() + request.has_ebs_optimized() + request.has_ena_support() +
                    request.has_sriov_net_support();
  if (given == 0) return ec2::Error("InvalidParameterCombination", "No attributes specified.");
  if (given > 1) {
    return ec2::Error("InvalidParameterCombination",
                      "Fields for multiple attribute types specified: one attribute can be changed in one call");
  }
  RETURN_IF_ERROR(CheckFastNetwork(request));
  compute::InstanceChange change;
  ASSIGN_OR_RETURN(change.source_dest_check,
                   OptionalFlag(request.has_source_dest_check(), request.source_dest_check(), "sourceDestCheck"));
  ASSIGN_OR_RETURN(
      change.disable_api_termination,
      OptionalFlag(request.has_disable_api_termination(), request.disable_api_termination(), "disableApiTermination"));
  ASSIGN_OR_RETURN(change.disable_api_stop,
                   OptionalFlag(request.has_disable_api_stop(), request.disable_api_stop(), "disableApiStop"));
  ASSIGN_OR_RETURN(change.ebs_optimized,
                   OptionalFlag(request.has_ebs_optimized(), request.ebs_optimized(), "ebsOptimized"));
  if (request.has_instance_type()) {
    if (request.instance_type().value().empty()) return MissingValue("instanceType");
    change.instance_type = request.instance_type().value();
  }
  if (request.has_instance_initiated_shutdown_behavior()) {
    ASSIGN_OR_RETURN(change.shutdown_behavior,
                     ParseShutdownBehavior(request.instance_initiated_shutdown_behavior().value()));
  }
  if (request.has_user_data()) {
    RETURN_IF_ERROR(CheckUserDataSize(request.user_data().value().size()));
    change.user_data = request.user_data().value();
  }
  if (!request.groups().empty()) {
    ASSIGN_OR_RETURN(change.group_ids, gateway::ParseIds<SecurityGroupId>(request.groups()));
  }
  for (const v1::InstanceBlockDeviceMappingSpecification& mapping : request.block_device_mappings()) {
    if (!mapping.ebs().has_delete_on_termination()) {
      return ec2::Error(ec2::kMissingParameter, "blockDeviceMapping.ebs.deleteOnTermination");
    }
    change.delete_on_termination[mapping.device_name()] = mapping.ebs().delete_on_termination();
  }
  return change;
}

absl::Status ModifyInstanceAttribute(const v1::ModifyInstanceAttributeRequest& request,
                                     compute::InstanceService& instances) {
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(request.instance_id()));
  ASSIGN_OR_RETURN(const compute::InstanceChange change, ParseChange(request));
  return instances.Modify(id, change);
}

template <typename Response, typename Request>
absl::StatusOr<Response> SetMonitoring(const Request& request, compute::InstanceService& instances, bool detailed) {
  ASSIGN_OR_RETURN(const auto ids, gateway::ParseIds<InstanceId>(request.instance_ids()));
  RETURN_IF_ERROR(instances.SetMonitoring(ids, detailed));
  Response response;
  for (const InstanceId& id : ids) {
    v1::InstanceMonitoring& item = *response.add_instance_monitorings();
    item.set_instance_id(id.text());
    RenderMonitoring(detailed, *item.mutable_monitoring());
  }
  return response;
}

absl::StatusOr<v1::MonitorInstancesResponse> MonitorInstances(const v1::MonitorInstancesRequest& request,
                                                              compute::InstanceService& instances) {
  return SetMonitoring<v1::MonitorInstancesResponse>(request, instances, true);
}

absl::StatusOr<v1::UnmonitorInstancesResponse> UnmonitorInstances(const v1::UnmonitorInstancesRequest& request,
                                                                  compute::InstanceService& instances) {
  return SetMonitoring<v1::UnmonitorInstancesResponse>(request, instances, false);
}

absl::StatusOr<v1::ModifyInstanceMetadataOptionsResponse> ModifyInstanceMetadataOptions(
    const v1::ModifyInstanceMetadataOptionsRequest& request, compute::InstanceService& instances) {
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(request.instance_id()));
  compute::LaunchSpec::MetadataOptions options;
  schema::ReadFields(request, options);
  ASSIGN_OR_RETURN(const MetadataOptionsChange change, compute::ParseMetadataOptions(options));
  ASSIGN_OR_RETURN(const MetadataOptions changed, instances.ModifyMetadataOptions(id, change));
  v1::ModifyInstanceMetadataOptionsResponse response;
  response.set_instance_id(id.text());
  RenderMetadataOptions(changed, *response.mutable_instance_metadata_options());
  return response;
}

}  // namespace

void AddInstanceAttributeActions(gateway::Actions& actions, compute::InstanceService& instances,
                                 const Settings& settings) {
  actions.Add(DescribeInstanceAttribute, instances);
  // Volumes are named by their devices.
  actions.Add(ModifyInstanceAttribute, instances)
      .DescribedBy([&instances, account = settings.account()](const v1::ModifyInstanceAttributeRequest& request,
                                                              AccessQuestion& question) -> absl::Status {
        if (request.block_device_mappings().empty()) return absl::OkStatus();
        ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(request.instance_id()));
        ASSIGN_OR_RETURN(const compute::InstanceView view, instances.Get(id));
        for (const v1::InstanceBlockDeviceMappingSpecification& mapping : request.block_device_mappings()) {
          for (const Volume& volume : view.volumes) {
            if (volume.device_name == mapping.device_name()) question.AddResource(ArnOf(account, volume.id));
          }
        }
        return absl::OkStatus();
      });
  actions.Add(ModifyInstanceMetadataOptions, instances);
  actions.Add(MonitorInstances, instances);
  actions.Add(UnmonitorInstances, instances);
}

}  // namespace brume::ec2
