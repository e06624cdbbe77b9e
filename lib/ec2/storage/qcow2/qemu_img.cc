#include "lib/ec2/storage/qcow2/qemu_img.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/status_macros.h"

namespace brume::storage {

namespace {

// LUKS measures how fast the processor is, and gives up where the kernel counted no time of it, which on a busy host
// happens now and then. Nothing was made then.
constexpr char kUnmeasured[] = "Unable to get accurate CPU usage";

// Its standard input, in which it finds the key: a file that has no name and is in memory.
absl::StatusOr<UniqueFd> KeyFile(const std::string& key) {
  UniqueFd file(memfd_create("key", MFD_CLOEXEC));
  if (!file) return FileError(errno, "making a file in memory");
  RETURN_IF_ERROR(WriteAt(file.get(), 0, key));
  return file;
}

}  // namespace

absl::StatusOr<CommandResult> CallQemuImg(const std::vector<std::string>& arguments, const QemuImgAccess& access) {
  CommandOptions options;
  options.timeout = access.timeout;
  options.goes_on = access.goes_on;
  std::vector<std::string> argv = {"qemu-img"};
  if (geteuid() == 0 && access.user.uid != 0) {
    Confinement& confinement = options.confinement.emplace();
    confinement.uid = access.user.uid;
    confinement.gid = access.user.gid;
    confinement.readable = access.readable;
    confinement.writable = access.writable;
    // It holds a refcount for each cluster in memory, 512 MiB for the largest disk, and a cache for each layer.
    confinement.memory_bytes = int64_t{4} << 30;
    confinement.cpu_seconds = access.timeout / absl::Seconds(1);
    // As large as the largest volume with all that qcow2 needs beside the data.
    confinement.file_bytes = int64_t{20} << 40;
    confinement.open_files = 1024;
  } else {
    argv = {"prlimit", "--as=4294967296", absl::StrCat("--cpu=", access.timeout / absl::Seconds(1)), "--core=0",
            "qemu-img"};
  }
  UniqueFd key;
  argv.push_back(arguments.front());
  if (!access.key.empty()) {
    ASSIGN_OR_RETURN(key, KeyFile(access.key));
    options.input_fd = key.get();
    argv.insert(argv.end(), {"--object", absl::StrCat("secret,id=", kSecretId, ",file=/dev/stdin")});
  }
  argv.insert(argv.end(), arguments.begin() + 1, arguments.end());
  return RunCommand(argv, options);
}

absl::Status RunQemuImg(const std::vector<std::string>& arguments, const QemuImgAccess& access) {
  const absl::Time last_try = absl::Now() + access.timeout;
  CommandResult result;
  std::string said;
  for (bool again = false;; again = true) {
    if (again && access.renew != nullptr) RETURN_IF_ERROR(access.renew());
    ASSIGN_OR_RETURN(result, CallQemuImg(arguments, access));
    if (result.exit_code == 0) return absl::OkStatus();
    said = std::string(absl::StripAsciiWhitespace(result.standard_error));
    // A quarter of the tries failed on a busy host, on busier ones more: they are bounded by time and not counted.
    if (!absl::StrContains(said, kUnmeasured) || absl::Now() > last_try) break;
  }
  if (absl::StrContains(said, "lock")) return absl::UnavailableError(absl::StrCat("the disk is in use: ", said));
  if (absl::StrContains(said, "No space left")) return absl::ResourceExhaustedError(said);
  if (absl::StrContains(said, "No such file")) return absl::NotFoundError(said);
  return absl::InternalError(absl::StrCat("qemu-img ", arguments.front(), " failed (", result.exit_code, "): ", said));
}

}  // namespace brume::storage
