// The smallest guest that tells a working KVM from one that only opens: a 64 KiB ROM that enters 64-bit mode as every
// kernel does, works for a while, and ends QEMU through its isa-debug-exit device.
#pragma once

#include "absl/strings/string_view.h"

namespace brume::compute {

// The ROM's bytes, for QEMU's -bios.
absl::string_view TrialGuestRom();

// The port of isa-debug-exit the guest writes to, and QEMU's exit code when it did.
inline constexpr int kTrialExitPort = 0xf4;
inline constexpr int kTrialExitCode = 0x10 << 1 | 1;

}  // namespace brume::compute
