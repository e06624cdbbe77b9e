#include <catch2/catch.hpp>

#include "brume/host/v1/event.pb.h"
#include "brume/host/v1/host.pb.h"
#include "cli/records.h"

namespace brume::cli {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);  // 2026-01-01T00:00:00Z

absl::StatusOr<host::v1::LookupEventsRequest> Request(std::vector<std::pair<std::string, std::string>> options) {
  return EventsRequest({.options = std::move(options), .positional = {}, .after_dashes = {}}, kNow);
}

}  // namespace

TEST_CASE("the flags of brume events become conditions", "[cli]") {
  const auto request = Request({{"resource", "i-1"}, {"changes", ""}, {"since", "90m"}});
  REQUIRE(request.ok());
  REQUIRE(request->lookup_attributes_size() == 2);
  CHECK(request->lookup_attributes(0).attribute_key() == "ResourceName");
  CHECK(request->lookup_attributes(0).attribute_value() == "i-1");
  CHECK(request->lookup_attributes(1).attribute_key() == "ReadOnly");
  CHECK(request->lookup_attributes(1).attribute_value() == "false");
  CHECK(request->start_time() == "2025-12-31T22:30:00.000Z");
  CHECK_FALSE(request->has_end_time());
}

TEST_CASE("brume events takes moments, and says what a moment is", "[cli]") {
  CHECK(Request({{"until", "2026-01-31T10:00:00+02:00"}})->end_time() == "2026-01-31T08:00:00.000Z");
  for (const char* bad : {"yesterday", "10", ""}) CHECK_FALSE(Request({{"since", bad}}).ok());
}

TEST_CASE("statistics are a table in milliseconds", "[cli]") {
  host::v1::DescribeStatisticsResponse statistics;
  host::v1::ActionStatistics& action = *statistics.add_actions();
  action.set_action("ec2:RunInstances");
  action.set_calls(12);
  action.set_errors(1);
  action.set_p50_microseconds(1280);
  action.set_p90_microseconds(2000);
  action.set_p99_microseconds(3000);
  action.set_max_microseconds(12345);
  CHECK(RenderStatistics(statistics) ==
        "ACTION            CALLS  ERRORS  P50 MS  P90 MS  P99 MS  MAX MS\n"
        "ec2:RunInstances     12       1   1.280   2.000   3.000  12.345\n");
}

}  // namespace brume::cli
