#include "lib/ec2/storage/qcow2/import_unpack.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/failpoint.h"
#include "lib/base/status_macros.h"
#include "lib/base/subprocess.h"
#include "lib/ec2/storage/qcow2/disk_format.h"
#include "lib/ec2/storage/qcow2/import_ova.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"
#include "lib/ec2/storage/qcow2/room.h"

namespace brume::storage {
namespace {

using Json = nlohmann::json;

constexpr char kConverted[] = "disk.qcow2", kOfArchive[] = "archived";
constexpr const char* kUnpacked[] = {"unpacked.1", "unpacked.2"};
constexpr int kUnpackingPercent = 50, kConvertingPercent = 65, kConvertedPercent = 90;
constexpr absl::Duration kInspectTimeout = absl::Minutes(2);

absl::Status Refused(absl::string_view why) { return absl::InvalidArgumentError(std::string(why)); }

std::string LastWords(const CommandResult& result) {
  const std::string& said = result.standard_error.empty() ? result.standard_output : result.standard_error;
  const std::vector<std::string> lines = absl::StrSplit(absl::StripAsciiWhitespace(said), '\n');
  return lines.back().substr(0, 500);
}

struct Step {
  const UnpackPlace& place;
  const ImportWatch& watch;
  std::string PathOf(const std::string& name) const { return absl::StrCat(place.path, "/", name); }
};

absl::StatusOr<UniqueFd> OpenStage(const Step& step, const std::string& name, struct stat& info) {
  UniqueFd file(openat(step.place.directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file || fstat(file.get(), &info) != 0) return FileError(errno, absl::StrCat("opening ", name));
  return file;
}

// Bytes that may be written into the directory.
absl::StatusOr<int64_t> Room(const Step& step) {
  ASSIGN_OR_RETURN(const DiskSpace space, SpaceAt(step.place.directory));
  if (space.free_bytes <= kReserveBytes) {
    return absl::ResourceExhaustedError("the state directory's disk has no room for the import: free some space");
  }
  return space.free_bytes - kReserveBytes;
}

Confinement Worker(const Step& step) {
  Confinement worker;
  worker.uid = step.place.worker.uid;
  worker.gid = step.place.worker.gid;
  worker.cpu_seconds = absl::ToInt64Seconds(step.place.options.timeout);
  return worker;
}

CommandOptions OptionsOf(const Step& step, Confinement worker, ImportProgress progress) {
  CommandOptions options;
  options.timeout = step.place.options.timeout;
  options.confinement = std::move(worker);
  options.goes_on = [&watch = step.watch, progress = std::move(progress)] { return watch(progress); };
  return options;
}

// Compressed data by a tool that reads standard input and writes standard output, so that it opens no file at all.
absl::Status Decompress(const Step& step, const std::string& tool, const std::string& from, const std::string& to) {
  struct stat info;
  ASSIGN_OR_RETURN(const UniqueFd packed, OpenStage(step, from, info));
  ASSIGN_OR_RETURN(const UniqueFd unpacked, CreateFileAt(step.place.directory, to));
  ASSIGN_OR_RETURN(const int64_t room, Room(step));
  Confinement worker = Worker(step);
  worker.file_bytes = std::min(room, step.place.options.max_bytes);
  CommandOptions options =
      OptionsOf(step, std::move(worker), {.message = "decompressing", .percent = kUnpackingPercent});
  options.input_fd = packed.get();
  options.output_fd = unpacked.get();
  ASSIGN_OR_RETURN(const CommandResult result, RunCommand({tool, "-d", "-c"}, options));
  if (result.exit_code == kTooLarge && room < step.place.options.max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("unpacked, the file has more than the ", room >> 20, " MiB that are free: free some space"));
  }
  if (result.exit_code == kTooLarge) {
    return Refused(absl::StrCat("unpacked, the file has more than ", step.place.options.max_bytes, " bytes"));
  }
  if (absl::StrContains(result.standard_error, "No space left")) return FileError(ENOSPC, "unpacking the file");
  if (result.exit_code != 0) {
    return Refused(
        absl::StrCat("the file cannot be unpacked by ", tool, " (", result.exit_code, "): ", LastWords(result)));
  }
  return Settle(unpacked.get(), 0444, Owner{}, to);
}

absl::Status CopyExtent(int from, uint64_t offset, uint64_t size, int to) {
  std::vector<char> buffer(1 << 20);
  for (uint64_t done = 0; done < size;) {
    const size_t want = std::min<uint64_t>(buffer.size(), size - done);
    const ssize_t count = pread(from, buffer.data(), want, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, "reading the archive");
    if (count == 0) return Refused("the archive became shorter while it was read");
    RETURN_IF_ERROR(WriteAt(to, done, {buffer.data(), static_cast<size_t>(count)}));
    done += static_cast<uint64_t>(count);
  }
  return absl::OkStatus();
}

absl::Status TakeFromOva(const Step& step, const std::string& from) {
  struct stat info;
  ASSIGN_OR_RETURN(const UniqueFd archive, OpenStage(step, from, info));
  ASSIGN_OR_RETURN(const TarMember disk, FindOvaDisk(archive.get(), static_cast<uint64_t>(info.st_size)));
  ASSIGN_OR_RETURN(const int64_t room, Room(step));
  if (disk.size > static_cast<uint64_t>(room)) {
    return absl::ResourceExhaustedError(absl::StrCat("the OVA's disk takes ", disk.size >> 20, " MiB and ", room >> 20,
                                                     " MiB are free: free some space"));
  }
  if (!step.watch({.message = "unpacking", .percent = kUnpackingPercent})) return absl::CancelledError("ended");
  ASSIGN_OR_RETURN(const UniqueFd taken, CreateFileAt(step.place.directory, kOfArchive));
  RETURN_IF_ERROR(CopyExtent(archive.get(), disk.offset, disk.size, taken.get()));
  return Settle(taken.get(), 0444, Owner{}, kOfArchive);
}

// What DiskFormat says, and the VHD of fixed size, which has its only mark at its end.
absl::StatusOr<std::string> FormatOf(const Step& step, const std::string& name) {
  struct stat info;
  ASSIGN_OR_RETURN(const UniqueFd file, OpenStage(step, name, info));
  ASSIGN_OR_RETURN(const std::string start, ReadStart(file.get(), kMaxFormatBytes));
  std::string format = DiskFormat(start);
  constexpr off_t kFooter = 512;
  if (format != "raw" || info.st_size < 2 * kFooter) return format;
  char footer[8] = {};
  if (pread(file.get(), footer, sizeof footer, info.st_size - kFooter) != sizeof footer) {
    return FileError(errno, "reading the file's end");
  }
  return absl::string_view(footer, sizeof footer) == "conectix" ? "vhd" : format;
}

// The name a driver of QEMU has.
std::string DriverOf(const std::string& format) { return format == "vhd" ? "vpc" : format; }

absl::Status CheckVmdk(const Json& info, const std::string& path) {
  const Json data = info.value("format-specific", Json::object()).value("data", Json::object());
  const std::string type = data.value("create-type", "");
  const Json extents = data.value("extents", Json::array());
  if ((type != "monolithicSparse" && type != "streamOptimized") || extents.size() != 1 ||
      extents[0].value("filename", "") != path) {
    return Refused("the VMDK names other files: only monolithicSparse and streamOptimized ones stand for themselves");
  }
  return absl::OkStatus();
}

// What QEMU finds in the file, before anything is read by it.
absl::Status Inspect(const Step& step, const std::string& name, const std::string& format) {
  const std::string path = step.PathOf(name);
  Confinement worker = Worker(step);
  worker.readable = {path};
  CommandOptions options = OptionsOf(step, std::move(worker), {.message = "validating", .percent = kConvertingPercent});
  options.timeout = kInspectTimeout;
  ASSIGN_OR_RETURN(const CommandResult result,
                   RunCommand({"qemu-img", "info", "--output=json", "-f", DriverOf(format), path}, options));
  if (result.exit_code != 0) {
    return Refused(absl::StrCat("the ", format, " image cannot be read: ", LastWords(result)));
  }
  const Json info = Json::parse(result.standard_output, nullptr, /*allow_exceptions=*/false);
  try {
    if (!info.is_object()) return Refused("the image cannot be read");
    if (info.contains("backing-filename")) return Refused("the image lies over another file: flatten it first");
    if (info.value("encrypted", false)) return Refused("the image is encrypted");
    const int64_t size = info.value("virtual-size", int64_t{0});
    if (size <= 0 || size > kMaxVirtualBytes) {
      return Refused(absl::StrCat("the image claims ", size, " bytes; 1 to ", kMaxVirtualBytes, " (64 TiB) are taken"));
    }
    return format == "vmdk" ? CheckVmdk(info, path) : absl::OkStatus();
  } catch (const Json::exception&) {
    return Refused("the image cannot be read: what qemu-img says of it makes no sense");
  }
}

uint64_t LittleEndian(absl::string_view bytes, size_t offset, int size) {
  uint64_t value = 0;
  for (int i = size - 1; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(bytes[offset + static_cast<size_t>(i)]);
  return value;
}

// Where the blocks begin, how large one is and how many there are: VirtualBox's VDI header, version 1.1.
absl::Status CheckVdiWhole(const Step& step, const std::string& name) {
  constexpr size_t kDataOffset = 0x158, kBlockBytes = 0x178, kAllocated = 0x184, kHeader = 0x190;
  struct stat info;
  ASSIGN_OR_RETURN(const UniqueFd file, OpenStage(step, name, info));
  ASSIGN_OR_RETURN(const std::string header, ReadStart(file.get(), kHeader));
  if (header.size() < kHeader) return Refused("the vdi image is cut off");
  // Each factor has 32 bits.
  const uint64_t blocks = LittleEndian(header, kAllocated, 4) * LittleEndian(header, kBlockBytes, 4);
  const uint64_t begin = LittleEndian(header, kDataOffset, 4);
  const auto size = static_cast<uint64_t>(info.st_size);
  return begin <= size && blocks <= size - begin ? absl::OkStatus() : Refused("the vdi image is cut off");
}

// A VHD ends with its footer, of which one that grows has a copy at its beginning.
absl::Status CheckVhdWhole(const Step& step, const std::string& name) {
  struct stat info;
  ASSIGN_OR_RETURN(const UniqueFd file, OpenStage(step, name, info));
  char footer[8] = {};
  const bool read = pread(file.get(), footer, sizeof footer, info.st_size - 512) == sizeof footer;
  const bool whole = read && absl::string_view(footer, sizeof footer) == "conectix";
  return whole ? absl::OkStatus() : Refused("the vhd image is cut off: it has no footer");
}

// QEMU reads zeros where a file should go on, so that a disk of which half is missing would be one of half zeros.
absl::Status CheckWhole(const Step& step, const std::string& name, const std::string& format) {
  if (format == "vdi") return CheckVdiWhole(step, name);
  if (format == "vhd") return CheckVhdWhole(step, name);
  const std::string path = step.PathOf(name);
  Confinement worker = Worker(step);
  worker.readable = {path};
  const CommandOptions options =
      OptionsOf(step, std::move(worker), {.message = "validating", .percent = kConvertingPercent});
  ASSIGN_OR_RETURN(const CommandResult result,
                   RunCommand({"qemu-img", "check", "-q", "-f", DriverOf(format), path}, options));
  if (result.exit_code == 0) return absl::OkStatus();
  return Refused(absl::StrCat("the ", format, " image is damaged or cut off: ", LastWords(result)));
}

absl::Status Convert(const Step& step, const std::string& name, const std::string& format) {
  ASSIGN_OR_RETURN(const UniqueFd made, CreateFileAt(step.place.directory, kConverted));
  RETURN_IF_ERROR(Settle(made.get(), 0600, step.place.worker, kConverted));
  const std::string from = step.PathOf(name), to = step.PathOf(kConverted);
  ASSIGN_OR_RETURN(const int64_t room, Room(step));
  Confinement worker = Worker(step);
  worker.readable = {from};
  worker.writable = {to};
  worker.file_bytes = std::min(room, step.place.options.max_bytes);
  const CommandOptions options =
      OptionsOf(step, std::move(worker), {.message = "converting", .percent = kConvertingPercent});
  ASSIGN_OR_RETURN(const CommandResult result,
                   RunCommand({"qemu-img", "convert", "-q", "-f", DriverOf(format), "-O", "qcow2", from, to}, options));
  const std::string said = LastWords(result);
  if (absl::StrContains(said, "No space left")) return FileError(ENOSPC, "converting the image");
  if (result.exit_code == kTooLarge || absl::StrContains(said, "File too large")) {
    return absl::ResourceExhaustedError(
        absl::StrCat("converted, the image has more than the ", room >> 20, " MiB that are free: free some space"));
  }
  if (result.exit_code != 0) {
    return Refused(absl::StrCat("the ", format, " image cannot be converted (", result.exit_code, "): ", said));
  }
  // Whoever had the worker's rights cannot change it any more.
  return Settle(made.get(), 0444, Owner{}, kConverted);
}

absl::Status CheckRaw(const Step& step, const std::string& name) {
  struct stat info;
  RETURN_IF_ERROR(OpenStage(step, name, info).status());
  if (info.st_size == 0 || info.st_size % 512 != 0) {
    return Refused(absl::StrCat("the file is of no format that is known, and ", info.st_size,
                                " bytes are no raw disk (a multiple of 512)"));
  }
  return info.st_size > kMaxVirtualBytes ? Refused("the raw disk is larger than 64 TiB") : absl::OkStatus();
}

const char* ToolFor(const std::string& format) {
  if (format == "gzip") return "gzip";
  if (format == "xz") return "xz";
  return format == "zstd" ? "zstd" : nullptr;
}

struct Found {
  std::string name, format;
  bool in_ova = false;
};

// Goes through at most two compressions and one archive.
absl::StatusOr<Found> FindDisk(const Step& step, const std::string& file) {
  Found found{.name = file, .format = ""};
  size_t unpacked = 0;
  while (true) {
    ASSIGN_OR_RETURN(found.format, FormatOf(step, found.name));
    if (const char* const tool = ToolFor(found.format); tool != nullptr && unpacked < std::size(kUnpacked)) {
      RETURN_IF_ERROR(Decompress(step, tool, found.name, kUnpacked[unpacked]));
      found.name = kUnpacked[unpacked++];
    } else if (found.format == "tar" && !found.in_ova) {
      RETURN_IF_ERROR(TakeFromOva(step, found.name));
      found.name = kOfArchive;
      found.in_ova = true;
    } else {
      return found;
    }
  }
}

absl::Status CheckFormat(const Found& found, const std::string& wanted) {
  const auto* const known = std::find(std::begin(kImportFormats), std::end(kImportFormats), found.format);
  if (known == std::end(kImportFormats)) {
    return Refused(
        absl::StrCat("the file is of format ", found.format, ": take VMDK, VHD, VHDX, VDI, QCOW2, RAW or OVA"));
  }
  const std::string is = found.in_ova ? "ova" : found.format;
  if (wanted.empty() || wanted == is) return absl::OkStatus();
  return Refused(absl::StrCat("the file is of format ", is, ", and not ", wanted, " as the request says"));
}

}  // namespace

absl::Status RemoveUnpacked(const UnpackPlace& place) {
  for (const char* name : {kUnpacked[0], kUnpacked[1], kOfArchive, kConverted}) {
    RETURN_IF_ERROR(RemoveTreeAt(place.directory, name));
  }
  return absl::OkStatus();
}

absl::StatusOr<PreparedDisk> Unpack(const std::string& file, const std::string& format, const UnpackPlace& place,
                                    const ImportWatch& watch) {
  const Step step{.place = place, .watch = watch};
  RETURN_IF_ERROR(RemoveUnpacked(place));
  struct stat info;
  RETURN_IF_ERROR(OpenStage(step, file, info).status());
  ASSIGN_OR_RETURN(const Found found, FindDisk(step, file));
  RETURN_IF_ERROR(CheckFormat(found, format));
  RETURN_IF_ERROR(Failpoint("import.unpacked"));
  PreparedDisk disk{.path = step.PathOf(found.name),
                    .format = found.in_ova ? "ova" : found.format,
                    .size_bytes = static_cast<int64_t>(info.st_size)};
  // The layer's own import checks a qcow2 again, and at its copy.
  if (found.format == "qcow2") return disk;
  if (found.format == "raw") {
    RETURN_IF_ERROR(CheckRaw(step, found.name));
  } else {
    RETURN_IF_ERROR(Inspect(step, found.name, found.format));
    RETURN_IF_ERROR(CheckWhole(step, found.name, found.format));
  }
  RETURN_IF_ERROR(Convert(step, found.name, found.format));
  if (!watch({.message = "converting", .percent = kConvertedPercent})) return absl::CancelledError("ended");
  disk.path = step.PathOf(kConverted);
  return disk;
}

}  // namespace brume::storage
