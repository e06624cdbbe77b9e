#include "lib/cloudwatch/metric_service.h"

#include <catch2/catch.hpp>

#include "lib/store/connection.h"
#include "tests/ec2/compute/service_fixture.h"

namespace brume::cloudwatch {
namespace {

constexpr absl::Duration kSecond = absl::Seconds(1), kMinute = absl::Minutes(1), kHour = absl::Hours(1),
                         kDay = absl::Hours(24);

const MetricId kRequests{"Shop", "Requests", {{"Page", "cart"}}};

struct Fixture : ServiceFixture {
  // The beginning of an hour.
  const absl::Time start = absl::FromUnixSeconds(1'700'002'800);
  MetricServiceOptions options;
  std::optional<MetricService> service;

  explicit Fixture(MetricServiceOptions changed = {}) : options(changed) {
    clock.Advance(start - clock.Now());
    service.emplace(*database, clock, options);
  }
  void Restart() {
    service.reset();
    service.emplace(*database, clock, options);
  }
  void Note(absl::Duration after, double value, bool by_second = false) {
    service->Note({.id = kRequests,
                   .time = start + after,
                   .values = {.count = 1, .sum = value, .min = value, .max = value},
                   .by_second = by_second});
  }
  std::vector<StatisticSet> Read(absl::Duration from, absl::Duration to, absl::Duration period) {
    return service->Read(kRequests, start + from, start + to, period).value();
  }
  // "start:count/sum/min/max", starts in seconds after the fixture's.
  std::string Text(absl::Duration from, absl::Duration to, absl::Duration period) {
    std::string text;
    for (const StatisticSet& s : Read(from, to, period)) {
      absl::StrAppend(&text, text.empty() ? "" : " ", absl::ToInt64Seconds(s.start - start), ":", s.count, "/", s.sum,
                      "/", s.min, "/", s.max);
    }
    return text;
  }
  void MoveTo(absl::Duration after) {
    clock.Advance(start + after - clock.Now());
    Must(service->Flush());
    Must(service->RollUp());
  }
  int64_t Rows(const std::string& table) {
    return database
        ->ReadFor([&](store::Connection& c) -> absl::StatusOr<int64_t> {
          int64_t count = 0;
          RETURN_IF_ERROR(c.Query("SELECT count(*) FROM " + table, [&](store::Row& row) { row.Read(count); }));
          return count;
        })
        .value();
  }
};

}  // namespace

TEST_CASE("what was noted is read at once, before and after it is written", "[metric]") {
  Fixture f;
  f.Note(absl::Seconds(5), 10);
  f.Note(absl::Seconds(59), 30);
  f.Note(absl::Seconds(60), 1);
  const std::string expected = "0:2/40/10/30 60:1/1/1/1";
  CHECK(f.Text(absl::ZeroDuration(), kHour, kMinute) == expected);
  f.Must(f.service->Flush());
  CHECK(f.Text(absl::ZeroDuration(), kHour, kMinute) == expected);
  f.Note(absl::Seconds(30), 2);
  CHECK(f.Text(absl::ZeroDuration(), kHour, kMinute) == "0:3/42/2/30 60:1/1/1/1");
  f.Must(f.service->Flush());
  CHECK(f.Text(absl::ZeroDuration(), kHour, kMinute) == "0:3/42/2/30 60:1/1/1/1");
}

TEST_CASE("what was noted outlives the daemon, and is added to after its restart", "[metric]") {
  Fixture f;
  f.Note(absl::Seconds(5), 10, true);
  f.Restart();
  f.Note(absl::Seconds(5), 20, true);
  f.Note(absl::Seconds(6), 1, true);
  f.Restart();
  CHECK(f.Text(absl::ZeroDuration(), kHour, kMinute) == "0:3/31/1/20");
  CHECK(f.Text(absl::ZeroDuration(), kHour, kSecond) == "5:2/30/10/20 6:1/1/1/1");
}

TEST_CASE("periods begin at multiples of their length, within the range that was asked for", "[metric]") {
  Fixture f;
  for (int minute = 0; minute < 10; ++minute) f.Note(minute * kMinute, minute);
  CHECK(f.Text(absl::ZeroDuration(), 10 * kMinute, 5 * kMinute) == "0:5/10/0/4 300:5/35/5/9");
  // The period at 0 begins before the range; the one at 300 begins in it, and is whole.
  CHECK(f.Text(kSecond, 301 * kSecond, 5 * kMinute) == "300:5/35/5/9");
  CHECK(f.Text(kSecond, 300 * kSecond, 5 * kMinute).empty());
  CHECK(f.Text(2 * kMinute, 4 * kMinute, kMinute) == "120:1/2/2/2 180:1/3/3/3");
  CHECK(f.Read(kMinute, kMinute, kMinute).empty());
  CHECK(f.Read(2 * kMinute, kMinute, kMinute).empty());
  CHECK_FALSE(f.service->Read(kRequests, f.start, f.start + kHour, absl::ZeroDuration()).ok());
}

TEST_CASE("seconds are kept for an hour, minutes for fifteen days, hours for 456 days", "[metric]") {
  Fixture f;
  for (int second = 0; second < 120; second += 10) f.Note(second * kSecond, second, true);
  const std::string seconds = "0:1/0/0/0 10:1/10/10/10 20:1/20/20/20";
  const std::string minutes = "0:6/150/0/50 60:6/510/60/110";
  const std::string hour = "0:12/660/0/110";
  const auto at = [&](absl::Duration after) {
    f.MoveTo(after);
    INFO(after);
    return std::array{f.Text(absl::ZeroDuration(), 30 * kSecond, kSecond),
                      f.Text(absl::ZeroDuration(), 2 * kMinute, kMinute), f.Text(absl::ZeroDuration(), kHour, kHour)};
  };
  CHECK(at(2 * kMinute) == std::array{seconds, minutes, hour});
  CHECK(at(kHour + kMinute) == std::array{seconds, minutes, hour});
  CHECK(at(2 * kHour) == std::array<std::string, 3>{"0:6/150/0/50", minutes, hour});
  CHECK(f.Rows("metric_minutes") == 0);
  CHECK(at(15 * kDay) == std::array<std::string, 3>{"0:6/150/0/50", minutes, hour});
  // What is no longer known by the minute is where its hour begins.
  CHECK(at(15 * kDay + 2 * kHour) == std::array{hour, hour, hour});
  CHECK(f.Rows("metric_hour_minutes") == 0);
  CHECK(at(455 * kDay) == std::array{hour, hour, hour});
  CHECK(at(457 * kDay) == std::array<std::string, 3>{});
  CHECK(f.Rows("metric_hours") == 0);
  CHECK(f.Rows("metrics") == 0);
}

TEST_CASE("percentiles survive the way through seconds, minutes and hours", "[metric]") {
  Fixture f;
  for (int value = 1; value <= 1000; ++value) f.Note(value * 3 * kSecond, value, value % 2 == 0);
  const auto check = [&] {
    const auto hours = f.service->ReadBuckets({kRequests, f.start, f.start + kHour, kHour}).value();
    REQUIRE(hours.size() == 1);
    CHECK(hours[0].bucket.count == 1000);
    CHECK(*hours[0].bucket.Percentile(50) == Approx(500).epsilon(0.011));
    CHECK(*hours[0].bucket.Percentile(99) == Approx(990).epsilon(0.011));
    CHECK(*hours[0].bucket.Percentile(0) == 1);
    CHECK(*hours[0].bucket.Percentile(100) == 1000);
  };
  check();
  f.MoveTo(kHour);
  check();
  f.MoveTo(3 * kHour);
  check();
  f.MoveTo(20 * kDay);
  check();
}

TEST_CASE("values that come late are added to what was rolled up already", "[metric]") {
  Fixture f;
  f.Note(absl::ZeroDuration(), 1);
  f.MoveTo(10 * kDay);
  f.Note(kMinute, 5);
  f.Note(absl::ZeroDuration(), 3);
  CHECK(f.Text(absl::ZeroDuration(), kHour, kMinute) == "0:2/4/1/3 60:1/5/5/5");
  f.MoveTo(10 * kDay + kMinute);
  CHECK(f.Text(absl::ZeroDuration(), kHour, kMinute) == "0:2/4/1/3 60:1/5/5/5");
  CHECK(f.Text(absl::ZeroDuration(), kHour, kHour) == "0:3/9/1/5");
  CHECK(f.Rows("metric_minutes") == 0);
}

TEST_CASE("values ahead of the clock are kept for their time", "[metric]") {
  Fixture f;
  f.Note(2 * kHour, 7);
  f.MoveTo(kMinute);
  CHECK(f.Text(absl::ZeroDuration(), 3 * kHour, kHour) == "7200:1/7/7/7");
  f.MoveTo(5 * kHour);
  CHECK(f.Text(absl::ZeroDuration(), 3 * kHour, kMinute) == "7200:1/7/7/7");
}

TEST_CASE("metrics that differ in a dimension, a name or a namespace are others, and units are kept apart",
          "[metric]") {
  Fixture f;
  f.Note(absl::ZeroDuration(), 1);
  for (MetricId other :
       {MetricId{"Shop", "Requests", {}}, MetricId{"Shop", "Requests", {{"Page", "start"}}},
        MetricId{"Shop", "Errors", {{"Page", "cart"}}}, MetricId{"Shops", "Requests", {{"Page", "cart"}}},
        MetricId{"Shop", "Requests", {{"Page", "cart"}, {"Zone", "a"}}}}) {
    f.service->Note(other, f.start, 100);
  }
  f.service->Note({.id = kRequests,
                   .unit = "Count",
                   .time = f.start,
                   .values = {.count = 1, .sum = 5, .min = 5, .max = 5},
                   .by_second = false});
  for (int i = 0; i < 2; ++i) {
    CHECK(f.Text(absl::ZeroDuration(), kMinute, kMinute) == "0:2/6/1/5");
    const auto counts = f.service->ReadBuckets({kRequests, f.start, f.start + kMinute, kMinute, "Count"}).value();
    REQUIRE(counts.size() == 1);
    CHECK(counts[0].bucket.sum == 5);
    CHECK(f.service->UnitsOf(kRequests).value() == std::vector<std::string>{"Count", "None"});
    f.Must(f.service->Flush());
  }
}

TEST_CASE("metrics are listed by namespace, name, dimensions and when they had a value, in pages", "[metric]") {
  Fixture f;
  for (int page = 0; page < 25; ++page) {
    f.service->Note({"Shop", "Requests", {{"Page", absl::StrCat(page)}, {"Zone", page % 2 == 0 ? "a" : "b"}}}, f.start,
                    1);
  }
  f.MoveTo(5 * kHour);
  f.service->Note({"Other", "Load", {}}, f.clock.Now(), 1);
  f.Must(f.service->Flush());
  const auto count = [&](const MetricFilter& filter) { return f.service->List(filter, 0, 1000).value().size(); };
  CHECK(count({}) == 26);
  CHECK(count({.metric_namespace = "Shop"}) == 25);
  CHECK(count({.name = "Load"}) == 1);
  CHECK(count({.dimensions = {{"Zone", "b"}}}) == 12);
  CHECK(count({.dimensions = {{"Zone", std::nullopt}, {"Page", "4"}}}) == 1);
  CHECK(count({.dimensions = {{"Zone", "c"}}}) == 0);
  CHECK(count({.seen_since = f.clock.Now() - 3 * kHour}) == 1);
  std::vector<std::string> pages;
  int64_t after = 0;
  while (true) {
    const auto some = f.service->List({.metric_namespace = "Shop"}, after, 10).value();
    for (const auto& metric : some) pages.push_back(metric.id.dimensions[0].value);
    if (some.size() < 10) break;
    after = some.back().number;
  }
  CHECK(pages.size() == 25);
}

TEST_CASE("there are never more metrics than may be: new ones are refused, and the ones unused for longest forgotten",
          "[metric]") {
  Fixture f({.max_metrics = 10});
  for (int i = 0; i < 10; ++i) f.service->Note({"Shop", absl::StrCat("m", i), {}}, f.start + i * absl::Minutes(10), 1);
  f.Must(f.service->Flush());
  const auto put = [&](const std::string& name) {
    return f.service->Put({{.id = {"Shop", name, {}},
                            .time = f.start + 2 * kHour,
                            .values = {.count = 1, .sum = 1, .min = 1, .max = 1},
                            .by_second = false}});
  };
  CHECK(Code(put("new")) == "LimitExceeded");
  f.Must(put("m3"));
  // The daemon's own are kept all the same.
  f.service->Note({"AWS/EC2", "CPUUtilization", {}}, f.start + 2 * kHour, 1);
  f.MoveTo(2 * kHour);
  std::set<std::string> names;
  const auto metrics = f.service->List({}, 0, 100).value();
  for (const auto& metric : metrics) names.insert(metric.id.name);
  CHECK(names.size() == 10);
  CHECK_FALSE(names.contains("m0"));
  CHECK(names.contains("m1"));
  CHECK(names.contains("m3"));
  CHECK(names.contains("CPUUtilization"));
}

TEST_CASE("values that cannot be written wait, as many as there is room for, and are written later", "[metric]") {
  Fixture f({.max_waiting = 10});
  const auto lock = [&](const std::string& sql) {
    f.Must(f.database->Write([&](store::Connection& c) { return c.Run(sql); }));
  };
  lock("ALTER TABLE metric_minutes RENAME TO elsewhere");
  for (int i = 0; i < 20; ++i) f.Note(i * kMinute, i);
  CHECK_FALSE(f.service->Flush().ok());
  CHECK(f.service->dropped() == 10);
  CHECK(f.service->Put({{.id = kRequests, .time = f.start, .values = {}, .by_second = false}}).ok() == false);
  lock("ALTER TABLE elsewhere RENAME TO metric_minutes");
  CHECK(f.Read(absl::ZeroDuration(), kHour, kMinute).size() == 10);
  f.Must(f.service->Flush());
  CHECK(f.Read(absl::ZeroDuration(), kHour, kMinute).size() == 10);
  f.Note(30 * kMinute, 1);
  CHECK(f.Read(absl::ZeroDuration(), kHour, kMinute).size() == 11);
}

TEST_CASE("a long absence is caught up with", "[metric]") {
  Fixture f;
  for (int hour = 0; hour < 30; ++hour) {
    for (int metric = 0; metric < 120; ++metric) {
      f.service->Note({"Shop", absl::StrCat("m", metric), {}}, f.start + hour * kHour, hour);
    }
  }
  f.Must(f.service->Flush());
  CHECK(f.Rows("metric_minutes") == 30 * 120);
  f.MoveTo(40 * kHour);
  CHECK(f.Rows("metric_minutes") == 0);
  CHECK(f.Rows("metric_hours") == 30 * 120);
  CHECK(f.service->Read({"Shop", "m7", {}}, f.start, f.start + 30 * kHour, kHour)->size() == 30);
}

TEST_CASE("the thread writes and rolls up by itself, and stops at once", "[metric]") {
  Fixture f({.flush_every = absl::Milliseconds(1)});
  f.service->Start();
  f.Note(absl::ZeroDuration(), 1);
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (f.Rows("metric_minutes") == 0 && absl::Now() < deadline) std::this_thread::yield();
  CHECK(f.Rows("metric_minutes") == 1);
  f.clock.Advance(3 * kHour);
  while (f.Rows("metric_hours") == 0 && absl::Now() < deadline) std::this_thread::yield();
  CHECK(f.Rows("metric_hours") == 1);
  f.service->Stop();
  f.service->Stop();
}

TEST_CASE("the newest sample of an instance is there until the instance is forgotten", "[metric]") {
  Fixture f;
  const InstanceId id = InstanceId::New(f.random), other = InstanceId::New(f.random);
  CHECK(f.service->Latest(id, "CPUUtilization") == std::nullopt);
  f.service->SetLatest(id, {{"CPUUtilization", {f.start, 12}}, {"NetworkIn", {f.start, 3}}});
  f.service->SetLatest(id, {{"CPUUtilization", {f.start + kMinute, 50}}});
  CHECK(f.service->Latest(id, "CPUUtilization")->value == 50);
  CHECK(f.service->Latest(id, "CPUUtilization")->time == f.start + kMinute);
  CHECK(f.service->Latest(id, "NetworkIn")->value == 3);
  CHECK(f.service->Latest(other, "NetworkIn") == std::nullopt);
  CHECK(f.service->Latest(other, "CPUUtilization") == std::nullopt);
  f.service->DiscardLatest(id);
  CHECK(f.service->Latest(id, "CPUUtilization") == std::nullopt);
}

}  // namespace brume::cloudwatch
