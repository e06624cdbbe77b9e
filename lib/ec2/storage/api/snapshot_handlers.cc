#include "lib/ec2/storage/api/snapshot_handlers.h"

#include "brume/ec2/v1/snapshot.pb.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/listing.h"
#include "lib/resource/ids.h"

namespace brume::ec2 {
namespace {

// No call makes a snapshot, so each that is named is one that is not there.
absl::StatusOr<v1::DescribeSnapshotsResponse> DescribeSnapshots(const v1::DescribeSnapshotsRequest& request) {
  static const gateway::Listing<v1::Snapshot, v1::DescribeSnapshotsResponse> listing = {
      "snapshots", &v1::Snapshot::snapshot_id, &v1::DescribeSnapshotsResponse::mutable_snapshots};
  const auto& ids = request.snapshot_ids();
  RETURN_IF_ERROR(gateway::NamedIds<SnapshotId>(request, ids, "snapshotId").status());
  return gateway::AnswerNamed<SnapshotId>(listing, request, ids, {});
}

}  // namespace

void AddSnapshotActions(gateway::Actions& actions) { actions.Add(DescribeSnapshots); }

}  // namespace brume::ec2
