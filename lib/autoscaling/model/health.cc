#include "lib/autoscaling/model/health.h"

namespace brume::scaling {

absl::string_view Ailment(const Group& group, const Member& member, absl::Time now) {
  if (member.health == Health::kUnhealthy) return "in response to a user health-check";
  if (!group.Runs(Process::kHealthCheck)) return "";
  if (member.seen.has_value() && member.seen != InstanceState::kRunning && member.seen != InstanceState::kPending) {
    return "in response to an EC2 health check indicating it has been terminated or stopped";
  }
  if (now >= member.impaired_since + kImpairedFor && now >= member.in_service + group.health_check_grace) {
    return "in response to an EC2 instance status checks failure";
  }
  return "";
}

}  // namespace brume::scaling
