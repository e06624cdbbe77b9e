// Port: disks of guests that are on, observed and changed while they run. A part of Hypervisor, whose rules hold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/model/disk_encryption.h"
#include "lib/resource/ids.h"

namespace brume::compute {

// What a disk does in a second at most; 0 = no limit.
struct DiskLimits {
  int64_t iops = 0;
  int64_t bytes_per_second = 0;
  friend bool operator==(const DiskLimits&, const DiskLimits&) = default;
};

struct GuestDisk {
  std::string path;    // qcow2
  std::string device;  // "/dev/vda"
  std::string serial;  // shown to the guest: the volume id without its dash, as EC2 does
  DiskLimits limits = {};
  std::optional<DiskEncryption> encryption = {};
};

// A disk that a guest has.
struct ObservedDisk {
  std::string serial;
  std::string path;
  DiskLimits limits;
};

class GuestDisks {
 public:
  virtual ~GuestDisks() = default;

  // NotFound when off.
  virtual absl::StatusOr<std::vector<ObservedDisk>> DisksOf(const InstanceId& id) = 0;
  // Gives the guest one disk more. OK when it has one of this serial. Errors: NotFound when off, ResourceExhausted when
  // it has no free port for it, Internal with QEMU's own words.
  virtual absl::Status AttachDisk(const InstanceId& id, const GuestDisk& disk) = 0;
  // Asks the guest to let go of a disk; it may take its time, or never do. It has when DisksOf shows the disk no more;
  // GuestEventKind::kDeviceRemoved tells. OK when it has none of this serial. NotFound when off.
  virtual absl::Status DetachDisk(const InstanceId& id, const std::string& serial) = 0;
  // NotFound when off or when there is no such disk.
  virtual absl::Status SetDiskLimits(const InstanceId& id, const std::string& serial, const DiskLimits& limits) = 0;
  // Makes a disk larger, and tells the guest. OK when it is as large. NotFound when off or when there is no such disk.
  virtual absl::Status ResizeDisk(const InstanceId& id, const std::string& serial, int64_t size_bytes) = 0;
};

}  // namespace brume::compute
