// Does imports: fetches, checks and converts by the port, hands the disk to the image's layer, and makes the image's
// row together with the task's end. Takes away what a failed or cancelled one left.
#pragma once

#include <atomic>
#include <variant>

#include "lib/base/clock.h"
#include "lib/base/reconcile_loop.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/import_files.h"
#include "lib/ec2/storage/model/catalogue.h"
#include "lib/ec2/storage/model/import_task.h"
#include "lib/ec2/storage/tables/import_task_table.h"
#include "lib/ec2/storage/task_steps.h"
#include "lib/store/database.h"

namespace brume::storage {

struct ImportReconcilerParts {
  store::Database& database;
  Disks& disks;
  ImportFiles& files;
  const Clock& clock;
  const Catalogue& catalogue;
};

// Thread-safe. Its parts outlive it.
class ImportReconciler {
 public:
  explicit ImportReconciler(const ImportReconcilerParts& parts);

  // Reconciles every task once, then when woken.
  void Start();
  // An import that is under way is broken off, and goes on where it was at the next start.
  void Stop();
  void Wake(const std::string& id);

 private:
  using Key = std::variant<Sweep, std::string>;

  absl::StatusOr<absl::Duration> Reconcile(const Key& key);
  absl::StatusOr<absl::Duration> ReconcileTask(const std::string& id);
  absl::StatusOr<absl::Duration> SweepAll();
  absl::StatusOr<absl::Duration> Import(ImportTask task);
  // What the task makes, from the file to the layer.
  absl::StatusOr<ImportedImage> Run(ImportTask& task);
  absl::StatusOr<ImportedImage> MakeLayer(const ImportTask& task, const PreparedDisk& prepared);
  // Writes how far the task is. False when it is to be broken off.
  bool Note(ImportTask& task, const ImportProgress& progress, absl::Time& noted);
  absl::StatusOr<absl::Duration> Complete(ImportTask task, const ImportedImage& imported);
  absl::Status InsertImage(store::Connection& connection, const ImportTask& task, const ImportedImage& imported);
  absl::StatusOr<absl::Duration> Fail(ImportTask task, const absl::Status& why);
  absl::StatusOr<absl::Duration> Remove(ImportTask task);
  absl::StatusOr<absl::Duration> Keep(const ImportTask& task);

  const ImportReconcilerParts parts_;
  const TaskSteps<ImportTaskTable, ImportTask> steps_;
  std::atomic<bool> stopping_ = false;
  ReconcileLoop<Key> loop_;
};

}  // namespace brume::storage
