#include "lib/ec2/compute/libvirt/guest_events.h"

#include <optional>
#include <utility>

namespace brume::compute {
namespace {

using Opaque = std::shared_ptr<GuestEvents>;

void FreeOpaque(void* opaque) { delete static_cast<Opaque*>(opaque); }

// Of a domain that ended. https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainEventStoppedDetailType
GuestEventKind KindOfEnd(int detail) {
  const bool crashed = detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED || detail == VIR_DOMAIN_EVENT_STOPPED_FAILED;
  return crashed ? GuestEventKind::kCrashed : GuestEventKind::kStopped;
}

}  // namespace

void GuestEvents::Watch(std::function<void(const GuestEvent&)> on_event, std::function<void()> on_reconnect) {
  MutexLock lock(watch_mutex_);
  on_event_ = std::move(on_event);
  on_reconnect_ = std::move(on_reconnect);
}

absl::StatusOr<std::vector<int>> GuestEvents::Subscribe(virConnectPtr connection) {
  const virConnectDomainEventCallback on_lifecycle = [](virConnectPtr, virDomainPtr domain, int event, int detail,
                                                        void* opaque) {
    (*static_cast<Opaque*>(opaque))->OnLifecycle(virDomainGetName(domain), event, detail);
    return 0;
  };
  const virConnectDomainEventGenericCallback on_reboot = [](virConnectPtr, virDomainPtr domain, void* opaque) {
    (*static_cast<Opaque*>(opaque))->OnReboot(virDomainGetName(domain));
  };
  const virConnectDomainEventDeviceRemovedCallback on_removed = [](virConnectPtr, virDomainPtr domain, const char*,
                                                                   void* opaque) {
    (*static_cast<Opaque*>(opaque))->OnDeviceRemoved(virDomainGetName(domain));
  };
  const std::pair<int, virConnectDomainEventGenericCallback> callbacks[] = {
      {VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle)},
      {VIR_DOMAIN_EVENT_ID_REBOOT, on_reboot},
      {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_removed)},
  };
  std::vector<int> ids;
  for (const auto& [event, callback] : callbacks) {
    auto* opaque = new Opaque(shared_from_this());
    const int id = virConnectDomainEventRegisterAny(connection, nullptr, event, callback, opaque, FreeOpaque);
    if (id < 0) {
      const absl::Status error = LastVirtError("register for events");
      FreeOpaque(opaque);
      for (const int done : ids) virConnectDomainEventDeregisterAny(connection, done);
      return error;
    }
    ids.push_back(id);
  }
  return ids;
}

void GuestEvents::Reconnected() {
  {
    MutexLock lock(cut_mutex_);
    cut_.clear();  // the events they waited for will not come
  }
  MutexLock lock(watch_mutex_);
  if (on_reconnect_) on_reconnect_();
}

void GuestEvents::ExpectCut(const std::string& guest) {
  MutexLock lock(cut_mutex_);
  cut_.insert(guest);
}

void GuestEvents::DoNotExpectCut(const std::string& guest) {
  MutexLock lock(cut_mutex_);
  cut_.erase(guest);
}

void GuestEvents::Emit(const GuestEvent& event) {
  MutexLock lock(watch_mutex_);
  if (on_event_) on_event_(event);
}

void GuestEvents::OnLifecycle(const std::string& guest, int event, int detail) {
  const absl::StatusOr<InstanceId> id = InstanceId::Parse(guest);
  if (!id.ok()) return;  // not a guest of ours
  switch (event) {
    case VIR_DOMAIN_EVENT_STARTED:
    case VIR_DOMAIN_EVENT_RESUMED:
      return Emit({*id, GuestEventKind::kStarted});
    case VIR_DOMAIN_EVENT_SUSPENDED:
      return Emit({*id, GuestEventKind::kPaused});
    case VIR_DOMAIN_EVENT_CRASHED:
      return Emit({*id, GuestEventKind::kCrashed});
    case VIR_DOMAIN_EVENT_SHUTDOWN:
      // Someone on the host asked QEMU itself to end; a guest that did so has SHUTDOWN_GUEST.
      if (detail == VIR_DOMAIN_EVENT_SHUTDOWN_HOST) ExpectCut(guest);
      return;
    case VIR_DOMAIN_EVENT_STOPPED: {
      bool cut;
      {
        MutexLock lock(cut_mutex_);
        cut = cut_.erase(guest) > 0;
      }
      if (cut) return Emit({*id, GuestEventKind::kStopped});
      return Emit({*id, KindOfEnd(detail), detail == VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN});
    }
    default:
      return;
  }
}

void GuestEvents::OnReboot(const std::string& guest) {
  const absl::StatusOr<InstanceId> id = InstanceId::Parse(guest);
  if (id.ok()) Emit({*id, GuestEventKind::kRebooted});
}

void GuestEvents::OnDeviceRemoved(const std::string& guest) {
  const absl::StatusOr<InstanceId> id = InstanceId::Parse(guest);
  if (id.ok()) Emit({*id, GuestEventKind::kDeviceRemoved});
}

}  // namespace brume::compute
