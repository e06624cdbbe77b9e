// The files dnsmasq reads for one VPC. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/model/dhcp_options.h"
#include "lib/ec2/network/model/network.h"

namespace brume::network {

struct DnsmasqPaths {
  explicit DnsmasqPaths(const std::string& directory);
  std::string directory, config, pid, leases, dhcp_hosts, dhcp_options, dns_hosts;
};

struct DnsmasqSpec {
  Vpc vpc;
  std::vector<Subnet> subnets;
  std::string domain;
  std::string public_domain;  // of the addresses of `public_pool`; empty = they have no names
  Cidr public_pool;
  std::string tag_domain;                     // see VpcSpec
  std::map<Ipv4, std::string> reverse_names;  // see VpcSpec
  // Servers asked for names that are not the VPC's; empty = none.
  std::vector<std::string> upstream;
  std::string user;  // it runs as
  int ipv6_lease_seconds = DhcpLease().ipv6_seconds;
};

struct HostEntry {
  std::string mac;                            // empty: DHCP gives the address to nobody
  std::string name;                           // "ip-10-0-1-4"
  std::string public_name;                    // whole, "ec2-198-18-0-5.compute-1.amazonaws.com"; empty = none
  std::string other_name = {};                // another name in the VPC's domain; empty = none
  std::string tag_name = {};                  // whole; empty = none. Several entries may have one
  std::optional<Ipv6> ipv6 = {};              // given out to the MAC beside the other
  std::string ipv6_name = {};                 // of it, in the VPC's domain; empty = none
  std::vector<std::string> whole_names = {};  // others, as they are
  friend bool operator==(const HostEntry&, const HostEntry&) = default;
};
// By the address; of a port without IPv4 by its first IPv6 address, which is `ipv6` too.
using HostEntries = std::map<std::variant<Ipv4, Ipv6>, HostEntry>;

// All that its resolver knows by name.
struct Names {
  const HostEntries& hosts;
  const std::vector<PublicName>& of_peers;
};

// InvalidArgument for a text that is no name of a domain and so could be more than one word of a file.
absl::Status CheckTexts(const DnsmasqSpec& spec, const DhcpLease& lease);
absl::Status CheckTexts(const Names& names);

// The texts that are written are such that pass CheckTexts.
std::string DnsmasqConfig(const DnsmasqSpec& spec, const DnsmasqPaths& paths);
// For dhcp-optsfile: "option:domain-name,corp.example". It is read again on SIGHUP, which the configuration is not.
std::string DhcpOptionLines(const DhcpLease& lease);
// For dhcp-hostsfile: "02:b0:0a:00:01:04,10.0.1.4,ip-10-0-1-4", "06:…,[fd00::4],i-…".
std::string DhcpHosts(const HostEntries& hosts);
// For addn-hosts: "10.0.1.4 ip-10-0-1-4.ec2.internal ip-10-0-1-4", and the other names behind these: the first is what
// a reverse lookup gives. Inside the VPC public names are private addresses, as in EC2.
std::string DnsHosts(const Names& names, const std::string& domain);

}  // namespace brume::network
