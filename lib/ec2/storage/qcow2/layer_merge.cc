#include "lib/ec2/storage/qcow2/layer_merge.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/status_macros.h"
#include "lib/base/undo.h"
#include "lib/ec2/storage/qcow2/disk_chain.h"
#include "lib/ec2/storage/qcow2/disk_directories.h"
#include "lib/ec2/storage/qcow2/manifest.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"
#include "lib/ec2/storage/qcow2/qemu_img.h"

namespace brume::storage {
namespace {

constexpr char kMerged[] = ".disk.qcow2.merged";

// A copy that qemu-img, as the guests' user, may write to.
absl::Status CopyLayer(const LayerMerge& merge, const UniqueFd& disk) {
  struct stat info = {};
  if (fstat(disk.get(), &info) != 0) return FileError(errno, "looking at a layer");
  ASSIGN_OR_RETURN(const UniqueFd copy, CreateFileAt(merge.layer, kMerged));
  RETURN_IF_ERROR(CopyContent(disk.get(), copy.get(), static_cast<uint64_t>(info.st_size)));
  return Settle(copy.get(), 0600, merge.guests, kMerged);
}

// The lowest layer of an encrypted disk's chain, as qemu-img opens it.
std::string BaseOf(const LayerMerge& merge) {
  const DiskEncryption::Layer& base = merge.chain.back();
  if (!base.encrypted) return base.path;
  const nlohmann::json options = {
      {"driver", "qcow2"}, {"file", {{"driver", "file"}, {"filename", base.path}}}, {"encrypt.key-secret", kSecretId}};
  return absl::StrCat("json:", options.dump());
}

absl::Status Rebase(const LayerMerge& merge, const std::string& path) {
  const QemuImgAccess access = {.user = merge.guests,
                                .readable = {merge.layers},
                                .writable = {path},
                                .timeout = absl::Hours(12),
                                .goes_on = merge.goes_on,
                                .key = merge.key};
  if (merge.key.empty()) {
    return RunQemuImg({"rebase", "-q", "-f", "qcow2", "-F", "qcow2", "-b", merge.below, path}, access);
  }
  // A disk that is given by its options has no place that a relative name would start from.
  RETURN_IF_ERROR(RunQemuImg({"rebase", "-q", "--image-opts", "-F", "qcow2", "-b", BaseOf(merge),
                              ImageOptions(path, /*encrypted=*/true, merge.chain)},
                             access));
  return RunQemuImg({"rebase", "-q", "-u", "--image-opts", "-F", "qcow2", "-b", merge.below,
                     ImageOptions(path, /*encrypted=*/true, {})},
                    access);
}

}  // namespace

absl::StatusOr<int64_t> MergeDisk(const LayerMerge& merge) {
  ASSIGN_OR_RETURN(const UniqueFd disk, OpenForReading(merge.layer, kLayerDisk));
  ASSIGN_OR_RETURN(const std::string start, ReadStart(disk.get(), kHeaderBytes));
  ASSIGN_OR_RETURN(const int64_t size, VirtualSize(start));
  RETURN_IF_ERROR(RemoveTreeAt(merge.layer, kMerged));
  if (BackingFile(start) == merge.below) return size;
  if (merge.chain.empty()) return absl::InternalError("a layer that lies over nothing is not merged");
  Undo undo;
  undo.Push([&] { RemoveRemains(merge.layer, kMerged); });
  RETURN_IF_ERROR(CopyLayer(merge, disk));
  RETURN_IF_ERROR(Failpoint("disks.layer_copied"));
  const std::string path = absl::StrCat(merge.path, "/", kMerged);
  RETURN_IF_ERROR(Rebase(merge, path));
  ASSIGN_OR_RETURN(const UniqueFd merged, OpenForReading(merge.layer, kMerged));
  ASSIGN_OR_RETURN(const std::string head, ReadStart(merged.get(), kHeaderBytes));
  if (BackingFile(head) != merge.below) return absl::InternalError("qemu-img rebase left a disk over another");
  RETURN_IF_ERROR(Settle(merged.get(), 0444, Owner{}, kMerged));
  RETURN_IF_ERROR(Failpoint("disks.layer_merged"));
  RETURN_IF_ERROR(ReplaceAt(merge.layer, kMerged, kLayerDisk));
  undo.Dismiss();
  RETURN_IF_ERROR(Failpoint("disks.layer_replaced"));
  return size;
}

}  // namespace brume::storage
