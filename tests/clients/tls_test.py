"""The aws command line over HTTPS, with the certificate that brume makes."""

import gzip
import http.client
import os
import ssl
import unittest
import urllib.parse

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
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

    def test_a_compressed_form_is_served_as_over_plain_http(self):
        body = gzip.compress(b"Action=DescribeRegions&Version=2016-11-15")
        request = AWSRequest("POST", self.host.endpoint + "/", data=body, headers={
            "Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"})
        botocore.auth.SigV4Auth(Credentials(*self.root_key()), "ec2", "us-east-1").add_auth(request)
        connection = http.client.HTTPSConnection(urllib.parse.urlsplit(self.host.endpoint).netloc, timeout=30,
                                                 context=ssl.create_default_context(cafile=self.certificate))
        self.addCleanup(connection.close)
        connection.request("POST", "/", body, dict(request.headers))
        response = connection.getresponse()
        self.assertIn("<regionName>us-east-1</regionName>", response.read().decode())
        self.assertEqual(response.status, 200)

    def test_who_does_not_trust_the_certificate_sends_nothing(self):
        with self.assertRaises(AwsError) as caught:
            self.aws("ec2", "describe-regions")
        self.assertIn("SSL validation failed", caught.exception.said)


del SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
