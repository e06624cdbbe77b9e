"""Auto Scaling and CloudWatch by the aws command line and boto3, against guests that boot: as a tutorial tells it."""

import datetime
import json
import unittest

from client_host import ClientTest
from conditions import wait_until
from guest import Guest

BOOT = 120


class TutorialTest(ClientTest):
    config = {"monitoring": {"period_seconds": 2}}

    @classmethod
    def prepare(cls):
        cls.host.prepare()

    def group(self):
        groups = self.aws("autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names", "web")
        return groups["AutoScalingGroups"][0] if groups["AutoScalingGroups"] else None

    def in_service(self):
        return sorted(each["InstanceId"] for each in self.group()["Instances"] if each["LifecycleState"] == "InService")

    def wait_in_service(self, count):
        wait_until(lambda: len(self.in_service()) == count and len(self.group()["Instances"]) == count, BOOT,
                   f"{count} members to be in service", every=0.5)
        return self.in_service()

    def test_a_group_of_guests_is_made_grows_replaces_a_guest_that_died_and_goes(self):
        self.aws("ec2", "create-launch-template", "--launch-template-name", "web", "--launch-template-data", json.dumps(
            {"ImageId": self.host.image_id, "InstanceType": "t3.nano", "KeyName": self.host.key_name}))
        self.aws("autoscaling", "create-auto-scaling-group", "--auto-scaling-group-name", "web", "--min-size", "1",
                 "--max-size", "2", "--launch-template", "LaunchTemplateName=web,Version=$Latest",
                 "--availability-zones", "us-east-1a", "--tags", "Key=Name,Value=web,PropagateAtLaunch=true")
        (first,) = self.wait_in_service(1)
        guest = Guest(self.host, first)
        guest.wait_ssh()

        self.aws("autoscaling", "set-desired-capacity", "--auto-scaling-group-name", "web", "--desired-capacity", "2")
        members = self.wait_in_service(2)
        self.assertIn(first, members)

        guest.kill_qemu()
        wait_until(lambda: first not in self.in_service(), BOOT, "the dead guest to be taken out", every=0.5)
        after = self.wait_in_service(2)
        self.assertNotIn(first, after)
        causes = self.aws("autoscaling", "describe-scaling-activities", "--auto-scaling-group-name", "web", "--query",
                          "Activities[].Cause", "--output", "text")
        self.assertIn("health check", causes)

        self.aws("autoscaling", "delete-auto-scaling-group", "--auto-scaling-group-name", "web", "--force-delete")
        wait_until(lambda: self.group() is None, BOOT, "the end of the group", every=0.5)
        for instance in after:
            self.assertIn(Guest(self.host, instance).state, ("shutting-down", "terminated"))
        self.aws("ec2", "wait", "instance-terminated", "--instance-ids", *after)
        self.aws("ec2", "delete-launch-template", "--launch-template-name", "web")

    def test_an_alarm_on_the_metrics_of_a_group_has_it_grow_by_its_policy(self):
        scaling, watch = self.client("autoscaling"), self.client("cloudwatch")
        made = self.client().create_launch_template(LaunchTemplateName="watched", LaunchTemplateData={
            "ImageId": self.host.image_id, "InstanceType": "b1.tiny"})["LaunchTemplate"]
        scaling.create_auto_scaling_group(
            AutoScalingGroupName="web", MinSize=1, MaxSize=2, AvailabilityZones=["us-east-1a"],
            LaunchTemplate={"LaunchTemplateId": made["LaunchTemplateId"], "Version": "$Latest"})
        self.wait_in_service(1)
        policy = scaling.put_scaling_policy(
            AutoScalingGroupName="web", PolicyName="more", PolicyType="StepScaling", AdjustmentType="ChangeInCapacity",
            StepAdjustments=[{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}])["PolicyARN"]
        group = {"Name": "AutoScalingGroupName", "Value": "web"}

        def measured():
            now, minute = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(minutes=1)
            return watch.get_metric_statistics(
                Namespace="AWS/EC2", MetricName="CPUUtilization", Dimensions=[group], Period=60, Statistics=["Average"],
                StartTime=now - 10 * minute, EndTime=now + minute)["Datapoints"]
        wait_until(measured, BOOT, "the group to be measured", every=0.5)
        # Whatever the guests use is at least nothing.
        watch.put_metric_alarm(
            AlarmName="busy", Namespace="AWS/EC2", MetricName="CPUUtilization", Dimensions=[group], Statistic="Average",
            Period=10, EvaluationPeriods=1, Threshold=0, ComparisonOperator="GreaterThanOrEqualToThreshold",
            AlarmActions=[policy])
        self.addCleanup(watch.delete_alarms, AlarmNames=["busy"])
        self.wait_in_service(2)
        (alarm,) = self.aws("cloudwatch", "describe-alarms", "--alarm-names", "busy")["MetricAlarms"]
        self.assertEqual(alarm["StateValue"], "ALARM")
        causes = [each["Cause"] for each in
                  scaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"]]
        self.assertTrue(any("alarm busy in state ALARM triggered policy more" in cause for cause in causes), causes)
        history = self.aws("cloudwatch", "describe-alarm-history", "--alarm-name", "busy", "--history-item-type",
                           "Action")["AlarmHistoryItems"]
        self.assertTrue(history)
        scaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
        wait_until(lambda: self.group() is None, BOOT, "the end of the group", every=0.5)


del ClientTest

if __name__ == "__main__":
    unittest.main()
