#include "lib/network/linux/dnsmasq_config.h"

#include "absl/strings/str_cat.h"
#include "lib/network/linux/names.h"

namespace brume::network {

DnsmasqPaths::DnsmasqPaths(const std::string& directory)
    : directory(directory),
      config(directory + "/dnsmasq.conf"),
      pid(directory + "/dnsmasq.pid"),
      leases(directory + "/leases"),
      dhcp_hosts(directory + "/dhcp-hosts"),
      dns_hosts(directory + "/dns-hosts") {}

std::string DnsmasqConfig(const DnsmasqSpec& spec, const DnsmasqPaths& paths) {
  std::string text = absl::StrCat(
      "# Written by brumed; changes are lost.\n"
      "user=",
      spec.user, "\n", "pid-file=", paths.pid, "\n",
      // Requests come in on the taps; the addresses are the router link's. The taps are named as interfaces too because
      // with a single one dnsmasq binds its DHCP socket to that link and hears nothing.
      "interface=", kRouterLink, "\n", "interface=bm*\n", "bridge-interface=", kRouterLink, ",bm*\n",
      "except-interface=lo\n"
      "bind-dynamic\n"
      "no-hosts\n"
      "no-resolv\n"
      "no-ping\n"
      "domain-needed\n"
      "bogus-priv\n"
      "domain=",
      spec.domain, "\n",
      // Private names are answered here or not at all.
      "local=/", spec.domain, "/\n", "addn-hosts=", paths.dns_hosts, "\n", "dhcp-hostsfile=", paths.dhcp_hosts, "\n",
      "dhcp-leasefile=", paths.leases, "\n",
      "dhcp-authoritative\n"
      // A guest must not choose the name that others resolve to it.
      "dhcp-ignore-names\n"
      "dhcp-lease-max=",
      spec.vpc.cidr.size(), "\n", "dhcp-option=option:dns-server,", DnsAddress(spec.vpc.cidr).text(), "\n",
      "quiet-dhcp\n");
  for (const Subnet& subnet : spec.subnets) {
    const std::string& tag = subnet.id.text();
    // Static: only for addresses that a host entry gives out.
    absl::StrAppend(&text, "dhcp-range=set:", tag, ",", subnet.cidr.base.text(), ",static,",
                    subnet.cidr.netmask().text(), ",1h\n");
    absl::StrAppend(&text, "dhcp-option=tag:", tag, ",option:router,", RouterAddress(subnet.cidr).text(), "\n");
  }
  for (const std::string& server : spec.upstream) absl::StrAppend(&text, "server=", server, "\n");
  return text;
}

std::string DhcpHosts(const HostEntries& hosts) {
  std::string text;
  for (const auto& [address, entry] : hosts) {
    absl::StrAppend(&text, entry.mac, ",", address.text(), ",", entry.name, "\n");
  }
  return text;
}

std::string DnsHosts(const HostEntries& hosts, const std::string& domain) {
  std::string text;
  for (const auto& [address, entry] : hosts) {
    absl::StrAppend(&text, address.text(), " ", entry.name, ".", domain, " ", entry.name, "\n");
  }
  return text;
}

}  // namespace brume::network
