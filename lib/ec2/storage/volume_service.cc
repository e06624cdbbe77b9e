#include "lib/ec2/storage/volume_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/model/volume_performance.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::storage {

absl::StatusOr<std::vector<VolumeView>> VolumeService::List(absl::Span<const VolumeId> ids) {
  return parts_.database.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<VolumeView>> {
    VolumeTable volumes(connection);
    ASSIGN_OR_RETURN(std::vector<Volume> rows,
                     tagging::ChooseRows<VolumeId>(
                         connection, ids, std::nullopt, [&](const VolumeId& id) { return volumes.Get(id); },
                         [&] { return volumes.List(); }));
    return tagging::WithTags(connection, std::move(rows), &VolumeView::volume);
  });
}

absl::StatusOr<std::vector<Volume>> VolumeService::ListOf(const InstanceId& instance) {
  return parts_.database.ReadFor([&](store::Connection& connection) {
    return VolumeTable(connection).ListOf({&instance, 1});
  });
}

absl::StatusOr<std::vector<VolumeView>> VolumeService::ListPage(const ListQuery& query) {
  return parts_.database.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<VolumeView>> {
    ASSIGN_OR_RETURN(std::vector<Volume> rows, VolumeTable(connection).ListPage(query));
    return tagging::WithTags(connection, std::move(rows), &VolumeView::volume);
  });
}

// What the call asks for as a row, or why it cannot be.
absl::StatusOr<Volume> VolumeService::Plan(store::Connection& connection, const NewVolume& wanted) {
  const std::vector<std::string>& zones = parts_.settings.zones;
  if (std::find(zones.begin(), zones.end(), wanted.availability_zone) == zones.end()) {
    return ec2::Error("InvalidZone.NotFound", absl::StrCat("The zone '", wanted.availability_zone,
                                                           "' does not exist. There are ", absl::StrJoin(zones, ", ")));
  }
  if (!wanted.snapshot_id && !wanted.size_gib) {
    return ec2::Error("MissingParameter", "The request must contain the parameter size or snapshotId");
  }
  Volume volume;
  SnapshotSource layer;
  if (wanted.snapshot_id) {
    ASSIGN_OR_RETURN(layer, FindSource(connection, *wanted.snapshot_id));
    volume.snapshot_id = *wanted.snapshot_id;
    volume.layer_id = layer.layer_id;
  }
  ASSIGN_OR_RETURN(volume.encrypted, WillEncrypt(connection, wanted.encrypted, layer));
  if (volume.encrypted) volume.data_key_id = DataKeyOf(layer, parts_.random);
  volume.size_gib = wanted.size_gib.value_or(layer.size_gib);
  if (volume.size_gib < layer.size_gib) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The volume size of ", volume.size_gib, " GiB is below that of the snapshot '",
                                   volume.snapshot_id.text(), "', ", layer.size_gib, " GiB"));
  }
  RETURN_IF_ERROR(CheckSize(wanted.type, volume.size_gib));
  RETURN_IF_ERROR(CheckPerformance(
      {.type = wanted.type, .size_gib = volume.size_gib, .iops = wanted.iops, .throughput = wanted.throughput}));
  RETURN_IF_ERROR(CheckInitializationRate(wanted.initialization_rate, wanted.snapshot_id.has_value()));
  volume.id = VolumeId::New(parts_.random);
  volume.initialization_rate = wanted.initialization_rate;
  volume.type = wanted.type;
  volume.iops = wanted.iops;
  volume.throughput = wanted.throughput;
  volume.availability_zone = wanted.availability_zone;
  volume.created = parts_.clock.Now();
  volume.delete_on_termination = false;
  volume.client_token = wanted.client_token;
  volume.parameters_digest = wanted.parameters_digest;
  return volume;
}

absl::StatusOr<VolumeView> VolumeService::Create(const NewVolume& wanted) {
  RETURN_IF_ERROR(CheckTags(wanted.tags));
  VolumeView view;
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& connection) -> absl::Status {
    VolumeTable volumes(connection);
    ASSIGN_OR_RETURN(const std::optional<Volume> before, volumes.FindByToken(wanted.client_token));
    if (before.has_value() && before->parameters_digest != wanted.parameters_digest) {
      return ec2::Error("IdempotentParameterMismatch", absl::StrCat("The client token '", wanted.client_token,
                                                                    "' was used before with other parameters"));
    }
    if (before.has_value()) {
      view.volume = *before;
      ASSIGN_OR_RETURN(view.tags, tagging::GetTags(connection, before->id.text()));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(view.volume, Plan(connection, wanted));
    view.tags = wanted.tags;
    RETURN_IF_ERROR(AddVolume(connection, view.volume, view.tags));
    return CheckSumOfSizes(connection, parts_.settings);
  }));
  parts_.wake_volume(view.volume.id);
  return view;
}

absl::Status VolumeService::Delete(const VolumeId& id) {
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& connection) -> absl::Status {
    VolumeTable volumes(connection);
    ASSIGN_OR_RETURN(Volume volume, volumes.Get(id));
    if (!volume.instance_id.empty()) {
      return ec2::Error("VolumeInUse", absl::StrCat("Volume ", id.text(), " is currently attached to ",
                                                    volume.instance_id.text(), "; detach it first"));
    }
    if (volume.state == VolumeState::kDeleting) return id.NotFound();
    if (volume.state == VolumeState::kCreating) {
      return ec2::Error("IncorrectState",
                        absl::StrCat("Volume '", id.text(), "' is still being created; wait until it is available"));
    }
    volume.state = VolumeState::kDeleting;
    return volumes.Update(volume);
  }));
  parts_.wake_volume(id);
  return absl::OkStatus();
}

absl::Status VolumeService::SetAutoEnableIo(const VolumeId& id, bool enabled) {
  return parts_.database.Write([&](store::Connection& connection) -> absl::Status {
    VolumeTable volumes(connection);
    ASSIGN_OR_RETURN(Volume volume, volumes.Get(id));
    volume.auto_enable_io = enabled;
    return volumes.Update(volume);
  });
}

absl::Status AddVolume(store::Connection& connection, const Volume& volume, const TagMap& tags) {
  RETURN_IF_ERROR(VolumeTable(connection).Insert(volume));
  return tagging::SetTags(connection, volume.id.text(), tags);
}

absl::StatusOr<int64_t> SumOfSizes(store::Connection& connection) { return VolumeTable(connection).SumOfSizes(); }

absl::Status CheckSumOfSizes(store::Connection& connection, const Settings& settings) {
  if (settings.max_volumes_gib == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int64_t sum, SumOfSizes(connection));
  if (sum <= settings.max_volumes_gib) return absl::OkStatus();
  return ec2::Error("VolumeLimitExceeded",
                    absl::StrCat("You have exceeded your maximum storage limit of ", settings.max_volumes_gib,
                                 " GiB: all volumes together would have ", sum,
                                 " GiB. Delete some, or have storage.max_overcommit raised."));
}

absl::Status UpdateVolume(store::Connection& connection, Volume& volume) {
  return VolumeTable(connection).Update(volume);
}

absl::Status RemoveVolume(store::Connection& connection, const VolumeId& id) {
  RETURN_IF_ERROR(tagging::DeleteTags(connection, id.text()));
  return VolumeTable(connection).Delete(id);
}

absl::StatusOr<Volume> GetVolume(store::Connection& connection, const VolumeId& id) {
  return VolumeTable(connection).Get(id);
}

absl::StatusOr<std::vector<Volume>> ListVolumes(store::Connection& connection) {
  return VolumeTable(connection).List();
}

absl::StatusOr<std::vector<InstanceId>> ListInstancesWithVolumeWork(store::Connection& connection) {
  return VolumeTable(connection).ListInstancesInWork();
}

absl::StatusOr<std::vector<Volume>> ListVolumesOf(store::Connection& connection,
                                                  absl::Span<const InstanceId> instances) {
  return VolumeTable(connection).ListOf(instances);
}

}  // namespace brume::storage
