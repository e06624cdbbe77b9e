"""Real guests that hibernate."""

import glob
import os
import stat
import unittest

from conditions import wait_until
from harness import HostTest

MARK = "what-only-memory-has-"


class HibernationTest(HostTest):
    def launch(self):
        guest = self.host.run_instances(1, hibernation_options={"Configured": True}, block_device_mappings=[
            {"DeviceName": "/dev/vda", "Ebs": {"Encrypted": True}}])[0]
        guest.wait_state("running")
        guest.wait_ready()
        guest.wait_ssh()
        return guest

    def hibernate(self, guest):
        self.host.api("stop-instances", instance_ids=[guest.id], hibernate=True)
        guest.wait_state("stopped", 120)

    def memory(self, guest):
        return os.path.join(guest.instance_directory(), "memory.luks")

    def test_a_process_goes_on_after_a_hibernation_and_boots_where_its_memory_is_damaged(self):
        guest = self.launch()
        self.assertTrue(guest.describe()["HibernationOptions"]["Configured"])
        boot, private = guest.boot_id(), guest.private_ip
        guest.ssh(f"mkdir -p /tmp; i=0; (while sleep 1; do i=$((i+1)); echo {MARK}$i >/tmp/count; done) >/dev/null 2>&1 "
                  "</dev/null & echo $! >/tmp/pid")
        wait_until(lambda: MARK in guest.ssh("cat /tmp/count 2>/dev/null || true"), 30, "the process to count")
        process = guest.ssh("cat /tmp/pid").strip()
        self.hibernate(guest)
        shown = guest.describe()
        self.assertEqual(shown["StateReason"]["Code"], "Client.UserInitiatedHibernate")
        self.assertNotIn("PublicIpAddress", shown)
        self.assertIsNone(guest.qemu_pid())
        # What lies on the disk is for nobody to read.
        self.assertEqual(stat.S_IMODE(os.stat(self.memory(guest)).st_mode), 0o600)
        for file in glob.glob(os.path.join(guest.instance_directory(), "memory*")):
            with open(file, "rb") as content:
                self.assertNotIn(MARK.encode(), content.read())

        # Also by another brumed.
        self.assertEqual(self.host.stop(), 0)
        self.host.start()
        guest.start()
        guest.wait_state("running")
        self.assertEqual(guest.wait_ssh(), boot)
        self.assertEqual(guest.private_ip, private)
        self.assertTrue(guest.ssh_ok(f"kill -0 {process}"))
        before = guest.ssh("cat /tmp/count")
        wait_until(lambda: guest.ssh("cat /tmp/count") != before, 30, "the process to go on")
        self.assertFalse(os.path.exists(self.memory(guest)))

        self.hibernate(guest)
        with open(self.memory(guest), "r+b") as file:
            file.truncate(4096)
        guest.start()
        guest.wait_state("running")
        guest.wait_ssh(other_boot_than=boot)
        self.assertFalse(os.path.exists(self.memory(guest)))

        self.hibernate(guest)
        guest.terminate()
        guest.wait_state("terminated")
        self.assertFalse(os.path.exists(self.memory(guest)))


if __name__ == "__main__":
    unittest.main()
