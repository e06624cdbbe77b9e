#include "lib/iam/api/iam_tag_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "lib/base/status_macros.h"
#include "lib/iam/api/iam_page.h"
#include "lib/iam/api/iam_tag_messages.h"

namespace brume::iam {
namespace {

// What the request names, by whatever field its kind is named.
template <typename Request>
const std::string& NameOf(const Request& request) {
  if constexpr (requires { request.user_name(); }) {
    return request.user_name();
  } else if constexpr (requires { request.role_name(); }) {
    return request.role_name();
  } else if constexpr (requires { request.policy_arn(); }) {
    return request.policy_arn();
  } else {
    return request.instance_profile_name();
  }
}

template <TaggedKind kKind, typename Request>
absl::Status Tag(const Request& request, IamTagService& tags) {
  ASSIGN_OR_RETURN(const TagMap given, ParseIamTags(request.tags()));
  return tags.Tag(kKind, NameOf(request), given);
}

template <TaggedKind kKind, typename Request>
absl::Status Untag(const Request& request, IamTagService& tags) {
  return tags.Untag(kKind, NameOf(request), {request.tag_keys().begin(), request.tag_keys().end()});
}

template <TaggedKind kKind, typename Request, typename Response>
absl::StatusOr<Response> List(const Request& request, IamTagService& tags) {
  using Pair = std::pair<std::string, std::string>;
  ASSIGN_OR_RETURN(const TagMap all, tags.Tags(kKind, NameOf(request)));
  Response response;
  ASSIGN_OR_RETURN(const std::vector<Pair> page, IamPage("tags", std::vector<Pair>(all.begin(), all.end()), request,
                                                         response, [](const Pair& tag) { return tag.first; }));
  RenderIamTags(TagMap(page.begin(), page.end()), *response.mutable_tags());
  return response;
}

}  // namespace

void AddIamTagActions(gateway::Actions& actions, IamTagService& tags) {
  actions.Add(Tag<TaggedKind::kUser, v1::TagUserRequest>, tags);
  actions.Add(Untag<TaggedKind::kUser, v1::UntagUserRequest>, tags);
  actions.Add(List<TaggedKind::kUser, v1::ListUserTagsRequest, v1::ListUserTagsResponse>, tags);
  actions.Add(Tag<TaggedKind::kRole, v1::TagRoleRequest>, tags);
  actions.Add(Untag<TaggedKind::kRole, v1::UntagRoleRequest>, tags);
  actions.Add(List<TaggedKind::kRole, v1::ListRoleTagsRequest, v1::ListRoleTagsResponse>, tags);
  actions.Add(Tag<TaggedKind::kPolicy, v1::TagPolicyRequest>, tags);
  actions.Add(Untag<TaggedKind::kPolicy, v1::UntagPolicyRequest>, tags);
  actions.Add(List<TaggedKind::kPolicy, v1::ListPolicyTagsRequest, v1::ListPolicyTagsResponse>, tags);
  actions.Add(Tag<TaggedKind::kInstanceProfile, v1::TagInstanceProfileRequest>, tags);
  actions.Add(Untag<TaggedKind::kInstanceProfile, v1::UntagInstanceProfileRequest>, tags);
  actions.Add(
      List<TaggedKind::kInstanceProfile, v1::ListInstanceProfileTagsRequest, v1::ListInstanceProfileTagsResponse>,
      tags);
}

}  // namespace brume::iam
