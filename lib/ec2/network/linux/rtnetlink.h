// Links, addresses, routes and neighbours of one network namespace, by rtnetlink(7).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/network/linux/netlink_socket.h"
#include "lib/resource/ipv4.h"

namespace brume::network {

struct Link {
  int index = 0;
  std::string name;
  std::string mac;  // lower-case, colons; empty = none
  bool up = false;
};

struct LinkCounters {
  std::string name;
  int64_t received_bytes = 0, received_packets = 0;
  int64_t sent_bytes = 0, sent_packets = 0;
};

struct LinkAddress {
  Ipv4 address;
  int prefix_length = 32;
  friend auto operator<=>(const LinkAddress&, const LinkAddress&) = default;
};

// What becomes of a packet: it is sent on, the sender is told that there is no way, it is dropped, or the next rule's
// table is asked.
enum class RouteKind { kUnicast, kUnreachable, kBlackhole, kThrow };

inline constexpr int kMainTable = 254;

// A route of ours (kRouteProtocol).
struct Route {
  Cidr destination;
  int link = 0;                      // of kUnicast
  std::optional<Ipv4> gateway = {};  // reached on `link` whatever its addresses are
  std::optional<Ipv4> source = {};   // preferred
  RouteKind kind = RouteKind::kUnicast;
  int table = kMainTable;
  int metric = 0;  // of two to one destination the lower is taken
  int realm = 0;   // what packet rules know the packets by that go this way; 0 = nothing
  friend bool operator==(const Route&, const Route&) = default;
};

// Belongs to the namespace of the thread that opens it. Not thread-safe. Errors as of NetlinkSocket.
class Rtnetlink {
 public:
  static absl::StatusOr<Rtnetlink> Open();

  absl::StatusOr<std::vector<Link>> Links();
  absl::StatusOr<std::vector<LinkCounters>> Counters();
  // None when there is no such link.
  absl::StatusOr<std::optional<Link>> FindLink(const std::string& name);
  absl::Status AddBridge(const std::string& name);
  absl::Status AddIfb(const std::string& name);
  // A pair: `name` here, `peer` in the namespace behind `peer_namespace`.
  absl::Status AddVeth(const std::string& name, const std::string& peer, int peer_namespace);
  absl::Status MoveLink(int index, int to_namespace);
  // `mac` empty = as it is.
  absl::Status SetLink(int index, bool up, const std::string& mac);
  absl::Status DeleteLink(int index);

  absl::StatusOr<std::vector<LinkAddress>> Addresses(int link);
  // Without the route to the address's own range. OK when it is there.
  absl::Status AddAddress(int link, const LinkAddress& address);
  absl::Status DeleteAddress(int link, const LinkAddress& address);

  // Of the main table.
  absl::StatusOr<std::vector<Route>> Routes();
  // Of all others.
  absl::StatusOr<std::vector<Route>> TableRoutes();
  // Replaces one of ours to the same destination; FailedPrecondition when somebody else's is in the way.
  absl::Status SetRoute(const Route& route);
  // One of ours that goes the same way; what `route` leaves out does not matter. OK when there is none.
  absl::Status DeleteRoute(const Route& route);

  // A permanent neighbour entry.
  absl::Status SetNeighbour(int link, Ipv4 address, const std::string& mac);

 private:
  explicit Rtnetlink(NetlinkSocket socket) : socket_(std::move(socket)) {}
  absl::Status AddLink(const std::string& name, const char* kind);
  absl::StatusOr<std::vector<Route>> ListRoutes(bool main);
  // Reads a table whole, again while it changes under the reader.
  absl::Status DumpStable(absl::FunctionRef<NlMessage()> request, absl::string_view what,
                          absl::FunctionRef<void()> restart, NetlinkSocket::AnswerFunction on_answer);

  NetlinkSocket socket_;
};

}  // namespace brume::network
