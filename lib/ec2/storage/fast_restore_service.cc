#include "lib/ec2/storage/fast_restore_service.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

const auto& FastRestores() {
  using F = FastRestore;
  static const auto table = store::DescribeTable<F>(
      "fast_snapshot_restores", "fast snapshot restore", store::Key("snapshot_id", &F::snapshot_id),
      store::Key("availability_zone", &F::availability_zone), store::Fixed("enabled", &F::enabled));
  return table;
}

absl::StatusOr<std::optional<FastRestore>> FindRestore(store::Connection& c, const SnapshotId& id,
                                                       const std::string& zone) {
  return FastRestores().First(c, "fast_snapshot_restores WHERE snapshot_id = ? AND availability_zone = ?", id, zone);
}

absl::StatusOr<FastRestore> EnableOne(store::Connection& c, const FastRestore& wanted) {
  RETURN_IF_ERROR(FindSource(c, wanted.snapshot_id).status());
  ASSIGN_OR_RETURN(const std::optional<FastRestore> before,
                   FindRestore(c, wanted.snapshot_id, wanted.availability_zone));
  if (before.has_value()) return *before;
  RETURN_IF_ERROR(FastRestores().Insert(c, wanted));
  return wanted;
}

absl::StatusOr<FastRestore> DisableOne(store::Connection& c, const FastRestore& wanted) {
  RETURN_IF_ERROR(CheckSnapshot(c, wanted.snapshot_id));
  ASSIGN_OR_RETURN(const std::optional<FastRestore> before,
                   FindRestore(c, wanted.snapshot_id, wanted.availability_zone));
  if (!before.has_value()) {
    return ec2::Error("IncorrectState", absl::StrCat("Fast snapshot restore is not enabled for '",
                                                     wanted.snapshot_id.text(), "' in ", wanted.availability_zone));
  }
  RETURN_IF_ERROR(c.Run("DELETE FROM fast_snapshot_restores WHERE snapshot_id = ? AND availability_zone = ?",
                        wanted.snapshot_id, wanted.availability_zone));
  return *before;
}

// Of each pair once; what is no error of EC2's ends it.
template <typename One>
absl::StatusOr<FastRestoreChange> OfEach(store::Connection& c, const FastRestoreRequest& request, absl::Time now,
                                         const One& one) {
  FastRestoreChange change;
  for (const SnapshotId& id : request.snapshots) {
    for (const std::string& zone : request.zones) {
      absl::StatusOr<FastRestore> done = one(c, {.snapshot_id = id, .availability_zone = zone, .enabled = now});
      if (done.ok()) {
        change.done.push_back(*std::move(done));
        continue;
      }
      if (!ec2::HasErrorCode(done.status())) return done.status();
      change.failed.push_back({id, zone, done.status()});
    }
  }
  return change;
}

}  // namespace

store::TableDescription FastRestoreService::Describe() { return FastRestores().Describe(); }

absl::StatusOr<FastRestoreChange> FastRestoreService::Enable(const FastRestoreRequest& request) {
  return database_.WriteFor([&](store::Connection& c) { return OfEach(c, request, clock_.Now(), EnableOne); });
}

absl::StatusOr<FastRestoreChange> FastRestoreService::Disable(const FastRestoreRequest& request) {
  return database_.WriteFor([&](store::Connection& c) { return OfEach(c, request, clock_.Now(), DisableOne); });
}

absl::StatusOr<std::vector<FastRestore>> FastRestoreService::List() {
  return database_.ReadFor([](store::Connection& c) {
    return FastRestores().Select(c, "fast_snapshot_restores ORDER BY snapshot_id, availability_zone");
  });
}

absl::Status DropFastRestores(store::Connection& c, const SnapshotId& id) {
  return c.Run("DELETE FROM fast_snapshot_restores WHERE snapshot_id = ?", id);
}

}  // namespace brume::storage
