#include "lib/ec2/network/linux/nft_endpoint_rules.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace brume::network {
namespace {

// Before chain `router`, which is the router's own: an endpoint is no part of that, and not counted in its bounds. As
// for packets that are forwarded, the sender's groups and the receiver's are two base chains, and both must accept.
constexpr char kChains[] = R"(
add set inet brume endpoints { type ipv4_addr; }
add map inet brume endpoint_ingress { type ipv4_addr : verdict; }
add chain inet brume endpoint_egress { type filter hook input priority -1; policy accept; }
add rule inet brume endpoint_egress meta nfproto ipv6 accept
add rule inet brume endpoint_egress ip daddr != @endpoints accept
add rule inet brume endpoint_egress ct state established,related accept
add rule inet brume endpoint_egress iifname vmap @port_egress
add rule inet brume endpoint_egress drop
add chain inet brume endpoint
add rule inet brume endpoint ct state established,related accept
add rule inet brume endpoint ct state invalid drop
add rule inet brume endpoint iifname != @ports drop
add rule inet brume endpoint meta l4proto != tcp drop
add rule inet brume endpoint tcp dport != 80 tcp dport != 443 drop
add rule inet brume endpoint ct state new add @connections { iifname ct count over $CONNECTIONS } drop
add rule inet brume endpoint ip daddr vmap @endpoint_ingress
add rule inet brume endpoint drop
insert rule inet brume router ip daddr @endpoints goto endpoint
)";

// The network ACLs of the guest's subnet and the endpoint's, each asked about both directions.
constexpr char kAclChains[] = R"(
add map inet brume endpoint_acl_in { type ipv4_addr : verdict; }
add map inet brume endpoint_acl_out { type ipv4_addr : verdict; }
add chain inet brume to_endpoint_acl_out { type filter hook input priority -3; policy accept; }
add rule inet brume to_endpoint_acl_out ip daddr @endpoints iifname vmap @port_acl_out
add chain inet brume to_endpoint_acl_in { type filter hook input priority -2; policy accept; }
add rule inet brume to_endpoint_acl_in ip daddr vmap @endpoint_acl_in
add chain inet brume of_endpoint_acl_out { type filter hook output priority -3; policy accept; }
add rule inet brume of_endpoint_acl_out ip saddr vmap @endpoint_acl_out
add chain inet brume of_endpoint_acl_in { type filter hook output priority -2; policy accept; }
add rule inet brume of_endpoint_acl_in ip saddr @endpoints oifname vmap @port_acl_in
)";

void AppendElements(std::string& text, absl::string_view set, const std::vector<std::string>& elements) {
  if (elements.empty()) return;
  absl::StrAppend(&text, "add element inet brume ", set, " { ", absl::StrJoin(elements, ", "), " }\n");
}

// The chain that asks the endpoint's groups; of several it is one of its own.
std::string IngressChain(const EndpointRules& endpoint, std::string& text) {
  if (endpoint.groups.size() == 1) return absl::StrCat("in-", endpoint.groups.front().text());
  const std::string chain = absl::StrCat("in-", endpoint.private_ip.text());
  absl::StrAppend(&text, "add chain inet brume ", chain, "\n");
  for (const SecurityGroupId& group : endpoint.groups) {
    absl::StrAppend(&text, "add rule inet brume ", chain, " jump in-", group.text(), "\n");
  }
  return chain;
}

}  // namespace

std::string EndpointText(const std::vector<EndpointRules>& endpoints, int max_connections, bool acls) {
  if (endpoints.empty()) return "";
  std::string text = absl::StrReplaceAll(kChains, {{"$CONNECTIONS", absl::StrCat(max_connections)}});
  if (acls) absl::StrAppend(&text, kAclChains);
  std::vector<std::string> addresses, ingress, acl_in, acl_out;
  for (const EndpointRules& endpoint : endpoints) {
    const std::string address = endpoint.private_ip.text();
    addresses.push_back(address);
    if (!endpoint.groups.empty()) ingress.push_back(absl::StrCat(address, " : jump ", IngressChain(endpoint, text)));
    if (endpoint.filtered_subnet.empty()) continue;
    acl_in.push_back(absl::StrCat(address, " : jump acl-in-", endpoint.filtered_subnet.text()));
    acl_out.push_back(absl::StrCat(address, " : jump acl-out-", endpoint.filtered_subnet.text()));
  }
  AppendElements(text, "endpoints", addresses);
  AppendElements(text, "endpoint_ingress", ingress);
  AppendElements(text, "endpoint_acl_in", acl_in);
  AppendElements(text, "endpoint_acl_out", acl_out);
  return text;
}

}  // namespace brume::network
