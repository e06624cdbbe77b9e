"""The AWS SDK for JavaScript, from npm: describe and run."""

import json
import os
import subprocess
import unittest

from client_host import ClientTest
from guest import Guest

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sdk_js")


class SdkJsTest(ClientTest):
    @classmethod
    def prepare(cls):
        cls.host.prepare()
        # Without a network it can only tell where the SDK is, or that it must be called outside.
        cls.modules = subprocess.run([os.path.join(HERE, "fetch")], check=True, capture_output=True, text=True,
                                     timeout=60).stdout.strip()

    def test_a_program_describes_runs_and_ends_an_instance(self):
        environment = {**self.host.aws_environment(), "NODE_PATH": self.modules}
        program = subprocess.Popen(
            ["node", os.path.join(HERE, "run.cjs"), self.host.endpoint, self.host.image_id, self.host.key_name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        self.addCleanup(program.communicate)
        self.addCleanup(program.kill)
        line = program.stdout.readline()
        if not line:
            self.fail(program.communicate(timeout=60)[1])
        seen = json.loads(line)
        guest = Guest(self.host, seen["running"]["id"])
        self.assertEqual(seen["running"]["address"], guest.public_ip)
        self.assertEqual(seen["running"]["tags"], [{"Key": "Name", "Value": "étage"}])
        self.assertEqual((seen["image"], seen["launched"], seen["launchTimeIsDate"]), ("mini", "pending", True))
        self.assertEqual(seen["refusal"], {"name": "InvalidInstanceID.NotFound", "status": 400, "retried": 0})
        offered = len(self.client().describe_instance_types()["InstanceTypes"])
        self.assertEqual((sum(seen["types"]), max(seen["types"])), (offered, 20))
        guest.wait_ssh()
        self.assertEqual(guest.imds("user-data", guest.imds_token()), (200, "from JavaScript"))
        _, said = program.communicate(timeout=90)
        self.assertEqual((program.returncode, said), (0, ""))
        self.assertEqual(guest.state, "terminated")


del ClientTest

if __name__ == "__main__":
    unittest.main()
