#include "lib/cloudwatch/tables/metric_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/tables/metric_codec.h"
#include "lib/store/connection.h"

namespace brume::cloudwatch {
namespace {

std::string DimensionsText(const std::vector<Dimension>& dimensions) {
  std::string text;
  for (const Dimension& d : dimensions) absl::StrAppend(&text, d.name, "\n", d.value, "\n");
  return text;
}

std::vector<Dimension> ParseDimensions(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '\n');
  std::vector<Dimension> dimensions;
  for (size_t i = 0; i + 1 < parts.size(); i += 2) dimensions.push_back({parts[i], parts[i + 1]});
  return dimensions;
}

MetricRow ReadMetric(store::Row& row) {
  MetricRow metric;
  std::string dimensions;
  row.Read(metric.number, metric.id.metric_namespace, metric.id.name, dimensions, metric.unit, metric.seen);
  metric.id.dimensions = ParseDimensions(dimensions);
  return metric;
}

constexpr char kSelectMetrics[] = "SELECT number, namespace, name, dimensions, unit, seen FROM metrics ";

bool Has(const MetricRow& metric, const MetricFilter& filter) {
  return std::all_of(filter.dimensions.begin(), filter.dimensions.end(), [&](const auto& wanted) {
    return std::any_of(metric.id.dimensions.begin(), metric.id.dimensions.end(), [&](const Dimension& d) {
      return d.name == wanted.first && (!wanted.second.has_value() || d.value == *wanted.second);
    });
  });
}

struct EncodedBlock {
  int64_t number = 0;
  std::string total;
  std::optional<std::string> parts;
};

EncodedBlock ReadEncoded(store::Row& row) {
  EncodedBlock block;
  row.Read(block.number, block.total, block.parts);
  return block;
}

absl::StatusOr<MetricBlock> Decode(const EncodedBlock& encoded) {
  MetricBlock block;
  ASSIGN_OR_RETURN(block.total, DecodeBucket(encoded.total));
  if (encoded.parts.has_value()) {
    ASSIGN_OR_RETURN(block.parts, DecodeParts(*encoded.parts));
  }
  return block;
}

absl::StatusOr<std::optional<MetricBlock>> DecodeOne(absl::StatusOr<std::optional<EncodedBlock>> encoded) {
  RETURN_IF_ERROR(encoded.status());
  if (!encoded->has_value()) return std::optional<MetricBlock>();
  ASSIGN_OR_RETURN(MetricBlock block, Decode(**encoded));
  return std::optional<MetricBlock>(std::move(block));
}

absl::StatusOr<std::vector<NumberedBlock>> DecodeAll(absl::StatusOr<std::vector<EncodedBlock>> encoded) {
  RETURN_IF_ERROR(encoded.status());
  std::vector<NumberedBlock> blocks;
  blocks.reserve(encoded->size());
  for (const EncodedBlock& one : *encoded) {
    ASSIGN_OR_RETURN(MetricBlock block, Decode(one));
    blocks.push_back({one.number, std::move(block)});
  }
  return blocks;
}

// The rows lie in order of time, so that a metric's are looked up one by one.
constexpr char kEach[] =
    "WITH RECURSIVE each (n) AS (SELECT ?1 WHERE ?1 < ?2 UNION ALL SELECT n + 1 FROM each WHERE n + 1 < ?2) ";

}  // namespace

absl::StatusOr<int64_t> MetricTable::Ensure(const MetricId& id, const std::string& unit, absl::Time seen) {
  int64_t number = 0;
  RETURN_IF_ERROR(connection_.Query(
      "INSERT INTO metrics (namespace, name, dimensions, unit, seen) VALUES (?, ?, ?, ?, ?) "
      "ON CONFLICT (namespace, name, dimensions, unit) DO UPDATE SET seen = max(seen, excluded.seen) RETURNING number",
      [&](store::Row& row) { row.Read(number); }, id.metric_namespace, id.name, DimensionsText(id.dimensions), unit,
      seen));
  return number;
}

absl::StatusOr<std::vector<MetricRow>> MetricTable::Find(const MetricId& id) {
  return connection_.All(
      absl::StrCat(kSelectMetrics, "WHERE namespace = ? AND name = ? AND dimensions = ? ORDER BY unit"), ReadMetric,
      id.metric_namespace, id.name, DimensionsText(id.dimensions));
}

absl::StatusOr<std::vector<MetricRow>> MetricTable::List(const MetricFilter& filter, int64_t after, size_t limit) {
  std::vector<MetricRow> metrics;
  while (metrics.size() < limit) {
    constexpr int kPortion = 1000;
    ASSIGN_OR_RETURN(
        const std::vector<MetricRow> some,
        connection_.All(absl::StrCat(kSelectMetrics,
                                     "AS m WHERE number > ?1 AND (?2 IS NULL OR namespace = ?2) AND (?3 IS NULL OR "
                                     "name = ?3) AND seen >= ?4 AND NOT EXISTS (SELECT 1 FROM metrics AS o WHERE "
                                     "o.namespace = m.namespace AND o.name = m.name AND o.dimensions = m.dimensions "
                                     "AND o.number < m.number AND o.seen >= ?4) ORDER BY number LIMIT ?5"),
                        ReadMetric, after, filter.metric_namespace, filter.name, filter.seen_since, kPortion));
    for (const MetricRow& metric : some) {
      if (metrics.size() == limit) break;
      if (Has(metric, filter)) metrics.push_back(metric);
    }
    if (some.size() < kPortion) break;
    after = some.back().number;
  }
  return metrics;
}

absl::StatusOr<int64_t> MetricTable::Count() {
  int64_t count = 0;
  RETURN_IF_ERROR(connection_.Query("SELECT count(*) FROM metrics", [&](store::Row& row) { row.Read(count); }));
  return count;
}

absl::StatusOr<bool> MetricTable::Evict(absl::Time oldest, int64_t keep, int max_rows) {
  RETURN_IF_ERROR(connection_.Run(
      "DELETE FROM metrics WHERE number IN (SELECT number FROM metrics WHERE seen < ?1 OR "
      "  seen < (SELECT seen FROM metrics ORDER BY seen DESC LIMIT 1 OFFSET ?2 - 1) ORDER BY seen LIMIT ?3)",
      oldest, keep, max_rows));
  return connection_.changed_rows() == max_rows;
}

absl::StatusOr<std::optional<MetricBlock>> MetricTable::GetMinute(int64_t minute, int64_t metric) {
  return DecodeOne(
      connection_.First("SELECT minute, total, seconds FROM metric_minutes WHERE minute = ? AND metric = ?",
                        ReadEncoded, minute, metric));
}

absl::Status MetricTable::PutMinute(int64_t minute, int64_t metric, const MetricBlock& block) {
  const std::string total = EncodeBucket(block.total), seconds = EncodeParts(block.parts);
  return connection_.Run("INSERT OR REPLACE INTO metric_minutes (minute, metric, total, seconds) VALUES (?, ?, ?, ?)",
                         minute, metric, store::Blob{total}, store::Blob{seconds});
}

absl::StatusOr<std::optional<MetricBlock>> MetricTable::GetHour(int64_t hour, int64_t metric) {
  return DecodeOne(connection_.First(
      "SELECT hour, total, minutes FROM metric_hours LEFT JOIN metric_hour_minutes USING (hour, metric) "
      "WHERE hour = ? AND metric = ?",
      ReadEncoded, hour, metric));
}

absl::Status MetricTable::PutHour(int64_t hour, int64_t metric, const MetricBlock& block) {
  const std::string total = EncodeBucket(block.total), minutes = EncodeParts(block.parts);
  RETURN_IF_ERROR(connection_.Run("INSERT OR REPLACE INTO metric_hours (hour, metric, total) VALUES (?, ?, ?)", hour,
                                  metric, store::Blob{total}));
  return connection_.Run("INSERT OR REPLACE INTO metric_hour_minutes (hour, metric, minutes) VALUES (?, ?, ?)", hour,
                         metric, store::Blob{minutes});
}

absl::StatusOr<std::vector<NumberedBlock>> MetricTable::ReadMinutes(int64_t metric, int64_t from, int64_t to,
                                                                    bool parts) {
  return DecodeAll(
      connection_.All(absl::StrCat(kEach, "SELECT minute, total, ", parts ? "seconds" : "NULL",
                                   " FROM each CROSS JOIN metric_minutes ON minute = n AND metric = ?3 ORDER BY n"),
                      ReadEncoded, from, to, metric));
}

absl::StatusOr<std::vector<NumberedBlock>> MetricTable::ReadHours(int64_t metric, int64_t from, int64_t to,
                                                                  bool parts) {
  if (!parts) {
    return DecodeAll(connection_.All(
        absl::StrCat(kEach,
                     "SELECT hour, total, NULL FROM each CROSS JOIN metric_hours ON hour = n AND metric = ?3 "
                     "ORDER BY n"),
        ReadEncoded, from, to, metric));
  }
  return DecodeAll(connection_.All(
      absl::StrCat(kEach,
                   "SELECT h.hour, h.total, m.minutes FROM each CROSS JOIN metric_hours AS h ON h.hour = n AND "
                   "h.metric = ?3 LEFT JOIN metric_hour_minutes AS m ON m.hour = n AND m.metric = ?3 ORDER BY n"),
      ReadEncoded, from, to, metric));
}

absl::StatusOr<std::optional<int64_t>> MetricTable::FirstMinute() {
  return connection_.First("SELECT minute FROM metric_minutes ORDER BY minute LIMIT 1", [](store::Row& row) {
    int64_t minute = 0;
    row.Read(minute);
    return minute;
  });
}

absl::StatusOr<std::vector<int64_t>> MetricTable::MetricsOfHour(int64_t hour) {
  return connection_.All(
      "SELECT DISTINCT metric FROM metric_minutes WHERE minute >= ? AND minute < ? ORDER BY metric",
      [](store::Row& row) {
        int64_t metric = 0;
        row.Read(metric);
        return metric;
      },
      hour * kMinutesInHour, (hour + 1) * kMinutesInHour);
}

absl::Status MetricTable::PackHour(int64_t hour, int64_t metric) {
  const int64_t from = hour * kMinutesInHour, to = from + kMinutesInHour;
  ASSIGN_OR_RETURN(const std::vector<NumberedBlock> minutes, ReadMinutes(metric, from, to, /*parts=*/false));
  if (minutes.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<MetricBlock> present, GetHour(hour, metric));
  MetricBlock block = present.value_or(MetricBlock{});
  for (const NumberedBlock& minute : minutes) {
    block.total.Merge(minute.block.total);
    block.Part(static_cast<uint8_t>(minute.number - from)).Merge(minute.block.total);
  }
  RETURN_IF_ERROR(PutHour(hour, metric, block));
  for (const NumberedBlock& minute : minutes) {
    RETURN_IF_ERROR(
        connection_.Run("DELETE FROM metric_minutes WHERE minute = ? AND metric = ?", minute.number, metric));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> MetricTable::DeleteBefore(const std::string& table, int64_t hour, int max_rows) {
  // Row by row in their order, up to the first that stays.
  int64_t end_hour = hour, end_metric = 0;
  RETURN_IF_ERROR(connection_.Query(
      absl::StrCat("SELECT hour, metric FROM ", table, " ORDER BY hour, metric LIMIT 1 OFFSET ?"),
      [&](store::Row& row) {
        row.Read(end_hour, end_metric);
        if (end_hour >= hour) end_hour = hour, end_metric = 0;
      },
      max_rows));
  RETURN_IF_ERROR(
      connection_.Run(absl::StrCat("DELETE FROM ", table, " WHERE (hour, metric) < (?, ?)"), end_hour, end_metric));
  return connection_.changed_rows() == max_rows;
}

absl::StatusOr<bool> MetricTable::DeleteHourMinutesBefore(int64_t hour, int max_rows) {
  return DeleteBefore("metric_hour_minutes", hour, max_rows);
}

absl::StatusOr<bool> MetricTable::DeleteHoursBefore(int64_t hour, int max_rows) {
  return DeleteBefore("metric_hours", hour, max_rows);
}

}  // namespace brume::cloudwatch
