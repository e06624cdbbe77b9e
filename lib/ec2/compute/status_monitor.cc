#include "lib/ec2/compute/status_monitor.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/time/clock.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/network/interface_service.h"

namespace brume::compute {
void StatusMonitor::Check::Note(bool ok, absl::Time now) {
  if (ok) {
    ever_passed = true;
    failures = 0;
    failing_since = absl::InfiniteFuture();
    return;
  }
  if (failures++ == 0) failing_since = now;
}

StatusMonitor::StatusMonitor(store::Database& database, Hypervisor& hypervisor, network::PortMeter& ports,
                             const Clock& clock, StatusMonitorOptions options)
    : database_(database),
      hypervisor_(hypervisor),
      ports_(ports),
      clock_(clock),
      options_(options),
      checks_(options.period, [this] { CheckAll(); }) {}

void StatusMonitor::Start() { checks_.Start(); }

void StatusMonitor::Stop() { checks_.Stop(); }

InstanceStatus StatusMonitor::StatusOf(const Instance& instance) const {
  InstanceStatus status;
  if (instance.state != InstanceState::kRunning) {
    status.system = status.instance = CheckStatus::kNotApplicable;
    return status;
  }
  MutexLock lock(mutex_);
  const auto it = tracks_.find(instance.id);
  // What was seen before the instance's latest start, or the host's, says nothing about this run of its guest.
  if (it == tracks_.end() || it->second.running_since != instance.state_since) return status;
  const auto judge = [&](const Check& check, absl::Duration grace) {
    const bool failed = check.failures >= options_.failures_to_fail;
    if (check.ever_passed) return failed ? CheckStatus::kFailed : CheckStatus::kPassed;
    const bool late = clock_.Now() - instance.state_since >= grace;
    return failed && late ? CheckStatus::kFailed : CheckStatus::kInitializing;
  };
  const Track& track = it->second;
  status.system = judge(track.system, absl::ZeroDuration());
  status.instance = judge(track.instance, options_.initial_grace);
  if (status.system == CheckStatus::kFailed) status.impaired_since = track.system.failing_since;
  if (status.instance == CheckStatus::kFailed) {
    status.impaired_since = std::min(status.impaired_since, track.instance.failing_since);
  }
  return status;
}

absl::StatusOr<std::vector<InstanceId>> StatusMonitor::ListRunning() {
  return database_.ReadFor([](store::Connection& connection) {
    const InstanceState running[] = {InstanceState::kRunning};
    return InstanceTable(connection).ListIdsInState(running);
  });
}

absl::StatusOr<std::vector<StatusMonitor::Subject>> StatusMonitor::ReadSubjects(absl::Span<const InstanceId> ids) {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<Subject>> {
    ASSIGN_OR_RETURN(const std::vector<Instance> instances, InstanceTable(connection).GetMany(ids));
    ASSIGN_OR_RETURN(std::vector<NetworkInterface> interfaces, network::ListInterfacesOf(connection, ids));
    absl::flat_hash_map<InstanceId, NetworkInterface> first;
    for (NetworkInterface& eni : interfaces) {
      if (eni.device_index == 0) first.emplace(eni.instance_id, std::move(eni));
    }
    std::vector<Subject> subjects;
    subjects.reserve(instances.size());
    for (const Instance& instance : instances) {
      if (instance.state != InstanceState::kRunning) continue;  // since it was listed
      Subject& subject = subjects.emplace_back();
      subject.id = instance.id;
      subject.running_since = instance.state_since;
      if (const auto it = first.find(instance.id); it != first.end()) subject.eni = std::move(it->second);
    }
    return subjects;
  });
}

// An error of the hypervisor or the fabric counts as a check that failed: a host that cannot tell is impaired.
void StatusMonitor::CheckSubject(Subject& subject) {
  const absl::StatusOr<Power> power = hypervisor_.Observe(subject.id);
  subject.system_ok = power.ok() && *power == Power::kOn;
  if (!power.ok()) log::Debug("the system check of {} failed: {}", subject.id.text(), power.status().message());
  if (subject.system_ok && subject.eni.has_value()) {
    const absl::StatusOr<bool> answered = ports_.Probe(*subject.eni, options_.probe_timeout);
    subject.instance_ok = answered.ok() && *answered;
    if (!answered.ok()) {
      log::Debug("the instance check of {} failed: {}", subject.id.text(), answered.status().message());
    }
  }
  subject.checked = true;
}

absl::Status StatusMonitor::CheckSome(absl::Span<const InstanceId> ids) {
  ASSIGN_OR_RETURN(std::vector<Subject> subjects, ReadSubjects(ids));
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < subjects.size() && !checks_.Stopping(); i = next++) CheckSubject(subjects[i]);
  };
  std::vector<std::thread> helpers;
  const size_t max_threads = std::min<size_t>(options_.threads, subjects.size());
  for (size_t i = 1; i < max_threads; ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();

  const absl::Time now = clock_.Now();
  MutexLock lock(mutex_);
  for (const Subject& subject : subjects) {
    if (!subject.checked) continue;
    Track& track = tracks_[subject.id];
    if (track.running_since != subject.running_since) track = {subject.running_since, {}, {}};
    track.system.Note(subject.system_ok, now);
    track.instance.Note(subject.instance_ok, now);
  }
  return absl::OkStatus();
}

void StatusMonitor::CheckAll() {
  const absl::StatusOr<std::vector<InstanceId>> ids = ListRunning();
  if (!ids.ok()) {
    log::Warn("status checks are skipped this time: {}", ids.status().message());
    return;
  }
  const bool many = ids->size() > options_.many;
  const absl::Span<const InstanceId> all = *ids;
  for (size_t done = 0; done < all.size() && !checks_.Stopping(); done += options_.portion) {
    const absl::Time began = absl::Now();
    const absl::Status checked = CheckSome(all.subspan(done, options_.portion));
    if (!checked.ok()) log::Warn("status checks are skipped this time: {}", checked.message());
    if (many) checks_.Sleep(4 * (absl::Now() - began));
  }
  const absl::flat_hash_set<InstanceId> running(ids->begin(), ids->end());
  MutexLock lock(mutex_);
  absl::erase_if(tracks_, [&](const auto& entry) { return !running.contains(entry.first); });
}

}  // namespace brume::compute
