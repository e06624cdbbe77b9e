// Waiters of ours, for what the aws command line has none for. `brume wait` takes them too, and --wait uses them.
#pragma once

#include <vector>

#include "cli/aws_waiters.h"

namespace brume::cli {

const std::vector<AwsWaiter>& OwnWaiters();

}  // namespace brume::cli
