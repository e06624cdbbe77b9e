// Auto Scaling over ComputeWorld: the real services and loop over the real store and instances, with signals the test
// makes.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/member_service.h"
#include "lib/autoscaling/refresh_service.h"
#include "lib/autoscaling/scaling_loop.h"
#include "lib/autoscaling/scaling_policy_service.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/resource/ec2_error.h"
#include "tests/fakes/compute_world.h"

namespace brume {

class ScalingServiceWorld : public ComputeWorld {
 public:
  ScalingServiceWorld() : templates(*database, clock, random) {
    template_id = templates.Create("web", {}, {}, {})->made.id;
    auto subnets_there = database->ReadFor([](store::Connection& c) -> absl::StatusOr<std::vector<Subnet>> {
      return network::NetworkTable(c).ListSubnets(std::nullopt);
    });
    REQUIRE(subnets_there.ok());
    for (const Subnet& subnet : *subnets_there) subnets.push_back(subnet.id);
    Restart();
  }
  ~ScalingServiceWorld() {
    reconciler->Stop();
    loop->Stop();
  }

  // Another life of the loop.
  void Restart() {
    if (loop) loop->Stop();
    loop = std::make_unique<autoscaling::ScalingLoop>(autoscaling::ScalingLoopParts{.database = *database,
                                                                                    .clock = clock,
                                                                                    .launcher = MakeLauncher(),
                                                                                    .signals = MakeSignals(),
                                                                                    .notify = {},
                                                                                    .account = {}});
  }

  // Reconciles the group, and what comes of it, until nothing is left to be done now. The last reconcile has read its
  // members' final states: instances go on while a reconcile is under way, and one that came to rest only after it was
  // read needs another look.
  void Settle(const std::string& name = "web") {
    absl::Status last;
    const bool settled = Eventually([&] {
      const HostStates before = StatesOnHost(name);
      const absl::StatusOr<absl::Duration> next = loop->Reconcile(name);
      last = next.status();
      return next.ok() && *next > absl::ZeroDuration() && AreAtRest(before) && StatesOnHost(name) == before;
    });
    INFO(last);
    REQUIRE(settled);
  }

  // Runs `action` once, in the next reconcile of a group of which a member runs: after it has read the group and its
  // members, and before it evaluates them.
  void DuringNextReconcile(std::function<void()> action) { during_reconcile_ = std::move(action); }

  // By members' tokens; unset for one that was not launched yet.
  using HostStates = std::map<std::string, std::optional<InstanceState>>;
  HostStates StatesOnHost(const std::string& name) {
    const auto found = groups.Describe({&name, 1});
    REQUIRE(found.ok());
    HostStates states;
    if (found->empty()) return states;
    for (const scaling::Member& member : found->front().members) states[member.token] = member.seen;
    return states;
  }
  // No instance is on its way to another state.
  static bool AreAtRest(const HostStates& states) {
    return std::none_of(states.begin(), states.end(), [](const HostStates::value_type& each) {
      return each.second.has_value() && IsTransitional(*each.second);
    });
  }

  autoscaling::GroupChange Definition(int min_size, int max_size, int desired) const {
    autoscaling::GroupChange change;
    change.min_size = min_size;
    change.max_size = max_size;
    change.desired = desired;
    change.source = scaling::SourceRequest{true, template_id.text(), "$Latest"};
    change.subnets = std::vector<SubnetId>{subnets.front()};
    return change;
  }

  void MakeGroup(int min_size, int max_size, int desired, const std::vector<scaling::Hook>& hooks = {}) {
    REQUIRE(groups.Create("web", Definition(min_size, max_size, desired), {}, hooks).ok());
    Settle();
  }

  scaling::GroupView Group() {
    auto view = groups.Get("web");
    REQUIRE(view.ok());
    return *std::move(view);
  }
  std::vector<InstanceId> In(scaling::Lifecycle state) {
    std::vector<InstanceId> ids;
    for (const scaling::Member& member : Group().members) {
      if (member.lifecycle == state) ids.push_back(member.instance);
    }
    return ids;
  }
  std::vector<InstanceId> InService() { return In(scaling::Lifecycle::kInService); }
  std::vector<scaling::Activity> Activities() {
    auto page =
        members.Activities({.tokens = {}, .group = "web", .deleted_groups = true, .after = {}, .max_records = 1000});
    REQUIRE(page.ok());
    return std::move(page->activities);
  }
  // Of all instances there ever were and still are shown.
  size_t CountInstances() {
    auto page = service->Describe({});
    REQUIRE(page.ok());
    return page->instances.size();
  }
  size_t CountRunning() {
    auto page = service->Describe(
        {.keep = [](const compute::InstanceView& view) { return view.instance.state == InstanceState::kRunning; }});
    REQUIRE(page.ok());
    return page->instances.size();
  }

  compute::LaunchTemplateService templates;
  LaunchTemplateId template_id;
  std::vector<SubnetId> subnets;
  // Launches end in an error of ours, before or after they were executed.
  enum class Lost { kNothing, kBefore, kAfter };
  Lost lost = Lost::kNothing;
  // What RunInstances answers the next launches with, when it is an error.
  absl::Status refuse;
  std::map<std::string, autoscaling::Sample> samples;  // by the instance and the metric
  std::map<absl::Time, double> maths;                  // of every policy on metric maths
  std::vector<autoscaling::PolicyAlarm> alarms;
  std::set<std::string> in_alarm;
  std::map<std::string, double> noted;

  std::unique_ptr<autoscaling::ScalingLoop> loop;
  autoscaling::GroupService groups{
      {.database = *database, .clock = clock, .random = random, .wake = [](const auto&) {}}};
  autoscaling::MemberService members{*database, clock, [](const std::string&) {}};
  autoscaling::PolicyService policies{{.database = *database,
                                       .clock = clock,
                                       .random = random,
                                       .account = {},
                                       .wake = [](const auto&) {},
                                       .forecast = [this](const auto& policy) { return loop->ForecastOf(policy); }}};
  autoscaling::RefreshService refreshes{*database, clock, random, [](const std::string&) {}};

 private:
  autoscaling::Launcher MakeLauncher() {
    return {.run = [this](const autoscaling::LaunchOrder& order) -> absl::StatusOr<InstanceId> {
              if (!refuse.ok()) {
                clock.Advance(absl::Milliseconds(1));
                return refuse;
              }
              if (lost == Lost::kBefore) return absl::InternalError("the daemon died");
              compute::RunRequest request = Request();
              request.client_token = order.token;
              request.parameters_digest = "autoscaling";
              request.subnet_id = order.subnet;
              request.instance_tags = order.tags;
              request.system_tags = order.system_tags;
              absl::StatusOr<compute::ReservationView> made = service->Run(request);
              if (!made.ok()) return made.status();
              if (lost == Lost::kAfter) return absl::InternalError("the daemon died");
              return made->instances.front().instance.id;
            },
            .start =
                [this](const InstanceId& id) {
                  return service->Start({&id, 1}).status();
                },
            .stop =
                [this](const InstanceId& id) {
                  return service->Stop({&id, 1}, false).status();
                },
            .terminate =
                [this](const InstanceId& id) {
                  return service->Terminate({&id, 1}, {.even_protected = true}).status();
                },
            .impaired_since =
                [this](const Instance&) {
                  // A reconcile asks this of each member that runs, right after it has read them.
                  if (const auto action = std::exchange(during_reconcile_, nullptr)) action();
                  return absl::InfiniteFuture();
                }};
  }

  using MathsPoints = std::vector<std::pair<absl::Time, double>>;
  autoscaling::SignalSources MakeSignals() {
    return {
        .latest = [this](const InstanceId& id, absl::string_view metric) -> std::optional<autoscaling::Sample> {
          const auto found = samples.find(id.text() + std::string(metric));
          if (found == samples.end()) return std::nullopt;
          return found->second;
        },
        .read = [](const MetricId&, absl::Time, absl::Time,
                   absl::Duration) -> absl::StatusOr<std::vector<StatisticSet>> { return std::vector<StatisticSet>(); },
        .read_maths = [this](const auto&, absl::Time from, absl::Time to, absl::Duration)
            -> absl::StatusOr<MathsPoints> { return MathsPoints(maths.lower_bound(from), maths.lower_bound(to)); },
        .alarms = [this](const std::string&) { return alarms; },
        .in_alarm =
            [this](const std::vector<std::string>& names) {
              std::vector<std::string> found;
              for (const std::string& name : names) {
                if (in_alarm.contains(name)) found.push_back(name);
              }
              return found;
            },
        .note = [this](const MetricId& id, absl::Time, double value) { noted[id.name] = value; }};
  }

  std::function<void()> during_reconcile_;
};

}  // namespace brume
