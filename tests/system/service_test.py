"""brumed as a service manager sees it: readiness, the watchdog, the end."""

import os
import socket
import unittest

from harness import Host


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
