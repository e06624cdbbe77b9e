"""The package in a Debian of its own, booted by QEMU, under the systemd that it is made for: tests/packaging/guest_check does it and
tells the console. By hand: everything in that Debian is emulated, and its guest is emulated once more.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from package_test import MINI, PACKAGES, build

HERE = os.path.dirname(os.path.abspath(__file__))
SERVICE = """[Unit]
After=multi-user.target systemd-tmpfiles-setup.service
RequiresMountsFor=/packages
[Service]
Type=idle
ExecStart=/root/guest_check
[Install]
WantedBy=multi-user.target
"""


def disk(path, directory, label, mib):
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", label, "-d", directory, path, f"{mib}M"], check=True)


class SystemdTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="bm.", dir=os.environ.get("BRUME_TEST_DIR", "/tmp"))
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def make_root(self):
        root = self.path("root")
        os.mkdir(root)
        subprocess.run(["tar", "-xpf", os.path.join(PACKAGES, "root.tar"), "-C", root], check=True)
        for name in ("vmlinuz", "initrd.img"):
            (found,) = [file for file in os.listdir(os.path.join(root, "boot")) if file.startswith(name)]
            shutil.copy(os.path.join(root, "boot", found), self.path(name))
        os.mkdir(os.path.join(root, "packages"))
        shutil.copy(os.path.join(HERE, "guest_check"), os.path.join(root, "root"))
        for name, text in (("etc/systemd/system/guest-check.service", SERVICE), ("etc/hostname", "lab\n"),
                           ("etc/fstab", "LABEL=root / ext4 defaults 0 1\nLABEL=packages /packages ext4 ro 0 2\n")):
            with open(os.path.join(root, name), "w") as file:
                file.write(text)
        wants = os.path.join(root, "etc/systemd/system/multi-user.target.wants")
        os.makedirs(wants, exist_ok=True)
        os.symlink("/etc/systemd/system/guest-check.service", os.path.join(wants, "guest-check.service"))
        disk(self.path("root.img"), root, "root", 6144)
        shutil.rmtree(root)

    def make_packages(self):
        packages = self.path("packages")
        shutil.copytree(PACKAGES, packages, ignore=shutil.ignore_patterns("root.tar*", ".lock", "empty"))
        shutil.copytree(MINI, os.path.join(packages, "mini"), ignore=shutil.ignore_patterns(".*"))
        for version in ("1.0", "2.0"):
            build(packages, version)
        disk(self.path("packages.img"), packages, "packages", 512)
        shutil.rmtree(packages)

    def run_guest(self):
        """Everything the console said."""
        drives = [word for name in ("root", "packages")
                  for word in ("-drive", f"file={self.path(name)}.img,if=virtio,format=raw,cache=unsafe")]
        subprocess.run(
            ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "3072",
             "-nic", "none", "-display", "none", "-monitor", "none", "-serial", f"file:{self.path('console')}", *drives,
             "-kernel", self.path("vmlinuz"), "-initrd", self.path("initrd.img"),
             "-append", "root=LABEL=root rw console=ttyS0 quiet systemd.show_status=no"],
            check=True, stdin=subprocess.DEVNULL, timeout=int(os.environ.get("BRUME_SYSTEMD_SECONDS", "3000")))

    def test_it_is_active_is_watched_is_upgraded_under_a_guest_and_comes_back_after_a_reboot(self):
        self.make_root()
        self.make_packages()
        try:
            self.run_guest()
        finally:
            with open(self.path("console"), errors="replace") as file:
                console = file.read()
            print(*re.findall(r"^check .*", console, re.MULTILINE), sep="\n")
        told = dict(re.findall(r"^check (\w+) ?(.*?)\r*$", console, re.MULTILINE))
        self.assertNotIn("failed", told, console[-6000:])
        self.assertEqual(
            [told.get(name) for name in ("active", "upgraded", "guest_survived_upgrade", "guest_survived_watchdog", "failed_units",
                                         "restarted_after_kill", "active_after_reboot", "instance_after_reboot")],
            ["active enabled", "2.0 active", "yes", "yes", "0", "yes", "active", "running"], console[-6000:])
        self.assertIn("done", told)
        self.assertEqual(told["watchdog_ms"].split()[1:], ["1", "1"])


if __name__ == "__main__":
    unittest.main()
