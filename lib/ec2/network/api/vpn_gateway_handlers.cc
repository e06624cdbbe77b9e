#include "lib/ec2/network/api/vpn_gateway_handlers.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/vpn_gateway.pb.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/filters.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

absl::Status NoGateway(absl::string_view id) {
  return Error("InvalidVpnGatewayID.NotFound",
               absl::StrCat("The vpnGateway ID '", id.substr(0, 64), "' does not exist"));
}

absl::StatusOr<v1::DescribeVpnGatewaysResponse> DescribeVpnGateways(const v1::DescribeVpnGatewaysRequest& request) {
  RETURN_IF_ERROR(gateway::KeptBy(request).status());
  if (!request.vpn_gateway_ids().empty()) return NoGateway(request.vpn_gateway_ids(0));
  return v1::DescribeVpnGatewaysResponse();
}

template <typename Request>
absl::Status SetPropagation(const Request& request, network::RouteService& routes) {
  ASSIGN_OR_RETURN(const RouteTableId table, RouteTableId::Parse(request.route_table_id()));
  RETURN_IF_ERROR(routes.ListTables({&table, 1}).status());
  return NoGateway(request.gateway_id());
}

absl::Status EnableVgwRoutePropagation(const v1::EnableVgwRoutePropagationRequest& request,
                                       network::RouteService& routes) {
  return SetPropagation(request, routes);
}

absl::Status DisableVgwRoutePropagation(const v1::DisableVgwRoutePropagationRequest& request,
                                        network::RouteService& routes) {
  return SetPropagation(request, routes);
}

}  // namespace

void AddVpnGatewayActions(gateway::Actions& actions, network::RouteService& routes) {
  actions.Add(DescribeVpnGateways);
  actions.Add(EnableVgwRoutePropagation, routes);
  actions.Add(DisableVgwRoutePropagation, routes);
}

}  // namespace brume::ec2
