#include "lib/autoscaling/model/scaling_arns.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/resource/arn.h"

namespace brume::scaling {
namespace {

constexpr absl::string_view kGroupName = ":autoScalingGroupName/";
constexpr absl::string_view kPolicyName = ":policyName/";
constexpr absl::string_view kActionName = ":scheduledActionName/";
constexpr absl::string_view kConfigurationName = ":launchConfigurationName/";

std::string ScalingArn(const Account& account, absl::string_view resource) {
  return Arn::In(account, "autoscaling", resource).text();
}

}  // namespace

std::string UuidAndName(const Group& group) { return absl::StrCat(group.uuid, kGroupName, group.name); }

std::string UuidAndName(const LaunchConfiguration& configuration) {
  return absl::StrCat(configuration.id, kConfigurationName, configuration.name);
}

std::string ArnOf(const Account& account, const Group& group) {
  return ScalingArn(account, absl::StrCat("autoScalingGroup:", UuidAndName(group)));
}

std::string ArnOf(const Account& account, const PolicyRecord& policy) {
  return ScalingArn(account, absl::StrCat("scalingPolicy:", policy.id, kGroupName, policy.group,
                                          absl::StrCat(kPolicyName, policy.policy.name)));
}

std::string ArnOf(const Account& account, const ScheduleRecord& schedule) {
  return ScalingArn(account, absl::StrCat("scheduledUpdateGroupAction:", schedule.id, kGroupName, schedule.group,
                                          absl::StrCat(kActionName, schedule.action.name)));
}

std::string ArnOf(const Account& account, const LaunchConfiguration& configuration) {
  return ScalingArn(account, absl::StrCat("launchConfiguration:", UuidAndName(configuration)));
}

std::optional<std::string> GroupInArn(const Account& account, absl::string_view text) {
  const std::optional<Arn> arn = Arn::Parse(text);
  if (!arn.has_value() || *arn != Arn::In(account, "autoscaling", arn->resource)) return std::nullopt;
  absl::string_view rest = arn->resource;
  if (!absl::ConsumePrefix(&rest, "autoScalingGroup:")) return std::nullopt;
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(rest, absl::MaxSplits(kGroupName, 1));
  return std::string(parts.second);
}

std::string GroupOfPolicyArn(absl::string_view text) {
  const std::optional<Arn> arn = Arn::Parse(text);
  if (!arn.has_value()) return "";
  const absl::string_view resource = arn->resource;
  const size_t from = resource.find(kGroupName);
  // The name of a policy has no colon, that of a group may have any.
  const size_t to = resource.rfind(kPolicyName);
  if (from == absl::string_view::npos || to == absl::string_view::npos) return "";
  const size_t begin = from + kGroupName.size();
  return to < begin ? "" : std::string(resource.substr(begin, to - begin));
}

}  // namespace brume::scaling
