"""Work that hangs: it is named within ten seconds, and the rest goes on."""

import time
import unittest

from conditions import wait_until
from harness import Host
from lives import QUICK


class HangTest(unittest.TestCase):
    def begin(self, failpoints):
        host = Host(QUICK)
        self.addCleanup(host.close)
        host.start()
        host.image_id = host.add_image()
        self.assertEqual(host.stop(), 0)
        host.start(environment={"BRUME_FAILPOINTS": failpoints})
        # What hangs does not end at SIGTERM: the kill is before close(), which starts one without failpoints.
        self.addCleanup(host.kill)
        return host

    def is_named(self, host, what, since):
        wait_until(lambda: f"{what} has been under way for" in host.log(), 10 - (time.monotonic() - since),
                   f"{what} in the log", every=0.05)
        self.assertIn(f"{what} for", host.brume("doctor"))

    def test_a_launch_that_hangs_is_named_within_ten_seconds_and_another_instance_runs(self):
        host = self.begin("instance.disks_made=hang@1")
        (stuck,) = host.run_instances()
        wait_until(lambda: "hangs at instance.disks_made" in host.log(), 30, "the hang", every=0.02)
        since = time.monotonic()
        other = host.launch()
        self.is_named(host, f"instance: {stuck.id}", since)
        self.assertEqual((stuck.state, other.state), ("pending", "running"))

    def test_a_change_of_rules_that_hangs_is_named_within_ten_seconds_and_another_vpc_is_made(self):
        host = self.begin("nft.rules.before=hang@1")
        wait_until(lambda: "hangs at nft.rules.before" in host.log(), 30, "the hang", every=0.02)
        since = time.monotonic()
        vpc = host.api("create-vpc", cidr_block="10.30.0.0/16")["Vpc"]["VpcId"]
        wait_until(lambda: vpc in host.brume("describe-vpcs", "--output", "json"), 10, "the VPC", every=0.05)
        wait_until(lambda: "network: vpc-" in host.log() and "has been under way for" in host.log(),
                   10 - (time.monotonic() - since), "the hang in the log", every=0.05)


if __name__ == "__main__":
    unittest.main()
