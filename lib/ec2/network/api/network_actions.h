// All actions of the network's area.
#pragma once

#include "lib/ec2/network/address_service.h"
#include "lib/ec2/network/dhcp_options_service.h"
#include "lib/ec2/network/flow_log_service.h"
#include "lib/ec2/network/insights_service.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/nat_gateway_service.h"
#include "lib/ec2/network/network_acl_service.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/peering_service.h"
#include "lib/ec2/network/prefix_list_service.h"
#include "lib/ec2/network/route_service.h"
#include "lib/ec2/network/security_group_service.h"
#include "lib/ec2/network/vpc_endpoint_service.h"
#include "lib/ec2/network/vpc_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

struct NetworkServices {
  network::NetworkService& networks;
  network::InterfaceService& interfaces;
  network::SecurityGroupService& security_groups;
  network::VpcService& vpcs;
  network::RouteService& routes;
  network::AddressService& addresses;
  network::NetworkAclService& acls;
  network::NatGatewayService& nat_gateways;
  network::VpcEndpointService& vpc_endpoints;
  network::PeeringService& peerings;
  network::InsightsService& insights;
  network::PrefixListService& prefix_lists;
  network::FlowLogService& flow_logs;
  network::DhcpOptionsService& dhcp_options;
};

// What `services` refers to and `settings` outlive the dispatcher.
void AddNetworkActions(gateway::Actions& actions, const NetworkServices& services, const Settings& settings);

}  // namespace brume::ec2
