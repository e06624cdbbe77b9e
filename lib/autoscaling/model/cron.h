// Unix cron expressions: "30 6 * * Mon-Fri". Minute, hour, day of month, month, day of week; lists, ranges, steps,
// names of months and days; 7 is Sunday too. With both days restricted either of them suffices, as in cron(8).
#pragma once

#include <bitset>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace brume::scaling {

class Cron {
 public:
  // Error: ValidationError.
  static absl::StatusOr<Cron> Parse(absl::string_view text);

  // The first time after `after` at which it fires by the clocks of `zone`; none within eight years, as "0 0 30 2 *"
  // has none at all. A time that clocks skip is taken when they skip it, one that they show twice the first time.
  std::optional<absl::Time> Next(absl::Time after, absl::TimeZone zone) const;

 private:
  bool Matches(absl::CivilDay day) const;
  std::optional<absl::Time> NextOn(absl::CivilDay day, absl::Time after, absl::TimeZone zone) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  bool any_day_ = false;
  bool any_weekday_ = false;
};

}  // namespace brume::scaling
