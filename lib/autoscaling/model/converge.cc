#include "lib/autoscaling/model/converge.h"

#include "lib/autoscaling/model/planner.h"

namespace brume::scaling {

Plan Converge(const Group& group, const State& state, absl::Span<const Member> members, absl::Time now) {
  Planner planner(group, state, members, now);
  planner.StepMembers();
  planner.FinishReplacements();
  planner.MeetDesired();
  planner.Refit();
  planner.KeepWarmPool();
  return planner.Finish();
}

}  // namespace brume::scaling
