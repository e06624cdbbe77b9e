"""packaging/quickstart from the state of a fresh host to a guest that answers, on a terminal, and back."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import tempfile
import termios
import unittest

from harness import BIN

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, "packaging", "quickstart")
COLUMNS = 60


class QuickstartTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="bm.", dir="/tmp")
        self.addCleanup(directory.cleanup)
        os.chmod(directory.name, 0o711)  # QEMU runs as a user of its own and must pass
        self.state = os.path.join(directory.name, "s")
        self.environment = {**os.environ, "BRUME_STATE_DIR": self.state, "BRUME_UPLINK": "none", "HOME": directory.name,
                            "LC_ALL": "C.UTF-8", "PATH": f"{BIN}:{os.environ['PATH']}"}
        self.addCleanup(self.quickstart, "--down")

    def quickstart(self, *flags):
        """On a terminal of COLUMNS: what it showed."""
        pid, terminal = pty.fork()
        if pid == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
            os.execve(PROGRAM, [PROGRAM, *flags], self.environment)
        shown = b""
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # nobody holds the other end any more
                break
            if not piece:
                break
            shown += piece
        os.close(terminal)
        shown = shown.decode(errors="replace")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, shown[-4000:])
        return shown

    def test_it_ends_with_a_guest_that_has_a_name_and_with_what_to_type_next(self):
        shown = self.quickstart()
        progress = [line for line in re.split(r"[\r\n]|\x1b\[K", shown) if re.search(r"… \d+ s", line)]
        self.assertTrue(progress)
        self.assertLess(max(map(len, progress)), COLUMNS, progress)
        end = shown[shown.index("What to type next"):].replace("\r", "")
        self.assertIn("    brume ssh quickstart\n", end)
        launch = re.search(r"    (brume launch .*)\n", end)[1]
        for command in ("brume ssh quickstart -- hostname", launch):
            done = subprocess.run(["bash", "-c", command], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=180)
            self.assertEqual(done.returncode, 0, done.stderr)
        # What others made it leaves alone.
        self.assertIn("This Brume holds things that quickstart did not make", self.quickstart("--down"))
        found = subprocess.run(["brume", "describe-instances", "--output", "text"], env=self.environment, check=True,
                               stdout=subprocess.PIPE, text=True).stdout
        instances = set(re.findall(r"\bi-[0-9a-f]{17}\b", found))
        subprocess.run(["brume", "terminate-instances", "--wait", "--instance-ids", *instances], env=self.environment, check=True,
                       stdout=subprocess.DEVNULL)
        images = re.findall(r"\bami-[0-9a-f]{17}\b", subprocess.run(
            ["brume", "describe-images", "--output", "text"], env=self.environment, check=True, stdout=subprocess.PIPE, text=True).stdout)
        for image in set(images):
            subprocess.run(["brume", "deregister-image", "--image-id", image], env=self.environment, check=True)


if __name__ == "__main__":
    unittest.main()
