#include "lib/autoscaling/model/cron.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume::scaling {
namespace {

constexpr int kMaxDays = 8 * 366;

struct CronField {
  int min = 0;
  int max = 0;
  // The first stands for `min`.
  absl::Span<const absl::string_view> names;
};

constexpr absl::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr absl::string_view kWeekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

absl::Status Bad(absl::string_view text) {
  return ec2::Error("ValidationError", absl::StrCat("'", text, "' is not valid in a cron expression"));
}

absl::StatusOr<int> ParseValue(absl::string_view text, const CronField& field) {
  for (size_t i = 0; i < field.names.size(); ++i) {
    if (absl::EqualsIgnoreCase(text, field.names[i])) return field.min + static_cast<int>(i);
  }
  int value = 0;
  constexpr size_t kMaxDigits = 2;
  if (text.empty() || text.size() > kMaxDigits || !absl::ascii_isdigit(text[0]) || !absl::SimpleAtoi(text, &value) ||
      value < field.min || value > field.max) {
    return Bad(text);
  }
  return value;
}

// "*", "5", "1-5", each with "/2" behind it, several with commas between.
template <size_t size>
absl::Status ParseField(absl::string_view text, const CronField& field, std::bitset<size>& bits) {
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::vector<absl::string_view> range_and_step = absl::StrSplit(part, '/');
    if (range_and_step.size() > 2) return Bad(part);
    const absl::string_view range = range_and_step[0];
    int step = 1;
    if (range_and_step.size() == 2) {
      ASSIGN_OR_RETURN(step, ParseValue(range_and_step[1], {.min = 1, .max = field.max, .names = {}}));
    }
    int first = field.min;
    int last = field.max;
    if (range != "*") {
      const std::vector<absl::string_view> ends = absl::StrSplit(range, '-');
      if (ends.size() > 2) return Bad(part);
      ASSIGN_OR_RETURN(first, ParseValue(ends[0], field));
      // "5/10" goes on to the end, as cron has it.
      if (range_and_step.size() == 1) last = first;
      if (ends.size() == 2) {
        ASSIGN_OR_RETURN(last, ParseValue(ends[1], field));
      }
      if (first > last) return Bad(part);
    }
    for (int value = first; value <= last; value += step) bits.set(value);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Cron> Cron::Parse(absl::string_view text) {
  const std::vector<absl::string_view> fields = absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  constexpr size_t kFields = 5;
  if (fields.size() != kFields) return Bad(text);
  Cron cron;
  RETURN_IF_ERROR(ParseField(fields[0], {.min = 0, .max = 59, .names = {}}, cron.minutes_));
  RETURN_IF_ERROR(ParseField(fields[1], {.min = 0, .max = 23, .names = {}}, cron.hours_));
  RETURN_IF_ERROR(ParseField(fields[2], {.min = 1, .max = 31, .names = {}}, cron.days_));
  RETURN_IF_ERROR(ParseField(fields[3], {.min = 1, .max = 12, .names = kMonths}, cron.months_));
  std::bitset<8> weekdays;
  RETURN_IF_ERROR(ParseField(fields[4], {.min = 0, .max = 7, .names = kWeekdays}, weekdays));
  for (size_t day = 0; day < weekdays.size(); ++day) {
    if (weekdays[day]) cron.weekdays_.set(day % cron.weekdays_.size());
  }
  cron.any_day_ = absl::StartsWith(fields[2], "*");
  cron.any_weekday_ = absl::StartsWith(fields[4], "*");
  return cron;
}

bool Cron::Matches(absl::CivilDay day) const {
  if (!months_[day.month()]) return false;
  // absl counts weekdays from Monday, cron from Sunday.
  const bool weekday = weekdays_[(static_cast<int>(absl::GetWeekday(day)) + 1) % weekdays_.size()];
  const bool date = days_[day.day()];
  return any_day_ || any_weekday_ ? date && weekday : date || weekday;
}

std::optional<absl::Time> Cron::NextOn(absl::CivilDay day, absl::Time after, absl::TimeZone zone) const {
  std::optional<absl::Time> first;
  for (size_t hour = 0; hour < hours_.size(); ++hour) {
    if (!hours_[hour]) continue;
    for (size_t minute = 0; minute < minutes_.size(); ++minute) {
      if (!minutes_[minute]) continue;
      const absl::TimeZone::TimeInfo info =
          zone.At(absl::CivilMinute(day.year(), day.month(), day.day(), hour, minute));
      const absl::Time time = info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
      if (time > after && (!first.has_value() || time < *first)) first = time;
    }
  }
  return first;
}

std::optional<absl::Time> Cron::Next(absl::Time after, absl::TimeZone zone) const {
  absl::CivilDay day = absl::ToCivilDay(after, zone);
  for (int i = 0; i < kMaxDays; ++i, ++day) {
    if (!Matches(day)) continue;
    const std::optional<absl::Time> time = NextOn(day, after, zone);
    if (time.has_value()) return time;
  }
  return std::nullopt;
}

}  // namespace brume::scaling
