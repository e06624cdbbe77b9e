"""Policies by the rarer condition keys of AWS's own examples: what a call changes, what it attaches, whose credentials it
is signed with."""

import datetime
import json
import unittest

from client_host import SimulatedClientTest, code_of

ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def deny(action, **condition):
    return {"Effect": "Deny", "Action": action, "Resource": "*", "Condition": condition}


class ConditionKeyTest(SimulatedClientTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.iam = cls.client("iam")
        cls.iam.create_user(UserName="ada")
        cls.iam.create_role(RoleName="worker", AssumeRolePolicyDocument=cls.document({
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}}))
        key = cls.iam.create_access_key(UserName="ada")["AccessKey"]
        cls.key = key["AccessKeyId"], key["SecretAccessKey"]
        cls.addClassCleanup(cls.remove)
        cls.instance = cls.client().run_instances(ImageId=cls.host.image_id, InstanceType="t3.micro", MinCount=1,
                                                  MaxCount=1)["Instances"][0]["InstanceId"]

    @classmethod
    def remove(cls):
        iam = cls.client("iam")
        iam.delete_access_key(UserName="ada", AccessKeyId=cls.key[0])
        iam.delete_user_policy(UserName="ada", PolicyName="p")
        iam.delete_user(UserName="ada")
        for name in iam.list_role_policies(RoleName="worker")["PolicyNames"]:
            iam.delete_role_policy(RoleName="worker", PolicyName=name)
        iam.delete_role(RoleName="worker")

    @staticmethod
    def document(*statements):
        return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

    def policy(self, *statements):
        self.iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=self.document(*statements))

    def modify(self, **arguments):
        return code_of(self.client(key=self.key).modify_instance_attribute, InstanceId=self.instance, DryRun=True,
                       **arguments)

    def test_a_denial_of_an_attribute_holds_however_the_call_names_it(self):
        self.policy(ANYTHING, deny("ec2:ModifyInstanceAttribute", StringEquals={"ec2:Attribute": "UserData"}))
        self.assertEqual(self.modify(UserData={"Value": b"x"}), "UnauthorizedOperation")
        self.assertEqual(self.modify(Attribute="userData", Value="eA=="), "UnauthorizedOperation")
        self.assertEqual(self.modify(InstanceType={"Value": "t3.small"}), "DryRunOperation")
        self.assertEqual(self.modify(Attribute="instanceType", Value="t3.small"), "DryRunOperation")

    def test_a_grant_of_one_attribute_is_none_of_another(self):
        self.policy({"Effect": "Allow", "Action": "ec2:ModifyInstanceAttribute", "Resource": "*",
                     "Condition": {"StringEquals": {"ec2:Attribute": "SourceDestCheck"}}})
        self.assertEqual(self.modify(SourceDestCheck={"Value": False}), "DryRunOperation")
        self.assertEqual(self.modify(DisableApiTermination={"Value": False}), "UnauthorizedOperation")

    def test_the_value_of_an_attribute_is_a_key_too(self):
        self.policy({"Effect": "Allow", "Action": "ec2:ModifyInstanceAttribute", "Resource": "*",
                     "Condition": {"StringEquals": {"ec2:Attribute/InstanceType": ["t3.micro", "t3.small"]}}})
        self.assertEqual(self.modify(InstanceType={"Value": "t3.small"}), "DryRunOperation")
        self.assertEqual(self.modify(Attribute="instanceType", Value="t3.small"), "DryRunOperation")
        self.assertEqual(self.modify(InstanceType={"Value": "t3.large"}), "UnauthorizedOperation")
        self.policy(ANYTHING, deny("ec2:ModifyInstanceMetadataOptions",
                                   StringEquals={"ec2:Attribute/HttpTokens": "optional"}))
        options = self.client(key=self.key).modify_instance_metadata_options
        self.assertEqual(code_of(options, InstanceId=self.instance, HttpTokens="optional", DryRun=True),
                         "UnauthorizedOperation")
        self.assertEqual(code_of(options, InstanceId=self.instance, HttpTokens="required", DryRun=True),
                         "DryRunOperation")

    def test_an_image_is_described_as_the_policy_says_and_not_otherwise(self):
        # AWS's own example of the key.
        self.policy({"Effect": "Allow", "Action": "ec2:ModifyImageAttribute",
                     "Resource": "arn:aws:ec2:us-east-1::image/ami-*",
                     "Condition": {"StringEquals": {"ec2:Attribute/Description": ["Production", "Development"]}}})
        modify = self.client(key=self.key).modify_image_attribute
        for given in ({"Description": {"Value": "Production"}}, {"Attribute": "description", "Value": "Development"}):
            self.assertEqual(code_of(modify, ImageId=self.host.image_id, DryRun=True, **given), "DryRunOperation")
        self.assertEqual(code_of(modify, ImageId=self.host.image_id, DryRun=True, Description={"Value": "Mine"}),
                         "UnauthorizedOperation")

    def test_who_attaches_policies_attaches_those_that_are_named(self):
        role = {"Effect": "Allow", "Action": "iam:AttachRolePolicy", "Resource": "arn:aws:iam::000000000000:role/worker",
                "Condition": {"ArnEquals": {"iam:PolicyARN": READ_ONLY}}}
        self.policy(role)
        attach = self.client("iam", key=self.key).attach_role_policy
        self.assertEqual(code_of(attach, RoleName="worker", PolicyArn=ADMINISTRATOR), "AccessDenied")
        self.assertEqual(code_of(attach, RoleName="worker", PolicyArn=READ_ONLY), "")
        self.iam.detach_role_policy(RoleName="worker", PolicyArn=READ_ONLY)
        self.policy(ANYTHING, deny("iam:Attach*", ArnEquals={"iam:PolicyARN": ADMINISTRATOR}))
        self.assertEqual(code_of(attach, RoleName="worker", PolicyArn=ADMINISTRATOR), "AccessDenied")

    def test_a_denial_of_other_networks_holds_beside_services_that_call_for_one(self):
        # AWS's own example: ViaAWSService is always there.
        self.policy(ANYTHING, deny("*", NotIpAddress={"aws:SourceIp": ["192.0.2.0/24"]},
                                   Bool={"aws:ViaAWSService": "false"}))
        self.assertEqual(code_of(self.client(key=self.key).describe_vpcs), "UnauthorizedOperation")
        self.policy(ANYTHING, deny("*", Bool={"aws:PrincipalIsAWSService": "false"}))
        self.assertEqual(code_of(self.client(key=self.key).describe_vpcs), "UnauthorizedOperation")

    def test_sessions_from_before_a_moment_are_revoked(self):
        assumed = self.client("sts").assume_role(RoleArn="arn:aws:iam::000000000000:role/worker", RoleSessionName="session")
        key = [assumed["Credentials"][name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
        now = datetime.datetime.now(datetime.timezone.utc)
        for moved, code in ((datetime.timedelta(hours=-1), ""), (datetime.timedelta(hours=1), "UnauthorizedOperation")):
            moment = (now + moved).strftime("%Y-%m-%dT%H:%M:%SZ")
            # As the console writes it.
            self.iam.put_role_policy(RoleName="worker", PolicyName="AWSRevokeOlderSessions", PolicyDocument=self.document(
                ANYTHING, deny("*", DateLessThan={"aws:TokenIssueTime": moment})))
            self.assertEqual(code_of(self.client(key=key).describe_vpcs), code)
        self.iam.put_role_policy(RoleName="worker", PolicyName="AWSRevokeOlderSessions", PolicyDocument=self.document(
            ANYTHING, deny("*", Bool={"aws:MultiFactorAuthPresent": "false"})))
        self.assertEqual(code_of(self.client(key=key).describe_vpcs), "UnauthorizedOperation")

    def test_metrics_and_alarms_are_bounded_by_namespace_and_action(self):
        self.policy({"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*",
                     "Condition": {"StringEquals": {"cloudwatch:namespace": "Shop"}}},
                    {"Effect": "Allow", "Action": "cloudwatch:PutMetricAlarm", "Resource": "*"},
                    deny("cloudwatch:PutMetricAlarm", StringLike={"cloudwatch:AlarmActions": "arn:aws:sns:*"}))
        cloudwatch = self.client("cloudwatch", key=self.key)
        data = [{"MetricName": "m", "Value": 1.0}]
        self.assertEqual(code_of(cloudwatch.put_metric_data, Namespace="Shop", MetricData=data), "")
        self.assertEqual(code_of(cloudwatch.put_metric_data, Namespace="Other", MetricData=data), "AccessDenied")
        alarm = {"AlarmName": "a", "Namespace": "Shop", "MetricName": "m", "Statistic": "Sum", "Period": 60, "Threshold": 1,
                 "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"}
        self.assertEqual(code_of(cloudwatch.put_metric_alarm, **alarm), "")
        self.client("cloudwatch").delete_alarms(AlarmNames=["a"])
        self.assertEqual(code_of(cloudwatch.put_metric_alarm, AlarmActions=["arn:aws:sns:us-east-1:000000000000:t"],
                                 **alarm), "AccessDenied")

    def test_a_group_is_deleted_by_force_where_that_is_allowed(self):
        self.policy(ANYTHING, deny("autoscaling:DeleteAutoScalingGroup", Bool={"autoscaling:ForceDelete": "true"}))
        delete = self.client("autoscaling", key=self.key).delete_auto_scaling_group
        self.assertEqual(code_of(delete, AutoScalingGroupName="none", ForceDelete=True), "AccessDenied")
        self.assertEqual(code_of(delete, AutoScalingGroupName="none", ForceDelete=False), "ValidationError")


del SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
