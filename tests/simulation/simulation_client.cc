// What the simulation's client asks for: calls that are mostly valid.
#include <regex>

#include "absl/strings/str_cat.h"
#include "lib/store/connection.h"
#include "tests/simulation/simulation.h"

namespace brume {
namespace {

constexpr char kInstances[] = "SELECT id FROM instances WHERE state <> 48 ORDER BY seq";
constexpr char kVolumes[] = "SELECT id FROM volumes ORDER BY seq";
constexpr char kGroups[] = "SELECT name FROM scaling_groups ORDER BY seq";

// What an action makes: the prefix of its ids, and the table that has their rows.
struct Kind {
  const char* prefix;
  const char* table;
};
const std::map<std::string, Kind>& KindsMade() {
  static const auto* const kinds =
      new std::map<std::string, Kind>{{"RunInstances", {"i", "instances"}},
                                      {"CreateVolume", {"vol", "volumes"}},
                                      {"CreateSnapshot", {"snap", "snapshots"}},
                                      {"CreateNetworkInterface", {"eni", "network_interfaces"}},
                                      {"CreateVpc", {"vpc", "vpcs"}},
                                      {"CreateSubnet", {"subnet", "subnets"}},
                                      {"CreateSecurityGroup", {"sg", "security_groups"}},
                                      {"AllocateAddress", {"eipalloc", "addresses"}}};
  return *kinds;
}

}  // namespace

std::vector<std::string> Simulation::Column(const std::string& sql) {
  auto column = world_->database->ReadFor([&](store::Connection& c) {
    return c.All(sql, [](store::Row& row) {
      std::string text;
      row.Read(text);
      return text;
    });
  });
  if (column.ok()) return *std::move(column);
  problem_ = absl::StrCat(sql, ": ", std::string(column.status().message()));
  return {};
}

std::string Simulation::Any(const std::string& sql) {
  const std::vector<std::string> all = Column(sql);
  return all.empty() ? "" : all[random_.Below(all.size())];
}

bool Simulation::Call(const std::string& action, const std::string& text) {
  const auto answer = world_->CallText(action, text);
  Note(absl::StrCat(action, " ", text, ": ", answer.ok() ? "OK" : std::string(answer.status().message())));
  if (absl::IsInternal(answer.status())) problem_ = absl::StrCat(action, ": ", std::string(answer.status().message()));
  if (!answer.ok()) return false;
  ++calls_accepted_;
  const auto made = KindsMade().find(action);
  if (made == KindsMade().end()) return true;
  const std::string shown = (*answer)->ShortDebugString();
  const std::regex id(absl::StrCat("\"(", made->second.prefix, "-[0-9a-f]{17})\""));
  for (std::sregex_iterator it(shown.begin(), shown.end(), id), end; it != end; ++it) {
    acknowledged_[made->second.table].insert((*it)[1].str());
  }
  return true;
}

void Simulation::CallSomething() {
  const uint64_t choice = random_.Below(100);
  if (choice < 45) return CallOfInstances(random_.Below(10));
  if (choice < 65) return CallOfVolumes(random_.Below(8));
  if (choice < 80) return CallOfNetwork(random_.Below(12));
  CallOfGroups(random_.Below(9));
}

void Simulation::CallOfInstances(uint64_t choice) {
  if (choice < 3) {
    if (Column(kInstances).size() > 10) return;
    const std::string subnet = Any("SELECT id FROM subnets ORDER BY seq");
    const uint64_t count = 1 + random_.Below(3);
    Call("RunInstances", absl::StrCat("image_id: '", world_->image.text(), "' instance_type: '",
                                      random_.Below(3) == 0 ? "b1.small" : "b1.tiny", "' min_count: 1 max_count: ",
                                      count, " subnet_id: '", subnet, "' instance_initiated_shutdown_behavior: '",
                                      random_.Below(3) == 0 ? "terminate" : "stop", "'"));
    return;
  }
  const std::string id = Any(kInstances);
  if (id.empty()) return;
  const std::string ids = absl::StrCat("instance_ids: '", id, "'");
  switch (choice) {
    case 3:
    case 4:
      Call("StopInstances", absl::StrCat(ids, random_.Below(3) == 0 ? " force: true" : ""));
      return;
    case 5:
    case 6:
      Call("StartInstances", ids);
      return;
    case 7:
      Call("RebootInstances", ids);
      return;
    case 8:
      Call("TerminateInstances", ids);
      return;
    default: {
      const bool reboots = random_.Below(2) == 0;
      const bool begun = Call("CreateImage", absl::StrCat("instance_id: '", id, "' name: 'image ", next_name_++,
                                                          "' no_reboot: ", reboots ? "false" : "true"));
      if (begun && reboots) imaged_.insert(id);
    }
  }
}

void Simulation::CallOfVolumes(uint64_t choice) {
  const std::string volume = Any(kVolumes);
  if (choice == 0 || volume.empty()) {
    const std::string snapshot =
        random_.Below(3) == 0 ? Any("SELECT id FROM snapshots WHERE state = 1 ORDER BY seq") : "";
    Call("CreateVolume", absl::StrCat("availability_zone: '", settings_.region, "a' size: 8",
                                      snapshot.empty() ? "" : absl::StrCat(" snapshot_id: '", snapshot, "'")));
    return;
  }
  const std::string id = absl::StrCat("volume_id: '", volume, "'");
  switch (choice) {
    case 1:
    case 2:
      Call("AttachVolume", absl::StrCat(id, " instance_id: '", Any(kInstances), "' device: '/dev/sd",
                                        std::string(1, static_cast<char>('f' + random_.Below(8))), "'"));
      return;
    case 3:
    case 4:
      Call("DetachVolume", id);
      return;
    case 5:
      Call("CreateSnapshot", id);
      return;
    case 6:
      if (Call("DeleteVolume", id)) acknowledged_["volumes"].erase(volume);
      return;
    default: {
      const std::string snapshot = Any("SELECT id FROM snapshots WHERE state IN (0, 1) ORDER BY seq");
      if (snapshot.empty()) return;
      if (Call("DeleteSnapshot", absl::StrCat("snapshot_id: '", snapshot, "'")))
        acknowledged_["snapshots"].erase(snapshot);
    }
  }
}

void Simulation::CallOfNetwork(uint64_t choice) {
  const auto remove = [&](const std::string& action, const std::string& field, const std::string& table) {
    const std::string id = Any(absl::StrCat("SELECT id FROM ", table, " ORDER BY seq"));
    if (!id.empty() && Call(action, absl::StrCat(field, ": '", id, "'"))) acknowledged_[table].erase(id);
  };
  const std::string vpc = Any("SELECT id FROM vpcs ORDER BY seq");
  switch (choice) {
    case 0:
      Call("CreateVpc", absl::StrCat("cidr_block: '10.", random_.Below(4), ".0.0/16'"));
      return;
    case 1:
      Call("CreateSubnet",
           absl::StrCat("vpc_id: '", vpc, "' cidr_block: '10.", random_.Below(4), ".", random_.Below(3), ".0/28'"));
      return;
    case 2:
      Call("CreateSecurityGroup",
           absl::StrCat("vpc_id: '", vpc, "' group_name: 'group ", next_name_++, "' description: 'of the simulation'"));
      return;
    case 3:
      Call("AllocateAddress", "domain: 'vpc'");
      return;
    case 4:
      Call("AssociateAddress", absl::StrCat("allocation_id: '", Any("SELECT id FROM addresses ORDER BY seq"),
                                            "' instance_id: '", Any(kInstances), "' allow_reassociation: true"));
      return;
    case 5:
      return remove("ReleaseAddress", "allocation_id", "addresses");
    case 6:
      Call("CreateNetworkInterface", absl::StrCat("subnet_id: '", Any("SELECT id FROM subnets ORDER BY seq"), "'"));
      return;
    case 7:
      Call("AttachNetworkInterface",
           absl::StrCat("device_index: 1 instance_id: '", Any(kInstances), "' network_interface_id: '",
                        Any("SELECT id FROM network_interfaces WHERE instance_id IS NULL ORDER BY seq"), "'"));
      return;
    case 8:
      Call("DetachNetworkInterface", absl::StrCat("attachment_id: '",
                                                  Any("SELECT attachment_id FROM network_interfaces WHERE device_index "
                                                      "> 0 AND attachment_id <> '' ORDER BY seq"),
                                                  "'"));
      return;
    case 9:
      return remove("DeleteNetworkInterface", "network_interface_id", "network_interfaces");
    case 10:
      return remove("DeleteSubnet", "subnet_id", "subnets");
    default:
      if (random_.Below(2) == 0) return remove("DeleteSecurityGroup", "group_id", "security_groups");
      remove("DeleteVpc", "vpc_id", "vpcs");
  }
}

void Simulation::CallOfGroups(uint64_t choice) {
  const std::string name = Any(kGroups);
  if (choice == 0 || name.empty()) {
    if (Column(kGroups).size() >= 2) return;
    Call("autoscaling:CreateAutoScalingGroup",
         absl::StrCat("auto_scaling_group_name: 'group ", next_name_++,
                      "' min_size: 0 max_size: 4 desired_capacity: ", random_.Below(4), " availability_zones: '",
                      settings_.region, "a' launch_template { launch_template_name: 'web' version: '1' }"));
    return;
  }
  const std::string group = absl::StrCat("auto_scaling_group_name: '", name, "'");
  const std::string member =
      Any("SELECT instance_id FROM scaling_members WHERE instance_id IS NOT NULL AND instance_id <> '' ORDER BY "
          "group_seq, token");
  switch (choice) {
    case 1:
    case 2:
      Call("autoscaling:SetDesiredCapacity", absl::StrCat(group, " desired_capacity: ", random_.Below(5)));
      return;
    case 3:
      Call("autoscaling:UpdateAutoScalingGroup",
           absl::StrCat(group, " max_size: ", 2 + random_.Below(3), " min_size: ", random_.Below(3)));
      return;
    case 4:
      Call("autoscaling:TerminateInstanceInAutoScalingGroup",
           absl::StrCat("instance_id: '", member,
                        "' should_decrement_desired_capacity: ", random_.Below(2) == 0 ? "true" : "false"));
      return;
    case 5:
      Call("autoscaling:PutScalingPolicy", absl::StrCat(group,
                                                        " policy_name: 'grow' policy_type: 'SimpleScaling' "
                                                        "adjustment_type: 'ChangeInCapacity' scaling_adjustment: ",
                                                        random_.Below(2) == 0 ? 1 : -1));
      return;
    case 6:
      Call("autoscaling:ExecutePolicy", absl::StrCat(group, " policy_name: 'grow'"));
      return;
    case 7: {
      const bool standby = random_.Below(2) == 0;
      Call(standby ? "autoscaling:EnterStandby" : "autoscaling:ExitStandby",
           absl::StrCat(group, " instance_ids: '", member, "'",
                        standby ? " should_decrement_desired_capacity: true" : ""));
      return;
    }
    default:
      Call("autoscaling:DeleteAutoScalingGroup",
           absl::StrCat(group, " force_delete: ", random_.Below(2) == 0 ? "true" : "false"));
  }
}

}  // namespace brume
