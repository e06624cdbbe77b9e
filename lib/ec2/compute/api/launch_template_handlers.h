// The actions of launch templates.
#pragma once

#include "lib/ec2/compute/launch_template_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

void AddLaunchTemplateActions(gateway::Actions& actions, compute::LaunchTemplateService& templates,
                              const Settings& settings);

}  // namespace brume::ec2
