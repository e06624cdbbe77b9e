"""What Terraform's AWS provider asks about a whole network: the calls of its data sources, and its destroy, which tries what
depends on something else again for as long as it is told DependencyViolation.
"""

import collections
import unittest

from botocore.exceptions import ClientError
from client_host import code_of
from conditions import wait_until
from terraform import SOON, TerraformTest, filters, find, tagged, tags_of

PREFIX = "10.80.0.0/16"


class TwoTiers:
    """A public and a private subnet with all that belongs to them, each with the tag Name."""

    def __init__(self, ec2, name):
        self.ec2, self.name = ec2, name
        self.vpc = ec2.create_vpc(CidrBlock=PREFIX, TagSpecifications=tagged("vpc", Name=name))["Vpc"]["VpcId"]
        self.public, self.private = (self.subnet("10.80.1.0/24", "us-east-1a"), self.subnet("10.80.2.0/24", "us-east-1b"))
        self.gateway = ec2.create_internet_gateway(
            TagSpecifications=tagged("internet-gateway", Name=name))["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.address = ec2.allocate_address(
            Domain="vpc", TagSpecifications=tagged("elastic-ip", Name=name))["AllocationId"]
        self.tables = [self.table(self.public, GatewayId=self.gateway)]
        self.nat = ec2.create_nat_gateway(
            SubnetId=self.public, AllocationId=self.address,
            TagSpecifications=tagged("natgateway", Name=name))["NatGateway"]["NatGatewayId"]
        wait_until(lambda: self.nat_gateway()["State"] == "available", SOON, self.nat)
        self.tables.append(self.table(self.private, NatGatewayId=self.nat))
        self.acl = ec2.create_network_acl(
            VpcId=self.vpc, TagSpecifications=tagged("network-acl", Name=name))["NetworkAcl"]["NetworkAclId"]
        self.associate_acl(self.acl)
        self.group = ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc,
                                               TagSpecifications=tagged("security-group", Name=name))["GroupId"]
        self.interface = ec2.create_network_interface(
            SubnetId=self.private, Groups=[self.group], Description=name, TagSpecifications=tagged(
                "network-interface", Name=name))["NetworkInterface"]["NetworkInterfaceId"]
        self.list = ec2.create_managed_prefix_list(
            PrefixListName=name, AddressFamily="IPv4", MaxEntries=2, Entries=[{"Cidr": "192.0.2.0/24"}],
            TagSpecifications=tagged("prefix-list", Name=name))["PrefixList"]["PrefixListId"]
        ec2.create_route(RouteTableId=self.tables[0], DestinationPrefixListId=self.list, GatewayId=self.gateway)
        self.peer = ec2.create_vpc(CidrBlock="10.90.0.0/16")["Vpc"]["VpcId"]
        self.peering = ec2.create_vpc_peering_connection(
            VpcId=self.vpc, PeerVpcId=self.peer, TagSpecifications=tagged(
                "vpc-peering-connection", Name=name))["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        self.path = ec2.create_network_insights_path(
            Source=self.interface, Destination=self.gateway, Protocol="tcp", TagSpecifications=tagged(
                "network-insights-path", Name=name))["NetworkInsightsPath"]["NetworkInsightsPathId"]

    def subnet(self, cidr, zone):
        return self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=zone,
                                      TagSpecifications=tagged("subnet", Name=self.name))["Subnet"]["SubnetId"]

    def table(self, subnet, **target):
        made = self.ec2.create_route_table(
            VpcId=self.vpc, TagSpecifications=tagged("route-table", Name=self.name))["RouteTable"]["RouteTableId"]
        self.ec2.create_route(RouteTableId=made, DestinationCidrBlock="0.0.0.0/0", **target)
        self.ec2.associate_route_table(RouteTableId=made, SubnetId=subnet)
        return made

    def nat_gateway(self):
        return find(self.ec2.describe_nat_gateways, "NatGateways", NatGatewayIds=[self.nat])

    def associate_acl(self, acl):
        """Has the private subnet use it."""
        former = find(self.ec2.describe_network_acls, "NetworkAcls", Filters=filters(association__subnet_id=self.private))
        association, = [each for each in former["Associations"] if each["SubnetId"] == self.private]
        self.ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)

    def delete_nat(self):
        self.ec2.delete_nat_gateway(NatGatewayId=self.nat)
        wait_until(lambda: self.nat_gateway()["State"] == "deleted", SOON, self.nat)

    def give_acl_back(self):
        default = find(self.ec2.describe_network_acls, "NetworkAcls", Filters=filters(default="true", vpc_id=self.vpc))
        self.associate_acl(default["NetworkAclId"])

    def disassociate_tables(self):
        for table in self.ec2.describe_route_tables(RouteTableIds=self.tables)["RouteTables"]:
            for association in table["Associations"]:
                self.ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])

    def steps(self):
        """Of a destroy: {what: its call and arguments}, each before what it depends on."""
        ec2 = self.ec2
        return {
            "aws_vpc": (ec2.delete_vpc, {"VpcId": self.vpc}),
            "aws_subnet.public": (ec2.delete_subnet, {"SubnetId": self.public}),
            "aws_subnet.private": (ec2.delete_subnet, {"SubnetId": self.private}),
            "aws_internet_gateway": (ec2.delete_internet_gateway, {"InternetGatewayId": self.gateway}),
            "aws_internet_gateway_attachment": (ec2.detach_internet_gateway,
                                                {"InternetGatewayId": self.gateway, "VpcId": self.vpc}),
            "aws_ec2_managed_prefix_list": (ec2.delete_managed_prefix_list, {"PrefixListId": self.list}),
            "aws_route_table.public": (ec2.delete_route_table, {"RouteTableId": self.tables[0]}),
            "aws_route_table.private": (ec2.delete_route_table, {"RouteTableId": self.tables[1]}),
            "aws_network_acl": (ec2.delete_network_acl, {"NetworkAclId": self.acl}),
            "aws_security_group": (ec2.delete_security_group, {"GroupId": self.group}),
            "aws_network_interface": (ec2.delete_network_interface, {"NetworkInterfaceId": self.interface}),
            "aws_network_acl_association": (self.give_acl_back, {}),
            "aws_route_table_association": (self.disassociate_tables, {}),
            "aws_nat_gateway": (self.delete_nat, {}),
        }

    def destroy(self):
        """In the worst order: {what: how often it was refused}. Anything but DependencyViolation is raised."""
        refused = collections.Counter()
        queue = collections.deque(self.steps().items())
        while queue:
            what, (call, arguments) = queue.popleft()
            try:
                call(**arguments)
            except ClientError as error:
                if error.response["Error"]["Code"] != "DependencyViolation":
                    raise
                refused[what] += 1
                assert refused[what] < 10, f"{what} is refused for ever: {error}"
                queue.append((what, (call, arguments)))
        self.ec2.release_address(AllocationId=self.address)
        self.ec2.delete_network_insights_path(NetworkInsightsPathId=self.path)
        self.ec2.delete_vpc(VpcId=self.peer)
        return refused


class TerraformDataTest(TerraformTest):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.ec2 = cls.client()
        cls.net = TwoTiers(cls.ec2, "tiers")

    def ids(self, call, key, name, **arguments):
        return sorted(each[name] for each in getattr(self.ec2, call)(**arguments)[key])

    def by(self, call, key, name, **conditions):
        return self.ids(call, key, name, Filters=filters(**conditions))

    def test_data_sources_find_each_resource_by_its_attributes_and_by_its_tags(self):
        net = self.net
        vpc = find(self.ec2.describe_vpcs, "Vpcs", Filters=filters(cidr=PREFIX, state="available", isDefault="false"))
        self.assertEqual((vpc["VpcId"], tags_of(vpc)), (net.vpc, {"Name": "tiers"}))
        both = sorted([net.public, net.private])
        cases = (
            (("describe_vpcs", "Vpcs", "VpcId"), {"tag:Name": "tiers"}, [net.vpc]),
            (("describe_vpcs", "Vpcs", "VpcId"), {"cidr_block_association__cidr_block": PREFIX}, [net.vpc]),
            (("describe_subnets", "Subnets", "SubnetId"), {"vpc_id": net.vpc}, both),
            (("describe_subnets", "Subnets", "SubnetId"),
             {"availabilityZone": "us-east-1b", "vpc_id": net.vpc, "state": "available"}, [net.private]),
            (("describe_subnets", "Subnets", "SubnetId"), {"cidrBlock": "10.80.1.0/24", "tag:Name": "tiers"}, [net.public]),
            (("describe_route_tables", "RouteTables", "RouteTableId"),
             {"association__subnet_id": net.public}, [net.tables[0]]),
            (("describe_route_tables", "RouteTables", "RouteTableId"), {"tag:Name": "tiers"}, sorted(net.tables)),
            (("describe_route_tables", "RouteTables", "RouteTableId"), {"route__nat_gateway_id": net.nat}, [net.tables[1]]),
            (("describe_route_tables", "RouteTables", "RouteTableId"),
             {"route__destination_prefix_list_id": net.list}, [net.tables[0]]),
            (("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
             {"attachment__vpc_id": net.vpc}, [net.gateway]),
            (("describe_network_acls", "NetworkAcls", "NetworkAclId"),
             {"association__subnet_id": net.private}, [net.acl]),
            (("describe_network_acls", "NetworkAcls", "NetworkAclId"), {"vpc_id": net.vpc, "default": "false"}, [net.acl]),
            (("describe_security_groups", "SecurityGroups", "GroupId"),
             {"group_name": "tiers", "vpc_id": net.vpc}, [net.group]),
            (("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
             {"subnet_id": net.private}, [net.interface]),
            (("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
             {"group_id": net.group, "status": "available"}, [net.interface]),
            (("describe_addresses", "Addresses", "AllocationId"), {"tag:Name": "tiers", "domain": "vpc"}, [net.address]),
            (("describe_vpc_peering_connections", "VpcPeeringConnections", "VpcPeeringConnectionId"),
             {"requester_vpc_info__vpc_id": net.vpc, "status_code": "pending-acceptance"}, [net.peering]),
            (("describe_vpc_peering_connections", "VpcPeeringConnections", "VpcPeeringConnectionId"),
             {"accepter_vpc_info__vpc_id": net.peer, "requester_vpc_info__cidr_block": PREFIX}, [net.peering]),
            (("describe_managed_prefix_lists", "PrefixLists", "PrefixListId"), {"prefix_list_name": "tiers"}, [net.list]),
            (("describe_network_insights_paths", "NetworkInsightsPaths", "NetworkInsightsPathId"),
             {"source": net.interface, "tag:Name": "tiers"}, [net.path]),
        )
        for call, conditions, expected in cases:
            with self.subTest(call=call[0], **conditions):
                self.assertEqual(self.by(*call, **conditions), expected)

    def test_data_sources_find_a_nat_gateway_with_its_address_and_interface(self):
        net = self.net
        for conditions in ({"vpc_id": net.vpc}, {"subnet_id": net.public, "state": "available"}, {"tag:Name": "tiers"},
                           {"nat_gateway_id": net.nat}):
            found = find(self.ec2.describe_nat_gateways, "NatGateways", Filters=filters(**conditions))
            self.assertEqual(found["NatGatewayId"], net.nat)
        address = find(self.ec2.describe_addresses, "Addresses", AllocationIds=[net.address])
        shown, = found["NatGatewayAddresses"]
        self.assertEqual((shown["AllocationId"], shown["PublicIp"], shown["NetworkInterfaceId"], shown["PrivateIp"]),
                         (net.address, address["PublicIp"], address["NetworkInterfaceId"], address["PrivateIpAddress"]))
        interface = find(self.ec2.describe_network_interfaces, "NetworkInterfaces",
                         Filters=filters(interface_type="nat_gateway", vpc_id=net.vpc))
        self.assertEqual((interface["NetworkInterfaceId"], interface["RequesterManaged"], interface["Description"]),
                         (shown["NetworkInterfaceId"], True, f"Interface for NAT Gateway {net.nat}"))

    def test_a_data_source_that_finds_nothing_is_told_so_and_not_refused(self):
        self.assertEqual(self.by("describe_prefix_lists", "PrefixLists", "PrefixListId",
                                 prefix_list_name="com.amazonaws.us-east-1.nothing"), [])
        self.assertEqual(self.by("describe_vpcs", "Vpcs", "VpcId", dhcp_options_id="dopt-00000000000000000"), [])
        self.assertEqual(self.by("describe_subnets", "Subnets", "SubnetId", vpc_id="vpc-00000000000000000"), [])

    def test_a_destroy_in_the_worst_order_is_told_of_dependencies_and_then_leaves_nothing(self):
        net = TwoTiers(self.ec2, "torn")
        refused = net.destroy()
        steps = set(net.steps()) - {"aws_network_interface", "aws_network_acl_association", "aws_route_table_association",
                                    "aws_nat_gateway"}
        self.assertEqual(set(refused), steps, "each waits for what depends on it")
        self.assertEqual(code_of(self.ec2.describe_vpcs, VpcIds=[net.vpc]), "InvalidVpcID.NotFound")
        for call, key in (("describe_subnets", "Subnets"), ("describe_route_tables", "RouteTables"),
                          ("describe_network_acls", "NetworkAcls"), ("describe_security_groups", "SecurityGroups"),
                          ("describe_network_interfaces", "NetworkInterfaces")):
            self.assertEqual(getattr(self.ec2, call)(Filters=filters(vpc_id=net.vpc))[key], [], call)


del TerraformTest

if __name__ == "__main__":
    unittest.main()
