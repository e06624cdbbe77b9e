"""Who signs wrongly is refused with AWS's own codes; who signs rightly is let in by any of AWS's ways to sign."""

import datetime
import gzip
import http.client
import unittest
import unittest.mock
import urllib.parse
import xml.etree.ElementTree as ElementTree

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from client_host import SimulatedClientTest
from conditions import wait_until

UNKNOWN_KEY = "AKIA" + "0" * 16


def clock(minutes):
    """botocore's clock, wrong by so many minutes."""
    right = datetime.datetime

    class Wrong(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return right.utcnow() + datetime.timedelta(minutes=minutes)

    return unittest.mock.patch("datetime.datetime", Wrong)


class SignatureTest(SimulatedClientTest):
    def refused(self, code, status, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        refusal = caught.exception.response
        self.assertEqual((refusal["Error"]["Code"], refusal["ResponseMetadata"]["HTTPStatusCode"]), (code, status))
        self.assertNotIn(self.root_key()[1], str(refusal))

    def http(self, method, target, body=None, headers=None):
        """(status, code of the error or None, body) of a plain HTTP client."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.host.endpoint).netloc, timeout=30)
        self.addCleanup(connection.close)
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        text = response.read()
        error = ElementTree.fromstring(text).find(".//{*}Code")
        return response.status, None if error is None else error.text, text.decode()

    def signed(self, body, service="ec2", **headers):
        """Headers over the body of a POST."""
        request = AWSRequest("POST", self.host.endpoint + "/", data=body,
                             headers={"Content-Type": "application/x-www-form-urlencoded", **headers})
        botocore.auth.SigV4Auth(Credentials(*self.root_key()), service, "us-east-1").add_auth(request)
        return dict(request.headers)

    def post(self, body, headers=None):
        return self.http("POST", "/", body, self.signed(body) if headers is None else headers)[:2]

    def presigned(self, seconds):
        url = self.client().generate_presigned_url("describe_regions", ExpiresIn=seconds, HttpMethod="GET")
        return url[len(self.host.endpoint):]

    # ---- what is refused

    def test_a_wrong_secret_is_refused(self):
        key_id, secret = self.root_key()
        for wrong in ("x" * 40, secret[:-1], secret.swapcase()):
            self.refused("AuthFailure", 401, self.client(key=(key_id, wrong)).describe_regions)

    def test_an_unknown_key_is_refused(self):
        _, secret = self.root_key()
        self.refused("AuthFailure", 401, self.client(key=(UNKNOWN_KEY, secret)).describe_regions)

    def test_services_other_than_ec2_refuse_in_their_own_words(self):
        key_id, secret = self.root_key()
        self.refused("SignatureDoesNotMatch", 403, self.client("sts", (key_id, "x" * 40)).get_caller_identity)
        self.refused("InvalidClientTokenId", 403, self.client("sts", (UNKNOWN_KEY, secret)).get_caller_identity)

    def test_a_clock_that_is_wrong_by_more_than_a_quarter_of_an_hour_is_refused(self):
        for minutes in (-16, 16, -60 * 24 * 365):
            with clock(minutes):
                self.refused("RequestExpired", 400, self.client().describe_regions)
        for minutes in (-14, 14):
            with clock(minutes):
                self.assertEqual(len(self.client().describe_regions()["Regions"]), 1)

    def test_an_altered_request_is_refused(self):
        body = "Action=DescribeRegions&Version=2016-11-15"
        headers = self.signed(body)
        self.assertEqual(self.post(body, headers), (200, None))
        self.assertEqual(self.post(body + "&AllRegions=true", headers), (401, "AuthFailure"))
        self.assertEqual(self.post(body.replace("Regions", "Images"), headers), (401, "AuthFailure"))
        self.assertEqual(self.http("POST", "/?DryRun=true", body, headers)[:2], (401, "AuthFailure"))
        self.assertEqual(self.post(body, {**headers, "X-Amz-Date": "20260101T000000Z"})[1], "SignatureDoesNotMatch")

    def test_a_compressed_form_is_signed_as_it_is_sent(self):
        datum = "&MetricData.member.{0}.MetricName=requests-{0}&MetricData.member.{0}.Value={0}"
        form = "Action=PutMetricData&Version=2010-08-01&Namespace=Field" + "".join(map(datum.format, range(1, 151)))
        body = gzip.compress(form.encode())
        zipped = {"Content-Encoding": "gzip"}
        headers = self.signed(body, "monitoring", **zipped)
        self.assertEqual(self.post(body, headers), (200, None))
        self.assertEqual(self.post(gzip.compress(form.encode() + b"0"), headers), (403, "SignatureDoesNotMatch"))
        self.assertEqual(self.post(body, {**self.signed(form, "monitoring"), **zipped}), (403, "SignatureDoesNotMatch"))
        bomb = gzip.compress(bytes(100 << 20))
        self.assertEqual(self.post(bomb, self.signed(bomb, "monitoring", **zipped)), (413, "RequestEntityTooLarge"))

    def test_a_call_that_nobody_signed_is_refused(self):
        body = "Action=DescribeRegions&Version=2016-11-15"
        plain = {"Content-Type": "application/x-www-form-urlencoded"}
        self.assertEqual(self.post(body, plain), (403, "MissingAuthenticationToken"))
        half = self.signed(body)["Authorization"].split(", Signature=")[0]
        self.assertEqual(self.post(body, {**plain, "Authorization": half})[1], "IncompleteSignature")

    def test_a_presigned_url_is_good_until_its_time_and_not_after(self):
        target = self.presigned(5)
        status, error, body = self.http("GET", target)
        self.assertEqual((status, error), (200, None))
        self.assertIn("<regionName>us-east-1</regionName>", body)
        status, error, _ = wait_until(lambda: self.seen(target, 200), 30, "the end of the URL's time", every=0.5)
        self.assertEqual((status, error), (400, "RequestExpired"))

    def seen(self, target, other_than):
        answer = self.http("GET", target)
        return answer if answer[0] != other_than else None

    def test_a_presigned_url_is_for_nothing_but_what_was_signed(self):
        target = self.presigned(300)
        self.assertEqual(self.http("GET", target)[:2], (200, None))
        for altered in (target.replace("DescribeRegions", "DescribeImages"), target.replace("Expires=300", "Expires=900"),
                        target + "&AllRegions=true"):
            self.assertNotEqual(altered, target)
            self.assertEqual(self.http("GET", altered)[:2], (401, "AuthFailure"))

    # ---- what is asked for beside the schema

    def test_what_no_action_takes_is_refused_by_name(self):
        version = "&Version=2016-11-15"
        for code, body in (("InvalidAction", "Action=DescribeMoons" + version),
                           ("MissingAction", version[1:]),
                           ("NoSuchVersion", "Action=DescribeRegions&Version=2001-01-01"),
                           ("UnknownParameter", "Action=DescribeRegions&Colour=red" + version),
                           ("UnknownParameter", "Action=DescribeRegions&RegionName.1.Name=x" + version),
                           ("InvalidParameterValue", "Action=DescribeRegions&AllRegions=perhaps" + version)):
            with self.subTest(body=body):
                self.assertEqual(self.post(body), (400, code))

    def test_any_region_is_a_name_for_this_one(self):
        for region in ("eu-west-3", "mars-north-1"):
            answer = self.aws("ec2", "describe-regions", "--region", region)
            self.assertEqual([item["RegionName"] for item in answer["Regions"]], ["us-east-1"])


del SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
