#include "cli/instance_info.h"

#include <unistd.h>

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "cli/call.h"
#include "cli/instances.h"
#include "cli/short_images.h"
#include "cli/short_options.h"
#include "cli/short_wait.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

std::string ImageText(const InstanceDetails& details) {
  const std::string& id = details.instance.image_id();
  if (!details.image.has_name() || details.image.image_id() != id) return id;
  return absl::StrCat(details.image.name(), " (", id, ")");
}

std::string DisksText(const InstanceDetails& details) {
  std::vector<std::string> disks;
  for (const ec2::v1::InstanceBlockDeviceMapping& mapping : details.instance.block_device_mappings()) {
    std::string size;
    for (const ec2::v1::Volume& volume : details.volumes.volumes()) {
      if (volume.volume_id() == mapping.ebs().volume_id()) size = absl::StrCat(" ", volume.size(), " GiB");
    }
    disks.push_back(absl::StrCat(mapping.device_name(), " ", mapping.ebs().volume_id(), size));
  }
  return absl::StrJoin(disks, ", ");
}

// "tcp 22 from 0.0.0.0/0"
std::string RuleText(const ec2::v1::IpPermission& rule) {
  std::vector<std::string> sources;
  for (const auto& range : rule.ip_ranges()) sources.push_back(range.cidr_ip());
  for (const auto& range : rule.ipv6_ranges()) sources.push_back(range.cidr_ipv6());
  for (const auto& pair : rule.user_id_group_pairs()) sources.push_back(pair.group_id());
  for (const auto& list : rule.prefix_list_ids()) sources.push_back(list.prefix_list_id());
  std::string ports;
  if (rule.ip_protocol() == "-1") {
    ports = "all";
  } else if (rule.from_port() == rule.to_port()) {
    ports = absl::StrCat(rule.ip_protocol(), rule.from_port() < 0 ? "" : absl::StrCat(" ", rule.from_port()));
  } else {
    ports = absl::StrCat(rule.ip_protocol(), " ", rule.from_port(), "-", rule.to_port());
  }
  return absl::StrCat(ports, " from ", absl::StrJoin(sources, ","));
}

std::string RulesText(const InstanceDetails& details) {
  std::vector<std::string> rules;
  for (const ec2::v1::SecurityGroup& group : details.groups.security_groups()) {
    for (const ec2::v1::IpPermission& rule : group.ip_permissions()) rules.push_back(RuleText(rule));
  }
  return absl::StrJoin(rules, "; ");
}

std::string GroupsText(const ec2::v1::Instance& instance) {
  std::vector<std::string> groups;
  for (const ec2::v1::GroupIdentifier& group : instance.security_groups()) {
    groups.push_back(absl::StrCat(group.group_name(), " (", group.group_id(), ")"));
  }
  return absl::StrJoin(groups, ", ");
}

std::string TagsText(const ec2::v1::Instance& instance) {
  std::vector<std::string> tags;
  for (const ec2::v1::Tag& tag : instance.tags()) {
    if (tag.key() != "Name") tags.push_back(absl::StrCat(tag.key(), "=", tag.value()));
  }
  return absl::StrJoin(tags, ", ");
}

// What the instance refers to; of one that has ended much is gone, and left out.
absl::StatusOr<InstanceDetails> DetailsOf(Client& client, const ec2::v1::Instance& instance) {
  InstanceDetails details{.instance = instance, .image = {}, .volumes = {}, .groups = {}};
  ec2::v1::DescribeImagesRequest images;
  ec2::v1::Filter& image = *images.add_filters();
  image.set_name("image-id");
  image.add_values(instance.image_id());
  images.set_include_disabled(true);
  ASSIGN_OR_RETURN(const auto described, Call<ec2::v1::DescribeImagesResponse>(client, images));
  if (described.images_size() > 0) details.image = described.images(0);
  if (instance.block_device_mappings_size() > 0) {
    ec2::v1::DescribeVolumesRequest volumes;
    ec2::v1::Filter& attached = *volumes.add_filters();
    attached.set_name("attachment.instance-id");
    attached.add_values(instance.instance_id());
    ASSIGN_OR_RETURN(details.volumes, Call<ec2::v1::DescribeVolumesResponse>(client, volumes));
  }
  if (instance.security_groups_size() > 0) {
    ec2::v1::DescribeSecurityGroupsRequest groups;
    ec2::v1::Filter& ids = *groups.add_filters();
    ids.set_name("group-id");
    for (const ec2::v1::GroupIdentifier& group : instance.security_groups()) ids.add_values(group.group_id());
    ASSIGN_OR_RETURN(details.groups, Call<ec2::v1::DescribeSecurityGroupsResponse>(client, groups));
  }
  return details;
}

absl::StatusOr<int> RunInfo(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "info", .usage = "brume info NAME", .least = 1, .most = 1};
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, tokens, {}));
  if (!options.has_value()) return 0;
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(const ec2::v1::Instance instance, FindInstance(*client, options->positional[0]));
  ASSIGN_OR_RETURN(const InstanceDetails details, DetailsOf(*client, instance));
  RETURN_IF_ERROR(PrintRecord(InstanceRecord(details, absl::Now()), instance, global));
  return 0;
}

}  // namespace

ShortRecord InstanceRecord(const InstanceDetails& details, absl::Time now) {
  const ec2::v1::Instance& instance = details.instance;
  const ShortCell age = AgeCell(instance.launch_time(), now);
  const std::string& state = instance.state().name();
  return {{"name", TagOf(instance, "Name")},
          {"state", state},
          {"why", state == "running" ? "" : ReasonOf(instance)},
          {"id", instance.instance_id()},
          {"type", instance.instance_type()},
          {"launched", {age.shown.empty() ? "" : absl::StrCat(age.shown, " ago, ", age.plain), age.plain}},
          {"address", instance.public_ip_address()},
          {"private", instance.private_ip_address()},
          {"ipv6", instance.ipv6_address()},
          {"image", ImageText(details)},
          {"key", instance.key_name()},
          {"disks", DisksText(details)},
          {"groups", GroupsText(instance)},
          {"lets in", RulesText(details)},
          {"subnet", absl::StrCat(instance.subnet_id(), instance.has_vpc_id() ? " in " : "", instance.vpc_id())},
          {"profile", instance.iam_instance_profile().arn()},
          {"tags", TagsText(instance)}};
}

Command InfoCommand() {
  return {"info",
          "info NAME",
          "Shows one instance: its addresses, resources, open ports, and why it is not running.",
          "In a pipe, each line is a name, a tab and the value; --output json prints the instance as "
          "describe-instances does.",
          {},
          WithoutSchema<RunInfo>,
          /*has_answer=*/true};
}

}  // namespace brume::cli
