// Block device mappings of RegisterImage and CreateImage: which volumes the instances of an image get beside its root.
// Source of behaviour: EC2 API reference, CreateImage, RegisterImage, EbsBlockDevice. Differs in that CreateImage may
// give a volume another type or a larger size in the image, where EC2 takes another DeleteOnTermination alone.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/store/database.h"

namespace brume::storage {

struct ImageMapping {
  std::string device;
  bool none = false;  // NoDevice: no volume
  ImageDisk disk;     // what is asked of the volume, without its device; unset members: as it is, or the default
};

// Each device once, each with a good name. Errors of all of these: InvalidBlockDeviceMapping.
absl::Status CheckMappings(absl::Span<const ImageMapping> mappings);

// A volume that is blank or made of the mapping's snapshot, with all that can be said of it. Errors also:
// MissingParameter, InvalidParameterCombination, InvalidParameterValue, InvalidSnapshot.NotFound, IncorrectState.
absl::StatusOr<ImageDisk> NewImageDisk(store::Connection& connection, const ImageMapping& mapping);

// The disk of a volume that is there, with what the mapping says in its place. `encrypted`: the volume is.
absl::StatusOr<ImageDisk> ChangedImageDisk(const ImageMapping& mapping, bool encrypted, ImageDisk disk);

// An instance has so many volumes at most; `disks` are those beside the root.
absl::Status CheckDiskCount(const ImageDisks& disks);

}  // namespace brume::storage
