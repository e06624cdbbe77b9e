"""What a guest may do by its role: the credentials of its metadata, used by boto3."""

import json
import unittest

from botocore.exceptions import ClientError
from client_host import ClientTest

TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
MAY = {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}


def document(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


class RoleTest(ClientTest):
    @classmethod
    def prepare(cls):
        cls.host.prepare()
        iam = cls.client("iam")
        iam.create_role(RoleName="worker", AssumeRolePolicyDocument=document(TRUST))
        iam.put_role_policy(RoleName="worker", PolicyName="look", PolicyDocument=document(MAY))
        iam.create_instance_profile(InstanceProfileName="workers")
        cls.arn = iam.get_instance_profile(InstanceProfileName="workers")["InstanceProfile"]["Arn"]
        iam.add_role_to_instance_profile(InstanceProfileName="workers", RoleName="worker")
        cls.guest = cls.host.launch_ready(iam_instance_profile={"Name": "workers"})
        cls.token = cls.guest.imds_token()

    def get(self, path):
        status, body = self.guest.imds(f"meta-data/{path}", self.token)
        self.assertEqual(status, 200, (path, body))
        return body

    def credentials(self):
        read = json.loads(self.get("iam/security-credentials/worker"))
        self.assertEqual((read["Code"], read["Type"]), ("Success", "AWS-HMAC"))
        return read["AccessKeyId"], read["SecretAccessKey"], read["Token"]

    def refused(self, code, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)

    def test_the_guest_finds_its_profile_and_its_role(self):
        self.assertIn("iam/", self.get("").split())
        self.assertEqual(json.loads(self.get("iam/info"))["InstanceProfileArn"], self.arn)
        self.assertEqual(self.get("iam/security-credentials/"), "worker")
        self.assertEqual(self.guest.imds("meta-data/iam/security-credentials/worker")[0], 401)
        self.assertEqual(self.guest.imds("meta-data/iam/security-credentials/root", self.token)[0], 404)

    def test_its_credentials_act_as_the_role_and_as_nobody_else(self):
        key = self.credentials()
        self.assertEqual(self.credentials(), key)
        identity = self.client("sts", key=key).get_caller_identity()
        self.assertTrue(identity["Arn"].endswith(f":assumed-role/worker/{self.guest.id}"), identity)
        ec2 = self.client(key=key)
        (reservation,) = ec2.describe_instances()["Reservations"]
        self.assertEqual(reservation["Instances"][0]["InstanceId"], self.guest.id)
        self.refused("UnauthorizedOperation", ec2.describe_images)
        self.refused("UnauthorizedOperation", ec2.terminate_instances, InstanceIds=[self.guest.id])
        self.refused("AccessDenied", self.client("iam", key=key).list_users)
        self.refused("AuthFailure", self.client(key=key[:2]).describe_instances)

    def test_a_denial_of_what_was_read_without_a_token_holds_for_that_alone(self):
        # AWS's own example of ec2:RoleDelivery.
        iam, ec2 = self.client("iam"), self.client()
        ec2.modify_instance_metadata_options(InstanceId=self.guest.id, HttpTokens="optional")
        self.addCleanup(ec2.modify_instance_metadata_options, InstanceId=self.guest.id, HttpTokens="required")
        by_token = self.credentials()
        read = json.loads(self.guest.imds("meta-data/iam/security-credentials/worker")[1])
        without = read["AccessKeyId"], read["SecretAccessKey"], read["Token"]
        self.client(key=without).describe_instances()
        denial = {"Effect": "Deny", "Action": "*", "Resource": "*"}
        self.addCleanup(iam.delete_role_policy, RoleName="worker", PolicyName="bound")
        iam.put_role_policy(RoleName="worker", PolicyName="bound", PolicyDocument=document(
            {**denial, "Condition": {"NumericLessThan": {"ec2:RoleDelivery": "2.0"}}}))
        self.refused("UnauthorizedOperation", self.client(key=without).describe_instances)
        self.client(key=by_token).describe_instances()
        iam.put_role_policy(RoleName="worker", PolicyName="bound", PolicyDocument=document(
            {**denial, "Condition": {"ArnLike": {"ec2:SourceInstanceARN": f"arn:aws:ec2:*:*:instance/{self.guest.id}"}}}))
        self.refused("UnauthorizedOperation", self.client(key=by_token).describe_instances)

    def test_they_may_be_bound_to_the_vpc_and_the_address_of_their_instance(self):
        # AWS's own example: who took the credentials elsewhere has another address than they have.
        iam, ec2 = self.client("iam"), self.client()
        shown = self.guest.describe()
        key = self.credentials()
        denial = {"Effect": "Deny", "Action": "*", "Resource": "*"}
        self.addCleanup(iam.delete_role_policy, RoleName="worker", PolicyName="bound")
        for denied, condition in (
                (False, {"StringNotEquals": {"aws:EC2InstanceSourceVPC": shown["VpcId"]}}),
                (True, {"StringEquals": {"aws:EC2InstanceSourceVPC": shown["VpcId"]}}),
                (False, {"NotIpAddress": {"aws:EC2InstanceSourcePrivateIPv4": shown["PrivateIpAddress"]}}),
                (True, {"IpAddress": {"aws:EC2InstanceSourcePrivateIPv4": shown["PrivateIpAddress"] + "/32"}}),
                (True, {"Null": {"aws:EC2InstanceSourceVPC": "false"}})):
            with self.subTest(condition):
                iam.put_role_policy(RoleName="worker", PolicyName="bound",
                                    PolicyDocument=document({**denial, "Condition": condition}))
                if denied:
                    self.refused("UnauthorizedOperation", self.client(key=key).describe_instances)
                else:
                    self.client(key=key).describe_instances()
                ec2.describe_instances()

    def test_they_are_in_no_log(self):
        key = self.credentials()
        for secret in key[1:]:
            self.assertNotIn(secret, self.host.log())

    def test_they_are_gone_while_the_guest_has_no_profile(self):
        ec2 = self.client()
        (association,) = ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"]
        ec2.disassociate_iam_instance_profile(AssociationId=association["AssociationId"])
        self.addCleanup(ec2.associate_iam_instance_profile, InstanceId=self.guest.id,
                        IamInstanceProfile={"Name": "workers"})
        self.assertEqual(self.guest.imds("meta-data/iam/info", self.token)[0], 404)
        self.assertNotIn("iam/", self.get("").split())


if __name__ == "__main__":
    unittest.main()
