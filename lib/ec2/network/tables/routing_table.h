// Rows of route tables, their routes and associations, and internet gateways. Inside transactions of its callers.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/network/model/routing.h"
#include "lib/resource/ids.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::network {

class RoutingTable {
 public:
  explicit RoutingTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status InsertTable(const RouteTable& table);
  absl::StatusOr<RouteTable> GetTable(const RouteTableId& id);  // InvalidRouteTableID.NotFound
  // Of all VPCs, or one; oldest first.
  absl::StatusOr<std::vector<RouteTable>> ListTables(const std::optional<VpcId>& vpc);
  absl::Status DeleteTable(const RouteTableId& id);  // with its routes and associations

  // FailedPrecondition when the subnet has one, or the VPC a main one.
  absl::Status InsertAssociation(const RouteTableAssociation& association);
  absl::StatusOr<RouteTableAssociation> GetAssociation(const RouteTableAssociationId& id);
  absl::StatusOr<std::vector<RouteTableAssociation>> ListAssociations(const std::optional<VpcId>& vpc);
  // The main one first.
  absl::StatusOr<std::vector<RouteTableAssociation>> ListAssociationsOf(const RouteTableId& table);
  absl::Status DeleteAssociation(const RouteTableAssociationId& id);

  absl::Status InsertRoute(const VpcRoute& route);
  absl::StatusOr<std::optional<VpcRoute>> FindRoute(const RouteTableId& table, const RouteDestination& destination);
  absl::Status SetTarget(const VpcRoute& route);
  absl::Status DeleteRoute(const RouteTableId& table, const RouteDestination& destination);
  // By destination; those to prefix lists behind the others, and IPv6 ones behind all.
  absl::StatusOr<std::vector<VpcRoute>> ListRoutesOf(const RouteTableId& table);

  absl::Status InsertGateway(const InternetGateway& gateway);
  absl::StatusOr<InternetGateway> GetGateway(const InternetGatewayId& id);  // InvalidInternetGatewayID.NotFound
  absl::StatusOr<std::vector<InternetGateway>> ListGateways();
  absl::StatusOr<std::optional<InternetGateway>> GatewayOf(const VpcId& vpc);
  absl::Status SetGatewayVpc(const InternetGateway& gateway);
  absl::Status DeleteGateway(const InternetGatewayId& id);

  absl::Status InsertEgressOnlyGateway(const EgressOnlyGateway& gateway);
  // InvalidEgressOnlyInternetGatewayId.NotFound.
  absl::StatusOr<EgressOnlyGateway> GetEgressOnlyGateway(const EgressOnlyInternetGatewayId& id);
  // Of all VPCs, or one; oldest first.
  absl::StatusOr<std::vector<EgressOnlyGateway>> ListEgressOnlyGateways(const std::optional<VpcId>& vpc);
  absl::Status DeleteEgressOnlyGateway(const EgressOnlyInternetGatewayId& id);

 private:
  store::Connection& connection_;
};

}  // namespace brume::network
