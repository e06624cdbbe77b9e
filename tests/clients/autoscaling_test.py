"""Auto Scaling by boto3 and the aws command line, against guests that are only simulated."""

import json
import unittest

from client_host import AwsError, SimulatedClientTest, code_of
from conditions import wait_until

ZONE = "us-east-1a"
LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
GONE = "i-00000000000000000"
SOON = 30


class GroupsTest(SimulatedClientTest):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.ec2 = cls.client()
        cls.scaling = cls.client("autoscaling")
        data = {"ImageId": cls.host.image_id, "InstanceType": "b1.tiny"}
        cls.template = cls.ec2.create_launch_template(
            LaunchTemplateName="web", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]

    def make(self, name, minimum=0, maximum=4, **more):
        source = {} if "LaunchConfigurationName" in more else {"LaunchTemplate": {"LaunchTemplateName": "web"}}
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName=name, MinSize=minimum, MaxSize=maximum, AvailabilityZones=[ZONE], **source, **more)
        self.addCleanup(self.remove, name)

    def remove(self, name):
        """Deletes the group by force, if it is there, and waits for its end."""
        if self.shown(name) is not None:
            self.scaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
        wait_until(lambda: self.shown(name) is None, SOON, f"the end of the group {name}")

    def shown(self, name):
        groups = self.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return groups[0] if groups else None

    def members(self, name, state="InService"):
        return [each["InstanceId"] for each in self.shown(name)["Instances"] if each["LifecycleState"] == state]

    def wait_members(self, name, count, state="InService"):
        wait_until(lambda: len(self.members(name, state)) == count, SOON, f"{count} members of {name} to be {state}")
        return self.members(name, state)

    def test_a_group_lives_from_its_making_to_its_end(self):
        self.make("life", 1, 3, DesiredCapacity=2, Tags=[{"Key": "team", "Value": "mist", "PropagateAtLaunch": True}])
        members = self.wait_members("life", 2)
        (reservation, *_) = self.ec2.describe_instances(InstanceIds=members[:1])["Reservations"]
        tags = {tag["Key"]: tag["Value"] for tag in reservation["Instances"][0]["Tags"]}
        self.assertEqual(tags, {"team": "mist", "aws:autoscaling:groupName": "life",
                                "aws:ec2launchtemplate:id": self.template, "aws:ec2launchtemplate:version": "1"})
        group = self.shown("life")
        self.assertEqual((group["MinSize"], group["MaxSize"], group["DesiredCapacity"]), (1, 3, 2))
        self.assertEqual(group["LaunchTemplate"],
                         {"LaunchTemplateId": self.template, "LaunchTemplateName": "web"})
        self.assertEqual(group["CreatedTime"].tzname(), "UTC")
        self.assertEqual((group["LoadBalancerNames"], group["TargetGroupARNs"]), ([], []))

        self.scaling.set_desired_capacity(AutoScalingGroupName="life", DesiredCapacity=3)
        self.wait_members("life", 3)
        self.scaling.update_auto_scaling_group(AutoScalingGroupName="life", MaxSize=1)
        self.wait_members("life", 1)
        wait_until(lambda: len(self.shown("life")["Instances"]) == 1, SOON, "the others to be gone")
        pages = self.scaling.get_paginator("describe_scaling_activities").paginate(
            AutoScalingGroupName="life", PaginationConfig={"PageSize": 2})
        said = [activity["Description"] for page in pages for activity in page["Activities"]]
        self.assertEqual(len([each for each in said if each.startswith("Launching a new EC2 instance")]), 3)
        self.assertEqual(len([each for each in said if each.startswith("Terminating EC2 instance")]), 2)

        self.assertEqual(code_of(self.scaling.delete_auto_scaling_group, AutoScalingGroupName="life"),
                         "ResourceInUse")
        self.remove("life")
        self.assertEqual(code_of(self.scaling.describe_policies, AutoScalingGroupName="life"), "ValidationError")

    def test_a_member_that_is_terminated_is_replaced(self):
        self.make("replaced", 2, 2)
        first = self.wait_members("replaced", 2)
        self.ec2.terminate_instances(InstanceIds=first[:1])
        wait_until(lambda: first[0] not in [each["InstanceId"] for each in self.shown("replaced")["Instances"]]
                   and len(self.members("replaced")) == 2, SOON, "another member in its place")
        self.scaling.set_instance_health(InstanceId=first[1], HealthStatus="Unhealthy", ShouldRespectGracePeriod=False)
        wait_until(lambda: first[1] not in self.members("replaced") and len(self.members("replaced")) == 2,
                   SOON, "another member in the place of the unhealthy one")

    def test_members_leave_their_group_and_come_back(self):
        self.make("moved", 0, 3, DesiredCapacity=2)
        one, other = self.wait_members("moved", 2)
        self.scaling.enter_standby(InstanceIds=[one], AutoScalingGroupName="moved", ShouldDecrementDesiredCapacity=True)
        self.wait_members("moved", 1, "Standby")
        self.scaling.exit_standby(InstanceIds=[one], AutoScalingGroupName="moved")
        self.wait_members("moved", 2)
        (activity,) = self.scaling.detach_instances(
            InstanceIds=[other], AutoScalingGroupName="moved", ShouldDecrementDesiredCapacity=True)["Activities"]
        self.assertIn(other, activity["Description"])
        wait_until(lambda: self.members("moved") == [one], SOON, "the other to be gone")
        wait_until(lambda: self.scaling.describe_auto_scaling_instances(InstanceIds=[other])["AutoScalingInstances"] == [],
                   SOON, "the other to be a member no more")
        self.scaling.attach_instances(InstanceIds=[other], AutoScalingGroupName="moved")
        self.assertEqual(sorted(self.wait_members("moved", 2)), sorted([one, other]))
        self.scaling.set_instance_protection(InstanceIds=[one], AutoScalingGroupName="moved", ProtectedFromScaleIn=True)
        self.scaling.set_desired_capacity(AutoScalingGroupName="moved", DesiredCapacity=1)
        wait_until(lambda: self.members("moved") == [one], SOON, "the one that is not protected to go")
        self.scaling.terminate_instance_in_auto_scaling_group(InstanceId=one, ShouldDecrementDesiredCapacity=True)
        wait_until(lambda: self.shown("moved")["Instances"] == [], SOON, "the last member to go")

    def test_a_hook_holds_a_member_until_it_is_completed(self):
        self.make("hooked", LifecycleHookSpecificationList=[
            {"LifecycleHookName": "ready", "LifecycleTransition": LAUNCHING, "HeartbeatTimeout": 300}])
        (hook,) = self.scaling.describe_lifecycle_hooks(AutoScalingGroupName="hooked")["LifecycleHooks"]
        self.assertEqual((hook["HeartbeatTimeout"], hook["GlobalTimeout"], hook["DefaultResult"]),
                         (300, 30000, "ABANDON"))
        self.scaling.set_desired_capacity(AutoScalingGroupName="hooked", DesiredCapacity=1)
        (member,) = self.wait_members("hooked", 1, "Pending:Wait")
        held = {"AutoScalingGroupName": "hooked", "LifecycleHookName": "ready", "InstanceId": member}
        self.scaling.record_lifecycle_action_heartbeat(**held)
        self.scaling.complete_lifecycle_action(**held, LifecycleActionResult="CONTINUE")
        self.wait_members("hooked", 1)

    def test_policies_schedules_and_pools_are_kept_as_they_are_given(self):
        self.make("kept", 0, 2)
        config = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
                  "TargetValue": 50.0, "DisableScaleIn": False}
        arn = self.scaling.put_scaling_policy(
            AutoScalingGroupName="kept", PolicyName="cpu", PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration=config)["PolicyARN"]
        (policy,) = self.scaling.get_paginator("describe_policies").paginate(
            AutoScalingGroupName="kept").search("ScalingPolicies[]")
        self.assertEqual((policy["PolicyARN"], policy["TargetTrackingConfiguration"]), (arn, config))
        step = self.scaling.put_scaling_policy(
            AutoScalingGroupName="kept", PolicyName="step", PolicyType="StepScaling",
            AdjustmentType="ChangeInCapacity", StepAdjustments=[{"MetricIntervalLowerBound": 0.0,
                                                                 "ScalingAdjustment": 1}])["PolicyARN"]
        self.scaling.execute_policy(PolicyName=step, MetricValue=60.0, BreachThreshold=50.0)
        self.wait_members("kept", 1)
        self.scaling.put_scheduled_update_group_action(
            AutoScalingGroupName="kept", ScheduledActionName="night", Recurrence="0 22 * * *", TimeZone="Europe/Paris",
            DesiredCapacity=0)
        (action,) = self.scaling.describe_scheduled_actions(AutoScalingGroupName="kept")["ScheduledUpdateGroupActions"]
        self.assertEqual((action["Recurrence"], action["TimeZone"], action["DesiredCapacity"]),
                         ("0 22 * * *", "Europe/Paris", 0))
        self.scaling.put_warm_pool(AutoScalingGroupName="kept", MinSize=1, PoolState="Stopped")
        wait_until(lambda: [each["LifecycleState"] for each in self.scaling.describe_warm_pool(
            AutoScalingGroupName="kept")["Instances"]] == ["Warmed:Stopped"], SOON, "a warm instance")
        self.assertEqual(self.shown("kept")["WarmPoolSize"], 1)
        self.scaling.set_desired_capacity(AutoScalingGroupName="kept", DesiredCapacity=2)
        self.wait_members("kept", 2)
        self.scaling.delete_warm_pool(AutoScalingGroupName="kept", ForceDelete=True)

    def test_a_refresh_replaces_the_members(self):
        self.make("fresh", 2, 4)
        before = self.wait_members("fresh", 2)
        refresh = self.scaling.start_instance_refresh(
            AutoScalingGroupName="fresh", Preferences={"MinHealthyPercentage": 50, "InstanceWarmup": 0})

        def status(of=refresh):
            (shown,) = self.scaling.describe_instance_refreshes(
                AutoScalingGroupName="fresh", InstanceRefreshIds=[of["InstanceRefreshId"]])["InstanceRefreshes"]
            return shown["Status"], shown["PercentageComplete"]

        wait_until(lambda: status() == ("Successful", 100), 60, "the refresh to succeed")
        self.assertEqual(set(before) & set(self.members("fresh")), set())
        # Guests that are simulated are replaced within milliseconds: this one waits at its checkpoint.
        held = self.scaling.start_instance_refresh(
            AutoScalingGroupName="fresh", Preferences={"MinHealthyPercentage": 50, "InstanceWarmup": 0,
                                                       "CheckpointPercentages": [50, 100], "CheckpointDelay": 3600})
        self.assertEqual(code_of(self.scaling.start_instance_refresh, AutoScalingGroupName="fresh"),
                         "InstanceRefreshInProgress")
        self.scaling.cancel_instance_refresh(AutoScalingGroupName="fresh")
        wait_until(lambda: status(held)[0] == "Cancelled", SOON, "the refresh to end")
        self.assertEqual(code_of(self.scaling.cancel_instance_refresh, AutoScalingGroupName="fresh"),
                         "ActiveInstanceRefreshNotFound")

    def test_groups_and_tags_are_shown_in_pages(self):
        for number in range(5):
            self.make(f"page-{number}", Tags=[{"Key": "number", "Value": str(number)}])
        pages = list(self.scaling.get_paginator("describe_auto_scaling_groups").paginate(
            Filters=[{"Name": "tag-key", "Values": ["number"]}], PaginationConfig={"PageSize": 2}))
        names = [group["AutoScalingGroupName"] for page in pages for group in page["AutoScalingGroups"]]
        self.assertEqual(names, [f"page-{number}" for number in range(5)])
        self.assertEqual(len(pages), 3)
        tags = list(self.scaling.get_paginator("describe_tags").paginate(
            Filters=[{"Name": "key", "Values": ["number"]}], PaginationConfig={"PageSize": 3}).search("Tags[]"))
        self.assertEqual([tag["Value"] for tag in tags], list("01234"))

    def test_a_launch_configuration_is_made_used_and_deleted(self):
        self.scaling.create_launch_configuration(
            LaunchConfigurationName="lc", ImageId=self.host.image_id, InstanceType="b1.tiny",
            InstanceMonitoring={"Enabled": False}, AssociatePublicIpAddress=False,
            BlockDeviceMappings=[{"DeviceName": "/dev/vda", "Ebs": {"VolumeSize": 9}}])
        (shown,) = self.scaling.get_paginator("describe_launch_configurations").paginate().search(
            "LaunchConfigurations[]")
        self.assertEqual((shown["ImageId"], shown["InstanceType"], shown["BlockDeviceMappings"][0]["Ebs"]),
                         (self.host.image_id, "b1.tiny", {"VolumeSize": 9}))
        self.make("configured", 1, 1, LaunchConfigurationName="lc")
        self.wait_members("configured", 1)
        self.assertEqual(code_of(self.scaling.delete_launch_configuration, LaunchConfigurationName="lc"),
                         "ResourceInUse")
        self.remove("configured")
        self.scaling.delete_launch_configuration(LaunchConfigurationName="lc")
        self.assertEqual(self.scaling.describe_launch_configurations()["LaunchConfigurations"], [])

    def test_what_is_asked_wrongly_is_refused_with_auto_scalings_own_codes(self):
        self.make("bad")
        named = {"AutoScalingGroupName": "bad"}
        group = {"MinSize": 0, "MaxSize": 1, "AvailabilityZones": [ZONE],
                 "LaunchTemplate": {"LaunchTemplateName": "web"}}
        for code, call, arguments in (
                ("AlreadyExists", "create_auto_scaling_group", {**group, **named}),
                ("ValidationError", "create_auto_scaling_group", {**group, "AutoScalingGroupName": "x", "MinSize": 2}),
                ("ValidationError", "create_auto_scaling_group", {
                    **group, "AutoScalingGroupName": "x", "LaunchTemplate": {"LaunchTemplateName": "none"}}),
                ("ValidationError", "set_desired_capacity", {**named, "DesiredCapacity": 9}),
                ("ValidationError", "attach_instances", {**named, "InstanceIds": [GONE]}),
                ("ValidationError", "put_lifecycle_hook", {**named, "LifecycleHookName": "h"}),
                ("ValidationError", "put_scaling_policy", {**named, "PolicyName": "p", "AdjustmentType": "x"}),
                ("ActiveInstanceRefreshNotFound", "cancel_instance_refresh", named),
                ("InvalidNextToken", "describe_auto_scaling_groups", {"NextToken": "x"}),
                ("InvalidAction", "put_notification_configuration",
                 {**named, "TopicARN": "arn:aws:sns:us-east-1:0:t", "NotificationTypes": []})):
            with self.subTest(call, **arguments):
                self.assertEqual(code_of(getattr(self.scaling, call), **arguments), code)

    def test_the_aws_command_line_manages_a_group(self):
        self.aws("autoscaling", "create-auto-scaling-group", "--auto-scaling-group-name", "cli", "--min-size", "0",
                 "--max-size", "2", "--desired-capacity", "1", "--availability-zones", ZONE, "--launch-template",
                 "LaunchTemplateName=web,Version=$Latest", "--tags", "Key=Name,Value=web,PropagateAtLaunch=true")
        self.addCleanup(self.remove, "cli")
        self.wait_members("cli", 1)
        self.aws("autoscaling", "put-scaling-policy", "--auto-scaling-group-name", "cli", "--policy-name", "out",
                 "--adjustment-type", "ChangeInCapacity", "--scaling-adjustment", "1")
        self.aws("autoscaling", "execute-policy", "--auto-scaling-group-name", "cli", "--policy-name", "out")
        self.wait_members("cli", 2)
        names = self.aws("ec2", "describe-instances", "--filters", "Name=tag:aws:autoscaling:groupName,Values=cli",
                         "--query", "Reservations[].Instances[].Tags[?Key=='Name'].Value[]", "--output", "text")
        self.assertEqual(names.split(), ["web", "web"])
        self.aws("autoscaling", "suspend-processes", "--auto-scaling-group-name", "cli", "--scaling-processes",
                 "Terminate")
        (suspended,) = self.aws("autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names", "cli",
                                "--query", "AutoScalingGroups[].SuspendedProcesses[].ProcessName")
        self.assertEqual(suspended, "Terminate")
        self.aws("autoscaling", "resume-processes", "--auto-scaling-group-name", "cli")
        self.aws("autoscaling", "enable-metrics-collection", "--auto-scaling-group-name", "cli", "--granularity",
                 "1Minute")
        self.aws("autoscaling", "delete-auto-scaling-group", "--auto-scaling-group-name", "cli", "--force-delete")
        wait_until(lambda: self.shown("cli") is None, SOON, "the end of the group")
        with self.assertRaises(AwsError) as caught:
            self.aws("autoscaling", "set-desired-capacity", "--auto-scaling-group-name", "cli", "--desired-capacity",
                     "1")
        self.assertEqual(caught.exception.code, "ValidationError")

    def test_brumes_own_command_line_pages_by_max_records(self):
        for number in range(3):
            self.make(f"own-{number}")
        said = self.host.brume("--output", "json", "autoscaling", "describe-auto-scaling-groups", "--page-size", "2")
        names = [group["AutoScalingGroupName"] for group in json.loads(said)["AutoScalingGroups"]]
        self.assertEqual(names, ["own-0", "own-1", "own-2"])


del SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
