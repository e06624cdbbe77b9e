#include "lib/cloudwatch/module.h"

#include "absl/types/span.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/alarm_reader.h"
#include "lib/cloudwatch/exposition.h"
#include "lib/cloudwatch/webhook_service.h"

namespace brume::cloudwatch {
namespace {

InstanceHooks HooksOf(compute::InstanceService& instances) {
  using Ids = absl::Span<const InstanceId>;
  return {.state = [&](const InstanceId& id) -> absl::StatusOr<InstanceState> {
            ASSIGN_OR_RETURN(const compute::InstanceView view, instances.Get(id));
            return view.instance.state;
          },
          .stop = [&](const InstanceId& id) { return instances.Stop(Ids(&id, 1), /*force=*/false).status(); },
          .cut_power = [&](const InstanceId& id) { return instances.Stop(Ids(&id, 1), /*force=*/true).status(); },
          .start = [&](const InstanceId& id) { return instances.Start(Ids(&id, 1)).status(); },
          .terminate = [&](const InstanceId& id) { return instances.Terminate(Ids(&id, 1)).status(); },
          .reboot = [&](const InstanceId& id) { return instances.Reboot(Ids(&id, 1)); }};
}

}  // namespace

CloudwatchModule::CloudwatchModule(const CloudwatchParts& parts)
    : measure_guests_(parts.measure_guests),
      metrics_(parts.database, parts.clock, parts.metrics),
      sampler_({.database = parts.database,
                .guests = parts.guests,
                .fabric = parts.ports,
                .clock = parts.clock,
                .metrics = metrics_,
                .status_of = parts.status_of},
               parts.sampler),
      alarms_(parts.database, parts.clock, parts.random,
              {.account = parts.settings.account(),
               .rules = {.webhooks = parts.webhooks},
               .read = [this](const alarm::Watch& watch, absl::Time from,
                              absl::Time to) { return ReadWatch(metrics_, watch, from, to); },
               .on_put = [this](const std::string& name) { evaluator_.Wake(name); },
               .on_wait = [this] { evaluator_.Reschedule(); },
               .on_due = [this](const std::vector<alarm::DueAction>& due) { actions_.Wake(due); }}),
      actions_({.database = parts.database,
                .clock = parts.clock,
                .instances = HooksOf(parts.instances),
                .webhooks = parts.webhooks,
                .post = [](const alarm::Url& url, const std::string& message_id,
                           const std::string& body) { return PostWebhook(url, message_id, body); },
                .on_scaling = parts.on_scaling}),
      evaluator_({.alarms = alarms_,
                  .clock = parts.clock,
                  .read = [this](const alarm::Watch& watch, absl::Time from,
                                 absl::Time to) { return ReadWatch(metrics_, watch, from, to); },
                  .on_scaling = parts.on_scaling}),
      services_({.settings = parts.settings, .clock = parts.clock, .metrics = metrics_, .alarms = alarms_}) {}

absl::Status CloudwatchModule::Start() {
  metrics_.Start();
  if (measure_guests_) sampler_.Start();
  RETURN_IF_ERROR(actions_.Start());
  evaluator_.Start();
  return absl::OkStatus();
}

void CloudwatchModule::Stop() {
  evaluator_.Stop();
  actions_.Stop();
  sampler_.Stop();
  metrics_.Stop();
}

std::string CloudwatchModule::ExpositionText(const gateway::CallStatistics& calls) const {
  return cloudwatch::ExpositionText(sampler_.Snapshot(), calls.Read(), metrics_.dropped(), ReadProcessUse());
}

}  // namespace brume::cloudwatch
