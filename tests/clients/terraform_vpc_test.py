"""The calls that Terraform's AWS provider makes for VPCs, subnets, internet gateways, route tables and network ACLs, from an
apply to a destroy; see terraform_ec2_test.py. Each resource has a VPC of its own, which must be empty behind it.
"""

import unittest

from client_host import code_of
from terraform import Resource, TerraformTest, filters, find, tagged, tags_of, wait_state
from terraform_network import InVpc, Network

ANYWHERE = "0.0.0.0/0"


class Vpc(Resource):
    def create(self):
        made = self.ec2.create_vpc(CidrBlock="10.81.0.0/16", AmazonProvidedIpv6CidrBlock=False, InstanceTenancy="default",
                                   TagSpecifications=tagged("vpc", Name="replay"))["Vpc"]
        self.id = made["VpcId"]
        wait_state(lambda: (self.find() or {}).get("State"), "available", ("pending",), self.id)
        self.modify("enableDnsHostnames", True)
        self.modify("enableNetworkAddressUsageMetrics", True)
        return {"cidr_block": "10.81.0.0/16", "instance_tenancy": "default", "enableDnsHostnames": True,
                "enableDnsSupport": True, "enableNetworkAddressUsageMetrics": True, "tags": {"Name": "replay"}}

    def find(self):
        return find(self.ec2.describe_vpcs, "Vpcs", {"InvalidVpcID.NotFound"}, VpcIds=[self.id])

    def attribute(self, name):
        answer = self.ec2.describe_vpc_attribute(VpcId=self.id, Attribute=name)
        return answer[name[0].upper() + name[1:]]["Value"]

    def modify(self, name, value):
        self.ec2.modify_vpc_attribute(VpcId=self.id, **{name[0].upper() + name[1:]: {"Value": value}})
        wait_state(lambda: self.attribute(name), value, (not value,), f"{name} of {self.id}")

    def read(self):
        shown = self.find()
        acl = find(self.ec2.describe_network_acls, "NetworkAcls", Filters=filters(default="true", vpc_id=self.id))
        table = find(self.ec2.describe_route_tables, "RouteTables",
                     Filters=filters(association__main="true", vpc_id=self.id))
        group = find(self.ec2.describe_security_groups, "SecurityGroups",
                     Filters=filters(group_name="default", vpc_id=self.id))
        names = ("enableDnsHostnames", "enableDnsSupport", "enableNetworkAddressUsageMetrics")
        return {"cidr_block": shown["CidrBlock"], "instance_tenancy": shown["InstanceTenancy"],
                "dhcp_options_id": shown["DhcpOptionsId"], "owner_id": shown["OwnerId"], "default": shown["IsDefault"],
                "ipv6": shown.get("Ipv6CidrBlockAssociationSet", []), "default_network_acl_id": acl["NetworkAclId"],
                "main_route_table_id": table["RouteTableId"], "default_security_group_id": group["GroupId"],
                "tags": tags_of(shown), **{name: self.attribute(name) for name in names}}

    def update(self):
        for name in ("enableDnsHostnames", "enableDnsSupport", "enableNetworkAddressUsageMetrics"):
            self.modify(name, False)
        return {"enableDnsHostnames": False, "enableDnsSupport": False, "enableNetworkAddressUsageMetrics": False,
                "tags": self.retag()}

    def delete(self):
        self.ec2.delete_vpc(VpcId=self.id)

    def gone(self):
        return code_of(self.ec2.describe_vpcs, VpcIds=[self.id]) == "InvalidVpcID.NotFound" == code_of(
            self.ec2.delete_vpc, VpcId=self.id)


class SecondaryRange(InVpc):
    """aws_vpc_ipv4_cidr_block_association"""

    def create(self):
        made = self.ec2.associate_vpc_cidr_block(VpcId=self.network.id, CidrBlock="10.82.0.0/20")
        self.id = made["CidrBlockAssociation"]["AssociationId"]
        wait_state(self.state, "associated", ("associating",), self.id)
        return {"cidr_block": "10.82.0.0/20", "vpc_id": self.network.id}

    def find(self):
        vpc = find(self.ec2.describe_vpcs, "Vpcs", Filters=filters(cidr_block_association__association_id=self.id))
        found = [each for each in (vpc or {}).get("CidrBlockAssociationSet", []) if each["AssociationId"] == self.id]
        return {**found[0], "VpcId": vpc["VpcId"]} if found else None

    def state(self):
        found = self.find()
        return found["CidrBlockState"]["State"] if found else None

    def read(self):
        shown = self.find()
        return {"cidr_block": shown["CidrBlock"], "vpc_id": shown["VpcId"], "state": self.state()}

    def delete(self):
        self.ec2.disassociate_vpc_cidr_block(AssociationId=self.id)

    def gone(self):
        code = code_of(self.ec2.disassociate_vpc_cidr_block, AssociationId=self.id)
        return code == "InvalidVpcCidrBlockAssociationID.NotFound" and self.state() in ("disassociated", None)


class Subnet(InVpc):
    def create(self):
        made = self.ec2.create_subnet(VpcId=self.network.id, CidrBlock="10.80.4.0/22", AvailabilityZoneId="use1-az2",
                                      TagSpecifications=tagged("subnet", Name="replay"))["Subnet"]
        self.id = made["SubnetId"]
        wait_state(lambda: self.find()["State"], "available", ("pending",), self.id)
        return {"cidr_block": "10.80.4.0/22", "availability_zone_id": "use1-az2", "vpc_id": self.network.id,
                "map_public_ip_on_launch": False, "hostname_type": "ip-name", "a_record": False,
                "map_customer_owned_ip_on_launch": False, "tags": {"Name": "replay"}}

    def find(self):
        return find(self.ec2.describe_subnets, "Subnets", {"InvalidSubnetID.NotFound"}, SubnetIds=[self.id])

    def read(self):
        shown = self.find()
        names = shown["PrivateDnsNameOptionsOnLaunch"]
        return {"cidr_block": shown["CidrBlock"], "availability_zone": shown["AvailabilityZone"],
                "availability_zone_id": shown["AvailabilityZoneId"], "arn": shown["SubnetArn"],
                "owner_id": shown["OwnerId"], "vpc_id": shown["VpcId"], "enable_dns64": shown["EnableDns64"],
                "ipv6_native": shown["Ipv6Native"], "assign_ipv6": shown["AssignIpv6AddressOnCreation"],
                "map_customer_owned_ip_on_launch": shown["MapCustomerOwnedIpOnLaunch"],
                "map_public_ip_on_launch": shown["MapPublicIpOnLaunch"], "hostname_type": names["HostnameType"],
                "a_record": names["EnableResourceNameDnsARecord"], "free": shown["AvailableIpAddressCount"],
                "aaaa_record": names["EnableResourceNameDnsAAAARecord"], "tags": tags_of(shown)}

    def update(self):
        self.ec2.modify_subnet_attribute(SubnetId=self.id, EnableResourceNameDnsARecordOnLaunch={"Value": True})
        self.ec2.modify_subnet_attribute(SubnetId=self.id, MapPublicIpOnLaunch={"Value": True})
        self.ec2.modify_subnet_attribute(SubnetId=self.id, PrivateDnsHostnameTypeOnLaunch="resource-name")
        return {"map_public_ip_on_launch": True, "hostname_type": "resource-name", "a_record": True,
                "tags": self.retag()}

    def delete(self):
        lingering = self.ec2.describe_network_interfaces(
            Filters=filters(subnet_id=self.id, description="AWS Lambda VPC ENI*"))
        assert not lingering["NetworkInterfaces"]
        interface = self.network.interface(self.id)
        assert code_of(self.ec2.delete_subnet, SubnetId=self.id) == "DependencyViolation"
        self.ec2.delete_network_interface(NetworkInterfaceId=interface)
        self.network.undo.pop()
        self.ec2.delete_subnet(SubnetId=self.id)

    def gone(self):
        return code_of(self.ec2.describe_subnets, SubnetIds=[self.id]) == "InvalidSubnetID.NotFound" == code_of(
            self.ec2.delete_subnet, SubnetId=self.id)


class InternetGateway(InVpc):
    """aws_internet_gateway with its vpc_id, and aws_internet_gateway_attachment."""

    def around(self):
        self.other = Network(self.ec2)

    def create(self):
        made = self.ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway", Name="replay"))
        self.id = made["InternetGateway"]["InternetGatewayId"]
        self.attach(self.network.id)
        return {"vpc_id": self.network.id, "tags": {"Name": "replay"}}

    def attach(self, vpc):
        self.ec2.attach_internet_gateway(InternetGatewayId=self.id, VpcId=vpc)
        wait_state(lambda: self.attachment().get("State"), "available", ("attaching",), self.id)

    def detach(self, vpc):
        self.ec2.detach_internet_gateway(InternetGatewayId=self.id, VpcId=vpc)
        wait_state(lambda: self.attachment().get("State"), None, ("available", "detaching"), self.id)

    def find(self):
        return find(self.ec2.describe_internet_gateways, "InternetGateways", {"InvalidInternetGatewayID.NotFound"},
                    InternetGatewayIds=[self.id])

    def attachment(self):
        return ([*self.find()["Attachments"], {}])[0]

    def read(self):
        shown = self.find()
        return {"owner_id": shown["OwnerId"], "vpc_id": self.attachment().get("VpcId"), "tags": tags_of(shown)}

    def update(self):
        self.detach(self.network.id)
        assert code_of(self.ec2.detach_internet_gateway, InternetGatewayId=self.id,
                       VpcId=self.network.id) == "Gateway.NotAttached"
        self.attach(self.other.id)
        return {"vpc_id": self.other.id, "tags": self.retag()}

    def delete(self):
        assert code_of(self.ec2.delete_internet_gateway, InternetGatewayId=self.id) == "DependencyViolation"
        self.detach(self.other.id)
        self.ec2.delete_internet_gateway(InternetGatewayId=self.id)

    def gone(self):
        return code_of(self.ec2.describe_internet_gateways,
                       InternetGatewayIds=[self.id]) == "InvalidInternetGatewayID.NotFound"

    def end(self):
        self.other.destroy()
        super().end()


class Table(InVpc):
    """What the resources about a route table share."""

    def around(self):
        self.gateway = self.network.gateway()
        self.subnet = self.network.subnet()
        self.interface = self.network.interface(self.subnet)

    def find(self, table=None):
        return find(self.ec2.describe_route_tables, "RouteTables", {"InvalidRouteTableID.NotFound"},
                    RouteTableIds=[table or self.id])

    def routes(self, table=None):
        """What it leads to by destination, without the route to the VPC itself."""
        return {route.get("DestinationCidrBlock") or route["DestinationPrefixListId"]:
                route.get("NatGatewayId") or route.get("VpcPeeringConnectionId") or route.get("NetworkInterfaceId") or
                route["GatewayId"]
                for route in self.find(table)["Routes"] if route.get("GatewayId") != "local"}


class RouteTable(Table):
    """aws_route_table with its routes inline."""

    def around(self):
        super().around()
        self.prefix_list = self.network.prefix_list("192.0.2.0/24", "198.51.100.0/24")
        self.other = Network(self.ec2, "10.90.0.0/16")
        self.peering = self.network.peering(self.other)

    def create(self):
        made = self.ec2.create_route_table(VpcId=self.network.id,
                                           TagSpecifications=tagged("route-table", Name="replay"))
        self.id = made["RouteTable"]["RouteTableId"]
        wait_state(lambda: "ready" if self.find() else None, "ready", (None,), self.id)
        wanted = {ANYWHERE: ("GatewayId", self.gateway), "10.90.0.0/16": ("VpcPeeringConnectionId", self.peering),
                  "203.0.113.0/24": ("NetworkInterfaceId", self.interface)}
        for destination, (kind, target) in wanted.items():
            self.ec2.create_route(RouteTableId=self.id, DestinationCidrBlock=destination, **{kind: target})
        self.ec2.create_route(RouteTableId=self.id, DestinationPrefixListId=self.prefix_list, GatewayId=self.gateway)
        return {"route": {**{destination: target for destination, (_, target) in wanted.items()},
                          self.prefix_list: self.gateway}, "propagating_vgws": [], "tags": {"Name": "replay"}}

    def read(self):
        shown = self.find()
        return {"vpc_id": shown["VpcId"], "owner_id": shown["OwnerId"], "route": self.routes(),
                "propagating_vgws": shown["PropagatingVgws"], "tags": tags_of(shown)}

    def update(self):
        self.ec2.delete_route(RouteTableId=self.id, DestinationPrefixListId=self.prefix_list)
        self.ec2.delete_route(RouteTableId=self.id, DestinationCidrBlock="203.0.113.0/24")
        self.ec2.replace_route(RouteTableId=self.id, DestinationCidrBlock=ANYWHERE, NetworkInterfaceId=self.interface)
        self.ec2.create_route(RouteTableId=self.id, DestinationCidrBlock="198.51.100.7/32", GatewayId=self.gateway)
        return {"route": {ANYWHERE: self.interface, "10.90.0.0/16": self.peering, "198.51.100.7/32": self.gateway},
                "tags": self.retag()}

    def delete(self):
        self.ec2.associate_route_table(RouteTableId=self.id, SubnetId=self.subnet)
        assert code_of(self.ec2.delete_route_table, RouteTableId=self.id) == "DependencyViolation"
        for association in self.find()["Associations"]:
            self.ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
        self.ec2.delete_route_table(RouteTableId=self.id)

    def gone(self):
        return code_of(self.ec2.describe_route_tables, RouteTableIds=[self.id]) == "InvalidRouteTableID.NotFound" == \
            code_of(self.ec2.delete_route_table, RouteTableId=self.id)

    def end(self):
        super().end()
        self.other.destroy()


class Route(Table):
    def create(self):
        self.table = self.network.table()
        self.ec2.create_route(RouteTableId=self.table, DestinationCidrBlock=ANYWHERE, GatewayId=self.gateway)
        wait_state(lambda: (self.found() or {}).get("State"), "active", (None,), ANYWHERE)
        return {"gateway_id": self.gateway, "network_interface_id": None, "state": "active", "origin": "CreateRoute"}

    def found(self):
        """As the provider compares a route's destination."""
        routes = self.find(self.table)["Routes"]
        return next((route for route in routes if route.get("DestinationCidrBlock") == ANYWHERE), None)

    def read(self):
        shown = self.found()
        return {"gateway_id": shown.get("GatewayId"), "network_interface_id": shown.get("NetworkInterfaceId"),
                "instance_id": shown.get("InstanceId"), "nat_gateway_id": shown.get("NatGatewayId"),
                "state": shown["State"], "origin": shown["Origin"]}

    def update(self):
        self.ec2.replace_route(RouteTableId=self.table, DestinationCidrBlock=ANYWHERE, NetworkInterfaceId=self.interface)
        # Its interface is attached to nothing.
        return {"gateway_id": None, "network_interface_id": self.interface, "state": "blackhole"}

    def delete(self):
        self.ec2.delete_route(RouteTableId=self.table, DestinationCidrBlock=ANYWHERE)

    def gone(self):
        return self.found() is None and code_of(self.ec2.delete_route, RouteTableId=self.table,
                                                DestinationCidrBlock=ANYWHERE) == "InvalidRoute.NotFound"


class TableAssociation(Table):
    """aws_route_table_association"""

    def create(self):
        self.first, self.second = self.network.table(), self.network.table()
        self.id = self.ec2.associate_route_table(RouteTableId=self.first, SubnetId=self.subnet)["AssociationId"]
        wait_state(self.state, "associated", ("associating",), self.id)
        return {"route_table_id": self.first, "subnet_id": self.subnet}

    def found(self):
        table = find(self.ec2.describe_route_tables, "RouteTables",
                     Filters=filters(association__route_table_association_id=self.id))
        return next((each for each in (table or {"Associations": []})["Associations"]
                     if each["RouteTableAssociationId"] == self.id), None)

    def state(self):
        found = self.found()
        return found["AssociationState"]["State"] if found else None

    def read(self):
        shown = self.found()
        return {"route_table_id": shown["RouteTableId"], "subnet_id": shown.get("SubnetId"), "main": shown["Main"]}

    def update(self):
        self.id = self.ec2.replace_route_table_association(
            AssociationId=self.id, RouteTableId=self.second)["NewAssociationId"]
        wait_state(self.state, "associated", ("associating",), self.id)
        return {"route_table_id": self.second}

    def delete(self):
        self.ec2.disassociate_route_table(AssociationId=self.id)

    def gone(self):
        return self.state() is None and code_of(self.ec2.disassociate_route_table,
                                                AssociationId=self.id) == "InvalidAssociationID.NotFound"


class MainAssociation(TableAssociation):
    """aws_main_route_table_association, whose end is the VPC's first table again."""

    def create(self):
        self.second = self.network.table()
        table = find(self.ec2.describe_route_tables, "RouteTables",
                     Filters=filters(association__main="true", vpc_id=self.network.id))
        self.original = table["RouteTableId"]
        self.id, = [each["RouteTableAssociationId"] for each in table["Associations"] if each["Main"]]
        self.replace(self.network.table())
        return {"main": True, "route_table_id": self.network.undo[-1][1]["RouteTableId"], "subnet_id": None}

    def replace(self, table):
        self.id = self.ec2.replace_route_table_association(AssociationId=self.id, RouteTableId=table)["NewAssociationId"]
        wait_state(self.state, "associated", ("associating",), self.id)

    def delete(self):
        assert code_of(self.ec2.delete_route_table, RouteTableId=self.second) == "DependencyViolation"
        self.former = self.id
        self.replace(self.original)

    def gone(self):
        now, self.id = self.id, self.former
        return self.state() is None and now != self.former


class DefaultRouteTable(Table):
    """aws_default_route_table: taken over with what is in it, and left as it is."""

    def around(self):
        super().around()
        table = find(self.ec2.describe_route_tables, "RouteTables",
                     Filters=filters(association__main="true", vpc_id=self.network.id))
        self.id = table["RouteTableId"]
        self.ec2.create_route(RouteTableId=self.id, DestinationCidrBlock="203.0.113.0/24", GatewayId=self.gateway)

    def create(self):
        for destination in self.routes():
            self.ec2.delete_route(RouteTableId=self.id, DestinationCidrBlock=destination)
        self.ec2.create_route(RouteTableId=self.id, DestinationCidrBlock=ANYWHERE, GatewayId=self.gateway)
        self.ec2.create_tags(Resources=[self.id], Tags=[{"Key": "Name", "Value": "replay"}])
        return {"route": {ANYWHERE: self.gateway}, "tags": {"Name": "replay"}}

    def read(self):
        return {"route": self.routes(), "tags": tags_of(self.find())}

    def update(self):
        self.ec2.delete_route(RouteTableId=self.id, DestinationCidrBlock=ANYWHERE)
        return {"route": {}, "tags": self.retag()}

    def delete(self):
        assert code_of(self.ec2.delete_route_table, RouteTableId=self.id) == "DependencyViolation"

    def gone(self):
        return self.find() is not None


RESOURCES = {"aws_vpc": Vpc, "aws_vpc_ipv4_cidr_block_association": SecondaryRange, "aws_subnet": Subnet,
             "aws_internet_gateway": InternetGateway, "aws_route_table": RouteTable, "aws_route": Route,
             "aws_route_table_association": TableAssociation, "aws_main_route_table_association": MainAssociation,
             "aws_default_route_table": DefaultRouteTable}


class TerraformVpcTest(TerraformTest):
    def test_each_resource_is_made_read_changed_and_deleted_with_an_empty_plan_between(self):
        self.live_all(RESOURCES)


del TerraformTest

if __name__ == "__main__":
    unittest.main()
