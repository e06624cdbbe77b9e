// What belongs to one user by its number, who need not be in the host's list of users: a directory to pass, a file.
//
// Who may pass through a directory: that user, beside root. By an access list (POSIX ACL), as a directory's
// group cannot say it: guests under KVM share the group of /dev/kvm.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"

namespace brume {

// Lets `uid` and root alone pass through the directory, which becomes root's; `uid` may not list it, nor make or remove
// names in it. Where the file system has no access lists everybody may pass who knows the names in it, and what lies in
// it is protected by its own mode alone. Where we are not root, the directory stays as it is.
absl::Status LetPass(int directory, uid_t uid);

// Gives a regular file that has one name to `uid`, never what a link in its place leads to. Errors: NotFound,
// FailedPrecondition for what is no such file.
absl::Status GiveFile(const std::string& path, uid_t uid, gid_t gid);

// Whether the directory has an access list that lets this user pass.
bool IsLetPass(const std::string& directory, uid_t uid);

}  // namespace brume
