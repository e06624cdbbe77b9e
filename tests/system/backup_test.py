"""Backups while guests write, what a later one copies, and a restore on another machine."""

import glob
import json
import os
import shutil
import subprocess
import unittest

from conditions import wait_until
from guest import Guest
from harness import CliError, Host, HostTest

FIRST, LATER, AFTER = 20000, 30000, 40000
MIB = 1 << 20


def backups(directory):
    return sorted(os.listdir(f"{directory}/backups"))


class Backups:
    """The commands, for a host of the harness."""

    def __init__(self, host):
        self.host = host
        self.directory = os.path.join(host.directory, "backups")

    def make(self, *flags):
        """The backup, as DescribeBackup shows it."""
        return json.loads(self.host.brume("backup", self.directory, *flags, "--output", "json"))

    def refused(self, *flags, directory=None):
        try:
            self.host.brume("backup", directory or self.directory, *flags)
        except CliError as error:
            return error.said
        raise AssertionError("it was not refused")


def restore(host, directory, *flags, environment=None):
    """brume restore into the state directory of another host: exit code and what it said."""
    done = subprocess.run(host.brume_argv("restore", directory, "--config", host.config_path, *flags),
                          capture_output=True, text=True, timeout=60, env={**os.environ, **(environment or {})})
    return done.returncode, done.stdout + done.stderr


def verify(host, directory, *flags):
    done = subprocess.run(host.brume_argv("backup", "--verify", directory, *flags), capture_output=True, text=True,
                          timeout=60)
    return done.returncode, done.stdout + done.stderr


class BackupTest(HostTest):
    def test_a_guest_is_backed_up_while_it_writes_and_boots_on_another_machine(self):
        backup = Backups(self.host)
        guest = self.host.launch_ready(block_device_mappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}])
        stopped = self.host.launch()
        stopped.stop()
        stopped.wait_state("stopped")
        address = guest.private_ip
        guest.write_sector("before-the-first", FIRST)
        writer = subprocess.Popen(guest.ssh_argv() + ["i=0; while dd if=/dev/zero of=/dev/vda bs=64k seek=1000 count=8 "
                                                      "conv=notrunc 2>/dev/null; do i=$((i+1)); done"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            first = backup.make()
        finally:
            writer.kill()
            writer.wait()
        self.assertEqual(first["State"], "completed", first)
        self.assertEqual(self.host.api("describe-snapshots", owner_ids=["self"], filters=[
            {"Name": "volume-id", "Values": [guest.root_volume]}])["Snapshots"], [], "what a backup needs is not shown")

        guest.write_sector("before-the-second", LATER)
        key = os.path.join(self.host.directory, "kept.key")
        shutil.copy(os.path.join(self.host.state_dir, "secret.key"), key)
        second = backup.make()
        print(f"first: {first['CopiedBytes'] / MIB:.1f} of {first['TotalBytes'] / MIB:.1f} MiB; "
              f"second: {second['CopiedBytes'] / MIB:.1f} of {second['TotalBytes'] / MIB:.1f} MiB")
        # The image alone has 50 MiB; what is new is the database and the clusters that were written.
        self.assertLess(second["CopiedBytes"], first["CopiedBytes"] / 4)
        guest.write_sector("after-the-second", AFTER)

        self.assertEqual(verify(self.host, backup.directory, "--secret-key", key)[0], 0)
        said = verify(self.host, backup.directory)[1]
        for each in (first, second):
            self.assertIn(each["BackupId"], said)
        self.assertFalse(os.path.exists(os.path.join(self.host.state_dir, "backup")), "what the backup kept")

        # The first machine is gone: its guests, its networks and its state.
        self.host.kill()
        guest.kill_qemu()
        wait_until(lambda: self.host.run_to_end("--remove-host-state")[0] == 0, 30, "the host to be empty")
        other = Host()
        self.addCleanup(other.close)
        other.image_id, other.key_name = self.host.image_id, self.host.key_name
        shutil.copy(self.host.key_path, other.key_path)
        code, said = restore(other, backup.directory)
        self.assertNotEqual(code, 0)
        self.assertIn("--secret-key", said)
        code, said = restore(other, backup.directory, "--secret-key", key)
        self.assertEqual(code, 0, said)
        other.start()
        self.assertIn(second["BackupId"], said)
        again = Guest(other, guest.id)
        again.wait_state("running")
        again.wait_ready()
        self.assertEqual(again.private_ip, address)
        self.assertEqual(again.read_sector(FIRST), "before-the-first")
        self.assertEqual(again.read_sector(LATER), "before-the-second")
        self.assertNotEqual(again.read_sector(AFTER), "after-the-second")
        self.assertEqual(Guest(other, stopped.id).state, "stopped")
        new = other.launch_ready()
        new.terminate()
        # A backup of the restored machine goes on in the same directory.
        third = json.loads(other.brume("backup", backup.directory, "--keep", "1", "--output", "json"))
        self.assertLess(third["CopiedBytes"], first["CopiedBytes"] / 4)
        self.assertEqual(backups(backup.directory), [third["BackupId"]])
        self.assertEqual(verify(other, backup.directory)[0], 0)
        code, said = restore(other, backup.directory, "--secret-key", key)
        self.assertNotEqual(code, 0)
        self.assertIn("another brumed runs", said)
        other.stop()
        code, said = restore(other, backup.directory, "--secret-key", key)
        self.assertNotEqual(code, 0)
        self.assertIn("has state already", said)


class CutOffTest(HostTest):
    """Without guests: an image and a volume."""

    @classmethod
    def prepare(cls):
        zone = cls.host.api("describe-availability-zones")["AvailabilityZones"][0]["ZoneName"]
        cls.volume = cls.host.api("create-volume", size=1, availability_zone=zone)["VolumeId"]
        wait_until(lambda: cls.host.api("describe-volumes", volume_ids=[cls.volume])["Volumes"][0]["State"] ==
                   "available", 30, "the volume is available")
        cls.backup = Backups(cls.host)
        cls.key = os.path.join(cls.host.state_dir, "secret.key")

    def restart(self, failpoints=""):
        if self.host.running():
            self.host.stop()
        self.host.start(environment={"BRUME_FAILPOINTS": failpoints})

    def snapshots(self):
        return [snapshot for snapshot in self.host.api("describe-snapshots")["Snapshots"]
                if snapshot.get("VolumeId") == self.volume]

    def other_host(self):
        other = Host()
        self.addCleanup(shutil.rmtree, other.directory)
        return other

    def test_brumed_dies_at_each_step_and_the_next_backup_goes_on(self):
        self.backup.make()
        for step in ("asked", "frozen", "held", "object_written", "file_copied", "copied", "published"):
            with self.subTest(step):
                before = backups(self.backup.directory)
                self.restart(f"backup.{step}=crash")
                self.backup.refused()
                self.host.daemon.wait(timeout=30)
                self.restart()
                wait_until(lambda: not self.snapshots(), 30, "the snapshots of the lost backup to go")
                self.assertFalse(os.path.exists(os.path.join(self.host.state_dir, "backup")))
                self.assertEqual(len(backups(self.backup.directory)), len(before) + (step == "published"))
                self.assertEqual(verify(self.host, self.backup.directory, "--secret-key", self.key)[0], 0)
                self.backup.make("--keep", "2")
        code, said = verify(self.host, self.backup.directory, "--secret-key", self.key)
        self.assertEqual(code, 0, said)
        self.assertEqual(len(said.splitlines()), 2)

    def test_a_restore_that_is_killed_at_each_step_leaves_nothing_half_done(self):
        self.backup.make()
        for step in ("file_copied", "copied", "ready", "placed"):
            with self.subTest(step):
                other = self.other_host()
                code, said = restore(other, self.backup.directory, "--secret-key", self.key,
                                     environment={"BRUME_FAILPOINTS": f"restore.{step}=crash"})
                self.assertNotEqual(code, 0, said)
                self.assertFalse(os.path.exists(os.path.join(other.state_dir, "brume.db")))
                if step in ("file_copied", "copied"):
                    code, said = other.run_to_end()
                    self.assertNotEqual(code, 0)
                    self.assertIn("was cut off", said)
                code, said = restore(other, self.backup.directory, "--secret-key", self.key)
                self.assertEqual(code, 0, said)
                self.assertFalse(os.path.exists(os.path.join(other.state_dir, "restore")))
                for name in ("brume.db", "secret.key", f"layers/{self.host.image_id}/disk.qcow2",
                             f"volumes/{self.volume}/volume.json"):
                    self.assertTrue(os.path.exists(os.path.join(other.state_dir, name)), name)
                self.assertEqual(os.stat(os.path.join(other.state_dir, "brume.db")).st_mode & 0o7777, 0o600)

    def test_a_backup_that_was_tampered_with_is_refused_before_anything_is_in_place(self):
        spoilt = os.path.join(self.host.directory, "spoilt")
        self.backup.make()
        shutil.copytree(self.backup.directory, spoilt)
        largest = max(glob.glob(f"{spoilt}/objects/??/*"), key=os.path.getsize)
        with open(largest, "r+b") as file:
            file.seek(100000)
            file.write(b"spoilt")
        other = self.other_host()
        for code, said in (verify(self.host, spoilt), restore(other, spoilt, "--secret-key", self.key)):
            self.assertEqual(code, 1, said)
            self.assertIn(os.path.basename(largest), said)
        os.truncate(largest, 1000)
        code, said = restore(other, spoilt, "--secret-key", self.key)
        self.assertIn("1000 bytes and not", said)
        self.assertEqual(sorted(set(os.listdir(other.state_dir)) - {"import"}), ["lock"])

    def test_a_full_disk_is_said_and_the_earlier_backup_stays(self):
        small = os.path.join(self.host.directory, "small")
        os.mkdir(small)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "none", small], check=True)
        self.addCleanup(subprocess.run, ["umount", small], check=True)
        said = self.backup.refused(directory=small)
        self.assertIn("is full", said)
        self.assertEqual(os.listdir(f"{small}/backups"), [])
        self.assertFalse(os.path.exists(f"{small}/objects/.partial"))

    def test_a_directory_that_is_no_place_for_backups_is_refused(self):
        said = self.backup.refused(directory=self.host.state_dir)
        self.assertIn("in the state directory", said)
        os.makedirs(os.path.join(self.host.directory, "letters", "a"))
        self.assertIn("other content", self.backup.refused(directory=os.path.join(self.host.directory, "letters")))


if __name__ == "__main__":
    unittest.main()
