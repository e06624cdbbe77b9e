"""Real guests that hibernate."""

import glob
import os
import stat
import unittest

from conditions import wait_until
from harness import CliError, HostTest

MARK = "what-only-memory-has-"
SECTOR = 20000


class HibernationTest(HostTest):
    as_unit = True
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

    def snapshot(self, guest):
        made = self.host.api("create-snapshot", volume_id=guest.root_volume)["SnapshotId"]
        wait_until(lambda: self.host.api("describe-snapshots", snapshot_ids=[made])["Snapshots"][0]["State"] ==
                   "completed", 60, "the snapshot is completed")
        return made

    def test_disks_that_came_later_and_tops_that_are_new_are_there_after_a_hibernation(self):
        guest = self.launch()
        boot = guest.boot_id()
        data = self.host.api("create-volume", availability_zone=guest.describe()["Placement"]["AvailabilityZone"],
                             size=1)["VolumeId"]
        wait_until(lambda: self.host.api("describe-volumes", volume_ids=[data])["Volumes"][0]["State"] == "available",
                   30, "the volume")
        self.host.api("attach-volume", volume_id=data, instance_id=guest.id, device="/dev/sdf")
        disk = guest.disk_of(data)
        guest.write_sector("data", SECTOR, disk)
        guest.write_sector("root", SECTOR)
        self.hibernate(guest)
        taken = [self.snapshot(guest)]
        with self.assertRaises(CliError) as refused:
            self.host.api("detach-volume", volume_id=data)
        self.assertEqual(refused.exception.code, "UnsupportedOperation")
        guest.start()
        guest.wait_state("running")
        self.assertEqual(guest.wait_ssh(), boot)
        self.assertEqual([guest.read_sector(SECTOR, disk), guest.read_sector(SECTOR)], ["data", "root"])
        taken.append(self.snapshot(guest))
        guest.write_sector("later", SECTOR)
        self.assertEqual(guest.read_sector(SECTOR), "later")
        self.host.api("detach-volume", volume_id=data)
        wait_until(lambda: self.host.api("describe-volumes", volume_ids=[data])["Volumes"][0]["State"] == "available",
                   60, "the guest to let go of the volume")
        guest.terminate()
        guest.wait_state("terminated")
        self.host.api("delete-volume", volume_id=data)
        for snapshot in taken:
            self.host.api("delete-snapshot", snapshot_id=snapshot)
        wait_until(lambda: not self.host.api("describe-volumes")["Volumes"], 30, "the volumes to be gone")
        wait_until(lambda: not glob.glob(os.path.join(self.host.state_dir, "layers", "snap-*")), 30,
                   "the snapshots' layers are gone")

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
