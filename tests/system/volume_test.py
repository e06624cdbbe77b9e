"""Volumes of running guests: they come, are written to, go, and are read elsewhere."""

import unittest

from conditions import wait_until
from harness import CliError, HostTest

ZONE = "us-east-1a"


class VolumeTest(HostTest):
    as_unit = True

    @classmethod
    def prepare(cls):
        cls.guests = [cls.host.launch(placement={"AvailabilityZone": ZONE}) for _ in range(2)]
        for guest in cls.guests:
            guest.wait_ready()

    def show(self, volume):
        return self.host.api("describe-volumes", volume_ids=[volume])["Volumes"][0]

    def wait_state(self, volume, state, attachment=None, seconds=60):
        def poll():
            shown = self.show(volume)
            states = [each["State"] for each in shown.get("Attachments", [])]
            return shown["State"] == state and states == ([attachment] if attachment else [])
        wait_until(poll, seconds, lambda: f"{volume} {state}: it is {self.show(volume)}")

    def create(self, **arguments):
        volume = self.host.api("create-volume", availability_zone=ZONE, **arguments)["VolumeId"]
        self.wait_state(volume, "available")
        return volume

    def attach(self, volume, guest, device="/dev/sdf"):
        self.host.api("attach-volume", volume_id=volume, instance_id=guest.id, device=device)
        self.wait_state(volume, "in-use", "attached")

    def detach(self, volume):
        self.host.api("detach-volume", volume_id=volume)
        self.wait_state(volume, "available")

    def delete(self, volume):
        self.host.api("delete-volume", volume_id=volume)

        def gone():
            try:
                self.show(volume)
                return False
            except CliError as error:
                return error.code == "InvalidVolume.NotFound"
        wait_until(gone, 30, f"the end of {volume}")

    def test_what_one_guest_writes_to_a_volume_another_reads(self):
        first, second = self.guests
        volume = self.create(size=1)
        with self.assertRaises(CliError) as refused:
            self.host.api("detach-volume", volume_id=volume)
        self.assertEqual(refused.exception.code, "IncorrectState")
        self.attach(volume, first)
        self.assertEqual(len(first.describe()["BlockDeviceMappings"]), 2)
        disk = first.disk_of(volume)
        self.assertEqual(first.ssh(f"cat /sys/block/{disk}/size").strip(), str(2 * 1024 * 1024))
        first.ssh(f"echo remembered | dd of=/dev/{disk} bs=512 conv=sync,fsync")
        with self.assertRaises(CliError) as refused:
            self.host.api("delete-volume", volume_id=volume)
        self.assertEqual(refused.exception.code, "VolumeInUse")
        self.detach(volume)
        self.assertEqual(first.ssh(f"ls /sys/block/ | grep -c {disk} || true").strip(), "0")
        self.attach(volume, second, "/dev/sdg")
        disk = second.disk_of(volume)
        self.assertIn("remembered", second.ssh(f"dd if=/dev/{disk} bs=512 count=1 2>/dev/null"))
        self.detach(volume)
        self.delete(volume)

    def test_a_volume_grows_under_its_guest(self):
        guest = self.guests[0]
        volume = self.create(size=1)
        self.attach(volume, guest, "/dev/sdj")
        disk = guest.disk_of(volume)
        self.host.api("modify-volume", volume_id=volume, size=2)

        def completed():
            shown = self.host.api("describe-volumes-modifications", volume_ids=[volume])["VolumesModifications"]
            return shown[0]["ModificationState"] == "completed"
        wait_until(completed, 30, f"{volume} to be modified")
        self.assertEqual(self.show(volume)["Size"], 2)
        wait_until(lambda: guest.ssh(f"cat /sys/block/{disk}/size").strip() == str(4 * 1024 * 1024), 30,
                   f"{guest} to see it")
        self.detach(volume)
        self.host.api("modify-volume", volume_id=volume, size=3)
        wait_until(completed, 30, f"{volume} to be modified without a guest")
        self.attach(volume, guest, "/dev/sdj")
        disk = guest.disk_of(volume)
        self.assertEqual(guest.ssh(f"cat /sys/block/{disk}/size").strip(), str(6 * 1024 * 1024))
        self.detach(volume)
        self.delete(volume)

    def test_a_volume_outlives_a_stop_and_a_restart_of_brumed_with_its_instance(self):
        guest = self.guests[1]
        volume = self.create(size=1)
        self.attach(volume, guest, "/dev/sdh")
        self.assertEqual(self.host.stop(), 0)
        self.host.start()
        self.assertEqual(self.show(volume)["Attachments"][0]["State"], "attached")
        guest.disk_of(volume)
        self.detach(volume)
        self.delete(volume)

    def test_a_volume_of_the_images_snapshot_begins_with_what_the_image_has(self):
        guest = self.guests[0]
        snapshot = self.host.api("describe-snapshots")["Snapshots"][0]["SnapshotId"]
        volume = self.create(snapshot_id=snapshot)
        self.attach(volume, guest, "/dev/sdi")
        disk = guest.disk_of(volume)
        # The magic number of its file system.
        self.assertEqual(guest.ssh(f"dd if=/dev/{disk} bs=2 skip=540 count=1 2>/dev/null | od -An -tx2").strip(), "ef53")
        self.detach(volume)
        self.delete(volume)


if __name__ == "__main__":
    unittest.main()
