// VpcService: IPv6 ranges.
#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/ipv6_ranges.h"
#include "lib/ec2/network/peering_service.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/vpc_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::network {
namespace {

template <typename IdType, typename OtherId>
absl::Status HasDependent(const IdType& id, const OtherId& other) {
  return ec2::ErrorAnd(absl::StrCat("(", other.text(), ")"), ec2::kHasDependent, id.text());
}

absl::StatusOr<std::vector<VpcId>> PeersOf(store::Connection& connection, const VpcId& vpc) {
  ASSIGN_OR_RETURN(const std::vector<VpcPeering> peerings, ActivePeerings(connection, vpc));
  std::vector<VpcId> peers;
  for (const VpcPeering& peering : peerings) peers.push_back(peering.OtherThan(vpc).vpc_id);
  return peers;
}

}  // namespace

absl::StatusOr<VpcIpv6Cidr> VpcService::AddIpv6Cidr(const VpcId& vpc) {
  std::vector<VpcId> peers;
  ASSIGN_OR_RETURN(VpcIpv6Cidr added, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<VpcIpv6Cidr> {
    RETURN_IF_ERROR(NetworkTable(c).GetVpc(vpc).status());
    ASSIGN_OR_RETURN(peers, PeersOf(c, vpc));
    return InsertIpv6Range(c, vpc, settings_, random_);
  }));
  wake_(vpc);
  for (const VpcId& peer : peers) wake_(peer);
  return added;
}

absl::StatusOr<std::optional<VpcIpv6Cidr>> VpcService::RemoveIpv6Cidr(const VpcCidrAssociationId& id) {
  std::optional<VpcIpv6Cidr> removed;
  std::vector<VpcId> peers;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    removed.reset();
    NetworkTable networks(c);
    ASSIGN_OR_RETURN(const std::vector<VpcIpv6Cidr> all, networks.ListIpv6Cidrs(std::nullopt));
    const auto found = std::find_if(all.begin(), all.end(), [&](const VpcIpv6Cidr& each) { return each.id == id; });
    if (found == all.end()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, networks.ListSubnets(found->vpc_id));
    for (const Subnet& subnet : subnets) {
      if (subnet.cidr_ipv6.has_value() && found->cidr.Contains(*subnet.cidr_ipv6)) return HasDependent(id, subnet.id);
    }
    ASSIGN_OR_RETURN(peers, PeersOf(c, found->vpc_id));
    removed = *found;
    return networks.DeleteIpv6Cidr(id);
  }));
  if (removed.has_value()) wake_(removed->vpc_id);
  for (const VpcId& peer : peers) wake_(peer);
  return removed;
}

absl::StatusOr<Subnet> VpcService::AddSubnetIpv6(const SubnetId& id, const CidrIpv6& cidr) {
  ASSIGN_OR_RETURN(Subnet changed, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<Subnet> {
    NetworkTable networks(c);
    ASSIGN_OR_RETURN(Subnet subnet, networks.GetSubnet(id));
    if (subnet.cidr_ipv6.has_value()) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("The subnet '", id.text(),
                                                              "' has an IPv6 CIDR block: ", subnet.cidr_ipv6->text()));
    }
    RETURN_IF_ERROR(CheckSubnetIpv6(c, subnet.vpc_id, cidr));
    subnet.cidr_ipv6 = cidr;
    subnet.ipv6_association_id = SubnetCidrAssociationId::New(random_);
    RETURN_IF_ERROR(networks.SetSubnetIpv6(subnet));
    return subnet;
  }));
  wake_(changed.vpc_id);
  return changed;
}

absl::StatusOr<Subnet> VpcService::RemoveSubnetIpv6(const SubnetCidrAssociationId& id) {
  ASSIGN_OR_RETURN(Subnet before, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<Subnet> {
    NetworkTable networks(c);
    ASSIGN_OR_RETURN(const std::optional<Subnet> subnet, networks.FindSubnetByAssociation(id));
    if (!subnet.has_value()) return id.NotFound();
    if (subnet->ipv6_native()) {
      return ec2::Error("UnsupportedOperation", absl::StrCat("'", id.text(), "' is the range of ", subnet->id.text(),
                                                             ", an IPv6-only subnet, which keeps it"));
    }
    ASSIGN_OR_RETURN(const std::vector<NetworkInterface> interfaces, networks.ListInterfaces(subnet->vpc_id));
    for (const NetworkInterface& eni : interfaces) {
      if (eni.subnet_id == subnet->id && !eni.ipv6.empty()) return HasDependent(id, eni.id);
    }
    Subnet changed = *subnet;
    changed.cidr_ipv6.reset();
    changed.ipv6_association_id = {};
    RETURN_IF_ERROR(networks.SetSubnetIpv6(changed));
    RETURN_IF_ERROR(networks.SetAssignIpv6OnCreation(changed.id, false));
    return *subnet;
  }));
  wake_(before.vpc_id);
  return before;
}

absl::StatusOr<SubnetId> VpcService::SubnetOf(const SubnetCidrAssociationId& id) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<SubnetId> {
    ASSIGN_OR_RETURN(const std::optional<Subnet> subnet, NetworkTable(c).FindSubnetByAssociation(id));
    if (!subnet.has_value()) return id.NotFound();
    return subnet->id;
  });
}

}  // namespace brume::network
