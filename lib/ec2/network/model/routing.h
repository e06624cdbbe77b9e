// Route tables, internet gateways and elastic addresses.
#pragma once

#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"

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

// Where a route leads: to one of the two.
struct RouteTarget {
  InternetGatewayId gateway_id;
  EniId eni_id;
  friend bool operator==(const RouteTarget&, const RouteTarget&) = default;
};

// A route that somebody made. Those to the VPC's own ranges are in each table and are no rows.
struct VpcRoute {
  RouteTableId table_id;
  Cidr destination;
  RouteTarget target;
};

struct InternetGateway {
  InternetGatewayId id;
  VpcId vpc_id;  // empty = detached
};

struct ElasticAddress {
  AllocationId id;
  Ipv4 public_ip;
};

// A private address of the interface has this one as its public address while it is associated.
struct AddressAssociation {
  AddressAssociationId id;
  AllocationId allocation_id;
  EniId eni_id;
  Ipv4 private_ip;
};

}  // namespace brume
