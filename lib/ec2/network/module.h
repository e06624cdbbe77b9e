// The network's area: VPCs, subnets, interfaces and security groups, and who makes the host match them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/network/address_service.h"
#include "lib/ec2/network/dhcp_options_service.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/flow_log_collector.h"
#include "lib/ec2/network/flow_log_files.h"
#include "lib/ec2/network/flow_log_service.h"
#include "lib/ec2/network/insights_service.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/nat_gateway_service.h"
#include "lib/ec2/network/network_acl_service.h"
#include "lib/ec2/network/network_reconciler.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/peering_service.h"
#include "lib/ec2/network/port_service.h"
#include "lib/ec2/network/prefix_list_service.h"
#include "lib/ec2/network/route_service.h"
#include "lib/ec2/network/security_group_service.h"
#include "lib/ec2/network/vpc_endpoint_service.h"
#include "lib/ec2/network/vpc_service.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"

namespace brume::network {

struct NetworkParts {
  store::Database& database;
  Random& random;
  const Clock& clock;
  const Settings& settings;
  Fabric& fabric;
  FlowLogFiles& flow_log_files;
  tagging::TagService& tags;
  NetworkReconcilerHooks hooks;
  // Whether the text is a policy that a VPC endpoint can have.
  std::function<absl::Status(const std::string& policy)> check_endpoint_policy;
};

// What it is given outlives it, and it outlives the dispatcher.
class NetworkModule {
 public:
  explicit NetworkModule(const NetworkParts& parts);

  // Makes the default VPC with what belongs to it, unless it is there; before calls are taken.
  absl::Status EnsureDefaults() { return networks_.EnsureDefaults(); }
  // Its actions, and the kinds of resources that can be tagged.
  void Register(gateway::Actions& actions);
  void Start() {
    reconciler_.Start();
    flow_log_collector_.Start();
  }
  // Idempotent.
  void Stop() {
    flow_log_collector_.Stop();
    reconciler_.Stop();
  }

  NetworkService& networks() { return networks_; }
  VpcEndpointService& vpc_endpoints() { return vpc_endpoints_; }
  PortService& ports() { return reconciler_; }
  // What others took away on the host and was made again; the newest. Thread-safe.
  std::vector<Repair> Repairs() const { return reconciler_.Repairs(); }
  // The fabric is to follow what was committed about this VPC. Thread-safe.
  void WakeVpc(const VpcId& id) { reconciler_.WakeVpc(id); }

 private:
  const Settings& settings_;
  tagging::TagService& tags_;
  NetworkReconciler reconciler_;
  NetworkService networks_;
  InterfaceService interfaces_;
  SecurityGroupService security_groups_;
  VpcService vpcs_;
  RouteService routes_;
  AddressService addresses_;
  NetworkAclService acls_;
  NatGatewayService nat_gateways_;
  VpcEndpointService vpc_endpoints_;
  PeeringService peerings_;
  InsightsService insights_;
  PrefixListService prefix_lists_;
  FlowLogCollector flow_log_collector_;
  FlowLogService flow_logs_;
  DhcpOptionsService dhcp_options_;
};

}  // namespace brume::network
