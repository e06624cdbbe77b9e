"""AWS's tutorial of a VPC with a public and a private subnet, a NAT gateway and a bastion, by the aws command line, with guests
that boot: its commands in their order, what each guest reaches then, and the commands that clean up.
"""

import os
import shlex
import subprocess
import unittest

from client_host import ClientTest
from conditions import wait_until
from guest import Guest, SshError, connects
from outside import OUTSIDE, serve_outside


def named(kind, name):
    return ["--tag-specifications", f"ResourceType={kind},Tags=[{{Key=Name,Value={name}}}]"]


class AwsCliVpcTest(ClientTest):
    config = {"network": {"uplink": "auto"}}

    @classmethod
    def prepare(cls):
        serve_outside(cls)
        cls.host.image_id = cls.host.add_image()

    def ec2(self, *argv):
        return self.aws("ec2", *argv)

    def said(self, *argv):
        """A command that is asked for one text, as the tutorial keeps ids."""
        return self.aws("ec2", *argv, "--output", "text").strip()

    def wait(self, resource, state, ids, shown, expected):
        """`aws ec2 wait`, which looks every fifteen seconds: it finds what it waits for, which `shown` has said before."""
        wait_until(lambda: shown() == expected, 60, f"{ids} to be {expected}")
        self.ec2("wait", f"{resource}-{state}", f"--{resource}-ids", ids)

    # ---- the tutorial, step by step

    def make_subnets(self):
        self.vpc = self.said("create-vpc", "--cidr-block", "10.0.0.0/16", *named("vpc", "tutorial"), "--query",
                             "Vpc.VpcId")
        self.ec2("modify-vpc-attribute", "--vpc-id", self.vpc, "--enable-dns-hostnames", '{"Value":true}')
        self.public, self.private = (
            self.said("create-subnet", "--vpc-id", self.vpc, "--cidr-block", cidr, "--availability-zone", "us-east-1a",
                      *named("subnet", name), "--query", "Subnet.SubnetId")
            for name, cidr in (("public", "10.0.0.0/24"), ("private", "10.0.1.0/24")))
        self.ec2("modify-subnet-attribute", "--subnet-id", self.public, "--map-public-ip-on-launch")

    def make_table(self, name, subnet, *target):
        table = self.said("create-route-table", "--vpc-id", self.vpc, *named("route-table", name), "--query",
                          "RouteTable.RouteTableId")
        self.assertEqual(self.ec2("create-route", "--route-table-id", table, "--destination-cidr-block", "0.0.0.0/0",
                                  *target), {"Return": True})
        self.assertRegex(self.said("associate-route-table", "--route-table-id", table, "--subnet-id", subnet, "--query",
                                   "AssociationId"), "^rtbassoc-")
        return table

    def make_gateways(self):
        self.gateway = self.said("create-internet-gateway", *named("internet-gateway", "tutorial"), "--query",
                                 "InternetGateway.InternetGatewayId")
        self.ec2("attach-internet-gateway", "--vpc-id", self.vpc, "--internet-gateway-id", self.gateway)
        self.tables = [self.make_table("public", self.public, "--gateway-id", self.gateway)]
        self.address = self.said("allocate-address", "--domain", "vpc", *named("elastic-ip", "nat"), "--query",
                                 "AllocationId")
        self.nat = self.said("create-nat-gateway", "--subnet-id", self.public, "--allocation-id", self.address,
                             *named("natgateway", "tutorial"), "--query", "NatGateway.NatGatewayId")
        self.wait("nat-gateway", "available", self.nat, self.nat_state, "available")
        self.tables.append(self.make_table("private", self.private, "--nat-gateway-id", self.nat))

    def nat_gateway(self):
        return self.host.api("describe-nat-gateways", nat_gateway_ids=[self.nat])["NatGateways"][0]

    def nat_state(self):
        return self.nat_gateway()["State"]

    def make_groups(self):
        self.bastion_group, self.inner_group = (
            self.said("create-security-group", "--group-name", name, "--description", name, "--vpc-id", self.vpc,
                      "--query", "GroupId") for name in ("bastion", "inner"))
        ssh = ["authorize-security-group-ingress", "--protocol", "tcp", "--port", "22", "--group-id"]
        self.ec2(*ssh, self.bastion_group, "--cidr", "0.0.0.0/0")
        rule, = self.ec2(*ssh, self.inner_group, "--source-group", self.bastion_group)["SecurityGroupRules"]
        self.assertEqual(rule["ReferencedGroupInfo"]["GroupId"], self.bastion_group)

    def make_key(self):
        self.host.key_path = os.path.join(self.host.directory, "tutorial.pem")
        material = self.aws("ec2", "create-key-pair", "--key-name", "tutorial", "--key-type", "ed25519", "--query",
                            "KeyMaterial", "--output", "text")
        with open(self.host.key_path, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(material)

    def launch(self, name, subnet, group):
        return Guest(self.host, self.said(
            "run-instances", "--image-id", self.host.image_id, "--count", "1", "--instance-type", "b1.tiny", "--key-name",
            "tutorial", "--subnet-id", subnet, "--security-group-ids", group, *named("instance", name), "--query",
            "Instances[0].InstanceId"))

    # ---- what reaches what

    def on_inner(self, command):
        """What a command prints on the inner guest, by SSH through the bastion; SshError where it fails."""
        through = shlex.join([*self.bastion.ssh_argv(), "nc -w 30 %h %p"])
        argv = self.inner.ssh_argv(self.inner.private_ip)
        done = subprocess.run([argv[0], "-o", f"ProxyCommand={through}", *argv[1:], command], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise SshError(f"{command!r} on {self.inner}: {done.stderr}{done.stdout}")
        return done.stdout

    def check_reach(self):
        self.bastion.wait_ssh()
        self.inner.wait_ready()
        # The host reaches the bastion, and the inner guest by no address: it has none, and the NAT gateway lets nobody in.
        self.assertIsNone(self.inner.public_ip)
        nat_address = self.nat_gateway()["NatGatewayAddresses"][0]["PublicIp"]
        self.assertFalse(connects(nat_address, 22), "the NAT gateway's address leads to a guest")
        self.assertFalse(connects(self.inner.private_ip, 22), "the host reaches a private address")
        # From the bastion by SSH, and by nothing else.
        self.assertEqual(self.on_inner("echo inside").strip(), "inside")
        self.assertFalse(self.bastion.ssh_ok(f"ping -c 1 -W 2 {self.inner.private_ip}"), "a ping is let in")
        # Both reach the world, the inner one by NAT.
        outside = f"nc -w 20 {OUTSIDE} 80 </dev/null"
        self.assertEqual(self.bastion.ssh(outside).strip(), "outside")
        self.assertEqual(self.on_inner(outside).strip(), "outside")

    # ---- the tutorial's end

    def clean_up(self):
        ids = [self.bastion.id, self.inner.id]
        self.ec2("terminate-instances", "--instance-ids", *ids)
        for guest in (self.bastion, self.inner):
            guest.wait_state("terminated")
        self.ec2("wait", "instance-terminated", "--instance-ids", *ids)
        self.ec2("delete-nat-gateway", "--nat-gateway-id", self.nat)
        self.wait("nat-gateway", "deleted", self.nat, self.nat_state, "deleted")
        self.ec2("release-address", "--allocation-id", self.address)
        # The group that names the other one goes first.
        for group in (self.inner_group, self.bastion_group):
            self.ec2("delete-security-group", "--group-id", group)
        for subnet in (self.public, self.private):
            self.ec2("delete-subnet", "--subnet-id", subnet)
        for table in self.tables:  # whose associations went with the subnets
            self.ec2("delete-route-table", "--route-table-id", table)
        self.ec2("detach-internet-gateway", "--internet-gateway-id", self.gateway, "--vpc-id", self.vpc)
        self.ec2("delete-internet-gateway", "--internet-gateway-id", self.gateway)
        self.ec2("delete-vpc", "--vpc-id", self.vpc)
        self.ec2("delete-key-pair", "--key-name", "tutorial")

    def test_the_two_tier_vpc_of_a_tutorial_lets_guests_reach_what_it_says_and_goes_again(self):
        self.make_subnets()
        self.make_gateways()
        self.make_groups()
        self.make_key()
        self.bastion = self.launch("bastion", self.public, self.bastion_group)
        self.inner = self.launch("inner", self.private, self.inner_group)
        for guest in (self.bastion, self.inner):
            guest.wait_state("running")
        self.ec2("wait", "instance-running", "--instance-ids", self.bastion.id, self.inner.id)
        self.assertRegex(self.bastion.describe()["PublicDnsName"], "^ec2-.*amazonaws.com$")
        self.check_reach()
        self.clean_up()
        self.assert_refused("InvalidVpcID.NotFound", self.host.api, "describe-vpcs", vpc_ids=[self.vpc])
        wait_until(lambda: f"brume-{self.vpc}" not in os.listdir("/run/netns"), 30, "the VPC to leave the host")


del ClientTest

if __name__ == "__main__":
    unittest.main()
