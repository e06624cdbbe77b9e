"""Images that leave for a file and come back: their guests boot from what was restored, and nothing partial stays."""

import glob
import os
import shutil
import subprocess
import unittest

from conditions import wait_until
from harness import HostTest

SECTOR = 20000


class ExportTest(HostTest):
    def setUp(self):
        super().setUp()
        self.bucket = os.path.join(self.host.state_dir, "export", "bucket")
        shutil.rmtree(self.bucket, ignore_errors=True)
        os.makedirs(self.bucket)

    def store(self, image):
        key = self.host.api("create-store-image-task", image_id=image, bucket="bucket")["ObjectKey"]
        wait_until(lambda: [each["StoreTaskState"] for each in self.host.api(
            "describe-store-image-tasks", image_ids=[image])["StoreImageTaskResults"]] == ["Completed"],
            60, "the image is stored")
        return key

    def export(self, image, disk_format):
        return self.host.api("export-image", image_id=image, disk_image_format=disk_format,
                             s3_export_location={"S3Bucket": "bucket", "S3Prefix": "out/"})["ExportImageTaskId"]

    def task(self, export):
        (task,) = self.host.api("describe-export-image-tasks", export_image_task_ids=[export])["ExportImageTasks"]
        return task

    def assert_no_remains(self):
        wait_until(lambda: not os.listdir(os.path.join(self.host.state_dir, "exports")), 10, "the exports are cleared")
        self.assertEqual(glob.glob(os.path.join(self.bucket, "**", ".*"), recursive=True), [])

    def test_a_guest_boots_from_an_image_that_was_stored_deleted_and_restored(self):
        guest = self.host.launch_ready()
        guest.write_sector("kept", SECTOR)
        made = self.host.api("create-image", instance_id=guest.id, name="golden", no_reboot=True,
                             block_device_mappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}])["ImageId"]
        self.host.wait_image(made, "available", 60)
        key = self.store(made)
        self.assertEqual(os.stat(os.path.join(self.bucket, key)).st_mode & 0o777, 0o600)
        self.host.api("deregister-image", image_id=made, delete_associated_snapshots=True)
        guest.terminate()
        guest.wait_state("terminated")
        wait_until(lambda: not glob.glob(os.path.join(self.host.state_dir, "layers", "snap-*")), 30,
                   "the original's layers are gone")

        restored = self.host.api("create-restore-image-task", bucket="bucket", object_key=key)["ImageId"]
        self.host.wait_image(restored, "available", 60)
        self.assertEqual(self.host.image(restored)["Name"], "golden")
        again = self.host.run_instances(1, image_id=restored)[0]
        again.wait_state("running")
        again.wait_ready()
        self.assertEqual(again.read_sector(SECTOR), "kept")
        again.terminate()
        again.wait_state("terminated")
        self.host.api("deregister-image", image_id=restored)
        self.assert_no_remains()

    def test_a_disk_is_exported_in_formats_that_others_read(self):
        for disk_format, driver in (("RAW", "raw"), ("VMDK", "vmdk"), ("VHD", "vpc")):
            with self.subTest(format=disk_format):
                export = self.export(self.host.image_id, disk_format)
                wait_until(lambda: self.task(export)["Status"] == "completed", 60, "the image is exported")
                (path,) = glob.glob(os.path.join(self.bucket, "out", f"{export}.*"))
                self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
                disk = os.path.join(self.host.state_dir, "layers", self.host.image_id, "disk.qcow2")
                subprocess.run(["qemu-img", "compare", "-q", "-f", driver, "-F", "qcow2", path, disk], check=True)
        self.assert_no_remains()

    def test_an_export_that_was_cut_off_is_made_whole_and_a_cancelled_one_leaves_nothing(self):
        self.host.stop()
        self.host.start(environment={"BRUME_FAILPOINTS": "export.converted=delay:2000"})
        cut = self.export(self.host.image_id, "RAW")
        work = os.path.join(self.host.state_dir, "exports", cut, "disk")
        wait_until(lambda: os.path.exists(work), 30, "the conversion has begun")
        self.host.kill()
        self.host.start(environment={"BRUME_FAILPOINTS": "export.converted=delay:2000"})
        wait_until(lambda: self.task(cut)["Status"] == "completed", 60, "the export is whole")
        cancelled = self.export(self.host.image_id, "VMDK")
        wait_until(lambda: os.path.exists(os.path.join(self.host.state_dir, "exports", cancelled)), 30, "it has begun")
        self.host.api("cancel-export-task", export_task_id=cancelled)
        wait_until(lambda: self.task(cancelled)["Status"] == "deleted", 60, "the export is cancelled")
        self.assertEqual([name for name in os.listdir(os.path.join(self.bucket, "out")) if cancelled in name], [])
        self.assert_no_remains()

    def test_a_bucket_that_is_not_there_and_a_path_out_of_it_are_refused(self):
        for bucket, prefix in (("other", ""), ("..", ""), ("bucket", "../"), ("bucket", "/etc/")):
            with self.subTest(bucket=bucket, prefix=prefix):
                self.assert_refused("InvalidParameterValue", self.host.api, "export-image", image_id=self.host.image_id,
                                    disk_image_format="RAW", s3_export_location={"S3Bucket": bucket, "S3Prefix": prefix})
        self.assert_no_remains()


if __name__ == "__main__":
    unittest.main()
