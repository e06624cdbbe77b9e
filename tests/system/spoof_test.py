"""What a guest that boots makes up to speak as another, or as the network: nobody hears of it."""

import base64
import gzip
import os
import re
import unittest

import frames
from conditions import wait_until
from guest import ping
from harness import BIN, HostTest

PROGRAM = "/tmp/guest_frames"
HEARD = "/tmp/heard"
ROUTER = "02:b0:00:00:00:01"
ROUTER_LINK_LOCAL = "fe80::b0:ff:fe00:1"
METADATA = "169.254.169.254"
STRANGER_MAC = "02:b0:0a:14:01:4d"
PORT = 4000


class SpoofTest(HostTest):
    ready = False

    @classmethod
    def prepare(cls):
        host, api = cls.host, cls.host.api
        host.image_id = host.add_image()
        host.add_key()
        # What is held back, nothing but the check of senders holds back.
        api("authorize-security-group-ingress", group_name="default", ip_permissions=[
            {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}])
        vpc = api("describe-vpcs")["Vpcs"][0]["VpcId"]
        given = api("associate-vpc-cidr-block", vpc_id=vpc, amazon_provided_ipv6_cidr_block=True)
        block = given["Ipv6CidrBlockAssociation"]["Ipv6CidrBlock"]
        subnet = api("describe-subnets")["Subnets"][0]["SubnetId"]
        api("associate-subnet-cidr-block", subnet_id=subnet, ipv6_cidr_block=block.replace("/56", "/64"))
        api("modify-subnet-attribute", subnet_id=subnet, assign_ipv6_address_on_creation={"Value": True})
        cls.guests = host.run_instances(3, subnet_id=subnet)
        for guest in cls.guests:
            guest.wait_state("running")
        for guest in cls.guests:
            guest.wait_ready()
            guest.wait_console("IPv6 address ", 60)
        cls.liar, cls.victim, cls.neighbour = cls.guests
        with open(os.path.join(BIN, "guest_frames"), "rb") as file:
            packed = base64.b64encode(gzip.compress(file.read())).decode()
        for guest in cls.guests:
            card = guest.describe()["NetworkInterfaces"][0]
            guest.mac, guest.ip = card["MacAddress"], card["PrivateIpAddress"]
            guest.ipv6 = card["Ipv6Addresses"][0]["Ipv6Address"]
            guest.ssh(f"base64 -d | gunzip >{PROGRAM} && chmod 700 {PROGRAM}", stdin=packed)
        cls.gateway = cls.liar.ssh("ip route show default").split()[2]

    def begin_hearing(self, guest):
        guest.ssh(f"{PROGRAM} hear eth0 >{HEARD} 2>&1 </dev/null & echo $! >{HEARD}.pid")
        self.addCleanup(guest.ssh, f"kill $(cat {HEARD}.pid)")
        wait_until(lambda: "hearing" in guest.ssh(f"cat {HEARD}"), 20, f"{guest} to hear")

    def heard(self, guest):
        """The frames that came in since it began to listen; those of the test's own SSH are among them."""
        lines = guest.ssh(f"cat {HEARD}").splitlines()
        return [bytes.fromhex(line) for line in lines[1:] if len(line) % 2 == 0]

    def send(self, *sent):
        self.liar.ssh(f"{PROGRAM} send eth0", stdin="".join(frame.hex() + "\n" for frame in sent))

    def wait_heard(self, mark):
        wait_until(lambda: any(mark in frame for frame in self.heard(self.neighbour)), 20, f"{mark} at the neighbour")

    # ---- frames of the liar's

    def datagram(self, mark, mac=None, ip=None, target_mac=ROUTER, to=None, ports=(PORT, PORT)):
        """To the neighbour by IPv4; the liar's own in whatever is not said."""
        mac, ip, to = mac or self.liar.mac, ip or self.liar.ip, to or self.neighbour.ip
        return frames.ethernet(mac, target_mac, frames.IPV4,
                               frames.ipv4(ip, to, frames.UDP, frames.udp(ip, to, *ports, mark)))

    def datagram6(self, mark, mac=None, ip=None, target_mac=ROUTER, to=None, ports=(PORT, PORT)):
        """The same by IPv6."""
        mac, ip, to = mac or self.liar.mac, ip or self.liar.ipv6, to or self.neighbour.ipv6
        return frames.ethernet(mac, target_mac, frames.IPV6,
                               frames.ipv6(ip, to, frames.UDP, frames.udp(ip, to, *ports, mark)))

    def fragments(self, mark, ips, identification, ports=(PORT, PORT)):
        """Two parts of one datagram to the neighbour, from one address each."""
        whole = frames.udp(ips[0], self.neighbour.ip, *ports, mark + bytes(64) + mark)
        cut = 40
        parts = ((ips[0], whole[:cut], 0, True), (ips[1], whole[cut:], cut, False))
        return [frames.ethernet(self.liar.mac, ROUTER, frames.IPV4,
                                frames.ipv4(ip, self.neighbour.ip, frames.UDP, part, identification, offset, more))
                for ip, part, offset, more in parts]

    def discovery(self, mark, kind, body, source=None, target="ff02::1", target_mac="33:33:00:00:00:01"):
        """A message of ICMPv6, with a mark that no option of it has."""
        source = source or frames.link_local(self.liar.mac)
        unknown = bytes([200, (len(mark) + 2 + 7) // 8]) + mark
        body += unknown + bytes(-len(unknown) % 8)
        return frames.ethernet(self.liar.mac, target_mac, frames.IPV6,
                               frames.ipv6(source, target, frames.ICMPV6, frames.icmpv6(source, target, kind, body)))

    def arp(self, mark, operation, claimed, target_mac=frames.BROADCAST):
        """Says that `claimed` is at the liar's MAC."""
        said = frames.arp(operation, self.liar.mac, claimed, self.neighbour.mac, self.neighbour.ip)
        return frames.ethernet(self.liar.mac, target_mac, frames.ARP, said + mark)

    def false_senders(self):
        victim = self.victim
        yield "a MAC of the victim's", [self.datagram(b"<false-mac-1>", mac=victim.mac)]
        yield "a MAC of nobody's", [self.datagram(b"<false-mac-2>", mac=STRANGER_MAC)]
        yield "the victim's address", [self.datagram(b"<false-ip-1>", ip=victim.ip)]
        yield "the victim's MAC and address", [self.datagram(b"<false-both>", mac=victim.mac, ip=victim.ip)]
        for number, ip in enumerate((self.gateway, METADATA, "0.0.0.0", "127.0.0.1", "203.0.113.9", "224.0.0.1",
                                     victim.public_ip)):
            yield f"the address {ip}", [self.datagram(b"<false-ip-of-%d>" % number, ip=ip)]
        yield "the victim's MAC by IPv6", [self.datagram6(b"<false-mac-6>", mac=victim.mac)]
        for number, ip in enumerate((victim.ipv6, frames.link_local(victim.mac), ROUTER_LINK_LOCAL, "::1", "::",
                                     "2001:db8::9")):
            yield f"the address {ip}", [self.datagram6(b"<false-ip6-of-%d>" % number, ip=ip)]

    def past_the_router(self):
        victim, neighbour = self.victim, self.neighbour
        yield "straight to the neighbour's MAC", [self.datagram(b"<straight-1>", target_mac=neighbour.mac),
                                                  self.datagram6(b"<straight-2>", target_mac=neighbour.mac)]
        yield "to all", [self.datagram(b"<to-all-1>", target_mac=frames.BROADCAST, to="255.255.255.255"),
                         self.datagram(b"<to-all-2>", target_mac=frames.BROADCAST),
                         self.datagram6(b"<to-all-3>", target_mac="33:33:00:00:00:01", to="ff02::1")]
        for vlan in (5, 4094):
            yield f"VLAN {vlan}", [frames.tagged(self.datagram(b"<vlan-own-%d>" % vlan), vlan)]
        for vlan in (0, 5):
            inner = self.datagram(b"<vlan-false-%d>" % vlan, ip=victim.ip)
            yield f"VLAN {vlan} with the victim's address", [frames.tagged(inner, vlan)]
            yield f"VLAN {vlan} twice", [frames.tagged(frames.tagged(inner, vlan), vlan)]
            yield f"VLAN {vlan} with the victim's MAC", [
                frames.tagged(self.datagram(b"<vlan-mac-%d>" % vlan, mac=victim.mac), vlan)]

    def false_fragments(self):
        own, other = self.liar.ip, self.victim.ip
        for number, ips in enumerate(((other, other), (own, other), (other, own))):
            yield f"fragments from {ips}", self.fragments(b"<false-part-%d>" % number, ips, 700 + number)
        yield "a DHCP server's fragments", self.fragments(b"<server-part>", (own, own), 710, ports=(67, 68))

    def false_servers(self):
        liar, neighbour = self.liar, self.neighbour
        for number, (ip, to, mac) in enumerate(((liar.ip, neighbour.ip, ROUTER), (self.gateway, neighbour.ip, ROUTER),
                                                (liar.ip, "255.255.255.255", frames.BROADCAST))):
            offer = frames.dhcp_offer(neighbour.mac, liar.ip, liar.ip, b"<dhcp-offer-%d>" % number)
            yield f"a DHCP server at {ip}, to {to}", [
                self.datagram(offer, ip=ip, to=to, target_mac=mac, ports=(67, 68))]
        for number, (ip, to) in enumerate(((liar.ipv6, neighbour.ipv6),
                                           (frames.link_local(liar.mac), frames.link_local(neighbour.mac)),
                                           (ROUTER_LINK_LOCAL, neighbour.ipv6))):
            yield f"a DHCPv6 server at {ip}, to {to}", [
                self.datagram6(b"<dhcpv6-reply-%d>" % number, ip=ip, to=to, ports=(547, 546))]

    def false_neighbours(self):
        victim, neighbour = self.victim, self.neighbour
        macs = (frames.BROADCAST, neighbour.mac, ROUTER)
        for number, claimed in enumerate((victim.ip, self.gateway, METADATA)):
            for operation in (frames.REQUEST, frames.REPLY):
                yield f"ARP {operation} for {claimed}", [
                    self.arp(b"<arp-%d-%d>" % (operation, number), operation, claimed, mac) for mac in macs]
        for number, (target, mac) in enumerate((("ff02::1", "33:33:00:00:00:01"), (neighbour.ipv6, ROUTER),
                                                (neighbour.ipv6, neighbour.mac))):
            advertisement = frames.router_advertisement(self.liar.mac, "2001:db8:1::")
            for source in (None, ROUTER_LINK_LOCAL, self.liar.ipv6):
                yield f"a router advertisement of {source} to {target} at {mac}", [
                    self.discovery(b"<router-adv-%d>" % number, 134, advertisement, source, target, mac)]
            for claimed in (victim.ipv6, ROUTER_LINK_LOCAL, "fd00:ec2::253"):
                said = frames.neighbour_advertisement(claimed, self.liar.mac)
                yield f"{claimed} as a neighbour, to {target} at {mac}", [
                    self.discovery(b"<neighbour-adv-%d>" % number, 136, said, None, target, mac)]
            yield f"a redirect to {target} at {mac}", [
                self.discovery(b"<redirect-%d>" % number, 137,
                               frames.redirect(frames.link_local(self.liar.mac), victim.ipv6, self.liar.mac),
                               ROUTER_LINK_LOCAL, target, mac)]

    # ---- the tests

    def test_frames_of_a_false_sender_reach_nobody_and_its_own_arrive(self):
        liar, victim, neighbour = self.liar, self.victim, self.neighbour
        for guest in (victim, neighbour):
            self.begin_hearing(guest)
        self.send(self.datagram(b"<own-at-first>"), self.datagram6(b"<own-by-ipv6>"),
                  frames.tagged(self.datagram(b"<own-without-vlan>"), 0),
                  *self.fragments(b"<own-in-parts>", (liar.ip, liar.ip), 1))
        for mark in (b"<own-at-first>", b"<own-by-ipv6>", b"<own-in-parts>"):
            self.wait_heard(mark)
        kinds = (self.false_senders, self.past_the_router, self.false_fragments, self.false_servers,
                 self.false_neighbours)
        cases = [case for kind in kinds for case in kind()]
        self.assertGreater(len(cases), 60)
        self.send(*(frame for number, (_, false) in enumerate(cases)
                    for frame in [*false, self.datagram(b"<own-%d-after>" % number)]))
        # One queue leads out of a guest: what was sent before the last of its own frames was judged before it.
        self.wait_heard(b"<own-%d-after>" % (len(cases) - 1))
        at_victim, at_neighbour = self.heard(victim), self.heard(neighbour)
        for number, (what, false) in enumerate(cases):
            with self.subTest(what=what):
                self.assertTrue(any(b"<own-%d-after>" % number in frame for frame in at_neighbour))
                for sent in false:
                    mark = re.search(rb"<[\w-]+>", sent)[0]
                    for guest, frames_heard in ((victim, at_victim), (neighbour, at_neighbour)):
                        self.assertFalse([frame.hex() for frame in frames_heard if mark in frame], guest)
        liars_mac = frames.mac_octets(liar.mac)
        for guest, frames_heard in ((victim, at_victim), (neighbour, at_neighbour)):
            self.assertEqual({frame[6:12].hex(":") for frame in frames_heard}, {ROUTER}, guest)
            self.assertFalse([frame.hex() for frame in frames_heard if liars_mac in frame], guest)
            self.assertFalse([frame.hex() for frame in frames_heard if frame[12:14] == b"\x81\x00"], guest)
        # Nobody was talked into anything, the router neither.
        self.assertNotIn(liar.mac, victim.ssh("ip neigh") + neighbour.ssh("ip neigh"))
        self.assertNotIn(frames.link_local(liar.mac), neighbour.ssh("ip -6 route"))
        self.assertNotIn("2001:db8", neighbour.ssh("ip -6 address"))
        for address in (victim.ip, victim.ipv6, METADATA):
            self.assertTrue(neighbour.ssh_ok(f"ping -c 1 -W 2 {address}"), address)
        self.assertTrue(ping(victim.public_ip))

    def test_the_metadata_of_another_guest_are_told_to_it_alone(self):
        liar, victim = self.liar, self.victim
        status, mine = liar.imds("meta-data/instance-id", liar.imds_token())
        self.assertEqual((status, mine), (200, liar.id))
        self.begin_hearing(victim)
        # Whoever asks as another hears nothing, and the other is not bothered with the answer.
        for mac in (liar.mac, victim.mac):
            question = frames.ipv4(victim.ip, METADATA, frames.TCP, frames.tcp_syn(victim.ip, METADATA, 40000, 80))
            self.send(frames.ethernet(mac, ROUTER, frames.IPV4, question))
        # With the victim's address on the liar's card.
        said = liar.ssh(f"""
            ip address add {victim.ip}/32 dev eth0
            ip route add {METADATA} via {self.gateway} dev eth0 src {victim.ip}
            printf 'GET /latest/meta-data/instance-id HTTP/1.1\\r\\nHost: {METADATA}\\r\\nConnection: close\\r\\n\\r\\n' |
              nc -w 2 {METADATA} 80
            echo "ended with $?"
            ip route del {METADATA}
            ip address del {victim.ip}/32 dev eth0
        """)
        self.assertRegex(said, r"^ended with [1-9]\d*\n$")
        # In the words of a proxy.
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            with self.subTest(header=name):
                value = f"for={victim.ip}" if name == "Forwarded" else victim.ip
                status, body = liar.http(["GET /latest/meta-data/instance-id HTTP/1.1", f"{name}: {value}",
                                          f"X-aws-ec2-metadata-token: {liar.imds_token()}"])
                self.assertNotIn(victim.id, body)
                self.assertTrue(status != 200 or body == liar.id, (status, body))
        # A token is of the guest that asked for it.
        status, body = liar.imds("meta-data/instance-id", victim.imds_token())
        self.assertEqual(status, 401, body)
        self.assertEqual(victim.imds("meta-data/instance-id", victim.imds_token()), (200, victim.id))
        answer_port = (80).to_bytes(2, "big") + (40000).to_bytes(2, "big")
        self.assertFalse([frame.hex() for frame in self.heard(victim) if answer_port in frame])


if __name__ == "__main__":
    unittest.main()
