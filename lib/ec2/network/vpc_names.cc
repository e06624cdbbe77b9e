#include "lib/ec2/network/vpc_names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/model/dns_names.h"
#include "lib/ec2/network/peering_service.h"
#include "lib/ec2/network/tables/address_table.h"
#include "lib/ec2/tagging/tag_service.h"

namespace brume::network {
namespace {

constexpr char kNameTag[] = "Name";

const PeeringSide& SideOf(const VpcPeering& peering, const VpcId& vpc) {
  return peering.requester.vpc_id == vpc ? peering.requester : peering.accepter;
}

}  // namespace

std::string TagHostname(absl::string_view name_tag, absl::string_view domain) {
  if (domain.empty() || !IsHostLabel(name_tag)) return "";
  return absl::StrCat(absl::AsciiStrToLower(name_tag), ".", domain);
}

absl::StatusOr<PortSpec> ReadPortSpec(store::Connection& connection, const NetworkInterface& eni,
                                      const Settings& settings) {
  PortSpec port{.eni = eni,
                .hostname = Hostname(eni),
                .other_hostname = OtherHostname(eni),
                .public_hostname = PublicHostname(eni, settings.region),
                .ipv6_hostname = Ipv6Hostname(eni)};
  for (const SecondaryAddress& address : eni.secondary) {
    if (!address.public_ip.has_value() || !eni.public_name) continue;
    port.secondary_public_hostnames[address.private_ip] = PublicDnsName(*address.public_ip, settings.region);
  }
  // The instance's name is that of its first interface.
  if (settings.name_tag_domain.empty() || eni.instance_id.empty() || eni.device_index != 0) return port;
  ASSIGN_OR_RETURN(const TagMap tags, tagging::GetTags(connection, eni.instance_id.text()));
  if (const auto name = tags.find(kNameTag); name != tags.end()) {
    port.tag_hostname = TagHostname(name->second, settings.name_tag_domain);
  }
  return port;
}

absl::StatusOr<std::map<Ipv4, std::string>> ReadReverseNames(store::Connection& connection) {
  ASSIGN_OR_RETURN(const std::vector<ElasticAddress> named, AddressTable(connection).ListNamed());
  std::map<Ipv4, std::string> names;
  for (const ElasticAddress& address : named) names[address.public_ip] = address.domain_name;
  return names;
}

absl::StatusOr<std::vector<VpcId>> ListNamingPeers(store::Connection& connection, const VpcId& vpc) {
  ASSIGN_OR_RETURN(const std::vector<VpcPeering> peerings, ActivePeerings(connection, vpc));
  std::vector<VpcId> peers;
  for (const VpcPeering& peering : peerings) {
    if (const PeeringSide& other = peering.OtherThan(vpc); other.dns) peers.push_back(other.vpc_id);
  }
  return peers;
}

absl::StatusOr<std::vector<VpcId>> ListPeersKnowingNames(store::Connection& connection, const VpcId& vpc) {
  ASSIGN_OR_RETURN(const std::vector<VpcPeering> peerings, ActivePeerings(connection, vpc));
  std::vector<VpcId> peers;
  for (const VpcPeering& peering : peerings) {
    if (SideOf(peering, vpc).dns) peers.push_back(peering.OtherThan(vpc).vpc_id);
  }
  return peers;
}

}  // namespace brume::network
