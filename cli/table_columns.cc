#include "cli/table_columns.h"

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;

const std::map<std::string, std::vector<TableColumn>>& Table() {
  static const auto* const table = new std::map<std::string, std::vector<TableColumn>>{
      {"Instance",
       {{"ID", "InstanceId"},
        {"NAME", "Tags[Name]", true},
        {"STATE", "State.Name"},
        {"TYPE", "InstanceType"},
        {"PUBLIC IP", "PublicIpAddress"},
        {"PRIVATE IP", "PrivateIpAddress"},
        {"IMAGE", "ImageId"},
        {"KEY", "KeyName", true},
        {"ZONE", "Placement.AvailabilityZone"},
        {"LAUNCHED", "LaunchTime"}}},
      {"InstanceStateChange", {{"ID", "InstanceId"}, {"BEFORE", "PreviousState.Name"}, {"NOW", "CurrentState.Name"}}},
      {"InstanceStatus",
       {{"ID", "InstanceId"},
        {"STATE", "InstanceState.Name"},
        {"SYSTEM", "SystemStatus.Status"},
        {"INSTANCE", "InstanceStatus.Status"},
        {"ZONE", "AvailabilityZone"}}},
      {"InstanceMonitoring", {{"ID", "InstanceId"}, {"MONITORING", "Monitoring.State"}}},
      {"Image",
       {{"ID", "ImageId"},
        {"NAME", "Name", true},
        {"STATE", "State"},
        {"CREATED", "CreationDate"},
        {"BOOT", "BootMode"},
        {"DESCRIPTION", "Description", true},
        {"WHY", "StateReason.Message", true}}},
      {"CatalogueImage",
       {{"NAME", "Name"},
        {"DESCRIPTION", "Description", true},
        {"OWNER", "ImageOwnerAlias"},
        {"USER", "DefaultUser"},
        {"BOOT", "BootMode"},
        {"GIB", "MinVolumeSize"},
        {"IMAGE", "ImageId"},
        {"URL", "Url", true}}},
      {"InstanceTypeInfo",
       {{"TYPE", "InstanceType"},
        {"VCPUS", "VCpuInfo.DefaultVCpus"},
        {"MEMORY MIB", "MemoryInfo.SizeInMiB"},
        {"NETWORK", "NetworkInfo.NetworkPerformance", true}}},
      {"KeyPairInfo",
       {{"NAME", "KeyName", true},
        {"ID", "KeyPairId"},
        {"TYPE", "KeyType"},
        {"FINGERPRINT", "KeyFingerprint", true},
        {"CREATED", "CreateTime"}}},
      {"SecurityGroup",
       {{"ID", "GroupId"},
        {"NAME", "GroupName", true},
        {"IN", "@rules:IpPermissions", true},
        {"OUT", "@rules:IpPermissionsEgress", true},
        {"VPC", "VpcId"},
        {"DESCRIPTION", "Description", true}}},
      {"SecurityGroupRule",
       {{"ID", "SecurityGroupRuleId"},
        {"GROUP", "GroupId"},
        {"EGRESS", "IsEgress"},
        {"PROTOCOL", "IpProtocol"},
        {"PORTS", "@ports:"},
        {"CIDR", "CidrIpv4"},
        {"PEER GROUP", "ReferencedGroupInfo.GroupId"},
        {"DESCRIPTION", "Description", true}}},
      {"Region", {{"NAME", "RegionName"}, {"ENDPOINT", "Endpoint", true}, {"OPT-IN", "OptInStatus"}}},
      {"AvailabilityZone", {{"NAME", "ZoneName"}, {"ID", "ZoneId"}, {"STATE", "State"}, {"REGION", "RegionName"}}},
      {"Vpc",
       {{"ID", "VpcId"},
        {"NAME", "Tags[Name]", true},
        {"CIDR", "CidrBlock"},
        {"DEFAULT", "IsDefault"},
        {"STATE", "State"}}},
      {"Subnet",
       {{"ID", "SubnetId"},
        {"NAME", "Tags[Name]", true},
        {"CIDR", "CidrBlock"},
        {"ZONE", "AvailabilityZone"},
        {"FREE", "AvailableIpAddressCount"},
        {"PUBLIC IP", "MapPublicIpOnLaunch"},
        {"DEFAULT", "DefaultForAz"},
        {"VPC", "VpcId"}}},
      {"Volume",
       {{"ID", "VolumeId"},
        {"NAME", "Tags[Name]", true},
        {"STATE", "State"},
        {"GIB", "Size"},
        {"TYPE", "VolumeType"},
        {"INSTANCE", "Attachments.InstanceId"},
        {"DEVICE", "Attachments.Device"},
        {"ZONE", "AvailabilityZone"}}},
      {"NetworkInterface",
       {{"ID", "NetworkInterfaceId"},
        {"STATUS", "Status"},
        {"INSTANCE", "Attachment.InstanceId"},
        {"PRIVATE IP", "PrivateIpAddress"},
        {"PUBLIC IP", "Association.PublicIp"},
        {"GROUPS", "Groups.GroupName", true},
        {"SUBNET", "SubnetId"},
        {"DESCRIPTION", "Description", true}}},
      {"TagDescription",
       {{"RESOURCE", "ResourceId"}, {"TYPE", "ResourceType"}, {"KEY", "Key", true}, {"VALUE", "Value", true}}},
      {"Event",
       {{"TIME", "EventTime"},
        {"ACTION", "EventName"},
        {"OUTCOME", "ErrorCode"},
        {"WHO", "Username", true},
        {"FROM", "SourceIpAddress"},
        {"RESOURCES", "Resources", true},
        {"WHY", "ErrorMessage", true}}},
      {"HostCheck", {{"NAME", "Name"}, {"OK", "Ok"}, {"DETAIL", "Detail", true}, {"FIX", "Fix", true}}}};
  return *table;
}

std::string Text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return value.is_number() ? value.dump() : "";
}

std::string Ports(const Json& rule) {
  const std::string from = Cell(rule, "FromPort"), to = Cell(rule, "ToPort");
  if (from.empty() || from == "-1" || (from == "0" && to == "65535")) return "all";
  return from == to || to == "-1" || to.empty() ? from : absl::StrCat(from, "-", to);
}

// "tcp 22 0.0.0.0/0; all sg-1"
std::string Rules(const Json& permissions) {
  std::vector<std::string> rules;
  for (const Json& permission : permissions) {
    const std::string protocol = Cell(permission, "IpProtocol");
    std::string rule = protocol == "-1" ? "all" : protocol;
    const std::string ports = Ports(permission);
    if (protocol != "-1" && ports != "all") absl::StrAppend(&rule, " ", ports);
    std::vector<std::string> peers;
    for (const char* path : {"IpRanges.CidrIp", "Ipv6Ranges.CidrIpv6", "UserIdGroupPairs.GroupId"}) {
      const std::string peer = Cell(permission, path);
      if (!peer.empty()) peers.push_back(peer);
    }
    rules.push_back(absl::StrCat(rule, " ", absl::StrJoin(peers, ",")));
  }
  return absl::StrJoin(rules, "; ");
}

}  // namespace

const std::vector<TableColumn>& ChosenColumns(const google::protobuf::Descriptor* type) {
  static const auto* const none = new std::vector<TableColumn>();
  const auto chosen = Table().find(type->name());
  return chosen == Table().end() ? *none : chosen->second;
}

std::vector<std::string> TypesWithChosenColumns() {
  std::vector<std::string> names;
  for (const auto& [name, columns] : Table()) names.push_back(name);
  return names;
}

std::string Cell(const Json& thing, const std::string& path) {
  if (path == "@ports:") return Ports(thing);
  absl::string_view rest = path;
  if (absl::ConsumePrefix(&rest, "@rules:")) {
    const auto list = thing.find(std::string(rest));
    return list == thing.end() ? "" : Rules(*list);
  }
  if (path == "Tags[Name]") {
    const auto tags = thing.find("Tags");
    if (tags == thing.end()) return "";
    for (const Json& tag : *tags) {
      if (tag.value("Key", "") == "Name") return tag.value("Value", "");
    }
    return "";
  }
  const std::pair<std::string, std::string> split = absl::StrSplit(path, absl::MaxSplits('.', 1));
  if (!thing.is_object()) return "";
  const auto member = thing.find(split.first);
  if (member == thing.end()) return "";
  if (!member->is_array()) return split.second.empty() ? Text(*member) : Cell(*member, split.second);
  std::vector<std::string> parts;
  for (const Json& element : *member) {
    const std::string part = split.second.empty() ? Text(element) : Cell(element, split.second);
    if (!part.empty()) parts.push_back(part);
  }
  return absl::StrJoin(parts, ",");
}

}  // namespace brume::cli
