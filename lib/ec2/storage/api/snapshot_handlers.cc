#include "brume/ec2/v1/snapshot.pb.h"
#include "lib/api/handlers.h"
#include "lib/gateway/filter_values.h"
#include "lib/gateway/listing.h"
#include "lib/resource/ids.h"

namespace brume::ec2 {
namespace {

constexpr char kService[] = "brume.ec2.v1.Snapshots";

// No call makes a snapshot, so each that is named is one that is not there.
absl::StatusOr<v1::DescribeSnapshotsResponse> Describe(const v1::DescribeSnapshotsRequest& request) {
  static const gateway::FilterTable<v1::Snapshot> filters(
      gateway::ValuesOfNone<v1::Snapshot>({"description", "encrypted", "owner-alias", "owner-id", "progress",
                                           "snapshot-id", "start-time", "status", "storage-tier", "volume-id",
                                           "volume-size"}),
      [](const v1::Snapshot&) { return TagMap(); });
  RETURN_IF_ERROR(gateway::CheckPaging(request, !request.snapshot_ids().empty(), "snapshotId"));
  RETURN_IF_ERROR(gateway::CheckIds<SnapshotId>(request.snapshot_ids()));
  std::vector<v1::Snapshot> snapshots;
  const auto key = [](const v1::Snapshot& snapshot) { return snapshot.snapshot_id(); };
  RETURN_IF_ERROR(gateway::Select<SnapshotId>(request.snapshot_ids(), snapshots, key));
  v1::DescribeSnapshotsResponse response;
  RETURN_IF_ERROR(gateway::FilteredPage("snapshots", std::move(snapshots), filters, request, response, key).status());
  return response;
}

}  // namespace

void AddSnapshotHandlers(gateway::Dispatcher& dispatcher, const api::Services&) {
  dispatcher.Handle<v1::DescribeSnapshotsRequest, v1::DescribeSnapshotsResponse>(
      kService, "DescribeSnapshots",
      [](const v1::DescribeSnapshotsRequest& request, const Caller&) { return Describe(request); });
}

}  // namespace brume::ec2
