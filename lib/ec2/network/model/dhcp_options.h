// Sets of DHCP options, and the names of domains that they and others give. Source of behaviour: EC2 API reference,
// CreateDhcpOptions; RFC 2132.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/base/fields.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"

namespace brume {

// The resolver of the VPC that has the set, among its name servers.
inline constexpr char kAmazonProvidedDns[] = "AmazonProvidedDNS";

// One option as requests have it and as it is shown.
struct DhcpConfiguration {
  std::string key;  // "domain-name"
  std::vector<std::string> values;
  friend bool operator==(const DhcpConfiguration&, const DhcpConfiguration&) = default;
};

// What a set says. Addresses are texts that Ipv4::Parse takes.
struct DhcpValues {
  std::optional<std::string> domain_name;         // several with spaces between
  std::vector<std::string> domain_name_servers;   // addresses and kAmazonProvidedDns
  std::vector<std::string> ntp_servers;           // addresses
  std::vector<std::string> netbios_name_servers;  // addresses
  std::optional<int32_t> netbios_node_type;       // 1, 2, 4 or 8
  std::optional<int32_t> ipv6_lease_seconds;      // 140 or more

  static constexpr auto Fields() {
    return std::tuple(Field{"domain_name", &DhcpValues::domain_name},
                      Field{"domain_name_servers", &DhcpValues::domain_name_servers},
                      Field{"ntp_servers", &DhcpValues::ntp_servers},
                      Field{"netbios_name_servers", &DhcpValues::netbios_name_servers},
                      Field{"netbios_node_type", &DhcpValues::netbios_node_type},
                      Field{"ipv6_lease_seconds", &DhcpValues::ipv6_lease_seconds});
  }
  friend bool operator==(const DhcpValues&, const DhcpValues&) = default;
};

struct DhcpOptions {
  DhcpOptionsId id;
  bool is_default = false;  // what new VPCs have
  DhcpValues values;
};

// What DHCP tells a VPC's guests beside their address, name and router.
struct DhcpLease {
  std::string domain = {};  // IsDomainList; empty = none
  std::vector<Ipv4> name_servers = {}, ntp_servers = {}, netbios_name_servers = {};
  int netbios_node_type = 0;  // 0 = none
  int ipv6_seconds = 3600;    // how long an IPv6 address is given out for
  friend bool operator==(const DhcpLease&, const DhcpLease&) = default;
};

// Labels of letters, digits, hyphens and underscores, no hyphen at either end; without the dot of the root.
bool IsDomainName(absl::string_view text);
// One or more of them, with one space between two; short enough for an option of DHCP.
bool IsDomainList(absl::string_view text);
// Of letters, digits and hyphens, as a machine's name is: one label.
bool IsHostLabel(absl::string_view text);

// Servers may be several values, or one with commas between. Errors: MissingParameter where there is none,
// InvalidParameterValue.
absl::StatusOr<DhcpValues> ParseDhcpConfigurations(absl::Span<const DhcpConfiguration> configurations);
// As EC2 shows them: those that are set.
std::vector<DhcpConfiguration> ConfigurationsOf(const DhcpValues& values);

// The default set of an account.
DhcpValues DefaultDhcpValues(absl::string_view private_domain);

// In a VPC with that resolver; unset: it has none, so that AmazonProvidedDNS is no server. Error: DataLoss.
absl::StatusOr<DhcpLease> LeaseOf(const DhcpValues& values, std::optional<Ipv4> resolver);

}  // namespace brume
