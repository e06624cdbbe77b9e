"""What Tab offers in bash, zsh and fish, each with brume's script, before a brumed that simulates."""

import os
import shlex
import subprocess
import unittest

from harness import BIN
from simulate_test import SimulatedTest

BASH = """
eval "$(brume completion bash)"
COMP_WORDS=({words}) COMP_CWORD={index}
compopt() {{ :; }}
_brume
printf '%s\\n' "${{COMPREPLY[@]}}"
"""

ZSH = """
compdef() {{ :; }}
eval "$(brume completion zsh)"
compadd() {{
  while [[ $1 != -- ]]; do [[ $1 == -d ]] && {{ print -l -- "${{(@P)2}}"; shift }}; shift; done
}}
words=({words}) CURRENT=$(({index} + 1))
_brume
"""

FISH = """
brume completion fish | source
complete -C {line}
"""


class CompletionTest(SimulatedTest):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.guest = cls.host.launch(tag_specifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web one"}]}])
        cls.host.api("create-key-pair", key_name="it's mine")

    def offered(self, shell, *words):
        """The lines that Tab shows behind `words`, the last of which is typed in part."""
        quoted = " ".join(map(shlex.quote, words))
        script = {"bash": BASH, "zsh": ZSH, "fish": FISH}[shell].format(
            words=quoted, index=len(words) - 1, line=shlex.quote(" ".join(words)))
        options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
        done = subprocess.run([shell, *options, "-c", script], capture_output=True, text=True, timeout=60,
                              cwd=self.host.directory,
                              env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": self.host.directory,
                                   "BRUME_ENDPOINT": f"unix:{self.host.socket}"})
        self.assertEqual(done.stderr, "")
        return list(filter(None, done.stdout.splitlines()))

    def values(self, shell, *words):
        return sorted(line.partition("\t" if shell == "fish" else "  -- ")[0] for line in self.offered(shell, *words))

    def test_each_shell_offers_actions_flags_types_ids_and_waiters(self):
        for shell in ("bash", "zsh", "fish"):
            with self.subTest(shell):
                self.assertEqual(self.values(shell, "brume", "stop-inst"), ["stop-instances"])
                self.assertEqual(self.values(shell, "brume", "run-instances", "--image-i"), ["--image-id"])
                self.assertEqual(self.values(shell, "brume", "run-instances", "--instance-type", "t3.mi"), ["t3.micro"])
                self.assertEqual(self.values(shell, "brume", "stop-instances", "--instance-ids", "i-"), [self.guest.id])
                self.assertEqual(self.values(shell, "brume", "ec2", "wait", "instance-ru"), ["instance-running"])

    def test_zsh_and_fish_show_the_name_beside_the_id(self):
        words = ("brume", "stop-instances", "--instance-ids", "i-")
        self.assertEqual(self.offered("zsh", *words), [f"{self.guest.id}  -- web one"])
        self.assertEqual(self.offered("fish", *words), [f"{self.guest.id}\tweb one"])

    def test_a_name_is_quoted_where_the_shell_does_not_do_it(self):
        words = ("brume", "delete-key-pair", "--key-name", "")
        self.assertEqual(self.values("bash", *words), ["'it'\\''s mine'"])
        self.assertEqual(self.values("zsh", *words), ["it's mine"])
        self.assertEqual(self.values("fish", *words), ["it's mine"])

    def test_filters_are_offered_and_what_they_find(self):
        self.assertEqual(self.values("bash", "brume", "describe-instances", "--filters", "Name", "=",
                                     "instance-type,Values", "=", ""), ["b1.tiny"])
        for shell in ("zsh", "fish"):
            self.assertEqual(self.values(shell, "brume", "describe-instances", "--filters",
                                         "Name=instance-type,Values="), ["Name=instance-type,Values=b1.tiny"])

    def test_files_are_offered_only_where_a_file_belongs(self):
        with open(os.path.join(self.host.directory, "i-am-a-file"), "w"):
            pass
        for shell in ("bash", "zsh", "fish"):
            with self.subTest(shell):
                self.assertEqual(self.values(shell, "brume", "stop-instances", "--instance-ids", "i-am"), [])
                self.assertEqual(self.values(shell, "brume", "create-key-pair", "--save", "i-am"), ["i-am-a-file"])
                self.assertEqual(self.values(shell, "brume", "run-instances", "--user-data", "file://i-am"),
                                 ["file://i-am-a-file"])


if __name__ == "__main__":
    unittest.main()
