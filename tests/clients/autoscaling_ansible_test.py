"""Ansible's modules for Auto Scaling: what a playbook wants comes about, once, and goes again, with guests that boot."""

import unittest

from client_host import ClientTest
from conditions import wait_until
from playbook import play


class AnsibleTest(ClientTest):
    @classmethod
    def prepare(cls):
        cls.host.prepare()

    def play(self, wanted, size=2):
        return play(self, "autoscaling_playbook.yml", image=self.host.image_id, wanted=wanted, size=size)

    def remove_group(self):
        """So that a test that failed leaves none behind that launches instances anew."""
        scaling = self.client("autoscaling")
        if scaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
            scaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
        wait_until(lambda: not scaling.describe_auto_scaling_groups()["AutoScalingGroups"], 120, "the group's end")

    def test_a_playbook_makes_a_group_changes_nothing_then_resizes_it_and_takes_it_away(self):
        self.addCleanup(self.remove_group)
        changed, results = self.play("present")
        self.assertEqual(changed, 5)
        (group,) = results["what is there"]["results"]
        self.assertEqual((group["desired_capacity"], len(group["instances"])), (2, 2))
        self.assertEqual({each["lifecycle_state"] for each in group["instances"]}, {"InService"})
        self.assertEqual({each["availability_zone"] for each in group["instances"]}, {"us-east-1a", "us-east-1b"})
        self.assertEqual(group["launch_configuration_name"], "web")

        changed, results = self.play("present")
        self.assertEqual(changed, 0, results)

        changed, results = self.play("present", size=3)
        self.assertEqual(changed, 1, results)
        (group,) = results["what is there"]["results"]
        self.assertEqual(len(group["instances"]), 3)

        changed, _ = self.play("absent")
        self.assertEqual(changed, 2)
        self.assertEqual(self.play("absent")[0], 0)


del ClientTest

if __name__ == "__main__":
    unittest.main()
