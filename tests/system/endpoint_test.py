"""A VPC endpoint: a guest whose VPC leads nowhere calls the API by its usual name, as far as the endpoint's policy lets it."""

import configparser
import json
import os
import unittest

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from conditions import wait_until
from guest import Guest
from harness import HostTest

NAME = "ec2.us-east-1.amazonaws.com"
# Asks again and again, and says on the console what has become of the answer. By nc, as the image's wget, which is linked
# statically, cannot look up even an address.
SCRIPT = """#!/bin/sh
while sleep 1; do
  answer=$(printf '%s\\r\\n' 'GET /{target} HTTP/1.1' 'Host: {name}' 'Connection: close' '' | nc -w 10 {address} 80)
  case "$answer" in
    'HTTP/1.1 200 '*'<instanceId>'*) now=served ;;
    'HTTP/1.1 403 '*) now=refused ;;
    *) now=unreachable ;;
  esac
  [ "$now" = "$before" ] || echo "endpoint $now: $answer" | head -c 300 >/dev/console
  before=$now
done &
"""
ONLY_VPCS = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ec2:DescribeVpcs", "Resource": "*"}]}


class EndpointTest(HostTest):
    def presigned(self):
        """The query of DescribeInstances with the root key's signature, good for an hour."""
        file = configparser.ConfigParser()
        with open(os.path.join(self.host.state_dir, "credentials")) as text:
            file.read_file(text)
        key = file["default"]
        request = AWSRequest("GET", f"http://{NAME}/", params={"Action": "DescribeInstances", "Version": "2016-11-15"})
        credentials = Credentials(key["aws_access_key_id"], key["aws_secret_access_key"])
        botocore.auth.SigV4QueryAuth(credentials, "ec2", "us-east-1", expires=3600).add_auth(request)
        return request.prepare().url.removeprefix(f"http://{NAME}/")

    def endpoints(self):
        return self.host.api("describe-vpc-endpoints")["VpcEndpoints"]

    def test_a_guest_without_a_way_out_calls_the_api_by_an_endpoint_as_its_policy_says(self):
        api = self.host.api
        vpc = api("create-vpc", cidr_block="10.40.0.0/16")["Vpc"]["VpcId"]
        api("modify-vpc-attribute", vpc_id=vpc, enable_dns_hostnames={"Value": True})
        inner = api("create-subnet", vpc_id=vpc, cidr_block="10.40.1.0/24")["Subnet"]["SubnetId"]
        outer = api("create-subnet", vpc_id=vpc, cidr_block="10.40.2.0/24")["Subnet"]["SubnetId"]
        endpoint = api("create-vpc-endpoint", vpc_endpoint_type="Interface", vpc_id=vpc, subnet_ids=[outer],
                       service_name="com.amazonaws.us-east-1.ec2")["VpcEndpoint"]
        self.assertIn("HTTPS is not served", endpoint["LastError"]["Message"])
        wait_until(lambda: self.endpoints()[0]["State"] == "available", 30, "the endpoint to be available")
        cards = api("describe-network-interfaces", network_interface_ids=endpoint["NetworkInterfaceIds"])
        # Both are in the VPC's default group, whose members reach each other.
        answer = api("run-instances", image_id=self.host.image_id, instance_type="b1.tiny", subnet_id=inner,
                     user_data=SCRIPT.format(name=NAME, target=self.presigned(), address=cards["NetworkInterfaces"][0]["PrivateIpAddress"]))
        guest = Guest(self.host, answer["Instances"][0]["InstanceId"])
        guest.wait_console("endpoint served: ", 120)
        events = json.loads(self.host.brume("events", "--action", "DescribeInstances", "--output", "json"))["Events"]
        through = [each for each in events if each.get("VpcEndpointId") == endpoint["VpcEndpointId"]]
        self.assertTrue(through, events[:3])
        self.assertEqual(through[0]["SourceIpAddress"], guest.private_ip)

        api("modify-vpc-endpoint", vpc_endpoint_id=endpoint["VpcEndpointId"], policy_document=json.dumps(ONLY_VPCS))
        guest.wait_console("endpoint refused: ", 60)
        # Another brumed serves it again.
        self.host.stop()
        self.host.start()
        api("modify-vpc-endpoint", vpc_endpoint_id=endpoint["VpcEndpointId"], reset_policy=True)
        guest.wait_console("endpoint served: ", 60, times=2)

        before = guest.console().count("endpoint unreachable: ")
        self.assertEqual(api("delete-vpc-endpoints", vpc_endpoint_ids=[endpoint["VpcEndpointId"]])["Unsuccessful"], [])
        wait_until(lambda: not self.endpoints(), 30, "the end of the endpoint")
        guest.wait_console("endpoint unreachable: ", 60, times=before + 1)
        api("delete-subnet", subnet_id=outer)


if __name__ == "__main__":
    unittest.main()
