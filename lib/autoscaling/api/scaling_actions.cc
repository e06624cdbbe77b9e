#include "lib/autoscaling/api/scaling_actions.h"

#include "lib/autoscaling/api/group_handlers.h"
#include "lib/autoscaling/api/group_tag_handlers.h"
#include "lib/autoscaling/api/hook_handlers.h"
#include "lib/autoscaling/api/launch_configuration_handlers.h"
#include "lib/autoscaling/api/member_handlers.h"
#include "lib/autoscaling/api/process_handlers.h"
#include "lib/autoscaling/api/refresh_handlers.h"
#include "lib/autoscaling/api/scaling_account_handlers.h"
#include "lib/autoscaling/api/scaling_facts.h"
#include "lib/autoscaling/api/scaling_policy_handlers.h"
#include "lib/autoscaling/api/schedule_handlers.h"
#include "lib/autoscaling/api/warm_pool_handlers.h"

namespace brume::autoscaling {

void AddScalingActions(gateway::Actions& actions, const ScalingServices& services) {
  AddScalingFacts(actions.facts(), services);
  AddGroupActions(actions, services);
  AddMemberActions(actions, services);
  AddProcessActions(actions, services);
  AddGroupTagActions(actions, services);
  AddLifecycleHookActions(actions, services);
  AddWarmPoolActions(actions, services);
  AddScalingPolicyActions(actions, services);
  AddScheduledActionActions(actions, services);
  AddInstanceRefreshActions(actions, services);
  AddAccountActions(actions, services);
  AddLaunchConfigurationActions(actions, services);
}

}  // namespace brume::autoscaling
