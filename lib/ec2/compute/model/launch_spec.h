// What a launch is, as it was asked for: the parameters of RunInstances that a launch template or a launch
// configuration can keep, each unset where it was not given. Texts are as they were given; ParseLaunch
// (lib/ec2/compute/launch_service.h) makes a launch of them. Values only.
//
// Names and structure are those of the schema's RunInstancesRequest and RequestLaunchTemplateData, from and to which
// lib/schema/message_fields.h takes it. It is stored as JSON by these names (lib/base/fields_json.h): a name never
// changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "lib/base/fields.h"
#include "lib/ec2/compute/model/instance_requirements.h"

namespace brume::compute {

struct LaunchSpec {
  struct Ebs {
    std::optional<bool> delete_on_termination;
    std::optional<int32_t> iops;
    std::optional<int32_t> volume_size;  // GiB
    std::optional<std::string> volume_type;
    std::optional<int32_t> throughput;
    std::optional<bool> encrypted;
    std::optional<std::string> snapshot_id = {};
    std::optional<std::string> kms_key_id = {};
    std::optional<int32_t> volume_initialization_rate = {};
    std::optional<int32_t> ebs_card_index = {};

    bool operator==(const Ebs&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"delete_on_termination", &Ebs::delete_on_termination}, Field{"iops", &Ebs::iops},
                        Field{"volume_size", &Ebs::volume_size}, Field{"volume_type", &Ebs::volume_type},
                        Field{"throughput", &Ebs::throughput}, Field{"encrypted", &Ebs::encrypted},
                        Field{"snapshot_id", &Ebs::snapshot_id}, Field{"kms_key_id", &Ebs::kms_key_id},
                        Field{"volume_initialization_rate", &Ebs::volume_initialization_rate},
                        Field{"ebs_card_index", &Ebs::ebs_card_index});
    }
  };

  struct BlockDeviceMapping {
    std::optional<std::string> device_name;
    std::optional<Ebs> ebs;
    std::optional<std::string> no_device = {};  // there is none where this is set
    std::optional<std::string> virtual_name = {};

    bool operator==(const BlockDeviceMapping&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"device_name", &BlockDeviceMapping::device_name}, Field{"ebs", &BlockDeviceMapping::ebs},
                        Field{"no_device", &BlockDeviceMapping::no_device},
                        Field{"virtual_name", &BlockDeviceMapping::virtual_name});
    }
  };

  struct Monitoring {
    std::optional<bool> enabled;

    bool operator==(const Monitoring&) const = default;
    static constexpr auto Fields() { return std::tuple(Field{"enabled", &Monitoring::enabled}); }
  };

  struct Placement {
    std::optional<std::string> availability_zone;
    std::optional<std::string> group_name;
    std::optional<std::string> tenancy;
    std::optional<std::string> availability_zone_id = {};
    std::optional<std::string> affinity = {};

    bool operator==(const Placement&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"availability_zone", &Placement::availability_zone},
                        Field{"group_name", &Placement::group_name}, Field{"tenancy", &Placement::tenancy},
                        Field{"availability_zone_id", &Placement::availability_zone_id},
                        Field{"affinity", &Placement::affinity});
    }
  };

  struct PrivateIpAddress {
    std::optional<bool> primary;
    std::optional<std::string> private_ip_address;

    bool operator==(const PrivateIpAddress&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"primary", &PrivateIpAddress::primary},
                        Field{"private_ip_address", &PrivateIpAddress::private_ip_address});
    }
  };

  struct ConnectionTracking {
    std::optional<int32_t> tcp_established_timeout, udp_stream_timeout, udp_timeout;  // seconds

    bool operator==(const ConnectionTracking&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"tcp_established_timeout", &ConnectionTracking::tcp_established_timeout},
                        Field{"udp_stream_timeout", &ConnectionTracking::udp_stream_timeout},
                        Field{"udp_timeout", &ConnectionTracking::udp_timeout});
    }
  };

  struct EnaSrdUdp {
    std::optional<bool> ena_srd_udp_enabled;

    bool operator==(const EnaSrdUdp&) const = default;
    static constexpr auto Fields() { return std::tuple(Field{"ena_srd_udp_enabled", &EnaSrdUdp::ena_srd_udp_enabled}); }
  };

  struct EnaSrd {
    std::optional<bool> ena_srd_enabled;
    std::optional<EnaSrdUdp> ena_srd_udp_specification;

    bool operator==(const EnaSrd&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"ena_srd_enabled", &EnaSrd::ena_srd_enabled},
                        Field{"ena_srd_udp_specification", &EnaSrd::ena_srd_udp_specification});
    }
  };

  struct Ipv6Address {
    std::optional<std::string> ipv6_address;
    std::optional<bool> is_primary_ipv6;

    bool operator==(const Ipv6Address&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"ipv6_address", &Ipv6Address::ipv6_address},
                        Field{"is_primary_ipv6", &Ipv6Address::is_primary_ipv6});
    }
  };

  struct NetworkInterface {
    std::optional<bool> associate_public_ip_address;
    std::optional<bool> delete_on_termination;
    std::optional<std::string> description;
    std::optional<int32_t> device_index;
    std::vector<std::string> groups;  // ids
    std::optional<std::string> private_ip_address;
    std::optional<std::string> subnet_id;
    std::optional<std::string> interface_type = {};
    std::optional<int32_t> network_card_index = {};
    std::vector<PrivateIpAddress> private_ip_addresses = {};
    std::optional<std::string> network_interface_id = {};
    std::optional<int32_t> secondary_private_ip_address_count = {};
    std::optional<ConnectionTracking> connection_tracking_specification = {};
    std::optional<int32_t> ipv6_address_count = {};
    std::vector<Ipv6Address> ipv6_addresses = {};
    std::optional<bool> primary_ipv6 = {};
    std::optional<EnaSrd> ena_srd_specification = {};
    std::optional<bool> associate_carrier_ip_address = {};
    std::optional<int32_t> ipv4_prefix_count = {};
    std::optional<int32_t> ipv6_prefix_count = {};

    bool operator==(const NetworkInterface&) const = default;
    static constexpr auto Fields() {
      return std::tuple(
          Field{"associate_public_ip_address", &NetworkInterface::associate_public_ip_address},
          Field{"delete_on_termination", &NetworkInterface::delete_on_termination},
          Field{"description", &NetworkInterface::description}, Field{"device_index", &NetworkInterface::device_index},
          Field{"groups", &NetworkInterface::groups},
          Field{"private_ip_address", &NetworkInterface::private_ip_address},
          Field{"subnet_id", &NetworkInterface::subnet_id}, Field{"interface_type", &NetworkInterface::interface_type},
          Field{"network_card_index", &NetworkInterface::network_card_index},
          Field{"private_ip_addresses", &NetworkInterface::private_ip_addresses},
          Field{"network_interface_id", &NetworkInterface::network_interface_id},
          Field{"secondary_private_ip_address_count", &NetworkInterface::secondary_private_ip_address_count},
          Field{"connection_tracking_specification", &NetworkInterface::connection_tracking_specification},
          Field{"ipv6_address_count", &NetworkInterface::ipv6_address_count},
          Field{"ipv6_addresses", &NetworkInterface::ipv6_addresses},
          Field{"primary_ipv6", &NetworkInterface::primary_ipv6},
          Field{"ena_srd_specification", &NetworkInterface::ena_srd_specification},
          Field{"associate_carrier_ip_address", &NetworkInterface::associate_carrier_ip_address},
          Field{"ipv4_prefix_count", &NetworkInterface::ipv4_prefix_count},
          Field{"ipv6_prefix_count", &NetworkInterface::ipv6_prefix_count});
    }
  };

  struct Tag {
    std::optional<std::string> key;
    std::optional<std::string> value;

    bool operator==(const Tag&) const = default;
    static constexpr auto Fields() { return std::tuple(Field{"key", &Tag::key}, Field{"value", &Tag::value}); }
  };

  struct TagSpecification {
    std::optional<std::string> resource_type;  // "instance", "volume", "network-interface"
    std::vector<Tag> tags;

    bool operator==(const TagSpecification&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"resource_type", &TagSpecification::resource_type},
                        Field{"tags", &TagSpecification::tags});
    }
  };

  struct CreditSpecification {
    std::optional<std::string> cpu_credits;

    bool operator==(const CreditSpecification&) const = default;
    static constexpr auto Fields() { return std::tuple(Field{"cpu_credits", &CreditSpecification::cpu_credits}); }
  };

  struct MetadataOptions {
    std::optional<std::string> http_tokens;
    std::optional<int32_t> http_put_response_hop_limit;
    std::optional<std::string> http_endpoint;
    std::optional<std::string> instance_metadata_tags;
    std::optional<std::string> http_protocol_ipv6 = {};

    bool operator==(const MetadataOptions&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"http_tokens", &MetadataOptions::http_tokens},
                        Field{"http_put_response_hop_limit", &MetadataOptions::http_put_response_hop_limit},
                        Field{"http_endpoint", &MetadataOptions::http_endpoint},
                        Field{"instance_metadata_tags", &MetadataOptions::instance_metadata_tags},
                        Field{"http_protocol_ipv6", &MetadataOptions::http_protocol_ipv6});
    }
  };

  struct IamInstanceProfile {
    std::optional<std::string> arn;
    std::optional<std::string> name;

    bool operator==(const IamInstanceProfile&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"arn", &IamInstanceProfile::arn}, Field{"name", &IamInstanceProfile::name});
    }
  };

  struct CpuOptions {
    std::optional<int32_t> core_count;
    std::optional<int32_t> threads_per_core;
    std::optional<std::string> amd_sev_snp = {};
    std::optional<std::string> nested_virtualization = {};

    bool operator==(const CpuOptions&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"core_count", &CpuOptions::core_count},
                        Field{"threads_per_core", &CpuOptions::threads_per_core},
                        Field{"amd_sev_snp", &CpuOptions::amd_sev_snp},
                        Field{"nested_virtualization", &CpuOptions::nested_virtualization});
    }
  };

  struct CapacityReservationTarget {
    std::optional<std::string> capacity_reservation_id;
    std::optional<std::string> capacity_reservation_resource_group_arn;

    bool operator==(const CapacityReservationTarget&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"capacity_reservation_id", &CapacityReservationTarget::capacity_reservation_id},
                        Field{"capacity_reservation_resource_group_arn",
                              &CapacityReservationTarget::capacity_reservation_resource_group_arn});
    }
  };

  struct CapacityReservation {
    std::optional<std::string> capacity_reservation_preference;
    std::optional<CapacityReservationTarget> capacity_reservation_target;

    bool operator==(const CapacityReservation&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"capacity_reservation_preference", &CapacityReservation::capacity_reservation_preference},
                        Field{"capacity_reservation_target", &CapacityReservation::capacity_reservation_target});
    }
  };

  struct HibernationOptions {
    std::optional<bool> configured;

    bool operator==(const HibernationOptions&) const = default;
    static constexpr auto Fields() { return std::tuple(Field{"configured", &HibernationOptions::configured}); }
  };

  struct EnclaveOptions {
    std::optional<bool> enabled;

    bool operator==(const EnclaveOptions&) const = default;
    static constexpr auto Fields() { return std::tuple(Field{"enabled", &EnclaveOptions::enabled}); }
  };

  struct PrivateDnsNameOptions {
    std::optional<std::string> hostname_type;
    std::optional<bool> enable_resource_name_dns_a_record;
    std::optional<bool> enable_resource_name_dns_aaaa_record;

    bool operator==(const PrivateDnsNameOptions&) const = default;
    static constexpr auto Fields() {
      return std::tuple(
          Field{"hostname_type", &PrivateDnsNameOptions::hostname_type},
          Field{"enable_resource_name_dns_a_record", &PrivateDnsNameOptions::enable_resource_name_dns_a_record},
          Field{"enable_resource_name_dns_aaaa_record", &PrivateDnsNameOptions::enable_resource_name_dns_aaaa_record});
    }
  };

  struct MaintenanceOptions {
    std::optional<std::string> auto_recovery;

    bool operator==(const MaintenanceOptions&) const = default;
    static constexpr auto Fields() { return std::tuple(Field{"auto_recovery", &MaintenanceOptions::auto_recovery}); }
  };

  struct NetworkPerformanceOptions {
    std::optional<std::string> bandwidth_weighting;

    bool operator==(const NetworkPerformanceOptions&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"bandwidth_weighting", &NetworkPerformanceOptions::bandwidth_weighting});
    }
  };

  std::vector<BlockDeviceMapping> block_device_mappings;
  std::optional<std::string> image_id;
  std::optional<std::string> instance_type;
  std::optional<std::string> key_name;
  std::optional<Monitoring> monitoring;
  std::optional<Placement> placement;
  std::vector<std::string> security_group_ids;
  std::vector<std::string> security_groups;  // names
  std::optional<std::string> subnet_id;
  std::optional<std::string> user_data;  // base64
  std::optional<bool> disable_api_termination;
  std::optional<bool> ebs_optimized;
  std::optional<std::string> instance_initiated_shutdown_behavior;
  std::vector<NetworkInterface> network_interfaces;
  std::optional<std::string> private_ip_address;
  std::vector<TagSpecification> tag_specifications;
  std::optional<CreditSpecification> credit_specification;
  std::optional<MetadataOptions> metadata_options;
  std::optional<bool> disable_api_stop;
  std::optional<IamInstanceProfile> iam_instance_profile;
  std::optional<CpuOptions> cpu_options;
  std::optional<CapacityReservation> capacity_reservation_specification;
  std::optional<HibernationOptions> hibernation_options;
  std::optional<EnclaveOptions> enclave_options;
  std::optional<PrivateDnsNameOptions> private_dns_name_options;
  std::optional<MaintenanceOptions> maintenance_options;
  std::optional<NetworkPerformanceOptions> network_performance_options;
  std::optional<InstanceRequirements> instance_requirements = {};  // of templates alone, in the place of a type
  // Of RunInstances alone.
  std::optional<int32_t> ipv6_address_count = {};
  std::vector<Ipv6Address> ipv6_addresses = {};
  std::optional<bool> enable_primary_ipv6 = {};

  bool operator==(const LaunchSpec&) const = default;
  static constexpr auto Fields() {
    return std::tuple(Field{"block_device_mappings", &LaunchSpec::block_device_mappings},
                      Field{"image_id", &LaunchSpec::image_id}, Field{"instance_type", &LaunchSpec::instance_type},
                      Field{"key_name", &LaunchSpec::key_name}, Field{"monitoring", &LaunchSpec::monitoring},
                      Field{"placement", &LaunchSpec::placement},
                      Field{"security_group_ids", &LaunchSpec::security_group_ids},
                      Field{"security_groups", &LaunchSpec::security_groups},
                      Field{"subnet_id", &LaunchSpec::subnet_id}, Field{"user_data", &LaunchSpec::user_data},
                      Field{"disable_api_termination", &LaunchSpec::disable_api_termination},
                      Field{"ebs_optimized", &LaunchSpec::ebs_optimized},
                      Field{"instance_initiated_shutdown_behavior", &LaunchSpec::instance_initiated_shutdown_behavior},
                      Field{"network_interfaces", &LaunchSpec::network_interfaces},
                      Field{"private_ip_address", &LaunchSpec::private_ip_address},
                      Field{"tag_specifications", &LaunchSpec::tag_specifications},
                      Field{"credit_specification", &LaunchSpec::credit_specification},
                      Field{"metadata_options", &LaunchSpec::metadata_options},
                      Field{"disable_api_stop", &LaunchSpec::disable_api_stop},
                      Field{"iam_instance_profile", &LaunchSpec::iam_instance_profile},
                      Field{"cpu_options", &LaunchSpec::cpu_options},
                      Field{"capacity_reservation_specification", &LaunchSpec::capacity_reservation_specification},
                      Field{"hibernation_options", &LaunchSpec::hibernation_options},
                      Field{"enclave_options", &LaunchSpec::enclave_options},
                      Field{"private_dns_name_options", &LaunchSpec::private_dns_name_options},
                      Field{"maintenance_options", &LaunchSpec::maintenance_options},
                      Field{"network_performance_options", &LaunchSpec::network_performance_options},
                      Field{"instance_requirements", &LaunchSpec::instance_requirements},
                      Field{"ipv6_address_count", &LaunchSpec::ipv6_address_count},
                      Field{"ipv6_addresses", &LaunchSpec::ipv6_addresses},
                      Field{"enable_primary_ipv6", &LaunchSpec::enable_primary_ipv6});
  }
};

// `base` with each parameter that `over` gives in place of its own: lists and structures as a whole, tags too, and a
// type in the place of requirements or the other way round. What a launch template's version made from another one has.
LaunchSpec Override(LaunchSpec base, const LaunchSpec& over);

// The same, but with the tags of both: for a key of both on one type of resource the value of `over` counts. What a
// launch from a template has.
LaunchSpec Merge(LaunchSpec base, const LaunchSpec& over);

// The bytes of all texts in it: what limits on its size count.
size_t TextBytes(const LaunchSpec& spec);

}  // namespace brume::compute
