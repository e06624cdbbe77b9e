#include "lib/ec2/network/vpc_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/default_network.h"
#include "lib/ec2/network/ipv6_ranges.h"
#include "lib/ec2/network/peering_service.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/tables/network_acl_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/routing_table.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "lib/ec2/network/tables/vpc_endpoint_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/resource/zones.h"

namespace brume::network {
namespace {

// EC2's quotas, but for the number of VPCs, of which it grants 5 before it is asked for more.
constexpr size_t kMaxVpcs = 500, kMaxCidrs = 5, kMaxSubnets = 200;
constexpr int kLargest = 16, kSmallest = 28;

// Ranges that no VPC can have, as they mean something else to every host.
constexpr Cidr kNeverPrivate[] = {
    {Ipv4{0x00000000}, 8}, {Ipv4{0x7f000000}, 8}, {Ipv4{0xa9fe0000}, 16}, {Ipv4{0xe0000000}, 3}};

template <typename... Why>
absl::Status BadRange(ec2::KnownCode code, const Cidr& cidr, const Why&... why) {
  return ec2::Error(code, absl::StrCat("The CIDR '", cidr.text(), "' is invalid: ", why...));
}

absl::Status CheckSize(ec2::KnownCode code, const Cidr& cidr) {
  if (cidr.prefix_length >= kLargest && cidr.prefix_length <= kSmallest) return absl::OkStatus();
  return BadRange(code, cidr, "its size must be between /", kLargest, " and /", kSmallest);
}

absl::Status CheckVpcRange(const Cidr& cidr, const Settings& settings) {
  RETURN_IF_ERROR(CheckSize("InvalidVpc.Range", cidr));
  for (const Cidr& never : kNeverPrivate) {
    if (cidr.Overlaps(never)) return BadRange("InvalidVpc.Range", cidr, never.text(), " cannot be a VPC's");
  }
  if (cidr.Overlaps(settings.public_pool)) {
    return BadRange("InvalidVpc.Range", cidr, "it overlaps the public addresses of this host, ",
                    settings.public_pool.text());
  }
  return absl::OkStatus();
}

template <typename IdType, typename OtherId>
absl::Status InTheWay(const IdType& id, const OtherId& other) {
  return ec2::ErrorAnd(absl::StrCat("(", other.text(), ")"), ec2::kHasDependent, id.text());
}

// What somebody put into the VPC must go before it.
absl::Status CheckEmpty(store::Connection& connection, const VpcId& id) {
  NetworkTable networks(connection);
  RoutingTable routing(connection);
  ASSIGN_OR_RETURN(const std::vector<NetworkInterface> interfaces, networks.ListInterfaces(id));
  if (!interfaces.empty()) return InTheWay(id, interfaces.front().id);
  ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, networks.ListSubnets(id));
  if (!subnets.empty()) return InTheWay(id, subnets.front().id);
  ASSIGN_OR_RETURN(const auto gateway, routing.GatewayOf(id));
  if (gateway.has_value()) return InTheWay(id, gateway->id);
  ASSIGN_OR_RETURN(const std::vector<EgressOnlyGateway> egress_only, routing.ListEgressOnlyGateways(id));
  if (!egress_only.empty()) return InTheWay(id, egress_only.front().id);
  ASSIGN_OR_RETURN(const std::vector<VpcEndpoint> endpoints, VpcEndpointTable(connection).ListOf(id));
  if (!endpoints.empty()) return InTheWay(id, endpoints.front().id);
  ASSIGN_OR_RETURN(const std::vector<SecurityGroup> groups, SecurityGroupTable(connection).List(id));
  for (const SecurityGroup& group : groups) {
    if (group.name != "default") return InTheWay(id, group.id);
  }
  ASSIGN_OR_RETURN(const std::vector<RouteTable> tables, routing.ListTables(id));
  ASSIGN_OR_RETURN(const std::vector<RouteTableAssociation> associations, routing.ListAssociations(id));
  for (const RouteTable& table : tables) {
    const bool main = std::any_of(associations.begin(), associations.end(),
                                  [&](const auto& each) { return each.is_main() && each.table_id == table.id; });
    if (!main) return InTheWay(id, table.id);
  }
  ASSIGN_OR_RETURN(const std::vector<NetworkAcl> acls, NetworkAclTable(connection).List(id));
  for (const NetworkAcl& acl : acls) {
    if (!acl.is_default) return InTheWay(id, acl.id);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ZoneOf(const Settings& settings, absl::string_view wanted) {
  if (wanted.empty()) return settings.zones.front();
  if (std::optional<std::string> zone = FindZone(settings, wanted); zone.has_value()) return *std::move(zone);
  return ec2::Error(
      "InvalidParameterValue",
      absl::StrCat("Value (", wanted.substr(0, 64),
                   ") for parameter availabilityZone is invalid. Subnets can currently only be created in "
                   "the following availability zones: ",
                   absl::StrJoin(settings.zones, ", "), "."));
}

absl::Status CheckSubnetCount(store::Connection& connection, const VpcId& vpc) {
  ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, NetworkTable(connection).ListSubnets(vpc));
  if (subnets.size() >= kMaxSubnets) return QuotaReached("SubnetLimitExceeded", "subnets of a VPC", kMaxSubnets);
  return absl::OkStatus();
}

absl::Status CheckSubnetRange(store::Connection& connection, const Vpc& vpc, const Cidr& cidr) {
  RETURN_IF_ERROR(CheckSize("InvalidSubnet.Range", cidr));
  ASSIGN_OR_RETURN(const std::vector<Cidr> ranges, RangesOf(connection, vpc));
  if (std::none_of(ranges.begin(), ranges.end(), [&](const Cidr& range) { return range.Contains(cidr); })) {
    return BadRange("InvalidSubnet.Range", cidr, vpc.id.text(), " has ",
                    absl::StrJoin(ranges, ", ", [](std::string* out, const Cidr& range) { *out += range.text(); }));
  }
  ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, NetworkTable(connection).ListSubnets(vpc.id));
  for (const Subnet& subnet : subnets) {
    if (subnet.ipv6_native() || !subnet.cidr->Overlaps(cidr)) continue;
    return ec2::Error("InvalidSubnet.Conflict",
                      absl::StrCat("The CIDR '", cidr.text(), "' conflicts with another subnet: ", subnet.id.text(),
                                   " has ", subnet.cidr->text()));
  }
  return absl::OkStatus();
}

// The VPC's peers, none of which has addresses of a range that the VPC is to get.
absl::StatusOr<std::vector<VpcId>> PeersBeside(store::Connection& connection, const VpcId& vpc, const Cidr& cidr) {
  ASSIGN_OR_RETURN(const std::vector<VpcPeering> peerings, ActivePeerings(connection, vpc));
  std::vector<VpcId> peers;
  for (const VpcPeering& peering : peerings) {
    ASSIGN_OR_RETURN(const Vpc peer, NetworkTable(connection).GetVpc(peering.OtherThan(vpc).vpc_id));
    ASSIGN_OR_RETURN(const std::vector<Cidr> ranges, RangesOf(connection, peer));
    for (const Cidr& range : ranges) {
      if (!range.Overlaps(cidr)) continue;
      return ec2::Error("CidrConflict", absl::StrCat("The CIDR '", cidr.text(), "' overlaps ", range.text(), " of ",
                                                     peer.id.text(), ", which is peered by ", peering.id.text()));
    }
    peers.push_back(peer.id);
  }
  return peers;
}

// The id of a VPC's first range has the digits of the VPC's.
absl::StatusOr<std::optional<VpcId>> VpcOfFirstRange(store::Connection& connection, const VpcCidrAssociationId& id) {
  const VpcId vpc = VpcId::FromTrusted(absl::StrCat(VpcId::kKind.prefix, id.text().substr(id.text().rfind('-'))));
  ASSIGN_OR_RETURN(const std::vector<Vpc> found, NetworkTable(connection).FindVpcs({&vpc, 1}));
  return found.empty() ? std::nullopt : std::optional<VpcId>(vpc);
}

}  // namespace

VpcService::VpcService(store::Database& database, const Settings& settings, Random& random, const Clock& clock,
                       std::function<void(const VpcId&)> wake)
    : database_(database), settings_(settings), random_(random), clock_(clock), wake_(std::move(wake)) {}

absl::StatusOr<Vpc> VpcService::CreateVpc(const Cidr& cidr, const TagMap& tags, bool with_ipv6) {
  RETURN_IF_ERROR(CheckVpcRange(cidr, settings_));
  ASSIGN_OR_RETURN(Vpc vpc, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<Vpc> {
    ASSIGN_OR_RETURN(const std::vector<Vpc> all, NetworkTable(c).ListVpcs());
    if (all.size() >= kMaxVpcs) return QuotaReached("VpcLimitExceeded", "VPCs", kMaxVpcs);
    Vpc made;
    made.id = VpcId::New(random_);
    made.cidr = cidr;
    RETURN_IF_ERROR(InsertVpc(c, made, settings_, random_));
    if (with_ipv6) RETURN_IF_ERROR(InsertIpv6Range(c, made.id, settings_, random_).status());
    RETURN_IF_ERROR(tagging::SetTags(c, made.id.text(), tags));
    return made;
  }));
  wake_(vpc.id);
  return vpc;
}

absl::StatusOr<Vpc> VpcService::CreateDefaultVpc() {
  ASSIGN_OR_RETURN(Vpc vpc, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<Vpc> {
    ASSIGN_OR_RETURN(const std::optional<Vpc> there, NetworkTable(c).DefaultVpc());
    if (there.has_value()) {
      return ec2::Error(
          "DefaultVpcAlreadyExists",
          absl::StrCat("A Default VPC already exists for this account in this region: ", there->id.text()));
    }
    ASSIGN_OR_RETURN(Vpc made, InsertDefaultVpc(c, settings_, random_));
    for (const std::string& zone : settings_.zones) {
      RETURN_IF_ERROR(InsertDefaultSubnet(c, made, zone, random_).status());
    }
    return made;
  }));
  wake_(vpc.id);
  return vpc;
}

absl::Status VpcService::DeleteVpc(const VpcId& id) {
  std::vector<VpcId> peers;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    NetworkTable networks(c);
    RETURN_IF_ERROR(networks.GetVpc(id).status());
    RETURN_IF_ERROR(CheckEmpty(c, id));
    SecurityGroupTable groups(c);
    ASSIGN_OR_RETURN(const std::vector<SecurityGroup> with_it, groups.List(id));
    for (const SecurityGroup& group : with_it) RETURN_IF_ERROR(groups.Delete(group.id));
    ASSIGN_OR_RETURN(peers, EndPeerings(c, id, clock_.Now()));
    return networks.DeleteVpc(id);
  }));
  wake_(id);
  for (const VpcId& peer : peers) wake_(peer);
  return absl::OkStatus();
}

absl::Status VpcService::ModifyVpc(const VpcId& id, const VpcAttributesChange& change) {
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    NetworkTable networks(c);
    ASSIGN_OR_RETURN(const Vpc vpc, networks.GetVpc(id));
    const VpcAttributes& now = vpc.attributes;
    return networks.SetVpcAttributes(
        id, {.dns_support = change.dns_support.value_or(now.dns_support),
             .dns_hostnames = change.dns_hostnames.value_or(now.dns_hostnames),
             .address_usage_metrics = change.address_usage_metrics.value_or(now.address_usage_metrics)});
  }));
  wake_(id);
  return absl::OkStatus();
}

absl::StatusOr<VpcCidr> VpcService::AddCidr(const VpcId& vpc, const Cidr& cidr) {
  std::vector<VpcId> peers;
  RETURN_IF_ERROR(CheckVpcRange(cidr, settings_));
  ASSIGN_OR_RETURN(VpcCidr added, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<VpcCidr> {
    NetworkTable networks(c);
    ASSIGN_OR_RETURN(const Vpc row, networks.GetVpc(vpc));
    ASSIGN_OR_RETURN(const std::vector<Cidr> ranges, RangesOf(c, row));
    for (const Cidr& range : ranges) {
      if (!range.Overlaps(cidr)) continue;
      return ec2::Error("CidrConflict",
                        absl::StrCat("The CIDR '", cidr.text(), "' overlaps ", range.text(), " of ", vpc.text()));
    }
    ASSIGN_OR_RETURN(peers, PeersBeside(c, vpc, cidr));
    if (ranges.size() >= kMaxCidrs) return QuotaReached("CidrLimitExceeded", "IPv4 ranges of a VPC", kMaxCidrs);
    VpcCidr made{.id = VpcCidrAssociationId::New(random_), .vpc_id = vpc, .cidr = cidr};
    RETURN_IF_ERROR(networks.InsertCidr(made));
    return made;
  }));
  wake_(vpc);
  for (const VpcId& peer : peers) wake_(peer);
  return added;
}

absl::StatusOr<VpcCidr> VpcService::RemoveCidr(const VpcCidrAssociationId& id) {
  std::vector<VpcId> peers;
  ASSIGN_OR_RETURN(VpcCidr removed, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<VpcCidr> {
    NetworkTable networks(c);
    ASSIGN_OR_RETURN(const std::optional<VpcId> first, VpcOfFirstRange(c, id));
    if (first.has_value()) {
      return ec2::Error("OperationNotPermitted", absl::StrCat("'", id.text(), "' is the first range of ", first->text(),
                                                              ", which it keeps as long as it is there"));
    }
    ASSIGN_OR_RETURN(VpcCidr range, networks.GetCidr(id));
    ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, networks.ListSubnets(range.vpc_id));
    for (const Subnet& subnet : subnets) {
      if (!subnet.ipv6_native() && range.cidr.Contains(*subnet.cidr)) return InTheWay(id, subnet.id);
    }
    RETURN_IF_ERROR(networks.DeleteCidr(id));
    ASSIGN_OR_RETURN(const std::vector<VpcPeering> peerings, ActivePeerings(c, range.vpc_id));
    peers.clear();
    for (const VpcPeering& peering : peerings) peers.push_back(peering.OtherThan(range.vpc_id).vpc_id);
    return range;
  }));
  wake_(removed.vpc_id);
  for (const VpcId& peer : peers) wake_(peer);
  return removed;
}

absl::StatusOr<VpcId> VpcService::VpcOf(const VpcCidrAssociationId& id) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<VpcId> {
    ASSIGN_OR_RETURN(const std::optional<VpcId> first, VpcOfFirstRange(c, id));
    if (first.has_value()) return *first;
    ASSIGN_OR_RETURN(const std::vector<VpcIpv6Cidr> ipv6, NetworkTable(c).ListIpv6Cidrs(std::nullopt));
    for (const VpcIpv6Cidr& range : ipv6) {
      if (range.id == id) return range.vpc_id;
    }
    ASSIGN_OR_RETURN(const VpcCidr range, NetworkTable(c).GetCidr(id));
    return range.vpc_id;
  });
}

absl::StatusOr<Subnet> VpcService::CreateSubnet(const SubnetRequest& request) {
  ASSIGN_OR_RETURN(const std::string zone, ZoneOf(settings_, request.availability_zone));
  ASSIGN_OR_RETURN(Subnet subnet, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<Subnet> {
    NetworkTable networks(c);
    ASSIGN_OR_RETURN(const Vpc vpc, networks.GetVpc(request.vpc_id));
    if (request.cidr.has_value()) RETURN_IF_ERROR(CheckSubnetRange(c, vpc, *request.cidr));
    RETURN_IF_ERROR(CheckSubnetCount(c, vpc.id));
    if (request.cidr_ipv6.has_value()) RETURN_IF_ERROR(CheckSubnetIpv6(c, vpc.id, *request.cidr_ipv6));
    Subnet made;
    made.id = SubnetId::New(random_);
    made.vpc_id = vpc.id;
    made.cidr = request.cidr;
    made.availability_zone = zone;
    if (request.cidr_ipv6.has_value()) SetIpv6Range(made, *request.cidr_ipv6, random_);
    RETURN_IF_ERROR(InsertSubnet(c, made, random_));
    RETURN_IF_ERROR(tagging::SetTags(c, made.id.text(), request.tags));
    return made;
  }));
  wake_(subnet.vpc_id);
  return subnet;
}

absl::StatusOr<Subnet> VpcService::CreateDefaultSubnet(absl::string_view availability_zone, bool ipv6_only) {
  ASSIGN_OR_RETURN(const std::string zone, ZoneOf(settings_, availability_zone));
  ASSIGN_OR_RETURN(Subnet subnet, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<Subnet> {
    NetworkTable networks(c);
    ASSIGN_OR_RETURN(const std::optional<Vpc> vpc, networks.DefaultVpc());
    if (!vpc.has_value()) {
      return ec2::Error("DefaultVpcDoesNotExist",
                        "There is no default VPC: CreateDefaultVpc makes one with its subnets");
    }
    ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, networks.ListSubnets(vpc->id));
    for (const Subnet& there : subnets) {
      if (!there.default_for_az || there.availability_zone != zone) continue;
      return ec2::Error("DefaultSubnetAlreadyExistsInAvailabilityZone",
                        absl::StrCat("'", there.id.text(), "' is already the default subnet in ", zone, "."));
    }
    ASSIGN_OR_RETURN(std::optional<Subnet> made, ipv6_only ? InsertIpv6OnlyDefaultSubnet(c, *vpc, zone, random_)
                                                           : InsertDefaultSubnet(c, *vpc, zone, random_));
    if (made.has_value()) return *std::move(made);
    if (ipv6_only) {
      return ec2::Error("InvalidSubnet.Range",
                        absl::StrCat("The VPC '", vpc->id.text(),
                                     "' has no IPv6 range with a free /64: ", "AssociateVpcCidrBlock gives it one"));
    }
    return BadRange("InvalidSubnet.Range", vpc->cidr, "no block of ", vpc->id.text(),
                    " that is large enough for a default subnet is free");
  }));
  wake_(subnet.vpc_id);
  return subnet;
}

absl::Status VpcService::DeleteSubnet(const SubnetId& id) {
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    NetworkTable networks(c);
    ASSIGN_OR_RETURN(const Subnet subnet, networks.GetSubnet(id));
    vpc = subnet.vpc_id;
    ASSIGN_OR_RETURN(const std::vector<NetworkInterface> interfaces, networks.ListInterfaces(vpc));
    for (const NetworkInterface& eni : interfaces) {
      if (eni.subnet_id != id) continue;
      return ec2::Error(
          "DependencyViolation",
          absl::StrCat("The subnet '", id.text(), "' has dependencies and cannot be deleted. (", eni.id.text(), ")"));
    }
    return networks.DeleteSubnet(id);
  }));
  wake_(vpc);
  return absl::OkStatus();
}

// What an IPv6-only subnet has to be, it stays.
static absl::Status CheckStaysIpv6Only(const Subnet& subnet, const SubnetAttributesChange& change) {
  const auto refuse = [&](absl::string_view value, absl::string_view attribute) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Invalid value '", value, "' for ", attribute, ". The subnet (", subnet.id.text(),
                                   ") is an IPv6-only subnet."));
  };
  if (change.map_public_ip_on_launch.value_or(false)) return refuse("true", "map-public-ip-on-launch");
  if (!change.assign_ipv6_on_creation.value_or(true)) return refuse("false", "assign-ipv6-address-on-creation");
  if (change.dns_name_options.hostname_type == HostnameType::kIpName) {
    return refuse("ip-name", "private-dns-hostname-type-on-launch");
  }
  if (!change.dns_name_options.a_record.value_or(false)) return absl::OkStatus();
  return refuse("true", "enable-resource-name-dns-a-record-on-launch");
}

absl::Status VpcService::ModifySubnet(const SubnetId& id, const SubnetAttributesChange& change) {
  // Nothing of it is the host's: it says what instances get that are launched from now on.
  return database_.Write([&](store::Connection& c) -> absl::Status {
    NetworkTable networks(c);
    ASSIGN_OR_RETURN(const Subnet subnet, networks.GetSubnet(id));
    if (subnet.ipv6_native()) RETURN_IF_ERROR(CheckStaysIpv6Only(subnet, change));
    if (change.assign_ipv6_on_creation.value_or(false) && !subnet.cidr_ipv6.has_value()) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("The subnet '", id.text(), "' has no IPv6 CIDR block"));
    }
    if (change.map_public_ip_on_launch.has_value()) {
      RETURN_IF_ERROR(networks.SetMapPublicIpOnLaunch(id, *change.map_public_ip_on_launch));
    }
    if (change.assign_ipv6_on_creation.has_value()) {
      RETURN_IF_ERROR(networks.SetAssignIpv6OnCreation(id, *change.assign_ipv6_on_creation));
    }
    return networks.SetSubnetDnsNameOptions(id, change.dns_name_options.AppliedTo(subnet.dns_name_options));
  });
}

}  // namespace brume::network
