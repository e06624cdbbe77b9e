"""Programs that call services which Brume does not have are told so by boto3, each in its own protocol; who signs wrongly
hears of that first."""

import http.client
import unittest
import urllib.parse

from botocore.exceptions import ClientError
from client_host import SimulatedClientTest

UNKNOWN_KEY = "AKIA" + "0" * 16
# (service, operation, arguments, code, status)
CALLS = (
    ("dynamodb", "list_tables", {}, "UnknownOperationException", 400),
    ("ssm", "get_parameter", {"Name": "/a/b"}, "UnknownOperationException", 400),
    ("logs", "describe_log_groups", {}, "UnknownOperationException", 400),
    ("lambda", "list_functions", {}, "UnknownOperationException", 400),
    ("lambda", "invoke", {"FunctionName": "f", "Payload": b"{}"}, "UnknownOperationException", 400),
    ("efs", "delete_file_system", {"FileSystemId": "fs-1"}, "UnknownOperationException", 400),
    ("elbv2", "describe_load_balancers", {}, "InvalidAction", 400),
    ("elb", "describe_load_balancers", {}, "InvalidAction", 400),
    ("sns", "list_topics", {}, "InvalidAction", 400),
    ("cloudformation", "list_stacks", {}, "InvalidAction", 400),
    ("s3", "list_buckets", {}, "NotImplemented", 501),
    ("s3", "list_objects_v2", {"Bucket": "bucket", "Prefix": "a b/ü"}, "NotImplemented", 501),
    ("s3", "put_object", {"Bucket": "bucket", "Key": "a key/ü//x", "Body": b"bytes"}, "NotImplemented", 501),
    ("s3", "delete_object", {"Bucket": "bucket", "Key": "k"}, "NotImplemented", 501),
    ("s3", "head_bucket", {"Bucket": "bucket"}, "501", 501),  # an answer without a body
    ("route53", "list_hosted_zones", {}, "NotImplemented", 501))
# What each protocol calls a signature that is wrong, and a key that is not known.
WRONG = {"SignatureDoesNotMatch", "InvalidSignatureException"}
UNKNOWN = {"InvalidClientTokenId", "UnrecognizedClientException"}


class OtherServicesTest(SimulatedClientTest):
    def other(self, service, key=None):
        return self.client(service, key, s3={"addressing_style": "path"}, inject_host_prefix=False)

    def refusal(self, client, operation, arguments):
        with self.assertRaises(ClientError) as caught:
            getattr(client, operation)(**arguments)
        return caught.exception.response

    def test_a_call_of_a_service_that_is_not_served_is_told_so(self):
        for service, operation, arguments, code, status in CALLS:
            with self.subTest(f"{service}:{operation}"):
                client = self.other(service)
                refusal = self.refusal(client, operation, arguments)
                self.assertEqual((refusal["Error"]["Code"], refusal["ResponseMetadata"]["HTTPStatusCode"]), (code, status))
                if not code.isdigit():
                    name = client.meta.service_model.signing_name
                    self.assertIn(f"The service '{name}' is not served by Brume", refusal["Error"]["Message"])

    def test_a_wrong_secret_or_an_unknown_key_is_refused_first(self):
        key_id, secret = self.root_key()
        for wanted, key in ((WRONG, (key_id, "x" * 40)), (UNKNOWN, (UNKNOWN_KEY, secret))):
            for service, operation, arguments, code, _ in CALLS:
                if code.isdigit():
                    continue
                with self.subTest(f"{service}:{operation} {wanted}"):
                    refusal = self.refusal(self.other(service, key), operation, arguments)
                    self.assertIn(refusal["Error"]["Code"], wanted)

    def test_a_presigned_url_of_s3_is_told_so_until_it_is_altered(self):
        s3 = self.client("s3", s3={"addressing_style": "path"}, signature_version="s3v4")
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "a b"})
        for altered, wanted in (("", b"<Code>NotImplemented</Code>"), ("&x=y", b"<Code>SignatureDoesNotMatch</Code>")):
            connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.host.endpoint).netloc, timeout=30)
            self.addCleanup(connection.close)
            connection.request("GET", url[len(self.host.endpoint):] + altered)
            self.assertIn(wanted, connection.getresponse().read())

    def test_actions_that_are_not_served_are_told_from_those_that_are_retired(self):
        ec2 = self.client()
        self.assertEqual(self.refusal(ec2, "describe_vpc_classic_link", {})["Error"]["Code"], "UnsupportedOperation")
        self.assertEqual(self.refusal(ec2, "describe_vpc_classic_link_dns_support", {})["Error"]["Code"],
                         "UnsupportedOperation")
        error = self.refusal(ec2, "describe_transit_gateways", {})["Error"]
        self.assertEqual(error["Code"], "InvalidAction")
        self.assertIn("not served by Brume", error["Message"])


del SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
