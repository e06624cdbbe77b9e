"""The aws command line and boto3, with CloudWatch's metrics."""

import datetime
import json
import unittest

from botocore.exceptions import ClientError
from client_host import SimulatedClientTest
from conditions import wait_until

# Values are written so long after they came at most.
FLUSHED = 30
# One for the whole run: a minute may end in the middle of a test.
BEGAN = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)


def minutes_ago(minutes):
    """The beginning of a minute."""
    return BEGAN - datetime.timedelta(minutes=minutes)


def text(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


class CommandLineTest(SimulatedClientTest):
    def statistics(self, *more):
        return self.aws("cloudwatch", "get-metric-statistics", "--namespace", "Shop", "--metric-name", "Orders",
                        "--start-time", text(minutes_ago(60)), "--end-time", text(minutes_ago(-5)), "--period", "60",
                        *more)

    def test_a_custom_metric_is_put_read_computed_with_and_listed(self):
        for minute, value in ((5, 10), (4, 20), (3, 40)):
            self.aws("cloudwatch", "put-metric-data", "--namespace", "Shop", "--metric-name", "Orders", "--value",
                     str(value), "--unit", "Count", "--dimensions", "Page=cart,Zone=a", "--timestamp",
                     text(minutes_ago(minute)))
        self.aws("cloudwatch", "put-metric-data", "--namespace", "Shop", "--metric-data", json.dumps([
            {"MetricName": "Failures", "Dimensions": [{"Name": "Zone", "Value": "a"}, {"Name": "Page", "Value": "cart"}],
             "Timestamp": text(minutes_ago(4)), "Values": [1, 2], "Counts": [2, 1]},
            {"MetricName": "Latency", "Unit": "Milliseconds", "StorageResolution": 1,
             "StatisticValues": {"SampleCount": 3, "Sum": 30, "Minimum": 5, "Maximum": 20}}]))
        page = ("--dimensions", "Name=Page,Value=cart", "Name=Zone,Value=a")
        answer = self.statistics(*page, "--statistics", "Sum", "Maximum")
        self.assertEqual(answer["Label"], "Orders")
        self.assertEqual([(point["Sum"], point["Maximum"], point["Unit"]) for point in answer["Datapoints"]],
                         [(10, 10, "Count"), (20, 20, "Count"), (40, 40, "Count")])
        answer = self.statistics(*page, "--extended-statistics", "p50", "p99.9")
        self.assertEqual([point["ExtendedStatistics"] for point in answer["Datapoints"]],
                         [{"p50": value, "p99.9": value} for value in (10, 20, 40)])
        self.assertEqual(self.statistics("--statistics", "Sum")["Datapoints"], [])

        dimensions = [{"Name": "Page", "Value": "cart"}, {"Name": "Zone", "Value": "a"}]

        def query(name, metric, stat):
            return {"Id": name, "MetricStat": {"Period": 60, "Stat": stat, "Metric": {
                "Namespace": "Shop", "MetricName": metric, "Dimensions": dimensions}}, "ReturnData": False}
        answer = self.aws("cloudwatch", "get-metric-data", "--start-time", text(minutes_ago(60)), "--end-time",
                          text(minutes_ago(0)), "--scan-by", "TimestampAscending", "--metric-data-queries", json.dumps([
                              query("orders", "Orders", "Sum"), query("failures", "Failures", "Sum"),
                              {"Id": "share", "Expression": "FILL(failures, 0) / orders * 100", "Label": "percent"}]))
        (result,) = answer["MetricDataResults"]
        self.assertEqual((result["Id"], result["Label"], result["StatusCode"]), ("share", "percent", "Complete"))
        self.assertEqual(result["Values"], [0, 20, 0])

        def listed():
            found = self.aws("cloudwatch", "list-metrics", "--namespace", "Shop", "--recently-active", "PT3H")
            return sorted(metric["MetricName"] for metric in found["Metrics"])
        wait_until(lambda: listed() == ["Failures", "Latency", "Orders"], FLUSHED, listed)
        (latency,) = self.aws("cloudwatch", "list-metrics", "--metric-name", "Latency")["Metrics"]
        self.assertEqual(latency, {"Namespace": "Shop", "MetricName": "Latency", "Dimensions": []})


class ProgramTest(SimulatedClientTest):
    def setUp(self):
        self.cloudwatch = self.client("cloudwatch")

    def refusal(self, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        response = caught.exception.response
        return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]

    def test_pages_of_datapoints_and_of_metrics_are_whole(self):
        data = [{"MetricName": "Many", "Dimensions": [{"Name": "n", "Value": str(n)}], "Value": n,
                 "Timestamp": minutes_ago(10)} for n in range(700)]
        self.cloudwatch.put_metric_data(Namespace="Pages", MetricData=data)

        def listed():
            pages = self.cloudwatch.get_paginator("list_metrics").paginate(Namespace="Pages")
            return sorted(int(value) for value in pages.search("Metrics[].Dimensions[0].Value"))
        wait_until(lambda: len(listed()) == 700, FLUSHED, "700 metrics to be listed")
        self.assertEqual(listed(), list(range(700)))
        queries = [{"Id": f"m{n}", "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": {
            "Namespace": "Pages", "MetricName": "Many", "Dimensions": [{"Name": "n", "Value": str(n)}]}}}
            for n in range(100)]
        pages = self.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=minutes_ago(60), EndTime=minutes_ago(0), MaxDatapoints=30)
        values = {result["Id"]: result["Values"] for page in pages for result in page["MetricDataResults"]
                  if result["Values"]}
        self.assertEqual(values, {f"m{n}": [n] for n in range(100)})

    def test_numbers_of_any_size_come_back_as_they_were(self):
        numbers = [0.1, -1.5e-7, 3.0, 123456789.123456789, 2.0**300, 1 / 3]
        for i, number in enumerate(numbers):
            self.cloudwatch.put_metric_data(Namespace="Numbers", MetricData=[
                {"MetricName": f"n{i}", "Value": number, "Timestamp": minutes_ago(2)}])
        for i, number in enumerate(numbers):
            (point,) = self.cloudwatch.get_metric_statistics(
                Namespace="Numbers", MetricName=f"n{i}", StartTime=minutes_ago(5), EndTime=minutes_ago(0), Period=60,
                Statistics=["Average"])["Datapoints"]
            self.assertEqual(point["Average"], number)
            self.assertEqual(point["Timestamp"], minutes_ago(2))

    def test_bad_calls_are_refused_with_cloudwatchs_codes(self):
        put = self.cloudwatch.put_metric_data
        for code, namespace, datum in (
                ("InvalidParameterValue", "AWS/EC2", {"Value": 1}),
                ("InvalidParameterCombination", "Bad", {"Value": 1, "Values": [1]}),
                ("MissingParameter", "Bad", {}),
                ("InvalidParameterValue", "Bad", {"Value": float("nan")}),
                ("InvalidParameterValue", "Bad", {"Value": 1, "Timestamp": minutes_ago(60 * 24 * 15)})):
            with self.subTest(namespace=namespace, datum=datum):
                self.assertEqual(self.refusal(put, Namespace=namespace, MetricData=[{"MetricName": "m", **datum}]),
                                 (code, 400))
        statistics = dict(Namespace="Bad", MetricName="m", StartTime=minutes_ago(60), EndTime=minutes_ago(0))
        get = self.cloudwatch.get_metric_statistics
        self.assertEqual(self.refusal(get, **statistics, Period=60), ("InvalidParameterCombination", 400))
        self.assertEqual(self.refusal(get, **statistics, Period=7, Statistics=["Sum"]), ("InvalidParameterValue", 400))
        self.assertEqual(self.refusal(
            self.cloudwatch.get_metric_data, StartTime=minutes_ago(5), EndTime=minutes_ago(0),
            MetricDataQueries=[{"Id": "e1", "Expression": "m1 +"}])[0], "ValidationError")

    def test_who_may_not_put_metrics_may_still_be_let_read_them(self):
        iam = self.client("iam")
        iam.create_user(UserName="reader")
        iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": {
                "Effect": "Allow", "Action": ["cloudwatch:Get*", "cloudwatch:ListMetrics"], "Resource": "*"}}))
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        reader = self.client("cloudwatch", (key["AccessKeyId"], key["SecretAccessKey"]))
        reader.list_metrics()
        self.assertEqual(self.refusal(reader.put_metric_data, Namespace="Shop", MetricData=[
            {"MetricName": "m", "Value": 1}]), ("AccessDenied", 403))


del SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
