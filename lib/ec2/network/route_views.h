// Route tables as they are shown, and as they are carried. All inside a transaction of the caller's.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/model/routing.h"
#include "lib/resource/tags.h"
#include "lib/store/connection.h"

namespace brume::network {

// A route as it is shown.
struct RouteView {
  RouteDestination destination;
  bool local = false;  // to the VPC itself; there is no target
  RouteTarget target;
  InstanceId instance_id;  // of the target's interface; empty = none
  bool active = true;      // false = "blackhole": what it leads to is not there
};

struct RouteTableView {
  RouteTable table;
  std::vector<RouteTableAssociation> associations;
  std::vector<RouteView> routes;  // the local ones first
  TagMap tags;
};

// Completes route tables without their tags; what is the same for all tables of a VPC is read once.
class RouteTableViewer {
 public:
  // Both must outlive it.
  RouteTableViewer(store::Connection& connection, const AttachedInstances& instances);
  ~RouteTableViewer();

  absl::StatusOr<RouteTableView> View(const RouteTable& table);

 private:
  class OfVpc;

  store::Connection& connection_;
  const AttachedInstances& instances_;
  std::map<VpcId, std::unique_ptr<OfVpc>> vpcs_;
};

// No route leads there.
inline constexpr Cidr kLinkLocal{Ipv4{0xa9fe0000}, 16};

// A route as it is carried: to one range.
struct PlainRoute {
  Cidr destination;
  RouteView view;
};
// The view's IPv4 routes but the local ones, in order of destinations, those to prefix lists range by range. Left out
// is what lies in the VPC's ranges or is link-local, and where several lead to one range all but one: a route to the
// range comes before one to a list, and of lists always the same.
absl::StatusOr<std::vector<PlainRoute>> ExpandRoutes(store::Connection& connection, const RouteTableView& table);

// What the VPC's tables say, whether it holds on the host or not.
absl::StatusOr<std::vector<RouteTableView>> ReadRouteTables(store::Connection& connection, const Vpc& vpc,
                                                            const AttachedInstances& instances);

}  // namespace brume::network
