#include "lib/gateway/time_text.h"

#include <chrono>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"

namespace brume::gateway {

absl::StatusOr<absl::Time> ParseTime(absl::string_view text) {
  absl::Time time;
  std::string why;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &why)) return time;
  return ec2::Error("InvalidParameterValue", absl::StrCat("'", text.substr(0, 100), "' is not a valid time: ", why));
}

std::string RenderTime(absl::Time time) {
  constexpr char kFormat[] = "%Y-%m-%dT%H:%M:%E3SZ";
  // Thousands of times are in a long answer, and FormatTime reads its format anew for each.
  constexpr int64_t kYear1000 = -30'610'224'000'000, kYear10000 = 253'402'300'800'000;
  const int64_t millis = absl::ToUnixMillis(time);
  if (millis < kYear1000 || millis >= kYear10000) return absl::FormatTime(kFormat, time, absl::UTCTimeZone());
  const std::chrono::sys_time<std::chrono::milliseconds> moment{std::chrono::milliseconds(millis)};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&text](size_t end, int64_t value, int digits) {
    for (; digits > 0; --digits, value /= 10) text[--end] = static_cast<char>('0' + value % 10);
  };
  const std::chrono::hh_mm_ss clock(moment - day);
  put(4, static_cast<int>(date.year()), 4);
  put(7, static_cast<unsigned>(date.month()), 2);
  put(10, static_cast<unsigned>(date.day()), 2);
  put(13, clock.hours().count(), 2);
  put(16, clock.minutes().count(), 2);
  put(19, clock.seconds().count(), 2);
  put(23, clock.subseconds().count(), 3);
  return text;
}

}  // namespace brume::gateway
