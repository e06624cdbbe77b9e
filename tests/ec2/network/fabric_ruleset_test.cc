#include <catch2/catch.hpp>
#include <regex>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/ec2/network/linux/dnsmasq_config.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/flow_rules.h"
#include "lib/ec2/network/linux/host_network.h"
#include "lib/ec2/network/linux/nft_ipv6_rules.h"
#include "lib/ec2/network/linux/nft_ruleset.h"

namespace brume::network {
namespace {

const SecurityGroupId kWeb = SecurityGroupId::FromTrusted("sg-00000000000000001");
const SecurityGroupId kData = SecurityGroupId::FromTrusted("sg-00000000000000002");

Ipv4 Address(const char* text) { return Ipv4::Parse(text).value(); }

SecurityGroupRule Rule(bool egress, int protocol, int from, int to) {
  SecurityGroupRule rule;
  rule.egress = egress;
  rule.protocol = protocol;
  rule.from_port = from;
  rule.to_port = to;
  return rule;
}

std::string TextOf(SecurityGroupRule rule, const char* cidr) {
  rule.cidr = Cidr::Parse(cidr).value();
  return RuleText(rule);
}

PortRules Port() {
  return {.tap = "bm0123456789abc",
          .mac = "02:b0:0a:00:01:04",
          .private_ip = Address("10.0.1.4"),
          .public_ip = std::nullopt,
          .source_dest_check = true,
          .groups = {kWeb}};
}

size_t Lines(const std::string& text) { return std::vector<std::string>(absl::StrSplit(text, '\n')).size() - 1; }

bool Has(const std::string& text, const std::string& line) {
  return absl::StrContains("\n" + text, "\n" + line + "\n");
}

}  // namespace

TEST_CASE("a permission is one rule with the peer, the protocol and its ports", "[fabric]") {
  CHECK(TextOf(Rule(false, 6, 22, 22), "0.0.0.0/0") == "tcp dport 22 accept");
  CHECK(TextOf(Rule(false, 6, 80, 443), "10.0.0.0/8") == "ip saddr 10.0.0.0/8 tcp dport 80-443 accept");
  CHECK(TextOf(Rule(true, 17, 0, 53), "10.1.0.0/16") == "ip daddr 10.1.0.0/16 udp dport 0-53 accept");
  CHECK(TextOf(Rule(false, 6, 0, 65535), "0.0.0.0/0") == "meta l4proto 6 accept");
  CHECK(TextOf(Rule(false, 6, -1, -1), "0.0.0.0/0") == "meta l4proto 6 accept");
  CHECK(TextOf(Rule(false, 17, 0, 0), "0.0.0.0/0") == "udp dport 0 accept");
  CHECK(TextOf(Rule(false, 1, -1, -1), "0.0.0.0/0") == "meta l4proto 1 accept");
  CHECK(TextOf(Rule(false, 1, 8, -1), "0.0.0.0/0") == "icmp type 8 accept");
  CHECK(TextOf(Rule(false, 1, 3, 4), "0.0.0.0/0") == "icmp type 3 icmp code 4 accept");
  CHECK(TextOf(Rule(false, 50, -1, -1), "0.0.0.0/0") == "meta l4proto 50 accept");
  CHECK(TextOf(Rule(true, -1, -1, -1), "0.0.0.0/0") == "accept");
  SecurityGroupRule from_group = Rule(false, 6, 5432, 5432);
  from_group.referenced_group = kWeb;
  CHECK(RuleText(from_group) == "ip saddr @sg-00000000000000001 tcp dport 5432 accept");
}

TEST_CASE("what is about IPv6 makes no rule, as it would be one for everyone", "[fabric]") {
  SecurityGroupRule range;
  range.cidr_ipv6 = CidrIpv6{};
  SecurityGroupRule ping;
  ping.cidr = Cidr{};
  ping.protocol = 58;
  for (const bool egress : {false, true}) {
    range.egress = ping.egress = egress;
    const GroupRules group = GroupRulesOf({range, ping}, {});
    CHECK(group.ingress.empty());
    CHECK(group.egress.empty());
  }
}

TEST_CASE("no rule holds an anonymous set", "[fabric]") {
  // libnftables numbers those by a counter that threads share.
  Ruleset rules{.resolvers = {Address("10.0.0.2")}, .groups = {}, .ports = {}};
  rules.groups[kWeb] = {.ingress = {"tcp dport 22 accept"}, .egress = {"accept"}, .peers = {}, .members = {}};
  rules.ports[Port().tap] = Port();
  rules.endpoints = {{.private_ip = Address("10.0.2.50"), .groups = {kWeb}, .filtered_subnet = {}}};
  rules.nats = {{.number = 1,
                 .private_ips = {Address("10.0.1.200"), Address("10.0.1.201")},
                 .public_ips = {Address("198.18.0.30"), Address("198.18.0.31")}}};
  rules.ipv6.on = true;
  const FlowPorts logged = {{Port().tap, true}};
  for (const std::string& text : {WholeRuleset(rules), HostRuleset("eth0", Cidr{Address("198.18.0.0"), 16}),
                                  WholeIpv6Ruleset(rules), WholeFlows(logged, kMaxFlows)}) {
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      INFO(line);
      // An element that a rule adds to a set with a name stands in braces too.
      const std::string rest = std::regex_replace(std::string(line), std::regex("(add|update) @[a-z0-9_]+ \\{"), "");
      CHECK_FALSE((absl::StartsWith(line, "add rule") && absl::StrContains(rest, "{")));
    }
  }
}

TEST_CASE("what did not change makes no command", "[fabric]") {
  const PortRules port = Port();
  CHECK(ChangePort(&port, &port).empty());
  const GroupRules group{.ingress = {"accept"}, .egress = {}, .peers = {}, .members = {Address("10.0.1.4")}};
  CHECK(ChangeGroup(kWeb, &group, group).empty());
}

TEST_CASE("a member more or less is one element, however many there are", "[fabric]") {
  GroupRules before;
  for (uint32_t i = 0; i < 1000; ++i) before.members.insert(Ipv4{Address("10.0.1.0").value + i});
  GroupRules after = before;
  after.members.erase(Address("10.0.1.7"));
  after.members.insert(Address("10.0.200.1"));
  CHECK(ChangeGroup(kWeb, &before, after) ==
        "delete element inet brume sg-00000000000000001 { 10.0.1.7 }\n"
        "add element inet brume sg-00000000000000001 { 10.0.200.1 }\n");
}

TEST_CASE("a rule change rewrites the chain of its direction only", "[fabric]") {
  const GroupRules before{.ingress = {"tcp dport 22 accept"}, .egress = {"accept"}, .peers = {}, .members = {}};
  GroupRules after = before;
  after.ingress.push_back("tcp dport 80 accept");
  CHECK(ChangeGroup(kWeb, &before, after) ==
        "flush chain inet brume in-sg-00000000000000001\n"
        "add rule inet brume in-sg-00000000000000001 tcp dport 22 accept\n"
        "add rule inet brume in-sg-00000000000000001 tcp dport 80 accept\n");
}

TEST_CASE("a rule more or less among many rewrites the few that it stands with", "[fabric]") {
  GroupRules before;
  for (int i = 0; i < 1000; ++i) before.ingress.push_back(absl::StrCat("tcp dport ", i, " accept"));
  GroupRules after = before;
  after.ingress.push_back("udp dport 53 accept");
  for (const auto& [old, fresh] : {std::pair{&before, &after}, std::pair{&after, &before}}) {
    const std::string text = ChangeGroup(kWeb, old, *fresh);
    CHECK(Lines(text) < 64);
    CHECK(absl::StrContains(text, "udp dport 53 accept") == (fresh == &after));
    CHECK_FALSE(absl::StrContains(text, "delete chain"));
    CHECK_FALSE(absl::StrContains(text, "flush chain inet brume in-sg-00000000000000001\n"));
  }
  // Every rule stands in one part, and each part is jumped to.
  const std::string whole = ChangeGroup(kWeb, nullptr, before);
  for (const std::string& rule : before.ingress) CHECK(absl::StrContains(whole, " " + rule + "\n"));
  std::set<std::string> made, jumped;
  for (const absl::string_view line : absl::StrSplit(whole, '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (absl::StartsWith(line, "add chain") && absl::StrContains(words[4], "001-")) made.insert(words[4]);
    if (absl::StrContains(line, " jump ")) jumped.insert(words.back());
  }
  CHECK(made.size() == 64);
  CHECK(made == jumped);
}

TEST_CASE("a group with many rules that loses most of them, or goes, leaves no chain", "[fabric]") {
  GroupRules many, few;
  for (int i = 0; i < 40; ++i) many.egress.push_back(absl::StrCat("tcp dport ", i, " accept"));
  few.egress = {"accept"};
  const auto count = [](const std::string& text, const char* start) {
    size_t lines = 0;
    for (const absl::string_view line : absl::StrSplit(text, '\n')) lines += absl::StartsWith(line, start);
    return lines;
  };
  const std::string come = ChangeGroup(kWeb, nullptr, many);
  const std::string less = ChangeGroup(kWeb, &many, few);
  CHECK(count(come, "add chain inet brume out-sg-00000000000000001-") == 4);
  CHECK(count(less, "delete chain inet brume out-sg-00000000000000001-") == 4);
  CHECK(less.find("flush chain inet brume out-sg-00000000000000001\n") < less.find("delete chain"));
  const std::string gone = RemoveGroupText(kWeb, many, false);
  CHECK(count(gone, "delete chain inet brume out-sg-00000000000000001-") == 4);
  CHECK(count(gone, "delete chain ") == 6);
}

TEST_CASE("a group that rules name exists before them", "[fabric]") {
  const GroupRules group{
      .ingress = {"ip saddr @sg-00000000000000002 accept"}, .egress = {}, .peers = {kData}, .members = {}};
  const std::string text = ChangeGroup(kWeb, nullptr, group);
  CHECK(text.find("add set inet brume sg-00000000000000002") < text.find("@sg-00000000000000002"));
}

TEST_CASE("the ranges of a prefix list are intervals apart, whatever overlaps or touches", "[fabric]") {
  const auto intervals = [](const std::vector<const char*>& cidrs) {
    std::vector<Cidr> ranges;
    for (const char* const cidr : cidrs) ranges.push_back(Cidr::Parse(cidr).value());
    std::string text;
    for (const auto& [first, last] : IntervalsOf(ranges)) absl::StrAppend(&text, first.text(), "-", last.text(), " ");
    return text;
  };
  CHECK(intervals({}).empty());
  CHECK(intervals({"10.1.0.0/16", "10.0.0.0/8", "10.2.3.4/32"}) == "10.0.0.0-10.255.255.255 ");
  CHECK(intervals({"192.0.2.128/25", "192.0.2.0/25"}) == "192.0.2.0-192.0.2.255 ");
  CHECK(intervals({"192.0.2.0/25", "192.0.3.0/25"}) == "192.0.2.0-192.0.2.127 192.0.3.0-192.0.3.127 ");
  CHECK(intervals({"255.255.255.255/32", "0.0.0.0/0"}) == "0.0.0.0-255.255.255.255 ");
  CHECK(intervals({"255.255.255.0/24", "0.0.0.0/32"}) == "0.0.0.0-0.0.0.0 255.255.255.0-255.255.255.255 ");
}

TEST_CASE("an entry of a prefix list more or less is one element, however many rules name it", "[fabric]") {
  const PrefixListId id = PrefixListId::FromTrusted("pl-00000000000000001");
  SecurityGroupRule rule = Rule(false, 6, 22, 22);
  rule.prefix_list = id;
  CHECK(RuleText(rule) == "ip saddr @pl-00000000000000001 tcp dport 22 accept");
  rule.egress = true;
  CHECK(RuleText(rule) == "ip daddr @pl-00000000000000001 tcp dport 22 accept");
  const GroupRules group = GroupRulesOf({rule}, {});
  CHECK(group.prefix_lists == std::set<PrefixListId>{id});
  const std::string declared = "add set inet brume pl-00000000000000001 { type ipv4_addr; flags interval; }";
  CHECK(Has(ChangeGroup(kWeb, nullptr, group), declared));

  const Intervals before = IntervalsOf({Cidr{Address("10.0.0.0"), 8}, Cidr{Address("192.0.2.0"), 24}});
  const Intervals after = IntervalsOf({Cidr{Address("10.0.0.0"), 8}, Cidr{Address("198.51.100.7"), 32}});
  CHECK(ChangePrefixList(id, &before, after) ==
        "delete element inet brume pl-00000000000000001 { 192.0.2.0-192.0.2.255 }\n"
        "add element inet brume pl-00000000000000001 { 198.51.100.7 }\n");
  CHECK(ChangePrefixList(id, &after, after).empty());
}

TEST_CASE("a port that goes takes back exactly what it brought", "[fabric]") {
  PortRules port = Port();
  port.public_ip = Address("198.18.0.10");
  port.source_dest_check = false;
  const std::string come = ChangePort(nullptr, &port), go = ChangePort(&port, nullptr);
  size_t elements = 0;
  for (const absl::string_view line : absl::StrSplit(come, '\n')) {
    if (!absl::StartsWith(line, "add element")) continue;
    ++elements;
    CHECK(Has(go, absl::StrCat("delete", line.substr(3))));
  }
  CHECK(elements == 11);
  CHECK(Lines(go) == elements);
}

TEST_CASE("a port of several groups has chains of its own, of one it has none", "[fabric]") {
  const PortRules one = Port();
  PortRules two = one;
  two.groups = {kWeb, kData};
  CHECK_FALSE(absl::StrContains(ChangePort(nullptr, &one), "in-bm0123456789abc"));
  const std::string more = ChangePort(&one, &two);
  CHECK(Has(more, "add rule inet brume in-bm0123456789abc jump in-sg-00000000000000002"));
  CHECK(more.find("delete element inet brume port_ingress") < more.find("add element inet brume port_ingress"));
  const std::string less = ChangePort(&two, &one);
  CHECK(Has(less, "delete chain inet brume out-bm0123456789abc"));
  CHECK(less.find("delete element inet brume port_egress") < less.find("delete chain"));
}

TEST_CASE("many elements are split into commands that fit a message", "[fabric]") {
  GroupRules group;
  for (uint32_t i = 0; i < 1200; ++i) group.members.insert(Ipv4{Address("10.0.1.0").value + i});
  const std::string text = ChangeGroup(kWeb, nullptr, group);
  size_t commands = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) commands += absl::StartsWith(line, "add element");
  CHECK(commands == 3);
}

TEST_CASE("a port's groups are put in order, each once", "[fabric]") {
  NetworkInterface eni;
  eni.id = EniId::FromTrusted("eni-00000123456789abc");
  eni.groups = {kData, kWeb, kData};
  CHECK(PortRulesOf(eni, 1).groups == std::vector<SecurityGroupId>{kWeb, kData});
}

TEST_CASE("only our own links are told to be ours", "[fabric]") {
  CHECK(HostVethName(VpcId::FromTrusted("vpc-0123456789abcdef0")) == "bmv789abcdef0");
  CHECK(IsHostVethName("bmv789abcdef0"));
  CHECK(IsTapName(TapName(EniId::FromTrusted("eni-0123456789abcdef0"))));
  CHECK(IsTapName(TapName(EniId::FromTrusted("eni-01234567"))));
  CHECK(IsHostVethName(HostVethName(VpcId::FromTrusted("vpc-01234567"))));
  for (const char* other :
       {"bm", "bm0", "bmv789abcdef0", "bond0", "bm0123456789xyz", "br-0123456789ab", "bm-012345678"}) {
    INFO(other);
    CHECK_FALSE(IsTapName(other));
  }
  for (const char* other : {"bmv", "bm0123456789abc", "bmvlan0", "bmv789abcdefg"}) {
    INFO(other);
    CHECK_FALSE(IsHostVethName(other));
  }
}

TEST_CASE("the way out is by the named link only, or by none", "[fabric]") {
  const Cidr pool{Address("198.18.0.0"), 16};
  const std::string named = HostRuleset("eth0", pool);
  CHECK(Has(named, "add rule inet brume_host leaving oifname \"eth0\" accept"));
  CHECK(Has(named, "add rule inet brume_host nat_out ip saddr 198.18.0.0/16 oifname \"eth0\" masquerade"));
  CHECK(Has(named, "add rule inet brume_host forward iifname \"bmv*\" drop"));
  CHECK(Has(HostRuleset("auto", pool), "add rule inet brume_host nat_out ip saddr 198.18.0.0/16 masquerade"));
  const std::string none = HostRuleset("none", pool);
  CHECK_FALSE(absl::StrContains(none, "masquerade"));
  CHECK(Has(none, "add rule inet brume_host forward iifname \"bmv*\" drop"));
  for (const std::string& text : {named, none}) {
    CHECK(Has(text, "add rule inet brume_host input iifname \"bmv*\" ct state established,related accept"));
    CHECK(Has(text, "add rule inet brume_host input iifname \"bmv*\" drop"));
  }
}

TEST_CASE("the name server is told each subnet, its router and nothing of the host", "[fabric]") {
  DnsmasqSpec spec;
  spec.vpc.cidr = Cidr::Parse("10.0.0.0/16").value();
  Subnet subnet;
  subnet.id = SubnetId::FromTrusted("subnet-01234567");
  subnet.cidr = Cidr::Parse("10.0.16.0/20").value();
  spec.subnets = {subnet};
  spec.domain = "ec2.internal";
  spec.user = "nobody";
  const std::string text = DnsmasqConfig(spec, DnsmasqPaths("/state/net/vpc-1"));
  for (const char* line :
       {"user=nobody", "no-hosts", "no-resolv", "local=/ec2.internal/", "dhcp-leasefile=/state/net/vpc-1/leases",
        "dhcp-range=set:subnet-01234567,10.0.16.0,static,255.255.240.0,1h",
        "dhcp-option=tag:subnet-01234567,option:router,10.0.16.1", "dhcp-optsfile=/state/net/vpc-1/dhcp-options"}) {
    INFO(line);
    CHECK(Has(text, line));
  }
  CHECK_FALSE(absl::StrContains(text, "server="));
  spec.upstream = {"192.0.2.53"};
  CHECK(Has(DnsmasqConfig(spec, DnsmasqPaths("/s")), "server=192.0.2.53"));
  CHECK_FALSE(absl::StrContains(text, "synth-domain="));
  spec.public_domain = "compute-1.amazonaws.com";
  spec.public_pool = Cidr::Parse("198.18.0.0/16").value();
  spec.tag_domain = "lab.example";
  spec.reverse_names[Address("198.18.0.5")] = "mail.example";
  const std::string named = DnsmasqConfig(spec, DnsmasqPaths("/s"));
  for (const char* line : {"synth-domain=compute-1.amazonaws.com,198.18.0.0/16,ec2-", "local=/lab.example/",
                           "ptr-record=5.0.18.198.in-addr.arpa,mail.example"}) {
    INFO(line);
    CHECK(Has(named, line));
  }
  const HostEntries hosts = {
      {Address("10.0.16.4"), {"02:b0:0a:00:10:04", "ip-10-0-16-4", ""}},
      {Address("10.0.16.5"), {"02:b0:0a:00:10:05", "ip-10-0-16-5", "ec2-198-18-0-5.test", "i-0123", "web.lab"}}};
  const std::vector<PublicName> of_peers = {{Address("10.1.0.4"), "ec2-198-18-0-9.test"}};
  CHECK(DhcpHosts(hosts) == "02:b0:0a:00:10:04,10.0.16.4,ip-10-0-16-4\n02:b0:0a:00:10:05,10.0.16.5,ip-10-0-16-5\n");
  CHECK(DnsHosts({hosts, of_peers}, "ec2.internal") ==
        "10.0.16.4 ip-10-0-16-4.ec2.internal ip-10-0-16-4\n"
        "10.0.16.5 ip-10-0-16-5.ec2.internal ip-10-0-16-5 i-0123.ec2.internal i-0123 ec2-198-18-0-5.test web.lab\n"
        "10.1.0.4 ec2-198-18-0-9.test\n");
}

TEST_CASE("the name server gives a port without IPv4 its IPv6 address and name, and its subnet no IPv4 range",
          "[fabric]") {
  DnsmasqSpec spec;
  spec.vpc.cidr = Cidr::Parse("10.0.0.0/28").value();
  Subnet subnet;
  subnet.cidr_ipv6 = CidrIpv6::Parse("fd00:1:2:3::/64").value();
  spec.subnets = {subnet};
  const std::string text = DnsmasqConfig(spec, DnsmasqPaths("/s"));
  CHECK(Has(text, "dhcp-range=fd00:1:2:3::,static,off-link,64,3600"));
  CHECK_FALSE(absl::StrContains(text, "option:router"));
  // The VPC's IPv4 range says nothing of how many leases there are.
  CHECK(Has(text, "dhcp-lease-max=65552"));
  const Ipv6 named = Ipv6::Parse("fd00:1:2:3::4").value(), nameless = Ipv6::Parse("fd00:1:2:3::5").value();
  HostEntries hosts;
  hosts[named] = {.mac = "06:00:00:00:00:04",
                  .name = "i-4",
                  .public_name = "",
                  .tag_name = "web.lab",
                  .ipv6 = named,
                  .ipv6_name = "i-4"};
  hosts[nameless] = {.mac = "06:00:00:00:00:05", .name = "i-5", .public_name = "", .ipv6 = nameless};
  CHECK(DhcpHosts(hosts) == "06:00:00:00:00:04,[fd00:1:2:3::4],i-4\n06:00:00:00:00:05,[fd00:1:2:3::5]\n");
  CHECK(DnsHosts({hosts, {}}, "ec2.internal") ==
        "fd00:1:2:3::4 i-4.ec2.internal i-4\n"
        "fd00:1:2:3::4 web.lab\n");
}

TEST_CASE("what lets IPv4, ARP and DHCP of a port in is not there for one without IPv4", "[fabric]") {
  PortRules port = Port();
  port.private_ip.reset();
  port.source_dest_check = false;
  const std::string text = ChangePort(nullptr, &port);
  for (const char* set : {"bindings", "macs", "dhcp_clients", "unchecked", "table arp", "arp brume"}) {
    INFO(set);
    CHECK_FALSE(absl::StrContains(text, set));
  }
  // Its connections are counted, and its groups asked, as of every port.
  CHECK(absl::StrContains(text, "add element inet brume ports { \"bm0123456789abc\" }"));
  CHECK(absl::StrContains(text, "port_egress"));
}

TEST_CASE("a lease is told what its set of DHCP options has, and nothing of the server's own", "[fabric]") {
  CHECK(DhcpOptionLines({}) == "option:dns-server\noption:domain-name\n");
  DhcpLease lease{.domain = "corp.example lab.example",
                  .name_servers = {Address("10.0.0.2"), Address("192.0.2.53")},
                  .ntp_servers = {Address("169.254.169.123")},
                  .netbios_name_servers = {Address("10.0.0.7")},
                  .netbios_node_type = 2};
  CHECK(DhcpOptionLines(lease) ==
        "option:dns-server,10.0.0.2,192.0.2.53\n"
        "option:domain-name,\"corp.example lab.example\"\n"
        "option:ntp-server,169.254.169.123\n"
        "option:netbios-ns,10.0.0.7\n"
        "option:netbios-nodetype,2\n");
}

TEST_CASE("no text that could be more than a name is written for the name server", "[fabric]") {
  const DnsmasqSpec plain = [] {
    DnsmasqSpec spec;
    spec.domain = "ec2.internal";
    return spec;
  }();
  CHECK(CheckTexts(plain, {}).ok());
  CHECK(CheckTexts(plain, {.domain = "corp.example lab.example"}).ok());
  const HostEntries no_hosts;
  const std::vector<std::string> bad_texts = {"corp\nport=0", "corp\"",    "corp,option:router,10.0.0.9",
                                              "corp#x",       "corp/",     " corp",
                                              "corp  lab",    "corp\tlab", "-corp",
                                              "corp\\n",      ".",         std::string("corp\0lab", 8)};
  for (const std::string& bad : bad_texts) {
    INFO(bad);
    CHECK(CheckTexts(plain, {.domain = bad}).code() == absl::StatusCode::kInvalidArgument);
    DnsmasqSpec spec = plain;
    spec.reverse_names[Address("198.18.0.5")] = bad;
    CHECK_FALSE(CheckTexts(spec, {}).ok());
    spec = plain;
    spec.tag_domain = bad;
    CHECK_FALSE(CheckTexts(spec, {}).ok());
    CHECK_FALSE(CheckTexts(Names{no_hosts, {{Address("10.1.0.4"), bad}}}).ok());
    HostEntries hosts;
    hosts[Address("10.0.1.4")].tag_name = bad;
    CHECK_FALSE(CheckTexts(Names{hosts, {}}).ok());
  }
  DnsmasqSpec spec = plain;
  spec.reverse_names[Address("198.18.0.5")] = "two names.example";
  CHECK_FALSE(CheckTexts(spec, {}).ok());
}

}  // namespace brume::network
