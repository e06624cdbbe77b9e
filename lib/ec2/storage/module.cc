#include "lib/ec2/storage/module.h"

#include "lib/ec2/storage/api/catalogue_handlers.h"
#include "lib/ec2/storage/api/export_handlers.h"
#include "lib/ec2/storage/api/fast_restore_handlers.h"
#include "lib/ec2/storage/api/import_handlers.h"
#include "lib/ec2/storage/api/public_access_handlers.h"
#include "lib/ec2/storage/api/snapshot_lock_handlers.h"
#include "lib/ec2/storage/api/storage_actions.h"
#include "lib/ec2/storage/storage_tagging.h"

namespace brume::storage {

StorageModule::StorageModule(const StorageParts& parts)
    : settings_(parts.settings),
      clock_(parts.clock),
      machine_of_(parts.machine_of),
      tags_(parts.tags),
      reconciler_(parts.database, parts.disks, parts.clock, parts.has_instances),
      snapshot_reconciler_(
          {.database = parts.database,
           .disks = parts.disks,
           .clock = parts.clock,
           .wake_instance = parts.wake_instance,
           .on_layer_work = [this](const SnapshotId& id) { layer_worker_.Wake(id); },
           .on_layer_removed = [this] { reconciler_.WakeAll(); },
           .settle_upload = [this](const VolumeSnapshot& snapshot) { return blocks_.Settle(snapshot); },
           .abandon_upload = [files = &parts.block_files](const SnapshotId& id) { return files->Abandon(id); }}),
      layer_worker_({.database = parts.database,
                     .disks = parts.disks,
                     .max_chain = parts.settings.max_chain,
                     .clock = parts.clock,
                     .on_freed = [this](const SnapshotId& id) { snapshot_reconciler_.Wake(id); }}),
      import_reconciler_({.database = parts.database,
                          .disks = parts.disks,
                          .files = parts.import_files,
                          .clock = parts.clock,
                          .catalogue = parts.catalogue}),
      export_reconciler_(
          {.database = parts.database, .disks = parts.disks, .files = parts.export_files, .clock = parts.clock}),
      volume_reconciler_(parts.database, parts.disks, parts.clock, [this] { OnDisksFreed(); }),
      images_(
          parts.database, parts.clock, parts.random, [this](const ImageId& id) { reconciler_.Wake(id); },
          [this](const SnapshotId& id) { snapshot_reconciler_.Wake(id); }, RetentionOf(parts.settings)),
      snapshots_(
          parts.database, parts.clock, parts.random, [this](const SnapshotId& id) { snapshot_reconciler_.Wake(id); },
          RetentionOf(parts.settings)),
      snapshot_locks_(parts.database, parts.clock),
      fast_restores_(parts.database, parts.clock),
      public_access_(parts.database),
      recycle_bin_(parts.database, parts.clock),
      blocks_({.database = parts.database,
               .clock = parts.clock,
               .random = parts.random,
               .files = parts.block_files,
               .wake = [this](const SnapshotId& id) { snapshot_reconciler_.Wake(id); }}),
      block_tokens_(parts.random),
      imports_(parts.database, parts.clock, parts.random, parts.catalogue,
               [this](const std::string& id) { import_reconciler_.Wake(id); }),
      exports_(parts.database, parts.clock, parts.random, parts.export_files,
               [this](const std::string& id) { export_reconciler_.Wake(id); }),
      encryption_(parts.database),
      image_names_(parts.database, parts.catalogue),
      volumes_({.database = parts.database,
                .settings = parts.settings,
                .clock = parts.clock,
                .random = parts.random,
                .wake_volume = [this](const VolumeId& id) { volume_reconciler_.Wake(id); }}),
      volume_modifications_(parts.database, parts.settings, parts.clock,
                            [this, wake_instance = parts.wake_instance](const Volume& volume) {
                              if (volume.instance_id.empty()) return volume_reconciler_.Wake(volume.id);
                              wake_instance(volume.instance_id);
                            }),
      records_(parts.database, parts.disks),
      space_watch_(parts.disks),
      backups_({.database = parts.database,
                .database_path = parts.database_path,
                .files = parts.backup_files,
                .clock = parts.clock,
                .random = parts.random,
                .version = parts.version,
                .wake = [this](const SnapshotId& id) { snapshot_reconciler_.Wake(id); }}),
      space_([&disks = parts.disks] { return disks.Space(); }) {}

void StorageModule::Register(gateway::Actions& actions) {
  AddTaggableKinds(tags_);
  ec2::AddStorageActions(actions, {.settings = settings_,
                                   .images = images_,
                                   .image_names = image_names_,
                                   .snapshots = snapshots_,
                                   .recycle_bin = recycle_bin_,
                                   .blocks = blocks_,
                                   .block_tokens = block_tokens_,
                                   .clock = clock_,
                                   .volumes = volumes_,
                                   .encryption = encryption_,
                                   .volume_modifications = volume_modifications_,
                                   .machine_of = machine_of_,
                                   .space = space_});
  ec2::AddImportActions(actions, imports_, settings_);
  ec2::AddCatalogueActions(actions, image_names_);
  ec2::AddExportActions(actions, exports_, settings_.account());
  ec2::AddSnapshotLockActions(actions, snapshot_locks_, settings_);
  ec2::AddFastRestoreActions(actions, fast_restores_, settings_);
  ec2::AddPublicAccessActions(actions, public_access_);
}

void StorageModule::Start() {
  reconciler_.Start();
  snapshot_reconciler_.Start();
  layer_worker_.Start();
  import_reconciler_.Start();
  export_reconciler_.Start();
  volume_reconciler_.Start();
  records_.Start();
  space_watch_.Start();
  backups_.Start();
}

void StorageModule::Stop() {
  backups_.Stop();
  space_watch_.Stop();
  records_.Stop();
  volume_reconciler_.Stop();
  export_reconciler_.Stop();
  import_reconciler_.Stop();
  layer_worker_.Stop();
  snapshot_reconciler_.Stop();
  reconciler_.Stop();
}

void StorageModule::OnDisksFreed() {
  reconciler_.WakeAll();
  snapshot_reconciler_.WakeAll();
}

}  // namespace brume::storage
