#include "lib/ec2/storage/qcow2/host_export_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/model/stored_image.h"
#include "lib/ec2/storage/qcow2/disk_chain.h"
#include "lib/ec2/storage/qcow2/disk_directories.h"
#include "lib/ec2/storage/qcow2/export_target.h"
#include "lib/ec2/storage/qcow2/image_source.h"
#include "lib/ec2/storage/qcow2/qemu_img.h"
#include "lib/ec2/storage/qcow2/tar_reader.h"
#include "lib/ec2/storage/qcow2/tar_writer.h"

namespace brume::storage {
namespace {

constexpr char kExports[] = "exports", kExport[] = "export", kConvertedDisk[] = "disk";
constexpr size_t kMaxDescriptionBytes = 256 * 1024;
constexpr int kConvertedPercent = 80;
// What an export leaves free for the database and for guests that run.
constexpr int64_t kKeptBytes = int64_t{64} << 20;

// qemu-img's driver and options for each of EC2's formats; "" is the qcow2 of a stored image.
const std::map<std::string, std::vector<std::string>>& Outputs() {
  static const auto& outputs = *new std::map<std::string, std::vector<std::string>>{
      {"", {"-O", "qcow2"}},
      {"RAW", {"-O", "raw"}},
      {"VMDK", {"-O", "vmdk", "-o", "subformat=streamOptimized"}},
      {"VHD", {"-O", "vpc", "-o", "subformat=dynamic,force_size=on"}}};
  return outputs;
}

absl::StatusOr<int64_t> BlocksOf(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return FileError(errno, absl::StrCat("looking at ", path));
  return int64_t{info.st_blocks} * 512;
}

// Ids become file names of a privileged process.
absl::Status CheckWorkId(const std::string& id) {
  const bool store =
      id.size() == 23 && id.rfind("store-", 0) == 0 && id.find_first_not_of("0123456789abcdef", 6) == std::string::npos;
  if (store || ImageId::Parse(id).ok() || ExportImageTaskId::Parse(id).ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("'", id, "' is the id of no export"));
}

class HostExportFiles final : public ExportFiles {
 public:
  HostExportFiles(HostExportOptions options, std::unique_ptr<DiskDirectories> directories, UniqueFd exports)
      : options_(std::move(options)), directories_(std::move(directories)), exports_(std::move(exports)) {}

  absl::Status CheckBucket(const std::string& bucket) override {
    return OpenBucket(options_.export_dirs, bucket).status();
  }
  absl::Status Export(const ExportOrder& order, const ImportWatch& watch) override;
  absl::Status Store(const StoreOrder& order, const ImportWatch& watch) override;
  absl::StatusOr<std::string> ReadStored(const ExportPlace& place) override;
  absl::StatusOr<std::string> Unpack(const std::string& id, const ExportPlace& place,
                                     const ImportWatch& watch) override;
  absl::Status Remove(const std::string& id, const ExportPlace& place) override;
  absl::StatusOr<std::vector<std::string>> List() override;

 private:
  struct Part {  // of the whole work's percentage
    int first = 1, last = kConvertedPercent;
  };
  // A new file `name` of the task's directory, of all that is read of the layer's disk.
  absl::Status Convert(const std::string& layer, const std::string& format, const std::string& id,
                       const std::string& name, Part part, const ImportWatch& watch) const;
  absl::Status AddMember(const StoreOrder& order, const StoreMember& member, TarWriter& archive, int work, Part part,
                         const ImportWatch& watch) const;
  // The directory of a task, empty.
  absl::StatusOr<UniqueFd> BeginWork(const std::string& id) const;
  absl::StatusOr<SourceFile> OpenStored(const ExportPlace& place) const;
  std::string PathOf(const std::string& id) const { return directories_->PathOf(kExports, id); }

  const HostExportOptions options_;
  const std::unique_ptr<DiskDirectories> directories_;
  const UniqueFd exports_;
};

absl::StatusOr<UniqueFd> HostExportFiles::BeginWork(const std::string& id) const {
  RETURN_IF_ERROR(RemoveTreeAt(exports_.get(), id));
  return EnsureDirectoryAt(exports_.get(), id, 0711, Owner{});
}

absl::Status HostExportFiles::Convert(const std::string& layer, const std::string& format, const std::string& id,
                                      const std::string& name, Part part, const ImportWatch& watch) const {
  const auto output = Outputs().find(format);
  if (output == Outputs().end()) return absl::InvalidArgumentError(absl::StrCat("no format of exports: ", format));
  ASSIGN_OR_RETURN(const ImportedImage from, FindLayerDisk(*directories_, layer));
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(directories_->layers.get(), layer));
  ASSIGN_OR_RETURN(const std::vector<DiskEncryption::Layer> below,
                   LayersUnder(*directories_, directory.get(), from.disk_file));
  const std::string source = absl::StrCat(directories_->PathOf(kLayers, layer), "/", from.disk_file);
  ASSIGN_OR_RETURN(int64_t expected, BlocksOf(source));
  for (const DiskEncryption::Layer& each : below) {
    if (each.encrypted) return absl::InvalidArgumentError("the disk lies over an encrypted one");
    ASSIGN_OR_RETURN(const int64_t more, BlocksOf(each.path));
    expected += more;
  }
  ASSIGN_OR_RETURN(const DiskSpace space, SpaceAt(exports_.get()));
  if (space.free_bytes < kKeptBytes) {
    return absl::ResourceExhaustedError("the state directory's disk has no room for the export: free some space");
  }
  ASSIGN_OR_RETURN(const UniqueFd work, OpenDirectoryAt(exports_.get(), id));
  ASSIGN_OR_RETURN(const UniqueFd made, CreateFileAt(work.get(), name));
  RETURN_IF_ERROR(Settle(made.get(), 0600, directories_->guests, name));
  const std::string target = absl::StrCat(PathOf(id), "/", name);
  const auto goes_on = [&] {
    struct stat info = {};
    const int64_t have = fstat(made.get(), &info) == 0 ? int64_t{info.st_blocks} * 512 : 0;
    const int64_t share = std::min(have, expected) * (part.last - part.first) / std::max<int64_t>(expected, 1);
    return watch({.message = "converting", .percent = part.first + static_cast<int>(share)});
  };
  std::vector<std::string> arguments = {"convert", "-q", "-f", "qcow2"};
  arguments.insert(arguments.end(), output->second.begin(), output->second.end());
  arguments.insert(arguments.end(), {source, target});
  return RunQemuImg(arguments, {.user = directories_->guests,
                                .readable = {LayersPath(*directories_)},
                                .writable = {target},
                                .timeout = absl::Hours(12),
                                .goes_on = goes_on});
}

absl::Status HostExportFiles::Export(const ExportOrder& order, const ImportWatch& watch) {
  RETURN_IF_ERROR(CheckWorkId(order.id));
  ASSIGN_OR_RETURN(const PlaceInBucket place, FindPlace(options_.export_dirs, order.place, /*make=*/true));
  if (const absl::StatusOr<UniqueFd> before = OpenDirectoryAt(exports_.get(), order.id); before.ok()) {
    ASSIGN_OR_RETURN(const bool placed, IsPlaced(place, before->get()));
    if (placed) return absl::OkStatus();
  }
  if (!watch({.message = "converting", .percent = 1})) return absl::CancelledError("ended");
  ASSIGN_OR_RETURN(const UniqueFd work, BeginWork(order.id));
  RETURN_IF_ERROR(Convert(order.layer_id, order.format, order.id, kConvertedDisk, {}, watch));
  RETURN_IF_ERROR(Failpoint("export.converted"));
  ASSIGN_OR_RETURN(const UniqueFd converted, OpenForReading(work.get(), kConvertedDisk));
  struct stat info = {};
  if (fstat(converted.get(), &info) != 0) return FileError(errno, "looking at the converted disk");
  if (!watch({.message = "copying", .percent = kConvertedPercent})) return absl::CancelledError("ended");
  ASSIGN_OR_RETURN(const UniqueFd file, BeginFile(place, order.id));
  RETURN_IF_ERROR(CopyContent(converted.get(), file.get(), static_cast<uint64_t>(info.st_size)));
  return PlaceFile(place, order.id, file.get(), work.get());
}

absl::Status HostExportFiles::AddMember(const StoreOrder& order, const StoreMember& member, TarWriter& archive,
                                        int work, Part part, const ImportWatch& watch) const {
  if (member.layer_id.empty()) return archive.Add(member.name, member.content);
  UniqueFd file;
  if (member.file.empty()) {
    RETURN_IF_ERROR(Convert(member.layer_id, "", order.id, kConvertedDisk, part, watch));
    ASSIGN_OR_RETURN(file, OpenForReading(work, kConvertedDisk));
    RETURN_IF_ERROR(RemoveTreeAt(work, kConvertedDisk));
  } else {
    RETURN_IF_ERROR(CheckLayerId(member.layer_id));
    ASSIGN_OR_RETURN(const UniqueFd layer, OpenDirectoryAt(directories_->layers.get(), member.layer_id));
    ASSIGN_OR_RETURN(SourceFile source, OpenMember(layer.get(), member.file));
    file = std::move(source.fd);
  }
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) return FileError(errno, absl::StrCat("looking at ", member.name));
  return archive.Add(member.name, file.get(), static_cast<uint64_t>(info.st_size),
                     [&](uint64_t) { return watch({.message = "storing", .percent = part.last}); });
}

absl::Status HostExportFiles::Store(const StoreOrder& order, const ImportWatch& watch) {
  RETURN_IF_ERROR(CheckWorkId(order.id));
  ASSIGN_OR_RETURN(const PlaceInBucket place, FindPlace(options_.export_dirs, order.place, /*make=*/true));
  if (const absl::StatusOr<UniqueFd> before = OpenDirectoryAt(exports_.get(), order.id); before.ok()) {
    ASSIGN_OR_RETURN(const bool placed, IsPlaced(place, before->get()));
    if (placed) return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const UniqueFd work, BeginWork(order.id));
  ASSIGN_OR_RETURN(const UniqueFd file, BeginFile(place, order.id));
  TarWriter archive(file.get());
  const int count = static_cast<int>(order.members.size());
  for (int i = 0; i < count; ++i) {
    const Part part = {.first = 1 + 98 * i / count, .last = 1 + 98 * (i + 1) / count};
    if (!watch({.message = "storing", .percent = part.first})) return absl::CancelledError("ended");
    RETURN_IF_ERROR(AddMember(order, order.members[static_cast<size_t>(i)], archive, work.get(), part, watch));
  }
  RETURN_IF_ERROR(archive.Finish());
  RETURN_IF_ERROR(Failpoint("store.written"));
  return PlaceFile(place, order.id, file.get(), work.get());
}

absl::StatusOr<SourceFile> HostExportFiles::OpenStored(const ExportPlace& place) const {
  absl::StatusOr<PlaceInBucket> found = FindPlace(options_.export_dirs, place, /*make=*/false);
  if (absl::IsNotFound(found.status())) {
    return absl::NotFoundError(absl::StrCat("the bucket '", place.bucket, "' has no file '", place.key, "'"));
  }
  RETURN_IF_ERROR(found.status());
  return OpenMember(found->directory.get(), found->name);
}

// A stored image's members, the description first.
absl::StatusOr<std::vector<TarMember>> MembersOfStored(const SourceFile& archive) {
  ASSIGN_OR_RETURN(std::vector<TarMember> members,
                   ReadTar(archive.fd.get(), static_cast<uint64_t>(archive.info.st_size)));
  const bool good =
      !members.empty() && members.front().name == kStoreDescription && members.front().size <= kMaxDescriptionBytes &&
      std::all_of(members.begin(), members.end(), [](const TarMember& each) {
        return each.is_file && !each.name.empty() && each.name[0] != '.' && each.name.find('/') == std::string::npos;
      });
  if (!good) return absl::InvalidArgumentError("the file is no stored image");
  return members;
}

absl::StatusOr<std::string> HostExportFiles::ReadStored(const ExportPlace& place) {
  ASSIGN_OR_RETURN(const SourceFile archive, OpenStored(place));
  ASSIGN_OR_RETURN(const std::vector<TarMember> members, MembersOfStored(archive));
  std::string text(members.front().size, '\0');
  const ssize_t count = pread(archive.fd.get(), text.data(), text.size(), static_cast<off_t>(members.front().offset));
  if (count < 0) return FileError(errno, "reading the stored image");
  text.resize(static_cast<size_t>(count));
  return text;
}

// One member as a file of the directory.
absl::Status Extract(const SourceFile& archive, const TarMember& member, int directory, const ImportWatch& watch) {
  ASSIGN_OR_RETURN(const UniqueFd file, CreateFileAt(directory, member.name));
  std::vector<char> buffer(size_t{1} << 20);
  for (uint64_t done = 0; done < member.size;) {
    if (!watch({.message = "unpacking", .percent = 10})) return absl::CancelledError("ended");
    const size_t want = std::min<uint64_t>(buffer.size(), member.size - done);
    const ssize_t count = pread(archive.fd.get(), buffer.data(), want, static_cast<off_t>(member.offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, "reading the stored image");
    if (count == 0) return absl::InvalidArgumentError("the stored image became shorter while it was read");
    RETURN_IF_ERROR(WriteAt(file.get(), done, {buffer.data(), static_cast<size_t>(count)}));
    done += static_cast<uint64_t>(count);
  }
  return Settle(file.get(), 0444, Owner{}, member.name);
}

absl::StatusOr<std::string> HostExportFiles::Unpack(const std::string& id, const ExportPlace& place,
                                                    const ImportWatch& watch) {
  RETURN_IF_ERROR(CheckWorkId(id));
  ASSIGN_OR_RETURN(const SourceFile archive, OpenStored(place));
  ASSIGN_OR_RETURN(const std::vector<TarMember> members, MembersOfStored(archive));
  ASSIGN_OR_RETURN(const DiskSpace space, SpaceAt(exports_.get()));
  if (archive.info.st_size + kKeptBytes > space.free_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("the stored image takes ", archive.info.st_size >> 20,
                                                     " MiB and the state directory's disk has ", space.free_bytes >> 20,
                                                     " MiB free: free some space"));
  }
  ASSIGN_OR_RETURN(const UniqueFd work, BeginWork(id));
  for (const TarMember& member : members) RETURN_IF_ERROR(Extract(archive, member, work.get(), watch));
  return PathOf(id);
}

absl::Status HostExportFiles::Remove(const std::string& id, const ExportPlace& place) {
  RETURN_IF_ERROR(CheckWorkId(id));
  // What is gone meanwhile, or no bucket any more, holds nothing of ours.
  const absl::StatusOr<PlaceInBucket> found = FindPlace(options_.export_dirs, place, /*make=*/false);
  if (found.ok()) RETURN_IF_ERROR(RemoveTreeAt(found->directory.get(), PartialName(id)));
  return RemoveTreeAt(exports_.get(), id);
}

absl::StatusOr<std::vector<std::string>> HostExportFiles::List() {
  ASSIGN_OR_RETURN(std::vector<std::string> entries, EntriesOf(exports_.get()));
  std::erase_if(entries, [](const std::string& entry) { return !CheckWorkId(entry).ok(); });
  return entries;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ExportFiles>> OpenHostExportFiles(HostExportOptions options) {
  auto directories = std::make_unique<DiskDirectories>();
  directories->state_dir = options.state_dir;
  directories->guests = {options.worker_uid, options.worker_gid};
  ASSIGN_OR_RETURN(directories->state, OpenDirectory(options.state_dir));
  const int state = directories->state.get();
  ASSIGN_OR_RETURN(directories->layers, EnsureDirectoryAt(state, kLayers, 0711, Owner{}));
  ASSIGN_OR_RETURN(UniqueFd exports, EnsureDirectoryAt(state, kExports, 0711, Owner{}));
  if (options.export_dirs.empty()) {
    // Only made, never given other rights: who may read there is the administrator's choice.
    if (mkdirat(state, kExport, 0700) != 0 && errno != EEXIST) {
      return FileError(errno, absl::StrCat("making ", options.state_dir, "/", kExport));
    }
    options.export_dirs = {absl::StrCat(options.state_dir, "/", kExport)};
  }
  return std::make_unique<HostExportFiles>(std::move(options), std::move(directories), std::move(exports));
}

}  // namespace brume::storage
