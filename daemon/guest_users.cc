#include "daemon/guest_users.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"

namespace brume::daemon {
namespace {

absl::Status Taken(const UserIdRange& range, const std::string& whose) {
  return absl::FailedPreconditionError(absl::StrCat("guests cannot run as users ", range.text(), ", of which ", whose,
                                                    "; set compute.guest_user_ids to ids that nobody has"));
}

absl::Status CheckUsersAndGroups(const UserIdRange& range) {
  absl::Status found;
  setpwent();
  for (const passwd* user = getpwent(); user != nullptr && found.ok(); user = getpwent()) {
    if (range.Contains(user->pw_uid)) found = Taken(range, absl::StrCat(user->pw_uid, " is ", user->pw_name));
  }
  endpwent();
  setgrent();
  for (const group* each = getgrent(); each != nullptr && found.ok(); each = getgrent()) {
    if (range.Contains(each->gr_gid)) found = Taken(range, absl::StrCat(each->gr_gid, " is the group ", each->gr_name));
  }
  endgrent();
  return found;
}

// NAME:FIRST:COUNT in each line.
absl::Status CheckDelegated(const UserIdRange& range, const std::string& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> fields = absl::StrSplit(line, ':');
    int64_t first = 0, count = 0;
    if (fields.size() != 3 || !absl::SimpleAtoi(fields[1], &first) || !absl::SimpleAtoi(fields[2], &count)) continue;
    if (first <= range.last && first + count > range.first) {
      return Taken(range, absl::StrCat(path, " gives some to containers of ", fields[0]));
    }
  }
  return absl::OkStatus();
}

void AddOwner(const std::filesystem::path& path, const UserIdRange& range, std::set<int64_t>& ids) {
  struct stat info = {};
  if (lstat(path.c_str(), &info) == 0 && range.Contains(info.st_uid)) ids.insert(info.st_uid);
}

}  // namespace

absl::Status CheckGuestUserIds(const UserIdRange& range) {
  RETURN_IF_ERROR(CheckUsersAndGroups(range));
  RETURN_IF_ERROR(CheckDelegated(range, "/etc/subuid"));
  return CheckDelegated(range, "/etc/subgid");
}

std::set<int64_t> FindUserIdsInUse(const UserIdRange& range, const std::string& state_dir) {
  namespace fs = std::filesystem;
  std::set<int64_t> ids;
  std::error_code gone;  // while it was looked at
  for (const auto& entry : fs::directory_iterator("/proc", gone)) {
    const std::string name = entry.path().filename();
    const bool process = std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (process) AddOwner(entry.path(), range, ids);
  }
  for (const char* kind : {"volumes", "instances"}) {
    for (const auto& directory : fs::directory_iterator(fs::path(state_dir) / kind, gone)) {
      for (const auto& file : fs::directory_iterator(directory.path(), gone)) AddOwner(file.path(), range, ids);
    }
  }
  return ids;
}

}  // namespace brume::daemon
