// The filters of an action, as the options of its rpc declare them; for help, the reference and completion.
#pragma once

#include <string>
#include <vector>

#include "cli/api_schema.h"

namespace brume::cli {

struct FilterName {
  std::string name;  // "attachment.status"; of tags "tag:KEY", "tag-key" and "tag-value"
  std::string
      where;  // "Volumes.Attachments.State", which members of the answer it looks at, or what it matches, in words
};
// Empty for an action without filters. In order of names, those of tags last.
std::vector<FilterName> FilterNamesOf(const ApiAction& action);

}  // namespace brume::cli
