// An alarm as it is kept: what it watches, what it does, and its state.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/cloudwatch/model/metric.h"
#include "lib/cloudwatch/model/threshold.h"
#include "lib/resource/account.h"

namespace brume::alarm {

enum class Kind { kMetric = 0, kComposite = 1 };
std::true_type IsPersisted(Kind);  // the database keeps its values
// "MetricAlarm", "CompositeAlarm".
absl::string_view KindName(Kind kind);

// One of the metrics and expressions of an alarm on metric maths.
struct WatchQuery {
  std::string id;
  bool is_metric = false;
  MetricId metric;         // of a metric, as are its statistic and unit
  std::string statistic;   // "Average" …, or an extended one: "p99.9"
  std::string unit;        // of the values that count; empty = all
  std::string expression;  // of an expression
  std::string label;
  bool return_data = false;                      // it is what the alarm watches
  absl::Duration period = absl::ZeroDuration();  // of an expression, as it was given; zero = it was not
  bool says_account = false;                     // AccountId was given, and is shown
};

// What a metric alarm watches: a statistic of a metric, or metric maths.
struct Watch {
  std::vector<WatchQuery> queries;  // of metric maths; empty = the metric
  MetricId metric;
  std::string statistic;  // "Average" …, or an extended one: "p99.9"
  std::string unit;       // of the values that count; empty = all
  absl::Duration period = absl::ZeroDuration();
  Threshold threshold;
  bool says_datapoints = false;  // DatapointsToAlarm was given, and is shown
  bool says_missing = false;     // the same of TreatMissingData
  std::string low_samples;       // EvaluateLowSampleCountPercentile, as it was given; it is shown and not acted upon
};

// Whether a watch's statistic is shown as ExtendedStatistic.
bool IsExtended(absl::string_view statistic);

// The alarm that holds back a composite alarm's actions while it is in ALARM, and how long actions wait for it to come
// into that state, and after it left it.
struct Suppressor {
  std::string alarm;  // its name; empty = none
  absl::Duration wait = absl::ZeroDuration();
  absl::Duration extension = absl::ZeroDuration();
};
enum class SuppressedBy { kNobody = 0, kAlarm = 1, kWaitPeriod = 2, kExtensionPeriod = 3 };
std::true_type IsPersisted(SuppressedBy);  // the database keeps its values
// "Alarm", "WaitPeriod", "ExtensionPeriod"; empty for kNobody.
absl::string_view SuppressedByName(SuppressedBy by);

struct Alarm {
  Kind kind = Kind::kMetric;
  std::string name;
  std::string description;
  bool actions_enabled = true;
  std::array<std::vector<std::string>, 3> actions;  // by State
  absl::Time configured;
  Watch watch;            // of kMetric
  std::string rule;       // of kComposite
  Suppressor suppressor;  // of kComposite

  State state = State::kInsufficientData;
  std::string reason;
  std::string reason_data;                    // JSON, or empty
  absl::Time updated;                         // the state, its reason included
  absl::Time transitioned;                    // to another state
  State acted_on = State::kInsufficientData;  // its actions were taken last
  SuppressedBy suppressed_by = SuppressedBy::kNobody;
  absl::Time suppressed_until = absl::InfinitePast();  // of the two periods
  int64_t version = 0;                                 // counts changes of the row

  const std::vector<std::string>& ActionsOf(State of) const { return actions[static_cast<size_t>(of)]; }
};

// "arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME".
std::string AlarmArn(const Account& account, absl::string_view name);
// The name in an alarm's ARN, of any region and account; unset for what is not one.
std::optional<std::string> NameInArn(absl::string_view text);

enum class HistoryType { kConfigurationUpdate = 0, kStateUpdate = 1, kAction = 2 };
std::true_type IsPersisted(HistoryType);  // the database keeps its values
// "ConfigurationUpdate", "StateUpdate", "Action".
absl::string_view HistoryTypeName(HistoryType type);
// Unset for anything else.
std::optional<HistoryType> FindHistoryType(absl::string_view name);

struct HistoryItem {
  int64_t number = 0;  // given by the store
  std::string alarm;
  Kind kind = Kind::kMetric;
  absl::Time time;
  HistoryType type = HistoryType::kStateUpdate;
  std::string summary;
  std::string data;  // JSON
};

struct HistoryQuery {
  std::optional<std::string> alarm;
  std::vector<Kind> kinds;  // empty = all
  std::optional<HistoryType> type;
  std::optional<absl::Time> since, until;
  bool oldest_first = false;
  int64_t after = 0;  // the number of the last one seen; 0 = from the first
  int max_records = 100;
};

// How far an action is that must not be begun twice.
enum class Step { kWaiting = 0, kBegun = 1, kStarting = 2 };
std::true_type IsPersisted(Step);  // the database keeps its values

// An action that a transition asks for and that is not over.
struct DueAction {
  int64_t number = 0;  // given by the store
  std::string alarm;
  Kind kind = Kind::kMetric;
  std::string action;
  State state = State::kAlarm;  // that the alarm came into
  absl::Time time;              // when it did
  std::string instance_id;      // of an action on an instance
  std::string message_id;       // of a webhook
  std::string message;          // of a webhook: what is sent
  Step step = Step::kWaiting;
};

inline constexpr size_t kMaxAlarms = 5000;
inline constexpr int kMaxHistoryItems = 1000;  // of each alarm

}  // namespace brume::alarm
