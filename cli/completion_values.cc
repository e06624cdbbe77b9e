#include "cli/completion_values.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "cli/filter_names.h"
#include "cli/jmespath.h"
#include "cli/output_json.h"
#include "cli/rpc_client.h"
#include "cli/text.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

// A shell waits for us at every Tab.
constexpr absl::Duration kPatience = absl::Milliseconds(400);

struct Source {
  absl::string_view key;  // an id's prefix, or a field's name
  const char* family;
  const char* action;
  const char* path;
};

// "NAME" stands for the Name tag.
constexpr Source kIdSources[] = {
    {"i", "ec2", "describe-instances",
     "Reservations[].Instances[?State.Name!='terminated'][].[[InstanceId, NAME], [NAME, InstanceId]][]"},
    {"ami", "ec2", "describe-images", "Images[].[ImageId, Name]"},
    {"snap", "ec2", "describe-snapshots", "Snapshots[].[SnapshotId, NAME || Description]"},
    {"vol", "ec2", "describe-volumes", "Volumes[].[VolumeId, NAME || State]"},
    {"vpc", "ec2", "describe-vpcs", "Vpcs[].[VpcId, NAME || CidrBlock]"},
    {"subnet", "ec2", "describe-subnets", "Subnets[].[SubnetId, NAME || CidrBlock]"},
    {"sg", "ec2", "describe-security-groups", "SecurityGroups[].[GroupId, GroupName]"},
    {"sgr", "ec2", "describe-security-group-rules", "SecurityGroupRules[].[SecurityGroupRuleId, GroupId]"},
    {"key", "ec2", "describe-key-pairs", "KeyPairs[].[KeyPairId, KeyName]"},
    {"eni", "ec2", "describe-network-interfaces", "NetworkInterfaces[].[NetworkInterfaceId, PrivateIpAddress]"},
    {"igw", "ec2", "describe-internet-gateways", "InternetGateways[].[InternetGatewayId, NAME]"},
    {"nat", "ec2", "describe-nat-gateways", "NatGateways[].[NatGatewayId, NAME || State]"},
    {"rtb", "ec2", "describe-route-tables", "RouteTables[].[RouteTableId, NAME || VpcId]"},
    {"acl", "ec2", "describe-network-acls", "NetworkAcls[].[NetworkAclId, NAME || VpcId]"},
    {"eipalloc", "ec2", "describe-addresses", "Addresses[].[AllocationId, PublicIp]"},
    {"lt", "ec2", "describe-launch-templates", "LaunchTemplates[].[LaunchTemplateId, LaunchTemplateName]"}};

constexpr Source kFieldSources[] = {
    {"instance_type", "ec2", "describe-instance-types",
     "InstanceTypes[].[InstanceType, join(' ', [to_string(VCpuInfo.DefaultVCpus), 'vCPU,', "
     "to_string(MemoryInfo.SizeInMiB), 'MiB'])]"},
    {"key_name", "ec2", "describe-key-pairs", "KeyPairs[].[KeyName, KeyType]"},
    {"security_group", "ec2", "describe-security-groups", "SecurityGroups[].[GroupName, GroupId]"},
    {"launch_template_name", "ec2", "describe-launch-templates",
     "LaunchTemplates[].[LaunchTemplateName, LaunchTemplateId]"},
    {"availability_zone", "ec2", "describe-availability-zones", "AvailabilityZones[].ZoneName"},
    {"public_ip", "ec2", "describe-addresses", "Addresses[].[PublicIp, InstanceId]"},
    {"auto_scaling_group_name", "autoscaling", "describe-auto-scaling-groups",
     "AutoScalingGroups[].AutoScalingGroupName"},
    {"user_name", "iam", "list-users", "Users[].UserName"},
    {"role_name", "iam", "list-roles", "Roles[].RoleName"},
    {"instance_profile_name", "iam", "list-instance-profiles", "InstanceProfiles[].InstanceProfileName"},
    {"policy_arn", "iam", "list-policies", "Policies[].[Arn, PolicyName]"},
    {"alarm_name", "cloudwatch", "describe-alarms", "MetricAlarms[].[AlarmName, StateValue]"}};

constexpr Source kIamGroups = {"group_name", "iam", "list-groups", "Groups[].GroupName"};
constexpr Source kSecurityGroups = {"group_name", "ec2", "describe-security-groups",
                                    "SecurityGroups[].[GroupName, GroupId]"};

ValueQuestion Ask(const Source& source) {
  std::string path = source.path;
  for (size_t at = path.find("NAME"); at != std::string::npos; at = path.find("NAME", at)) {
    constexpr absl::string_view kNameTag = "(Tags[?Key=='Name'].Value | [0])";
    path.replace(at, 4, kNameTag.data(), kNameTag.size());
    at += kNameTag.size();
  }
  return {.family = source.family, .action = source.action, .path = path};
}

void AddCandidate(const nlohmann::ordered_json& value, const nlohmann::ordered_json& what,
                  std::vector<Candidate>* candidates) {
  if (!value.is_string() && !value.is_number() && !value.is_boolean()) return;
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  // What holds a control character cannot be typed.
  if (text.empty() || text != Printable(text)) return;
  candidates->push_back({text, what.is_string() ? Printable(what.get<std::string>()) : ""});
}

}  // namespace

ValueQuestion IdsOf(absl::string_view prefix) {
  for (const Source& source : kIdSources) {
    if (source.key == prefix) return Ask(source);
  }
  return {};
}

ValueQuestion ValuesOf(absl::string_view family, absl::string_view field) {
  for (const absl::string_view name : {field, absl::string_view(field.substr(0, field.size() - 1))}) {
    if (name == kIamGroups.key) return Ask(family == "iam" ? kIamGroups : kSecurityGroups);
    for (const Source& source : kFieldSources) {
      if (source.key == name) return Ask(source);
    }
  }
  return {};
}

ValueQuestion ImageNames() {
  return {.family = "ec2", .action = "describe-images", .path = "Images[].[Name, ImageId]"};
}

ValueQuestion FilterValuesOf(const ApiAction& action, const std::string& filter) {
  for (const FilterName& known : FilterNamesOf(action)) {
    if (known.name != filter) continue;
    // "Volumes.Attachments.State" is "Volumes[].Attachments[].State" to JMESPath; what is no path is a sentence.
    const auto* holder = action.method->output_type();
    std::string path;
    for (const absl::string_view member : absl::StrSplit(known.where, '.')) {
      const auto* field = holder == nullptr ? nullptr : FindMember(holder, member);
      if (field == nullptr) return {};
      absl::StrAppend(&path, path.empty() ? "" : ".", member, field->is_repeated() ? "[]" : "");
      holder = field->message_type();
    }
    return {.family = action.family, .action = action.name, .path = path};
  }
  return {};
}

std::vector<Candidate> CandidatesFromDaemon(const Schema& schema, const GlobalOptions& global,
                                            const ValueQuestion& question) {
  // No candidates are the answer to any failure: there is nowhere to say more.
  std::vector<Candidate> candidates;
  const ApiAction* action = schema.FindActionOf(question.family, question.action);
  const auto path = JmesPath::Parse(question.path);
  if (action == nullptr || !path.ok()) return candidates;
  const absl::StatusOr<std::unique_ptr<Client>> client = Client::Create(global);
  if (!client.ok()) return candidates;
  const auto request = schema.NewMessage(action->method->input_type());
  const auto response = schema.NewMessage(action->method->output_type());
  if (!(*client)->Call(*action->method, *request, response.get(), kPatience).ok()) return candidates;
  const auto found = path->Search(ToJson(*response));
  if (!found.ok() || !found->is_array()) return candidates;
  for (const auto& one : *found) {
    if (one.is_array() && one.size() == 2) {
      AddCandidate(one[0], one[1], &candidates);
    } else {
      AddCandidate(one, nullptr, &candidates);
    }
  }
  return candidates;
}

std::vector<Candidate> FilesAt(const std::string& typed) {
  std::string scheme;
  for (const absl::string_view known : {"file://", "fileb://"}) {
    if (absl::StartsWith(typed, known)) scheme = std::string(known);
  }
  const std::string path = typed.substr(scheme.size());
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  const std::string beginning = path.substr(directory.size());
  std::vector<Candidate> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory.empty() ? "." : directory, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename();
    if (!absl::StartsWith(name, beginning) || (beginning.empty() && name[0] == '.') || name != Printable(name))
      continue;
    std::error_code unknown;
    files.push_back({absl::StrCat(scheme, directory, name, at->is_directory(unknown) ? "/" : "")});
  }
  return files;
}

}  // namespace brume::cli
