#include "brume/ec2/v1/network_acl.pb.h"
#include "lib/api/handlers.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/tagging/api/tag_messages.h"
#include "lib/gateway/filter_values.h"
#include "lib/gateway/listing.h"

namespace brume::ec2 {
namespace {

constexpr char kService[] = "brume.ec2.v1.NetworkAcls";

constexpr IdKind kNetworkAclKind{"acl", "networkAcl", "InvalidNetworkAclId.Malformed", "InvalidNetworkAclID.NotFound"};
using NetworkAclId = Id<kNetworkAclKind>;

using Acl = v1::NetworkAcl;
using Entry = v1::NetworkAclEntry;

// EC2's default ACL: one rule a direction that allows, and one behind all others that denies.
void AddEntries(Acl& acl) {
  constexpr int kFirst = 100;
  constexpr int kLast = 32767;
  for (const bool egress : {true, false}) {
    for (const int number : {kFirst, kLast}) {
      Entry& entry = *acl.add_entries();
      entry.set_cidr_block("0.0.0.0/0");
      entry.set_egress(egress);
      entry.set_protocol("-1");
      entry.set_rule_action(number == kFirst ? "allow" : "deny");
      entry.set_rule_number(number);
    }
  }
}

// Nothing filters packets between subnets but security groups, which is what the default ACL of EC2 says. A VPC has
// this one ACL for its life, so its id is the VPC's in other clothes.
Acl Render(const Vpc& vpc, const std::vector<network::SubnetView>& subnets, const Settings& settings) {
  Acl acl;
  acl.set_network_acl_id(gateway::IdLike("acl", vpc.id.text()));
  acl.set_is_default(true);
  acl.set_vpc_id(vpc.id.text());
  acl.set_owner_id(settings.account_id);
  for (const network::SubnetView& view : subnets) {
    if (view.subnet.vpc_id != vpc.id) continue;
    v1::NetworkAclAssociation& association = *acl.add_associations();
    association.set_network_acl_association_id(gateway::IdLike("aclassoc", view.subnet.id.text()));
    association.set_network_acl_id(acl.network_acl_id());
    association.set_subnet_id(view.subnet.id.text());
  }
  AddEntries(acl);
  return acl;
}

const gateway::FilterTable<Acl>& Filters() {
  using A = v1::NetworkAclAssociation;
  const auto association = [](auto get) {
    return gateway::Each<Acl>([](const Acl& a) { return a.associations(); }, get);
  };
  const auto entry = [](auto get) { return gateway::Each<Acl>([](const Acl& a) { return a.entries(); }, get); };
  static const gateway::FilterTable<Acl> table(
      {
          {"association.association-id", association([](const A& a) { return a.network_acl_association_id(); })},
          {"association.network-acl-id", association([](const A& a) { return a.network_acl_id(); })},
          {"association.subnet-id", association([](const A& a) { return a.subnet_id(); })},
          {"default", gateway::One<Acl>([](const Acl& a) { return a.is_default(); })},
          {"entry.cidr", entry([](const Entry& e) { return e.cidr_block(); })},
          {"entry.egress", entry([](const Entry& e) { return e.egress(); })},
          {"entry.icmp.code", gateway::Nothing<Acl>()},
          {"entry.icmp.type", gateway::Nothing<Acl>()},
          {"entry.ipv6-cidr", gateway::Nothing<Acl>()},
          {"entry.port-range.from", gateway::Nothing<Acl>()},
          {"entry.port-range.to", gateway::Nothing<Acl>()},
          {"entry.protocol", entry([](const Entry& e) { return e.protocol(); })},
          {"entry.rule-action", entry([](const Entry& e) { return e.rule_action(); })},
          {"entry.rule-number", entry([](const Entry& e) { return e.rule_number(); })},
          {"network-acl-id", gateway::One<Acl>([](const Acl& a) { return a.network_acl_id(); })},
          {"owner-id", gateway::One<Acl>([](const Acl& a) { return a.owner_id(); })},
          {"vpc-id", gateway::One<Acl>([](const Acl& a) { return a.vpc_id(); })},
      },
      [](const Acl& a) { return TagsOf(a.tags()); });
  return table;
}

absl::StatusOr<v1::DescribeNetworkAclsResponse> Describe(const api::Services& services,
                                                         const v1::DescribeNetworkAclsRequest& request) {
  RETURN_IF_ERROR(gateway::CheckPaging(request, !request.network_acl_ids().empty(), "networkAclId"));
  RETURN_IF_ERROR(gateway::CheckIds<NetworkAclId>(request.network_acl_ids()));
  ASSIGN_OR_RETURN(const std::vector<Vpc> vpcs, services.networks.ListVpcs());
  ASSIGN_OR_RETURN(const std::vector<network::SubnetView> subnets, services.networks.ListSubnets());
  std::vector<Acl> acls;
  for (const Vpc& vpc : vpcs) acls.push_back(Render(vpc, subnets, services.settings));
  const auto key = [](const Acl& acl) { return acl.network_acl_id(); };
  RETURN_IF_ERROR(gateway::Select<NetworkAclId>(request.network_acl_ids(), acls, key));
  v1::DescribeNetworkAclsResponse response;
  ASSIGN_OR_RETURN(acls, gateway::FilteredPage("acls", std::move(acls), Filters(), request, response, key));
  for (Acl& acl : acls) *response.add_network_acls() = std::move(acl);
  return response;
}

}  // namespace

void AddNetworkAclHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  dispatcher.Handle<v1::DescribeNetworkAclsRequest, v1::DescribeNetworkAclsResponse>(
      kService, "DescribeNetworkAcls",
      [services](const v1::DescribeNetworkAclsRequest& request, const Caller&) { return Describe(services, request); });
}

}  // namespace brume::ec2
