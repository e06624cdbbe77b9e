#include "lib/ec2/network/linux/dnsmasq_ipv6.h"

#include "absl/strings/str_cat.h"
#include "lib/ec2/network/linux/nft_ipv6_rules.h"
#include "lib/ec2/network/model/link_services.h"

namespace brume::network {

void AppendIpv6Lines(const std::vector<Subnet>& subnets, int lease_seconds, std::vector<std::string>& lines) {
  bool any = false;
  for (const Subnet& subnet : subnets) {
    if (!subnet.cidr_ipv6.has_value()) continue;
    any = true;
    lines.push_back(absl::StrCat("dhcp-range=", subnet.cidr_ipv6->first().text(), ",static,off-link,",
                                 subnet.cidr_ipv6->prefix_length, ",", lease_seconds));
  }
  if (!any) return;
  lines.push_back("enable-ra");
  lines.push_back(absl::StrCat("dhcp-option=option6:dns-server,[", kResolverIpv6.text(), "]"));
}

}  // namespace brume::network
