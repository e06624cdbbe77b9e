#include "lib/autoscaling/api/scaling_facts.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/model/scaling_arns.h"
#include "lib/autoscaling/scaling_policy_service.h"
#include "lib/base/status_macros.h"

namespace brume::autoscaling {
namespace {

void Set(AccessQuestion& question, const char* key, std::string value) {
  if (!value.empty()) question.context[key] = {std::move(value)};
}

bool IsSpecified(const v1::LaunchTemplateSpecification& named) { return scaling::IsNumbered(named.version()); }

bool SpecifiesVersion(const v1::MixedInstancesPolicy& policy) {
  bool specified = IsSpecified(policy.launch_template().launch_template_specification());
  for (const v1::LaunchTemplateOverrides& override : policy.launch_template().overrides()) {
    specified = specified || IsSpecified(override.launch_template_specification());
  }
  return specified;
}

template <typename Request>
void Describe(const Request& request, AccessQuestion& question) {
  if (request.has_min_size()) Set(question, "autoscaling:minsize", absl::StrCat(request.min_size()));
  if (request.has_max_size()) Set(question, "autoscaling:maxsize", absl::StrCat(request.max_size()));
  Set(question, "autoscaling:launchconfigurationname", request.launch_configuration_name());
  if (request.has_launch_template() || request.has_mixed_instances_policy()) {
    const bool specified = IsSpecified(request.launch_template()) || SpecifiesVersion(request.mixed_instances_policy());
    Set(question, "autoscaling:launchtemplateversionspecified", specified ? "true" : "false");
  }
  for (const v1::LaunchTemplateOverrides& override : request.mixed_instances_policy().launch_template().overrides()) {
    if (!override.instance_type().empty()) {
      question.context["autoscaling:instancetypes"].push_back(override.instance_type());
    }
  }
  for (const absl::string_view subnet : absl::StrSplit(request.vpc_zone_identifier(), ',', absl::SkipWhitespace())) {
    question.context["autoscaling:vpczoneidentifiers"].emplace_back(absl::StripAsciiWhitespace(subnet));
  }
}

}  // namespace

void AddScalingFacts(gateway::ResourceFacts& facts, const ScalingServices& services) {
  GroupService& groups = services.groups;
  facts.AddName("autoScalingGroup", [&groups](const std::string& name) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const scaling::GroupView view, groups.Get(name));
    return UuidAndName(view.record.group);
  });
  facts.Add("autoScalingGroup", [&groups](const std::string& name) -> absl::StatusOr<AccessContext> {
    ASSIGN_OR_RETURN(const scaling::GroupView view, groups.Get(name));
    TagMap tags;
    for (const scaling::GroupTag& tag : view.tags) tags.emplace(tag.key, tag.value);
    AccessContext context;
    gateway::AddTagFacts(tags, context, "autoscaling");
    return context;
  });
  PolicyService& policies = services.policies;
  facts.AddName("launchConfiguration", [&policies](const std::string& name) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const std::vector<scaling::LaunchConfiguration> found, policies.ListConfigurations({name}));
    if (found.empty()) return absl::NotFoundError("no such launch configuration");
    return UuidAndName(found.front());
  });
}

absl::Status DescribeGroupCall(const v1::CreateAutoScalingGroupRequest& request, AccessQuestion& question) {
  Describe(request, question);
  return absl::OkStatus();
}

absl::Status DescribeGroupCall(const v1::UpdateAutoScalingGroupRequest& request, AccessQuestion& question) {
  Describe(request, question);
  return absl::OkStatus();
}

absl::Status DescribeConfigurationCall(const v1::CreateLaunchConfigurationRequest& request,
                                       const compute::LaunchSpec& spec, AccessQuestion& question) {
  Set(question, "autoscaling:imageid", spec.image_id.value_or(""));
  Set(question, "autoscaling:instancetype", spec.instance_type.value_or(""));
  const v1::InstanceMetadataOptions& options = request.metadata_options();
  Set(question, "autoscaling:metadatahttptokens", options.http_tokens());
  Set(question, "autoscaling:metadatahttpendpoint", options.http_endpoint());
  if (options.has_http_put_response_hop_limit()) {
    Set(question, "autoscaling:metadatahttpputresponsehoplimit", absl::StrCat(options.http_put_response_hop_limit()));
  }
  return absl::OkStatus();
}

}  // namespace brume::autoscaling
