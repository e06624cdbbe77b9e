// Network namespaces with a name, where ip-netns(8) keeps them: a bind mount under /run/netns.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/unique_fd.h"
#include "lib/resource/ids.h"

namespace brume::network {

// The namespace of the calling thread.
absl::StatusOr<UniqueFd> CurrentNamespace();
// NotFound when there is nothing, or a file that is not a namespace, at `path`.
absl::StatusOr<UniqueFd> OpenNamespace(const std::string& path);
// The calling thread leaves its namespace for a new one, which `path` names from then on. A file left at `path` by a
// crash half way is used.
absl::Status EnterNewNamespace(const std::string& path);
// Whether `path` names the calling thread's namespace.
absl::StatusOr<bool> NamesThisNamespace(const std::string& path);
// `path` names the calling thread's namespace, whatever it named before.
absl::Status NameNamespace(const std::string& path);
absl::Status EnterNamespace(int fd);
// The name goes at once, the namespace when its last thread and socket do. OK when there is none.
absl::Status RemoveNamespace(const std::string& path);
// VPCs that have a namespace, whole or half made.
absl::StatusOr<std::vector<VpcId>> ListVpcNamespaces();

}  // namespace brume::network
