// InstanceService: the network interfaces of an instance, which change in its own transactions.
#include <utility>
#include <vector>

#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/network_service.h"

namespace brume::compute {

absl::Status InstanceService::InsertInterfaces(store::Connection& c, const RunRequest& request, const Placement& place,
                                               Instance& instance) {
  for (const PlacedInterface& each : place.interfaces) {
    const LaunchInterface& asked = each.asked;
    network::InterfaceSpec::Attachment attachment{.instance_id = instance.id,
                                                  .device_index = asked.device_index,
                                                  .time = clock_.Now(),
                                                  .delete_on_termination = asked.delete_on_termination.value_or(true)};
    if (asked.eni_id.has_value()) {
      attachment.delete_on_termination = asked.delete_on_termination.value_or(false);
      ASSIGN_OR_RETURN(NetworkInterface eni, network::GetInterface(c, *asked.eni_id));
      RETURN_IF_ERROR(network::AttachTo(c, eni, attachment, random_));
      if (eni.auto_public_ip && !eni.public_ip && place.interfaces.size() == 1) {
        ASSIGN_OR_RETURN(eni.public_ip, network::AllocatePublicIp(c, settings_, random_));
        RETURN_IF_ERROR(network::SetAttachment(c, eni));
      }
      if (asked.device_index == 0 && !eni.source_dest_check) {
        instance.source_dest_check = false;
        RETURN_IF_ERROR(InstanceTable(c).Update(instance));
      }
      continue;
    }
    const PrivateDnsNameOptionsChange names =
        each.subnet.ipv6_native() ? request.dns_name_options.WithoutIpv4() : request.dns_name_options;
    ASSIGN_OR_RETURN(NetworkInterface eni,
                     network::MakeInterface(c,
                                            {.subnet = each.subnet,
                                             .private_ip = asked.private_ip,
                                             .secondary_ips = asked.secondary_ips,
                                             .secondary_count = asked.secondary_count,
                                             .groups = each.groups,
                                             .description = asked.description,
                                             .dns_name_options = names.AppliedTo(each.subnet.dns_name_options),
                                             .attachment = attachment,
                                             .tracking = asked.tracking,
                                             .tags = request.interface_tags,
                                             .ipv6 = asked.ipv6,
                                             .ipv6_count = asked.ipv6_count,
                                             .primary_ipv6 = asked.primary_ipv6},
                                            random_));
    // As at EC2, only what is alone gets a public address by itself.
    const bool has_public = request.associate_public_ip.value_or(each.subnet.map_public_ip_on_launch);
    if (place.interfaces.size() > 1 || !has_public) continue;
    eni.auto_public_ip = true;
    ASSIGN_OR_RETURN(eni.public_ip, network::AllocatePublicIp(c, settings_, random_));
    RETURN_IF_ERROR(network::SetAttachment(c, eni));
  }
  return absl::OkStatus();
}

absl::Status InstanceService::CheckTypeForInterfaces(store::Connection& c, const InstanceId& id,
                                                     absl::string_view type) const {
  ASSIGN_OR_RETURN(const std::vector<NetworkInterface> interfaces, network::ListInterfacesOf(c, {&id, 1}));
  for (const NetworkInterface& eni : interfaces) {
    if (eni.ipv6_native()) RETURN_IF_ERROR(CheckIpv6OnlyType(type));
  }
  return absl::OkStatus();
}

absl::Status InstanceService::GivePublicAddresses(store::Connection& c, const InstanceId& id) {
  ASSIGN_OR_RETURN(std::vector<NetworkInterface> interfaces, network::ListInterfacesOf(c, {&id, 1}));
  // As at EC2, an instance of several interfaces gets none.
  if (interfaces.size() > 1) return absl::OkStatus();
  for (NetworkInterface& eni : interfaces) {
    if (!eni.auto_public_ip || eni.public_ip) continue;
    ASSIGN_OR_RETURN(const Ipv4 address, network::AllocatePublicIp(c, settings_, random_));
    RETURN_IF_ERROR(network::SetPublicIp(c, eni, address));
  }
  return absl::OkStatus();
}

absl::Status InstanceService::ChangeInterfaces(store::Connection& c, const Instance& instance,
                                               const InstanceChange& change) {
  if (!change.group_ids && !change.source_dest_check) return absl::OkStatus();
  ASSIGN_OR_RETURN(const NetworkInterface eni, network::OnlyInterfaceOf(c, instance.id));
  if (change.group_ids) RETURN_IF_ERROR(network::ChangeGroups(c, eni, *change.group_ids));
  return change.source_dest_check ? network::SetSourceDestCheck(c, eni.id, *change.source_dest_check)
                                  : absl::OkStatus();
}

}  // namespace brume::compute
