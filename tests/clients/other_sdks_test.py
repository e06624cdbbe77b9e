"""Older SDKs and those of other languages, from Debian: each makes a key and a group, launches, tags, describes, stops,
starts and ends an instance, and says what it saw."""

import json
import os
import unittest

from client_host import SimulatedClientTest
from harness import Host

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "other_sdks")
SEEN = {"regions": ["us-east-1"], "ports": [[22, 22]], "refusal": "InvalidParameterValue", "found": True, "address": True,
        "volumes": True, "ended": "terminated"}


def seen(name):
    return {**SEEN, "tags": {"Name": name, "Role": "web"}}


class OtherSdksTest(SimulatedClientTest):
    def saw(self, *argv, endpoint=None):
        """What a program says that it saw."""
        key_id, secret = self.root_key()
        key = {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret, "LANG": "C.UTF-8"}
        done = self.run_client([*argv[:-1], os.path.join(HERE, argv[-1]), endpoint or self.host.endpoint,
                                self.host.image_id], key)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_fog(self):
        self.assertEqual(self.saw("/usr/bin/ruby", "fog.rb"), seen("étage fog"))

    def test_version_1_of_the_sdk_for_ruby(self):
        self.assertEqual(self.saw("/usr/bin/ruby", "aws_sdk_1.rb"), seen("étage Ruby"))

    def test_libcloud(self):
        self.assertEqual(self.saw("/usr/bin/python3", "-B", "with_libcloud.py"),
                         {**seen("étage libcloud"), "refusal": "InvalidGroup.NotFound"})

    def test_boto_2(self):
        self.assertEqual(self.saw("/usr/bin/python3", "-B", "with_boto_2.py"), seen("étage boto"))


class PlainPortTest(OtherSdksTest):
    """Clients that sign a host without its port."""

    @classmethod
    def make_host(cls):
        # As root: the port is a low one.
        return Host(cls.configured(listen="127.0.0.1:80"), cls.flags)

    test_fog = test_version_1_of_the_sdk_for_ruby = test_libcloud = test_boto_2 = None

    def test_net_amazon_ec2_of_perl(self):
        wanted = {name: value for name, value in seen("etage").items() if name not in ("address", "volumes")}
        self.assertEqual(self.saw("/usr/bin/perl", "net_amazon_ec2.pl", endpoint="http://127.0.0.1"), wanted)


del SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
