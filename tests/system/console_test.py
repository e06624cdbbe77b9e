"""The serial console, and status checks seen through it while the guest's network is dead."""

import os
import pty
import re
import select
import signal
import subprocess
import time
import unittest

from conditions import NotInTime, wait_until
from harness import HostTest

DETACH = b"\x1d"  # ctrl-]


class Terminal:
    """A command on a pseudo terminal of its own."""

    def __init__(self, argv):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execvp(argv[0], argv)
            finally:  # the child must never go on as a second copy of the tests
                os._exit(127)
        self.seen = b""
        self.code = None

    def type(self, data):
        os.write(self.fd, data)

    def read_until(self, pattern, seconds=30):
        """Until the regular expression occurs in what came since the last call; returns what came up to its end."""
        deadline = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.seen)
            if found:
                came, self.seen = self.seen[:found.end()], self.seen[found.end():]
                return came
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise NotInTime(f"waited {seconds} s for {pattern!r} on the terminal, which shows {self.seen[-1000:]!r}")
            try:
                data = os.read(self.fd, 4096)
            except OSError:  # the command has ended
                data = b""
            if not data:
                raise NotInTime(f"the terminal ended without {pattern!r}: {self.seen[-1000:]!r}")
            self.seen += data

    def wait(self, seconds=20):
        """The exit code."""
        def ended():
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
            # What it still says must go somewhere, or it never ends.
            if select.select([self.fd], [], [], 0)[0]:
                try:
                    self.seen += os.read(self.fd, 4096)
                except OSError:
                    pass
            return pid
        wait_until(ended, seconds, "the command to end", every=0.05)
        return self.code

    def close(self):
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


class ConsoleTest(HostTest):
    @classmethod
    def prepare(cls):
        cls.guest = cls.host.launch_ready()

    def attach(self):
        terminal = Terminal(self.host.brume_argv("console", self.guest.id))
        self.addCleanup(terminal.close)
        terminal.type(b"\n")
        terminal.read_until(rb"# ")
        return terminal

    def test_the_console_is_interactive_until_it_is_detached(self):
        terminal = self.attach()
        terminal.type(b"echo $((6 * 7)):$(cat /run/instance-id)\n")
        terminal.read_until(b"42:" + self.guest.id.encode())
        terminal.type(DETACH)
        self.assertEqual(terminal.wait(), 0)
        # Detaching has hung nobody up, and one can come back.
        again = self.attach()
        again.type(b"echo back\n")
        again.read_until(rb"\nback\r?\n")

    def test_ctrl_c_ends_what_the_shell_of_mini_runs(self):
        terminal = self.attach()
        terminal.type(b"echo begun-$((1 + 1)); sleep 600\n")
        terminal.read_until(b"begun-2")
        terminal.type(b"\x03")
        terminal.read_until(rb"# ")
        terminal.type(b"echo ended-$((1 + 1))\n")
        terminal.read_until(b"ended-2")

    def test_following_shows_what_comes_and_types_nothing(self):
        follower = subprocess.Popen(self.host.brume_argv("console", self.guest.id, "--follow"),
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            self.guest.ssh("echo heard-on-the-console >/dev/console")
            seen = b""
            while b"heard-on-the-console" not in seen:
                self.assertTrue(select.select([follower.stdout], [], [], 20)[0], seen)
                data = os.read(follower.stdout.fileno(), 4096)
                self.assertTrue(data, f"the follower ended: {seen!r}")
                seen += data
        finally:
            follower.terminate()
            follower.wait()
            follower.stdout.close()

    def test_a_second_console_is_refused_and_the_first_is_not_disturbed(self):
        first = self.attach()
        said = self.assert_refused("SerialConsoleSessionLimitExceeded", self.host.brume, "console", self.guest.id,
                                   "--follow")
        self.assertIn(self.guest.id, said)
        first.type(b"echo still-$((1 + 1))\n")
        first.read_until(b"still-2")

    def test_output_stays_readable_after_the_guest_ended(self):
        guest = self.host.launch()
        guest.wait_console("brume-mini: userspace")
        guest.stop(force=True)
        guest.wait_state("stopped")
        self.assertIn("brume-mini: userspace", guest.console())
        guest.terminate()

    def test_a_console_that_never_stops_talking_is_kept_within_bounds(self):
        limit = 1024 * 1024
        self.guest.ssh("seq 1 400000 >/dev/console", timeout=300)
        self.guest.ssh("echo the-end >/dev/console")
        wait_until(lambda: "the-end" in self.guest.console(), 60, "the end of the flood")
        kept = sum(os.path.getsize(os.path.join(self.guest.instance_directory(), name))
                   for name in os.listdir(self.guest.instance_directory()) if name.startswith("console.log"))
        self.assertLess(kept, 3 * limit)
        self.assertLessEqual(len(self.guest.console()), 64 * 1024)

    def test_status_checks_follow_the_guests_network(self):
        wait_until(lambda: self.guest.status() == ("ok", "ok"), 60, lambda: f"ok, not {self.guest.status()}")
        terminal = self.attach()
        terminal.type(b"ip link set eth0 down; echo is-$((1 + 1))\n")
        terminal.read_until(b"is-2")
        wait_until(lambda: self.guest.status() == ("impaired", "ok"), 60,
                   lambda: f"impaired, not {self.guest.status()}", every=0.5)
        answer = self.host.api("describe-instance-status", instance_ids=[self.guest.id])
        details = answer["InstanceStatuses"][0]["InstanceStatus"]["Details"][0]
        self.assertEqual((details["Name"], details["Status"]), ("reachability", "failed"))
        self.assertIn("ImpairedSince", details)
        terminal.type(b"ip link set eth0 up; echo is-$((1 + 2))\n")
        terminal.read_until(b"is-3")
        wait_until(lambda: self.guest.status() == ("ok", "ok"), 30, lambda: f"ok, not {self.guest.status()}",
                   every=0.5)
        terminal.type(b"udhcpc -n -q -i eth0 -s /etc/udhcpc.script >/dev/null 2>&1; echo is-$((2 + 2))\n")
        terminal.read_until(b"is-4")
        self.guest.wait_ssh()

    def test_a_guest_that_boots_is_initializing_first(self):
        guest = self.host.launch()
        self.assertIn(guest.status()[0], ("initializing", "ok"))
        guest.wait_ready()
        wait_until(lambda: guest.status() == ("ok", "ok"), 30, lambda: f"ok, not {guest.status()}")
        guest.stop(force=True)
        guest.wait_state("stopped")
        self.assertEqual(guest.status(), ("not-applicable", "not-applicable"))
        guest.terminate()


if __name__ == "__main__":
    unittest.main()
