#include "lib/autoscaling/api/group_tag_handlers.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/autoscaling/v1/tag.pb.h"
#include "lib/autoscaling/api/group_names.h"
#include "lib/autoscaling/api/group_render.h"
#include "lib/autoscaling/api/scaling_list.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/filters.h"

namespace brume::autoscaling {
namespace {

// The tags of a call, by the name of the group each is of.
absl::StatusOr<std::map<std::string, std::vector<scaling::GroupTag>>> ByGroup(
    const ScalingServices& services, const google::protobuf::RepeatedPtrField<v1::Tag>& tags) {
  std::map<std::string, std::vector<scaling::GroupTag>> groups;
  for (const v1::Tag& tag : tags) {
    if (tag.resource_id().empty()) {
      return ScalingError(absl::StrCat("The tag '", tag.key(), "' must name its group: ResourceId is missing"));
    }
    groups[GroupNameOf(services, tag.resource_id())].push_back(
        {.key = tag.key(), .value = tag.value(), .propagate = tag.propagate_at_launch()});
  }
  return groups;
}

// So that a call that names a group which is not there changes no other group.
template <typename Groups>
absl::Status CheckGroups(const ScalingServices& services, const Groups& groups) {
  for (const auto& [name, tags] : groups) RETURN_IF_ERROR(services.groups.Get(name).status());
  return absl::OkStatus();
}

absl::Status CreateOrUpdateTags(const v1::CreateOrUpdateTagsRequest& request, const ScalingServices& services) {
  ASSIGN_OR_RETURN(const auto groups, ByGroup(services, request.tags()));
  RETURN_IF_ERROR(CheckGroups(services, groups));
  for (const auto& [name, tags] : groups) RETURN_IF_ERROR(services.groups.SetTags(name, tags));
  return absl::OkStatus();
}

absl::Status DeleteTags(const v1::DeleteTagsRequest& request, const ScalingServices& services) {
  ASSIGN_OR_RETURN(const auto groups, ByGroup(services, request.tags()));
  RETURN_IF_ERROR(CheckGroups(services, groups));
  for (const auto& [name, tags] : groups) {
    std::vector<std::string> keys;
    for (const scaling::GroupTag& tag : tags) keys.push_back(tag.key);
    RETURN_IF_ERROR(services.groups.DeleteTags(name, keys));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::DescribeTagsResponse> DescribeTags(const v1::DescribeTagsRequest& request,
                                                      const ScalingServices& services) {
  using T = v1::TagDescription;
  ASSIGN_OR_RETURN(const std::vector<scaling::GroupView> views, services.groups.Describe({}));
  std::vector<T> tags;
  for (const scaling::GroupView& view : views) {
    for (const scaling::GroupTag& tag : view.tags) tags.push_back(RenderGroupTag(view.record.group.name, tag));
  }
  RETURN_IF_ERROR(KeepFiltered(gateway::ItemFilters(*request.GetDescriptor()), request.filters(), tags));
  // No name of a group has a line's end.
  const auto key = [](const T& tag) { return absl::StrCat(tag.resource_id(), "\n", tag.key()); };
  std::sort(tags.begin(), tags.end(), [&](const T& a, const T& b) { return key(a) < key(b); });
  v1::DescribeTagsResponse response;
  ASSIGN_OR_RETURN(tags, ScalingPage("scaling tags", std::move(tags), request, response, key));
  for (T& tag : tags) *response.add_tags() = std::move(tag);
  return response;
}

}  // namespace

void AddGroupTagActions(gateway::Actions& actions, const ScalingServices& services) {
  actions.Add(CreateOrUpdateTags, services);
  actions.Add(DeleteTags, services);
  actions.Add(DescribeTags, services);
}

}  // namespace brume::autoscaling
