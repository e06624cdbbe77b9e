#include "brume/v1/snapshot.pb.h"
#include "lib/api/describe.h"
#include "lib/api/filter_values.h"
#include "lib/api/handlers.h"
#include "lib/domain/ids.h"

namespace brume::api {
namespace {

constexpr char kService[] = "brume.v1.Snapshots";

// No call makes a snapshot, so each that is named is one that is not there.
absl::StatusOr<v1::DescribeSnapshotsResponse> Describe(const v1::DescribeSnapshotsRequest& request) {
  static const FilterTable<v1::Snapshot> filters(
      ValuesOfNone<v1::Snapshot>({"description", "encrypted", "owner-alias", "owner-id", "progress", "snapshot-id",
                                  "start-time", "status", "storage-tier", "volume-id", "volume-size"}),
      [](const v1::Snapshot&) { return TagMap(); });
  RETURN_IF_ERROR(CheckPaging(request, !request.snapshot_ids().empty(), "snapshotId"));
  RETURN_IF_ERROR(CheckIds<SnapshotId>(request.snapshot_ids()));
  std::vector<v1::Snapshot> snapshots;
  const auto key = [](const v1::Snapshot& snapshot) { return snapshot.snapshot_id(); };
  RETURN_IF_ERROR(Select<SnapshotId>(request.snapshot_ids(), snapshots, key));
  v1::DescribeSnapshotsResponse response;
  RETURN_IF_ERROR(FilteredPage("snapshots", std::move(snapshots), filters, request, response, key).status());
  return response;
}

}  // namespace

void AddSnapshotHandlers(Dispatcher& dispatcher, const Services&) {
  dispatcher.Handle<v1::DescribeSnapshotsRequest, v1::DescribeSnapshotsResponse>(
      kService, "DescribeSnapshots",
      [](const v1::DescribeSnapshotsRequest& request, const Caller&) { return Describe(request); });
}

}  // namespace brume::api
