#include "lib/ec2/storage/volume_service.h"

#include <string>
#include <utility>

#include "lib/base/status_macros.h"
#include "lib/ec2/storage/volume_table.h"
#include "lib/ec2/tagging/tag_service.h"

namespace brume::storage {
namespace {

absl::StatusOr<std::vector<Volume>> Rows(store::Connection& connection, absl::Span<const VolumeId> ids) {
  VolumeTable volumes(connection);
  if (ids.empty()) return volumes.List();
  std::vector<Volume> rows;
  rows.reserve(ids.size());
  for (const VolumeId& id : ids) {
    ASSIGN_OR_RETURN(Volume volume, volumes.Get(id));
    rows.push_back(std::move(volume));
  }
  return rows;
}

}  // namespace

absl::StatusOr<std::vector<VolumeView>> VolumeService::List(absl::Span<const VolumeId> ids) {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<VolumeView>> {
    ASSIGN_OR_RETURN(std::vector<Volume> rows, Rows(connection, ids));
    std::vector<std::string> texts;
    texts.reserve(rows.size());
    for (const Volume& volume : rows) texts.push_back(volume.id.text());
    ASSIGN_OR_RETURN(const auto tags, tagging::GetTagsOf(connection, texts));
    std::vector<VolumeView> views;
    views.reserve(rows.size());
    for (Volume& volume : rows) {
      VolumeView& view = views.emplace_back();
      if (const auto own = tags.find(volume.id.text()); own != tags.end()) view.tags = own->second;
      view.volume = std::move(volume);
    }
    return views;
  });
}

absl::Status AddVolume(store::Connection& connection, const Volume& volume, const TagMap& tags) {
  RETURN_IF_ERROR(VolumeTable(connection).Insert(volume));
  return tagging::SetTags(connection, volume.id.text(), tags);
}

absl::Status UpdateVolume(store::Connection& connection, Volume& volume) {
  return VolumeTable(connection).Update(volume);
}

absl::Status RemoveVolume(store::Connection& connection, const VolumeId& id) {
  RETURN_IF_ERROR(tagging::DeleteTags(connection, id.text()));
  return VolumeTable(connection).Delete(id);
}

absl::StatusOr<std::vector<Volume>> ListVolumes(store::Connection& connection) {
  return VolumeTable(connection).List();
}

absl::StatusOr<std::vector<Volume>> ListVolumesOf(store::Connection& connection,
                                                  absl::Span<const InstanceId> instances) {
  return VolumeTable(connection).ListOf(instances);
}

}  // namespace brume::storage
