"""What the resources of a VPC need around them, in the suites of Terraform's AWS provider."""

from conditions import wait_until
from terraform import SOON, Resource


class Network:
    """A VPC of one's own. `destroy` undoes what was made by it, the latest first, and fails where something else is left in
    it: DeleteVpc is refused then."""

    def __init__(self, ec2, cidr="10.80.0.0/16"):
        self.ec2 = ec2
        self.undo = []
        self.id = self.make(ec2.create_vpc, "Vpc", "VpcId", ec2.delete_vpc, CidrBlock=cidr)

    def make(self, create, thing, key, delete, **arguments):
        made = create(**arguments)[thing][key]
        self.undo.append((delete, {key: made}))
        return made

    def subnet(self, cidr="10.80.1.0/24", zone="us-east-1a"):
        return self.make(self.ec2.create_subnet, "Subnet", "SubnetId", self.ec2.delete_subnet, VpcId=self.id,
                         CidrBlock=cidr, AvailabilityZone=zone)

    def gateway(self):
        """An internet gateway that is attached."""
        made = self.make(self.ec2.create_internet_gateway, "InternetGateway", "InternetGatewayId",
                         self.ec2.delete_internet_gateway)
        attachment = {"InternetGatewayId": made, "VpcId": self.id}
        self.ec2.attach_internet_gateway(**attachment)
        self.undo.append((self.ec2.detach_internet_gateway, attachment))
        return made

    def table(self):
        return self.make(self.ec2.create_route_table, "RouteTable", "RouteTableId", self.ec2.delete_route_table,
                         VpcId=self.id)

    def group(self, name="replay"):
        made = self.ec2.create_security_group(GroupName=name, Description="replay", VpcId=self.id)["GroupId"]
        self.undo.append((self.ec2.delete_security_group, {"GroupId": made}))
        return made

    def interface(self, subnet, **arguments):
        return self.make(self.ec2.create_network_interface, "NetworkInterface", "NetworkInterfaceId",
                         self.ec2.delete_network_interface, SubnetId=subnet, **arguments)

    def address(self):
        made = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        self.undo.append((self.ec2.release_address, {"AllocationId": made}))
        return made

    def prefix_list(self, *cidrs, size=5):
        return self.make(self.ec2.create_managed_prefix_list, "PrefixList", "PrefixListId",
                         self.ec2.delete_managed_prefix_list, PrefixListName="replay", AddressFamily="IPv4",
                         MaxEntries=size, Entries=[{"Cidr": cidr} for cidr in cidrs])

    def peering(self, peer):
        """An active connection to another network."""
        made = self.make(self.ec2.create_vpc_peering_connection, "VpcPeeringConnection", "VpcPeeringConnectionId",
                         self.ec2.delete_vpc_peering_connection, VpcId=self.id, PeerVpcId=peer.id)
        self.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=made)
        return made

    def instance(self, subnet, image, **arguments):
        """One that runs."""
        run = self.ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet,
                                     **arguments)
        made = run["Instances"][0]["InstanceId"]
        self.undo.append((self.terminate, {"instance": made}))
        self.wait_instance(made, "running")
        return made

    def wait_instance(self, instance, state):
        def now():
            shown = self.ec2.describe_instances(InstanceIds=[instance])
            return shown["Reservations"][0]["Instances"][0]["State"]["Name"]
        wait_until(lambda: now() == state, SOON, f"{instance} to be {state}")

    def terminate(self, instance):
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.wait_instance(instance, "terminated")

    def destroy(self):
        while self.undo:
            call, arguments = self.undo.pop()
            call(**arguments)


class InVpc(Resource):
    """A resource in a VPC of its own."""

    def prepare(self):
        self.network = Network(self.ec2)
        self.around()

    def around(self):
        """What it needs beside a VPC."""

    def end(self):
        self.network.destroy()
