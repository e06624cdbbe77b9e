"""Ansible's modules for VPCs: what a playbook wants comes about, once, and goes again."""

import unittest

from client_host import SimulatedClientTest
from playbook import play


class VpcAnsibleTest(SimulatedClientTest):
    def play(self, there):
        return play(self, "vpc_playbook.yml", there=there)

    def test_a_playbook_makes_a_vpc_with_all_in_it_changes_nothing_then_and_takes_it_away(self):
        before = self.owned()
        changed, results = self.play(True)
        self.assertEqual(changed, 13, results)
        self.check(results)

        changed, results = self.play(True)
        self.assertEqual(changed, 0, [name for name, result in results.items() if result.get("changed")])

        changed, results = self.play(False)
        self.assertEqual(changed, 10, results)
        self.assertEqual(self.owned(), before)
        self.assertEqual(self.play(False)[0], 0)

    def check(self, results):
        """What was made, as another client sees it."""
        ec2 = self.client()
        vpc = results["the VPC"]["vpc"]
        self.assertEqual((vpc["cidr_block"], vpc["tags"]), ("10.70.0.0/16", {"Name": "playbook", "Team": "mist"}))
        interface, = ec2.describe_network_interfaces(
            Filters=[{"Name": "tag:Name", "Values": ["playbook"]}])["NetworkInterfaces"]
        self.assertEqual([each["PrivateIpAddress"] for each in interface["PrivateIpAddresses"]],
                         ["10.70.1.20", "10.70.1.21"])
        self.assertEqual(interface["Association"]["PublicIp"], results["the address of the interface"]["public_ip"])
        tables = ec2.describe_route_tables(Filters=[{"Name": "tag:Name", "Values": ["public", "private"]}])["RouteTables"]
        ways = {table["Tags"][0]["Value"]: {route.get("NatGatewayId") or route["GatewayId"] for route in table["Routes"]}
                for table in tables}
        self.assertEqual(ways, {"public": {"local", results["the internet gateway"]["gateway_id"]},
                                "private": {"local", results["the NAT gateway"]["nat_gateway_id"]}})
        acl, = ec2.describe_network_acls(Filters=[{"Name": "tag:Name", "Values": ["playbook"]}])["NetworkAcls"]
        self.assertEqual(sorted((entry["RuleNumber"], entry["Protocol"]) for entry in acl["Entries"]),
                         [(100, "-1"), (100, "6"), (200, "1"), (32767, "-1"), (32767, "-1")])
        peering, = ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
        self.assertEqual(peering["Status"]["Code"], "active")

    def owned(self):
        """How many there are of each kind."""
        ec2 = self.client()
        calls = {"Vpcs": ec2.describe_vpcs, "Subnets": ec2.describe_subnets, "RouteTables": ec2.describe_route_tables,
                 "InternetGateways": ec2.describe_internet_gateways, "Addresses": ec2.describe_addresses,
                 "NetworkAcls": ec2.describe_network_acls, "SecurityGroups": ec2.describe_security_groups,
                 "NetworkInterfaces": ec2.describe_network_interfaces}
        return {key: len(call()[key]) for key, call in calls.items()}


del SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
