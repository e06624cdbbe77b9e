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

namespace brume::compute {

struct LaunchSpec {
  struct Ebs {
    std::optional<bool> delete_on_termination;
    std::optional<int32_t> iops;
    std::optional<int32_t> volume_size;  // GiB
    std::optional<std::string> volume_type;
    std::optional<int32_t> throughput;
    std::optional<bool> encrypted;

    bool operator==(const Ebs&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"delete_on_termination", &Ebs::delete_on_termination}, Field{"iops", &Ebs::iops},
                        Field{"volume_size", &Ebs::volume_size}, Field{"volume_type", &Ebs::volume_type},
                        Field{"throughput", &Ebs::throughput}, Field{"encrypted", &Ebs::encrypted});
    }
  };

  struct BlockDeviceMapping {
    std::optional<std::string> device_name;
    std::optional<Ebs> ebs;

    bool operator==(const BlockDeviceMapping&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"device_name", &BlockDeviceMapping::device_name}, Field{"ebs", &BlockDeviceMapping::ebs});
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

    bool operator==(const Placement&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"availability_zone", &Placement::availability_zone},
                        Field{"group_name", &Placement::group_name}, Field{"tenancy", &Placement::tenancy});
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

    bool operator==(const NetworkInterface&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"associate_public_ip_address", &NetworkInterface::associate_public_ip_address},
                        Field{"delete_on_termination", &NetworkInterface::delete_on_termination},
                        Field{"description", &NetworkInterface::description},
                        Field{"device_index", &NetworkInterface::device_index},
                        Field{"groups", &NetworkInterface::groups},
                        Field{"private_ip_address", &NetworkInterface::private_ip_address},
                        Field{"subnet_id", &NetworkInterface::subnet_id});
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

    bool operator==(const MetadataOptions&) const = default;
    static constexpr auto Fields() {
      return std::tuple(Field{"http_tokens", &MetadataOptions::http_tokens},
                        Field{"http_put_response_hop_limit", &MetadataOptions::http_put_response_hop_limit},
                        Field{"http_endpoint", &MetadataOptions::http_endpoint},
                        Field{"instance_metadata_tags", &MetadataOptions::instance_metadata_tags});
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
                      Field{"iam_instance_profile", &LaunchSpec::iam_instance_profile});
  }
};

// `base` with each parameter that `over` gives in place of its own: lists and structures as a whole, tags too. What a
// launch template's version made from another one has.
LaunchSpec Override(LaunchSpec base, const LaunchSpec& over);

// The same, but with the tags of both: for a key of both on one type of resource the value of `over` counts. What a
// launch from a template has.
LaunchSpec Merge(LaunchSpec base, const LaunchSpec& over);

// The bytes of all texts in it: what limits on its size count.
size_t TextBytes(const LaunchSpec& spec);

}  // namespace brume::compute
