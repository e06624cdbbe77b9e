// What handlers of several actions parse of their requests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "lib/base/status_macros.h"

namespace brume::gateway {

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

// At most `max_length` ASCII characters. Error: InvalidParameterValue.
absl::Status CheckClientToken(absl::string_view token, size_t max_length = 64);

// What makes two requests the same: SHA-256, in hex, of all fields but client_token and dry_run.
std::string ParametersDigest(const google::protobuf::Message& request);

}  // namespace brume::gateway
