#include "lib/ec2/network/linux/nft_endpoint_rules.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "lib/ec2/network/linux/nft_ipv6_rules.h"

namespace brume::network {
namespace {

// Before chain `router`, which is the router's own: an endpoint is no part of that, and not counted in its bounds. As
// for packets that are forwarded, the sender's groups and the receiver's are two base chains, and both must accept; of
// what comes from a peer the sender's groups, its network ACL and its share of connections were asked in the peer's
// namespace. An endpoint answers ports and peers, and nothing of it leaves by the uplink, whatever a route says.
// Packets of both families pass table `inet brume`; each table judges those of its own.
constexpr char kChains[] = R"(
add set $TABLE endpoints { type $TYPE; }
add map $TABLE endpoint_ingress { type $TYPE : verdict; }
add chain $TABLE endpoint_egress { type filter hook input priority -1; policy accept; }
$OTHER_FAMILY
add rule $TABLE endpoint_egress $IP daddr != @endpoints accept
add rule $TABLE endpoint_egress ct state established,related accept
add rule $TABLE endpoint_egress iifname vmap @port_egress
add rule $TABLE endpoint_egress iifname . $IP saddr @peers accept
add rule $TABLE endpoint_egress drop
add chain $TABLE endpoint_begin
add rule $TABLE endpoint_begin meta l4proto != tcp drop
add rule $TABLE endpoint_begin tcp dport != 80 tcp dport != 443 drop
$COUNT
add rule $TABLE endpoint_begin $IP daddr vmap @endpoint_ingress
add rule $TABLE endpoint_begin drop
add chain $TABLE endpoint
add rule $TABLE endpoint ct state established,related accept
add rule $TABLE endpoint ct state invalid drop
add rule $TABLE endpoint iifname @ports goto endpoint_begin
add rule $TABLE endpoint iifname . $IP saddr @peers goto endpoint_begin
add rule $TABLE endpoint drop
insert rule $TABLE router $IP daddr @endpoints goto endpoint
add chain $TABLE endpoint_answer
add rule $TABLE endpoint_answer oifname "lo" accept
add rule $TABLE endpoint_answer oifname @ports accept
add rule $TABLE endpoint_answer oifname . $IP daddr @peers accept
add rule $TABLE endpoint_answer drop
add chain $TABLE of_endpoint { type filter hook output priority 0; policy accept; }
add rule $TABLE of_endpoint $IP saddr @endpoints goto endpoint_answer
)";
constexpr char kOtherFamily[] = "add rule inet brume endpoint_egress meta nfproto ipv6 accept";
constexpr char kCount[] =
    "add rule inet brume endpoint_begin iifname @ports ct state new add @connections { iifname ct count over "
    "$CONNECTIONS "
    "} drop";

// Connections are counted in one table: table `ip6 brume` judges them besides.
constexpr char kIpv6Count[] = R"(
add set inet brume ipv6_endpoints { type ipv6_addr; }
add chain inet brume ipv6_endpoint
add rule inet brume ipv6_endpoint ct state established,related accept
add rule inet brume ipv6_endpoint ct state invalid drop
add rule inet brume ipv6_endpoint iifname @ports ct state new add @connections { iifname ct count over $CONNECTIONS } drop
add rule inet brume ipv6_endpoint accept
insert rule inet brume router ip6 daddr @ipv6_endpoints goto ipv6_endpoint
)";

// The network ACLs of the guest's subnet and the endpoint's, each asked about both directions.
constexpr char kAclChains[] = R"(
add map $TABLE endpoint_acl_in { type $TYPE : verdict; }
add map $TABLE endpoint_acl_out { type $TYPE : verdict; }
add chain $TABLE to_endpoint_acl_out { type filter hook input priority -3; policy accept; }
add rule $TABLE to_endpoint_acl_out $IP daddr @endpoints iifname vmap @port_acl_out
add chain $TABLE to_endpoint_acl_in { type filter hook input priority -2; policy accept; }
add rule $TABLE to_endpoint_acl_in $IP daddr vmap @endpoint_acl_in
add chain $TABLE of_endpoint_acl_out { type filter hook output priority -3; policy accept; }
add rule $TABLE of_endpoint_acl_out $IP saddr vmap @endpoint_acl_out
add chain $TABLE of_endpoint_acl_in { type filter hook output priority -2; policy accept; }
add rule $TABLE of_endpoint_acl_in $IP saddr @endpoints oifname vmap @port_acl_in
)";

struct EndpointFamily {
  const char* table;  // "inet brume"
  const char* type;   // of its addresses, to nftables
  const char* header;
};
constexpr EndpointFamily kIpv4Endpoints{"inet brume", "ipv4_addr", "ip"},
    kIpv6Endpoints{"ip6 brume", "ipv6_addr", "ip6"};

std::string ForFamily(const EndpointFamily& family, absl::string_view text) {
  return absl::StrReplaceAll(text, {{"$TABLE", family.table}, {"$TYPE", family.type}, {"$IP", family.header}});
}

void AppendElements(std::string& text, const EndpointFamily& family, absl::string_view set,
                    const std::vector<std::string>& elements) {
  if (elements.empty()) return;
  absl::StrAppend(&text, "add element ", family.table, " ", set, " { ", absl::StrJoin(elements, ", "), " }\n");
}

// An endpoint's address of one family.
struct FamilyAddress {
  std::string address;
  const std::vector<SecurityGroupId>& groups;
  SubnetId filtered_subnet;
};

// The chain that asks the endpoint's groups; of several it is one of its own.
std::string IngressChain(const EndpointFamily& family, const FamilyAddress& endpoint, size_t number,
                         std::string& text) {
  if (endpoint.groups.size() == 1) return absl::StrCat("in-", endpoint.groups.front().text());
  const std::string chain = absl::StrCat("in-endpoint-", number);
  absl::StrAppend(&text, "add chain ", family.table, " ", chain, "\n");
  for (const SecurityGroupId& group : endpoint.groups) {
    absl::StrAppend(&text, "add rule ", family.table, " ", chain, " jump in-", group.text(), "\n");
  }
  return chain;
}

void AppendEndpoints(const EndpointFamily& family, const std::vector<FamilyAddress>& endpoints, bool acls,
                     std::string& text) {
  if (acls) absl::StrAppend(&text, ForFamily(family, kAclChains));
  std::vector<std::string> addresses, ingress, acl_in, acl_out;
  for (const FamilyAddress& endpoint : endpoints) {
    const std::string& address = endpoint.address;
    addresses.push_back(address);
    if (!endpoint.groups.empty()) {
      ingress.push_back(absl::StrCat(address, " : jump ", IngressChain(family, endpoint, addresses.size(), text)));
    }
    if (endpoint.filtered_subnet.empty()) continue;
    acl_in.push_back(absl::StrCat(address, " : jump acl-in-", endpoint.filtered_subnet.text()));
    acl_out.push_back(absl::StrCat(address, " : jump acl-out-", endpoint.filtered_subnet.text()));
  }
  AppendElements(text, family, "endpoints", addresses);
  AppendElements(text, family, "endpoint_ingress", ingress);
  AppendElements(text, family, "endpoint_acl_in", acl_in);
  AppendElements(text, family, "endpoint_acl_out", acl_out);
}

}  // namespace

std::string EndpointText(const std::vector<EndpointRules>& endpoints, int max_connections, bool acls) {
  std::vector<FamilyAddress> of_ipv4;
  std::vector<std::string> of_ipv6;
  for (const EndpointRules& endpoint : endpoints) {
    if (endpoint.private_ip.has_value()) {
      of_ipv4.push_back({endpoint.private_ip->text(), endpoint.groups, endpoint.filtered_subnet});
    }
    if (endpoint.ipv6.has_value()) of_ipv6.push_back(endpoint.ipv6->text());
  }
  std::string text;
  if (!of_ipv4.empty()) {
    const std::string chains = absl::StrReplaceAll(kChains, {{"$OTHER_FAMILY", kOtherFamily}, {"$COUNT", kCount}});
    absl::StrAppend(&text, ForFamily(kIpv4Endpoints, chains));
    AppendEndpoints(kIpv4Endpoints, of_ipv4, acls, text);
  }
  if (!of_ipv6.empty()) {
    absl::StrAppend(&text, kIpv6Count);
    AppendElements(text, kIpv4Endpoints, "ipv6_endpoints", of_ipv6);
  }
  return absl::StrReplaceAll(text, {{"$CONNECTIONS", absl::StrCat(max_connections)}});
}

std::string Ipv6EndpointText(const std::vector<EndpointRules>& endpoints, const Ipv6Rules& rules) {
  std::vector<FamilyAddress> of_ipv6;
  for (const EndpointRules& endpoint : endpoints) {
    if (!endpoint.ipv6.has_value()) continue;
    const SubnetId filtered = rules.subnets.contains(endpoint.subnet) ? endpoint.subnet : SubnetId();
    of_ipv6.push_back({endpoint.ipv6->text(), endpoint.groups, filtered});
  }
  if (of_ipv6.empty()) return "";
  const std::string chains = absl::StrReplaceAll(kChains, {{"$OTHER_FAMILY", ""}, {"$COUNT", ""}});
  std::string text = ForFamily(kIpv6Endpoints, chains);
  AppendEndpoints(kIpv6Endpoints, of_ipv6, !rules.subnets.empty(), text);
  return text;
}

}  // namespace brume::network
