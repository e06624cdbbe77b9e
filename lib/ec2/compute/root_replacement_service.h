// Tasks that replace root volumes: the calls, and the transactions of the steps that the instance's reconciler takes.
// Source of behaviour: EC2 API reference, CreateReplaceRootVolumeTask, DescribeReplaceRootVolumeTasks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/compute/model/root_replacement.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::compute {

struct RootReplacementRequest {
  InstanceId instance_id;
  std::optional<SnapshotId> snapshot_id = {};  // unset, and image_id too = what the root was made of
  std::optional<ImageId> image_id = {};
  bool delete_replaced = false;
  std::optional<int> initialization_rate = {};  // MiB/s, of the new volume
  std::string client_token = {};                // empty = none
  std::string parameters_digest = {};
  TagMap tags = {};
};

struct RootReplacementView {
  RootReplacement task;
  TagMap tags;
};

struct RootReplacementHooks {
  std::function<void(const InstanceId&)> wake_instance;
  std::function<void(const VolumeId&)> wake_volume;  // of a volume without an instance
};

// Thread-safe.
class RootReplacementService {
 public:
  RootReplacementService(store::Database& database, const Clock& clock, Random& random, RootReplacementHooks hooks)
      : database_(database), clock_(clock), random_(random), hooks_(std::move(hooks)) {}

  // Makes the new root volume, and a task that brings it to the instance. Errors: InvalidInstanceID.NotFound,
  // IncorrectInstanceState unless it is running, IncorrectState while another task is under way, UnsupportedOperation
  // without a root volume, InvalidSnapshot.NotFound, InvalidAMIID.NotFound, InvalidAMIID.Unavailable,
  // InvalidParameterValue for what does not fit the instance, InvalidParameterCombination,
  // IdempotentParameterMismatch.
  absl::StatusOr<RootReplacementView> Create(const RootReplacementRequest& request);
  // Those of `ids`, or else those that have a tag of `tags`, or all. Error: InvalidReplaceRootVolumeTaskId.NotFound.
  absl::StatusOr<std::vector<RootReplacementView>> List(absl::Span<const ReplaceRootVolumeTaskId> ids,
                                                        const std::optional<tagging::TagQuery>& tags = {});

 private:
  absl::StatusOr<RootReplacementView> Insert(store::Connection& c, const RootReplacementRequest& request);

  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  const RootReplacementHooks hooks_;
};

// Inside a transaction of the caller's: what the steps change. Each reads the rows anew, and is Aborted where one of
// them is no longer what the step needs, or was changed since `instance` and `task` were read.

// Where a task stands that is under way.
struct RootReplacementStage {
  RootReplacement task;
  std::optional<Volume> fresh;  // the new root; unset = gone
  std::optional<Volume> old;    // unset = gone
  bool switched = false;        // the new root is the instance's
};
absl::StatusOr<std::optional<RootReplacementStage>> FindRootReplacement(store::Connection& c, const InstanceId& id);

// Why the new root cannot come to the instance in the place of the old one; empty when it can. Pure.
std::string WhyNotSwitched(const RootReplacementStage& stage, const Instance& instance);

// Puts the new root in the place of the old one; an instance that ran is to be launched again.
absl::Status SwitchRoot(store::Connection& c, absl::Time now, RootReplacementStage stage, Instance instance);
// Puts the old root back. False when it cannot be had any more.
absl::StatusOr<bool> RestoreRoot(store::Connection& c, absl::Time now, RootReplacementStage stage, Instance instance);
// An instance that ran, or was on its way to that, is to be launched again.
absl::Status Relaunch(store::Connection& c, absl::Time now, Instance instance);
// The task has come to its end, in `state`; the volume that nobody needs any more is to be deleted: the old one after
// success where that is wanted, otherwise the new one.
absl::Status EndRootReplacement(store::Connection& c, absl::Time now, RootReplacementStage stage,
                                RootReplacementState state);

}  // namespace brume::compute
