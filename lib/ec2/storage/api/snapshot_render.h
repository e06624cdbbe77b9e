// A snapshot's row in the fields that several answers have of it.
#pragma once

#include <string>

#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/model/snapshot.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// EC2's word for the volume of a snapshot that was not made of one.
inline constexpr char kNoVolume[] = "vol-ffffffff";

inline std::string ShownVolume(const VolumeSnapshot& snapshot) {
  return snapshot.volume_id.empty() ? kNoVolume : snapshot.volume_id.text();
}

// Into a v1::Snapshot, or into an answer that has its fields.
template <typename Message>
void FillSnapshot(const VolumeSnapshot& snapshot, const Settings& settings, Message& message) {
  message.set_snapshot_id(snapshot.id.text());
  message.set_description(snapshot.description);
  message.set_encrypted(snapshot.encrypted);
  if constexpr (requires { message.set_kms_key_id(""); }) {
    if (snapshot.encrypted) message.set_kms_key_id(storage::DefaultKmsKeyArn(settings.account()));
  }
  message.set_owner_id(settings.account_id);
  message.set_progress(snapshot.state == SnapshotState::kCompleted ? "100%" : "0%");
  message.set_start_time(gateway::RenderTime(snapshot.started));
  message.set_state(std::string(StateName(snapshot.state)));
  message.set_volume_id(ShownVolume(snapshot));
  message.set_volume_size(static_cast<int>(snapshot.size_gib));
}

}  // namespace brume::ec2
