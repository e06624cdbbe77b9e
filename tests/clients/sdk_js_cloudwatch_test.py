"""The AWS SDK for JavaScript, from npm, with CloudWatch by AWS JSON 1.0 and by Smithy's RPC v2 CBOR."""

import json
import os
import subprocess
import unittest

from client_host import SimulatedClientTest

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sdk_js")


class SdkJsCloudWatchTest(SimulatedClientTest):
    maxDiff = None

    @classmethod
    def prepare(cls):
        super().prepare()
        # Without a network it can only tell where the SDK is, or that it must be called outside.
        cls.modules = subprocess.run([os.path.join(HERE, "fetch")], check=True, capture_output=True, text=True,
                                     timeout=60).stdout.strip()

    def saw(self, protocol):
        key_id, secret = self.root_key()
        done = self.run_client(
            ["node", os.path.join(HERE, "cloudwatch.cjs"), self.host.endpoint, protocol],
            {"NODE_PATH": self.modules, "AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def check(self, protocol, content_type, encodings, stranger):
        """`stranger`: the name that the SDK has for an error that is not in CloudWatch's model."""
        self.assertEqual(self.saw(protocol), {
            "types": [content_type],
            "encodings": encodings,
            "sum": [[7.5, 4, "Count"]],
            "time": True,
            "percentile": ["p50"],
            "data": [["m1", [3], "Complete"], ["none", [], "Complete"]],
            "alarms": [[0.5, False, []]],
            "alarmTime": True,
            "refusals": [["ResourceNotFound", "ResourceNotFound", 404],
                         ["InvalidParameterValueException", "InvalidParameterValue", 400],
                         ["InvalidParameterCombinationException", "InvalidParameterCombination", 400],
                         [stranger, "InvalidClientTokenId", 403]],
        })

    def test_metrics_and_alarms_by_json(self):
        self.check("json", "application/x-amz-json-1.0", ["gzip", "none"], "UnrecognizedClientException")

    def test_metrics_and_alarms_by_cbor(self):
        self.check("cbor", "application/cbor", ["none"], "InvalidClientTokenId")


del SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
