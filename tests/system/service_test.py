"""brumed as a service manager sees it: readiness, the watchdog, the end."""

import os
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

import unit_limits
from conditions import wait_until
from harness import BIN, Host


def read(path):
    with open(path) as file:
        return file.read()


class Notifications:
    """The service manager's end of NOTIFY_SOCKET."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(30)

    def wait_for(self, message):
        """Every message up to the first `message`; times out otherwise."""
        seen = []
        while message not in seen:
            seen += self.socket.recv(4096).decode().splitlines()
        return seen

    def close(self):
        self.socket.close()


class ServiceTest(unittest.TestCase):
    def setUp(self):
        self.host = Host(flags=["--simulate"])
        self.addCleanup(self.host.close)
        self.notifications = Notifications(os.path.join(self.host.directory, "notify"))
        self.addCleanup(self.notifications.close)

    def test_readiness_is_told_once_calls_are_answered_and_the_end_too(self):
        self.host.spawn(environment={"NOTIFY_SOCKET": self.notifications.path})
        self.notifications.wait_for("READY=1")
        self.assertTrue(self.host.api("describe-regions")["Regions"])
        self.assertEqual(self.host.stop(), 0)
        self.notifications.wait_for("STOPPING=1")

    def test_the_watchdog_is_fed_while_the_daemon_is_well(self):
        self.host.spawn(environment={"NOTIFY_SOCKET": self.notifications.path, "WATCHDOG_USEC": "400000"})
        self.notifications.wait_for("READY=1")
        for _ in range(3):
            self.notifications.wait_for("WATCHDOG=1")
        self.assertEqual(self.host.stop(), 0)

    def test_the_log_is_opened_anew_at_sighup_for_its_owner_and_group_alone(self):
        path = os.path.join(self.host.directory, "audit.log")
        self.host.configure({"log": {"file": path}})
        self.host.start()
        self.host.api("describe-regions")
        wait_until(lambda: "DescribeRegions" in read(path), 10, "the call to be in the log")
        os.rename(path, path + ".1")
        self.host.daemon.send_signal(signal.SIGHUP)
        wait_until(lambda: os.path.exists(path), 10, "a new log")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)
        self.host.api("describe-vpcs")
        wait_until(lambda: "DescribeVpcs" in read(path), 10, "the next call to be in the new log")
        self.assertNotIn("DescribeVpcs", read(path + ".1"))
        self.assertEqual(self.host.stop(), 0)


# Says what a process under the unit's limits gets for each call: 0, or errno.
PROBE = """
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def tried(result):
    return 0 if result >= 0 else ctypes.get_errno()
def made(call, *arguments):
    try:
        call(*arguments)
        return 0
    except OSError as error:
        return error.errno
name = os.path.join(sys.argv[1], "file")
open(name, "w").close()
print("swapon", tried(libc.swapon(b"/nonexistent", 0)))
print("settime", tried(libc.syscall(227, 0, None)))
print("module", tried(libc.syscall(176, b"nothing", 0)))
print("trace", tried(libc.syscall(101, 16, 1, 0, 0)))
print("vsock", made(socket.socket, socket.AF_VSOCK, socket.SOCK_STREAM))
print("setuid", made(os.chmod, name, 0o4755))
print("realtime", made(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1)))
print("personality", tried(libc.personality(0x0040000)))
print("openat2", tried(libc.syscall(437, -100, name.encode(), None, 0)))
print("net", tried(libc.unshare(0x40000000)))
print("mnt", tried(libc.unshare(0x00020000)))
print("netlink", made(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW, 0))
print("packet", made(socket.socket, socket.AF_PACKET, socket.SOCK_RAW, 0))
print("chmod", made(os.chmod, name, 0o755))
"""
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97


class UnitTest(unittest.TestCase):
    """packaging/brumed.service; guests run under its limits in the tests that set as_unit."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="bm.", dir="/tmp")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def test_systemd_finds_nothing_wrong_with_the_unit(self):
        path = os.path.join(self.directory, "brumed.service")
        with open(unit_limits.UNIT) as unit, open(path, "w") as copy:
            copy.write(unit.read().replace("/usr/bin/brumed", os.path.join(BIN, "brumed")))
        for verb in (["verify", "--man=no"], ["security", "--offline=true", "--threshold=72"]):
            done = subprocess.run(["systemd-analyze", "--no-pager", *verb, path], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout)
            if verb[0] == "verify":
                self.assertEqual(done.stdout, "")

    def test_what_the_unit_takes_away_is_refused_and_what_brumed_needs_is_not(self):
        shown = subprocess.run(
            ["/usr/bin/python3", "-B", unit_limits.__file__, "/usr/bin/python3", "-B", "-c", PROBE, self.directory],
            check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout
        got = {name: int(error) for name, error in (line.split() for line in shown.splitlines())}
        self.assertEqual(got, {
            "swapon": EPERM, "settime": EPERM, "module": EPERM, "trace": EPERM,
            "vsock": EAFNOSUPPORT, "setuid": EPERM, "realtime": EPERM, "personality": EPERM, "openat2": ENOSYS,
            "net": 0, "mnt": 0, "netlink": 0, "packet": 0, "chmod": 0})
