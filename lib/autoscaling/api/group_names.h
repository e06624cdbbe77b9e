// The names of groups in requests.
#pragma once

#include <string>

#include "lib/autoscaling/api/scaling_services.h"

namespace brume::autoscaling {

// The name of a group, which a call names by its name or its ARN. An ARN of another region or account, which policies
// would see as another resource, names none: it is given back as it is.
std::string GroupNameOf(const ScalingServices& services, const std::string& name_or_arn);

}  // namespace brume::autoscaling
