"""Encrypted volumes of real guests: what they wrote is in no file, and neither is the key."""

import base64
import glob
import hashlib
import hmac
import os
import sqlite3
import subprocess
import unittest

from conditions import wait_until
from harness import CliError, HostTest

MARK = "a-mark-that-must-not-be-found"
SECTOR = 20000


def serial_of(volume):
    return volume.replace("-", "")


class EncryptionTest(HostTest):
    as_unit = True
    def write(self, guest, device, text, sector=SECTOR):
        guest.ssh(f"echo {text} | dd of={device} bs=512 seek={sector} conv=notrunc,sync,fsync 2>/dev/null")

    def read(self, guest, device, sector=SECTOR):
        return guest.ssh(f"dd if={device} bs=512 skip={sector} count=1 iflag=direct 2>/dev/null | tr -d '\\0'").strip()

    def launch(self, **arguments):
        (guest,) = self.host.run_instances(1, placement={"AvailabilityZone": "us-east-1a"}, **arguments)
        guest.wait_state("running")
        guest.wait_ready()
        guest.wait_ssh()
        return guest

    def test_guests_with_encrypted_disks_start_side_by_side(self):
        # On as many threads of libvirt's callers, each of which has to find the keys.
        guests = self.host.run_instances(3, block_device_mappings=[
            {"DeviceName": "/dev/vda", "Ebs": {"Encrypted": True}}])
        for guest in guests:
            guest.wait_state("running")
        for guest in guests:
            # A start that failed would have been tried again.
            self.assertNotIn(f"{guest.id} failed, again in", self.host.log())
            guest.wait_ready()
            guest.terminate()

    def volume(self, volume):
        return self.host.api("describe-volumes", volume_ids=[volume])["Volumes"][0]

    def volume_at(self, guest, device):
        """The id of the guest's volume there."""
        (found,) = [each["Ebs"]["VolumeId"] for each in guest.describe()["BlockDeviceMappings"]
                    if each["DeviceName"] == device]
        return found

    def wait_snapshot(self, snapshot):
        wait_until(lambda: self.host.api("describe-snapshots", snapshot_ids=[snapshot])["Snapshots"][0]["State"] ==
                   "completed", 120, "the snapshot is completed")

    def check_nowhere(self, *texts):
        """In no file of the host's state, its log, and no process's arguments."""
        for text in texts:
            found = subprocess.run(["grep", "-rlaF", text, self.host.state_dir, self.host.log_path, "/dev/shm", "/run"],
                                   check=False, capture_output=True, text=True).stdout.split()
            self.assertEqual(found, [])
            for path in glob.glob("/proc/[0-9]*/cmdline"):
                try:
                    with open(path, "rb") as file:
                        self.assertNotIn(text.encode(), file.read())
                except OSError:
                    pass  # it has ended

    def keys(self, volume):
        """The passphrase of a volume's disk, as the host derives it."""
        with open(os.path.join(self.host.state_dir, "secret.key"), "rb") as file:
            host_key = file.read()
        database = sqlite3.connect(f"file:{self.host.state_dir}/brume.db?mode=ro", uri=True)
        ((line,),) = database.execute("SELECT data_key_id FROM volumes WHERE id = ?", (volume,)).fetchall()
        database.close()
        self.assertEqual(len(line), 32)
        return hmac.new(host_key, f"brume disk key\n{line}".encode(), hashlib.sha256).hexdigest()

    def test_what_guests_write_to_encrypted_volumes_is_nowhere_in_the_clear_and_there_for_them(self):
        guest = self.launch(block_device_mappings=[
            {"DeviceName": "/dev/vda", "Ebs": {"Encrypted": True}},
            {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "Encrypted": True, "DeleteOnTermination": True,
                                               "KmsKeyId": "alias/aws/ebs"}}])
        boot = guest.boot_id()
        root, data = guest.root_volume, self.volume_at(guest, "/dev/sdf")
        for each in (root, data):
            self.assertTrue(self.volume(each)["Encrypted"])
            self.assertTrue(self.volume(each)["KmsKeyId"].startswith("arn:aws:kms:us-east-1:"))
        for device in ("/dev/vda", "/dev/vdb"):
            self.write(guest, device, MARK)

        # Another, while it runs; larger, while it runs.
        hot = self.host.api("create-volume", availability_zone="us-east-1a", size=1, encrypted=True)["VolumeId"]
        wait_until(lambda: self.volume(hot)["State"] == "available", 60, "the volume")
        self.host.api("attach-volume", volume_id=hot, instance_id=guest.id, device="/dev/sdg")
        wait_until(lambda: serial_of(hot) in guest.ssh("cat /sys/block/vd*/serial"), 60, "the disk in the guest")
        self.write(guest, "/dev/vdc", MARK)
        self.host.api("modify-volume", volume_id=hot, size=2)
        wait_until(lambda: guest.ssh("cat /sys/block/vdc/size").strip() == str(2 << 21), 60, "the larger disk")
        passphrases = [self.keys(each) for each in (root, data, hot)]
        self.assertEqual(len(set(passphrases)), 3)
        passphrases += [base64.b64encode(each.encode()).decode() for each in passphrases]
        self.check_nowhere(MARK, *passphrases)

        # Snapshots while it writes, and a new life of the daemon.
        snapshots = [self.host.api("create-snapshot", volume_id=each)["SnapshotId"] for each in (root, data)]
        for each in snapshots:
            self.wait_snapshot(each)
        self.write(guest, "/dev/vda", "after", SECTOR + 1)
        self.host.kill()
        self.host.start()
        again = self.host.api("create-snapshot", volume_id=root)["SnapshotId"]
        self.wait_snapshot(again)
        self.assertEqual(self.read(guest, "/dev/vda"), MARK)
        self.assertEqual(guest.boot_id(), boot)
        guest.stop()
        guest.wait_state("stopped")
        guest.start()
        guest.wait_ssh(other_boot_than=boot)
        for device in ("/dev/vda", "/dev/vdb", "/dev/vdc"):
            self.assertEqual(self.read(guest, device), MARK)
        self.assertEqual(self.read(guest, "/dev/vda", SECTOR + 1), "after")

        # Restored: what is made of an encrypted snapshot is encrypted.
        restored = self.host.api("create-volume", availability_zone="us-east-1a", snapshot_id=snapshots[1])["VolumeId"]
        wait_until(lambda: self.volume(restored)["State"] == "available", 60, "the volume")
        self.assertTrue(self.volume(restored)["Encrypted"])
        with self.assertRaises(CliError) as refused:
            self.host.api("create-volume", availability_zone="us-east-1a", snapshot_id=snapshots[1], encrypted=False)
        self.assertEqual(refused.exception.code, "InvalidParameterCombination")
        self.host.api("attach-volume", volume_id=restored, instance_id=guest.id, device="/dev/sdh")
        wait_until(lambda: serial_of(restored) in guest.ssh("cat /sys/block/vd*/serial"), 60, "the disk in the guest")
        self.assertEqual(self.read(guest, "/dev/vdd"), MARK)
        self.check_nowhere(MARK, *passphrases)
        guest.terminate()
        guest.wait_state("terminated")

    def test_the_encrypted_copy_of_what_is_in_the_clear_is_not(self):
        guest = self.launch()
        self.write(guest, "/dev/vda", MARK)
        plain = self.host.api("create-snapshot", volume_id=guest.root_volume)["SnapshotId"]
        self.wait_snapshot(plain)
        copy = self.host.api("copy-snapshot", source_region="us-east-1", source_snapshot_id=plain,
                             encrypted=True)["SnapshotId"]
        self.wait_snapshot(copy)
        (shown,) = self.host.api("describe-snapshots", snapshot_ids=[copy])["Snapshots"]
        self.assertTrue(shown["Encrypted"])
        guest.terminate()
        guest.wait_state("terminated")
        self.host.api("delete-snapshot", snapshot_id=plain)
        # Also by the name that it has while it goes.
        layers = os.path.join(self.host.state_dir, "layers")
        wait_until(lambda: not any(plain in name for name in os.listdir(layers)), 30, "the layer to go")
        self.check_nowhere(MARK)
        image = self.host.api("register-image", name=f"of {copy}", root_device_name="/dev/vda", block_device_mappings=[
            {"DeviceName": "/dev/vda", "Ebs": {"SnapshotId": copy}}])["ImageId"]
        self.assertTrue(self.host.image(image)["BlockDeviceMappings"][0]["Ebs"]["Encrypted"])
        volume = self.host.api("create-volume", availability_zone="us-east-1a", snapshot_id=copy)["VolumeId"]
        reader = self.launch()
        wait_until(lambda: self.volume(volume)["State"] == "available", 60, "the volume")
        self.host.api("attach-volume", volume_id=volume, instance_id=reader.id, device="/dev/sdf")
        wait_until(lambda: serial_of(volume) in reader.ssh("cat /sys/block/vd*/serial"), 60, "the disk in the guest")
        self.assertEqual(self.read(reader, "/dev/vdb"), MARK)
        reader.terminate()
        reader.wait_state("terminated")

    def test_a_guest_boots_from_an_image_that_was_registered_encrypted(self):
        location = self.host.image(self.host.image_id)["ImageLocation"]
        image = self.host.api("register-image", name="sealed", image_location=location, root_device_name="/dev/vda",
                              block_device_mappings=[{"DeviceName": "/dev/vda", "Ebs": {"Encrypted": True}}])["ImageId"]
        self.host.wait_image(image, "available", 60)
        root = self.host.image(image)["BlockDeviceMappings"][0]["Ebs"]
        self.assertTrue(root["Encrypted"])
        # The image's own layer has the kernel alone, and the snapshot's is encrypted.
        self.assertFalse(os.path.exists(os.path.join(self.host.state_dir, "layers", image, "disk.qcow2")))
        disk = os.path.join(self.host.state_dir, "layers", root["SnapshotId"], "disk.qcow2")
        said = subprocess.run(["qemu-img", "info", "-U", disk], check=True, capture_output=True, text=True).stdout
        self.assertIn("encrypted: yes", said)
        guest = self.launch(image_id=image)
        self.assertTrue(self.volume(guest.root_volume)["Encrypted"])
        self.write(guest, "/dev/vda", MARK)
        self.assertEqual(self.read(guest, "/dev/vda"), MARK)
        self.check_nowhere(MARK)
        guest.terminate()
        guest.wait_state("terminated")
        self.host.api("deregister-image", image_id=image, delete_associated_snapshots=True)
        wait_until(lambda: not glob.glob(os.path.join(self.host.state_dir, "layers", "*" + image[4:])), 30,
                   "the image's layers to go")


if __name__ == "__main__":
    unittest.main()
