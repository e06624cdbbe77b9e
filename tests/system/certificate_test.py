"""gRPC over mutual TLS where a client's certificate names an IAM user: what that user may do, by brume."""

import json
import os
import re
import subprocess
import unittest

import sanitizers
from conditions import wait_until
from harness import BIN, CliError
from simulate_test import NOBODY, SimulatedTest


class CertificateTest(SimulatedTest):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.tls = os.path.join(cls.host.directory, "tls")
        os.mkdir(cls.tls, 0o755)
        cls.openssl("req", "-x509", *cls.new_key("ca"), "-out", cls.path("ca.pem"), "-days", "2", "-subj", "/CN=ca")
        cls.sign("server")
        cls.host.stop()
        cls.host.configure({**cls.config, "grpc": {
            "listen": "127.0.0.1:0", "tls_cert": cls.path("server.pem"), "tls_key": cls.path("server.key"),
            "tls_client_ca": cls.path("ca.pem"), "client_certificates": "user"}})
        cls.host.start()
        found = wait_until(lambda: re.search(r"gRPC is served at \S+ and (\S+)", cls.host.log()), 10,
                           "the address of gRPC in the log")
        cls.address = found[1]

    @classmethod
    def path(cls, name):
        return os.path.join(cls.tls, name)

    @staticmethod
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    @classmethod
    def new_key(cls, name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", cls.path(f"{name}.key"))

    @classmethod
    def sign(cls, name):
        """NAME.pem and NAME.key, of the tests' own authority, for brumed and brume to read."""
        with open(cls.path("ext"), "w") as file:
            file.write("subjectAltName=IP:127.0.0.1\n")
        cls.openssl("req", *cls.new_key(name), "-out", cls.path("csr"), "-subj", f"/CN={name}")
        cls.openssl("x509", "-req", "-in", cls.path("csr"), "-CA", cls.path("ca.pem"), "-CAkey", cls.path("ca.key"),
                    "-CAcreateserial", "-out", cls.path(f"{name}.pem"), "-days", "2", "-extfile", cls.path("ext"))
        os.chown(cls.path(f"{name}.key"), NOBODY, NOBODY)

    def user(self, name, **condition):
        """A user who may describe instances, and has a certificate."""
        allow = {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*", **condition}
        self.host.api("create-user", user_name=name)
        self.addCleanup(self.host.api, "delete-user", user_name=name)
        self.host.api("put-user-policy", user_name=name, policy_name="look",
                      policy_document=json.dumps({"Version": "2012-10-17", "Statement": allow}))
        self.addCleanup(self.host.api, "delete-user-policy", user_name=name, policy_name="look")
        self.sign(name)

    def call(self, name, *argv):
        """brume, as who has the certificate."""
        argv = ["--endpoint", self.address, "--tls-ca", self.path("ca.pem"), "--tls-cert", self.path(f"{name}.pem"),
                "--tls-key", self.path(f"{name}.key"), "--output", "json", *argv]
        done = subprocess.run([*self.host.prefix, os.path.join(BIN, "brume"), *argv], capture_output=True, text=True,
                              timeout=60)
        self.host.reports += sanitizers.reports_in(done.stderr)
        if done.returncode != 0:
            raise CliError(argv, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def test_a_user_may_do_what_the_user_s_policies_allow(self):
        self.user("ada")
        self.assertTrue(self.call("ada", "get-caller-identity")["Arn"].endswith(":user/ada"))
        self.call("ada", "describe-instances")
        self.assert_refused("UnauthorizedOperation", self.call, "ada", "describe-images")
        self.assert_refused("AccessDenied", self.call, "ada", "list-users")

    def test_a_certificate_that_names_no_user_opens_nothing(self):
        self.sign("eve")
        for action in ("describe-regions", "get-caller-identity"):
            self.assert_refused("AuthFailure", self.call, "eve", action)

    def test_a_user_who_is_deleted_is_nobody_at_once(self):
        self.sign("bob")
        self.host.api("create-user", user_name="bob")
        self.call("bob", "get-caller-identity")
        self.host.api("delete-user", user_name="bob")
        self.assert_refused("AuthFailure", self.call, "bob", "get-caller-identity")

    def test_a_policy_can_ask_for_the_address_a_call_comes_from(self):
        self.user("near", Condition={"IpAddress": {"aws:SourceIp": "127.0.0.1"}})
        self.user("far", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
        self.call("near", "describe-instances")
        self.assert_refused("UnauthorizedOperation", self.call, "far", "describe-instances")

    def test_who_comes_by_the_socket_is_administrator_all_the_same(self):
        self.assertEqual(self.host.api("get-caller-identity")["Arn"].rsplit(":", 1)[1], "root")
        self.assertTrue(self.host.api("describe-images")["Images"])


del SimulatedTest

if __name__ == "__main__":
    unittest.main()
