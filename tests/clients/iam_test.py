"""A user's own access key over the Query API: what policies grant, when it holds, and what a key's end means."""

import json
import unittest

from client_host import AwsError, SimulatedClientTest

READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"
FULL = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": {
    "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}})


class IamTest(SimulatedClientTest):
    def setUp(self):
        super().setUp()
        self.iam = self.client("iam")

    def undo(self, action, **arguments):
        """At the end of the test; the daemon may have another port then."""
        self.addCleanup(lambda: getattr(self.client("iam"), action)(**arguments))

    def user(self, name, *policies):
        """A user with a key and these policies: (the key's id, its secret)."""
        self.iam.create_user(UserName=name)
        self.undo("delete_user", UserName=name)
        for policy in policies:
            self.iam.attach_user_policy(UserName=name, PolicyArn=policy)
            self.undo("detach_user_policy", UserName=name, PolicyArn=policy)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        self.undo("delete_access_key", UserName=name, AccessKeyId=key["AccessKeyId"])
        return key["AccessKeyId"], key["SecretAccessKey"]

    def refused(self, code, call, **arguments):
        with self.assertRaises(self.iam.exceptions.ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)

    def launch(self, ec2, **arguments):
        return ec2.run_instances(ImageId=self.host.image_id, MinCount=1, MaxCount=1, **arguments)

    def terminate(self, launched):
        self.client().terminate_instances(InstanceIds=[one["InstanceId"] for one in launched["Instances"]])

    def test_a_read_only_user_describes_and_launches_nothing_until_it_is_granted(self):
        ec2 = self.client(key=self.user("reader", READ_ONLY))
        self.assertEqual(ec2.describe_instances()["ResponseMetadata"]["HTTPStatusCode"], 200)
        self.refused("UnauthorizedOperation", self.launch, ec2=ec2)
        self.refused("UnauthorizedOperation", self.launch, ec2=ec2, DryRun=True)
        self.iam.attach_user_policy(UserName="reader", PolicyArn=FULL)
        self.terminate(self.launch(ec2))
        self.iam.detach_user_policy(UserName="reader", PolicyArn=FULL)
        self.refused("UnauthorizedOperation", self.launch, ec2=ec2)

    def test_the_aws_command_line_calls_where_brume_configure_points_it(self):
        lines = self.host.brume("configure")
        self.assertIn(f"export AWS_ENDPOINT_URL='{self.host.endpoint}'\n", lines)
        script = f"shopt -s expand_aliases\n{lines}\naws ec2 describe-regions --query Regions[].RegionName --output text"
        done = self.run_client(["bash", "-c", script])
        self.assertEqual((done.returncode, done.stdout.split()), (0, ["us-east-1"]), done.stderr)

    def test_keys_and_grants_outlive_the_daemon(self):
        key = self.user("steady", READ_ONLY)
        self.host.stop()
        self.host.start()
        ec2 = self.client(key=key)
        self.assertEqual(ec2.describe_instances()["ResponseMetadata"]["HTTPStatusCode"], 200)
        self.refused("UnauthorizedOperation", self.launch, ec2=ec2)

    def test_an_inactive_key_is_refused_until_it_is_active_again(self):
        key = self.user("sleeper", READ_ONLY)
        ec2 = self.client(key=key)
        status = {"UserName": "sleeper", "AccessKeyId": key[0]}
        self.iam.update_access_key(**status, Status="Inactive")
        self.refused("AuthFailure", ec2.describe_instances)
        self.iam.update_access_key(**status, Status="Active")
        ec2.describe_instances()
        used = self.iam.get_access_key_last_used(AccessKeyId=key[0])
        self.assertEqual((used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]), ("sleeper", "ec2"))

    def session(self, credentials):
        """(key, environment) of what STS gave."""
        key = (credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        return key, dict(zip(names, key))

    def check_reads_only(self, key, environment, arn):
        """By boto3 and by the aws command line: the session is who it is said to be, reads, and launches nothing."""
        self.assertEqual(self.client("sts", key=key).get_caller_identity()["Arn"], arn)
        self.assertEqual(self.aws("sts", "get-caller-identity", environment=environment)["Arn"], arn)
        ec2 = self.client(key=key)
        ec2.describe_instances()
        self.aws("ec2", "describe-instances", environment=environment)
        self.refused("UnauthorizedOperation", self.launch, ec2=ec2)
        with self.assertRaises(AwsError) as caught:
            self.aws("ec2", "run-instances", "--image-id", self.host.image_id, environment=environment)
        self.assertEqual(caught.exception.code, "UnauthorizedOperation")
        self.refused("AuthFailure", self.client(key=key[:2]).describe_instances)

    def test_a_role_that_a_user_takes_on_acts_by_the_role_s_policies(self):
        operator = self.user("operator", FULL)
        arn = self.client("sts", key=operator).get_caller_identity()["Arn"]
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": arn}}
        role = self.iam.create_role(RoleName="viewer", AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": trust}))["Role"]
        self.undo("delete_role", RoleName="viewer")
        self.iam.attach_role_policy(RoleName="viewer", PolicyArn=READ_ONLY)
        self.undo("detach_role_policy", RoleName="viewer", PolicyArn=READ_ONLY)
        wish = {"RoleArn": role["Arn"], "RoleSessionName": "night"}
        self.refused("AccessDenied", self.client("sts", key=operator).assume_role, **wish)
        allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role["Arn"]}
        self.iam.put_user_policy(UserName="operator", PolicyName="take", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": allow}))
        self.undo("delete_user_policy", UserName="operator", PolicyName="take")
        assumed = self.client("sts", key=operator).assume_role(**wish)
        self.check_reads_only(*self.session(assumed["Credentials"]), assumed["AssumedRoleUser"]["Arn"])
        environment = {"AWS_ACCESS_KEY_ID": operator[0], "AWS_SECRET_ACCESS_KEY": operator[1]}
        by_cli = self.aws("sts", "assume-role", "--role-arn", role["Arn"], "--role-session-name", "day",
                          environment=environment)
        self.check_reads_only(*self.session(by_cli["Credentials"]), by_cli["AssumedRoleUser"]["Arn"])

    def test_a_user_s_session_acts_as_the_user(self):
        reader = self.user("reader", READ_ONLY)
        arn = self.client("sts", key=reader).get_caller_identity()["Arn"]
        given = self.client("sts", key=reader).get_session_token(DurationSeconds=900)
        self.check_reads_only(*self.session(given["Credentials"]), arn)
        environment = {"AWS_ACCESS_KEY_ID": reader[0], "AWS_SECRET_ACCESS_KEY": reader[1]}
        by_cli = self.aws("sts", "get-session-token", environment=environment)
        self.check_reads_only(*self.session(by_cli["Credentials"]), arn)

    def test_a_launch_with_an_instance_profile_needs_leave_to_pass_its_role(self):
        self.iam.create_role(RoleName="web", AssumeRolePolicyDocument=TRUST)
        self.undo("delete_role", RoleName="web")
        self.iam.create_instance_profile(InstanceProfileName="servers")
        self.undo("delete_instance_profile", InstanceProfileName="servers")
        both = {"InstanceProfileName": "servers", "RoleName": "web"}
        self.iam.add_role_to_instance_profile(**both)
        self.undo("remove_role_from_instance_profile", **both)
        ec2 = self.client(key=self.user("operator", FULL))
        self.refused("UnauthorizedOperation", self.launch, ec2=ec2, IamInstanceProfile={"Name": "servers"})
        launched = self.launch(self.client(), IamInstanceProfile={"Name": "servers"})
        self.terminate(launched)
        self.assertTrue(launched["Instances"][0]["IamInstanceProfile"]["Arn"].endswith(":instance-profile/servers"))


if __name__ == "__main__":
    unittest.main()
