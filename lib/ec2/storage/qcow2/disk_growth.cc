#include "lib/ec2/storage/qcow2/disk_growth.h"

#include <unistd.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/base/subprocess.h"

namespace brume::storage {

absl::Status GrowDiskFile(const std::string& path, int64_t size_bytes, const Owner& user) {
  // Bounds, and no more rights than a guest's QEMU has: what a guest wrote is not to be trusted.
  std::vector<std::string> argv = {"prlimit", "--as=4294967296", "--cpu=60", "--core=0"};
  if (geteuid() == 0 && user.uid != 0) {
    argv.insert(argv.end(), {"setpriv", absl::StrCat("--reuid=", user.uid), absl::StrCat("--regid=", user.gid),
                             "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--"});
  }
  argv.insert(argv.end(), {"qemu-img", "resize", "-q", "-f", "qcow2", path, absl::StrCat(size_bytes)});
  CommandOptions options;
  options.timeout = absl::Minutes(2);
  ASSIGN_OR_RETURN(const CommandResult result, RunCommand(argv, options));
  if (result.exit_code == 0) return absl::OkStatus();
  const std::string said(absl::StripAsciiWhitespace(result.standard_error));
  if (absl::StrContains(said, "lock")) return absl::UnavailableError(absl::StrCat("the disk is in use: ", said));
  if (absl::StrContains(said, "No space left")) return absl::ResourceExhaustedError(said);
  return absl::InternalError(absl::StrCat("qemu-img resize failed (", result.exit_code, "): ", said));
}

}  // namespace brume::storage
