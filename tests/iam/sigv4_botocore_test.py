"""What botocore signs is let in; the same with any bit of it changed is not."""

import base64
import datetime
import os
import random
import subprocess
import unittest
from urllib.parse import quote, urlsplit

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ODD = "aZ09-_.~ /?&=+%:;,@!$'()*\"<>\\|^`{}[]#\u00e4\u20ac\U0001f600"
REQUESTS = 300


class BotocoreTest(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(4)
        self.probe = subprocess.Popen([os.environ["SIGV4_PROBE"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def tearDown(self):
        self.probe.stdin.close()
        self.assertEqual(self.probe.wait(timeout=30), 0)
        self.probe.stdout.close()

    def text(self):
        return "".join(self.random.choice(ODD) for _ in range(self.random.randrange(12)))

    def answer(self, request):
        now = int(datetime.datetime.now(datetime.timezone.utc).timestamp())
        method, target, headers, body = request
        lines = [SECRET.encode(), str(now).encode(), method, target, base64.b64encode(headers), base64.b64encode(body)]
        self.probe.stdin.write(b"".join(line + b"\n" for line in lines))
        self.probe.stdin.flush()
        return self.probe.stdout.readline().decode().strip()

    def signed(self, presigned):
        path = "/" + "/".join(quote(self.text(), safe="") for _ in range(self.random.randrange(3)))
        names = [f"{quote(self.text(), safe='-_.~')}{i}" for i in range(self.random.randrange(4))]
        # botocore sorts what it is given, and does not encode it.
        query = "&".join(f"{name}={quote(self.text(), safe='-_.~')}" for name in names)
        url = f"http://127.0.0.1:8773{path}" + (f"?{query}" if query else "")
        service = self.random.choice(["ec2", "sts", "iam"])
        token = self.random.choice([None, "to/ken+=="])
        request = AWSRequest(method="GET" if presigned else self.random.choice(["GET", "POST"]), url=url)
        if request.method == "POST":
            request.data = self.text().encode()
            request.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        if self.random.random() < 0.5:
            request.headers["X-Amz-Odd"] = "  two   words\t and more "
        credentials = Credentials("AKIDEXAMPLE", SECRET, token)
        signer = SigV4QueryAuth(credentials, service, "eu-home-1", expires=60) if presigned else SigV4Auth(
            credentials, service, "eu-home-1")
        signer.add_auth(request)
        parts = urlsplit(request.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = "".join(f"{name}:{value}\n" for name, value in request.headers.items())
        headers += "host:127.0.0.1:8773\n"
        return (request.method.encode(), target.encode(), headers.encode(), request.data or b"")

    def check(self, presigned):
        for _ in range(REQUESTS):
            request = self.signed(presigned)
            with self.subTest(request=request):
                self.assertEqual(self.answer(request), "yes")

    def test_what_botocore_signs_in_the_header_is_let_in(self):
        self.check(presigned=False)

    def test_what_botocore_signs_in_the_query_is_let_in(self):
        self.check(presigned=True)

    def test_any_bit_of_the_signature_or_the_body_that_is_changed_is_noticed(self):
        for presigned in (False, True):
            request = list(self.signed(presigned))
            if not presigned:
                while request[0] != b"POST" or not request[3]:
                    request = list(self.signed(presigned))
            self.assertEqual(self.answer(request), "yes")
            part = 1 if presigned else 2
            mark = b"X-Amz-Signature=" if presigned else b"Signature="
            start = request[part].index(mark) + len(mark)
            places = [(part, i) for i in range(start, start + 64)] + [(3, i) for i in range(len(request[3]))]
            for part, i in places:
                # The eighth bit, too: but no line's end, which would be another request.
                for bit in range(8):
                    altered = bytearray(request[part])
                    altered[i] ^= 1 << bit
                    if part != 3 and altered[i] in b"\n\r":
                        continue
                    changed = list(request)
                    changed[part] = bytes(altered)
                    with self.subTest(part=part, place=i, bit=bit):
                        self.assertNotEqual(self.answer(changed), "yes")


if __name__ == "__main__":
    unittest.main()
