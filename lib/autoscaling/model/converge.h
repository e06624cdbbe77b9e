// Brings a group's members to its desired capacity: what is to be done now, as a pure function of committed state and
// what is seen of the guests. The same state always gives the same actions with the same tokens, so a plan that was
// lost in a crash is made again, and one that was made twice is the same plan.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/backoff.h"
#include "lib/autoscaling/model/balance.h"
#include "lib/autoscaling/model/group.h"
#include "lib/autoscaling/model/member.h"

namespace brume::scaling {

// What is kept of a group beside its definition and members.
struct State {
  // Counts tokens; committed together with what the tokens are for.
  int64_t next_activity = 1;
  Backoff launches;
  std::vector<Refusal> refusals;
  // Why the desired capacity is what it is, in EC2's words, until the group has reached it; see UpdatedConstraints.
  std::string why;
};

// A new member. Its token is that of the activity too.
struct Launch {
  std::string token;
  int zone = 0;  // of the group's
  std::string instance_type;
  bool to_warm_pool = false;
  std::string replaces;  // see Member
  std::string cause;
};

// Out of the warm pool into the group.
struct TakeFromPool {
  std::string member;
  std::string activity;
  std::string cause;
};

// Out of the group into the warm pool, in place of a termination.
struct ReturnToPool {
  std::string member;
  std::string activity;
  std::string cause;
};

struct Terminate {
  std::string member;
  std::string activity;
  std::string cause;
};

// The next state of a member's life.
struct Enter {
  std::string member;
  Lifecycle state = Lifecycle::kInService;
};

// The member's row goes: its instance is gone, or was detached and stays as it is.
struct Evict {
  std::string member;
  // Its launch came to nothing: the activity failed.
  bool launch_failed = false;
};

using Action = std::variant<Launch, TakeFromPool, ReturnToPool, Terminate, Enter, Evict>;

struct Plan {
  std::vector<Action> actions;
  // State::next_activity after the plan.
  int64_t next_activity = 1;
  // A member died young; see Backoff.
  bool failed_early = false;
  // With the plan executed the group has its desired capacity.
  bool reaches_desired = false;
  // Why the group stays away from its desired capacity though it could be done something about; empty when it does not.
  std::string blocked;
  // When to reconcile again though nothing happened until then.
  absl::Time next_reconcile = absl::InfiniteFuture();
};

// Keeps the number of active members at most max_size, also while members are replaced: where there is no room for the
// replacement first, the old member goes first. Never takes more members out of service than it must.
Plan Converge(const Group& group, const State& state, absl::Span<const Member> members, absl::Time now);

}  // namespace brume::scaling
