#include "lib/autoscaling/api/member_ids.h"

#include <utility>

#include "lib/autoscaling/scaling_error.h"
#include "lib/base/status_macros.h"

namespace brume::autoscaling {

absl::StatusOr<InstanceId> ParseMember(const std::string& id) { return AsScalingError(InstanceId::Parse(id)); }

absl::StatusOr<std::vector<InstanceId>> ParseMembers(const google::protobuf::RepeatedPtrField<std::string>& ids) {
  std::vector<InstanceId> members;
  for (const std::string& id : ids) {
    ASSIGN_OR_RETURN(InstanceId member, ParseMember(id));
    members.push_back(std::move(member));
  }
  return members;
}

}  // namespace brume::autoscaling
