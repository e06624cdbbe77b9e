// Rows that two parties write: what one of them read before the other wrote is refused, or writes nothing but its own
// columns. Instances, volumes and images: store_rows_test.cc; interfaces, VPCs and subnets: store_network_rows_test.cc.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "lib/autoscaling/group_state.h"
#include "lib/autoscaling/tables/group_table.h"
#include "lib/autoscaling/tables/member_table.h"
#include "lib/autoscaling/tables/policy_table.h"
#include "lib/autoscaling/tables/refresh_table.h"
#include "lib/cloudwatch/tables/alarm_table.h"
#include "lib/ec2/network/tables/nat_gateway_table.h"
#include "lib/ec2/network/tables/peering_table.h"
#include "lib/iam/tables/access_key_table.h"
#include "lib/iam/tables/identity_table.h"
#include "tests/store/store_fixture.h"

namespace brume::store {
namespace {

using autoscaling::GroupTable;
using autoscaling::MemberTable;
using autoscaling::RefreshTable;
using autoscaling::ScheduleTable;
using cloudwatch::AlarmTable;

// A group of one member, with a refresh under way and a scheduled action.
class Scaled : public Store {
 public:
  Scaled() {
    REQUIRE_OK(Write([&](Connection& c) -> absl::Status {
      scaling::GroupRecord group;
      group.group.name = "web";
      group.group.uuid = "00000000-0000-4000-8000-000000000001";
      group.group.max_size = group.group.desired = 1;
      group.source.is_template = false;
      group.source.id = "old";
      RETURN_IF_ERROR(GroupTable(c).Insert(group));
      scaling::Member member;
      member.token = "t";
      member.lifecycle = scaling::Lifecycle::kInService;
      RETURN_IF_ERROR(MemberTable(c).Save(group.seq, {}, {&member, 1}));
      scaling::ScheduleRecord schedule;
      schedule.id = "s";
      schedule.action.name = "nightly";
      schedule.action.desired = 0;
      schedule.action.start = schedule.evaluated_until = kNow;
      RETURN_IF_ERROR(ScheduleTable(c).Put(group.seq, schedule));
      scaling::Refresh refresh;
      refresh.id = "r";
      refresh.status = scaling::RefreshStatus::kInProgress;
      return RefreshTable(c).Insert(group.seq, refresh);
    }));
  }
  autoscaling::Snapshot Snapshot() {
    return Read([](Connection& c) { return autoscaling::ReadSnapshot(c, "web"); }).value();
  }
  // What an evaluation of `before` would commit: all that it may change is changed.
  absl::Status Commit(const autoscaling::Snapshot& before) {
    autoscaling::Outcome outcome;
    outcome.after = before;
    outcome.after.record.group.desired = 7;
    outcome.after.members.front().lifecycle = scaling::Lifecycle::kTerminating;
    outcome.after.refresh->left = 7;
    outcome.schedules_run = before.schedules;
    outcome.schedules_run.front().evaluated_until = kNow + absl::Hours(1);
    return Write([&](Connection& c) { return autoscaling::Commit(c, before, outcome, kNow); });
  }
};

alarm::Alarm MakeAlarm() {
  alarm::Alarm made;
  made.name = "hot";
  made.watch.metric = {"App", "Load", {{"Stage", "one"}}};
  made.watch.threshold.value = 50;
  return made;
}

}  // namespace

TEST_CASE("an evaluation of a group that its owner changed meanwhile writes nothing", "[store]") {
  Scaled s;
  const autoscaling::Snapshot stale = s.Snapshot();
  std::function<absl::Status(Connection&, scaling::GroupRecord&)> change;
  SECTION("the desired capacity") {
    change = [](Connection&, scaling::GroupRecord& group) {
      group.group.desired = 0;
      return absl::OkStatus();
    };
  }
  SECTION("a member") {
    change = [&](Connection& c, scaling::GroupRecord& group) {
      std::vector<scaling::Member> members = stale.members;
      members.front().protected_from_scale_in = true;
      return MemberTable(c).Save(group.seq, stale.members, members);
    };
  }
  SECTION("the refresh") {
    change = [&](Connection& c, scaling::GroupRecord&) {
      scaling::Refresh refresh = *stale.refresh;
      refresh.status = scaling::RefreshStatus::kCancelling;
      return RefreshTable(c).Update(refresh);
    };
  }
  REQUIRE_OK(s.Write([&](Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(std::optional<scaling::GroupRecord> group, GroupTable(c).Find("web"));
    RETURN_IF_ERROR(change(c, *group));
    return GroupTable(c).Update(*group);
  }));
  const autoscaling::Snapshot changed = s.Snapshot();
  CHECK(absl::IsAborted(s.Commit(stale)));
  const autoscaling::Snapshot after = s.Snapshot();
  CHECK(after.record.version == changed.record.version);
  CHECK(after.record.group.desired == changed.record.group.desired);
  CHECK(after.members.front().lifecycle == scaling::Lifecycle::kInService);
  CHECK(after.members.front().protected_from_scale_in == changed.members.front().protected_from_scale_in);
  CHECK(after.refresh->status == changed.refresh->status);
  CHECK(after.refresh->left == 0);
  CHECK(after.schedules.front().evaluated_until == kNow);
  REQUIRE_OK(s.Commit(after));
  CHECK(s.Snapshot().refresh->left == 7);
}

TEST_CASE("a refresh that was cancelled is not taken on by a stale copy", "[store]") {
  Scaled s;
  scaling::Refresh owner = *s.Snapshot().refresh, loop = owner;
  owner.status = scaling::RefreshStatus::kCancelling;
  loop.left = 7;
  REQUIRE_OK(s.Write([&](Connection& c) { return RefreshTable(c).Update(owner); }));
  CHECK(absl::IsAborted(s.Write([&](Connection& c) { return RefreshTable(c).Update(loop); })));
  CHECK(s.Snapshot().refresh->status == scaling::RefreshStatus::kCancelling);
  CHECK(s.Snapshot().refresh->left == 0);
  REQUIRE_OK(s.Write([&](Connection& c) { return RefreshTable(c).Update(owner); }));
}

TEST_CASE("that a scheduled action ran undoes no change of it, and does not bring back one that is gone", "[store]") {
  Scaled s;
  scaling::ScheduleRecord schedule = s.Snapshot().schedules.front();
  const int64_t seq = schedule.seq;
  schedule.action.desired = 3;
  const int64_t group = s.Snapshot().record.seq;
  const auto ran = [&](Connection& c) { return ScheduleTable(c).SetEvaluatedUntil(seq, kNow + absl::Hours(1)); };
  REQUIRE_OK(s.Write([&](Connection& c) { return ScheduleTable(c).Put(group, schedule); }));
  REQUIRE_OK(s.Write(ran));
  const scaling::ScheduleRecord after = s.Snapshot().schedules.front();
  CHECK(after.action.desired == 3);
  CHECK(after.evaluated_until == kNow + absl::Hours(1));
  REQUIRE_OK(s.Write([&](Connection& c) { return ScheduleTable(c).Delete(seq); }));
  REQUIRE_OK(s.Write(ran));
  CHECK(s.Snapshot().schedules.empty());
}

TEST_CASE("an alarm's new definition stands against a state that was found by the old one", "[store]") {
  Store s;
  REQUIRE_OK(s.Write([](Connection& c) { return AlarmTable(c).Insert(MakeAlarm()); }));
  const auto only = [&] { return s.Read([](Connection& c) { return AlarmTable(c).List(); }).at(0); };
  alarm::Alarm owner = only(), evaluator = owner;
  owner.watch.threshold.value = 90;
  owner.watch.metric.dimensions = {{"Stage", "two"}};
  evaluator.state = alarm::State::kAlarm;
  evaluator.watch.threshold.value = 1;
  const auto update_state = [&](alarm::Alarm& alarm) {
    return s.Write([&](Connection& c) { return AlarmTable(c).UpdateState(alarm); });
  };
  REQUIRE_OK(s.Write([&](Connection& c) { return AlarmTable(c).Update(owner); }));
  CHECK(absl::IsAborted(update_state(evaluator)));
  CHECK(only().state == alarm::State::kInsufficientData);
  CHECK(only().watch.threshold.value == 90);
  // Of the definition as it is, the state alone is written; and a definition put over an older state is refused.
  alarm::Alarm stale = owner;
  evaluator.version = owner.version;
  REQUIRE_OK(update_state(evaluator));
  CHECK(only().state == alarm::State::kAlarm);
  CHECK(only().watch.threshold.value == 90);
  stale.watch.metric.dimensions.clear();
  CHECK(absl::IsAborted(s.Write([&](Connection& c) { return AlarmTable(c).Update(stale); })));
  CHECK(only().watch.metric.dimensions == owner.watch.metric.dimensions);
  CHECK(only().state == alarm::State::kAlarm);
}

TEST_CASE("a NAT gateway that its owner deletes is not made available by a stale copy", "[store]") {
  Store s;
  const auto only = [&] { return s.Read([](Connection& c) { return network::NatGatewayTable(c).List(); }).at(0); };
  const auto update = [&](NatGateway& gateway) {
    return s.Write([&](Connection& c) { return network::NatGatewayTable(c).Update(gateway); });
  };
  NatGateway made;
  made.id = Nth<NatGatewayId>("nat", 1);
  made.vpc_id = Nth<VpcId>("vpc", 1);
  made.subnet_id = Nth<SubnetId>("subnet", 1);
  made.created = kNow;
  REQUIRE_OK(s.Write([&](Connection& c) { return network::NatGatewayTable(c).Insert(made); }));
  NatGateway owner = only(), reconciler = owner;
  owner.state = NatGatewayState::kDeleting;
  REQUIRE_OK(update(owner));
  reconciler.state = NatGatewayState::kAvailable;
  CHECK(absl::IsAborted(update(reconciler)));
  CHECK(only().state == NatGatewayState::kDeleting);
  reconciler = only();
  reconciler.state = NatGatewayState::kDeleted;
  reconciler.ended = kNow;
  REQUIRE_OK(update(reconciler));
  CHECK(only().ended == kNow);
}

TEST_CASE("a peering connection that ended is not brought back by a stale copy", "[store]") {
  Store s;
  const VpcPeeringConnectionId id = Nth<VpcPeeringConnectionId>("pcx", 1);
  const auto get = [&] { return s.Read([&](Connection& c) { return network::PeeringTable(c).Get(id); }); };
  const auto update = [&](VpcPeering& peering) {
    return s.Write([&](Connection& c) { return network::PeeringTable(c).Update(peering); });
  };
  VpcPeering made;
  made.id = id;
  made.requester.vpc_id = Nth<VpcId>("vpc", 1);
  made.accepter.vpc_id = Nth<VpcId>("vpc", 2);
  REQUIRE_OK(s.Write([&](Connection& c) { return network::PeeringTable(c).Insert(made); }));
  VpcPeering requester = get(), accepter = requester;
  requester.state = PeeringState::kDeleted;
  requester.ended = kNow;
  REQUIRE_OK(update(requester));
  accepter.state = PeeringState::kActive;
  CHECK(absl::IsAborted(update(accepter)));
  CHECK(get().state == PeeringState::kDeleted);
  CHECK(get().ended == kNow);
}

TEST_CASE("a stale copy of an identity or a managed policy is refused", "[store]") {
  Store s;
  Identity role;
  role.id = "AROA1";
  role.kind = IdentityKind::kRole;
  role.name = "worker";
  ManagedPolicy policy;
  policy.id = "ANPA1";
  policy.name = "reads";
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(iam::IdentityTable(c).Insert(role));
    return iam::ManagedPolicyTable(c).Insert(policy);
  }));
  Identity stale_role = role;
  ManagedPolicy stale_policy = policy;
  role.trust_policy = "nobody";
  policy.default_version = 2;
  stale_role.trust_policy = "anybody";
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(iam::IdentityTable(c).Update(role));
    return iam::ManagedPolicyTable(c).Update(policy);
  }));
  CHECK(absl::IsAborted(s.Write([&](Connection& c) { return iam::IdentityTable(c).Update(stale_role); })));
  CHECK(absl::IsAborted(s.Write([&](Connection& c) { return iam::ManagedPolicyTable(c).Update(stale_policy); })));
  CHECK(s.Read([](Connection& c) { return iam::IdentityTable(c).FindById("AROA1"); })->trust_policy == "nobody");
  CHECK(s.Read([](Connection& c) { return iam::ManagedPolicyTable(c).Find("/", "reads"); })->default_version == 2);
}

TEST_CASE("that an access key was used does not make one active that was switched off", "[store]") {
  Store s;
  REQUIRE_OK(s.Write([](Connection& c) {
    iam::AccessKeyTable keys(c);
    RETURN_IF_ERROR(keys.Insert({.id = "AKIA1", .secret = std::string("a\0b", 3), .created = kNow}));
    RETURN_IF_ERROR(keys.SetActive("AKIA1", false));
    return keys.SetLastUsed("AKIA1", {kNow, "ec2", "us-east-1"});
  }));
  const AccessKey key = s.Read([](Connection& c) { return iam::AccessKeyTable(c).All(); }).at(0);
  CHECK_FALSE(key.active);
  CHECK(key.secret == std::string("a\0b", 3));
  CHECK(key.last_used->service == "ec2");
}

TEST_CASE("a group with damaged text is an error that names it, not one without what it said", "[store]") {
  Scaled s;
  const auto find = [](Connection& c) { return GroupTable(c).Find("web").status(); };
  for (const std::string column : {"suspensions", "metrics", "instance_types", "type_options", "termination_policies",
                                   "refusals", "mixed_policy"}) {
    INFO(column);
    const std::string sql = absl::StrCat("UPDATE scaling_groups SET ", column, " = ?");
    const std::string damage = "secret";
    std::string before;
    REQUIRE_OK(s.db->Read([&](Connection& c) {
      return c.Query(absl::StrCat("SELECT ", column, " FROM scaling_groups"), [&](Row& row) { row.Read(before); });
    }));
    REQUIRE_OK(s.Write([&](Connection& c) { return c.Run(sql, damage); }));
    const absl::Status read = s.db->Read(find);
    CHECK(absl::IsDataLoss(read));
    CHECK(absl::StrContains(read.message(), absl::StrCat("scaling_groups.", column)));
    CHECK(absl::StrContains(read.message(), "web"));
    CHECK_FALSE(absl::StrContains(read.message(), damage));
    REQUIRE_OK(s.Write([&](Connection& c) { return c.Run(sql, before); }));
    REQUIRE_OK(s.db->Read(find));
  }
}

}  // namespace brume::store
