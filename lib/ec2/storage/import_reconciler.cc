#include "lib/ec2/storage/import_reconciler.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/import_task_table.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/ec2/tagging/tag_service.h"

namespace brume::storage {
namespace {

absl::StatusOr<ImportOrder> OrderOf(const ImportTask& task, const Catalogue& catalogue) {
  ImportOrder order{.id = task.id, .source = {}, .format = task.format};
  ASSIGN_OR_RETURN(order.source, ParseImportSource(task.url));
  if (task.catalogue_name.empty()) return order;
  const CatalogueEntry* const entry = catalogue.Find(task.catalogue_name);
  if (entry == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("the catalogue has no entry ", task.catalogue_name, " any more"));
  }
  ASSIGN_OR_RETURN(order.source, SourceOf(*entry));
  return order;
}

Image ImageOf(const ImportTask& task, const ImportedImage& imported, const std::string& location) {
  Image image;
  image.id = task.image_id;
  image.name = task.image_name;
  image.description = task.description;
  image.location = location;
  image.created = task.created;
  image.root_device_name = task.device_name;
  image.boot_mode = task.boot_mode.value_or(BootMode::kBios);
  image.state = ImageState::kAvailable;
  image.disk_file = imported.disk_file;
  image.virtual_size_bytes = imported.virtual_size_bytes;
  image.catalogue_name = task.catalogue_name;
  return image;
}

VolumeSnapshot SnapshotRowOf(const ImportTask& task, const ImportedImage& imported) {
  VolumeSnapshot snapshot;
  snapshot.id = task.snapshot_id;
  snapshot.description =
      task.description.empty() ? absl::StrCat("Created by ImportSnapshot for ", task.id) : task.description;
  snapshot.state = SnapshotState::kCompleted;
  snapshot.started = task.created;
  snapshot.size_gib = GibOf(imported.virtual_size_bytes);
  snapshot.layer_id = snapshot.id.text();
  snapshot.encrypted = !task.data_key_id.empty();
  snapshot.data_key_id = task.data_key_id;
  return snapshot;
}

// The root snapshot of an image that is encrypted: only what is not encrypted can be an image's own file.
VolumeSnapshot RootSnapshotOf(const ImportTask& task, const ImportedImage& imported) {
  VolumeSnapshot snapshot = SnapshotRowOf(task, imported);
  snapshot.id = SnapshotOf(task.image_id);
  snapshot.layer_id = snapshot.id.text();
  snapshot.description = absl::StrCat("Created by ImportImage for ", task.image_id.text());
  return snapshot;
}

// What the catalogue knows of it besides.
void AddCatalogueFacts(const CatalogueEntry& entry, Image& image) {
  image.owner_alias = entry.owner_alias;
  image.virtual_size_bytes = std::max(image.virtual_size_bytes, entry.min_size_gib << 30);
}

}  // namespace

ImportReconciler::ImportReconciler(const ImportReconcilerParts& parts)
    : parts_(parts),
      steps_(parts.database, parts.clock),
      loop_({.name = "import", .threads = 2}, [this](const Key& key) { return Reconcile(key); }) {}

void ImportReconciler::Start() {
  loop_.Start();
  loop_.Wake(Sweep());
}

void ImportReconciler::Stop() {
  stopping_ = true;
  loop_.Stop();
}

void ImportReconciler::Wake(const std::string& id) { loop_.Wake(id); }

absl::StatusOr<absl::Duration> ImportReconciler::Reconcile(const Key& key) {
  const std::string* const id = std::get_if<std::string>(&key);
  return id != nullptr ? ReconcileTask(*id) : SweepAll();
}

absl::StatusOr<absl::Duration> ImportReconciler::SweepAll() {
  ASSIGN_OR_RETURN(const std::vector<ImportTask> tasks,
                   parts_.database.ReadFor([](store::Connection& c) { return ImportTaskTable(c).List(); }));
  for (const ImportTask& task : tasks) Wake(task.id);
  return absl::InfiniteDuration();
}

absl::StatusOr<absl::Duration> ImportReconciler::ReconcileTask(const std::string& id) {
  absl::StatusOr<ImportTask> task =
      parts_.database.ReadFor([&](store::Connection& c) { return ImportTaskTable(c).Get(id); });
  if (absl::IsNotFound(task.status())) return absl::InfiniteDuration();
  RETURN_IF_ERROR(task.status());
  switch (task->state) {
    case ImportState::kActive:
      return Import(*std::move(task));
    case ImportState::kDeleting:
      return Remove(*std::move(task));
    case ImportState::kCompleted:
    case ImportState::kDeleted:
      return Keep(*task);
  }
  return absl::InfiniteDuration();
}

bool ImportReconciler::Note(ImportTask& task, const ImportProgress& progress, absl::Time& noted) {
  return !stopping_ && steps_.Note(task, progress, noted);
}

absl::StatusOr<ImportedImage> ImportReconciler::Run(ImportTask& task) {
  ASSIGN_OR_RETURN(const ImportOrder order, OrderOf(task, parts_.catalogue));
  absl::Time noted = absl::InfinitePast();
  ASSIGN_OR_RETURN(const PreparedDisk prepared,
                   parts_.files.Prepare(order, [&](const ImportProgress& p) { return Note(task, p, noted); }));
  RETURN_IF_ERROR(Failpoint("import.prepared"));
  task.format = prepared.format;
  task.size_bytes = prepared.size_bytes;
  noted = absl::InfinitePast();
  const bool image = task.kind() == ImportKind::kImage;
  if (!Note(task, {.message = image ? "preparing ami" : "preparing snapshot", .percent = 95}, noted)) {
    return absl::CancelledError("ended");
  }
  return MakeLayer(task, prepared);
}

absl::StatusOr<ImportedImage> ImportReconciler::MakeLayer(const ImportTask& task, const PreparedDisk& prepared) {
  if (task.kind() == ImportKind::kImage) {
    if (!task.data_key_id.empty()) {
      return parts_.disks.ImportEncrypted({.id = task.image_id,
                                           .path = prepared.path,
                                           .location = task.url,
                                           .prepared = true,
                                           .root = RootSnapshotOf(task, {})});
    }
    return parts_.disks.ImportPrepared(task.image_id, prepared.path, task.url);
  }
  return parts_.disks.ImportSnapshot(SnapshotRowOf(task, {}), prepared.path);
}

absl::StatusOr<absl::Duration> ImportReconciler::Import(ImportTask task) {
  const absl::StatusOr<ImportedImage> imported = Run(task);
  RETURN_IF_ERROR(Failpoint("import.imported"));
  if (imported.ok()) return Complete(std::move(task), *imported);
  const absl::Status& why = imported.status();
  // Stopped, and nobody waits for an answer; or the task was cancelled, which the next reconcile sees.
  if (absl::IsCancelled(why)) return stopping_ ? absl::InfiniteDuration() : absl::ZeroDuration();
  if (absl::IsAborted(why)) return absl::ZeroDuration();
  if (IsTriedAgain(why, task.progressed, parts_.clock.Now())) return why;
  return Fail(std::move(task), why);
}

absl::StatusOr<absl::Duration> ImportReconciler::Complete(ImportTask task, const ImportedImage& imported) {
  task.state = ImportState::kCompleted;
  task.status_message.clear();
  task.progress = 100;
  task.ended = parts_.clock.Now();
  const absl::Status written = parts_.database.Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(ImportTaskTable(c).Update(task));
    if (task.kind() == ImportKind::kSnapshot) return SnapshotTable(c).Insert(SnapshotRowOf(task, imported));
    return InsertImage(c, task, imported);
  });
  if (absl::IsAborted(written) || absl::IsNotFound(written)) return absl::ZeroDuration();
  // Somebody gave another image the task's name meanwhile.
  if (absl::IsAlreadyExists(written)) return Fail(std::move(task), written);
  RETURN_IF_ERROR(written);
  log::Info("import {} is completed: {}{}", task.id, task.image_id.text(), task.snapshot_id.text());
  return absl::ZeroDuration();  // what was fetched goes by the next reconcile
}

absl::Status ImportReconciler::InsertImage(store::Connection& c, const ImportTask& task,
                                           const ImportedImage& imported) {
  ASSIGN_OR_RETURN(const ImportOrder order, OrderOf(task, parts_.catalogue));
  Image image = ImageOf(task, imported, order.source.location);
  TagMap tags;
  if (const CatalogueEntry* const entry = parts_.catalogue.Find(task.catalogue_name); entry != nullptr) {
    AddCatalogueFacts(*entry, image);
    if (!entry->default_user.empty()) tags["brume:default-user"] = entry->default_user;
  }
  if (!task.data_key_id.empty()) {
    image.root_snapshot_id = SnapshotOf(task.image_id);
    RETURN_IF_ERROR(SnapshotTable(c).Insert(RootSnapshotOf(task, imported)));
  }
  RETURN_IF_ERROR(ImageTable(c).Insert(image));
  return tagging::SetTags(c, image.id.text(), tags);
}

absl::StatusOr<absl::Duration> ImportReconciler::Fail(ImportTask task, const absl::Status& why) {
  log::Warn("import {} from {} fails: {}", task.id, task.url, why.message());
  return steps_.Fail(std::move(task), why);
}

absl::StatusOr<absl::Duration> ImportReconciler::Remove(ImportTask task) {
  RETURN_IF_ERROR(parts_.files.Remove(task.id));
  RETURN_IF_ERROR(Failpoint("import.removed"));
  if (task.kind() == ImportKind::kImage) RETURN_IF_ERROR(parts_.disks.RemoveImage(task.image_id));
  const bool of_image = task.kind() == ImportKind::kImage;
  RETURN_IF_ERROR(parts_.disks.RemoveSnapshot(of_image ? SnapshotOf(task.image_id) : task.snapshot_id));
  log::Info("import {} is deleted: {}", task.id, task.status_message);
  return steps_.End(std::move(task));
}

absl::StatusOr<absl::Duration> ImportReconciler::Keep(const ImportTask& task) {
  RETURN_IF_ERROR(parts_.files.Remove(task.id));
  return steps_.Keep(task);
}

}  // namespace brume::storage
