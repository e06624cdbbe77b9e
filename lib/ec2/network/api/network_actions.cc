#include "lib/ec2/network/api/network_actions.h"

#include "lib/ec2/network/api/address_handlers.h"
#include "lib/ec2/network/api/dhcp_options_handlers.h"
#include "lib/ec2/network/api/egress_only_gateway_handlers.h"
#include "lib/ec2/network/api/flow_log_handlers.h"
#include "lib/ec2/network/api/insights_handlers.h"
#include "lib/ec2/network/api/internet_gateway_handlers.h"
#include "lib/ec2/network/api/nat_gateway_handlers.h"
#include "lib/ec2/network/api/network_acl_handlers.h"
#include "lib/ec2/network/api/network_facts.h"
#include "lib/ec2/network/api/network_interface_handlers.h"
#include "lib/ec2/network/api/peering_handlers.h"
#include "lib/ec2/network/api/prefix_list_handlers.h"
#include "lib/ec2/network/api/region_handlers.h"
#include "lib/ec2/network/api/route_handlers.h"
#include "lib/ec2/network/api/security_group_handlers.h"
#include "lib/ec2/network/api/security_group_rule_handlers.h"
#include "lib/ec2/network/api/subnet_handlers.h"
#include "lib/ec2/network/api/vpc_endpoint_handlers.h"
#include "lib/ec2/network/api/vpc_handlers.h"
#include "lib/ec2/network/api/vpn_gateway_handlers.h"
#include "lib/resource/zones.h"

namespace brume::ec2 {

void AddNetworkActions(gateway::Actions& actions, const NetworkServices& services, const Settings& settings) {
  AddNetworkFacts(actions.facts(), services, settings.account());
  actions.facts().Derive("ec2:availabilityzone", "ec2:availabilityzoneid",
                         [&settings](const std::string& zone) { return ZoneId(settings, zone); });
  AddAddressActions(actions, services.addresses, settings);
  AddDhcpOptionsActions(actions, services.dhcp_options, settings);
  AddFlowLogActions(actions, services.flow_logs);
  AddEgressOnlyGatewayActions(actions, services.routes);
  AddInsightsActions(actions, services.insights, settings);
  AddInternetGatewayActions(actions, services.routes, settings);
  AddNatGatewayActions(actions, services.nat_gateways, services.addresses, settings);
  AddNetworkAclActions(actions, services.acls, settings);
  AddNetworkInterfaceActions(actions, services.interfaces, services.addresses, settings);
  AddPeeringActions(actions, services.peerings, settings);
  AddPrefixListActions(actions, services.prefix_lists, settings);
  AddRegionActions(actions, settings);
  AddRouteActions(actions, services.routes, settings);
  AddSecurityGroupActions(actions, services.security_groups, settings);
  AddSecurityGroupRuleActions(actions, services.security_groups, settings);
  AddSubnetActions(actions, services.networks, services.vpcs, settings);
  AddVpcEndpointActions(actions, services.vpc_endpoints, services.interfaces, settings);
  AddVpcActions(actions, services.networks, services.vpcs, settings);
  AddVpnGatewayActions(actions, services.routes);
}

}  // namespace brume::ec2
