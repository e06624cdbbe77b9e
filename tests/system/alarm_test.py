"""Alarms on the metrics of guests that boot, and what they do to these guests."""

import unittest

from conditions import wait_until
from harness import HostTest

STOP = "arn:aws:automate:us-east-1:ec2:stop"
RECOVER = "arn:aws:automate:us-east-1:ec2:recover"


class AlarmTest(HostTest):
    def alarm(self, name):
        (shown,) = self.host.api("describe-alarms", alarm_names=[name])["MetricAlarms"]
        return shown

    def put(self, name, guest, threshold, *actions):
        """An alarm that the guest's processor was busier than that for ten seconds."""
        self.host.api("put-metric-alarm", alarm_name=name, namespace="AWS/EC2", metric_name="CPUUtilization",
                      dimensions=[{"Name": "InstanceId", "Value": guest.id}], statistic="Average", period=10,
                      evaluation_periods=1, threshold=threshold, comparison_operator="GreaterThanThreshold",
                      alarm_actions=list(actions) or None)

    def actions_of(self, name):
        items = self.host.api("describe-alarm-history", alarm_name=name, history_item_type="Action")
        return [item["HistorySummary"] for item in items["AlarmHistoryItems"]]

    def test_a_busy_guest_is_stopped_by_its_alarm_and_an_idle_one_runs_on(self):
        busy, idle = self.host.launch_ready(2)
        for name, guest in (("busy", busy), ("idle", idle)):
            self.put(name, guest, 30)
            # Booting is work, too.
            wait_until(lambda: self.alarm(name)["StateValue"] == "OK", 120, f"the guest of {name} to be idle")
            self.put(name, guest, 30, STOP)
        # Detached, as the guest takes the connection with it when it stops.
        busy.ssh("(while :; do :; done) </dev/null >/dev/null 2>&1 &")
        busy.wait_state("stopped", seconds=150)
        wait_until(lambda: self.actions_of("busy") == [f"Successfully executed action {STOP}"], 10,
                   lambda: f"the stop in the history: {self.actions_of('busy')}")
        self.assertEqual(idle.state, "running")
        self.assertEqual(self.actions_of("idle"), [])
        # It is off: nothing tells what its processor does.
        wait_until(lambda: self.alarm("busy")["StateValue"] == "INSUFFICIENT_DATA", 120, "an alarm without data")
        # A restart does not stop it again.
        self.host.api("disable-alarm-actions", alarm_names=["busy", "idle"])
        self.host.kill()
        self.host.start()
        busy.start()
        busy.wait_state("running")
        busy.wait_ssh()
        self.assertEqual(len(self.actions_of("busy")), 1)

    def test_a_recovered_guest_has_booted_anew_with_its_disk(self):
        guest = self.host.launch_ready()
        boot = guest.wait_ssh()
        guest.ssh("echo kept >/data/kept; sync")
        self.put("sick", guest, 101, RECOVER)
        self.host.api("set-alarm-state", alarm_name="sick", state_value="ALARM", state_reason="testing")
        guest.wait_ssh(other_boot_than=boot)
        self.assertEqual(guest.ssh("cat /data/kept"), "kept\n")
        wait_until(lambda: self.actions_of("sick") == [f"Successfully executed action {RECOVER}"], 30,
                   "the recovery in the history")


if __name__ == "__main__":
    unittest.main()
