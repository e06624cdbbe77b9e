"""What the suites of real clients share: a host with the Query API, and the means to call it."""

import configparser
import json
import os
import re
import subprocess

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from conformance import RATCHET
from harness import Host, HostTest
from simulate_test import NOBODY, SimulatedTest


# Debian's, whatever else is in the path: it speaks the Query API to every service, as newer ones do not.
AWS = "/usr/bin/aws"


class AwsError(Exception):
    """The aws command line failed; `code` is EC2's, or empty."""

    def __init__(self, argv, done):
        super().__init__(f"aws {' '.join(argv)}: {done.stderr.strip()} (exit code {done.returncode})")
        self.returncode = done.returncode
        self.said = done.stderr
        found = re.search(r"An error occurred \(([\w.]+)\) when calling the \w+ operation", done.stderr)
        self.code = found[1] if found else ""


def code_of(call, **arguments):
    """The code of the error that a client's call raises; "" where it raises none."""
    try:
        call(**arguments)
        return ""
    except ClientError as error:
        return error.response["Error"]["Code"]


class ClientTest(HostTest):
    """Tests against a brumed that remembers terminated instances for as long as EC2 does: waiters look for them."""

    ready = False
    config = {}
    remembering = {"terminated_visible_seconds": 3600}

    @classmethod
    def make_host(cls):
        return Host(cls.configured(), cls.flags)

    @classmethod
    def configured(cls, **ec2):
        return {**cls.config, "ec2": {**cls.config.get("ec2", {}), **cls.remembering, **ec2}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(cls.discard)

    @classmethod
    def discard(cls):
        """So that close() finds nothing to wait an hour for."""
        cls.host.stop()
        cls.host.configure(cls.configured(terminated_visible_seconds=0))
        cls.host.start()

    # ---- calls

    @classmethod
    def root_key(cls):
        """(id, secret)"""
        file = configparser.ConfigParser()
        with open(os.path.join(cls.host.state_dir, "credentials")) as text:
            file.read_file(text)
        return file["default"]["aws_access_key_id"], file["default"]["aws_secret_access_key"]

    @classmethod
    def client(cls, service="ec2", key=None, **config):
        """A client of boto3 that asks once, unless `config` says otherwise. `key`: id, secret and, of a session, token.

        Every answer must be as botocore's model has it (conformance.py)."""
        key_id, secret, *token = key or cls.root_key()
        config.setdefault("retries", {"total_max_attempts": 1})
        made = boto3.session.Session().client(
            service, region_name="us-east-1", endpoint_url=cls.host.endpoint, aws_access_key_id=key_id,
            aws_secret_access_key=secret, aws_session_token=token[0] if token else None, config=Config(**config))
        cls.addClassCleanup(made.close)
        RATCHET.watch(made, cls.__module__)
        return made

    def run_client(self, argv, environment=None, seconds=120):
        """A program in the environment of AWS's clients, whatever it ends with."""
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds,
                              env={**self.host.aws_environment(), **(environment or {})})

    def aws(self, *argv, environment=None, seconds=120):
        """The aws command line: its answer, parsed unless it is asked for as text. AwsError when it fails."""
        done = self.run_client([AWS, "--endpoint-url", self.host.endpoint, *argv], environment, seconds)
        if done.returncode != 0:
            raise AwsError(argv, done)
        if "--output" in argv:
            return done.stdout
        return json.loads(done.stdout) if done.stdout.strip() else None


class SimulatedClientTest(ClientTest, SimulatedTest):
    """The same against a brumed that only simulates, for what no guest adds to."""

    flags = ("--simulate",)

    @classmethod
    def make_host(cls):
        return Host(cls.configured(), cls.flags, user=NOBODY)

    def read_twice(self, read):
        """What `read` shows, the second time as the first: Terraform's next plan finds nothing to do."""
        first, second = read(), read()
        self.assertEqual(first, second)
        return first


# boto3 must see nothing of the user's.
os.environ.update({"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                   "AWS_EC2_METADATA_DISABLED": "true"})
