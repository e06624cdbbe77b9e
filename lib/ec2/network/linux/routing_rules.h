// The namespace's rules of policy routing: which of the VPC's route tables a marked packet is routed by.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/network/linux/netlink_socket.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"

namespace brume::network {

// The rules that are ours, in the order in which the kernel asks them.
struct RoutingRuleSet {
  // What goes there is routed by the main table, whatever its mark. Of IPv4 alone.
  std::set<Cidr> local = {};
  // What the router sends from this address of its own is routed by this table; all of one family.
  std::map<std::variant<Ipv4, Ipv6>, int> senders = {};
  // A packet whose mark is the table's number is routed by it.
  std::set<int> tables = {};
};

// Belongs to the namespace of the thread that opens it. Not thread-safe. Errors as of NetlinkSocket.
class RoutingRules {
 public:
  // `family`: AF_INET or AF_INET6, whose rules these are.
  static absl::StatusOr<RoutingRules> Open(int family);

  // Exactly these stand.
  absl::Status Set(const RoutingRuleSet& wanted);
  // Those of `wanted` that do not stand, in words: "rule of route table 1".
  absl::StatusOr<std::vector<std::string>> Missing(const RoutingRuleSet& wanted);

 private:
  RoutingRules(NetlinkSocket socket, int family) : socket_(std::move(socket)), family_(family) {}
  absl::StatusOr<RoutingRuleSet> Present();

  NetlinkSocket socket_;
  int family_;
};

}  // namespace brume::network
