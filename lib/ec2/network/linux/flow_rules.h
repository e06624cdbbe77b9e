// Counting the flows of ports as nftables text. Pure: reads nothing but its arguments.
//
// Table `inet brume_flows` of a VPC's namespace, there only while a flow log is about the VPC or something in it. It
// has three chains on the way of every packet that is forwarded, between those that decide:
//   forward  begin     before all of them: what a port sends
//            sent      behind its own network ACL and groups: what it sent, and what comes to a port
//            received  behind all: what came to a port
// Each counts packets and bytes of a flow in an element of a set. What was counted before a decision and not after it
// was rejected. A packet must be in both counts or in neither, so there are two families of sets, a and b, and a packet
// is counted in that which it began with: chain `begin` marks those of b (kFlowMark), and only that chain is written
// when the family is changed. What is in the other one then changes no more, is read, and is emptied.
//
// A set that is full takes no further flow until it is emptied; packets of such are counted by port alone.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/ec2/network/linux/nft_ruleset.h"

namespace brume::network {

inline constexpr char kFlowTable[] = "brume_flows";
// Beside the marks of route tables, which are numbers up to 200 and no more asked for when a packet is forwarded.
inline constexpr char kFlowMark[] = "0x10000";
// Flows that one set counts between two readings, of all ports of a VPC together.
inline constexpr int kMaxFlows = 16384;

enum class FlowFamily : char { kA = 'a', kB = 'b' };
inline FlowFamily OtherFamily(FlowFamily family) { return family == FlowFamily::kA ? FlowFamily::kB : FlowFamily::kA; }

// The ports that flows are counted of, by tap; true: also those that are rejected.
using FlowPorts = std::map<std::string, bool>;
FlowPorts FlowPortsOf(const std::map<std::string, PortRules>& ports);

// The table anew, empty and with family a.
std::string WholeFlows(const FlowPorts& ports, int max_flows);
std::string NoFlows();
std::string ChangeFlowPorts(const FlowPorts& before, const FlowPorts& after);
// From here on packets are counted in this family.
std::string UseFamily(FlowFamily family);
std::string EmptyFamily(FlowFamily family);

// Names of the sets, each with the counters of what its keys say. All keys begin with the tap and the addresses.
enum class FlowStage { kBefore, kAfter };
enum class FlowKey { kTcp, kUdp, kOther, kTcp6, kUdp6, kOther6 };  // and two ports, two ports, the protocol
inline constexpr FlowKey kFlowKeys[] = {FlowKey::kTcp,  FlowKey::kUdp,  FlowKey::kOther,
                                        FlowKey::kTcp6, FlowKey::kUdp6, FlowKey::kOther6};
inline bool IsIpv6(FlowKey key) { return key >= FlowKey::kTcp6; }
std::string FlowSet(FlowStage stage, FlowKey key, FlowFamily family);
// By port, packets of flows that no set had room for.
std::string SkippedSet(FlowFamily family);

}  // namespace brume::network
