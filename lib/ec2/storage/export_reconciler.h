// Does exports, stores and restores by the port: writes the files of tasks, and makes the images that are restored from
// files. Takes away what a failed or cancelled one left.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/reconcile_loop.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/export_files.h"
#include "lib/ec2/storage/model/export_task.h"
#include "lib/ec2/storage/tables/export_task_table.h"
#include "lib/ec2/storage/task_steps.h"
#include "lib/store/database.h"

namespace brume::storage {

struct ExportReconcilerParts {
  store::Database& database;
  Disks& disks;
  ExportFiles& files;
  const Clock& clock;
};

// Thread-safe. Its parts outlive it.
class ExportReconciler {
 public:
  explicit ExportReconciler(const ExportReconcilerParts& parts);

  // Reconciles every task and at every image to restore once, then when woken.
  void Start();
  // What is under way is broken off, and begins again at the next start.
  void Stop();
  // By the id of a task or of an image.
  void Wake(const std::string& id);

 private:
  using Key = std::variant<Sweep, std::string>;
  using Next = absl::StatusOr<absl::Duration>;

  Next Reconcile(const Key& key);
  Next SweepAll();
  Next ReconcileTask(const std::string& id);
  Next Write(ExportTask task);
  absl::Status Run(ExportTask& task);
  // Writes how far the task is. False when it is to be broken off.
  bool Note(ExportTask& task, const ImportProgress& progress, absl::Time& noted);
  Next Fail(ExportTask task, const absl::Status& why);
  Next Remove(ExportTask task);
  Next Keep(const ExportTask& task);

  Next Restore(const ImageId& id);
  absl::Status MakeFiles(Image& image, std::vector<VolumeSnapshot>& snapshots);
  absl::StatusOr<ImportedImage> MakeRoot(Image& image, const std::string& path, std::vector<VolumeSnapshot>& snapshots);
  absl::Status RemoveFiles(const Image& image);

  const ExportReconcilerParts parts_;
  const TaskSteps<ExportTaskTable, ExportTask> steps_;
  std::atomic<bool> stopping_ = false;
  ReconcileLoop<Key> loop_;
};

}  // namespace brume::storage
