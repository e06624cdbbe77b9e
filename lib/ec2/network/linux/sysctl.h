// Settings of the network namespace of the calling thread, under /proc/sys/net.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace brume::network {

// `name` as a path below /proc/sys/net: "ipv4/ip_forward". Writes only where the value differs. NotFound when the
// kernel has no such setting.
absl::Status WriteSysctl(const std::string& name, const std::string& value);
// Without the line's end.
absl::StatusOr<std::string> ReadSysctl(const std::string& name);

}  // namespace brume::network
