// The namespace's rules of policy routing: which of the VPC's route tables a marked packet is routed by.
#pragma once

#include <set>

#include "absl/status/statusor.h"
#include "lib/ec2/network/linux/netlink_socket.h"

namespace brume::network {

// Belongs to the namespace of the thread that opens it. Not thread-safe. Errors as of NetlinkSocket.
class RoutingRules {
 public:
  // `family`: AF_INET or AF_INET6, whose rules these are.
  static absl::StatusOr<RoutingRules> Open(int family);

  // The tables that a rule of ours leads to: a packet whose mark is the table's number is routed by it first.
  absl::StatusOr<std::set<int>> Tables();
  // Exactly these have a rule.
  absl::Status SetTables(const std::set<int>& tables);

 private:
  RoutingRules(NetlinkSocket socket, int family) : socket_(std::move(socket)), family_(family) {}

  NetlinkSocket socket_;
  int family_;
};

}  // namespace brume::network
