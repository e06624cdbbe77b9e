#include "lib/ec2/network/linux/flow_counts.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <variant>

#include "lib/base/status_macros.h"

namespace brume::network {
namespace {

constexpr int kTcp = 6, kUdp = 17;
// The parts of a key, each in whole registers of four bytes: the link's name, two addresses, what the set adds.
constexpr size_t kSourceAt = IFNAMSIZ;

std::variant<Ipv4, Ipv6> AddressAt(FlowKey kind, const std::string& key, size_t at) {
  if (IsIpv6(kind)) {
    Ipv6 address;
    std::memcpy(address.bytes.data(), key.data() + at, address.bytes.size());
    return address;
  }
  uint32_t value = 0;
  std::memcpy(&value, key.data() + at, sizeof(value));
  return Ipv4{ntohl(value)};
}

uint16_t PortAt(const std::string& key, size_t at) {
  uint16_t value = 0;
  std::memcpy(&value, key.data() + at, sizeof(value));
  return ntohs(value);
}

std::string TapOf(const std::string& key) { return key.substr(0, std::min(key.find('\0'), key.size())); }

// Nothing for a key of another length than the set's.
std::optional<Flow> FlowOf(FlowKey kind, const std::string& key) {
  const bool has_ports = kind != FlowKey::kOther && kind != FlowKey::kOther6;
  const size_t destination = kSourceAt + (IsIpv6(kind) ? sizeof(Ipv6) : sizeof(Ipv4));
  const size_t rest = destination + (destination - kSourceAt);
  if (key.size() < rest + (has_ports ? 8 : 4)) return std::nullopt;
  Flow flow{.source = AddressAt(kind, key, kSourceAt), .destination = AddressAt(kind, key, destination)};
  if (!has_ports) {
    flow.protocol = static_cast<unsigned char>(key[rest]);
    return flow;
  }
  flow.protocol = kind == FlowKey::kTcp || kind == FlowKey::kTcp6 ? kTcp : kUdp;
  flow.source_port = PortAt(key, rest);
  flow.destination_port = PortAt(key, rest + 4);
  return flow;
}

void Add(FlowKey kind, const std::string& key, bool accepted, int64_t packets, int64_t bytes, FlowsByTap& found) {
  std::optional<Flow> flow = FlowOf(kind, key);
  if (!flow.has_value()) return;
  flow->accepted = accepted;
  flow->packets = packets;
  flow->bytes = std::max<int64_t>(bytes, 0);
  found.flows[TapOf(key)].push_back(*flow);
}

}  // namespace

absl::StatusOr<FlowCounts> ReadFlowCounts(Nft& nft, FlowFamily family) {
  FlowCounts counts;
  for (const FlowKey key : kFlowKeys) {
    ASSIGN_OR_RETURN(counts.before[key], nft.CountedElements(kFlowTable, FlowSet(FlowStage::kBefore, key, family)));
    ASSIGN_OR_RETURN(counts.after[key], nft.CountedElements(kFlowTable, FlowSet(FlowStage::kAfter, key, family)));
  }
  ASSIGN_OR_RETURN(counts.skipped, nft.CountedElements(kFlowTable, SkippedSet(family)));
  return counts;
}

FlowsByTap FlowsOf(const FlowCounts& counts) {
  FlowsByTap found;
  std::set<std::string> skipped;
  for (const CountedElement& element : counts.skipped) skipped.insert(TapOf(element.key));
  found.skipped.assign(skipped.begin(), skipped.end());
  for (const auto& [kind, elements] : counts.after) {
    std::map<std::string, const CountedElement*> accepted;
    for (const CountedElement& element : elements) {
      accepted[element.key] = &element;
      if (element.packets > 0) Add(kind, element.key, true, element.packets, element.bytes, found);
    }
    const auto before = counts.before.find(kind);
    if (before == counts.before.end()) continue;
    for (const CountedElement& element : before->second) {
      const auto passed = accepted.find(element.key);
      // It may have passed where there was no room to count it.
      if (passed == accepted.end() && skipped.contains(TapOf(element.key))) continue;
      const int64_t packets = element.packets - (passed == accepted.end() ? 0 : passed->second->packets);
      const int64_t bytes = element.bytes - (passed == accepted.end() ? 0 : passed->second->bytes);
      if (packets > 0) Add(kind, element.key, false, packets, bytes, found);
    }
  }
  return found;
}

}  // namespace brume::network
