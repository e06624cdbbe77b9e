// Storage's area: images, volumes and snapshots, and who makes the host match them.
#pragma once

#include <functional>
#include <string>

#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/storage/backup_files.h"
#include "lib/ec2/storage/backup_service.h"
#include "lib/ec2/storage/block_files.h"
#include "lib/ec2/storage/block_tokens.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/export_files.h"
#include "lib/ec2/storage/export_reconciler.h"
#include "lib/ec2/storage/export_service.h"
#include "lib/ec2/storage/fast_restore_service.h"
#include "lib/ec2/storage/image_name_service.h"
#include "lib/ec2/storage/image_reconciler.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/ec2/storage/import_files.h"
#include "lib/ec2/storage/import_reconciler.h"
#include "lib/ec2/storage/import_service.h"
#include "lib/ec2/storage/layer_worker.h"
#include "lib/ec2/storage/model/machine.h"
#include "lib/ec2/storage/public_access_service.h"
#include "lib/ec2/storage/record_service.h"
#include "lib/ec2/storage/recycle_bin_service.h"
#include "lib/ec2/storage/snapshot_block_service.h"
#include "lib/ec2/storage/snapshot_lock_service.h"
#include "lib/ec2/storage/snapshot_reconciler.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/space_watch.h"
#include "lib/ec2/storage/volume_modification_service.h"
#include "lib/ec2/storage/volume_reconciler.h"
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
  ImportFiles& import_files;
  ExportFiles& export_files;
  BlockFiles& block_files;
  BackupFiles& backup_files;
  std::string database_path;  // of the database
  std::string version;        // of the program
  tagging::TagService& tags;
  // Something is to be done to the disks of an instance, which are its reconciler's. Must not block.
  std::function<void(const InstanceId& id)> wake_instance;
  FindMachine machine_of;
  HasInstances has_instances;
  const Catalogue& catalogue;
};

// What it is given outlives it, and it outlives the dispatcher.
class StorageModule {
 public:
  explicit StorageModule(const StorageParts& parts);

  // Its actions, and the kinds of resources that can be tagged.
  void Register(gateway::Actions& actions);
  void Start();
  // Idempotent.
  void Stop();

  ImageNameService& image_names() { return image_names_; }

  // Disks that may have lain over a deregistered image or a deleted snapshot are gone. Thread-safe.
  void OnDisksFreed();
  // A volume without an instance has work. Thread-safe.
  void WakeVolume(const VolumeId& id) { volume_reconciler_.Wake(id); }

  SnapshotService& snapshots() { return snapshots_; }
  RecordService& records() { return records_; }
  BackupService& backups() { return backups_; }

 private:
  const Settings& settings_;
  const Clock& clock_;
  const FindMachine machine_of_;
  tagging::TagService& tags_;
  ImageReconciler reconciler_;
  SnapshotReconciler snapshot_reconciler_;
  LayerWorker layer_worker_;
  ImportReconciler import_reconciler_;
  ExportReconciler export_reconciler_;
  VolumeReconciler volume_reconciler_;
  ImageService images_;
  SnapshotService snapshots_;
  SnapshotLockService snapshot_locks_;
  FastRestoreService fast_restores_;
  PublicAccessService public_access_;
  RecycleBinService recycle_bin_;
  SnapshotBlockService blocks_;
  const BlockTokens block_tokens_;
  ImportService imports_;
  ExportService exports_;
  EncryptionService encryption_;
  ImageNameService image_names_;
  VolumeService volumes_;
  VolumeModificationService volume_modifications_;
  RecordService records_;
  SpaceWatch space_watch_;
  BackupService backups_;
  const SpaceFunction space_;
};

}  // namespace brume::storage
