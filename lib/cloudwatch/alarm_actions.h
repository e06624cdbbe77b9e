// Carries out what transitions of alarms ask for. What is asked for is on disk with its transition
// (AlarmDueActionTable) and goes away together with the item of history that tells how it ended: a restart loses
// none. What may be done twice is simply done again when a restart came between doing it and writing that down:
// stopping, terminating, a webhook (with the same message id), waking Auto Scaling. A reboot is never asked for twice,
// and a recovery goes on where it was.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/reconcile_loop.h"
#include "lib/cloudwatch/model/alarm.h"
#include "lib/cloudwatch/model/alarm_action.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/store/database.h"

namespace brume::cloudwatch {

// What is done to instances. Errors: with EC2's code when it is refused for good; any other is worth another try.
struct InstanceHooks {
  std::function<absl::StatusOr<InstanceState>(const InstanceId&)> state;
  std::function<absl::Status(const InstanceId&)> stop, cut_power, start, terminate, reboot;
};

struct AlarmActionsParts {
  store::Database& database;
  const Clock& clock;
  InstanceHooks instances;
  std::vector<std::string> webhooks;  // how the URLs that may be asked for begin
  std::function<absl::Status(const alarm::Url& url, const std::string& message_id, const std::string& body)> post;
  // Wakes who follows a scaling policy's alarms; empty = nobody does.
  std::function<void(const std::string& action)> on_scaling = {};

  // What fails for a reason that may pass is tried again for so long after the transition, at least once.
  absl::Duration instance_patience = absl::Minutes(10);
  absl::Duration webhook_patience = absl::Minutes(1);
  absl::Duration first_backoff = absl::Seconds(1);
  absl::Duration poll = absl::Milliseconds(250);  // of a recovery's instance
};

// Thread-safe.
class AlarmActions {
 public:
  explicit AlarmActions(AlarmActionsParts parts);

  // Begins with what is still due.
  absl::Status Start();
  // Waits for what is under way.
  void Stop();
  // These were asked for just now.
  void Wake(const std::vector<alarm::DueAction>& due);

 private:
  // One alarm's URL or ARN: actions of the same are executed in their order.
  struct Key {
    std::string alarm, action;
    std::string text() const { return alarm + " " + action; }
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  // Executes the key's first action.
  absl::StatusOr<absl::Duration> Reconcile(const Key& key);
  absl::StatusOr<absl::Duration> Execute(alarm::DueAction& due, alarm::ActionKind kind);
  absl::StatusOr<absl::Duration> OnInstance(alarm::DueAction& due, alarm::ActionKind kind);
  absl::StatusOr<absl::Duration> Reboot(alarm::DueAction& due, const InstanceId& id);
  absl::StatusOr<absl::Duration> Recover(alarm::DueAction& due, const InstanceId& id);
  absl::StatusOr<absl::Duration> Post(const alarm::DueAction& due);
  absl::StatusOr<absl::Duration> End(const alarm::DueAction& due, const absl::Status& outcome);
  absl::StatusOr<absl::Duration> EndUnlessTransient(const alarm::DueAction& due, const absl::Status& outcome);
  absl::Status SetStep(alarm::DueAction& due, alarm::Step step);

  const AlarmActionsParts parts_;
  // A slow URL must not hold up what is done to instances.
  ReconcileLoop<Key> instance_loop_, webhook_loop_;
};

}  // namespace brume::cloudwatch
