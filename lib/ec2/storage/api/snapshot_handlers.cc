#include "lib/ec2/storage/api/snapshot_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/snapshot.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ids.h"

namespace brume::ec2 {
namespace {

// EC2's word for the volume of a snapshot that was not made of one.
constexpr char kNoVolume[] = "vol-ffffffff";

v1::Snapshot Render(const Image& image, const Settings& settings) {
  v1::Snapshot snapshot;
  snapshot.set_snapshot_id(SnapshotOf(image.id).text());
  snapshot.set_description(absl::StrCat("Created by RegisterImage for ", image.id.text()));
  snapshot.set_encrypted(false);
  snapshot.set_owner_id(settings.account_id);
  snapshot.set_progress("100%");
  snapshot.set_start_time(gateway::RenderTime(image.created));
  snapshot.set_state("completed");
  snapshot.set_storage_tier("standard");
  snapshot.set_volume_id(kNoVolume);
  snapshot.set_volume_size(static_cast<int>(RootSizeGib(image)));
  return snapshot;
}

// Whether `accounts` name the one account there is; all do where none is named.
bool Named(const gateway::Names& accounts, const Settings& settings) {
  return accounts.empty() || std::any_of(accounts.begin(), accounts.end(), [&](const std::string& account) {
           return account == "self" || account == settings.account_id;
         });
}

// No call makes a snapshot: there are those that lie under images.
absl::StatusOr<v1::DescribeSnapshotsResponse> DescribeSnapshots(const v1::DescribeSnapshotsRequest& request,
                                                                storage::ImageService& images,
                                                                const Settings& settings) {
  static const gateway::Listing<v1::Snapshot, v1::DescribeSnapshotsResponse> listing = {
      "snapshots", &v1::Snapshot::snapshot_id, &v1::DescribeSnapshotsResponse::mutable_snapshots};
  const auto& ids = request.snapshot_ids();
  RETURN_IF_ERROR(gateway::NamedIds<SnapshotId>(request, ids, "snapshotId").status());
  ASSIGN_OR_RETURN(const std::vector<storage::ImageView> views, images.List());
  ASSIGN_OR_RETURN(const auto tags, images.SnapshotTags(views));
  std::vector<v1::Snapshot> snapshots;
  for (const storage::ImageView& view : views) {
    if (view.image.state != ImageState::kAvailable || view.image.disk_file.empty()) continue;
    v1::Snapshot& snapshot = snapshots.emplace_back(Render(view.image, settings));
    if (const auto own = tags.find(snapshot.snapshot_id()); own != tags.end()) {
      *snapshot.mutable_tags() = RenderTags(own->second);
    }
  }
  RETURN_IF_ERROR(
      gateway::Select<SnapshotId>(ids, snapshots, [](const v1::Snapshot& snapshot) { return snapshot.snapshot_id(); }));
  if (!Named(request.owner_ids(), settings) || !Named(request.restorable_by_user_ids(), settings)) snapshots.clear();
  return gateway::Answer(listing, request, std::move(snapshots));
}

}  // namespace

void AddSnapshotActions(gateway::Actions& actions, storage::ImageService& images, const Settings& settings) {
  actions.Add(DescribeSnapshots, images, settings);
}

}  // namespace brume::ec2
