#include "lib/ec2/compute/interface_attachment_service.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_placement.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/network_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::compute {
namespace {

absl::Status CheckSite(store::Connection& c, const NetworkInterface& eni, const Instance& instance) {
  const auto refuse = [&](absl::string_view what, absl::string_view one, absl::string_view other) {
    return ec2::Error(
        "InvalidParameterCombination",
        absl::StrCat("You may not attach a network interface to an instance if they are not in the same ", what, ": '",
                     eni.id.text(), "' is in ", one, " and '", instance.id.text(), "' in ", other));
  };
  if (eni.vpc_id != instance.vpc_id) return refuse("VPC", eni.vpc_id.text(), instance.vpc_id.text());
  ASSIGN_OR_RETURN(const Subnet subnet, network::GetSubnet(c, eni.subnet_id));
  if (subnet.availability_zone == instance.availability_zone) return absl::OkStatus();
  return refuse("availability zone", subnet.availability_zone, instance.availability_zone);
}

absl::Status CheckRoom(store::Connection& c, const NetworkInterface& eni, const Instance& instance, int device_index) {
  ASSIGN_OR_RETURN(const std::vector<NetworkInterface> present, network::ListInterfacesOf(c, {&instance.id, 1}));
  for (const NetworkInterface& each : present) {
    if (each.device_index != device_index) continue;
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Instance '", instance.id.text(), "' already has an interface attached at device ",
                                   "index '", device_index, "': ", each.id.text()));
  }
  const InterfaceLimits limits = InterfaceLimitsOf(instance.instance_type);
  if (present.size() >= static_cast<size_t>(limits.interfaces)) {
    return ec2::Error("AttachmentLimitExceeded",
                      absl::StrCat("Interface count ", present.size() + 1, " exceeds the limit for ",
                                   instance.instance_type, ", ", limits.interfaces));
  }
  const size_t addresses = std::max(PrivateAddresses(eni).size(), eni.ipv6.size());
  if (addresses <= static_cast<size_t>(limits.addresses)) return absl::OkStatus();
  return ec2::Error("PrivateIpAddressLimitExceeded",
                    absl::StrCat("'", eni.id.text(), "' has ", addresses, " addresses, and an interface of ",
                                 instance.instance_type, " at most ", limits.addresses));
}

}  // namespace

absl::StatusOr<NetworkInterface> InterfaceAttachmentService::Attach(const InterfaceAttachRequest& request) {
  NetworkInterface eni;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const Instance instance, InstanceTable(c).Get(request.instance_id));
    ASSIGN_OR_RETURN(eni, network::GetInterface(c, request.eni_id));
    RETURN_IF_ERROR(network::CheckOwn(eni));
    RETURN_IF_ERROR(network::CheckAvailable(eni));
    RETURN_IF_ERROR(CheckSteady(instance));
    RETURN_IF_ERROR(CheckNotHibernated(instance, "its network interfaces"));
    RETURN_IF_ERROR(CheckSite(c, eni, instance));
    RETURN_IF_ERROR(CheckRoom(c, eni, instance, request.device_index));
    if (eni.ipv6_native()) RETURN_IF_ERROR(CheckIpv6OnlyType(instance.instance_type));
    const bool runs = instance.state == InstanceState::kRunning;
    RETURN_IF_ERROR(network::AttachTo(c, eni,
                                      {.instance_id = instance.id,
                                       .device_index = request.device_index,
                                       .time = clock_.Now(),
                                       .delete_on_termination = false},
                                      random_));
    if (!runs) return absl::OkStatus();
    eni.attachment_state = InterfaceAttachmentState::kAttaching;
    return network::SetAttachment(c, eni);
  }));
  wake_instance_(eni.instance_id);
  return eni;
}

absl::Status InterfaceAttachmentService::Detach(const std::string& attachment_id, bool force) {
  InstanceId woken;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(NetworkInterface eni, network::GetAttachedInterface(c, attachment_id));
    RETURN_IF_ERROR(network::CheckOwn(eni));
    if (eni.device_index == 0) {
      return ec2::Error("OperationNotPermitted",
                        absl::StrCat("The network interface at device index 0 and networkCard index 0 cannot be ",
                                     "detached: ", eni.id.text()));
    }
    woken = eni.instance_id;
    ASSIGN_OR_RETURN(const Instance instance, InstanceTable(c).Get(eni.instance_id));
    RETURN_IF_ERROR(CheckSteady(instance));
    RETURN_IF_ERROR(CheckNotHibernated(instance, "its network interfaces"));
    if (instance.state == InstanceState::kStopped) {
      Release(eni);
    } else if (force) {
      eni.attachment_state = InterfaceAttachmentState::kForceDetaching;
    } else if (!eni.detaching()) {
      eni.attachment_state = InterfaceAttachmentState::kDetaching;
    }
    return network::SetAttachment(c, eni);
  }));
  wake_instance_(woken);
  return absl::OkStatus();
}

absl::StatusOr<NetworkInterface> InterfaceAttachmentService::Of(const std::string& attachment_id) {
  return database_.ReadFor([&](store::Connection& c) { return network::GetAttachedInterface(c, attachment_id); });
}

}  // namespace brume::compute
