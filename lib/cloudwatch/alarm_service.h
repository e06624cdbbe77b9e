// The rules of alarms: definitions, states, transitions and what these ask for. All alarms are held in memory; a change
// is on disk before it is in memory. A transition, its history and the actions it asks for are one transaction.
// Source of behaviour: CloudWatch API reference, actions with "Alarm" in their names.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/random.h"
#include "lib/cloudwatch/alarm_index.h"
#include "lib/cloudwatch/alarm_rules.h"
#include "lib/cloudwatch/alarm_text.h"
#include "lib/cloudwatch/model/alarm.h"
#include "lib/cloudwatch/model/alarm_rule.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/store/database.h"

namespace brume::cloudwatch {

class AlarmChange;

// The value of each of the watch's periods that begins in [from, to) and has data, by the time it begins. Error:
// ValidationError for metric maths that makes no sense.
using AlarmReader = std::function<absl::StatusOr<std::vector<std::pair<absl::Time, double>>>(
    const alarm::Watch& watch, absl::Time from, absl::Time to)>;

struct AlarmServiceOptions {
  Account account;
  AlarmRules rules = {};
  // Metric maths is read once when it is put, so that its mistakes are reported.
  AlarmReader read = {};
  // What an alarm was changed to, by a caller: it is to be evaluated at once. Called with no lock held.
  std::function<void(const std::string& name)> on_put = {};
  // Actions wait for their suppressor: NextSuppressionEnd may be sooner.
  std::function<void()> on_wait = {};
  // Actions were asked for; they are on disk.
  std::function<void(std::vector<alarm::DueAction>)> on_due = {};
};

// What an evaluation found of an alarm.
struct AlarmVerdict {
  AlarmPtr of;  // as it was evaluated; one that has changed since is left alone
  alarm::State state = alarm::State::kInsufficientData;
  std::string reason, reason_data;
  std::optional<double> breach;  // the newest datapoint less the threshold; none without a datapoint
};

// Thread-safe.
class AlarmService {
 public:
  AlarmService(store::Database& database, const Clock& clock, Random& random, AlarmServiceOptions options);

  // Reads all alarms; before anything else is called.
  absl::Status Load();

  // Of a definition, without its state. An alarm that is there keeps its state and its tags. Errors: ValidationError,
  // InvalidParameterValue for tags, LimitExceeded.
  absl::Status PutMetricAlarm(alarm::Alarm definition, const TagMap& tags);
  absl::Status PutCompositeAlarm(alarm::Alarm definition, const TagMap& tags);
  // All or none. Errors: ResourceNotFound; ValidationError for one that others depend on, and for two composite ones.
  absl::Status Delete(const std::vector<std::string>& names);
  // Error: ResourceNotFound.
  absl::Status EnableActions(const std::vector<std::string>& names, bool enabled);
  // Errors: ResourceNotFound, InvalidFormat for data that is not JSON.
  absl::Status SetState(const std::string& name, alarm::State state, const std::string& reason,
                        const std::string& reason_data);

  // By name.
  std::vector<AlarmPtr> List() const;
  // Null when there is none.
  AlarmPtr Find(const std::string& name) const;
  // The alarms that a composite alarm's rule names, and those whose rules name an alarm. Error: ResourceNotFound.
  absl::StatusOr<std::vector<AlarmPtr>> ChildrenOf(const std::string& name) const;
  absl::StatusOr<std::vector<AlarmPtr>> ParentsOf(const std::string& name) const;
  // The datapoints of what an alarm watches, or of what works as an alarm does: periods that begin in [from, to).
  // Errors: ValidationError for metric maths that makes no sense.
  absl::StatusOr<std::vector<std::pair<absl::Time, double>>> Read(const alarm::Watch& watch, absl::Time from,
                                                                  absl::Time to) const {
    return options_.read(watch, from, to);
  }
  absl::StatusOr<std::vector<alarm::HistoryItem>> History(const alarm::HistoryQuery& query);

  // Of an alarm by its ARN. Errors: InvalidParameterValue, ResourceNotFoundException.
  absl::StatusOr<TagMap> Tags(const std::string& arn);
  absl::Status Tag(const std::string& arn, const TagMap& tags);
  absl::Status Untag(const std::string& arn, const std::vector<std::string>& keys);

  // Alarms, with enabled actions, that name `action` among their AlarmActions: their state, and how far the newest
  // datapoint is past the threshold (signed: value less threshold). From memory, cheap.
  struct ActionAlarm {
    std::string name, arn;
    alarm::State state = alarm::State::kInsufficientData;
    double breach = 0;
    absl::Time since;  // it has been in that state
  };
  std::vector<ActionAlarm> AlarmsFor(absl::string_view action) const;

  // Takes what evaluations found, and what follows for composite alarms.
  absl::Status Apply(absl::Span<const AlarmVerdict> verdicts);
  // When a composite alarm's actions are to be evaluated again; InfiniteFuture when none wait.
  absl::Time NextSuppressionEnd() const;
  // Lets go of actions that have waited long enough.
  absl::Status EndSuppressions();
  // Evicts history of more than 30 days ago.
  absl::Status EvictHistory();

 private:
  absl::Status Put(alarm::Alarm definition, AlarmRulePtr rule, const TagMap& tags);
  // Commits the change that `make` describes, unless it is empty, and what follows from it; then notifies.
  absl::Status Change(const std::function<absl::Status(AlarmChange&)>& make) ABSL_LOCKS_EXCLUDED(change_mutex_, mutex_);
  // On disk, then in memory.
  absl::Status Commit(AlarmChange& change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_) ABSL_LOCKS_EXCLUDED(mutex_);
  void Notify(AlarmChange& change) const ABSL_LOCKS_EXCLUDED(change_mutex_, mutex_);
  // As they stand. The analysis cannot say that a member is written with both locks held, and so is read with either.
  const AlarmIndex& Standing() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return alarms_;
  }
  absl::StatusOr<std::string> NameOf(const std::string& arn) const;

  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  const AlarmServiceOptions options_;

  // Held while the store and `alarms_` are changed together.
  Mutex change_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  // Held while `alarms_` is changed, and while it is read without the other.
  mutable Mutex mutex_;
  AlarmIndex alarms_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume::cloudwatch
