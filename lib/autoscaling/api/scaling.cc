#include "lib/autoscaling/api/scaling.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {
namespace {

// Of a group that is named by its ARN.
constexpr absl::string_view kNameInArn = ":autoScalingGroupName/";

// How far an activity is, in percent; EC2's own numbers.
int32_t ProgressOf(scaling::ActivityStatus status) {
  switch (status) {
    case scaling::ActivityStatus::kWaitingForInstanceId:
      return 0;
    case scaling::ActivityStatus::kPreInService:
      return 30;
    case scaling::ActivityStatus::kInProgress:
      return 50;
    case scaling::ActivityStatus::kMidLifecycleAction:
      return 60;
    case scaling::ActivityStatus::kWaitingForInstanceWarmup:
      return 80;
    default:
      return 100;
  }
}

}  // namespace

absl::Status ScalingError(absl::string_view message) { return ec2::Error("ValidationError", message); }

absl::Status AsScalingError(const absl::Status& status) {
  if (!ec2::HasErrorCode(status)) return status;
  return ScalingError(status.message());
}

absl::Status RefuseGiven(bool given, absl::string_view parameter, absl::string_view why) {
  if (!given) return absl::OkStatus();
  return ScalingError(absl::StrCat("The parameter ", parameter, " cannot be used: ", why));
}

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

absl::StatusOr<InstanceId> ParseMember(const std::string& id) { return AsScalingError(InstanceId::Parse(id)); }

absl::StatusOr<std::vector<InstanceId>> ParseMembers(const google::protobuf::RepeatedPtrField<std::string>& ids) {
  std::vector<InstanceId> members;
  for (const std::string& id : ids) {
    ASSIGN_OR_RETURN(InstanceId member, ParseMember(id));
    members.push_back(std::move(member));
  }
  return members;
}

absl::StatusOr<scaling::SourceRequest> ParseTemplate(const ScalingServices& services,
                                                     const v1::LaunchTemplateSpecification& named) {
  const bool has_id = !named.launch_template_id().empty();
  if (has_id == !named.launch_template_name().empty()) {
    return ScalingError(has_id ? "A launch template is named by LaunchTemplateId or by LaunchTemplateName, not by both"
                               : "Valid requests must contain either LaunchTemplateId or LaunchTemplateName");
  }
  scaling::SourceRequest source;
  source.version = named.version().empty() ? "$Default" : named.version();
  absl::StatusOr<LaunchTemplateId> id = has_id ? LaunchTemplateId::Parse(named.launch_template_id())
                                               : services.launch_templates.FindByName(named.launch_template_name());
  if (!id.ok()) return AsScalingError(id.status());
  source.id = id->text();
  return source;
}

v1::LaunchTemplateSpecification TemplateRenderer::Render(const std::string& id, const std::string& version) {
  const auto [name, is_new] = names_.try_emplace(id);
  if (is_new) {
    // Of a template that was deleted the id is all there is.
    const auto view = services_.launch_templates.Resolve(LaunchTemplateId::FromTrusted(id), "");
    if (view.ok()) name->second = view->of.name;
  }
  v1::LaunchTemplateSpecification shown;
  shown.set_launch_template_id(id);
  if (!name->second.empty()) shown.set_launch_template_name(name->second);
  shown.set_version(version);
  return shown;
}

v1::Activity RenderActivity(const scaling::Activity& activity) {
  v1::Activity rendered;
  rendered.set_activity_id(activity.token);
  rendered.set_auto_scaling_group_name(activity.group);
  rendered.set_description(activity.description);
  rendered.set_cause(activity.cause);
  rendered.set_start_time(gateway::RenderTime(activity.started));
  if (activity.ended != absl::InfiniteFuture()) rendered.set_end_time(gateway::RenderTime(activity.ended));
  rendered.set_status_code(std::string(scaling::ActivityStatusName(activity.status)));
  if (!activity.status_message.empty()) rendered.set_status_message(activity.status_message);
  rendered.set_progress(ProgressOf(activity.status));
  return rendered;
}

}  // namespace brume::autoscaling
