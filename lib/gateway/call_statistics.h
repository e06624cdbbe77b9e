// How long calls take, by action: counts in buckets of logarithmic width, cheap enough to keep for every call.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "lib/gateway/dispatcher.h"

namespace brume::gateway {

struct ActionStatistics {
  std::string action;  // "ec2:RunInstances"
  int64_t calls = 0;
  int64_t errors = 0;
  absl::Duration p50, p90, p99, max;  // upper ends of their buckets, at most an eighth too long
};

// Thread-safe.
class CallStatistics {
 public:
  CallStatistics();
  ~CallStatistics();

  void Count(const CallRecord& record);
  // Those that were called since the start or the latest Reset, in the order of their names.
  std::vector<ActionStatistics> Read() const;
  // A call that is counted meanwhile may be counted on either side.
  void Reset();

 private:
  class Histogram;
  // Made once for every method of the schema, so that counting takes no lock.
  absl::flat_hash_map<const google::protobuf::MethodDescriptor*, std::unique_ptr<Histogram>> histograms_;
};

}  // namespace brume::gateway
