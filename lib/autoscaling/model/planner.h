// Makes the plan of one evaluation, in the order of Converge. Private to lib/autoscaling/model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/converge.h"

namespace brume::scaling {

class Planner {
 public:
  Planner(const Group& group, const State& state, absl::Span<const Member> members, absl::Time now);

  // Takes each member a step on, and out those that are unhealthy, dead or given up.
  void StepMembers();
  // Takes out members whose replacement is in service.
  void FinishReplacements();
  // Launches what is missing, or takes out what is too much.
  void MeetDesired();
  // When nothing else is to be done: replaces members that have lived too long or stand in the wrong zone.
  void Refit();
  void KeepWarmPool();
  Plan Finish();

 private:
  // What a member counts as, for the rest of this evaluation.
  enum class Role : uint8_t { kAside, kActive, kReplacement, kReplaced, kPool };

  void StepActive(size_t i);
  void StepAtRest(size_t i);
  void MarkReplacements();
  void Move(size_t i, Lifecycle to);
  void TakeOut(size_t i, absl::string_view why);
  void BeginTermination(size_t i, std::string cause);
  void Drop(size_t i, bool launch_failed);
  void ScaleOut(int missing);
  void ScaleIn(int excess);
  // Returns what the new member counts as.
  int AddMember(const std::function<std::string(int weight)>& cause);
  bool MayLaunch();
  bool RefreshMembers();
  std::optional<size_t> NextOutdated() const;
  std::optional<size_t> NextExpired() const;
  std::optional<size_t> NextOutOfBalance(int& to) const;
  bool Replace(size_t victim, const std::string& why_launched, absl::string_view why_taken_out);
  void ReconcileAgainAt(absl::Time time);
  std::string NextToken();
  std::string WithVictim(size_t i, std::string sentence) const;
  std::string Because(std::string sentence) const;
  int Counted() const { return active_ - spare_; }
  // With less the group would have too little; what is more than desired is because of members that count as many.
  bool IsAtDesired() const { return Counted() >= desired_ && Counted() < desired_ + group_.MaxWeight(); }
  int WeightOf(size_t i) const { return group_.WeightOf(members_[i].instance_type); }

  const Group& group_;
  const State& state_;
  const absl::Span<const Member> members_;
  const absl::Time now_;
  std::vector<Role> roles_;
  ZoneCounts counts_;
  std::vector<Refusal> refusals_;  // the state's, and those found in this evaluation
  Plan plan_;
  // In what members count as:
  int desired_ = 0;
  int active_ = 0;      // pending and in service, replacements and replaced alike
  int in_service_ = 0;  // of these
  int spare_ = 0;       // of these, replacements whose member has not gone yet
  // In members:
  int pairs_ = 0;      // replacements whose member has not gone yet
  int finished_ = 0;   // replacements that took their member's place in this evaluation
  int unhealthy_ = 0;  // taken out in this evaluation for being so
  bool replacing_ = false;
};

}  // namespace brume::scaling
