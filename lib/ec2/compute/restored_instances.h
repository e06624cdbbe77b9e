// What a restored database needs before the daemon starts with it: its instances ran somewhere else.
#pragma once

#include "absl/status/status.h"
#include "lib/store/database.h"

namespace brume::compute {

// Instances that ran are taken for ones whose host went down: they are started again, in the caller's transaction.
absl::Status ForgetHost(store::Connection& connection);

}  // namespace brume::compute
