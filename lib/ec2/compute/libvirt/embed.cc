#include "lib/ec2/compute/libvirt/embed.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <pugixml.hpp>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/log.h"
#include "lib/base/pass_list.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/libvirt/libvirt_hypervisor.h"
#include "lib/ec2/compute/libvirt/qemu_process.h"

namespace brume::compute {
namespace {

// sun_path is 108 bytes, and this is libvirt's longest socket; the number counts the guests of one driver's life.
constexpr size_t kMaxRootLength = 108 - sizeof("/lib/qemu/domain-1234567-i-0123456789abcdef0/monitor.sock");

// Debian's build of libvirt looks this user up before it reads qemu.conf, and fails without it.
constexpr char kBuiltInUser[] = "libvirt-qemu";

absl::Status MakeDirectory(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make the directory ", path));
  }
  // mkdir obeys the umask, which may keep QEMU out.
  if (chmod(path.c_str(), mode) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open up ", path));
  return absl::OkStatus();
}

// Numbers, so that nothing needs quoting. dynamic_ownership: the storage adapter gives disks their owner, and layers
// that guests share must keep theirs. stdio_handler: the other choice needs the virtlogd daemon.
//
// The user here is who asks QEMU for its capabilities; guests run as the user their domains name. libvirt 9.0 asks with
// rights that reach a /dev/kvm which the user may not open, then finds that he may not, takes the answer for outdated
// and asks again, some fifty times for each guest. Where root asks, both looks agree.
std::string QemuConf(const QemuUser& user, bool may_open_kvm) {
  return absl::StrCat(
      "# Written by brumed each time it starts; changes are lost.\n"
      "user = \"+",
      may_open_kvm ? user.uid : 0, "\"\ngroup = \"+", may_open_kvm ? user.gid : 0,
      "\"\n"
      "dynamic_ownership = 0\n"
      "remember_owner = 0\n"
      "stdio_handler = \"file\"\n"
      "seccomp_sandbox = 1\n");
}

absl::StatusOr<std::vector<gid_t>> GroupsOf(const QemuUser& user) {
  std::vector<gid_t> groups(1024);
  int count = static_cast<int>(groups.size());
  if (getgrouplist(user.name.c_str(), user.gid, groups.data(), &count) < 0) {
    return absl::InternalError(absl::StrCat("'", user.name, "' is in too many groups"));
  }
  groups.resize(count);
  return groups;
}

// What the mode of a file gives to the user, in the places of S_IRWXO.
mode_t RightsOf(const QemuUser& user, const std::vector<gid_t>& groups, const struct stat& facts) {
  if (facts.st_uid == user.uid) return facts.st_mode >> 6 & S_IRWXO;
  const bool member = std::find(groups.begin(), groups.end(), facts.st_gid) != groups.end();
  return (member ? facts.st_mode >> 3 : facts.st_mode) & S_IRWXO;
}

// True where there is no such device: nobody is refused it then.
absl::StatusOr<bool> MayOpenKvm(const QemuUser& user) {
  struct stat facts;
  if (stat("/dev/kvm", &facts) != 0) return true;
  ASSIGN_OR_RETURN(const std::vector<gid_t> groups, GroupsOf(user));
  return (RightsOf(user, groups, facts) & (S_IROTH | S_IWOTH)) == (S_IROTH | S_IWOTH);
}

absl::Status WriteFile(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  std::ofstream file(fresh, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return absl::UnavailableError(absl::StrCat("cannot write ", fresh));
  if (rename(fresh.c_str(), path.c_str()) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
  return absl::OkStatus();
}

std::string PercentDecode(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && absl::ascii_isxdigit(text[i + 1]) &&
        absl::ascii_isxdigit(text[i + 2])) {
      decoded += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

// nullopt when there is no such user.
std::optional<QemuUser> FindUser(const std::string& name) {
  std::vector<char> buffer(16384);
  passwd entry;
  passwd* found = nullptr;
  getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return std::nullopt;
  return QemuUser{name, entry.pw_uid, entry.pw_gid};
}

void RemoveAll(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) log::Warn("cannot remove {}: {}", path.string(), error.message());
}

// A process that was killed while libvirt asked QEMU what it can do leaves that QEMU behind, and libvirt forgets it.
void EndStaleProbes(const std::string& root) {
  const std::string parent = absl::StrCat(root, "/lib/qemu");
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
    if (!absl::StartsWith(entry.path().filename().string(), "qmp-")) continue;
    const absl::StatusOr<UniqueFd> process = FindProcess(entry.path() / "qmp.pid", entry.path().string());
    if (process.ok()) KillProcess(*process, absl::Seconds(1));
    RemoveAll(entry.path());
  }
}

// Whether libvirt wrote the status before it knew the guest's process: it had started QEMU, or was about to, and the
// guest has not run. libvirt never looks after such a guest again, and holds its lock for the start for ever.
bool IsHalfStarted(const std::filesystem::path& status) {
  pugi::xml_document document;
  if (!document.load_file(status.c_str())) return false;
  const pugi::xml_attribute pid = document.child("domstatus").attribute("pid");
  return pid && pid.as_llong(-1) == 0;
}

// Takes away the status of guests that have no process. libvirt would take one that was cut short before its QEMU began
// for running, and wait for its answers without end; and where a process has the same pid by now, as after a restart of
// the host, libvirt would end that one.
void RemoveGuestsWithoutProcess(const std::string& root) {
  std::error_code error;
  std::vector<std::filesystem::path> lost;
  for (const auto& entry : std::filesystem::directory_iterator(absl::StrCat(root, "/run/qemu"), error)) {
    const std::filesystem::path& path = entry.path();
    const std::string guest = path.stem().string();
    if (path.extension() == ".new") RemoveAll(path);  // a status that was being written; the former one counts
    if (path.extension() != ".xml") continue;
    const absl::StatusOr<UniqueFd> process =
        FindProcess(EmbeddedPidFile(root, guest), absl::StrCat("guest=", guest, ","));
    if (!process.ok() || (IsHalfStarted(path) && KillProcess(*process, absl::Seconds(2)))) lost.push_back(path);
  }
  for (const std::filesystem::path& status : lost) {
    const std::string guest = status.stem().string();
    log::Info("guest {} has no process; libvirt's traces of it are removed", guest);
    for (const auto& entry : std::filesystem::directory_iterator(absl::StrCat(root, "/lib/qemu"), error)) {
      const std::string name = entry.path().filename().string();
      if (absl::StartsWith(name, "domain-") && absl::EndsWith(name, absl::StrCat("-", guest))) RemoveAll(entry.path());
    }
    RemoveAll(EmbeddedPidFile(root, guest));
    RemoveAll(status);
  }
}

}  // namespace

absl::StatusOr<QemuUser> FindQemuUser(const std::string& name) {
  const std::optional<QemuUser> user = FindUser(name);
  if (!user.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat("guests run as the user '", name, "', who does not exist here; packaging/install-deps makes it"));
  }
  if (user->uid == 0) return absl::FailedPreconditionError(absl::StrCat("guests never run as root ('", name, "')"));
  return *user;
}

QemuUser OwnUser(int64_t user_id) {
  QemuUser user = {absl::StrCat("+", user_id), static_cast<uid_t>(user_id), static_cast<gid_t>(user_id)};
  struct stat device;
  constexpr mode_t kAll = S_IROTH | S_IWOTH, kGroup = S_IRGRP | S_IWGRP;
  if (stat("/dev/kvm", &device) != 0 || (device.st_mode & kAll) == kAll) return user;
  if ((device.st_mode & kGroup) == kGroup && device.st_gid != 0) user.gid = device.st_gid;
  return user;
}

std::string EmbeddedUri(const std::string& state_dir) {
  std::string uri = "qemu:///embed?root=";
  for (const char c : absl::StrCat(state_dir, "/libvirt")) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("/-_.~", absl::string_view(&c, 1))) {
      uri.push_back(c);
    } else {
      absl::StrAppendFormat(&uri, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return uri;
}

std::optional<std::string> EmbeddedRoot(absl::string_view uri) {
  if (!absl::ConsumePrefix(&uri, "qemu:///embed?")) return std::nullopt;
  for (absl::string_view parameter : absl::StrSplit(uri, '&')) {
    if (absl::ConsumePrefix(&parameter, "root=")) return PercentDecode(parameter);
  }
  return std::nullopt;
}

absl::Status CheckReachable(const std::string& path, const QemuUser& user) {
  ASSIGN_OR_RETURN(const std::vector<gid_t> groups, GroupsOf(user));
  std::filesystem::path so_far;
  for (const auto& part : std::filesystem::path(path)) {
    so_far /= part;
    struct stat facts;
    if (stat(so_far.c_str(), &facts) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", so_far.string()));
    }
    if (!S_ISDIR(facts.st_mode)) continue;
    if ((RightsOf(user, groups, facts) & S_IXOTH) == 0 && !IsLetPass(so_far, user.uid)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the user '", user.name, "', as whom guests run, may not enter ", so_far.string(), "; chmod o+x it"));
    }
  }
  return absl::OkStatus();
}

absl::Status PrepareEmbeddedRoot(const std::string& root, const QemuUser& user) {
  if (root.size() > kMaxRootLength) {
    return absl::InvalidArgumentError(absl::StrCat("'", root, "' is too long a path for libvirt's sockets (at most ",
                                                   kMaxRootLength, " bytes); use a shorter state directory"));
  }
  if (!FindUser(kBuiltInUser).has_value() && std::filesystem::exists("/etc/debian_version")) {
    return absl::FailedPreconditionError(
        absl::StrCat("libvirt does not start without its user '", kBuiltInUser, "'; packaging/install-deps makes it"));
  }
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(root).parent_path(), error);
  if (error) return absl::UnavailableError(absl::StrCat("cannot make ", root, ": ", error.message()));
  RETURN_IF_ERROR(MakeDirectory(root, 0711));
  RETURN_IF_ERROR(MakeDirectory(absl::StrCat(root, "/etc"), 0755));
  RETURN_IF_ERROR(CheckReachable(root, user));
  EndStaleProbes(root);
  RemoveGuestsWithoutProcess(root);
  ASSIGN_OR_RETURN(const bool may_open_kvm, MayOpenKvm(user));
  return WriteFile(absl::StrCat(root, "/etc/qemu.conf"), QemuConf(user, may_open_kvm));
}

std::string EmbeddedPidFile(const std::string& root, const std::string& guest) {
  return absl::StrCat(root, "/run/qemu/", guest, ".pid");
}

std::string EmbeddedLogDirectory(const std::string& root) { return absl::StrCat(root, "/log/qemu"); }

}  // namespace brume::compute
