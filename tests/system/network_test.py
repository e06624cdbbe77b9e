"""Who reaches whom: packets of real guests against security groups."""

import socket
import subprocess
import threading
import unittest

from conditions import wait_until
from guest import ping
from harness import HostTest

SECRET_PORT = 4711
PROBE = "nc -w 2 {} {} -e /bin/true"  # whether a connection comes about; busybox's nc knows no -z
HOST_ADDRESS = "192.0.2.77"


class NetworkTest(HostTest):
    ready = False

    @classmethod
    def prepare(cls):
        host = cls.host
        host.image_id = host.add_image()
        host.add_key()
        cls.other = host.api("create-security-group", group_name="other", description="not the default")["GroupId"]
        first = host.run_instances(2)
        second = host.run_instances(1, security_group_ids=[cls.other])
        for guest in first + second:
            guest.wait_state("running")
        for guest in first + second:
            guest.wait_ready()
        cls.guest, cls.peer = first
        (cls.stranger,) = second
        # Something of the host that no guest may reach: an address of its own, with a listener.
        subprocess.run(["ip", "address", "add", f"{HOST_ADDRESS}/32", "dev", "lo"], check=True)
        cls.listener = socket.create_server(("0.0.0.0", SECRET_PORT))
        cls.addClassCleanup(cls.listener.close)

    def open(self, protocol, port, group="default"):
        self.host.open_port(protocol, port, group)
        self.addCleanup(self.close_if_open, protocol, port, group)

    def close_if_open(self, protocol, port, group):
        try:
            self.host.close_port(protocol, port, group)
        except Exception as error:
            if getattr(error, "code", "") != "InvalidPermission.NotFound":
                raise

    def open_ssh(self):
        self.open("tcp", 22)
        wait_until(self.guest.connects, 10, "port 22 to open")

    def test_a_closed_port_is_blocked_and_an_opened_one_answers(self):
        self.assertFalse(self.guest.connects(22))
        self.open("tcp", 22)
        wait_until(lambda: self.guest.connects(22), 10, "port 22 to open")
        self.assertEqual(self.guest.ssh("echo in"), "in\n")
        self.assertFalse(self.guest.connects(23), "another port is as closed as before")
        self.assertFalse(self.stranger.connects(22), "the other group's guest is as closed as before")
        self.host.close_port("tcp", 22)
        wait_until(lambda: not self.guest.connects(22), 10, "port 22 to close")

    def test_ping_answers_only_while_it_is_authorised(self):
        address = self.guest.public_ip
        self.assertFalse(ping(address))
        self.open("icmp", "all")
        wait_until(lambda: ping(address), 10, "an answer")
        self.host.close_port("icmp", "all")
        wait_until(lambda: not ping(address), 10, "silence")

    def test_a_revoked_rule_blocks_new_connections_and_leaves_the_established(self):
        self.open_ssh()
        session = subprocess.Popen([*self.guest.ssh_argv(), "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True, bufsize=1)
        self.addCleanup(session.wait)
        self.addCleanup(session.stdout.close)
        self.addCleanup(session.stdin.close)

        def echo(line):
            timer = threading.Timer(20, session.kill)  # a session that is cut would hang readline
            timer.start()
            session.stdin.write(line + "\n")
            answer = session.stdout.readline().strip()
            timer.cancel()
            return answer

        self.assertEqual(echo("before"), "before")
        self.host.close_port("tcp", 22)
        wait_until(lambda: not self.guest.connects(22), 10, "port 22 to close")
        self.assertEqual(echo("after"), "after")

    def test_guests_of_one_group_reach_each_other(self):
        self.open_ssh()
        self.assertTrue(self.guest.ssh_ok(f"ping -c 1 -W 2 {self.peer.private_ip}"))
        self.assertTrue(self.guest.ssh_ok(PROBE.format(self.peer.private_ip, 22)))

    def test_a_guest_of_another_group_is_blocked_until_its_group_is_named(self):
        self.open("tcp", 22)
        self.open("tcp", 22, self.other)
        wait_until(self.stranger.connects, 10, "port 22 to open")
        probe = PROBE.format(self.guest.private_ip, 7)
        listen = "nc -ll -p 7 -e /bin/echo >/dev/null 2>&1 </dev/null & echo $!"
        listener = self.guest.ssh(listen).strip()
        self.addCleanup(self.guest.ssh, f"kill {listener}")
        self.assertTrue(self.peer.ssh_ok(probe), "a member is let in")
        self.assertFalse(self.stranger.ssh_ok(probe))
        self.assertFalse(self.stranger.ssh_ok(f"ping -c 1 -W 2 {self.guest.private_ip}"))
        rule = [{"IpProtocol": "tcp", "FromPort": 7, "ToPort": 7, "UserIdGroupPairs": [{"GroupId": self.other}]}]
        self.host.api("authorize-security-group-ingress", group_name="default", ip_permissions=rule)
        wait_until(lambda: self.stranger.ssh_ok(probe), 10, "port 7 to open to the other group")
        self.host.api("revoke-security-group-ingress", group_name="default", ip_permissions=rule)
        wait_until(lambda: not self.stranger.ssh_ok(probe), 10, "port 7 to close again")

    def test_another_group_set_on_a_running_guest_counts_at_once(self):
        self.open("icmp", "all", self.other)
        self.assertFalse(self.peer.pings())
        default = self.peer.describe()["SecurityGroups"][0]["GroupId"]
        self.peer.modify(groups=[self.other])
        self.addCleanup(self.peer.modify, groups=[default])
        wait_until(self.peer.pings, 10, "the other group's rule to hold")

    def test_a_guest_does_not_reach_the_hosts_own_addresses(self):
        with socket.create_connection((HOST_ADDRESS, SECRET_PORT), timeout=2):
            pass  # it is there
        self.open_ssh()
        # Every address the host has, those of the pool and of the link to the VPC included.
        shown = subprocess.run(["ip", "-4", "-o", "address", "show"], capture_output=True, text=True, check=True)
        addresses = {line.split()[3].split("/")[0] for line in shown.stdout.splitlines()} - {"127.0.0.1"}
        self.assertIn(HOST_ADDRESS, addresses)
        for address in addresses:
            with self.subTest(address=address):
                self.assertFalse(self.guest.ssh_ok(PROBE.format(address, SECRET_PORT)))
                self.assertFalse(self.guest.ssh_ok(f"ping -c 1 -W 1 {address}"))

    def test_flushed_rules_are_back_within_seconds_and_told_by_the_doctor(self):
        self.open_ssh()
        name = f"brume-{self.host.api('describe-vpcs')['Vpcs'][0]['VpcId']}"
        for prefix, table in (([], ("inet", "brume_host")), (["ip", "netns", "exec", name], ("arp", "brume"))):
            with self.subTest(table=table):
                subprocess.run(prefix + ["nft", "flush", "ruleset"], check=True)
                listing = prefix + ["nft", "list", "table", *table]
                wait_until(lambda: subprocess.run(listing, capture_output=True).returncode == 0, 6, "the rules to be back")
                wait_until(self.guest.connects, 10, "the guest to be reached")
                self.assertFalse(self.guest.ssh_ok(PROBE.format(HOST_ADDRESS, SECRET_PORT)))
        report = subprocess.run(self.host.brume_argv("doctor"), capture_output=True, text=True, timeout=60).stdout
        self.assertIn("brume_host was changed or removed", report)
        self.assertIn("its packet rules were changed or removed", report)

    def test_a_guest_with_a_stolen_address_is_not_heard(self):
        self.open_ssh()
        mine, stolen = self.guest.private_ip, self.peer.private_ip
        self.assertTrue(self.guest.ssh_ok(f"ping -c 1 -W 2 {stolen}"))
        gateway = self.guest.ssh("ip route show default").split()[2]
        free = mine.rsplit(".", 1)[0] + (".250" if not mine.endswith(".250") else ".249")
        script = f"""
            ip address add {free}/32 dev eth0
            ping -c 1 -W 1 -I {free} {gateway} && echo heard
            ping -c 1 -W 1 -I {free} {stolen} && echo heard
            ip address del {free}/32 dev eth0
            ping -c 1 -W 2 {stolen} >/dev/null && echo itself
        """
        said = self.guest.ssh(script, check=False).splitlines()
        self.assertNotIn("heard", said)
        self.assertIn("itself", said)

    def test_a_guest_gets_no_answer_from_outside_without_an_uplink(self):
        self.open_ssh()
        self.assertFalse(self.guest.ssh_ok("ping -c 1 -W 1 192.0.2.1"))

    def test_an_unassigned_address_of_the_pool_is_unreachable_at_once(self):
        used = {instance.get("PublicIpAddress") for instance in self.host.instances()}
        free = next(f"198.18.77.{n}" for n in range(1, 200) if f"198.18.77.{n}" not in used)
        done = subprocess.run(["ping", "-n", "-c", "1", "-W", "3", free], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout + done.stderr, "(?i)unreachable|no route to host")


if __name__ == "__main__":
    unittest.main()
