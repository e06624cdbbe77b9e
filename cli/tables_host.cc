#include "cli/tables_host.h"

#include "absl/strings/strip.h"
#include "cli/caller_name.h"
#include "nlohmann/json.hpp"

namespace brume::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string CallerCell(const Json& value, const TableStyle&) { return CallerName(PlainText(value)); }

// What most people call is EC2's, which need not be said.
std::string ActionCell(const Json& value, const TableStyle&) {
  const std::string name = PlainText(value);
  return std::string(absl::StripPrefix(name, "ec2:"));
}

constexpr CellFormat kCaller{CallerCell};
constexpr CellFormat kAction{ActionCell};

}  // namespace

std::vector<TableSpec> HostTables() {
  return {
      {"host.Event",
       "events",
       {{"WHEN", "EventTime", 0, &kAge},
        {"WHO", "Username", 1, &kCaller, 12},
        {"ACTION", "EventName", 0, &kAction, 18},
        {"OUTCOME", "ErrorCode", 0, &kState},
        {"RESOURCES", "Resources", 2, &kPlain, 19},
        {"FROM", "SourceIpAddress", 5},
        {"TOOK", "DurationMicroseconds", 6, &kMicros},
        {"WHY", "ErrorMessage", 3, &kPlain, 20},
        {"KEY", "AccessKeyId", 7},
        {"REQUEST", "RequestId", 8}}},
      {"host.HostCheck",
       "checks",
       {{"NAME", "Name"},
        {"OK", "Ok", 0, &kState},
        {"DETAIL", "Detail", 1, &kPlain, 20},
        {"FIX", "Fix", 1, &kPlain, 20}}},
      {"host.ActionStatistics",
       "calls",
       {{"ACTION", "Action"},
        {"CALLS", "Calls", 0, &kNumber},
        {"ERRORS", "Errors", 0, &kNumber},
        {"P50", "P50Microseconds", 1, &kMicros},
        {"P90", "P90Microseconds", 2, &kMicros},
        {"P99", "P99Microseconds", 1, &kMicros},
        {"MAX", "MaxMicroseconds", 2, &kMicros}}},
  };
}

}  // namespace brume::cli
