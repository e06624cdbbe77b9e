#include "lib/gateway/call_statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "lib/gateway/access.h"
#include "lib/schema/schema.h"

namespace brume::gateway {
namespace {

// Microseconds: eight buckets to each power of two, so that a bucket is an eighth wider than it is long.
constexpr int kSteps = 8;
constexpr int kPowers = 28;  // up to 2^28 µs, over four minutes; what takes longer is counted there
constexpr int kBuckets = kSteps * kPowers;

int BucketOf(uint64_t micros) {
  if (micros < kSteps) return static_cast<int>(micros);
  const int power = std::bit_width(micros) - 4;  // micros >> power is 8…15
  return std::min(kBuckets - 1, (power + 1) * kSteps + static_cast<int>((micros >> power) - kSteps));
}

uint64_t UpperEnd(int bucket) {
  if (bucket < kSteps) return bucket + 1;
  const int power = bucket / kSteps - 1;
  return static_cast<uint64_t>(kSteps + bucket % kSteps + 1) << power;
}

}  // namespace

class CallStatistics::Histogram {
 public:
  void Count(absl::Duration duration, bool error) {
    const uint64_t micros = std::max<int64_t>(0, absl::ToInt64Microseconds(duration));
    counts_[BucketOf(micros)].fetch_add(1, std::memory_order_relaxed);
    if (error) errors_.fetch_add(1, std::memory_order_relaxed);
    uint64_t max = max_.load(std::memory_order_relaxed);
    while (micros > max && !max_.compare_exchange_weak(max, micros, std::memory_order_relaxed)) {
    }
  }

  void Reset() {
    for (auto& count : counts_) count.store(0, std::memory_order_relaxed);
    errors_.store(0, std::memory_order_relaxed);
    max_.store(0, std::memory_order_relaxed);
  }

  ActionStatistics Read() const {
    std::array<uint32_t, kBuckets> counts;
    int64_t calls = 0;
    for (int i = 0; i < kBuckets; ++i) calls += counts[i] = counts_[i].load(std::memory_order_relaxed);
    const absl::Duration max = absl::Microseconds(max_.load(std::memory_order_relaxed));
    const auto quantile = [&](double part) {
      const auto rank = static_cast<int64_t>(std::ceil(part * static_cast<double>(calls)));
      int64_t seen = 0;
      for (int i = 0; i < kBuckets; ++i) {
        seen += counts[i];
        if (seen >= rank) return std::min(max, absl::Microseconds(UpperEnd(i)));
      }
      return max;
    };
    return {.action = {},
            .calls = calls,
            .errors = errors_.load(std::memory_order_relaxed),
            .p50 = quantile(0.5),
            .p90 = quantile(0.9),
            .p99 = quantile(0.99),
            .max = max};
  }

 private:
  std::array<std::atomic<uint32_t>, kBuckets> counts_ = {};
  std::atomic<int64_t> errors_ = 0;
  std::atomic<uint64_t> max_ = 0;
};

CallStatistics::CallStatistics() {
  for (const auto* service : schema::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      histograms_.emplace(service->method(i), std::make_unique<Histogram>());
    }
  }
}

CallStatistics::~CallStatistics() = default;

void CallStatistics::Count(const CallRecord& record) {
  histograms_.at(&record.method)->Count(record.duration, !record.outcome.ok());
}

std::vector<ActionStatistics> CallStatistics::Read() const {
  std::vector<ActionStatistics> all;
  for (const auto& [method, histogram] : histograms_) {
    ActionStatistics one = histogram->Read();
    if (one.calls == 0) continue;
    one.action = ActionName(*method);
    all.push_back(std::move(one));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.action < b.action; });
  return all;
}

void CallStatistics::Reset() {
  for (auto& [method, histogram] : histograms_) histogram->Reset();
}

}  // namespace brume::gateway
