#include "lib/ec2/storage/snapshot_taking_service.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/ec2/storage/tables/volume_table.h"

namespace brume::storage {
namespace {

// What fails for want of something that may come back (a full disk, a busy hypervisor) is tried so long.
constexpr absl::Duration kPatience = absl::Minutes(2);

absl::Status Commit(store::Connection& c, Taking& taking) {
  taking.snapshot.state = SnapshotState::kCompleted;
  taking.volume.layer_id = taking.snapshot.layer_id;
  taking.volume.disk_file = TopOver(taking.snapshot.id);
  RETURN_IF_ERROR(VolumeTable(c).Update(taking.volume));
  return SnapshotTable(c).Update(taking.snapshot);
}

// Where a round stands whose taking failed.
enum class Stage {
  kPreparing,
  kRefused,   // all is prepared, and the switch failed without a change
  kSwitched,  // or maybe
};

// Everything up to the commit.
absl::Status Take(const SnapshotTaking& parts, std::vector<Taking>& round, const SwitchTops& switch_tops,
                  Stage& stage) {
  std::vector<NewTop> tops;
  for (Taking& taking : round) {
    taking.snapshot.below = taking.volume.layer_id;
    ASSIGN_OR_RETURN(std::string path, parts.disks.PrepareSnapshot(taking.volume, taking.snapshot));
    tops.push_back({taking.volume, std::move(path), taking.snapshot});
    RETURN_IF_ERROR(Failpoint("snapshot.prepared"));
  }
  const absl::Status done = switch_tops(tops);
  const bool unchanged = !done.ok() && !absl::IsUnavailable(done) && !absl::IsDeadlineExceeded(done);
  stage = unchanged ? Stage::kRefused : Stage::kSwitched;
  RETURN_IF_ERROR(done);
  RETURN_IF_ERROR(Failpoint("snapshot.switched"));
  for (const Taking& taking : round) {
    RETURN_IF_ERROR(parts.disks.FinishSnapshot(taking.volume, taking.snapshot));
    RETURN_IF_ERROR(Failpoint("snapshot.finished"));
  }
  return absl::OkStatus();
}

// The round cannot be taken; its volumes stay as they are.
absl::Status GiveUp(const SnapshotTaking& parts, std::vector<Taking>& round, const absl::Status& why) {
  for (const Taking& taking : round) RETURN_IF_ERROR(parts.disks.AbandonSnapshot(taking.volume, taking.snapshot));
  for (Taking& taking : round) {
    log::Error("snapshot {} of {} cannot be taken: {}", taking.snapshot.id.text(), taking.volume.id.text(),
               why.message());
    taking.snapshot.state = SnapshotState::kError;
    taking.snapshot.state_message = ToUtf8(why.message());
  }
  return parts.database.Write([&](store::Connection& c) -> absl::Status {
    for (Taking& taking : round) RETURN_IF_ERROR(SnapshotTable(c).Update(taking.snapshot));
    return absl::OkStatus();
  });
}

// Whether it is sure that nothing writes to a new top. An earlier life of this process may have switched to tops that
// are all there; where one is missing, none was.
absl::StatusOr<bool> IsUnswitched(const SnapshotTaking& parts, const std::vector<Taking>& round, Stage stage) {
  if (stage != Stage::kPreparing) return stage == Stage::kRefused;
  for (const Taking& taking : round) {
    ASSIGN_OR_RETURN(const bool there, parts.disks.HasTop(taking.volume, taking.snapshot));
    if (!there) return true;
  }
  return false;
}

}  // namespace

std::vector<Taking> OldestOf(const std::vector<VolumeSnapshot>& pending, const std::vector<Volume>& volumes) {
  std::vector<Taking> round;
  for (const VolumeSnapshot& snapshot : pending) {
    if (snapshot.started != pending.front().started) continue;
    const auto volume =
        std::find_if(volumes.begin(), volumes.end(), [&](const Volume& each) { return each.id == snapshot.volume_id; });
    const bool taken = std::any_of(round.begin(), round.end(), [&](const Taking& taking) {
      return taking.snapshot.volume_id == snapshot.volume_id;
    });
    if (volume != volumes.end() && !taken) round.push_back({snapshot, *volume});
  }
  return round;
}

absl::StatusOr<bool> TakeSnapshots(const SnapshotTaking& parts, const std::vector<Volume>& volumes,
                                   const SwitchTops& switch_tops, const WithCommit& with_commit) {
  std::vector<VolumeId> ids;
  for (const Volume& volume : volumes) ids.push_back(volume.id);
  ASSIGN_OR_RETURN(const std::vector<VolumeSnapshot> pending,
                   parts.database.ReadFor([&](store::Connection& c) { return SnapshotTable(c).ListPending(ids); }));
  std::vector<Taking> round = OldestOf(pending, volumes);
  if (round.empty()) return false;
  Stage stage = Stage::kPreparing;
  if (const absl::Status taken = Take(parts, round, switch_tops, stage); !taken.ok()) {
    const bool late = parts.clock.Now() >= round.front().snapshot.started + kPatience;
    if (!late && !absl::IsDataLoss(taken)) return taken;
    ASSIGN_OR_RETURN(const bool unswitched, IsUnswitched(parts, round, stage));
    if (!unswitched) return taken;
    RETURN_IF_ERROR(GiveUp(parts, round, taken));
    return true;
  }
  RETURN_IF_ERROR(parts.database.Write([&](store::Connection& c) -> absl::Status {
    for (Taking& taking : round) RETURN_IF_ERROR(Commit(c, taking));
    return with_commit ? with_commit(c, round) : absl::OkStatus();
  }));
  for (const Taking& taking : round) {
    log::Info("snapshot {} of {} is completed", taking.snapshot.id.text(), taking.volume.id.text());
  }
  return true;
}

}  // namespace brume::storage
