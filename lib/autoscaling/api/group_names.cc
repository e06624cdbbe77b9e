#include "lib/autoscaling/api/group_names.h"

#include "lib/autoscaling/model/scaling_arns.h"

namespace brume::autoscaling {

std::string GroupNameOf(const ScalingServices& services, const std::string& name_or_arn) {
  return scaling::GroupInArn(services.settings.account(), name_or_arn).value_or(name_or_arn);
}

}  // namespace brume::autoscaling
