// What is kept of a group, its policies, its scheduled actions and its refreshes: what their owner asked for, beside
// what decisions are made of. Values only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/autoscaling/model/converge.h"
#include "lib/autoscaling/model/group.h"
#include "lib/autoscaling/model/member.h"
#include "lib/autoscaling/model/mixed_policy.h"
#include "lib/autoscaling/model/scaling_policy.h"
#include "lib/autoscaling/model/schedule.h"
#include "lib/cloudwatch/model/alarm.h"
#include "lib/cloudwatch/model/metric.h"
#include "lib/ec2/compute/model/launch_spec.h"

namespace brume::scaling {

struct GroupSubnet {
  SubnetId id;
  std::string zone;
};

// What members are to be launched from, as it was asked for.
struct SourceRequest {
  bool is_template = true;
  std::string id;  // the template's, or the name of a launch configuration
  // "$Latest", "$Default" or a number; empty for a launch configuration, and for a template's default version that
  // nobody asked for by name.
  std::string version;
  friend bool operator==(const SourceRequest&, const SourceRequest&) = default;
};

// What a group is defined to be launched from: the source, and of a mixed group the policy with what it stands for.
struct LaunchDefinition {
  SourceRequest source;
  std::optional<MixedPolicy> policy = {};
  std::vector<std::string> types = {};             // Group::instance_types
  std::map<std::string, TypeOption> options = {};  // Group::type_options
};

// Whether a template's version is asked for by its number, so that it will be tomorrow what it is today.
inline bool IsNumbered(absl::string_view version) {
  return !version.empty() && version != "$Latest" && version != "$Default";
}

struct GroupRecord {
  int64_t seq = 0;  // gives lists their order
  // Its zones are those of `subnets`, each once; its source is what `source` stands for now.
  Group group;
  State state;
  absl::Time created;
  SourceRequest source;
  std::vector<GroupSubnet> subnets;
  std::optional<MixedPolicy> mixed_policy;
  std::string health_check_type = "EC2";
  std::optional<absl::Duration> default_warmup;
  // Why each suspended process is: "User suspended at 2026-01-31T10:00:00Z".
  std::map<std::string, std::string> suspensions;
  std::vector<std::string> metrics;  // of EnableMetricsCollection
  std::string context;
  bool capacity_rebalance = false;
  std::string service_linked_role;  // an ARN, as it was given; empty = AWS's own
  // It goes when its last member has gone.
  bool deleting = false;
  // Its members go as they are, whether or not they are protected or held by hooks.
  bool force = false;
  absl::Time cooldown_until = absl::InfinitePast();
  // Counts changes of the row and its members.
  int64_t version = 0;
};

struct GroupTag {
  std::string key, value;
  bool propagate = false;  // to instances that are launched from now on
};

struct GroupView {
  GroupRecord record;
  std::vector<Member> members;  // of the warm pool too
  std::vector<GroupTag> tags;   // in order of their keys
};

// Of a target tracking or predictive policy.
struct MetricRequest {
  std::string predefined;  // "ASGAverageCPUUtilization"; empty = `metric` is a custom one
  std::string resource_label;
  MetricId metric;
  std::string statistic;  // "Average", "Sum" …
  std::string unit;
  std::vector<alarm::WatchQuery> queries;  // metric maths, in the place of `metric`; empty = none
  // Of a predictive policy whose load `queries` are: the average of one member, and how many members there were, which
  // need not be said.
  std::vector<alarm::WatchQuery> scaling_queries = {}, capacity_queries = {};
};

struct PolicyRecord {
  int64_t seq = 0;
  std::string id;     // a UUID, part of its ARN
  std::string group;  // its name
  absl::Time created;
  Policy policy;
  MetricRequest metric;
  // Of step scaling: "Minimum", "Maximum", "Average". Kept, as alarms bring the aggregated value along.
  std::string aggregation;
  std::optional<absl::Duration> warmup;
};

struct ScheduleRecord {
  int64_t seq = 0;
  std::string id;  // a UUID, part of its ARN
  std::string group;
  std::string recurrence;  // as it was given; empty = none
  std::string time_zone;   // as it was given; empty = UTC
  // Runs until then were taken; those before it was made do not count.
  absl::Time evaluated_until;
  ScheduledAction action;
};

enum class RefreshStatus {
  kPending = 0,
  kInProgress = 1,
  kSuccessful = 2,
  kFailed = 3,
  kCancelling = 4,
  kCancelled = 5,
  kRollbackInProgress = 6,
  kRollbackFailed = 7,
  kRollbackSuccessful = 8
};
std::true_type IsPersisted(RefreshStatus);  // the database keeps its values
// "InProgress", "RollbackSuccessful" …
absl::string_view RefreshStatusName(RefreshStatus status);

// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
struct RefreshPreferences {
  int min_healthy_percent = 90;
  std::optional<int> max_healthy_percent;  // unset = follows from the minimum
  std::optional<absl::Duration> warmup;    // none = the group's
  std::vector<int> checkpoints;            // in percent, rising; empty = none
  absl::Duration checkpoint_delay = absl::Hours(1);
  bool skip_matching = false;
  bool auto_rollback = false;
  // "Refresh", "Terminate", "Ignore", "Wait", as given; empty = they were not.
  std::string protected_members, standby_members;
  std::vector<std::string> alarms;  // by name: one in ALARM ends it
};

struct Refresh {
  int64_t seq = 0;
  std::string id;  // a UUID
  std::string group;
  RefreshStatus status = RefreshStatus::kPending;
  std::string reason;
  absl::Time started;
  absl::Time ended = absl::InfiniteFuture();
  RefreshPreferences preferences;
  // What it is to bring the members to; none = what the group's definition says. Without a policy, the group's own one
  // stays.
  std::optional<LaunchDefinition> desired;
  // The group's before it, to which a rollback goes back.
  LaunchDefinition before;
  int total = 0;  // members to replace
  int left = 0;   // of them, still to be replaced
  // When the checkpoint it waits at was reached; InfinitePast when it waits at none.
  absl::Time waiting_since = absl::InfinitePast();
  int checkpoints_passed = 0;
  int64_t version = 0;  // counts changes of the row

  int percent() const { return total == 0 ? 100 : (total - left) * 100 / total; }
};

struct LaunchConfiguration {
  int64_t seq = 0;
  std::string id;  // a UUID, part of its ARN
  std::string name;
  absl::Time created;
  compute::LaunchSpec spec;
};

}  // namespace brume::scaling
