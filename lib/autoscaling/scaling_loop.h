// The loop of Auto Scaling: reconciles each group when something about it may have changed, commits what the evaluation
// makes of it, and executes that on instances.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "lib/autoscaling/evaluation.h"
#include "lib/autoscaling/launcher.h"
#include "lib/autoscaling/signal_reader.h"
#include "lib/autoscaling/signals.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/reconcile_loop.h"
#include "lib/resource/account.h"
#include "lib/store/database.h"

namespace brume::autoscaling {

struct ScalingLoopParts {
  store::Database& database;
  const Clock& clock;
  Launcher launcher;
  SignalSources signals;
  // Posts what a lifecycle hook has to tell to the URL it names; empty where that is not offered.
  std::function<absl::Status(const std::string& url, const std::string& body)> notify = {};
  Account account;
  int threads = 2;
};

// Thread-safe.
class ScalingLoop {
 public:
  explicit ScalingLoop(ScalingLoopParts parts);

  void Start();
  void Stop() { loop_.Stop(); }

  void Wake(const std::string& group) { loop_.Wake(group); }
  // Something about an instance changed. Cheap for those that are no members.
  void OnInstance(const InstanceId& id);
  // An alarm invokes the policy with this ARN.
  void OnAlarmAction(const std::string& policy_arn);

  // What a predictive policy foresees.
  absl::StatusOr<Forecast> ForecastOf(const scaling::PolicyRecord& policy) { return reader_.ForecastOf(policy); }

  // One reconcile of a group, as the loop's threads do it. When to reconcile again.
  absl::StatusOr<absl::Duration> Reconcile(const std::string& group);

 private:
  // What is remembered of a group between looks, and need not outlive the process.
  struct Memory {
    PolicyWatches policies;
    absl::Time metrics_noted = absl::InfinitePast();
  };

  using Key = std::variant<Sweep, std::string>;  // a group by its name

  absl::StatusOr<absl::Duration> SweepAll();
  // Evaluates and commits. Aborted when the group was changed meanwhile.
  absl::StatusOr<Outcome> Decide(const Snapshot& snapshot, Memory& memory, absl::Time now);
  // Returns whether anything was done that calls for another look.
  absl::StatusOr<bool> Execute(const Snapshot& snapshot);
  absl::Status Run(const Snapshot& snapshot, const scaling::Member& member);
  absl::Status NoteLaunched(const Snapshot& snapshot, const std::string& token, const InstanceId& instance);
  absl::Status NoteRefused(const Snapshot& snapshot, const std::string& token, const absl::Status& why);
  absl::Status Notify(const Snapshot& snapshot);
  void NoteMetrics(const Snapshot& snapshot, Memory& memory, absl::Time now);
  absl::StatusOr<std::optional<Snapshot>> Read(const std::string& group);
  // Has changes about these instances wake the group from now on. Returns whether those of one did not until now.
  bool Remember(const std::string& group, const std::vector<scaling::Member>& members);

  const ScalingLoopParts parts_;
  SignalReader reader_;
  Mutex mutex_;
  std::map<std::string, Memory> memories_ ABSL_GUARDED_BY(mutex_);  // by group; one is used by one reconcile at a time
  absl::flat_hash_map<InstanceId, std::string> groups_of_ ABSL_GUARDED_BY(mutex_);  // of members
  std::map<std::string, std::set<InstanceId>> members_of_ ABSL_GUARDED_BY(mutex_);
  ReconcileLoop<Key> loop_;
};

}  // namespace brume::autoscaling
