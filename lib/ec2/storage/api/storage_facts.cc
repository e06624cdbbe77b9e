#include "lib/ec2/storage/api/storage_facts.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/api/account_permissions.h"
#include "lib/ec2/storage/model/volume_performance.h"
#include "lib/resource/ids.h"

namespace brume::ec2 {

void AddStorageFacts(gateway::ResourceFacts& facts, storage::ImageService& images, storage::VolumeService& volumes,
                     const Account& account) {
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
  facts.Add(VolumeId::kKind.arn_type, [&volumes](const std::string& name) -> absl::StatusOr<AccessContext> {
    ASSIGN_OR_RETURN(const VolumeId id, VolumeId::Parse(name));
    ASSIGN_OR_RETURN(const std::vector<storage::VolumeView> found, volumes.List({&id, 1}));
    AccessContext known;
    for (const storage::VolumeView& view : found) {
      known = {{"ec2:volumeid", {name}},
               {"ec2:volumesize", {absl::StrCat(view.volume.size_gib)}},
               {"ec2:volumetype", {view.volume.type}},
               {"ec2:encrypted", {view.volume.encrypted ? "true" : "false"}},
               {"ec2:availabilityzone", {view.volume.availability_zone}}};
      if (const auto iops = ShownIops(view.volume)) known["ec2:volumeiops"] = {absl::StrCat(*iops)};
      if (const auto speed = ShownThroughput(view.volume)) known["ec2:volumethroughput"] = {absl::StrCat(*speed)};
    }
    return known;
  });
}

}  // namespace brume::ec2
