"""A full disk below the state directory: clear words, nothing lost, and on it goes when there is room."""

import os
import subprocess
import tempfile
import unittest

from conditions import wait_until
from harness import CliError, Host, HostTest

SIZE_MIB = 400


class FullDiskTest(HostTest):
    @classmethod
    def make_host(cls):
        cls.mount_point = tempfile.mkdtemp(prefix="fd.", dir="/tmp")
        os.chmod(cls.mount_point, 0o711)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}M,mode=711", "tmpfs", cls.mount_point],
                       check=True)
        cls.addClassCleanup(cls.unmount)
        return Host(cls.config, cls.flags, state_dir=os.path.join(cls.mount_point, "s"))

    @classmethod
    def unmount(cls):
        subprocess.run(["umount", "--lazy", cls.mount_point], check=True)
        os.rmdir(cls.mount_point)

    @classmethod
    def prepare(cls):
        cls.guest = cls.host.launch_ready()
        cls.ballast = os.path.join(cls.mount_point, "ballast")

    def setUp(self):
        self.addCleanup(self.make_room)

    def fill(self):
        """Until not one byte more fits."""
        with open(self.ballast, "ab", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    pass

    def make_room(self):
        if os.path.exists(self.ballast):
            os.remove(self.ballast)

    def test_calls_on_a_full_disk_say_so_and_succeed_when_there_is_room(self):
        self.fill()
        self.assertEqual(self.guest.state, "running", "reading goes on")
        guests = []
        try:
            guests = self.host.run_instances(1)
        except CliError as error:
            self.assertRegex(error.said, "(?i)full|no space")
        else:
            # The wish found room in the log that was there already; the launch then waits and says for what.
            (guest,) = guests
            wait_until(lambda: "StateReason" in guest.describe(), 20, "the waiting launch to say why")
            self.assertEqual(guest.state, "pending")
            self.assertRegex(guest.describe()["StateReason"]["Message"], "(?i)full|no space")
        self.assertTrue(self.host.running())
        self.make_room()
        for guest in guests or self.host.run_instances(1):
            guest.wait_state("running", 60)
            guest.terminate()
            guest.wait_state("terminated")

    def test_an_import_waits_for_room(self):
        self.fill()
        try:
            # The bundle is there already; its copy is what does not fit.
            location = self.host.image(self.host.image_id)["ImageLocation"]
            image_id = self.host.api("register-image", name="second", image_location=location)["ImageId"]
        except CliError as error:
            self.assertRegex(error.said, "(?i)full|no space")
            self.make_room()
            image_id = self.host.api("register-image", name="second", image_location=location)["ImageId"]
        else:
            wait_until(lambda: "second" in self.host.log() or image_id in self.host.log(), 20, "a word in the log")
            self.assertEqual(self.host.image(image_id)["State"], "pending")
            self.make_room()
        self.host.wait_image(image_id, seconds=60)
        self.host.api("deregister-image", image_id=image_id)

    def volume_status(self):
        answer = self.host.api("describe-volume-status", volume_ids=[self.guest.root_volume])
        return answer["VolumeStatuses"][0]["VolumeStatus"]["Status"]

    def test_a_guest_that_writes_to_a_full_disk_is_held_and_goes_on_when_there_is_room(self):
        self.fill()
        # More than what the disk's file has of unused room in itself.
        script = ("(dd if=/dev/urandom of=/data/big bs=64k count=320 2>/dev/null; sync; sha256sum </data/big"
                  " >/data/sum; echo written >/dev/console) >/dev/null 2>&1 </dev/null &")
        self.guest.ssh(script)
        wait_until(lambda: not self.guest.pings(), 60, "the guest to be held")
        self.assertEqual(self.guest.state, "running")
        self.assertIsNotNone(self.guest.qemu_pid())
        self.assertEqual(self.volume_status(), "impaired")
        self.make_room()
        self.guest.wait_console("written", 90)
        self.assertEqual(self.volume_status(), "ok")
        resumed = self.host.log().count("was paused, as by a full disk, and is resumed")
        self.assertTrue(1 <= resumed <= 20, resumed)
        self.assertTrue(self.guest.ssh_ok('test "$(sha256sum </data/big)" = "$(cat /data/sum)"'))
        self.guest.ssh("rm /data/big")

    def test_brumed_starts_on_a_full_disk_or_says_why_not_and_loses_nothing(self):
        self.fill()
        self.host.kill()
        try:
            self.host.start()
        except Exception as error:
            self.assertRegex(str(error), "(?i)full|no space")
            self.make_room()
            self.host.start()
        self.assertEqual(self.guest.state, "running")
        self.make_room()
        # It may have written meanwhile, and is held then until brumed sees that there is room.
        wait_until(self.guest.pings, 30, "an answer of the guest")


if __name__ == "__main__":
    unittest.main()
