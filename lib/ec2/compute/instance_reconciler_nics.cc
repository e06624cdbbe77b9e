// The network cards of an instance while it lives: interfaces that come and go. Part of InstanceReconciler, in a file
// of its own.
#include <algorithm>
#include <string>
#include <vector>

#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_reconciler.h"
#include "lib/ec2/network/interface_service.h"

namespace brume::compute {
namespace {

// A guest that does not let go of a card is asked again; one whose interface is taken away by force has so long.
constexpr absl::Duration kNicAskPeriod = absl::Seconds(5), kForcePatience = absl::Seconds(10);

bool IsOf(const ObservedNic& nic, const NetworkInterface& eni) {
  return nic.attachment_id.empty() ? nic.mac == eni.mac : nic.attachment_id == eni.attachment_id;
}

}  // namespace

absl::Status InstanceReconciler::WriteAttachment(NetworkInterface& eni) {
  return parts_.database.Write([&](store::Connection& c) { return network::SetAttachment(c, eni); });
}

// Of a guest that is off, all that is asked for is done.
absl::Status InstanceReconciler::FollowNicsOff(Guest& guest) {
  for (NetworkInterface& eni : guest.interfaces) {
    if (eni.detaching()) {
      RETURN_IF_ERROR(NoteNicDetached(eni));
    } else if (eni.attachment_state == InterfaceAttachmentState::kAttaching) {
      eni.attachment_state = InterfaceAttachmentState::kAttached;
      RETURN_IF_ERROR(WriteAttachment(eni));
    }
  }
  std::erase_if(guest.interfaces, [](const NetworkInterface& eni) { return !eni.attached(); });
  return absl::OkStatus();
}

InstanceReconciler::Next InstanceReconciler::FollowNics(Guest& guest) {
  const InstanceId& id = guest.instance.id;
  const absl::StatusOr<std::vector<ObservedNic>> observed = parts_.hypervisor.NicsOf(id);
  // It ended since it was observed.
  if (absl::IsNotFound(observed.status())) return absl::ZeroDuration();
  RETURN_IF_ERROR(observed.status());
  absl::Duration soonest = absl::InfiniteDuration();
  absl::Status first_error;
  // One that cannot be attached does not stand in the way of the others.
  for (NetworkInterface& eni : guest.interfaces) {
    const Next next = eni.detaching() ? FollowNicDetach(eni, *observed) : FollowNic(guest.instance, eni, *observed);
    first_error.Update(next.status());
    if (next.ok()) soonest = std::min(soonest, *next);
  }
  // What is left of interfaces that were taken away by force.
  for (const ObservedNic& nic : *observed) {
    const bool known = std::any_of(guest.interfaces.begin(), guest.interfaces.end(),
                                   [&](const NetworkInterface& eni) { return IsOf(nic, eni); });
    if (known) continue;
    const Next next = AskToDetachNic(id, nic);
    first_error.Update(next.status());
    if (next.ok()) soonest = std::min(soonest, *next);
  }
  RETURN_IF_ERROR(first_error);
  return soonest;
}

GuestNic InstanceReconciler::NicOf(const NetworkInterface& eni, const std::string& instance_type) const {
  const InstanceType* const type = parts_.types.Find(instance_type);
  return {.tap = TapName(eni.id),
          .mac = eni.mac,
          .attachment_id = eni.attachment_id,
          .queues = type == nullptr ? 1 : NicQueues(*type, parts_.settings.max_nic_queues)};
}

InstanceReconciler::Next InstanceReconciler::FollowNic(const Instance& instance, NetworkInterface& eni,
                                                       const std::vector<ObservedNic>& observed) {
  const auto nic = std::find_if(observed.begin(), observed.end(), [&](const auto& each) { return IsOf(each, eni); });
  if (nic == observed.end()) {
    // A former card of the same interface goes first.
    const bool has_former =
        std::any_of(observed.begin(), observed.end(), [&](const auto& each) { return each.mac == eni.mac; });
    if (has_former) return kNicAskPeriod;
    // A guest cannot open a tap that is in the VPC already.
    RETURN_IF_ERROR(parts_.network.UnplugPort(eni));
    RETURN_IF_ERROR(parts_.network.PreparePort(eni));
    RETURN_IF_ERROR(Failpoint("instance.nic_prepared"));
    RETURN_IF_ERROR(parts_.hypervisor.AttachNic(eni.instance_id, NicOf(eni, instance.instance_type)));
    RETURN_IF_ERROR(Failpoint("instance.nic_attached"));
  }
  const bool is_new = eni.attachment_state == InterfaceAttachmentState::kAttaching;
  const absl::Status plugged = parts_.network.PlugPort(eni);
  // Not up yet: the sync that brings the VPC up brings its ports up too.
  if (is_new || !absl::IsUnavailable(plugged)) RETURN_IF_ERROR(plugged);
  if (!is_new) return absl::InfiniteDuration();
  RETURN_IF_ERROR(Failpoint("instance.nic_plugged"));
  eni.attachment_state = InterfaceAttachmentState::kAttached;
  RETURN_IF_ERROR(WriteAttachment(eni));
  log::Info("network interface {} is attached to {}", eni.id.text(), eni.instance_id.text());
  return absl::InfiniteDuration();
}

InstanceReconciler::Next InstanceReconciler::FollowNicDetach(NetworkInterface& eni,
                                                             const std::vector<ObservedNic>& observed) {
  const auto nic = std::find_if(observed.begin(), observed.end(), [&](const auto& each) { return IsOf(each, eni); });
  if (nic == observed.end()) {
    RETURN_IF_ERROR(NoteNicDetached(eni));
    return absl::InfiniteDuration();
  }
  ASSIGN_OR_RETURN(const absl::Duration next, AskToDetachNic(eni.instance_id, *nic));
  if (eni.attachment_state != InterfaceAttachmentState::kForceDetaching) return next;
  const Memory memory = Remember(eni.instance_id);
  const auto asks = memory.nic_asks.find(eni.mac);
  const absl::Time first = asks == memory.nic_asks.end() ? parts_.clock.Now() : asks->second.first;
  const absl::Duration left = first + kForcePatience - parts_.clock.Now();
  if (left > absl::ZeroDuration()) return std::min(left, next);
  log::Warn("the guest of {} does not let go of network interface {}, which is taken away", eni.instance_id.text(),
            eni.id.text());
  RETURN_IF_ERROR(NoteNicDetached(eni));
  return next;
}

InstanceReconciler::Next InstanceReconciler::AskToDetachNic(const InstanceId& id, const ObservedNic& nic) {
  const Memory memory = Remember(id);
  const auto found = memory.nic_asks.find(nic.mac);
  const absl::Time now = parts_.clock.Now();
  NicAsks asks = found == memory.nic_asks.end() ? NicAsks{.first = now} : found->second;
  if (const absl::Duration left = asks.last + kNicAskPeriod - now; left > absl::ZeroDuration()) return left;
  RETURN_IF_ERROR(parts_.hypervisor.DetachNic(id, nic));
  RETURN_IF_ERROR(Failpoint("instance.nic_detach_asked"));
  asks.last = now;
  Change(id, [&](Memory& m) { m.nic_asks[nic.mac] = asks; });
  return kNicAskPeriod;
}

absl::Status InstanceReconciler::NoteNicDetached(NetworkInterface& eni) {
  const InstanceId instance = eni.instance_id;
  RETURN_IF_ERROR(parts_.network.UnplugPort(eni));
  RETURN_IF_ERROR(Failpoint("instance.nic_unplugged"));
  Change(instance, [&](Memory& memory) { memory.nic_asks.erase(eni.mac); });
  Release(eni);
  RETURN_IF_ERROR(WriteAttachment(eni));
  log::Info("network interface {} is detached from {}", eni.id.text(), instance.text());
  return absl::OkStatus();
}

}  // namespace brume::compute
