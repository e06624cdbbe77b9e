// Which rows of tags a description needs.
#pragma once

#include <optional>
#include <set>
#include <string>

namespace brume::tagging {

// Which tags to read; what is unset says nothing of them.
struct TagQuery {
  std::optional<std::set<std::string>> resource_ids;
  // Of the resources' ids, without the dash: "vol". Ignored where resource_ids are set.
  std::optional<std::set<std::string>> id_prefixes;
  std::optional<std::set<std::string>> keys;
  std::optional<std::set<std::string>> values;
};

}  // namespace brume::tagging
