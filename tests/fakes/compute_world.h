// A whole Brume below the API in one object: the real store, services and reconcilers, over a fake hypervisor, a
// simulated fabric and simulated disks, with a clock the test moves.
#pragma once

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/seeded_random.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/attached_instances.h"
#include "lib/ec2/compute/instance_reconciler.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/network/network_reconciler.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/simulated_fabric.h"
#include "lib/ec2/storage/image_reconciler.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/ec2/storage/layer_worker.h"
#include "lib/ec2/storage/simulated_block_files.h"
#include "lib/ec2/storage/simulated_disks.h"
#include "lib/ec2/storage/snapshot_block_service.h"
#include "lib/ec2/storage/snapshot_reconciler.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/volume_reconciler.h"
#include "lib/store/database.h"
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

class ComputeWorld {
 public:
  explicit ComputeWorld(Settings changed = DefaultSettings());
  ~ComputeWorld();

  static Settings DefaultSettings();

  // A new life of the daemon, on this or another boot of the host.
  void Boot(const std::string& boot_id);

  ImageId RegisterImage(const std::string& name);

  compute::RunRequest Request(int count = 1) const;

  // One instance, running.
  InstanceId Launch() { return Launch(Request()); }
  InstanceId Launch(const compute::RunRequest& request);

  Instance Row(const InstanceId& id);

  NetworkInterface InterfaceOf(const InstanceId& id);

  bool Reaches(const InstanceId& id, InstanceState state);

  // Polls until `condition` holds, at most ten seconds.
  template <typename Condition>
  static bool Eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  TempDir directory;
  Settings settings;
  UserIdRange guest_user_ids;  // of the next Boot
  InstanceTypeTable types;
  ManualClock clock{absl::FromUnixSeconds(1800000000)};
  SeededRandom random{20260101};
  std::unique_ptr<store::Database> database;
  FakeHypervisor hypervisor;
  InterruptedFabric fabric;
  storage::SimulatedDisks disks;
  std::unique_ptr<network::NetworkReconciler> network;
  std::unique_ptr<storage::ImageReconciler> images;
  std::unique_ptr<storage::VolumeReconciler> volumes_made;
  std::unique_ptr<storage::ImageService> image_service;
  std::unique_ptr<storage::SnapshotReconciler> snapshots;
  std::unique_ptr<storage::LayerWorker> merger;
  storage::SimulatedBlockFiles block_files{[this] { return clock.Now(); }};
  std::unique_ptr<storage::SnapshotService> snapshot_service;
  std::unique_ptr<storage::SnapshotBlockService> blocks;
  std::unique_ptr<compute::InstanceReconciler> reconciler;
  std::unique_ptr<compute::InstanceService> service;
  ImageId image;
};

}  // namespace brume
