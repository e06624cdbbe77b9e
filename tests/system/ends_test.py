"""How guests end: asked, deaf, by themselves, killed, for good."""

import os
import signal
import time
import unittest

from conditions import wait_until
from harness import HostTest

PATIENCE = 4  # seconds, the deadlines below


class EndsTest(HostTest):
    config = {"compute": {"shutdown_timeout_seconds": PATIENCE, "terminate_timeout_seconds": PATIENCE,
                          "reboot_timeout_seconds": PATIENCE}}

    def deafen(self, guest):
        """The process that waits for the power button is no more."""
        guest.ssh("killall -KILL dd")
        self.assertFalse(guest.ssh_ok("pidof dd"))

    def test_a_guest_deaf_to_shutdown_loses_power_at_its_deadline(self):
        stopped, ended = self.host.launch_ready(2)
        for guest in (stopped, ended):
            self.deafen(guest)
        began = time.monotonic()
        stopped.stop()
        ended.terminate()
        stopped.wait_state("stopped", PATIENCE + 15)
        self.assertGreaterEqual(time.monotonic() - began, PATIENCE - 1)
        self.assertNotIn("stopping (poweroff)", stopped.console())
        ended.wait_state("terminated", 15)
        self.assertIsNone(stopped.qemu_pid())
        self.assertIsNone(ended.qemu_pid())

    def test_a_guest_whose_qemu_hangs_loses_power_at_its_deadline(self):
        guest = self.host.launch_ready()
        os.kill(guest.qemu_pid(), signal.SIGSTOP)
        guest.stop()
        guest.wait_state("stopped", PATIENCE + 10)
        self.assertIsNone(guest.qemu_pid())
        guest.start()
        guest.wait_ready()
        guest.terminate()

    def test_a_guest_deaf_to_reboot_is_reset_at_its_deadline(self):
        guest = self.host.launch_ready()
        boot = guest.boot_id()
        self.deafen(guest)
        guest.reboot()
        guest.wait_ssh(other_boot_than=boot)
        self.assertEqual(guest.state, "running")
        guest.terminate()

    def test_force_does_not_wait_for_a_deaf_guest(self):
        self.host.stop()
        self.host.configure({})  # deadlines of a minute
        self.host.start()
        guest = self.host.launch_ready()
        self.deafen(guest)
        guest.stop()
        self.assertEqual(guest.state, "stopping")
        guest.stop(force=True)
        guest.wait_state("stopped", 15)
        guest.terminate()
        self.host.stop()
        self.host.configure(self.config)
        self.host.start()

    def test_a_guest_that_powers_itself_off_is_stopped_or_terminated_as_it_was_launched(self):
        stops = self.host.run_instances(1)[0]
        ends = self.host.run_instances(1, instance_initiated_shutdown_behavior="terminate")[0]
        for guest in (stops, ends):
            guest.wait_state("running")
        for guest in (stops, ends):
            guest.wait_ready()
            guest.ssh("poweroff", check=False)  # the session may end with the guest
        shown = stops.wait_state("stopped", 30)
        self.assertEqual(shown["StateReason"]["Code"], "Client.InstanceInitiatedShutdown")
        ends.wait_state("terminated", 30)
        stops.start()
        stops.wait_state("running")
        stops.terminate()

    def test_a_guest_whose_qemu_dies_is_stopped_within_seconds_and_starts_again(self):
        # Also one that was to be terminated when it powers off: a crash is no wish to throw it away.
        guest = self.host.launch_ready(instance_initiated_shutdown_behavior="terminate")
        guest.ssh("echo kept >/data/kept; sync")
        guest.kill_qemu()
        shown = guest.wait_state("stopped", 10)
        self.assertEqual(shown["StateReason"]["Code"], "Server.InternalError")
        guest.start()
        guest.wait_state("running")
        guest.wait_ssh()
        self.assertEqual(guest.ssh("cat /data/kept"), "kept\n")
        guest.terminate()

    def test_a_guest_whose_qemu_dies_while_nobody_watches_is_stopped_too(self):
        guest = self.host.launch()
        self.host.kill()
        guest.kill_qemu()
        self.host.start()
        shown = guest.wait_state("stopped", 30)
        self.assertEqual(shown["StateReason"]["Code"], "Server.InternalError")
        guest.terminate()

    def test_a_terminated_instance_is_visible_for_its_time_and_then_gone(self):
        guest = self.host.launch(
            tag_specifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "brief"}]}])
        directory, volume = guest.instance_directory(), guest.volume_file()
        self.assertTrue(os.path.isdir(directory))
        self.assertTrue(os.path.isdir(volume))
        guest.terminate()
        shown = guest.wait_state("terminated")
        self.assertEqual(shown["State"]["Code"], 48)
        self.assertEqual(shown["StateReason"]["Code"], "Client.UserInitiatedShutdown")
        self.assertNotIn("PublicIpAddress", shown)
        self.assertFalse(os.path.exists(volume), "the volume goes at once")
        guest.console()  # can still be asked for
        guest.terminate()  # idempotent
        guest.wait_gone()
        self.assert_refused("InvalidInstanceID.NotFound", guest.describe)
        wait_until(lambda: not os.path.exists(directory), 5, "the directory to go")
        tags = self.host.api("describe-tags", filters=[{"Name": "resource-id", "Values": [guest.id]}])
        self.assertEqual(tags.get("Tags", []), [])

    def test_a_volume_that_is_to_be_kept_outlives_its_instance(self):
        keeps = self.host.launch(block_device_mappings=[{"DeviceName": "/dev/vda",
                                                         "Ebs": {"DeleteOnTermination": False}}])
        changed = self.host.launch()
        changed.modify(block_device_mappings=[{"DeviceName": "/dev/vda", "Ebs": {"DeleteOnTermination": False}}])
        volumes = []
        for guest in (keeps, changed):
            volumes.append(guest.volume_file())
            guest.terminate()
        for guest in (keeps, changed):
            guest.wait_state("terminated")
        for volume in volumes:
            self.assertTrue(os.path.isdir(volume), volume)
            # No action deletes volumes yet: the image's layer stays below them, and the test tidies up.
            self.host.expected_left.add(os.path.relpath(volume, self.host.state_dir))
            self.host.expected_left.add(f"layers/{self.host.image_id}")

    def test_a_purged_instance_frees_its_private_address(self):
        address = "172.31.0.77"
        first = self.host.launch(private_ip_address=address)
        self.assertEqual(first.private_ip, address)
        self.assert_refused("InvalidIPAddress.InUse", self.host.run_instances, 1, private_ip_address=address)
        first.terminate()
        first.wait_state("terminated")
        second = self.host.launch(private_ip_address=address)
        second.wait_ready()
        self.assertTrue(second.pings())
        second.terminate()

    def test_an_end_in_the_middle_of_a_launch_leaves_nothing(self):
        guests = self.host.run_instances(4)
        self.host.api("terminate-instances", instance_ids=[guest.id for guest in guests])
        for guest in guests:
            guest.wait_state("terminated")
            self.assertIsNone(guest.qemu_pid())


if __name__ == "__main__":
    unittest.main()
