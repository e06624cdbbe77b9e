#include "lib/ec2/compute/api/instance_render.h"

#include "lib/base/enum_names.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/network/model/dns_names.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/zones.h"
#include "lib/schema/message_fields.h"

namespace brume::ec2 {

void RenderState(InstanceState state, v1::InstanceState& rendered) {
  rendered.set_code(static_cast<int>(state));
  rendered.set_name(std::string(StateName(state)));
}

void RenderMonitoring(bool detailed, v1::Monitoring& rendered) {
  rendered.set_state(detailed ? "enabled" : "disabled");
}

void RenderMetadataOptions(const MetadataOptions& options, v1::InstanceMetadataOptionsResponse& rendered) {
  rendered.set_state("applied");
  rendered.set_http_tokens(std::string(kHttpTokensNames.Of(options.tokens)));
  rendered.set_http_put_response_hop_limit(options.hop_limit);
  rendered.set_http_endpoint(std::string(kMetadataStateNames.Of(options.endpoint)));
  rendered.set_http_protocol_ipv6(std::string(kMetadataStateNames.Of(options.ipv6)));
  rendered.set_instance_metadata_tags(std::string(kMetadataStateNames.Of(options.tags)));
}

v1::InstanceStateChange RenderChange(const compute::StateChange& change) {
  v1::InstanceStateChange rendered;
  rendered.set_instance_id(change.id.text());
  RenderState(change.previous, *rendered.mutable_previous_state());
  RenderState(change.current, *rendered.mutable_current_state());
  return rendered;
}

absl::string_view ReservationPreference(const Instance& instance) {
  return instance.open_to_reservations ? "open" : "none";
}

absl::string_view AutoRecovery(bool enabled) { return enabled ? "default" : "disabled"; }

StateReason ReasonOf(const Instance& instance) {
  if (!instance.state_reason.code.empty()) return instance.state_reason;
  if (!instance.last_error.empty()) return {.code = "Server.InternalError", .message = instance.last_error};
  if (instance.state == InstanceState::kPending) return {.code = "pending", .message = "pending"};
  return {};
}

absl::string_view SummaryText(compute::CheckStatus status) {
  static constexpr EnumNames kSummaries({std::pair{compute::CheckStatus::kPassed, "ok"},
                                         {compute::CheckStatus::kFailed, "impaired"},
                                         {compute::CheckStatus::kInitializing, "initializing"},
                                         {compute::CheckStatus::kNotApplicable, "not-applicable"}});
  return kSummaries.Of(status);
}

absl::string_view CheckText(compute::CheckStatus status) {
  static constexpr EnumNames kChecks({std::pair{compute::CheckStatus::kPassed, "passed"},
                                      {compute::CheckStatus::kFailed, "failed"},
                                      {compute::CheckStatus::kInitializing, "initializing"},
                                      {compute::CheckStatus::kNotApplicable, ""}});
  return kChecks.Of(status);
}

namespace {

google::protobuf::RepeatedPtrField<v1::GroupIdentifier> GroupsOf(const NetworkInterface& eni,
                                                                 const compute::InstanceView& view) {
  google::protobuf::RepeatedPtrField<v1::GroupIdentifier> groups;
  for (const SecurityGroupId& id : eni.groups) {
    v1::GroupIdentifier& group = *groups.Add();
    group.set_group_id(id.text());
    if (const auto name = view.group_names.find(id); name != view.group_names.end()) {
      group.set_group_name(name->second);
    }
  }
  return groups;
}

// EC2's word for an address that belongs to the pool and not to the account.
constexpr char kPoolOwner[] = "amazon";

void RenderAssociation(const NetworkInterface& eni, const SecondaryAddress& address, const Settings& settings,
                       v1::InstanceNetworkInterfaceAssociation& association) {
  association.set_ip_owner_id(address.association_id.empty() ? kPoolOwner : settings.account_id);
  association.set_public_dns_name(eni.public_name ? PublicDnsName(*address.public_ip, settings.region) : "");
  association.set_public_ip(address.public_ip->text());
}

void RenderAddress(const NetworkInterface& eni, const SecondaryAddress& address, bool primary,
                   std::string private_dns_name, const Settings& settings, v1::InstancePrivateIpAddress& rendered) {
  rendered.set_primary(primary);
  rendered.set_private_dns_name(std::move(private_dns_name));
  rendered.set_private_ip_address(address.private_ip.text());
  if (address.public_ip) RenderAssociation(eni, address, settings, *rendered.mutable_association());
}

void RenderInterface(const NetworkInterface& eni, const compute::InstanceView& view, const Settings& settings,
                     v1::InstanceNetworkInterface& rendered) {
  rendered.set_network_interface_id(eni.id.text());
  rendered.set_description(eni.description);
  *rendered.mutable_groups() = GroupsOf(eni, view);
  rendered.set_mac_address(eni.mac);
  rendered.set_owner_id(settings.account_id);
  rendered.set_private_dns_name(PrivateDnsName(eni, settings));
  if (eni.private_ip.has_value()) rendered.set_private_ip_address(eni.private_ip->text());
  rendered.set_source_dest_check(eni.source_dest_check);
  rendered.set_status("in-use");
  rendered.set_subnet_id(eni.subnet_id.text());
  rendered.set_vpc_id(eni.vpc_id.text());
  rendered.set_interface_type("interface");
  rendered.mutable_operator_()->set_managed(false);
  if (eni.tracking != ConnectionTracking()) {
    schema::WriteFields(eni.tracking, *rendered.mutable_connection_tracking_configuration());
  }
  v1::InstanceNetworkInterfaceAttachment& attachment = *rendered.mutable_attachment();
  attachment.set_attach_time(gateway::RenderTime(eni.attach_time));
  attachment.set_attachment_id(eni.attachment_id);
  attachment.set_delete_on_termination(eni.delete_on_termination);
  attachment.set_device_index(eni.device_index);
  attachment.set_status(std::string(AttachmentStatusName(eni.attachment_state)));
  attachment.set_network_card_index(0);
  for (const Ipv6& address : eni.ipv6) {
    v1::InstanceIpv6Address& shown = *rendered.add_ipv6_addresses();
    shown.set_ipv6_address(address.text());
    shown.set_is_primary_ipv6(IsPrimary(eni, address));
  }
  if (!eni.private_ip.has_value()) return;
  const SecondaryAddress first = {*eni.private_ip, eni.public_ip, eni.allocation_id, eni.association_id};
  RenderAddress(eni, first, true, rendered.private_dns_name(), settings, *rendered.add_private_ip_addresses());
  if (first.public_ip) RenderAssociation(eni, first, settings, *rendered.mutable_association());
  for (const SecondaryAddress& each : eni.secondary) {
    std::string name = absl::StrCat(PrivateHostname(each.private_ip), ".", PrivateDomain(settings));
    RenderAddress(eni, each, false, std::move(name), settings, *rendered.add_private_ip_addresses());
  }
}

// As an InstanceStatusSummary or as an EbsStatusSummary, which has the same fields.
template <typename Summary>
Summary RenderSummary(compute::CheckStatus status, absl::Time impaired_since) {
  Summary summary;
  summary.set_status(std::string(SummaryText(status)));
  if (status == compute::CheckStatus::kNotApplicable) return summary;
  auto& details = *summary.add_details();
  details.set_name("reachability");
  details.set_status(std::string(CheckText(status)));
  if (status == compute::CheckStatus::kFailed && impaired_since != absl::InfiniteFuture()) {
    details.set_impaired_since(gateway::RenderTime(impaired_since));
  }
  return summary;
}

// What the first interface gives; a terminated instance has none, and EC2 shows empty names then.
void RenderAddresses(const compute::InstanceView& view, const Settings& settings, v1::Instance& rendered) {
  rendered.set_private_dns_name("");
  rendered.set_public_dns_name("");
  for (const NetworkInterface& eni : view.interfaces) {
    RenderInterface(eni, view, settings, *rendered.add_network_interfaces());
  }
  if (view.interfaces.empty()) return;
  const NetworkInterface& first = view.interfaces.front();
  rendered.set_private_dns_name(rendered.network_interfaces(0).private_dns_name());
  v1::PrivateDnsNameOptionsResponse& names = *rendered.mutable_private_dns_name_options();
  names.set_hostname_type(std::string(kHostnameTypeNames.Of(first.dns_name_options.hostname_type)));
  names.set_enable_resource_name_dns_a_record(first.dns_name_options.a_record);
  names.set_enable_resource_name_dns_aaaa_record(first.dns_name_options.aaaa_record);
  if (first.private_ip.has_value()) rendered.set_private_ip_address(first.private_ip->text());
  if (!first.ipv6.empty()) rendered.set_ipv6_address(first.ipv6.front().text());
  if (first.public_ip) {
    rendered.set_public_dns_name(PublicHostname(first, settings.region));
    rendered.set_public_ip_address(first.public_ip->text());
  }
  rendered.set_subnet_id(first.subnet_id.text());
  rendered.set_vpc_id(first.vpc_id.text());
}

}  // namespace

google::protobuf::RepeatedPtrField<v1::GroupIdentifier> RenderGroups(const compute::InstanceView& view) {
  if (view.interfaces.empty()) return {};
  return GroupsOf(view.interfaces.front(), view);
}

google::protobuf::RepeatedPtrField<v1::InstanceBlockDeviceMapping> RenderVolumes(const compute::InstanceView& view) {
  google::protobuf::RepeatedPtrField<v1::InstanceBlockDeviceMapping> mappings;
  for (const Volume& volume : view.volumes) {
    v1::InstanceBlockDeviceMapping& mapping = *mappings.Add();
    mapping.set_device_name(volume.device_name);
    v1::EbsInstanceBlockDevice& ebs = *mapping.mutable_ebs();
    ebs.set_attach_time(gateway::RenderTime(volume.attach_time));
    ebs.set_delete_on_termination(volume.delete_on_termination);
    ebs.set_status(std::string(StateName(volume.attachment_state)));
    ebs.set_volume_id(volume.id.text());
    ebs.set_ebs_card_index(0);
    ebs.mutable_operator_()->set_managed(false);
  }
  return mappings;
}

void RenderProfile(const ProfileAssociation& association, v1::IamInstanceProfile& rendered) {
  rendered.set_arn(association.profile_arn);
  rendered.set_id(association.profile_id);
}

void RenderInstance(const compute::InstanceView& view, const Settings& settings, v1::Instance& rendered) {
  const Instance& instance = view.instance;
  rendered.set_ami_launch_index(instance.launch_index);
  rendered.set_image_id(instance.image_id.text());
  rendered.set_instance_id(instance.id.text());
  rendered.set_instance_type(instance.instance_type);
  if (view.profile.has_value()) RenderProfile(*view.profile, *rendered.mutable_iam_instance_profile());
  if (!instance.key_name.empty()) rendered.set_key_name(instance.key_name);
  rendered.set_launch_time(gateway::RenderTime(instance.launch_time));
  RenderMonitoring(instance.monitoring, *rendered.mutable_monitoring());
  v1::Placement& placement = *rendered.mutable_placement();
  placement.set_availability_zone(instance.availability_zone);
  placement.set_group_name("");
  placement.set_tenancy("default");
  placement.set_availability_zone_id(ZoneId(settings, instance.availability_zone));
  RenderState(instance.state, *rendered.mutable_state());
  rendered.set_state_transition_reason(instance.transition_reason);
  if (const StateReason reason = ReasonOf(instance); !reason.code.empty()) {
    rendered.mutable_state_reason()->set_code(reason.code);
    rendered.mutable_state_reason()->set_message(reason.message);
  }
  RenderAddresses(view, settings, rendered);
  *rendered.mutable_block_device_mappings() = RenderVolumes(view);
  *rendered.mutable_security_groups() = RenderGroups(view);
  rendered.set_architecture("x86_64");
  rendered.set_client_token(instance.client_token);
  rendered.set_ebs_optimized(instance.ebs_optimized);
  rendered.set_ena_support(true);
  rendered.set_hypervisor("xen");
  rendered.set_root_device_name(instance.root_device_name);
  rendered.set_root_device_type("ebs");
  rendered.set_source_dest_check(instance.source_dest_check);
  *rendered.mutable_tags() = RenderTags(view.tags);
  rendered.set_virtualization_type("hvm");
  rendered.mutable_cpu_options()->set_core_count(view.type.vcpus);
  rendered.mutable_cpu_options()->set_threads_per_core(kThreadsPerCore);
  rendered.mutable_hibernation_options()->set_configured(instance.hibernation != Hibernation::kUnsupported);
  RenderMetadataOptions(instance.metadata_options, *rendered.mutable_metadata_options());
  rendered.mutable_enclave_options()->set_enabled(false);
  rendered.mutable_capacity_reservation_specification()->set_capacity_reservation_preference(
      std::string(ReservationPreference(instance)));
  rendered.mutable_maintenance_options()->set_auto_recovery(std::string(AutoRecovery(instance.auto_recovery)));
  rendered.mutable_maintenance_options()->set_reboot_migration(kRebootMigration);
  rendered.mutable_network_performance_options()->set_bandwidth_weighting(kBandwidthWeighting);
  rendered.mutable_operator_()->set_managed(false);
  rendered.set_boot_mode(std::string(BootModeName(instance.boot_mode)));
  const BootMode current = CurrentBootMode(instance.boot_mode, settings.has_uefi);
  rendered.set_current_instance_boot_mode(std::string(BootModeName(current)));
  rendered.set_platform_details("Linux/UNIX");
  rendered.set_usage_operation("RunInstances");
  rendered.set_usage_operation_update_time(gateway::RenderTime(instance.launch_time));
}

v1::InstanceStatus RenderStatus(const compute::InstanceView& view, const compute::InstanceStatus& status,
                                const Settings& settings) {
  v1::InstanceStatus rendered;
  rendered.set_availability_zone(view.instance.availability_zone);
  rendered.set_availability_zone_id(ZoneId(settings, view.instance.availability_zone));
  rendered.set_instance_id(view.instance.id.text());
  RenderState(view.instance.state, *rendered.mutable_instance_state());
  *rendered.mutable_instance_status() =
      RenderSummary<v1::InstanceStatusSummary>(status.instance, status.impaired_since);
  *rendered.mutable_system_status() = RenderSummary<v1::InstanceStatusSummary>(status.system, status.impaired_since);
  // A guest that the host runs has its volumes.
  *rendered.mutable_attached_ebs_status() = RenderSummary<v1::EbsStatusSummary>(status.system, status.impaired_since);
  rendered.mutable_operator_()->set_managed(false);
  return rendered;
}

google::protobuf::RepeatedPtrField<v1::Reservation> RenderReservations(absl::Span<const compute::InstanceView> views,
                                                                       const Settings& settings) {
  google::protobuf::RepeatedPtrField<v1::Reservation> reservations;
  for (const compute::InstanceView& view : views) {
    const std::string& id = view.instance.reservation_id.text();
    if (reservations.empty() || reservations.rbegin()->reservation_id() != id) {
      v1::Reservation& reservation = *reservations.Add();
      reservation.set_owner_id(settings.account_id);
      reservation.set_reservation_id(id);
    }
    RenderInstance(view, settings, *reservations.rbegin()->add_instances());
  }
  return reservations;
}

}  // namespace brume::ec2
