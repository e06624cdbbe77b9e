// Paths whose packets are explained, and what was said of them.
#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "absl/time/time.h"
#include "lib/base/fields.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"

namespace brume {

enum class PathComponentKind {
  kInterface = 0,
  kSecurityGroup = 1,
  kNetworkAcl = 2,
  kRouteTable = 3,
  kInternetGateway = 4,
  kNatGateway = 5,
  kPeering = 6,
  kInternet = 7
};
std::true_type IsPersisted(PathComponentKind);  // the database keeps its values

// Something that a packet or its answer meets.
struct PathHop {
  PathComponentKind kind = PathComponentKind::kInterface;
  std::string id;       // "sg-…"; a subnet's for its network ACL and route table
  std::string detail;   // "lets out to 10.0.2.4, tcp port 22"
  bool answer = false;  // on the answer's way
  std::string code;     // set: it stops the packet, and this is EC2's word for why
  friend bool operator==(const PathHop&, const PathHop&) = default;
};

// Ports of a packet; both are set, and in order.
struct PathPorts {
  std::optional<int32_t> from_port, to_port;
  static constexpr auto Fields() {
    return std::tuple(Field{"from_port", &PathPorts::from_port}, Field{"to_port", &PathPorts::to_port});
  }
  friend bool operator==(const PathPorts&, const PathPorts&) = default;
};

// What of a packet a path is about, at one of its ends. Addresses are texts that Ipv4::Parse takes.
struct PathFilter {
  std::optional<std::string> source_address, destination_address;
  std::optional<PathPorts> source_port_range, destination_port_range;
  static constexpr auto Fields() {
    return std::tuple(Field{"source_address", &PathFilter::source_address},
                      Field{"source_port_range", &PathFilter::source_port_range},
                      Field{"destination_address", &PathFilter::destination_address},
                      Field{"destination_port_range", &PathFilter::destination_port_range});
  }
  friend bool operator==(const PathFilter&, const PathFilter&) = default;
};

struct NetworkInsightsPath {
  NetworkInsightsPathId id;
  std::string source, destination;  // ids of instances, interfaces or internet gateways; no destination = an address
  std::optional<Ipv4> source_ip, destination_ip;
  std::optional<Ipv6> source_ipv6, destination_ipv6;  // either set: the path is one over IPv6, and the two above unset
  int protocol = 6;                                   // IANA's number; ICMP stands for ICMPv6 on a path over IPv6
  int port = -1;                                      // -1 = none was named
  std::optional<PathFilter> filter_at_source, filter_at_destination;
  absl::Time created;
  std::string client_token, parameters_digest;

  bool is_ipv6() const { return source_ipv6.has_value() || destination_ipv6.has_value(); }
};

struct NetworkInsightsAnalysis {
  NetworkInsightsAnalysisId id;
  NetworkInsightsPathId path_id;
  absl::Time started;
  bool found = false;
  std::vector<PathHop> hops;
  std::string client_token;
};

}  // namespace brume
