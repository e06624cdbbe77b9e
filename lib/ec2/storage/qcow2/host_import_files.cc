#include "lib/ec2/storage/qcow2/host_import_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/status_macros.h"
#include "lib/base/subprocess.h"
#include "lib/ec2/storage/qcow2/directory_files.h"
#include "lib/ec2/storage/qcow2/image_source.h"
#include "lib/ec2/storage/qcow2/import_digest.h"
#include "lib/ec2/storage/qcow2/room.h"

namespace brume::storage {
namespace {

constexpr char kImports[] = "imports", kSource[] = "source", kPartial[] = "source.partial";
constexpr char kChecksums[] = "checksums", kSignature[] = "signature";
// Of a list of checksums, or a signature.
constexpr size_t kMaxListBytes = 1 << 20;
constexpr uid_t kUnprivileged = 65534;
constexpr int kFetchedPercent = 45;

class HostImportFiles final : public ImportFiles {
 public:
  HostImportFiles(HostImportOptions options, UniqueFd imports)
      : options_(std::move(options)), imports_(std::move(imports)) {}

  absl::StatusOr<PreparedDisk> Prepare(const ImportOrder& order, const ImportWatch& watch) override;
  absl::Status Remove(const std::string& id) override;
  absl::StatusOr<std::vector<std::string>> List() override { return EntriesOf(imports_.get()); }

 private:
  absl::Status Fetch(const ImportOrder& order, int directory, const ImportWatch& watch);
  absl::Status CopyFromHost(const ImportOrder& order, int directory);
  absl::StatusOr<ImportExpectation> Download(const ImportOrder& order, int directory, const ImportWatch& watch);
  absl::StatusOr<ImportExpectation> ReadExpectation(const ImportOrder& order, const FetchPlace& place,
                                                    const std::function<bool()>& goes_on);
  static absl::StatusOr<std::string> FetchSmall(FetchRequest request, const FetchPlace& place,
                                                const std::function<bool()>& goes_on);
  absl::Status CheckSignature(const ImportOrder& order, const FetchPlace& place, const std::function<bool()>& goes_on);
  FetchPlace PlaceOf(const std::string& id, int directory) const;
  std::string PathOf(const std::string& id) const { return absl::StrCat(options_.state_dir, "/", kImports, "/", id); }

  const HostImportOptions options_;
  const UniqueFd imports_;
};

// Ids become file names of a privileged process.
absl::Status CheckTaskId(const std::string& id) { return CheckImportTaskId(id); }

absl::Status CheckDigests(int file, const ImportExpectation& expected, const std::function<bool()>& goes_on) {
  const auto check = [&](Digest digest, const std::string& wanted) -> absl::Status {
    if (wanted.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string is, DigestOf(file, digest, goes_on));
    if (is == wanted) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("the file is not the one expected: its checksum is ", is, ", and not ", wanted));
  };
  RETURN_IF_ERROR(check(Digest::kSha256, expected.sha256));
  return check(Digest::kSha512, expected.sha512);
}

absl::Status HostImportFiles::CopyFromHost(const ImportOrder& order, int directory) {
  ASSIGN_OR_RETURN(const SourceFile source, OpenSource(order.source.location, options_.import_dirs));
  if (source.is_directory()) {
    return absl::InvalidArgumentError("it is a directory: RegisterImage takes a bundle, ImportImage one file");
  }
  ASSIGN_OR_RETURN(const DiskSpace space, SpaceAt(directory));
  const int64_t needed = std::min<int64_t>(source.info.st_size, int64_t{source.info.st_blocks} * 512);
  if (needed + kReserveBytes > space.free_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("the file takes ", needed >> 20,
                                                     " MiB and the state directory's disk has ", space.free_bytes >> 20,
                                                     " MiB free: free some space"));
  }
  RETURN_IF_ERROR(RemoveTreeAt(directory, kPartial));
  ASSIGN_OR_RETURN(const UniqueFd copy, CreateFileAt(directory, kPartial));
  return CopyContent(source.fd.get(), copy.get(), static_cast<uint64_t>(source.info.st_size));
}

FetchPlace HostImportFiles::PlaceOf(const std::string& id, int directory) const {
  return {.directory = directory,
          .path = PathOf(id),
          .worker = {options_.worker_uid, options_.worker_gid},
          .options = options_.fetch};
}

absl::Status HostImportFiles::CheckSignature(const ImportOrder& order, const FetchPlace& place,
                                             const std::function<bool()>& goes_on) {
  const ImportExpectation& expected = order.source.expected;
  const std::string keyring = absl::StartsWith(expected.keyring, "/")
                                  ? expected.keyring
                                  : absl::StrCat(options_.keyring_dir, "/", expected.keyring);
  if (access(keyring.c_str(), R_OK) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("there is no keyring ", expected.keyring, " that can be read"));
  }
  ASSIGN_OR_RETURN(const HttpUrl url, ParseHttpUrl(expected.signature));
  RETURN_IF_ERROR(FetchSmall({.url = url, .name = kSignature, .needs_tls = false}, place, goes_on).status());
  const std::string list = absl::StrCat(place.path, "/", kChecksums),
                    signature = absl::StrCat(place.path, "/", kSignature);
  CommandOptions options;
  options.goes_on = goes_on;
  Confinement& worker = options.confinement.emplace();
  worker.uid = place.worker.uid;
  worker.gid = place.worker.gid;
  worker.readable = {keyring, list, signature};
  ASSIGN_OR_RETURN(
      const CommandResult result,
      RunCommand({"gpgv", "-q", "--homedir", "/nonexistent", "--keyring", keyring, signature, list}, options));
  if (result.exit_code == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the list of checksums ", expected.checksums,
                                                 " has no good signature by a key of ", expected.keyring, ": ",
                                                 absl::StripAsciiWhitespace(result.standard_error)));
}

absl::StatusOr<std::string> HostImportFiles::FetchSmall(FetchRequest request, const FetchPlace& place,
                                                        const std::function<bool()>& goes_on) {
  request.max_bytes = kMaxListBytes;
  for (const char* ending : {"", ".head", ".head.new"}) {
    RETURN_IF_ERROR(RemoveTreeAt(place.directory, request.name + ending));
  }
  RETURN_IF_ERROR(FetchFile(request, place, [&](int64_t, int64_t) { return goes_on(); }));
  const UniqueFd file(openat(place.directory, request.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return FileError(errno, request.name);
  RETURN_IF_ERROR(Settle(file.get(), 0444, Owner{}, request.name));
  return ReadFileAt(place.directory, request.name, kMaxListBytes);
}

// What is expected of the file, its list of checksums read.
absl::StatusOr<ImportExpectation> HostImportFiles::ReadExpectation(const ImportOrder& order, const FetchPlace& place,
                                                                   const std::function<bool()>& goes_on) {
  ImportExpectation expected = order.source.expected;
  if (expected.checksums.empty()) return expected;
  ASSIGN_OR_RETURN(const HttpUrl url, ParseHttpUrl(expected.checksums));
  ASSIGN_OR_RETURN(const std::string list, FetchSmall({.url = url, .name = kChecksums}, place, goes_on));
  if (!expected.signature.empty()) RETURN_IF_ERROR(CheckSignature(order, place, goes_on));
  ASSIGN_OR_RETURN(const HttpUrl file, ParseHttpUrl(order.source.location));
  ASSIGN_OR_RETURN(const ListedDigest listed, FindDigest(list, FileNameOf(file)));
  (listed.digest == Digest::kSha256 ? expected.sha256 : expected.sha512) = listed.hex;
  return expected;
}

absl::StatusOr<ImportExpectation> HostImportFiles::Download(const ImportOrder& order, int directory,
                                                            const ImportWatch& watch) {
  const FetchPlace place = PlaceOf(order.id, directory);
  const auto goes_on = [&] { return watch({.message = "downloading", .percent = 1}); };
  if (!goes_on()) return absl::CancelledError("ended");
  ASSIGN_OR_RETURN(ImportExpectation expected, ReadExpectation(order, place, goes_on));
  ASSIGN_OR_RETURN(const HttpUrl url, ParseHttpUrl(order.source.location));
  const bool checked = !expected.sha256.empty() || !expected.sha512.empty();
  RETURN_IF_ERROR(
      FetchFile({.url = url, .name = kPartial, .needs_tls = !checked}, place, [&](int64_t bytes, int64_t total) {
        const int64_t part = total > 0 ? std::min(bytes, total) * (kFetchedPercent - 1) / total : 0;
        return watch({.message = "downloading", .percent = 1 + static_cast<int>(part)});
      }));
  return expected;
}

absl::Status HostImportFiles::Fetch(const ImportOrder& order, int directory, const ImportWatch& watch) {
  ASSIGN_OR_RETURN(const EntryKind have, KindOfAt(directory, kSource));
  if (have == EntryKind::kFile) return absl::OkStatus();
  ImportExpectation expected = order.source.expected;
  if (order.source.place == ImportPlace::kHttp) {
    ASSIGN_OR_RETURN(expected, Download(order, directory, watch));
  } else if (!expected.checksums.empty()) {
    return absl::InvalidArgumentError("a file of this host has no list of checksums: say sha256= or sha512=");
  } else {
    if (!watch({.message = "copying", .percent = 1})) return absl::CancelledError("ended");
    RETURN_IF_ERROR(CopyFromHost(order, directory));
  }
  RETURN_IF_ERROR(Failpoint("import.fetched"));
  const UniqueFd fetched(openat(directory, kPartial, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fetched) return FileError(errno, "opening what was fetched");
  const ImportProgress checking = {.message = "validating", .percent = kFetchedPercent};
  const absl::Status same = CheckDigests(fetched.get(), expected, [&] { return watch(checking); });
  // Another try must not go on from it.
  if (absl::IsInvalidArgument(same)) RETURN_IF_ERROR(RemoveTreeAt(directory, kPartial));
  RETURN_IF_ERROR(same);
  RETURN_IF_ERROR(Settle(fetched.get(), 0444, Owner{}, kPartial));
  return RenameAt(directory, kPartial, kSource);
}

absl::StatusOr<PreparedDisk> HostImportFiles::Prepare(const ImportOrder& order, const ImportWatch& watch) {
  RETURN_IF_ERROR(CheckTaskId(order.id));
  ASSIGN_OR_RETURN(const UniqueFd directory, EnsureDirectoryAt(imports_.get(), order.id, 0711, Owner{}));
  RETURN_IF_ERROR(Fetch(order, directory.get(), watch));
  return Unpack(kSource, order.format,
                {.directory = directory.get(),
                 .path = PathOf(order.id),
                 .worker = {options_.worker_uid, options_.worker_gid},
                 .options = options_.unpack},
                watch);
}

absl::Status HostImportFiles::Remove(const std::string& id) {
  RETURN_IF_ERROR(CheckTaskId(id));
  return RemoveTreeAt(imports_.get(), id);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ImportFiles>> OpenHostImportFiles(HostImportOptions options) {
  ASSIGN_OR_RETURN(const UniqueFd state, OpenDirectory(options.state_dir));
  ASSIGN_OR_RETURN(UniqueFd imports, EnsureDirectoryAt(state.get(), kImports, 0711, Owner{}));
  if (options.import_dirs.empty()) options.import_dirs = {absl::StrCat(options.state_dir, "/import")};
  if (options.worker_uid == 0) {
    options.worker_uid = kUnprivileged;
    options.worker_gid = kUnprivileged;
  }
  return std::make_unique<HostImportFiles>(std::move(options), std::move(imports));
}

}  // namespace brume::storage
