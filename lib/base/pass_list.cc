#include "lib/base/pass_list.h"

#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "lib/base/unique_fd.h"

namespace brume {
namespace {

constexpr char kAttribute[] = "system.posix_acl_access";

// As the kernel reads it, in little-endian order, which is that of all hosts of guests here.
struct List {
  posix_acl_xattr_header header;
  std::array<posix_acl_xattr_entry, 5> entries;
};

List OnlyFor(uid_t uid) {
  constexpr __le32 kNobody = ACL_UNDEFINED_ID;
  return {.header = {.a_version = POSIX_ACL_XATTR_VERSION},
          .entries = {{{.e_tag = ACL_USER_OBJ, .e_perm = ACL_READ | ACL_WRITE | ACL_EXECUTE, .e_id = kNobody},
                       {.e_tag = ACL_USER, .e_perm = ACL_EXECUTE, .e_id = uid},
                       {.e_tag = ACL_GROUP_OBJ, .e_perm = 0, .e_id = kNobody},
                       {.e_tag = ACL_MASK, .e_perm = ACL_EXECUTE, .e_id = kNobody},
                       {.e_tag = ACL_OTHER, .e_perm = 0, .e_id = kNobody}}}};
}

}  // namespace

absl::Status LetPass(int directory, uid_t uid) {
  if (geteuid() != 0) return absl::OkStatus();
  struct stat info = {};
  if (fstat(directory, &info) != 0) return absl::ErrnoToStatus(errno, "looking at a directory");
  if ((info.st_uid != 0 || info.st_gid != 0) && fchown(directory, 0, 0) != 0) {
    return absl::ErrnoToStatus(errno, "taking a directory");
  }
  const List wanted = OnlyFor(uid);
  List have = {};
  if (fgetxattr(directory, kAttribute, &have, sizeof have) == sizeof have && memcmp(&have, &wanted, sizeof have) == 0) {
    return absl::OkStatus();
  }
  if (fsetxattr(directory, kAttribute, &wanted, sizeof wanted, 0) == 0) return absl::OkStatus();
  if (errno != EOPNOTSUPP) return absl::ErrnoToStatus(errno, "letting a user pass through a directory");
  constexpr mode_t kPass = 0711;
  if (fchmod(directory, kPass) != 0) return absl::ErrnoToStatus(errno, "opening up a directory");
  return absl::OkStatus();
}

absl::Status GiveFile(const std::string& path, uid_t uid, gid_t gid) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info = {};
  if (!file || fstat(file.get(), &info) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  if (!S_ISREG(info.st_mode) || info.st_nlink > 1) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is not a file by one name"));
  }
  if (info.st_uid == uid && info.st_gid == gid) return absl::OkStatus();
  if (fchown(file.get(), uid, gid) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot give ", path, " to its user"));
}

bool IsLetPass(const std::string& directory, uid_t uid) {
  const List wanted = OnlyFor(uid);
  List have = {};
  return getxattr(directory.c_str(), kAttribute, &have, sizeof have) == sizeof have &&
         memcmp(&have, &wanted, sizeof have) == 0;
}

}  // namespace brume
