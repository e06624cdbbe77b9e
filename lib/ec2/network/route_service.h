// Route tables, routes and internet gateways. Source of behaviour: EC2 API reference, CreateRouteTable,
// AssociateRouteTable, ReplaceRouteTableAssociation, CreateRoute, ReplaceRoute, DeleteRoute, CreateInternetGateway,
// AttachInternetGateway and their kin.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/idempotency/client_tokens.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/model/routing.h"
#include "lib/ec2/network/route_views.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct InternetGatewayView {
  InternetGateway gateway;
  TagMap tags;
};

struct EgressOnlyGatewayView {
  EgressOnlyGateway gateway;
  TagMap tags;
};

// What a route is to lead to, as a request names it: one of the six.
struct RouteTargetRequest {
  std::optional<InternetGatewayId> gateway;
  std::optional<EniId> eni;
  std::optional<InstanceId> instance;  // its only interface
  std::optional<NatGatewayId> nat;
  std::optional<VpcPeeringConnectionId> peering;
  std::optional<EgressOnlyInternetGatewayId> egress_only = {};  // of an IPv6 route
};

// Of a route that names `id` as its gateway: InvalidGatewayID.NotFound.
absl::Status NoSuchGateway(absl::string_view id);

// Thread-safe.
class RouteService {
 public:
  // `wake` is called with the VPC after a commit that the fabric must follow.
  RouteService(store::Database& database, Random& random, const Clock& clock, AttachedInstances instances,
               std::function<void(const VpcId&)> wake);

  // Errors: InvalidVpcID.NotFound, RouteTableLimitExceeded.
  absl::StatusOr<RouteTableView> CreateTable(const VpcId& vpc, const TagMap& tags,
                                             const idempotency::CallToken& token = {});
  // Errors: InvalidRouteTableID.NotFound; DependencyViolation for a main table, and one that a subnet uses.
  absl::Status DeleteTable(const RouteTableId& id);
  // Those of `ids`, or else those that have a tag of `tags`, or all. Error: InvalidRouteTableID.NotFound.
  absl::StatusOr<std::vector<RouteTableView>> ListTables(absl::Span<const RouteTableId> ids,
                                                         const std::optional<tagging::TagQuery>& tags = {});

  // OK when the subnet has this table already: then the association there is. Errors: the ids' NotFound,
  // Resource.AlreadyAssociated, InvalidParameterValue for another VPC's subnet.
  absl::StatusOr<RouteTableAssociation> Associate(const RouteTableId& table, const SubnetId& subnet);
  // Errors: InvalidAssociationID.NotFound; InvalidParameterValue for a VPC's main table.
  absl::Status Disassociate(const RouteTableAssociationId& id);
  // Error: InvalidAssociationID.NotFound.
  absl::StatusOr<RouteTableAssociation> GetAssociation(const RouteTableAssociationId& id);
  // The subnet, or the VPC as its main table, uses the other table from now on, by a new association.
  absl::StatusOr<RouteTableAssociation> ReplaceAssociation(const RouteTableAssociationId& id,
                                                           const RouteTableId& table);

  // Errors: the ids' NotFound, RouteAlreadyExists, RouteLimitExceeded, InvalidParameterValue for a destination inside
  // the VPC and for a gateway or interface that is not the VPC's, UnsupportedOperation for a list of IPv6 ranges,
  // InvalidStateTransition for a peering connection that has ended. One that is pending leads nowhere until it is
  // active.
  absl::Status CreateRoute(const RouteTableId& table, const RouteDestination& destination,
                           const RouteTargetRequest& target);
  // Errors: as above; InvalidParameterValue where there is no such route.
  absl::Status ReplaceRoute(const RouteTableId& table, const RouteDestination& destination,
                            const RouteTargetRequest& target);
  // Has one of the VPC's own routes lead to the VPC itself, as each does. Errors: InvalidRouteTableID.NotFound;
  // InvalidParameterValue for any other route.
  absl::Status RestoreLocal(const RouteTableId& table, const RouteDestination& destination);
  // Errors: RouteTableId's NotFound, InvalidRoute.NotFound, InvalidParameterValue for the route to the VPC itself.
  absl::Status DeleteRoute(const RouteTableId& table, const RouteDestination& destination);

  // Error: InternetGatewayLimitExceeded.
  absl::StatusOr<InternetGatewayView> CreateGateway(const TagMap& tags);
  // Errors: InvalidInternetGatewayID.NotFound; DependencyViolation while it is attached.
  absl::Status DeleteGateway(const InternetGatewayId& id);
  // Errors: the ids' NotFound; Resource.AlreadyAssociated; InvalidParameterValue for a VPC that has one.
  absl::Status AttachGateway(const InternetGatewayId& id, const VpcId& vpc);
  // Errors: the ids' NotFound; Gateway.NotAttached; DependencyViolation while an interface there has a public address.
  absl::Status DetachGateway(const InternetGatewayId& id, const VpcId& vpc);
  // Errors: InvalidVpcID.NotFound, EgressOnlyInternetGatewayLimitExceeded.
  absl::StatusOr<EgressOnlyGatewayView> CreateEgressOnlyGateway(const VpcId& vpc, const TagMap& tags,
                                                                const idempotency::CallToken& token = {});
  // Error: InvalidEgressOnlyInternetGatewayId.NotFound.
  absl::Status DeleteEgressOnlyGateway(const EgressOnlyInternetGatewayId& id);
  // As ListTables. Error: InvalidEgressOnlyInternetGatewayId.NotFound.
  absl::StatusOr<std::vector<EgressOnlyGatewayView>> ListEgressOnlyGateways(
      absl::Span<const EgressOnlyInternetGatewayId> ids, const std::optional<tagging::TagQuery>& tags = {});
  // As ListTables. Error: InvalidInternetGatewayID.NotFound.
  absl::StatusOr<std::vector<InternetGatewayView>> ListGateways(absl::Span<const InternetGatewayId> ids,
                                                                const std::optional<tagging::TagQuery>& tags = {});

 private:
  absl::StatusOr<RouteTarget> Resolve(store::Connection& connection, const RouteTable& table,
                                      const RouteDestination& destination, const RouteTargetRequest& wanted);
  // Runs in one transaction and wakes the VPC of the table.
  absl::Status ChangeTable(const RouteTableId& id,
                           const std::function<absl::Status(store::Connection&, const RouteTable&)>& change);

  store::Database& database_;
  Random& random_;
  const Clock& clock_;
  const AttachedInstances instances_;
  const std::function<void(const VpcId&)> wake_;
};

}  // namespace brume::network
