// libvirt's domain events as the port's guest events.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "lib/base/mutex.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/libvirt/virt.h"

namespace brume::compute {

// Thread-safe. Shared with libvirt's callbacks, which run on the event loop's thread.
class GuestEvents : public std::enable_shared_from_this<GuestEvents> {
 public:
  // Events before it are dropped: nobody knows of a guest yet. When it returns, the functions it replaces are not
  // running and never will again.
  void Watch(std::function<void(const GuestEvent&)> on_event, std::function<void()> on_reconnect);

  // Registers for the events of every domain; returns the callbacks' ids.
  absl::StatusOr<std::vector<int>> Subscribe(virConnectPtr connection);
  // Events may have been missed while there was no connection.
  void Reconnected();
  // The end of this guest that comes next is not its own doing, whatever it looks like to libvirt.
  void ExpectCut(const std::string& guest);
  void DoNotExpectCut(const std::string& guest);
  void Emit(const GuestEvent& event);

 private:
  void OnLifecycle(const std::string& guest, int event, int detail);
  void OnReboot(const std::string& guest);
  void OnDeviceRemoved(const std::string& guest);

  Mutex watch_mutex_;  // held while the functions run
  std::function<void(const GuestEvent&)> on_event_ ABSL_GUARDED_BY(watch_mutex_);
  std::function<void()> on_reconnect_ ABSL_GUARDED_BY(watch_mutex_);
  Mutex cut_mutex_;
  absl::flat_hash_set<std::string> cut_ ABSL_GUARDED_BY(cut_mutex_);
};

}  // namespace brume::compute
