"""Makes docs/first-tour.svg anew: types README's first tour into a terminal of tmux's, against a brumed of its own, and keeps what
the terminal shows. Prints what README's second block of the tour shows, for the transcript there. Below tests/isolated, with
BRUME_BIN and BRUME_MINI; docs/testing.md has the command.
"""

import os

from conditions import wait_until
from documents import ROOT, first_tour
from harness import BIN, Host
from terminal_picture import picture
from tmux_terminal import TmuxTerminal

COLUMNS = 88
LABEL = "A terminal: brume launches an instance, runs a command on it, lists it and removes it."


def shown(host, commands, columns, *flags):
    """The screen when `commands` are done one after another."""
    terminal = TmuxTerminal(host.directory, "bash", columns, {
        "PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": host.directory, "LC_ALL": "C.UTF-8", "TERM": "screen-256color",
        "BRUME_STATE_DIR": host.state_dir}, rows=60)
    try:
        def ready():
            return terminal.screen().splitlines()[-1:] == ["$"]
        terminal.type("PS1='$ '; clear", "Enter")
        wait_until(ready, 30, lambda: f"the prompt: {terminal.screen()}")
        for command in commands:
            for line in command.split("\n"):
                terminal.type(line, "Enter")
            wait_until(lambda: not ready(), 30, f"{command} to begin", every=0.01)
            wait_until(ready, 120, lambda: f"{command} to be done: {terminal.screen()}")
        return terminal.screen(*flags).rstrip().removesuffix("$")
    finally:
        terminal.close()


def main():
    host = Host()
    try:
        host.start()
        host.image_id = host.add_image()
        host.key_path = os.path.join(host.state_dir, "quickstart_key")
        host.add_key("quickstart")
        host.open_port("tcp", 22)
        first, second = first_tour()
        made = picture(shown(host, first, COLUMNS, "-e"), COLUMNS, LABEL)
        with open(os.path.join(ROOT, "docs", "first-tour.svg"), "w") as file:
            file.write(made)
        print(shown(host, [line for line in second if " help " not in line], 130))
    finally:
        for name in ("quickstart_key", "quickstart_key.pub"):
            os.unlink(os.path.join(host.state_dir, name))
        host.close()


if __name__ == "__main__":
    main()
