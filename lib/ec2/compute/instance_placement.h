// Whether this host takes what RunInstances asks for, and with what: image, type, key, subnet, groups, and room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/compute/launch_volumes.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/resource/settings.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::compute {

// A network interface of what is launched.
struct LaunchInterface {
  int device_index = 0;
  std::optional<EniId> eni_id = {};  // one that is there; nothing but the two below is said of it
  std::optional<bool> delete_on_termination = {};
  std::optional<SubnetId> subnet_id = {};       // none = the instance's
  std::vector<SecurityGroupId> group_ids = {};  // none = the VPC's default group
  std::optional<Ipv4> private_ip = {};
  std::vector<Ipv4> secondary_ips = {};
  int secondary_count = 0;  // of any that are free
  std::string description = {};
  ConnectionTracking tracking = {};
  std::vector<Ipv6> ipv6 = {};
  std::optional<int> ipv6_count = {};  // of any that are free; none = as the subnet says, where `ipv6` is empty
  bool primary_ipv6 = false;           // the first one stays
};

// What RunInstances asks for.
struct RunRequest {
  ImageId image_id;
  std::string instance_type;  // empty = Settings::default_instance_type
  int min_count = 1;
  int max_count = 1;
  std::string client_token;  // empty = none
  // Of all parameters but the token; the same token with another digest is IdempotentParameterMismatch.
  std::string parameters_digest;
  std::string key_name;                     // empty = none
  std::vector<SecurityGroupId> group_ids;   // with group_names: both; none of either = the VPC's default group
  std::vector<std::string> group_names;     // of the default VPC
  std::optional<SubnetId> subnet_id;        // none = the default subnet of the zone
  std::string availability_zone;            // empty = the first
  std::string availability_zone_id;         // the same by the zone's id
  std::optional<Ipv4> private_ip;           // only for one instance
  std::optional<bool> associate_public_ip;  // none = as the subnet says
  std::string interface_description;
  // Of the first interface, which the members above are about.
  std::optional<EniId> eni_id;           // one that is there
  std::optional<bool> delete_interface;  // none = one that is made
  std::vector<Ipv4> secondary_ips;
  int secondary_count = 0;
  ConnectionTracking tracking;
  std::vector<Ipv6> ipv6;
  std::optional<int> ipv6_count;
  bool primary_ipv6 = false;
  std::vector<LaunchInterface> further_interfaces;  // beside the first
  std::string user_data;                            // raw
  std::vector<BlockDevice> block_devices;
  ShutdownBehavior shutdown_behavior = ShutdownBehavior::kStop;
  bool disable_api_termination = false;
  bool disable_api_stop = false;
  bool monitoring = false;
  bool ebs_optimized = false;
  std::optional<bool> unlimited_credits;  // of burstable types alone; none = what the type has
  // Must be what the type has, where given.
  std::optional<int> core_count, threads_per_core;
  bool auto_recovery = true;
  bool open_to_reservations = true;
  PrivateDnsNameOptionsChange dns_name_options;  // of what the subnet gives
  bool hibernation = false;                      // HibernationOptions
  MetadataOptionsChange metadata_options;        // unset members: as the image says, else the default
  std::string profile_id, profile_arn;           // of the instance profile; empty = none
  TagMap instance_tags, volume_tags, interface_tags;
  TagMap system_tags;  // of the instances; keys begin with "aws:"
};

// Where an interface of what is launched is.
struct PlacedInterface {
  LaunchInterface asked;
  Subnet subnet;
  std::vector<SecurityGroupId> groups;
};

// What one RunInstances was granted.
struct Placement {
  Image image;
  const InstanceType* type = nullptr;
  Subnet subnet;
  std::vector<SecurityGroupId> groups;
  std::vector<PlacedInterface> interfaces;  // the first at the front
  std::string public_key;                   // empty = no key pair
  std::vector<Volume> volumes;              // of each instance, as PlanVolumes has them
  bool unlimited_credits = false;
  int count = 0;
};

// What a launch would use and make, whether there is room for it or not.
struct LaunchPlan {
  std::vector<PlacedInterface> interfaces;  // the first at the front
  std::vector<Volume> volumes;              // of each instance, as PlanVolumes has them
  MetadataOptions metadata_options;
};

// Error: UnsupportedOperation for a type that may not have an interface in an IPv6-only subnet.
absl::Status CheckIpv6OnlyType(absl::string_view type);
// Error: InvalidParameterCombination for names that an instance in an IPv6-only subnet cannot have.
absl::Status CheckIpv6OnlyNames(const PrivateDnsNameOptionsChange& names);
// Of an instance that the request launches from the image.
MetadataOptions MetadataOptionsOf(const Image& image, const RunRequest& request);

// Reads inside the caller's transaction and changes nothing. Thread-safe.
class InstancePlacer {
 public:
  InstancePlacer(const Settings& settings, const InstanceTypeTable& types) : settings_(settings), types_(types) {}

  // Errors: those of InstanceService::Run that say why a launch is refused.
  absl::StatusOr<Placement> Place(store::Connection& c, const RunRequest& request) const;
  // Errors: those of Place that are about image, zone, subnet, groups and volumes.
  absl::StatusOr<LaunchPlan> Plan(store::Connection& c, const RunRequest& request) const;
  // Whether one more of the type fits. Errors: InvalidParameterValue for a type that is unknown by now,
  // InsufficientInstanceCapacity.
  absl::Status CheckCapacity(store::Connection& c, const std::string& instance_type) const;

 private:
  absl::StatusOr<std::vector<PlacedInterface>> PlaceInterfaces(store::Connection& c, const RunRequest& request) const;
  // How many more of a type fit this host.
  absl::StatusOr<int64_t> RoomFor(store::Connection& c, const InstanceType& type) const;

  const Settings& settings_;
  const InstanceTypeTable& types_;
};

}  // namespace brume::compute
