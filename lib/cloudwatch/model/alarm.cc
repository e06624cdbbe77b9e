#include "lib/cloudwatch/model/alarm.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/enum_names.h"
#include "lib/cloudwatch/model/statistic.h"
#include "lib/resource/arn.h"

namespace brume::alarm {
namespace {

constexpr EnumNames kKinds({std::pair{Kind::kMetric, "MetricAlarm"}, {Kind::kComposite, "CompositeAlarm"}});
constexpr EnumNames kSuppressors({std::pair{SuppressedBy::kNobody, ""},
                                  {SuppressedBy::kAlarm, "Alarm"},
                                  {SuppressedBy::kWaitPeriod, "WaitPeriod"},
                                  {SuppressedBy::kExtensionPeriod, "ExtensionPeriod"}});
constexpr EnumNames kHistoryTypes({std::pair{HistoryType::kConfigurationUpdate, "ConfigurationUpdate"},
                                   {HistoryType::kStateUpdate, "StateUpdate"},
                                   {HistoryType::kAction, "Action"}});

}  // namespace

bool IsExtended(absl::string_view statistic) {
  const std::optional<cloudwatch::Statistic> parsed = cloudwatch::Statistic::Parse(statistic);
  return parsed.has_value() && parsed->extended();
}

absl::string_view KindName(Kind kind) { return kKinds.Of(kind); }

absl::string_view SuppressedByName(SuppressedBy by) { return kSuppressors.Of(by); }

absl::string_view HistoryTypeName(HistoryType type) { return kHistoryTypes.Of(type); }

std::optional<HistoryType> FindHistoryType(absl::string_view name) { return kHistoryTypes.Find(name); }

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

}  // namespace brume::alarm
