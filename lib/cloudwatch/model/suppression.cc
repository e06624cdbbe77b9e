#include "lib/cloudwatch/model/suppression.h"

namespace brume::alarm {

Suppression Suppress(const Alarm& composite, State suppressor, bool transition, absl::Time now) {
  if (suppressor == State::kAlarm) return {.by = SuppressedBy::kAlarm, .until = absl::InfiniteFuture()};
  Suppression held{.by = composite.suppressed_by, .until = composite.suppressed_until};
  if (held.by == SuppressedBy::kAlarm) {
    held = {.by = SuppressedBy::kExtensionPeriod, .until = now + composite.suppressor.extension};
  }
  const bool due = composite.state != composite.acted_on;
  if (held.by == SuppressedBy::kWaitPeriod && !due) held = {};
  if (held.by == SuppressedBy::kNobody && transition && due) {
    held = {.by = SuppressedBy::kWaitPeriod, .until = now + composite.suppressor.wait};
  }
  return now < held.until ? held : Suppression();
}

}  // namespace brume::alarm
