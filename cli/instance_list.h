// `brume ls`: the instances.
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "brume/ec2/v1/instance.pb.h"
#include "cli/commands.h"
#include "cli/short_table.h"

namespace brume::cli {

// By name, those without one last.
ShortTable InstanceTable(const std::vector<ec2::v1::Instance>& instances, absl::Time now);

Command LsCommand();

}  // namespace brume::cli
