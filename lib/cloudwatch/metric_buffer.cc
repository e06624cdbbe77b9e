#include "lib/cloudwatch/metric_buffer.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace brume::cloudwatch {
namespace {

// Names hold no control characters.
std::string KeyOf(const MetricId& id) {
  std::string key = absl::StrCat(id.metric_namespace, "\n", id.name);
  for (const Dimension& d : id.dimensions) absl::StrAppend(&key, "\n", d.name, "\n", d.value);
  return key;
}

// In units of a bucket's own bytes.
size_t SizeOf(const MetricBucket& bucket) {
  constexpr size_t kBinsInUnit = 6;
  return 1 + bucket.sketch.bins().size() / kBinsInUnit;
}

size_t SizeOf(const MetricBlock& block) {
  size_t size = SizeOf(block.total);
  for (const auto& [offset, part] : block.parts) size += SizeOf(part);
  return size;
}

}  // namespace

SeriesHandle MetricBuffer::SeriesOf(const MetricId& id, const std::string& unit) {
  MutexLock lock(mutex_);
  std::vector<SeriesHandle>& units = series_[KeyOf(id)];
  for (const SeriesHandle& series : units) {
    if (series->unit == unit) return series;
  }
  return units.emplace_back(std::make_shared<Series>(id, unit));
}

bool MetricBuffer::Add(const SeriesHandle& series, absl::Time time, const MetricBucket& values, bool by_second) {
  const int64_t second = absl::ToUnixSeconds(time);
  const int64_t minute = second / kSecondsInMinute;
  MutexLock lock(mutex_);
  if (waiting_ >= max_waiting_) {
    ++dropped_;
    return false;
  }
  MetricBlock& fresh = series->minutes[minute].fresh;
  // By how much it grows; modulo 2^64, as it may shrink.
  const auto merge = [&](MetricBucket& into) {
    const size_t before = into.count == 0 ? 0 : SizeOf(into);
    into.Merge(values);
    return SizeOf(into) - before;
  };
  waiting_ += merge(fresh.total);
  if (by_second) waiting_ += merge(fresh.Part(static_cast<uint8_t>(second - minute * kSecondsInMinute)));
  return true;
}

bool MetricBuffer::HasRoomFor(size_t values) const {
  MutexLock lock(mutex_);
  return waiting_ + 2 * values <= max_waiting_;
}

std::vector<WaitingBlock> MetricBuffer::Take() {
  std::vector<WaitingBlock> taken;
  MutexLock lock(mutex_);
  for (auto& [key, units] : series_) {
    for (const SeriesHandle& series : units) {
      for (auto& [minute, content] : series->minutes) {
        if (content.fresh.total.count == 0) continue;
        taken.push_back({series, minute, std::move(content.fresh), std::move(content.stored)});
        content = {};
      }
    }
  }
  waiting_ = 0;
  // Rows of a minute lie together.
  std::sort(taken.begin(), taken.end(), [](const WaitingBlock& a, const WaitingBlock& b) {
    return std::tie(a.minute, a.series->number) < std::tie(b.minute, b.series->number);
  });
  return taken;
}

void MetricBuffer::Wait(Series& series, int64_t minute, const MetricBlock& block) {
  MetricBlock& fresh = series.minutes[minute].fresh;
  if (fresh.total.count > 0) waiting_ -= SizeOf(fresh);
  fresh.Merge(block);
  waiting_ += SizeOf(fresh);
}

void MetricBuffer::Written(absl::Span<WaitingBlock> blocks) {
  MutexLock lock(mutex_);
  for (WaitingBlock& block : blocks) block.series->minutes[block.minute].stored = std::move(block.stored);
}

void MetricBuffer::NotWritten(absl::Span<const WaitingBlock> blocks) {
  MutexLock lock(mutex_);
  for (const WaitingBlock& block : blocks) Wait(*block.series, block.minute, block.fresh);
}

void MetricBuffer::Evict(int64_t minute) {
  MutexLock lock(mutex_);
  for (auto it = series_.begin(); it != series_.end();) {
    std::vector<SeriesHandle>& units = it->second;
    for (const SeriesHandle& series : units) {
      std::erase_if(series->minutes,
                    [&](const auto& entry) { return entry.first < minute && entry.second.fresh.total.count == 0; });
    }
    std::erase_if(units, [](const SeriesHandle& series) { return series->minutes.empty() && series.use_count() == 1; });
    if (units.empty()) {
      series_.erase(it++);
    } else {
      ++it;
    }
  }
}

std::vector<WaitingBlock> MetricBuffer::WaitingOf(const MetricId& id) const {
  std::vector<WaitingBlock> waiting;
  MutexLock lock(mutex_);
  const auto it = series_.find(KeyOf(id));
  if (it == series_.end()) return waiting;
  for (const SeriesHandle& series : it->second) {
    for (const auto& [minute, content] : series->minutes) {
      if (content.fresh.total.count > 0) waiting.push_back({series, minute, content.fresh, std::nullopt});
    }
  }
  return waiting;
}

}  // namespace brume::cloudwatch
