#include "lib/ec2/network/module.h"

#include "lib/ec2/network/api/network_actions.h"
#include "lib/ec2/network/network_tagging.h"

namespace brume::network {

NetworkModule::NetworkModule(const NetworkParts& parts)
    : settings_(parts.settings),
      tags_(parts.tags),
      reconciler_(parts.database, parts.clock, parts.fabric, parts.settings, parts.hooks),
      networks_(parts.database, parts.settings, parts.random),
      interfaces_(
          parts.database, parts.random, parts.hooks.instances,
          {.vpc = [this](const VpcId& vpc) { reconciler_.WakeVpc(vpc); },
           .port = [this](const VpcId& vpc, const EniId& eni) { reconciler_.WakePort(vpc, eni); },
           .members = [this](const VpcId& vpc, const SecurityGroupId& group) { reconciler_.WakeMembers(vpc, group); }}),
      security_groups_(parts.database, parts.random,
                       [this](const VpcId& vpc, const SecurityGroupId& group) { reconciler_.WakeGroup(vpc, group); }),
      vpcs_(parts.database, parts.settings, parts.random, parts.clock,
            [this](const VpcId& vpc) { reconciler_.WakeVpc(vpc); }),
      routes_(parts.database, parts.random, parts.clock, parts.hooks.instances,
              [this](const VpcId& vpc) { reconciler_.WakeVpc(vpc); }),
      addresses_(parts.database, parts.settings, parts.random, parts.hooks.instances,
                 {.wake_port = [this](const VpcId& vpc, const EniId& eni) { reconciler_.WakePort(vpc, eni); },
                  .wake_vpcs = [this] { reconciler_.WakeVpcs(); }}),
      acls_(parts.database, parts.random, [this](const VpcId& vpc) { reconciler_.WakeVpc(vpc); }),
      nat_gateways_(parts.database, parts.random, parts.clock, [this](const VpcId& vpc) { reconciler_.WakeVpc(vpc); }),
      vpc_endpoints_({.database = parts.database,
                      .settings = parts.settings,
                      .random = parts.random,
                      .clock = parts.clock,
                      .check_policy = parts.check_endpoint_policy,
                      .wake = [this](const VpcId& vpc) { reconciler_.WakeVpc(vpc); }}),
      peerings_(parts.database, parts.random, parts.clock, [this](const VpcId& vpc) { reconciler_.WakeVpc(vpc); }),
      insights_(parts.database, parts.random, parts.clock, [this] { return reconciler_.ReadSpecs(); }),
      prefix_lists_(parts.database, parts.random,
                    [this](const PrefixListId& list, const PrefixListUsers& users) {
                      reconciler_.WakePrefixListUsers(list, users);
                    }),
      flow_log_collector_(parts.database, parts.clock, parts.fabric, parts.flow_log_files, parts.settings),
      flow_logs_(parts.database, parts.random, parts.clock, flow_log_collector_, parts.flow_log_files,
                 [this](const VpcId& vpc) { reconciler_.WakeVpc(vpc); }),
      dhcp_options_(parts.database, parts.random, [this](const VpcId& vpc) { reconciler_.WakeVpc(vpc); }) {}

void NetworkModule::Register(gateway::Actions& actions) {
  AddTaggableKinds(tags_);
  tags_.OnChange([this](const std::vector<std::string>& ids) { reconciler_.WakeTagged(ids); });
  ec2::AddNetworkActions(actions,
                         {.networks = networks_,
                          .interfaces = interfaces_,
                          .security_groups = security_groups_,
                          .vpcs = vpcs_,
                          .routes = routes_,
                          .addresses = addresses_,
                          .acls = acls_,
                          .nat_gateways = nat_gateways_,
                          .vpc_endpoints = vpc_endpoints_,
                          .peerings = peerings_,
                          .insights = insights_,
                          .prefix_lists = prefix_lists_,
                          .flow_logs = flow_logs_,
                          .dhcp_options = dhcp_options_},
                         settings_);
}

}  // namespace brume::network
