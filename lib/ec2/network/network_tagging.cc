#include "lib/ec2/network/network_tagging.h"

#include "lib/ec2/network/prefix_list_service.h"
#include "lib/ec2/network/tables/address_table.h"
#include "lib/ec2/network/tables/dhcp_options_table.h"
#include "lib/ec2/network/tables/flow_log_table.h"
#include "lib/ec2/network/tables/insights_table.h"
#include "lib/ec2/network/tables/nat_gateway_table.h"
#include "lib/ec2/network/tables/network_acl_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/peering_table.h"
#include "lib/ec2/network/tables/routing_table.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "lib/ec2/network/tables/vpc_endpoint_table.h"

namespace brume::network {

void AddTaggableKinds(tagging::TagService& tags) {
  using C = store::Connection;
  tags.AddKind<VpcId>([](C& c, const VpcId& id) { return NetworkTable(c).GetVpc(id).status(); });
  tags.AddKind<SubnetId>([](C& c, const SubnetId& id) { return NetworkTable(c).GetSubnet(id).status(); });
  tags.AddKind<EniId>([](C& c, const EniId& id) { return NetworkTable(c).GetInterface(id).status(); });
  tags.AddKind<SecurityGroupId>([](C& c, const SecurityGroupId& id) { return SecurityGroupTable(c).Get(id).status(); });
  tags.AddKind<SecurityGroupRuleId>(
      [](C& c, const SecurityGroupRuleId& id) { return SecurityGroupTable(c).GetRule(id).status(); });
  tags.AddKind<RouteTableId>([](C& c, const RouteTableId& id) { return RoutingTable(c).GetTable(id).status(); });
  tags.AddKind<InternetGatewayId>(
      [](C& c, const InternetGatewayId& id) { return RoutingTable(c).GetGateway(id).status(); });
  tags.AddKind<EgressOnlyInternetGatewayId>(
      [](C& c, const EgressOnlyInternetGatewayId& id) { return RoutingTable(c).GetEgressOnlyGateway(id).status(); });
  tags.AddKind<AllocationId>([](C& c, const AllocationId& id) { return AddressTable(c).Get(id).status(); });
  tags.AddKind<NatGatewayId>([](C& c, const NatGatewayId& id) { return NatGatewayTable(c).Get(id).status(); });
  tags.AddKind<VpcEndpointId>([](C& c, const VpcEndpointId& id) { return VpcEndpointTable(c).Get(id).status(); });
  tags.AddKind<VpcPeeringConnectionId>(
      [](C& c, const VpcPeeringConnectionId& id) { return PeeringTable(c).Get(id).status(); });
  tags.AddKind<NetworkInsightsPathId>(
      [](C& c, const NetworkInsightsPathId& id) { return InsightsTable(c).GetPath(id).status(); });
  tags.AddKind<NetworkInsightsAnalysisId>(
      [](C& c, const NetworkInsightsAnalysisId& id) { return InsightsTable(c).GetAnalysis(id).status(); });
  tags.AddKind<NetworkAclId>([](C& c, const NetworkAclId& id) { return NetworkAclTable(c).Get(id).status(); });
  tags.AddKind<DhcpOptionsId>([](C& c, const DhcpOptionsId& id) { return DhcpOptionsTable(c).Get(id).status(); });
  tags.AddKind<FlowLogId>([](C& c, const FlowLogId& id) { return FlowLogTable(c).Get(id).status(); });
  tags.AddKind<PrefixListId>([](C& c, const PrefixListId& id) { return GetPrefixList(c, id).status(); });
}

}  // namespace brume::network
