// Measures all guests, in bulk, and notes what they used: by instance, and together by Auto Scaling group, instance
// type, image and all.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/periodic.h"
#include "lib/cloudwatch/guest_metrics.h"
#include "lib/cloudwatch/metric_service.h"
#include "lib/cloudwatch/monitored_guests.h"
#include "lib/ec2/compute/guest_meter_service.h"
#include "lib/ec2/compute/status_service.h"
#include "lib/ec2/network/port_service.h"
#include "lib/store/database.h"

namespace brume::cloudwatch {

struct SamplerOptions {
  // Multiples of a second; samples are taken at multiples of them since 1970.
  absl::Duration period = absl::Seconds(10);
  absl::Duration detailed_period = absl::Seconds(1);  // of instances with detailed monitoring
};

// A guest as it was last seen.
struct GuestSnapshot {
  InstanceId id;
  std::string instance_type;
  std::string group;  // of Auto Scaling; empty = none
  int64_t vcpus = 1;
  GuestCounters counters;  // since the guest's start
  GuestValues values;      // over its latest sampling period
};

struct SamplerParts {
  store::Database& database;
  compute::GuestMeter& guests;
  network::PortMeter& fabric;
  const Clock& clock;
  MetricService& metrics;
  compute::StatusOfInstance status_of;
};

class Sampler {
 public:
  Sampler(SamplerParts parts, SamplerOptions options);
  void Start();
  void Stop();

  // Of all guests that run and could be measured, in order of launch. Thread-safe.
  std::vector<GuestSnapshot> Snapshot() const;

  // Takes one sample: of all guests, or of those with detailed monitoring only. For tests, and the thread itself.
  // The first one of a guest only begins its counts.
  absl::Status Sample(bool all);

 private:
  // All metrics of one thing that has dimensions.
  using Family = std::array<SeriesHandle, kGuestMetrics>;
  struct TimedDisk {
    absl::Time time;
    compute::GuestStatistics::Disk disk;
  };
  struct Track {
    absl::Time running_since;
    std::optional<GuestCounters> latest;  // at the latest sample
    std::optional<GuestCounters> whole;   // at the latest one of all guests
    // The latest that was observed, which may be some samples ago; and at the latest sample of all guests.
    std::optional<TimedDisk> disk, whole_disk;
    Family series;
    MetricService::Samples samples;                               // reused
    GuestValues values = {};                                      // of the latest sample
    std::optional<compute::GuestStatistics::Memory> memory = {};  // the latest that was observed
  };
  using Together = std::map<Dimension, std::array<MetricBucket, kGuestMetrics>>;

  // What of all guests, or of some, is due by the clock; until when nothing is.
  absl::Duration SampleDue();
  absl::Status ListGuests();
  absl::flat_hash_map<std::string, NetworkCounters> ReadNetwork(bool all);
  Family MakeFamily(const std::vector<Dimension>& dimensions);
  static void BeginAnew(Track& track);
  void Take(const MonitoredGuest& guest, GuestCounters now, bool all, Together& together);
  void NoteTogether(absl::Time start, Together together);
  void KeepSnapshot();

  const SamplerParts parts_;
  const SamplerOptions options_;

  // The sampling thread's.
  std::vector<MonitoredGuest> guests_;
  bool any_detailed_ = false;
  absl::flat_hash_map<InstanceId, Track> tracks_;
  std::map<Dimension, Family> together_;
  std::optional<absl::Time> whole_;  // when all were sampled
  bool failing_ = false;
  // Of both periods the latest beginning that was sampled.
  absl::Time whole_period_ = absl::InfinitePast(), detailed_period_ = absl::InfinitePast();

  mutable Mutex mutex_;
  std::vector<GuestSnapshot> snapshot_ ABSL_GUARDED_BY(mutex_);
  Periodic loop_;  // last: it uses all the others
};

}  // namespace brume::cloudwatch
