#include "cli/open_port.h"

#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "cli/call.h"
#include "cli/instances.h"
#include "cli/short_options.h"
#include "cli/short_table.h"
#include "cli/text.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"
#include "lib/base/undo.h"

namespace brume::cli {
namespace {

constexpr char kEverybody[] = "0.0.0.0/0", kEverybodyByIpv6[] = "::/0";

std::string OpenedGroupName(const std::string& instance_id) { return absl::StrCat("brume-open-", instance_id); }

bool ParsePortNumber(absl::string_view text, int* port) {
  return absl::SimpleAtoi(text, port) && *port >= 1 && *port <= 65535;
}

ec2::v1::IpPermission PermissionFor(const PortWish& port, const std::string& cidr) {
  ec2::v1::IpPermission rule;
  rule.set_ip_protocol(port.protocol);
  rule.set_from_port(port.from);
  rule.set_to_port(port.to);
  if (cidr.find(':') == std::string::npos) {
    rule.add_ip_ranges()->set_cidr_ip(cidr);
  } else {
    rule.add_ipv6_ranges()->set_cidr_ipv6(cidr);
  }
  return rule;
}

absl::Status DeleteGroup(Client& client, const std::string& id) {
  ec2::v1::DeleteSecurityGroupRequest request;
  request.set_group_id(id);
  return Call<ec2::v1::DeleteSecurityGroupResponse>(client, request).status();
}

absl::StatusOr<const ec2::v1::InstanceNetworkInterface*> FirstInterface(const ec2::v1::Instance& instance) {
  for (const auto& interface : instance.network_interfaces()) {
    if (interface.attachment().device_index() == 0) return &interface;
  }
  return absl::FailedPreconditionError(absl::StrCat(CalledAs(instance), " has no network interface"));
}

// Makes the instance's group and puts its first interface into it.
absl::Status MakeOpenedGroup(Client& client, const ec2::v1::Instance& instance, const PortWish& port,
                             const std::vector<std::string>& cidrs) {
  ASSIGN_OR_RETURN(const auto* const interface, FirstInterface(instance));
  ec2::v1::CreateSecurityGroupRequest create;
  create.set_group_name(OpenedGroupName(instance.instance_id()));
  create.set_description(absl::StrCat("Ports that brume open opened for ", instance.instance_id()));
  create.set_vpc_id(instance.vpc_id());
  ASSIGN_OR_RETURN(const auto created, Call<ec2::v1::CreateSecurityGroupResponse>(client, create));
  Undo undo;
  // What failed before is the one to be told.
  undo.Push([&] { DeleteGroup(client, created.group_id()).IgnoreError(); });
  for (const std::string& cidr : cidrs) RETURN_IF_ERROR(AllowPort(client, created.group_id(), port, cidr));
  ec2::v1::ModifyNetworkInterfaceAttributeRequest join;
  join.set_network_interface_id(interface->network_interface_id());
  for (const ec2::v1::GroupIdentifier& group : interface->groups()) join.add_groups(group.group_id());
  join.add_groups(created.group_id());
  RETURN_IF_ERROR(Call<ec2::v1::ModifyNetworkInterfaceAttributeResponse>(client, join).status());
  undo.Dismiss();
  return absl::OkStatus();
}

absl::Status ClosePort(Client& client, const std::string& group_id, const PortWish& port,
                       const std::vector<std::string>& cidrs) {
  for (const std::string& cidr : cidrs) {
    ec2::v1::RevokeSecurityGroupIngressRequest request;
    request.set_group_id(group_id);
    *request.add_ip_permissions() = PermissionFor(port, cidr);
    RETURN_IF_ERROR(Call<ec2::v1::RevokeSecurityGroupIngressResponse>(client, request).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<int> RunOpen(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "open", .usage = "brume open PORT NAME", .least = 2, .most = 2};
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, tokens, {{"from"}, {"close", false}}));
  if (!options.has_value()) return 0;
  ASSIGN_OR_RETURN(const PortWish port, ParsePortWish(options->positional[0]));
  std::vector<std::string> cidrs = {kEverybody, kEverybodyByIpv6};
  if (const std::string* const from = options->Find("from")) cidrs = {*from};
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(const ec2::v1::Instance instance, FindInstance(*client, options->positional[1]));
  ASSIGN_OR_RETURN(const auto group,
                   FindSecurityGroup(*client, OpenedGroupName(instance.instance_id()), instance.vpc_id()));
  const bool close = options->Find("close") != nullptr;
  if (close && !group.has_value()) {
    return absl::FailedPreconditionError(absl::StrCat("brume open opened no port of ", CalledAs(instance)));
  }
  if (close) {
    RETURN_IF_ERROR(ClosePort(*client, group->group_id(), port, cidrs));
  } else if (group.has_value()) {
    for (const std::string& cidr : cidrs) RETURN_IF_ERROR(AllowPort(*client, group->group_id(), port, cidr));
  } else {
    RETURN_IF_ERROR(MakeOpenedGroup(*client, instance, port, cidrs));
  }
  if (!ShowsTables(global)) return 0;
  RETURN_IF_ERROR(Print(absl::StrCat("Port ", options->positional[0], " of ", Printable(CalledAs(instance)), " is ",
                                     close ? "closed" : "open", ".\n")));
  return 0;
}

}  // namespace

absl::StatusOr<PortWish> ParsePortWish(const std::string& text) {
  PortWish wish;
  const std::pair<std::string, std::string> split = absl::StrSplit(text, absl::MaxSplits('/', 1));
  if (!split.second.empty()) wish.protocol = split.second;
  const std::pair<std::string, std::string> range = absl::StrSplit(split.first, absl::MaxSplits('-', 1));
  const bool single = range.second.empty();
  if ((wish.protocol != "tcp" && wish.protocol != "udp") || !ParsePortNumber(range.first, &wish.from) ||
      !ParsePortNumber(single ? range.first : range.second, &wish.to) || wish.to < wish.from) {
    return absl::InvalidArgumentError(absl::StrCat("a port is written 80, 8000-9000 or 53/udp, not '", text, "'"));
  }
  return wish;
}

absl::StatusOr<std::optional<ec2::v1::SecurityGroup>> FindSecurityGroup(Client& client, const std::string& name,
                                                                        const std::string& vpc_id) {
  ec2::v1::DescribeSecurityGroupsRequest request;
  for (const auto& [filter, value] : {std::pair("group-name", name), std::pair("vpc-id", vpc_id)}) {
    ec2::v1::Filter& added = *request.add_filters();
    added.set_name(filter);
    added.add_values(value);
  }
  ASSIGN_OR_RETURN(const auto answer, Call<ec2::v1::DescribeSecurityGroupsResponse>(client, request));
  if (answer.security_groups().empty()) return std::optional<ec2::v1::SecurityGroup>();
  return std::optional<ec2::v1::SecurityGroup>(answer.security_groups(0));
}

absl::Status AllowPort(Client& client, const std::string& group_id, const PortWish& port, const std::string& cidr) {
  ec2::v1::AuthorizeSecurityGroupIngressRequest request;
  request.set_group_id(group_id);
  *request.add_ip_permissions() = PermissionFor(port, cidr);
  const absl::Status allowed = Call<ec2::v1::AuthorizeSecurityGroupIngressResponse>(client, request).status();
  return ApiErrorCode(allowed) == "InvalidPermission.Duplicate" ? absl::OkStatus() : allowed;
}

absl::Status DeleteOpenedGroups(Client& client, const std::vector<ec2::v1::Instance>& instances) {
  for (const ec2::v1::Instance& instance : instances) {
    ASSIGN_OR_RETURN(const auto group,
                     FindSecurityGroup(client, OpenedGroupName(instance.instance_id()), instance.vpc_id()));
    if (group.has_value()) RETURN_IF_ERROR(DeleteGroup(client, group->group_id()));
  }
  return absl::OkStatus();
}

Command OpenCommand() {
  return {"open",
          "open PORT NAME [--from CIDR] [--close]",
          "Opens a port of an instance.",
          "PORT is 80, 8000-9000 or 53/udp. The rule is added to a security group for this instance only, "
          "brume-open-ID, which brume rm deletes with the instance.",
          {{"--from CIDR", "Allow only these addresses. Default: all."}, {"--close", "Close the port again."}},
          WithoutSchema<RunOpen>};
}

}  // namespace brume::cli
