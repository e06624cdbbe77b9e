#include "cli/tables_vpc.h"

#include "nlohmann/json.hpp"

namespace brume::cli {

namespace {

using Json = nlohmann::ordered_json;

// What a route leads to, whatever kind of thing that is.
std::string RouteTarget(const Json& route, const TableStyle&) {
  for (const char* member : {"GatewayId", "NatGatewayId", "EgressOnlyInternetGatewayId", "InstanceId",
                             "NetworkInterfaceId", "VpcPeeringConnectionId"}) {
    std::string target = Cell(route, member);
    if (!target.empty()) return target;
  }
  return "";
}

std::string RouteDestination(const Json& route, const TableStyle&) {
  for (const char* member : {"DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"}) {
    std::string destination = Cell(route, member);
    if (!destination.empty()) return destination;
  }
  return "";
}

// "main", or the subnets that use the table.
std::string RouteTableUsers(const Json& association, const TableStyle&) {
  return Cell(association, "Main") == "yes" ? "main" : Cell(association, "SubnetId");
}

// "domain-name-servers=10.0.0.2"
std::string DhcpOption(const Json& option, const TableStyle&) {
  return Cell(option, "Key") + "=" + Cell(option, "Values.Value");
}

constexpr CellFormat kRouteTarget{RouteTarget};
constexpr CellFormat kRouteDestination{RouteDestination};
constexpr CellFormat kRouteTableUsers{RouteTableUsers};
constexpr CellFormat kDhcpOption{DhcpOption};

std::vector<TableSpec> GatewayTables() {
  return {
      {"ec2.InternetGateway",
       "internet gateways",
       {{"ID", "InternetGatewayId"},
        {"NAME", "Tags[Name]", 1, &kPlain, 12},
        {"STATE", "Attachments.State", 0, &kState},
        {"VPC", "Attachments.VpcId"},
        {"OWNER", "OwnerId", 5}}},
      {"ec2.EgressOnlyInternetGateway",
       "egress-only internet gateways",
       {{"ID", "EgressOnlyInternetGatewayId"},
        {"NAME", "Tags[Name]", 1, &kPlain, 12},
        {"STATE", "Attachments.State", 0, &kState},
        {"VPC", "Attachments.VpcId"}}},
      {"ec2.NatGateway",
       "NAT gateways",
       {{"ID", "NatGatewayId"},
        {"NAME", "Tags[Name]", 1, &kPlain, 12},
        {"STATE", "State", 0, &kState},
        {"PUBLIC IP", "NatGatewayAddresses.PublicIp", 2},
        {"PRIVATE IP", "NatGatewayAddresses.PrivateIp", 3},
        {"KIND", "ConnectivityType", 5},
        {"SUBNET", "SubnetId", 4},
        {"VPC", "VpcId", 6},
        {"CREATED", "CreateTime", 7, &kAge},
        {"WHY", "FailureMessage", 2, &kPlain, 20}}},
      {"ec2.NatGatewayAddress",
       "addresses",
       {{"PRIVATE IP", "PrivateIp"},
        {"PUBLIC IP", "PublicIp", 1},
        {"STATE", "Status", 0, &kState},
        {"PRIMARY", "IsPrimary", 2},
        {"ALLOCATION", "AllocationId", 3},
        {"INTERFACE", "NetworkInterfaceId", 4}}},
      {"ec2.VpnGateway", "virtual private gateways", {{"ID", "VpnGatewayId"}}},
      {"ec2.VpcPeeringConnection",
       "VPC peering connections",
       {{"ID", "VpcPeeringConnectionId"},
        {"NAME", "Tags[Name]", 1, &kPlain, 12},
        {"STATE", "Status.Code", 0, &kState},
        {"REQUESTER", "RequesterVpcInfo.VpcId", 2},
        {"CIDR", "RequesterVpcInfo.CidrBlock", 3},
        {"ACCEPTER", "AccepterVpcInfo.VpcId", 2},
        {"CIDR", "AccepterVpcInfo.CidrBlock", 3},
        {"EXPIRES", "ExpirationTime", 4, &kAge}}},
      {"ec2.VpcEndpoint",
       "VPC endpoints",
       {{"ID", "VpcEndpointId"},
        {"NAME", "Tags[Name]", 1, &kPlain, 12},
        {"STATE", "State", 0, &kState},
        {"SERVICE", "ServiceName", 1},
        {"KIND", "VpcEndpointType", 2},
        {"VPC", "VpcId", 3},
        {"SUBNETS", "SubnetIds", 4},
        {"ROUTE TABLES", "RouteTableIds", 4},
        {"CREATED", "CreationTimestamp", 5, &kAge},
        {"WHY", "LastError.Message", 3, &kPlain, 20}}},
      {"ec2.ServiceDetail",
       "services",
       {{"SERVICE", "ServiceName"},
        {"KIND", "ServiceType.ServiceType", 1},
        {"OWNER", "Owner", 3},
        {"DNS NAME", "PrivateDnsName", 2},
        {"ZONES", "AvailabilityZones", 4, &kPlain, 20}}},
  };
}

std::vector<TableSpec> InterfaceTables() {
  return {
      {"ec2.Address",
       "addresses",
       {{"ID", "AllocationId"},
        {"NAME", "Tags[Name]", 1, &kPlain, 12},
        {"PUBLIC IP", "PublicIp"},
        {"INSTANCE", "InstanceId", 1},
        {"PRIVATE IP", "PrivateIpAddress", 2},
        {"INTERFACE", "NetworkInterfaceId", 3},
        {"ASSOCIATION", "AssociationId", 4}}},
      {"ec2.AddressAttribute",
       "addresses",
       {{"ID", "AllocationId"}, {"PUBLIC IP", "PublicIp"}, {"NAME IN DNS", "PtrRecord", 1, &kPlain, 20}}},
      {"ec2.NetworkInterface",
       "network interfaces",
       {{"ID", "NetworkInterfaceId"},
        {"NAME", "Tags[Name]", 1, &kPlain, 12},
        {"STATE", "Status", 0, &kState},
        {"PRIVATE IP", "PrivateIpAddress", 1},
        {"PUBLIC IP", "Association.PublicIp", 2},
        {"INSTANCE", "Attachment.InstanceId", 1},
        {"INDEX", "Attachment.DeviceIndex", 6, &kNumber},
        {"GROUPS", "Groups.GroupName", 4, &kPlain, 12},
        {"SUBNET", "SubnetId", 5},
        {"MAC", "MacAddress", 7},
        {"DESCRIPTION", "Description", 8, &kPlain, 20}}},
      {"ec2.AssignedPrivateIpAddress", "addresses", {{"PRIVATE IP", "PrivateIpAddress"}}},
  };
}

}  // namespace

std::vector<TableSpec> VpcTables() {
  std::vector<TableSpec> tables = {
      {"ec2.Vpc",
       "VPCs",
       {{"ID", "VpcId"},
        {"NAME", "Tags[Name]", 1, &kPlain, 12},
        {"STATE", "State", 0, &kState},
        {"CIDR", "CidrBlock"},
        {"DEFAULT", "IsDefault", 2},
        {"IPV6 CIDR", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock", 3},
        {"DHCP OPTIONS", "DhcpOptionsId", 4}}},
      {"ec2.Subnet",
       "subnets",
       {{"ID", "SubnetId"},
        {"NAME", "Tags[Name]", 1, &kPlain, 12},
        {"STATE", "State", 0, &kState},
        {"CIDR", "CidrBlock", 1},
        {"ZONE", "AvailabilityZone", 2},
        {"FREE", "AvailableIpAddressCount", 3, &kNumber},
        {"PUBLIC IP", "MapPublicIpOnLaunch", 4},
        {"DEFAULT", "DefaultForAz", 5},
        {"IPV6 CIDR", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock", 6},
        {"VPC", "VpcId", 4}}},
      {"ec2.RouteTable",
       "route tables",
       {{"ID", "RouteTableId"},
        {"NAME", "Tags[Name]", 3, &kPlain, 10},
        {"DESTINATION", "/", 0, &kRouteDestination},
        {"TARGET", "/", 0, &kRouteTarget},
        {"STATE", "/State", 0, &kState},
        {"USED BY", "Associations", 4, &kRouteTableUsers},
        {"VPC", "VpcId", 5},
        {"ORIGIN", "/Origin", 6}},
       {"Routes"}},
      {"ec2.DhcpOptions",
       "DHCP option sets",
       {{"ID", "DhcpOptionsId"},
        {"NAME", "Tags[Name]", 1, &kPlain, 12},
        {"OPTION", "/", 0, &kDhcpOption, 20},
        {"OWNER", "OwnerId", 3}},
       {"DhcpConfigurations"}},
  };
  for (TableSpec& table : GatewayTables()) tables.push_back(std::move(table));
  for (TableSpec& table : InterfaceTables()) tables.push_back(std::move(table));
  return tables;
}

}  // namespace brume::cli
