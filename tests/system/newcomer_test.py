"""Somebody who has never seen brume, at a terminal: types what README.md says first, in bash, zsh and fish, 80 and 160 columns
wide. The terminal is tmux's.
"""

import os
import shlex
import subprocess
import unittest

from conditions import wait_until
from documents_test import ROOT, blocks
from harness import BIN, Host

SHELLS = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}
STATUS = {"bash": "$?", "zsh": "$?", "fish": "$status"}
COMPLETION = {"bash": 'eval "$(brume completion bash)"',
              "zsh": 'autoload -U compinit; compinit -D; eval "$(brume completion zsh)"',
              "fish": "brume completion fish | source"}


def first_tour():
    """The lines of README's first block that launches something."""
    with open(os.path.join(ROOT, "README.md")) as file:
        block = next(lines for _, lines in blocks(file.read()) if lines[0].startswith("brume launch"))
    return list(filter(None, block))


class Terminal:
    def __init__(self, directory, shell, columns, environment):
        self.shell, self.typed = shell, 0
        # A server of its own for each, as one that is told to end takes a moment.
        self.tmux = ["tmux", "-S", os.path.join(directory, f"tmux-{shell}-{columns}"), "-f", "/dev/null"]
        self.run("new-session", "-d", "-x", str(columns), "-y", "50", "-c", directory,
                 shlex.join([shell, *SHELLS[shell]]), environment=environment)
        self.run("set-option", "-g", "history-limit", "5000")

    def run(self, *arguments, environment=None):
        done = subprocess.run([*self.tmux, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def screen(self):
        return self.run("capture-pane", "-p", "-S", "-")

    def type(self, text, *keys):
        self.run("send-keys", "-l", text)
        if keys:
            self.run("send-keys", *keys)

    def do(self, command, seconds=120):
        """Types a command; returns what was on the screen when it was done, which it must be with success."""
        self.typed += 1
        mark = f"done {self.typed}:"
        self.run("send-keys", "-R")
        self.run("clear-history")
        # What is typed is on the screen too, and is not the mark.
        self.type(f"{command}; echo \"done\" {self.typed}:{STATUS[self.shell]}", "Enter")
        wait_until(lambda: mark in self.screen(), seconds,
                   lambda: f"{command!r} to be done in {self.shell}: {self.screen()}")
        screen = self.screen()
        assert f"{mark}0" in screen, screen
        return screen

    def close(self):
        self.run("kill-server")


class NewcomerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()
        cls.host.image_id = cls.host.add_image()
        cls.host.key_path = os.path.join(cls.host.state_dir, "quickstart_key")
        cls.host.add_key("quickstart")

    def walk(self, shell, columns):
        environment = {"PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.host.directory, "LC_ALL": "C.UTF-8",
                       "TERM": "screen-256color", "BRUME_STATE_DIR": self.host.state_dir, "PS1": "> "}
        terminal = Terminal(self.host.directory, shell, columns, environment)
        try:
            screen = terminal.do("brume")
            self.assertIn("brume launch debian-12 --name web", screen)
            self.assertIn("help all", screen)
            launch, execute, listing, remove = first_tour()
            self.assertIn("brume shell hello", terminal.do(launch))
            self.assertIn("Linux", terminal.do(execute))
            screen = terminal.do(listing)
            row = next(line for line in screen.splitlines() if line.startswith("hello "))
            self.assertIn("running", row)
            # Nothing was wider than the terminal: what is, tmux joins to one line.
            joined = terminal.run("capture-pane", "-p", "-J", "-S", "-").splitlines()
            self.assertLessEqual(max(len(line.rstrip()) for line in joined if "done" not in line), columns)
            terminal.do(COMPLETION[shell])
            terminal.type("brume info hel", "Tab")
            wait_until(lambda: "brume info hello" in terminal.screen(), 30,
                       lambda: f"Tab to complete the name in {shell}: {terminal.screen()}")
            self.assertIn("running", terminal.do(" "))
            terminal.do(remove)
            self.assertNotIn("hello", terminal.do(listing).replace(listing, ""))
        finally:
            terminal.close()

    def test_bash_80(self):
        self.walk("bash", 80)

    def test_bash_160(self):
        self.walk("bash", 160)

    def test_zsh_80(self):
        self.walk("zsh", 80)

    def test_zsh_160(self):
        self.walk("zsh", 160)

    def test_fish_80(self):
        self.walk("fish", 80)

    def test_fish_160(self):
        self.walk("fish", 160)


if __name__ == "__main__":
    unittest.main()
