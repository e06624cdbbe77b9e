"""The aws command line over HTTPS, with the certificate that brume makes."""

import os
import unittest

from client_host import AwsError, SimulatedClientTest
from simulate_test import NOBODY


class TlsTest(SimulatedClientTest):
    @classmethod
    def prepare(cls):
        super().prepare()
        directory = os.path.join(cls.host.directory, "tls")
        os.mkdir(directory, 0o755)
        os.chown(directory, NOBODY, NOBODY)
        cls.host.brume("configure-tls", "--dir", directory)
        cls.certificate = os.path.join(directory, "brumed.crt")
        cls.config = {"ec2": {"tls_cert": cls.certificate, "tls_key": os.path.join(directory, "brumed.key")}}
        cls.host.stop()
        cls.host.configure(cls.configured())
        cls.host.start()

    def test_who_trusts_the_certificate_is_served(self):
        self.assertTrue(self.host.endpoint.startswith("https://"), self.host.endpoint)
        answer = self.aws("ec2", "describe-regions", environment={"AWS_CA_BUNDLE": self.certificate})
        self.assertEqual([region["RegionName"] for region in answer["Regions"]], ["us-east-1"])

    def test_who_does_not_trust_the_certificate_sends_nothing(self):
        with self.assertRaises(AwsError) as caught:
            self.aws("ec2", "describe-regions")
        self.assertIn("SSL validation failed", caught.exception.said)


del SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
