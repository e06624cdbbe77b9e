// Names of an instance's devices, as calls give them. Pure.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume::compute {

// Volumes of one instance, its root's included. A guest has so many ports for them from its start.
inline constexpr size_t kMaxVolumesOfInstance = 26;

// "/dev/sdf", "/dev/sda1", "/dev/xvdba", "/dev/vda", and the same without "/dev/". Error: InvalidParameterValue.
absl::Status CheckDeviceName(absl::string_view name);

}  // namespace brume::compute
