#include "lib/ec2/network/linux/nft_port_rules.h"

#include <algorithm>

#include "lib/ec2/network/linux/fabric_names.h"

namespace brume::network {

std::vector<PortAddress> PortRules::addresses() const {
  std::vector<PortAddress> all;
  if (private_ip.has_value()) all.push_back({.private_ip = *private_ip, .public_ip = public_ip});
  all.insert(all.end(), secondary.begin(), secondary.end());
  return all;
}

bool PortRules::has(Ipv4 private_address) const {
  const std::vector<PortAddress> all = addresses();
  return std::any_of(all.begin(), all.end(), [&](const auto& each) { return each.private_ip == private_address; });
}

bool PortRules::has_public(Ipv4 public_address) const {
  const std::vector<PortAddress> all = addresses();
  return std::any_of(all.begin(), all.end(), [&](const auto& each) { return each.public_ip == public_address; });
}

void PortRules::remove_public(Ipv4 public_address) {
  if (public_ip == public_address) public_ip.reset();
  for (PortAddress& each : secondary) {
    if (each.public_ip == public_address) each.public_ip.reset();
  }
}

PortRules PortRulesOf(const NetworkInterface& eni, int route_table) {
  PortRules port{.tap = TapName(eni.id),
                 .mac = eni.mac,
                 .link = 0,
                 .private_ip = eni.private_ip,
                 .public_ip = eni.public_ip,
                 .source_dest_check = eni.source_dest_check,
                 .groups = eni.groups,
                 .route_table = route_table,
                 .filtered_subnet = {},
                 .tracking = eni.tracking,
                 .eni = eni.id,
                 .subnet = eni.subnet_id};
  for (const SecondaryAddress& address : eni.secondary) {
    port.secondary.push_back({.private_ip = address.private_ip, .public_ip = address.public_ip});
  }
  port.ipv6 = eni.ipv6;
  std::sort(port.groups.begin(), port.groups.end());
  port.groups.erase(std::unique(port.groups.begin(), port.groups.end()), port.groups.end());
  return port;
}

}  // namespace brume::network
