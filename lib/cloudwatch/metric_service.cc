#include "lib/cloudwatch/metric_service.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/guest_metrics.h"
#include "lib/resource/ec2_error.h"

namespace brume::cloudwatch {
namespace {

// Minutes are dropped from memory so long after their end; what comes later is merged with what is in the store.
constexpr int64_t kMinutesInMemory = 2;
// In one transaction: all metrics of a hundred guests are, and others need not wait long for more.
constexpr size_t kWriteAtOnce = 2000;

// Under which name it is kept.
MetricId Kept(MetricId id) {
  if (id.metric_namespace == kEc2Namespace && absl::StartsWith(id.name, "EBS")) {
    const std::string disk = absl::StrCat("Disk", id.name.substr(3));
    for (const char* name : {"DiskReadOps", "DiskWriteOps", "DiskReadBytes", "DiskWriteBytes"}) {
      if (disk == name) id.name = disk;
    }
  }
  return id;
}

int64_t RoundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

// Adds blocks to the periods in which they, or their parts, begin.
class Periods {
 public:
  Periods(int64_t from, int64_t to, int64_t period) : from_(from), to_(to), period_(period) {}

  void Add(int64_t start, int64_t part_seconds, const MetricBlock& block) {
    const int64_t length = part_seconds * kSecondsInMinute;  // a minute has as many seconds as an hour has minutes
    // Whole blocks go in whole; parts are looked at where periods are finer, or where the range cuts a block.
    if (block.parts.empty() || (period_ % length == 0 && start % period_ + length <= period_)) {
      AddBucket(start, block.total);
      return;
    }
    for (const auto& [offset, bucket] : block.parts) AddBucket(start + offset * part_seconds, bucket);
  }

  std::vector<PeriodBucket> Take() {
    std::vector<PeriodBucket> all;
    all.reserve(periods_.size());
    for (auto& [start, bucket] : periods_) all.push_back({absl::FromUnixSeconds(start), std::move(bucket)});
    return all;
  }

 private:
  void AddBucket(int64_t start, const MetricBucket& bucket) {
    if (start >= from_ && start < to_) periods_[start / period_ * period_].Merge(bucket);
  }

  const int64_t from_, to_, period_;
  std::map<int64_t, MetricBucket> periods_;
};

}  // namespace

MetricService::MetricService(store::Database& database, const Clock& clock, MetricServiceOptions options)
    : database_(database),
      clock_(clock),
      options_(options),
      buffer_(options.max_waiting),
      roll_up_(database, clock, options_, moving_),
      writer_(options.flush_every, [this] { FlushAndRollUp(); }) {}

MetricService::~MetricService() { Stop(); }

void MetricService::Start() { writer_.Start(); }

void MetricService::Stop() {
  writer_.Stop();
  const absl::Status written = Flush();
  if (!written.ok()) log::Error("the latest metrics were not written: {}", written.message());
}

void MetricService::FlushAndRollUp() {
  const absl::Status written = Flush();
  if (!written.ok()) log::Error("metrics wait to be written: {}", written.message());
  const absl::Status rolled = RollUp();
  if (!rolled.ok()) log::Error("metrics were not rolled up: {}", rolled.message());
}

void MetricService::Note(const MetricId& id, absl::Time time, double value) {
  Note({.id = id, .time = time, .values = {.count = 1, .sum = value, .min = value, .max = value}});
}

void MetricService::Note(const MetricDatum& datum) {
  // A value that finds no room is counted by the buffer.
  buffer_.Add(buffer_.SeriesOf(datum.id, datum.unit), datum.time, datum.values, datum.by_second);
}

absl::Status MetricService::Put(const std::vector<MetricDatum>& data) {
  if (!buffer_.HasRoomFor(data.size())) {
    return ec2::Error("LimitExceeded", "Metrics come faster than they can be written; try again later");
  }
  if (metrics_ >= options_.max_metrics) {
    std::set<std::pair<MetricId, std::string>> wanted;
    for (const MetricDatum& datum : data) wanted.emplace(datum.id, datum.unit);
    for (const auto& [id, unit] : wanted) {
      ASSIGN_OR_RETURN(const std::vector<std::string> units, UnitsOf(id));
      if (std::find(units.begin(), units.end(), unit) == units.end()) {
        return ec2::Error("LimitExceeded", absl::StrCat("There are ", options_.max_metrics,
                                                        " metrics, and no more are kept; ", id.name, " is a new one"));
      }
    }
  }
  for (const MetricDatum& datum : data) Note(datum);
  return absl::OkStatus();
}

absl::Status MetricService::WriteWaiting(store::Connection& connection, absl::Span<WaitingBlock> waiting) {
  MetricTable metrics(connection);
  const int64_t first_unpacked = FirstUnpackedHour(clock_.Now(), options_);
  bool made = false;
  for (WaitingBlock& block : waiting) {
    Series& series = *block.series;
    const absl::Time time = absl::FromUnixSeconds(block.minute * kSecondsInMinute);
    made = made || series.number == 0;
    if (series.number == 0 || time - series.seen >= kSeenStep) {
      ASSIGN_OR_RETURN(series.number, metrics.Ensure(series.id, series.unit, time));
      series.seen = std::max(series.seen, time);
    }
    const int64_t hour = block.minute / kMinutesInHour;
    if (hour < first_unpacked) {
      ASSIGN_OR_RETURN(const std::optional<MetricBlock> present, metrics.GetHour(hour, series.number));
      MetricBlock merged = present.value_or(MetricBlock{});
      merged.total.Merge(block.fresh.total);
      merged.Part(static_cast<uint8_t>(block.minute % kMinutesInHour)).Merge(block.fresh.total);
      RETURN_IF_ERROR(metrics.PutHour(hour, series.number, merged));
      continue;
    }
    if (!block.stored.has_value()) {
      ASSIGN_OR_RETURN(block.stored, metrics.GetMinute(block.minute, series.number));
    }
    if (!block.stored.has_value()) block.stored.emplace();
    block.stored->Merge(block.fresh);
    RETURN_IF_ERROR(metrics.PutMinute(block.minute, series.number, *block.stored));
  }
  if (made) {
    ASSIGN_OR_RETURN(metrics_, metrics.Count());
  }
  return absl::OkStatus();
}

absl::Status MetricService::Flush() {
  WriterLock moving(moving_);
  std::vector<WaitingBlock> waiting = buffer_.Take();
  if (waiting.empty()) return absl::OkStatus();
  const absl::Span<WaitingBlock> all = absl::MakeSpan(waiting);
  for (size_t done = 0; done < all.size(); done += kWriteAtOnce) {
    const absl::Span<WaitingBlock> some = all.subspan(done, kWriteAtOnce);
    const absl::Status written = database_.Write([&](store::Connection& connection) ABSL_EXCLUSIVE_LOCKS_REQUIRED(
                                                     moving_) { return WriteWaiting(connection, some); });
    if (!written.ok()) {
      const absl::Span<WaitingBlock> rest = all.subspan(done);
      // Rows that were made are gone with the transaction, and so may be what was read of them.
      for (WaitingBlock& block : rest) {
        block.series->number = 0;
        block.series->seen = absl::InfinitePast();
      }
      buffer_.NotWritten(rest);
      return written;
    }
    buffer_.Written(some);
  }
  buffer_.Evict(absl::ToUnixSeconds(clock_.Now()) / kSecondsInMinute - kMinutesInMemory + 1);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StatisticSet>> MetricService::Read(const MetricId& id, absl::Time from, absl::Time to,
                                                              absl::Duration period) {
  ASSIGN_OR_RETURN(const std::vector<PeriodBucket> buckets, ReadBuckets({id, from, to, period}));
  std::vector<StatisticSet> sets;
  sets.reserve(buckets.size());
  for (const auto& [start, b] : buckets) {
    sets.push_back({.start = start, .count = b.count, .sum = b.sum, .min = b.min, .max = b.max});
  }
  return sets;
}

absl::StatusOr<std::vector<PeriodBucket>> MetricService::ReadBuckets(const MetricQuery& query) {
  const int64_t period = absl::ToInt64Seconds(query.period);
  if (period < 1) return absl::InvalidArgumentError("a period is of one second at least");
  // Nothing is older than what is kept by the hour, nor newer than what may be put ahead of time.
  const absl::Time oldest = clock_.Now() - options_.keep_hours, newest = clock_.Now() + absl::Hours(3);
  const int64_t from = RoundUp(absl::ToUnixSeconds(std::max(query.from, oldest)), period);
  // The end is in its period: ceiling of what has parts of a second.
  const int64_t end = absl::ToUnixSeconds(std::min(query.to, newest) - absl::Nanoseconds(1)) + 1;
  const int64_t to = RoundUp(end, period);
  if (from >= to) return std::vector<PeriodBucket>();

  const MetricId id = Kept(query.id);
  Periods periods(from, to, period);
  ReaderLock moving(moving_);
  const auto wanted = [&](const std::string& unit) { return !query.unit.has_value() || *query.unit == unit; };
  RETURN_IF_ERROR(database_.Read([&](store::Connection& connection) -> absl::Status {
    MetricTable metrics(connection);
    ASSIGN_OR_RETURN(const std::vector<MetricRow> rows, metrics.Find(id));
    if (rows.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::optional<int64_t> first_minute, metrics.FirstMinute());
    const int64_t to_minute = RoundUp(to, kSecondsInMinute) / kSecondsInMinute;
    const int64_t from_minute = std::max(from / kSecondsInMinute, first_minute.value_or(to_minute));
    for (const MetricRow& row : rows) {
      if (!wanted(row.unit)) continue;
      ASSIGN_OR_RETURN(
          const std::vector<NumberedBlock> hours,
          metrics.ReadHours(row.number, from / kSecondsInHour, RoundUp(to, kSecondsInHour) / kSecondsInHour,
                            /*parts=*/period % kSecondsInHour != 0));
      for (const auto& [hour, block] : hours) periods.Add(hour * kSecondsInHour, kSecondsInMinute, block);
      ASSIGN_OR_RETURN(const std::vector<NumberedBlock> minutes,
                       metrics.ReadMinutes(row.number, from_minute, to_minute,
                                           /*parts=*/period % kSecondsInMinute != 0));
      for (const auto& [minute, block] : minutes) periods.Add(minute * kSecondsInMinute, 1, block);
    }
    return absl::OkStatus();
  }));
  for (const WaitingBlock& block : buffer_.WaitingOf(id)) {
    if (wanted(block.series->unit)) periods.Add(block.minute * kSecondsInMinute, 1, block.fresh);
  }
  return periods.Take();
}

absl::StatusOr<std::vector<std::string>> MetricService::UnitsOf(const MetricId& of) {
  const MetricId id = Kept(of);
  std::set<std::string> units;
  ReaderLock moving(moving_);
  ASSIGN_OR_RETURN(const std::vector<MetricRow> rows,
                   database_.ReadFor([&](store::Connection& connection) { return MetricTable(connection).Find(id); }));
  for (const MetricRow& row : rows) units.insert(row.unit);
  for (const WaitingBlock& block : buffer_.WaitingOf(id)) units.insert(block.series->unit);
  return std::vector<std::string>(units.begin(), units.end());
}

absl::StatusOr<std::vector<MetricRow>> MetricService::List(const MetricFilter& filter, int64_t after, size_t limit) {
  return database_.ReadFor(
      [&](store::Connection& connection) { return MetricTable(connection).List(filter, after, limit); });
}

std::optional<MetricService::Sample> MetricService::Latest(const InstanceId& id, absl::string_view metric) const {
  MutexLock lock(latest_mutex_);
  const auto samples = latest_.find(id);
  if (samples == latest_.end()) return std::nullopt;
  const auto sample = samples->second.find(std::string(metric));
  return sample == samples->second.end() ? std::nullopt : std::optional(sample->second);
}

void MetricService::SetLatest(const InstanceId& id, const Samples& samples) {
  MutexLock lock(latest_mutex_);
  Samples& present = latest_[id];
  for (const auto& [metric, sample] : samples) present.insert_or_assign(metric, sample);
}

void MetricService::DiscardLatest(const InstanceId& id) {
  MutexLock lock(latest_mutex_);
  latest_.erase(id);
}

}  // namespace brume::cloudwatch
