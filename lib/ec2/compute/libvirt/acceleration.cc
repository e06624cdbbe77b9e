#include "lib/ec2/compute/libvirt/acceleration.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/subprocess.h"
#include "lib/base/undo.h"
#include "lib/ec2/compute/libvirt/trial_guest.h"

namespace brume::compute {
namespace {

constexpr char kDevice[] = "/dev/kvm";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

// What the outcome depends on. A changed group of /dev/kvm or another user asks for a new trial.
std::string Circumstances(const QemuUser& user) {
  struct stat device = {};
  stat(kDevice, &device);
  return absl::StrCat(absl::StripAsciiWhitespace(ReadFile("/proc/sys/kernel/random/boot_id")), " ", user.uid, " ",
                      device.st_mode, ":", device.st_uid, ":", device.st_gid);
}

absl::Status WriteRom(const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << TrialGuestRom();
  file.close();
  if (!file) return absl::UnavailableError(absl::StrCat("cannot write ", path));
  if (chmod(path.c_str(), 0644) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open up ", path));
  return absl::OkStatus();
}

}  // namespace

absl::Status TryAcceleration(Acceleration acceleration, const QemuUser& user, const std::string& scratch,
                             const TrialOptions& options) {
  const absl::string_view accelerator = kAccelerationNames.Of(acceleration);
  const std::string rom = absl::StrCat(scratch, "/trial-", accelerator, ".rom");
  RETURN_IF_ERROR(WriteRom(rom));
  Undo undo;
  undo.Push([&] { unlink(rom.c_str()); });
  std::vector<std::string> argv;
  if (geteuid() == 0) {
    argv = {"setpriv",
            absl::StrCat("--reuid=", user.uid),
            absl::StrCat("--regid=", user.gid),
            "--init-groups",
            "--no-new-privs",
            "--"};
  }
  const std::vector<std::string> qemu = {options.emulator,
                                         "-nodefaults",
                                         "-no-user-config",
                                         "-display",
                                         "none",
                                         "-no-reboot",
                                         "-machine",
                                         absl::StrCat("q35,accel=", accelerator),
                                         "-cpu",
                                         acceleration == Acceleration::kKvm ? "host" : "max",
                                         "-m",
                                         "16",
                                         "-device",
                                         absl::StrCat("isa-debug-exit,iobase=", kTrialExitPort, ",iosize=1"),
                                         "-bios",
                                         rom};
  argv.insert(argv.end(), qemu.begin(), qemu.end());
  const absl::StatusOr<CommandResult> result = RunCommand(argv, {.timeout = options.deadline, .standard_input = ""});
  if (absl::IsDeadlineExceeded(result.status())) {
    return absl::DeadlineExceededError(absl::StrCat("a trial guest did not get through its first instructions within ",
                                                    absl::FormatDuration(options.deadline),
                                                    "; virtualization here seems to be emulated itself"));
  }
  RETURN_IF_ERROR(result.status());
  if (result->exit_code == kTrialExitCode) return absl::OkStatus();
  const std::vector<absl::string_view> lines = absl::StrSplit(absl::StripAsciiWhitespace(result->standard_error), '\n');
  return absl::InternalError(absl::StrCat("a trial guest failed (", result->exit_code, "): ", lines.back()));
}

FoundAcceleration ChooseAcceleration(const QemuUser& user, const std::string& state_dir, const TrialOptions& options) {
  if (access(kDevice, F_OK) != 0)
    return {Acceleration::kTcg, "there is no /dev/kvm (no hardware virtualization, or no kvm module)"};
  const std::string memory = absl::StrCat(state_dir, "/acceleration");
  const std::string circumstances = Circumstances(user);
  const std::vector<std::string> remembered = absl::StrSplit(ReadFile(memory), absl::MaxSplits('\n', 2));
  if (remembered.size() == 3 && remembered[0] == circumstances) {
    return {kAccelerationNames.Find(remembered[1]).value_or(Acceleration::kTcg), remembered[2]};
  }

  const absl::Status tried = TryAcceleration(Acceleration::kKvm, user, state_dir, options);
  const FoundAcceleration found = {tried.ok() ? Acceleration::kKvm : Acceleration::kTcg, std::string(tried.message())};
  // The outcome of a disk that is full, say, is worth no memory: it is tried again at the next start.
  if (absl::IsUnavailable(tried)) return found;
  std::ofstream file(memory, std::ios::trunc);
  file << circumstances << "\n" << kAccelerationNames.Of(found.acceleration) << "\n" << found.note;
  file.close();
  if (!file) log::Warn("cannot remember the outcome of the KVM trial in {}", memory);
  return found;
}

}  // namespace brume::compute
