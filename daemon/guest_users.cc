#include "daemon/guest_users.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"

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

bool IsProcess(const std::filesystem::path& entry) {
  const std::string name = entry.filename();
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "i-…" of a QEMU's arguments, "dnsmasq" of a dnsmasq's, "" of all others'.
std::string ServedBy(const std::vector<std::string>& arguments, const std::string& state_dir) {
  const std::string& program = arguments.front();
  if (program.substr(program.rfind('/') + 1) == "dnsmasq") {
    const std::string ours = absl::StrCat("--conf-file=", state_dir, "/");
    const bool known = std::any_of(arguments.begin(), arguments.end(),
                                   [&](const std::string& argument) { return absl::StartsWith(argument, ours); });
    return known ? "dnsmasq" : "";
  }
  if (!absl::StrContains(program, "qemu-system")) return "";
  const bool known = std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
    return absl::StrContains(argument, absl::StrCat(state_dir, "/"));
  });
  for (absl::string_view argument : arguments) {
    if (known && absl::ConsumePrefix(&argument, "guest=i-")) {
      return absl::StrCat("i-", argument.substr(0, argument.find(',')));
    }
  }
  return "";
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
    if (IsProcess(entry.path())) AddOwner(entry.path(), range, ids);
  }
  for (const char* kind : {"volumes", "instances"}) {
    for (const auto& directory : fs::directory_iterator(fs::path(state_dir) / kind, gone)) {
      for (const auto& file : fs::directory_iterator(directory.path(), gone)) AddOwner(file.path(), range, ids);
    }
  }
  return ids;
}

std::optional<host::HostCheck> CheckProcessUsers(const std::string& state_dir, const UserIdRange& range,
                                                 int64_t qemu_uid, const std::string& proc) {
  namespace fs = std::filesystem;
  std::vector<std::string> wrong;
  bool guest = false;
  std::error_code gone;  // while it was looked at
  for (const auto& entry : fs::directory_iterator(proc, gone)) {
    if (!IsProcess(entry.path())) continue;
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (text.empty()) continue;
    const std::string what = ServedBy(absl::StrSplit(text, '\0'), state_dir);
    struct stat info = {};
    if (what.empty() || lstat(entry.path().c_str(), &info) != 0) continue;
    const bool is_guest = what != "dnsmasq";
    if (is_guest ? range.Contains(info.st_uid) || info.st_uid == qemu_uid : info.st_uid != 0) continue;
    guest = guest || is_guest;
    wrong.push_back(absl::StrCat(is_guest ? "the QEMU of " : "", ToUtf8(what), ", process ",
                                 entry.path().filename().string(), ", as user ", info.st_uid));
  }
  if (wrong.empty()) return std::nullopt;
  return host::HostCheck{
      "users of processes", false, absl::StrCat("run as who they should not: ", absl::StrJoin(wrong, "; ")),
      guest ? "stop and start these instances: a guest that breaks out of its QEMU has this user's rights"
            : "let other users pass through the directories above the state directory (chmod o+x), and restart brumed"};
}

}  // namespace brume::daemon
