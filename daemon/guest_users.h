// The ids that guests run as, and who else has them on this host.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "lib/resource/user_id_range.h"

namespace brume::daemon {

// FailedPrecondition where a user or a group of the host has an id of the range, or where it was given to somebody's
// containers (/etc/subuid, /etc/subgid).
absl::Status CheckGuestUserIds(const UserIdRange& range);

// Ids of the range as which processes run, or that files of volumes and instances in the state directory have. Who
// finds one without an instance gives it to no other.
std::set<int64_t> FindUserIdsInUse(const UserIdRange& range, const std::string& state_dir);

}  // namespace brume::daemon
