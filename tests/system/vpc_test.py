"""A VPC of one's own: a public and a private subnet, guests in both, and what each of them reaches."""

import ipaddress
import os
import subprocess
import unittest

from conditions import wait_until
from guest import Guest, connects
from harness import HostTest


def namespaces(vpc):
    return [name for name in os.listdir("/run/netns") if name == f"brume-{vpc}"]


def resolvers(vpc):
    return subprocess.run(["pgrep", "-f", f"dnsmasq.*{vpc}"], capture_output=True, text=True).stdout


def counted_ports(vpc):
    command = ["ip", "netns", "exec", f"brume-{vpc}", "nft", "list", "set", "inet", "brume_flows", "logged"]
    return subprocess.run(command, capture_output=True, text=True).stdout.count('"bm')


def inner_answer(guest, question):
    return guest.ssh(f"nslookup {question}", check=False)


class VpcTest(HostTest):
    config = {"network": {"name_tag_domain": "lab.example"}}

    @classmethod
    def prepare(cls):
        host = cls.host
        api = host.api
        vpc = api("create-vpc", cidr_block="10.20.0.0/16", amazon_provided_ipv6_cidr_block=True)["Vpc"]
        cls.vpc = vpc["VpcId"]
        cls.ipv6 = ipaddress.ip_network(vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"])
        cls.public = api("create-subnet", vpc_id=cls.vpc, cidr_block="10.20.1.0/24",
                         ipv6_cidr_block=str(next(cls.ipv6.subnets(new_prefix=64))))["Subnet"]["SubnetId"]
        api("modify-subnet-attribute", subnet_id=cls.public, assign_ipv6_address_on_creation={"Value": True})
        cls.private = api("create-subnet", vpc_id=cls.vpc, cidr_block="10.20.2.0/24")["Subnet"]["SubnetId"]
        cls.gateway = api("create-internet-gateway")["InternetGateway"]["InternetGatewayId"]
        api("attach-internet-gateway", internet_gateway_id=cls.gateway, vpc_id=cls.vpc)
        cls.table = api("create-route-table", vpc_id=cls.vpc)["RouteTable"]["RouteTableId"]
        api("create-route", route_table_id=cls.table, destination_cidr_block="0.0.0.0/0", gateway_id=cls.gateway)
        api("create-route", route_table_id=cls.table, destination_ipv6_cidr_block="::/0", gateway_id=cls.gateway)
        api("associate-route-table", route_table_id=cls.table, subnet_id=cls.public)
        cls.group = api("create-security-group", group_name="ssh", description="ssh", vpc_id=cls.vpc)["GroupId"]
        api("authorize-security-group-ingress", group_id=cls.group, ip_protocol="tcp", from_port=22, to_port=22,
            cidr_ip="0.0.0.0/0")
        api("authorize-security-group-ingress", group_id=cls.group, ip_permissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}])
        cls.bastion, cls.inner = (cls.launch(subnet) for subnet in (cls.public, cls.private))
        for guest in (cls.bastion, cls.inner):
            guest.wait_ready()
        cls.address = api("allocate-address")

    @classmethod
    def launch(cls, subnet):
        answer = cls.host.api("run-instances", image_id=cls.host.image_id, instance_type="b1.tiny",
                              key_name=cls.host.key_name, subnet_id=subnet, security_group_ids=[cls.group])
        return Guest(cls.host, answer["Instances"][0]["InstanceId"])

    def begin_flow_log(self):
        os.makedirs(os.path.join(self.host.state_dir, "export", "logs"), exist_ok=True)
        made = self.host.api("create-flow-logs", resource_type="VPC", resource_ids=[self.vpc], traffic_type="ALL",
                             log_destination_type="s3", log_destination="arn:aws:s3:::logs/vpc/")
        self.assertEqual(made.get("Unsuccessful", []), [])
        wait_until(lambda: counted_ports(self.vpc) == 2, 30, "the host to count the flows of both guests")
        return made["FlowLogIds"][0]

    def check_flows(self, log, bastion, inner):
        """An ended log has what passed until then: at both guests what was let through, and at one what was not."""
        host = self.host
        cards = {guest.private_ip: guest.describe()["NetworkInterfaces"][0]["NetworkInterfaceId"]
                 for guest in (bastion, inner)}
        host.api("delete-flow-logs", flow_log_ids=[log])
        path = os.path.join(host.state_dir, "export", "logs", "vpc", f"{log}.log")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o640)
        with open(path, encoding="utf-8") as file:
            header, *records = [line.split() for line in file]
        flows = {(flow["interface-id"], flow["dstport"], flow["action"])
                 for flow in (dict(zip(header, record)) for record in records)
                 if flow["srcaddr"] == bastion.private_ip and flow["dstaddr"] == inner.private_ip}
        here, there = cards[bastion.private_ip], cards[inner.private_ip]
        self.assertEqual(flows, {(here, "22", "ACCEPT"), (there, "22", "ACCEPT"),
                                 (here, "23", "ACCEPT"), (there, "23", "REJECT")})

    def test_a_two_tier_vpc_lets_each_guest_reach_what_its_routes_say(self):
        host, bastion, inner = self.host, self.bastion, self.inner
        self.assertIsNone(bastion.public_ip, "a subnet of a VPC of one's own gives no public address by itself")
        # An elastic address that comes to a guest that runs.
        allocation = self.address["AllocationId"]
        host.api("associate-address", allocation_id=allocation, instance_id=bastion.id)
        self.assertEqual(bastion.public_ip, self.address["PublicIp"])
        wait_until(lambda: connects(bastion.public_ip, 22), 30, "the bastion at its elastic address")
        boot = bastion.boot_id()

        # From the bastion to the inner guest, which nobody reaches from outside.
        log = self.begin_flow_log()
        reached = bastion.ssh(f"nc -w 5 {inner.private_ip} 22 </dev/null | head -c 4")
        self.assertIn("SSH", reached)
        bastion.ssh(f"nc -w 1 {inner.private_ip} 23 </dev/null || true")
        self.check_flows(log, bastion, inner)
        # Without the route nothing comes back from the public subnet.
        host.api("delete-route", route_table_id=self.table, destination_cidr_block="0.0.0.0/0")
        wait_until(lambda: not connects(bastion.public_ip, 22, seconds=1), 30, "the end of the way out")
        host.api("create-route", route_table_id=self.table, destination_cidr_block="0.0.0.0/0", gateway_id=self.gateway)
        wait_until(lambda: connects(bastion.public_ip, 22), 30, "the way out again")
        self.assertEqual(bastion.boot_id(), boot)

        self.check_options_and_names()

        # It stays with the instance over a stop.
        bastion.stop()
        bastion.wait_state("stopped")
        bastion.start()
        bastion.wait_ssh()
        self.assertEqual(bastion.public_ip, self.address["PublicIp"])
        host.api("disassociate-address", public_ip=self.address["PublicIp"])
        wait_until(lambda: not connects(self.address["PublicIp"], 22, seconds=1), 30, "the address to lead nowhere")
        self.assertIsNone(bastion.public_ip)

    def check_options_and_names(self):
        """The guests are told of another domain with their next lease, and the resolver answers as before."""
        api, bastion, inner = self.host.api, self.bastion, self.inner
        self.assertIn("search ec2.internal\n", bastion.ssh("cat /etc/resolv.conf"))
        options = api("create-dhcp-options", dhcp_configurations=[
            {"Key": "domain-name", "Values": ["corp.example"]},
            {"Key": "domain-name-servers", "Values": ["AmazonProvidedDNS"]}])["DhcpOptions"]["DhcpOptionsId"]
        api("associate-dhcp-options", dhcp_options_id=options, vpc_id=self.vpc)

        def has_domain():
            bastion.ssh("kill -USR1 $(pidof udhcpc)")  # renews the lease
            return "search corp.example\nnameserver 10.20.0.2\n" in bastion.ssh("cat /etc/resolv.conf")

        wait_until(has_domain, 30, "the guest to hear of its new domain")
        name = inner.describe()["PrivateDnsName"]
        self.assertIn(inner.private_ip, bastion.ssh(f"nslookup -type=a {name}"))
        self.assertIn(name, bastion.ssh(f"nslookup {inner.private_ip}"))
        # By its tag, which it is given while it runs.
        api("create-tags", resources=[inner.id], tags=[{"Key": "Name", "Value": "Inner"}])
        wait_until(lambda: inner.private_ip in bastion.ssh("nslookup -type=a inner.lab.example", check=False), 30,
                   "the name of the tag")
        # Both ways: of its elastic address the resolver gives the private one to those inside.
        api("modify-vpc-attribute", vpc_id=self.vpc, enable_dns_hostnames={"Value": True})
        public_name = bastion.describe()["PublicDnsName"]
        wait_until(lambda: bastion.private_ip in inner_answer(bastion, public_name), 30, "the public name inside")
        self.assertIn(public_name, bastion.ssh(f"nslookup {bastion.public_ip}"))
        api("modify-address-attribute", allocation_id=self.address["AllocationId"], domain_name="mail.example.com")
        wait_until(lambda: "mail.example.com" in inner_answer(bastion, bastion.public_ip), 30, "the name it was given")
        api("reset-address-attribute", allocation_id=self.address["AllocationId"], attribute="domain-name")

    def test_a_guest_is_reached_by_ipv6_as_far_as_its_routes_lead(self):
        api = self.host.api
        described = api("describe-instances", instance_ids=[self.bastion.id])["Reservations"][0]["Instances"][0]
        address = described["Ipv6Address"]
        wait_until(lambda: connects(address, 22), 30, "the bastion by IPv6")
        # The subnet of the other has no IPv6.
        self.assertNotIn("Ipv6Address", api("describe-instances", instance_ids=[self.inner.id])
                         ["Reservations"][0]["Instances"][0])
        api("delete-route", route_table_id=self.table, destination_ipv6_cidr_block="::/0")
        wait_until(lambda: not connects(address, 22, seconds=1), 30, "the end of the way by IPv6")
        api("create-route", route_table_id=self.table, destination_ipv6_cidr_block="::/0", gateway_id=self.gateway)
        wait_until(lambda: connects(address, 22), 30, "the way by IPv6 again")

    def test_a_guest_of_an_ipv6_only_subnet_boots_and_is_reached_by_ipv6_alone(self):
        host, api = self.host, self.host.api
        subnet = api("create-subnet", vpc_id=self.vpc, ipv6_native=True,
                     ipv6_cidr_block=str(list(self.ipv6.subnets(new_prefix=64))[1]))["Subnet"]["SubnetId"]
        association = api("associate-route-table", route_table_id=self.table, subnet_id=subnet)["AssociationId"]
        made = api("run-instances", image_id=host.image_id, instance_type="b1.tiny", key_name=host.key_name,
                   subnet_id=subnet, security_group_ids=[self.group],
                   metadata_options={"HttpProtocolIpv6": "enabled"})["Instances"][0]
        guest = Guest(host, made["InstanceId"])
        self.assertNotIn("PrivateIpAddress", made)
        guest.wait_ready()
        address = guest.describe()["Ipv6Address"]
        wait_until(lambda: connects(address, 22), 30, "the guest by IPv6")

        def run(command):
            return subprocess.run([*guest.ssh_argv(address), command], capture_output=True, text=True, timeout=60)

        self.assertEqual(run("hostname").stdout.strip(), guest.id)
        done = subprocess.run(host.brume_argv("ssh", guest.id, "--identity", host.key_path, "--", "echo", "hello"),
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout.strip(), "hello", done.stderr)
        self.assertIn(f"inet6 {address}/128", run("ip -6 address show dev eth0").stdout)
        self.assertEqual(run("ip -4 address show dev eth0").stdout, "")
        # The other guest is found by name over IPv6, and by nothing else.
        other = self.bastion.describe()["Ipv6Address"]
        self.assertIn("SSH", run(f"nc -w 5 {other} 22 </dev/null | head -c 4").stdout)
        self.assertNotEqual(run(f"ip address add 10.20.1.77/24 dev eth0; "
                                f"ping -c 1 -W 1 {self.bastion.private_ip}").returncode, 0)
        self.assertIn(address, run(f"nslookup -type=aaaa {guest.id}.ec2.internal").stdout)
        wait_until(lambda: guest.status() == ("ok", "ok"), 60, "the checks of a guest without IPv4 to pass")
        # Its metadata, of which what is about IPv4 is not there.
        answer = run("printf 'PUT /latest/api/token HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 0\\r\\n"
                     "X-aws-ec2-metadata-token-ttl-seconds: 60\\r\\nConnection: close\\r\\n\\r\\n' | "
                     "nc -w 5 fd00:ec2::254 80 | tail -n 1").stdout.strip()
        for path, status in (("ipv6", "200"), ("local-ipv4", "404")):
            shown = run(f"printf 'GET /latest/meta-data/{path} HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n"
                        f"X-aws-ec2-metadata-token: {answer}\\r\\n\\r\\n' | nc -w 5 fd00:ec2::254 80 | head -n 1").stdout
            self.assertIn(f" {status} ", shown, path)
        guest.terminate()
        guest.wait_state("terminated")
        api("disassociate-route-table", association_id=association)
        api("delete-subnet", subnet_id=subnet)

    def test_a_vpc_that_is_deleted_takes_its_namespace_resolver_and_metadata_with_it(self):
        api = self.host.api
        vpc = api("create-vpc", cidr_block="10.20.0.0/16")["Vpc"]["VpcId"]  # the same range beside the other
        subnet = api("create-subnet", vpc_id=vpc, cidr_block="10.20.1.0/24")["Subnet"]["SubnetId"]
        wait_until(lambda: namespaces(vpc), 30, "the VPC on this host")
        self.assertEqual(resolvers(vpc), "", "there is nobody to answer")
        self.assertNotEqual(resolvers(self.vpc), "")
        api("delete-subnet", subnet_id=subnet)
        api("delete-vpc", vpc_id=vpc)
        wait_until(lambda: not namespaces(vpc), 30, "the VPC to leave the host")
        self.assertFalse(os.path.exists(os.path.join(self.host.state_dir, "net", vpc)))
        self.assertEqual(resolvers(vpc), "")


if __name__ == "__main__":
    unittest.main()
