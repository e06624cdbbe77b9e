// Tags of what a VPC has one of, whose ids are the VPC's with another prefix: they are no rows of their own.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/network/network_service.h"

namespace brume::ec2 {

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
