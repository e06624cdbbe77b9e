#include "lib/ec2/messages/tag_filters.h"

#include "absl/strings/match.h"

namespace brume::ec2 {

std::optional<tagging::TagQuery> TagsAskedFor(const gateway::FilterList& filters, absl::string_view id_prefix) {
  constexpr absl::string_view kTag = "tag:";
  tagging::TagQuery query;
  query.id_prefixes = {std::string(id_prefix)};
  if (auto keys = gateway::LiteralsOf(filters, "tag-key"); keys.has_value()) {
    query.keys = std::move(keys);
    return query;
  }
  for (const v1::Filter& filter : filters) {
    if (!absl::StartsWith(filter.name(), kTag)) continue;
    auto values = gateway::LiteralsOf(filters, filter.name());
    if (!values.has_value()) continue;
    query.keys = {filter.name().substr(kTag.size())};
    query.values = std::move(values);
    return query;
  }
  return std::nullopt;
}

}  // namespace brume::ec2
