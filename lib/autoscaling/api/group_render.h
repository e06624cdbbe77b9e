// Auto Scaling groups, their members, hooks and warm pools in the schema's messages.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "brume/autoscaling/v1/group.pb.h"
#include "lib/autoscaling/api/template_source.h"
#include "lib/autoscaling/model/record.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/access_question.h"
#include "lib/resource/arn.h"

namespace brume::autoscaling {

// AWS's own role, which groups have that were given no other.
std::string DefaultServiceRole(const Account& account);
// A role that a call gives Auto Scaling to act by.
inline PassedRole PassedToScaling(const std::string& arn) {
  return {.arn = arn, .service = "autoscaling.amazonaws.com"};
}

absl::StatusOr<v1::AutoScalingGroup> RenderGroup(const ScalingServices& services, TemplateRenderer& templates,
                                                 const scaling::GroupView& view);

// `member` has an instance.
absl::StatusOr<v1::Instance> RenderMember(const ScalingServices& services, TemplateRenderer& templates,
                                          const scaling::Member& member);

// What a member counts as, in a group that has weights; `shown` is an Instance or AutoScalingInstanceDetails.
template <typename Shown>
void RenderWeight(const scaling::Group& group, const scaling::Member& member, Shown& shown) {
  if (group.MaxWeight() > 1) shown.set_weighted_capacity(absl::StrCat(group.WeightOf(member.instance_type)));
}

v1::TagDescription RenderGroupTag(const std::string& group, const scaling::GroupTag& tag);

// The group has a warm pool.
v1::WarmPoolConfiguration RenderWarmPool(const scaling::GroupRecord& record);
// Whether the member is in its group's warm pool, or on its way into it or out of it.
bool IsInWarmPool(const scaling::Member& member);

// `hook` with what `given`, a LifecycleHookSpecification or a PutLifecycleHookRequest, says of it. Error:
// ValidationError.
template <typename Given>
absl::Status ChangeHook(const Given& given, scaling::Hook& hook) {
  if (given.has_lifecycle_transition()) {
    ASSIGN_OR_RETURN(hook.transition, scaling::ParseTransition(given.lifecycle_transition()));
  }
  if (given.has_heartbeat_timeout()) hook.heartbeat = absl::Seconds(given.heartbeat_timeout());
  if (given.has_default_result()) {
    ASSIGN_OR_RETURN(hook.default_result, scaling::ParseHookResult(given.default_result()));
  }
  if (given.has_notification_metadata()) hook.metadata = given.notification_metadata();
  if (given.has_role_arn()) hook.role = given.role_arn();
  if (!given.has_notification_target_arn()) return absl::OkStatus();
  const std::string& target = given.notification_target_arn();
  const std::optional<Arn> arn = Arn::Parse(target);
  const bool not_here = arn.has_value() && (arn->service == "sns" || arn->service == "sqs") && !arn->resource.empty();
  if (!target.empty() && !not_here && !absl::StartsWith(target, "http://") && !absl::StartsWith(target, "https://")) {
    return ScalingError(
        "The notification target must be an http or https URL, or the ARN of an SNS topic or SQS queue, which is kept "
        "and not told: there are none here");
  }
  hook.target = target;
  return absl::OkStatus();
}

}  // namespace brume::autoscaling
