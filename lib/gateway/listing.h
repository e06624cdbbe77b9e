// What descriptions of resources have in common that are read as a whole: names, filters, order, pages.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/filters.h"
#include "lib/gateway/pages.h"
#include "lib/gateway/parameters.h"

namespace brume::gateway {

// An answer must fit one message: a call that names neither ids nor MaxResults gets so many, and a NextToken.
inline constexpr size_t kDefaultPage = 1000;

// The parameter of a description that names resources.
using Names = google::protobuf::RepeatedPtrField<std::string>;

// Keeps what `ids` name (all, when they name none). Error: the kind's NotFound.
template <typename IdType, typename T, typename Key>
absl::Status Select(const Names& ids, std::vector<T>& items, const Key& key) {
  for (const std::string& id : ids) {
    if (std::none_of(items.begin(), items.end(), [&](const T& item) { return key(item) == id; })) {
      return IdType::NotFound(id);
    }
  }
  if (ids.empty()) return absl::OkStatus();
  std::erase_if(items, [&](const T& item) { return std::find(ids.begin(), ids.end(), key(item)) == ids.end(); });
  return absl::OkStatus();
}

// The ids a description names, parsed. Errors: InvalidParameterCombination when it asks for a page of them too, the
// kind's malformed code. `parameter` is how EC2 calls the list of ids in that error.
template <typename IdType, typename Request>
absl::StatusOr<std::vector<IdType>> NamedIds(const Request& request, const Names& ids, absl::string_view parameter) {
  RETURN_IF_ERROR(CheckPaging(request, !ids.empty(), parameter));
  return ParseIds<IdType>(ids);
}

// "rtb-0123…" for "vpc-0123…": the id of what another resource has exactly one of.
inline std::string IdLike(absl::string_view prefix, absl::string_view id) {
  return absl::StrCat(prefix, id.substr(id.find('-')));
}

// Of `all`, one page of what the request's filters keep, each once, by `key`; the response gets the token of the next.
// Errors: InvalidParameterValue for a filter, InvalidNextToken.
template <typename T, typename Request, typename Response, typename Key>
absl::StatusOr<std::vector<T>> FilteredPage(absl::string_view list, std::vector<T> all, const Request& request,
                                            Response& response, const Key& key) {
  if constexpr (HasFilters<Request>) {
    ASSIGN_OR_RETURN(const auto keep, KeptBy(request));
    std::erase_if(all, [&](const T& item) { return !keep(item); });
  }
  std::sort(all.begin(), all.end(), [&](const T& a, const T& b) { return key(a) < key(b); });
  const auto same = [&](const T& a, const T& b) { return key(a) == key(b); };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  return Page(
      list, std::move(all), request, key, [&](std::string token) { response.set_next_token(std::move(token)); },
      kDefaultPage);
}

// How one kind of resource is described.
//
//   const gateway::Listing<v1::Volume, v1::DescribeVolumesResponse> listing = {
//       "volumes", &v1::Volume::volume_id, &v1::DescribeVolumesResponse::mutable_volumes};
//   return gateway::Answer(listing, request, std::move(rendered));
template <typename T, typename Response>
struct Listing {
  absl::string_view name;  // tokens of one list are refused by others
  const std::string& (T::*id)() const;
  google::protobuf::RepeatedPtrField<T>* (Response::*items)();
};

// The answer that FilteredPage leaves of `all`.
template <typename T, typename Response, typename Request>
absl::StatusOr<Response> Answer(const Listing<T, Response>& listing, const Request& request, std::vector<T> all) {
  Response response;
  ASSIGN_OR_RETURN(std::vector<T> page, FilteredPage(listing.name, std::move(all), request, response,
                                                     [&](const T& item) { return (item.*listing.id)(); }));
  for (T& item : page) *(response.*listing.items)()->Add() = std::move(item);
  return response;
}

// As Answer, of items that `next` reads in the order of their ids: `count` of them behind the id `after`; fewer mean
// that there are no more. Reads no more than the page takes.
template <typename T, typename Response, typename Request, typename Next>
absl::StatusOr<Response> AnswerPage(const Listing<T, Response>& listing, const Request& request, const Next& next) {
  constexpr size_t kBatch = 1000;
  ASSIGN_OR_RETURN(const auto keep, KeptBy(request));
  const size_t max_results = request.has_max_results() ? request.max_results() : kDefaultPage;
  std::string after;
  if (!request.next_token().empty()) {
    ASSIGN_OR_RETURN(after, ParseToken(listing.name, request.next_token()));
  }
  Response response;
  auto& page = *(response.*listing.items)();
  for (bool more = true; more;) {
    const size_t count = request.filters().empty() ? std::min(kBatch, max_results - page.size() + 1) : kBatch;
    ASSIGN_OR_RETURN(std::vector<T> batch, next(after, count));
    more = batch.size() >= count;
    if (!batch.empty()) after = (batch.back().*listing.id)();
    for (T& item : batch) {
      if (!keep(item)) continue;
      if (static_cast<size_t>(page.size()) == max_results) {
        response.set_next_token(MakeToken(listing.name, (page.Get(page.size() - 1).*listing.id)()));
        return response;
      }
      *page.Add() = std::move(item);
    }
  }
  return response;
}

}  // namespace brume::gateway
