#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "brume/autoscaling/v1/launch_configuration.pb.h"
#include "lib/autoscaling/api/launch_configuration.h"
#include "lib/autoscaling/api/scaling.h"
#include "lib/autoscaling/policy_service.h"

namespace brume::autoscaling {
namespace {

constexpr char kService[] = "LaunchConfigurations";

absl::Status Create(const api::Services& services, const v1::CreateLaunchConfigurationRequest& request) {
  ASSIGN_OR_RETURN(const std::string data, ConfigurationData(services, request));
  return services.scaling_policies.CreateConfiguration(request.launch_configuration_name(), data);
}

absl::StatusOr<v1::DescribeLaunchConfigurationsResponse> Describe(
    const api::Services& services, const v1::DescribeLaunchConfigurationsRequest& request) {
  using Configuration = scaling::LaunchConfiguration;
  const std::vector<std::string> names(request.launch_configuration_names().begin(),
                                       request.launch_configuration_names().end());
  ASSIGN_OR_RETURN(std::vector<Configuration> all, services.scaling_policies.ListConfigurations(names));
  const auto name = [](const Configuration& configuration) { return configuration.name; };
  std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) { return name(a) < name(b); });
  v1::DescribeLaunchConfigurationsResponse response;
  ASSIGN_OR_RETURN(all, ScalingPage("launch configurations", std::move(all), request, response, name));
  for (const Configuration& configuration : all) {
    v1::LaunchConfiguration& rendered = *response.add_launch_configurations();
    ASSIGN_OR_RETURN(rendered, RenderConfiguration(configuration));
    rendered.set_launch_configuration_arn(services.scaling_policies.Arn(configuration));
  }
  return response;
}

}  // namespace

void AddLaunchConfigurationHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  HandleScalingOk<v1::CreateLaunchConfigurationRequest, v1::CreateLaunchConfigurationResponse>(
      dispatcher, kService,
      [services](const v1::CreateLaunchConfigurationRequest& request) { return Create(services, request); });
  HandleScaling<v1::DescribeLaunchConfigurationsRequest, v1::DescribeLaunchConfigurationsResponse>(
      dispatcher, kService,
      [services](const v1::DescribeLaunchConfigurationsRequest& request) { return Describe(services, request); });
  HandleScalingOk<v1::DeleteLaunchConfigurationRequest, v1::DeleteLaunchConfigurationResponse>(
      dispatcher, kService, [services](const v1::DeleteLaunchConfigurationRequest& request) {
        return services.scaling_policies.DeleteConfiguration(request.launch_configuration_name());
      });
}

}  // namespace brume::autoscaling
