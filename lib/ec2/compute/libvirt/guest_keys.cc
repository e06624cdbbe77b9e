#include "lib/ec2/compute/libvirt/guest_keys.h"

#include <dlfcn.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"

namespace brume::compute {
namespace {

struct SecretFree {
  void operator()(virSecretPtr secret) const { virSecretFree(secret); }
};
using SecretHandle = std::unique_ptr<virSecret, SecretFree>;

absl::Status NoEncryptedDisks() {
  return absl::UnimplementedError("this libvirt's embedded driver opens no encrypted disks; use qemu:///system");
}

// As virt-qemu-run, libvirt's own program over the embedded driver, does it. The token is any: only its presence counts
// here, and libvirt would otherwise make one in a file outside of our directory.
absl::Status GiveThreadAnIdentity() {
  static void* const identity = [] {
    const auto make = reinterpret_cast<void* (*)()>(dlsym(RTLD_DEFAULT, "virIdentityNew"));
    const auto mark = reinterpret_cast<int (*)(void*, const char*)>(dlsym(RTLD_DEFAULT, "virIdentitySetSystemToken"));
    void* const made = make == nullptr || mark == nullptr ? nullptr : make();
    return made != nullptr && mark(made, "brume") >= 0 ? made : nullptr;
  }();
  static const auto use = reinterpret_cast<int (*)(void*)>(dlsym(RTLD_DEFAULT, "virIdentitySetCurrent"));
  if (identity != nullptr && use != nullptr && use(identity) == 0) return absl::OkStatus();
  return NoEncryptedDisks();
}

// The driver of guests asks the connection that its own thread has opened, or was given.
absl::Status GiveThreadSecrets(virConnectPtr connection) {
  static const auto give = reinterpret_cast<int (*)(virConnectPtr)>(dlsym(RTLD_DEFAULT, "virSetConnectSecret"));
  return give != nullptr && give(connection) >= 0 ? absl::OkStatus() : NoEncryptedDisks();
}

bool IsInMemory(const std::string& path) {
  struct statfs info = {};
  return statfs(path.c_str(), &info) == 0 && (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC);
}

// A directory of ours alone in memory, of a name that follows from `root`.
absl::StatusOr<std::string> MakeMemoryDirectory(const std::string& root) {
  for (const char* parent : {"/run", "/dev/shm"}) {
    if (!IsInMemory(parent)) continue;
    const std::string path = absl::StrCat(parent, "/brume-keys", absl::StrReplaceAll(root, {{"/", "-"}}));
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) continue;
    struct stat info = {};
    if (lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
        (info.st_mode & 0077) == 0) {
      return path;
    }
    log::Warn("{} is not a directory of ours alone", path);
  }
  return absl::UnimplementedError(
      "encrypted disks need a place for keys that is in memory alone: neither /run nor /dev/shm is a tmpfs");
}

}  // namespace

std::string SecretUuid(const std::string& serial) {
  std::string digits;
  for (const char c : serial) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) digits.push_back(c);
  }
  digits = absl::StrFormat("%032s", digits.substr(digits.size() > 32 ? digits.size() - 32 : 0));
  for (char& c : digits) c = c == ' ' ? '0' : c;
  return absl::StrCat(digits.substr(0, 8), "-", digits.substr(8, 4), "-", digits.substr(12, 4), "-",
                      digits.substr(16, 4), "-", digits.substr(20));
}

GuestKeys::~GuestKeys() {
  MutexLock lock(mutex_);
  std::error_code ignored;  // what is left is overwritten, and in memory
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

absl::Status GuestKeys::OpenEmbedded() {
  ASSIGN_OR_RETURN(const std::string directory, MakeMemoryDirectory(root_));
  // libvirt writes the values into root/etc/secrets: that is our directory by another name.
  const std::string link = absl::StrCat(root_, "/etc/secrets");
  std::error_code error;
  if (std::filesystem::read_symlink(link, error) != directory) {
    std::filesystem::remove(link, error);  // a link that leads elsewhere, or an empty directory
    std::filesystem::create_directory_symlink(directory, link, error);
    if (error) return absl::UnavailableError(absl::StrCat("cannot make ", link, ": ", error.message()));
  }
  const std::string uri = absl::StrCat("secret:///embed?root=", root_);
  virConnectPtr opened = virConnectOpen(uri.c_str());
  if (opened == nullptr) return LastVirtError("open libvirt's driver of secrets");
  // Never closed, as that of guests: it would take its driver down.
  embedded_ = ConnectHandle(opened, [](virConnectPtr) {});
  directory_ = directory;
  return absl::OkStatus();
}

absl::StatusOr<virConnectPtr> GuestKeys::SecretsOf(virConnectPtr connection) {
  if (root_.empty()) return connection;
  RETURN_IF_ERROR(GiveThreadAnIdentity());
  MutexLock lock(mutex_);
  if (embedded_ == nullptr) RETURN_IF_ERROR(OpenEmbedded());
  RETURN_IF_ERROR(GiveThreadSecrets(embedded_.get()));
  return embedded_.get();
}

void GuestKeys::Undefine(virSecretPtr secret, const std::string& uuid) {
  if (root_.empty()) {
    virSecretUndefine(secret);
    return;
  }
  static constexpr unsigned char kNothing[1] = {0};
  virSecretSetValue(secret, kNothing, sizeof kNothing, 0);
  MutexLock lock(mutex_);
  for (const char* suffix : {".base64", ".xml"}) unlink(absl::StrCat(directory_, "/", uuid, suffix).c_str());
}

absl::Status GuestKeys::With(virConnectPtr connection, const std::vector<GuestKey>& keys,
                             const std::function<absl::Status()>& action) {
  if (keys.empty()) return action();
  ASSIGN_OR_RETURN(virConnectPtr secrets, SecretsOf(connection));
  std::vector<std::pair<SecretHandle, std::string>> defined;
  const absl::Cleanup undefine_all = [&] {
    for (const auto& [secret, uuid] : defined) Undefine(secret.get(), uuid);
  };
  for (const GuestKey& each : keys) {
    const std::string uuid = SecretUuid(each.serial);
    const char* const kept = root_.empty() ? "ephemeral='yes' private='yes'" : "ephemeral='no' private='no'";
    const std::string xml = absl::StrCat("<secret ", kept, "><uuid>", uuid, "</uuid></secret>");
    SecretHandle secret(virSecretDefineXML(secrets, xml.c_str(), 0));
    if (secret == nullptr) return LastVirtError("tell libvirt of a disk's key");
    defined.emplace_back(std::move(secret), uuid);
    if (virSecretSetValue(defined.back().first.get(), reinterpret_cast<const unsigned char*>(each.key.data()),
                          each.key.size(), 0) != 0) {
      return LastVirtError("tell libvirt a disk's key");
    }
  }
  return action();
}

}  // namespace brume::compute
