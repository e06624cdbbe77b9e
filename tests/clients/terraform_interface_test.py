"""The calls that Terraform's AWS provider makes for elastic addresses, network interfaces, NAT gateways, peering connections and
network insights; see terraform_vpc_test.py.
"""

import unittest

from client_host import code_of
from conditions import wait_until
from terraform import SOON, Resource, TerraformTest, filters, find, tagged, tags_of, wait_state
from terraform_network import InVpc, Network


class Public(InVpc):
    """A resource in a VPC with a public subnet."""

    def around(self):
        self.gateway = self.network.gateway()
        self.subnet = self.network.subnet()
        table = find(self.ec2.describe_route_tables, "RouteTables",
                     Filters=filters(association__main="true", vpc_id=self.network.id))
        self.ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0",
                              GatewayId=self.gateway)


class Eip(Public):
    """aws_eip, with and without its network_interface."""

    def create(self):
        self.interface = self.network.interface(self.subnet)
        made = self.ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip", Name="replay"))
        self.id = made["AllocationId"]
        wait_state(lambda: (self.find() or {}).get("PublicIp"), made["PublicIp"], (None,), self.id)
        return {"public_ip": made["PublicIp"], "domain": "vpc", "public_ipv4_pool": "amazon",
                "network_border_group": "us-east-1", "association_id": None, "tags": {"Name": "replay"}}

    def find(self):
        return find(self.ec2.describe_addresses, "Addresses", {"InvalidAllocationID.NotFound", "InvalidAddress.NotFound"},
                    AllocationIds=[self.id])

    def read(self):
        shown = self.find()
        attribute = find(self.ec2.describe_addresses_attribute, "Addresses", AllocationIds=[self.id],
                         Attribute="domain-name")
        return {"public_ip": shown["PublicIp"], "domain": shown["Domain"], "association_id": shown.get("AssociationId"),
                "network_interface": shown.get("NetworkInterfaceId"), "private_ip": shown.get("PrivateIpAddress"),
                "instance": shown.get("InstanceId"), "public_ipv4_pool": shown["PublicIpv4Pool"],
                "network_border_group": shown["NetworkBorderGroup"], "ptr_record": (attribute or {}).get("PtrRecord"),
                "tags": tags_of(shown)}

    def update(self):
        made = self.ec2.associate_address(AllocationId=self.id, NetworkInterfaceId=self.interface)["AssociationId"]
        wait_until(lambda: find(self.ec2.describe_addresses, "Addresses", Filters=filters(association_id=made)), SOON, made)
        interface = find(self.ec2.describe_network_interfaces, "NetworkInterfaces",
                         NetworkInterfaceIds=[self.interface])
        return {"association_id": made, "network_interface": self.interface, "tags": self.retag(),
                "private_ip": interface["PrivateIpAddress"]}

    def delete(self):
        assert code_of(self.ec2.release_address, AllocationId=self.id) == "InvalidIPAddress.InUse"
        self.ec2.disassociate_address(AssociationId=self.find()["AssociationId"])
        self.ec2.release_address(AllocationId=self.id, NetworkBorderGroup="us-east-1")

    def gone(self):
        return code_of(self.ec2.describe_addresses, AllocationIds=[self.id]) == "InvalidAllocationID.NotFound" == \
            code_of(self.ec2.release_address, AllocationId=self.id)


class EipAssociation(Public):
    """aws_eip_association with an instance, and over a re-association with an interface."""

    def create(self):
        self.instance = self.network.instance(self.subnet, self.host.image_id)
        self.address = self.network.address()
        self.id = self.ec2.associate_address(AllocationId=self.address, InstanceId=self.instance,
                                             AllowReassociation=False)["AssociationId"]
        wait_until(self.find, SOON, self.id)
        return {"allocation_id": self.address, "instance_id": self.instance}

    def find(self):
        return find(self.ec2.describe_addresses, "Addresses", Filters=filters(association_id=self.id))

    def read(self):
        shown = self.find()
        return {"allocation_id": shown["AllocationId"], "instance_id": shown["InstanceId"],
                "network_interface_id": shown["NetworkInterfaceId"], "public_ip": shown["PublicIp"],
                "private_ip_address": shown["PrivateIpAddress"]}

    def delete(self):
        interface = self.network.interface(self.subnet)
        assert code_of(self.ec2.associate_address, AllocationId=self.address, NetworkInterfaceId=interface,
                       AllowReassociation=False) == "Resource.AlreadyAssociated"
        assert code_of(self.ec2.detach_internet_gateway, InternetGatewayId=self.gateway,
                       VpcId=self.network.id) == "DependencyViolation"
        self.ec2.disassociate_address(AssociationId=self.id)

    def gone(self):
        return self.find() is None and code_of(self.ec2.disassociate_address,
                                               AssociationId=self.id) == "InvalidAssociationID.NotFound"


class NatGateway(Public):
    """aws_nat_gateway, public."""

    kind = "public"

    def create(self):
        self.address = self.network.address()
        return self.make(AllocationId=self.address, ConnectivityType="public")

    def make(self, **arguments):
        made = self.ec2.create_nat_gateway(ClientToken="terraform-" + self.kind, SubnetId=self.subnet,
                                           TagSpecifications=tagged("natgateway", Name="replay"), **arguments)
        self.id = made["NatGateway"]["NatGatewayId"]
        wait_state(self.state, "available", ("pending",), self.id)
        return {"subnet_id": self.subnet, "connectivity_type": self.kind, "tags": {"Name": "replay"},
                "allocation_id": arguments.get("AllocationId")}

    def find(self):
        return find(self.ec2.describe_nat_gateways, "NatGateways", {"NatGatewayNotFound"}, NatGatewayIds=[self.id])

    def state(self):
        found = self.find()
        return found["State"] if found and found["State"] != "deleted" else None

    def read(self):
        shown = self.find()
        address, = shown["NatGatewayAddresses"]
        return {"subnet_id": shown["SubnetId"], "connectivity_type": shown["ConnectivityType"], "vpc_id": shown["VpcId"],
                "allocation_id": address.get("AllocationId"), "network_interface_id": address["NetworkInterfaceId"],
                "private_ip": address["PrivateIp"], "public_ip": address.get("PublicIp"), "tags": tags_of(shown)}

    def update(self):
        return {"tags": self.retag()}

    def delete(self):
        self.interface = self.find()["NatGatewayAddresses"][0]["NetworkInterfaceId"]
        assert code_of(self.ec2.delete_subnet, SubnetId=self.subnet) == "DependencyViolation"
        self.ec2.delete_nat_gateway(NatGatewayId=self.id)
        wait_state(self.state, None, ("deleting",), self.id)

    def gone(self):
        unknown = code_of(self.ec2.describe_nat_gateways, NatGatewayIds=["nat-00000000000000000"])
        return unknown == "NatGatewayNotFound" == code_of(
            self.ec2.delete_nat_gateway, NatGatewayId="nat-00000000000000000") and code_of(
            self.ec2.describe_network_interfaces,
            NetworkInterfaceIds=[self.interface]) == "InvalidNetworkInterfaceID.NotFound"


class PrivateNatGateway(NatGateway):
    kind = "private"

    def create(self):
        return {**self.make(ConnectivityType="private", PrivateIpAddress="10.80.1.99"), "private_ip": "10.80.1.99"}


class Interface(InVpc):
    """aws_network_interface with an attachment, and in the end none."""

    def around(self):
        self.subnet = self.network.subnet()
        self.groups = [self.network.group("one"), self.network.group("two")]
        self.instance = self.network.instance(self.subnet, self.host.image_id)

    def create(self):
        made = self.ec2.create_network_interface(
            ClientToken="terraform-" + self.subnet, SubnetId=self.subnet, Description="replay", Groups=self.groups[:1],
            PrivateIpAddresses=[{"PrivateIpAddress": "10.80.1.50", "Primary": True},
                                {"PrivateIpAddress": "10.80.1.51", "Primary": False}],
            TagSpecifications=tagged("network-interface", Name="replay"))
        self.id = made["NetworkInterface"]["NetworkInterfaceId"]
        wait_state(lambda: self.find()["Status"], "available", ("pending",), self.id)
        self.ec2.modify_network_interface_attribute(NetworkInterfaceId=self.id, SourceDestCheck={"Value": False})
        self.attach()
        return {"description": "replay", "private_ips": ["10.80.1.50", "10.80.1.51"], "private_ip": "10.80.1.50",
                "security_groups": self.groups[:1], "source_dest_check": False, "attached_to": (self.instance, 1),
                "interface_type": "interface", "tags": {"Name": "replay"}}

    def attach(self):
        self.attachment = self.ec2.attach_network_interface(NetworkInterfaceId=self.id, InstanceId=self.instance,
                                                            DeviceIndex=1)["AttachmentId"]
        wait_state(self.attachment_status, "attached", ("attaching",), self.attachment)

    def detach(self):
        self.ec2.detach_network_interface(AttachmentId=self.attachment, Force=True)
        wait_state(self.attachment_status, None, ("attached", "detaching"), self.attachment)

    def attachment_status(self):
        found = find(self.ec2.describe_network_interfaces, "NetworkInterfaces",
                     Filters=filters(attachment__attachment_id=self.attachment))
        return found["Attachment"]["Status"] if found else None

    def find(self):
        return find(self.ec2.describe_network_interfaces, "NetworkInterfaces", {"InvalidNetworkInterfaceID.NotFound"},
                    NetworkInterfaceIds=[self.id])

    def read(self):
        shown = self.find()
        attachment = shown.get("Attachment")
        return {"description": shown["Description"], "interface_type": shown["InterfaceType"],
                "private_ips": sorted(each["PrivateIpAddress"] for each in shown["PrivateIpAddresses"]),
                "private_ip": shown["PrivateIpAddress"], "mac_address": shown["MacAddress"], "owner_id": shown["OwnerId"],
                "private_dns_name": shown.get("PrivateDnsName"), "subnet_id": shown["SubnetId"],
                "security_groups": sorted(each["GroupId"] for each in shown["Groups"]),
                "source_dest_check": shown["SourceDestCheck"], "tags": tags_of(shown),
                "attached_to": (attachment["InstanceId"], attachment["DeviceIndex"]) if attachment else None}

    def update(self):
        call, modify = self.ec2, self.ec2.modify_network_interface_attribute
        self.detach()
        call.unassign_private_ip_addresses(NetworkInterfaceId=self.id, PrivateIpAddresses=["10.80.1.51"])
        call.assign_private_ip_addresses(NetworkInterfaceId=self.id, PrivateIpAddresses=["10.80.1.60"])
        modify(NetworkInterfaceId=self.id, SourceDestCheck={"Value": True})
        # As aws_network_interface_sg_attachment adds a group to those that there are.
        groups = [each["GroupId"] for each in self.find()["Groups"]]
        modify(NetworkInterfaceId=self.id, Groups=[*groups, self.groups[1]])
        modify(NetworkInterfaceId=self.id, Description={"Value": "changed"})
        return {"attached_to": None, "private_ips": ["10.80.1.50", "10.80.1.60"], "source_dest_check": True,
                "security_groups": sorted(self.groups), "description": "changed", "tags": self.retag()}

    def delete(self):
        assert code_of(self.ec2.delete_security_group, GroupId=self.groups[1]) == "DependencyViolation"
        self.attach()
        # As aws_network_interface_attachment does, and its end.
        assert code_of(self.ec2.delete_network_interface, NetworkInterfaceId=self.id) == "InvalidParameterValue"
        self.detach()
        assert code_of(self.ec2.detach_network_interface,
                       AttachmentId=self.attachment) == "InvalidAttachmentID.NotFound"
        self.ec2.delete_network_interface(NetworkInterfaceId=self.id)

    def gone(self):
        return code_of(self.ec2.describe_network_interfaces,
                       NetworkInterfaceIds=[self.id]) == "InvalidNetworkInterfaceID.NotFound" == code_of(
            self.ec2.delete_network_interface, NetworkInterfaceId=self.id)


class Peering(InVpc):
    """aws_vpc_peering_connection, accepted by aws_vpc_peering_connection_accepter, with its options."""

    def around(self):
        self.other = Network(self.ec2, "10.90.0.0/16")

    def create(self):
        made = self.ec2.create_vpc_peering_connection(
            VpcId=self.network.id, PeerVpcId=self.other.id,
            TagSpecifications=tagged("vpc-peering-connection", Name="replay"))["VpcPeeringConnection"]
        self.id = made["VpcPeeringConnectionId"]
        wait_state(self.state, "pending-acceptance", ("initiating-request", "provisioning"), self.id)
        return {"accept_status": "pending-acceptance", "vpc_id": self.network.id, "peer_vpc_id": self.other.id,
                "peer_region": "us-east-1", "tags": {"Name": "replay"}}

    def find(self):
        found = find(self.ec2.describe_vpc_peering_connections, "VpcPeeringConnections",
                     {"InvalidVpcPeeringConnectionID.NotFound"}, VpcPeeringConnectionIds=[self.id])
        ended = ("deleted", "expired", "failed", "rejected")
        return found if found and found["Status"]["Code"] not in ended else None

    def state(self):
        found = self.find()
        return found["Status"]["Code"] if found else None

    def read(self):
        shown = self.find()
        accepter, requester = shown["AccepterVpcInfo"], shown["RequesterVpcInfo"]
        name = "AllowDnsResolutionFromRemoteVpc"
        return {"accept_status": shown["Status"]["Code"], "vpc_id": requester["VpcId"], "peer_vpc_id": accepter["VpcId"],
                "peer_owner_id": accepter["OwnerId"], "peer_region": accepter["Region"], "tags": tags_of(shown),
                "accepter": accepter.get("PeeringOptions", {}).get(name),
                "requester": requester.get("PeeringOptions", {}).get(name)}

    def update(self):
        self.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=self.id)
        wait_state(self.state, "active", ("pending-acceptance", "provisioning"), self.id)
        off = {"AllowDnsResolutionFromRemoteVpc": False}
        answer = self.ec2.modify_vpc_peering_connection_options(
            VpcPeeringConnectionId=self.id, AccepterPeeringConnectionOptions=off, RequesterPeeringConnectionOptions=off)
        assert answer["AccepterPeeringConnectionOptions"]["AllowDnsResolutionFromRemoteVpc"] is False
        return {"accept_status": "active", "accepter": False, "requester": False, "tags": self.retag()}

    def delete(self):
        self.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=self.id)
        wait_state(lambda: self.ec2.describe_vpc_peering_connections(
            VpcPeeringConnectionIds=[self.id])["VpcPeeringConnections"][0]["Status"]["Code"], "deleted",
            ("active", "deleting"), self.id)

    def gone(self):
        unknown = ["pcx-00000000000000000"]
        return self.find() is None and code_of(
            self.ec2.describe_vpc_peering_connections,
            VpcPeeringConnectionIds=unknown) == "InvalidVpcPeeringConnectionID.NotFound"

    def end(self):
        super().end()
        self.other.destroy()


class InsightsPath(InVpc):
    """aws_ec2_network_insights_path, and aws_ec2_network_insights_analysis of it."""

    def around(self):
        subnet = self.network.subnet()
        self.ends = [self.network.instance(subnet, self.host.image_id) for _ in range(2)]

    def create(self):
        made = self.ec2.create_network_insights_path(
            Source=self.ends[0], Destination=self.ends[1], Protocol="tcp", DestinationPort=22,
            TagSpecifications=tagged("network-insights-path", Name="replay"))["NetworkInsightsPath"]
        self.id = made["NetworkInsightsPathId"]
        return {"source": self.ends[0], "destination": self.ends[1], "protocol": "tcp", "destination_port": 22,
                "tags": {"Name": "replay"}}

    def find(self):
        return find(self.ec2.describe_network_insights_paths, "NetworkInsightsPaths",
                    {"InvalidNetworkInsightsPathId.NotFound"}, NetworkInsightsPathIds=[self.id])

    def read(self):
        shown = self.find()
        return {"source": shown["Source"], "source_arn": shown["SourceArn"], "destination": shown["Destination"],
                "destination_arn": shown["DestinationArn"], "protocol": shown["Protocol"],
                "destination_port": shown["DestinationPort"], "arn": shown["NetworkInsightsPathArn"],
                "tags": tags_of(shown)}

    def update(self):
        return {"tags": self.retag()}

    def delete(self):
        analysis = InsightsAnalysis(self.ec2, self.host, self.id)
        created, again = analysis.create(), analysis.read()
        assert created == again == analysis.read(), (created, again)
        assert code_of(self.ec2.delete_network_insights_path,
                       NetworkInsightsPathId=self.id) == "AnalysisExistsForNetworkInsightsPath"
        analysis.delete()
        assert analysis.gone()
        self.ec2.delete_network_insights_path(NetworkInsightsPathId=self.id)

    def gone(self):
        return code_of(self.ec2.describe_network_insights_paths,
                       NetworkInsightsPathIds=[self.id]) == "InvalidNetworkInsightsPathId.NotFound"


class InsightsAnalysis(Resource):
    def __init__(self, ec2, host, path):
        super().__init__(ec2, host)
        self.path = path

    def create(self):
        made = self.ec2.start_network_insights_analysis(
            NetworkInsightsPathId=self.path,
            TagSpecifications=tagged("network-insights-analysis", Name="replay"))["NetworkInsightsAnalysis"]
        self.id = made["NetworkInsightsAnalysisId"]
        wait_state(lambda: self.find()["Status"], "succeeded", ("running",), self.id)
        return self.read()

    def find(self):
        return find(self.ec2.describe_network_insights_analyses, "NetworkInsightsAnalyses",
                    NetworkInsightsAnalysisIds=[self.id])

    def read(self):
        shown = self.find()
        # The default group lets in the other end's.
        assert shown["NetworkPathFound"] and shown["ForwardPathComponents"] and not shown["Explanations"], shown
        assert shown["NetworkInsightsPathId"] == self.path and tags_of(shown) == {"Name": "replay"}
        return shown

    def delete(self):
        self.ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=self.id)

    def gone(self):
        return code_of(self.ec2.describe_network_insights_analyses,
                       NetworkInsightsAnalysisIds=[self.id]) == "InvalidNetworkInsightsAnalysisId.NotFound"


RESOURCES = {"aws_eip": Eip, "aws_eip_association": EipAssociation, "aws_nat_gateway, public": NatGateway,
             "aws_nat_gateway, private": PrivateNatGateway, "aws_network_interface": Interface,
             "aws_vpc_peering_connection": Peering, "aws_ec2_network_insights_path": InsightsPath}


class TerraformInterfaceTest(TerraformTest):
    def test_each_resource_is_made_read_changed_and_deleted_with_an_empty_plan_between(self):
        self.live_all(RESOURCES)


del TerraformTest

if __name__ == "__main__":
    unittest.main()
