#include "lib/ec2/storage/qcow2/image_import.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/failpoint.h"
#include "lib/base/status_macros.h"
#include "lib/base/subprocess.h"
#include "lib/ec2/storage/qcow2/bundle.h"
#include "lib/ec2/storage/qcow2/disk_format.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"
#include "lib/ec2/storage/qcow2/qemu_img.h"
#include "lib/ec2/storage/qcow2/room.h"

namespace brume::storage {
namespace {

constexpr char kDisk[] = "disk.qcow2", kKernel[] = "kernel", kInitrd[] = "initrd", kRaw[] = ".disk.raw";
constexpr mode_t kImmutable = 0444;
constexpr int64_t kMaxKernelBytes = int64_t{256} << 20;
constexpr int64_t kMaxInitrdBytes = int64_t{2} << 30;

constexpr absl::Duration kCheckTimeout = absl::Minutes(10);
constexpr absl::Duration kConvertTimeout = absl::Minutes(60);

std::string LastLine(const CommandResult& result) {
  const std::string& said = result.standard_error.empty() ? result.standard_output : result.standard_error;
  const std::vector<std::string> lines = absl::StrSplit(absl::StripAsciiWhitespace(said), '\n');
  return lines.back();
}

absl::Status CheckRoom(const SourceFile& source, const LayerTarget& target) {
  const int64_t needed = std::min<int64_t>(source.info.st_size, int64_t{source.info.st_blocks} * 512);
  if (needed + kReserveBytes <= target.free_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "the image takes ", needed >> 20, " MiB and the state directory's disk has ", target.free_bytes >> 20,
      " MiB free, of which ", kReserveBytes >> 20, " MiB are kept: free some space"));
}

absl::Status CopyFile(const SourceFile& source, const LayerTarget& target, const char* name) {
  RETURN_IF_ERROR(CheckRoom(source, target));
  ASSIGN_OR_RETURN(const UniqueFd copy, CreateFileAt(target.directory, name));
  RETURN_IF_ERROR(CopyContent(source.fd.get(), copy.get(), source.info.st_size));
  return Settle(copy.get(), kImmutable, Owner{}, name);
}

// Exit codes of qemu-img check: 0 sound, 1 not checked, 2 damaged, 3 clusters that nothing refers to (harmless).
absl::Status CheckSound(const LayerTarget& target) {
  const std::string disk = absl::StrCat(target.path, "/", kDisk);
  ASSIGN_OR_RETURN(const CommandResult result,
                   CallQemuImg({"check", "-q", "-f", "qcow2", disk},
                               {.user = target.reader, .readable = {disk}, .timeout = kCheckTimeout}));
  const std::string said = LastLine(result);
  switch (result.exit_code) {
    case 0:
    case 3:
      return absl::OkStatus();
    case 2:
      return absl::InvalidArgumentError(absl::StrCat("the qcow2 image is damaged: ", said));
    default:
      if (absl::StrContains(said, "Permission denied")) {
        return absl::FailedPreconditionError(absl::StrCat(
            "QEMU's user cannot read below the state directory: make every directory above it passable (", said, ")"));
      }
      return absl::InvalidArgumentError(
          absl::StrCat("the qcow2 image cannot be read (qemu-img check ended with ", result.exit_code, "): ", said));
  }
}

absl::StatusOr<int64_t> ImportQcow2(const SourceFile& source, const LayerTarget& target) {
  RETURN_IF_ERROR(CopyFile(source, target, kDisk));
  RETURN_IF_ERROR(Failpoint("disks.import_copied"));
  const UniqueFd copy(openat(target.directory, kDisk, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  if (!copy || fstat(copy.get(), &info) != 0) return FileError(errno, "opening the copy");
  ASSIGN_OR_RETURN(const std::string start, ReadStart(copy.get(), kMaxHeaderBytes));
  ASSIGN_OR_RETURN(const int64_t virtual_size, CheckStandaloneQcow2(start, info.st_size));
  RETURN_IF_ERROR(CheckSound(target));
  return virtual_size;
}

// Of a copy, which the tool may read as a user who may not read the original.
absl::StatusOr<int64_t> ImportRaw(const SourceFile& source, const LayerTarget& target) {
  const int64_t size = source.info.st_size;
  if (size == 0 || size % 512 != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("the file is no qcow2 image, and ", size, " bytes are no raw disk (a multiple of 512)"));
  }
  if (size > kMaxVirtualBytes) return absl::InvalidArgumentError("the raw disk is larger than 64 TiB");
  RETURN_IF_ERROR(CopyFile(source, target, kRaw));
  ASSIGN_OR_RETURN(const UniqueFd made, CreateFileAt(target.directory, kDisk));
  RETURN_IF_ERROR(Settle(made.get(), 0600, target.reader, kDisk));
  const std::string from = absl::StrCat(target.path, "/", kRaw), to = absl::StrCat(target.path, "/", kDisk);
  RETURN_IF_ERROR(
      RunQemuImg({"convert", "-q", "-f", "raw", "-O", "qcow2", from, to},
                 {.user = target.reader, .readable = {from}, .writable = {to}, .timeout = kConvertTimeout}));
  RETURN_IF_ERROR(RemoveTreeAt(target.directory, kRaw));
  RETURN_IF_ERROR(Settle(made.get(), kImmutable, Owner{}, kDisk));
  return size;
}

// Makes disk.qcow2; returns its virtual size.
absl::StatusOr<int64_t> ImportDisk(const SourceFile& source, const LayerTarget& target) {
  ASSIGN_OR_RETURN(const std::string start, ReadStart(source.fd.get(), kMaxFormatBytes));
  const std::string format = DiskFormat(start);
  if (format == "qcow2") return ImportQcow2(source, target);
  if (format == "raw") return ImportRaw(source, target);
  return absl::InvalidArgumentError(
      absl::StrCat("the file is of format ", format,
                   ": make it qcow2 or raw first (unpack it; an OVA is a tar with the disk in it; qemu-img convert)"));
}

absl::Status ImportMember(const SourceFile& bundle, const std::string& name, int64_t max_bytes,
                          const LayerTarget& target, const char* as) {
  ASSIGN_OR_RETURN(const SourceFile member, OpenMember(bundle.fd.get(), name));
  if (member.info.st_size == 0 || member.info.st_size > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(as, " '", name, "' has ", member.info.st_size, " bytes; 1 to ", max_bytes, " are taken"));
  }
  return CopyFile(member, target, as);
}

absl::StatusOr<ImportedImage> ImportBundle(const SourceFile& source, const LayerTarget& target) {
  absl::StatusOr<std::string> json = ReadFileAt(source.fd.get(), "image.json", kMaxBundleBytes);
  if (absl::IsNotFound(json.status())) {
    return absl::InvalidArgumentError("the directory has no image.json: it is no image bundle");
  }
  RETURN_IF_ERROR(json.status());
  ASSIGN_OR_RETURN(const Bundle bundle, ParseBundle(*json));
  ImportedImage imported;
  imported.command_line = bundle.command_line;
  imported.root_device_name = bundle.root_device_name;
  imported.boot_mode = bundle.boot_mode;
  if (!bundle.kernel.empty() && target.boot) {
    imported.kernel_file = kKernel;
    RETURN_IF_ERROR(ImportMember(source, bundle.kernel, kMaxKernelBytes, target, kKernel));
  }
  if (!bundle.initrd.empty() && target.boot) {
    imported.initrd_file = kInitrd;
    RETURN_IF_ERROR(ImportMember(source, bundle.initrd, kMaxInitrdBytes, target, kInitrd));
  }
  if (!bundle.disk.empty() && target.disk) {
    imported.disk_file = kDisk;
    ASSIGN_OR_RETURN(const SourceFile disk, OpenMember(source.fd.get(), bundle.disk));
    ASSIGN_OR_RETURN(imported.virtual_size_bytes, ImportDisk(disk, target));
  }
  return imported;
}

}  // namespace

absl::StatusOr<ImportedImage> FillLayer(const SourceFile& source, const LayerTarget& target) {
  if (source.is_directory()) return ImportBundle(source, target);
  ImportedImage imported;
  imported.disk_file = kDisk;
  ASSIGN_OR_RETURN(imported.virtual_size_bytes, ImportDisk(source, target));
  return imported;
}

}  // namespace brume::storage
