#include "brume/v1/network_acl.pb.h"
#include "lib/api/describe.h"
#include "lib/api/filter_values.h"
#include "lib/api/handlers.h"
#include "lib/api/render.h"
#include "lib/network/network_service.h"

namespace brume::api {
namespace {

constexpr char kService[] = "brume.v1.NetworkAcls";

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
  acl.set_network_acl_id(IdLike("acl", vpc.id.text()));
  acl.set_is_default(true);
  acl.set_vpc_id(vpc.id.text());
  acl.set_owner_id(settings.account_id);
  for (const network::SubnetView& view : subnets) {
    if (view.subnet.vpc_id != vpc.id) continue;
    v1::NetworkAclAssociation& association = *acl.add_associations();
    association.set_network_acl_association_id(IdLike("aclassoc", view.subnet.id.text()));
    association.set_network_acl_id(acl.network_acl_id());
    association.set_subnet_id(view.subnet.id.text());
  }
  AddEntries(acl);
  return acl;
}

const FilterTable<Acl>& Filters() {
  using A = v1::NetworkAclAssociation;
  const auto association = [](auto get) { return Each<Acl>([](const Acl& a) { return a.associations(); }, get); };
  const auto entry = [](auto get) { return Each<Acl>([](const Acl& a) { return a.entries(); }, get); };
  static const FilterTable<Acl> table(
      {
          {"association.association-id", association([](const A& a) { return a.network_acl_association_id(); })},
          {"association.network-acl-id", association([](const A& a) { return a.network_acl_id(); })},
          {"association.subnet-id", association([](const A& a) { return a.subnet_id(); })},
          {"default", One<Acl>([](const Acl& a) { return a.is_default(); })},
          {"entry.cidr", entry([](const Entry& e) { return e.cidr_block(); })},
          {"entry.egress", entry([](const Entry& e) { return e.egress(); })},
          {"entry.icmp.code", Nothing<Acl>()},
          {"entry.icmp.type", Nothing<Acl>()},
          {"entry.ipv6-cidr", Nothing<Acl>()},
          {"entry.port-range.from", Nothing<Acl>()},
          {"entry.port-range.to", Nothing<Acl>()},
          {"entry.protocol", entry([](const Entry& e) { return e.protocol(); })},
          {"entry.rule-action", entry([](const Entry& e) { return e.rule_action(); })},
          {"entry.rule-number", entry([](const Entry& e) { return e.rule_number(); })},
          {"network-acl-id", One<Acl>([](const Acl& a) { return a.network_acl_id(); })},
          {"owner-id", One<Acl>([](const Acl& a) { return a.owner_id(); })},
          {"vpc-id", One<Acl>([](const Acl& a) { return a.vpc_id(); })},
      },
      [](const Acl& a) { return TagsOf(a.tags()); });
  return table;
}

absl::StatusOr<v1::DescribeNetworkAclsResponse> Describe(const Services& services,
                                                         const v1::DescribeNetworkAclsRequest& request) {
  RETURN_IF_ERROR(CheckPaging(request, !request.network_acl_ids().empty(), "networkAclId"));
  RETURN_IF_ERROR(CheckIds<NetworkAclId>(request.network_acl_ids()));
  ASSIGN_OR_RETURN(const std::vector<Vpc> vpcs, services.networks.ListVpcs());
  ASSIGN_OR_RETURN(const std::vector<network::SubnetView> subnets, services.networks.ListSubnets());
  std::vector<Acl> acls;
  for (const Vpc& vpc : vpcs) acls.push_back(Render(vpc, subnets, services.settings));
  const auto key = [](const Acl& acl) { return acl.network_acl_id(); };
  RETURN_IF_ERROR(Select<NetworkAclId>(request.network_acl_ids(), acls, key));
  v1::DescribeNetworkAclsResponse response;
  ASSIGN_OR_RETURN(acls, FilteredPage("acls", std::move(acls), Filters(), request, response, key));
  for (Acl& acl : acls) *response.add_network_acls() = std::move(acl);
  return response;
}

}  // namespace

void AddNetworkAclHandlers(Dispatcher& dispatcher, const Services& services) {
  dispatcher.Handle<v1::DescribeNetworkAclsRequest, v1::DescribeNetworkAclsResponse>(
      kService, "DescribeNetworkAcls",
      [services](const v1::DescribeNetworkAclsRequest& request, const Caller&) { return Describe(services, request); });
}

}  // namespace brume::api
