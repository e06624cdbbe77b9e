"""What brumed refuses to start on, and how it says so."""

import os
import sqlite3
import subprocess
import unittest

from harness import Host


class RefusalTest(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.close)

    def assert_refuses(self, *words, flags=()):
        code, said = self.host.run_to_end(*flags)
        self.assertNotEqual(code, 0, said)
        for word in words:
            self.assertIn(word, said)
        # One sentence for the administrator, not a trace.
        self.assertTrue(said.strip().splitlines()[-1].startswith("brumed: "), said)

    def test_a_database_of_a_newer_version_is_left_alone(self):
        self.host.start()
        self.host.stop()
        path = os.path.join(self.host.state_dir, "brume.db")
        with sqlite3.connect(path) as database:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            database.execute("PRAGMA user_version = 9999")
        database.close()
        self.assert_refuses("brume.db", "newer")
        with sqlite3.connect(path) as database:
            self.assertEqual(database.execute("PRAGMA user_version").fetchone(), (9999,))
            database.execute(f"PRAGMA user_version = {version}")
        database.close()
        self.host.start()

    def test_a_damaged_database_is_left_alone(self):
        self.host.start()
        self.host.stop()
        path = os.path.join(self.host.state_dir, "brume.db")
        with open(path, "r+b") as file:
            good = file.read(100)
            file.seek(0)
            file.write(b"no database at all" + bytes(82))
        self.assert_refuses("brume.db")
        with open(path, "r+b") as file:
            self.assertEqual(file.read(18), b"no database at all")
            file.seek(0)
            file.write(good)
        self.host.start()

    def test_a_state_directory_that_cannot_be_written_is_named(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", self.host.state_dir], check=True)
        try:
            self.assert_refuses(self.host.state_dir, "Read-only file system")
        finally:
            subprocess.run(["umount", self.host.state_dir], check=True)

    def test_a_state_directory_whose_path_is_too_long_for_sockets_is_refused(self):
        self.assert_refuses("40", flags=["--state-dir", "/tmp/" + "x" * 40])

    def test_a_misspelled_setting_is_named_with_its_line(self):
        with open(self.host.config_path, "a") as file:
            file.write("[compute]\n")  # a second table of the name
        self.assert_refuses("brumed.toml")
        self.host.configure({"compute": {"libvirt_urri": "x"}})
        self.assert_refuses("brumed.toml", "libvirt_urri")
        self.host.configure({})

    def test_users_of_guests_whom_the_host_has_otherwise_are_refused(self):
        self.host.configure({"compute": {"guest_user_ids": "1000-2000"}})
        self.assert_refuses("brumed.toml", "guest_user_ids", "65536")
        self.host.configure({"compute": {"guest_user_ids": "70000-70010"}})
        with open("/etc/passwd", encoding="utf-8") as file:
            users = file.read()
        with open(os.path.join(self.host.directory, "passwd"), "w", encoding="utf-8") as file:
            file.write(users + "somebody:x:70005:70005::/nonexistent:/usr/sbin/nologin\n")
        subprocess.run(["mount", "--bind", file.name, "/etc/passwd"], check=True)
        try:
            self.assert_refuses("70005 is somebody", "compute.guest_user_ids")
        finally:
            subprocess.run(["umount", "/etc/passwd"], check=True)
        self.host.configure({})

    def test_plain_tcp_beyond_loopback_is_refused(self):
        self.assert_refuses("loopback", flags=["--grpc-listen", "0.0.0.0:7777", "--grpc-insecure-loopback"])
        self.assert_refuses("127.0.0.1:7777", flags=["--grpc-listen", "127.0.0.1:7777"])


if __name__ == "__main__":
    unittest.main()
