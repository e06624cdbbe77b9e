#!/usr/bin/env python3
"""Reads a metadata service the way cloud-init's Ec2 datasource does, and fails where that would.

  metadata_crawl.py URL SOURCE_ADDRESS

Prints what it gathered as JSON. Facts: a token by PUT with 21600 seconds and no fall-back; versions probed newest
first; listings followed recursively, "NAME/" as a directory and "0=NAME" as the key at 0/openssh-key; one entry that
does not resolve discards everything; only user-data may be absent. Names are quoted in the path.
"""
import http.client
import json
import sys
import urllib.error
import urllib.parse
import urllib.request


class SourceHandler(urllib.request.HTTPHandler):
    """Connects from a given address: the service knows its callers by it."""

    def __init__(self, address):
        super().__init__()
        self._address = address

    def http_open(self, request):
        def connect(host, **options):
            return http.client.HTTPConnection(host, source_address=(self._address, 0), **options)

        return self.do_open(connect, request)


class Crawler:
    def __init__(self, base, source):
        self._base = base
        self._opener = urllib.request.build_opener(SourceHandler(source))
        self._token = None

    def request(self, path, method="GET", headers=None):
        headers = dict(headers or {})
        if self._token:
            headers["X-aws-ec2-metadata-token"] = self._token
        url = self._base + urllib.parse.quote(path, safe="/:")
        with self._opener.open(urllib.request.Request(url, method=method, headers=headers), timeout=10) as answer:
            return answer.read()

    def login(self):
        token = self.request("/latest/api/token", "PUT", {"X-aws-ec2-metadata-token-ttl-seconds": "21600"})
        self._token = token.decode()

    def version(self):
        for version in ("2021-03-23", "2018-09-24", "2016-09-02"):
            try:
                self.request(f"/{version}/meta-data/instance-id")
                return version
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    raise
        raise SystemExit("no version that cloud-init knows is served")

    def tree(self, path):
        found = {}
        for line in self.request(path).decode().splitlines():
            line = line.strip()
            if not line or line.rstrip("/") == "security-credentials":
                continue
            if line.endswith("/"):
                found[line.rstrip("/")] = self.tree(path.rstrip("/") + "/" + line)
                continue
            name, where = line, line
            index, equals, rest = line.partition("=")
            if equals and index.strip().lstrip("+-").isdigit():
                name, where = rest, f"{index}/openssh-key"
            body = self.request(path.rstrip("/") + "/" + where).decode()
            found[name] = json.loads(body) if body.startswith("{") and body.endswith("}") else body
        return found


def main():
    crawler = Crawler(sys.argv[1], sys.argv[2])
    crawler.login()
    version = crawler.version()
    result = {
        "version": version,
        "meta-data": crawler.tree(f"/{version}/meta-data/"),
        "identity": crawler.tree(f"/{version}/dynamic/instance-identity"),
    }
    try:
        result["user-data"] = crawler.request(f"/{version}/user-data").hex()
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
    print(json.dumps(result, indent=1))


main()
