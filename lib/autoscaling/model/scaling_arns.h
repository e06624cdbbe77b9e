// ARNs of Auto Scaling: arn:aws:autoscaling:REGION:ACCOUNT:TYPE:UUID, and the names of what it is of. Pure.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/autoscaling/model/record.h"
#include "lib/resource/account.h"

namespace brume::scaling {

// "autoScalingGroup:UUID:autoScalingGroupName/NAME".
std::string ArnOf(const Account& account, const Group& group);
// "scalingPolicy:UUID:autoScalingGroupName/GROUP:policyName/NAME".
std::string ArnOf(const Account& account, const PolicyRecord& policy);
// "scheduledUpdateGroupAction:UUID:autoScalingGroupName/GROUP:scheduledActionName/NAME".
std::string ArnOf(const Account& account, const ScheduleRecord& schedule);
// "launchConfiguration:UUID:launchConfigurationName/NAME".
std::string ArnOf(const Account& account, const LaunchConfiguration& configuration);

// What follows the type in the ARN of a group, or of a launch configuration.
std::string UuidAndName(const Group& group);
std::string UuidAndName(const LaunchConfiguration& configuration);

// The name of the group whose ARN this is; unset for what is not the ARN of a group of `account`, empty where the ARN
// has no name.
std::optional<std::string> GroupInArn(const Account& account, absl::string_view text);
// The name of the group in the ARN of a policy; empty for any other text.
std::string GroupOfPolicyArn(absl::string_view text);

}  // namespace brume::scaling
