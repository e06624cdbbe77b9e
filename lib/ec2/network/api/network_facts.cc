#include "lib/ec2/network/api/network_facts.h"

#include <string>
#include <vector>

#include "lib/base/status_macros.h"
#include "lib/resource/arn.h"

namespace brume::ec2 {
namespace {

absl::StatusOr<AccessContext> SubnetFacts(network::NetworkService& networks, const Account& account,
                                          const std::string& name) {
  ASSIGN_OR_RETURN(const SubnetId id, SubnetId::Parse(name));
  ASSIGN_OR_RETURN(const std::vector<network::SubnetView> found, networks.ListSubnets({&id, 1}));
  AccessContext facts;
  for (const network::SubnetView& view : found) {
    facts = {{"ec2:subnetid", {name}},
             {"ec2:vpc", {ArnOf(account, view.subnet.vpc_id)}},
             {"ec2:availabilityzone", {view.subnet.availability_zone}}};
  }
  return facts;
}

absl::StatusOr<AccessContext> GroupFacts(network::SecurityGroupService& groups, const Account& account,
                                         const std::string& name) {
  ASSIGN_OR_RETURN(const SecurityGroupId id, SecurityGroupId::Parse(name));
  ASSIGN_OR_RETURN(const SecurityGroup group, groups.Resolve(id, ""));
  return AccessContext{{"ec2:securitygroupid", {name}}, {"ec2:vpc", {ArnOf(account, group.vpc_id)}}};
}

absl::StatusOr<AccessContext> InterfaceFacts(network::InterfaceService& interfaces, const Account& account,
                                             const std::string& name) {
  ASSIGN_OR_RETURN(const EniId id, EniId::Parse(name));
  ASSIGN_OR_RETURN(const std::vector<network::InterfaceView> found, interfaces.List({&id, 1}));
  AccessContext facts;
  for (const network::InterfaceView& view : found) {
    facts = {{"ec2:networkinterfaceid", {name}},
             {"ec2:subnet", {ArnOf(account, view.eni.subnet_id)}},
             {"ec2:vpc", {ArnOf(account, view.eni.vpc_id)}},
             {"ec2:availabilityzone", {view.availability_zone}}};
    if (!view.eni.instance_id.empty()) facts["ec2:instanceid"] = {view.eni.instance_id.text()};
  }
  return facts;
}

absl::StatusOr<AccessContext> TableFacts(network::RouteService& routes, const Account& account,
                                         const std::string& name) {
  ASSIGN_OR_RETURN(const RouteTableId id, RouteTableId::Parse(name));
  ASSIGN_OR_RETURN(const std::vector<network::RouteTableView> found, routes.ListTables({&id, 1}));
  AccessContext facts;
  for (const network::RouteTableView& view : found) {
    facts = {{"ec2:routetableid", {name}}, {"ec2:vpc", {ArnOf(account, view.table.vpc_id)}}};
  }
  return facts;
}

absl::StatusOr<AccessContext> AclFacts(network::NetworkAclService& acls, const Account& account,
                                       const std::string& name) {
  ASSIGN_OR_RETURN(const NetworkAclId id, NetworkAclId::Parse(name));
  ASSIGN_OR_RETURN(const std::vector<network::NetworkAclView> found, acls.List({&id, 1}));
  AccessContext facts;
  for (const network::NetworkAclView& view : found) {
    facts = {{"ec2:networkaclid", {name}}, {"ec2:vpc", {ArnOf(account, view.acl.vpc_id)}}};
  }
  return facts;
}

absl::StatusOr<AccessContext> AddressFacts(network::AddressService& addresses, const std::string& name) {
  ASSIGN_OR_RETURN(const AllocationId id, AllocationId::Parse(name));
  ASSIGN_OR_RETURN(const network::AddressView view, addresses.Of(network::AddressName{.id = id, .public_ip = {}}));
  return AccessContext{
      {"ec2:allocationid", {name}}, {"ec2:domain", {"vpc"}}, {"ec2:publicipaddress", {view.address.public_ip.text()}}};
}

absl::StatusOr<AccessContext> PeeringFacts(network::PeeringService& peerings, const Account& account,
                                           const std::string& name) {
  ASSIGN_OR_RETURN(const VpcPeeringConnectionId id, VpcPeeringConnectionId::Parse(name));
  ASSIGN_OR_RETURN(const std::vector<network::VpcPeeringView> found, peerings.List({&id, 1}));
  AccessContext facts;
  for (const network::VpcPeeringView& view : found) {
    facts = {{"ec2:vpcpeeringconnectionid", {name}},
             {"ec2:requestervpc", {ArnOf(account, view.peering.requester.vpc_id)}},
             {"ec2:acceptervpc", {ArnOf(account, view.peering.accepter.vpc_id)}}};
  }
  return facts;
}

}  // namespace

void AddNetworkFacts(gateway::ResourceFacts& facts, const NetworkServices& services, const Account& account) {
  facts.Add(VpcId::kKind.arn_type, [](const std::string& id) -> absl::StatusOr<AccessContext> {
    return AccessContext{{"ec2:vpcid", {id}}, {"ec2:tenancy", {"default"}}};
  });
  facts.Add(SubnetId::kKind.arn_type, [&networks = services.networks, account](const std::string& id) {
    return SubnetFacts(networks, account, id);
  });
  facts.Add(SecurityGroupId::kKind.arn_type, [&groups = services.security_groups, account](const std::string& id) {
    return GroupFacts(groups, account, id);
  });
  facts.Add(RouteTableId::kKind.arn_type,
            [&routes = services.routes, account](const std::string& id) { return TableFacts(routes, account, id); });
  facts.Add(NetworkAclId::kKind.arn_type,
            [&acls = services.acls, account](const std::string& id) { return AclFacts(acls, account, id); });
  facts.Add(InternetGatewayId::kKind.arn_type, [](const std::string& id) -> absl::StatusOr<AccessContext> {
    return AccessContext{{"ec2:internetgatewayid", {id}}};
  });
  facts.Add(DhcpOptionsId::kKind.arn_type, [](const std::string& id) -> absl::StatusOr<AccessContext> {
    return AccessContext{{"ec2:dhcpoptionsid", {id}}};
  });
  facts.Add(AllocationId::kKind.arn_type,
            [&addresses = services.addresses](const std::string& id) { return AddressFacts(addresses, id); });
  facts.Add(VpcPeeringConnectionId::kKind.arn_type, [&peerings = services.peerings, account](const std::string& id) {
    return PeeringFacts(peerings, account, id);
  });
  facts.Add(EniId::kKind.arn_type, [&interfaces = services.interfaces, account](const std::string& id) {
    return InterfaceFacts(interfaces, account, id);
  });
}

}  // namespace brume::ec2
