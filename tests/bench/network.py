"""How long the calls of networks take, and how soon what they ask for stands on the host."""

import os
import subprocess
import time

import boto3

from conditions import wait_until

VPCS, INTERFACES = 20, 100


def leads_out(vpc):
    """Whether the VPC's namespace has the route of its table to the gateway."""
    if not os.path.exists(f"/run/netns/brume-{vpc}"):
        return False
    shown = subprocess.run(["ip", "-n", f"brume-{vpc}", "route", "show", "table", "all"], capture_output=True, text=True)
    return any(line.startswith("default") for line in shown.stdout.splitlines())


def client(host):
    for name, value in host.aws_environment().items():
        if name.startswith("AWS_"):
            os.environ[name] = value
    return boto3.session.Session().client("ec2", endpoint_url=host.endpoint)


def interfaces(host, ec2, server_ms, verdict):
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    host.brume("stats", "--reset")
    made = [ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
            for _ in range(INTERFACES)]
    for interface in made:
        ec2.delete_network_interface(NetworkInterfaceId=interface)
    for call in ("CreateNetworkInterface", "DeleteNetworkInterface"):
        p50, p99 = server_ms(host, f"ec2:{call}")
        yield f"{call}: server p50", f"{p50:.2f} ms (p99 {p99:.2f})", verdict(p50 <= 10, "≤ 10 ms")


def ready_vpc(ec2, number):
    """Seconds from the first of its calls until the VPC leads out, and what was made."""
    began = time.monotonic()
    vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    wait_until(lambda: leads_out(vpc), 60, f"{vpc} to lead out", every=0.002)
    return time.monotonic() - began, (vpc, subnet, gateway)


def vpcs(ec2, spread, verdict):
    times = []
    for number in range(VPCS):
        seconds, (vpc, subnet, gateway) = ready_vpc(ec2, 100 + number)
        times.append(seconds * 1000)
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
        ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc(VpcId=vpc)
    yield ("a VPC with subnet, gateway and route: seven calls → in the kernel", spread(times, "ms"),
           verdict(sorted(times)[len(times) // 2] <= 200, "≤ 200 ms"))


def measure(host, tools):
    ec2 = client(host)
    yield from interfaces(host, ec2, tools["server_ms"], tools["verdict"])
    yield from vpcs(ec2, tools["spread"], tools["verdict"])
