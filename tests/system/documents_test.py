"""Every command of README.md and the user guide, typed in the order in which they stand, by somebody who begins with what
packaging/quickstart leaves behind.

A block of commands is one that is indented by four spaces. It is run unless `<!-- not run: WHY -->` stands above it. What stands
between fences is shown, not run.
"""

import os
import re
import subprocess
import unittest

from harness import BIN, Host

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOT_RUN = re.compile(r"<!-- not run: (\S.*) -->")


def blocks(text):
    """(line number, lines) of each block of commands that is to be run."""
    found, block, first, fenced, skipped = [], [], 0, False, False
    for number, line in enumerate([*text.splitlines(), "", "end"], 1):
        if line.startswith("```"):
            fenced = not fenced
        if not fenced and line.startswith("    "):
            first = first or number
            block.append(line[4:])
        elif block and line:
            if not skipped:
                found.append((first, block))
            block, first, skipped = [], 0, False
        elif block:
            block.append("")
        if line and not line.startswith("    "):
            skipped = NOT_RUN.fullmatch(line) is not None
    return found


def as_script(name, text, state_dir):
    """One shell for a document, as a reader has one. It ends at the first command that fails, and says where that stands."""
    lines = ["set -eu -o pipefail", "shopt -s expand_aliases"]  # which an interactive shell has by itself
    for number, block in blocks(text):
        lines += [f"echo '---- {name}:{number}' >&2", *block]
    return "\n".join(lines).replace("/var/lib/brume", state_dir) + "\n"


class DocumentsTest(unittest.TestCase):
    def setUp(self):
        # Waiters look for what has ended.
        self.host = Host({"ec2": {"terminated_visible_seconds": 3600}})
        self.addCleanup(self.close)
        self.host.start()
        self.host.image_id = self.host.add_image()
        self.host.open_port("tcp", 22)
        # As quickstart names it, where `brume ssh` looks.
        self.host.key_path = os.path.join(self.host.state_dir, "quickstart_key")
        self.host.add_key("quickstart")

    def close(self):
        for name in ("quickstart_key", "quickstart_key.pub"):
            os.unlink(os.path.join(self.host.state_dir, name))
        self.host.stop()
        self.host.configure({"ec2": {"terminated_visible_seconds": 0}})
        self.host.start()
        self.host.close()

    def run_document(self, name):
        home = os.path.join(self.host.directory, "home")
        os.mkdir(home)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "BRUME_"))}
        with open(os.path.join(ROOT, name)) as file:
            script = as_script(name, file.read(), self.host.state_dir)
        done = subprocess.run(
            ["bash", "-c", script], cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=240, errors="replace",
            env={**kept, "PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home, "BRUME_STATE_DIR": self.host.state_dir})
        self.assertEqual(done.returncode, 0, f"{done.stdout[-4000:]}\n{self.host.diagnosis()}")

    def test_every_command_of_the_readme_works_as_it_stands(self):
        self.run_document("README.md")

    def test_every_command_of_the_user_guide_works_as_it_stands(self):
        self.run_document("docs/user-guide.md")


class BlocksTest(unittest.TestCase):
    def test_commands_are_what_is_indented_and_neither_fenced_nor_excepted(self):
        text = "Words\n\n    one\n    two\n\n    three\n\nWords\n\n<!-- not run: why -->\n\n    four\n\n```\n    five\n```\n\n    six\n"
        self.assertEqual([[line for line in block if line] for _, block in blocks(text)], [["one", "two", "three"], ["six"]])
        self.assertEqual([number for number, _ in blocks(text)], [3, 18])

    def test_an_exception_has_a_reason(self):
        self.assertEqual([block for _, block in blocks("<!-- not run: -->\n\n    one\n")], [["one", ""]])


if __name__ == "__main__":
    unittest.main()
