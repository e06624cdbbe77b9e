// Names of an instance's devices, as calls give them. Pure.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
#pragma once

#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume {

// Volumes of one instance, its root's included.
inline constexpr size_t kMaxVolumesOfInstance = 26;
// Up to so many volumes another can be attached while the instance runs: its guest has PCIe ports for them from its
// start, and each port costs an emulated guest some 35 ms of its boot.
inline constexpr size_t kMaxVolumesWhileRunning = 8;

// "/dev/sdf", "/dev/sda1", "/dev/xvdba", "/dev/vda", and the same without "/dev/". Error: InvalidParameterValue.
absl::Status CheckDeviceName(absl::string_view name);

// Whether a mapping's NoDevice, where it is given, leaves its device without a volume. Its text is most often empty,
// and some clients send what is unset as an empty text: beside a volume it says nothing then.
bool LeavesOut(std::optional<absl::string_view> no_device, bool has_volume);

// A mapping's VirtualName, "ephemeral0" and the like: an instance store volume. No instance type has any, and EC2
// passes over those that a type does not have, so there is none at its device. Error of others:
// InvalidBlockDeviceMapping.
absl::Status CheckVirtualName(absl::string_view name);

}  // namespace brume
