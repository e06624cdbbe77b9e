// CloudWatch's alarms as a caller sees them.
#include <catch2/catch.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/cloudwatch/v1/alarm.pb.h"
#include "google/protobuf/text_format.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

using Texts = std::vector<std::string>;

template <typename Response>
Response Call(ApiWorld& world, const std::string& action, const std::string& request) {
  const auto response = world.CallText(action, request);
  INFO(action << " " << request << " " << response.status().ToString());
  REQUIRE(response.ok());
  return static_cast<const Response&>(**response);
}

void Do(ApiWorld& world, const std::string& action, const std::string& request) {
  const auto response = world.CallText(action, request);
  INFO(action << " " << request << " " << response.status().ToString());
  REQUIRE(response.ok());
}

void Put(ApiWorld& world, const std::string& name, const std::string& more = "") {
  Do(world, "PutMetricAlarm",
     absl::StrCat("alarm_name: '", name,
                  "' namespace: 'AWS/EC2' metric_name: 'CPUUtilization' statistic: 'Average' period: 60 "
                  "evaluation_periods: 2 threshold: 50.5 comparison_operator: 'GreaterThanThreshold' ",
                  more));
}

// Names of what DescribeAlarms shows, page by page: composite ones in brackets.
Texts Names(ApiWorld& world, const std::string& request) {
  Texts names;
  std::string token;
  do {
    const std::string next = token.empty() ? "" : absl::StrCat(" next_token: '", token, "'");
    const auto page = Call<cloudwatch::v1::DescribeAlarmsResponse>(world, "DescribeAlarms", request + next);
    for (const auto& alarm : page.composite_alarms()) names.push_back("[" + alarm.alarm_name() + "]");
    for (const auto& alarm : page.metric_alarms()) names.push_back(alarm.alarm_name());
    token = page.next_token();
  } while (!token.empty());
  return names;
}

}  // namespace

TEST_CASE("an alarm is shown as it was put, with nothing that was not said", "[alarms]") {
  ApiWorld world;
  Put(world, "busy",
      "alarm_description: 'too busy' dimensions { name: 'InstanceId' value: 'i-0123456789abcdef0' } unit: 'Percent' "
      "dimensions { name: 'A' value: 'b' } ok_actions: 'http://hooks.example.org/ok' "
      "alarm_actions: 'arn:aws:automate:us-east-1:ec2:stop' alarm_actions: 'http://hooks.example.org/' "
      "datapoints_to_alarm: 1 treat_missing_data: 'notBreaching' evaluate_low_sample_count_percentile: 'ignore' "
      "insufficient_data_actions: 'arn:aws:sns:us-east-1:123456789012:ops'");
  Put(world, "plain");
  const auto shown = Call<cloudwatch::v1::DescribeAlarmsResponse>(world, "DescribeAlarms", "");
  REQUIRE(shown.metric_alarms_size() == 2);
  const cloudwatch::v1::MetricAlarm& busy = shown.metric_alarms(0);
  CHECK(busy.alarm_arn() == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:busy");
  CHECK(busy.alarm_description() == "too busy");
  CHECK(busy.actions_enabled());
  CHECK(busy.ok_actions(0) == "http://hooks.example.org/ok");
  CHECK(busy.alarm_actions(0) == "arn:aws:automate:us-east-1:ec2:stop");
  CHECK(busy.alarm_actions(1) == "http://hooks.example.org/");
  CHECK(busy.state_value() == "INSUFFICIENT_DATA");
  CHECK(busy.state_reason() == "Unchecked: Initial alarm creation");
  CHECK(busy.metric_name() == "CPUUtilization");
  CHECK(busy.namespace_() == "AWS/EC2");
  CHECK(busy.statistic() == "Average");
  CHECK_FALSE(busy.has_extended_statistic());
  REQUIRE(busy.dimensions_size() == 2);
  CHECK(busy.dimensions(1).name() == "InstanceId");
  CHECK(busy.period() == 60);
  CHECK(busy.unit() == "Percent");
  CHECK(busy.evaluation_periods() == 2);
  CHECK(busy.datapoints_to_alarm() == 1);
  CHECK(busy.threshold() == 50.5);
  CHECK(busy.comparison_operator() == "GreaterThanThreshold");
  CHECK(busy.treat_missing_data() == "notBreaching");
  CHECK(busy.evaluate_low_sample_count_percentile() == "ignore");
  CHECK(busy.insufficient_data_actions(0) == "arn:aws:sns:us-east-1:123456789012:ops");
  const cloudwatch::v1::MetricAlarm& plain = shown.metric_alarms(1);
  CHECK_FALSE(plain.has_alarm_description());
  CHECK_FALSE(plain.has_datapoints_to_alarm());
  CHECK_FALSE(plain.has_treat_missing_data());
  CHECK_FALSE(plain.has_evaluate_low_sample_count_percentile());
  CHECK_FALSE(plain.has_unit());
  CHECK_FALSE(plain.has_state_reason_data());
}

TEST_CASE("an alarm on metric maths is shown with its metrics and expressions", "[alarms]") {
  ApiWorld world;
  Do(world, "PutMetricAlarm",
     "alarm_name: 'rate' threshold: 5 evaluation_periods: 1 comparison_operator: 'GreaterThanThreshold' "
     "metrics { id: 'm1' return_data: false metric_stat { metric { namespace: 'App' metric_name: 'Errors' "
     "dimensions { name: 'Host' value: 'a' } } period: 300 stat: 'p99' unit: 'Count' } account_id: '000000000000' } "
     "metrics { id: 'e1' expression: 'IF(HOUR(m1) > 19 OR HOUR(m1) < 2, m1)' label: 'at night' period: 300 }");
  const auto shown = Call<cloudwatch::v1::DescribeAlarmsResponse>(world, "DescribeAlarms", "");
  REQUIRE(shown.metric_alarms_size() == 1);
  const cloudwatch::v1::MetricAlarm& rate = shown.metric_alarms(0);
  CHECK_FALSE(rate.has_metric_name());
  CHECK_FALSE(rate.has_period());
  CHECK_FALSE(rate.has_statistic());
  REQUIRE(rate.metrics_size() == 2);
  CHECK(rate.metrics(0).id() == "m1");
  CHECK_FALSE(rate.metrics(0).return_data());
  CHECK(rate.metrics(0).metric_stat().metric().dimensions(0).value() == "a");
  CHECK(rate.metrics(0).metric_stat().period() == 300);
  CHECK(rate.metrics(0).metric_stat().stat() == "p99");
  CHECK(rate.metrics(0).metric_stat().unit() == "Count");
  CHECK(rate.metrics(0).account_id() == "000000000000");
  CHECK_FALSE(rate.metrics(1).has_account_id());
  CHECK(rate.state_transitioned_timestamp() == rate.state_updated_timestamp());
  CHECK(rate.metrics(1).expression() == "IF(HOUR(m1) > 19 OR HOUR(m1) < 2, m1)");
  CHECK(rate.metrics(1).label() == "at night");
  CHECK(rate.metrics(1).period() == 300);
  CHECK(rate.metrics(1).return_data());
  CHECK(Call<cloudwatch::v1::DescribeAlarmsForMetricResponse>(world, "DescribeAlarmsForMetric",
                                                              "namespace: 'App' metric_name: 'Errors'")
            .metric_alarms_size() == 0);
}

TEST_CASE("an alarm on a query of Metrics Insights is shown as it was put", "[alarms]") {
  ApiWorld world;
  Do(world, "PutMetricAlarm",
     "alarm_name: 'top' threshold: 5 evaluation_periods: 1 comparison_operator: 'GreaterThanThreshold' "
     "metrics { id: 'q1' period: 300 expression: 'SELECT MAX(CPUUtilization) FROM \"AWS/EC2\"' }");
  const auto shown = Call<cloudwatch::v1::DescribeAlarmsResponse>(world, "DescribeAlarms", "");
  REQUIRE(shown.metric_alarms_size() == 1);
  REQUIRE(shown.metric_alarms(0).metrics_size() == 1);
  CHECK(shown.metric_alarms(0).metrics(0).expression() == "SELECT MAX(CPUUtilization) FROM \"AWS/EC2\"");
  CHECK(shown.metric_alarms(0).metrics(0).period() == 300);
}

TEST_CASE("alarms are found by names, prefix, kind, state and actions, page by page", "[alarms]") {
  ApiWorld world;
  for (const char* name : {"web-1", "web-2", "db-1"}) Put(world, name);
  Put(world, "acts", "insufficient_data_actions: 'http://hooks.example.org/x'");
  Do(world, "PutCompositeAlarm", "alarm_name: 'web' alarm_rule: 'ALARM(web-1) OR ALARM(web-2)'");
  Do(world, "SetAlarmState", "alarm_name: 'db-1' state_value: 'ALARM' state_reason: 'testing'");
  const std::string both = "alarm_types: 'MetricAlarm' alarm_types: 'CompositeAlarm' ";
  CHECK(Names(world, "") == Texts{"acts", "db-1", "web-1", "web-2"});
  CHECK(Names(world, "alarm_types: 'CompositeAlarm'") == Texts{"[web]"});
  CHECK(Names(world, both + "max_records: 1") == Texts{"acts", "db-1", "[web]", "web-1", "web-2"});
  CHECK(Names(world, both + "alarm_name_prefix: 'web'") == Texts{"[web]", "web-1", "web-2"});
  CHECK(Names(world, "alarm_names: 'web-2' alarm_names: 'none' alarm_names: 'acts'") == Texts{"acts", "web-2"});
  CHECK(Names(world, "state_value: 'ALARM'") == Texts{"db-1"});
  CHECK(Names(world, "action_prefix: 'http://hooks'") == Texts{"acts"});
  CHECK(Names(world, "children_of_alarm_name: 'web' max_records: 1") == Texts{"web-1", "web-2"});
  CHECK(Names(world, "parents_of_alarm_name: 'web-1'") == Texts{"[web]"});
  CHECK(Names(world, "parents_of_alarm_name: 'db-1'").empty());
  const auto children =
      Call<cloudwatch::v1::DescribeAlarmsResponse>(world, "DescribeAlarms", "children_of_alarm_name: 'web'");
  CHECK(children.metric_alarms(0).state_value() == "INSUFFICIENT_DATA");
  CHECK_FALSE(children.metric_alarms(0).has_threshold());
}

TEST_CASE("alarms on a metric are those of all its dimensions", "[alarms]") {
  ApiWorld world;
  const std::string of = "dimensions { name: 'InstanceId' value: 'i-0123456789abcdef0' } ";
  Put(world, "one", of);
  Put(world, "all");
  const std::string metric = "namespace: 'AWS/EC2' metric_name: 'CPUUtilization' ";
  const auto found = [&](const std::string& more) {
    Texts names;
    const auto shown =
        Call<cloudwatch::v1::DescribeAlarmsForMetricResponse>(world, "DescribeAlarmsForMetric", metric + more);
    for (const auto& alarm : shown.metric_alarms()) names.push_back(alarm.alarm_name());
    return names;
  };
  CHECK(found(of) == Texts{"one"});
  CHECK(found("") == Texts{"all"});
  CHECK(found("statistic: 'Average' period: 60") == Texts{"all"});
  CHECK(found("statistic: 'Sum'").empty());
  CHECK(found("period: 300").empty());
  CHECK(found("unit: 'Percent'").empty());
}

TEST_CASE("the history of alarms is shown newest or oldest first, by kind and time, page by page", "[alarms]") {
  ApiWorld world;
  Put(world, "busy");
  world.clock.Advance(absl::Minutes(1));
  Do(world, "SetAlarmState", "alarm_name: 'busy' state_value: 'ALARM' state_reason: 'testing' state_reason_data: '{}'");
  world.clock.Advance(absl::Minutes(1));
  Do(world, "DisableAlarmActions", "alarm_names: 'busy'");
  Do(world, "PutCompositeAlarm", "alarm_name: 'both' alarm_rule: 'ALARM(busy)'");
  const auto summaries = [&](const std::string& request) {
    Texts texts;
    std::string token;
    do {
      const std::string next = token.empty() ? "" : absl::StrCat(" next_token: '", token, "'");
      const auto page =
          Call<cloudwatch::v1::DescribeAlarmHistoryResponse>(world, "DescribeAlarmHistory", request + next);
      for (const auto& item : page.alarm_history_items()) texts.push_back(item.history_summary());
      token = page.next_token();
    } while (!token.empty());
    return texts;
  };
  const Texts all = {"Alarm \"busy\" created", "Alarm updated from INSUFFICIENT_DATA to ALARM",
                     "Alarm \"busy\" updated"};
  CHECK(summaries("scan_by: 'TimestampAscending'") == all);
  CHECK(summaries("scan_by: 'TimestampAscending' max_records: 1") == all);
  CHECK(summaries("") == Texts(all.rbegin(), all.rend()));
  CHECK(summaries("max_records: 2") == Texts(all.rbegin(), all.rend()));
  CHECK(summaries("history_item_type: 'StateUpdate'") == Texts{all[1]});
  CHECK(summaries("alarm_name: 'both' alarm_types: 'CompositeAlarm' history_item_type: 'StateUpdate'") ==
        Texts{"Alarm updated from INSUFFICIENT_DATA to ALARM"});
  const std::string middle =
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", world.clock.Now() - absl::Seconds(90), absl::UTCTimeZone());
  CHECK(summaries("end_date: '" + middle + "'") == Texts{all[0]});
  CHECK(summaries("start_date: '" + middle + "'") == Texts{all[2], all[1]});
  const auto item = Call<cloudwatch::v1::DescribeAlarmHistoryResponse>(world, "DescribeAlarmHistory",
                                                                       "history_item_type: 'StateUpdate'")
                        .alarm_history_items(0);
  CHECK(item.alarm_name() == "busy");
  CHECK(item.alarm_type() == "MetricAlarm");
  CHECK(absl::StrContains(item.history_data(), R"("newState":{"stateValue":"ALARM","stateReason":"testing")"));
}

TEST_CASE("an alarm's tags are its own, and go with it", "[alarms]") {
  ApiWorld world;
  Put(world, "busy", "tags { key: 'team' value: 'blue' } tags { key: 'empty' value: '' }");
  const std::string arn = "resource_arn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:busy' ";
  const auto tags = [&] {
    Texts texts;
    const auto shown = Call<cloudwatch::v1::ListTagsForResourceResponse>(world, "ListTagsForResource", arn);
    for (const auto& tag : shown.tags()) texts.push_back(tag.key() + "=" + tag.value());
    return texts;
  };
  CHECK(tags() == Texts{"empty=", "team=blue"});
  // Those of an alarm that is there are left alone.
  Put(world, "busy", "tags { key: 'team' value: 'red' }");
  CHECK(tags() == Texts{"empty=", "team=blue"});
  Do(world, "TagResource", arn + "tags { key: 'team' value: 'green' } tags { key: 'tier' value: '1' }");
  CHECK(tags() == Texts{"empty=", "team=green", "tier=1"});
  Do(world, "UntagResource", arn + "tag_keys: 'empty' tag_keys: 'none'");
  CHECK(tags() == Texts{"team=green", "tier=1"});
  std::string many;
  for (int i = 0; i < 49; ++i) absl::StrAppend(&many, "tags { key: 'k", i, "' value: 'v' } ");
  CHECK(ec2::ErrorCode(world.CallText("TagResource", arn + many).status()) == "InvalidParameterValue");
  CHECK(tags() == Texts{"team=green", "tier=1"});
  Do(world, "DeleteAlarms", "alarm_names: 'busy'");
  Put(world, "busy");
  CHECK(tags().empty());
  CHECK(world.CallText("DescribeTags", "").value()->DebugString().find("green") == std::string::npos);
}

TEST_CASE("policies are asked for the alarm that a call names", "[alarms]") {
  ApiWorld world;
  Do(world, "CreateUser", "user_name: 'ada'");
  Do(world, "PutUserPolicy",
     "user_name: 'ada' policy_name: 'p' policy_document: "
     "'{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"cloudwatch:*\","
     "\"Resource\":\"arn:aws:cloudwatch:*:*:alarm:web-*\"}}'");
  Put(world, "web-1");
  Put(world, "db-1");
  Caller ada;
  REQUIRE_OK(world.identities.Become("ada", ada));
  const auto call = [&](const std::string& action, const std::string& text) {
    const auto* method = world.FindRpc(action);
    std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
    REQUIRE(google::protobuf::TextFormat::ParseFromString(text, request.get()));
    return ec2::ErrorCode(world.dispatcher.Call(*method, *request, ada).status());
  };
  CHECK(call("DisableAlarmActions", "alarm_names: 'web-1'").empty());
  CHECK(call("DisableAlarmActions", "alarm_names: 'web-1' alarm_names: 'db-1'") == "AccessDenied");
  CHECK(call("DeleteAlarms", "alarm_names: 'db-1'") == "AccessDenied");
  CHECK(call("ListTagsForResource", "resource_arn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:web-1'").empty());
  CHECK(call("DescribeAlarms", "") == "AccessDenied");
}

TEST_CASE("AWS's own policies let their users read alarms, or change them", "[alarms]") {
  ApiWorld world;
  Do(world, "CreateUser", "user_name: 'ada'");
  Put(world, "busy");
  Caller ada;
  REQUIRE_OK(world.identities.Become("ada", ada));
  const auto may = [&](const std::string& action, const std::string& text) {
    const auto* method = world.FindRpc(action);
    std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
    REQUIRE(google::protobuf::TextFormat::ParseFromString(text, request.get()));
    return world.dispatcher.Call(*method, *request, ada).ok();
  };
  const std::tuple<const char*, bool, bool> rows[] = {
      {"AmazonEC2FullAccess", true, true},     {"AmazonEC2ReadOnlyAccess", true, false},
      {"AutoScalingFullAccess", false, false}, {"AutoScalingReadOnlyAccess", false, false},
      {"CloudWatchFullAccess", true, true},    {"CloudWatchReadOnlyAccess", true, false},
      {"IAMFullAccess", false, false},         {"PowerUserAccess", true, true},
      {"ReadOnlyAccess", true, false}};
  for (const auto& [policy, reads, changes] : rows) {
    INFO(policy);
    const std::string attached = absl::StrCat("user_name: 'ada' policy_arn: 'arn:aws:iam::aws:policy/", policy, "'");
    Do(world, "AttachUserPolicy", attached);
    CHECK(may("DescribeAlarms", "") == reads);
    CHECK(may("DisableAlarmActions", "alarm_names: 'busy'") == changes);
    Do(world, "DetachUserPolicy", attached);
  }
}

TEST_CASE("who puts an alarm must be allowed what the alarm does to its instance", "[alarms]") {
  ApiWorld world;
  Do(world, "CreateUser", "user_name: 'ada'");
  const auto allow = [&](const std::string& actions) {
    Do(world, "PutUserPolicy",
       "user_name: 'ada' policy_name: 'p' policy_document: "
       "'{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":[" +
           actions + "],\"Resource\":\"*\"}}'");
    world.authorizer.Evict();
  };
  Caller ada;
  REQUIRE_OK(world.identities.Become("ada", ada));
  const auto put = [&](const std::string& action) {
    const auto* method = world.FindRpc("PutMetricAlarm");
    cloudwatch::v1::PutMetricAlarmRequest request;
    REQUIRE(google::protobuf::TextFormat::ParseFromString(
        "alarm_name: 'busy' namespace: 'AWS/EC2' metric_name: 'CPUUtilization' statistic: 'Average' period: 60 "
        "evaluation_periods: 1 threshold: 50 comparison_operator: 'GreaterThanThreshold' "
        "dimensions { name: 'InstanceId' value: 'i-0123456789abcdef0' }",
        &request));
    request.add_ok_actions("arn:aws:automate:us-east-1:ec2:" + action);
    return ec2::ErrorCode(world.dispatcher.Call(*method, request, ada).status());
  };
  allow("\"cloudwatch:*\"");
  for (const char* action : {"stop", "terminate", "reboot", "recover"}) CHECK(put(action) == "AccessDenied");
  allow("\"cloudwatch:*\",\"ec2:StopInstances\"");
  CHECK(put("stop").empty());
  for (const char* action : {"terminate", "reboot", "recover"}) CHECK(put(action) == "AccessDenied");
  allow("\"cloudwatch:*\",\"ec2:StopInstances\",\"ec2:StartInstances\"");
  CHECK(put("recover").empty());
}

}  // namespace brume
