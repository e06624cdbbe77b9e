// RouteService: egress-only internet gateways.
#include <utility>

#include "lib/base/status_macros.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/route_service.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/routing_table.h"
#include "lib/ec2/tagging/tag_service.h"

namespace brume::network {
namespace {

// As of internet gateways.
constexpr size_t kMaxEgressOnlyGateways = 500;

}  // namespace

absl::StatusOr<EgressOnlyGatewayView> RouteService::CreateEgressOnlyGateway(const VpcId& vpc, const TagMap& tags,
                                                                            const idempotency::CallToken& token) {
  // No route leads to it yet, so the host need not know.
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<EgressOnlyGatewayView> {
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(const auto before, idempotency::FindMade<EgressOnlyInternetGatewayId>(c, token));
    if (before.has_value()) {
      ASSIGN_OR_RETURN(const EgressOnlyGateway made, routing.GetEgressOnlyGateway(*before));
      ASSIGN_OR_RETURN(TagMap tags_of_it, tagging::GetTags(c, before->text()));
      return EgressOnlyGatewayView{made, std::move(tags_of_it)};
    }
    RETURN_IF_ERROR(NetworkTable(c).GetVpc(vpc).status());
    ASSIGN_OR_RETURN(const std::vector<EgressOnlyGateway> all, routing.ListEgressOnlyGateways(std::nullopt));
    if (all.size() >= kMaxEgressOnlyGateways) {
      return QuotaReached("EgressOnlyInternetGatewayLimitExceeded", "egress-only internet gateways",
                          kMaxEgressOnlyGateways);
    }
    const EgressOnlyGateway gateway{.id = EgressOnlyInternetGatewayId::New(random_), .vpc_id = vpc};
    RETURN_IF_ERROR(routing.InsertEgressOnlyGateway(gateway));
    RETURN_IF_ERROR(tagging::SetTags(c, gateway.id.text(), tags));
    RETURN_IF_ERROR(idempotency::KeepToken(c, token, gateway.id.text()));
    return EgressOnlyGatewayView{gateway, tags};
  });
}

absl::Status RouteService::DeleteEgressOnlyGateway(const EgressOnlyInternetGatewayId& id) {
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(const EgressOnlyGateway gateway, routing.GetEgressOnlyGateway(id));
    vpc = gateway.vpc_id;
    return routing.DeleteEgressOnlyGateway(id);
  }));
  wake_(vpc);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<EgressOnlyGatewayView>> RouteService::ListEgressOnlyGateways(
    absl::Span<const EgressOnlyInternetGatewayId> ids, const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<EgressOnlyGatewayView>> {
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(
        std::vector<EgressOnlyGateway> gateways,
        tagging::ChooseRows<EgressOnlyInternetGatewayId>(
            c, ids, tags, [&](const EgressOnlyInternetGatewayId& id) { return routing.GetEgressOnlyGateway(id); },
            [&] { return routing.ListEgressOnlyGateways(std::nullopt); }));
    return tagging::WithTags(c, std::move(gateways), &EgressOnlyGatewayView::gateway);
  });
}

}  // namespace brume::network
