// Reachability of guests, really checked: the system check asks the hypervisor, the instance check sends ARP requests.
// Source of behaviour: "Status checks for Amazon EC2 instances" in the EC2 User Guide.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/compute/hypervisor.h"
#include "lib/network/fabric.h"
#include "lib/store/database.h"

namespace brume::compute {

enum class CheckStatus { kNotApplicable, kInitializing, kPassed, kFailed };

struct InstanceStatus {
  CheckStatus system = CheckStatus::kInitializing;
  CheckStatus instance = CheckStatus::kInitializing;
  // Since when the failing check fails.
  absl::Time impaired_since = absl::InfiniteFuture();
};

struct StatusMonitorOptions {
  absl::Duration period = absl::Seconds(5);
  absl::Duration probe_timeout = absl::Milliseconds(500);
  // A guest that never answered is initializing so long after its start, then failed.
  absl::Duration initial_grace = absl::Minutes(2);
  int failures_to_fail = 3;
};

// Observed, not remembered: nothing of it is stored. Thread-safe.
class StatusMonitor {
 public:
  StatusMonitor(store::Database& database, Hypervisor& hypervisor, network::Fabric& fabric, const Clock& clock,
                StatusMonitorOptions options);
  ~StatusMonitor();
  void Start();
  void Stop();

  // kNotApplicable for an instance that does not run.
  InstanceStatus StatusOf(const Instance& instance) const;

 private:
  struct Track {
    absl::Time launch_time;
    bool ever_answered = false;
    int system_failures = 0;
    int instance_failures = 0;
    bool system_checked = false;
    absl::Time impaired_since = absl::InfiniteFuture();
  };
  void Run();
  void CheckAll();

  store::Database& database_;
  Hypervisor& hypervisor_;
  network::Fabric& fabric_;
  const Clock& clock_;
  const StatusMonitorOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  absl::flat_hash_map<InstanceId, Track> tracks_;
  std::thread thread_;
};

}  // namespace brume::compute
