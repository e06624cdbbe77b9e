#include "lib/ec2/storage/qcow2/disk_chain.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"
#include "lib/ec2/storage/qcow2/qemu_img.h"

namespace brume::storage {
namespace {

constexpr size_t kMaxLayers = 1000;

// The id and the file that NameOfLayer was given; DataLoss for any other name.
absl::StatusOr<std::pair<std::string, std::string>> LayerNamed(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  constexpr size_t kId = 3, kFile = 4;
  if (parts.size() == kFile + 1 && CheckLayerId(parts[kId]).ok() && NameOfLayer(parts[kId], parts[kFile]) == name) {
    return std::pair(parts[kId], parts[kFile]);
  }
  return absl::DataLossError(absl::StrCat("a disk lies over '", name, "', which is none of our layers"));
}

}  // namespace

absl::StatusOr<std::vector<DiskEncryption::Layer>> LayersUnder(const DiskDirectories& directories, int directory,
                                                               const std::string& name) {
  std::vector<DiskEncryption::Layer> layers;
  ASSIGN_OR_RETURN(UniqueFd disk, OpenForReading(directory, name));
  while (layers.size() < kMaxLayers) {
    ASSIGN_OR_RETURN(std::string start, ReadStart(disk.get(), kHeaderBytes));
    if (!layers.empty()) layers.back().encrypted = IsEncrypted(start);
    const std::string below = BackingFile(start);
    if (below.empty()) return layers;
    ASSIGN_OR_RETURN(const auto layer, LayerNamed(below));
    const absl::StatusOr<UniqueFd> place = OpenDirectoryAt(directories.layers.get(), layer.first);
    absl::StatusOr<UniqueFd> file = place.ok() ? OpenForReading(place->get(), layer.second) : place.status();
    if (absl::IsNotFound(file.status()))
      return absl::DataLossError(absl::StrCat("the layer ", layer.first, " is gone"));
    RETURN_IF_ERROR(file.status());
    disk = *std::move(file);
    layers.push_back({.path = absl::StrCat(directories.PathOf(kLayers, layer.first), "/", layer.second)});
  }
  return absl::DataLossError("a disk lies over more layers than there can be");
}

std::string ImageOptions(const std::string& path, bool encrypted, const std::vector<DiskEncryption::Layer>& layers) {
  std::string text = absl::StrCat("driver=qcow2,file.filename=", absl::StrReplaceAll(path, {{",", ",,"}}));
  if (encrypted) absl::StrAppend(&text, ",encrypt.key-secret=", kSecretId);
  std::string prefix;
  for (const DiskEncryption::Layer& layer : layers) {
    absl::StrAppend(&prefix, "backing.");
    if (layer.encrypted) absl::StrAppend(&text, ",", prefix, "encrypt.key-secret=", kSecretId);
  }
  return text;
}

}  // namespace brume::storage
