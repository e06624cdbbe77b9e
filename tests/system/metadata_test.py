"""The instance metadata service, asked from inside a guest."""

import json
import unittest

from conditions import wait_until
from harness import HostTest

USER_DATA = "#!/bin/sh\n: nothing\n"


class MetadataTest(HostTest):
    @classmethod
    def prepare(cls):
        cls.guest = cls.host.launch(
            user_data=USER_DATA,
            metadata_options={"HttpTokens": "required", "InstanceMetadataTags": "enabled"},
            tag_specifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"},
                                                                      {"Key": "Stage", "Value": "test"}]}])
        cls.guest.wait_ready()
        cls.token = cls.guest.imds_token()

    def get(self, path):
        status, body = self.guest.imds(path, self.token)
        self.assertEqual(status, 200, (path, body))
        return body

    def options(self, **options):
        self.host.api("modify-instance-metadata-options", instance_id=self.guest.id, **options)

    def test_a_token_opens_what_is_closed_without_one(self):
        self.assertEqual(self.guest.imds("meta-data/instance-id")[0], 401)
        self.assertEqual(self.guest.imds("meta-data/instance-id", "AAAA" + self.token[4:])[0], 401)
        self.assertEqual(self.get("meta-data/instance-id"), self.guest.id)

    def test_version_one_answers_where_tokens_are_optional(self):
        self.addCleanup(self.options, http_tokens="required")
        self.options(http_tokens="optional")
        self.assertEqual(self.guest.imds("meta-data/instance-id"), (200, self.guest.id))

    def test_a_disabled_endpoint_answers_nothing(self):
        self.addCleanup(self.options, http_endpoint="enabled")
        self.options(http_endpoint="disabled")
        self.assertEqual(self.guest.imds("meta-data/instance-id", self.token)[0], 403)

    def test_a_token_asked_for_badly_is_refused(self):
        for lines, status in ((["X-aws-ec2-metadata-token-ttl-seconds: 0"], 400),
                              (["X-aws-ec2-metadata-token-ttl-seconds: 21601"], 400),
                              ([], 400),
                              (["X-aws-ec2-metadata-token-ttl-seconds: 60", "X-Forwarded-For: 192.0.2.1"], 403)):
            with self.subTest(lines=lines):
                request = ["PUT /latest/api/token HTTP/1.1", "Content-Length: 0", *lines]
                self.assertEqual(self.guest.http(request)[0], status)

    def test_the_facts_are_those_of_the_api(self):
        shown = self.guest.describe()
        interface = shown["NetworkInterfaces"][0]
        expected = {
            "ami-id": shown["ImageId"],
            "instance-type": "b1.tiny",
            "local-ipv4": shown["PrivateIpAddress"],
            "public-ipv4": shown["PublicIpAddress"],
            "public-hostname": shown["PublicDnsName"],
            "local-hostname": shown["PrivateDnsName"],
            "mac": interface["MacAddress"],
            "placement/availability-zone": shown["Placement"]["AvailabilityZone"],
            "security-groups": "default",
            f"network/interfaces/macs/{interface['MacAddress']}/interface-id": interface["NetworkInterfaceId"],
            f"network/interfaces/macs/{interface['MacAddress']}/subnet-id": shown["SubnetId"],
        }
        for path, value in expected.items():
            with self.subTest(path=path):
                self.assertEqual(self.get(f"meta-data/{path}"), value)

    def test_every_listed_leaf_resolves(self):
        """One 404 makes cloud-init discard all metadata."""
        script = r"""
            ask() { printf 'GET %s HTTP/1.0\r\nHost: x\r\nX-aws-ec2-metadata-token: TOKEN\r\n\r\n' "$1" |
              nc -w 5 169.254.169.254 80 >/tmp/answer; read -r _ status _ </tmp/answer; }
            walk() { ask "$1"; echo "$status $1"
              case $1 in
                */) for name in $(sed '1,/^.$/d' /tmp/answer); do
                      case $name in [0-9]*=*) name=${name%%=*}/ ;; esac
                      walk "$1$name"; done ;;
              esac; }
            walk /latest/meta-data/
        """.replace("TOKEN", self.token)
        seen = [line.split(" ", 1) for line in self.guest.ssh(script, timeout=120).splitlines()]
        self.assertGreater(len(seen), 25, seen)
        self.assertEqual([line for line in seen if line[0] != "200"], [])
        paths = [path for _, path in seen]
        self.assertIn("/latest/meta-data/public-keys/0/openssh-key", paths)
        self.assertIn("/latest/meta-data/tags/instance/Name", paths)

    def test_the_login_key_is_the_imported_one(self):
        with open(f"{self.host.key_path}.pub") as file:
            key = file.read().split()[:2]
        self.assertEqual(self.get("meta-data/public-keys/0/openssh-key").split()[:2], key)

    def test_user_data_is_served_as_it_was_given(self):
        self.assertEqual(self.get("user-data"), USER_DATA)

    def test_tags_are_shown_while_they_are_enabled_and_follow_changes(self):
        self.assertEqual(self.get("meta-data/tags/instance").split(), ["Name", "Stage"])
        self.host.api("create-tags", resources=[self.guest.id], tags=[{"Key": "Stage", "Value": "live"}])
        wait_until(lambda: self.get("meta-data/tags/instance/Stage") == "live", 10, "the tag's new value")
        self.addCleanup(self.options, instance_metadata_tags="enabled")
        self.options(instance_metadata_tags="disabled")
        self.assertEqual(self.guest.imds("meta-data/tags/instance", self.token)[0], 404)

    def test_the_identity_document_names_the_instance(self):
        document = json.loads(self.get("dynamic/instance-identity/document"))
        self.assertEqual(document["instanceId"], self.guest.id)
        self.assertEqual(document["privateIp"], self.guest.private_ip)
        self.assertEqual(document["region"], "us-east-1")
        self.assertEqual(document["architecture"], "x86_64")

    def test_what_does_not_exist_is_not_found_and_what_is_no_get_not_allowed(self):
        self.assertEqual(self.guest.imds("meta-data/nothing", self.token)[0], 404)
        self.assertEqual(self.guest.http(["POST /latest/meta-data/ HTTP/1.1", "Content-Length: 0",
                                          f"X-aws-ec2-metadata-token: {self.token}"])[0], 405)

    def test_the_service_goes_on_after_a_restart_of_brumed_and_knows_its_tokens(self):
        self.host.kill()
        self.host.start()
        wait_until(lambda: self.answers("meta-data/instance-id"), 20, "metadata after the restart")

    def answers(self, path):
        try:
            return self.guest.imds(path, self.token) == (200, self.guest.id)
        except AssertionError:  # nobody listens yet
            return False


if __name__ == "__main__":
    unittest.main()
