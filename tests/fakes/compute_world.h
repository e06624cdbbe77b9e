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
#include "lib/base/reconcile_schedule.h"
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
#include "tests/fakes/fake_host.h"
#include "tests/support/temp_dir.h"

namespace brume {

class ComputeWorld {
 public:
  // A host that had a daemon before has its rows and guests.
  explicit ComputeWorld(Settings changed = DefaultSettings(),
                        std::shared_ptr<FakeHost> on = std::make_shared<FakeHost>());
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

  // Polls until `condition` holds, at most ten seconds; under a schedule, does what is due until it holds.
  template <typename Condition>
  static bool Eventually(Condition condition) {
    if (ReconcileSchedule* const schedule = ReconcileSchedule::Current(); schedule != nullptr) {
      while (!condition() && schedule->CountDue() > 0) schedule->RunDue(0);
      return condition();
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  const std::shared_ptr<FakeHost> fake_host;
  TempDir& directory = *fake_host->directory;
  Settings settings;
  UserIdRange guest_user_ids;  // of the next Boot
  InstanceTypeTable types;
  ManualClock& clock = fake_host->clock;
  SeededRandom& random = fake_host->random;
  std::unique_ptr<store::Database> database;
  FakeHypervisor& hypervisor = fake_host->hypervisor;
  InterruptedFabric& fabric = fake_host->fabric;
  storage::SimulatedDisks& disks = fake_host->disks;
  std::unique_ptr<network::NetworkReconciler> network;
  std::unique_ptr<storage::ImageReconciler> images;
  std::unique_ptr<storage::VolumeReconciler> volumes_made;
  std::unique_ptr<storage::ImageService> image_service;
  std::unique_ptr<storage::SnapshotReconciler> snapshots;
  std::unique_ptr<storage::LayerWorker> merger;
  storage::SimulatedBlockFiles& block_files = fake_host->block_files;
  std::unique_ptr<storage::SnapshotService> snapshot_service;
  std::unique_ptr<storage::SnapshotBlockService> blocks;
  std::unique_ptr<compute::InstanceReconciler> reconciler;
  std::unique_ptr<compute::InstanceService> service;
  // Told of each reconcile of an instance; may be empty.
  std::function<void(const InstanceId&)> on_reconciled;
  ImageId image;
};

}  // namespace brume
