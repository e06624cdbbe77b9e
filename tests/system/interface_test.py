"""Network interfaces of their own: in and out of a running guest, with addresses and elastic addresses of theirs."""

import unittest

from conditions import wait_until
from guest import Guest, connects
from harness import HostTest


class InterfaceTest(HostTest):
    @classmethod
    def prepare(cls):
        api = cls.host.api
        vpc = api("describe-vpcs")["Vpcs"][0]["VpcId"]
        zone = "us-east-1a"
        cls.beside = api("create-subnet", vpc_id=vpc, cidr_block="172.31.64.0/24", availability_zone=zone)["Subnet"]
        cls.group = api("describe-security-groups")["SecurityGroups"][0]["GroupId"]
        cls.guest = cls.launch(placement={"AvailabilityZone": zone})
        cls.neighbour = cls.launch(network_interfaces=[
            {"DeviceIndex": 0, "SubnetId": cls.beside["SubnetId"], "AssociatePublicIpAddress": True}])
        for guest in (cls.guest, cls.neighbour):
            guest.wait_ready()

    @classmethod
    def launch(cls, **where):
        answer = cls.host.api("run-instances", image_id=cls.host.image_id, instance_type="b1.small",
                              key_name=cls.host.key_name, **where)
        return Guest(cls.host, answer["Instances"][0]["InstanceId"])

    def shown(self, eni):
        return self.host.api("describe-network-interfaces", network_interface_ids=[eni])["NetworkInterfaces"][0]

    def test_a_running_guest_is_reached_by_an_interface_that_comes_and_not_once_it_goes(self):
        host, guest = self.host, self.guest
        made = host.api("create-network-interface", subnet_id=self.beside["SubnetId"], groups=[self.group],
                        secondary_private_ip_address_count=1)["NetworkInterface"]
        eni, mac = made["NetworkInterfaceId"], made["MacAddress"]
        addresses = [each["PrivateIpAddress"] for each in made["PrivateIpAddresses"]]
        boot = guest.boot_id()
        attachment = host.api("attach-network-interface", network_interface_id=eni, instance_id=guest.id,
                              device_index=1)["AttachmentId"]
        wait_until(lambda: self.shown(eni)["Attachment"]["Status"] == "attached", 60, "the interface to be attached")
        wait_until(lambda: mac in guest.ssh("cat /sys/class/net/*/address"), 30, "the guest to see its card")
        link = guest.ssh(f"grep -l {mac} /sys/class/net/*/address").split("/")[4]
        for address in addresses:
            guest.ssh(f"ip addr add {address}/24 dev {link}")
        guest.ssh(f"ip link set {link} up")
        # Its card and both addresses are told by the metadata service, and reach and are reached.
        macs = "meta-data/network/interfaces/macs/"
        self.assertIn(mac, guest.imds(macs, token=guest.imds_token())[1])
        _, answer = guest.imds(f"{macs}{mac}/local-ipv4s", token=guest.imds_token())
        self.assertEqual(answer.split(), addresses)
        for address in addresses:
            wait_until(lambda address=address: self.neighbour.ssh_ok(f"ping -c 1 -W 2 {address}"), 30,
                       f"{address} to answer")
        # An address that is not assigned is not let through.
        host.api("unassign-private-ip-addresses", network_interface_id=eni, private_ip_addresses=addresses[1:])
        wait_until(lambda: not self.neighbour.ssh_ok(f"ping -c 1 -W 2 {addresses[1]}"), 30, "the address to be gone")
        self.assertTrue(self.neighbour.ssh_ok(f"ping -c 1 -W 2 {addresses[0]}"))

        host.api("detach-network-interface", attachment_id=attachment)
        wait_until(lambda: self.shown(eni)["Status"] == "available", 60, "the interface to be available")
        self.assertNotIn(mac, guest.ssh("cat /sys/class/net/*/address"))
        self.assertFalse(self.neighbour.ssh_ok(f"ping -c 1 -W 2 {addresses[0]}"))
        host.api("delete-network-interface", network_interface_id=eni)
        self.assertEqual(guest.boot_id(), boot)

    def test_a_guest_starts_with_all_its_interfaces(self):
        host = self.host
        made = host.api("create-network-interface", subnet_id=self.beside["SubnetId"])["NetworkInterface"]
        guest = self.launch(network_interfaces=[
            {"DeviceIndex": 0, "SubnetId": self.guest.describe()["SubnetId"], "Groups": [self.group]},
            {"DeviceIndex": 1, "NetworkInterfaceId": made["NetworkInterfaceId"]}])
        address = host.api("allocate-address")
        first = next(each for each in guest.describe()["NetworkInterfaces"] if each["Attachment"]["DeviceIndex"] == 0)
        host.api("associate-address", allocation_id=address["AllocationId"],
                 network_interface_id=first["NetworkInterfaceId"])
        wait_until(lambda: connects(address["PublicIp"], 22), 90, "the guest at its elastic address")
        guest.wait_ready()
        macs = guest.ssh("cat /sys/class/net/*/address")
        for interface in guest.describe()["NetworkInterfaces"]:
            self.assertIn(interface["MacAddress"], macs)
        guest.terminate()
        guest.wait_state("terminated")
        self.assertEqual(self.shown(made["NetworkInterfaceId"])["Status"], "available")


if __name__ == "__main__":
    unittest.main()
