// Storage's area: images, volumes and snapshots, and who makes the host match them.
#pragma once

#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/image_reconciler.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"

namespace brume::storage {

struct StorageParts {
  store::Database& database;
  const Clock& clock;
  Random& random;
  const Settings& settings;
  Disks& disks;
  tagging::TagService& tags;
};

// What it is given outlives it, and it outlives the dispatcher.
class StorageModule {
 public:
  explicit StorageModule(const StorageParts& parts);

  // Its actions, and the kinds of resources that can be tagged.
  void Register(gateway::Actions& actions);
  void Start() { reconciler_.Start(); }
  // Idempotent.
  void Stop() { reconciler_.Stop(); }

  // Disks that may have lain over a deregistered image are gone. Thread-safe.
  void OnDisksFreed() { reconciler_.WakeAll(); }

 private:
  const Settings& settings_;
  tagging::TagService& tags_;
  ImageReconciler reconciler_;
  ImageService images_;
  VolumeService volumes_;
};

}  // namespace brume::storage
