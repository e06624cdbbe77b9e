// Whether a composite alarm's actions are held back by its suppressor.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
#pragma once

#include "absl/time/time.h"
#include "lib/cloudwatch/model/alarm.h"

namespace brume::alarm {

struct Suppression {
  SuppressedBy by = SuppressedBy::kNobody;
  absl::Time until = absl::InfinitePast();  // when it ends by itself; InfiniteFuture while the suppressor is in ALARM
};

// What holds back the actions of `composite` at `now`, its suppressor being in `suppressor`. Actions are due that are
// of another state than the one acted on last: they first wait for the suppressor to come into ALARM, then while it is
// there, then after it left it. `transition`: whether the composite alarm has just changed its state.
Suppression Suppress(const Alarm& composite, State suppressor, bool transition, absl::Time now);

}  // namespace brume::alarm
