#include "lib/ec2/compute/instance_view.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/tables/profile_association_table.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/security_group_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/ec2/tagging/tag_service.h"

namespace brume::compute {

absl::StatusOr<std::vector<InstanceView>> CompleteViews(store::Connection& connection, const InstanceTypeTable& types,
                                                        std::vector<Instance> instances) {
  std::vector<InstanceView> views;
  if (instances.empty()) return views;
  views.reserve(instances.size());
  ASSIGN_OR_RETURN(std::vector<TagMap> tags, tagging::TagsOfRows(connection, instances));
  std::vector<InstanceId> ids;
  absl::flat_hash_map<InstanceId, size_t> position;
  for (Instance& instance : instances) {
    position.emplace(instance.id, views.size());
    ids.push_back(instance.id);
    InstanceView& view = views.emplace_back();
    const InstanceType* type = types.Find(instance.instance_type);
    // A type the administrator took out of the configuration is shown by its name, with nothing known about it.
    view.type = type != nullptr ? *type : InstanceType{.name = instance.instance_type, .vcpus = 0, .memory_mib = 0};
    view.instance = std::move(instance);
  }
  const auto view_of = [&](const InstanceId& id) -> InstanceView& { return views[position.at(id)]; };

  ASSIGN_OR_RETURN(std::vector<NetworkInterface> interfaces, network::ListInterfacesOf(connection, ids));
  std::set<SecurityGroupId> groups_in_use;
  for (NetworkInterface& eni : interfaces) {
    groups_in_use.insert(eni.groups.begin(), eni.groups.end());
    view_of(eni.instance_id).interfaces.push_back(std::move(eni));
  }
  if (!groups_in_use.empty()) {
    const std::vector<SecurityGroupId> wanted(groups_in_use.begin(), groups_in_use.end());
    ASSIGN_OR_RETURN(std::vector<SecurityGroup> groups, network::GetSecurityGroups(connection, wanted));
    absl::flat_hash_map<SecurityGroupId, std::string> names;
    for (SecurityGroup& group : groups) names.emplace(group.id, std::move(group.name));
    for (InstanceView& view : views) {
      for (const NetworkInterface& eni : view.interfaces) {
        for (const SecurityGroupId& group : eni.groups) {
          if (const auto it = names.find(group); it != names.end()) view.group_names.emplace(group, it->second);
        }
      }
    }
  }

  ASSIGN_OR_RETURN(std::vector<Volume> volumes, storage::ListVolumesOf(connection, ids));
  for (Volume& volume : volumes) view_of(volume.instance_id).volumes.push_back(std::move(volume));
  for (InstanceView& view : views) {
    std::stable_partition(view.volumes.begin(), view.volumes.end(),
                          [&](const Volume& volume) { return volume.device_name == view.instance.root_device_name; });
  }

  ASSIGN_OR_RETURN(std::vector<ProfileAssociation> profiles, ProfileAssociationTable(connection).ListOf(ids));
  for (ProfileAssociation& profile : profiles) view_of(profile.instance_id).profile = std::move(profile);

  for (size_t i = 0; i < views.size(); ++i) views[i].tags = std::move(tags[i]);
  return views;
}

}  // namespace brume::compute
