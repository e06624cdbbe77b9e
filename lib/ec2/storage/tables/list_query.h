// Which rows of a list are read: a part of it, in the order of ids.
#pragma once

#include <optional>
#include <string>

#include "lib/ec2/tagging/tag_service.h"

namespace brume::storage {

struct ListQuery {
  std::optional<tagging::TagQuery> tags;  // those that have such a tag; unset = whatever tags they have
  std::string after;                      // those whose ids come behind this
  size_t count = 0;                       // so many at most
};

}  // namespace brume::storage
