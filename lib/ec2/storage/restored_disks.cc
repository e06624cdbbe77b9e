#include "lib/ec2/storage/restored_disks.h"

#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/store/connection.h"

namespace brume::storage {

absl::Status MakeTops(store::Database& database, Disks& disks) {
  ASSIGN_OR_RETURN(const std::vector<Volume> volumes,
                   database.ReadFor([](store::Connection& c) { return VolumeTable(c).List(); }));
  for (Volume volume : volumes) {
    if (volume.state != VolumeState::kInUse && volume.state != VolumeState::kAvailable) continue;
    volume.state = VolumeState::kCreating;  // nothing is lost: it is made for the first time here
    RETURN_IF_ERROR(disks.EnsureVolume(volume).status());
  }
  return database.Write([](store::Connection& c) {
    return c.Run(
        "INSERT INTO storage_changes SELECT id, 1 FROM (SELECT id FROM images UNION SELECT id FROM snapshots UNION "
        "SELECT id FROM volumes) WHERE true ON CONFLICT DO UPDATE SET change = change + 1");
  });
}

}  // namespace brume::storage
