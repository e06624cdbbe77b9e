// The lists of Auto Scaling's Describe actions: what filters keep, and pages.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "brume/autoscaling/v1/common.pb.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/filters.h"
#include "lib/gateway/pages.h"

namespace brume::autoscaling {

// Those of `all` that the request's filters keep. Error: ValidationError for an unknown filter.
template <typename Filters, typename T>
absl::Status KeepFiltered(const Filters& filters, const google::protobuf::RepeatedPtrField<v1::Filter>& conditions,
                          std::vector<T>& all) {
  gateway::FilterList list;
  for (const v1::Filter& condition : conditions) {
    ec2::v1::Filter& filter = *list.Add();
    filter.set_name(condition.name());
    *filter.mutable_values() = condition.values();
  }
  ASSIGN_OR_RETURN(const auto keep, AsScalingError(filters.Compile(list)));
  std::erase_if(all, [&](const T& item) { return !keep(item); });
  return absl::OkStatus();
}

// Cuts the page that MaxRecords and NextToken name out of `all`, which is sorted by `key`; `max_records` is its size by
// default. Error: InvalidNextToken.
template <typename T, typename Request, typename Response, typename Key>
absl::StatusOr<std::vector<T>> ScalingPage(absl::string_view list, std::vector<T> all, const Request& request,
                                           Response& response, const Key& key, size_t max_records = 50) {
  return gateway::PageOf(list, std::move(all), request.next_token(),
                         request.has_max_records() ? request.max_records() : max_records, key,
                         [&](std::string token) { response.set_next_token(std::move(token)); });
}

}  // namespace brume::autoscaling
