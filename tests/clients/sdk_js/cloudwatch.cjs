// Metrics and alarms by the AWS SDK for JavaScript; prints what it saw as JSON. Arguments: the endpoint, and "json" or
// "cbor", the protocol to speak. Credentials and region come from the environment.
"use strict";

const {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} = require("@aws-sdk/client-cloudwatch");
const { AwsJson1_0Protocol, AwsSmithyRpcV2CborProtocol } = require("@aws-sdk/core/protocols");

const [endpoint, name] = process.argv.slice(2);
const protocol = { json: AwsJson1_0Protocol, cbor: AwsSmithyRpcV2CborProtocol }[name];

async function main() {
  // Of CBOR this version announces the length that the body had before it was compressed, and waits for ever.
  const disableRequestCompression = name === "cbor";
  const client = new CloudWatchClient({ endpoint, maxAttempts: 1, protocol, disableRequestCompression });
  const Namespace = `Shop/${name}`;
  const Dimensions = [{ Name: "Page", Value: "cart" }];
  const minute = new Date(Math.floor(Date.now() / 60000) * 60000 - 5 * 60000);
  const StartTime = new Date(minute.getTime() - 60 * 60000);
  const EndTime = new Date(minute.getTime() + 10 * 60000);
  const seen = { types: [], encodings: [] };
  client.middlewareStack.add((next) => async (args) => {
    seen.encodings.push(args.request.headers["content-encoding"] ?? "none");
    const result = await next(args);
    seen.types.push(result.response.headers["content-type"]);
    return result;
  }, { step: "deserialize", priority: "low" });
  const refusal = async (command) => {
    try {
      await client.send(command);
      return "none";
    } catch (error) {
      return [error.name, error.Code ?? error.Error?.Code, error.$metadata.httpStatusCode];
    }
  };

  await client.send(new PutMetricDataCommand({
    Namespace,
    MetricData: [
      { MetricName: "Orders", Dimensions, Timestamp: minute, Value: 2.5, Unit: "Count" },
      { MetricName: "Orders", Dimensions, Timestamp: minute, Values: [1, 3], Counts: [2, 1], Unit: "Count" },
    ],
  }));
  // Large enough to be compressed by JSON.
  await client.send(new PutMetricDataCommand({
    Namespace,
    MetricData: Array.from({ length: 400 }, (_, n) => ({ MetricName: `many-of-them-${n}`, Dimensions, Value: n })),
  }));
  const statistics = await client.send(new GetMetricStatisticsCommand({
    Namespace, MetricName: "Orders", Dimensions, StartTime, EndTime, Period: 60, Statistics: ["Sum", "SampleCount"],
  }));
  seen.sum = statistics.Datapoints.map((point) => [point.Sum, point.SampleCount, point.Unit]);
  seen.time = statistics.Datapoints[0].Timestamp.getTime() === minute.getTime();
  const percentiles = await client.send(new GetMetricStatisticsCommand({
    Namespace, MetricName: "Orders", Dimensions, StartTime, EndTime, Period: 60, ExtendedStatistics: ["p50"],
  }));
  seen.percentile = Object.keys(percentiles.Datapoints[0].ExtendedStatistics);
  const data = await client.send(new GetMetricDataCommand({
    StartTime, EndTime, MetricDataQueries: [
      { Id: "m1", MetricStat: { Metric: { Namespace, MetricName: "Orders", Dimensions }, Period: 60, Stat: "Maximum" } },
      { Id: "none", MetricStat: { Metric: { Namespace, MetricName: "No" }, Period: 60, Stat: "Sum" } },
    ],
  }));
  seen.data = data.MetricDataResults.map((result) => [result.Id, result.Values, result.StatusCode]);

  await client.send(new PutMetricAlarmCommand({
    AlarmName: `orders-${name}`, Namespace, MetricName: "Orders", Dimensions, Statistic: "Sum", Period: 60,
    EvaluationPeriods: 1, Threshold: 0.5, ComparisonOperator: "LessThanThreshold", ActionsEnabled: false,
  }));
  const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [`orders-${name}`] }));
  seen.alarms = MetricAlarms.map((alarm) => [alarm.Threshold, alarm.ActionsEnabled, alarm.AlarmActions]);
  seen.alarmTime = MetricAlarms[0].StateUpdatedTimestamp instanceof Date;

  seen.refusals = [
    await refusal(new SetAlarmStateCommand({ AlarmName: "no-such", StateValue: "OK", StateReason: "so" })),
    await refusal(new PutMetricDataCommand({ Namespace: "AWS/EC2", MetricData: [{ MetricName: "m", Value: 1 }] })),
    await refusal(new GetMetricStatisticsCommand({
      Namespace, MetricName: "Orders", StartTime, EndTime, Period: 60,
    })),
  ];
  client.destroy();
  const stranger = new CloudWatchClient({
    endpoint, maxAttempts: 1, protocol, credentials: { accessKeyId: "AKIA" + "0".repeat(16), secretAccessKey: "x" },
  });
  seen.refusals.push(await stranger.send(new DescribeAlarmsCommand({})).catch(
    (error) => [error.name, error.Code ?? error.Error?.Code, error.$metadata.httpStatusCode]));
  seen.types = [...new Set(seen.types)];
  seen.encodings = [...new Set(seen.encodings)].sort();
  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
