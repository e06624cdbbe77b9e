"""A launch, and what it leaves where."""

import base64
import os
import subprocess
import unittest

from conditions import wait_until
from guest import READY
from harness import HostTest

USER_DATA = """#!/bin/sh
echo ran >>/data/ran
echo user-data speaks
"""


class LaunchTest(HostTest):
    as_unit = True

    @classmethod
    def prepare(cls):
        cls.guest = cls.host.launch(
            user_data=USER_DATA,
            tag_specifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "first"}]}])
        cls.guest.wait_ready()

    def test_a_launched_instance_runs_and_its_console_says_who_it_is(self):
        shown = self.guest.describe()
        self.assertEqual(shown["State"]["Name"], "running")
        self.assertEqual(shown["State"]["Code"], 16)
        self.assertTrue(shown["PublicIpAddress"].startswith("198.18."), shown)
        self.assertTrue(shown["PrivateIpAddress"].startswith("172.31."), shown)
        console = self.guest.console()
        self.assertIn("brume-mini: userspace", console)
        self.assertIn(f"{READY.format(id=self.guest.id)}{shown['PrivateIpAddress']} ready", console)

    def test_the_host_reaches_the_guest_by_ssh_and_ping_at_its_public_address(self):
        self.assertTrue(self.guest.pings())
        self.assertEqual(self.guest.ssh("echo $((6 * 7))"), "42\n")

    def test_the_guest_has_what_its_type_and_row_say(self):
        shown = self.guest.describe()
        facts = self.guest.ssh("nproc; awk '/MemTotal/ { print $2 }' /proc/meminfo; hostname;"
                               "cat /sys/class/net/eth0/address /sys/class/dmi/id/sys_vendor"
                               " /sys/class/dmi/id/product_uuid").split("\n")
        self.assertEqual(facts[0], "1")
        self.assertLessEqual(int(facts[1]), 128 * 1024)
        self.assertGreater(int(facts[1]), 64 * 1024)
        self.assertEqual(facts[2], "ip-" + shown["PrivateIpAddress"].replace(".", "-"))
        self.assertEqual(facts[3], shown["NetworkInterfaces"][0]["MacAddress"])
        self.assertEqual(facts[4], "Amazon EC2")
        self.assertTrue(facts[5].lower().startswith("ec2"), facts[5])

    def test_the_root_volume_is_the_disk_at_its_device(self):
        serial = self.guest.root_volume.replace("-", "")
        self.assertEqual(self.guest.ssh("cat /sys/block/vda/serial").strip(), serial[:20])
        self.assertTrue(self.guest.ssh_ok("mount | grep -q '^/dev/vda on /data '"))

    def test_user_data_runs_with_its_output_on_the_console(self):
        self.guest.wait_console("user data ended with status 0")
        self.assertIn("user-data speaks", self.guest.console())
        self.assertEqual(self.guest.ssh("cat /data/ran"), "ran\n")

    def test_names_of_the_network_resolve_in_the_guest(self):
        name = self.guest.describe()["PrivateDnsName"]
        answer = self.guest.ssh(f"nslookup -type=a {name}")
        self.assertIn(self.guest.private_ip, answer)
        name = self.guest.describe()["PublicDnsName"]
        self.assertTrue(name.startswith("ec2-198-18-"), name)
        answer = self.guest.ssh(f"nslookup -type=a {name}")
        self.assertIn(self.guest.private_ip, answer)

    def test_user_data_can_be_read_back_and_is_in_no_log(self):
        answer = self.host.api("describe-instance-attribute", instance_id=self.guest.id, attribute="userData")
        self.assertEqual(base64.b64decode(answer["UserData"]["Value"]).decode(), USER_DATA)
        self.assertNotIn("user-data speaks", self.host.log())
        self.assertNotIn(base64.b64encode(USER_DATA.encode()).decode()[:40], self.host.log())

    def test_qemu_runs_as_a_user_of_its_own(self):
        owner = os.stat(f"/proc/{self.guest.qemu_pid()}").st_uid
        self.assertNotEqual(owner, 0)

    def test_brume_ssh_finds_address_and_key(self):
        done = subprocess.run(
            self.host.brume_argv("ssh", self.guest.id, "--identity", self.host.key_path, "--", "echo", "hello"),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
            env={**os.environ, "XDG_STATE_HOME": self.host.directory})
        self.assertEqual((done.returncode, done.stdout), (0, "hello\n"), done.stderr)

    def test_the_doctor_finds_this_host_well(self):
        done = subprocess.run(self.host.brume_argv("doctor"), capture_output=True, text=True)
        self.assertIn("tcg", done.stdout)
        # That guests are emulated is a fault to the doctor, and the only one.
        faults = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAULT")]
        self.assertLessEqual(set(faults), {"acceleration"}, done.stdout)
        self.assertNotIn("orphan", done.stdout.lower())

    def test_a_launch_with_wait_returns_when_it_runs(self):
        self.host.brume("run-instances", "--image-id", self.host.image_id, "--client-token", "waited", "--wait")
        waited = [i for i in self.host.instances() if i.get("ClientToken") == "waited"]
        self.assertEqual([i["State"]["Name"] for i in waited], ["running"])
        self.host.brume("terminate-instances", "--instance-ids", waited[0]["InstanceId"], "--wait")

    def test_a_kernel_that_hangs_under_kvm_is_no_obstacle(self):
        """The host's own choice of acceleration, whatever it is, runs guests."""
        self.host.stop()
        self.host.configure({"compute": {"acceleration": "auto"}})
        try:
            self.host.start()
            guest = self.host.launch()
            guest.wait_ready()
            # The older guest has lived through the restart.
            self.assertEqual(self.guest.ssh("echo alive"), "alive\n")
            guest.terminate()
            guest.wait_state("terminated")
        finally:
            wait_until(lambda: self.host.running(), 1, "brumed")
            self.host.stop()
            self.host.configure(self.config)
            self.host.start()


if __name__ == "__main__":
    unittest.main()
