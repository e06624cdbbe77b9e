#include "lib/cloudwatch/sampler.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"

namespace brume::cloudwatch {
namespace {

constexpr char kInstance[] = "InstanceId";

MetricBucket One(double value) { return {.count = 1, .sum = value, .min = value, .max = value}; }

absl::Time FloorToSecond(absl::Time time) { return absl::FromUnixSeconds(absl::ToUnixSeconds(time)); }

// What a guest's values are counted with, as EC2 does it for detailed monitoring; one without a name is all guests.
std::vector<Dimension> DimensionsTogether(const MonitoredGuest& guest) {
  std::vector<Dimension> dimensions = {{}, {"InstanceType", guest.instance_type}};
  if (!guest.image_id.empty()) dimensions.push_back({"ImageId", guest.image_id.text()});
  if (!guest.group.empty()) dimensions.push_back({"AutoScalingGroupName", guest.group});
  return dimensions;
}

}  // namespace

Sampler::Sampler(SamplerParts parts, SamplerOptions options)
    : parts_(std::move(parts)), options_(options), loop_([this] { return SampleDue(); }) {}

void Sampler::Start() { loop_.Start(); }

void Sampler::Stop() { loop_.Stop(); }

absl::Duration Sampler::SampleDue() {
  const auto floor = [](absl::Time time, absl::Duration period) {
    return absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), period);
  };
  const absl::Time now = parts_.clock.Now();
  const bool all = floor(now, options_.period) != whole_period_;
  if (all || (any_detailed_ && floor(now, options_.detailed_period) != detailed_period_)) {
    if (all) whole_period_ = floor(now, options_.period);
    detailed_period_ = floor(now, options_.detailed_period);
    const absl::Status sampled = Sample(all);
    // Said once, as it is tried again so often.
    if (!sampled.ok() && !failing_) log::Warn("guests are not measured: {}", sampled.message());
    if (sampled.ok() && failing_) log::Info("guests are measured again");
    failing_ = !sampled.ok();
  }
  const absl::Duration step = any_detailed_ ? std::min(options_.detailed_period, options_.period) : options_.period;
  return floor(parts_.clock.Now(), step) + step - parts_.clock.Now();
}

absl::Status Sampler::ListGuests() {
  ASSIGN_OR_RETURN(guests_, parts_.database.ReadFor(ListMonitoredGuests));
  any_detailed_ = std::any_of(guests_.begin(), guests_.end(), [](const auto& guest) { return guest.detailed; });
  absl::flat_hash_set<InstanceId> running;
  std::set<Dimension> dimensions;
  for (const MonitoredGuest& guest : guests_) {
    running.insert(guest.id);
    for (Dimension& dimension : DimensionsTogether(guest)) dimensions.insert(std::move(dimension));
    Track& track = tracks_[guest.id];
    if (track.series.front() == nullptr) track.series = MakeFamily({{kInstance, guest.id.text()}});
    if (track.running_since != guest.running_since) {
      track.running_since = guest.running_since;
      BeginAnew(track);
    }
  }
  absl::erase_if(tracks_, [&](const auto& entry) {
    if (running.contains(entry.first)) return false;
    parts_.metrics.DiscardLatest(entry.first);
    return true;
  });
  std::erase_if(together_, [&](const auto& entry) { return !dimensions.contains(entry.first); });
  return absl::OkStatus();
}

Sampler::Family Sampler::MakeFamily(const std::vector<Dimension>& dimensions) {
  Family family;
  for (size_t i = 0; i < kGuestMetrics; ++i) {
    const GuestMetricInfo& info = AllGuestMetrics()[i];
    family[i] = parts_.metrics.buffer().SeriesOf({info.metric_namespace, info.name, dimensions}, info.unit);
  }
  return family;
}

absl::flat_hash_map<std::string, NetworkCounters> Sampler::ReadNetwork(bool all) {
  std::set<VpcId> vpcs;
  for (const MonitoredGuest& guest : guests_) {
    if (!all && !guest.detailed) continue;
    for (const auto& port : guest.ports) vpcs.insert(port.vpc);
  }
  absl::flat_hash_map<std::string, NetworkCounters> by_tap;
  for (const VpcId& vpc : vpcs) {
    const absl::StatusOr<std::vector<network::PortCounters>> counters = parts_.fabric.Counters(vpc);
    if (!counters.ok()) {
      // The guests' other metrics are there all the same, and the network's reconciler says what is wrong with it.
      log::Debug("the counters of {} cannot be read: {}", vpc.text(), counters.status().message());
      continue;
    }
    for (const network::PortCounters& port : *counters) {
      by_tap[port.tap] = {port.bytes_in, port.bytes_out, port.packets_in, port.packets_out};
    }
  }
  return by_tap;
}

absl::Status Sampler::Sample(bool all) {
  if (all) RETURN_IF_ERROR(ListGuests());
  std::vector<InstanceId> ids;
  for (const MonitoredGuest& guest : guests_) {
    if (!all && guest.detailed) ids.push_back(guest.id);
  }
  if (guests_.empty() || (!all && ids.empty())) {
    KeepSnapshot();
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<compute::GuestStatistics> statistics, parts_.guests.Sample(ids));
  const absl::Time now = parts_.clock.Now();
  const absl::flat_hash_map<std::string, NetworkCounters> network = ReadNetwork(all);
  absl::flat_hash_map<InstanceId, const compute::GuestStatistics*> by_id;
  for (const compute::GuestStatistics& guest : statistics) by_id.emplace(guest.id, &guest);

  Together together;
  for (const MonitoredGuest& guest : guests_) {
    if (!all && !guest.detailed) continue;
    const auto found = by_id.find(guest.id);
    // Busy, or just gone: its next sample covers this time as well.
    if (found == by_id.end()) continue;
    GuestCounters counters{
        .time = now, .cpu_time = found->second->cpu_time, .disk = found->second->disk, .memory = found->second->memory};
    for (const auto& port : guest.ports) {
      const auto tap = network.find(TapName(port.eni));
      if (tap == network.end()) continue;
      NetworkCounters& sum = counters.network.has_value() ? *counters.network : counters.network.emplace();
      sum.bytes_in += tap->second.bytes_in;
      sum.bytes_out += tap->second.bytes_out;
      sum.packets_in += tap->second.packets_in;
      sum.packets_out += tap->second.packets_out;
    }
    Take(guest, std::move(counters), all, together);
  }
  if (all && whole_.has_value()) NoteTogether(FloorToSecond(*whole_), std::move(together));
  if (all) whole_ = now;
  KeepSnapshot();
  return absl::OkStatus();
}

std::vector<GuestSnapshot> Sampler::Snapshot() const {
  MutexLock lock(mutex_);
  return snapshot_;
}

void Sampler::KeepSnapshot() {
  std::vector<GuestSnapshot> guests;
  guests.reserve(guests_.size());
  for (const MonitoredGuest& guest : guests_) {
    const auto track = tracks_.find(guest.id);
    if (track == tracks_.end() || !track->second.latest.has_value()) continue;
    GuestSnapshot& shown = guests.emplace_back(GuestSnapshot{.id = guest.id,
                                                             .instance_type = guest.instance_type,
                                                             .group = guest.group,
                                                             .vcpus = guest.vcpus,
                                                             .counters = *track->second.latest,
                                                             .values = track->second.values});
    shown.counters.memory = track->second.memory;
    if (track->second.disk.has_value()) shown.counters.disk = track->second.disk->disk;
  }
  MutexLock lock(mutex_);
  snapshot_ = std::move(guests);
}

void Sampler::Take(const MonitoredGuest& guest, GuestCounters now, bool all, Together& together) {
  Track& track = tracks_[guest.id];
  const auto with_disk = [](GuestCounters counters, const std::optional<TimedDisk>& disk) {
    counters.disk = disk.has_value() ? std::optional(disk->disk) : std::nullopt;
    return counters;
  };
  if (track.latest.has_value() &&
      (BeganAnew(with_disk(*track.latest, track.disk), now) || now.time <= track.latest->time)) {
    BeginAnew(track);
  }
  const std::optional<TimedDisk> disk_before = track.disk;
  if (now.disk.has_value()) track.disk = TimedDisk{now.time, *now.disk};
  std::optional<GuestValues> values, whole;
  if (track.latest.has_value()) values = ValuesBetween(with_disk(*track.latest, disk_before), now, guest.vcpus);
  if (all && track.whole.has_value()) {
    const bool reported =
        track.disk.has_value() && track.whole_disk.has_value() && track.disk->time > track.whole_disk->time;
    whole = ValuesBetween(with_disk(*track.whole, track.whole_disk),
                          with_disk(now, reported ? track.disk : std::nullopt), guest.vcpus);
    Instance instance;
    instance.id = guest.id;
    instance.state = InstanceState::kRunning;
    instance.state_since = guest.running_since;
    AddStatus(parts_.status_of(instance), *whole);
    if (values.has_value()) AddStatus(parts_.status_of(instance), *values);
  }
  if (values.has_value()) {
    // Of disks it is more than the time since the latest sample.
    const absl::Time start = FloorToSecond(track.latest->time);
    const absl::Time disk_start = disk_before.has_value() ? FloorToSecond(disk_before->time) : start;
    // In between, status checks and disks are what they were when they were looked at.
    for (size_t i = 0; i < kGuestMetrics; ++i) {
      const auto metric = static_cast<GuestMetric>(i);
      if ((all || !IsStatusCheck(metric)) && (now.disk.has_value() || !IsOfDisk(metric)))
        track.values[i] = (*values)[i];
    }
    track.samples.clear();
    for (size_t i = 0; i < kGuestMetrics; ++i) {
      if (!(*values)[i].has_value()) continue;
      // What finds no room is counted by the buffer.
      const absl::Time since = IsOfDisk(static_cast<GuestMetric>(i)) ? disk_start : start;
      parts_.metrics.buffer().Add(track.series[i], since, One(*(*values)[i]), /*by_second=*/true);
      track.samples[AllGuestMetrics()[i].name] = {now.time, *(*values)[i]};
    }
    parts_.metrics.SetLatest(guest.id, track.samples);
  }
  if (whole.has_value()) {
    for (const Dimension& dimension : DimensionsTogether(guest)) {
      std::array<MetricBucket, kGuestMetrics>& buckets = together[dimension];
      for (size_t i = 0; i < kGuestMetrics; ++i) {
        if ((*whole)[i].has_value()) buckets[i].Add(*(*whole)[i]);
      }
    }
  }
  if (now.memory.has_value()) track.memory = now.memory;
  if (all) {
    track.whole = now;
    track.whole_disk = track.disk;
  }
  track.latest = std::move(now);
}

void Sampler::BeginAnew(Track& track) {
  track.latest = track.whole = std::nullopt;
  track.disk = track.whole_disk = std::nullopt;
  track.memory = std::nullopt;
}

void Sampler::NoteTogether(absl::Time start, Together together) {
  for (auto& [dimension, buckets] : together) {
    Family& family = together_[dimension];
    if (family.front() == nullptr) {
      family = MakeFamily(dimension.name.empty() ? std::vector<Dimension>() : std::vector<Dimension>{dimension});
    }
    for (size_t i = 0; i < kGuestMetrics; ++i) {
      if (buckets[i].count > 0) parts_.metrics.buffer().Add(family[i], start, buckets[i], /*by_second=*/true);
    }
  }
}

}  // namespace brume::cloudwatch
