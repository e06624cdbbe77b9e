// Rates of links, by rtnetlink: what tc(8) shows of qdiscs and filters.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "lib/ec2/network/linux/netlink_socket.h"

namespace brume::network {

// What is on a link.
struct Shaping {
  int64_t bytes_per_second = 0;  // of the bucket that what leaves by it waits for (tbf); 0 = none
  bool redirected = false;       // something takes what comes in by it (ingress)
  friend bool operator==(const Shaping&, const Shaping&) = default;
};

// Belongs to the namespace of the thread that opens it. Not thread-safe. Errors as of NetlinkSocket; NotFound too where
// the kernel lacks the part that is asked for, and Unimplemented where it lacks the kind of link.
class TrafficControl {
 public:
  static absl::StatusOr<TrafficControl> Open();

  // By link, of those that have something of it.
  absl::StatusOr<std::map<int, Shaping>> List();
  // What leaves by the link waits for its turn, at most kMaxWait; more is dropped. Replaces what was at its root.
  absl::Status SetRate(int link, int64_t bytes_per_second);
  // All that comes in by `link` leaves by `to` first, and comes in then.
  absl::Status Redirect(int link, int to);
  // Takes both away. OK when there is none.
  absl::Status Clear(int link);

 private:
  explicit TrafficControl(NetlinkSocket socket) : socket_(std::move(socket)) {}
  absl::Status AddIngress(int link);

  NetlinkSocket socket_;
};

}  // namespace brume::network
