"""Auto Scaling groups of guests that boot: they follow a load inside them, and what happens to them."""

import os
import signal
import unittest

from conditions import wait_until
from guest import Guest
from harness import HostTest

PERIOD = 2  # seconds between samples


class ScalingTest(HostTest):
    config = {"monitoring": {"period_seconds": PERIOD}}

    @classmethod
    def prepare(cls):
        data = {"ImageId": cls.host.image_id, "InstanceType": "b1.tiny", "KeyName": cls.host.key_name}
        made = cls.host.api("create-launch-template", launch_template_name="web", launch_template_data=data)
        cls.template = made["LaunchTemplate"]["LaunchTemplateId"]
        cls.subnet = cls.host.api("describe-subnets")["Subnets"][0]["SubnetId"]

    def tearDown(self):
        # The next test has the host's processors to itself.
        self.host.delete_groups()
        super().tearDown()

    def make_group(self, min_size, max_size, desired, **arguments):
        arguments.setdefault("launch_template", {"LaunchTemplateId": self.template})
        self.host.api("create-auto-scaling-group", auto_scaling_group_name="web", min_size=min_size, max_size=max_size,
                      desired_capacity=desired, vpc_zone_identifier=self.subnet, **arguments)

    def group(self):
        answer = self.host.api("describe-auto-scaling-groups", auto_scaling_group_names=["web"])
        return answer["AutoScalingGroups"][0]

    def members(self, state="InService"):
        return [Guest(self.host, member["InstanceId"]) for member in self.group().get("Instances", [])
                if member["LifecycleState"] == state]

    def wait_members(self, count, state="InService", seconds=90):
        return wait_until(lambda: len(self.members(state)) == count and self.members(state), seconds,
                          lambda: f"{count} members {state}: {self.group()} {self.activities()[:3]}")

    def activities(self):
        return self.host.api("describe-scaling-activities", auto_scaling_group_name="web").get("Activities", [])

    def test_a_cpu_load_inside_a_guest_grows_the_group_and_its_end_shrinks_it(self):
        self.make_group(1, 3, 1, default_instance_warmup=10)
        guest = self.wait_members(1)[0]
        guest.wait_ssh()
        self.host.api("put-scaling-policy", auto_scaling_group_name="web", policy_name="cpu",
                      policy_type="TargetTrackingScaling", target_tracking_configuration={
                          "TargetValue": 40,
                          "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}})
        guest.ssh("(while :; do :; done) >/dev/null 2>&1 & echo $! >/tmp/busy")
        wait_until(lambda: len(self.members()) > 1, 120, lambda: f"the group to grow: {self.group()}")
        self.assertTrue(any("target tracking policy cpu" in activity["Cause"] for activity in self.activities()))
        guest.ssh("kill $(cat /tmp/busy)")
        wait_until(lambda: len(self.members()) == 1, 240,
                   lambda: f"the group to shrink: {self.group()} {self.activities()[:3]}")
        self.assertEqual(self.group()["DesiredCapacity"], 1)

    def test_a_guest_that_dies_in_any_way_is_replaced_and_nothing_of_it_stays(self):
        self.make_group(1, 2, 1)
        ways = (lambda guest: guest.kill_qemu(), lambda guest: guest.terminate(),
                lambda guest: guest.ssh("poweroff", check=False))
        for way in ways:
            guest = self.wait_members(1)[0]
            guest.wait_ssh()
            way(guest)
            wait_until(lambda: [each.id for each in self.members()] not in ([], [guest.id]), 60,
                       lambda: f"the replacement of {guest.id}: {self.group()}")
            guest.wait_state("terminated", 60)
        causes = [activity["Cause"] for activity in self.activities()]
        self.assertTrue(any("EC2 health check" in cause for cause in causes), causes)

    def test_a_guest_that_its_owner_calls_unhealthy_is_replaced(self):
        self.make_group(1, 2, 1)
        guest = self.wait_members(1)[0]
        guest.wait_ssh()
        self.host.api("set-instance-health", instance_id=guest.id, health_status="Unhealthy")
        wait_until(lambda: [each.id for each in self.members()] not in ([], [guest.id]), 60,
                   lambda: f"the replacement of {guest.id}: {self.group()}")

    def test_a_guest_reads_where_it_is_going_and_a_hook_waits_for_it(self):
        hook = {"LifecycleHookName": "setup", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
                "HeartbeatTimeout": 300, "DefaultResult": "ABANDON"}
        self.make_group(0, 1, 1, lifecycle_hook_specification_list=[hook])
        guest = self.wait_members(1, "Pending:Wait")[0]
        guest.wait_ssh()
        token = guest.imds_token()
        self.assertEqual(guest.imds("meta-data/autoscaling/target-lifecycle-state", token), (200, "InService"))
        self.host.api("complete-lifecycle-action", auto_scaling_group_name="web", lifecycle_hook_name="setup",
                      instance_id=guest.id, lifecycle_action_result="CONTINUE")
        self.wait_members(1)
        self.assertEqual(self.activities()[0]["StatusCode"], "Successful")

    def test_a_warm_pool_keeps_stopped_guests_that_start_again(self):
        self.make_group(0, 2, 0)
        self.host.api("put-warm-pool", auto_scaling_group_name="web", min_size=1, max_group_prepared_capacity=1)

        def pool():
            shown = self.host.api("describe-warm-pool", auto_scaling_group_name="web").get("Instances", [])
            return [member["InstanceId"] for member in shown if member["LifecycleState"] == "Warmed:Stopped"]
        wait_until(pool, 90, "a member that was prepared and stopped")
        warm = Guest(self.host, pool()[0])
        self.assertEqual(warm.state, "stopped")
        self.host.api("set-desired-capacity", auto_scaling_group_name="web", desired_capacity=1)
        self.assertEqual(self.wait_members(1)[0].id, warm.id)
        warm.wait_ssh()

    def test_a_template_whose_image_has_gone_fails_the_activity_with_its_reason(self):
        image = self.host.add_image(name="other")
        data = {"ImageId": image, "InstanceType": "b1.tiny"}
        made = self.host.api("create-launch-template", launch_template_name="lost",
                             launch_template_data=data)["LaunchTemplate"]["LaunchTemplateId"]
        self.host.api("deregister-image", image_id=image)
        self.make_group(0, 1, 1, launch_template={"LaunchTemplateId": made})
        wait_until(lambda: len(self.activities()) >= 2, 30, "two launches to be tried")
        failed = self.activities()[0]
        self.assertEqual(failed["StatusCode"], "Failed")
        self.assertIn(image, failed["StatusMessage"])
        self.assertEqual(self.group().get("Instances", []), [])

    def test_a_restart_of_the_daemon_changes_nothing_and_misses_nothing(self):
        self.make_group(2, 3, 2)
        before = sorted(guest.id for guest in self.wait_members(2))
        self.host.kill()
        self.host.start()
        self.assertEqual(sorted(guest.id for guest in self.wait_members(2)), before)
        # What happens while nobody watches is seen when somebody does.
        lost = Guest(self.host, before[0])
        pid = lost.qemu_pid()
        self.host.kill()
        os.kill(pid, signal.SIGKILL)
        self.host.start()
        wait_until(lambda: lost.id not in [guest.id for guest in self.members()] and len(self.members()) == 2, 90,
                   lambda: f"the replacement of {lost.id}: {self.group()}")


if __name__ == "__main__":
    unittest.main()
