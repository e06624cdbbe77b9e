"""A shell in a terminal of tmux's: types commands, and shows what is on the screen."""

import os
import shlex
import subprocess

from conditions import wait_until

SHELLS = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}
STATUS = {"bash": "$?", "zsh": "$?", "fish": "$status"}


class TmuxTerminal:
    def __init__(self, directory, shell, columns, environment, rows=50, work_directory=None):
        """`directory` is where the server's socket goes."""
        self.shell, self.typed = shell, 0
        # A server of its own for each, as one that is told to end takes a moment.
        self.tmux = ["tmux", "-S", os.path.join(directory, f"tmux-{shell}-{columns}"), "-f", "/dev/null"]
        self.run("new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", work_directory or directory,
                 shlex.join([shell, *SHELLS[shell]]), environment=environment)
        self.run("set-option", "-g", "history-limit", "5000")

    def run(self, *arguments, environment=None):
        done = subprocess.run([*self.tmux, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def screen(self, *flags):
        return self.run("capture-pane", "-p", *flags, "-S", "-").rstrip() + "\n"

    def type(self, text, *keys):
        self.run("send-keys", "-l", text, *((";", "send-keys", *keys) if keys else ()))

    def clear(self):
        self.run("send-keys", "-R", ";", "clear-history")

    def do(self, command, seconds=120):
        """Types a command, and q where its output is shown by a pager; returns what was on the screen when it was done, which it
        must be with success."""
        self.typed += 1
        mark = f"done {self.typed}:"
        self.clear()
        *first, last = command.split("\n")
        for line in first:
            self.type(line, "Enter")
        # What is typed is on the screen too, and is not the mark.
        self.type(f"{last}; echo \"done\" {self.typed}:{STATUS[self.shell]}", "Enter")

        def is_done():
            shown = self.screen("-J")
            if mark not in shown and shown.rstrip().endswith(("\n:", "\n(END)")):
                self.type("q")  # less waits for a key
            return mark in shown
        wait_until(is_done, seconds, lambda: f"{command!r} to be done in {self.shell}: {self.screen()}")
        screen = self.screen("-J")
        assert f"{mark}0" in screen, screen
        return screen

    def close(self):
        self.run("kill-server")
