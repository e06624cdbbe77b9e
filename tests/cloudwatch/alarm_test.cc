#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "lib/cloudwatch/model/alarm_rule.h"
#include "lib/cloudwatch/model/threshold.h"
#include "lib/resource/ec2_error.h"

namespace brume::alarm {
namespace {

using Points = std::vector<std::optional<double>>;

// "0" is within the threshold, "X" past it, "-" missing; the newest last.
Points Drawn(absl::string_view picture) {
  Points points;
  for (const char c : picture) {
    if (c == '-') points.emplace_back(std::nullopt);
    if (c == '0') points.emplace_back(0);
    if (c == 'X') points.emplace_back(100);
  }
  return points;
}

Threshold Above50(int m, int n, MissingData missing = MissingData::kMissing) {
  return {.comparison = Comparison::kGreater,
          .value = 50,
          .evaluation_periods = n,
          .datapoints_to_alarm = m,
          .missing = missing};
}

bool IsTrue(absl::string_view rule, const std::map<std::string, State>& states) {
  const absl::StatusOr<Rule> parsed = Rule::Parse(rule);
  INFO(parsed.status());
  REQUIRE(parsed.ok());
  return parsed->Holds([&](absl::string_view name) { return states.at(std::string(name)); });
}

}  // namespace

TEST_CASE("an alarm is raised by M of the last N datapoints and cleared by fewer", "[alarm]") {
  CHECK(Evaluate(Above50(2, 3), State::kOk, Drawn("00X0X")) == State::kAlarm);
  CHECK(Evaluate(Above50(2, 3), State::kAlarm, Drawn("XXX00")) == State::kOk);
  CHECK(Evaluate(Above50(3, 3), State::kOk, Drawn("X0XX")) == State::kOk);
  CHECK(Evaluate(Above50(1, 1), State::kInsufficientData, Drawn("0")) == State::kOk);
}

TEST_CASE("a datapoint on the threshold breaches where the comparison says so", "[alarm]") {
  const Points on = {50};
  Threshold threshold = Above50(1, 1);
  CHECK(Evaluate(threshold, State::kOk, on) == State::kOk);
  threshold.comparison = Comparison::kGreaterOrEqual;
  CHECK(Evaluate(threshold, State::kOk, on) == State::kAlarm);
  threshold.comparison = Comparison::kLess;
  CHECK(Evaluate(threshold, State::kOk, on) == State::kOk);
  threshold.comparison = Comparison::kLessOrEqual;
  CHECK(Evaluate(threshold, State::kOk, on) == State::kAlarm);
}

TEST_CASE("missing datapoints are treated as CloudWatch's table has it", "[alarm]") {
  constexpr auto kKeeps = std::optional<State>();
  struct Row {
    const char* points;
    int m;
    std::optional<State> missing, ignore, breaching, not_breaching;
  };
  const Row rows[] = {
      {"0-X-X", 3, State::kOk, State::kOk, State::kOk, State::kOk},
      {"0----", 3, State::kOk, State::kOk, State::kOk, State::kOk},
      {"----0", 3, State::kOk, State::kOk, State::kOk, State::kOk},
      // The next datapoint may be within the threshold: too early for an alarm.
      {"----X", 3, kKeeps, kKeeps, State::kAlarm, State::kOk},
      {"---X-", 3, kKeeps, kKeeps, State::kAlarm, State::kOk},
      {"-----", 3, State::kInsufficientData, kKeeps, State::kAlarm, State::kOk},
      {"0XX-X", 3, State::kAlarm, State::kAlarm, State::kAlarm, State::kAlarm},
      {"--X--", 3, State::kAlarm, kKeeps, State::kAlarm, State::kOk},
      {"0-X-X", 2, State::kAlarm, State::kAlarm, State::kAlarm, State::kAlarm},
      {"00X0X", 2, State::kAlarm, State::kAlarm, State::kAlarm, State::kAlarm},
      {"0-X--", 2, State::kOk, State::kOk, State::kAlarm, State::kOk},
      {"----0", 2, State::kOk, State::kOk, State::kAlarm, State::kOk},
      {"---X-", 2, State::kAlarm, kKeeps, State::kAlarm, State::kOk},
  };
  for (const Row& row : rows) {
    for (const State current : {State::kOk, State::kAlarm, State::kInsufficientData}) {
      INFO(row.points << " " << row.m << " of 3, from " << StateName(current));
      const auto evaluate = [&](MissingData missing) {
        return Evaluate(Above50(row.m, 3, missing), current, Drawn(row.points));
      };
      CHECK(evaluate(MissingData::kMissing) == row.missing.value_or(current));
      CHECK(evaluate(MissingData::kIgnore) == row.ignore.value_or(current));
      CHECK(evaluate(MissingData::kBreaching) == row.breaching.value_or(current));
      CHECK(evaluate(MissingData::kNotBreaching) == row.not_breaching.value_or(current));
    }
  }
}

TEST_CASE("an alarm says which datapoints made its state", "[alarm]") {
  CHECK(Reason(Above50(2, 3), State::kAlarm, Drawn("0X0X")) ==
        "Threshold Crossed: 2 out of the last 3 datapoints [100, 0, 100] were greater than the threshold (50) (minimum "
        "2 datapoints for OK -> ALARM transition).");
  CHECK(Reason(Above50(1, 1), State::kOk, Drawn("0")) ==
        "Threshold Crossed: 1 out of the last 1 datapoints [0] was not greater than the threshold (50) (minimum 1 "
        "datapoint for OK -> ALARM transition).");
  const std::string many = Reason(Above50(20, 20), State::kAlarm, Drawn("XXXXXXXXXXXXXXXXXXXX"));
  CHECK(absl::StartsWith(many, "Threshold Crossed: 20 out of the last 20 datapoints, the newest being [100, 100,"));
  CHECK(Reason(Above50(1440, 1440), State::kAlarm, Points(1440, 0.1234567890123)).size() < 1023);
}

TEST_CASE("a composite rule binds NOT before AND before OR", "[alarm]") {
  const std::map<std::string, State> states = {
      {"a", State::kAlarm}, {"b", State::kOk}, {"c", State::kInsufficientData}, {"two words", State::kAlarm}};
  CHECK(IsTrue("ALARM(a)", states));
  CHECK_FALSE(IsTrue("ALARM(b)", states));
  CHECK(IsTrue("INSUFFICIENT_DATA(c)", states));
  CHECK(IsTrue("ALARM(a) OR ALARM(b) AND ALARM(c)", states));
  CHECK_FALSE(IsTrue("(ALARM(a) OR ALARM(b)) AND ALARM(c)", states));
  CHECK(IsTrue("NOT ALARM(b) AND ALARM(a)", states));
  CHECK_FALSE(IsTrue("NOT (ALARM(b) OR ALARM(a))", states));
  CHECK(IsTrue("NOT NOT OK(b)", states));
  CHECK(IsTrue("ALARM(\"two words\") AND TRUE", states));
  CHECK_FALSE(IsTrue("FALSE OR OK(a)", states));
}

TEST_CASE("a composite rule counts how many alarms, or which share of them, are in a state", "[alarm]") {
  const std::map<std::string, State> states = {
      {"a", State::kAlarm}, {"b", State::kOk}, {"c", State::kInsufficientData}, {"two, words", State::kAlarm}};
  CHECK(IsTrue("AT_LEAST(1, ALARM, (a, b, c))", states));
  CHECK_FALSE(IsTrue("AT_LEAST(2, ALARM, (a, b, c))", states));
  CHECK(IsTrue("AT_LEAST(2,ALARM,(a,b,\"two, words\"))", states));
  CHECK(IsTrue("AT_LEAST(2, NOT ALARM, (a, b, c))", states));
  CHECK_FALSE(IsTrue("AT_LEAST(3, NOT ALARM, (a, b, c))", states));
  // A third is less than 34%.
  CHECK(IsTrue("AT_LEAST(33%, OK, (a, b, c))", states));
  CHECK_FALSE(IsTrue("AT_LEAST(34%, OK, (a, b, c))", states));
  CHECK(IsTrue("AT_LEAST( 100 %, NOT INSUFFICIENT_DATA, ( a , b ) )", states));
  CHECK(IsTrue("NOT AT_LEAST(2, ALARM, (a, b)) AND ALARM(a)", states));
  CHECK(Rule::Parse("AT_LEAST(1, OK, (a, b)) OR ALARM(a)").value().alarms() == std::vector<std::string>{"a", "b"});
  for (const char* bad :
       {"AT_LEAST", "AT_LEAST()", "AT_LEAST(0, ALARM, (a))", "AT_LEAST(2, ALARM, (a))", "AT_LEAST(101%, ALARM, (a))",
        "AT_LEAST(0%, ALARM, (a))", "AT_LEAST(99999, ALARM, (a))", "AT_LEAST(1, UP, (a))",
        "AT_LEAST(1, NOT NOT OK, (a))", "AT_LEAST(1, ALARM, a)", "AT_LEAST(1, ALARM, (a, a))",
        "AT_LEAST(1, ALARM, (a,))", "AT_LEAST(1, ALARM, ())", "AT_LEAST(1, ALARM, (a)", "AT_LEAST(-1, ALARM, (a))"}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(Rule::Parse(bad).status()) == "ValidationError");
  }
}

TEST_CASE("a composite rule names each of its alarms once", "[alarm]") {
  const Rule rule = Rule::Parse("ALARM(a) AND (OK( \"say \\\"b\\\"\" ) OR ALARM(a))").value();
  CHECK(rule.alarms() == std::vector<std::string>{"a", "say \"b\""});
}

TEST_CASE("a composite rule that says nothing clear is refused with its place", "[alarm]") {
  for (const char* bad :
       {"", "ALARM", "ALARM(", "ALARM()", "ALARM(a", "ALARM(a))", "ALARM(a) ALARM(b)", "AND ALARM(a)", "ALARM(a) AND",
        "NOT", "(ALARM(a)", "ALARMS(a)", "OK(\"a)", "alarm(a)", "ALARM(a) ANDALARM(b)"}) {
    INFO(bad);
    const absl::Status status = Rule::Parse(bad).status();
    CHECK(ec2::ErrorCode(status) == "ValidationError");
    CHECK(absl::StrContains(status.message(), "position"));
  }
}

TEST_CASE("a composite rule as deep as a well is refused and does not overflow", "[alarm]") {
  CHECK(ec2::ErrorCode(Rule::Parse(std::string(5000, '(')).status()) == "ValidationError");
  std::string nots;
  for (int i = 0; i < 2000; ++i) nots += "NOT ";
  CHECK(ec2::ErrorCode(Rule::Parse(nots + "TRUE").status()) == "ValidationError");
  CHECK(ec2::ErrorCode(Rule::Parse(std::string(20000, ' ') + "TRUE").status()) == "ValidationError");
  std::string many = "ALARM(n0)";
  for (int i = 1; i <= 100; ++i) many += " OR ALARM(n" + std::to_string(i) + ")";
  CHECK(ec2::ErrorCode(Rule::Parse(many).status()) == "ValidationError");
}

}  // namespace brume::alarm
