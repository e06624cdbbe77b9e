// The ids of members in requests.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"
#include "lib/resource/ids.h"

namespace brume::autoscaling {

// Error: ValidationError.
absl::StatusOr<std::vector<InstanceId>> ParseMembers(const google::protobuf::RepeatedPtrField<std::string>& ids);
absl::StatusOr<InstanceId> ParseMember(const std::string& id);

}  // namespace brume::autoscaling
