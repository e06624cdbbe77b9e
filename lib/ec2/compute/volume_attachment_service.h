// Volumes of instances. Source of behaviour: EC2 API reference, AttachVolume, DetachVolume.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/store/database.h"

namespace brume::compute {

struct AttachRequest {
  VolumeId volume_id;
  InstanceId instance_id;
  std::string device;
};

struct DetachRequest {
  VolumeId volume_id;
  std::optional<InstanceId> instance_id = {};  // where given, it must be this one's
  std::string device = {};                     // the same
  bool force = false;
};

// Each call writes the wish and wakes the instance's reconciler. Thread-safe.
class VolumeAttachmentService {
 public:
  VolumeAttachmentService(store::Database& database, const Clock& clock,
                          std::function<void(const InstanceId&)> wake_instance)
      : database_(database), clock_(clock), wake_instance_(std::move(wake_instance)) {}

  // The volume as it is then. Errors: InvalidInstanceID.NotFound, InvalidVolume.NotFound, VolumeInUse, IncorrectState,
  // InvalidVolume.ZoneMismatch, InvalidParameterValue, AttachmentLimitExceeded, UnsupportedOperation while the instance
  // is hibernated.
  absl::StatusOr<Volume> Attach(const AttachRequest& request);
  // Errors: InvalidVolume.NotFound, IncorrectState, InvalidAttachment.NotFound, OperationNotPermitted for the root of
  // an instance that is not stopped, UnsupportedOperation while it is hibernated.
  absl::StatusOr<Volume> Detach(const DetachRequest& request);
  // Of a volume; unset when it has none. InvalidVolume.NotFound.
  absl::StatusOr<std::optional<InstanceId>> InstanceOf(const VolumeId& id);

 private:
  store::Database& database_;
  const Clock& clock_;
  const std::function<void(const InstanceId&)> wake_instance_;
};

}  // namespace brume::compute
