// The disk of an OVA: a tar of an OVF, which describes a machine, and its disks.
// Format: DMTF DSP0243, Open Virtualization Format.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/storage/qcow2/tar_reader.h"

namespace brume::storage {

inline constexpr uint64_t kMaxOvfBytes = 1 << 20;

// The name of the file of the one disk that an OVF describes. Pure. InvalidArgument when it describes none or several,
// or one in pieces.
absl::StatusOr<std::string> DiskFileOfOvf(const std::string& xml);

// Where in the archive the disk is. InvalidArgument also where the archive holds anything but plain files.
absl::StatusOr<TarMember> FindOvaDisk(int file, uint64_t file_size);

}  // namespace brume::storage
