#include "lib/ec2/network/interface_service.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/ipv6_ranges.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/tables/address_table.h"
#include "lib/ec2/network/tables/interface_address_table.h"
#include "lib/ec2/network/tables/interface_ipv6_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::network {
namespace {

// Of an interface, the first included.
constexpr int kMaxAddressesOfInterface = 50;

// Those that have a tag of the query, or all. An interface is read with several statements, so all are read at once.
absl::StatusOr<std::vector<NetworkInterface>> ListTagged(store::Connection& connection,
                                                         const std::optional<tagging::TagQuery>& tags) {
  NetworkTable networks(connection);
  if (!tags.has_value()) return networks.ListInterfaces(std::nullopt);
  ASSIGN_OR_RETURN(const std::vector<EniId> tagged, tagging::TaggedIds<EniId>(connection, *tags));
  return networks.FindInterfaces(tagged);
}

absl::Status ChangeSourceDestCheck(store::Connection& connection, const NetworkInterface& eni, bool check,
                                   const AttachedInstances& instances) {
  RETURN_IF_ERROR(NetworkTable(connection).SetSourceDestCheck(eni.id, check));
  if (eni.instance_id.empty() || eni.device_index != 0) return absl::OkStatus();
  return instances.show_source_dest_check(connection, eni.instance_id, check);
}

ConnectionTracking Over(ConnectionTracking present, const ConnectionTracking& change) {
  if (change.tcp_established_timeout) present.tcp_established_timeout = change.tcp_established_timeout;
  if (change.udp_stream_timeout) present.udp_stream_timeout = change.udp_stream_timeout;
  if (change.udp_timeout) present.udp_timeout = change.udp_timeout;
  return present;
}

absl::Status AttachmentNotFound(absl::string_view id) {
  return ec2::Error("InvalidAttachmentID.NotFound",
                    absl::StrCat("The attachment '", id.substr(0, 64), "' does not exist"));
}

absl::Status ChangeDeleteOnTermination(store::Connection& connection, const NetworkInterface& eni,
                                       const InterfaceChange& change) {
  if (!eni.attached() || eni.attachment_id != change.attachment_id) {
    return ec2::Error("InvalidAttachmentID.NotFound",
                      absl::StrCat("The network interface '", eni.id.text(), "' has no attachment '",
                                   absl::string_view(change.attachment_id).substr(0, 64), "'"));
  }
  return NetworkTable(connection).SetDeleteOnTermination(eni.id, *change.delete_on_termination);
}

absl::Status AddSecondary(store::Connection& connection, NetworkInterface& eni, Ipv4 address) {
  eni.secondary.push_back({.private_ip = address});
  return InterfaceAddressTable(connection).Insert(eni, eni.secondary.back());
}

absl::StatusOr<InterfaceView> ViewOf(store::Connection& connection, NetworkInterface eni) {
  InterfaceView view;
  ASSIGN_OR_RETURN(const Subnet subnet, NetworkTable(connection).GetSubnet(eni.subnet_id));
  view.availability_zone = subnet.availability_zone;
  for (const SecurityGroupId& id : eni.groups) {
    ASSIGN_OR_RETURN(const SecurityGroup group, SecurityGroupTable(connection).Get(id));
    view.group_names.emplace(id, group.name);
  }
  ASSIGN_OR_RETURN(view.tags, tagging::GetTags(connection, eni.id.text()));
  view.eni = std::move(eni);
  return view;
}

// Takes an address that another interface has beside its first. The elastic address that is associated with it comes
// with it.
absl::Status TakeAddress(store::Connection& connection, NetworkInterface& eni, Ipv4 address) {
  NetworkTable networks(connection);
  ASSIGN_OR_RETURN(const std::optional<NetworkInterface> owner, networks.FindInterfaceByPrivateIp(eni.vpc_id, address));
  if (!owner.has_value()) return AddSecondary(connection, eni, address);
  if (owner->private_ip == address || owner->requester_managed()) return AddressInUse(address);
  const auto moved = std::find_if(owner->secondary.begin(), owner->secondary.end(),
                                  [&](const SecondaryAddress& each) { return each.private_ip == address; });
  InterfaceAddressTable addresses(connection);
  RETURN_IF_ERROR(addresses.Delete(eni.vpc_id, address));
  RETURN_IF_ERROR(addresses.Insert(eni, *moved));
  eni.secondary.push_back(*moved);
  if (moved->association_id.empty()) return absl::OkStatus();
  AddressTable associations(connection);
  RETURN_IF_ERROR(associations.DeleteAssociation(moved->association_id));
  return associations.InsertAssociation(
      {.id = moved->association_id, .allocation_id = moved->allocation_id, .eni_id = eni.id, .private_ip = address});
}

absl::Status DropAddress(store::Connection& connection, const NetworkInterface& eni, const SecondaryAddress& address) {
  if (!address.association_id.empty()) {
    RETURN_IF_ERROR(AddressTable(connection).DeleteAssociation(address.association_id));
  }
  return InterfaceAddressTable(connection).Delete(eni.vpc_id, address.private_ip);
}

}  // namespace

absl::Status CheckGroupCount(absl::Span<const SecurityGroupId> groups) {
  // EC2's highest quota.
  constexpr size_t kMaxGroupsOfInterface = 16;
  if (groups.size() <= kMaxGroupsOfInterface) return absl::OkStatus();
  return QuotaReached("SecurityGroupsPerInterfaceLimitExceeded", "security groups of a network interface",
                      kMaxGroupsOfInterface);
}

absl::StatusOr<std::vector<SecurityGroupId>> GroupsIn(store::Connection& connection, const VpcId& vpc,
                                                      absl::Span<const SecurityGroupId> groups) {
  std::vector<SecurityGroupId> members;
  for (const SecurityGroupId& id : groups) {
    ASSIGN_OR_RETURN(const SecurityGroup group, SecurityGroupTable(connection).Get(id));
    if (group.vpc_id != vpc) return id.NotFound();
    if (std::find(members.begin(), members.end(), id) == members.end()) members.push_back(id);
  }
  RETURN_IF_ERROR(CheckGroupCount(members));
  if (!members.empty()) return members;
  ASSIGN_OR_RETURN(const std::optional<SecurityGroup> usual, SecurityGroupTable(connection).FindByName(vpc, "default"));
  if (usual.has_value()) members.push_back(usual->id);
  return members;
}

absl::Status AddInterface(store::Connection& connection, const NetworkInterface& eni, const TagMap& tags) {
  RETURN_IF_ERROR(NetworkTable(connection).InsertInterface(eni));
  return tagging::SetTags(connection, eni.id.text(), tags);
}

static std::string NewAttachmentId(const InstanceId& instance, Random& random) {
  // What is attached to no instance has ids of another kind, as at EC2.
  return absl::StrCat(instance.empty() ? "ela-attach-" : "eni-attach-", random.Hex(17));
}

// Into the interface, not into its row.
static void SetAttached(NetworkInterface& eni, const InterfaceSpec::Attachment& attachment, Random& random) {
  eni.attachment_state = InterfaceAttachmentState::kAttached;
  eni.instance_id = attachment.instance_id;
  eni.device_index = attachment.device_index;
  eni.attachment_id = NewAttachmentId(eni.instance_id, random);
  eni.attach_time = attachment.time;
  eni.delete_on_termination = attachment.delete_on_termination;
}

absl::Status CheckAvailable(const NetworkInterface& eni) {
  if (!eni.attached()) return absl::OkStatus();
  return ec2::Error("InvalidNetworkInterface.InUse", absl::StrCat("Interface: [", eni.id.text(), "] in use."));
}

absl::Status AttachTo(store::Connection& connection, NetworkInterface& eni, const InterfaceSpec::Attachment& attachment,
                      Random& random) {
  RETURN_IF_ERROR(CheckAvailable(eni));
  SetAttached(eni, attachment, random);
  return NetworkTable(connection).SetAttachment(eni);
}

static absl::Status CheckHasIpv6(const NetworkInterface& eni) {
  if (!eni.ipv6.empty()) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination",
                    "A primary IPv6 address cannot be enabled: the network interface has no IPv6 address");
}

static absl::Status ChangePrimaryIpv6(store::Connection& connection, const NetworkInterface& eni, bool primary) {
  if (primary) RETURN_IF_ERROR(CheckHasIpv6(eni));
  if (primary || !eni.primary_ipv6) return NetworkTable(connection).SetPrimaryIpv6(eni.id, primary);
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("The primary IPv6 address of '", eni.id.text(),
                                 "' cannot be disabled: it stays until the network interface is detached"));
}

// The IPv6 addresses that the interface is to have.
static absl::StatusOr<std::vector<Ipv6>> ChooseIpv6(store::Connection& connection, const InterfaceSpec& spec,
                                                    Random& random) {
  std::vector<Ipv6> chosen;
  for (const Ipv6& address : spec.ipv6) {
    RETURN_IF_ERROR(CheckIpv6(connection, spec.subnet, address));
    chosen.push_back(address);
  }
  const bool by_itself = spec.ipv6.empty() && spec.subnet.assign_ipv6_on_creation && spec.requester_id.empty();
  int count = spec.ipv6_count.value_or(by_itself ? 1 : 0);
  // One without any address would be of no use.
  if (spec.subnet.ipv6_native() && chosen.empty()) count = std::max(count, 1);
  while (count > 0) {
    ASSIGN_OR_RETURN(const Ipv6 address, AllocateIpv6(connection, spec.subnet, random));
    if (std::find(chosen.begin(), chosen.end(), address) != chosen.end()) continue;
    chosen.push_back(address);
    --count;
  }
  return chosen;
}

// No other interface of the VPC has the MAC: what it sends by its link-local address is known by that.
static absl::Status ChooseMac(store::Connection& connection, NetworkInterface& eni) {
  for (int attempt = 0;; ++attempt) {
    eni.mac = MacAddressFor(eni.ipv6.front(), attempt);
    ASSIGN_OR_RETURN(const auto other, NetworkTable(connection).FindInterfaceByMac(eni.vpc_id, eni.mac));
    if (!other.has_value()) return absl::OkStatus();
  }
}

// Its first IPv4 address, and the MAC that it has by its first address.
static absl::Status GiveFirstAddress(store::Connection& connection, const InterfaceSpec& spec, Random& random,
                                     NetworkInterface& eni) {
  if (spec.subnet.ipv6_native()) {
    const bool asks = spec.private_ip.has_value() || !spec.secondary_ips.empty() || spec.secondary_count > 0;
    if (asks) RETURN_IF_ERROR(NeedIpv4(spec.subnet, "private IPv4 addresses"));
    return ChooseMac(connection, eni);
  }
  if (spec.private_ip.has_value()) {
    RETURN_IF_ERROR(CheckPrivateIp(connection, spec.subnet, *spec.private_ip));
    eni.private_ip = spec.private_ip;
  } else {
    // Not one that is about to be its second.
    ASSIGN_OR_RETURN(eni.private_ip, AllocatePrivateIp(connection, spec.subnet, random, spec.secondary_ips));
  }
  eni.mac = MacAddressFor(*eni.private_ip);
  return absl::OkStatus();
}

absl::StatusOr<NetworkInterface> MakeInterface(store::Connection& connection, const InterfaceSpec& spec,
                                               Random& random) {
  NetworkInterface eni;
  eni.id = EniId::New(random);
  eni.vpc_id = spec.subnet.vpc_id;
  eni.subnet_id = spec.subnet.id;
  eni.type = spec.type;
  eni.requester_id = spec.requester_id;
  if (spec.attachment.has_value()) SetAttached(eni, *spec.attachment, random);
  eni.source_dest_check = spec.source_dest_check;
  eni.description = spec.description;
  eni.groups = spec.groups;
  eni.dns_name_options = spec.dns_name_options.value_or(spec.subnet.dns_name_options);
  eni.tracking = spec.tracking;
  eni.client_token = spec.client_token;
  eni.parameters_digest = spec.parameters_digest;
  ASSIGN_OR_RETURN(eni.ipv6, ChooseIpv6(connection, spec, random));
  RETURN_IF_ERROR(GiveFirstAddress(connection, spec, random, eni));
  eni.primary_ipv6 = spec.primary_ipv6;
  if (eni.primary_ipv6) RETURN_IF_ERROR(CheckHasIpv6(eni));
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

absl::StatusOr<NetworkInterface> GetInterface(store::Connection& connection, const EniId& id) {
  return NetworkTable(connection).GetInterface(id);
}

absl::StatusOr<NetworkInterface> GetAttachedInterface(store::Connection& connection, const std::string& attachment_id) {
  ASSIGN_OR_RETURN(std::optional<NetworkInterface> found,
                   NetworkTable(connection).FindInterfaceByAttachment(attachment_id));
  if (!found.has_value()) return AttachmentNotFound(attachment_id);
  return *std::move(found);
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

absl::StatusOr<std::optional<NetworkInterface>> FindInterface(store::Connection& connection, const VpcId& vpc,
                                                              const Ipv6& address) {
  if (const std::optional<std::string> mac = MacOfLinkLocal(address); mac.has_value()) {
    return NetworkTable(connection).FindInterfaceByMac(vpc, *mac);
  }
  ASSIGN_OR_RETURN(const std::optional<EniId> id, InterfaceIpv6Table(connection).Find(address));
  if (!id.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(NetworkInterface eni, NetworkTable(connection).GetInterface(*id));
  return eni.vpc_id == vpc ? std::optional(std::move(eni)) : std::nullopt;
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
  if (groups.empty()) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The network interface '", eni.id.text(), "' needs at least one security group"));
  }
  ASSIGN_OR_RETURN(const std::vector<SecurityGroupId> members, GroupsIn(connection, eni.vpc_id, groups));
  return NetworkTable(connection).SetInterfaceGroups(eni.id, members);
}

InterfaceService::InterfaceService(store::Database& database, Random& random, AttachedInstances instances,
                                   InterfaceWakes wakes)
    : database_(database), random_(random), instances_(std::move(instances)), wakes_(std::move(wakes)) {}

absl::Status InterfaceService::CheckRoom(store::Connection& connection, const NetworkInterface& eni, size_t more) {
  // Of one without an instance: what the largest instance types let one have.
  int max_addresses = kMaxAddressesOfInterface;
  if (!eni.instance_id.empty()) {
    ASSIGN_OR_RETURN(max_addresses, instances_.max_addresses(connection, eni.instance_id));
  }
  if (1 + eni.secondary.size() + more <= static_cast<size_t>(max_addresses)) return absl::OkStatus();
  return ec2::Error("PrivateIpAddressLimitExceeded",
                    absl::StrCat("Number of private addresses will exceed limit: '", eni.id.text(), "' has ",
                                 1 + eni.secondary.size(), ", and at most ", max_addresses, " are allowed"));
}

absl::StatusOr<InterfaceView> InterfaceService::Create(const InterfaceRequest& request) {
  return database_.WriteFor([&](store::Connection& connection) -> absl::StatusOr<InterfaceView> {
    if (!request.client_token.empty()) {
      ASSIGN_OR_RETURN(std::optional<NetworkInterface> before,
                       NetworkTable(connection).FindInterfaceByToken(request.client_token));
      if (before.has_value() && before->parameters_digest != request.parameters_digest) {
        return ec2::ErrorAnd(absl::StrCat("The client token is '", request.client_token, "'."), ec2::kTokenReused);
      }
      if (before.has_value()) return ViewOf(connection, *std::move(before));
    }
    InterfaceSpec spec{.subnet = {},
                       .private_ip = request.private_ip,
                       .secondary_ips = request.secondary_ips,
                       .secondary_count = request.secondary_count,
                       .description = request.description,
                       .tracking = request.tracking,
                       .client_token = request.client_token,
                       .parameters_digest = request.parameters_digest,
                       .tags = request.tags,
                       .ipv6 = request.ipv6,
                       .ipv6_count = request.ipv6_count,
                       .primary_ipv6 = request.primary_ipv6};
    ASSIGN_OR_RETURN(spec.subnet, NetworkTable(connection).GetSubnet(request.subnet_id));
    RETURN_IF_ERROR(CheckRoom(connection, {}, request.secondary_ips.size() + request.secondary_count));
    RETURN_IF_ERROR(CheckIpv6Room(connection, {}, request.ipv6.size() + request.ipv6_count.value_or(0)));
    ASSIGN_OR_RETURN(spec.groups, GroupsIn(connection, spec.subnet.vpc_id, request.groups));
    ASSIGN_OR_RETURN(NetworkInterface made, MakeInterface(connection, spec, random_));
    return ViewOf(connection, std::move(made));
  });
}

absl::StatusOr<Subnet> InterfaceService::SubnetOf(const SubnetId& id) {
  return database_.ReadFor([&](store::Connection& connection) { return NetworkTable(connection).GetSubnet(id); });
}

absl::StatusOr<std::vector<SecurityGroupId>> InterfaceService::DefaultGroupsOf(const SubnetId& id) {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<SecurityGroupId>> {
    ASSIGN_OR_RETURN(const Subnet subnet, NetworkTable(connection).GetSubnet(id));
    return GroupsIn(connection, subnet.vpc_id, {});
  });
}

absl::Status InterfaceService::Delete(const EniId& id) {
  NetworkInterface eni;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    ASSIGN_OR_RETURN(eni, NetworkTable(connection).GetInterface(id));
    RETURN_IF_ERROR(CheckOwn(eni));
    if (eni.attached()) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("Network interface '", id.text(), "' is currently in use: detach it first"));
    }
    return RemoveInterface(connection, id);
  }));
  // Members of its groups are one fewer, and routes that led to it lead nowhere.
  wakes_.vpc(eni.vpc_id);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Ipv4>> InterfaceService::Assign(const AssignRequest& request) {
  std::vector<Ipv4> assigned;
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    assigned = {};
    NetworkTable networks(connection);
    ASSIGN_OR_RETURN(NetworkInterface eni, networks.GetInterface(request.eni_id));
    RETURN_IF_ERROR(CheckOwn(eni));
    vpc = eni.vpc_id;
    ASSIGN_OR_RETURN(const Subnet subnet, networks.GetSubnet(eni.subnet_id));
    RETURN_IF_ERROR(NeedIpv4(subnet, "private IPv4 addresses"));
    for (const Ipv4 address : request.addresses) {
      const std::vector<Ipv4> own = PrivateAddresses(eni);
      assigned.push_back(address);
      if (std::find(own.begin() + 1, own.end(), address) != own.end()) continue;
      RETURN_IF_ERROR(CheckRoom(connection, eni, 1));
      const absl::Status free = CheckPrivateIp(connection, subnet, address);
      const bool in_use = ec2::ErrorCode(free) == "InvalidIPAddress.InUse";
      if (!free.ok() && !(in_use && request.allow_reassignment)) return free;
      RETURN_IF_ERROR(TakeAddress(connection, eni, address));
    }
    RETURN_IF_ERROR(CheckRoom(connection, eni, request.count));
    for (int i = 0; i < request.count; ++i) {
      ASSIGN_OR_RETURN(const Ipv4 address, AllocatePrivateIp(connection, subnet, random_));
      RETURN_IF_ERROR(AddSecondary(connection, eni, address));
      assigned.push_back(address);
    }
    return absl::OkStatus();
  }));
  wakes_.vpc(vpc);
  return assigned;
}

absl::Status InterfaceService::Unassign(const EniId& id, absl::Span<const Ipv4> addresses) {
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    ASSIGN_OR_RETURN(const NetworkInterface eni, NetworkTable(connection).GetInterface(id));
    RETURN_IF_ERROR(CheckOwn(eni));
    vpc = eni.vpc_id;
    for (const Ipv4 address : addresses) {
      if (address == eni.private_ip) {
        return ec2::Error("InvalidParameterValue",
                          absl::StrCat("The address ", address.text(), " is the primary one of '", id.text(),
                                       "', which cannot be unassigned"));
      }
      const auto own = std::find_if(eni.secondary.begin(), eni.secondary.end(),
                                    [&](const SecondaryAddress& each) { return each.private_ip == address; });
      if (own == eni.secondary.end()) {
        return ec2::Error("InvalidParameterValue", absl::StrCat("Some of the specified addresses are not assigned to '",
                                                                id.text(), "': ", address.text()));
      }
      RETURN_IF_ERROR(DropAddress(connection, eni, *own));
    }
    return absl::OkStatus();
  }));
  wakes_.vpc(vpc);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<InterfaceView>> InterfaceService::List(absl::Span<const EniId> ids,
                                                                  const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<InterfaceView>> {
    NetworkTable networks(connection);
    ASSIGN_OR_RETURN(std::vector<NetworkInterface> rows,
                     tagging::ChooseRows<EniId>(
                         connection, ids, std::nullopt, [&](const EniId& id) { return networks.GetInterface(id); },
                         [&] { return ListTagged(connection, tags); }));
    std::set<SubnetId> subnets_in_use;
    std::set<SecurityGroupId> groups_in_use;
    for (const NetworkInterface& eni : rows) {
      subnets_in_use.insert(eni.subnet_id);
      groups_in_use.insert(eni.groups.begin(), eni.groups.end());
    }
    ASSIGN_OR_RETURN(const std::vector<Subnet> subnets,
                     networks.FindSubnets(std::vector(subnets_in_use.begin(), subnets_in_use.end())));
    std::map<SubnetId, std::string> zones;
    for (const Subnet& subnet : subnets) zones.emplace(subnet.id, subnet.availability_zone);
    ASSIGN_OR_RETURN(const std::vector<SecurityGroup> groups,
                     SecurityGroupTable(connection).GetMany(std::vector(groups_in_use.begin(), groups_in_use.end())));
    std::map<SecurityGroupId, std::string> names;
    for (const SecurityGroup& group : groups) names.emplace(group.id, group.name);
    ASSIGN_OR_RETURN(std::vector<InterfaceView> views,
                     tagging::WithTags(connection, std::move(rows), &InterfaceView::eni));
    for (InterfaceView& view : views) {
      view.availability_zone = zones[view.eni.subnet_id];
      for (const SecurityGroupId& group : view.eni.groups) view.group_names.emplace(group, names[group]);
    }
    return views;
  });
}

absl::Status InterfaceService::Modify(const EniId& id, const InterfaceChange& change) {
  NetworkInterface eni;
  std::set<SecurityGroupId> members_changed;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    ASSIGN_OR_RETURN(eni, NetworkTable(connection).GetInterface(id));
    RETURN_IF_ERROR(CheckOwn(eni));
    if (change.delete_on_termination) RETURN_IF_ERROR(ChangeDeleteOnTermination(connection, eni, change));
    if (change.description) RETURN_IF_ERROR(NetworkTable(connection).SetDescription(id, *change.description));
    members_changed.clear();
    if (change.groups) {
      RETURN_IF_ERROR(ChangeGroups(connection, eni, *change.groups));
      const std::set<SecurityGroupId> before(eni.groups.begin(), eni.groups.end());
      const std::set<SecurityGroupId> after(change.groups->begin(), change.groups->end());
      std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(),
                                    std::inserter(members_changed, members_changed.end()));
    }
    if (change.source_dest_check) {
      RETURN_IF_ERROR(ChangeSourceDestCheck(connection, eni, *change.source_dest_check, instances_));
    }
    if (change.primary_ipv6) RETURN_IF_ERROR(ChangePrimaryIpv6(connection, eni, *change.primary_ipv6));
    if (change.tracking) {
      RETURN_IF_ERROR(NetworkTable(connection).SetTracking(eni, Over(eni.tracking, *change.tracking)));
    }
    return absl::OkStatus();
  }));
  for (const SecurityGroupId& group : members_changed) wakes_.members(eni.vpc_id, group);
  if (change.source_dest_check) {
    wakes_.vpc(eni.vpc_id);
  } else if (change.groups || change.tracking) {
    wakes_.port(eni.vpc_id, eni.id);
  }
  return absl::OkStatus();
}

}  // namespace brume::network
