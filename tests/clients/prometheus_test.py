"""Prometheus: its service discovery finds the instances, as they come and go, and it reads brumed's own metrics."""

import json
import os
import re
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

from client_host import SimulatedClientTest
from conditions import wait_until

CONFIG = """
scrape_configs:
  - job_name: brume
    ec2_sd_configs:
      - endpoint: {endpoint}
        region: us-east-1
        access_key: {key}
        secret_key: {secret}
        port: 9100
        refresh_interval: 1s
        filters:
          - name: instance-state-name
            values: [running]
  - job_name: brumed
    scrape_interval: 1s
    static_configs:
      - targets: ["{metrics}"]
"""


class PrometheusTest(SimulatedClientTest):
    config = {"monitoring": {"prometheus_listen": "127.0.0.1:0"}}

    @classmethod
    def prepare(cls):
        super().prepare()
        config = os.path.join(cls.host.directory, "prometheus.yml")
        cls.log = os.path.join(cls.host.directory, "prometheus.log")
        key, secret = cls.root_key()
        cls.metrics = re.search(r"metrics for Prometheus are served at (http://(\S+)/metrics)", cls.host.log())
        with open(config, "w") as file:
            file.write(CONFIG.format(endpoint=cls.host.endpoint, key=key, secret=secret, metrics=cls.metrics[2]))
        with open(cls.log, "w") as log:
            cls.prometheus = subprocess.Popen(
                ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={cls.host.directory}/tsdb",
                 "--web.listen-address=127.0.0.1:0"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=cls.host.aws_environment())
        cls.addClassCleanup(cls.prometheus.wait)
        cls.addClassCleanup(cls.prometheus.kill)

    @classmethod
    def said(cls):
        with open(cls.log) as file:
            return file.read()

    def web(self):
        """Where Prometheus answers, once it does."""
        found = re.search(r'msg="Listening on" address=(\S+)', self.said())
        return found and f"http://{found[1]}"

    def discovered(self):
        """{instance id: its labels} of what discovery found."""
        with urllib.request.urlopen(f"{self.address}/api/v1/targets?state=active", timeout=10) as answer:
            targets = json.load(answer)["data"]["activeTargets"]
        labels = [target["discoveredLabels"] for target in targets]
        return {label["__meta_ec2_instance_id"]: label for label in labels if "__meta_ec2_instance_id" in label}

    def query(self, expression):
        """What Prometheus knows at the moment: [(labels, value)]."""
        url = f"{self.address}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return [(each["metric"], float(each["value"][1])) for each in json.load(answer)["data"]["result"]]

    def test_brumeds_own_metrics_are_well_formed_and_are_scraped(self):
        self.address = wait_until(self.web, 60, lambda: f"Prometheus to listen: {self.said()[-2000:]}")
        with urllib.request.urlopen(self.metrics[1], timeout=10) as answer:
            text = answer.read()
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=60)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.client().describe_regions()
        (found,) = wait_until(lambda: self.query('brume_api_calls_total{action="ec2:DescribeRegions"} > 0'), 60,
                              lambda: f"the calls to be scraped: {self.query('up')}\n{self.said()[-2000:]}")
        self.assertEqual((found[0]["job"], found[1]), ("brumed", 1))

    def test_instances_are_found_with_their_addresses_tags_and_zones_and_lost_when_they_end(self):
        self.address = wait_until(self.web, 60, lambda: f"Prometheus to listen: {self.said()[-2000:]}")
        web, db = (self.host.launch(tag_specifications=[{"ResourceType": "instance",
                                                         "Tags": [{"Key": "Role", "Value": role}]}])
                   for role in ("web", "db"))
        both = {web.id, db.id}
        found = wait_until(lambda: set(shown := self.discovered()) == both and shown, 60,
                           lambda: f"both instances: {self.discovered()}\n{self.said()[-2000:]}")
        shown = web.describe()
        labels = found[web.id]
        self.assertEqual(labels["__address__"], shown["PrivateIpAddress"] + ":9100")
        for label, value in (("public_ip", shown["PublicIpAddress"]), ("tag_Role", "web"), ("instance_type", "b1.tiny"),
                             ("availability_zone", shown["Placement"]["AvailabilityZone"]),
                             ("vpc_id", shown["VpcId"]), ("instance_state", "running"),
                             ("ami", self.host.image_id), ("subnet_id", f",{shown['SubnetId']},")):
            self.assertEqual(labels[f"__meta_ec2_{label}"], value)
        self.assertRegex(labels["__meta_ec2_availability_zone_id"], "^use1-az[1-3]$")
        web.terminate()
        wait_until(lambda: set(self.discovered()) == {db.id}, 60, lambda: f"the loss of one: {self.discovered()}")
        self.assertNotIn("level=error", self.said())


del SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
