#include "lib/ec2/compute/libvirt/firmware.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "lib/base/pass_list.h"
#include "lib/base/undo.h"
#include "lib/base/unique_fd.h"

namespace brume::compute {
namespace {

// Debian and Ubuntu; Fedora and its like; Arch; openSUSE.
const Firmware kKnown[] = {
    {"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
    {"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
    {"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
    {"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
    {"/usr/share/qemu/ovmf-x86_64-code.bin", "/usr/share/qemu/ovmf-x86_64-vars.bin"},
};

}  // namespace

absl::StatusOr<Firmware> FindFirmware() {
  for (const Firmware& firmware : kKnown) {
    if (access(firmware.code.c_str(), R_OK) == 0 && access(firmware.variables.c_str(), R_OK) == 0) return firmware;
  }
  return absl::FailedPreconditionError("no UEFI firmware is installed for guests that boot by UEFI; install ovmf");
}

absl::Status EnsureVariables(const Firmware& firmware, const std::string& path, const QemuUser& user) {
  struct stat facts;
  if (lstat(path.c_str(), &facts) == 0) return GiveFile(path, user.uid, user.gid);
  std::ifstream source(firmware.variables, std::ios::binary);
  const std::string variables{std::istreambuf_iterator<char>(source), {}};
  if (source.bad() || variables.empty()) return absl::InternalError(absl::StrCat("cannot read ", firmware.variables));

  const std::string fresh = path + ".new";
  unlink(fresh.c_str());  // of a process that was killed here; when it cannot be removed, the next line says so
  const UniqueFd file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", fresh));
  Undo undo;
  undo.Push([&] { unlink(fresh.c_str()); });
  const ssize_t written = write(file.get(), variables.data(), variables.size());
  if (written != static_cast<ssize_t>(variables.size())) {
    return absl::ErrnoToStatus(written < 0 ? errno : ENOSPC, absl::StrCat("cannot write ", fresh));
  }
  if (fchown(file.get(), user.uid, user.gid) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot give ", fresh, " to ", user.name));
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", path));
  undo.Dismiss();
  return absl::OkStatus();
}

}  // namespace brume::compute
