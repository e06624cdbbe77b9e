"""The configuration of docs/terraform.md, applied by Terraform itself with a guest that boots, planned again, and destroyed.

Runs where Terraform and a mirror of its AWS provider are: Debian has neither.
"""

import os
import re
import subprocess
import unittest

from documents import ROOT
from harness import BIN, Host

TERRAFORM, MIRROR = os.environ["BRUME_TERRAFORM"], os.environ["BRUME_TERRAFORM_MIRROR"]
SETTINGS = 'provider_installation {{ filesystem_mirror {{ path = "{}" }} }}\n'


class TerraformDocumentTest(unittest.TestCase):
    def setUp(self):
        self.host = Host({"ec2": {"terminated_visible_seconds": 3600}})
        self.addCleanup(self.close)
        self.host.start()
        self.host.image_id = self.host.add_image()
        self.host.add_key("quickstart")
        self.directory = os.path.join(self.host.directory, "terraform")
        os.mkdir(self.directory)
        with open(os.path.join(ROOT, "docs", "terraform.md")) as document:
            (configuration,) = re.findall(r"```hcl\n(.*?)```", document.read(), re.DOTALL)
        self.write("main.tf", configuration)
        self.write("settings", SETTINGS.format(MIRROR))

    def close(self):
        self.host.stop()
        self.host.configure({"ec2": {"terminated_visible_seconds": 0}})
        self.host.start()
        self.host.close()

    def write(self, name, text):
        with open(os.path.join(self.directory, name), "w") as file:
            file.write(text)

    def terraform(self, verb, *arguments):
        done = subprocess.run(
            [TERRAFORM, verb, "-no-color", "-input=false", *arguments], cwd=self.directory, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240,
            env={**self.host.aws_environment(), "TF_VAR_brume": self.host.endpoint, "CHECKPOINT_DISABLE": "1",
                 "TF_CLI_CONFIG_FILE": os.path.join(self.directory, "settings")})
        self.assertEqual(done.returncode, 0, f"{done.stdout[-4000:]}\n{self.host.diagnosis()}")
        return done.stdout

    def test_the_configuration_of_the_document_is_applied_needs_no_change_and_goes_without_a_trace(self):
        self.terraform("init")
        self.terraform("apply", "-auto-approve")
        shown = subprocess.run(
            [os.path.join(BIN, "brume"), "--socket", self.host.socket, "ssh", "web", "--identity", self.host.key_path, "--",
             "hostname"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150,
            env={**os.environ, "HOME": self.directory})
        self.assertRegex(shown.stdout, r"^ip-10-20-1-\d+$", shown.stderr)
        self.assertIn("No changes.", self.terraform("plan", "-detailed-exitcode"))
        self.terraform("destroy", "-auto-approve")
        self.assertEqual([vpc["CidrBlock"] for vpc in self.host.api("describe-vpcs")["Vpcs"]], ["172.31.0.0/16"])
        self.assertEqual({instance["State"]["Name"] for instance in self.host.instances()}, {"terminated"})


if __name__ == "__main__":
    unittest.main()
