// IPv6 addresses, routes and neighbours of one network namespace, by rtnetlink(7). Links are Rtnetlink's.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/network/linux/netlink_socket.h"
#include "lib/ec2/network/linux/rtnetlink.h"
#include "lib/resource/ipv6.h"

namespace brume::network {

struct Ipv6LinkAddress {
  Ipv6 address;
  int prefix_length = 128;
  friend auto operator<=>(const Ipv6LinkAddress&, const Ipv6LinkAddress&) = default;
};

inline constexpr int kIpv6Metric = 1024;

// A route of ours (kRouteProtocol).
struct Ipv6Route {
  CidrIpv6 destination;
  int link = 0;                      // of kUnicast
  std::optional<Ipv6> gateway = {};  // a link-local address
  std::optional<Ipv6> source = {};   // preferred
  RouteKind kind = RouteKind::kUnicast;
  int table = kMainTable;
  int metric = kIpv6Metric;  // of two to one destination the lower is taken
  friend bool operator==(const Ipv6Route&, const Ipv6Route&) = default;
};

// Belongs to the namespace of the thread that opens it. Not thread-safe. Errors as of NetlinkSocket.
class Ipv6Netlink {
 public:
  static absl::StatusOr<Ipv6Netlink> Open();

  absl::StatusOr<std::vector<Ipv6LinkAddress>> Addresses(int link);
  // Usable at once, without a look whether somebody else has it; `on_link`: its range is on the link. OK when it is
  // there.
  absl::Status AddAddress(int link, const Ipv6LinkAddress& address, bool on_link);
  absl::Status DeleteAddress(int link, const Ipv6LinkAddress& address);

  // Of all tables.
  absl::StatusOr<std::vector<Ipv6Route>> Routes();
  // In the place of one of ours to the same destination with the same metric.
  absl::Status SetRoute(const Ipv6Route& route);
  // OK when there is none.
  absl::Status DeleteRoute(const Ipv6Route& route);

  // A permanent neighbour entry.
  absl::Status SetNeighbour(int link, const Ipv6& address, const std::string& mac);

 private:
  explicit Ipv6Netlink(NetlinkSocket socket) : socket_(std::move(socket)) {}

  NetlinkSocket socket_;
};

}  // namespace brume::network
