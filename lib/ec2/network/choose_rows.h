// Which rows a description is about. Inside transactions of the network's services.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/store/connection.h"

namespace brume::network {

// The rows that are named, or have a tag of the query, or all there are.
template <typename IdType, typename Get, typename List>
auto ChooseRows(store::Connection& connection, absl::Span<const IdType> ids,
                const std::optional<tagging::TagQuery>& tags, const Get& get, const List& list) -> decltype(list()) {
  if (ids.empty() && !tags.has_value()) return list();
  typename decltype(list())::value_type rows;
  for (const IdType& id : ids) {
    ASSIGN_OR_RETURN(rows.emplace_back(), get(id));
  }
  if (!ids.empty()) return rows;
  ASSIGN_OR_RETURN(const std::vector<std::string> tagged, tagging::GetTagged(connection, *tags));
  for (const std::string& id : tagged) {
    ASSIGN_OR_RETURN(rows.emplace_back(), get(IdType::FromTrusted(id)));
  }
  return rows;
}

}  // namespace brume::network
