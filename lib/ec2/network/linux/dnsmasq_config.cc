#include "lib/ec2/network/linux/dnsmasq_config.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/ec2/network/linux/fabric_names.h"

namespace brume::network {

DnsmasqPaths::DnsmasqPaths(const std::string& directory)
    : directory(directory),
      config(directory + "/dnsmasq.conf"),
      pid(directory + "/dnsmasq.pid"),
      leases(directory + "/leases"),
      dhcp_hosts(directory + "/dhcp-hosts"),
      dns_hosts(directory + "/dns-hosts") {}

std::string DnsmasqConfig(const DnsmasqSpec& spec, const DnsmasqPaths& paths) {
  const std::string router = kRouterLink;
  std::vector<std::string> lines = {
      "# Written by brumed; changes are lost.",
      "user=" + spec.user,
      "pid-file=" + paths.pid,
      // Requests come in on the taps; the addresses are the router link's. The taps are named as interfaces too because
      // with a single one dnsmasq binds its DHCP socket to that link and hears nothing.
      "interface=" + router,
      "interface=bm*",
      "bridge-interface=" + router + ",bm*",
      "except-interface=lo",
      "bind-dynamic",
      "no-hosts",
      "no-resolv",
      "no-ping",
      "domain-needed",
      "bogus-priv",
      "domain=" + spec.domain,
      // Private names are answered here or not at all.
      "local=/" + spec.domain + "/",
      "addn-hosts=" + paths.dns_hosts,
      "dhcp-hostsfile=" + paths.dhcp_hosts,
      "dhcp-leasefile=" + paths.leases,
      "dhcp-authoritative",
      // A guest must not choose the name that others resolve to it.
      "dhcp-ignore-names",
      // Nor be taken for another by the client identifier it sends: the MAC alone, which the packet rules hold to the
      // port.
      "dhcp-ignore-clid",
      absl::StrCat("dhcp-lease-max=", spec.vpc.cidr.size()),
      "dhcp-option=option:dns-server," + DnsAddress(spec.vpc.cidr).text(),
      "quiet-dhcp",
  };
  for (const Subnet& subnet : spec.subnets) {
    const std::string& tag = subnet.id.text();
    // Static: only for addresses that a host entry gives out.
    lines.push_back(absl::StrCat("dhcp-range=set:", tag, ",", subnet.cidr.base.text(), ",static,",
                                 subnet.cidr.netmask().text(), ",1h"));
    lines.push_back(absl::StrCat("dhcp-option=tag:", tag, ",option:router,", RouterAddress(subnet.cidr).text()));
  }
  for (const std::string& server : spec.upstream) lines.push_back("server=" + server);
  return absl::StrJoin(lines, "\n") + "\n";
}

std::string DhcpHosts(const HostEntries& hosts) {
  std::string text;
  for (const auto& [address, entry] : hosts) {
    if (entry.mac.empty()) continue;
    absl::StrAppend(&text, entry.mac, ",", address.text(), ",", entry.name, "\n");
  }
  return text;
}

std::string DnsHosts(const HostEntries& hosts, const std::string& domain) {
  std::string text;
  for (const auto& [address, entry] : hosts) {
    absl::StrAppend(&text, address.text());
    for (const std::string& name : {entry.name, entry.other_name}) {
      if (!name.empty()) absl::StrAppend(&text, " ", name, ".", domain, " ", name);
    }
    absl::StrAppend(&text, entry.public_name.empty() ? "" : " ", entry.public_name, "\n");
  }
  return text;
}

}  // namespace brume::network
