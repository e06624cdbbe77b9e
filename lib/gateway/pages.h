// MaxResults (or MaxRecords) and NextToken. A token says where its list goes on; to callers it is opaque.
#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"

namespace brume::gateway {

// `list` names what is paged through, so that a token of another list is refused; `position` is the last item given.
std::string MakeToken(absl::string_view list, absl::string_view position);
// Error: InvalidNextToken.
absl::StatusOr<std::string> ParseToken(absl::string_view list, absl::string_view token);

absl::Status InvalidToken();

absl::Status PagingOfNamed(absl::string_view items);

// Error: InvalidParameterCombination when a page is asked for of items that are named one by one.
template <typename Request>
absl::Status CheckPaging(const Request& request, bool names_items, absl::string_view items) {
  if (names_items && (request.has_max_results() || !request.next_token().empty())) return PagingOfNamed(items);
  return absl::OkStatus();
}

// Cuts the page behind `next_token` out of `all`, which is sorted by `key`, and names where the next one begins by
// `set_next_token` (not called when this is the last one). Error: InvalidNextToken.
template <typename T, typename Key, typename SetToken>
absl::StatusOr<std::vector<T>> PageOf(absl::string_view list, std::vector<T> all, absl::string_view next_token,
                                      size_t max_results, const Key& key, const SetToken& set_next_token) {
  if (!next_token.empty()) {
    ASSIGN_OR_RETURN(const std::string last, ParseToken(list, next_token));
    all.erase(all.begin(), std::find_if(all.begin(), all.end(), [&](const T& item) { return key(item) > last; }));
  }
  if (all.size() > max_results) {
    all.erase(all.begin() + max_results, all.end());
    set_next_token(MakeToken(list, key(all.back())));
  }
  return all;
}

// The same of a request: a page has what MaxResults says, else `max_results`.
template <typename T, typename Request, typename Key, typename SetToken>
absl::StatusOr<std::vector<T>> Page(absl::string_view list, std::vector<T> all, const Request& request, const Key& key,
                                    const SetToken& set_next_token,
                                    size_t max_results = std::numeric_limits<size_t>::max()) {
  if (request.has_max_results()) max_results = request.max_results();
  return PageOf(list, std::move(all), request.next_token(), max_results, key, set_next_token);
}

}  // namespace brume::gateway
