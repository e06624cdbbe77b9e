#include "lib/ec2/network/linux/netns.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/side_effect.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/high_fd.h"

namespace brume::network {
namespace {

constexpr char kOwnNamespace[] = "/proc/thread-self/ns/net";

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

// As ip-netns(8) does, so that a name removed in one mount namespace goes in all of them.
absl::Status PrepareDirectory() {
  if (mkdir(kNetnsDirectory, 0755) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", kNetnsDirectory));
  }
  if (mount("", kNetnsDirectory, "none", MS_SHARED | MS_REC, nullptr) == 0) return absl::OkStatus();
  if (errno != EINVAL) return absl::ErrnoToStatus(errno, absl::StrCat("cannot share ", kNetnsDirectory));
  if (mount(kNetnsDirectory, kNetnsDirectory, "none", MS_BIND | MS_REC, nullptr) != 0 ||
      mount("", kNetnsDirectory, "none", MS_SHARED | MS_REC, nullptr) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", kNetnsDirectory, " a shared mount"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UniqueFd> CurrentNamespace() {
  UniqueFd fd(open(kOwnNamespace, O_RDONLY | O_CLOEXEC));
  if (!fd) return absl::ErrnoToStatus(errno, "cannot open the thread's network namespace");
  return MoveHigh(std::move(fd));
}

absl::StatusOr<UniqueFd> OpenNamespace(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open network namespace ", path));
  struct statfs info;
  if (fstatfs(fd.get(), &info) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", path));
  if (info.f_type != NSFS_MAGIC) return absl::NotFoundError(absl::StrCat(path, " is not a network namespace"));
  return MoveHigh(std::move(fd));
}

absl::Status EnterNewNamespace(const std::string& path) {
  const SideEffect effect("netns.make");
  RETURN_IF_ERROR(effect.status());
  if (unshare(CLONE_NEWNET) != 0) return absl::ErrnoToStatus(errno, "cannot make a network namespace");
  return NameNamespace(path);
}

absl::StatusOr<bool> NamesThisNamespace(const std::string& path) {
  struct stat own, named;
  if (stat(kOwnNamespace, &own) != 0) return absl::ErrnoToStatus(errno, "cannot look at the own network namespace");
  return stat(path.c_str(), &named) == 0 && named.st_dev == own.st_dev && named.st_ino == own.st_ino;
}

absl::Status NameNamespace(const std::string& path) {
  ASSIGN_OR_RETURN(const bool named, NamesThisNamespace(path));
  if (named) return absl::OkStatus();
  RETURN_IF_ERROR(PrepareDirectory());
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0444));
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", path));
  if (mount(kOwnNamespace, path.c_str(), "none", MS_BIND, nullptr) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot name a network namespace ", path));
  }
  return absl::OkStatus();
}

absl::Status EnterNamespace(int fd) {
  if (setns(fd, CLONE_NEWNET) != 0) return absl::ErrnoToStatus(errno, "cannot enter a network namespace");
  return absl::OkStatus();
}

absl::Status RemoveNamespace(const std::string& path) {
  const SideEffect effect("netns.remove");
  RETURN_IF_ERROR(effect.status());
  // EINVAL: not a mount point, so only the file of a half made one is left.
  if (umount2(path.c_str(), MNT_DETACH) != 0 && errno != EINVAL && errno != ENOENT) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot unmount ", path));
  }
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot remove ", path));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<VpcId>> ListVpcNamespaces() {
  std::vector<VpcId> ids;
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir(kNetnsDirectory));
  if (directory == nullptr) {
    if (errno == ENOENT) return ids;
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", kNetnsDirectory));
  }
  while (const dirent* entry = readdir(directory.get())) {
    const absl::string_view name = entry->d_name;
    if (!absl::StartsWith(name, kNamespacePrefix)) continue;
    // Another program may name a namespace "brume-…" too; it is ours only with a VPC's id behind.
    absl::StatusOr<VpcId> id = VpcId::Parse(name.substr(strlen(kNamespacePrefix)));
    if (id.ok()) ids.push_back(*std::move(id));
  }
  return ids;
}

}  // namespace brume::network
