// A task that replaces the root volume of an instance, as EC2 shows it. Source: EC2 API reference,
// ReplaceRootVolumeTask.
#pragma once

#include <optional>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/resource/ids.h"

namespace brume {

enum class RootReplacementState {
  kPending = 0,         // the new volume is being made
  kInProgress = 1,      // the guest is powered off, its root replaced, and it is started again
  kFailing = 2,         // the old root is back, and the guest is being started with it
  kSucceeded = 3,       // the guest runs from the new root
  kFailed = 4,          // the old root is the instance's
  kFailedDetached = 5,  // the instance has no root
};
std::true_type IsPersisted(RootReplacementState);  // the database keeps its values
// "pending", "in-progress", "failing", "succeeded", "failed", "failed-detached".
absl::string_view StateName(RootReplacementState state);

struct RootReplacement {
  ReplaceRootVolumeTaskId id;
  InstanceId instance_id;
  RootReplacementState state = RootReplacementState::kPending;
  absl::Time state_since;  // deadlines count from it
  absl::Time started;
  std::optional<absl::Time> completed = {};
  SnapshotId snapshot_id = {};  // as given; empty = none
  ImageId image_id = {};        // as given; empty = none
  bool delete_replaced = false;
  VolumeId volume_id = {};         // the new root
  VolumeId replaced_id = {};       // the old one
  ImageId replaced_image_id = {};  // the instance's image before
  std::string client_token = {};   // empty = none
  std::string parameters_digest = {};
  int64_t version = 0;
};

}  // namespace brume
