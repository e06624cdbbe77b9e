#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/tag.pb.h"
#include "lib/api/handlers.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/tagging/api/tag_messages.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/gateway/filter_values.h"
#include "lib/gateway/pages.h"

namespace brume::ec2 {
namespace {

constexpr char kService[] = "brume.ec2.v1.Tags";

template <typename Request>
std::vector<std::string> ResourcesOf(const Request& request) {
  return {request.resources().begin(), request.resources().end()};
}

absl::StatusOr<v1::CreateTagsResponse> CreateTags(const api::Services& services, const v1::CreateTagsRequest& request) {
  TagMap tags;
  RETURN_IF_ERROR(AddTags(request.tags(), tags));
  RETURN_IF_ERROR(services.tags.Create(ResourcesOf(request), tags));
  return v1::CreateTagsResponse();
}

absl::StatusOr<v1::DeleteTagsResponse> DeleteTags(const api::Services& services, const v1::DeleteTagsRequest& request) {
  std::vector<std::pair<std::string, std::optional<std::string>>> tags;
  for (const v1::Tag& tag : request.tags()) {
    tags.emplace_back(tag.key(), tag.has_value() ? std::optional<std::string>(tag.value()) : std::nullopt);
  }
  RETURN_IF_ERROR(services.tags.Delete(ResourcesOf(request), tags));
  return v1::DeleteTagsResponse();
}

using Description = v1::TagDescription;

absl::StatusOr<v1::DescribeTagsResponse> DescribeTags(const api::Services& services,
                                                      const v1::DescribeTagsRequest& request) {
  // tag:KEY works on a tag as on a resource that has this one tag.
  static const gateway::FilterTable<Description> filters(
      {
          {"key", gateway::One<Description>([](const Description& t) { return t.key(); })},
          {"resource-id", gateway::One<Description>([](const Description& t) { return t.resource_id(); })},
          {"resource-type", gateway::One<Description>([](const Description& t) { return t.resource_type(); })},
          {"value", gateway::One<Description>([](const Description& t) { return t.value(); })},
      },
      [](const Description& t) {
        return TagMap{{t.key(), t.value()}};
      });
  ASSIGN_OR_RETURN(const auto keep, filters.Compile(request.filters()));
  ASSIGN_OR_RETURN(const std::vector<Tag> all, services.tags.List());
  std::vector<Description> tags;
  for (const Tag& tag : all) {
    Description description;
    description.set_key(tag.key);
    description.set_resource_id(tag.resource_id);
    description.set_resource_type(ResourceTypeOf(tag.resource_id));
    description.set_value(tag.value);
    if (keep(description)) tags.push_back(std::move(description));
  }
  v1::DescribeTagsResponse response;
  // No id has a blank, so the order of these texts is that of the list: by resource, then by key.
  ASSIGN_OR_RETURN(tags, gateway::Page(
                             "tags", std::move(tags), request,
                             [](const Description& t) { return absl::StrCat(t.resource_id(), " ", t.key()); },
                             [&](std::string token) { response.set_next_token(std::move(token)); }));
  for (Description& tag : tags) *response.add_tags() = std::move(tag);
  return response;
}

}  // namespace

void AddTagHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  dispatcher.Handle<v1::CreateTagsRequest, v1::CreateTagsResponse>(
      kService, "CreateTags",
      [services](const v1::CreateTagsRequest& request, const Caller&) { return CreateTags(services, request); });
  dispatcher.Handle<v1::DeleteTagsRequest, v1::DeleteTagsResponse>(
      kService, "DeleteTags",
      [services](const v1::DeleteTagsRequest& request, const Caller&) { return DeleteTags(services, request); });
  dispatcher.Handle<v1::DescribeTagsRequest, v1::DescribeTagsResponse>(
      kService, "DescribeTags",
      [services](const v1::DescribeTagsRequest& request, const Caller&) { return DescribeTags(services, request); });
}

}  // namespace brume::ec2
