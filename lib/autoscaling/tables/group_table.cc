#include "lib/autoscaling/tables/group_table.h"

#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "lib/autoscaling/tables/type_options.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/json_text.h"
#include "lib/store/table.h"

namespace brume::autoscaling {
namespace {

using scaling::Group;
using scaling::GroupRecord;

// [zone, type, until].
struct Refusals {
  using Text = std::tuple<std::string, std::string, int64_t>;
  static std::string ToStore(const std::vector<scaling::Refusal>& refusals) {
    std::vector<Text> texts;
    for (const scaling::Refusal& refusal : refusals) {
      texts.emplace_back(refusal.zone, refusal.instance_type, absl::ToUnixMicros(refusal.until));
    }
    return store::ToJson(texts);
  }
  static absl::Status FromStore(const std::string& text, std::vector<scaling::Refusal>& refusals) {
    ASSIGN_OR_RETURN(const std::vector<Text> texts, store::FromJson<std::vector<Text>>(text));
    for (const auto& [zone, type, until] : texts) refusals.push_back({zone, type, absl::FromUnixMicros(until)});
    return absl::OkStatus();
  }
};

// A group's own row; the warm pool's columns are NULL without one.
struct GroupRow {
  GroupRecord record;
  std::optional<int> warm_min = {}, warm_max = {};
  std::optional<scaling::WarmState> warm_state = {};
  std::optional<bool> warm_reuse = {};
  std::optional<int> min_healthy = {}, max_healthy = {};  // NULL without a maintenance policy
};

const auto& Groups() {
  using R = GroupRecord;
  constexpr auto kRecord = &GroupRow::record;
  constexpr auto kGroup = &R::group;
  constexpr auto kState = &R::state;
  static const auto table = store::DescribeTable<GroupRow>(
      "scaling_groups", "Auto Scaling group", store::Key("name", kRecord, kGroup, &Group::name),
      store::Assigned("seq", kRecord, &R::seq), store::Version(kRecord, &R::version),
      store::Fixed("uuid", kRecord, kGroup, &Group::uuid), store::Fixed("created", kRecord, &R::created),
      store::Column("min_size", kRecord, kGroup, &Group::min_size),
      store::Column("max_size", kRecord, kGroup, &Group::max_size),
      store::Column("desired", kRecord, kGroup, &Group::desired),
      store::Column("source_is_template", kRecord, &R::source, &scaling::SourceRequest::is_template),
      store::Column("source_id", kRecord, &R::source, &scaling::SourceRequest::id),
      store::Column("source_version", kRecord, &R::source, &scaling::SourceRequest::version),
      store::Column("source_number", kRecord, kGroup, &Group::source, &scaling::LaunchSource::version),
      store::Column("source_created", kRecord, kGroup, &Group::source, &scaling::LaunchSource::created),
      store::Json("mixed_policy", kRecord, &R::mixed_policy),
      store::Json("instance_types", kRecord, kGroup, &Group::instance_types),
      store::Encoded<TypeOptions>("type_options", kRecord, kGroup, &Group::type_options),
      store::Column("health_check_type", kRecord, &R::health_check_type),
      store::Column("health_check_grace", kRecord, kGroup, &Group::health_check_grace),
      store::Column("default_cooldown", kRecord, kGroup, &Group::default_cooldown),
      store::Column("default_warmup", kRecord, &R::default_warmup),
      store::Column("max_lifetime", kRecord, kGroup, &Group::max_lifetime),
      store::Json("termination_policies", kRecord, kGroup, &Group::termination_policies),
      store::Column("protect_new_members", kRecord, kGroup, &Group::protect_new_members),
      store::Json("suspensions", kRecord, &R::suspensions), store::Json("metrics", kRecord, &R::metrics),
      store::Column("context", kRecord, &R::context),
      store::Column("capacity_rebalance", kRecord, &R::capacity_rebalance),
      store::Column("service_linked_role", kRecord, &R::service_linked_role),
      store::Column("min_healthy", &GroupRow::min_healthy), store::Column("max_healthy", &GroupRow::max_healthy),
      store::Column("warm_min", &GroupRow::warm_min), store::Column("warm_max", &GroupRow::warm_max),
      store::Column("warm_state", &GroupRow::warm_state), store::Column("warm_reuse", &GroupRow::warm_reuse),
      store::Column("deleting", kRecord, &R::deleting), store::Column("force", kRecord, &R::force),
      store::Column("next_activity", kRecord, kState, &scaling::State::next_activity),
      store::Column("failures", kRecord, kState, &scaling::State::launches, &scaling::Backoff::failures),
      store::Column("last_failure", kRecord, kState, &scaling::State::launches, &scaling::Backoff::last),
      store::Encoded<Refusals>("refusals", kRecord, kState, &scaling::State::refusals),
      store::Column("why", kRecord, kState, &scaling::State::why),
      store::Column("cooldown_until", kRecord, &R::cooldown_until));
  return table;
}

GroupRow ToRow(const GroupRecord& record) {
  GroupRow row{.record = record};
  if (const auto& pool = record.group.warm_pool; pool.has_value()) {
    row.warm_min = pool->min_size;
    row.warm_max = pool->max_prepared;
    row.warm_state = pool->state;
    row.warm_reuse = pool->reuse_on_scale_in;
  }
  if (const auto& policy = record.group.maintenance; policy.has_value()) {
    row.min_healthy = policy->min_healthy_percent;
    row.max_healthy = policy->max_healthy_percent;
  }
  return row;
}

GroupRecord FromRow(GroupRow row) {
  GroupRecord record = std::move(row.record);
  Group& group = record.group;
  for (const auto& [name, reason] : record.suspensions) {
    const absl::StatusOr<scaling::Process> process = scaling::ParseProcess(name);
    if (process.ok()) group.suspended.Add(*process);
  }
  group.default_warmup = record.default_warmup.value_or(absl::ZeroDuration());
  if (row.warm_min.has_value()) {
    group.warm_pool = scaling::WarmPool{.min_size = *row.warm_min,
                                        .max_prepared = row.warm_max,
                                        .state = row.warm_state.value_or(scaling::WarmState::kStopped),
                                        .reuse_on_scale_in = row.warm_reuse.value_or(false)};
  }
  if (row.min_healthy.has_value() && row.max_healthy.has_value()) {
    group.maintenance = {.min_healthy_percent = *row.min_healthy, .max_healthy_percent = *row.max_healthy};
  }
  group.source.is_template = record.source.is_template;
  group.source.id = record.source.id;
  return record;
}

struct SubnetRow {
  int64_t group_seq = 0;
  int64_t position = 0;
  scaling::GroupSubnet subnet;
};
const auto& Subnets() {
  static const auto table = store::DescribeTable<SubnetRow>(
      "scaling_subnets", "subnet of the Auto Scaling group", store::Key("group_seq", &SubnetRow::group_seq),
      store::Key("position", &SubnetRow::position),
      store::Column("subnet_id", &SubnetRow::subnet, &scaling::GroupSubnet::id),
      store::Column("zone", &SubnetRow::subnet, &scaling::GroupSubnet::zone));
  return table;
}

struct HookRow {
  int64_t group_seq = 0;
  scaling::Hook hook;
};
const auto& Hooks() {
  constexpr auto kHook = &HookRow::hook;
  static const auto table = store::DescribeTable<HookRow>(
      "scaling_hooks", "lifecycle hook of the Auto Scaling group", store::Key("group_seq", &HookRow::group_seq),
      store::Key("name", kHook, &scaling::Hook::name), store::Column("transition", kHook, &scaling::Hook::transition),
      store::Column("heartbeat", kHook, &scaling::Hook::heartbeat),
      store::Column("default_result", kHook, &scaling::Hook::default_result),
      store::Column("metadata", kHook, &scaling::Hook::metadata),
      store::Column("target", kHook, &scaling::Hook::target), store::Column("role", kHook, &scaling::Hook::role));
  return table;
}

struct TagRow {
  int64_t group_seq = 0;
  scaling::GroupTag tag;
};
const auto& Tags() {
  static const auto table = store::DescribeTable<TagRow>(
      "scaling_tags", "tag of the Auto Scaling group", store::Key("group_seq", &TagRow::group_seq),
      store::Key("key", &TagRow::tag, &scaling::GroupTag::key),
      store::Column("value", &TagRow::tag, &scaling::GroupTag::value),
      store::Column("propagate", &TagRow::tag, &scaling::GroupTag::propagate));
  return table;
}

absl::Status InsertSubnets(store::Connection& connection, const GroupRecord& record) {
  int64_t position = 0;
  for (const scaling::GroupSubnet& subnet : record.subnets) {
    RETURN_IF_ERROR(Subnets().Insert(connection, {record.seq, position++, subnet}));
  }
  return absl::OkStatus();
}

std::string ReadName(store::Row& row) {
  std::string name;
  row.Read(name);
  return name;
}

}  // namespace

std::vector<store::TableDescription> GroupTable::Describe() {
  return {Groups().Describe(), Subnets().Describe(), Hooks().Describe(), Tags().Describe()};
}

absl::Status GroupTable::Insert(GroupRecord& record) {
  RETURN_IF_ERROR(Groups().Insert(connection_, ToRow(record)));
  record.seq = connection_.inserted_row();
  RETURN_IF_ERROR(InsertSubnets(connection_, record));
  for (const scaling::Hook& hook : record.group.hooks) RETURN_IF_ERROR(PutHook(record.seq, hook));
  return absl::OkStatus();
}

absl::StatusOr<GroupRecord> GroupTable::Complete(GroupRecord record) {
  ASSIGN_OR_RETURN(const std::vector<SubnetRow> subnets,
                   Subnets().Select(connection_, "scaling_subnets WHERE group_seq = ? ORDER BY position", record.seq));
  for (const auto& [group_seq, position, subnet] : subnets) {
    record.subnets.push_back(subnet);
    if (record.group.ZoneIndex(subnet.zone) < 0) {
      record.group.zones.push_back({.name = subnet.zone, .subnet = subnet.id});
    }
  }
  ASSIGN_OR_RETURN(std::vector<HookRow> hooks,
                   Hooks().Select(connection_, "scaling_hooks WHERE group_seq = ? ORDER BY name", record.seq));
  for (HookRow& row : hooks) record.group.hooks.push_back(std::move(row.hook));
  return record;
}

absl::StatusOr<std::optional<GroupRecord>> GroupTable::Find(const std::string& name) {
  ASSIGN_OR_RETURN(std::optional<GroupRow> found, Groups().Find(connection_, name));
  if (!found.has_value()) return std::nullopt;
  return Complete(FromRow(*std::move(found)));
}

absl::StatusOr<std::vector<GroupRecord>> GroupTable::List(absl::Span<const std::string> names) {
  const std::vector<std::string> wanted(names.begin(), names.end());
  ASSIGN_OR_RETURN(
      std::vector<GroupRow> found,
      Groups().Select(connection_, "scaling_groups WHERE ?1 OR name IN (SELECT value FROM json_each(?2)) ORDER BY seq",
                      wanted.empty(), store::JsonArray(wanted)));
  std::vector<GroupRecord> all;
  for (GroupRow& row : found) {
    ASSIGN_OR_RETURN(GroupRecord record, Complete(FromRow(std::move(row))));
    all.push_back(std::move(record));
  }
  return all;
}

absl::StatusOr<std::vector<std::string>> GroupTable::ListNames() {
  return connection_.All("SELECT name FROM scaling_groups ORDER BY seq", ReadName);
}

absl::StatusOr<int64_t> GroupTable::Count() {
  int64_t count = 0;
  RETURN_IF_ERROR(connection_.Query("SELECT count(*) FROM scaling_groups", [&](store::Row& row) { row.Read(count); }));
  return count;
}

absl::StatusOr<std::vector<std::string>> GroupTable::ListNamesBySource(const std::string& source_id) {
  return connection_.All("SELECT name FROM scaling_groups WHERE source_id = ? ORDER BY seq", ReadName, source_id);
}

absl::Status GroupTable::Update(GroupRecord& record) {
  GroupRow row = ToRow(record);
  RETURN_IF_ERROR(Groups().Update(connection_, row));
  record.version = row.record.version;
  RETURN_IF_ERROR(connection_.Run("DELETE FROM scaling_subnets WHERE group_seq = ?", record.seq));
  return InsertSubnets(connection_, record);
}

absl::Status GroupTable::Delete(int64_t seq) {
  return connection_.Run("DELETE FROM scaling_groups WHERE seq = ?", seq);
}

absl::Status GroupTable::PutHook(int64_t seq, const scaling::Hook& hook) {
  return Hooks().Put(connection_, {seq, hook});
}

absl::Status GroupTable::DeleteHook(int64_t seq, const std::string& hook) {
  return Hooks().Delete(connection_, std::tie(seq, hook));
}

absl::StatusOr<std::vector<scaling::GroupTag>> GroupTable::ListTags(int64_t seq) {
  ASSIGN_OR_RETURN(std::vector<TagRow> rows,
                   Tags().Select(connection_, "scaling_tags WHERE group_seq = ? ORDER BY key", seq));
  std::vector<scaling::GroupTag> tags;
  for (TagRow& row : rows) tags.push_back(std::move(row.tag));
  return tags;
}

absl::Status GroupTable::SetTag(int64_t seq, const scaling::GroupTag& tag) {
  return Tags().Put(connection_, {seq, tag});
}

absl::Status GroupTable::DeleteTag(int64_t seq, const std::string& key) {
  return Tags().Delete(connection_, std::tie(seq, key));
}

}  // namespace brume::autoscaling
