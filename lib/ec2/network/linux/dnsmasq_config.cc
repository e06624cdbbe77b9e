#include "lib/ec2/network/linux/dnsmasq_config.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/dnsmasq_ipv6.h"
#include "lib/ec2/network/linux/fabric_names.h"

namespace brume::network {
namespace {

// "4.1.0.10.in-addr.arpa"
std::string ReverseName(Ipv4 address) {
  std::vector<std::string> parts = absl::StrSplit(address.text(), '.');
  std::reverse(parts.begin(), parts.end());
  return absl::StrCat(absl::StrJoin(parts, "."), ".in-addr.arpa");
}

absl::Status CheckText(absl::string_view text, bool (*is_one)(absl::string_view)) {
  if (text.empty() || is_one(text)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("no name of a domain: ", absl::CHexEscape(text.substr(0, 64))));
}

void AppendAddresses(const std::vector<Ipv4>& addresses, std::string& line) {
  for (const Ipv4 address : addresses) absl::StrAppend(&line, ",", address.text());
}

// Those of both families are counted together; of IPv6 there may be as many beside the VPC's first range.
uint64_t MaxLeases(const DnsmasqSpec& spec) {
  constexpr uint64_t kIpv6Leases = 1 << 16;
  const bool ipv6 = std::any_of(spec.subnets.begin(), spec.subnets.end(),
                                [](const Subnet& subnet) { return subnet.cidr_ipv6.has_value(); });
  return spec.vpc.cidr.size() + (ipv6 ? kIpv6Leases : 0);
}

void AppendIpv4Host(Ipv4 address, const HostEntry& entry, const std::string& domain, std::string& text) {
  absl::StrAppend(&text, address.text());
  for (const std::string& name : {entry.name, entry.other_name}) {
    if (!name.empty()) absl::StrAppend(&text, " ", name, ".", domain, " ", name);
  }
  for (const std::string& name : {entry.public_name, entry.tag_name}) {
    absl::StrAppend(&text, name.empty() ? "" : " ", name);
  }
  for (const std::string& name : entry.whole_names) absl::StrAppend(&text, " ", name);
  absl::StrAppend(&text, "\n");
}

void AppendIpv6Host(const Ipv6& address, const HostEntry& entry, const std::string& domain, std::string& text) {
  if (!entry.ipv6_name.empty()) {
    absl::StrAppend(&text, address.text(), " ", entry.ipv6_name, ".", domain, " ", entry.ipv6_name, "\n");
  }
  if (!entry.whole_names.empty()) {
    absl::StrAppend(&text, address.text(), " ", absl::StrJoin(entry.whole_names, " "), "\n");
  }
}

}  // namespace

DnsmasqPaths::DnsmasqPaths(const std::string& directory)
    : directory(directory),
      config(directory + "/dnsmasq.conf"),
      pid(directory + "/dnsmasq.pid"),
      leases(directory + "/leases"),
      dhcp_hosts(directory + "/dhcp-hosts"),
      dhcp_options(directory + "/dhcp-options"),
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
      "dhcp-optsfile=" + paths.dhcp_options,
      "dhcp-leasefile=" + paths.leases,
      "dhcp-authoritative",
      // A guest must not choose the name that others resolve to it.
      "dhcp-ignore-names",
      // Nor be taken for another by the client identifier it sends: the MAC alone, which the packet rules hold to the
      // port.
      "dhcp-ignore-clid",
      absl::StrCat("dhcp-lease-max=", MaxLeases(spec)),
      "quiet-dhcp",
  };
  for (const Subnet& subnet : spec.subnets) {
    if (subnet.ipv6_native()) continue;
    const std::string& tag = subnet.id.text();
    // Static: only for addresses that a host entry gives out.
    lines.push_back(absl::StrCat("dhcp-range=set:", tag, ",", subnet.cidr->base.text(), ",static,",
                                 subnet.cidr->netmask().text(), ",1h"));
    lines.push_back(absl::StrCat("dhcp-option=tag:", tag, ",option:router,", RouterAddress(*subnet.cidr).text()));
  }
  if (!spec.tag_domain.empty()) lines.push_back("local=/" + spec.tag_domain + "/");
  if (!spec.public_domain.empty()) {
    // Both ways; a name that a host entry has is that entry's private address.
    lines.push_back(absl::StrCat("synth-domain=", spec.public_domain, ",", spec.public_pool.text(), ",ec2-"));
  }
  for (const auto& [address, name] : spec.reverse_names) {
    lines.push_back(absl::StrCat("ptr-record=", ReverseName(address), ",", name));
  }
  AppendIpv6Lines(spec.subnets, spec.ipv6_lease_seconds, lines);
  for (const std::string& server : spec.upstream) lines.push_back("server=" + server);
  return absl::StrJoin(lines, "\n") + "\n";
}

std::string DhcpHosts(const HostEntries& hosts) {
  std::string text;
  for (const auto& [address, entry] : hosts) {
    if (entry.mac.empty()) continue;
    std::vector<std::string> parts = {entry.mac};
    const Ipv4* ipv4 = std::get_if<Ipv4>(&address);
    if (ipv4 != nullptr) parts.push_back(ipv4->text());
    if (entry.ipv6.has_value()) parts.push_back(absl::StrCat("[", entry.ipv6->text(), "]"));
    // The resolver knows the name of a lease: one without IPv4 has none but that of its AAAA record.
    const std::string& name = ipv4 != nullptr ? entry.name : entry.ipv6_name;
    if (!name.empty()) parts.push_back(name);
    absl::StrAppend(&text, absl::StrJoin(parts, ","), "\n");
  }
  return text;
}

std::string DnsHosts(const Names& names, const std::string& domain) {
  std::string text;
  for (const auto& [address, entry] : names.hosts) {
    if (const Ipv4* ipv4 = std::get_if<Ipv4>(&address)) AppendIpv4Host(*ipv4, entry, domain, text);
    if (entry.ipv6.has_value()) AppendIpv6Host(*entry.ipv6, entry, domain, text);
    // One without IPv4 has the name of its tag by IPv6.
    if (std::holds_alternative<Ipv6>(address) && entry.ipv6.has_value() && !entry.tag_name.empty()) {
      absl::StrAppend(&text, entry.ipv6->text(), " ", entry.tag_name, "\n");
    }
  }
  for (const PublicName& peer : names.of_peers) {
    absl::StrAppend(&text, peer.address.text(), " ", peer.name, "\n");
  }
  return text;
}

absl::Status CheckTexts(const DnsmasqSpec& spec, const DhcpLease& lease) {
  for (const std::string& domain : {spec.domain, spec.public_domain, spec.tag_domain}) {
    RETURN_IF_ERROR(CheckText(domain, IsDomainName));
  }
  for (const auto& [address, name] : spec.reverse_names) RETURN_IF_ERROR(CheckText(name, IsDomainName));
  return CheckText(lease.domain, IsDomainList);
}

absl::Status CheckTexts(const Names& names) {
  for (const auto& [address, entry] : names.hosts) {
    for (const std::string& name : {entry.name, entry.other_name, entry.public_name, entry.tag_name, entry.ipv6_name}) {
      RETURN_IF_ERROR(CheckText(name, IsDomainName));
    }
    for (const std::string& name : entry.whole_names) RETURN_IF_ERROR(CheckText(name, IsDomainName));
  }
  for (const PublicName& peer : names.of_peers) RETURN_IF_ERROR(CheckText(peer.name, IsDomainName));
  return absl::OkStatus();
}

std::string DhcpOptionLines(const DhcpLease& lease) {
  // An option without a value is not sent. Without their lines, dnsmasq would name itself and its own domain.
  std::string servers = "option:dns-server", domain = "option:domain-name";
  AppendAddresses(lease.name_servers, servers);
  if (!lease.domain.empty()) absl::StrAppend(&domain, ",\"", lease.domain, "\"");
  std::vector<std::string> lines = {servers, domain};
  for (const auto& [option, addresses] : {std::pair{"option:ntp-server", &lease.ntp_servers},
                                          std::pair{"option:netbios-ns", &lease.netbios_name_servers}}) {
    if (!addresses->empty()) AppendAddresses(*addresses, lines.emplace_back(option));
  }
  if (lease.netbios_node_type != 0) {
    lines.push_back(absl::StrCat("option:netbios-nodetype,", lease.netbios_node_type));
  }
  return absl::StrJoin(lines, "\n") + "\n";
}

}  // namespace brume::network
