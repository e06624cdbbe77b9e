// Iops and throughput of volumes: EC2's bounds of each type, what a type has where a call says nothing, and what a
// volume does at most. None is faster than this host's disk. Pure.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "lib/ec2/storage/model/storage.h"

namespace brume {

// What a call asks of a volume.
struct WantedPerformance {
  VolumeType type = VolumeType::kGp3;
  int64_t size_gib = 0;
  std::optional<int> iops, throughput;  // MiB/s
};

// Errors: MissingParameter for an io1 or io2 without iops, InvalidParameterCombination for what the type does not have,
// InvalidParameterValue outside of its bounds.
absl::Status CheckPerformance(const WantedPerformance& wanted);

// Of a volume with or without a snapshot. Errors: InvalidParameterCombination without one, InvalidParameterValue.
absl::Status CheckInitializationRate(const std::optional<int>& rate, bool has_snapshot);

// Whether a volume of the type can have this size. Error: InvalidParameterValue.
absl::Status CheckSize(VolumeType type, int64_t size_gib);

struct VolumeLimits {
  int64_t iops = 0;
  int64_t bytes_per_second = 0;
};
// What a volume does in a second at most: its type's rates, with the bursts of types that have them.
VolumeLimits LimitsOf(const Volume& volume);

// As EC2 shows them; unset where the type has none.
std::optional<int> ShownIops(const Volume& volume);
std::optional<int> ShownThroughput(const Volume& volume);

}  // namespace brume
