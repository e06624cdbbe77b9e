// What makes a definition of an alarm a valid one, as far as it can be told from the definition alone.
// Source of behaviour: CloudWatch API reference, PutMetricAlarm and PutCompositeAlarm.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lib/cloudwatch/model/alarm.h"
#include "lib/ec2/compute/model/instance.h"

namespace brume::cloudwatch {

struct AlarmRules {
  std::vector<std::string> webhooks = {};  // how the URLs that alarms may name begin
};

// Errors of all: ValidationError.
absl::Status CheckMetricAlarm(const alarm::Alarm& alarm, const AlarmRules& rules);
// The rule itself is parsed by the caller, who needs it.
absl::Status CheckCompositeAlarm(const alarm::Alarm& alarm, const AlarmRules& rules);

// CloudWatch has one code for all that is wrong with tags: InvalidParameterValue.
absl::Status CheckAlarmTags(const TagMap& tags);

// A setting's prefix of webhooks. Error: InvalidArgument.
absl::Status CheckWebhookPrefix(absl::string_view prefix);

}  // namespace brume::cloudwatch
