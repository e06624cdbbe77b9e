#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "lib/autoscaling/model/schedule.h"
#include "lib/resource/ec2_error.h"
#include "tests/fakes/scaling_loop.h"

namespace brume::scaling {
namespace {

absl::TimeZone ZoneOf(const char* name) {
  absl::TimeZone zone;
  REQUIRE(absl::LoadTimeZone(name, &zone));
  return zone;
}

absl::Time At(const std::string& text) {
  absl::Time time;
  std::string error;
  REQUIRE(absl::ParseTime("%Y-%m-%d %H:%M", text, &time, &error));
  return time;
}

std::string NextOf(const char* cron, const std::string& after, absl::TimeZone zone = absl::UTCTimeZone()) {
  const absl::StatusOr<Cron> parsed = Cron::Parse(cron);
  INFO(cron << ": " << parsed.status());
  REQUIRE(parsed.ok());
  const std::optional<absl::Time> next = parsed->Next(At(after), zone);
  return next.has_value() ? absl::FormatTime("%Y-%m-%d %H:%M", *next, absl::UTCTimeZone()) : "never";
}

}  // namespace

TEST_CASE("a cron expression fires at the next time that fits all of its fields", "[scaling]") {
  CHECK(NextOf("* * * * *", "2026-03-04 05:06") == "2026-03-04 05:07");
  CHECK(NextOf("30 6 * * *", "2026-03-04 06:30") == "2026-03-05 06:30");
  CHECK(NextOf("*/20 8-9 * * *", "2026-03-04 08:41") == "2026-03-04 09:00");
  CHECK(NextOf("5/25 0 * * *", "2026-03-04 00:30") == "2026-03-04 00:55");
  CHECK(NextOf("0 0 1 jan,JUL *", "2026-03-04 00:00") == "2026-07-01 00:00");
  CHECK(NextOf("0 9 * * Mon-Fri", "2026-03-06 09:00") == "2026-03-09 09:00");
  CHECK(NextOf("0 9 * * 7", "2026-03-04 09:00") == "2026-03-08 09:00");
  CHECK(NextOf("0 0 29 2 *", "2026-03-04 00:00") == "2028-02-29 00:00");
  CHECK(NextOf("0 0 30 2 *", "2026-03-04 00:00") == "never");
}

TEST_CASE("of a restricted day of month and day of week either suffices", "[scaling]") {
  CHECK(NextOf("0 0 13 * Fri", "2026-03-04 00:00") == "2026-03-06 00:00");
  CHECK(NextOf("0 0 13 * Fri", "2026-03-06 00:00") == "2026-03-13 00:00");
  CHECK(NextOf("0 0 5 * Fri", "2026-03-04 00:00") == "2026-03-05 00:00");
  CHECK(NextOf("0 0 13 * *", "2026-03-04 00:00") == "2026-03-13 00:00");
}

TEST_CASE("a cron expression that is none is refused", "[scaling]") {
  for (const char* bad : {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
                          "* * * 13 *", "* * * * 8", "a * * * *", "1- * * * *", "5-1 * * * *", "*/0 * * * *",
                          "1/2/3 * * * *", "-1 * * * *", ", * * * *", "001 * * * *", "+1 * * * *", "1-2-3 * * * *"}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(Cron::Parse(bad).status()) == "ValidationError");
  }
}

TEST_CASE("a cron expression follows the clocks of its zone through summer time", "[scaling]") {
  const absl::TimeZone paris = ZoneOf("Europe/Paris");
  CHECK(NextOf("0 9 * * *", "2026-01-10 12:00", paris) == "2026-01-11 08:00");
  CHECK(NextOf("0 9 * * *", "2026-07-10 12:00", paris) == "2026-07-11 07:00");
  // Clocks go from 02:00 to 03:00 on 2026-03-29 at 01:00 UTC, and from 03:00 to 02:00 on 2026-10-25 at 01:00 UTC.
  CHECK(NextOf("30 2 * * *", "2026-03-28 12:00", paris) == "2026-03-29 01:00");
  CHECK(NextOf("30 2 * * *", "2026-03-29 01:00", paris) == "2026-03-30 00:30");
  CHECK(NextOf("30 2 * * *", "2026-10-24 12:00", paris) == "2026-10-25 00:30");
  CHECK(NextOf("30 2 * * *", "2026-10-25 00:30", paris) == "2026-10-26 01:30");
}

TEST_CASE("an action without recurrence runs once, at its start", "[scaling]") {
  ScheduledAction action;
  action.start = At("2026-03-04 08:00");
  CHECK_FALSE(DueRun(action, At("2026-03-04 07:00"), At("2026-03-04 07:59")).has_value());
  CHECK(DueRun(action, At("2026-03-04 07:59"), At("2026-03-04 08:00")) == action.start);
  CHECK_FALSE(DueRun(action, At("2026-03-04 08:00"), At("2026-03-09 08:00")).has_value());
}

TEST_CASE("a recurring action runs between its start and its end", "[scaling]") {
  ScheduledAction action;
  action.start = At("2026-03-04 08:00");
  action.end = At("2026-03-06 08:00");
  action.recurrence = Cron::Parse("0 8 * * *").value();
  CHECK(NextRun(action, At("2026-01-01 00:00")) == At("2026-03-04 08:00"));
  CHECK(NextRun(action, At("2026-03-05 09:00")) == At("2026-03-06 08:00"));
  CHECK_FALSE(NextRun(action, At("2026-03-06 08:00")).has_value());
}

TEST_CASE("a run that nobody was there for is made up for once", "[scaling]") {
  ScheduledAction action;
  action.recurrence = Cron::Parse("0 8 * * *").value();
  CHECK(DueRun(action, At("2026-03-01 09:00"), At("2026-03-04 12:00")) == At("2026-03-04 08:00"));
  CHECK_FALSE(DueRun(action, At("2026-03-04 12:00"), At("2026-03-04 12:01")).has_value());
  action.recurrence = Cron::Parse("0 8 1 * *").value();
  CHECK(DueRun(action, At("2026-01-15 00:00"), At("2026-03-04 12:00")) == At("2026-03-01 08:00"));
}

TEST_CASE("an action sets what it names and keeps the capacity within the bounds", "[scaling]") {
  ScheduledAction action;
  action.min_size = 4;
  Group group = WithSizes(action, MakeGroup(1, 3, 2));
  CHECK(group.min_size == 4);
  CHECK(group.max_size == 4);
  CHECK(group.desired == 4);
  action = {};
  action.max_size = 2;
  CHECK(WithSizes(action, MakeGroup(1, 9, 5)).desired == 2);
  action = {};
  action.desired = 7;
  CHECK(WithSizes(action, MakeGroup(1, 9, 5)).desired == 7);
}

}  // namespace brume::scaling
