"""Writes with numbers through everything that is done to a disk: what is read back is always what was acknowledged.

BRUME_PATTERN_ROUNDS: how many things are done, default 20. BRUME_PATTERN_SEED: of their order, default another each time.
"""

import os
import random
import subprocess
import sys
import threading
import unittest

from conditions import wait_until
from harness import HostTest

ROUNDS = int(os.environ.get("BRUME_PATTERN_ROUNDS", "20"))
SEED = int(os.environ.get("BRUME_PATTERN_SEED", str(random.randrange(1 << 32))))
SLOTS = 32  # sectors; write number n goes to sector n % SLOTS
ZONE = "us-east-1a"

WRITER = """n={first}
while ! [ -e /tmp/stop ]; do
  echo $n | dd of=/dev/{disk} bs=512 seek=$((n % {slots})) conv=notrunc,sync,fsync 2>/dev/null || exit 1
  echo $n
  n=$((n + 1))
done"""


def content(last):
    """What the sectors hold once write number `last` is the last one that was done: each the number written to it."""
    return [max((n for n in range(max(1, last - SLOTS + 1), last + 1) if n % SLOTS == slot), default=0)
            for slot in range(SLOTS)]


class Writer:
    """Writes one number after the other in a guest, each on the disk before it is said."""

    def __init__(self, guest, disk, first):
        self.guest = guest
        self.acknowledged = first - 1
        guest.ssh("rm -f /tmp/stop")
        script = WRITER.format(first=first, disk=disk, slots=SLOTS)
        self.process = subprocess.Popen([*guest.ssh_argv(), script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        text=True)
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            self.acknowledged = int(line)

    def wait_writes(self, count=3, seconds=60):
        goal = self.acknowledged + count
        wait_until(lambda: self.acknowledged >= goal, seconds, lambda: f"write {goal}: the last was {self.acknowledged}")

    def end(self, gone=False):
        """After the guest is told to stop, or is gone."""
        if gone:  # who is no more ends no connection
            self.process.kill()
        self.process.wait(60)
        self.thread.join()
        self.process.stdout.close()


class PatternTest(HostTest):
    config = {"storage": {"max_chain": 4}}  # so that layers are merged all the time

    @classmethod
    def prepare(cls):
        cls.guests = [cls.host.launch(placement={"AvailabilityZone": ZONE}) for _ in range(2)]
        for guest in cls.guests:
            guest.wait_ready()

    def setUp(self):
        self.random = random.Random(SEED)
        self.writer = None
        self.last = 0          # the last write that was acknowledged
        self.snapshots = {}    # id: (the last write acknowledged before it, the last one there can have been after)
        self.size = 1
        self.encrypted = self.random.random() < 0.5
        self.volume = self.create_volume(size=1, encrypted=self.encrypted)
        self.owner = self.guests[0]
        self.attach(self.volume, self.owner)
        self.addCleanup(self.stop_writer)

    # ---- the API

    def show(self, volume):
        return self.host.api("describe-volumes", volume_ids=[volume])["Volumes"][0]

    def wait_volume(self, volume, state, attachment=None):
        def poll():
            shown = self.show(volume)
            states = [each["State"] for each in shown.get("Attachments", [])]
            return shown["State"] == state and states == ([attachment] if attachment else [])
        wait_until(poll, 60, lambda: f"{volume} {state}: it is {self.show(volume)}")

    def create_volume(self, **arguments):
        volume = self.host.api("create-volume", availability_zone=ZONE, **arguments)["VolumeId"]
        self.wait_volume(volume, "available")
        return volume

    def attach(self, volume, guest, device="/dev/sdf"):
        self.host.api("attach-volume", volume_id=volume, instance_id=guest.id, device=device)
        self.wait_volume(volume, "in-use", "attached")

    def detach(self, volume):
        self.host.api("detach-volume", volume_id=volume)
        self.wait_volume(volume, "available")

    def wait_snapshot(self, snapshot):
        def state():
            return self.host.api("describe-snapshots", snapshot_ids=[snapshot])["Snapshots"][0]["State"]
        wait_until(lambda: state() == "completed", 60, lambda: f"{snapshot} completed: it is {state()}")

    # ---- writing and reading

    def start_writer(self):
        self.writer = Writer(self.owner, self.owner.disk_of(self.volume), self.last + 1)
        self.writer.wait_writes()

    def stop_writer(self):
        if self.writer is None:
            return
        if self.owner.state == "running":
            self.owner.ssh("touch /tmp/stop")
        writer, self.writer = self.writer, None
        writer.end()
        self.last = writer.acknowledged

    def check(self, guest, volume, min_writes, max_writes):
        """The volume holds what the first n writes leave, for one n of these bounds: and nothing of a later one."""
        disk = guest.disk_of(volume)
        read = guest.ssh(f"dd if=/dev/{disk} bs=512 count={SLOTS} iflag=direct 2>/dev/null | tr '\\0' ' '")
        found = [0] * SLOTS
        for number in map(int, read.split()):
            found[number % SLOTS] = max(found[number % SLOTS], number)
        last = max(found)
        self.assertEqual(found, content(last), f"the sectors of {volume}")
        self.assertTrue(min_writes <= last <= max_writes, f"{volume} holds {last} writes, not {min_writes} to {max_writes}")
        return last

    def check_restored(self, snapshot, bounds):
        volume = self.create_volume(snapshot_id=snapshot)
        other = self.guests[1] if self.owner is self.guests[0] else self.guests[0]
        self.attach(volume, other, "/dev/sdg")
        self.check(other, volume, *bounds)
        self.detach(volume)
        self.host.api("delete-volume", volume_id=volume)

    def some_snapshot(self):
        if not self.snapshots:
            self.take_snapshot()
        return self.random.choice(sorted(self.snapshots))

    # ---- what is done

    def take_snapshot(self):
        before = self.writer.acknowledged
        snapshot = self.host.api("create-snapshot", volume_id=self.volume)["SnapshotId"]
        self.wait_snapshot(snapshot)
        self.snapshots[snapshot] = (before, self.writer.acknowledged + 1)

    def restore(self):
        snapshot = self.some_snapshot()
        self.check_restored(snapshot, self.snapshots[snapshot])

    def copy(self):
        snapshot = self.some_snapshot()
        made = self.host.api("copy-snapshot", source_snapshot_id=snapshot, source_region="us-east-1")["SnapshotId"]
        self.wait_snapshot(made)
        self.snapshots[made] = self.snapshots[snapshot]

    def delete_snapshot(self):
        snapshot = self.some_snapshot()
        self.host.api("delete-snapshot", snapshot_id=snapshot)
        del self.snapshots[snapshot]

    def crash_of_the_daemon(self):
        if self.random.random() < 0.5:  # with a snapshot under way
            before = self.writer.acknowledged
            snapshot = self.host.api("create-snapshot", volume_id=self.volume)["SnapshotId"]
            self.host.kill()
            self.host.start()
            self.wait_snapshot(snapshot)
            self.snapshots[snapshot] = (before, self.writer.acknowledged + 1)
        else:
            self.host.kill()
            self.host.start()

    def kill_of_the_guest(self):
        self.owner.kill_qemu()
        self.owner.wait_state("stopped")
        self.writer.end(gone=True)
        acknowledged = self.writer.acknowledged
        self.writer = None
        self.owner.start()
        self.owner.wait_ssh()
        self.last = self.check(self.owner, self.volume, acknowledged, acknowledged + 1)

    def resize(self):
        self.size += 1
        self.host.api("modify-volume", volume_id=self.volume, size=self.size)
        disk = self.owner.disk_of(self.volume)
        wait_until(lambda: self.owner.ssh(f"cat /sys/block/{disk}/size").strip() == str(self.size << 21), 60,
                   f"the guest sees {self.size} GiB")

    def move(self):
        self.stop_writer()
        self.detach(self.volume)
        self.owner = self.guests[1] if self.owner is self.guests[0] else self.guests[0]
        self.attach(self.volume, self.owner)
        self.check(self.owner, self.volume, self.last, self.last)

    def stop_and_start(self):
        self.stop_writer()
        self.owner.stop()
        self.owner.wait_state("stopped")
        self.owner.start()
        self.owner.wait_ssh()
        self.check(self.owner, self.volume, self.last, self.last)

    def test_what_was_acknowledged_is_read_back_whatever_is_done_to_the_disk(self):
        deeds = [self.take_snapshot, self.take_snapshot, self.restore, self.copy, self.delete_snapshot,
                 self.crash_of_the_daemon, self.kill_of_the_guest, self.resize, self.move, self.stop_and_start]
        print(f"BRUME_PATTERN_SEED={SEED}, {'encrypted' if self.encrypted else 'in the clear'}", file=sys.stderr)
        for number in range(ROUNDS):
            if self.writer is None:
                self.start_writer()
            deed = self.random.choice(deeds)
            print(f"{number}: {deed.__name__} after {self.writer.acknowledged} writes", file=sys.stderr)
            deed()
            if self.writer is not None:
                self.writer.wait_writes()
        self.stop_writer()
        self.check(self.owner, self.volume, self.last, self.last)
        for snapshot, bounds in self.snapshots.items():
            self.check_restored(snapshot, bounds)
        self.detach(self.volume)
        if self.encrypted:
            return  # qemu-img has no key
        for path in [f"{self.host.state_dir}/volumes/{self.volume}/{name}"
                     for name in os.listdir(f"{self.host.state_dir}/volumes/{self.volume}") if name.endswith(".qcow2")]:
            subprocess.run(["qemu-img", "check", "-q", "-f", "qcow2", path], check=True)


if __name__ == "__main__":
    unittest.main()
