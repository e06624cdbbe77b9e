#include "lib/autoscaling/group_table.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "lib/base/fields_json.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/json_text.h"

namespace brume::autoscaling {
namespace {

using scaling::GroupRecord;
using scaling::Member;

// Durations as columns: microseconds.
std::optional<int64_t> Micros(const std::optional<absl::Duration>& duration) {
  if (!duration.has_value()) return std::nullopt;
  return absl::ToInt64Microseconds(*duration);
}
std::optional<absl::Duration> FromMicros(const std::optional<int64_t>& micros) {
  if (!micros.has_value()) return std::nullopt;
  return absl::Microseconds(*micros);
}

constexpr char kColumns[] =
    "created, min_size, max_size, desired, source_is_template, source_id, source_version, source_number, "
    "source_created, mixed_policy, instance_types, health_check_type, health_check_grace, default_cooldown, "
    "default_warmup, max_lifetime, termination_policies, protect_new_members, suspensions, metrics, context, "
    "capacity_rebalance, warm_min, warm_max, warm_state, warm_reuse, deleting, force, "
    "next_activity, failures, last_failure, refusals, why, cooldown_until";
constexpr int kColumnCount = 34;

// What of a record is kept otherwise than it is used. One for reading and for writing.
struct Flat {
  std::string mixed_policy, instance_types, termination_policies, suspensions, metrics, refusals;
  int64_t grace = 0, cooldown = 0;
  std::optional<int64_t> warmup, lifetime;
  std::optional<int> warm_min, warm_max;
  std::optional<scaling::WarmState> warm_state;
  std::optional<bool> warm_reuse;
};

template <typename Record, typename FlatRecord>
auto Columns(Record& r, FlatRecord& f) {
  return std::tie(r.created, r.group.min_size, r.group.max_size, r.group.desired, r.source.is_template, r.source.id,
                  r.source.version, r.group.source.version, r.group.source.created, f.mixed_policy, f.instance_types,
                  r.health_check_type, f.grace, f.cooldown, f.warmup, f.lifetime, f.termination_policies,
                  r.group.protect_new_members, f.suspensions, f.metrics, r.context, r.capacity_rebalance, f.warm_min,
                  f.warm_max, f.warm_state, f.warm_reuse, r.deleting, r.force, r.state.next_activity,
                  r.state.launches.failures, r.state.launches.last, f.refusals, r.state.why, r.cooldown_until);
}

using RefusalText = std::tuple<std::string, std::string, int64_t>;

Flat Flatten(const GroupRecord& r) {
  Flat f;
  if (r.mixed_policy.has_value()) f.mixed_policy = FieldsToJson(*r.mixed_policy);
  f.instance_types = store::ToJson(r.group.instance_types);
  f.termination_policies = store::ToJson(r.group.termination_policies);
  f.suspensions = store::ToJson(r.suspensions);
  f.metrics = store::ToJson(r.metrics);
  std::vector<RefusalText> refusals;
  for (const scaling::Refusal& refusal : r.state.refusals) {
    refusals.emplace_back(refusal.zone, refusal.instance_type, absl::ToUnixMicros(refusal.until));
  }
  f.refusals = store::ToJson(refusals);
  f.grace = absl::ToInt64Microseconds(r.group.health_check_grace);
  f.cooldown = absl::ToInt64Microseconds(r.group.default_cooldown);
  f.warmup = Micros(r.default_warmup);
  f.lifetime = Micros(r.group.max_lifetime);
  if (r.group.warm_pool.has_value()) {
    f.warm_min = r.group.warm_pool->min_size;
    f.warm_max = r.group.warm_pool->max_prepared;
    f.warm_state = r.group.warm_pool->state;
    f.warm_reuse = r.group.warm_pool->reuse_on_scale_in;
  }
  return f;
}

// Error: DataLoss.
absl::Status Unflatten(const Flat& f, GroupRecord& r) {
  scaling::Group& group = r.group;
  if (!f.mixed_policy.empty()) {
    absl::StatusOr<scaling::MixedPolicy> policy = FieldsFromJson<scaling::MixedPolicy>(f.mixed_policy);
    if (!policy.ok()) {
      return absl::DataLossError(absl::StrCat("the mixed instances policy of the Auto Scaling group ", group.name,
                                              " is damaged: ", policy.status().message()));
    }
    r.mixed_policy = *std::move(policy);
  }
  group.instance_types = store::FromJson<std::vector<std::string>>(f.instance_types);
  group.termination_policies = store::FromJson<std::vector<scaling::TerminationPolicy>>(f.termination_policies);
  r.suspensions = store::FromJson<std::map<std::string, std::string>>(f.suspensions);
  for (const auto& [name, reason] : r.suspensions) {
    const absl::StatusOr<scaling::Process> process = scaling::ParseProcess(name);
    if (process.ok()) group.suspended.Add(*process);
  }
  r.metrics = store::FromJson<std::vector<std::string>>(f.metrics);
  for (const auto& [zone, type, until] : store::FromJson<std::vector<RefusalText>>(f.refusals)) {
    r.state.refusals.push_back({zone, type, absl::FromUnixMicros(until)});
  }
  group.health_check_grace = absl::Microseconds(f.grace);
  group.default_cooldown = absl::Microseconds(f.cooldown);
  r.default_warmup = FromMicros(f.warmup);
  group.default_warmup = r.default_warmup.value_or(absl::ZeroDuration());
  group.max_lifetime = FromMicros(f.lifetime);
  if (f.warm_min.has_value()) {
    group.warm_pool = scaling::WarmPool{.min_size = *f.warm_min,
                                        .max_prepared = f.warm_max,
                                        .state = f.warm_state.value_or(scaling::WarmState::kStopped),
                                        .reuse_on_scale_in = f.warm_reuse.value_or(false)};
  }
  group.source.is_template = r.source.is_template;
  group.source.id = r.source.id;
  return absl::OkStatus();
}

absl::StatusOr<GroupRecord> ReadGroup(store::Row& row) {
  GroupRecord r;
  Flat f;
  row.Read(r.seq, r.group.name, r.group.uuid, r.revision, Columns(r, f));
  RETURN_IF_ERROR(Unflatten(f, r));
  return r;
}

std::string SelectGroups(absl::string_view rest) {
  return absl::StrCat("SELECT seq, name, uuid, revision, ", kColumns, " FROM scaling_groups ", rest);
}

template <typename M>
auto MemberFields(M& m) {
  return std::tie(m.token, m.instance, m.lifecycle, m.since, m.zone, m.instance_type, m.source.is_template, m.source.id,
                  m.source.version, m.source.created, m.launched, m.in_service, m.protected_from_scale_in, m.health,
                  m.replaces);
}

constexpr char kMemberColumns[] =
    "token, instance_id, lifecycle, since, zone, instance_type, source_is_template, source_id, source_number, "
    "source_created, launched, in_service, protected, health, replaces";
constexpr int kMemberColumnCount = 15;

template <typename W>
auto WaitFields(W& w) {
  return std::tie(w.hook, w.token, w.deadline, w.limit, w.result, w.notified);
}

// Whether what is kept of them is the same.
bool IsSame(const Member& a, const Member& b) {
  return MemberFields(a) == MemberFields(b) &&
         std::equal(a.waits.begin(), a.waits.end(), b.waits.begin(), b.waits.end(),
                    [](const scaling::Wait& x, const scaling::Wait& y) { return WaitFields(x) == WaitFields(y); });
}

}  // namespace

absl::Status GroupTable::Insert(GroupRecord& r) {
  const Flat f = Flatten(r);
  RETURN_IF_ERROR(connection_.Run(absl::StrCat("INSERT INTO scaling_groups (name, uuid, revision, ", kColumns,
                                               ") VALUES (", store::Placeholders(kColumnCount + 3), ")"),
                                  r.group.name, r.group.uuid, r.revision, Columns(r, f)));
  ASSIGN_OR_RETURN(const std::optional<GroupRecord> made, Find(r.group.name));
  r.seq = made->seq;
  RETURN_IF_ERROR(WriteSubnets(r));
  for (const scaling::Hook& hook : r.group.hooks) RETURN_IF_ERROR(PutHook(r.seq, hook));
  return absl::OkStatus();
}

absl::Status GroupTable::Complete(GroupRecord& r) {
  const auto read_subnet = [](store::Row& row) {
    scaling::GroupSubnet subnet;
    row.Read(subnet.id, subnet.zone);
    return subnet;
  };
  ASSIGN_OR_RETURN(r.subnets,
                   connection_.All("SELECT subnet_id, zone FROM scaling_subnets WHERE group_seq = ? ORDER BY position",
                                   read_subnet, r.seq));
  for (const scaling::GroupSubnet& subnet : r.subnets) {
    if (r.group.ZoneIndex(subnet.zone) < 0) r.group.zones.push_back({.name = subnet.zone, .subnet = subnet.id});
  }
  const auto read_hook = [](store::Row& row) {
    scaling::Hook hook;
    int64_t heartbeat = 0;
    row.Read(hook.name, hook.transition, heartbeat, hook.default_result, hook.metadata, hook.target);
    hook.heartbeat = absl::Microseconds(heartbeat);
    return hook;
  };
  ASSIGN_OR_RETURN(r.group.hooks,
                   connection_.All("SELECT name, transition, heartbeat, default_result, metadata, target "
                                   "FROM scaling_hooks WHERE group_seq = ? ORDER BY name",
                                   read_hook, r.seq));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<GroupRecord>> GroupTable::Find(const std::string& name) {
  ASSIGN_OR_RETURN(auto found, connection_.First(SelectGroups("WHERE name = ?"), ReadGroup, name));
  if (!found.has_value()) return std::optional<GroupRecord>();
  ASSIGN_OR_RETURN(GroupRecord record, *std::move(found));
  RETURN_IF_ERROR(Complete(record));
  return std::optional<GroupRecord>(std::move(record));
}

absl::StatusOr<std::vector<GroupRecord>> GroupTable::List(absl::Span<const std::string> names) {
  const std::vector<std::string> wanted(names.begin(), names.end());
  ASSIGN_OR_RETURN(std::vector<absl::StatusOr<GroupRecord>> found,
                   connection_.All(SelectGroups("WHERE ?1 OR name IN (SELECT value FROM json_each(?2)) ORDER BY seq"),
                                   ReadGroup, wanted.empty(), store::JsonArray(wanted)));
  std::vector<GroupRecord> all;
  for (absl::StatusOr<GroupRecord>& each : found) {
    ASSIGN_OR_RETURN(GroupRecord record, std::move(each));
    RETURN_IF_ERROR(Complete(record));
    all.push_back(std::move(record));
  }
  return all;
}

absl::StatusOr<std::vector<std::string>> GroupTable::ListNames() {
  const auto read = [](store::Row& row) {
    std::string name;
    row.Read(name);
    return name;
  };
  return connection_.All("SELECT name FROM scaling_groups ORDER BY seq", read);
}

absl::StatusOr<int64_t> GroupTable::Count() {
  const auto read = [](store::Row& row) {
    int64_t count = 0;
    row.Read(count);
    return count;
  };
  ASSIGN_OR_RETURN(const std::optional<int64_t> count, connection_.First("SELECT count(*) FROM scaling_groups", read));
  return count.value_or(0);
}

absl::StatusOr<std::vector<std::string>> GroupTable::ListNamesBySource(const std::string& source_id) {
  const auto read = [](store::Row& row) {
    std::string name;
    row.Read(name);
    return name;
  };
  return connection_.All("SELECT name FROM scaling_groups WHERE source_id = ? ORDER BY seq", read, source_id);
}

absl::Status GroupTable::Update(GroupRecord& r) {
  const Flat f = Flatten(r);
  RETURN_IF_ERROR(
      connection_.Run(absl::StrCat("UPDATE scaling_groups SET revision = revision + 1, (", kColumns, ") = (",
                                   store::Placeholders(kColumnCount), ") WHERE seq = ? AND revision = ?"),
                      Columns(r, f), r.seq, r.revision));
  if (connection_.changed_rows() == 0) {
    return absl::AbortedError(absl::StrCat("the Auto Scaling group '", r.group.name, "' changed meanwhile"));
  }
  ++r.revision;
  return WriteSubnets(r);
}

absl::Status GroupTable::WriteSubnets(const GroupRecord& r) {
  RETURN_IF_ERROR(connection_.Run("DELETE FROM scaling_subnets WHERE group_seq = ?", r.seq));
  for (size_t i = 0; i < r.subnets.size(); ++i) {
    RETURN_IF_ERROR(
        connection_.Run("INSERT INTO scaling_subnets (group_seq, position, subnet_id, zone) VALUES (?, ?, ?, ?)", r.seq,
                        static_cast<int64_t>(i), r.subnets[i].id, r.subnets[i].zone));
  }
  return absl::OkStatus();
}

absl::Status GroupTable::Delete(int64_t seq) {
  return connection_.Run("DELETE FROM scaling_groups WHERE seq = ?", seq);
}

absl::Status GroupTable::PutHook(int64_t seq, const scaling::Hook& hook) {
  return connection_.Run(
      "INSERT OR REPLACE INTO scaling_hooks (group_seq, name, transition, heartbeat, default_result, metadata, target) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      seq, hook.name, hook.transition, absl::ToInt64Microseconds(hook.heartbeat), hook.default_result, hook.metadata,
      hook.target);
}

absl::Status GroupTable::DeleteHook(int64_t seq, const std::string& hook) {
  return connection_.Run("DELETE FROM scaling_hooks WHERE group_seq = ? AND name = ?", seq, hook);
}

absl::StatusOr<std::vector<Member>> GroupTable::ListMembers(int64_t seq) {
  const auto read = [](store::Row& row) {
    Member member;
    row.Read(MemberFields(member));
    return member;
  };
  ASSIGN_OR_RETURN(std::vector<Member> members,
                   connection_.All(absl::StrCat("SELECT ", kMemberColumns,
                                                " FROM scaling_members WHERE group_seq = ? ORDER BY token"),
                                   read, seq));
  RETURN_IF_ERROR(ReadWaits(seq, members));
  return members;
}

absl::Status GroupTable::ReadWaits(int64_t seq, std::vector<Member>& members) {
  const bool any = std::any_of(members.begin(), members.end(),
                               [](const Member& member) { return scaling::IsWaiting(member.lifecycle); });
  if (!any) return absl::OkStatus();
  return connection_.Query(
      "SELECT member, hook, token, deadline, time_limit, result, notified FROM scaling_waits WHERE group_seq = ? "
      "ORDER BY member, hook",
      [&](store::Row& row) {
        std::string token;
        scaling::Wait wait;
        row.Read(token, WaitFields(wait));
        const auto member =
            std::find_if(members.begin(), members.end(), [&](const Member& each) { return each.token == token; });
        if (member != members.end()) member->waits.push_back(std::move(wait));
      },
      seq);
}

absl::Status GroupTable::WriteMember(int64_t seq, const Member& member) {
  RETURN_IF_ERROR(connection_.Run(
      absl::StrCat("INSERT INTO scaling_members (group_seq, ", kMemberColumns, ") VALUES (",
                   store::Placeholders(kMemberColumnCount + 1), ") ON CONFLICT (group_seq, token) DO UPDATE SET (",
                   kMemberColumns, ") = (SELECT ",
                   "excluded.token, excluded.instance_id, excluded.lifecycle, "
                   "excluded.since, excluded.zone, excluded.instance_type, excluded.source_is_template, "
                   "excluded.source_id, excluded.source_number, excluded.source_created, excluded.launched, "
                   "excluded.in_service, excluded.protected, excluded.health, excluded.replaces)"),
      seq, MemberFields(member)));
  RETURN_IF_ERROR(connection_.Run("DELETE FROM scaling_waits WHERE group_seq = ? AND member = ?", seq, member.token));
  for (const scaling::Wait& wait : member.waits) {
    RETURN_IF_ERROR(connection_.Run(
        "INSERT INTO scaling_waits (group_seq, member, hook, token, deadline, time_limit, result, notified) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        seq, member.token, WaitFields(wait)));
  }
  return absl::OkStatus();
}

absl::Status GroupTable::SaveMembers(int64_t seq, absl::Span<const Member> before, absl::Span<const Member> after) {
  std::map<std::string, const Member*> old;
  for (const Member& member : before) old[member.token] = &member;
  // Those that went first: an instance may have changed from one token to another.
  std::map<std::string, const Member*> gone = old;
  for (const Member& member : after) gone.erase(member.token);
  for (const auto& [token, member] : gone) {
    RETURN_IF_ERROR(connection_.Run("DELETE FROM scaling_members WHERE group_seq = ? AND token = ?", seq, token));
  }
  for (const Member& member : after) {
    const auto found = old.find(member.token);
    if (found != old.end() && IsSame(*found->second, member)) continue;
    RETURN_IF_ERROR(WriteMember(seq, member));
  }
  return absl::OkStatus();
}

absl::Status GroupTable::SetNotified(int64_t seq, const std::string& member, const std::string& hook) {
  return connection_.Run("UPDATE scaling_waits SET notified = 1 WHERE group_seq = ? AND member = ? AND hook = ?", seq,
                         member, hook);
}

absl::StatusOr<std::optional<MemberOf>> GroupTable::FindMember(const InstanceId& instance) {
  struct Place {
    int64_t seq = 0;
    std::string group, token;
  };
  const auto read = [](store::Row& row) {
    Place place;
    row.Read(place.seq, place.group, place.token);
    return place;
  };
  ASSIGN_OR_RETURN(const std::optional<Place> place,
                   connection_.First("SELECT group_seq, name, token FROM scaling_members JOIN scaling_groups "
                                     "ON seq = group_seq WHERE instance_id = ?",
                                     read, instance));
  if (!place.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(std::vector<Member> members, ListMembers(place->seq));
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& member) { return member.token == place->token; });
  return MemberOf{place->group, std::move(*found)};
}

absl::StatusOr<std::vector<MemberOf>> GroupTable::ListAllMembers() {
  const auto read = [](store::Row& row) {
    MemberOf each;
    row.Read(each.group, MemberFields(each.member));
    return each;
  };
  return connection_.All(
      absl::StrCat("SELECT name, ", kMemberColumns,
                   " FROM scaling_members JOIN (SELECT seq, name FROM scaling_groups) ON seq = group_seq "
                   "WHERE instance_id IS NOT NULL ORDER BY group_seq, token"),
      read);
}

absl::StatusOr<std::map<InstanceId, SeenInstance>> GroupTable::Observe(absl::Span<const InstanceId> ids) {
  std::map<InstanceId, SeenInstance> seen;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT instances.id, state, state_since, state_reason_message FROM json_each(?) AS wanted "
      "CROSS JOIN instances ON instances.id = wanted.value",
      [&](store::Row& row) {
        InstanceId id;
        SeenInstance instance;
        row.Read(id, instance.state, instance.since, instance.reason);
        seen.emplace(std::move(id), std::move(instance));
      },
      store::JsonArrayOfIds(ids)));
  return seen;
}

absl::StatusOr<std::vector<scaling::GroupTag>> GroupTable::ListTags(int64_t seq) {
  const auto read = [](store::Row& row) {
    scaling::GroupTag tag;
    row.Read(tag.key, tag.value, tag.propagate);
    return tag;
  };
  return connection_.All("SELECT key, value, propagate FROM scaling_tags WHERE group_seq = ? ORDER BY key", read, seq);
}

absl::Status GroupTable::SetTag(int64_t seq, const scaling::GroupTag& tag) {
  return connection_.Run("INSERT OR REPLACE INTO scaling_tags (group_seq, key, value, propagate) VALUES (?, ?, ?, ?)",
                         seq, tag.key, tag.value, tag.propagate);
}

absl::Status GroupTable::DeleteTag(int64_t seq, const std::string& key) {
  return connection_.Run("DELETE FROM scaling_tags WHERE group_seq = ? AND key = ?", seq, key);
}

}  // namespace brume::autoscaling
