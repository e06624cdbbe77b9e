"""Root volumes of real guests that are replaced."""

import unittest

from conditions import wait_until
from harness import CliError, HostTest

SECTOR = 20000


class RootVolumeTest(HostTest):
    def task(self, task):
        return self.host.api("describe-replace-root-volume-tasks", replace_root_volume_task_ids=[task])[
            "ReplaceRootVolumeTasks"][0]

    def begin(self, guest, **arguments):
        made = self.host.api("create-replace-root-volume-task", instance_id=guest.id, **arguments)
        return made["ReplaceRootVolumeTask"]["ReplaceRootVolumeTaskId"]

    def wait_task(self, task):
        def ended():
            try:
                shown = self.task(task)
            except CliError as error:
                if error.code not in ("", "Unavailable"):
                    raise
                return None  # brumed has just been started
            return shown if "CompleteTime" in shown else None
        self.assertEqual(wait_until(ended, 90, "the task to end")["TaskState"], "succeeded")

    def volume(self, volume):
        return self.host.api("describe-volumes", volume_ids=[volume])["Volumes"][0]

    def snapshot(self, volume):
        made = self.host.api("create-snapshot", volume_id=volume)["SnapshotId"]
        wait_until(lambda: self.host.api("describe-snapshots", snapshot_ids=[made])["Snapshots"][0]["State"] ==
                   "completed", 60, "the snapshot is completed")
        return made

    def test_a_guest_gets_another_root_and_keeps_all_else_also_when_brumed_ends_in_the_midst(self):
        guest = self.host.launch_ready()
        boot = guest.boot_id()
        first, address, private = guest.root_volume, guest.public_ip, guest.private_ip
        data = self.host.api("create-volume", availability_zone="us-east-1a", size=1)["VolumeId"]
        wait_until(lambda: self.volume(data)["State"] == "available", 30, "the volume")
        self.host.api("attach-volume", volume_id=data, instance_id=guest.id, device="/dev/sdf")
        guest.write_sector("data", SECTOR, guest.disk_of(data))
        guest.write_sector("then", SECTOR)
        snapshot = self.snapshot(first)
        guest.write_sector("later", SECTOR)

        self.wait_task(self.begin(guest, snapshot_id=snapshot))
        boot = guest.wait_ssh(other_boot_than=boot)
        second = guest.root_volume
        self.assertNotEqual(second, first)
        self.assertEqual(self.volume(first)["State"], "available")
        self.assertEqual(guest.read_sector(SECTOR), "then")
        self.assertEqual(guest.read_sector(SECTOR, guest.disk_of(data)), "data")
        self.assertEqual((guest.public_ip, guest.private_ip), (address, private))

        # As it was at the launch of this root; brumed dies between the two roots.
        guest.write_sector("lost", SECTOR)
        self.host.stop()
        self.host.spawn(environment={"BRUME_FAILPOINTS": "instance.root_switched=crash"})
        wait_until(self.host.serves, 30, "brumed to serve")
        task = self.begin(guest, delete_replaced_root_volume=True)
        wait_until(lambda: not self.host.running(), 60, "the crash")
        self.host.start()
        self.wait_task(task)
        boot = guest.wait_ssh(other_boot_than=boot)
        self.assertEqual(guest.read_sector(SECTOR), "then")
        with self.assertRaises(CliError) as refused:
            wait_until(lambda: not self.volume(second), 30, "the deletion of the old root")
        self.assertEqual(refused.exception.code, "InvalidVolume.NotFound")

        # From an image, which is the one it was launched from.
        self.wait_task(self.begin(guest, image_id=self.host.image_id))
        guest.wait_ssh(other_boot_than=boot)
        self.assertEqual(guest.read_sector(SECTOR), "")
        third = guest.root_volume
        guest.terminate()
        guest.wait_state("terminated")
        self.assertNotIn(third, [each["VolumeId"] for each in self.host.api("describe-volumes")["Volumes"]])
        for volume in self.host.api("describe-volumes")["Volumes"]:
            self.host.api("delete-volume", volume_id=volume["VolumeId"])
        self.host.api("delete-snapshot", snapshot_id=snapshot)
        wait_until(lambda: not self.host.api("describe-volumes")["Volumes"], 30, "the volumes to be gone")


if __name__ == "__main__":
    unittest.main()
