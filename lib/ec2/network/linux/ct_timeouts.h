// Idle timeouts of ports' connections as nftables text. Pure: reads nothing but its arguments.
//
// Table `inet brume_timeouts` of a VPC's namespace, there only while some port has timeouts of its own. Its two chains
// are of type nat, which the kernel asks about a connection's first packet alone: a packet of a tracked connection
// costs nothing, whosoever it is. A connection takes the timeouts of the port that begins it, and where that has none
// for its protocol, those of the port that it goes to. The kernel holds them in one object for each that is distinct,
// tcp-400 or udp-30-90, beside which stands a chain of the same name that gives it.
//
// The table is another than the rules', which a sync replaces: with an object go the timeouts of the connections that
// have it, which then have the kernel's own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/ec2/network/linux/nft_ruleset.h"
#include "lib/ec2/network/model/network.h"

namespace brume::network {

inline constexpr char kTimeoutTable[] = "brume_timeouts";

// Of the ports that have timeouts of their own, by tap.
using PortTimeouts = std::map<std::string, ConnectionTracking>;
PortTimeouts TimeoutsOf(const std::map<std::string, PortRules>& ports);
// What the port has from here on; null: there is none.
void SetTimeouts(const std::string& tap, const PortRules* port, PortTimeouts& timeouts);

// Turns what stands for `before` into `after`. Empty when nothing changes.
std::string ChangeTimeoutsText(const PortTimeouts& before, const PortTimeouts& after);
// Makes all anew and leaves the objects that stay, whatever stands: `standing` are the objects of the table.
std::string ReplaceTimeoutsText(const std::vector<std::string>& standing, const PortTimeouts& after);

}  // namespace brume::network
