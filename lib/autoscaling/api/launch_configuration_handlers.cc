#include "lib/autoscaling/api/launch_configuration_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "brume/autoscaling/v1/launch_configuration.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "lib/autoscaling/api/launch_configuration.h"
#include "lib/autoscaling/api/scaling_facts.h"
#include "lib/autoscaling/api/scaling_list.h"
#include "lib/autoscaling/scaling_policy_service.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/resource/arn.h"

namespace brume::autoscaling {
namespace {

absl::Status CreateLaunchConfiguration(const v1::CreateLaunchConfigurationRequest& request,
                                       const ScalingServices& services) {
  ASSIGN_OR_RETURN(const compute::LaunchSpec spec, ParseConfiguration(request, services));
  return services.policies.CreateConfiguration(request.launch_configuration_name(), spec);
}

absl::StatusOr<v1::DescribeLaunchConfigurationsResponse> DescribeLaunchConfigurations(
    const v1::DescribeLaunchConfigurationsRequest& request, PolicyService& policies) {
  using Configuration = scaling::LaunchConfiguration;
  const std::vector<std::string> names(request.launch_configuration_names().begin(),
                                       request.launch_configuration_names().end());
  ASSIGN_OR_RETURN(std::vector<Configuration> all, policies.ListConfigurations(names));
  const auto name = [](const Configuration& configuration) { return configuration.name; };
  std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) { return name(a) < name(b); });
  v1::DescribeLaunchConfigurationsResponse response;
  ASSIGN_OR_RETURN(all, ScalingPage("launch configurations", std::move(all), request, response, name));
  for (const Configuration& configuration : all) {
    v1::LaunchConfiguration& rendered = *response.add_launch_configurations();
    rendered = RenderConfiguration(configuration);
    rendered.set_launch_configuration_arn(policies.Arn(configuration));
  }
  return response;
}

absl::Status DeleteLaunchConfiguration(const v1::DeleteLaunchConfigurationRequest& request, PolicyService& policies) {
  return policies.DeleteConfiguration(request.launch_configuration_name());
}

// Of an instance the configuration takes the user data over, which DescribeLaunchConfigurations shows: who may not read
// it there may not have it copied.
absl::StatusOr<std::vector<ec2::v1::DescribeInstanceAttributeRequest>> ReadsOf(
    const v1::CreateLaunchConfigurationRequest& request) {
  std::vector<ec2::v1::DescribeInstanceAttributeRequest> reads;
  if (request.instance_id().empty() || !request.user_data().empty()) return reads;
  reads.emplace_back();
  reads.back().set_instance_id(request.instance_id());
  reads.back().set_attribute("userData");
  return reads;
}

}  // namespace

void AddLaunchConfigurationActions(gateway::Actions& actions, const ScalingServices& services) {
  actions.Add(CreateLaunchConfiguration, services)
      .PassesRole([&profiles = services.profiles](const v1::CreateLaunchConfigurationRequest& request) {
        const std::string& named = request.iam_instance_profile();
        return LooksLikeArn(named) ? profiles.RoleArn(named, "") : profiles.RoleArn("", named);
      })
      // What it takes over from an instance is its own.
      .DescribedBy(
          [services](const v1::CreateLaunchConfigurationRequest& request, AccessQuestion& question) -> absl::Status {
            ASSIGN_OR_RETURN(const compute::LaunchSpec spec, ParseConfiguration(request, services));
            return DescribeConfigurationCall(request, spec, question);
          })
      .MakesLater(ReadsOf);
  actions.Add(DescribeLaunchConfigurations, services.policies);
  actions.Add(DeleteLaunchConfiguration, services.policies);
}

}  // namespace brume::autoscaling
