// The connection tracking table of one network namespace, by ctnetlink.
#pragma once

#include "absl/status/statusor.h"
#include "lib/domain/ipv4.h"
#include "lib/network/linux/netlink_socket.h"

namespace brume::network {

// Belongs to the namespace of the thread that opens it. Not thread-safe.
class Conntrack {
 public:
  static absl::StatusOr<Conntrack> Open();

  // Forgets every connection that a guest with this private address began or answered, so that a later owner of the
  // address inherits none of them.
  absl::Status ForgetGuest(Ipv4 private_ip);
  // Forgets every connection translated to or from this public address: it ends when the address moves, as in EC2.
  absl::Status ForgetTranslations(Ipv4 public_ip);

 private:
  explicit Conntrack(NetlinkSocket socket) : socket_(std::move(socket)) {}
  // `tuple`: CTA_TUPLE_ORIG or CTA_TUPLE_REPLY; `side`: CTA_IP_V4_SRC or CTA_IP_V4_DST.
  absl::Status Forget(int tuple, int side, Ipv4 address);

  NetlinkSocket socket_;
};

}  // namespace brume::network
