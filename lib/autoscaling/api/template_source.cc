#include "lib/autoscaling/api/template_source.h"

#include "lib/autoscaling/scaling_error.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/resource/ids.h"

namespace brume::autoscaling {

absl::StatusOr<scaling::SourceRequest> ParseTemplate(const ScalingServices& services,
                                                     const v1::LaunchTemplateSpecification& named) {
  const bool has_id = !named.launch_template_id().empty();
  if (has_id == !named.launch_template_name().empty()) {
    return ScalingError(has_id ? "A launch template is named by LaunchTemplateId or by LaunchTemplateName, not by both"
                               : "Valid requests must contain either LaunchTemplateId or LaunchTemplateName");
  }
  scaling::SourceRequest source;
  source.version = named.version();
  absl::StatusOr<LaunchTemplateId> id = has_id ? LaunchTemplateId::Parse(named.launch_template_id())
                                               : services.launch_templates.FindByName(named.launch_template_name());
  if (!id.ok()) return AsScalingError(id.status());
  source.id = id->text();
  return source;
}

absl::StatusOr<std::optional<compute::InstanceRequirements>> RequirementsOf(const ScalingServices& services,
                                                                            const scaling::SourceRequest& source) {
  ASSIGN_OR_RETURN(
      const compute::LaunchTemplateVersionView view,
      AsScalingError(services.launch_templates.Resolve(LaunchTemplateId::FromTrusted(source.id), source.version)));
  return view.version.spec.instance_requirements;
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
  if (!version.empty()) shown.set_version(version);
  return shown;
}

}  // namespace brume::autoscaling
