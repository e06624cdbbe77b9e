#include "lib/ec2/network/model/dhcp_options.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume {
namespace {

constexpr char kDomainName[] = "domain-name", kNameServers[] = "domain-name-servers", kNtpServers[] = "ntp-servers",
               kNetbiosServers[] = "netbios-name-servers", kNetbiosType[] = "netbios-node-type",
               kIpv6LeaseTime[] = "ipv6-address-preferred-lease-time";
// EC2's: of name servers, time servers and NetBIOS servers each.
constexpr size_t kMaxServers = 4;
constexpr int32_t kMinLeaseSeconds = 140;
// RFC 1035, and of an option of DHCP.
constexpr size_t kMaxLabel = 63, kMaxName = 253, kMaxOption = 255;

absl::Status BadValue(absl::string_view value, absl::string_view key, absl::string_view why) {
  return ec2::Error("InvalidParameterValue", absl::StrCat("Value (", absl::CHexEscape(value.substr(0, 64)),
                                                          ") for parameter ", key, " is invalid. ", why));
}

bool IsLabel(absl::string_view label, bool underscores) {
  if (label.empty() || label.size() > kMaxLabel || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || (underscores && c == '_');
  });
}

// The values of a list of servers, each an address or, where it may be, the VPC's resolver.
absl::StatusOr<std::vector<std::string>> ParseServers(const DhcpConfiguration& configuration, bool may_be_provided) {
  std::vector<std::string> servers;
  for (const std::string& value : configuration.values) {
    for (const absl::string_view part : absl::StrSplit(value, ',')) {
      const absl::string_view server = absl::StripAsciiWhitespace(part);
      if (may_be_provided && server == kAmazonProvidedDns) {
        servers.emplace_back(server);
        continue;
      }
      const absl::StatusOr<Ipv4> address = Ipv4::Parse(server);
      if (!address.ok()) {
        return BadValue(
            server, configuration.key,
            may_be_provided ? "It must be an IPv4 address or AmazonProvidedDNS." : "It must be an IPv4 address.");
      }
      servers.push_back(address->text());
    }
  }
  if (servers.size() > kMaxServers) {
    return BadValue(servers[kMaxServers], configuration.key, absl::StrCat("At most ", kMaxServers, " may be given."));
  }
  return servers;
}

absl::StatusOr<std::string> OneValue(const DhcpConfiguration& configuration) {
  if (configuration.values.size() == 1) return configuration.values.front();
  return BadValue(configuration.values[1], configuration.key, "It has one value.");
}

absl::StatusOr<std::string> ParseDomain(const DhcpConfiguration& configuration) {
  ASSIGN_OR_RETURN(std::string domain, OneValue(configuration));
  if (IsDomainList(domain)) return domain;
  return BadValue(domain, configuration.key, "It must be a domain name, or several with a space between two.");
}

absl::StatusOr<int32_t> ParseNodeType(const DhcpConfiguration& configuration) {
  ASSIGN_OR_RETURN(const std::string text, OneValue(configuration));
  for (const int32_t type : {1, 2, 4, 8}) {
    if (text == absl::StrCat(type)) return type;
  }
  return BadValue(text, configuration.key, "It must be 1, 2, 4 or 8.");
}

absl::StatusOr<int32_t> ParseLeaseTime(const DhcpConfiguration& configuration) {
  ASSIGN_OR_RETURN(const std::string text, OneValue(configuration));
  int32_t seconds = 0;
  if (absl::SimpleAtoi(text, &seconds) && seconds >= kMinLeaseSeconds && absl::StrCat(seconds) == text) return seconds;
  return BadValue(text, configuration.key,
                  absl::StrCat("It must be a number of seconds from ", kMinLeaseSeconds, " to ",
                               std::numeric_limits<int32_t>::max(), "."));
}

absl::Status Take(const DhcpConfiguration& configuration, DhcpValues& values) {
  const std::string& key = configuration.key;
  if (key == kDomainName) {
    ASSIGN_OR_RETURN(values.domain_name, ParseDomain(configuration));
  } else if (key == kNameServers) {
    ASSIGN_OR_RETURN(values.domain_name_servers, ParseServers(configuration, /*may_be_provided=*/true));
  } else if (key == kNtpServers) {
    ASSIGN_OR_RETURN(values.ntp_servers, ParseServers(configuration, /*may_be_provided=*/false));
  } else if (key == kNetbiosServers) {
    ASSIGN_OR_RETURN(values.netbios_name_servers, ParseServers(configuration, /*may_be_provided=*/false));
  } else if (key == kNetbiosType) {
    ASSIGN_OR_RETURN(values.netbios_node_type, ParseNodeType(configuration));
  } else if (key == kIpv6LeaseTime) {
    ASSIGN_OR_RETURN(values.ipv6_lease_seconds, ParseLeaseTime(configuration));
  } else {
    return BadValue(key, "key", "It is no option of DHCP that a set can have.");
  }
  return absl::OkStatus();
}

// Of servers as they are kept.
absl::StatusOr<std::vector<Ipv4>> AddressesOf(const std::vector<std::string>& servers, std::optional<Ipv4> resolver) {
  std::vector<Ipv4> addresses;
  for (const std::string& server : servers) {
    if (server == kAmazonProvidedDns) {
      if (resolver.has_value()) addresses.push_back(*resolver);
      continue;
    }
    const absl::StatusOr<Ipv4> address = Ipv4::Parse(server);
    if (!address.ok()) return absl::DataLossError("a server among DHCP options is no address");
    addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace

bool IsHostLabel(absl::string_view text) { return IsLabel(text, /*underscores=*/false); }

bool IsDomainName(absl::string_view text) {
  if (text.empty() || text.size() > kMaxName) return false;
  const std::vector<absl::string_view> labels = absl::StrSplit(text, '.');
  return std::all_of(labels.begin(), labels.end(), [](auto label) { return IsLabel(label, /*underscores=*/true); });
}

bool IsDomainList(absl::string_view text) {
  if (text.size() > kMaxOption) return false;
  const std::vector<absl::string_view> names = absl::StrSplit(text, ' ');
  return std::all_of(names.begin(), names.end(), IsDomainName);
}

absl::StatusOr<DhcpValues> ParseDhcpConfigurations(absl::Span<const DhcpConfiguration> configurations) {
  if (configurations.empty()) return ec2::Error(ec2::kMissingParameter, "dhcpConfiguration");
  DhcpValues values;
  std::vector<std::string> seen;
  for (const DhcpConfiguration& configuration : configurations) {
    if (configuration.key.empty()) return ec2::Error(ec2::kMissingParameter, "key");
    if (configuration.values.empty()) return ec2::Error(ec2::kMissingParameter, "values");
    if (std::find(seen.begin(), seen.end(), configuration.key) != seen.end()) {
      return BadValue(configuration.key, "key", "It is given twice.");
    }
    seen.push_back(configuration.key);
    RETURN_IF_ERROR(Take(configuration, values));
  }
  return values;
}

std::vector<DhcpConfiguration> ConfigurationsOf(const DhcpValues& values) {
  std::vector<DhcpConfiguration> all = {{kDomainName, {}},
                                        {kNameServers, values.domain_name_servers},
                                        {kNtpServers, values.ntp_servers},
                                        {kNetbiosServers, values.netbios_name_servers},
                                        {kNetbiosType, {}},
                                        {kIpv6LeaseTime, {}}};
  if (values.domain_name.has_value()) all.front().values = {*values.domain_name};
  if (values.netbios_node_type.has_value()) all[all.size() - 2].values = {absl::StrCat(*values.netbios_node_type)};
  if (values.ipv6_lease_seconds.has_value()) all.back().values = {absl::StrCat(*values.ipv6_lease_seconds)};
  std::erase_if(all, [](const DhcpConfiguration& each) { return each.values.empty(); });
  return all;
}

DhcpValues DefaultDhcpValues(absl::string_view private_domain) {
  DhcpValues values;
  values.domain_name = std::string(private_domain);
  values.domain_name_servers = {kAmazonProvidedDns};
  return values;
}

absl::StatusOr<DhcpLease> LeaseOf(const DhcpValues& values, std::optional<Ipv4> resolver) {
  DhcpLease lease;
  lease.domain = values.domain_name.value_or("");
  ASSIGN_OR_RETURN(lease.name_servers, AddressesOf(values.domain_name_servers, resolver));
  ASSIGN_OR_RETURN(lease.ntp_servers, AddressesOf(values.ntp_servers, std::nullopt));
  ASSIGN_OR_RETURN(lease.netbios_name_servers, AddressesOf(values.netbios_name_servers, std::nullopt));
  lease.netbios_node_type = values.netbios_node_type.value_or(0);
  lease.ipv6_seconds = values.ipv6_lease_seconds.value_or(lease.ipv6_seconds);
  return lease;
}

}  // namespace brume
