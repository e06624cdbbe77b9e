"""Auto Scaling by the aws command line, against guests that boot: as a tutorial tells it."""

import json
import unittest

from client_host import ClientTest
from conditions import wait_until
from guest import Guest

BOOT = 120


class TutorialTest(ClientTest):
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


del ClientTest

if __name__ == "__main__":
    unittest.main()
