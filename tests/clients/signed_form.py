"""Requests signed by botocore and written by hand: what no client of Debian's sends."""

import http.client
import re
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

VERSIONS = {"ec2": "2016-11-15", "autoscaling": "2011-01-01", "iam": "2010-05-08", "monitoring": "2010-08-01"}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()
        self.text = self.body.decode("utf-8", "replace")

    @property
    def code(self):
        """The code of an error in XML; "" of an answer that is none."""
        found = re.search(r"<Code>(.*?)</Code>", self.text)
        return found[1] if found else ""

    def values(self, element):
        return re.findall(rf"<{element}>(.*?)</{element}>", self.text)


class Signer:
    def __init__(self, endpoint, key):
        self._endpoint = endpoint
        self._credentials = botocore.credentials.Credentials(*key)

    def send(self, service, body, path="/", **headers):
        """A POST; `headers` with _ for -."""
        host = urllib.parse.urlsplit(self._endpoint).netloc
        given = {"Host": host, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
                 **{name.replace("_", "-"): value for name, value in headers.items()}}
        request = botocore.awsrequest.AWSRequest("POST", self._endpoint + path, data=body, headers=given)
        botocore.auth.SigV4Auth(self._credentials, service, "us-east-1").add_auth(request)
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            connection.request("POST", path, body=body, headers=dict(request.headers))
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def call(self, service, action, version=None, **parameters):
        """A form of `parameters`, whose names have dots: call("ec2", "DescribeVpcs", **{"VpcId.1": "vpc-1"})."""
        form = {"Action": action, "Version": version or VERSIONS[service], **parameters}
        return self.send(service, urllib.parse.urlencode(form).encode())
