"""CloudWatch's alarms by the aws command line and boto3, and what a webhook is sent."""

import http.server
import json
import threading
import unittest

from botocore.exceptions import ClientError
from client_host import AwsError, SimulatedClientTest
from conditions import wait_until

ALARM = ("--namespace", "App", "--metric-name", "Load", "--statistic", "Average", "--period", "10",
         "--evaluation-periods", "1", "--threshold", "70", "--comparison-operator", "GreaterThanThreshold")


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what it is sent."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, dict(self.headers), json.loads(body)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """It is no news that a test calls."""


class AlarmTest(SimulatedClientTest):
    @classmethod
    def make_host(cls):
        cls.receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        cls.receiver.received = []
        thread = threading.Thread(target=cls.receiver.serve_forever)
        thread.start()
        cls.addClassCleanup(thread.join)
        cls.addClassCleanup(cls.receiver.server_close)
        cls.addClassCleanup(cls.receiver.shutdown)
        cls.url = f"http://127.0.0.1:{cls.receiver.server_address[1]}/alarms"
        cls.config = {"monitoring": {"webhooks": [cls.url]}}
        return super().make_host()

    def cloudwatch(self, *argv):
        return self.aws("cloudwatch", *argv)

    def tearDown(self):
        shown = self.cloudwatch("describe-alarms", "--alarm-types", "CompositeAlarm", "MetricAlarm")
        for alarm in shown["CompositeAlarms"]:
            self.cloudwatch("delete-alarms", "--alarm-names", alarm["AlarmName"])
        if shown["MetricAlarms"]:
            self.cloudwatch("delete-alarms", "--alarm-names", *(alarm["AlarmName"] for alarm in shown["MetricAlarms"]))

    def received(self, name):
        return [message for _, _, message in self.receiver.received if json.loads(message["Message"])["AlarmName"] == name]

    def state(self, name):
        (alarm,) = self.cloudwatch("describe-alarms", "--alarm-names", name)["MetricAlarms"]
        return alarm["StateValue"]

    def history(self, *argv):
        items = self.cloudwatch("describe-alarm-history", "--scan-by", "TimestampAscending", *argv)["AlarmHistoryItems"]
        return [item["HistorySummary"] for item in items]

    def test_an_alarm_lives_by_the_commands_of_a_tutorial(self):
        self.cloudwatch("put-metric-alarm", "--alarm-name", "busy", "--alarm-description", "too busy", *ALARM,
                        "--dimensions", "Name=Host,Value=a", "--unit", "Percent", "--alarm-actions", self.url,
                        "--tags", "Key=team,Value=blue")
        self.cloudwatch("wait", "alarm-exists", "--alarm-names", "busy")
        (shown,) = self.cloudwatch("describe-alarms", "--alarm-name-prefix", "bu")["MetricAlarms"]
        self.assertEqual(shown["AlarmArn"], "arn:aws:cloudwatch:us-east-1:000000000000:alarm:busy")
        self.assertEqual((shown["Threshold"], shown["Period"], shown["Unit"]), (70.0, 10, "Percent"))
        self.assertEqual(shown["Dimensions"], [{"Name": "Host", "Value": "a"}])
        self.assertEqual(shown["AlarmActions"], [self.url])
        tags = self.cloudwatch("list-tags-for-resource", "--resource-arn", shown["AlarmArn"])["Tags"]
        self.assertEqual(tags, [{"Key": "team", "Value": "blue"}])
        (same,) = self.cloudwatch("describe-alarms-for-metric", "--namespace", "App", "--metric-name", "Load",
                                  "--dimensions", "Name=Host,Value=a")["MetricAlarms"]
        self.assertEqual(same["AlarmName"], "busy")

        self.cloudwatch("set-alarm-state", "--alarm-name", "busy", "--state-value", "ALARM", "--state-reason", "testing",
                        "--state-reason-data", '{"why": "not"}')
        wait_until(lambda: self.received("busy"), 30, "the webhook")
        (message,) = self.received("busy")
        payload = json.loads(message["Message"])
        self.assertEqual((payload["NewStateValue"], payload["OldStateValue"]), ("ALARM", "INSUFFICIENT_DATA"))
        self.assertEqual((payload["NewStateReason"], payload["AWSAccountId"]), ("testing", "000000000000"))
        self.assertEqual(payload["Trigger"]["MetricName"], "Load")
        self.assertEqual(message["Subject"], 'ALARM: "busy" in us-east-1')
        wait_until(lambda: self.history("--alarm-name", "busy", "--history-item-type", "Action") == [
            f"Successfully executed action {self.url}"], 30, "the action in the history")
        self.assertEqual(self.history("--alarm-name", "busy", "--history-item-type", "ConfigurationUpdate"),
                         ['Alarm "busy" created'])
        self.cloudwatch("disable-alarm-actions", "--alarm-names", "busy")
        (shown,) = self.cloudwatch("describe-alarms", "--alarm-names", "busy")["MetricAlarms"]
        self.assertFalse(shown["ActionsEnabled"])
        self.cloudwatch("delete-alarms", "--alarm-names", "busy")
        self.assertEqual(self.cloudwatch("describe-alarms")["MetricAlarms"], [])
        self.assertIn('Alarm "busy" deleted', self.history("--alarm-name", "busy"))

    def test_a_composite_alarm_follows_those_it_names(self):
        for name in ("a", "b"):
            self.cloudwatch("put-metric-alarm", "--alarm-name", name, *ALARM, "--period", "3600")
        self.cloudwatch("put-composite-alarm", "--alarm-name", "both", "--alarm-rule", "ALARM(a) AND ALARM(b)",
                        "--alarm-actions", self.url)
        self.cloudwatch("wait", "composite-alarm-exists", "--alarm-names", "both", "--alarm-types", "CompositeAlarm")
        for name in ("a", "b"):
            (shown,) = self.cloudwatch("describe-alarms", "--alarm-types", "CompositeAlarm")["CompositeAlarms"]
            self.assertEqual(shown["StateValue"], "OK")
            self.cloudwatch("set-alarm-state", "--alarm-name", name, "--state-value", "ALARM", "--state-reason", "x")
        (shown,) = self.cloudwatch("describe-alarms", "--alarm-types", "CompositeAlarm")["CompositeAlarms"]
        self.assertEqual(shown["StateValue"], "ALARM")
        children = self.cloudwatch("describe-alarms", "--children-of-alarm-name", "both")["MetricAlarms"]
        self.assertEqual([child["AlarmName"] for child in children], ["a", "b"])
        wait_until(lambda: self.received("both"), 30, "the webhook")
        with self.assertRaises(AwsError) as caught:
            self.cloudwatch("delete-alarms", "--alarm-names", "a")
        self.assertEqual(caught.exception.code, "ValidationError")

    def test_boto3_pages_through_alarms_and_their_history(self):
        cloudwatch = self.client("cloudwatch")
        for i in range(7):
            cloudwatch.put_metric_alarm(
                AlarmName=f"alarm {i}", Namespace="App", MetricName="Load", Statistic="Sum", Period=60,
                EvaluationPeriods=3, DatapointsToAlarm=2, Threshold=0.5, ComparisonOperator="LessThanThreshold",
                TreatMissingData="notBreaching")
        pages = list(cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix="alarm", PaginationConfig={"PageSize": 3}))
        self.assertEqual([len(page["MetricAlarms"]) for page in pages], [3, 3, 1])
        (first, *_) = pages[0]["MetricAlarms"]
        self.assertEqual((first["DatapointsToAlarm"], first["TreatMissingData"]), (2, "notBreaching"))
        self.assertEqual(first["StateUpdatedTimestamp"].tzname(), "UTC")
        items = list(cloudwatch.get_paginator("describe_alarm_history").paginate(
            HistoryItemType="ConfigurationUpdate", PaginationConfig={"PageSize": 2}).search("AlarmHistoryItems[]"))
        self.assertEqual(len([item for item in items if item["AlarmName"].startswith("alarm ")]), 7)

    def test_errors_have_cloudwatchs_codes_and_statuses(self):
        cloudwatch = self.client("cloudwatch")
        put = {"AlarmName": "x", "Namespace": "App", "MetricName": "Load", "Statistic": "Sum", "Period": 60,
               "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
        for code, status, call, arguments in (
                ("ResourceNotFound", 404, cloudwatch.delete_alarms, {"AlarmNames": ["none"]}),
                ("ResourceNotFound", 404, cloudwatch.set_alarm_state,
                 {"AlarmName": "none", "StateValue": "OK", "StateReason": "x"}),
                ("ResourceNotFoundException", 404, cloudwatch.list_tags_for_resource,
                 {"ResourceARN": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:none"}),
                ("InvalidNextToken", 400, cloudwatch.describe_alarms, {"NextToken": "bogus"}),
                ("ValidationError", 400, cloudwatch.put_metric_alarm, {**put, "Period": 45}),
                ("ValidationError", 400, cloudwatch.put_metric_alarm,
                 {**put, "AlarmActions": ["arn:aws:sns:us-east-1:0:topic"]}),
                ("ValidationError", 400, cloudwatch.put_metric_alarm, {**put, "AlarmActions": ["http://127.0.0.1:1/"]}),
                ("InvalidParameterValue", 400, cloudwatch.describe_alarms, {"StateValue": "FINE"})):
            with self.subTest(code), self.assertRaises(ClientError) as caught:
                call(**arguments)
            self.assertEqual(caught.exception.response["Error"]["Code"], code)
            self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], status)

    def test_alarms_outlive_a_restart(self):
        self.cloudwatch("put-metric-alarm", "--alarm-name", "kept", *ALARM, "--period", "3600")
        self.cloudwatch("set-alarm-state", "--alarm-name", "kept", "--state-value", "OK", "--state-reason", "x")
        before = self.cloudwatch("describe-alarms")
        self.host.kill()
        self.host.start()
        after = self.cloudwatch("describe-alarms")
        # brumed evaluates all alarms when it starts; this one has no datapoint.
        self.assertEqual([alarm["AlarmName"] for alarm in after["MetricAlarms"]], ["kept"])
        for member in ("Threshold", "Period", "AlarmArn", "AlarmConfigurationUpdatedTimestamp"):
            self.assertEqual(after["MetricAlarms"][0][member], before["MetricAlarms"][0][member])


if __name__ == "__main__":
    unittest.main()
