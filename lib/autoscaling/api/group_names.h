// The names and ARNs of groups.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "lib/autoscaling/api/scaling_services.h"
#include "lib/autoscaling/model/record.h"
#include "lib/resource/settings.h"

namespace brume::autoscaling {

// The name of a group, which a call names by its name or its ARN. An ARN of another region or account, which policies
// would see as another resource, names none: it is given back as it is.
std::string GroupNameOf(const ScalingServices& services, const std::string& name_or_arn);
// "arn:aws:autoscaling:REGION:ACCOUNT:RESOURCE".
std::string ScalingArn(const Settings& settings, absl::string_view resource);
std::string GroupArn(const Settings& settings, const scaling::Group& group);

}  // namespace brume::autoscaling
