#include "cli/instance_usage.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "brume/cloudwatch/v1/metric.pb.h"
#include "cli/call.h"
#include "cli/instances.h"
#include "cli/short_options.h"
#include "cli/short_table.h"
#include "cli/short_wait.h"
#include "cli/terminal.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

// A metric and how its column shows it.
struct UsageMetric {
  const char* space;
  const char* name;
  const char* stat;
  bool rate;  // bytes in the period; shown by the second
};
constexpr UsageMetric kUsageMetrics[] = {
    {"AWS/EC2", "CPUUtilization", "Average", false}, {"Brume/EC2", "MemoryUtilization", "Average", false},
    {"AWS/EC2", "NetworkIn", "Sum", true},           {"AWS/EC2", "NetworkOut", "Sum", true},
    {"AWS/EC2", "DiskReadBytes", "Sum", true},       {"AWS/EC2", "DiskWriteBytes", "Sum", true}};
constexpr int kUsagePeriod = 60;
constexpr size_t kMostQueries = 500;  // of one call

std::string RateText(double bytes) {
  const double per_second = bytes / kUsagePeriod;
  if (per_second < 1024) return absl::StrFormat("%.0f B/s", per_second);
  if (per_second < 1024 * 1024) return absl::StrFormat("%.0f KiB/s", per_second / 1024);
  return absl::StrFormat("%.1f MiB/s", per_second / 1024 / 1024);
}

// The newest value of each query, by its id.
absl::StatusOr<std::map<std::string, double>> Newest(Client& client, const std::vector<ec2::v1::Instance>& instances,
                                                     absl::Time now) {
  std::vector<cloudwatch::v1::MetricDataQuery> queries;
  for (size_t i = 0; i < instances.size(); ++i) {
    for (size_t m = 0; m < std::size(kUsageMetrics); ++m) {
      cloudwatch::v1::MetricDataQuery query;
      query.set_id(absl::StrCat("q", i, "_", m));
      cloudwatch::v1::MetricStat& stat = *query.mutable_metric_stat();
      stat.mutable_metric()->set_namespace_(kUsageMetrics[m].space);
      stat.mutable_metric()->set_metric_name(kUsageMetrics[m].name);
      cloudwatch::v1::Dimension& dimension = *stat.mutable_metric()->add_dimensions();
      dimension.set_name("InstanceId");
      dimension.set_value(instances[i].instance_id());
      stat.set_period(kUsagePeriod);
      stat.set_stat(kUsageMetrics[m].stat);
      queries.push_back(std::move(query));
    }
  }
  std::map<std::string, double> newest;
  for (size_t first = 0; first < queries.size(); first += kMostQueries) {
    cloudwatch::v1::GetMetricDataRequest request;
    // The minute that is under way is not whole.
    const absl::Time end = absl::FromUnixSeconds(absl::ToUnixSeconds(now) / kUsagePeriod * kUsagePeriod);
    request.set_start_time(absl::FormatTime(absl::RFC3339_sec, end - absl::Minutes(5), absl::UTCTimeZone()));
    request.set_end_time(absl::FormatTime(absl::RFC3339_sec, end, absl::UTCTimeZone()));
    request.set_scan_by("TimestampDescending");
    for (size_t i = first; i < std::min(first + kMostQueries, queries.size()); ++i) {
      *request.add_metric_data_queries() = queries[i];
    }
    ASSIGN_OR_RETURN(const auto answer, CallAllPages<cloudwatch::v1::GetMetricDataResponse>(client, request));
    for (const cloudwatch::v1::MetricDataResult& result : answer.metric_data_results()) {
      if (result.values_size() > 0) newest.emplace(result.id(), result.values(0));
    }
  }
  return newest;
}

absl::StatusOr<ShortTable> UsageTable(Client& client, const std::vector<ec2::v1::Instance>& instances, absl::Time now) {
  ASSIGN_OR_RETURN(const auto newest, Newest(client, instances, now));
  struct Row {
    double cpu;
    std::vector<ShortCell> cells;
  };
  std::vector<Row> rows;
  for (size_t i = 0; i < instances.size(); ++i) {
    Row row{-1, {ShortNameOf(instances[i])}};
    for (size_t m = 0; m < std::size(kUsageMetrics); ++m) {
      const auto value = newest.find(absl::StrCat("q", i, "_", m));
      if (value == newest.end()) {
        row.cells.emplace_back("");
      } else if (kUsageMetrics[m].rate) {
        row.cells.emplace_back(RateText(value->second), absl::StrFormat("%.0f", value->second / kUsagePeriod));
      } else {
        row.cells.emplace_back(absl::StrFormat("%.1f %%", value->second), absl::StrFormat("%.1f", value->second));
      }
      if (m == 0 && value != newest.end()) row.cpu = value->second;
    }
    row.cells.emplace_back(instances[i].instance_type());
    rows.push_back(std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.cpu > b.cpu; });
  ShortTable table({{"NAME"},
                    {"CPU"},
                    {"MEMORY", 1},
                    {"NET IN", 2},
                    {"NET OUT", 2},
                    {"DISK READ", 3},
                    {"DISK WRITE", 3},
                    {"TYPE", 4}});
  for (Row& row : rows) table.Add(std::move(row.cells));
  return table;
}

absl::StatusOr<int> RunTop(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "top", .usage = "brume top [--once]"};
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, tokens, {{"once", false}}));
  if (!options.has_value()) return 0;
  const bool stays = ShowsTables(global) && IsTerminal(STDOUT_FILENO) && options->Find("once") == nullptr;
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  const NotedInterrupt interrupt;
  do {
    ASSIGN_OR_RETURN(const auto running, DescribeInstances(*client, {{"instance-state-name", {"running"}}}));
    ASSIGN_OR_RETURN(const ShortTable table, UsageTable(*client, running, absl::Now()));
    std::string text = !ShowsTables(global) ? table.Plain()
                       : table.empty()      ? "No instance runs.\n"
                                            : table.Render(TerminalWidth(STDOUT_FILENO));
    if (stays) text = absl::StrCat("\x1b[H\x1b[2J", text, "\nThe latest whole minute. Ctrl-C ends it.\n");
    RETURN_IF_ERROR(Print(text));
    if (stays) poll(nullptr, 0, 5000);  // Ctrl-C ends it early
  } while (stays && !NotedInterrupt::Came());
  return 0;
}

}  // namespace

Command TopCommand() {
  return {"top",
          "top [--once]",
          "Shows the CPU, memory, network and disk usage of running instances.",
          "In the last whole minute, from their metrics; the busiest first. On a terminal it is updated until Ctrl-C. "
          "A new instance has values after its first whole minute.",
          {{"--once", "Show it once and exit."}},
          WithoutSchema<RunTop>};
}

}  // namespace brume::cli
