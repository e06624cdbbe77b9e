// The ids that guests run as, and who else has them on this host.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "lib/host/host_report.h"
#include "lib/resource/user_id_range.h"

namespace brume::daemon {

// FailedPrecondition where a user or a group of the host has an id of the range, or where it was given to somebody's
// containers (/etc/subuid, /etc/subgid).
absl::Status CheckGuestUserIds(const UserIdRange& range);

// Ids of the range as which processes run, or that files of volumes and instances in the state directory have. Who
// finds one without an instance gives it to no other.
std::set<int64_t> FindUserIdsInUse(const UserIdRange& range, const std::string& state_dir);

// Whether a guest's QEMU, or a dnsmasq, of this state directory runs as a user that it should not have: QEMU neither as
// one of the range nor as `qemu_uid`, as whom guests of earlier versions run; dnsmasq as root. Unset when none does.
// `proc`: for tests.
std::optional<host::HostCheck> CheckProcessUsers(const std::string& state_dir, const UserIdRange& range,
                                                 int64_t qemu_uid, const std::string& proc = "/proc");

}  // namespace brume::daemon
