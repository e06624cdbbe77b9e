// CloudWatch's actions on metrics.
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "brume/cloudwatch/v1/alarm.pb.h"
#include "brume/cloudwatch/v1/metric.pb.h"
#include "google/protobuf/text_format.h"
#include "tests/fakes/api_world.h"
#include "tests/gateway/bad_input.h"

namespace brume {
namespace {

// ApiWorld's clock stands at 2027-01-15T08:00:00Z.
template <typename Response, typename Request>
Response Call(ApiWorld& world, const std::string& text) {
  Request request;
  INFO(text);
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &request));
  return Value(world.Call<Response>(request));
}

void Put(ApiWorld& world, const std::string& data) {
  Call<cloudwatch::v1::PutMetricDataResponse, cloudwatch::v1::PutMetricDataRequest>(
      world, "namespace: 'Shop' metric_data { " + data + " }");
}

cloudwatch::v1::GetMetricStatisticsResponse Statistics(ApiWorld& world, const std::string& more) {
  return Call<cloudwatch::v1::GetMetricStatisticsResponse, cloudwatch::v1::GetMetricStatisticsRequest>(
      world, "namespace: 'Shop' start_time: '2027-01-15T07:00:00Z' end_time: '2027-01-15T09:00:00Z' " + more);
}

cloudwatch::v1::GetMetricDataResponse Data(ApiWorld& world, const std::string& more) {
  return Call<cloudwatch::v1::GetMetricDataResponse, cloudwatch::v1::GetMetricDataRequest>(
      world, "start_time: '2027-01-15T07:00:00Z' end_time: '2027-01-15T09:00:00Z' " + more);
}

std::string Stat(const std::string& id, const std::string& metric, const std::string& stat, int period = 60) {
  return absl::StrCat("metric_data_queries { id: '", id, "' metric_stat { metric { namespace: 'Shop' metric_name: '",
                      metric, "' } period: ", period, " stat: '", stat, "' } } ");
}

std::vector<double> Values(const cloudwatch::v1::MetricDataResult& result) {
  return {result.values().begin(), result.values().end()};
}

// Load 1 to 5 in the five minutes from 07:30, and Errors 10 in the second of them.
void PutLoad(ApiWorld& world) {
  for (int minute = 0; minute < 5; ++minute) {
    Put(world,
        absl::StrCat("metric_name: 'Load' value: ", minute + 1, " timestamp: '2027-01-15T07:3", minute, ":10Z'"));
  }
  Put(world, "metric_name: 'Errors' value: 10 timestamp: '2027-01-15T07:31:00Z'");
}

}  // namespace

TEST_CASE("values are put in three ways and read as statistics", "[api]") {
  ApiWorld world;
  Put(world, "metric_name: 'Load' value: 5 unit: 'Count'");
  Put(world, "metric_name: 'Load' values: 1 values: 3 counts: 2 counts: 1 unit: 'Count'");
  Put(world,
      "metric_name: 'Load' unit: 'Count' "
      "statistic_values { sample_count: 2 sum: 10 minimum: 4 maximum: 6 }");
  const auto answer = Statistics(world,
                                 "metric_name: 'Load' period: 60 statistics: 'SampleCount' statistics: 'Sum' "
                                 "statistics: 'Average' statistics: 'Minimum' statistics: 'Maximum'");
  CHECK(answer.label() == "Load");
  REQUIRE(answer.datapoints_size() == 1);
  const cloudwatch::v1::Datapoint& point = answer.datapoints(0);
  CHECK(point.timestamp() == "2027-01-15T08:00:00.000Z");
  CHECK(point.sample_count() == 6);
  CHECK(point.sum() == 20);
  CHECK(point.average() == Approx(20.0 / 6));
  CHECK(point.minimum() == 1);
  CHECK(point.maximum() == 6);
  CHECK(point.unit() == "Count");
}

TEST_CASE("only the statistics that were asked for are shown", "[api]") {
  ApiWorld world;
  Put(world, "metric_name: 'Load' value: 5");
  const auto answer = Statistics(world, "metric_name: 'Load' period: 300 statistics: 'Maximum'");
  REQUIRE(answer.datapoints_size() == 1);
  CHECK(answer.datapoints(0).has_maximum());
  CHECK_FALSE(answer.datapoints(0).has_sum());
  CHECK(answer.datapoints(0).unit() == "None");
  CHECK(Statistics(world, "metric_name: 'Other' period: 60 statistics: 'Sum'").datapoints_size() == 0);
}

TEST_CASE("percentiles are shown by their names, where the distribution is known", "[api]") {
  ApiWorld world;
  std::string values;
  for (int i = 1; i <= 100; ++i) absl::StrAppend(&values, "values: ", i, " ");
  Put(world, "metric_name: 'Load' " + values);
  const std::string wanted = "metric_name: 'Load' period: 60 extended_statistics: 'p50' extended_statistics: 'p99.5'";
  const auto answer = Statistics(world, wanted);
  REQUIRE(answer.datapoints_size() == 1);
  REQUIRE(answer.datapoints(0).extended_statistics_size() == 2);
  CHECK(answer.datapoints(0).extended_statistics(0).key() == "p50");
  CHECK(answer.datapoints(0).extended_statistics(0).value() == Approx(50).epsilon(0.011));
  CHECK(answer.datapoints(0).extended_statistics(1).value() == Approx(100).epsilon(0.011));
  Put(world, "metric_name: 'Load' statistic_values { sample_count: 2 sum: 10 minimum: 4 maximum: 6 }");
  CHECK(Statistics(world, wanted).datapoints(0).extended_statistics_size() == 0);
}

TEST_CASE("trimmed statistics are read, and alarms are on them, by their names", "[api]") {
  ApiWorld world;
  std::string values;
  for (int i = 1; i <= 100; ++i) absl::StrAppend(&values, "values: ", i, " ");
  Put(world, "metric_name: 'Load' " + values);
  const auto answer = Statistics(
      world, "metric_name: 'Load' period: 60 extended_statistics: 'TM(10%:90%)' extended_statistics: 'tc90'");
  REQUIRE(answer.datapoints_size() == 1);
  REQUIRE(answer.datapoints(0).extended_statistics_size() == 2);
  CHECK(answer.datapoints(0).extended_statistics(0).key() == "TM(10%:90%)");
  CHECK(answer.datapoints(0).extended_statistics(0).value() == Approx(50.5).epsilon(0.02));
  CHECK(answer.datapoints(0).extended_statistics(1).value() == Approx(90));
  const std::string alarm =
      "alarm_name: 'load' namespace: 'App' metric_name: 'Load' period: 60 evaluation_periods: 1 threshold: 1 "
      "comparison_operator: 'GreaterThanThreshold' extended_statistic: ";
  Value(world.CallText("PutMetricAlarm", alarm + "'tm90'"));
  const auto shown = Value(world.CallText("DescribeAlarms", "alarm_names: 'load'"));
  const auto& alarms = static_cast<const cloudwatch::v1::DescribeAlarmsResponse&>(*shown);
  REQUIRE(alarms.metric_alarms_size() == 1);
  CHECK(alarms.metric_alarms(0).extended_statistic() == "tm90");
  CHECK_FALSE(alarms.metric_alarms(0).has_statistic());
}

TEST_CASE("values of another unit are other datapoints", "[api]") {
  ApiWorld world;
  Put(world, "metric_name: 'Load' value: 5 unit: 'Seconds'");
  Put(world, "metric_name: 'Load' value: 7000 unit: 'Milliseconds'");
  const std::string wanted = "metric_name: 'Load' period: 60 statistics: 'Sum' ";
  CHECK(Statistics(world, wanted).datapoints_size() == 2);
  const auto seconds = Statistics(world, wanted + "unit: 'Seconds'");
  REQUIRE(seconds.datapoints_size() == 1);
  CHECK(seconds.datapoints(0).sum() == 5);
  CHECK(Statistics(world, wanted + "unit: 'Bytes'").datapoints_size() == 0);
}

TEST_CASE("dimensions are compared whole, in whatever order they come", "[api]") {
  ApiWorld world;
  const std::string forth = "dimensions { name: 'a' value: '1' } dimensions { name: 'b' value: '2' } ";
  const std::string back = "dimensions { name: 'b' value: '2' } dimensions { name: 'a' value: '1' } ";
  Put(world, "metric_name: 'Load' value: 5 " + forth);
  Put(world, "metric_name: 'Load' value: 6 " + back);
  const std::string wanted = "metric_name: 'Load' period: 60 statistics: 'SampleCount' ";
  REQUIRE(Statistics(world, wanted + back).datapoints_size() == 1);
  CHECK(Statistics(world, wanted + back).datapoints(0).sample_count() == 2);
  CHECK(Statistics(world, wanted).datapoints_size() == 0);
  CHECK(Statistics(world, wanted + "dimensions { name: 'a' value: '1' }").datapoints_size() == 0);
}

TEST_CASE("a metric of high resolution is read by the second", "[api]") {
  ApiWorld world;
  for (int second = 0; second < 20; second += 5) {
    const std::string time = absl::StrCat("timestamp: '2027-01-15T07:59:", second < 10 ? "0" : "", second, "Z' ");
    Put(world, "metric_name: 'Fine' storage_resolution: 1 value: 1 " + time);
    Put(world, "metric_name: 'Coarse' storage_resolution: 60 value: 1 " + time);
  }
  const auto count = [&](const std::string& metric, int period) {
    return Statistics(world, absl::StrCat("metric_name: '", metric, "' period: ", period, " statistics: 'Sum'"))
        .datapoints_size();
  };
  // No more datapoints than may be: two hours are 7,200 seconds.
  const auto fine = Call<cloudwatch::v1::GetMetricStatisticsResponse, cloudwatch::v1::GetMetricStatisticsRequest>(
      world,
      "namespace: 'Shop' start_time: '2027-01-15T07:59:00Z' end_time: '2027-01-15T08:00:00Z' metric_name: 'Fine' "
      "period: 1 statistics: 'Sum'");
  CHECK(fine.datapoints_size() == 4);
  CHECK(count("Fine", 10) == 2);
  CHECK(count("Fine", 60) == 1);
  CHECK(count("Coarse", 10) == 1);
}

TEST_CASE("metrics and expressions are read together, in either order of time", "[api]") {
  ApiWorld world;
  PutLoad(world);
  const std::string queries =
      Stat("load", "Load", "Sum") + Stat("errors", "Errors", "Sum") +
      "metric_data_queries { id: 'rate' expression: 'FILL(errors, 0) / load' label: 'per load' } "
      "metric_data_queries { id: 'hidden' expression: 'rate * 2' return_data: false } ";
  const auto newest_first = Data(world, queries);
  REQUIRE(newest_first.metric_data_results_size() == 3);
  CHECK(newest_first.metric_data_results(0).id() == "load");
  CHECK(newest_first.metric_data_results(0).label() == "Load");
  CHECK(newest_first.metric_data_results(0).status_code() == "Complete");
  CHECK(newest_first.metric_data_results(0).timestamps(0) == "2027-01-15T07:34:00.000Z");
  CHECK(Values(newest_first.metric_data_results(0)) == std::vector<double>{5, 4, 3, 2, 1});
  const auto ascending = Data(world, queries + "scan_by: 'TimestampAscending'");
  CHECK(Values(ascending.metric_data_results(0)) == std::vector<double>{1, 2, 3, 4, 5});
  CHECK(ascending.metric_data_results(2).label() == "per load");
  CHECK(Values(ascending.metric_data_results(2)) == std::vector<double>{0, 5, 0, 0, 0});
}

TEST_CASE("an expression over METRICS() gives a result for each", "[api]") {
  ApiWorld world;
  PutLoad(world);
  const auto answer = Data(world, Stat("m1", "Load", "Average") + Stat("m2", "Errors", "Maximum") +
                                      "metric_data_queries { id: 'twice' expression: 'METRICS() * 2' }");
  REQUIRE(answer.metric_data_results_size() == 4);
  CHECK(answer.metric_data_results(2).id() == "twice");
  CHECK(answer.metric_data_results(3).id() == "twice");
  CHECK(Values(answer.metric_data_results(3)) == std::vector<double>{20});
}

TEST_CASE("SEARCH finds metrics by namespace, dimensions and terms, and its series are told apart by labels", "[api]") {
  ApiWorld world;
  const auto put = [&](const std::string& name, const std::string& host) {
    REQUIRE(world
                .CallText("PutMetricData", absl::StrCat("namespace: 'Shop' metric_data { metric_name: '", name,
                                                        "' value: 1 timestamp: '2027-01-15T07:30:10Z' "
                                                        "dimensions { name: 'Host' value: '",
                                                        host, "' } }"))
                .ok());
  };
  put("Orders", "web-1");
  put("Orders", "web-2");
  put("OrdersFailed", "web-1");
  REQUIRE(world.metrics.Flush().ok());
  const auto labels = [&](const std::string& what) {
    std::vector<std::string> all;
    const std::string query =
        absl::StrCat("metric_data_queries { id: 'e1' expression: \"SEARCH('", what, "', 'Sum', 60)\" }");
    const auto answer = Data(world, query);
    for (const auto& result : answer.metric_data_results()) all.push_back(result.label());
    return all;
  };
  using Texts = std::vector<std::string>;
  CHECK(labels("{Shop,Host} Orders") == Texts{"web-1", "web-2", "web-1"});
  CHECK(labels("{Shop,Host} MetricName=\\\"Orders\\\"") == Texts{"web-1", "web-2"});
  CHECK(labels("{Shop,Host} orders AND NOT failed") == Texts{"web-1", "web-2"});
  CHECK(labels("{Shop,Host} Host=(web-2 OR web-3)") == Texts{"web-2"});
  CHECK(labels("Namespace=Shop -MetricName=Failed") == Texts{"web-1", "web-2"});
  CHECK(labels("{Shop}").empty());
  CHECK(labels("{Shop,Host,Other} Orders").empty());
  CHECK(Values(Data(world, "metric_data_queries { id: 'e1' expression: \"SUM(SEARCH('{Shop,Host}', 'Sum', 60))\" }")
                   .metric_data_results(0)) == std::vector<double>{3});
}

TEST_CASE("SELECT aggregates the metrics of a namespace by their dimensions", "[api]") {
  ApiWorld world;
  const auto put = [&](const std::string& name, const std::string& dimensions, double value) {
    Put(world,
        absl::StrCat("metric_name: '", name, "' value: ", value, " timestamp: '2027-01-15T07:30:10Z' ", dimensions));
  };
  const auto host = [](const std::string& value) {
    return absl::StrCat("dimensions { name: 'Host' value: '", value, "' } ");
  };
  const std::string zone = "dimensions { name: 'Zone' value: 'it\\'s a' } ";
  put("Load", host("web-1"), 1);
  put("Load", host("web-1"), 3);
  put("Load", host("web-2"), 8);
  put("Load", host("web-3") + zone, 4);
  put("Load", "", 16);
  put("Other", host("web-1"), 100);
  put("Net.In", "", 7);
  REQUIRE(world.metrics.Flush().ok());
  using Found = std::vector<std::pair<std::string, double>>;
  const auto select = [&](const std::string& query, const std::string& more = "") {
    Found found;
    const auto answer = Data(world, absl::StrCat("metric_data_queries { id: 'q1' period: 60 expression: \"",
                                                 absl::CEscape(query), "\" } ", more));
    for (const auto& result : answer.metric_data_results()) {
      found.emplace_back(result.label(), result.values_size() == 1 ? result.values(0) : -1);
    }
    return found;
  };
  CHECK(select("SELECT SUM(Load) FROM Shop") == Found{{"q1", 32}});
  CHECK(select("select count(Load) from \"Shop\"") == Found{{"q1", 5}});
  CHECK(select("SELECT AVG(Load) FROM SCHEMA(Shop, Host)") == Found{{"q1", 4}});
  CHECK(select("SELECT MAX(Load) FROM SCHEMA(\"Shop\")") == Found{{"q1", 16}});
  CHECK(select("SELECT MIN(Load) FROM SCHEMA(Shop, Zone, Host)") == Found{{"q1", 4}});
  CHECK(select("SELECT SUM(\"Net.In\") FROM Shop") == Found{{"q1", 7}});
  CHECK(select("SELECT SUM(Load) FROM Shop WHERE Host = 'web-1'") == Found{{"q1", 4}});
  CHECK(select("SELECT SUM(Load) FROM SCHEMA(Shop, Host) WHERE Host != 'web-1' AND Host != 'web-9'") ==
        Found{{"q1", 8}});
  CHECK(select("SELECT SUM(Load) FROM Shop WHERE Zone = 'it\\'s a'") == Found{{"q1", 4}});
  CHECK(select("SELECT SUM(Load) FROM Shop WHERE Zone != 'it\\'s a'") == Found{{"q1", 28}});
  CHECK(select("SELECT SUM(Load) FROM Shop WHERE Host = 'none'") == Found{{"q1", -1}});
  CHECK(select("SELECT SUM(Load) FROM Shop GROUP BY Host") ==
        Found{{"Other", 16}, {"web-1", 4}, {"web-2", 8}, {"web-3", 4}});
  CHECK(select("SELECT SUM(Load) FROM Shop GROUP BY Zone, Host LIMIT 2") ==
        Found{{"Other Other", 16}, {"Other web-1", 4}});
  CHECK(select("SELECT AVG(Load) FROM SCHEMA(Shop, Host) GROUP BY Host ORDER BY MAX() DESC LIMIT 1") ==
        Found{{"web-2", 8}});
  CHECK(select("SELECT AVG(Load) FROM SCHEMA(Shop, Host) GROUP BY Host ORDER BY MAX()") ==
        Found{{"web-1", 2}, {"web-2", 8}});
  // Other expressions compute with what it gives.
  CHECK(select("SELECT SUM(Load) FROM Shop GROUP BY Host", "metric_data_queries { id: 'e1' expression: 'MAX(q1) * 2' }")
            .back() == std::pair<std::string, double>("e1", 32));
}

TEST_CASE("a SELECT that is not one, or reads too much, is a ValidationError", "[api]") {
  ApiWorld world;
  std::vector<Case> cases;
  for (const char* query : {"SELECT",
                            "SELECT Load FROM Shop",
                            "SELECT MEDIAN(Load) FROM Shop",
                            "SELECT SUM(Load)",
                            "SELECT SUM() FROM Shop",
                            "SELECT SUM(Net.In) FROM Shop",
                            "SELECT SUM(LIMIT) FROM Shop",
                            "SELECT SUM(Load) FROM AWS/EC2",
                            "SELECT SUM(Load) FROM SCHEMA()",
                            "SELECT SUM(Load) FROM SCHEMA(Shop, Host, Host)",
                            "SELECT SUM(Load) FROM Shop WHERE",
                            "SELECT SUM(Load) FROM Shop WHERE Host = web",
                            "SELECT SUM(Load) FROM Shop WHERE Host = 'web",
                            "SELECT SUM(Load) FROM Shop WHERE Host LIKE 'web'",
                            "SELECT SUM(Load) FROM Shop WHERE Host = 'a' OR Host = 'b'",
                            "SELECT SUM(Load) FROM Shop GROUP Host",
                            "SELECT SUM(Load) FROM Shop GROUP BY",
                            "SELECT SUM(Load) FROM Shop ORDER BY SUM",
                            "SELECT SUM(Load) FROM Shop LIMIT 0",
                            "SELECT SUM(Load) FROM Shop LIMIT 501",
                            "SELECT SUM(Load) FROM Shop LIMIT x",
                            "SELECT SUM(Load) FROM Shop LIMIT 1 GROUP BY Host",
                            "SELECT SUM(Load) FROM Shop; SELECT"}) {
    cases.push_back(
        {"ValidationError", "GetMetricData",
         absl::StrCat("start_time: '2027-01-15T07:00:00Z' end_time: '2027-01-15T08:00:00Z' ",
                      "metric_data_queries { id: 'q1' period: 60 expression: \"", absl::CEscape(query), "\" }")});
  }
  const std::string one = "expression: 'SELECT SUM(Load) FROM Shop' period: 60 }";
  cases.push_back({"ValidationError", "GetMetricData",
                   absl::StrCat("start_time: '2027-01-15T07:00:00Z' end_time: '2027-01-15T08:00:00Z' ",
                                "metric_data_queries { id: 'q1' ", one, "metric_data_queries { id: 'q2' ", one)});
  CheckRefused(world, cases, {"ListMetrics"}, {});
}

TEST_CASE("datapoints come in pages that together are all of them", "[api]") {
  ApiWorld world;
  PutLoad(world);
  const std::string queries = Stat("m1", "Load", "Sum") + Stat("m2", "None", "Sum") + Stat("m3", "Load", "Maximum");
  std::vector<double> values;
  std::string token;
  int pages = 0;
  do {
    const auto page =
        Data(world, queries + "max_datapoints: 3 " + (token.empty() ? "" : absl::StrCat("next_token: '", token, "'")));
    int size = 0;
    for (const auto& result : page.metric_data_results()) {
      size += result.values_size();
      values.insert(values.end(), result.values().begin(), result.values().end());
    }
    CHECK(size <= 3);
    token = page.next_token();
    ++pages;
  } while (!token.empty());
  CHECK(pages == 4);
  CHECK(values == std::vector<double>{5, 4, 3, 2, 1, 5, 4, 3, 2, 1});
}

TEST_CASE("metrics are listed once each, by what they have, in pages", "[api]") {
  ApiWorld world;
  for (int i = 0; i < 600; ++i) {
    Put(world, absl::StrCat("metric_name: 'Load' value: 1 dimensions { name: 'n' value: '", i, "' }"));
  }
  Put(world, "metric_name: 'Load' value: 1 unit: 'Count' dimensions { name: 'n' value: '7' }");
  Put(world, "metric_name: 'Old' value: 1 timestamp: '2027-01-15T01:00:00Z'");
  REQUIRE(world.metrics.Flush().ok());
  const auto list = [&](const std::string& text) {
    return Call<cloudwatch::v1::ListMetricsResponse, cloudwatch::v1::ListMetricsRequest>(world, text);
  };
  const auto first = list("");
  CHECK(first.metrics_size() == 500);
  const auto second = list(absl::StrCat("next_token: '", first.next_token(), "'"));
  CHECK(second.metrics_size() == 101);
  CHECK(second.next_token().empty());
  CHECK(list("metric_name: 'Load' dimensions { name: 'n' value: '7' }").metrics_size() == 1);
  CHECK(list("namespace: 'Shop' metric_name: 'Old'").metrics_size() == 1);
  CHECK(list("metric_name: 'Old' recently_active: 'PT3H'").metrics_size() == 0);
  CHECK(list("namespace: 'Other'").metrics_size() == 0);
  CHECK(list("metric_name: 'Old' dimensions { name: 'n' }").metrics_size() == 0);
}

TEST_CASE("metrics' bad inputs have CloudWatch's codes, and leave nothing behind", "[api]") {
  ApiWorld world;
  const std::string load = "namespace: 'Shop' metric_data { metric_name: 'Load' ";
  const std::string read = "namespace: 'Shop' metric_name: 'Load' start_time: '2027-01-15T07:00:00Z' ";
  const std::string hour = read + "end_time: '2027-01-15T08:00:00Z' ";
  const std::string range = "start_time: '2027-01-15T07:00:00Z' end_time: '2027-01-15T08:00:00Z' ";
  const std::string m1 = Stat("m1", "Load", "Sum");
  const auto expression = [&](const std::string& text, const std::string& id = "e1") {
    return absl::StrCat(range, m1, "metric_data_queries { id: '", id, "' expression: \"", text, "\" }");
  };
  std::string many_values, many_dimensions, many_data;
  for (int i = 0; i < 151; ++i) absl::StrAppend(&many_values, "values: ", i, " ");
  for (int i = 0; i < 31; ++i) absl::StrAppend(&many_dimensions, "dimensions { name: 'n", i, "' value: 'v' } ");
  for (int i = 0; i < 1001; ++i) many_data += "metric_data { metric_name: 'Load' value: 1 } ";
  const std::vector<Case> cases = {
      {"MissingParameter", "PutMetricData", ""},
      {"MissingParameter", "PutMetricData", "namespace: 'Shop'"},
      {"MissingParameter", "PutMetricData", "namespace: 'Shop' metric_data { value: 1 }"},
      {"MissingParameter", "PutMetricData", load + "}"},
      {"MissingParameter", "PutMetricData", load + "statistic_values { sum: 1 minimum: 1 maximum: 1 } }"},
      {"InvalidParameterValue", "PutMetricData", "namespace: 'AWS/EC2' metric_data { metric_name: 'a' value: 1 }"},
      {"InvalidParameterValue", "PutMetricData", "namespace: 'Brume/EC2' metric_data { metric_name: 'a' value: 1 }"},
      {"InvalidParameterValue", "PutMetricData", "namespace: ':a' metric_data { metric_name: 'a' value: 1 }"},
      {"InvalidParameterValue", "PutMetricData", "namespace: 'a*' metric_data { metric_name: 'a' value: 1 }"},
      {"InvalidParameterValue", "PutMetricData", "namespace: 'Shop' " + many_data},
      {"InvalidParameterValue", "PutMetricData", "namespace: 'Shop' metric_data { metric_name: ' ' value: 1 }"},
      {"InvalidParameterValue", "PutMetricData", "namespace: 'Shop' metric_data { metric_name: 'a\\nb' value: 1 }"},
      {"InvalidParameterCombination", "PutMetricData", load + "value: 1 values: 1 }"},
      {"InvalidParameterCombination", "PutMetricData",
       load + "value: 1 statistic_values { sample_count: 1 sum: 1 minimum: 1 maximum: 1 } }"},
      {"InvalidParameterCombination", "PutMetricData", load + "value: 1 counts: 1 }"},
      {"InvalidParameterValue", "PutMetricData", load + "values: 1 values: 2 counts: 1 }"},
      {"InvalidParameterValue", "PutMetricData", load + "values: 1 counts: -1 }"},
      {"InvalidParameterValue", "PutMetricData", load + "values: 1 counts: 0 }"},
      {"InvalidParameterValue", "PutMetricData", load + many_values + "}"},
      {"InvalidParameterValue", "PutMetricData", load + "value: 1 " + many_dimensions + "}"},
      {"InvalidParameterValue", "PutMetricData", load + "value: nan }"},
      {"InvalidParameterValue", "PutMetricData", load + "value: inf }"},
      {"InvalidParameterValue", "PutMetricData", load + "value: 1e200 }"},
      {"InvalidParameterValue", "PutMetricData",
       load + "statistic_values { sample_count: 0 sum: 1 minimum: 1 maximum: 1 } }"},
      {"InvalidParameterValue", "PutMetricData",
       load + "statistic_values { sample_count: 1 sum: 1 minimum: 2 maximum: 1 } }"},
      {"InvalidParameterValue", "PutMetricData", load + "value: 1 unit: 'Bananas' }"},
      {"InvalidParameterValue", "PutMetricData", load + "value: 1 storage_resolution: 30 }"},
      {"InvalidParameterValue", "PutMetricData", load + "value: 1 timestamp: '2026-12-31T00:00:00Z' }"},
      {"InvalidParameterValue", "PutMetricData", load + "value: 1 timestamp: '2027-01-15T11:00:00Z' }"},
      {"InvalidParameterValue", "PutMetricData", load + "value: 1 timestamp: 'noon' }"},
      {"InvalidParameterValue", "PutMetricData",
       load + "value: 1 dimensions { name: 'a' value: '1' } dimensions { name: 'a' value: '2' } }"},
      {"MissingParameter", "PutMetricData", load + "value: 1 dimensions { name: 'a' } }"},
      {"InvalidParameterValue", "PutMetricData", load + "value: 1 dimensions { name: ':a' value: '1' } }"},
      // The second is bad: the first is not kept either.
      {"InvalidParameterValue", "PutMetricData", load + "value: 1 } metric_data { metric_name: 'b' value: nan }"},

      {"MissingParameter", "GetMetricStatistics", read + "period: 60 statistics: 'Sum'"},
      {"MissingParameter", "GetMetricStatistics", hour + "statistics: 'Sum'"},
      {"InvalidParameterCombination", "GetMetricStatistics", hour + "period: 60"},
      {"InvalidParameterCombination", "GetMetricStatistics",
       hour + "period: 60 statistics: 'Sum' extended_statistics: 'p9'"},
      {"InvalidParameterCombination", "GetMetricStatistics", hour + "period: 1 statistics: 'Sum'"},
      {"InvalidParameterValue", "GetMetricStatistics", hour + "period: 61 statistics: 'Sum'"},
      {"InvalidParameterValue", "GetMetricStatistics", hour + "period: 0 statistics: 'Sum'"},
      {"InvalidParameterValue", "GetMetricStatistics", hour + "period: 2147483640 statistics: 'Sum'"},
      {"InvalidParameterValue", "GetMetricStatistics", hour + "period: 60 statistics: 'Median'"},
      {"InvalidParameterValue", "GetMetricStatistics", hour + "period: 60 extended_statistics: 'p101'"},
      {"InvalidParameterValue", "GetMetricStatistics", hour + "period: 60 extended_statistics: 'Sum'"},
      {"InvalidParameterValue", "GetMetricStatistics",
       read + "end_time: '2027-01-15T07:00:00Z' period: 60 statistics: 'Sum'"},

      {"MissingParameter", "GetMetricData", range},
      {"ValidationError", "GetMetricData", range + "metric_data_queries { id: 'm1' }"},
      {"ValidationError", "GetMetricData", range + m1 + m1},
      {"ValidationError", "GetMetricData", range + Stat("M1", "Load", "Sum")},
      {"ValidationError", "GetMetricData", range + Stat("m-1", "Load", "Sum")},
      {"ValidationError", "GetMetricData", range + Stat("m1", "Load", "Median")},
      {"InvalidParameterValue", "GetMetricData", range + Stat("m1", "Load", "Sum", 61)},
      {"ValidationError", "GetMetricData", expression("m1 +")},
      {"ValidationError", "GetMetricData", expression("m2 * 2")},
      {"ValidationError", "GetMetricData", expression("e1 * 2")},
      {"ValidationError", "GetMetricData", expression("SUM(m1)")},
      {"ValidationError", "GetMetricData", expression("NOSUCH(m1)")},
      {"ValidationError", "GetMetricData", expression("SEARCH('{App', 'Sum', 60)")},
      {"ValidationError", "GetMetricData", expression("SEARCH('', 'Sum', 60)")},
      {"ValidationError", "GetMetricData", expression("SEARCH('(a', 'Sum', 60)")},
      {"ValidationError", "GetMetricData", expression("SEARCH('a)', 'Sum', 60)")},
      {"ValidationError", "GetMetricData", expression("SEARCH('a OR', 'Sum', 60)")},
      {"ValidationError", "GetMetricData", expression("SEARCH('" + std::string(100, '(') + "', 'Sum', 60)")},
      {"ValidationError", "GetMetricData", expression("SEARCH('" + std::string(900, '-') + "a', 'Sum', 60)")},
      {"ValidationError", "GetMetricData", expression("SEARCH('a', 'Median', 60)")},
      {"ValidationError", "GetMetricData", expression("SEARCH('a', 'Sum', 0)")},
      {"ValidationError", "GetMetricData", expression("SEARCH(m1, 'Sum', 60)")},
      {"ValidationError", "GetMetricData", "start_time: '2027-01-15T08:00:00Z' end_time: '2027-01-15T07:00:00Z' " + m1},
      {"ValidationError", "GetMetricData",
       range + "metric_data_queries { id: 'e1' expression: '1' return_data: false }"},
      {"ValidationError", "GetMetricData",
       "start_time: '2020-01-15T08:00:00Z' end_time: '2027-01-15T07:00:00Z' " + Stat("m1", "Load", "Sum", 1)},
      {"InvalidParameterValue", "GetMetricData", range + m1 + "max_datapoints: 0"},
      {"InvalidParameterValue", "GetMetricData", range + m1 + "scan_by: 'Random'"},
      {"InvalidNextToken", "GetMetricData", range + m1 + "next_token: 'bogus'"},

      {"InvalidNextToken", "ListMetrics", "next_token: 'bogus'"},
      {"InvalidParameterValue", "ListMetrics", "recently_active: 'PT1H'"},
      {"MissingParameter", "ListMetrics", "dimensions { value: 'x' }"},
  };
  CheckRefused(world, cases, {"ListMetrics"}, {});
  REQUIRE(world.metrics.Flush().ok());
  CHECK(Call<cloudwatch::v1::ListMetricsResponse, cloudwatch::v1::ListMetricsRequest>(world, "").metrics_size() == 0);
}

TEST_CASE("EC2's newer names of disk metrics read what is measured by the older ones", "[api]") {
  ApiWorld world;
  const MetricId measured{"AWS/EC2", "DiskReadOps", {{"InstanceId", "i-00000001"}}};
  world.metrics.Note(measured, world.clock.Now(), 12);
  const auto answer = Call<cloudwatch::v1::GetMetricStatisticsResponse, cloudwatch::v1::GetMetricStatisticsRequest>(
      world,
      "namespace: 'AWS/EC2' metric_name: 'EBSReadOps' dimensions { name: 'InstanceId' value: 'i-00000001' } "
      "start_time: '2027-01-15T07:00:00Z' end_time: '2027-01-15T09:00:00Z' period: 60 statistics: 'Sum'");
  REQUIRE(answer.datapoints_size() == 1);
  CHECK(answer.datapoints(0).sum() == 12);
}

TEST_CASE("the account may be named where it is this one, and others have no metrics", "[api]") {
  ApiWorld world;
  PutLoad(world);
  REQUIRE(world.metrics.Flush().ok());
  const std::string own = "account_id: '000000000000' ", other = "account_id: '111111111111' ";
  const std::string query =
      "metric_data_queries { id: 'm1' metric_stat { metric { namespace: 'Shop' metric_name: "
      "'Load' } period: 300 stat: 'Sum' } ";
  const auto answer = Data(world, query + own + "} label_options { timezone: '+0130' }");
  REQUIRE(answer.metric_data_results_size() == 1);
  CHECK(Values(answer.metric_data_results(0)) == std::vector<double>{15});
  CHECK(answer.messages().empty());
  CHECK(ec2::ErrorCode(
            world
                .CallText("cloudwatch:GetMetricData",
                          "start_time: '2027-01-15T07:00:00Z' end_time: '2027-01-15T09:00:00Z' " + query + other + "}")
                .status()) == "ValidationError");
  const auto list = [&](const std::string& text) {
    return Call<cloudwatch::v1::ListMetricsResponse, cloudwatch::v1::ListMetricsRequest>(world, text);
  };
  CHECK(list("").owning_accounts_size() == 0);
  const auto linked = list("include_linked_accounts: true owning_account: '000000000000'");
  REQUIRE(linked.metrics_size() == 2);
  REQUIRE(linked.owning_accounts_size() == 2);
  CHECK(linked.owning_accounts(0) == "000000000000");
  CHECK(list("include_linked_accounts: true owning_account: '111111111111'").metrics_size() == 0);
  CHECK(ec2::ErrorCode(world.CallText("cloudwatch:ListMetrics", "owning_account: '000000000000'").status()) ==
        "InvalidParameterCombination");
}

}  // namespace brume
