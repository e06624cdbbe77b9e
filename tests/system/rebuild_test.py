"""The database is lost and the disks are not: their rows come back of their records."""

import glob
import os
import subprocess
import unittest

from conditions import wait_until
from harness import HostTest

SECTOR = 20000


def without(shown, *names):
    return {name: value for name, value in shown.items() if name not in names}


class RebuildTest(HostTest):
    def describe(self):
        """All there is of storage, by id, but for what a volume's instance has to do with."""
        shown = {}
        for image in self.host.api("describe-images")["Images"]:
            shown[image["ImageId"]] = image
        for snapshot in self.host.api("describe-snapshots")["Snapshots"]:
            shown[snapshot["SnapshotId"]] = snapshot
        for volume in self.host.api("describe-volumes")["Volumes"]:
            shown[volume["VolumeId"]] = without(volume, "Attachments", "State")
        return shown

    def wait_completed(self, snapshot):
        wait_until(lambda: self.host.api("describe-snapshots", snapshot_ids=[snapshot])["Snapshots"][0]["State"] ==
                   "completed", 60, "the snapshot is completed")

    def recorded(self):
        return {os.path.basename(path)[:-len(".json")] for path in glob.glob(f"{self.host.state_dir}/records/*.json")}

    def lose_database(self):
        for path in glob.glob(f"{self.host.state_dir}/brume.db*"):
            os.unlink(path)

    def test_every_volume_snapshot_and_image_comes_back_of_its_record(self):
        guest = self.host.launch_ready(block_device_mappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}])
        root = guest.root_volume
        tags = [{"Key": "Name", "Value": "kept äöü"}]
        guest.write_sector("in-the-snapshot", SECTOR)
        snapshot = self.host.api("create-snapshot", volume_id=root, description="first", tag_specifications=[
            {"ResourceType": "snapshot", "Tags": tags}])["SnapshotId"]
        self.wait_completed(snapshot)
        guest.write_sector("on-the-volume", SECTOR)
        copy = self.host.api("copy-snapshot", source_snapshot_id=snapshot, source_region="us-east-1")["SnapshotId"]
        image = self.host.api("create-image", instance_id=guest.id, name="golden", no_reboot=True)["ImageId"]
        self.host.wait_image(image)
        alone = self.host.api("create-volume", size=4, volume_type="io2", iops=200,
                              availability_zone=guest.describe()["Placement"]["AvailabilityZone"],
                              tag_specifications=[{"ResourceType": "volume", "Tags": tags}])["VolumeId"]
        wait_until(lambda: self.host.api("describe-volumes", volume_ids=[alone])["Volumes"][0]["State"] == "available",
                   30, "the volume is available")
        guest.stop()
        guest.wait_state("stopped")
        before = self.describe()
        self.assertTrue({root, snapshot, copy, image, alone} <= before.keys())
        wait_until(lambda: before.keys() - self.recorded() <= {f"snap-{image[4:]}" for image in before}, 20,
                   lambda: f"records of all: there are {self.recorded()}")

        self.host.stop()
        self.host.run_to_end("--remove-host-state")  # else the old network is left on the host, as of an unknown VPC
        self.lose_database()
        self.host.start()
        self.assertEqual(self.describe(), {})
        rebuilt = subprocess.run(self.host.brume_argv("doctor", "--rebuild"), capture_output=True, text=True, timeout=60)
        self.assertEqual(rebuilt.returncode, 0, rebuilt.stdout + rebuilt.stderr)
        self.assertIn(alone, rebuilt.stdout)
        self.assertEqual(self.describe(), before)
        again = subprocess.run(self.host.brume_argv("doctor", "--rebuild"), capture_output=True, text=True, timeout=60)
        self.assertIn("Nothing is missing", again.stdout)
        # What the lost rows of the instance left on the host.
        for path in glob.glob(f"{self.host.state_dir}/instances/*"):
            subprocess.run(["rm", "-r", path], check=True)

        # The disks are what they were: the snapshot's by a guest of the image that is made of it, the volume's at a guest.
        self.host.add_key("again")
        self.host.open_port("tcp", 22)
        restored = self.host.api("create-volume", snapshot_id=snapshot, availability_zone="us-east-1a")["VolumeId"]
        other = self.host.launch_ready(image_id=image)
        self.assertEqual(other.read_sector(SECTOR), "on-the-volume")
        for device, volume, kept in (("/dev/sdg", root, "on-the-volume"), ("/dev/sdh", restored, "in-the-snapshot")):
            self.host.api("attach-volume", volume_id=volume, instance_id=other.id, device=device)
            self.assertEqual(other.read_sector(SECTOR, other.disk_of(volume)), kept)
        other.terminate()
        other.wait_state("terminated")


if __name__ == "__main__":
    unittest.main()
