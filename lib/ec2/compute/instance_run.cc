// RunInstances and what it shares with StartInstances: capacity and addresses. Part of InstanceService.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/instance_table.h"
#include "lib/ec2/compute/key_pair_table.h"
#include "lib/ec2/compute/profile_association_table.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/security_group_service.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/tags.h"

namespace brume::compute {
namespace {

constexpr char kRunAction[] = "RunInstances";
constexpr int64_t kGib = int64_t{1} << 30;
constexpr int64_t kMaxVolumeGib = 16384;

// EC2's SMBIOS UUID begins with "ec2"; cloud-init goes by that.
std::string Ec2Uuid(Random& random) {
  const std::string hex = random.Hex(29);
  return absl::StrCat("ec2", hex.substr(0, 5), "-", hex.substr(5, 4), "-4", hex.substr(10, 3), "-8", hex.substr(14, 3),
                      "-", hex.substr(17, 12));
}

absl::StatusOr<Subnet> ChooseSubnet(store::Connection& c, const Settings& settings, const RunRequest& request) {
  const auto known = [&](const std::string& zone) {
    return std::find(settings.zones.begin(), settings.zones.end(), zone) != settings.zones.end();
  };
  if (!request.availability_zone.empty() && !known(request.availability_zone)) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("Invalid availability zone: [", request.availability_zone,
                                                            "]. There are ", absl::StrJoin(settings.zones, ", ")));
  }
  if (request.subnet_id) {
    ASSIGN_OR_RETURN(Subnet subnet, network::GetSubnet(c, *request.subnet_id));
    if (!request.availability_zone.empty() && subnet.availability_zone != request.availability_zone) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The subnet '", subnet.id.text(), "' is in ", subnet.availability_zone,
                                     ", not in ", request.availability_zone));
    }
    return subnet;
  }
  const std::string& zone = request.availability_zone.empty() ? settings.zones.front() : request.availability_zone;
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
      return ec2::Error("InvalidGroup.NotFound",
                        absl::StrCat("The security group '", name, "' does not exist in '", vpc.text(), "'"));
    }
    groups.push_back(group->id);
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

// GiB of the root volume, or the reason why not.
absl::StatusOr<int64_t> RootSize(const Image& image, const RunRequest& request) {
  if (!request.root_device_name.empty() && request.root_device_name != image.root_device_name) {
    return ec2::Error("InvalidBlockDeviceMapping",
                      absl::StrCat("The image '", image.id.text(), "' has its root volume at ", image.root_device_name,
                                   "; other devices than it cannot be mapped at launch"));
  }
  const int64_t least = std::max<int64_t>(1, (image.virtual_size_bytes + kGib - 1) / kGib);
  const int64_t size = request.root_size_gib.value_or(least);
  if (size < least || size > kMaxVolumeGib) {
    return ec2::Error("InvalidBlockDeviceMapping",
                      absl::StrCat("A root volume of ", size, " GiB does not fit: the image '", image.id.text(),
                                   "' needs ", least, " GiB and a volume has at most ", kMaxVolumeGib));
  }
  return size;
}

absl::StatusOr<Image> UsableImage(store::Connection& c, const ImageId& id) {
  ASSIGN_OR_RETURN(Image image, storage::GetImage(c, id));
  switch (image.state) {
    case ImageState::kAvailable:
      return image;
    case ImageState::kDeregistered:
      return id.NotFound();
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

absl::StatusOr<LaunchSite> InstanceService::SiteOf(const RunRequest& request) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<LaunchSite> {
    LaunchSite site;
    ASSIGN_OR_RETURN(site.subnet, ChooseSubnet(c, settings_, request));
    ASSIGN_OR_RETURN(site.groups, ChooseGroups(c, site.subnet.vpc_id, request));
    return site;
  });
}

absl::StatusOr<int64_t> InstanceService::RoomFor(store::Connection& c, const InstanceType& type) const {
  ASSIGN_OR_RETURN(const CapacityInUse used, InstanceTable(c).InUse());
  const auto memory_total = static_cast<int64_t>(
      static_cast<double>(settings_.host_memory_mib - settings_.reserved_memory_mib) * settings_.memory_overcommit);
  const int64_t memory_left = memory_total - used.memory_mib - used.count * settings_.guest_overhead_mib;
  const auto cpus_left = static_cast<int64_t>(settings_.host_cpus * settings_.cpu_overcommit) - used.vcpus;
  return std::max<int64_t>(
      0, std::min(memory_left / (type.memory_mib + settings_.guest_overhead_mib), cpus_left / type.vcpus));
}

absl::Status InstanceService::CheckCapacity(store::Connection& c, const std::string& instance_type) const {
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

absl::Status InstanceService::GivePublicAddresses(store::Connection& c, const InstanceId& id) {
  ASSIGN_OR_RETURN(const std::vector<NetworkInterface> interfaces, network::ListInterfacesOf(c, {&id, 1}));
  for (const NetworkInterface& eni : interfaces) {
    if (!eni.auto_public_ip || eni.public_ip) continue;
    ASSIGN_OR_RETURN(const Ipv4 address, network::AllocatePublicIp(c, settings_, random_));
    RETURN_IF_ERROR(network::SetPublicIp(c, eni.id, address));
  }
  return absl::OkStatus();
}

absl::StatusOr<InstanceService::Placement> InstanceService::Place(store::Connection& c, const RunRequest& request) {
  Placement place;
  ASSIGN_OR_RETURN(place.image, UsableImage(c, request.image_id));
  const std::string& type_name =
      request.instance_type.empty() ? settings_.default_instance_type : request.instance_type;
  place.type = types_.Find(type_name);
  if (place.type == nullptr) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Invalid value '", type_name, "' for InstanceType; see describe-instance-types"));
  }
  if (!request.key_name.empty()) {
    ASSIGN_OR_RETURN(const std::optional<KeyPair> key, KeyPairTable(c).FindByName(request.key_name));
    if (!key) {
      return ec2::Error("InvalidKeyPair.NotFound",
                        absl::StrCat("The key pair '", request.key_name, "' does not exist"));
    }
    place.public_key = key->public_key;
  }
  ASSIGN_OR_RETURN(place.subnet, ChooseSubnet(c, settings_, request));
  ASSIGN_OR_RETURN(place.groups, ChooseGroups(c, place.subnet.vpc_id, request));
  if (!place.image.disk_file.empty()) {
    ASSIGN_OR_RETURN(place.root_size_gib, RootSize(place.image, request));
  }
  if (request.private_ip) {
    RETURN_IF_ERROR(network::CheckPrivateIp(c, place.subnet, *request.private_ip));
  }
  ASSIGN_OR_RETURN(const int64_t room, RoomFor(c, *place.type));
  if (room < request.min_count) {
    return ec2::Error("InsufficientInstanceCapacity",
                      absl::StrCat("This host has room for ", room, " more ", place.type->name, " (", place.type->vcpus,
                                   " vCPU, ", place.type->memory_mib, " MiB each), not for ", request.min_count,
                                   "; stop an instance or take a smaller type"));
  }
  ASSIGN_OR_RETURN(const int64_t addresses, network::CountFreeAddresses(c, place.subnet));
  if (addresses < request.min_count) {
    return ec2::Error("InsufficientFreeAddressesInSubnet",
                      absl::StrCat("The subnet '", place.subnet.id.text(), "' has ", addresses, " free addresses, not ",
                                   request.min_count));
  }
  place.count = static_cast<int>(std::min<int64_t>({request.max_count, room, addresses}));
  return place;
}

absl::StatusOr<Instance> InstanceService::Insert(store::Connection& c, const RunRequest& request,
                                                 const Placement& place, const ReservationId& reservation, int index) {
  const absl::Time now = clock_.Now();
  Instance instance;
  instance.id = InstanceId::New(random_);
  instance.reservation_id = reservation;
  instance.launch_index = index;
  instance.image_id = place.image.id;
  instance.instance_type = place.type->name;
  instance.state_since = instance.launch_time = now;
  instance.uuid = Ec2Uuid(random_);
  instance.key_name = request.key_name;
  instance.public_key = place.public_key;
  instance.client_token = request.client_token;
  instance.user_data = request.user_data;
  instance.shutdown_behavior = request.shutdown_behavior;
  instance.disable_api_termination = request.disable_api_termination;
  instance.disable_api_stop = request.disable_api_stop;
  instance.monitoring = request.monitoring;
  instance.metadata_options = request.metadata_options;
  instance.availability_zone = place.subnet.availability_zone;
  instance.vpc_id = place.subnet.vpc_id;
  instance.subnet_id = place.subnet.id;
  instance.root_device_name = place.image.root_device_name;
  RETURN_IF_ERROR(InstanceTable(c).Insert(instance, place.type->memory_mib, place.type->vcpus));

  NetworkInterface eni;
  eni.id = EniId::New(random_);
  eni.vpc_id = place.subnet.vpc_id;
  eni.subnet_id = place.subnet.id;
  eni.instance_id = instance.id;
  eni.attachment_id = "eni-attach-" + random_.Hex(17);
  eni.attach_time = now;
  eni.description = request.interface_description;
  eni.groups = place.groups;
  if (request.private_ip) {
    eni.private_ip = *request.private_ip;
  } else {
    ASSIGN_OR_RETURN(eni.private_ip, network::AllocatePrivateIp(c, place.subnet, random_));
  }
  eni.mac = MacAddressFor(eni.private_ip);
  eni.auto_public_ip = request.associate_public_ip.value_or(place.subnet.map_public_ip_on_launch);
  if (eni.auto_public_ip) {
    ASSIGN_OR_RETURN(eni.public_ip, network::AllocatePublicIp(c, settings_, random_));
  }
  RETURN_IF_ERROR(network::AddInterface(c, eni, request.interface_tags));

  if (place.root_size_gib) {
    Volume volume;
    volume.id = VolumeId::New(random_);
    volume.image_id = place.image.id;
    volume.size_gib = *place.root_size_gib;
    if (!request.root_volume_type.empty()) volume.type = request.root_volume_type;
    volume.availability_zone = place.subnet.availability_zone;
    volume.created = volume.attach_time = now;
    volume.instance_id = instance.id;
    volume.device_name = place.image.root_device_name;
    volume.delete_on_termination = request.root_delete_on_termination.value_or(place.image.root_delete_on_termination);
    RETURN_IF_ERROR(storage::AddVolume(c, volume, request.volume_tags));
  }
  if (!request.profile_id.empty()) {
    RETURN_IF_ERROR(ProfileAssociationTable(c).Insert({.id = NewAssociationId(random_),
                                                       .instance_id = instance.id,
                                                       .profile_id = request.profile_id,
                                                       .profile_arn = request.profile_arn,
                                                       .associated = now}));
  }
  for (const TagMap* tags : {&request.instance_tags, &request.system_tags}) {
    RETURN_IF_ERROR(tagging::SetTags(c, instance.id.text(), *tags));
  }
  return instance;
}

absl::StatusOr<ReservationView> InstanceService::Run(const RunRequest& request) {
  if (request.min_count < 1 || request.max_count < request.min_count) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("MinCount (", request.min_count, ") must be at least 1 and MaxCount (",
                                   request.max_count, ") at least MinCount"));
  }
  if (request.private_ip && request.max_count > 1) {
    return ec2::Error("InvalidParameterCombination", "A private IP address can be given to one instance only");
  }
  if (request.user_data.size() > kMaxUserDataBytes) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("User data is limited to ", kMaxUserDataBytes,
                                                            " bytes; this has ", request.user_data.size()));
  }
  for (const TagMap* tags : {&request.instance_tags, &request.volume_tags, &request.interface_tags}) {
    RETURN_IF_ERROR(CheckTags(*tags));
  }
  ReservationView view;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    InstanceTable instances(c);
    std::vector<Instance> rows;
    if (!request.client_token.empty()) {
      ASSIGN_OR_RETURN(const std::optional<TokenUse> use, instances.FindToken(kRunAction, request.client_token));
      if (use && use->parameters_digest != request.parameters_digest) {
        return ec2::Error("IdempotentParameterMismatch", absl::StrCat("The client token '", request.client_token,
                                                                      "' was used before with other parameters"));
      }
      if (use) {
        view.id = use->reservation_id;
        ASSIGN_OR_RETURN(rows, instances.ListByReservation(view.id));
        ASSIGN_OR_RETURN(view.instances, CompleteViews(c, types_, std::move(rows)));
        return absl::OkStatus();
      }
    }
    ASSIGN_OR_RETURN(const Placement place, Place(c, request));
    view.id = ReservationId::New(random_);
    for (int index = 0; index < place.count; ++index) {
      ASSIGN_OR_RETURN(Instance instance, Insert(c, request, place, view.id, index));
      rows.push_back(std::move(instance));
    }
    if (!request.client_token.empty()) {
      RETURN_IF_ERROR(
          instances.InsertToken(kRunAction, request.client_token, {request.parameters_digest, view.id}, clock_.Now()));
    }
    ASSIGN_OR_RETURN(view.instances, CompleteViews(c, types_, std::move(rows)));
    return absl::OkStatus();
  }));
  for (const InstanceView& instance : view.instances) hooks_.wake_instance(instance.instance.id);
  return view;
}

absl::StatusOr<std::vector<Instance>> FindLaunch(store::Connection& connection, const std::string& client_token) {
  InstanceTable instances(connection);
  ASSIGN_OR_RETURN(const std::optional<TokenUse> use, instances.FindToken(kRunAction, client_token));
  if (!use.has_value()) return std::vector<Instance>();
  return instances.ListByReservation(use->reservation_id);
}

}  // namespace brume::compute
