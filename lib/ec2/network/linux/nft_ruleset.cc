#include "lib/ec2/network/linux/nft_ruleset.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "lib/ec2/network/linux/fabric_names.h"

namespace brume::network {
namespace {

constexpr int kIcmp = 1, kTcp = 6, kUdp = 17;
// Elements in one command: well under what a netlink message may hold.
constexpr size_t kElementsPerCommand = 500;

std::string OutChain(absl::string_view owner) { return absl::StrCat("out-", owner); }
std::string AclChain(absl::string_view direction, const SubnetId& subnet) {
  return absl::StrCat("acl-", direction, "-", subnet.text());
}
std::string InChain(absl::string_view owner) { return absl::StrCat("in-", owner); }

// A packet of a tracked connection passes with one lookup, which holds it to its port and finds the port's route table:
// what stands in its way besides are comparisons, as few as can be. So the lookup comes first, by the number of the
// link, which is shorter than its name; what only a DHCP server sends is asked of UDP alone, behind it; and a packet
// whose state is exactly `established` is asked for no other. The chains of network ACLs are there only where a subnet
// has one, and those that translate only once there is something to translate.
//
// Before antispoof stands the kernel's reassembly, at -400, in whose result the last fragment alone shows its sender:
// each fragment is held to its port before that.
//
// In chain `dhcp`, counted in bits from the UDP header: 64 op, htype, hlen; 160 ciaddr; 256 giaddr; 288 chaddr; 1984
// the first option. dnsmasq knows a client by its chaddr alone (RFC 2131), so that is held to the port's MAC, and by no
// relay agent; each message, also of an answered "connection". A DHCPDECLINE has dnsmasq withhold the address for ten
// minutes; nobody else can have it, so none is let through. Every client in use puts the message's type first; one that
// does not harms itself alone.
//
// `connections` counts what each port began and the kernel still tracks: all namespaces share one table, which no guest
// is to fill. `to_router` bounds what a port asks of the router (metadata, names, ping), as EC2 bounds it for its
// link-local services: 1,024 packets a second. The kernel drops elements of both that are of no more use.
constexpr char kSkeleton[] = R"(
add table inet brume
delete table inet brume
add table arp brume
delete table arp brume
add table inet brume
add set inet brume ports { type ifname; }
add set inet brume macs { type ifname . ether_addr; }
add map inet brume bindings { type iface_index . ether_addr . ipv4_addr : mark; }
add map inet brume unchecked { type ifname . ether_addr : mark; }
add set inet brume dhcp_clients { typeof iifname . @th,160,32 . @th,288,48; }
add set inet brume resolvers { type ipv4_addr; }
add set inet brume has_public { type ipv4_addr; }
add set inet brume connections { type ifname; size 65535; flags dynamic; }
add set inet brume to_router { type ifname; size 65535; flags dynamic,timeout; timeout 1m; }
add set inet brume peers { type ifname . ipv4_addr; flags interval; }
add map inet brume nat_public { type realm : ipv4_addr; }
add map inet brume nat_private { type realm : ipv4_addr; }
add map inet brume nat_public_of { type realm . mark : ipv4_addr; }
add map inet brume nat_private_of { type realm . mark : ipv4_addr; }
add map inet brume nat_public_chain { type realm : verdict; }
add map inet brume nat_private_chain { type realm : verdict; }
add map inet brume to_private { type ipv4_addr : ipv4_addr; }
add map inet brume to_public { type ipv4_addr : ipv4_addr; }
add map inet brume port_acl_out { type ifname : verdict; }
add map inet brume port_acl_in { type ifname : verdict; }
add map inet brume port_egress { type ifname : verdict; }
add map inet brume port_ingress { type ifname : verdict; }
add chain inet brume antispoof { type filter hook prerouting priority -450; policy drop; }
add rule inet brume antispoof meta mark set iif . ether saddr . ip saddr map @bindings meta l4proto != udp accept
add rule inet brume antispoof iifname "uplink" accept
add rule inet brume antispoof iifname "lo" accept
add rule inet brume antispoof udp sport 67 udp dport 68 drop
add rule inet brume antispoof meta mark != 0 accept
add rule inet brume antispoof meta mark set iifname . ether saddr map @unchecked accept
add rule inet brume antispoof iifname . ip saddr @peers accept
add rule inet brume antispoof iifname . ether saddr @macs ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept
add chain inet brume egress { type filter hook forward priority -10; policy drop; }
add rule inet brume egress ct state == established accept
add rule inet brume egress ct state related accept
add rule inet brume egress ct state invalid drop
add rule inet brume egress ct state new iifname @ports add @connections { iifname ct count over $CONNECTIONS } drop
add rule inet brume egress iifname vmap @port_egress
add rule inet brume egress iifname "uplink" accept
add rule inet brume egress iifname . ip saddr @peers accept
add chain inet brume ingress { type filter hook forward priority 0; policy drop; }
add rule inet brume ingress ct state == established accept
add rule inet brume ingress ct state related accept
add rule inet brume ingress oifname vmap @port_ingress
add rule inet brume ingress oifname "uplink" ip saddr @has_public accept
add rule inet brume ingress oifname "uplink" rt classid != 0 accept
add rule inet brume ingress iifname @ports oifname . ip daddr @peers accept
add chain inet brume dhcp
add rule inet brume dhcp @th,64,24 != 0x010106 drop
add rule inet brume dhcp @th,256,32 != 0 drop
add rule inet brume dhcp @th,1984,24 0x350104 drop
add rule inet brume dhcp udp sport 68 iifname . @th,160,32 . @th,288,48 @dhcp_clients accept
add rule inet brume dhcp drop
add chain inet brume router { type filter hook input priority 0; policy drop; }
add rule inet brume router iifname "lo" accept
add rule inet brume router iifname @ports update @to_router { iifname limit rate over 1024/second burst 1024 packets } drop
add rule inet brume router udp dport 67 goto dhcp
add rule inet brume router ct state established,related accept
add rule inet brume router ct state invalid drop
add rule inet brume router iifname != @ports drop
add rule inet brume router ct state new add @connections { iifname ct count over $CONNECTIONS } drop
add rule inet brume router ip daddr @resolvers udp dport 53 accept
add rule inet brume router ip daddr @resolvers tcp dport 53 accept
add rule inet brume router ip daddr 169.254.169.254 tcp dport 80 accept
add rule inet brume router icmp type echo-request accept
add table arp brume
add set arp brume bindings { type ifname . ether_addr . ether_addr . ipv4_addr; }
add chain arp brume antispoof { type filter hook input priority 0; policy drop; }
add rule arp brume antispoof iifname "uplink" accept
add rule arp brume antispoof iifname . ether saddr . arp saddr ether . arp saddr ip @bindings accept
)";

constexpr char kNatChains[] = R"(
add chain inet brume nat_in { type nat hook prerouting priority dstnat; policy accept; }
add rule inet brume nat_in dnat ip to ip daddr map @to_private
add chain inet brume nat_out { type nat hook postrouting priority srcnat; policy accept; }
add rule inet brume nat_out oifname "uplink" snat ip to rt classid map @nat_public
add rule inet brume nat_out oifname != "uplink" snat ip to rt classid map @nat_private
add rule inet brume nat_out oifname "uplink" rt classid vmap @nat_public_chain
add rule inet brume nat_out oifname != "uplink" rt classid vmap @nat_private_chain
add rule inet brume nat_out oifname "uplink" snat ip to ip saddr map @to_public
)";

constexpr char kForwardAclChains[] = R"(
add chain inet brume acl_out { type filter hook forward priority -11; policy accept; }
add rule inet brume acl_out iifname vmap @port_acl_out
add chain inet brume acl_in { type filter hook forward priority -2; policy accept; }
add rule inet brume acl_in oifname vmap @port_acl_in
)";

// The elements that stand for some ports, by the set that holds them ("inet brume macs").
using Elements = std::map<std::string, std::vector<std::string>>;

void CollectAddress(const PortRules& port, const PortAddress& each, Elements& elements) {
  const std::string tap = absl::StrCat("\"", port.tap, "\"");
  const std::string address = each.private_ip.text();
  elements["inet brume bindings"].push_back(
      absl::StrCat(port.link, " . ", port.mac, " . ", address, " : ", port.route_table));
  elements["arp brume bindings"].push_back(absl::StrCat(tap, " . ", port.mac, " . ", port.mac, " . ", address));
  if (!each.public_ip.has_value()) return;
  const std::string outside = each.public_ip->text();
  elements["inet brume has_public"].push_back(address);
  elements["inet brume to_private"].push_back(absl::StrCat(outside, " : ", address));
  elements["inet brume to_public"].push_back(absl::StrCat(address, " : ", outside));
}

// What lets IPv4 and ARP of the port in: without it both are dropped.
void CollectIpv4(const PortRules& port, Ipv4 first, Elements& elements) {
  const std::string tap = absl::StrCat("\"", port.tap, "\"");
  elements["inet brume macs"].push_back(absl::StrCat(tap, " . ", port.mac));
  // Raw parts of a packet are numbers to nftables.
  const std::string number = absl::StrCat("0x", absl::StrReplaceAll(port.mac, {{":", ""}}));
  for (const uint32_t present : {uint32_t{0}, first.value}) {
    elements["inet brume dhcp_clients"].push_back(absl::StrCat(tap, " . ", present, " . ", number));
  }
  if (!port.source_dest_check) {
    elements["inet brume unchecked"].push_back(absl::StrCat(tap, " . ", port.mac, " : ", port.route_table));
  }
  for (const PortAddress& address : port.addresses()) CollectAddress(port, address, elements);
  // The sender of an ARP probe (RFC 5227).
  elements["arp brume bindings"].push_back(absl::StrCat(tap, " . ", port.mac, " . ", port.mac, " . 0.0.0.0"));
}

void Collect(const PortRules& port, Elements& elements) {
  const std::string tap = absl::StrCat("\"", port.tap, "\"");
  elements["inet brume ports"].push_back(tap);
  if (port.private_ip.has_value()) CollectIpv4(port, *port.private_ip, elements);
  if (!port.filtered_subnet.empty()) {
    elements["inet brume port_acl_out"].push_back(absl::StrCat(tap, " : jump ", AclChain("out", port.filtered_subnet)));
    elements["inet brume port_acl_in"].push_back(absl::StrCat(tap, " : jump ", AclChain("in", port.filtered_subnet)));
  }
  if (!port.groups.empty()) {
    const std::string owner = port.groups.size() == 1 ? port.groups.front().text() : port.tap;
    elements["inet brume port_egress"].push_back(absl::StrCat(tap, " : jump ", OutChain(owner)));
    elements["inet brume port_ingress"].push_back(absl::StrCat(tap, " : jump ", InChain(owner)));
  }
}

void Append(std::string& text, absl::string_view verb, const Elements& elements) {
  for (const auto& [set, list] : elements) {
    for (size_t start = 0; start < list.size(); start += kElementsPerCommand) {
      const auto first = list.begin() + start;
      const auto last = list.begin() + std::min(start + kElementsPerCommand, list.size());
      absl::StrAppend(&text, verb, " element ", set, " { ", absl::StrJoin(first, last, ", "), " }\n");
    }
  }
}

// What is in `a` and not in `b`.
Elements Without(const Elements& a, const Elements& b) {
  Elements rest;
  for (const auto& [set, list] : a) {
    const auto other = b.find(set);
    for (const std::string& element : list) {
      if (other == b.end() || std::find(other->second.begin(), other->second.end(), element) == other->second.end()) {
        rest[set].push_back(element);
      }
    }
  }
  return rest;
}

bool HasChains(const PortRules* port) { return port != nullptr && port->groups.size() > 1; }

void DeclareGroup(std::string& text, const SecurityGroupId& id) {
  absl::StrAppend(&text, "add set inet brume ", id.text(), " { type ipv4_addr; }\n");
  absl::StrAppend(&text, "add chain inet brume ", OutChain(id.text()), "\n");
  absl::StrAppend(&text, "add chain inet brume ", InChain(id.text()), "\n");
}

void DeclarePrefixList(std::string& text, const PrefixListId& id) {
  absl::StrAppend(&text, "add set inet brume ", id.text(), " { type ipv4_addr; flags interval; }\n");
}

Elements IntervalElements(const PrefixListId& id, const Intervals& intervals) {
  Elements elements;
  for (const auto& [first, last] : intervals) {
    elements[absl::StrCat("inet brume ", id.text())].push_back(
        first == last ? first.text() : absl::StrCat(first.text(), "-", last.text()));
  }
  return elements;
}

void AppendPortChains(std::string& text, const PortRules& port) {
  for (const std::string& chain : {OutChain(port.tap), InChain(port.tap)}) {
    absl::StrAppend(&text, "add chain inet brume ", chain, "\nflush chain inet brume ", chain, "\n");
  }
  for (const SecurityGroupId& group : port.groups) {
    absl::StrAppend(&text, "add rule inet brume ", OutChain(port.tap), " jump ", OutChain(group.text()), "\n");
    absl::StrAppend(&text, "add rule inet brume ", InChain(port.tap), " jump ", InChain(group.text()), "\n");
  }
}

void AppendRules(std::string& text, const std::string& chain, const std::vector<std::string>& rules) {
  absl::StrAppend(&text, "flush chain inet brume ", chain, "\n");
  for (const std::string& rule : rules) absl::StrAppend(&text, "add rule inet brume ", chain, " ", rule, "\n");
}

// A rule is known to the kernel by a number that it tells nobody, so a change of one writes its whole chain anew. A
// chain of more than this many is parted, by what each rule says, into chains that it jumps to.
constexpr size_t kRulesPerChain = 16;

// FNV-1a: the same in every process, as parts are told from each other after a restart too.
uint64_t HashOf(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// 0 = they stand in the chain itself.
size_t PartsFor(const std::vector<std::string>& rules) {
  return rules.size() <= kRulesPerChain ? 0 : std::bit_ceil(rules.size() / kRulesPerChain + 1);
}

std::string PartName(const std::string& chain, size_t part) { return absl::StrCat(chain, "-", part); }

// The parts whose rules differ, where there are as many before as after.
std::vector<bool> ChangedParts(size_t parts, const std::vector<std::string>& before,
                               const std::vector<std::string>& after) {
  std::vector<bool> changed(parts);
  const auto [old_first, first] = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  const auto [old_last, last] =
      std::mismatch(before.rbegin(), std::reverse_iterator(old_first), after.rbegin(), std::reverse_iterator(first));
  for (auto rule = old_first; rule != old_last.base(); ++rule) changed[HashOf(*rule) % parts] = true;
  for (auto rule = first; rule != last.base(); ++rule) changed[HashOf(*rule) % parts] = true;
  return changed;
}

// For rules whose order does not matter. The chain itself is there.
void ChangeChains(std::string& text, const std::string& chain, const std::vector<std::string>& before,
                  const std::vector<std::string>& after) {
  if (before == after) return;
  const size_t old_parts = PartsFor(before), parts = PartsFor(after);
  if (parts == 0) AppendRules(text, chain, after);
  if (parts > 0) {
    const std::vector<bool> changed =
        parts == old_parts ? ChangedParts(parts, before, after) : std::vector<bool>(parts, true);
    std::vector<std::vector<std::string>> rules(parts);
    for (const std::string& rule : after) {
      const size_t part = HashOf(rule) % parts;
      if (changed[part]) rules[part].push_back(rule);
    }
    std::vector<std::string> jumps;
    for (size_t part = 0; part < parts; ++part) {
      const std::string name = PartName(chain, part);
      jumps.push_back(absl::StrCat("jump ", name));
      if (part >= old_parts) absl::StrAppend(&text, "add chain inet brume ", name, "\n");
      if (changed[part]) AppendRules(text, name, rules[part]);
    }
    if (parts != old_parts) AppendRules(text, chain, jumps);
  }
  for (size_t part = parts; part < old_parts; ++part) {
    const std::string name = PartName(chain, part);
    absl::StrAppend(&text, "flush chain inet brume ", name, "\ndelete chain inet brume ", name, "\n");
  }
}

Elements MemberElements(const SecurityGroupId& id, const AddressSet& members, const AddressSet& except) {
  Elements elements;
  for (const Ipv4 member : members.Without(except))
    elements[absl::StrCat("inet brume ", id.text())].push_back(member.text());
  return elements;
}

// Of a rule for which AppliesToIpv4.
std::string Peer(const SecurityGroupRule& rule) {
  const char* direction = rule.egress ? "ip daddr " : "ip saddr ";
  if (!rule.referenced_group.empty()) return absl::StrCat(direction, "@", rule.referenced_group.text(), " ");
  if (!rule.prefix_list.empty()) return absl::StrCat(direction, "@", rule.prefix_list.text(), " ");
  if (!rule.cidr.has_value() || rule.cidr->prefix_length == 0) return "";
  return absl::StrCat(direction, rule.cidr->text(), " ");
}

std::string Protocol(const SecurityGroupRule& rule) {
  if (rule.protocol < 0) return "";
  if (rule.protocol == kTcp || rule.protocol == kUdp) {
    const char* name = rule.protocol == kTcp ? "tcp" : "udp";
    if (rule.from_port == rule.to_port && rule.from_port >= 0)
      return absl::StrCat(name, " dport ", rule.from_port, " ");
    if (rule.from_port > 0 || (rule.to_port >= 0 && rule.to_port < 65535)) {
      return absl::StrCat(name, " dport ", std::max(rule.from_port, 0), "-", rule.to_port, " ");
    }
  }
  if (rule.protocol == kIcmp && rule.from_port >= 0) {
    // EC2 keeps the type where other protocols keep the first port, and the code where they keep the last.
    const std::string type = absl::StrCat("icmp type ", rule.from_port, " ");
    return rule.to_port < 0 ? type : absl::StrCat(type, "icmp code ", rule.to_port, " ");
  }
  return absl::StrCat("meta l4proto ", rule.protocol, " ");
}

// What stays within the subnet is not asked about.
void AppendSubnet(std::string& text, const SubnetId& id, const SubnetRules& subnet) {
  const struct {
    std::string chain;
    const char* other_end;
    const std::vector<std::string>& rules;
  } directions[] = {{AclChain("out", id), "daddr", subnet.egress}, {AclChain("in", id), "saddr", subnet.ingress}};
  for (const auto& [chain, other_end, rules] : directions) {
    absl::StrAppend(&text, "add chain inet brume ", chain, "\n");
    if (subnet.ipv6) absl::StrAppend(&text, "add rule inet brume ", chain, " meta nfproto ipv6 return\n");
    absl::StrAppend(&text, "add rule inet brume ", chain, " ip ", other_end, " ", subnet.cidr.text(), " return\n");
    for (const std::string& rule : rules) absl::StrAppend(&text, "add rule inet brume ", chain, " ", rule, "\n");
    absl::StrAppend(&text, "add rule inet brume ", chain, " drop\n");
  }
}

// One address is an element of a map; of several a chain of the gateway's own chooses by both ends of the connection,
// so that a guest is one machine to each that it talks to.
void CollectNatAddresses(const char* kind, int number, const std::vector<Ipv4>& addresses, std::string& text,
                         Elements& elements) {
  if (addresses.empty()) return;
  if (addresses.size() == 1) {
    elements[absl::StrCat("inet brume nat_", kind)].push_back(absl::StrCat(number, " : ", addresses.front().text()));
    return;
  }
  const std::string chain = absl::StrCat("nat_", kind, "_", number), map = absl::StrCat("nat_", kind, "_of");
  const std::string rule = absl::StrCat("add rule inet brume ", chain, " ");
  absl::StrAppend(&text, "add chain inet brume ", chain, "\n");
  // Nobody asks for the mark from here on.
  absl::StrAppend(&text, rule, "meta mark set jhash ip saddr . ip daddr mod ", addresses.size(), "\n");
  absl::StrAppend(&text, rule, "snat ip to rt classid . meta mark map @", map, "\n");
  for (size_t i = 0; i < addresses.size(); ++i) {
    elements[absl::StrCat("inet brume ", map)].push_back(absl::StrCat(number, " . ", i, " : ", addresses[i].text()));
  }
  elements[absl::StrCat("inet brume nat_", kind, "_chain")].push_back(absl::StrCat(number, " : goto ", chain));
}

void CollectNats(const Ruleset& rules, std::string& text, Elements& elements) {
  bool filtered = false;
  for (const NatRules& nat : rules.nats) {
    CollectNatAddresses("private", nat.number, nat.private_ips, text, elements);
    CollectNatAddresses("public", nat.number, nat.public_ips, text, elements);
    filtered |= !nat.filtered_subnet.empty();
  }
  if (!filtered) return;
  absl::StrAppend(&text,
                  "add map inet brume nat_number { type realm : mark; }\n"
                  "add chain inet brume nat_mark { type filter hook forward priority -6; policy accept; }\n"
                  "add rule inet brume nat_mark ct state new ct mark set rt classid map @nat_number\n");
  for (const NatRules& nat : rules.nats) {
    elements["inet brume nat_number"].push_back(absl::StrCat(nat.number, " : ", nat.number));
  }
  const struct {
    const char* direction;
    int priority;
  } directions[] = {{"in", -5}, {"out", -4}};
  for (const auto& [direction, priority] : directions) {
    const std::string chain = absl::StrCat("nat_", direction, "_acl"), map = absl::StrCat("of_nat_acl_", direction);
    absl::StrAppend(&text, "add map inet brume ", map, " { type mark : verdict; }\n");
    absl::StrAppend(&text, "add chain inet brume ", chain, " { type filter hook forward priority ", priority,
                    "; policy accept; }\n");
    absl::StrAppend(&text, "add rule inet brume ", chain, " ct mark vmap @", map, "\n");
    for (const NatRules& nat : rules.nats) {
      if (nat.filtered_subnet.empty()) continue;
      elements[absl::StrCat("inet brume ", map)].push_back(
          absl::StrCat(nat.number, " : jump ", AclChain(direction, nat.filtered_subnet)));
    }
  }
}

}  // namespace

Intervals IntervalsOf(std::vector<Cidr> ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::vector<std::pair<Ipv4, Ipv4>> apart;
  for (const Cidr& range : ranges) {
    const bool touches = !apart.empty() && range.base.value <= uint64_t{apart.back().second.value} + 1;
    if (!touches) {
      apart.emplace_back(range.base, range.last());
    } else {
      apart.back().second = std::max(apart.back().second, range.last());
    }
  }
  return {apart.begin(), apart.end()};
}

std::string RuleText(const SecurityGroupRule& rule) { return absl::StrCat(Peer(rule), Protocol(rule), "accept"); }

GroupRules GroupRulesOf(const std::vector<SecurityGroupRule>& rules, const std::vector<Ipv4>& members) {
  GroupRules group;
  for (const SecurityGroupRule& rule : rules) {
    // Here again: what names no IPv4 range would be written as a rule for every source.
    if (!AppliesToIpv4(rule)) continue;
    (rule.egress ? group.egress : group.ingress).push_back(RuleText(rule));
    if (!rule.referenced_group.empty()) group.peers.insert(rule.referenced_group);
    if (!rule.prefix_list.empty()) group.prefix_lists.insert(rule.prefix_list);
  }
  group.members = AddressSet(members);
  group.rules = rules;
  return group;
}

SubnetRules SubnetRulesOf(const Cidr& cidr, const std::vector<NetworkAclEntry>& entries) {
  SubnetRules subnet{.cidr = cidr, .ingress = {}, .egress = {}};
  std::vector<NetworkAclEntry> ordered = entries;
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  for (const NetworkAclEntry& entry : ordered) {
    if (entry.cidr_ipv6.has_value()) continue;
    SecurityGroupRule match;
    match.egress = entry.egress;
    match.protocol = entry.protocol;
    match.from_port = entry.from_port;
    match.to_port = entry.to_port;
    match.cidr = entry.cidr;
    // ICMPv6 alone: guests have none.
    if (!AppliesToIpv4(match)) continue;
    (entry.egress ? subnet.egress : subnet.ingress)
        .push_back(absl::StrCat(Peer(match), Protocol(match), entry.allow ? "accept" : "drop"));
  }
  return subnet;
}

std::string ChangeGroup(const SecurityGroupId& id, const GroupRules* before, const GroupRules& after) {
  static const GroupRules kNone;
  const GroupRules& old = before == nullptr ? kNone : *before;
  std::string text;
  if (before == nullptr) DeclareGroup(text, id);
  for (const SecurityGroupId& peer : after.peers) {
    if (!old.peers.contains(peer)) {
      absl::StrAppend(&text, "add set inet brume ", peer.text(), " { type ipv4_addr; }\n");
    }
  }
  for (const PrefixListId& list : after.prefix_lists) {
    if (!old.prefix_lists.contains(list)) DeclarePrefixList(text, list);
  }
  ChangeChains(text, OutChain(id.text()), old.egress, after.egress);
  ChangeChains(text, InChain(id.text()), old.ingress, after.ingress);
  Append(text, "delete", MemberElements(id, old.members, after.members));
  Append(text, "add", MemberElements(id, after.members, old.members));
  return text;
}

std::string ChangePrefixList(const PrefixListId& id, const Intervals* before, const Intervals& after) {
  std::string text;
  if (before == nullptr) DeclarePrefixList(text, id);
  const Elements old = IntervalElements(id, before == nullptr ? Intervals() : *before);
  const Elements fresh = IntervalElements(id, after);
  Append(text, "delete", Without(old, fresh));
  Append(text, "add", Without(fresh, old));
  return text;
}

std::string RemovePrefixListText(const PrefixListId& id) {
  return absl::StrCat("delete set inet brume ", id.text(), "\n");
}

std::string AddMember(const SecurityGroupId& id, Ipv4 member) {
  return absl::StrCat("add element inet brume ", id.text(), " { ", member.text(), " }\n");
}

std::string RemoveMember(const SecurityGroupId& id, Ipv4 member) {
  return absl::StrCat("delete element inet brume ", id.text(), " { ", member.text(), " }\n");
}

std::string RemoveGroupText(const SecurityGroupId& id, const GroupRules& rules, bool named_by_rules) {
  std::string text;
  ChangeChains(text, OutChain(id.text()), rules.egress, {});
  ChangeChains(text, InChain(id.text()), rules.ingress, {});
  for (const std::string& chain : {OutChain(id.text()), InChain(id.text())}) {
    absl::StrAppend(&text, "flush chain inet brume ", chain, "\ndelete chain inet brume ", chain, "\n");
  }
  absl::StrAppend(&text, named_by_rules ? "flush" : "delete", " set inet brume ", id.text(), "\n");
  return text;
}

bool HasPublicAddress(const PortRules& port) {
  const std::vector<PortAddress> all = port.addresses();
  return std::any_of(all.begin(), all.end(), [](const auto& each) { return each.public_ip.has_value(); });
}

std::string NatChainsText() { return kNatChains; }

std::string ChangePort(const PortRules* before, const PortRules* after) {
  Elements old, fresh;
  if (before != nullptr) Collect(*before, old);
  if (after != nullptr) Collect(*after, fresh);
  std::string text;
  // A map refuses a second value for a key it has, so what goes, goes first.
  Append(text, "delete", Without(old, fresh));
  if (after != nullptr && (before == nullptr || before->groups != after->groups)) {
    for (const SecurityGroupId& group : after->groups) DeclareGroup(text, group);
    if (HasChains(after)) AppendPortChains(text, *after);
  }
  if (HasChains(before) && !HasChains(after)) {
    for (const std::string& chain : {OutChain(before->tap), InChain(before->tap)}) {
      absl::StrAppend(&text, "flush chain inet brume ", chain, "\ndelete chain inet brume ", chain, "\n");
    }
  }
  Append(text, "add", Without(fresh, old));
  return text;
}

std::string WholeRuleset(const Ruleset& rules) {
  std::string text = absl::StrReplaceAll(kSkeleton, {{"$CONNECTIONS", absl::StrCat(rules.max_connections)}});
  if (rules.ipv6.on) absl::StrAppend(&text, PassIpv6Text());
  if (rules.translates) absl::StrAppend(&text, NatChainsText());
  Elements elements;
  for (const Ipv4 resolver : rules.resolvers) elements["inet brume resolvers"].push_back(resolver.text());
  if (!rules.subnets.empty()) absl::StrAppend(&text, kForwardAclChains);
  for (const auto& [id, subnet] : rules.subnets) AppendSubnet(text, id, subnet);
  for (const auto& [id, group] : rules.groups) DeclareGroup(text, id);
  for (const auto& [id, intervals] : rules.prefix_lists) {
    absl::StrAppend(&text, ChangePrefixList(id, nullptr, intervals));
  }
  for (const auto& [id, group] : rules.groups) absl::StrAppend(&text, ChangeGroup(id, nullptr, group));
  for (const auto& [tap, port] : rules.ports) {
    for (const SecurityGroupId& group : port.groups) {
      if (!rules.groups.contains(group)) DeclareGroup(text, group);
    }
    if (HasChains(&port)) AppendPortChains(text, port);
    Collect(port, elements);
  }
  for (const EndpointRules& endpoint : rules.endpoints) {
    for (const SecurityGroupId& group : endpoint.groups) {
      if (!rules.groups.contains(group)) DeclareGroup(text, group);
    }
  }
  absl::StrAppend(&text, EndpointText(rules.endpoints, rules.max_connections, !rules.subnets.empty()));
  CollectNats(rules, text, elements);
  for (const PeeringRules& peering : rules.peerings) {
    for (const Cidr& range : peering.ranges) {
      elements["inet brume peers"].push_back(absl::StrCat("\"", peering.link, "\" . ", range.text()));
    }
  }
  Append(text, "add", elements);
  return text;
}

}  // namespace brume::network
