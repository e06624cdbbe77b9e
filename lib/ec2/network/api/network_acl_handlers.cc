#include "lib/ec2/network/api/network_acl_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/network_acl.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/call_token.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/network/api/made_facts.h"
#include "lib/ec2/network/api/network_requests.h"
#include "lib/ec2/network/model/network.h"
#include "lib/gateway/access.h"
#include "lib/gateway/listing.h"
#include "lib/resource/arn.h"

namespace brume::ec2 {
namespace {

using Acl = v1::NetworkAcl;
using Entry = v1::NetworkAclEntry;

constexpr int kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpv6 = 58;

void Render(const NetworkAclEntry& entry, Entry& rendered) {
  if (entry.cidr_ipv6.has_value()) {
    rendered.set_ipv6_cidr_block(entry.cidr_ipv6->text());
  } else {
    rendered.set_cidr_block(entry.cidr.text());
  }
  rendered.set_egress(entry.egress);
  rendered.set_protocol(absl::StrCat(entry.protocol));
  rendered.set_rule_action(entry.allow ? "allow" : "deny");
  rendered.set_rule_number(entry.number);
  if (entry.protocol == kTcp || entry.protocol == kUdp) {
    rendered.mutable_port_range()->set_from(entry.from_port);
    rendered.mutable_port_range()->set_to(entry.to_port);
  } else if (entry.protocol == kIcmp || entry.protocol == kIcmpv6) {
    rendered.mutable_icmp_type_code()->set_type(entry.from_port);
    rendered.mutable_icmp_type_code()->set_code(entry.to_port);
  }
}

Acl Render(const network::NetworkAclView& view, const Settings& settings) {
  Acl acl;
  acl.set_network_acl_id(view.acl.id.text());
  acl.set_is_default(view.acl.is_default);
  acl.set_vpc_id(view.acl.vpc_id.text());
  acl.set_owner_id(settings.account_id);
  for (const NetworkAclAssociation& each : view.associations) {
    v1::NetworkAclAssociation& association = *acl.add_associations();
    association.set_network_acl_association_id(each.id.text());
    association.set_network_acl_id(each.acl_id.text());
    association.set_subnet_id(each.subnet_id.text());
  }
  for (const bool egress : {true, false}) {
    for (const NetworkAclEntry& entry : view.entries) {
      if (entry.egress == egress) Render(entry, *acl.add_entries());
    }
    Render({.acl_id = view.acl.id, .egress = egress, .number = kLastAclEntry, .cidr = {}}, *acl.add_entries());
  }
  *acl.mutable_tags() = RenderTags(view.tags);
  return acl;
}

absl::StatusOr<v1::DescribeNetworkAclsResponse> DescribeNetworkAcls(const v1::DescribeNetworkAclsRequest& request,
                                                                    network::NetworkAclService& acls,
                                                                    const Settings& settings) {
  static const gateway::Listing<Acl, v1::DescribeNetworkAclsResponse> listing = {
      "acls", &Acl::network_acl_id, &v1::DescribeNetworkAclsResponse::mutable_network_acls};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<NetworkAclId>(request, request.network_acl_ids(), "networkAclId"));
  ASSIGN_OR_RETURN(const std::vector<network::NetworkAclView> views,
                   acls.List(ids, TagsAskedFor(request.filters(), NetworkAclId::kKind.prefix)));
  std::vector<Acl> rendered;
  rendered.reserve(views.size());
  for (const network::NetworkAclView& view : views) rendered.push_back(Render(view, settings));
  return gateway::Answer(listing, request, std::move(rendered));
}

absl::StatusOr<v1::CreateNetworkAclResponse> CreateNetworkAcl(const v1::CreateNetworkAclRequest& request,
                                                              network::NetworkAclService& acls,
                                                              const Settings& settings) {
  ASSIGN_OR_RETURN(const VpcId vpc, VpcId::Parse(request.vpc_id()));
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), NetworkAclId::kKind));
  ASSIGN_OR_RETURN(const idempotency::CallToken token, ParseCallToken(request));
  ASSIGN_OR_RETURN(const network::NetworkAclView made, acls.Create(vpc, tags, token));
  v1::CreateNetworkAclResponse response;
  if (request.has_client_token()) response.set_client_token(request.client_token());
  *response.mutable_network_acl() = Render(made, settings);
  return response;
}

absl::Status DeleteNetworkAcl(const v1::DeleteNetworkAclRequest& request, network::NetworkAclService& acls) {
  ASSIGN_OR_RETURN(const NetworkAclId id, NetworkAclId::Parse(request.network_acl_id()));
  return acls.Delete(id);
}

template <typename Request>
absl::StatusOr<NetworkAclEntry> ParseEntry(const Request& request) {
  NetworkAclEntry entry;
  ASSIGN_OR_RETURN(entry.acl_id, NetworkAclId::Parse(request.network_acl_id()));
  if (request.ipv6_cidr_block().empty()) {
    ASSIGN_OR_RETURN(entry.cidr, ParseCidr(request.cidr_block(), "cidrBlock"));
  } else if (request.cidr_block().empty()) {
    ASSIGN_OR_RETURN(entry.cidr_ipv6, CidrIpv6::Parse(request.ipv6_cidr_block()));
  } else {
    return Error("InvalidParameterCombination", "The parameters cidrBlock and ipv6CidrBlock cannot be used together");
  }
  ASSIGN_OR_RETURN(entry.protocol, ParseIpProtocol(request.protocol()));
  entry.egress = request.egress();
  entry.number = request.rule_number();
  entry.allow = request.rule_action() == "allow";
  if (entry.protocol == kTcp || entry.protocol == kUdp) {
    if (!request.has_port_range()) return Error(kMissingParameter, "portRange");
    entry.from_port = request.port_range().from();
    entry.to_port = request.port_range().to();
  } else if (entry.protocol == kIcmp || entry.protocol == kIcmpv6) {
    if (!request.has_icmp_type_code()) return Error(kMissingParameter, "icmpTypeCode");
    entry.from_port = request.icmp_type_code().type();
    entry.to_port = request.icmp_type_code().code();
  }
  return entry;
}

absl::Status CreateNetworkAclEntry(const v1::CreateNetworkAclEntryRequest& request, network::NetworkAclService& acls) {
  ASSIGN_OR_RETURN(NetworkAclEntry entry, ParseEntry(request));
  return acls.AddEntry(std::move(entry));
}

absl::Status ReplaceNetworkAclEntry(const v1::ReplaceNetworkAclEntryRequest& request,
                                    network::NetworkAclService& acls) {
  ASSIGN_OR_RETURN(NetworkAclEntry entry, ParseEntry(request));
  return acls.ReplaceEntry(std::move(entry));
}

absl::Status DeleteNetworkAclEntry(const v1::DeleteNetworkAclEntryRequest& request, network::NetworkAclService& acls) {
  ASSIGN_OR_RETURN(const NetworkAclId id, NetworkAclId::Parse(request.network_acl_id()));
  return acls.RemoveEntry(id, request.egress(), request.rule_number());
}

absl::StatusOr<v1::ReplaceNetworkAclAssociationResponse> ReplaceNetworkAclAssociation(
    const v1::ReplaceNetworkAclAssociationRequest& request, network::NetworkAclService& acls) {
  ASSIGN_OR_RETURN(const NetworkAclAssociationId id, NetworkAclAssociationId::Parse(request.association_id()));
  ASSIGN_OR_RETURN(const NetworkAclId acl, NetworkAclId::Parse(request.network_acl_id()));
  ASSIGN_OR_RETURN(const NetworkAclAssociation made, acls.ReplaceAssociation(id, acl));
  v1::ReplaceNetworkAclAssociationResponse response;
  response.set_new_association_id(made.id.text());
  return response;
}

}  // namespace

void AddNetworkAclActions(gateway::Actions& actions, network::NetworkAclService& acls, const Settings& settings) {
  actions.Add(DescribeNetworkAcls, acls, settings);
  actions.Add(CreateNetworkAcl, acls, settings).DescribedBy(MadeInVpc(NetworkAclId::kKind, settings.account()));
  actions.Add(DeleteNetworkAcl, acls);
  actions.Add(CreateNetworkAclEntry, acls);
  actions.Add(ReplaceNetworkAclEntry, acls);
  actions.Add(DeleteNetworkAclEntry, acls);
  // An association is of an ACL and a subnet, which are what policies name.
  actions.Add(ReplaceNetworkAclAssociation, acls)
      .DescribedBy([&acls, account = settings.account()](const v1::ReplaceNetworkAclAssociationRequest& request,
                                                         AccessQuestion& question) -> absl::Status {
        ASSIGN_OR_RETURN(const NetworkAclAssociationId id, NetworkAclAssociationId::Parse(request.association_id()));
        ASSIGN_OR_RETURN(const NetworkAclAssociation association, acls.GetAssociation(id));
        question.AddResource(ArnOf(account, association.acl_id));
        question.AddResource(ArnOf(account, association.subnet_id));
        return absl::OkStatus();
      });
}

}  // namespace brume::ec2
