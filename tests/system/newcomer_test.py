"""Somebody who has never seen brume, at a terminal, who begins with what packaging/quickstart leaves behind and types every command
of README.md and of the user guide in the order in which they stand: README in bash, zsh and fish, each 80 and 160 columns wide,
and the guide in each of the shells, where both widths occur.
"""

import os
import unittest
from xml.etree import ElementTree

from conditions import wait_until
from documents import blocks, broken_links, commands, first_tour, read
from harness import BIN, Host
from terminal_picture import picture, text_of
from tmux_terminal import TmuxTerminal

# What a shell without its user's configuration lacks for the guide's line.
BEFORE_COMPLETION = {"bash": "", "zsh": "autoload -U compinit; compinit -D; ", "fish": ""}
# What draws tables, as wide as the terminal. A --query gives what was asked for.
TABLES = ("brume launch", "brume ls", "brume info", "brume describe-", "brume autoscaling describe-", "brume events")


def completion(shell):
    """The guide's line that switches completion on."""
    lines = [line for _, block in blocks(read("docs/user-guide.md"), skipped=True) for line in block]
    (line,) = (line for line in lines if f"brume completion {shell}" in line)
    return BEFORE_COMPLETION[shell] + line.partition("#")[0].strip()


class NewcomerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Waiters look for what has ended.
        cls.host = Host({"ec2": {"terminated_visible_seconds": 3600}})
        cls.addClassCleanup(cls.close)
        cls.host.start()
        cls.host.image_id = cls.host.add_image()
        cls.host.open_port("tcp", 22)
        # As quickstart names it, where `brume ssh` looks.
        cls.host.key_path = os.path.join(cls.host.state_dir, "quickstart_key")
        cls.host.add_key("quickstart")

    @classmethod
    def close(cls):
        for name in ("quickstart_key", "quickstart_key.pub"):
            os.unlink(os.path.join(cls.host.state_dir, name))
        cls.host.stop()
        cls.host.configure({"ec2": {"terminated_visible_seconds": 0}})
        cls.host.start()
        cls.host.close()

    def open_terminal(self, shell, columns):
        home = os.path.join(self.host.directory, f"{self.id().rpartition('.')[2]}")
        os.mkdir(home)
        environment = {"PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home, "LC_ALL": "C.UTF-8",
                       "TERM": "screen-256color", "BRUME_STATE_DIR": self.host.state_dir}
        terminal = TmuxTerminal(self.host.directory, shell, columns, environment, work_directory=home)
        self.addCleanup(terminal.close)
        return terminal

    def walk(self, document, shell, columns, look):
        """Types all commands of `document`; `look` has checks of what one shows, by the command's beginning."""
        terminal = self.open_terminal(shell, columns)
        looked = set()
        for number, command in commands(read(document)):
            try:
                screen = terminal.do(command.replace("/var/lib/brume", self.host.state_dir))
            except AssertionError as error:
                raise AssertionError(f"{document}:{number}: {error}\n{self.host.diagnosis()}") from error
            if command.startswith(TABLES) and "--query" not in command:
                # What is wider than the terminal, tmux joins to one line; what was typed may be.
                shown = [line.rstrip() for line in screen.splitlines() if "done" not in line and command[6:30] not in line]
                self.assertEqual([line for line in shown if len(line) > columns], [], screen)
            for beginning, check in look.items():
                if command.startswith(beginning):
                    looked.add(beginning)
                    check(screen, terminal)
        self.assertEqual(looked, set(look))
        self.assert_nothing_is_left()

    def assert_nothing_is_left(self):
        """Neither document leaves anything, so it can be typed again."""
        wait_until(lambda: not self.host.groups(), 60, lambda: f"the end of {self.host.groups()}")
        states = [instance["State"]["Name"] for instance in self.host.instances()]
        self.assertEqual(set(states) - {"terminated", "shutting-down"}, set())
        api = self.host.api
        left = {"keys": [pair["KeyName"] for pair in api("describe-key-pairs")["KeyPairs"]],
                "groups": sorted(group["GroupName"] for group in api("describe-security-groups")["SecurityGroups"]),
                "vpcs": len(api("describe-vpcs")["Vpcs"]), "gateways": len(api("describe-internet-gateways")["InternetGateways"]),
                "addresses": api("describe-addresses").get("Addresses", []),
                "templates": api("describe-launch-templates").get("LaunchTemplates", []),
                "alarms": api("describe-alarms").get("MetricAlarms", [])}
        self.assertEqual(left, {"keys": ["quickstart"], "groups": ["brume-launch", "default"], "vpcs": 1, "gateways": 1,
                                "addresses": [], "templates": [], "alarms": []})

    def walk_readme(self, shell, columns):
        def says(*words):
            return lambda screen, _: [self.assertIn(word, screen) for word in words]

        def completes(screen, terminal):
            self.assertRegex(screen, r"(?m)^hello +running ")
            terminal.do(completion(shell))
            terminal.type("brume info hel", "Tab")
            wait_until(lambda: "brume info hello" in terminal.screen(), 30,
                       lambda: f"Tab to complete the name in {shell}: {terminal.screen()}")
            self.assertIn("running", terminal.do(" "))
            self.assertIn("brume launch debian-12 --name web", terminal.do("brume"))

        self.walk("README.md", shell, columns, {
            "brume launch mini": says("brume shell hello"), "brume exec hello": says("Linux"), "brume ls": completes,
            "brume rm hello": lambda _, terminal: self.assertNotIn("hello", terminal.do("brume ls")),
            "brume describe-instances": says("web", "running"), "brume terminate-instances": says("terminated"),
            "brume help": says("Launches between"), "aws ec2 describe-instances": says("Reservations")})

    def walk_guide(self, shell, columns):
        def says(*words):
            return lambda screen, _: [self.assertIn(word, screen) for word in words]

        self.walk("docs/user-guide.md", shell, columns, {
            "brume exec front": says("hello"), "brume ssh web": says("load average"),
            "brume describe-alarm-history": says("idle"), "brume events": says("RunInstances")})

    def test_the_readme_in_bash_80_columns_wide(self):
        self.walk_readme("bash", 80)

    def test_the_readme_in_bash_160_columns_wide(self):
        self.walk_readme("bash", 160)

    def test_the_readme_in_zsh_80_columns_wide(self):
        self.walk_readme("zsh", 80)

    def test_the_readme_in_zsh_160_columns_wide(self):
        self.walk_readme("zsh", 160)

    def test_the_readme_in_fish_80_columns_wide(self):
        self.walk_readme("fish", 80)

    def test_the_readme_in_fish_160_columns_wide(self):
        self.walk_readme("fish", 160)

    def test_the_guide_in_bash_80_columns_wide(self):
        self.walk_guide("bash", 80)

    def test_the_guide_in_zsh_160_columns_wide(self):
        self.walk_guide("zsh", 160)

    def test_the_guide_in_fish_80_columns_wide(self):
        self.walk_guide("fish", 80)


class PictureTest(unittest.TestCase):
    def test_the_picture_of_the_first_tour_is_of_the_commands_that_readme_has(self):
        typed = [line[2:] for line in text_of(read("docs/first-tour.svg")) if line.startswith("$ ")]
        self.assertEqual(typed, first_tour()[0])

    def test_a_picture_keeps_colours_columns_and_what_is_markup_elsewhere(self):
        made = picture("a <b> &\n\x1b[32mrunning\x1b[0m  \x1b[1;31mx\x1b[39m\x1b[22my\n", 10, 'a "label"')
        self.assertEqual(text_of(made), ["a <b> &", "runningxy"])
        self.assertIn('fill="#8ccf7e" textLength="58.8" lengthAdjust="spacingAndGlyphs">running<', made)
        self.assertIn('<text x="91.6" y="75" fill="#ff6b68" font-weight="bold"', made)
        self.assertIn('fill="#d8dee9" textLength="8.4" lengthAdjust="spacingAndGlyphs">y<', made)
        ElementTree.fromstring(made)

    def test_a_sequence_that_a_picture_cannot_show_is_an_error(self):
        with self.assertRaises(ValueError):
            picture("\x1b[7mx", 10, "")


class DocumentsTest(unittest.TestCase):
    TEXT = "Words\n\n    one\n    two\n\n    three\n\nWords\n\n<!-- not run: why -->\n\n    four\n\n```\n    five\n```\n\n    six\n"

    def test_commands_are_what_is_indented_and_neither_fenced_nor_excepted(self):
        self.assertEqual([[line for line in block if line] for _, block in blocks(self.TEXT)], [["one", "two", "three"], ["six"]])
        self.assertEqual([number for number, _ in blocks(self.TEXT)], [3, 18])
        self.assertEqual([block for _, block in blocks(self.TEXT, skipped=True)], [["four", ""]])

    def test_every_link_between_documents_leads_to_a_file_and_a_heading_that_are_there(self):
        self.assertEqual(broken_links(), [])

    def test_an_exception_has_a_reason(self):
        self.assertEqual([block for _, block in blocks("<!-- not run: -->\n\n    one\n")], [["one", ""]])

    def test_a_command_goes_on_behind_a_backslash_and_within_a_quotation(self):
        self.assertEqual(commands("    one \\\n        two\n\n    'three\n    four' five\n    six\n"),
                         [(1, "one \\\n    two"), (4, "'three\nfour' five"), (6, "six")])


if __name__ == "__main__":
    unittest.main()
