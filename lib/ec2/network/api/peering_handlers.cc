#include "lib/ec2/network/api/peering_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/peering.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

std::string MessageOf(PeeringState state, const std::string& account) {
  switch (state) {
    case PeeringState::kPending:
      return absl::StrCat("Pending Acceptance by ", account);
    case PeeringState::kActive:
      return "Active";
    case PeeringState::kRejected:
      return absl::StrCat("Rejected by ", account);
    case PeeringState::kDeleted:
      return absl::StrCat("Deleted by ", account);
    case PeeringState::kFailed:
      return "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";
    case PeeringState::kExpired:
      return "Expired: nobody accepted it within seven days";
  }
  return "";
}

template <typename Options>
void FillOptions(const PeeringSide& side, Options& options) {
  options.set_allow_dns_resolution_from_remote_vpc(side.dns);
  options.set_allow_egress_from_local_classic_link_to_remote_vpc(false);
  options.set_allow_egress_from_local_vpc_to_remote_classic_link(false);
}

v1::VpcPeeringConnectionVpcInfo RenderSide(const PeeringSide& side, const std::vector<Cidr>& ranges,
                                           const Settings& settings) {
  v1::VpcPeeringConnectionVpcInfo info;
  info.set_vpc_id(side.vpc_id.text());
  info.set_owner_id(settings.account_id);
  info.set_region(settings.region);
  for (const Cidr& range : ranges) info.add_cidr_block_set()->set_cidr_block(range.text());
  if (!ranges.empty()) FillOptions(side, *info.mutable_peering_options());
  return info;
}

v1::VpcPeeringConnection Render(const network::VpcPeeringView& view, const Settings& settings) {
  const VpcPeering& peering = view.peering;
  v1::VpcPeeringConnection rendered;
  rendered.set_vpc_peering_connection_id(peering.id.text());
  *rendered.mutable_requester_vpc_info() = RenderSide(peering.requester, view.requester_ranges, settings);
  *rendered.mutable_accepter_vpc_info() = RenderSide(peering.accepter, view.accepter_ranges, settings);
  rendered.mutable_requester_vpc_info()->set_cidr_block(peering.requester.cidr.text());
  if (peering.state == PeeringState::kActive) {
    rendered.mutable_accepter_vpc_info()->set_cidr_block(peering.accepter.cidr.text());
  }
  if (peering.state == PeeringState::kPending) rendered.set_expiration_time(gateway::RenderTime(peering.expires));
  rendered.mutable_status()->set_code(std::string(kPeeringStateNames.Of(peering.state)));
  rendered.mutable_status()->set_message(MessageOf(peering.state, settings.account_id));
  *rendered.mutable_tags() = RenderTags(view.tags);
  return rendered;
}

absl::StatusOr<v1::DescribeVpcPeeringConnectionsResponse> DescribeVpcPeeringConnections(
    const v1::DescribeVpcPeeringConnectionsRequest& request, network::PeeringService& peerings,
    const Settings& settings) {
  static const gateway::Listing<v1::VpcPeeringConnection, v1::DescribeVpcPeeringConnectionsResponse> listing = {
      "peerings", &v1::VpcPeeringConnection::vpc_peering_connection_id,
      &v1::DescribeVpcPeeringConnectionsResponse::mutable_vpc_peering_connections};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<VpcPeeringConnectionId>(
                                       request, request.vpc_peering_connection_ids(), "vpcPeeringConnectionId"));
  ASSIGN_OR_RETURN(const std::vector<network::VpcPeeringView> views,
                   peerings.List(ids, TagsAskedFor(request.filters(), VpcPeeringConnectionId::kKind.prefix)));
  std::vector<v1::VpcPeeringConnection> connections;
  connections.reserve(views.size());
  for (const network::VpcPeeringView& view : views) connections.push_back(Render(view, settings));
  return gateway::Answer(listing, request, std::move(connections));
}

absl::StatusOr<v1::CreateVpcPeeringConnectionResponse> CreateVpcPeeringConnection(
    const v1::CreateVpcPeeringConnectionRequest& request, network::PeeringService& peerings, const Settings& settings) {
  if (!request.peer_owner_id().empty() && request.peer_owner_id() != settings.account_id) {
    return Error("InvalidParameterValue", absl::StrCat("Value (", request.peer_owner_id().substr(0, 64),
                                                       ") for parameter peerOwnerId is invalid. The only account of "
                                                       "this installation is ",
                                                       settings.account_id));
  }
  if (!request.peer_region().empty() && request.peer_region() != settings.region) {
    return Error("InvalidParameterValue", absl::StrCat("Value (", request.peer_region().substr(0, 64),
                                                       ") for parameter peerRegion is invalid. The only region of this "
                                                       "installation is ",
                                                       settings.region));
  }
  ASSIGN_OR_RETURN(const VpcId requester, VpcId::Parse(request.vpc_id()));
  ASSIGN_OR_RETURN(const VpcId accepter, VpcId::Parse(request.peer_vpc_id()));
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), VpcPeeringConnectionId::kKind));
  ASSIGN_OR_RETURN(const network::VpcPeeringView made, peerings.Create(requester, accepter, tags));
  v1::CreateVpcPeeringConnectionResponse response;
  *response.mutable_vpc_peering_connection() = Render(made, settings);
  return response;
}

absl::StatusOr<v1::AcceptVpcPeeringConnectionResponse> AcceptVpcPeeringConnection(
    const v1::AcceptVpcPeeringConnectionRequest& request, network::PeeringService& peerings, const Settings& settings) {
  ASSIGN_OR_RETURN(const auto id, VpcPeeringConnectionId::Parse(request.vpc_peering_connection_id()));
  ASSIGN_OR_RETURN(const network::VpcPeeringView accepted, peerings.Accept(id));
  v1::AcceptVpcPeeringConnectionResponse response;
  *response.mutable_vpc_peering_connection() = Render(accepted, settings);
  return response;
}

absl::StatusOr<v1::RejectVpcPeeringConnectionResponse> RejectVpcPeeringConnection(
    const v1::RejectVpcPeeringConnectionRequest& request, network::PeeringService& peerings) {
  ASSIGN_OR_RETURN(const auto id, VpcPeeringConnectionId::Parse(request.vpc_peering_connection_id()));
  RETURN_IF_ERROR(peerings.Reject(id));
  v1::RejectVpcPeeringConnectionResponse response;
  response.set_return_(true);
  return response;
}

absl::StatusOr<v1::DeleteVpcPeeringConnectionResponse> DeleteVpcPeeringConnection(
    const v1::DeleteVpcPeeringConnectionRequest& request, network::PeeringService& peerings) {
  ASSIGN_OR_RETURN(const auto id, VpcPeeringConnectionId::Parse(request.vpc_peering_connection_id()));
  RETURN_IF_ERROR(peerings.Delete(id));
  v1::DeleteVpcPeeringConnectionResponse response;
  response.set_return_(true);
  return response;
}

// What the option of one side is to be; unset where it stays.
absl::StatusOr<std::optional<bool>> ParseOptions(const v1::PeeringConnectionOptionsRequest& options) {
  if (options.allow_egress_from_local_classic_link_to_remote_vpc() ||
      options.allow_egress_from_local_vpc_to_remote_classic_link()) {
    return Error("UnsupportedOperation", "There is no EC2-Classic that a peering connection could be linked with");
  }
  if (!options.has_allow_dns_resolution_from_remote_vpc()) return std::optional<bool>();
  return std::optional<bool>(options.allow_dns_resolution_from_remote_vpc());
}

absl::StatusOr<v1::ModifyVpcPeeringConnectionOptionsResponse> ModifyVpcPeeringConnectionOptions(
    const v1::ModifyVpcPeeringConnectionOptionsRequest& request, network::PeeringService& peerings) {
  ASSIGN_OR_RETURN(const auto id, VpcPeeringConnectionId::Parse(request.vpc_peering_connection_id()));
  network::PeeringOptionsChange change;
  ASSIGN_OR_RETURN(change.accepter_dns, ParseOptions(request.accepter_peering_connection_options()));
  ASSIGN_OR_RETURN(change.requester_dns, ParseOptions(request.requester_peering_connection_options()));
  ASSIGN_OR_RETURN(const VpcPeering peering, peerings.ModifyOptions(id, change));
  v1::ModifyVpcPeeringConnectionOptionsResponse response;
  if (request.has_accepter_peering_connection_options()) {
    FillOptions(peering.accepter, *response.mutable_accepter_peering_connection_options());
  }
  if (request.has_requester_peering_connection_options()) {
    FillOptions(peering.requester, *response.mutable_requester_peering_connection_options());
  }
  return response;
}

}  // namespace

void AddPeeringActions(gateway::Actions& actions, network::PeeringService& peerings, const Settings& settings) {
  actions.Add(DescribeVpcPeeringConnections, peerings, settings);
  actions.Add(CreateVpcPeeringConnection, peerings, settings)
      .DescribedBy([account = settings.account()](const v1::CreateVpcPeeringConnectionRequest& request,
                                                  AccessQuestion& question) -> absl::Status {
        AccessContext& facts = question.resource_context[ArnOf(account, VpcPeeringConnectionId::kKind, "*")];
        facts["ec2:requestervpc"] = {ArnOf(account, VpcId::kKind, request.vpc_id())};
        facts["ec2:acceptervpc"] = {ArnOf(account, VpcId::kKind, request.peer_vpc_id())};
        return absl::OkStatus();
      });
  // Who accepts decides about the accepter's VPC.
  actions.Add(AcceptVpcPeeringConnection, peerings, settings)
      .DescribedBy([&peerings, account = settings.account()](const v1::AcceptVpcPeeringConnectionRequest& request,
                                                             AccessQuestion& question) -> absl::Status {
        ASSIGN_OR_RETURN(const auto id, VpcPeeringConnectionId::Parse(request.vpc_peering_connection_id()));
        ASSIGN_OR_RETURN(const std::vector<network::VpcPeeringView> views, peerings.List({&id, 1}));
        for (const network::VpcPeeringView& view : views) {
          question.AddResource(ArnOf(account, view.peering.accepter.vpc_id));
        }
        return absl::OkStatus();
      });
  actions.Add(RejectVpcPeeringConnection, peerings);
  actions.Add(DeleteVpcPeeringConnection, peerings);
  actions.Add(ModifyVpcPeeringConnectionOptions, peerings);
}

}  // namespace brume::ec2
