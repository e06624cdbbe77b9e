// InstanceService: the options of an instance that have calls of their own.
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_placement.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::compute {

absl::Status InstanceService::SetAutoRecovery(const InstanceId& id, bool enabled) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(Instance instance, InstanceTable(c).Get(id));
    RETURN_IF_ERROR(CheckModifiable(instance));
    instance.auto_recovery = enabled;
    return InstanceTable(c).Update(instance);
  });
}

absl::Status InstanceService::SetCredits(const InstanceId& id, bool unlimited) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(Instance instance, InstanceTable(c).Get(id));
    RETURN_IF_ERROR(CheckModifiable(instance));
    RETURN_IF_ERROR(CheckBurstable(instance));
    instance.unlimited_credits = unlimited;
    return InstanceTable(c).Update(instance);
  });
}

absl::Status InstanceService::ModifyDnsNameOptions(const InstanceId& id, const PrivateDnsNameOptionsChange& change) {
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const Instance instance, InstanceTable(c).Get(id));
    RETURN_IF_ERROR(CheckModifiable(instance));
    if (change.hostname_type) RETURN_IF_ERROR(CheckStopped(instance, "hostname type"));
    vpc = instance.vpc_id;
    ASSIGN_OR_RETURN(const std::vector<NetworkInterface> interfaces, network::ListInterfacesOf(c, {&id, 1}));
    for (const NetworkInterface& eni : interfaces) {
      if (eni.ipv6_native() && eni.device_index == 0) RETURN_IF_ERROR(CheckIpv6OnlyNames(change));
      const PrivateDnsNameOptionsChange own = eni.ipv6_native() ? change.WithoutIpv4() : change;
      RETURN_IF_ERROR(network::SetDnsNameOptions(c, eni, own.AppliedTo(eni.dns_name_options)));
    }
    return absl::OkStatus();
  }));
  hooks_.wake_vpc(vpc);
  return absl::OkStatus();
}

absl::Status CheckBurstable(const Instance& instance) {
  if (IsBurstable({.name = instance.instance_type})) return absl::OkStatus();
  return ec2::Error("InstanceCreditSpecification.NotSupported",
                    absl::StrCat("The instance '", instance.id.text(), "' is a ", instance.instance_type,
                                 ", which has no burst credits; t2, t3 and t3a instances have"));
}

}  // namespace brume::compute
