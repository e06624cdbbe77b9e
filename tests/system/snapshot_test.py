"""Snapshots and images of disks that real guests write to."""

import glob
import json
import os
import subprocess
import time
import unittest

from conditions import wait_until
from harness import HostTest

SECTOR = 20000

# As much of qemu-guest-agent as libvirt asks for, for a guest that has none.
AGENT = r"""
trap '' HUP
exec 3<>"$(ls /dev/vport*)"
echo $$ >/tmp/agent.pid
# The port reads as ended until the host has opened it.
while true; do read -r line <&3 || { sleep 0.1; continue; }
  case "$line" in
    *guest-sync*) id=${line##*:}; echo "{\"return\": ${id%%\}*}}" >&3 ;;
    *guest-fsfreeze-freeze*) echo frozen >>/tmp/agent.log; echo '{"return": 1}' >&3 ;;
    *guest-fsfreeze-thaw*) echo thawed >>/tmp/agent.log; echo '{"return": 1}' >&3 ;;
    *) echo '{"return": {}}' >&3 ;;
  esac
done
"""


class SnapshotTest(HostTest):
    as_unit = True
    def snapshot(self, guest):
        made = self.host.api("create-snapshot", volume_id=guest.root_volume)["SnapshotId"]
        self.wait_snapshot(made)
        return made

    def wait_snapshot(self, snapshot):
        wait_until(lambda: self.host.api("describe-snapshots", snapshot_ids=[snapshot])["Snapshots"][0]["State"] ==
                   "completed", 60, "the snapshot is completed")

    def launch_of(self, image):
        guest = self.host.run_instances(1, image_id=image)[0]
        guest.wait_state("running")
        guest.wait_ready()
        return guest

    def wait_no_layers(self):
        wait_until(lambda: not glob.glob(os.path.join(self.host.state_dir, "layers", "snap-*")), 30,
                   "the snapshots' layers are gone")

    def check_sound(self, volume):
        """What QEMU's own tool finds wrong with the disk of a volume that nobody has open."""
        for disk in glob.glob(os.path.join(self.host.state_dir, "volumes", volume, "*.qcow2")):
            subprocess.run(["qemu-img", "check", "-q", "-f", "qcow2", disk], check=True)

    def test_what_a_running_guest_wrote_before_a_snapshot_is_in_it_and_what_it_wrote_later_is_not(self):
        guest = self.host.launch_ready()
        boot = guest.boot_id()
        guest.write_sector("before", SECTOR)
        snapshot = self.snapshot(guest)
        guest.write_sector("after", SECTOR)
        self.assertEqual(guest.read_sector(SECTOR), "after")
        self.assertEqual(guest.boot_id(), boot)

        name = f"of-{snapshot}"
        image = self.host.api("register-image", name=name, root_device_name="/dev/vda", block_device_mappings=[
            {"DeviceName": "/dev/vda", "Ebs": {"SnapshotId": snapshot}}])["ImageId"]
        self.assertEqual(self.host.image(image)["State"], "available")
        self.host.api("deregister-image", image_id=image)

        # The guest goes on from the new top through a stop, and through the end of the daemon.
        guest.stop()
        guest.wait_state("stopped")
        self.check_sound(guest.root_volume)
        guest.start()
        guest.wait_ssh(other_boot_than=boot)
        self.assertEqual(guest.read_sector(SECTOR), "after")
        self.host.kill()
        self.host.start()
        self.snapshot(guest)
        guest.write_sector("last", SECTOR)
        self.assertEqual(guest.read_sector(SECTOR), "last")
        guest.terminate()
        guest.wait_state("terminated")
        for each in self.host.api("describe-snapshots")["Snapshots"]:
            if each["VolumeId"] != "vol-ffffffff":
                self.host.api("delete-snapshot", snapshot_id=each["SnapshotId"])
        self.wait_no_layers()

    def test_a_guest_goes_on_while_the_layers_under_it_are_merged_and_starts_from_the_merged(self):
        self.host.stop()
        self.host.configure({"storage": {"max_chain": 4}})
        self.host.start()
        guest = self.host.launch_ready()
        boot = guest.boot_id()
        taken = []
        for number in range(7):
            guest.write_sector(f"mark-{number}", SECTOR + number)
            taken.append(self.snapshot(guest))
        layers = os.path.join(self.host.state_dir, "layers")

        def chain(disk):
            info = subprocess.run(["qemu-img", "info", "--backing-chain", "-U", "--output=json", disk],
                                  check=True, capture_output=True, text=True)
            return len(json.loads(info.stdout))
        (top,) = glob.glob(os.path.join(self.host.state_dir, "volumes", guest.root_volume, "*.qcow2"))
        wait_until(lambda: chain(top) <= 4, 60, "the layers to be merged")
        for number, snapshot in enumerate(taken):
            disk = os.path.join(layers, snapshot, "disk.qcow2")
            subprocess.run(["qemu-img", "check", "-q", "-U", "-f", "qcow2", disk], check=True)
            raw = os.path.join(self.host.directory, "raw")
            subprocess.run(["qemu-img", "dd", "-U", "-f", "qcow2", "-O", "raw", "bs=512", f"skip={SECTOR}",
                            f"count={SECTOR + 8}", f"if={disk}", f"of={raw}"], check=True)
            with open(raw, "rb") as file:
                content = file.read()
            marks = [f"mark-{each}".encode() in content for each in range(7)]
            self.assertEqual(marks, [each <= number for each in range(7)])
        self.assertEqual([guest.read_sector(SECTOR + each) for each in range(7)], [f"mark-{each}" for each in range(7)])
        self.assertEqual(guest.boot_id(), boot)
        guest.stop()
        guest.wait_state("stopped")
        self.check_sound(guest.root_volume)
        guest.start()
        guest.wait_ssh(other_boot_than=boot)
        self.assertEqual([guest.read_sector(SECTOR + each) for each in range(7)], [f"mark-{each}" for each in range(7)])
        guest.terminate()
        guest.wait_state("terminated")
        for snapshot in taken:
            self.host.api("delete-snapshot", snapshot_id=snapshot)
        self.wait_no_layers()

    def with_agent(self):
        guest = self.host.launch_ready()
        guest.wait_ssh()
        guest.ssh("cat >/tmp/agent; touch /tmp/agent.log; sh /tmp/agent >/dev/null 2>&1 </dev/null & "
                  "until [ -s /tmp/agent.pid ]; do sleep 0.1; done", stdin=AGENT)
        return guest

    def agent_said(self, guest):
        return guest.ssh("cat /tmp/agent.log").split()

    def test_file_systems_of_a_guest_with_an_agent_stand_still_for_a_snapshot_and_go_on_whatever_happens(self):
        guest = self.with_agent()
        # libvirt hears of the agent a moment after it has opened its port.
        wait_until(lambda: self.snapshot(guest) and self.agent_said(guest)[:2] == ["frozen", "thawed"], 60,
                   "the agent to be asked")
        self.assertEqual(self.host.stop(), 0)
        self.host.spawn(environment={"BRUME_FAILPOINTS": "guest.frozen=crash"})
        wait_until(self.host.serves, 30, "brumed to serve")
        before = self.agent_said(guest)
        self.host.api("create-snapshot", volume_id=guest.root_volume)
        wait_until(lambda: not self.host.running(), 30, "the crash")
        self.host.start()
        # The snapshot is tried again at once, which may come before the thaw or after it.
        mark = os.path.join(guest.instance_directory(), "frozen")
        wait_until(lambda: self.agent_said(guest)[len(before):][:1] == ["frozen"] and not os.path.exists(mark), 30,
                   lambda: f"the thaw: {self.agent_said(guest)}")
        wait_until(lambda: all(each["State"] == "completed" for each in self.host.api("describe-snapshots")["Snapshots"]),
                   60, "the snapshots to be taken")
        wait_until(lambda: self.agent_said(guest)[-1] == "thawed" and not os.path.exists(mark), 30, "the last thaw")
        # One that no longer answers holds nothing up for long, and is thawed when it does.
        guest.ssh("kill -STOP $(cat /tmp/agent.pid)")
        began = time.monotonic()
        self.snapshot(guest)
        self.assertLess(time.monotonic() - began, 25)
        self.assertTrue(os.path.exists(mark))
        guest.ssh("kill -CONT $(cat /tmp/agent.pid)")
        wait_until(lambda: not os.path.exists(mark), 60, "the thaw by an agent that answers again")
        self.assertEqual(self.agent_said(guest)[-1], "thawed")
        # A new guest is not frozen, and none is asked for that has no agent.
        guest.ssh("kill -STOP $(cat /tmp/agent.pid)")
        self.snapshot(guest)
        self.assertTrue(os.path.exists(mark))
        guest.stop(force=True)
        guest.wait_state("stopped")
        guest.start()
        guest.wait_state("running")
        self.assertFalse(os.path.exists(mark))
        guest.terminate()
        guest.wait_state("terminated")
        for each in self.host.api("describe-snapshots")["Snapshots"]:
            if each["VolumeId"] != "vol-ffffffff":
                self.host.api("delete-snapshot", snapshot_id=each["SnapshotId"])
        self.wait_no_layers()

    def test_an_image_of_a_guest_boots_with_what_it_wrote(self):
        guest = self.host.launch_ready()
        boot = guest.boot_id()
        guest.write_sector("live", SECTOR)
        live = self.host.api("create-image", instance_id=guest.id, name="live", no_reboot=True)["ImageId"]
        self.host.wait_image(live)
        self.assertEqual(guest.boot_id(), boot)
        guest.write_sector("at-rest", SECTOR)
        rest = self.host.api("create-image", instance_id=guest.id, name="at rest")["ImageId"]
        self.host.wait_image(rest)
        guest.wait_ssh(other_boot_than=boot)
        self.assertEqual(guest.state, "running")
        self.assertEqual(guest.read_sector(SECTOR), "at-rest")

        first, second = self.launch_of(live), self.launch_of(rest)
        self.assertEqual(first.read_sector(SECTOR), "live")
        self.assertEqual(second.read_sector(SECTOR), "at-rest")
        first.write_sector("own", SECTOR)
        self.assertEqual(second.read_sector(SECTOR), "at-rest")
        for each in (guest, first, second):
            each.terminate()
        for each in (guest, first, second):
            each.wait_state("terminated")
        for image in (live, rest):
            self.host.api("deregister-image", image_id=image, delete_associated_snapshots=True)
        self.wait_no_layers()


if __name__ == "__main__":
    unittest.main()
