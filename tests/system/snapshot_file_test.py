"""`brume snapshot`: snapshots as files, written and read through a simulating brumed that remembers their blocks."""

import hashlib
import os
import signal
import subprocess
import tempfile
import unittest

from conditions import wait_until
from harness import CliError
from simulate_test import SimulatedTest

GIB, BLOCK = 1 << 30, 524288


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class FilesTest(SimulatedTest):
    def setUp(self):
        made = tempfile.TemporaryDirectory(prefix="brume-test-", ignore_cleanup_errors=True)
        self.addCleanup(made.cleanup)
        os.chmod(made.name, 0o777)
        self.directory = made.name

    def path(self, name):
        return os.path.join(self.directory, name)

    def disk(self, name, size=GIB, pieces=((0, 300), (5 * BLOCK - 10, 20), (700 * BLOCK, BLOCK), (GIB - 512, 512))):
        """A sparse raw disk with bytes at these places."""
        with open(self.path(name), "wb") as file:
            file.truncate(size)
            for offset, length in pieces:
                file.seek(offset)
                file.write(os.urandom(length))
        os.chmod(self.path(name), 0o644)
        return self.path(name)

    def snapshots(self):
        return {shown["SnapshotId"]: shown for shown in self.host.api("describe-snapshots")["Snapshots"]}

    def test_a_disk_that_is_imported_and_exported_has_the_same_bytes_and_holes(self):
        disk = self.disk("disk.raw")
        snapshot = self.host.brume("snapshot", "import", disk, "--description", "from a file").strip()
        shown = self.snapshots()[snapshot]
        self.assertEqual((shown["State"], shown["VolumeSize"], shown["Description"]), ("completed", 1, "from a file"))
        self.host.brume("snapshot", "export", snapshot, self.path("again.raw"))
        self.assertEqual(digest(self.path("again.raw")), digest(disk))
        self.assertLess(os.stat(self.path("again.raw")).st_blocks * 512, 8 * BLOCK)
        self.assertEqual(sorted(os.listdir(self.directory)), ["again.raw", "disk.raw"])

    def test_a_file_that_does_not_fill_its_last_gib_is_followed_by_zeros(self):
        disk = self.disk("odd.raw", size=GIB + 777, pieces=((GIB, 777),))
        snapshot = self.host.brume("snapshot", "import", disk).strip()
        self.assertEqual(self.snapshots()[snapshot]["VolumeSize"], 2)
        self.host.brume("snapshot", "export", snapshot, self.path("again.raw"))
        self.assertEqual(os.path.getsize(self.path("again.raw")), 2 * GIB)
        os.truncate(self.path("again.raw"), GIB + 777)
        self.assertEqual(digest(self.path("again.raw")), digest(disk))

    def fails(self, code, said, *argv):
        with self.assertRaises(CliError) as raised:
            self.host.brume("snapshot", *argv)
        self.assertIn(said, str(raised.exception))

    def test_what_cannot_be_is_refused_and_leaves_nothing(self):
        before = set(self.snapshots())
        self.fails(252, "there already", "export", "snap-00000000000000000", self.disk("here.raw"))
        self.fails(254, "does not exist", "export", "snap-00000000000000000", self.path("none.raw"))
        self.fails(254, "does not exist", "export", "snap-00000000000000000", self.path("here.raw"), "--force")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", self.path("a.qcow2"), "1G"], check=True)
        self.fails(252, "import-snapshot", "import", self.path("a.qcow2"))
        self.fails(252, "no file", "import", self.directory)
        self.fails(252, "snapshot export SNAPSHOT FILE", "export")
        self.fails(255, "no instance and no volume 'delete'", "delete")
        self.assertEqual(sorted(os.listdir(self.directory)), ["a.qcow2", "here.raw"])
        self.assertEqual(set(self.snapshots()), before)

    def test_an_import_that_is_interrupted_leaves_no_snapshot(self):
        before = set(self.snapshots())
        disk = self.disk("large.raw", size=2 * GIB, pieces=[(n * BLOCK, 1) for n in range(4096)])
        running = subprocess.Popen(self.host.brume_argv("snapshot", "import", disk), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        wait_until(lambda: set(self.snapshots()) - before, 30, "a snapshot that is begun", every=0.01)
        running.send_signal(signal.SIGINT)
        self.assertEqual(running.wait(60), 255)
        self.assertEqual(set(self.snapshots()), before)


del SimulatedTest

if __name__ == "__main__":
    unittest.main()
