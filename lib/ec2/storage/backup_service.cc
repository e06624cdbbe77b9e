#include "lib/ec2/storage/backup_service.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/connection.h"
#include "lib/store/database_copy.h"
#include "lib/store/open.h"
#include "lib/store/page_check.h"

namespace brume::storage {
namespace {

// Of the snapshots that backups make: a key that nobody else can set.
constexpr char kOwnTag[] = "aws:backup:source-resource", kDescription[] = "brume backup";
constexpr absl::Duration kSnapshotPoll = absl::Milliseconds(50);
// One that cannot be taken is in error after two minutes; a guest's agent may take some seconds of each.
constexpr absl::Duration kSnapshotPatience = absl::Minutes(10);
constexpr absl::Duration kTidyPeriod = absl::Seconds(2);
// Layers go and come between a copy of the database and a look at the files.
constexpr int kMaxCopies = 5;

std::string ReadText(store::Row& row) {
  std::string text;
  row.Read(text);
  return text;
}

// What of the layers the rows of a copied database name, and need.
struct LayersOfRows {
  std::vector<std::string> all, needed;
};
absl::StatusOr<LayersOfRows> ReadLayers(const std::string& path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<store::Connection> c, store::OpenReader(path));
  LayersOfRows layers;
  // The layer of a pending snapshot may still be what a guest writes to.
  ASSIGN_OR_RETURN(layers.all,
                   c->All("SELECT id FROM images UNION SELECT id FROM snapshots WHERE state IN (?, ?)", ReadText,
                          static_cast<int>(SnapshotState::kCompleted), static_cast<int>(SnapshotState::kDeleted)));
  ASSIGN_OR_RETURN(layers.needed,
                   c->All("SELECT layer_id FROM volumes WHERE layer_id <> '' AND state IN (?, ?) UNION "
                          "SELECT layer_id FROM snapshots WHERE state = ? UNION "
                          "SELECT id FROM images WHERE disk_file <> '' AND state = ?",
                          ReadText, static_cast<int>(VolumeState::kInUse), static_cast<int>(VolumeState::kAvailable),
                          static_cast<int>(SnapshotState::kCompleted), static_cast<int>(ImageState::kAvailable)));
  return layers;
}

// Errors of the directory are the caller's.
absl::Status ToBackupCaller(const absl::Status& status) {
  if (absl::IsInvalidArgument(status) || absl::IsNotFound(status)) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The directory cannot be used: ", ToUtf8(status.message())));
  }
  return ec2::Error("OperationNotPermitted", absl::StrCat("The backup cannot be started: ", ToUtf8(status.message())));
}

}  // namespace

absl::string_view StateName(BackupState state) {
  switch (state) {
    case BackupState::kRunning:
      return "running";
    case BackupState::kCompleted:
      return "completed";
    case BackupState::kFailed:
      return "failed";
    case BackupState::kCancelled:
      break;
  }
  return "cancelled";
}

BackupService::BackupService(BackupParts parts) : parts_(std::move(parts)), periodic_([this] { return Work(); }) {}

void BackupService::Start() { periodic_.Start(); }

void BackupService::Stop() {
  Cancel();
  periodic_.Stop();
  MutexLock lock(mutex_);
  waiting_.reset();
}

absl::StatusOr<std::string> BackupService::Begin(const BackupTarget& target) {
  absl::StatusOr<std::unique_ptr<BackupWriter>> writer = parts_.files.Begin(target);
  if (!writer.ok()) return ToBackupCaller(writer.status());
  constexpr int kDigits = 8;
  const absl::Time now = parts_.clock.Now();
  Order order{.about = {.id = NewBackupId(absl::FormatTime("%Y%m%dT%H%M%SZ", now, absl::UTCTimeZone()),
                                          parts_.random.Hex(kDigits)),
                        .created = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone()),
                        .version = parts_.version,
                        .schema = store::NewestSchema()},
              .writer = *std::move(writer)};
  const std::string id = order.about.id;
  {
    MutexLock lock(mutex_);
    cancelled_ = false;
    last_ = BackupView{.id = id, .directory = target.directory, .message = "waiting", .progress = {}};
    waiting_ = std::move(order);
  }
  periodic_.Wake();
  return id;
}

std::optional<BackupView> BackupService::Last() const {
  MutexLock lock(mutex_);
  return last_;
}

void BackupService::Cancel() {
  MutexLock lock(mutex_);
  cancelled_ = true;
}

bool BackupService::GoesOn() const {
  MutexLock lock(mutex_);
  return !cancelled_;
}

void BackupService::Say(const std::string& message) {
  MutexLock lock(mutex_);
  last_->message = message;
}

absl::Duration BackupService::Work() {
  std::optional<Order> order;
  {
    MutexLock lock(mutex_);
    order = std::exchange(waiting_, std::nullopt);
  }
  if (order.has_value()) {
    const absl::Status done = Run(*order);
    order->writer.reset();  // before anybody is told: the directory is free then
    if (!done.ok()) log::Warn("the backup {} ends: {}", order->about.id, done.message());
    if (done.ok()) log::Info("the backup {} is complete", order->about.id);
    MutexLock lock(mutex_);
    last_->message = ToUtf8(done.message());
    last_->state = done.ok()                 ? BackupState::kCompleted
                   : absl::IsCancelled(done) ? BackupState::kCancelled
                                             : BackupState::kFailed;
  }
  const absl::StatusOr<int> left = RemoveOwnSnapshots();
  if (!left.ok()) log::Warn("snapshots of backups cannot be removed yet: {}", left.status().message());
  return left.ok() && *left == 0 ? absl::InfiniteDuration() : kTidyPeriod;
}

absl::Status BackupService::Run(Order& order) {
  RETURN_IF_ERROR(FreezeVolumes());
  RETURN_IF_ERROR(Failpoint("backup.frozen"));
  Say("copying the database");
  RETURN_IF_ERROR(HoldState(*order.writer));
  RETURN_IF_ERROR(Failpoint("backup.held"));
  Say("copying");
  return order.writer->Copy(
      order.about, [this] { return GoesOn(); },
      [this](const BackupProgress& progress) {
        MutexLock lock(mutex_);
        last_->progress = progress;
      });
}

absl::StatusOr<std::vector<SnapshotId>> BackupService::AskForSnapshots() {
  std::vector<SnapshotId> ids;
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    ids.clear();
    ASSIGN_OR_RETURN(std::vector<Volume> volumes, VolumeTable(c).List());
    // What is only being made has nothing yet, and what is being deleted is nobody's.
    std::erase_if(volumes, [](const Volume& volume) {
      return volume.state != VolumeState::kInUse && volume.state != VolumeState::kAvailable;
    });
    ASSIGN_OR_RETURN(const std::vector<VolumeSnapshot> made,
                     AddSnapshots(c, volumes, {kDescription, parts_.clock.Now()}, parts_.random));
    for (const VolumeSnapshot& snapshot : made) {
      RETURN_IF_ERROR(tagging::SetTags(c, snapshot.id.text(), {{kOwnTag, snapshot.volume_id.text()}}));
      ids.push_back(snapshot.id);
    }
    return absl::OkStatus();
  }));
  for (const SnapshotId& id : ids) parts_.wake(id);
  return ids;
}

absl::Status BackupService::WaitFor(const std::vector<SnapshotId>& ids) {
  const absl::Time deadline = absl::Now() + kSnapshotPatience;
  for (const SnapshotId& id : ids) {
    while (true) {
      const absl::StatusOr<VolumeSnapshot> snapshot =
          parts_.database.ReadFor([&](store::Connection& c) { return SnapshotTable(c).Get(id); });
      // Somebody deleted it: it was there, and its layer is.
      if (absl::IsNotFound(snapshot.status())) break;
      RETURN_IF_ERROR(snapshot.status());
      const absl::string_view volume = snapshot->volume_id.text();
      const absl::Status there =
          parts_.database.Read([&](store::Connection& c) { return VolumeTable(c).Get(snapshot->volume_id).status(); });
      // Deleted meanwhile: it is in no backup that is made of the rows of now.
      if (absl::IsNotFound(there)) break;
      RETURN_IF_ERROR(there);
      if (snapshot->state == SnapshotState::kError) {
        return absl::UnavailableError(
            absl::StrCat("the volume ", volume, " cannot be snapshotted: ", snapshot->state_message));
      }
      if (snapshot->state != SnapshotState::kPending) break;
      if (absl::Now() > deadline) {
        return absl::DeadlineExceededError(absl::StrCat("the snapshot of the volume ", volume, " takes too long"));
      }
      if (!GoesOn() || !periodic_.Sleep(kSnapshotPoll)) return absl::CancelledError("cancelled");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int> BackupService::RemoveOwnSnapshots() {
  std::vector<SnapshotId> removed;
  int left = 0;
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    removed.clear();
    left = 0;
    tagging::TagQuery own;
    own.keys = {std::string(kOwnTag)};
    ASSIGN_OR_RETURN(const std::vector<SnapshotId> ids, tagging::TaggedIds<SnapshotId>(c, own));
    for (const SnapshotId& id : ids) {
      const absl::Status gone = RemoveSnapshot(c, id, {parts_.clock.Now(), absl::ZeroDuration()});
      // Pending ones are removed once they are taken, locked ones when the lock is over, one that somebody made an
      // image of with the image.
      if (gone.ok()) {
        removed.push_back(id);
      } else {
        ++left;
      }
    }
    return absl::OkStatus();
  }));
  for (const SnapshotId& id : removed) parts_.wake(id);
  return left;
}

absl::Status BackupService::FreezeVolumes() {
  RETURN_IF_ERROR(RemoveOwnSnapshots().status());
  Say("taking snapshots of the volumes");
  ASSIGN_OR_RETURN(const std::vector<SnapshotId> ids, AskForSnapshots());
  RETURN_IF_ERROR(Failpoint("backup.asked"));
  RETURN_IF_ERROR(WaitFor(ids));
  return RemoveOwnSnapshots().status();
}

absl::Status BackupService::HoldState(BackupWriter& writer) {
  absl::Status held = absl::UnknownError("not tried");
  for (int i = 0; i < kMaxCopies; ++i) {
    ASSIGN_OR_RETURN(const std::string copy, writer.NewDatabase());
    RETURN_IF_ERROR(store::CopyDatabase(parts_.database_path, copy));
    RETURN_IF_ERROR(store::CheckPages(copy, [this] { return !GoesOn(); }));
    ASSIGN_OR_RETURN(const LayersOfRows layers, ReadLayers(copy));
    held = writer.Hold(layers.all, layers.needed);
    if (!absl::IsNotFound(held)) return held;
  }
  return held;
}

}  // namespace brume::storage
