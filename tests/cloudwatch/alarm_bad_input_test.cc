// Every kind of bad input to alarms has CloudWatch's own code, and leaves nothing behind.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/gateway/bad_input.h"

namespace brume {
namespace {

// There are the alarms busy, on a metric, and both, which names it.
std::vector<Case> Cases() {
  const std::string where = "namespace: 'AWS/EC2' metric_name: 'CPUUtilization' ";
  const std::string of = "dimensions { name: 'InstanceId' value: 'i-0123456789abcdef0' } ";
  const std::string how = "evaluation_periods: 1 comparison_operator: 'GreaterThanThreshold' ";
  const std::string average = "statistic: 'Average' period: 60 threshold: 50 ";
  const std::string put = "alarm_name: 'new' " + where + how;
  const std::string good = put + of + average;
  const std::string composite = "alarm_name: 'new' alarm_rule: 'ALARM(busy)' ";
  const std::string arn = "resource_arn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:busy' ";
  const std::string none = "resource_arn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:none' ";
  const auto action = [&](const std::string& text) { return good + "alarm_actions: '" + text + "'"; };
  const std::string maths = "alarm_name: 'new' threshold: 50 " + how;
  const std::string stat = "metric_stat { metric { namespace: 'App' metric_name: 'A' } period: 60 stat: 'Sum' } ";
  const std::string m1 = "metrics { id: 'm1' " + stat + "} ";
  const std::string m2 = "metrics { id: 'm2' " + stat + "} ";
  const std::string quiet = "metrics { id: 'm1' return_data: false " + stat + "} ";
  std::string six;
  for (int i = 0; i < 6; ++i) absl::StrAppend(&six, "alarm_actions: 'http://hooks.example.org/", i, "' ");
  return {
      // PutMetricAlarm
      {"MissingParameter", "PutMetricAlarm", where + how + average},
      {"MissingParameter", "PutMetricAlarm", "alarm_name: 'new' " + where + average + "evaluation_periods: 1"},
      {"MissingParameter", "PutMetricAlarm",
       "alarm_name: 'new' " + where + average + "comparison_operator: 'GreaterThanThreshold'"},
      {"MissingParameter", "PutMetricAlarm", "alarm_name: 'new' namespace: 'AWS/EC2' " + how + average},
      {"MissingParameter", "PutMetricAlarm", "alarm_name: 'new' metric_name: 'CPUUtilization' " + how + average},
      {"ValidationError", "PutMetricAlarm", put + "statistic: 'Average' threshold: 50"},
      {"ValidationError", "PutMetricAlarm", put + "statistic: 'Average' period: 60"},
      {"ValidationError", "PutMetricAlarm", put + "period: 60 threshold: 50"},
      {"ValidationError", "PutMetricAlarm", "alarm_name: 'new\\n' " + where + how + average},
      {"InvalidParameterValue", "PutMetricAlarm",
       "alarm_name: '" + std::string(256, 'a') + "' " + where + how + average},
      {"InvalidParameterValue", "PutMetricAlarm", "alarm_name: '\\xff' " + where + how + average},
      {"InvalidParameterValue", "PutMetricAlarm", put + "statistic: 'Median' period: 60 threshold: 50"},
      {"InvalidParameterCombination", "PutMetricAlarm", good + "extended_statistic: 'p99'"},
      {"ValidationError", "PutMetricAlarm", put + "extended_statistic: 'p101' period: 60 threshold: 50"},
      {"ValidationError", "PutMetricAlarm", put + "extended_statistic: 'tm101' period: 60 threshold: 50"},
      {"ValidationError", "PutMetricAlarm", put + "extended_statistic: 'Average' period: 60 threshold: 50"},
      {"ValidationError", "PutMetricAlarm", put + "statistic: 'Average' period: 45 threshold: 50"},
      {"ValidationError", "PutMetricAlarm", put + "statistic: 'Average' period: 90 threshold: 50"},
      {"InvalidParameterValue", "PutMetricAlarm", put + "statistic: 'Average' period: 0 threshold: 50"},
      {"InvalidParameterValue", "PutMetricAlarm", put + "statistic: 'Average' period: 86401 threshold: 50"},
      {"ValidationError", "PutMetricAlarm",
       "alarm_name: 'new' " + where + average + "evaluation_periods: 1441 comparison_operator: 'GreaterThanThreshold'"},
      {"ValidationError", "PutMetricAlarm",
       "alarm_name: 'new' " + where +
           "statistic: 'Sum' period: 3600 threshold: 5 evaluation_periods: 169 "
           "comparison_operator: 'GreaterThanThreshold'"},
      {"ValidationError", "PutMetricAlarm",
       "alarm_name: 'new' " + where +
           "statistic: 'Sum' period: 10 threshold: 5 evaluation_periods: 361 "
           "comparison_operator: 'GreaterThanThreshold'"},
      {"InvalidParameterValue", "PutMetricAlarm",
       "alarm_name: 'new' " + where + average + "evaluation_periods: 0 comparison_operator: 'GreaterThanThreshold'"},
      {"ValidationError", "PutMetricAlarm", good + "datapoints_to_alarm: 2"},
      {"InvalidParameterValue", "PutMetricAlarm", good + "datapoints_to_alarm: 0"},
      {"InvalidParameterValue", "PutMetricAlarm",
       "alarm_name: 'new' " + where + average + "evaluation_periods: 1 comparison_operator: 'AboutThreshold'"},
      {"InvalidParameterValue", "PutMetricAlarm",
       "alarm_name: 'new' " + where + average +
           "evaluation_periods: 1 comparison_operator: 'GreaterThanUpperThreshold'"},
      {"InvalidParameterValue", "PutMetricAlarm", good + "treat_missing_data: 'perhaps'"},
      {"InvalidParameterValue", "PutMetricAlarm", good + "evaluate_low_sample_count_percentile: 'perhaps'"},
      {"ValidationError", "PutMetricAlarm", good + "threshold_metric_id: 'ad1'"},
      {"InvalidParameterValue", "PutMetricAlarm", put + of + of + average},
      {"MissingParameter", "PutMetricAlarm", put + average + "dimensions { name: 'InstanceId' }"},
      {"ValidationError", "PutMetricAlarm", action("")},
      {"ValidationError", "PutMetricAlarm", action("stop")},
      {"ValidationError", "PutMetricAlarm", action("arn:aws:sns:us-east-1:0:topic")},
      {"ValidationError", "PutMetricAlarm", action("arn:aws:lambda:us-east-1:000000000000:f")},
      {"ValidationError", "PutMetricAlarm",
       put + average +
           "alarm_actions: 'arn:aws:swf:us-east-1:000000000000:action/actions/AWS_EC2.InstanceId.Stop/1.0'"},
      {"ValidationError", "PutMetricAlarm", action("arn:aws:automate:us-east-1:ec2:start")},
      {"ValidationError", "PutMetricAlarm", action("http://127.0.0.1/")},
      {"ValidationError", "PutMetricAlarm", action("http://hooks.example.org.evil.example/")},
      {"ValidationError", "PutMetricAlarm", action("https://hooks.example.org/")},
      {"ValidationError", "PutMetricAlarm", action("file:///etc/passwd")},
      {"ValidationError", "PutMetricAlarm",
       action("http://hooks.example.org/a") + " alarm_actions: 'http://hooks.example.org/a'"},
      {"InvalidParameterValue", "PutMetricAlarm", good + six},
      {"ValidationError", "PutMetricAlarm", put + average + "alarm_actions: 'arn:aws:automate:us-east-1:ec2:stop'"},
      {"ValidationError", "PutMetricAlarm",
       put + average +
           "dimensions { name: 'InstanceId' value: 'web' } ok_actions: 'arn:aws:automate:us-east-1:ec2:reboot'"},
      {"InvalidParameterValue", "PutMetricAlarm", good + "tags { key: 'aws:x' value: 'y' }"},
      {"InvalidParameterValue", "PutMetricAlarm", good + "tags { key: 'x' value: 'y' } tags { key: 'x' value: 'z' }"},
      {"MissingParameter", "PutMetricAlarm", good + "tags { value: 'y' }"},
      {"ValidationError", "PutMetricAlarm", "alarm_name: 'both' " + where + how + average},
      // Metric maths
      {"ValidationError", "PutMetricAlarm", maths + "metric_name: 'CPUUtilization' " + m1},
      {"ValidationError", "PutMetricAlarm", maths + m1 + "period: 60"},
      {"ValidationError", "PutMetricAlarm", maths + "metrics { id: 'm1' }"},
      {"ValidationError", "PutMetricAlarm", maths + "metrics { id: 'e1' expression: '1' }"},
      {"ValidationError", "PutMetricAlarm", maths + m1 + m2},
      {"ValidationError", "PutMetricAlarm", maths + m1 + m2 + "metrics { id: 'e1' expression: 'm1 +' }"},
      {"ValidationError", "PutMetricAlarm", maths + quiet + "metrics { id: 'e1' expression: 'm1 + m3' }"},
      {"ValidationError", "PutMetricAlarm", maths + quiet + "metrics { id: 'e1' expression: 'm1 +' }"},
      {"ValidationError", "PutMetricAlarm", maths + quiet + "metrics { id: 'e1' expression: 'm1' return_data: false }"},
      {"ValidationError", "PutMetricAlarm", maths + quiet + quiet + "metrics { id: 'e1' expression: 'm1' }"},
      {"ValidationError", "PutMetricAlarm",
       maths + quiet +
           "metrics { id: 'm2' metric_stat { metric { namespace: 'App' metric_name: 'B' } period: 300 stat: "
           "'Sum' } }"},
      {"ValidationError", "PutMetricAlarm",
       maths + quiet + "metrics { id: 'e1' expression: 'm1' } alarm_actions: 'arn:aws:automate:us-east-1:ec2:stop'"},
      {"ValidationError", "PutMetricAlarm", maths + quiet + "metrics { id: 'e1' expression: 'm1' period: 300 }"},
      {"InvalidParameterValue", "PutMetricAlarm", maths + quiet + "metrics { id: 'e1' expression: 'm1' period: 45 }"},
      {"ValidationError", "PutMetricAlarm",
       maths + quiet + "metrics { id: 'e1' expression: \"SUM(SEARCH('{App}', 'Sum', 60))\" }"},
      {"ValidationError", "PutMetricAlarm",
       maths + "metrics { id: 'e1' period: 60 expression: 'SELECT SUM(Load) FROM Shop GROUP BY Host' }"},
      {"ValidationError", "PutMetricAlarm", maths + "metrics { id: 'e1' expression: 'SELECT SUM(Load) FROM Shop' }"},
      {"ValidationError", "PutMetricAlarm", maths + "metrics { id: 'e1' period: 60 expression: 'SELECT SUM(Load)' }"},
      {"ValidationError", "PutMetricAlarm",
       maths + quiet + "metrics { id: 'e1' expression: 'ANOMALY_DETECTION_BAND(m1)' }"},
      {"ValidationError", "PutMetricAlarm", maths + quiet + "metrics { id: 'e1' expression: 'METRICS() * 2 OR' }"},
      // PutCompositeAlarm
      {"MissingParameter", "PutCompositeAlarm", "alarm_rule: 'TRUE'"},
      {"ValidationError", "PutCompositeAlarm", composite + "alarm_actions: 'arn:aws:sns:us-east-1:0:topic'"},
      {"MissingParameter", "PutCompositeAlarm", "alarm_name: 'new'"},
      {"ValidationError", "PutCompositeAlarm", "alarm_name: 'new' alarm_rule: 'ALARM(busy'"},
      {"ValidationError", "PutCompositeAlarm", "alarm_name: 'new' alarm_rule: 'ALARM(none)'"},
      {"ValidationError", "PutCompositeAlarm", "alarm_name: 'new' alarm_rule: 'ALARM(new)'"},
      {"ValidationError", "PutCompositeAlarm", "alarm_name: 'both' alarm_rule: 'OK(both)'"},
      {"ValidationError", "PutCompositeAlarm", "alarm_name: 'busy' alarm_rule: 'TRUE'"},
      {"ValidationError", "PutCompositeAlarm", composite + "alarm_actions: 'arn:aws:automate:us-east-1:ec2:stop'"},
      {"ValidationError", "PutCompositeAlarm",
       composite +
           "alarm_actions: 'arn:aws:autoscaling:us-east-1:0:scalingPolicy:1:autoScalingGroupName/g:policyName/p'"},
      {"ValidationError", "PutCompositeAlarm", composite + "actions_suppressor: 'busy'"},
      {"ValidationError", "PutCompositeAlarm", composite + "actions_suppressor_wait_period: 10"},
      {"ValidationError", "PutCompositeAlarm",
       composite +
           "actions_suppressor: 'none' actions_suppressor_wait_period: 10 actions_suppressor_extension_period: 10"},
      {"InvalidParameterValue", "PutCompositeAlarm",
       composite +
           "actions_suppressor: 'busy' actions_suppressor_wait_period: -1 actions_suppressor_extension_period: 10"},
      // Describing
      {"ValidationError", "DescribeAlarms", "alarm_names: 'busy' alarm_name_prefix: 'b'"},
      {"InvalidParameterValue", "DescribeAlarms", "alarm_types: 'LogAlarm'"},
      {"InvalidParameterValue", "DescribeAlarms", "state_value: 'FINE'"},
      {"InvalidParameterValue", "DescribeAlarms", "max_records: 0"},
      {"InvalidParameterValue", "DescribeAlarms", "max_records: 101"},
      {"InvalidNextToken", "DescribeAlarms", "next_token: 'bogus'"},
      {"ResourceNotFound", "DescribeAlarms", "children_of_alarm_name: 'none'"},
      {"ResourceNotFound", "DescribeAlarms", "parents_of_alarm_name: 'none'"},
      {"ValidationError", "DescribeAlarms", "children_of_alarm_name: 'both' parents_of_alarm_name: 'busy'"},
      {"ValidationError", "DescribeAlarms", "children_of_alarm_name: 'both' state_value: 'OK'"},
      {"MissingParameter", "DescribeAlarmsForMetric", "metric_name: 'CPUUtilization'"},
      {"MissingParameter", "DescribeAlarmsForMetric", "namespace: 'AWS/EC2'"},
      {"InvalidParameterValue", "DescribeAlarmHistory", "history_item_type: 'Gossip'"},
      {"InvalidParameterValue", "DescribeAlarmHistory", "start_date: 'yesterday'"},
      {"InvalidParameterValue", "DescribeAlarmHistory", "scan_by: 'Colour'"},
      {"InvalidNextToken", "DescribeAlarmHistory", "next_token: 'bogus'"},
      // Changing
      {"MissingParameter", "DeleteAlarms", ""},
      {"ResourceNotFound", "DeleteAlarms", "alarm_names: 'none'"},
      {"ResourceNotFound", "DeleteAlarms", "alarm_names: 'both' alarm_names: 'none'"},
      {"ValidationError", "DeleteAlarms", "alarm_names: 'busy'"},
      {"ResourceNotFound", "EnableAlarmActions", "alarm_names: 'none'"},
      {"ResourceNotFound", "DisableAlarmActions", "alarm_names: 'busy' alarm_names: 'none'"},
      {"ResourceNotFound", "SetAlarmState", "alarm_name: 'none' state_value: 'OK' state_reason: 'x'"},
      {"InvalidParameterValue", "SetAlarmState", "alarm_name: 'busy' state_value: 'FINE' state_reason: 'x'"},
      {"InvalidFormat", "SetAlarmState",
       "alarm_name: 'busy' state_value: 'OK' state_reason: 'x' state_reason_data: '{'"},
      {"InvalidParameterValue", "SetAlarmState",
       "alarm_name: 'busy' state_value: 'OK' state_reason: '" + std::string(1024, 'x') + "'"},
      // Tags
      {"MissingParameter", "ListTagsForResource", ""},
      {"InvalidParameterValue", "ListTagsForResource", "resource_arn: 'busy'"},
      {"InvalidParameterValue", "ListTagsForResource",
       "resource_arn: 'arn:aws:cloudwatch:us-east-1:999999999999:alarm:busy'"},
      {"ResourceNotFoundException", "ListTagsForResource", none},
      {"MissingParameter", "TagResource", arn},
      {"ResourceNotFoundException", "TagResource", none + "tags { key: 'a' value: 'b' }"},
      {"InvalidParameterValue", "TagResource", arn + "tags { key: 'aws:a' value: 'b' }"},
      {"ResourceNotFoundException", "UntagResource", none + "tag_keys: 'a'"},
  };
}

}  // namespace

TEST_CASE("every bad input to alarms is refused with CloudWatch's code and changes nothing", "[alarms]") {
  ApiWorld world;
  REQUIRE_OK(world
                 .CallText("PutMetricAlarm",
                           "alarm_name: 'busy' namespace: 'AWS/EC2' metric_name: 'CPUUtilization' statistic: 'Average' "
                           "period: 60 evaluation_periods: 1 threshold: 50 "
                           "comparison_operator: 'GreaterThanThreshold' tags { key: 'team' value: 'blue' }")
                 .status());
  REQUIRE_OK(world.CallText("PutCompositeAlarm", "alarm_name: 'both' alarm_rule: 'ALARM(busy)'").status());
  const auto everything = [&] {
    return absl::StrCat(
        world.CallText("DescribeAlarms", "alarm_types: 'MetricAlarm' alarm_types: 'CompositeAlarm'")
            .value()
            ->DebugString(),
        world.CallText("DescribeAlarmHistory", "alarm_types: 'MetricAlarm' alarm_types: 'CompositeAlarm'")
            .value()
            ->DebugString(),
        world.CallText("ListTagsForResource", "resource_arn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:busy'")
            .value()
            ->DebugString());
  };
  const std::string before = everything();
  CheckRefused(world, Cases(), {"DescribeAlarms", "DescribeAlarmHistory"}, {});
  CHECK(everything() == before);
}

}  // namespace brume
