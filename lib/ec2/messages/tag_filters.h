// Which rows a description's filters of tags leave, for a query to pick them by.
#pragma once

#include <optional>

#include "absl/strings/string_view.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/gateway/filters.h"

namespace brume::ec2 {

// The tags that a filter of `filters` asks for by literal texts; unset where none does. What has none of them is not
// what the filters keep. `id_prefix` is the kind's: "vol".
std::optional<tagging::TagQuery> TagsAskedFor(const gateway::FilterList& filters, absl::string_view id_prefix);

}  // namespace brume::ec2
