// Real disks with snapshots of them.
#pragma once

#include <filesystem>
#include <string>

#include "absl/strings/str_format.h"
#include "lib/ec2/storage/model/snapshot.h"
#include "tests/ec2/storage/disks_fixture.h"

namespace brume::storage {

namespace fs = std::filesystem;

inline SnapshotId Nth(int n) { return SnapshotId::FromTrusted(absl::StrFormat("snap-%017d", n)); }

inline VolumeSnapshot Of(const Volume& volume, int n) {
  VolumeSnapshot snapshot;
  snapshot.id = Nth(n);
  snapshot.volume_id = volume.id;
  snapshot.layer_id = snapshot.id.text();
  snapshot.below = volume.layer_id;
  snapshot.size_gib = volume.size_gib;
  snapshot.started = absl::FromUnixSeconds(1767225600);
  return snapshot;
}

inline std::string Write(Disks& disks, const Volume& volume, const std::string& byte, const std::string& place) {
  std::string disk = Value(disks.EnsureVolume(volume));
  Run({"qemu-io", "-f", "qcow2", "-c", "write -q -P " + byte + " " + place, disk});
  return disk;
}

// All three steps on a volume that nobody writes to; the volume as it is afterwards.
inline Volume Take(Disks& disks, Volume volume, int n) {
  const VolumeSnapshot snapshot = Of(volume, n);
  REQUIRE_OK(disks.PrepareSnapshot(volume, snapshot).status());
  REQUIRE_OK(disks.FinishSnapshot(volume, snapshot));
  volume.layer_id = snapshot.id.text();
  volume.disk_file = TopOver(snapshot.id);
  volume.state = VolumeState::kAvailable;
  return volume;
}

struct Imported : State {
  Imported() {
    MakeQcow2(InImport("image.qcow2"));
    REQUIRE_OK(disks->Import(kImage, InImport("image.qcow2")).status());
  }
};

}  // namespace brume::storage
