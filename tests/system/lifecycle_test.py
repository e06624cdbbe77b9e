"""Stop, start, reboot: what stays and what goes."""

import os
import time
import unittest

from conditions import wait_until
from harness import HostTest

USER_DATA = "#!/bin/sh\necho ran >>/data/ran\n"


class StopAndStartTest(HostTest):
    as_unit = True

    @classmethod
    def prepare(cls):
        cls.guest = cls.host.launch_ready(user_data=USER_DATA)

    def setUp(self):
        if self.guest.state != "running":
            self.guest.start()
            self.guest.wait_state("running")
        self.boot = self.guest.wait_ssh()

    def test_what_is_written_survives_stop_and_start_and_user_data_runs_once(self):
        self.guest.wait_console("user data ended")
        self.guest.ssh("dd if=/dev/urandom of=/data/bytes bs=64k count=8 2>/dev/null")
        before = self.guest.ssh("sha256sum /data/bytes")
        private, mac = self.guest.private_ip, self.guest.describe()["NetworkInterfaces"][0]["MacAddress"]
        self.guest.stop()
        self.guest.wait_state("stopped")
        self.guest.start()
        shown = self.guest.wait_state("running")
        self.guest.wait_ssh(other_boot_than=self.boot)
        self.assertEqual(self.guest.ssh("sha256sum /data/bytes"), before)
        self.assertEqual(self.guest.ssh("cat /data/ran"), "ran\n")
        self.assertEqual(shown["PrivateIpAddress"], private)
        self.assertEqual(shown["NetworkInterfaces"][0]["MacAddress"], mac)

    def test_a_stop_is_clean_and_says_who_wished_it(self):
        farewell = "brume-mini: stopping (poweroff)"
        before = self.guest.console().count(farewell)
        began = time.monotonic()
        self.guest.stop()
        shown = self.guest.wait_state("stopped")
        # Well before the power would be cut.
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(self.guest.console().count(farewell), before + 1)
        self.assertEqual(shown["StateReason"]["Code"], "Client.UserInitiatedShutdown")
        self.assertTrue(shown["StateTransitionReason"].startswith("User initiated ("), shown)
        self.assertIsNone(self.guest.qemu_pid())

    def test_the_public_address_goes_with_the_stop_and_another_comes_with_the_start(self):
        before = self.guest.public_ip
        self.guest.stop(force=True)
        self.guest.wait_state("stopped")
        self.assertIsNone(self.guest.public_ip)
        self.assertNotIn("Association", self.guest.describe()["NetworkInterfaces"][0])
        self.guest.start()
        shown = self.guest.wait_state("running")
        self.assertTrue(shown["PublicIpAddress"].startswith("198.18."))
        self.assertEqual(shown["NetworkInterfaces"][0]["Association"]["PublicIp"], shown["PublicIpAddress"])
        self.guest.wait_ssh(other_boot_than=self.boot)
        if shown["PublicIpAddress"] != before:
            self.assertFalse(os.system(f"ping -n -q -c 1 -W 1 {before} >/dev/null 2>&1") == 0)

    def test_a_reboot_restarts_the_guest_and_keeps_all_it_has(self):
        self.guest.ssh("echo kept >/data/kept; sync; echo lost >/tmp/lost")
        before = self.guest.describe()
        pid = self.guest.qemu_pid()
        self.guest.reboot()
        self.guest.wait_ssh(other_boot_than=self.boot)
        after = self.guest.describe()
        for name in ("InstanceId", "PublicIpAddress", "PrivateIpAddress", "LaunchTime"):
            self.assertEqual(after[name], before[name])
        self.assertEqual(after["State"]["Name"], "running")
        self.assertEqual(self.guest.qemu_pid(), pid)
        self.assertEqual(self.guest.ssh("cat /data/kept"), "kept\n")
        self.assertFalse(self.guest.ssh_ok("test -e /tmp/lost"))

    def test_a_stopped_instance_changes_its_type_and_user_data(self):
        self.assert_refused("IncorrectInstanceState", self.guest.modify, instance_type="b1.micro")
        self.guest.stop(force=True)
        self.guest.wait_state("stopped")
        self.guest.modify(instance_type="b1.micro")
        self.addCleanup(self.back_to_tiny)
        self.guest.start()
        self.guest.wait_state("running")
        self.guest.wait_ssh(other_boot_than=self.boot)
        self.assertGreater(int(self.guest.ssh("awk '/MemTotal/ { print $2 }' /proc/meminfo")), 128 * 1024)

    def back_to_tiny(self):
        self.guest.stop(force=True)
        self.guest.wait_state("stopped")
        self.guest.modify(instance_type="b1.tiny")


class ConcurrentTest(HostTest):
    def test_guests_start_stop_and_end_side_by_side(self):
        guests = self.host.launch_ready(3)
        ids = [guest.id for guest in guests]
        self.host.api("stop-instances", instance_ids=ids)
        # Twice: one that ends may be ended. Later it may be forgotten.
        for _ in range(2):
            self.host.api("terminate-instances", instance_ids=ids[:1])
        for guest in guests[1:]:
            guest.wait_state("stopped")
        self.host.api("start-instances", instance_ids=ids[1:])
        for guest in guests[1:]:
            guest.wait_state("running")
        self.host.api("terminate-instances", instance_ids=ids[1:])
        for guest in guests:
            guest.wait_state("terminated")
            self.assertIsNone(guest.qemu_pid())
        wait_until(lambda: not self.host.instances(), 20, "the purge")


if __name__ == "__main__":
    unittest.main()
