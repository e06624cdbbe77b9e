"""The calls of Terraform's AWS provider for groups, alarms and identities: create, read until it is stable, read again and
find no difference, update, delete, and the code or empty answer that the provider takes for gone."""

import json
import unittest
import urllib.parse

from botocore.exceptions import ClientError
from client_host import SimulatedClientTest, code_of
from conditions import wait_until

ZONE = "us-east-1a"
SOON = 30
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]})
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]})
TOPIC = "arn:aws:sns:us-east-1:123456789012:ops"


def pairs(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def as_map(tags):
    return {tag["Key"]: tag["Value"] for tag in tags}


class TerraformServicesTest(SimulatedClientTest):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.ec2, cls.scaling = cls.client(), cls.client("autoscaling")
        cls.cloudwatch, cls.iam = cls.client("cloudwatch"), cls.client("iam")

    # ---- Auto Scaling

    def group(self, name):
        groups = self.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return groups[0] if groups else None

    def make_group(self, name, **more):
        template = self.ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={"ImageId": self.host.image_id, "InstanceType": "b1.tiny"})["LaunchTemplate"]
        self.addCleanup(self.ec2.delete_launch_template, LaunchTemplateId=template["LaunchTemplateId"])
        subnets = self.ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": [ZONE]}])["Subnets"]
        if "MixedInstancesPolicy" not in more:
            more["LaunchTemplate"] = {"LaunchTemplateId": template["LaunchTemplateId"], "Version": "$Latest"}
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName=name, HealthCheckGracePeriod=300, NewInstancesProtectedFromScaleIn=False,
            VPCZoneIdentifier=subnets[0]["SubnetId"], **more)
        self.addCleanup(self.remove_group, name)
        return template

    def remove_group(self, name):
        """As the provider does: empties the group, then deletes it, and waits until it is shown no more."""
        if self.group(name) is None:
            return
        self.scaling.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=0, MaxSize=0, DesiredCapacity=0)
        wait_until(lambda: not self.group(name)["Instances"], SOON, f"the members of {name} to go")
        self.scaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=False)
        wait_until(lambda: self.group(name) is None, SOON, f"the end of {name}")

    def wait_capacity(self, name, count):
        def in_service():
            return [each for each in self.group(name)["Instances"] if each["LifecycleState"] == "InService"]
        wait_until(lambda: len(in_service()) == count, SOON, f"{count} members of {name}")

    def test_aws_autoscaling_group(self):
        template = self.make_group(
            "tf-group", MinSize=1, MaxSize=3, DesiredCapacity=1,
            Tags=[{"Key": "Name", "Value": "one", "PropagateAtLaunch": True, "ResourceId": "tf-group",
                   "ResourceType": "auto-scaling-group"}])
        self.wait_capacity("tf-group", 1)
        self.scaling.describe_scaling_activities(AutoScalingGroupName="tf-group")
        self.scaling.enable_metrics_collection(
            AutoScalingGroupName="tf-group", Granularity="1Minute", Metrics=["GroupMinSize"])
        shown = self.read_twice(lambda: self.group("tf-group"))
        self.assertEqual(shown["LaunchTemplate"]["Version"], "$Latest")
        self.assertEqual(shown["LaunchTemplate"]["LaunchTemplateName"], template["LaunchTemplateName"])
        self.assertIn(":role/aws-service-role/autoscaling.amazonaws.com/", shown["ServiceLinkedRoleARN"])
        self.assertEqual(shown["TerminationPolicies"], ["Default"])
        self.assertEqual((shown["LoadBalancerNames"], shown["TargetGroupARNs"]), ([], []))
        # Newer SDKs name no type; Debian's would not let one leave it out.
        newer = self.client("autoscaling", parameter_validation=False)
        self.assertEqual(newer.describe_traffic_sources(AutoScalingGroupName="tf-group")["TrafficSources"], [])

        self.scaling.update_auto_scaling_group(
            AutoScalingGroupName="tf-group", NewInstancesProtectedFromScaleIn=False, MaxSize=4, DesiredCapacity=2,
            LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"], "Version": "1"})
        self.scaling.create_or_update_tags(Tags=[{
            "Key": "Name", "Value": "two", "PropagateAtLaunch": True, "ResourceId": "tf-group",
            "ResourceType": "auto-scaling-group"}])
        self.wait_capacity("tf-group", 2)
        shown = self.read_twice(lambda: self.group("tf-group"))
        self.assertEqual((shown["MaxSize"], shown["LaunchTemplate"]["Version"]), (4, "1"))
        self.assertEqual(as_map(shown["Tags"]), {"Name": "two"})

        started = self.scaling.start_instance_refresh(
            AutoScalingGroupName="tf-group", Strategy="Rolling",
            Preferences={"MinHealthyPercentage": 90, "SkipMatching": True})["InstanceRefreshId"]

        def refresh():
            return self.scaling.describe_instance_refreshes(
                AutoScalingGroupName="tf-group", InstanceRefreshIds=[started])["InstanceRefreshes"][0]
        wait_until(lambda: refresh()["Status"] == "Successful", SOON, "the end of the refresh")
        self.remove_group("tf-group")
        self.assertIsNone(self.group("tf-group"))

    def test_aws_autoscaling_group_mixed(self):
        for name in ("tf-mixed-a", "tf-mixed-b"):
            self.ec2.create_launch_template(
                LaunchTemplateName=name,
                LaunchTemplateData={"ImageId": self.host.image_id, "InstanceType": "b1.tiny"})
            self.addCleanup(self.ec2.delete_launch_template, LaunchTemplateName=name)
        self.make_group("tf-mixed", MinSize=0, MaxSize=4, DesiredCapacity=2, MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateName": "tf-mixed-a", "Version": "$Default"},
                "Overrides": [
                    {"InstanceType": "b1.small", "WeightedCapacity": "2",
                     "LaunchTemplateSpecification": {"LaunchTemplateName": "tf-mixed-b", "Version": "1"}},
                    {"InstanceType": "b1.tiny", "WeightedCapacity": "1"}]},
            "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 50,
                                      "SpotAllocationStrategy": "price-capacity-optimized"}})
        self.wait_capacity("tf-mixed", 1)
        shown = self.read_twice(lambda: self.group("tf-mixed"))
        self.assertEqual(shown["Instances"][0]["WeightedCapacity"], "2")
        policy = shown["MixedInstancesPolicy"]
        self.assertEqual(policy["InstancesDistribution"], {
            "OnDemandAllocationStrategy": "prioritized", "OnDemandBaseCapacity": 0,
            "OnDemandPercentageAboveBaseCapacity": 50, "SpotAllocationStrategy": "price-capacity-optimized"})
        overrides = policy["LaunchTemplate"]["Overrides"]
        self.assertEqual(overrides[0]["LaunchTemplateSpecification"]["LaunchTemplateName"], "tf-mixed-b")
        self.assertEqual([each["WeightedCapacity"] for each in overrides], ["2", "1"])
        self.remove_group("tf-mixed")

    def test_aws_autoscaling_policy(self):
        self.make_group("tf-policy", MinSize=0, MaxSize=2)
        tracking = {"TargetValue": 40.0, "DisableScaleIn": False, "CustomizedMetricSpecification": {"Metrics": [
            {"Id": "m1", "ReturnData": False, "MetricStat": {"Stat": "Sum", "Metric": {
                "Namespace": "App", "MetricName": "Queue", "Dimensions": [{"Name": "Name", "Value": "q"}]}}},
            {"Id": "e1", "Expression": "FILL(m1, 0)", "Label": "backlog", "ReturnData": True}]}}
        policies = {
            "track": {"PolicyType": "TargetTrackingScaling", "TargetTrackingConfiguration": tracking},
            "step": {"PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity", "MetricAggregationType": "Average",
                     "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]},
            "simple": {"PolicyType": "SimpleScaling", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1,
                       "Cooldown": 60}}
        for name, policy in policies.items():
            self.scaling.put_scaling_policy(AutoScalingGroupName="tf-policy", PolicyName=name, Enabled=True, **policy)

            def read(name=name):
                return self.scaling.describe_policies(
                    AutoScalingGroupName="tf-policy", PolicyNames=[name])["ScalingPolicies"]
            (shown,) = self.read_twice(read)
            self.assertEqual(shown["PolicyType"], policy["PolicyType"])
            # What a policy on metric maths does not have is an empty list.
            shown.get("TargetTrackingConfiguration", {}).get("CustomizedMetricSpecification", {}).pop("Dimensions", None)
            for member in policy:
                self.assertEqual(shown[member], policy[member], f"{name}: {member}")
            self.scaling.put_scaling_policy(AutoScalingGroupName="tf-policy", PolicyName=name, Enabled=False, **policy)
            (shown,) = self.read_twice(read)
            self.assertFalse(shown["Enabled"])
            self.scaling.delete_policy(AutoScalingGroupName="tf-policy", PolicyName=name)
            self.assertEqual(read(), [])
        with self.assertRaises(ClientError) as caught:
            self.scaling.describe_policies(AutoScalingGroupName="tf-none", PolicyNames=["track"])
        self.assertEqual(caught.exception.response["Error"]["Code"], "ValidationError")
        self.assertIn("not found", caught.exception.response["Error"]["Message"])

    def test_aws_autoscaling_schedule(self):
        self.make_group("tf-schedule", MinSize=0, MaxSize=2)
        self.scaling.put_scheduled_update_group_action(
            AutoScalingGroupName="tf-schedule", ScheduledActionName="night", Recurrence="0 22 * * *", MinSize=0, MaxSize=1,
            DesiredCapacity=0, TimeZone="Europe/Paris")

        def read():
            return self.scaling.describe_scheduled_actions(
                AutoScalingGroupName="tf-schedule", ScheduledActionNames=["night"])["ScheduledUpdateGroupActions"]
        (shown,) = self.read_twice(read)
        self.assertEqual((shown["Recurrence"], shown["TimeZone"]), ("0 22 * * *", "Europe/Paris"))
        self.scaling.put_scheduled_update_group_action(
            AutoScalingGroupName="tf-schedule", ScheduledActionName="night", Recurrence="0 23 * * *", MinSize=0, MaxSize=1,
            DesiredCapacity=0)
        self.assertEqual(self.read_twice(read)[0]["Recurrence"], "0 23 * * *")
        self.scaling.delete_scheduled_action(AutoScalingGroupName="tf-schedule", ScheduledActionName="night")
        self.assertEqual(read(), [])
        done = self.scaling.batch_put_scheduled_update_group_action(
            AutoScalingGroupName="tf-schedule", ScheduledUpdateGroupActions=[
                {"ScheduledActionName": "a", "Recurrence": "0 1 * * *", "MinSize": 0},
                {"ScheduledActionName": "b", "Recurrence": "nonsense", "MinSize": 0}])
        self.assertEqual([each["ScheduledActionName"] for each in done["FailedScheduledUpdateGroupActions"]], ["b"])
        done = self.scaling.batch_delete_scheduled_action(
            AutoScalingGroupName="tf-schedule", ScheduledActionNames=["a", "none"])
        self.assertEqual([each["ScheduledActionName"] for each in done["FailedScheduledActions"]], ["none"])

    # ---- CloudWatch

    def alarm(self, name):
        alarms = self.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        # What an evaluation may set between two reads.
        volatile = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp")
        return {key: value for key, value in alarms[0].items() if key not in volatile} if alarms else None

    def test_aws_cloudwatch_metric_alarm(self):
        common = {"ActionsEnabled": True, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "EvaluationPeriods": 2,
                  "Threshold": 1.0, "TreatMissingData": "missing"}
        alarms = {
            "tf-topic": {"MetricName": "CPUUtilization", "Namespace": "AWS/EC2", "Period": 60, "Statistic": "Maximum",
                         "AlarmActions": [TOPIC], "OKActions": [TOPIC], "AlarmDescription": "busy",
                         "Dimensions": [{"Name": "InstanceId", "Value": "i-0123456789abcdef0"}]},
            "tf-percentile": {"MetricName": "Latency", "Namespace": "App", "Period": 60, "ExtendedStatistic": "p99",
                              "EvaluateLowSampleCountPercentile": "ignore", "DatapointsToAlarm": 1},
            "tf-maths": {"Metrics": [
                {"Id": "e1", "Expression": "IF(HOUR(m1) > 19 OR HOUR(m1) < 2, m1)", "Label": "at night", "Period": 60,
                 "ReturnData": True},
                {"Id": "m1", "ReturnData": False, "MetricStat": {"Period": 60, "Stat": "Average", "Metric": {
                    "Namespace": "Field", "MetricName": "writes", "Dimensions": [{"Name": "Table", "Value": "t"}]}}}]}}
        for name, more in alarms.items():
            definition = {**common, **more}
            self.cloudwatch.put_metric_alarm(AlarmName=name, **definition, Tags=pairs({"team": "mist"}))
            shown = self.read_twice(lambda name=name: self.alarm(name))
            for member, value in definition.items():
                self.assertEqual(shown[member], value, f"{name}: {member}")
            arn = shown["AlarmArn"]
            self.assertEqual(as_map(self.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]), {"team": "mist"})
            self.cloudwatch.put_metric_alarm(AlarmName=name, **{**definition, "Threshold": 2.0})
            self.cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["team"])
            self.cloudwatch.tag_resource(ResourceARN=arn, Tags=pairs({"team": "fog"}))
            self.assertEqual(self.read_twice(lambda name=name: self.alarm(name))["Threshold"], 2.0)
            self.assertEqual(as_map(self.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]), {"team": "fog"})
            self.cloudwatch.delete_alarms(AlarmNames=[name])
            self.assertIsNone(self.alarm(name))
            self.assertEqual(code_of(self.cloudwatch.delete_alarms, AlarmNames=[name]), "ResourceNotFound")

    # ---- IAM

    def read_iam(self, call, member, **arguments):
        shown = self.read_twice(lambda: call(**arguments)[member])
        return shown, as_map(shown.get("Tags", []))

    def test_aws_iam_user(self):
        iam = self.iam
        iam.create_user(Path="/", UserName="tf-user", Tags=pairs({"team": "mist", "old": "x"}))
        _, tags = self.read_iam(iam.get_user, "User", UserName="tf-user")
        self.assertEqual(tags, {"team": "mist", "old": "x"})
        iam.untag_user(UserName="tf-user", TagKeys=["old"])
        iam.tag_user(UserName="tf-user", Tags=pairs({"team": "fog"}))
        iam.update_user(UserName="tf-user", NewUserName="tf-user2", NewPath="/staff/")
        shown, tags = self.read_iam(iam.get_user, "User", UserName="tf-user2")
        self.assertEqual((shown["Path"], tags), ("/staff/", {"team": "fog"}))
        iam.create_group(GroupName="tf-group")
        iam.add_user_to_group(GroupName="tf-group", UserName="tf-user2")
        key = iam.create_access_key(UserName="tf-user2")["AccessKey"]["AccessKeyId"]
        # force_destroy
        for group in iam.list_groups_for_user(UserName="tf-user2")["Groups"]:
            iam.remove_user_from_group(GroupName=group["GroupName"], UserName="tf-user2")
        self.assertEqual([each["AccessKeyId"] for each in iam.list_access_keys(UserName="tf-user2")["AccessKeyMetadata"]],
                         [key])
        iam.delete_access_key(UserName="tf-user2", AccessKeyId=key)
        self.assertEqual(iam.list_ssh_public_keys(UserName="tf-user2")["SSHPublicKeys"], [])
        self.assertEqual(iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"], [])
        self.assertEqual(iam.list_mfa_devices(UserName="tf-user2")["MFADevices"], [])
        self.assertEqual(code_of(iam.get_login_profile, UserName="tf-user2"), "NoSuchEntity")
        self.assertEqual(code_of(iam.delete_login_profile, UserName="tf-user2"), "NoSuchEntity")
        self.assertEqual(iam.list_signing_certificates(UserName="tf-user2")["Certificates"], [])
        self.assertEqual(iam.list_service_specific_credentials(UserName="tf-user2")["ServiceSpecificCredentials"], [])
        iam.delete_user(UserName="tf-user2")
        iam.delete_group(GroupName="tf-group")
        self.assertEqual(code_of(iam.get_user, UserName="tf-user2"), "NoSuchEntity")

    def test_aws_iam_role_and_instance_profile(self):
        iam = self.iam
        iam.create_role(Path="/", RoleName="tf-role", AssumeRolePolicyDocument=TRUST, MaxSessionDuration=3600,
                        Tags=pairs({"team": "mist"}))
        shown, tags = self.read_iam(iam.get_role, "Role", RoleName="tf-role")
        self.assertEqual(tags, {"team": "mist"})
        self.assertEqual(shown["AssumeRolePolicyDocument"], json.loads(TRUST))
        iam.update_role_description(RoleName="tf-role", Description="runs things")
        iam.update_role(RoleName="tf-role", MaxSessionDuration=7200)
        iam.update_assume_role_policy(RoleName="tf-role", PolicyDocument=TRUST)
        iam.tag_role(RoleName="tf-role", Tags=pairs({"team": "fog"}))
        iam.untag_role(RoleName="tf-role", TagKeys=["none"])
        shown, tags = self.read_iam(iam.get_role, "Role", RoleName="tf-role")
        self.assertEqual((shown["Description"], shown["MaxSessionDuration"], tags), ("runs things", 7200, {"team": "fog"}))
        managed = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
        iam.attach_role_policy(RoleName="tf-role", PolicyArn=managed)
        self.assertEqual([each["PolicyArn"] for each in
                          iam.list_attached_role_policies(RoleName="tf-role")["AttachedPolicies"]], [managed])
        self.assertEqual(iam.list_role_policies(RoleName="tf-role")["PolicyNames"], [])

        iam.create_instance_profile(InstanceProfileName="tf-profile", Path="/", Tags=pairs({"team": "mist"}))
        iam.add_role_to_instance_profile(InstanceProfileName="tf-profile", RoleName="tf-role")
        shown, tags = self.read_iam(iam.get_instance_profile, "InstanceProfile", InstanceProfileName="tf-profile")
        self.assertEqual(([role["RoleName"] for role in shown["Roles"]], tags), (["tf-role"], {"team": "mist"}))
        iam.tag_instance_profile(InstanceProfileName="tf-profile", Tags=pairs({"team": "fog"}))
        _, tags = self.read_iam(iam.get_instance_profile, "InstanceProfile", InstanceProfileName="tf-profile")
        self.assertEqual(tags, {"team": "fog"})

        for profile in iam.list_instance_profiles_for_role(RoleName="tf-role")["InstanceProfiles"]:
            iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName="tf-role")
        iam.delete_instance_profile(InstanceProfileName="tf-profile")
        self.assertEqual(code_of(iam.get_instance_profile, InstanceProfileName="tf-profile"), "NoSuchEntity")
        iam.detach_role_policy(RoleName="tf-role", PolicyArn=managed)
        iam.delete_role(RoleName="tf-role")
        self.assertEqual(code_of(iam.get_role, RoleName="tf-role"), "NoSuchEntity")

    def test_aws_iam_policy(self):
        iam = self.iam
        arn = iam.create_policy(PolicyName="tf-policy", Path="/", PolicyDocument=ALLOW, Description="all of EC2",
                                Tags=pairs({"team": "mist"}))["Policy"]["Arn"]
        shown, tags = self.read_iam(iam.get_policy, "Policy", PolicyArn=arn)
        self.assertEqual((shown["DefaultVersionId"], tags), ("v1", {"team": "mist"}))
        version, _ = self.read_iam(iam.get_policy_version, "PolicyVersion", PolicyArn=arn, VersionId="v1")
        document = version["Document"]
        self.assertEqual(document if isinstance(document, dict) else json.loads(urllib.parse.unquote(document)),
                         json.loads(ALLOW))
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=ALLOW, SetAsDefault=True)
        iam.tag_policy(PolicyArn=arn, Tags=pairs({"team": "fog"}))
        shown, tags = self.read_iam(iam.get_policy, "Policy", PolicyArn=arn)
        self.assertEqual((shown["DefaultVersionId"], tags), ("v2", {"team": "fog"}))
        for each in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not each["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=each["VersionId"])
        iam.delete_policy(PolicyArn=arn)
        self.assertEqual(code_of(iam.get_policy, PolicyArn=arn), "NoSuchEntity")


if __name__ == "__main__":
    unittest.main()
