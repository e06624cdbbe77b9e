"""Ways out of a subnet that is not public: a NAT gateway to the world, and a peering connection to another VPC."""

import unittest

from conditions import wait_until
from guest import Guest
from harness import HostTest
from outside import serve_outside

# What the guest sees, on its console.
SCRIPT = """#!/bin/sh
outside=$(nc -w 60 192.0.2.2 80 </dev/null | head -c 7)
peer=$(nc -w 60 10.31.1.10 22 </dev/null | head -c 3)
echo "reached '$outside' and '$peer'" >/dev/console
"""


class GatewayTest(HostTest):
    as_unit = True
    config = {"network": {"uplink": "auto"}}

    @classmethod
    def prepare(cls):
        serve_outside(cls)

    def vpc(self, number):
        """A VPC with a subnet, and a group that opens nothing."""
        api = self.host.api
        vpc = api("create-vpc", cidr_block=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
        subnet = api("create-subnet", vpc_id=vpc, cidr_block=f"10.{number}.1.0/24")["Subnet"]["SubnetId"]
        group = api("create-security-group", group_name="inner", description="inner", vpc_id=vpc)["GroupId"]
        return vpc, subnet, group

    def launch(self, subnet, group, **more):
        answer = self.host.api("run-instances", image_id=self.host.image_id, instance_type="b1.tiny",
                               key_name=self.host.key_name, subnet_id=subnet, security_group_ids=[group], **more)
        return Guest(self.host, answer["Instances"][0]["InstanceId"])

    def test_a_guest_of_a_private_subnet_reaches_the_world_by_nat_and_another_vpc_by_peering(self):
        api = self.host.api
        vpc, public, group = self.vpc(30)
        private = api("create-subnet", vpc_id=vpc, cidr_block="10.30.2.0/24")["Subnet"]["SubnetId"]
        gateway = api("create-internet-gateway")["InternetGateway"]["InternetGatewayId"]
        api("attach-internet-gateway", internet_gateway_id=gateway, vpc_id=vpc)
        (main,) = api("describe-route-tables", filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
        api("create-route", route_table_id=main["RouteTableId"], destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway)
        address = api("allocate-address")["AllocationId"]
        nat = api("create-nat-gateway", subnet_id=public, allocation_id=address)["NatGateway"]["NatGatewayId"]
        wait_until(lambda: api("describe-nat-gateways", nat_gateway_ids=[nat])["NatGateways"][0]["State"] == "available",
                   30, "the NAT gateway to be available")
        table = api("create-route-table", vpc_id=vpc)["RouteTable"]["RouteTableId"]
        api("associate-route-table", route_table_id=table, subnet_id=private)
        api("create-route", route_table_id=table, destination_cidr_block="0.0.0.0/0", nat_gateway_id=nat)

        other, far, far_group = self.vpc(31)
        peering = api("create-vpc-peering-connection", vpc_id=vpc,
                      peer_vpc_id=other)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        api("accept-vpc-peering-connection", vpc_peering_connection_id=peering)
        api("create-route", route_table_id=table, destination_cidr_block="10.31.0.0/16",
            vpc_peering_connection_id=peering)
        (back,) = api("describe-route-tables", filters=[{"Name": "vpc-id", "Values": [other]}])["RouteTables"]
        api("create-route", route_table_id=back["RouteTableId"], destination_cidr_block="10.30.0.0/16",
            vpc_peering_connection_id=peering)
        # By the group of the other VPC, which the guest joins when it starts.
        api("authorize-security-group-ingress", group_id=far_group, ip_permissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": group}]}])
        self.launch(far, far_group, private_ip_address="10.31.1.10").wait_ready()
        guest = self.launch(private, group, user_data=SCRIPT)
        guest.wait_console("reached 'outside' and 'SSH'", 180)

        # With its gateway gone the subnet has no way out; the address is free again.
        api("delete-nat-gateway", nat_gateway_id=nat)
        wait_until(lambda: api("describe-nat-gateways", nat_gateway_ids=[nat])["NatGateways"][0]["State"] == "deleted",
                   30, "the NAT gateway to be deleted")
        shown = api("describe-route-tables", route_table_ids=[table])["RouteTables"][0]["Routes"]
        self.assertEqual([each["State"] for each in shown if each.get("NatGatewayId") == nat], ["blackhole"])
        api("release-address", allocation_id=address)


if __name__ == "__main__":
    unittest.main()
