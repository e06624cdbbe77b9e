#include "lib/ec2/network/linux/flow_rules.h"

#include "absl/strings/str_cat.h"

namespace brume::network {
namespace {

constexpr FlowFamily kFamilies[] = {FlowFamily::kA, FlowFamily::kB};
constexpr FlowStage kStages[] = {FlowStage::kBefore, FlowStage::kAfter};

const char* NameOf(FlowStage stage) { return stage == FlowStage::kBefore ? "before" : "after"; }

struct KeyText {
  const char* name;
  const char* type;    // behind the tap and the addresses
  const char* match;   // which packets
  const char* fields;  // as `type`
};
KeyText TextOf(FlowKey key) {
  switch (key) {
    case FlowKey::kTcp:
    case FlowKey::kTcp6:
      return {"tcp", "inet_service . inet_service", "meta l4proto tcp", "tcp sport . tcp dport"};
    case FlowKey::kUdp:
    case FlowKey::kUdp6:
      return {"udp", "inet_service . inet_service", "meta l4proto udp", "udp sport . udp dport"};
    case FlowKey::kOther:
    case FlowKey::kOther6:
      break;
  }
  return {"other", "inet_proto", "meta l4proto != tcp meta l4proto != udp", "meta l4proto"};
}
const char* AddressType(FlowKey key) { return IsIpv6(key) ? "ipv6_addr . ipv6_addr" : "ipv4_addr . ipv4_addr"; }
const char* AddressFields(FlowKey key) { return IsIpv6(key) ? "ip6 saddr . ip6 daddr" : "ip saddr . ip daddr"; }

std::string Suffix(FlowFamily family) { return std::string("_") + static_cast<char>(family); }

// `link`: iifname of what a port sends, oifname of what it gets.
std::string CountChain(FlowStage stage, const char* link, FlowFamily family) {
  return absl::StrCat(NameOf(stage), "_", link, Suffix(family));
}

// A chain for packets of each kind: the one of IPv4 sends those of IPv6 on to the other.
void AppendCountChain(std::string& text, FlowStage stage, const char* link, FlowFamily family) {
  const std::string chain = CountChain(stage, link, family), ipv6_chain = chain + "6";
  for (const bool ipv6 : {true, false}) {
    const std::string& own = ipv6 ? ipv6_chain : chain;
    absl::StrAppend(&text, "add chain inet brume_flows ", own, "\n");
    const std::string rule = absl::StrCat("add rule inet brume_flows ", own, " ");
    if (!ipv6) absl::StrAppend(&text, rule, "meta nfproto ipv6 goto ", ipv6_chain, "\n");
    for (const FlowKey key : kFlowKeys) {
      if (IsIpv6(key) != ipv6) continue;
      absl::StrAppend(&text, rule, TextOf(key).match, " update @", FlowSet(stage, key, family), " { ", link, " . ",
                      AddressFields(key), " . ", TextOf(key).fields, " counter } return\n");
    }
    absl::StrAppend(&text, rule, "update @", SkippedSet(family), " { ", link, " counter }\n");
  }
}

void AppendFamily(std::string& text, FlowFamily family, int max_flows) {
  for (const FlowStage stage : kStages) {
    for (const FlowKey key : kFlowKeys) {
      absl::StrAppend(&text, "add set inet brume_flows ", FlowSet(stage, key, family), " { type ifname . ",
                      AddressType(key), " . ", TextOf(key).type, "; size ", max_flows, "; flags dynamic; }\n");
    }
  }
  absl::StrAppend(&text, "add set inet brume_flows ", SkippedSet(family),
                  " { type ifname; size 65535; flags dynamic; }\n");
  for (const FlowStage stage : kStages) {
    for (const char* link : {"iifname", "oifname"}) AppendCountChain(text, stage, link, family);
  }
  const std::string suffix = Suffix(family);
  const auto chain = [&](const char* name) {
    absl::StrAppend(&text, "add chain inet brume_flows ", name, suffix, "\n");
    return absl::StrCat("add rule inet brume_flows ", name, suffix, " ");
  };
  const std::string sent = chain("sent"), received = chain("received");
  absl::StrAppend(&text, sent, "iifname @logged jump ", CountChain(FlowStage::kAfter, "iifname", family), "\n");
  absl::StrAppend(&text, sent, "oifname @judged jump ", CountChain(FlowStage::kBefore, "oifname", family), "\n");
  absl::StrAppend(&text, received, "oifname @logged jump ", CountChain(FlowStage::kAfter, "oifname", family), "\n");
}

void AppendBaseChain(std::string& text, const char* name, int priority) {
  absl::StrAppend(&text, "add chain inet brume_flows ", name, " { type filter hook forward priority ", priority,
                  "; policy accept; }\n");
}

void AppendElement(std::string& text, const char* verb, const char* set, const std::string& tap) {
  absl::StrAppend(&text, verb, " element inet brume_flows ", set, " { \"", tap, "\" }\n");
}

}  // namespace

FlowPorts FlowPortsOf(const std::map<std::string, PortRules>& ports) {
  FlowPorts logged;
  for (const auto& [tap, port] : ports) {
    if (port.log_flows) logged[tap] = port.log_rejected;
  }
  return logged;
}

std::string FlowSet(FlowStage stage, FlowKey key, FlowFamily family) {
  return absl::StrCat(NameOf(stage), "_", TextOf(key).name, IsIpv6(key) ? "6" : "", Suffix(family));
}

std::string SkippedSet(FlowFamily family) { return absl::StrCat("skipped", Suffix(family)); }

std::string NoFlows() { return "add table inet brume_flows\ndelete table inet brume_flows\n"; }

std::string WholeFlows(const FlowPorts& ports, int max_flows) {
  std::string text = absl::StrCat(NoFlows(), "add table inet brume_flows\n");
  for (const char* set : {"logged", "judged"}) {
    absl::StrAppend(&text, "add set inet brume_flows ", set, " { type ifname; }\n");
  }
  for (const FlowFamily family : kFamilies) AppendFamily(text, family, max_flows);
  // Between the chains of the rules: their header has the whole order.
  AppendBaseChain(text, "begin", kFlowBeginPriority);
  AppendBaseChain(text, "sent", kFlowSentPriority);
  AppendBaseChain(text, "received", kFlowReceivedPriority);
  for (const char* chain : {"sent", "received"}) {
    absl::StrAppend(&text, "add rule inet brume_flows ", chain, " meta mark & ", kFlowMark, " == 0 goto ", chain,
                    Suffix(FlowFamily::kA), "\n");
    absl::StrAppend(&text, "add rule inet brume_flows ", chain, " goto ", chain, Suffix(FlowFamily::kB), "\n");
  }
  absl::StrAppend(&text, UseFamily(FlowFamily::kA), ChangeFlowPorts({}, ports));
  return text;
}

std::string ChangeFlowPorts(const FlowPorts& before, const FlowPorts& after) {
  std::string text;
  for (const auto& [tap, judged] : before) {
    const auto now = after.find(tap);
    if (now == after.end()) AppendElement(text, "delete", "logged", tap);
    if (judged && (now == after.end() || !now->second)) AppendElement(text, "delete", "judged", tap);
  }
  for (const auto& [tap, judged] : after) {
    const auto was = before.find(tap);
    if (was == before.end()) AppendElement(text, "add", "logged", tap);
    if (judged && (was == before.end() || !was->second)) AppendElement(text, "add", "judged", tap);
  }
  return text;
}

std::string UseFamily(FlowFamily family) {
  std::string text = "flush chain inet brume_flows begin\n";
  if (family == FlowFamily::kB) {
    absl::StrAppend(&text, "add rule inet brume_flows begin meta mark set meta mark | ", kFlowMark, "\n");
  }
  absl::StrAppend(&text, "add rule inet brume_flows begin iifname @judged jump ",
                  CountChain(FlowStage::kBefore, "iifname", family), "\n");
  return text;
}

std::string EmptyFamily(FlowFamily family) {
  std::string text;
  for (const FlowStage stage : kStages) {
    for (const FlowKey key : kFlowKeys) {
      absl::StrAppend(&text, "flush set inet brume_flows ", FlowSet(stage, key, family), "\n");
    }
  }
  absl::StrAppend(&text, "flush set inet brume_flows ", SkippedSet(family), "\n");
  return text;
}

}  // namespace brume::network
