#include "lib/autoscaling/tables/refresh_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/autoscaling/tables/type_options.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/json_text.h"
#include "lib/store/table.h"

namespace brume::autoscaling {
namespace {

using scaling::LaunchDefinition;
using scaling::Refresh;
using scaling::SourceRequest;

// A refresh without its group's name; the desired source's columns are NULL without one.
struct RefreshRow {
  Refresh refresh;
  int64_t group_seq = 0;
  std::optional<bool> desired_is_template = {};
  std::optional<std::string> desired_id = {}, desired_version = {};
  std::optional<scaling::MixedPolicy> desired_policy = {};
};

const auto& Refreshes() {
  using R = Refresh;
  using Preferences = scaling::RefreshPreferences;
  constexpr auto kRefresh = &RefreshRow::refresh;
  constexpr auto kPreferences = &R::preferences;
  static const auto table = store::DescribeTable<RefreshRow>(
      "scaling_refreshes", "instance refresh", store::Key("id", kRefresh, &R::id),
      store::Assigned("seq", kRefresh, &R::seq), store::Version(kRefresh, &R::version),
      store::Fixed("group_seq", &RefreshRow::group_seq), store::Column("status", kRefresh, &R::status),
      store::Column("reason", kRefresh, &R::reason), store::Fixed("started", kRefresh, &R::started),
      store::Encoded<store::OpenEnd>("ended", kRefresh, &R::ended),
      store::Fixed("min_healthy", kRefresh, kPreferences, &Preferences::min_healthy_percent),
      store::Fixed("warmup", kRefresh, kPreferences, &Preferences::warmup),
      store::FixedJson("checkpoints", kRefresh, kPreferences, &Preferences::checkpoints),
      store::Fixed("checkpoint_delay", kRefresh, kPreferences, &Preferences::checkpoint_delay),
      store::Fixed("skip_matching", kRefresh, kPreferences, &Preferences::skip_matching),
      store::Fixed("auto_rollback", kRefresh, kPreferences, &Preferences::auto_rollback),
      store::Fixed("max_healthy", kRefresh, kPreferences, &Preferences::max_healthy_percent),
      store::Fixed("protected_members", kRefresh, kPreferences, &Preferences::protected_members),
      store::Fixed("standby_members", kRefresh, kPreferences, &Preferences::standby_members),
      store::FixedJson("alarms", kRefresh, kPreferences, &Preferences::alarms),
      store::Fixed("desired_is_template", &RefreshRow::desired_is_template),
      store::Fixed("desired_id", &RefreshRow::desired_id),
      store::Fixed("desired_version", &RefreshRow::desired_version),
      store::FixedJson("desired_policy", &RefreshRow::desired_policy),
      store::Fixed("before_is_template", kRefresh, &R::before, &LaunchDefinition::source, &SourceRequest::is_template),
      store::Fixed("before_id", kRefresh, &R::before, &LaunchDefinition::source, &SourceRequest::id),
      store::Fixed("before_version", kRefresh, &R::before, &LaunchDefinition::source, &SourceRequest::version),
      store::FixedJson("before_policy", kRefresh, &R::before, &LaunchDefinition::policy),
      store::FixedJson("before_types", kRefresh, &R::before, &LaunchDefinition::types),
      store::FixedEncoded<TypeOptions>("before_options", kRefresh, &R::before, &LaunchDefinition::options),
      store::Column("total", kRefresh, &R::total), store::Column("remaining", kRefresh, &R::left),
      store::Column("waiting_since", kRefresh, &R::waiting_since),
      store::Column("checkpoints_passed", kRefresh, &R::checkpoints_passed));
  return table;
}

RefreshRow ToRow(const Refresh& refresh, int64_t group_seq) {
  RefreshRow row{.refresh = refresh, .group_seq = group_seq};
  if (refresh.desired.has_value()) {
    row.desired_is_template = refresh.desired->source.is_template;
    row.desired_id = refresh.desired->source.id;
    row.desired_version = refresh.desired->source.version;
    row.desired_policy = refresh.desired->policy;
  }
  return row;
}

Refresh Read(store::Row& from) {
  RefreshRow row = Refreshes().Read(from);
  from.Read(row.refresh.group);
  if (row.desired_is_template.has_value()) {
    row.refresh.desired = LaunchDefinition{
        .source = {*row.desired_is_template, row.desired_id.value_or(""), row.desired_version.value_or("")},
        .policy = std::move(row.desired_policy)};
  }
  return std::move(row.refresh);
}

std::string Select(absl::string_view where) {
  return absl::StrCat("SELECT ", Refreshes().columns(),
                      ", group_name FROM scaling_refreshes JOIN (SELECT seq AS number, name AS group_name FROM "
                      "scaling_groups) ON number = group_seq WHERE ",
                      where, " ORDER BY seq DESC");
}

}  // namespace

store::TableDescription RefreshTable::Describe() { return Refreshes().Describe(); }

absl::Status RefreshTable::Insert(int64_t group_seq, Refresh& refresh) {
  RETURN_IF_ERROR(Refreshes().Insert(connection_, ToRow(refresh, group_seq)));
  refresh.seq = connection_.inserted_row();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Refresh>> RefreshTable::List(int64_t group_seq) {
  return connection_.All(Select("group_seq = ?"), Read, group_seq);
}

absl::StatusOr<std::optional<Refresh>> RefreshTable::Active(int64_t group_seq) {
  return connection_.First(Select("group_seq = ? AND ended IS NULL"), Read, group_seq);
}

absl::Status RefreshTable::Update(Refresh& refresh) {
  RefreshRow row = ToRow(refresh, 0);
  RETURN_IF_ERROR(Refreshes().Update(connection_, row));
  refresh.version = row.refresh.version;
  return absl::OkStatus();
}

absl::Status RefreshTable::Trim(int64_t group_seq, int keep) {
  return connection_.Run(
      "DELETE FROM scaling_refreshes WHERE group_seq = ?1 AND seq NOT IN (SELECT seq FROM scaling_refreshes "
      "WHERE group_seq = ?1 ORDER BY seq DESC LIMIT ?2)",
      group_seq, keep);
}

}  // namespace brume::autoscaling
