"""What older and newer clients than Debian's send: old versions, empty parameters, compressed bodies, and refusals in the
protocol that asked."""

import gzip
import json
import unittest
import urllib.parse
import zlib

from client_host import SimulatedClientTest
from signed_form import Signer

CBOR = {"path": "/service/GraniteServiceVersion20100801/operation/ListMetrics", "Content_Type": "application/cbor",
        "smithy_protocol": "rpc-v2-cbor"}
JSON = {"Content_Type": "application/x-amz-json-1.0", "X_Amz_Target": "GraniteServiceVersion20100801.ListMetrics"}


class SignedFormTest(SimulatedClientTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.signer = Signer(cls.host.endpoint, cls.root_key())

    @classmethod
    def ec2(cls, action, **parameters):
        return cls.signer.call("ec2", action, **parameters)

    def run_instance(self, **parameters):
        return self.ec2("RunInstances", **{"ImageId": self.host.image_id, "InstanceType": "t3.micro", "MinCount": "1",
                                           "MaxCount": "1", **parameters})


class VersionTest(SignedFormTest):
    def test_old_versions_of_each_api_are_served_and_answered_in_their_own_namespace(self):
        for service, action, versions in (
                ("ec2", "DescribeInstances", ("2006-06-26", "2011-01-01", "2012-12-01", "2014-10-01", "2016-09-15")),
                ("autoscaling", "DescribeAutoScalingGroups", ("2009-05-15", "2010-08-01", "2011-01-01")),
                ("monitoring", "ListMetrics", ("2009-05-15", "2010-08-01"))):
            for version in versions:
                with self.subTest(f"{service} {version}"):
                    answer = self.signer.call(service, action, version)
                    self.assertEqual(answer.status, 200, answer.text)
                    self.assertRegex(answer.text, rf'xmlns="http://\w+\.amazonaws\.com/doc/{version}/"')

    def test_a_version_that_was_none_is_refused_in_the_form_of_the_service(self):
        for service, action, outer in (("ec2", "DescribeInstances", "<Response><Errors>"),
                                       ("iam", "ListUsers", "<ErrorResponse"),
                                       ("autoscaling", "DescribeAutoScalingGroups", "<ErrorResponse")):
            with self.subTest(service):
                answer = self.signer.call(service, action, "2016-11-16")
                self.assertEqual((answer.status, answer.code), (400, "NoSuchVersion"))
                self.assertIn(outer, answer.text)


class EmptyParameterTest(SignedFormTest):
    def test_an_empty_number_time_or_boolean_is_not_given(self):
        for service, action, parameters in (
                ("ec2", "DescribeInstances", {"MaxResults": "", "NextToken": "", "DryRun": ""}),
                ("autoscaling", "DescribeAutoScalingGroups", {"MaxRecords": ""}),
                ("iam", "ListUsers", {"MaxItems": ""}),
                ("monitoring", "PutMetricData", {"Namespace": "N", "MetricData.member.1.MetricName": "m",
                                                 "MetricData.member.1.Value": "1", "MetricData.member.1.Timestamp": "",
                                                 "MetricData.member.1.StorageResolution": ""})):
            with self.subTest(action):
                answer = self.signer.call(service, action, **parameters)
                self.assertEqual(answer.status, 200, answer.text)


class CompressionTest(SignedFormTest):
    form = urllib.parse.urlencode({"Action": "DescribeInstances", "Version": "2016-11-15"}).encode()

    def test_a_body_is_taken_as_its_encoding_says(self):
        for encoding, body in (("gzip", gzip.compress(self.form)), ("x-gzip", gzip.compress(self.form)),
                               ("identity", self.form), ("", self.form)):
            with self.subTest(encoding):
                answer = self.signer.send("ec2", body, Content_Encoding=encoding)
                self.assertEqual(answer.status, 200, answer.text)

    def test_what_http_refuses_is_told_in_the_protocol_that_asked(self):
        bad = {"Content_Encoding": "deflate"}
        body = zlib.compress(b"x")
        form = self.signer.send("monitoring", body, **bad)
        self.assertEqual((form.status, form.code), (415, "InvalidRequest"))
        self.assertIn("<ErrorResponse", form.text)
        cbor = self.signer.send("monitoring", body, **CBOR, **bad)
        self.assertEqual((cbor.status, cbor.headers["content-type"]), (415, "application/cbor"))
        self.assertEqual(cbor.headers["smithy-protocol"], "rpc-v2-cbor")
        self.assertIn(b"InvalidRequest", cbor.body)
        told = self.signer.send("monitoring", body, **JSON, **bad)
        self.assertEqual((told.status, told.headers["content-type"]), (415, "application/x-amz-json-1.0"))
        self.assertIn("InvalidRequest", json.loads(told.text)["__type"])

    def test_a_body_beyond_the_limit_is_refused_in_the_protocol_that_asked(self):
        large = b"x" * (2 << 20)
        for wanted, asked in (("application/cbor", CBOR), ("application/x-amz-json-1.0", JSON)):
            with self.subTest(wanted):
                answer = self.signer.send("monitoring", large, **asked)
                self.assertEqual((answer.status, answer.headers["content-type"]), (413, wanted))
                self.assertIn(b"RequestEntityTooLarge", answer.body)


del SimulatedClientTest, SignedFormTest

if __name__ == "__main__":
    unittest.main()
