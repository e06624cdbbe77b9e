// Port: network cards of guests that are on, observed, plugged and unplugged while they run. A part of Hypervisor,
// whose rules hold.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/resource/ids.h"

namespace brume::compute {

struct GuestNic {
  std::string tap;  // exists in this process's network namespace
  std::string mac;
  // What tells it from the guest's other cards, also from a former one of the same interface: the attachment's id.
  std::string attachment_id = {};
  int queues = 1;  // more than one: the tap was made for as many openers
};

// A card that a guest has.
struct ObservedNic {
  std::string mac;
  std::string attachment_id;  // empty: the guest was started before cards were told apart by it
};

class GuestNics {
 public:
  virtual ~GuestNics() = default;

  // NotFound when off.
  virtual absl::StatusOr<std::vector<ObservedNic>> NicsOf(const InstanceId& id) = 0;
  // Gives the guest one card more. OK when it has one of this attachment. Errors: NotFound when off, ResourceExhausted
  // when it has no free port for it, Internal with QEMU's own words.
  virtual absl::Status AttachNic(const InstanceId& id, const GuestNic& nic) = 0;
  // Asks the guest to let go of a card; it may take its time, or never do. It has when NicsOf shows it no more;
  // GuestEventKind::kDeviceRemoved tells. OK when it has none such. NotFound when off.
  virtual absl::Status DetachNic(const InstanceId& id, const ObservedNic& nic) = 0;
};

}  // namespace brume::compute
