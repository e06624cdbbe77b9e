// What CloudWatch writes about alarms: the JSON of states, of history, and of what a webhook is sent.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/cloudwatch/model/alarm.h"
#include "lib/resource/account.h"

namespace brume::cloudwatch {

// StateReasonData of an evaluation of the periods that begin at `start`; the newest 50 datapoints are listed.
std::string ReasonData(const alarm::Watch& watch, absl::Time queried, absl::Time start,
                       absl::Span<const std::optional<double>> datapoints);
// The same of a composite alarm, whose alarms `children` changed it.
std::string CompositeReasonData(absl::Span<const alarm::Alarm* const> children, const Account& account);

// Items of history, without their numbers.
alarm::HistoryItem ConfigurationItem(absl::string_view what, const alarm::Alarm& alarm, absl::Time time,
                                     const Account& account);  // "created", "updated", "deleted"
alarm::HistoryItem StateItem(const alarm::Alarm& before, const alarm::Alarm& after);
// Of an action that was executed, or why it was not.
alarm::HistoryItem ActionItem(const alarm::DueAction& due, absl::Time time, const std::optional<std::string>& failure);

// What a webhook is sent when `before` became `after`: the message that Amazon SNS would deliver for CloudWatch.
std::string WebhookMessage(const alarm::Alarm& before, const alarm::Alarm& after, const std::string& message_id,
                           const Account& account);

}  // namespace brume::cloudwatch
