#include "lib/autoscaling/api/group_names.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/resource/arn.h"

namespace brume::autoscaling {
namespace {

// Of a group that is named by its ARN.
constexpr absl::string_view kNameInArn = ":autoScalingGroupName/";

}  // namespace

std::string GroupNameOf(const ScalingServices& services, const std::string& name_or_arn) {
  absl::string_view rest = name_or_arn;
  if (!absl::ConsumePrefix(&rest, ScalingArn(services.settings, "autoScalingGroup:"))) return name_or_arn;
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(rest, absl::MaxSplits(kNameInArn, 1));
  return std::string(parts.second);
}

std::string ScalingArn(const Settings& settings, absl::string_view resource) {
  return Arn::In(settings.account(), "autoscaling", resource).text();
}

std::string GroupArn(const Settings& settings, const scaling::Group& group) {
  return ScalingArn(settings, absl::StrCat("autoScalingGroup:", group.uuid, kNameInArn, group.name));
}

}  // namespace brume::autoscaling
