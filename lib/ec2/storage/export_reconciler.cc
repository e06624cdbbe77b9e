#include "lib/ec2/storage/export_reconciler.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"
#include "lib/ec2/storage/export_service.h"
#include "lib/ec2/storage/tables/export_task_table.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/snapshot_table.h"

namespace brume::storage {
namespace {

ExportPlace PlaceOf(const ExportTask& task) { return {task.bucket, task.object_key}; }

// Of a restored image, whose location is "BUCKET/KEY".
ExportPlace PlaceOf(const Image& image) {
  const size_t slash = image.location.find('/');
  if (slash == std::string::npos) return {};
  return {image.location.substr(0, slash), image.location.substr(slash + 1)};
}

// A snapshot of a restored image, encrypted where the image is.
VolumeSnapshot RestoredSnapshot(const Image& image, const SnapshotId& id) {
  VolumeSnapshot snapshot;
  snapshot.id = id;
  snapshot.description = absl::StrCat("Created by CreateRestoreImageTask for ", image.id.text());
  snapshot.state = SnapshotState::kCompleted;
  snapshot.started = image.created;
  snapshot.layer_id = id.text();
  snapshot.encrypted = !image.import_key_id.empty();
  snapshot.data_key_id = image.import_key_id;
  return snapshot;
}

}  // namespace

ExportReconciler::ExportReconciler(const ExportReconcilerParts& parts)
    : parts_(parts),
      steps_(parts.database, parts.clock),
      loop_({.name = "export", .threads = 2}, [this](const Key& key) { return Reconcile(key); }) {}

void ExportReconciler::Start() {
  loop_.Start();
  loop_.Wake(Sweep());
}

void ExportReconciler::Stop() {
  stopping_ = true;
  loop_.Stop();
}

void ExportReconciler::Wake(const std::string& id) { loop_.Wake(id); }

ExportReconciler::Next ExportReconciler::Reconcile(const Key& key) {
  const std::string* const id = std::get_if<std::string>(&key);
  if (id == nullptr) return SweepAll();
  const absl::StatusOr<ImageId> image = ImageId::Parse(*id);
  return image.ok() ? Restore(*image) : ReconcileTask(*id);
}

ExportReconciler::Next ExportReconciler::SweepAll() {
  // Before the rows: what comes meanwhile is not in it.
  ASSIGN_OR_RETURN(const std::vector<std::string> worked_on, parts_.files.List());
  std::vector<std::string> ids;
  RETURN_IF_ERROR(parts_.database.Read([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<ExportTask> tasks, ExportTaskTable(c).List());
    ASSIGN_OR_RETURN(const std::vector<Image> images, ImageTable(c).List(/*with_deregistered=*/false));
    for (const ExportTask& task : tasks) ids.push_back(task.id);
    for (const Image& image : images) {
      if (IsRestored(image)) ids.push_back(image.id.text());
    }
    return absl::OkStatus();
  }));
  for (const std::string& id : ids) Wake(id);
  // What a restore left whose image went away.
  for (const std::string& id : worked_on) {
    const bool known = std::find(ids.begin(), ids.end(), id) != ids.end();
    if (!known) RETURN_IF_ERROR(parts_.files.Remove(id, {}));
  }
  return absl::InfiniteDuration();
}

ExportReconciler::Next ExportReconciler::ReconcileTask(const std::string& id) {
  absl::StatusOr<ExportTask> task =
      parts_.database.ReadFor([&](store::Connection& c) { return ExportTaskTable(c).Get(id); });
  if (absl::IsNotFound(task.status())) return absl::InfiniteDuration();
  RETURN_IF_ERROR(task.status());
  switch (task->state) {
    case ImportState::kActive:
      return Write(*std::move(task));
    case ImportState::kDeleting:
      return Remove(*std::move(task));
    case ImportState::kCompleted:
    case ImportState::kDeleted:
      return Keep(*task);
  }
  return absl::InfiniteDuration();
}

bool ExportReconciler::Note(ExportTask& task, const ImportProgress& progress, absl::Time& noted) {
  return !stopping_ && steps_.Note(task, progress, noted);
}

absl::Status ExportReconciler::Run(ExportTask& task) {
  absl::Time noted = absl::InfinitePast();
  const ImportWatch watch = [&](const ImportProgress& progress) { return Note(task, progress, noted); };
  std::string layer;
  std::vector<StoreMember> members;
  RETURN_IF_ERROR(parts_.database.Read([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const Image image, ImageTable(c).Get(task.image_id));
    if (!IsWhole(image)) return absl::InvalidArgumentError(absl::StrCat("the image ", image.id.text(), " is gone"));
    if (task.kind() == ExportKind::kStore) {
      ASSIGN_OR_RETURN(members, MembersOf(c, image));
    } else {
      ASSIGN_OR_RETURN(layer, RootLayerOf(c, image));
    }
    return absl::OkStatus();
  }));
  if (task.kind() == ExportKind::kStore) {
    return parts_.files.Store({.id = task.id, .place = PlaceOf(task), .members = std::move(members)}, watch);
  }
  return parts_.files.Export(
      {.id = task.id, .place = PlaceOf(task), .layer_id = std::move(layer), .format = task.format}, watch);
}

ExportReconciler::Next ExportReconciler::Write(ExportTask task) {
  const absl::Status written = Run(task);
  RETURN_IF_ERROR(Failpoint("export.written"));
  // Stopped, and nobody waits for an answer; or the task was cancelled, which the next reconcile sees.
  if (absl::IsCancelled(written)) return stopping_ ? absl::InfiniteDuration() : absl::ZeroDuration();
  if (absl::IsAborted(written)) return absl::ZeroDuration();
  if (!written.ok() && IsTriedAgain(written, task.progressed, parts_.clock.Now())) return written;
  if (!written.ok()) return Fail(std::move(task), written);
  task.state = ImportState::kCompleted;
  task.status_message.clear();
  task.progress = 100;
  task.ended = parts_.clock.Now();
  const absl::Status committed =
      parts_.database.Write([&](store::Connection& c) { return ExportTaskTable(c).Update(task); });
  if (absl::IsAborted(committed) || absl::IsNotFound(committed)) return absl::ZeroDuration();
  RETURN_IF_ERROR(committed);
  log::Info("export {} of {} is completed: {}/{}", task.id, task.image_id.text(), task.bucket, task.object_key);
  return absl::ZeroDuration();  // what it worked with goes by the next reconcile
}

ExportReconciler::Next ExportReconciler::Fail(ExportTask task, const absl::Status& why) {
  log::Warn("export {} of {} fails: {}", task.id, task.image_id.text(), why.message());
  return steps_.Fail(std::move(task), why);
}

ExportReconciler::Next ExportReconciler::Remove(ExportTask task) {
  RETURN_IF_ERROR(parts_.files.Remove(task.id, PlaceOf(task)));
  RETURN_IF_ERROR(Failpoint("export.removed"));
  log::Info("export {} is deleted: {}", task.id, task.status_message);
  return steps_.End(std::move(task));
}

ExportReconciler::Next ExportReconciler::Keep(const ExportTask& task) {
  RETURN_IF_ERROR(parts_.files.Remove(task.id, PlaceOf(task)));
  return steps_.Keep(task);
}

absl::StatusOr<ImportedImage> ExportReconciler::MakeRoot(Image& image, const std::string& path,
                                                         std::vector<VolumeSnapshot>& snapshots) {
  if (image.import_key_id.empty()) return parts_.disks.ImportPrepared(image.id, path, image.location);
  VolumeSnapshot root = RestoredSnapshot(image, SnapshotOf(image.id));
  ASSIGN_OR_RETURN(const ImportedImage made,
                   parts_.disks.ImportEncrypted(
                       {.id = image.id, .path = path, .location = image.location, .prepared = true, .root = root}));
  root.size_gib = GibOf(made.virtual_size_bytes);
  image.root_snapshot_id = root.id;
  snapshots.push_back(std::move(root));
  return made;
}

absl::Status ExportReconciler::MakeFiles(Image& image, std::vector<VolumeSnapshot>& snapshots) {
  const ImportWatch watch = [&](const ImportProgress&) { return !stopping_; };
  ASSIGN_OR_RETURN(const std::string path, parts_.files.Unpack(image.id.text(), PlaceOf(image), watch));
  RETURN_IF_ERROR(Failpoint("restore.unpacked"));
  const std::vector<ImageDisk>& disks = image.data_disks.disks;
  for (size_t i = 0; i < disks.size(); ++i) {
    if (!disks[i].snapshot_id.has_value()) continue;
    VolumeSnapshot& snapshot =
        snapshots.emplace_back(RestoredSnapshot(image, SnapshotId::FromTrusted(*disks[i].snapshot_id)));
    ASSIGN_OR_RETURN(const ImportedImage made,
                     parts_.disks.ImportSnapshot(snapshot, absl::StrCat(path, "/", DataMember(i))));
    snapshot.size_gib = GibOf(made.virtual_size_bytes);
    if (snapshot.size_gib > disks[i].size_gib.value_or(0)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the disk of ", disks[i].device_name.value_or(""), " is larger than the stored image says"));
    }
  }
  ASSIGN_OR_RETURN(const ImportedImage root, MakeRoot(image, path, snapshots));
  if (root.virtual_size_bytes == 0) return absl::InvalidArgumentError("the stored image has no disk");
  image.disk_file = root.disk_file;
  image.kernel_file = root.kernel_file;
  image.initrd_file = root.initrd_file;
  image.command_line = root.command_line;
  image.virtual_size_bytes = std::max(image.virtual_size_bytes, root.virtual_size_bytes);
  return absl::OkStatus();
}

absl::Status ExportReconciler::RemoveFiles(const Image& image) {
  RETURN_IF_ERROR(parts_.files.Remove(image.id.text(), PlaceOf(image)));
  RETURN_IF_ERROR(parts_.disks.RemoveImage(image.id));
  for (const SnapshotId& snapshot : SnapshotsOf(image)) RETURN_IF_ERROR(parts_.disks.RemoveSnapshot(snapshot));
  return image.import_key_id.empty() ? absl::OkStatus() : parts_.disks.RemoveSnapshot(SnapshotOf(image.id));
}

ExportReconciler::Next ExportReconciler::Restore(const ImageId& id) {
  const absl::StatusOr<Image> found =
      parts_.database.ReadFor([&](store::Connection& c) { return ImageTable(c).Get(id); });
  if (absl::IsNotFound(found.status())) return absl::InfiniteDuration();
  RETURN_IF_ERROR(found.status());
  if (!IsRestored(*found)) return absl::InfiniteDuration();
  Image image = *found;
  std::vector<VolumeSnapshot> snapshots;
  const absl::Status made = MakeFiles(image, snapshots);
  RETURN_IF_ERROR(Failpoint("restore.made"));
  if (absl::IsCancelled(made)) return absl::InfiniteDuration();
  if (!made.ok() && IsTriedAgain(made, image.created, parts_.clock.Now())) return made;
  if (made.ok()) {
    image.state = ImageState::kAvailable;
    image.import_key_id.clear();
  } else {
    RETURN_IF_ERROR(RemoveFiles(*found));
    image = *found;
    snapshots.clear();
    image.state = ImageState::kFailed;
    image.state_reason = {"Client.InvalidImage", ToUtf8(made.message())};
    std::erase_if(image.data_disks.disks, [](const ImageDisk& disk) { return disk.snapshot_id.has_value(); });
    log::Warn("image {} cannot be restored from {}: {}", id.text(), image.location, made.message());
  }
  const absl::Status committed = parts_.database.Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(ImageTable(c).Update(image));
    for (const VolumeSnapshot& snapshot : snapshots) RETURN_IF_ERROR(SnapshotTable(c).Insert(snapshot));
    return absl::OkStatus();
  });
  // It was changed, or deregistered: then nobody else knows of what was made.
  if (absl::IsAborted(committed) || absl::IsNotFound(committed)) {
    const absl::StatusOr<Image> now =
        parts_.database.ReadFor([&](store::Connection& c) { return ImageTable(c).Get(id); });
    if (now.ok() && now->state == ImageState::kPending) return absl::ZeroDuration();
    RETURN_IF_ERROR(RemoveFiles(*found));
    return absl::InfiniteDuration();
  }
  RETURN_IF_ERROR(committed);
  RETURN_IF_ERROR(parts_.files.Remove(id.text(), PlaceOf(image)));
  log::Info("image {} is {}", id.text(), StateName(image.state));
  return absl::InfiniteDuration();
}

}  // namespace brume::storage
