// Every name the fabric gives to something on the host, in one place: what is not named here is not ours to touch.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "lib/ec2/network/model/link_services.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"

namespace brume::network {

inline constexpr char kNetnsDirectory[] = "/run/netns";
inline constexpr char kNamespacePrefix[] = "brume-";
// The router's own interface in a VPC's namespace: a bridge without ports, for kernels that lack `dummy`.
inline constexpr char kRouterLink[] = "brume0";
// The namespace's end of the veth pair to the host.
inline constexpr char kUplinkLink[] = "uplink";
inline constexpr char kHostVethPrefix[] = "bmv";

// rtm_protocol of every route we make ("proto 183" in `ip route`), so that ours are told from everyone else's.
inline constexpr unsigned char kRouteProtocol = 183;

inline constexpr char kShaperPrefix[] = "bi";

// Both ends of the link to a peer, and the address that routes over it name in the neighbour table: no link has it.
inline constexpr char kPeeringPrefix[] = "bp";
inline constexpr char kPeeringMac[] = "02:b0:00:00:00:02";
inline constexpr Ipv4 kPeeringGateway{0xa9fe7fff};  // 169.254.127.255

// A namespace's own address towards the host is one of these: never a guest's, and not out of the public pool.
inline constexpr Cidr kTransferRange{Ipv4{0xa9fe8000}, 19};  // 169.254.128.0/19

inline std::string NamespaceName(const VpcId& id) { return kNamespacePrefix + id.text(); }
inline std::string NamespacePath(const VpcId& id) { return std::string(kNetnsDirectory) + "/" + NamespaceName(id); }
// "bmv" and the last 10 digits of the VPC's id.
std::string HostVethName(const VpcId& id);

// "bm" and 13 (or, of an old short id, 8) hex digits, as TapName gives them.
bool IsTapName(absl::string_view link);
bool IsHostVethName(absl::string_view link);
// "bp" and the last 13 digits of the connection's id; so are both ends called, each in its VPC's namespace.
std::string PeeringLinkName(const VpcPeeringConnectionId& id);
bool IsPeeringLinkName(absl::string_view link);
// "bi" and the digits of the tap's name: where what comes in by that tap waits.
std::string ShaperLinkName(absl::string_view tap);
bool IsShaperLinkName(absl::string_view link);

}  // namespace brume::network
