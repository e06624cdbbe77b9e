#include "lib/ec2/network/model/network.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"

namespace brume {
namespace {

constexpr int kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpv6 = 58;

}  // namespace

absl::string_view AttachmentStatusName(InterfaceAttachmentState state) {
  switch (state) {
    case InterfaceAttachmentState::kNone:
      return "detached";
    case InterfaceAttachmentState::kAttaching:
      return "attaching";
    case InterfaceAttachmentState::kAttached:
      return "attached";
    case InterfaceAttachmentState::kDetaching:
    case InterfaceAttachmentState::kForceDetaching:
      return "detaching";
  }
  return "";
}

void Release(NetworkInterface& eni) {
  eni.attachment_state = InterfaceAttachmentState::kNone;
  eni.instance_id = {};
  eni.device_index = 0;
  eni.attachment_id.clear();
  if (!eni.elastic()) eni.public_ip.reset();
  eni.auto_public_ip = false;
  eni.primary_ipv6 = false;
}

std::vector<Ipv4> PrivateAddresses(const NetworkInterface& eni) {
  std::vector<Ipv4> addresses;
  if (eni.private_ip.has_value()) addresses.push_back(*eni.private_ip);
  for (const SecondaryAddress& address : eni.secondary) addresses.push_back(address.private_ip);
  return addresses;
}

std::vector<Ipv4> PublicAddresses(const NetworkInterface& eni) {
  std::vector<Ipv4> addresses;
  if (eni.public_ip.has_value()) addresses.push_back(*eni.public_ip);
  for (const SecondaryAddress& address : eni.secondary) {
    if (address.public_ip.has_value()) addresses.push_back(*address.public_ip);
  }
  return addresses;
}

std::optional<Ipv4> PublicAddressOf(const NetworkInterface& eni, Ipv4 private_ip) {
  if (eni.private_ip == private_ip) return eni.public_ip;
  for (const SecondaryAddress& address : eni.secondary) {
    if (address.private_ip == private_ip) return address.public_ip;
  }
  return std::nullopt;
}

std::string TapName(const EniId& id) {
  const std::string& text = id.text();
  constexpr size_t kDigits = 13;
  const size_t dash = text.find('-') + 1;
  return "bm" + text.substr(text.size() - dash > kDigits ? text.size() - kDigits : dash);
}

std::string Hostname(const NetworkInterface& eni) {
  const bool by_id = eni.dns_name_options.hostname_type == HostnameType::kResourceName && !eni.instance_id.empty();
  return by_id || eni.ipv6_native() ? eni.instance_id.text() : PrivateHostname(*eni.private_ip);
}

std::string OtherHostname(const NetworkInterface& eni) {
  if (eni.instance_id.empty() || eni.ipv6_native()) return "";
  if (eni.dns_name_options.hostname_type == HostnameType::kResourceName) return PrivateHostname(*eni.private_ip);
  return eni.dns_name_options.a_record ? eni.instance_id.text() : "";
}

std::string Ipv6Hostname(const NetworkInterface& eni) {
  return eni.dns_name_options.aaaa_record && !eni.ipv6.empty() ? eni.instance_id.text() : "";
}

bool AppliesToIpv4(const SecurityGroupRule& rule) { return !rule.cidr_ipv6.has_value() && rule.protocol != kIcmpv6; }

bool AppliesToIpv6(const SecurityGroupRule& rule) { return !rule.cidr.has_value() && rule.protocol != kIcmp; }

absl::StatusOr<int> ParseIpProtocol(absl::string_view text) {
  const std::string name = absl::AsciiStrToLower(text);
  if (name == "tcp") return kTcp;
  if (name == "udp") return kUdp;
  if (name == "icmp") return kIcmp;
  if (name == "icmpv6") return kIcmpv6;
  if (name == "all") return -1;
  int number = 0;
  if (!absl::SimpleAtoi(name, &number) || number < -1 || number > 255) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Invalid value '", text,
                                   "' for IP protocol. Use tcp, udp, icmp, icmpv6, -1 for all, or "
                                   "a number from 0 to 255."));
  }
  return number;
}

std::string IpProtocolName(int protocol) {
  switch (protocol) {
    case kTcp:
      return "tcp";
    case kUdp:
      return "udp";
    case kIcmp:
      return "icmp";
    case kIcmpv6:
      return "icmpv6";
    default:
      return absl::StrCat(protocol);
  }
}

absl::Status NormaliseRule(SecurityGroupRule& rule) {
  const auto bad_range = [&](absl::string_view what) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Invalid ", what, " range '", rule.from_port, "' to '", rule.to_port, "'"));
  };
  if (rule.cidr.has_value() + rule.cidr_ipv6.has_value() + !rule.referenced_group.empty() + !rule.prefix_list.empty() !=
      1) {
    return ec2::Error("InvalidParameterCombination",
                      "A rule needs one CIDR block, one security group or one prefix list, and no more than one");
  }
  if (rule.protocol == kTcp || rule.protocol == kUdp) {
    const bool in_bounds = rule.from_port >= 0 && rule.to_port <= 65535 && rule.from_port <= rule.to_port;
    return in_bounds ? absl::OkStatus() : bad_range("TCP/UDP port");
  }
  if (rule.protocol == kIcmp || rule.protocol == kIcmpv6) {
    const bool in_bounds = rule.from_port >= -1 && rule.from_port <= 255 && rule.to_port >= -1 && rule.to_port <= 255 &&
                           !(rule.from_port == -1 && rule.to_port != -1);
    return in_bounds ? absl::OkStatus() : bad_range("ICMP type and code");
  }
  rule.from_port = rule.to_port = -1;
  return absl::OkStatus();
}

}  // namespace brume
