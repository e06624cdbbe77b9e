// How what a VPC has one of is described: its ids are the VPC's with another prefix, and it is no row of its own.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/network/network_service.h"
#include "lib/gateway/listing.h"

namespace brume::ec2 {

// The VPCs whose resource of this kind the request can be about: those of its ids that are there, or else of the tags
// it asks for. `parameter` is how EC2 calls the list of ids. Errors: those of NamedIds.
template <typename IdType, typename Request>
absl::StatusOr<std::vector<Vpc>> VpcsAskedFor(network::NetworkService& networks, const Request& request,
                                              const gateway::Names& ids, absl::string_view parameter) {
  ASSIGN_OR_RETURN(const std::vector<IdType> named, gateway::NamedIds<IdType>(request, ids, parameter));
  network::VpcSelection selection;
  if (named.empty()) {
    selection.tags = TagsAskedFor(request.filters(), IdType::kKind.prefix);
  } else {
    selection.ids.emplace();
    for (const IdType& id : named) selection.ids->push_back(WithDigitsOf<VpcId>(id.text()));
  }
  return networks.SelectVpcs(selection);
}

// Adds its tags to each of `rendered`; `id` is the accessor of its id.
template <typename T>
absl::Status AddTagsOf(network::NetworkService& networks, const std::string& (T::*id)() const,
                       std::vector<T>& rendered) {
  std::vector<std::string> ids;
  ids.reserve(rendered.size());
  for (const T& one : rendered) ids.push_back((one.*id)());
  ASSIGN_OR_RETURN(const auto tags, networks.TagsOf(ids));
  for (T& one : rendered) {
    if (const auto own = tags.find((one.*id)()); own != tags.end()) *one.mutable_tags() = RenderTags(own->second);
  }
  return absl::OkStatus();
}

}  // namespace brume::ec2
