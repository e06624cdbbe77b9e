// The connection tracking table of one network namespace, by ctnetlink.
#pragma once

#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/ec2/network/linux/netlink_socket.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"

namespace brume::network {

struct TrackedConnection {
  // Of the first packet as it was sent.
  Ipv4 source, target;
  // Of a packet in answer as it is sent: from whoever really answers, to whoever is to be seen as asking.
  Ipv4 answer_source, answer_target;
  int protocol = 0;     // IANA's number
  absl::Duration left;  // until it is evicted, when no packet comes
};

struct Ipv6TrackedConnection {
  Ipv6 source, target, answer_source, answer_target;  // as above
};

// Belongs to the namespace of the thread that opens it. Not thread-safe.
class Conntrack {
 public:
  static absl::StatusOr<Conntrack> Open();

  // All of the namespace.
  absl::StatusOr<std::vector<TrackedConnection>> List();
  // Deletes the connections for which `is_past` holds. One walk through the table, which takes milliseconds however few
  // connections there are: the kernel keeps one table for all namespaces.
  absl::Status Evict(absl::FunctionRef<bool(const TrackedConnection&)> is_past);
  absl::Status EvictIpv6(absl::FunctionRef<bool(const Ipv6TrackedConnection&)> is_past);

 private:
  // What of a family's connections is chosen by its entry in the table.
  absl::Status EvictEntries(int family, absl::FunctionRef<bool(nlattr** attributes)> is_past);

  explicit Conntrack(NetlinkSocket socket) : socket_(std::move(socket)) {}

  NetlinkSocket socket_;
};

}  // namespace brume::network
