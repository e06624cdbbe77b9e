#include "lib/ec2/network/linux/nft_ipv6_rules.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/nft_ruleset.h"
#include "lib/ec2/network/model/link_services.h"

namespace brume::network {
namespace {

constexpr int kTcpNumber = 6, kUdpNumber = 17, kIcmpv6Number = 58;
// SetElements in one command: well under what a netlink message may hold.
constexpr size_t kElementsAtOnce = 500;

// Chain `neighbours` stands behind the kernel's reassembly, at -400, as a header may be in any fragment; `antispoof`
// before it, so that each fragment is held to its port.
//
// Counted in bits from the ICMPv6 header: 64 the target of a neighbour's solicitation or advertisement; 192 its first
// option, of which 208 is the link-layer address (RFC 4861, 4.3, 4.4, 4.6.1). What the router knows of its neighbours
// is permanent and not learnt; this keeps others' names out of the packets all the same.
//
// What is forwarded meets the chains in the order of those of `inet brume`, between which flow_rules.h counts;
// `internet` stands before the counting, as what it drops reaches nobody's interface at EC2.
//
// Chain `dhcp`, RFC 8415: 64 is the type. 8 and 9, RELEASE and DECLINE, name a client by an identifier of its own
// choice; nobody else can have its address, so neither is let through, nor is 12, a relay's message.
constexpr char kIpv6Skeleton[] = R"(
add table ip6 brume
delete table ip6 brume
add table ip6 brume
add set ip6 brume ports { type ifname; }
add set ip6 brume macs { type ifname . ether_addr; }
add map ip6 brume bindings { type ifname . ether_addr . ipv6_addr : mark; }
add map ip6 brume unchecked { type ifname . ether_addr : mark; }
add set ip6 brume announced { typeof iifname . @th,64,128; }
add set ip6 brume link_layer { typeof iifname . @th,208,48; }
add set ip6 brume own { type ipv6_addr; }
add set ip6 brume ranges { type ipv6_addr; flags interval; }
add set ip6 brume peers { type ifname . ipv6_addr; flags interval; }
add map ip6 brume port_internet { type ifname : verdict; }
add map ip6 brume port_acl_out { type ifname : verdict; }
add map ip6 brume port_acl_in { type ifname : verdict; }
add map ip6 brume port_egress { type ifname : verdict; }
add map ip6 brume port_ingress { type ifname : verdict; }
add chain ip6 brume antispoof { type filter hook prerouting priority -450; policy drop; }
add rule ip6 brume antispoof iifname "uplink" ip6 saddr @ranges drop
add rule ip6 brume antispoof iifname "uplink" accept
add rule ip6 brume antispoof iifname "lo" accept
add rule ip6 brume antispoof iifname "brume0" accept
add rule ip6 brume antispoof iifname . ip6 saddr @peers accept
add rule ip6 brume antispoof meta mark set iifname . ether saddr . ip6 saddr map @bindings accept
add rule ip6 brume antispoof iifname . ether saddr @macs ip6 saddr :: icmpv6 type nd-neighbor-solicit accept
add rule ip6 brume antispoof ip6 saddr != fe80::/10 ip6 saddr != :: meta mark set iifname . ether saddr map @unchecked accept
add chain ip6 brume neighbours { type filter hook prerouting priority -390; policy accept; }
add rule ip6 brume neighbours iifname != @ports accept
add rule ip6 brume neighbours icmpv6 type nd-router-advert drop
add rule ip6 brume neighbours icmpv6 type nd-redirect drop
add rule ip6 brume neighbours udp sport 547 udp dport 546 drop
add rule ip6 brume neighbours icmpv6 type nd-neighbor-advert iifname . @th,64,128 != @announced drop
add rule ip6 brume neighbours icmpv6 type nd-neighbor-advert @th,192,16 0x0201 iifname . @th,208,48 != @link_layer drop
add rule ip6 brume neighbours icmpv6 type nd-neighbor-solicit @th,192,16 0x0101 iifname . @th,208,48 != @link_layer drop
add rule ip6 brume neighbours icmpv6 type nd-neighbor-solicit ip6 saddr :: iifname . @th,64,128 != @announced drop
add chain ip6 brume internet { type filter hook forward priority -13; policy accept; }
add rule ip6 brume internet iifname != "uplink" accept
add rule ip6 brume internet ct state established,related accept
add rule ip6 brume internet oifname vmap @port_internet
add rule ip6 brume internet drop
add chain ip6 brume acl_out { type filter hook forward priority -11; policy accept; }
add rule ip6 brume acl_out iifname vmap @port_acl_out
add chain ip6 brume egress { type filter hook forward priority -10; policy drop; }
add rule ip6 brume egress ct state == established accept
add rule ip6 brume egress ct state related accept
add rule ip6 brume egress ct state invalid drop
add rule ip6 brume egress iifname vmap @port_egress
add rule ip6 brume egress iifname "uplink" accept
add rule ip6 brume egress iifname . ip6 saddr @peers accept
add chain ip6 brume acl_in { type filter hook forward priority -2; policy accept; }
add rule ip6 brume acl_in oifname vmap @port_acl_in
add chain ip6 brume ingress { type filter hook forward priority 0; policy drop; }
add rule ip6 brume ingress ct state == established accept
add rule ip6 brume ingress ct state related accept
add rule ip6 brume ingress oifname vmap @port_ingress
add rule ip6 brume ingress iifname @ports oifname "uplink" ip6 saddr @own accept
add rule ip6 brume ingress iifname @ports oifname . ip6 daddr @peers accept
add chain ip6 brume dhcp
add rule ip6 brume dhcp ip6 saddr != fe80::/10 drop
add rule ip6 brume dhcp udp sport != 546 drop
add rule ip6 brume dhcp @th,64,8 1 accept
add rule ip6 brume dhcp @th,64,8 3 accept
add rule ip6 brume dhcp @th,64,8 4 accept
add rule ip6 brume dhcp @th,64,8 5 accept
add rule ip6 brume dhcp @th,64,8 6 accept
add rule ip6 brume dhcp @th,64,8 11 accept
add rule ip6 brume dhcp drop
add chain ip6 brume router { type filter hook input priority 0; policy drop; }
add rule ip6 brume router iifname "lo" accept
add rule ip6 brume router iifname @ports icmpv6 type nd-neighbor-solicit accept
add rule ip6 brume router iifname @ports icmpv6 type nd-neighbor-advert accept
add rule ip6 brume router iifname @ports icmpv6 type nd-router-solicit accept
add rule ip6 brume router iifname @ports udp dport 547 goto dhcp
add rule ip6 brume router ct state established,related accept
add rule ip6 brume router ct state invalid drop
add rule ip6 brume router iifname != @ports drop
add rule ip6 brume router ip6 daddr $METADATA tcp dport 80 accept
add rule ip6 brume router icmpv6 type echo-request accept
)";

using SetElements = std::map<std::string, std::vector<std::string>>;

std::string ChainIn(absl::string_view owner) { return absl::StrCat("in-", owner); }
std::string ChainOut(absl::string_view owner) { return absl::StrCat("out-", owner); }
std::string ChainOfAcl(absl::string_view direction, const SubnetId& subnet) {
  return absl::StrCat("acl-", direction, "-", subnet.text());
}

std::string HexNumber(const Ipv6& address) {
  std::string text = "0x";
  for (const uint8_t octet : address.bytes) absl::StrAppend(&text, absl::Hex(octet, absl::kZeroPad2));
  return text;
}

std::string IntervalText(const Ipv6Intervals::value_type& interval) {
  const auto& [first, last] = interval;
  return first == last ? first.text() : absl::StrCat(first.text(), "-", last.text());
}

std::optional<Ipv6> NextAddress(Ipv6 address) {
  for (size_t i = address.bytes.size(); i-- > 0;) {
    if (++address.bytes[i] != 0) return address;
  }
  return std::nullopt;
}

Ipv6 PreviousAddress(Ipv6 address) {
  for (size_t i = address.bytes.size(); i-- > 0;) {
    if (address.bytes[i]-- != 0) break;
  }
  return address;
}

// Of a rule for which AppliesToIpv6.
std::string Ipv6Peer(const SecurityGroupRule& rule) {
  const char* direction = rule.egress ? "ip6 daddr " : "ip6 saddr ";
  if (!rule.referenced_group.empty()) return absl::StrCat(direction, "@", rule.referenced_group.text(), " ");
  if (!rule.prefix_list.empty()) return absl::StrCat(direction, "@", rule.prefix_list.text(), " ");
  if (!rule.cidr_ipv6.has_value() || rule.cidr_ipv6->prefix_length == 0) return "";
  return absl::StrCat(direction, rule.cidr_ipv6->text(), " ");
}

std::string Ipv6Protocol(const SecurityGroupRule& rule) {
  if (rule.protocol < 0) return "";
  if (rule.protocol == kTcpNumber || rule.protocol == kUdpNumber) {
    const char* name = rule.protocol == kTcpNumber ? "tcp" : "udp";
    if (rule.from_port == rule.to_port && rule.from_port >= 0)
      return absl::StrCat(name, " dport ", rule.from_port, " ");
    if (rule.from_port > 0 || (rule.to_port >= 0 && rule.to_port < 65535)) {
      return absl::StrCat(name, " dport ", std::max(rule.from_port, 0), "-", rule.to_port, " ");
    }
  }
  if (rule.protocol == kIcmpv6Number && rule.from_port >= 0) {
    const std::string type = absl::StrCat("icmpv6 type ", rule.from_port, " ");
    return rule.to_port < 0 ? type : absl::StrCat(type, "icmpv6 code ", rule.to_port, " ");
  }
  return absl::StrCat("meta l4proto ", rule.protocol, " ");
}

void AppendElements(std::string& text, const SetElements& elements) {
  for (const auto& [set, list] : elements) {
    for (size_t start = 0; start < list.size(); start += kElementsAtOnce) {
      const auto first = list.begin() + start;
      const auto last = list.begin() + std::min(start + kElementsAtOnce, list.size());
      absl::StrAppend(&text, "add element ip6 brume ", set, " { ", absl::StrJoin(first, last, ", "), " }\n");
    }
  }
}

void AppendChain(std::string& text, const std::string& chain, const std::vector<std::string>& rules) {
  absl::StrAppend(&text, "add chain ip6 brume ", chain, "\n");
  for (const std::string& rule : rules) absl::StrAppend(&text, "add rule ip6 brume ", chain, " ", rule, "\n");
}

void CollectPort(const Ruleset& rules, const PortRules& port, std::string& text, SetElements& elements) {
  const std::string tap = absl::StrCat("\"", port.tap, "\""), bound = absl::StrCat(tap, " . ", port.mac);
  elements["ports"].push_back(tap);
  elements["macs"].push_back(bound);
  elements["link_layer"].push_back(absl::StrCat(tap, " . 0x", absl::StrReplaceAll(port.mac, {{":", ""}})));
  std::vector<Ipv6> addresses = port.ipv6;
  for (const Ipv6& address : addresses) elements["own"].push_back(address.text());
  addresses.push_back(LinkLocalFor(port.mac));
  for (const Ipv6& address : addresses) {
    elements["bindings"].push_back(absl::StrCat(bound, " . ", address.text(), " : ", port.route_table));
    elements["announced"].push_back(absl::StrCat(tap, " . ", HexNumber(address)));
  }
  if (!port.source_dest_check) elements["unchecked"].push_back(absl::StrCat(bound, " : ", port.route_table));
  if (rules.ipv6.internet.contains(port.route_table)) {
    elements["port_internet"].push_back(absl::StrCat(tap, " : jump from-internet-", port.route_table));
  }
  if (rules.ipv6.subnets.contains(port.subnet)) {
    elements["port_acl_out"].push_back(absl::StrCat(tap, " : jump ", ChainOfAcl("out", port.subnet)));
    elements["port_acl_in"].push_back(absl::StrCat(tap, " : jump ", ChainOfAcl("in", port.subnet)));
  }
  std::vector<std::string> out, in;
  for (const SecurityGroupId& group : port.groups) {
    out.push_back("jump " + ChainOut(group.text()));
    in.push_back("jump " + ChainIn(group.text()));
  }
  AppendChain(text, ChainOut(port.tap), out);
  AppendChain(text, ChainIn(port.tap), in);
  elements["port_egress"].push_back(absl::StrCat(tap, " : jump ", ChainOut(port.tap)));
  elements["port_ingress"].push_back(absl::StrCat(tap, " : jump ", ChainIn(port.tap)));
}

// All groups that ports or rules name, so that each has its chains and its set; those that nobody knows are empty.
std::map<SecurityGroupId, Ipv6GroupRules> GroupsOf(const Ruleset& rules) {
  std::map<SecurityGroupId, Ipv6GroupRules> groups;
  for (const auto& [id, group] : rules.groups) {
    groups[id] = group.ipv6;
    for (const SecurityGroupId& peer : group.ipv6.peers) groups.try_emplace(peer);
  }
  for (const auto& [tap, port] : rules.ports) {
    for (const SecurityGroupId& id : port.groups) groups[id].members.insert(port.ipv6.begin(), port.ipv6.end());
  }
  for (const EndpointRules& endpoint : rules.endpoints) {
    if (!endpoint.ipv6.has_value()) continue;
    for (const SecurityGroupId& id : endpoint.groups) groups[id].members.insert(*endpoint.ipv6);
  }
  return groups;
}

void CollectGroups(const Ruleset& rules, std::string& text, SetElements& elements) {
  const std::map<SecurityGroupId, Ipv6GroupRules> groups = GroupsOf(rules);
  std::set<PrefixListId> lists;
  for (const auto& [id, group] : groups) {
    absl::StrAppend(&text, "add set ip6 brume ", id.text(), " { type ipv6_addr; }\n");
    for (const Ipv6& member : group.members) elements[id.text()].push_back(member.text());
    lists.insert(group.prefix_lists.begin(), group.prefix_lists.end());
  }
  for (const PrefixListId& id : lists) {
    absl::StrAppend(&text, "add set ip6 brume ", id.text(), " { type ipv6_addr; flags interval; }\n");
    const auto found = rules.ipv6.prefix_lists.find(id);
    if (found == rules.ipv6.prefix_lists.end()) continue;
    for (const auto& interval : found->second) elements[id.text()].push_back(IntervalText(interval));
  }
  for (const auto& [id, group] : groups) {
    AppendChain(text, ChainOut(id.text()), group.egress);
    AppendChain(text, ChainIn(id.text()), group.ingress);
  }
}

// What stays within the subnet is not asked about.
void AppendIpv6Subnet(std::string& text, const SubnetId& id, const Ipv6SubnetRules& subnet) {
  std::vector<std::string> out = {absl::StrCat("ip6 daddr ", subnet.cidr.text(), " return")};
  std::vector<std::string> in = {absl::StrCat("ip6 saddr ", subnet.cidr.text(), " return")};
  out.insert(out.end(), subnet.egress.begin(), subnet.egress.end());
  in.insert(in.end(), subnet.ingress.begin(), subnet.ingress.end());
  out.push_back("drop");
  in.push_back("drop");
  AppendChain(text, ChainOfAcl("out", id), out);
  AppendChain(text, ChainOfAcl("in", id), in);
}

void CollectInternet(const Ipv6Rules& rules, std::string& text, SetElements& elements) {
  for (const auto& [table, intervals] : rules.internet) {
    const std::string name = absl::StrCat("from-internet-", table), set = absl::StrCat("internet-", table);
    absl::StrAppend(&text, "add set ip6 brume ", set, " { type ipv6_addr; flags interval; }\n");
    for (const auto& interval : intervals) elements[set].push_back(IntervalText(interval));
    AppendChain(text, name, {absl::StrCat("ip6 saddr @", set, " accept")});
  }
}

}  // namespace

Ipv6Intervals Ipv6IntervalsOf(std::vector<CidrIpv6> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.first() < b.first(); });
  std::vector<std::pair<Ipv6, Ipv6>> apart;
  for (const CidrIpv6& range : ranges) {
    const std::optional<Ipv6> next = apart.empty() ? std::nullopt : NextAddress(apart.back().second);
    const bool touches = !apart.empty() && (!next.has_value() || range.first() <= *next);
    if (touches) {
      apart.back().second = std::max(apart.back().second, range.last());
    } else {
      apart.emplace_back(range.first(), range.last());
    }
  }
  return {apart.begin(), apart.end()};
}

Ipv6Intervals ReachableByGateway(const std::vector<Ipv6RouteSpec>& routes) {
  // Between two of these the longest prefix is one and the same.
  std::set<Ipv6> starts;
  for (const Ipv6RouteSpec& route : routes) {
    starts.insert(route.destination.first());
    if (const std::optional<Ipv6> behind = NextAddress(route.destination.last()); behind.has_value())
      starts.insert(*behind);
  }
  std::vector<std::pair<Ipv6, Ipv6>> apart;
  for (auto start = starts.begin(); start != starts.end(); ++start) {
    const Ipv6RouteSpec* longest_match = nullptr;
    for (const Ipv6RouteSpec& route : routes) {
      const bool longer =
          longest_match == nullptr || route.destination.prefix_length > longest_match->destination.prefix_length;
      if (route.destination.Contains(*start) && longer) longest_match = &route;
    }
    if (longest_match == nullptr || longest_match->way != Ipv6RouteSpec::Way::kGateway) continue;
    const auto next = std::next(start);
    Ipv6 last;
    last.bytes.fill(0xff);
    if (next != starts.end()) last = PreviousAddress(*next);
    if (!apart.empty() && NextAddress(apart.back().second) == *start) {
      apart.back().second = last;
    } else {
      apart.emplace_back(*start, last);
    }
  }
  return {apart.begin(), apart.end()};
}

Ipv6GroupRules Ipv6GroupRulesOf(const std::vector<SecurityGroupRule>& rules, const std::vector<Ipv6>& members) {
  Ipv6GroupRules group;
  for (const SecurityGroupRule& rule : rules) {
    if (!AppliesToIpv6(rule)) continue;
    (rule.egress ? group.egress : group.ingress).push_back(absl::StrCat(Ipv6Peer(rule), Ipv6Protocol(rule), "accept"));
    if (!rule.referenced_group.empty()) group.peers.insert(rule.referenced_group);
    if (!rule.prefix_list.empty()) group.prefix_lists.insert(rule.prefix_list);
  }
  group.members.insert(members.begin(), members.end());
  group.rules = rules;
  return group;
}

Ipv6SubnetRules Ipv6SubnetRulesOf(const CidrIpv6& cidr, const std::vector<NetworkAclEntry>& entries) {
  Ipv6SubnetRules subnet{.cidr = cidr, .ingress = {}, .egress = {}};
  std::vector<NetworkAclEntry> ordered = entries;
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  for (const NetworkAclEntry& entry : ordered) {
    if (!entry.cidr_ipv6.has_value()) continue;
    SecurityGroupRule match;
    match.egress = entry.egress;
    match.protocol = entry.protocol;
    match.from_port = entry.from_port;
    match.to_port = entry.to_port;
    match.cidr_ipv6 = entry.cidr_ipv6;
    if (!AppliesToIpv6(match)) continue;
    (entry.egress ? subnet.egress : subnet.ingress)
        .push_back(absl::StrCat(Ipv6Peer(match), Ipv6Protocol(match), entry.allow ? "accept" : "drop"));
  }
  return subnet;
}

std::string PassIpv6Text() {
  std::string text;
  for (const char* chain : {"antispoof", "egress", "ingress", "router"}) {
    absl::StrAppend(&text, "add rule inet brume ", chain, " meta nfproto ipv6 accept\n");
  }
  return text;
}

std::string WholeIpv6Ruleset(const Ruleset& rules) {
  if (!rules.ipv6.on) return "add table ip6 brume\ndelete table ip6 brume\n";
  std::string text = absl::StrReplaceAll(kIpv6Skeleton, {{"$METADATA", kMetadataIpv6.text()}});
  if (rules.ipv6.resolver) {
    for (const char* protocol : {"udp", "tcp"}) {
      absl::StrAppend(&text, "add rule ip6 brume router ip6 daddr ", kResolverIpv6.text(), " ", protocol,
                      " dport 53 accept\n");
    }
  }
  SetElements elements;
  for (const auto& interval : Ipv6IntervalsOf(rules.ipv6.ranges)) elements["ranges"].push_back(IntervalText(interval));
  CollectGroups(rules, text, elements);
  CollectInternet(rules.ipv6, text, elements);
  for (const auto& [id, subnet] : rules.ipv6.subnets) AppendIpv6Subnet(text, id, subnet);
  for (const auto& [tap, port] : rules.ports) {
    // Without an address of its own it has no IPv6.
    if (!port.ipv6.empty()) CollectPort(rules, port, text, elements);
  }
  absl::StrAppend(&text, Ipv6EndpointText(rules.endpoints, rules.ipv6));
  for (const auto& [link, ranges] : rules.ipv6.peerings) {
    for (const CidrIpv6& range : ranges) elements["peers"].push_back(absl::StrCat("\"", link, "\" . ", range.text()));
  }
  AppendElements(text, elements);
  return text;
}

}  // namespace brume::network
