#include "lib/api/handlers.h"

namespace brume::api {

void AddAllHandlers(gateway::Dispatcher& dispatcher, const Services& services) {
  ec2::AddLaunchTemplateHandlers(dispatcher, services);
  autoscaling::AddLaunchConfigurationHandlers(dispatcher, services);
}

}  // namespace brume::api
