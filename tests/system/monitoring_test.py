"""Metrics of guests that boot: what is measured is what they do."""

import datetime
import re
import time
import unittest
import urllib.request

from conditions import wait_until
from harness import HostTest

MEGABYTE = 1_000_000


class MeasuredTest(HostTest):
    config = {"monitoring": {"period_seconds": 2, "disk_period_seconds": 2, "prometheus_listen": "127.0.0.1:0"}}

    @classmethod
    def prepare(cls):
        cls.began = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=2)
        cls.guest = cls.host.launch_ready(instance_type="b1.tiny")
        cls.guest.wait_ssh()

    def periods(self, metric, statistic, dimensions=None, seconds=60, namespace="AWS/EC2"):
        """The periods' statistics since the test began, in order of time."""
        if dimensions is None:
            dimensions = [{"Name": "InstanceId", "Value": self.guest.id}]
        now = datetime.datetime.now(datetime.timezone.utc)
        answer = self.host.api(
            "get-metric-statistics", namespace=namespace, metric_name=metric, dimensions=dimensions or None,
            start_time=max(self.began, now - datetime.timedelta(seconds=1300 * seconds)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            end_time=(now + datetime.timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ"), period=seconds,
            statistics=[statistic])
        return [point[statistic] for point in answer.get("Datapoints", [])]

    def total(self, metric):
        return sum(self.periods(metric, "Sum"))

    def wait_growth(self, metric, before, min_growth):
        return wait_until(lambda: self.total(metric) - before >= min_growth, 60,
                          lambda: f"{metric} to grow by {min_growth} from {before}: it is {self.total(metric)}")

    def recent(self, metric):
        """Of the latest whole sample, by the second it began in."""
        values = self.periods(metric, "Average", seconds=1)
        return values[-1] if values else None

    def test_cpu_utilization_follows_the_load_inside_the_guest(self):
        wait_until(lambda: self.recent("CPUUtilization") is not None, 60, "the first sample")
        self.guest.ssh("(while :; do :; done) >/dev/null 2>&1 & echo $! >/tmp/busy")
        self.addCleanup(self.guest.ssh, "kill $(cat /tmp/busy)", check=False)
        wait_until(lambda: self.recent("CPUUtilization") > 50, 120,
                   lambda: f"a busy guest to use more than half of its processor: {self.recent('CPUUtilization')}")
        self.guest.ssh("kill $(cat /tmp/busy)")
        wait_until(lambda: self.recent("CPUUtilization") < 50, 120,
                   lambda: f"an idle guest to use less than half of its processor: {self.recent('CPUUtilization')}")
        self.assertTrue(all(0 <= value <= 100 for value in self.periods("CPUUtilization", "Average", seconds=1)))

    def test_network_metrics_count_what_the_guest_sent_and_received(self):
        wait_until(lambda: self.periods("NetworkIn", "Sum"), 60, "the first sample")
        received, sent = self.total("NetworkIn"), self.total("NetworkOut")
        self.guest.ssh("cat >/dev/null", stdin="x" * MEGABYTE)
        self.wait_growth("NetworkIn", received, MEGABYTE)
        self.assertLess(self.total("NetworkOut") - sent, MEGABYTE / 2)
        received, sent = self.total("NetworkIn"), self.total("NetworkOut")
        self.guest.ssh(f"dd if=/dev/zero bs=1000 count={MEGABYTE // 1000} 2>/dev/null | tr '\\0' x")
        self.wait_growth("NetworkOut", sent, MEGABYTE)
        self.assertLess(self.total("NetworkIn") - received, MEGABYTE / 2)
        self.assertGreater(self.total("NetworkPacketsIn"), 100)
        self.assertGreater(self.total("NetworkPacketsOut"), 100)

    def test_disk_metrics_count_what_the_guest_wrote_and_read(self):
        wait_until(lambda: self.periods("DiskWriteBytes", "Sum"), 60, "the first sample")
        written, operations = self.total("DiskWriteBytes"), self.total("DiskWriteOps")
        self.guest.ssh("dd if=/dev/zero of=/data/written bs=64k count=32 2>/dev/null; sync")
        self.wait_growth("DiskWriteBytes", written, 32 * 64 * 1024)
        self.assertGreater(self.total("DiskWriteOps"), operations)
        read = self.total("DiskReadBytes")
        self.guest.ssh("echo 3 >/proc/sys/vm/drop_caches; cat /data/written >/dev/null")
        self.wait_growth("DiskReadBytes", read, 32 * 64 * 1024)
        self.assertEqual(self.total("EBSReadBytes"), self.total("DiskReadBytes"))

    def test_memory_is_told_by_the_guest_and_status_checks_by_the_host(self):
        wait_until(lambda: self.periods("MemoryUtilization", "Average", namespace="Brume/EC2"), 90,
                   "the guest to tell of its memory")
        for value in self.periods("MemoryUtilization", "Average", namespace="Brume/EC2"):
            self.assertTrue(1 < value < 100, value)
        wait_until(lambda: self.periods("StatusCheckFailed", "Maximum"), 60, "the status checks to pass")
        self.assertEqual(set(self.periods("StatusCheckFailed", "Maximum")), {0})

    def test_guests_are_measured_together_by_type_image_and_all(self):
        image = self.guest.describe()["ImageId"]
        for dimensions in ([], [{"Name": "InstanceType", "Value": "b1.tiny"}], [{"Name": "ImageId", "Value": image}]):
            wait_until(lambda: self.periods("CPUUtilization", "Average", dimensions), 60, f"values of {dimensions}")
        wait_until(lambda: self.listed() >= 12, 60, "the instance's metrics to be listed")

    def listed(self):
        found = self.host.api("list-metrics", namespace="AWS/EC2",
                              dimensions=[{"Name": "InstanceId", "Value": self.guest.id}])
        return len(found.get("Metrics", []))

    def test_prometheus_is_told_what_the_guest_uses(self):
        (url,) = re.findall(r"metrics for Prometheus are served at (\S+)", self.host.log())

        def exported(name):
            with urllib.request.urlopen(url, timeout=10) as answer:
                text = answer.read().decode()
            found = re.search(rf'^{name}{{instance_id="{self.guest.id}",instance_type="b1.tiny"}} (\S+)$', text, re.M)
            return float(found[1]) if found else None
        wait_until(lambda: exported("brume_instance_cpu_utilization_percent") is not None, 60, "the guest to be measured")
        before = exported("brume_instance_network_receive_bytes_total")
        self.guest.ssh("cat >/dev/null", stdin="x" * MEGABYTE)
        wait_until(lambda: exported("brume_instance_network_receive_bytes_total") - before >= MEGABYTE, 60,
                   "what the guest received to be told")
        self.assertGreater(exported("brume_instance_cpu_seconds_total"), 0)
        self.assertGreater(exported("brume_instance_disk_reads_total"), 0)

    def test_an_instance_with_detailed_monitoring_is_measured_every_second(self):
        self.host.api("monitor-instances", instance_ids=[self.guest.id])
        self.addCleanup(self.host.api, "unmonitor-instances", instance_ids=[self.guest.id])

        def samples():
            return len(self.periods("CPUUtilization", "SampleCount", seconds=1))
        before, began = samples(), time.monotonic()
        wait_until(lambda: samples() - before >= 10, 60, "ten more samples")
        # Every two seconds it would take twenty.
        self.assertLess(time.monotonic() - began, 19)

    def test_what_was_measured_outlives_the_daemon(self):
        wait_until(lambda: self.periods("NetworkIn", "Sum"), 60, "the first sample")
        before = self.total("NetworkIn")
        self.host.stop()
        self.host.start()
        self.assertGreaterEqual(self.total("NetworkIn"), before)
        samples = sum(self.periods("CPUUtilization", "SampleCount"))
        wait_until(lambda: sum(self.periods("CPUUtilization", "SampleCount")) > samples, 60,
                   "the guest to be measured again")


if __name__ == "__main__":
    unittest.main()
