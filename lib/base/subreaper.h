// Orphans of our helpers come to us instead of PID 1, and are buried at once.
//
// libvirt considers a QEMU gone when its pid is; a PID 1 that collects its dead slowly (or, in many containers, never)
// makes every stop of a guest as slow.
#pragma once

#include "absl/status/status.h"

namespace brume {

// Makes this process the one that daemons started below it belong to, and starts a thread that collects those of them
// that end. Children someone here waits for are left alone: a daemon is told from them by its session, which is not
// ours. So whoever starts children in sessions of their own must wait for them soon after they end, within seconds. For
// the rest of the process's life; call once.
absl::Status BecomeSubreaper();

}  // namespace brume
