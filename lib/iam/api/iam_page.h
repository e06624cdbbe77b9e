// Pages of IAM's lists: Marker, MaxItems, IsTruncated.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/pages.h"

namespace brume::iam {

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

}  // namespace brume::iam
