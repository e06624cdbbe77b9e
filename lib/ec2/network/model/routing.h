// Route tables, internet gateways and elastic addresses.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"

namespace brume {

struct RouteTable {
  RouteTableId id;
  VpcId vpc_id;
  int number = 0;  // of this table among its VPC's, from 1: what the host knows it by
};

struct RouteTableAssociation {
  RouteTableAssociationId id;
  RouteTableId table_id;
  VpcId vpc_id;
  SubnetId subnet_id;  // empty = the VPC's main table

  bool is_main() const { return subnet_id.empty(); }
};

// The id of what a route can lead to beside an interface: an internet gateway, also an egress-only one, a NAT gateway
// or a peering connection.
class RouteGatewayId {
 public:
  RouteGatewayId() = default;
  template <IdPrefix prefix>
  RouteGatewayId(const Id<prefix>& id) : text_(id.text()) {  // NOLINT(google-explicit-constructor)
    static_assert(prefix.view() == "igw" || prefix.view() == "eigw" || prefix.view() == "nat" ||
                  prefix.view() == "pcx");
  }
  static RouteGatewayId FromTrusted(std::string text) { return RouteGatewayId(std::move(text)); }

  template <typename OneId>
  bool is() const {
    return absl::StartsWith(text_, absl::StrCat(OneId::kKind.prefix, "-"));
  }
  // Of that kind.
  template <typename OneId>
  OneId as() const {
    return is<OneId>() ? OneId::FromTrusted(text_) : OneId();
  }
  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend bool operator==(const RouteGatewayId&, const RouteGatewayId&) = default;

 private:
  explicit RouteGatewayId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// Where a route leads: to one of the two.
struct RouteTarget {
  RouteGatewayId gateway_id;
  EniId eni_id;
  friend bool operator==(const RouteTarget&, const RouteTarget&) = default;
};

// Where a route leads: to one range, of IPv4 or IPv6, or to each range of a prefix list.
struct RouteDestination {
  RouteDestination() = default;
  RouteDestination(const Cidr& range) : cidr(range) {}  // NOLINT(google-explicit-constructor): most are ranges
  explicit RouteDestination(PrefixListId list) : prefix_list(std::move(list)) {}
  explicit RouteDestination(const CidrIpv6& range) : cidr_ipv6(range) {}

  std::string text() const {
    if (cidr_ipv6.has_value()) return cidr_ipv6->text();
    return prefix_list.empty() ? cidr.text() : prefix_list.text();
  }
  bool is_ipv4_range() const { return prefix_list.empty() && !cidr_ipv6.has_value(); }
  friend bool operator==(const RouteDestination&, const RouteDestination&) = default;

  Cidr cidr;  // 0.0.0.0/0 where there is something else
  PrefixListId prefix_list;
  std::optional<CidrIpv6> cidr_ipv6;
};

// A route that somebody made. Those to the VPC's own ranges are in each table and are no rows.
struct VpcRoute {
  RouteTableId table_id;
  RouteDestination destination;
  RouteTarget target;
};

struct InternetGateway {
  InternetGatewayId id;
  VpcId vpc_id;  // empty = detached
};

// A VPC's way out by IPv6, and none in.
struct EgressOnlyGateway {
  EgressOnlyInternetGatewayId id;
  VpcId vpc_id;
};

struct ElasticAddress {
  AllocationId id;
  Ipv4 public_ip;
  // What a reverse lookup of it gives, without the dot of the root; empty = its public name.
  std::string domain_name = {};
};

// A private address of the interface has this one as its public address while it is associated.
struct AddressAssociation {
  AddressAssociationId id;
  AllocationId allocation_id;
  EniId eni_id;
  Ipv4 private_ip;
};

}  // namespace brume
