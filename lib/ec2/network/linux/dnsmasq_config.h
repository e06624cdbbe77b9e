// The files dnsmasq reads for one VPC. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/ec2/network/model/network.h"

namespace brume::network {

struct DnsmasqPaths {
  explicit DnsmasqPaths(const std::string& directory);
  std::string directory, config, pid, leases, dhcp_hosts, dns_hosts;
};

struct DnsmasqSpec {
  Vpc vpc;
  std::vector<Subnet> subnets;
  std::string domain;
  // Servers asked for names that are not the VPC's; empty = none.
  std::vector<std::string> upstream;
  std::string user;  // it runs as
};

struct HostEntry {
  std::string mac;              // empty: DHCP gives the address to nobody
  std::string name;             // "ip-10-0-1-4"
  std::string public_name;      // whole, "ec2-198-18-0-5.compute-1.amazonaws.com"; empty = none
  std::string other_name = {};  // another name in the VPC's domain; empty = none
  friend bool operator==(const HostEntry&, const HostEntry&) = default;
};
using HostEntries = std::map<Ipv4, HostEntry>;

std::string DnsmasqConfig(const DnsmasqSpec& spec, const DnsmasqPaths& paths);
// For dhcp-hostsfile: "02:b0:0a:00:01:04,10.0.1.4,ip-10-0-1-4".
std::string DhcpHosts(const HostEntries& hosts);
// For addn-hosts: "10.0.1.4 ip-10-0-1-4.ec2.internal ip-10-0-1-4", and the other and the public name behind these:
// inside the VPC they are the private address, as in EC2.
std::string DnsHosts(const HostEntries& hosts, const std::string& domain);

}  // namespace brume::network
