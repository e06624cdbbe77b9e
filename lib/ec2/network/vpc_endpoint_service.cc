#include "lib/ec2/network/vpc_endpoint_service.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "lib/ec2/network/tables/vpc_endpoint_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::network {
namespace {

// As many as EC2 grants before it is asked for more.
constexpr size_t kMaxEndpoints = 50;
constexpr char kEndpointRequester[] = "amazon-vpce";

template <typename T>
bool Contains(const std::vector<T>& items, const T& item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

absl::StatusOr<VpcEndpointView> ViewOf(store::Connection& c, VpcEndpoint endpoint, TagMap tags) {
  VpcEndpointView view;
  view.tags = std::move(tags);
  VpcEndpointTable endpoints(c);
  ASSIGN_OR_RETURN(const std::vector<SecurityGroupId> groups, endpoints.GroupsOf(endpoint.id));
  for (const SecurityGroupId& group : groups) {
    ASSIGN_OR_RETURN(view.groups.emplace_back(), SecurityGroupTable(c).Get(group));
  }
  ASSIGN_OR_RETURN(const std::vector<VpcEndpointInterface> interfaces, endpoints.InterfacesOf(endpoint.id));
  for (const VpcEndpointInterface& each : interfaces) {
    if (each.leaving) continue;
    ASSIGN_OR_RETURN(const Subnet subnet, NetworkTable(c).GetSubnet(each.subnet_id));
    view.interfaces.emplace_back(each, subnet.availability_zone);
  }
  view.endpoint = std::move(endpoint);
  return view;
}

// Those that are named as such or with an address.
std::vector<SubnetId> SubnetsOf(const NewVpcEndpoint& wanted) {
  std::vector<SubnetId> subnets = wanted.subnets;
  for (const auto& [id, address] : wanted.addresses) {
    if (!Contains(subnets, id)) subnets.push_back(id);
  }
  return subnets;
}

// The subnet can give the interface its addresses, and is of the kind that EC2 wants for the type.
absl::Status CheckAddressType(IpAddressType type, const Subnet& subnet) {
  const auto refuse = [&](absl::string_view what) {
    return ec2::Error("InvalidParameter", absl::StrCat("The IP address type '", kIpAddressTypeNames.Of(type),
                                                       "' is not supported in ", subnet.id.text(), ", which ", what));
  };
  switch (type) {
    case IpAddressType::kIpv4:
      return NeedIpv4(subnet, "room for a VPC endpoint with IPv4 addresses");
    case IpAddressType::kDualstack:
      if (subnet.ipv6_native()) return refuse("has no IPv4 range");
      return subnet.cidr_ipv6.has_value() ? absl::OkStatus() : refuse("has no IPv6 range");
    case IpAddressType::kIpv6:
      return subnet.ipv6_native() ? absl::OkStatus() : refuse("is not an IPv6-only subnet");
  }
  return absl::OkStatus();
}

// Its names have the records of its addresses. Unset: nothing is said of them.
absl::Status CheckRecordType(const VpcEndpoint& endpoint, std::optional<IpAddressType> wanted) {
  if (wanted.value_or(endpoint.ip_address_type) == endpoint.ip_address_type) return absl::OkStatus();
  return ec2::Error("UnsupportedOperation",
                    absl::StrCat("The names of a VPC endpoint have the records of its IP address type '",
                                 kIpAddressTypeNames.Of(endpoint.ip_address_type), "' and no others"));
}

// Takes what has become an interface of no endpoint away.
absl::Status FreeEndpointInterface(store::Connection& c, const EniId& eni) {
  RETURN_IF_ERROR(VpcEndpointTable(c).DeleteInterface(eni));
  return RemoveInterface(c, eni);
}

absl::Status SettleEndpoint(store::Connection& c, VpcEndpoint endpoint, const std::set<EniId>& carried) {
  VpcEndpointTable endpoints(c);
  ASSIGN_OR_RETURN(const std::vector<VpcEndpointInterface> interfaces, endpoints.InterfacesOf(endpoint.id));
  const bool deleting = endpoint.state == VpcEndpointState::kDeleting;
  bool all_carried = true, none_left = true;
  for (const VpcEndpointInterface& each : interfaces) {
    const bool stands = carried.contains(each.eni_id);
    if ((deleting || each.leaving) && !stands) {
      RETURN_IF_ERROR(FreeEndpointInterface(c, each.eni_id));
      continue;
    }
    none_left = false;
    all_carried &= stands;
  }
  if (deleting) return none_left ? endpoints.Delete(endpoint.id) : absl::OkStatus();
  if (endpoint.state != VpcEndpointState::kPending || !all_carried) return absl::OkStatus();
  endpoint.state = VpcEndpointState::kAvailable;
  return endpoints.Update(endpoint);
}

}  // namespace

absl::StatusOr<std::vector<EndpointSpec>> ReadEndpointSpecs(store::Connection& connection, const Vpc& vpc,
                                                            const std::string& region) {
  VpcEndpointTable endpoints(connection);
  ASSIGN_OR_RETURN(const std::vector<VpcEndpoint> present, endpoints.ListOf(vpc.id));
  std::vector<EndpointSpec> specs;
  for (const VpcEndpoint& endpoint : present) {
    if (endpoint.state == VpcEndpointState::kDeleting) continue;
    ASSIGN_OR_RETURN(const std::vector<VpcEndpointInterface> interfaces, endpoints.InterfacesOf(endpoint.id));
    ASSIGN_OR_RETURN(const std::vector<SecurityGroupId> groups, endpoints.GroupsOf(endpoint.id));
    for (const VpcEndpointInterface& each : interfaces) {
      if (each.leaving) continue;
      ASSIGN_OR_RETURN(const Subnet subnet, NetworkTable(connection).GetSubnet(each.subnet_id));
      EndpointSpec& spec = specs.emplace_back();
      spec.id = endpoint.id;
      spec.service = endpoint.service;
      spec.eni_id = each.eni_id;
      spec.subnet = each.subnet_id;
      ASSIGN_OR_RETURN(const NetworkInterface eni, NetworkTable(connection).GetInterface(each.eni_id));
      spec.private_ip = eni.private_ip;
      // Earlier revisions gave endpoints of IPv4 an address that nobody served.
      const bool by_ipv6 = endpoint.ip_address_type != IpAddressType::kIpv4;
      if (by_ipv6 && !eni.ipv6.empty()) spec.ipv6 = eni.ipv6.front();
      spec.groups = groups;
      spec.names = {VpcEndpointName(endpoint, region), VpcEndpointName(endpoint, region, subnet.availability_zone)};
      const bool named = endpoint.private_dns && vpc.attributes.dns_support && vpc.attributes.dns_hostnames;
      if (named) spec.names.push_back(PrivateNameOf(endpoint.service, region));
    }
  }
  return specs;
}

absl::Status SettleVpcEndpoints(store::Connection& connection, const VpcId& vpc, const std::set<EniId>& carried) {
  ASSIGN_OR_RETURN(std::vector<VpcEndpoint> present, VpcEndpointTable(connection).ListOf(vpc));
  for (VpcEndpoint& endpoint : present) RETURN_IF_ERROR(SettleEndpoint(connection, std::move(endpoint), carried));
  return absl::OkStatus();
}

absl::StatusOr<bool> HasUnsettledVpcEndpoints(store::Connection& connection, const VpcId& vpc) {
  VpcEndpointTable endpoints(connection);
  ASSIGN_OR_RETURN(const std::vector<VpcEndpoint> present, endpoints.ListOf(vpc));
  for (const VpcEndpoint& endpoint : present) {
    if (endpoint.state != VpcEndpointState::kAvailable) return true;
    ASSIGN_OR_RETURN(const std::vector<VpcEndpointInterface> interfaces, endpoints.InterfacesOf(endpoint.id));
    if (std::any_of(interfaces.begin(), interfaces.end(), [](const auto& each) { return each.leaving; })) return true;
  }
  return false;
}

absl::Status VpcEndpointService::CheckPrivateDns(store::Connection& connection, const VpcEndpoint& endpoint) const {
  if (!endpoint.private_dns) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Vpc vpc, NetworkTable(connection).GetVpc(endpoint.vpc_id));
  if (!vpc.attributes.dns_support || !vpc.attributes.dns_hostnames) {
    return ec2::Error(
        "InvalidParameter",
        absl::StrCat("Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to "
                     "true for ",
                     vpc.id.text()));
  }
  ASSIGN_OR_RETURN(const std::vector<VpcEndpoint> present, VpcEndpointTable(connection).ListOf(endpoint.vpc_id));
  for (const VpcEndpoint& other : present) {
    if (other.id == endpoint.id || other.service != endpoint.service || !other.private_dns) continue;
    if (other.state == VpcEndpointState::kDeleting) continue;
    return ec2::Error("InvalidParameter",
                      absl::StrCat("private-dns-enabled cannot be set because there is already a conflicting DNS "
                                   "domain for ",
                                   PrivateNameOf(endpoint.service, parts_.settings.region), " in the VPC ",
                                   vpc.id.text(), " (of ", other.id.text(), ")"));
  }
  return absl::OkStatus();
}

absl::Status VpcEndpointService::AddInterfaces(store::Connection& connection, const VpcEndpoint& endpoint,
                                               absl::Span<const SubnetId> subnets, const EndpointAddresses& addresses) {
  VpcEndpointTable endpoints(connection);
  NetworkTable networks(connection);
  ASSIGN_OR_RETURN(const std::vector<SecurityGroupId> groups, endpoints.GroupsOf(endpoint.id));
  for (const SubnetId& id : subnets) {
    ASSIGN_OR_RETURN(const Subnet subnet, networks.GetSubnet(id));
    if (subnet.vpc_id != endpoint.vpc_id) return id.NotFound();
    ASSIGN_OR_RETURN(const std::vector<VpcEndpointInterface> present, endpoints.InterfacesOf(endpoint.id));
    for (const VpcEndpointInterface& other : present) {
      if (other.leaving) continue;
      ASSIGN_OR_RETURN(const Subnet beside, networks.GetSubnet(other.subnet_id));
      if (beside.availability_zone != subnet.availability_zone) continue;
      return ec2::Error("DuplicateSubnetsInSameZone",
                        absl::StrCat("Found another VPC endpoint subnet in the availability zone of ", id.text(), ": ",
                                     beside.id.text()));
    }
    RETURN_IF_ERROR(CheckAddressType(endpoint.ip_address_type, subnet));
    InterfaceSpec spec;
    spec.subnet = subnet;
    if (const auto address = addresses.find(id); address != addresses.end()) spec.private_ip = address->second;
    spec.ipv6_count = endpoint.ip_address_type == IpAddressType::kIpv4 ? 0 : 1;
    spec.type = InterfaceType::kVpcEndpoint;
    spec.requester_id = kEndpointRequester;
    spec.groups = groups;
    spec.description = absl::StrCat("VPC Endpoint Interface ", endpoint.id.text());
    spec.attachment.emplace().time = parts_.clock.Now();
    ASSIGN_OR_RETURN(const NetworkInterface eni, MakeInterface(connection, spec, parts_.random));
    RETURN_IF_ERROR(endpoints.PutInterface({.eni_id = eni.id, .endpoint_id = endpoint.id, .subnet_id = id}));
  }
  return absl::OkStatus();
}

absl::StatusOr<VpcEndpointView> VpcEndpointService::Make(store::Connection& connection, const NewVpcEndpoint& wanted) {
  VpcEndpointTable endpoints(connection);
  ASSIGN_OR_RETURN(std::optional<VpcEndpoint> before, endpoints.FindByToken(wanted.client_token));
  if (before.has_value()) {
    ASSIGN_OR_RETURN(TagMap tags, tagging::GetTags(connection, before->id.text()));
    if (before->parameters_digest == wanted.parameters_digest) {
      return ViewOf(connection, *std::move(before), std::move(tags));
    }
    return ec2::ErrorAnd(absl::StrCat("The client token is '", wanted.client_token, "'."), ec2::kTokenReused);
  }
  RETURN_IF_ERROR(NetworkTable(connection).GetVpc(wanted.vpc_id).status());
  ASSIGN_OR_RETURN(const std::vector<VpcEndpoint> present, endpoints.ListOf(wanted.vpc_id));
  if (present.size() >= kMaxEndpoints) {
    return QuotaReached("VpcEndpointLimitExceeded", "interface endpoints of a VPC", kMaxEndpoints);
  }
  VpcEndpoint made;
  made.id = VpcEndpointId::New(parts_.random);
  made.vpc_id = wanted.vpc_id;
  made.service = wanted.service;
  made.ip_address_type = wanted.ip_address_type;
  RETURN_IF_ERROR(CheckRecordType(made, wanted.dns_record_type));
  made.private_dns = wanted.private_dns;
  made.policy = wanted.policy;
  made.created = parts_.clock.Now();
  made.client_token = wanted.client_token;
  made.parameters_digest = wanted.parameters_digest;
  RETURN_IF_ERROR(CheckPrivateDns(connection, made));
  ASSIGN_OR_RETURN(const std::vector<SecurityGroupId> groups, GroupsIn(connection, wanted.vpc_id, wanted.groups));
  RETURN_IF_ERROR(endpoints.Insert(made));
  RETURN_IF_ERROR(endpoints.SetGroups(made.id, groups));
  RETURN_IF_ERROR(AddInterfaces(connection, made, SubnetsOf(wanted), wanted.addresses));
  RETURN_IF_ERROR(tagging::SetTags(connection, made.id.text(), wanted.tags));
  return ViewOf(connection, std::move(made), wanted.tags);
}

absl::StatusOr<VpcEndpointView> VpcEndpointService::Create(const NewVpcEndpoint& wanted) {
  if (!wanted.policy.empty()) RETURN_IF_ERROR(parts_.check_policy(wanted.policy));
  ASSIGN_OR_RETURN(VpcEndpointView view,
                   parts_.database.WriteFor([&](store::Connection& c) { return Make(c, wanted); }));
  parts_.wake(view.endpoint.vpc_id);
  return view;
}

absl::Status VpcEndpointService::ChangeSubnets(store::Connection& connection, const VpcEndpoint& endpoint,
                                               const VpcEndpointChange& change) {
  VpcEndpointTable endpoints(connection);
  ASSIGN_OR_RETURN(const std::vector<VpcEndpointInterface> present, endpoints.InterfacesOf(endpoint.id));
  for (const SubnetId& id : change.remove_subnets) {
    const auto found = std::find_if(present.begin(), present.end(),
                                    [&](const auto& each) { return each.subnet_id == id && !each.leaving; });
    if (found == present.end()) {
      return ec2::Error("InvalidParameter",
                        absl::StrCat("The subnet '", id.text(), "' is not of ", endpoint.id.text()));
    }
    VpcEndpointInterface leaving = *found;
    leaving.leaving = true;
    RETURN_IF_ERROR(endpoints.PutInterface(leaving));
  }
  std::vector<SubnetId> added = change.add_subnets;
  for (const auto& [id, address] : change.addresses) {
    if (Contains(added, id)) continue;
    const auto found = std::find_if(present.begin(), present.end(),
                                    [&id = id](const auto& each) { return each.subnet_id == id && !each.leaving; });
    if (found != present.end()) {
      ASSIGN_OR_RETURN(const NetworkInterface eni, NetworkTable(connection).GetInterface(found->eni_id));
      if (!address.has_value() || eni.private_ip == address) continue;
      VpcEndpointInterface leaving = *found;
      leaving.leaving = true;
      RETURN_IF_ERROR(endpoints.PutInterface(leaving));
    }
    added.push_back(id);
  }
  return AddInterfaces(connection, endpoint, added, change.addresses);
}

absl::Status VpcEndpointService::ChangeGroups(store::Connection& connection, const VpcEndpoint& endpoint,
                                              const VpcEndpointChange& change) {
  if (change.add_groups.empty() && change.remove_groups.empty()) return absl::OkStatus();
  VpcEndpointTable endpoints(connection);
  ASSIGN_OR_RETURN(std::vector<SecurityGroupId> groups, endpoints.GroupsOf(endpoint.id));
  for (const SecurityGroupId& id : change.remove_groups) {
    if (!Contains(groups, id)) {
      return ec2::Error("InvalidParameter", absl::StrCat("The group '", id.text(), "' is not of ", endpoint.id.text()));
    }
    std::erase(groups, id);
  }
  groups.insert(groups.end(), change.add_groups.begin(), change.add_groups.end());
  if (groups.empty()) {
    return ec2::Error("InvalidParameter", absl::StrCat(endpoint.id.text(), " needs at least one security group"));
  }
  ASSIGN_OR_RETURN(groups, GroupsIn(connection, endpoint.vpc_id, groups));
  RETURN_IF_ERROR(endpoints.SetGroups(endpoint.id, groups));
  ASSIGN_OR_RETURN(const std::vector<VpcEndpointInterface> interfaces, endpoints.InterfacesOf(endpoint.id));
  for (const VpcEndpointInterface& each : interfaces) {
    RETURN_IF_ERROR(NetworkTable(connection).SetInterfaceGroups(each.eni_id, groups));
  }
  return absl::OkStatus();
}

absl::Status VpcEndpointService::Modify(const VpcEndpointId& id, const VpcEndpointChange& change) {
  if (change.policy.has_value() && !change.policy->empty()) RETURN_IF_ERROR(parts_.check_policy(*change.policy));
  VpcId vpc;
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    VpcEndpointTable endpoints(c);
    ASSIGN_OR_RETURN(VpcEndpoint endpoint, endpoints.Get(id));
    if (endpoint.state == VpcEndpointState::kDeleting) return id.NotFound();
    vpc = endpoint.vpc_id;
    if (change.policy.has_value()) endpoint.policy = *change.policy;
    if (change.ip_address_type.value_or(endpoint.ip_address_type) != endpoint.ip_address_type) {
      return ec2::Error("UnsupportedOperation",
                        absl::StrCat("The IP address type of ", id.text(), " stays '",
                                     kIpAddressTypeNames.Of(endpoint.ip_address_type), "': make another endpoint"));
    }
    RETURN_IF_ERROR(CheckRecordType(endpoint, change.dns_record_type));
    if (change.private_dns.has_value()) endpoint.private_dns = *change.private_dns;
    if (change.private_dns.has_value()) RETURN_IF_ERROR(CheckPrivateDns(c, endpoint));
    // Before the subnets, so that new interfaces have the new groups.
    RETURN_IF_ERROR(ChangeGroups(c, endpoint, change));
    RETURN_IF_ERROR(ChangeSubnets(c, endpoint, change));
    return endpoints.Update(endpoint);
  }));
  parts_.wake(vpc);
  return absl::OkStatus();
}

absl::Status VpcEndpointService::Delete(const VpcEndpointId& id) {
  VpcId vpc;
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    VpcEndpointTable endpoints(c);
    ASSIGN_OR_RETURN(VpcEndpoint endpoint, endpoints.Get(id));
    vpc = endpoint.vpc_id;
    endpoint.state = VpcEndpointState::kDeleting;
    return endpoints.Update(endpoint);
  }));
  parts_.wake(vpc);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<VpcEndpointView>> VpcEndpointService::List(absl::Span<const VpcEndpointId> ids,
                                                                      const std::optional<tagging::TagQuery>& tags) {
  return parts_.database.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<VpcEndpointView>> {
    VpcEndpointTable endpoints(c);
    ASSIGN_OR_RETURN(std::vector<VpcEndpoint> rows,
                     tagging::ChooseRows<VpcEndpointId>(
                         c, ids, tags, [&](const VpcEndpointId& id) { return endpoints.Get(id); },
                         [&] { return endpoints.List(); }));
    ASSIGN_OR_RETURN(std::vector<TagMap> own_tags, tagging::TagsOfRows(c, rows));
    std::vector<VpcEndpointView> views;
    for (size_t i = 0; i < rows.size(); ++i) {
      ASSIGN_OR_RETURN(views.emplace_back(), ViewOf(c, std::move(rows[i]), std::move(own_tags[i])));
    }
    return views;
  });
}

absl::StatusOr<std::string> VpcEndpointService::PolicyOf(const VpcEndpointId& id) {
  const absl::StatusOr<VpcEndpoint> endpoint =
      parts_.database.ReadFor([&](store::Connection& c) { return VpcEndpointTable(c).Get(id); });
  if (absl::IsNotFound(endpoint.status())) return absl::PermissionDeniedError("because the VPC endpoint is deleted");
  RETURN_IF_ERROR(endpoint.status());
  return endpoint->policy.empty() ? std::string(kDefaultVpcEndpointPolicy) : endpoint->policy;
}

}  // namespace brume::network
