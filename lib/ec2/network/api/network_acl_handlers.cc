#include "lib/ec2/network/api/network_acl_handlers.h"

#include <utility>
#include <vector>

#include "brume/ec2/v1/network_acl.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/api/derived_resources.h"
#include "lib/gateway/listing.h"

namespace brume::ec2 {
namespace {

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
Acl Render(const Vpc& vpc, const std::vector<Subnet>& subnets, const Settings& settings) {
  Acl acl;
  acl.set_network_acl_id(WithDigitsOf<NetworkAclId>(vpc.id.text()).text());
  acl.set_is_default(true);
  acl.set_vpc_id(vpc.id.text());
  acl.set_owner_id(settings.account_id);
  for (const Subnet& subnet : subnets) {
    if (subnet.vpc_id != vpc.id) continue;
    v1::NetworkAclAssociation& association = *acl.add_associations();
    association.set_network_acl_association_id(gateway::IdLike("aclassoc", subnet.id.text()));
    association.set_network_acl_id(acl.network_acl_id());
    association.set_subnet_id(subnet.id.text());
  }
  AddEntries(acl);
  return acl;
}

absl::StatusOr<v1::DescribeNetworkAclsResponse> DescribeNetworkAcls(const v1::DescribeNetworkAclsRequest& request,
                                                                    network::NetworkService& networks,
                                                                    const Settings& settings) {
  static const gateway::Listing<Acl, v1::DescribeNetworkAclsResponse> listing = {
      "acls", &Acl::network_acl_id, &v1::DescribeNetworkAclsResponse::mutable_network_acls};
  const auto& ids = request.network_acl_ids();
  ASSIGN_OR_RETURN(const std::vector<Vpc> vpcs, VpcsAskedFor<NetworkAclId>(networks, request, ids, "networkAclId"));
  std::vector<VpcId> vpc_ids;
  vpc_ids.reserve(vpcs.size());
  for (const Vpc& vpc : vpcs) vpc_ids.push_back(vpc.id);
  ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, networks.ListSubnetsOf(vpc_ids));
  std::vector<Acl> acls;
  acls.reserve(vpcs.size());
  for (const Vpc& vpc : vpcs) acls.push_back(Render(vpc, subnets, settings));
  RETURN_IF_ERROR(AddTagsOf(networks, &Acl::network_acl_id, acls));
  return gateway::AnswerNamed<NetworkAclId>(listing, request, ids, std::move(acls));
}

}  // namespace

void AddNetworkAclActions(gateway::Actions& actions, network::NetworkService& networks, const Settings& settings) {
  actions.Add(DescribeNetworkAcls, networks, settings);
}

}  // namespace brume::ec2
