// From the schema's messages to domain types: what several handlers parse.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "brume/v1/common.pb.h"
#include "google/protobuf/message.h"
#include "lib/base/status_macros.h"
#include "lib/domain/instance.h"

namespace brume::api {

// Ids of one kind. Error: the kind's malformed code.
template <typename IdType, typename Texts>
absl::StatusOr<std::vector<IdType>> ParseIds(const Texts& texts) {
  std::vector<IdType> ids;
  ids.reserve(texts.size());
  for (const auto& text : texts) {
    ASSIGN_OR_RETURN(IdType id, IdType::Parse(text));
    ids.push_back(std::move(id));
  }
  return ids;
}

// None for an empty text.
template <typename IdType>
absl::StatusOr<std::optional<IdType>> ParseOptionalId(absl::string_view text) {
  if (text.empty()) return std::optional<IdType>();
  ASSIGN_OR_RETURN(IdType id, IdType::Parse(text));
  return std::optional<IdType>(std::move(id));
}

using TagSpecifications = google::protobuf::RepeatedPtrField<v1::TagSpecification>;

// Sorts the tags of a call by what they are for; `targets` has a map for every resource type the call makes.
// Errors: InvalidParameterValue for another type, and for a key given twice.
absl::Status ParseTags(const TagSpecifications& specifications, const std::map<std::string, TagMap*>& targets);
// For calls that make one resource.
absl::StatusOr<TagMap> ParseTags(const TagSpecifications& specifications, const std::string& resource_type);
// Error: InvalidParameterValue for a key given twice.
absl::Status AddTags(const google::protobuf::RepeatedPtrField<v1::Tag>& tags, TagMap& target);

// RFC 3339, with any part of a second. Error: InvalidParameterValue.
absl::StatusOr<absl::Time> ParseTime(absl::string_view text);

// At most `longest` ASCII characters. Error: InvalidParameterValue.
absl::Status CheckClientToken(absl::string_view token, size_t longest = 64);

// Errors: InvalidUserData.Malformed for what is not base64; InvalidParameterValue above 16 KiB.
absl::StatusOr<std::string> DecodeUserData(absl::string_view base64);
absl::Status CheckUserDataSize(size_t bytes);

// What makes two requests the same: SHA-256, in hex, of all fields but client_token and dry_run.
std::string ParametersDigest(const google::protobuf::Message& request);

}  // namespace brume::api
