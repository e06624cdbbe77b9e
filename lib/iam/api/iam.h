// What the handlers of IAM's actions share.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "brume/iam/v1/group.pb.h"
#include "brume/iam/v1/role.pb.h"
#include "brume/iam/v1/user.pb.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/caller.h"
#include "lib/gateway/pages.h"
#include "lib/iam/model/identity.h"

namespace brume::iam {

// Policies travel in URL encoding to the caller, as AWS sends them.
std::string UrlEncode(absl::string_view text);

// Whom a call is about that may name a user: who calls where it does not. Empty for the account's root. Error:
// ValidationError, for a session of a role.
absl::StatusOr<std::string> UserNameOf(const std::string& named, const Caller& caller);

// Error: ValidationError.
absl::StatusOr<std::string> ParseMarker(absl::string_view list, absl::string_view marker);

// Cuts the page that Marker and MaxItems name out of `all`, which is sorted by `key`.
template <typename T, typename Request, typename Response, typename Key>
absl::StatusOr<std::vector<T>> IamPage(absl::string_view list, std::vector<T> all, const Request& request,
                                       Response& response, const Key& key) {
  if (!request.marker().empty()) {
    ASSIGN_OR_RETURN(const std::string last, ParseMarker(list, request.marker()));
    all.erase(all.begin(), std::find_if(all.begin(), all.end(), [&](const T& item) { return key(item) > last; }));
  }
  const bool truncated = request.has_max_items() && all.size() > static_cast<size_t>(request.max_items());
  response.set_is_truncated(truncated);
  if (truncated) {
    all.erase(all.begin() + request.max_items(), all.end());
    response.set_marker(gateway::MakeToken(list, key(all.back())));
  }
  return all;
}

v1::User RenderUser(const Identity& identity, const std::string& account_id);
v1::Group RenderGroup(const Identity& identity, const std::string& account_id);
v1::Role RenderRole(const Identity& identity, const std::string& account_id);

}  // namespace brume::iam
