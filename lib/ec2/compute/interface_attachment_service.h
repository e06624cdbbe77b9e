// Network interfaces of instances. Source of behaviour: EC2 API reference, AttachNetworkInterface,
// DetachNetworkInterface.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/network/model/network.h"
#include "lib/store/database.h"

namespace brume::compute {

struct InterfaceAttachRequest {
  EniId eni_id;
  InstanceId instance_id;
  int device_index = 0;
};

// Each call writes the wish and wakes the instance's reconciler. Thread-safe.
class InterfaceAttachmentService {
 public:
  InterfaceAttachmentService(store::Database& database, const Clock& clock, Random& random,
                             std::function<void(const InstanceId&)> wake_instance)
      : database_(database), clock_(clock), random_(random), wake_instance_(std::move(wake_instance)) {}

  // The interface as it is then. Errors: InvalidInstanceID.NotFound, InvalidNetworkInterfaceID.NotFound,
  // InvalidNetworkInterface.InUse, IncorrectState, InvalidParameterCombination for another zone or VPC,
  // InvalidParameterValue for an index that is in use, AttachmentLimitExceeded, PrivateIpAddressLimitExceeded,
  // UnsupportedOperation while the instance is hibernated.
  absl::StatusOr<NetworkInterface> Attach(const InterfaceAttachRequest& request);
  // `force`: also from a guest that does not let go. Errors: InvalidAttachmentID.NotFound, OperationNotPermitted for
  // the first interface and for one of another resource, IncorrectState, UnsupportedOperation while it is hibernated.
  absl::Status Detach(const std::string& attachment_id, bool force);
  // Error: InvalidAttachmentID.NotFound.
  absl::StatusOr<NetworkInterface> Of(const std::string& attachment_id);

 private:
  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  const std::function<void(const InstanceId&)> wake_instance_;
};

}  // namespace brume::compute
