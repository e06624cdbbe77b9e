#include "lib/ec2/tagging/api/tag_handlers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/tag.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/filters.h"
#include "lib/gateway/pages.h"
#include "lib/resource/kinds.h"

namespace brume::ec2 {
namespace {

template <typename Request>
std::vector<std::string> ResourcesOf(const Request& request) {
  return {request.resources().begin(), request.resources().end()};
}

absl::Status CreateTags(const v1::CreateTagsRequest& request, tagging::TagService& tags) {
  TagMap added;
  RETURN_IF_ERROR(AddTags(request.tags(), added));
  return tags.Create(ResourcesOf(request), added);
}

absl::Status DeleteTags(const v1::DeleteTagsRequest& request, tagging::TagService& tags) {
  std::vector<std::pair<std::string, std::optional<std::string>>> deleted;
  for (const v1::Tag& tag : request.tags()) {
    deleted.emplace_back(tag.key(), tag.has_value() ? std::optional<std::string>(tag.value()) : std::nullopt);
  }
  return tags.Delete(ResourcesOf(request), deleted);
}

using Description = v1::TagDescription;

// The part of the filters that the rows can be picked by; what is left, patterns first of all, is for the filters.
tagging::TagQuery QueryOf(const gateway::FilterList& filters) {
  tagging::TagQuery query{.resource_ids = gateway::LiteralsOf(filters, "resource-id"),
                          .id_prefixes = std::nullopt,
                          .keys = gateway::LiteralsOf(filters, "key"),
                          .values = gateway::LiteralsOf(filters, "value")};
  const auto types = gateway::LiteralsOf(filters, "resource-type");
  if (!types.has_value()) return query;
  query.id_prefixes.emplace();
  for (const Kind& kind : kKinds) {
    if (types->contains(std::string(kind.tag_type))) query.id_prefixes->emplace(kind.prefix);
  }
  return query;
}

absl::StatusOr<v1::DescribeTagsResponse> DescribeTags(const v1::DescribeTagsRequest& request,
                                                      tagging::TagService& tags) {
  ASSIGN_OR_RETURN(const auto keep, gateway::KeptBy(request));
  ASSIGN_OR_RETURN(const std::vector<Tag> all, tags.List(QueryOf(request.filters())));
  std::vector<Description> kept;
  for (const Tag& tag : all) {
    Description description;
    description.set_key(tag.key);
    description.set_resource_id(tag.resource_id);
    description.set_resource_type(ResourceTypeOf(tag.resource_id));
    description.set_value(tag.value);
    if (keep(description)) kept.push_back(std::move(description));
  }
  v1::DescribeTagsResponse response;
  // No id has a blank, so the order of these texts is that of the list: by resource, then by key.
  ASSIGN_OR_RETURN(kept, gateway::Page(
                             "tags", std::move(kept), request,
                             [](const Description& t) { return absl::StrCat(t.resource_id(), " ", t.key()); },
                             [&](std::string token) { response.set_next_token(std::move(token)); }));
  for (Description& tag : kept) *response.add_tags() = std::move(tag);
  return response;
}

}  // namespace

void AddTagActions(gateway::Actions& actions, tagging::TagService& tags) {
  actions.Add(CreateTags, tags);
  actions.Add(DeleteTags, tags);
  actions.Add(DescribeTags, tags);
}

}  // namespace brume::ec2
