#include "lib/ec2/storage/api/storage_facts.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/api/account_permissions.h"
#include "lib/ec2/storage/model/volume_performance.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/ids.h"

namespace brume::ec2 {

namespace {

absl::StatusOr<AccessContext> SnapshotFacts(storage::SnapshotService& snapshots, const Account& account,
                                            const std::string& name) {
  ASSIGN_OR_RETURN(const SnapshotId id, SnapshotId::Parse(name));
  AccessContext facts = {{"ec2:snapshotid", {name}}, {"ec2:owner", {account.id}}};
  const absl::StatusOr<std::vector<storage::SnapshotView>> found = snapshots.List({&id, 1});
  if (!found.ok() && !ec2::HasErrorCode(found.status())) return found.status();
  if (!found.ok()) return facts;  // an image's own, which has no row
  for (const storage::SnapshotView& view : *found) {
    const VolumeSnapshot& snapshot = view.snapshot;
    facts["ec2:volumesize"] = {absl::StrCat(snapshot.size_gib)};
    facts["ec2:encrypted"] = {snapshot.encrypted ? "true" : "false"};
    facts["ec2:snapshottime"] = {gateway::RenderTime(snapshot.started)};
    if (!snapshot.volume_id.empty()) facts["ec2:parentvolume"] = {ArnOf(account, snapshot.volume_id)};
  }
  return facts;
}

}  // namespace

AccessContext FactsOfSnapshotOf(const Volume& volume, const Account& account) {
  return {{"ec2:owner", {account.id}},
          {"ec2:parentvolume", {ArnOf(account, volume.id)}},
          {"ec2:volumesize", {absl::StrCat(volume.size_gib)}},
          {"ec2:encrypted", {volume.encrypted ? "true" : "false"}}};
}

std::vector<AccessContext> FactsOfSnapshotsOf(const std::vector<Volume>& volumes, const Account& account) {
  std::vector<AccessContext> facts;
  facts.reserve(volumes.size());
  for (const Volume& volume : volumes) facts.push_back(FactsOfSnapshotOf(volume, account));
  return facts;
}

void AddStorageFacts(gateway::ResourceFacts& facts, storage::ImageService& images, storage::VolumeService& volumes,
                     storage::SnapshotService& snapshots, const Account& account) {
  facts.Add(SnapshotId::kKind.arn_type,
            [&snapshots, account](const std::string& name) { return SnapshotFacts(snapshots, account, name); });
  facts.Add(ImageId::kKind.arn_type,
            [&images, owner = account.id](const std::string& name) -> absl::StatusOr<AccessContext> {
              ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(name));
              ASSIGN_OR_RETURN(const storage::ImageView view, images.Get(id));
              const auto& accounts = view.image.launchable_by;
              const bool is_public = std::find(accounts.begin(), accounts.end(), kEveryone) != accounts.end();
              return AccessContext{{"ec2:imageid", {name}},
                                   {"ec2:imagetype", {"machine"}},
                                   {"ec2:owner", {owner}},
                                   {"ec2:public", {is_public ? "true" : "false"}},
                                   {"ec2:rootdevicetype", {"ebs"}}};
            });
  facts.Add(VolumeId::kKind.arn_type, [&volumes, account](const std::string& name) -> absl::StatusOr<AccessContext> {
    ASSIGN_OR_RETURN(const VolumeId id, VolumeId::Parse(name));
    ASSIGN_OR_RETURN(const std::vector<storage::VolumeView> found, volumes.List({&id, 1}));
    AccessContext known;
    for (const storage::VolumeView& view : found) {
      known = {{"ec2:volumeid", {name}},
               {"ec2:volumesize", {absl::StrCat(view.volume.size_gib)}},
               {"ec2:volumetype", {std::string(kVolumeTypeNames.Of(view.volume.type))}},
               {"ec2:encrypted", {view.volume.encrypted ? "true" : "false"}},
               {"ec2:availabilityzone", {view.volume.availability_zone}}};
      if (!view.volume.snapshot_id.empty()) known["ec2:parentsnapshot"] = {ArnOf(account, view.volume.snapshot_id)};
      if (view.volume.initialization_rate) {
        known["ec2:volumeinitializationrate"] = {absl::StrCat(*view.volume.initialization_rate)};
      }
      if (const auto iops = ShownIops(view.volume)) known["ec2:volumeiops"] = {absl::StrCat(*iops)};
      if (const auto speed = ShownThroughput(view.volume)) known["ec2:volumethroughput"] = {absl::StrCat(*speed)};
    }
    return known;
  });
}

}  // namespace brume::ec2
