// A group of members as a case wants them, and what Converge makes of it.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/fakes/scaling_loop.h"

namespace brume::scaling {

inline const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

struct Scene {
  explicit Scene(Group defined) : group(std::move(defined)) {}

  // Has been in service for a day, unless the case changes it.
  Member& Add(const std::string& token, const std::string& zone = "a") {
    Member member;
    member.token = token;
    member.instance = InstanceId::FromTrusted("i-" + token);
    member.lifecycle = Lifecycle::kInService;
    member.zone = zone;
    member.source = group.source;
    member.launched = member.in_service = kNow - absl::Hours(24);
    member.seen = InstanceState::kRunning;
    members.push_back(member);
    return members.back();
  }

  Plan Reconcile() { return Converge(group, state, members, now); }

  // Reconciles and executes.
  Plan Act() {
    const Plan plan = Reconcile();
    Apply(plan, group, now, state, members);
    return plan;
  }

  Member* Find(const std::string& token) {
    for (Member& member : members) {
      if (member.token == token) return &member;
    }
    return nullptr;
  }

  // The only member that is not one of those added.
  Member& Launched() {
    REQUIRE(!members.empty());
    REQUIRE(members.back().token.starts_with("01234567-"));
    return members.back();
  }

  Group group;
  State state;
  std::vector<Member> members;
  absl::Time now = kNow;
};

template <typename Kind>
std::vector<Kind> AllOf(const Plan& plan) {
  std::vector<Kind> found;
  for (const Action& action : plan.actions) {
    if (const auto* one = std::get_if<Kind>(&action)) found.push_back(*one);
  }
  return found;
}

inline std::vector<std::string> Terminated(const Plan& plan) {
  std::vector<std::string> tokens;
  for (const Terminate& end : AllOf<Terminate>(plan)) tokens.push_back(end.member);
  return tokens;
}

}  // namespace brume::scaling
