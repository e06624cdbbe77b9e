#include "lib/cloudwatch/model/alarm.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace brume::alarm {

absl::string_view KindName(Kind kind) { return kind == Kind::kMetric ? "MetricAlarm" : "CompositeAlarm"; }

absl::string_view SuppressedByName(SuppressedBy by) {
  constexpr absl::string_view kNames[] = {"", "Alarm", "WaitPeriod", "ExtensionPeriod"};
  return kNames[static_cast<size_t>(by)];
}

std::string Arn(absl::string_view region, absl::string_view account_id, absl::string_view name) {
  return absl::StrCat("arn:aws:cloudwatch:", region, ":", account_id, ":alarm:", name);
}

std::optional<std::string> NameInArn(absl::string_view arn) {
  // A name may have colons of its own.
  constexpr int kSplits = 6;
  const std::vector<absl::string_view> parts = absl::StrSplit(arn, absl::MaxSplits(':', kSplits));
  if (parts.size() != kSplits + 1 || parts[0] != "arn" || parts[1] != "aws" || parts[2] != "cloudwatch" ||
      parts[5] != "alarm" || parts[6].empty()) {
    return std::nullopt;
  }
  return std::string(parts[6]);
}

absl::string_view HistoryTypeName(HistoryType type) {
  constexpr absl::string_view kNames[] = {"ConfigurationUpdate", "StateUpdate", "Action"};
  return kNames[static_cast<size_t>(type)];
}

}  // namespace brume::alarm
