#include "lib/autoscaling/signal_reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "lib/autoscaling/model/forecast.h"
#include "lib/autoscaling/model/scale.h"
#include "lib/autoscaling/model/scaling_arns.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/model/metric_bucket.h"
#include "lib/cloudwatch/model/statistic.h"

namespace brume::autoscaling {
namespace {

constexpr absl::Duration kMetricPeriod = absl::Minutes(1);

// Of a predefined metric: the instances' metric behind it, and what its samples are multiplied with so that it does not
// depend on how often guests are sampled: bytes are per minute.
struct InstanceMetric {
  absl::string_view name;
  bool per_minute = false;
};
std::optional<InstanceMetric> Predefined(absl::string_view name) {
  if (absl::EndsWith(name, "CPUUtilization")) return InstanceMetric{"CPUUtilization", false};
  if (absl::EndsWith(name, "NetworkIn")) return InstanceMetric{"NetworkIn", true};
  if (absl::EndsWith(name, "NetworkOut")) return InstanceMetric{"NetworkOut", true};
  return std::nullopt;
}

std::optional<double> StatisticOf(const StatisticSet& set, absl::string_view name) {
  // The average where the policy does not name one.
  const std::optional<cloudwatch::Statistic> statistic =
      cloudwatch::Statistic::Parse(name.empty() ? absl::string_view("Average") : name);
  if (!statistic.has_value()) return std::nullopt;
  return statistic->Of(
      {.count = set.count, .sum = set.sum, .min = set.min, .max = set.max, .distribution_known = false});
}

}  // namespace

void SignalReader::Trigger(const std::string& policy_arn) {
  MutexLock lock(mutex_);
  ++invocations_[policy_arn];
}

absl::StatusOr<Signals> SignalReader::Read(const Snapshot& snapshot, PolicyWatches& watches) const {
  Signals all;
  for (const scaling::PolicyRecord& policy : snapshot.policies) {
    scaling::Signal signal;
    PolicyWatch& watch = watches[policy.id];
    if (policy.policy.enabled) {
      if (std::holds_alternative<scaling::TrackingPolicy>(policy.policy.rule)) {
        RETURN_IF_ERROR(ReadDatapoint(snapshot, policy, watch, signal));
      } else if (std::holds_alternative<scaling::PredictivePolicy>(policy.policy.rule)) {
        RETURN_IF_ERROR(ReadForecast(snapshot, policy, watch, signal, all));
      } else {
        ReadAlarms(policy, watch, signal);
      }
    }
    all.of_policies.push_back(std::move(signal));
  }
  if (snapshot.refresh.has_value() && !snapshot.refresh->preferences.alarms.empty()) {
    all.refresh_alarms = sources_.in_alarm(snapshot.refresh->preferences.alarms);
  }
  return all;
}

void SignalReader::ReadAlarms(const scaling::PolicyRecord& policy, PolicyWatch& watch, scaling::Signal& signal) const {
  const std::string arn = scaling::ArnOf(account_, policy);
  {
    MutexLock lock(mutex_);
    const auto found = invocations_.find(arn);
    if (found == invocations_.end() || found->second == watch.invocations_used) return;
    watch.invocations_used = found->second;
  }
  for (const PolicyAlarm& alarm : sources_.alarms(arn)) {
    if (!alarm.in_alarm) continue;
    if (signal.in_alarm && std::abs(alarm.breach) <= std::abs(signal.breach)) continue;
    signal.in_alarm = true;
    signal.alarm = alarm.name;
    signal.breach = alarm.breach;
  }
}

absl::Status SignalReader::ReadDatapoint(const Snapshot& snapshot, const scaling::PolicyRecord& policy,
                                         PolicyWatch& watch, scaling::Signal& signal) const {
  const std::optional<InstanceMetric> metric = Predefined(policy.metric.predefined);
  if (!metric.has_value()) return ReadCustom(policy, watch, signal);
  const absl::Time now = clock_.Now();
  std::vector<std::optional<Sample>> samples;
  absl::Time newest = absl::InfinitePast();
  for (const scaling::Member& member : snapshot.members) {
    samples.push_back(member.instance.empty() ? std::nullopt : sources_.latest(member.instance, metric->name));
    if (samples.back().has_value()) newest = std::max(newest, samples.back()->time);
  }
  if (newest <= watch.used) return absl::OkStatus();
  const double factor = metric->per_minute ? absl::FDivDuration(absl::Minutes(1), sources_.period) : 1;
  std::vector<std::optional<double>> values;
  for (const std::optional<Sample>& sample : samples) {
    // One that was not sampled this time says nothing about now.
    const bool counts = sample.has_value() && sample->time > newest - sources_.period;
    values.push_back(counts ? std::make_optional(sample->value * factor) : std::nullopt);
  }
  signal.datapoint = Measure(EffectiveGroup(snapshot), snapshot.members, values, now);
  watch.used = newest;
  return absl::OkStatus();
}

absl::Status SignalReader::ReadCustom(const scaling::PolicyRecord& policy, PolicyWatch& watch,
                                      scaling::Signal& signal) const {
  // The newest minute that is over, of those that are not long ago.
  constexpr int kLookbackPeriods = 5;
  const absl::Time over = absl::UnixEpoch() + absl::Floor(clock_.Now() - absl::UnixEpoch(), kMetricPeriod);
  if (!policy.metric.queries.empty()) {
    ASSIGN_OR_RETURN(
        const auto points,
        sources_.read_maths(policy.metric.queries, over - kLookbackPeriods * kMetricPeriod, over, kMetricPeriod));
    if (points.empty() || points.back().first + kMetricPeriod <= watch.used) return absl::OkStatus();
    signal.datapoint = points.back().second;
    watch.used = points.back().first + kMetricPeriod;
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<StatisticSet> sets,
                   sources_.read(policy.metric.metric, over - kLookbackPeriods * kMetricPeriod, over, kMetricPeriod));
  if (sets.empty() || sets.back().start + kMetricPeriod <= watch.used) return absl::OkStatus();
  signal.datapoint = StatisticOf(sets.back(), policy.metric.statistic);
  watch.used = sets.back().start + kMetricPeriod;
  return absl::OkStatus();
}

absl::Status SignalReader::ReadForecast(const Snapshot& snapshot, const scaling::PolicyRecord& policy,
                                        PolicyWatch& watch, scaling::Signal& signal, Signals& all) const {
  const absl::Time now = clock_.Now();
  if (!watch.forecast.has_value() || now >= watch.forecast->made + absl::Hours(1)) {
    ASSIGN_OR_RETURN(watch.forecast, ForecastOf(policy));
  }
  std::vector<double> loads = watch.forecast->loads;
  for (double& load : loads) load *= watch.forecast->per_load;
  const std::optional<scaling::Foreseen> foreseen =
      CapacityForecast(std::get<scaling::PredictivePolicy>(policy.policy.rule), snapshot.record.group, loads,
                       watch.forecast->first_hour, now);
  if (!foreseen.has_value()) return absl::OkStatus();
  signal.forecast = foreseen->capacity;
  if (std::get<scaling::PredictivePolicy>(policy.policy.rule).mode == scaling::PredictiveMode::kForecastAndScale) {
    all.max_size = std::max(all.max_size, foreseen->max_size);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::optional<double>>> SignalReader::HoursOf(const std::vector<alarm::WatchQuery>& queries,
                                                                         absl::Time from) const {
  std::vector<std::optional<double>> hours(scaling::kHistoryHours);
  ASSIGN_OR_RETURN(const auto points,
                   sources_.read_maths(queries, from, from + absl::Hours(scaling::kHistoryHours), absl::Hours(1)));
  for (const auto& [time, value] : points) {
    if (time < from) continue;
    const auto index = static_cast<size_t>(absl::ToInt64Hours(time - from));
    if (index < hours.size()) hours[index] = value;
  }
  return hours;
}

absl::Status SignalReader::ForecastCustom(const scaling::PolicyRecord& policy, absl::Time from,
                                          Forecast& forecast) const {
  const scaling::MetricRequest& metric = policy.metric;
  ASSIGN_OR_RETURN(const std::vector<std::optional<double>> load, HoursOf(metric.queries, from));
  forecast.loads = scaling::ForecastLoad(load);
  if (metric.capacity_queries.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::optional<double>> average, HoursOf(metric.scaling_queries, from));
  ASSIGN_OR_RETURN(const std::vector<std::optional<double>> members, HoursOf(metric.capacity_queries, from));
  // As long as nothing is learnt nothing is asked for.
  forecast.per_load = scaling::UnitsPerLoad(load, average, members).value_or(0);
  return absl::OkStatus();
}

absl::StatusOr<Forecast> SignalReader::ForecastOf(const scaling::PolicyRecord& policy) const {
  Forecast forecast;
  forecast.made = clock_.Now();
  const absl::Time hour = absl::UnixEpoch() + absl::Floor(forecast.made - absl::UnixEpoch(), absl::Hours(1));
  forecast.first_hour = hour;
  const absl::Time from = hour - absl::Hours(scaling::kHistoryHours);
  if (policy.metric.scaling_queries.empty()) {
    RETURN_IF_ERROR(ForecastPredefined(policy, from, forecast));
  } else {
    RETURN_IF_ERROR(ForecastCustom(policy, from, forecast));
  }
  const double target = std::get<scaling::PredictivePolicy>(policy.policy.rule).target;
  for (const double load : forecast.loads) {
    const double needed = load * forecast.per_load;
    forecast.capacities.push_back(target > 0 ? static_cast<int>(std::ceil(needed / target - 1e-9)) : 0);
  }
  return forecast;
}

absl::Status SignalReader::ForecastPredefined(const scaling::PolicyRecord& policy, absl::Time from,
                                              Forecast& forecast) const {
  const absl::Time hour = forecast.first_hour;
  const std::optional<InstanceMetric> metric = Predefined(policy.metric.predefined);
  MetricId id = policy.metric.metric;
  if (metric.has_value()) {
    id = {.metric_namespace = "AWS/EC2",
          .name = std::string(metric->name),
          .dimensions = {{.name = "AutoScalingGroupName", .value = policy.group}}};
  }
  ASSIGN_OR_RETURN(const std::vector<StatisticSet> sets, sources_.read(id, from, hour, absl::Hours(1)));
  // The sum over an hour is that of all members at each sample; the load is what they had at one time.
  const double samples = absl::FDivDuration(absl::Hours(1), sources_.period);
  const double per_minute = absl::FDivDuration(absl::Minutes(1), sources_.period);
  std::vector<std::optional<double>> history(scaling::kHistoryHours);
  for (const StatisticSet& set : sets) {
    const auto index = static_cast<size_t>(absl::ToInt64Hours(set.start - from));
    if (index >= history.size()) continue;
    history[index] = metric.has_value() ? set.sum / samples * (metric->per_minute ? per_minute : 1) : set.average();
  }
  forecast.loads = scaling::ForecastLoad(history);
  return absl::OkStatus();
}

}  // namespace brume::autoscaling
