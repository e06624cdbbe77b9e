// `brume groups` and `brume scale`: Auto Scaling groups.
#pragma once

#include "absl/time/time.h"
#include "brume/autoscaling/v1/group.pb.h"
#include "cli/commands.h"
#include "cli/short_table.h"

namespace brume::cli {

ShortTable GroupTable(const autoscaling::v1::DescribeAutoScalingGroupsResponse& groups, absl::Time now);

Command GroupsCommand();
Command ScaleCommand();

}  // namespace brume::cli
