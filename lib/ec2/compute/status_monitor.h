// Reachability of guests, really checked: the system check asks the hypervisor, the instance check sends ARP requests.
// Source of behaviour: "Status checks for Amazon EC2 instances" in the EC2 User Guide.
#pragma once

#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/periodic.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/status_service.h"
#include "lib/ec2/network/port_service.h"
#include "lib/store/database.h"

namespace brume::compute {

struct StatusMonitorOptions {
  absl::Duration period = absl::Seconds(5);
  absl::Duration probe_timeout = absl::Milliseconds(500);
  // A guest that never answered is initializing so long after it began to run, then failed.
  absl::Duration initial_grace = absl::Minutes(2);
  int failures_to_fail = 3;
  // Guests checked at once: one that does not answer holds a thread for probe_timeout.
  int threads = 16;
  // Guests read and checked in one go; of more than `many` the checks themselves are a load, and are spread out so that
  // they take a fifth of the time at most.
  size_t portion = 128;
  size_t many = 1000;
};

// Observed, not remembered: nothing of it is stored. Thread-safe.
class StatusMonitor {
 public:
  StatusMonitor(store::Database& database, Hypervisor& hypervisor, network::PortMeter& ports, const Clock& clock,
                StatusMonitorOptions options);
  void Start();
  void Stop();

  // kNotApplicable for an instance that does not run.
  InstanceStatus StatusOf(const Instance& instance) const;

 private:
  // One guest to check, and what was seen.
  struct Subject {
    InstanceId id;
    absl::Time running_since;
    std::optional<NetworkInterface> eni;  // the first
    bool checked = false;
    bool system_ok = false;
    bool instance_ok = false;
  };
  struct Check {
    bool ever_passed = false;
    int failures = 0;  // in a row
    absl::Time failing_since = absl::InfiniteFuture();
    void Note(bool ok, absl::Time now);
  };
  struct Track {
    absl::Time running_since;
    Check system, instance;
  };
  void CheckAll();
  absl::Status CheckSome(absl::Span<const InstanceId> ids);
  absl::StatusOr<std::vector<InstanceId>> ListRunning();
  // Of those that still run.
  absl::StatusOr<std::vector<Subject>> ReadSubjects(absl::Span<const InstanceId> ids);
  void CheckSubject(Subject& subject);

  store::Database& database_;
  Hypervisor& hypervisor_;
  network::PortMeter& ports_;
  const Clock& clock_;
  const StatusMonitorOptions options_;
  mutable Mutex mutex_;
  absl::flat_hash_map<InstanceId, Track> tracks_ ABSL_GUARDED_BY(mutex_);
  Periodic checks_;  // last: it uses all the others
};

}  // namespace brume::compute
