#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "brume/autoscaling/v1/launch_configuration.pb.h"
#include "lib/api/launch_configuration.h"
#include "lib/api/scaling.h"
#include "lib/autoscaling/policy_service.h"

namespace brume::api {
namespace {

constexpr char kService[] = "LaunchConfigurations";

absl::Status Create(const Services& services, const asg::CreateLaunchConfigurationRequest& request) {
  ASSIGN_OR_RETURN(const std::string data, ConfigurationData(services, request));
  return services.scaling_policies.CreateConfiguration(request.launch_configuration_name(), data);
}

absl::StatusOr<asg::DescribeLaunchConfigurationsResponse> Describe(
    const Services& services, const asg::DescribeLaunchConfigurationsRequest& request) {
  using Configuration = scaling::LaunchConfiguration;
  const std::vector<std::string> names(request.launch_configuration_names().begin(),
                                       request.launch_configuration_names().end());
  ASSIGN_OR_RETURN(std::vector<Configuration> all, services.scaling_policies.ListConfigurations(names));
  const auto name = [](const Configuration& configuration) { return configuration.name; };
  std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) { return name(a) < name(b); });
  asg::DescribeLaunchConfigurationsResponse response;
  ASSIGN_OR_RETURN(all, ScalingPage("launch configurations", std::move(all), request, response, name));
  for (const Configuration& configuration : all) {
    asg::LaunchConfiguration& rendered = *response.add_launch_configurations();
    ASSIGN_OR_RETURN(rendered, RenderConfiguration(configuration));
    rendered.set_launch_configuration_arn(services.scaling_policies.Arn(configuration));
  }
  return response;
}

}  // namespace

void AddLaunchConfigurationHandlers(Dispatcher& dispatcher, const Services& services) {
  HandleScalingOk<asg::CreateLaunchConfigurationRequest, asg::CreateLaunchConfigurationResponse>(
      dispatcher, kService,
      [services](const asg::CreateLaunchConfigurationRequest& request) { return Create(services, request); });
  HandleScaling<asg::DescribeLaunchConfigurationsRequest, asg::DescribeLaunchConfigurationsResponse>(
      dispatcher, kService,
      [services](const asg::DescribeLaunchConfigurationsRequest& request) { return Describe(services, request); });
  HandleScalingOk<asg::DeleteLaunchConfigurationRequest, asg::DeleteLaunchConfigurationResponse>(
      dispatcher, kService, [services](const asg::DeleteLaunchConfigurationRequest& request) {
        return services.scaling_policies.DeleteConfiguration(request.launch_configuration_name());
      });
}

}  // namespace brume::api
