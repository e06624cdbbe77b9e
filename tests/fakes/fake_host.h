// The host under a test's daemon, which outlives it: guests, network, disks, and what time it is.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/seeded_random.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/simulated_fabric.h"
#include "lib/ec2/storage/simulated_block_files.h"
#include "lib/ec2/storage/simulated_disks.h"
#include "tests/fakes/fake_hypervisor.h"
#include "tests/support/temp_dir.h"

namespace brume {

// Lets a test change rows between a launch's reading of them and its writing: runs `on_prepare` once, on the
// reconciler's thread, when the launch makes its first port.
class InterruptedFabric : public network::SimulatedFabric {
 public:
  absl::Status PreparePort(const network::PortSpec& spec) override {
    if (on_prepare) std::exchange(on_prepare, nullptr)(spec.eni.instance_id);
    return SimulatedFabric::PreparePort(spec);
  }
  absl::Status PlugPort(const network::PortSpec& spec) override {
    if (fail_plug) return absl::UnavailableError("the port cannot be plugged yet");
    RETURN_IF_ERROR(SimulatedFabric::PlugPort(spec));
    MutexLock lock(mutex_);
    plugged_.insert(TapName(spec.eni.id));
    return absl::OkStatus();
  }
  absl::Status UnplugPort(const NetworkInterface& eni) override {
    RETURN_IF_ERROR(SimulatedFabric::UnplugPort(eni));
    MutexLock lock(mutex_);
    plugged_.erase(TapName(eni.id));
    return absl::OkStatus();
  }
  // What a hypervisor finds: a tap in a VPC's namespace is not there for it.
  absl::Status OpenTaps(const compute::GuestSpec& spec) {
    MutexLock lock(mutex_);
    for (const compute::GuestNic& nic : spec.nics) {
      if (plugged_.contains(nic.tap)) return absl::InternalError(absl::StrCat("could not open tap ", nic.tap));
    }
    return absl::OkStatus();
  }
  // Set while no launch is under way.
  std::function<void(const InstanceId&)> on_prepare;
  std::atomic<bool> fail_plug = false;

 private:
  Mutex mutex_;
  std::set<std::string> plugged_ ABSL_GUARDED_BY(mutex_);
};

struct FakeHost {
  std::shared_ptr<TempDir> directory = std::make_shared<TempDir>();
  ManualClock clock{absl::FromUnixSeconds(1800000000)};
  SeededRandom random{20260101};
  FakeHypervisor hypervisor;
  InterruptedFabric fabric;
  storage::SimulatedDisks disks;
  storage::SimulatedBlockFiles block_files{[this] { return clock.Now(); }};
  // That the first daemon registered.
  ImageId image;
};

}  // namespace brume
