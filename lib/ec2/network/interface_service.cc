#include "lib/ec2/network/interface_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/interface_address_table.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/network_table.h"
#include "lib/ec2/network/security_group_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::network {
namespace {

absl::StatusOr<std::vector<NetworkInterface>> Rows(store::Connection& connection, absl::Span<const EniId> ids) {
  NetworkTable networks(connection);
  if (ids.empty()) return networks.ListInterfaces(std::nullopt);
  std::vector<NetworkInterface> rows;
  rows.reserve(ids.size());
  for (const EniId& id : ids) {
    ASSIGN_OR_RETURN(NetworkInterface eni, networks.GetInterface(id));
    rows.push_back(std::move(eni));
  }
  return rows;
}

absl::Status ChangeSourceDestCheck(store::Connection& connection, const NetworkInterface& eni, bool check,
                                   const AttachedInstances& instances) {
  RETURN_IF_ERROR(NetworkTable(connection).SetSourceDestCheck(eni.id, check));
  if (eni.instance_id.empty() || eni.device_index != 0) return absl::OkStatus();
  return instances.show_source_dest_check(connection, eni.instance_id, check);
}

absl::Status CheckAttachment(const NetworkInterface& eni, const InterfaceChange& change) {
  if (!change.delete_on_termination) return absl::OkStatus();
  if (eni.attachment_id != change.attachment_id) {
    return ec2::Error("InvalidAttachmentID.NotFound",
                      absl::StrCat("The network interface '", eni.id.text(), "' has no attachment '",
                                   absl::string_view(change.attachment_id).substr(0, 64), "'"));
  }
  if (*change.delete_on_termination) return absl::OkStatus();
  return ec2::Error("UnsupportedOperation",
                    absl::StrCat("The network interface '", eni.id.text(),
                                 "' goes with its instance: deleteOnTermination cannot be false"));
}

// What is attached to no instance has ids of another kind, as at EC2.
std::string NewAttachmentId(const NetworkInterface& eni, Random& random) {
  return absl::StrCat(eni.instance_id.empty() ? "ela-attach-" : "eni-attach-", random.Hex(17));
}

absl::Status AddSecondary(store::Connection& connection, NetworkInterface& eni, Ipv4 address) {
  eni.secondary.push_back({.private_ip = address});
  return InterfaceAddressTable(connection).Insert(eni, eni.secondary.back());
}

}  // namespace

absl::Status AddInterface(store::Connection& connection, const NetworkInterface& eni, const TagMap& tags) {
  RETURN_IF_ERROR(NetworkTable(connection).InsertInterface(eni));
  return tagging::SetTags(connection, eni.id.text(), tags);
}

absl::StatusOr<NetworkInterface> MakeInterface(store::Connection& connection, const InterfaceSpec& spec,
                                               Random& random) {
  NetworkInterface eni;
  eni.id = EniId::New(random);
  eni.vpc_id = spec.subnet.vpc_id;
  eni.subnet_id = spec.subnet.id;
  eni.type = spec.type;
  eni.requester_id = spec.requester_id;
  if (spec.attachment.has_value()) {
    eni.attachment_state = InterfaceAttachmentState::kAttached;
    eni.instance_id = spec.attachment->instance_id;
    eni.device_index = spec.attachment->device_index;
    eni.attachment_id = NewAttachmentId(eni, random);
    eni.attach_time = spec.attachment->time;
    eni.delete_on_termination = spec.attachment->delete_on_termination;
  }
  eni.source_dest_check = spec.source_dest_check;
  eni.description = spec.description;
  eni.groups = spec.groups;
  eni.dns_name_options = spec.dns_name_options.value_or(spec.subnet.dns_name_options);
  eni.tracking = spec.tracking;
  eni.client_token = spec.client_token;
  eni.parameters_digest = spec.parameters_digest;
  if (spec.private_ip.has_value()) {
    RETURN_IF_ERROR(CheckPrivateIp(connection, spec.subnet, *spec.private_ip));
    eni.private_ip = *spec.private_ip;
  } else {
    // Not one that is about to be its second.
    ASSIGN_OR_RETURN(eni.private_ip, AllocatePrivateIp(connection, spec.subnet, random, spec.secondary_ips));
  }
  eni.mac = MacAddressFor(eni.private_ip);
  RETURN_IF_ERROR(AddInterface(connection, eni, spec.tags));
  for (const Ipv4 address : spec.secondary_ips) {
    RETURN_IF_ERROR(CheckPrivateIp(connection, spec.subnet, address));
    RETURN_IF_ERROR(AddSecondary(connection, eni, address));
  }
  for (int i = 0; i < spec.secondary_count; ++i) {
    ASSIGN_OR_RETURN(const Ipv4 address, AllocatePrivateIp(connection, spec.subnet, random));
    RETURN_IF_ERROR(AddSecondary(connection, eni, address));
  }
  return eni;
}

absl::Status CheckOwn(const NetworkInterface& eni) {
  if (!eni.requester_managed()) return absl::OkStatus();
  return ec2::Error("OperationNotPermitted",
                    absl::StrCat("You are not allowed to manage '", eni.id.text(), "': it belongs to a ",
                                 kInterfaceTypeNames.Of(eni.type), ", which it goes with"));
}

absl::Status RemoveInterface(store::Connection& connection, const EniId& id) {
  RETURN_IF_ERROR(tagging::DeleteTags(connection, id.text()));
  return NetworkTable(connection).DeleteInterface(id);
}

absl::StatusOr<std::vector<NetworkInterface>> ListInterfaces(store::Connection& connection) {
  return NetworkTable(connection).ListInterfaces(std::nullopt);
}

absl::StatusOr<std::vector<NetworkInterface>> ListInterfacesOf(store::Connection& connection,
                                                               absl::Span<const InstanceId> instances) {
  return NetworkTable(connection).ListInterfacesOf(instances);
}

absl::StatusOr<NetworkInterface> OnlyInterfaceOf(store::Connection& connection, const InstanceId& instance) {
  ASSIGN_OR_RETURN(std::vector<NetworkInterface> interfaces, ListInterfacesOf(connection, {&instance, 1}));
  if (interfaces.empty()) return instance.NotFound();
  if (interfaces.size() == 1) return std::move(interfaces.front());
  return ec2::Error("InvalidInstanceID",
                    absl::StrCat("There are multiple interfaces attached to instance '", instance.text(),
                                 "'. Please specify an interface ID for the operation instead."));
}

absl::StatusOr<std::optional<NetworkInterface>> FindInterface(store::Connection& connection, const VpcId& vpc,
                                                              Ipv4 address) {
  return NetworkTable(connection).FindInterfaceByPrivateIp(vpc, address);
}

absl::Status SetPublicIp(store::Connection& connection, NetworkInterface& eni, std::optional<Ipv4> address) {
  return NetworkTable(connection).SetPublicIp(eni, address);
}

absl::Status SetAttachment(store::Connection& connection, NetworkInterface& eni) {
  return NetworkTable(connection).SetAttachment(eni);
}

absl::Status SetSourceDestCheck(store::Connection& connection, const EniId& id, bool check) {
  return NetworkTable(connection).SetSourceDestCheck(id, check);
}

absl::Status SetDnsNameOptions(store::Connection& connection, const NetworkInterface& eni,
                               const PrivateDnsNameOptions& options) {
  return NetworkTable(connection).SetDnsNameOptions(eni, options);
}

absl::Status ChangeGroups(store::Connection& connection, const NetworkInterface& eni,
                          absl::Span<const SecurityGroupId> groups) {
  std::vector<SecurityGroupId> members;
  for (const SecurityGroupId& id : groups) {
    ASSIGN_OR_RETURN(const SecurityGroup group, SecurityGroupTable(connection).Get(id));
    if (group.vpc_id != eni.vpc_id) return id.NotFound();
    if (std::find(members.begin(), members.end(), id) == members.end()) members.push_back(id);
  }
  if (members.empty()) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The network interface '", eni.id.text(), "' needs at least one security group"));
  }
  return NetworkTable(connection).SetInterfaceGroups(eni.id, members);
}

InterfaceService::InterfaceService(store::Database& database, AttachedInstances instances,
                                   std::function<void(const VpcId&)> wake)
    : database_(database), instances_(std::move(instances)), wake_(std::move(wake)) {}

absl::StatusOr<std::vector<InterfaceView>> InterfaceService::List(absl::Span<const EniId> ids) {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<InterfaceView>> {
    ASSIGN_OR_RETURN(std::vector<NetworkInterface> rows, Rows(connection, ids));
    std::map<SubnetId, std::string> zones;
    ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, NetworkTable(connection).ListSubnets(std::nullopt));
    for (const Subnet& subnet : subnets) zones.emplace(subnet.id, subnet.availability_zone);
    std::map<SecurityGroupId, std::string> names;
    ASSIGN_OR_RETURN(const std::vector<SecurityGroup> groups, SecurityGroupTable(connection).List(std::nullopt));
    for (const SecurityGroup& group : groups) names.emplace(group.id, group.name);
    std::vector<std::string> texts;
    texts.reserve(rows.size());
    for (const NetworkInterface& eni : rows) texts.push_back(eni.id.text());
    ASSIGN_OR_RETURN(const auto tags, tagging::GetTagsOf(connection, texts));

    std::vector<InterfaceView> views;
    views.reserve(rows.size());
    for (NetworkInterface& eni : rows) {
      InterfaceView& view = views.emplace_back();
      view.availability_zone = zones[eni.subnet_id];
      for (const SecurityGroupId& group : eni.groups) view.group_names.emplace(group, names[group]);
      if (const auto own = tags.find(eni.id.text()); own != tags.end()) view.tags = own->second;
      view.eni = std::move(eni);
    }
    return views;
  });
}

absl::Status InterfaceService::Modify(const EniId& id, const InterfaceChange& change) {
  NetworkInterface eni;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    ASSIGN_OR_RETURN(eni, NetworkTable(connection).GetInterface(id));
    RETURN_IF_ERROR(CheckOwn(eni));
    RETURN_IF_ERROR(CheckAttachment(eni, change));
    if (change.description) RETURN_IF_ERROR(NetworkTable(connection).SetDescription(id, *change.description));
    if (change.groups) RETURN_IF_ERROR(ChangeGroups(connection, eni, *change.groups));
    if (change.source_dest_check) {
      RETURN_IF_ERROR(ChangeSourceDestCheck(connection, eni, *change.source_dest_check, instances_));
    }
    return absl::OkStatus();
  }));
  if (change.groups || change.source_dest_check) wake_(eni.vpc_id);
  return absl::OkStatus();
}

}  // namespace brume::network
