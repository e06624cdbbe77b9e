#include "lib/ec2/compute/instance_placement.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/compute/tables/key_pair_table.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/security_group_service.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/resource/zones.h"

namespace brume::compute {
namespace {

// The zone that the request names; empty when it names none.
absl::StatusOr<std::string> NamedZone(const Settings& settings, const RunRequest& request) {
  if (request.availability_zone.empty() && request.availability_zone_id.empty()) return std::string();
  for (const std::string& zone : settings.zones) {
    const bool is_named = request.availability_zone.empty() || zone == request.availability_zone;
    const bool has_id = request.availability_zone_id.empty() || ZoneId(settings, zone) == request.availability_zone_id;
    if (is_named && has_id) return zone;
  }
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Invalid availability zone: [", request.availability_zone, " ",
                                 request.availability_zone_id, "]. There are ", absl::StrJoin(settings.zones, ", ")));
}

absl::StatusOr<Subnet> ChooseSubnet(store::Connection& c, const Settings& settings, const RunRequest& request) {
  ASSIGN_OR_RETURN(const std::string named, NamedZone(settings, request));
  if (request.subnet_id) {
    ASSIGN_OR_RETURN(Subnet subnet, network::GetSubnet(c, *request.subnet_id));
    if (!named.empty() && subnet.availability_zone != named) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("The subnet '", subnet.id.text(), "' is in ",
                                                              subnet.availability_zone, ", not in ", named));
    }
    return subnet;
  }
  const std::string& zone = named.empty() ? settings.zones.front() : named;
  ASSIGN_OR_RETURN(const std::optional<Vpc> vpc, network::FindDefaultVpc(c));
  if (!vpc) return ec2::Error("VPCIdNotSpecified", "There is no default VPC; name a subnet");
  ASSIGN_OR_RETURN(std::vector<Subnet> subnets, network::ListSubnets(c, vpc->id));
  for (Subnet& subnet : subnets) {
    if (subnet.default_for_az && subnet.availability_zone == zone) return std::move(subnet);
  }
  return ec2::Error("MissingInput", absl::StrCat("No default subnet in ", zone, "; name a subnet"));
}

absl::StatusOr<std::vector<SecurityGroupId>> ChooseGroups(store::Connection& c, const VpcId& vpc,
                                                          const RunRequest& request) {
  std::vector<SecurityGroupId> groups;
  for (const SecurityGroupId& id : request.group_ids) {
    ASSIGN_OR_RETURN(const SecurityGroup group, network::GetSecurityGroup(c, id));
    if (group.vpc_id != vpc) {
      return ec2::Error("InvalidParameter", absl::StrCat("The security group '", id.text(),
                                                         "' belongs to another network than the subnet"));
    }
    groups.push_back(id);
  }
  std::vector<std::string> names = request.group_names;
  if (groups.empty() && names.empty()) names.push_back("default");
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const std::optional<SecurityGroup> group, network::FindSecurityGroup(c, vpc, name));
    if (!group) {
      return ec2::Error(ec2::kGroupNotInVpc, name, vpc.text());
    }
    groups.push_back(group->id);
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  RETURN_IF_ERROR(network::CheckGroupCount(groups));
  return groups;
}

// The interface that the members of the request are about.
LaunchInterface FirstInterface(const RunRequest& request) {
  return {.device_index = 0,
          .eni_id = request.eni_id,
          .delete_on_termination = request.delete_interface,
          .subnet_id = request.subnet_id,
          .group_ids = request.group_ids,
          .private_ip = request.private_ip,
          .secondary_ips = request.secondary_ips,
          .secondary_count = request.secondary_count,
          .description = request.interface_description,
          .tracking = request.tracking,
          .ipv6 = request.ipv6,
          .ipv6_count = request.ipv6_count,
          .primary_ipv6 = request.primary_ipv6};
}

// One that is there has its subnet and groups already.
absl::StatusOr<PlacedInterface> PlacePresent(store::Connection& c, const LaunchInterface& asked) {
  ASSIGN_OR_RETURN(const NetworkInterface eni, network::GetInterface(c, *asked.eni_id));
  RETURN_IF_ERROR(network::CheckOwn(eni));
  RETURN_IF_ERROR(network::CheckAvailable(eni));
  PlacedInterface placed{.asked = asked, .subnet = {}, .groups = eni.groups};
  ASSIGN_OR_RETURN(placed.subnet, network::GetSubnet(c, eni.subnet_id));
  return placed;
}

absl::Status CheckTogether(const PlacedInterface& first, const PlacedInterface& other) {
  const bool together =
      first.subnet.vpc_id == other.subnet.vpc_id && first.subnet.availability_zone == other.subnet.availability_zone;
  if (together) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination",
                    absl::StrCat("Network interfaces of an instance must be in one VPC and availability zone: '",
                                 first.subnet.id.text(), "' and '", other.subnet.id.text(), "' are not"));
}

// Of a type's interfaces and addresses.
absl::Status CheckInterfaceLimits(store::Connection& c, const std::string& type,
                                  const std::vector<PlacedInterface>& interfaces) {
  const InterfaceLimits limits = InterfaceLimitsOf(type);
  if (interfaces.size() > static_cast<size_t>(limits.interfaces)) {
    return ec2::Error(
        "AttachmentLimitExceeded",
        absl::StrCat("Interface count ", interfaces.size(), " exceeds the limit for ", type, ", ", limits.interfaces));
  }
  for (const PlacedInterface& each : interfaces) {
    size_t addresses = 1 + each.asked.secondary_ips.size() + each.asked.secondary_count;
    size_t ipv6 = each.asked.ipv6.size() + each.asked.ipv6_count.value_or(0);
    if (each.asked.eni_id.has_value()) {
      ASSIGN_OR_RETURN(const NetworkInterface eni, network::GetInterface(c, *each.asked.eni_id));
      addresses = PrivateAddresses(eni).size();
      ipv6 = eni.ipv6.size();
    }
    for (const auto& [kind, count] : {std::pair{"private", addresses}, {"IPv6", ipv6}}) {
      if (count <= static_cast<size_t>(limits.addresses)) continue;
      return ec2::Error("PrivateIpAddressLimitExceeded",
                        absl::StrCat("Number of ", kind, " addresses will exceed limit: ", count, " of the interface ",
                                     each.asked.device_index, ", and ", type, " has at most ", limits.addresses));
    }
  }
  return absl::OkStatus();
}

// What of a launch does not go with an IPv6-only subnet.
absl::Status CheckIpv6Only(const std::string& type, const RunRequest& request,
                           const std::vector<PlacedInterface>& interfaces) {
  for (const PlacedInterface& each : interfaces) {
    if (each.subnet.ipv6_native()) RETURN_IF_ERROR(CheckIpv6OnlyType(type));
  }
  if (!interfaces.front().subnet.ipv6_native()) return absl::OkStatus();
  if (request.associate_public_ip.value_or(false)) {
    RETURN_IF_ERROR(network::NeedIpv4(interfaces.front().subnet, "public IPv4 addresses"));
  }
  return CheckIpv6OnlyNames(request.dns_name_options);
}

// How many instances with these interfaces the free addresses of the subnets are enough for.
absl::StatusOr<int64_t> RoomForAddresses(store::Connection& c, const std::vector<PlacedInterface>& interfaces,
                                         int min_count) {
  std::map<SubnetId, int64_t> needs;
  for (const PlacedInterface& each : interfaces) {
    const auto secondary = static_cast<int64_t>(each.asked.secondary_ips.size()) + each.asked.secondary_count;
    const bool takes = !each.asked.eni_id.has_value() && !each.subnet.ipv6_native();
    if (takes) needs[each.subnet.id] += 1 + secondary;
  }
  int64_t room = std::numeric_limits<int>::max();
  for (const PlacedInterface& each : interfaces) {
    const int64_t need = needs[each.subnet.id];
    if (need == 0) continue;
    ASSIGN_OR_RETURN(const int64_t free, network::CountFreeAddresses(c, each.subnet));
    if (free < need * min_count) {
      return ec2::Error("InsufficientFreeAddressesInSubnet",
                        absl::StrCat("The subnet '", each.subnet.id.text(), "' has ", free, " free addresses, not ",
                                     need * min_count));
    }
    room = std::min(room, free / need);
  }
  return room;
}

absl::Status CheckCpuOptions(const InstanceType& type, const RunRequest& request) {
  const bool as_it_is = request.core_count.value_or(type.vcpus) == type.vcpus &&
                        request.threads_per_core.value_or(kThreadsPerCore) == kThreadsPerCore;
  if (as_it_is) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination",
                    absl::StrCat("The instance type '", type.name, "' has ", type.vcpus, " cores of ", kThreadsPerCore,
                                 " thread; CpuOptions can name no others"));
}

absl::StatusOr<bool> ChooseCredits(const InstanceType& type, const RunRequest& request) {
  if (!IsBurstable(type)) {
    if (!request.unlimited_credits) return false;
    return ec2::Error("InvalidParameterCombination",
                      absl::StrCat("The instance type '", type.name,
                                   "' is not burstable: CpuCredits is a parameter of ", "t2, t3 and t3a instances"));
  }
  return request.unlimited_credits.value_or(IsUnlimitedByDefault(type));
}

// Its memory is kept with the key of its root volume, and as at EC2 the root volume must have room for it.
absl::Status CheckHibernation(const InstanceType& type, const std::vector<Volume>& volumes, const std::string& root) {
  const auto refuse = [](absl::string_view why) { return ec2::Error("UnsupportedHibernationConfiguration", why); };
  const auto volume =
      std::find_if(volumes.begin(), volumes.end(), [&](const Volume& each) { return each.device_name == root; });
  if (volume == volumes.end()) return refuse("An instance that hibernates needs a root volume");
  if (!volume->encrypted) {
    return refuse(
        absl::StrCat("An instance that hibernates needs an encrypted root volume: set Encrypted of the block ",
                     "device ", root, ", or encrypt by default"));
  }
  if (type.memory_mib > kMaxHibernatedMemoryMib) {
    return refuse(absl::StrCat("Instances of more than 150 GiB of memory do not hibernate: ", type.name, " has ",
                               type.memory_mib, " MiB"));
  }
  if (volume->size_gib * 1024 >= type.memory_mib) return absl::OkStatus();
  return refuse(absl::StrCat("The root volume of ", volume->size_gib, " GiB has no room for the memory of ", type.name,
                             ", ", type.memory_mib, " MiB"));
}

absl::StatusOr<Image> UsableImage(store::Connection& c, const ImageId& id) {
  ASSIGN_OR_RETURN(Image image, storage::GetImage(c, id));
  switch (image.state) {
    case ImageState::kAvailable:
      return image;
    case ImageState::kDeregistered:
      return id.NotFound();
    case ImageState::kDisabled:
      return ec2::Error("InvalidAMIID.Unavailable",
                        absl::StrCat("The image '", id.text(), "' is disabled; enable it by EnableImage first"));
    case ImageState::kPending:
      return ec2::Error(
          "InvalidAMIID.Unavailable",
          absl::StrCat("The image '", id.text(), "' is still being imported; wait until it is available"));
    case ImageState::kFailed:
      return ec2::Error(
          "InvalidAMIID.Unavailable",
          absl::StrCat("The image '", id.text(), "' could not be imported: ", image.state_reason.message));
  }
  return id.NotFound();
}

}  // namespace

MetadataOptions MetadataOptionsOf(const Image& image, const RunRequest& request) {
  MetadataOptions options;
  if (image.imds_v2) {
    options.tokens = HttpTokens::kRequired;
    options.hop_limit = 2;  // EC2's, so that containers in the guest reach it
  }
  return request.metadata_options.AppliedTo(options);
}

absl::StatusOr<LaunchPlan> InstancePlacer::Plan(store::Connection& c, const RunRequest& request) const {
  LaunchPlan plan;
  ASSIGN_OR_RETURN(const Image image, storage::GetImage(c, request.image_id));
  ASSIGN_OR_RETURN(plan.interfaces, PlaceInterfaces(c, request));
  ASSIGN_OR_RETURN(plan.volumes, PlanVolumes(c, image, request.block_devices));
  plan.metadata_options = MetadataOptionsOf(image, request);
  return plan;
}

absl::StatusOr<std::vector<PlacedInterface>> InstancePlacer::PlaceInterfaces(store::Connection& c,
                                                                             const RunRequest& request) const {
  std::vector<PlacedInterface> placed;
  const LaunchInterface first = FirstInterface(request);
  if (first.eni_id.has_value()) {
    ASSIGN_OR_RETURN(placed.emplace_back(), PlacePresent(c, first));
    ASSIGN_OR_RETURN(const std::string zone, NamedZone(settings_, request));
    if (!zone.empty() && zone != placed.front().subnet.availability_zone) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The network interface '", first.eni_id->text(), "' is in ",
                                     placed.front().subnet.availability_zone, ", not in ", zone));
    }
  } else {
    PlacedInterface& made = placed.emplace_back();
    made.asked = first;
    ASSIGN_OR_RETURN(made.subnet, ChooseSubnet(c, settings_, request));
    ASSIGN_OR_RETURN(made.groups, ChooseGroups(c, made.subnet.vpc_id, request));
  }
  for (const LaunchInterface& asked : request.further_interfaces) {
    PlacedInterface next{.asked = asked, .subnet = placed.front().subnet, .groups = {}};
    if (asked.eni_id.has_value()) {
      ASSIGN_OR_RETURN(next, PlacePresent(c, asked));
    } else {
      if (asked.subnet_id.has_value()) {
        ASSIGN_OR_RETURN(next.subnet, network::GetSubnet(c, *asked.subnet_id));
      }
      RunRequest of_groups;
      of_groups.group_ids = asked.group_ids;
      ASSIGN_OR_RETURN(next.groups, ChooseGroups(c, next.subnet.vpc_id, of_groups));
    }
    RETURN_IF_ERROR(CheckTogether(placed.front(), next));
    placed.push_back(std::move(next));
  }
  return placed;
}

absl::Status CheckIpv6OnlyType(absl::string_view type) {
  if (SupportsIpv6Only(type)) return absl::OkStatus();
  return ec2::Error("UnsupportedOperation", absl::StrCat("The instance type '", type,
                                                         "' is not supported in an IPv6-only subnet: take one that ",
                                                         "is built on the Nitro System"));
}

absl::Status CheckIpv6OnlyNames(const PrivateDnsNameOptionsChange& names) {
  if (!names.NeedsIpv4()) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination",
                    "An instance in an IPv6-only subnet is named by its resource name, and has no A record");
}

absl::StatusOr<int64_t> InstancePlacer::RoomFor(store::Connection& c, const InstanceType& type) const {
  ASSIGN_OR_RETURN(const CapacityInUse used, InstanceTable(c).InUse());
  const auto memory_total = static_cast<int64_t>(
      static_cast<double>(settings_.host_memory_mib - settings_.reserved_memory_mib) * settings_.memory_overcommit);
  const int64_t memory_left = memory_total - used.memory_mib - used.count * settings_.guest_overhead_mib;
  const auto cpus_left = static_cast<int64_t>(settings_.host_cpus * settings_.cpu_overcommit) - used.vcpus;
  return std::max<int64_t>(
      0, std::min(memory_left / (type.memory_mib + settings_.guest_overhead_mib), cpus_left / type.vcpus));
}

absl::Status InstancePlacer::CheckCapacity(store::Connection& c, const std::string& instance_type) const {
  const InstanceType* type = types_.Find(instance_type);
  if (type == nullptr) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The instance type '", instance_type, "' is no longer in the configuration"));
  }
  ASSIGN_OR_RETURN(const int64_t room, RoomFor(c, *type));
  if (room >= 1) return absl::OkStatus();
  return ec2::Error("InsufficientInstanceCapacity",
                    absl::StrCat("This host has no room for another ", type->name, " (", type->vcpus, " vCPU, ",
                                 type->memory_mib, " MiB); stop an instance or take a smaller type"));
}

absl::StatusOr<Placement> InstancePlacer::Place(store::Connection& c, const RunRequest& request) const {
  Placement place;
  ASSIGN_OR_RETURN(place.image, UsableImage(c, request.image_id));
  const std::string& type_name =
      request.instance_type.empty() ? settings_.default_instance_type : request.instance_type;
  place.type = types_.Find(type_name);
  if (place.type == nullptr) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Invalid value '", type_name, "' for InstanceType; see describe-instance-types"));
  }
  RETURN_IF_ERROR(CheckCpuOptions(*place.type, request));
  ASSIGN_OR_RETURN(place.unlimited_credits, ChooseCredits(*place.type, request));
  if (!request.key_name.empty()) {
    ASSIGN_OR_RETURN(const std::optional<KeyPair> key, KeyPairTable(c).FindByName(request.key_name));
    if (!key) {
      return ec2::Error("InvalidKeyPair.NotFound",
                        absl::StrCat("The key pair '", request.key_name, "' does not exist"));
    }
    place.public_key = key->public_key;
  }
  ASSIGN_OR_RETURN(place.interfaces, PlaceInterfaces(c, request));
  RETURN_IF_ERROR(CheckInterfaceLimits(c, place.type->name, place.interfaces));
  RETURN_IF_ERROR(CheckIpv6Only(place.type->name, request, place.interfaces));
  place.subnet = place.interfaces.front().subnet;
  place.groups = place.interfaces.front().groups;
  for (const BlockDevice& device : request.block_devices) {
    RETURN_IF_ERROR(storage::CheckKmsKey(device.kms_key_id, device.encrypted.value_or(false), settings_.account()));
  }
  ASSIGN_OR_RETURN(place.volumes, PlanVolumes(c, place.image, request.block_devices));
  if (request.hibernation) {
    RETURN_IF_ERROR(CheckHibernation(*place.type, place.volumes, place.image.root_device_name));
  }
  for (const PlacedInterface& each : place.interfaces) {
    if (each.asked.private_ip) RETURN_IF_ERROR(network::CheckPrivateIp(c, each.subnet, *each.asked.private_ip));
  }
  ASSIGN_OR_RETURN(const int64_t room, RoomFor(c, *place.type));
  if (room < request.min_count) {
    return ec2::Error("InsufficientInstanceCapacity",
                      absl::StrCat("This host has room for ", room, " more ", place.type->name, " (", place.type->vcpus,
                                   " vCPU, ", place.type->memory_mib, " MiB each), not for ", request.min_count,
                                   "; stop an instance or take a smaller type"));
  }
  ASSIGN_OR_RETURN(const int64_t addresses, RoomForAddresses(c, place.interfaces, request.min_count));
  place.count = static_cast<int>(std::min<int64_t>({request.max_count, room, addresses}));
  return place;
}

}  // namespace brume::compute
