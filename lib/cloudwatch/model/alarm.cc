#include "lib/cloudwatch/model/alarm.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/resource/arn.h"

namespace brume::alarm {

absl::string_view KindName(Kind kind) { return kind == Kind::kMetric ? "MetricAlarm" : "CompositeAlarm"; }

absl::string_view SuppressedByName(SuppressedBy by) {
  constexpr absl::string_view kNames[] = {"", "Alarm", "WaitPeriod", "ExtensionPeriod"};
  return kNames[static_cast<size_t>(by)];
}

std::string AlarmArn(const Account& account, absl::string_view name) {
  return Arn::In(account, "cloudwatch", absl::StrCat("alarm:", name)).text();
}

std::optional<std::string> NameInArn(absl::string_view text) {
  const std::optional<Arn> arn = Arn::Parse(text);
  if (!arn.has_value() || arn->partition != "aws" || arn->service != "cloudwatch") return std::nullopt;
  absl::string_view name = arn->resource;  // may have colons of its own
  if (!absl::ConsumePrefix(&name, "alarm:") || name.empty()) return std::nullopt;
  return std::string(name);
}

absl::string_view HistoryTypeName(HistoryType type) {
  constexpr absl::string_view kNames[] = {"ConfigurationUpdate", "StateUpdate", "Action"};
  return kNames[static_cast<size_t>(type)];
}

}  // namespace brume::alarm
