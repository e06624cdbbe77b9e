#include "lib/autoscaling/tables/activity_table.h"

#include <limits>

#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::autoscaling {
namespace {

using scaling::Activity;

const auto& Activities() {
  using A = Activity;
  static const auto table = store::DescribeTable<A>(
      "scaling_activities", "scaling activity", store::Key("token", &A::token), store::Assigned("seq", &A::seq),
      store::Fixed("group_seq", &A::group_seq), store::Fixed("group_name", &A::group),
      store::Fixed("member", &A::member), store::Fixed("kind", &A::kind), store::Column("instance_id", &A::instance),
      store::Fixed("zone", &A::zone), store::Column("description", &A::description), store::Fixed("cause", &A::cause),
      store::Column("status", &A::status), store::Column("message", &A::status_message),
      store::Fixed("started", &A::started), store::Encoded<store::OpenEnd>("ended", &A::ended));
  return table;
}

}  // namespace

store::TableDescription ActivityTable::Describe() { return Activities().Describe(); }

absl::Status ActivityTable::Insert(const Activity& activity) {
  const absl::Status inserted = Activities().Insert(connection_, activity);
  return store::Violates(inserted, "scaling_activities.token") ? absl::OkStatus() : inserted;
}

absl::StatusOr<std::vector<Activity>> ActivityTable::List(const ActivityFilter& f) {
  return Activities().Select(
      connection_,
      "scaling_activities WHERE (?1 OR token IN (SELECT value FROM json_each(?2))) AND (?3 IS NULL OR group_name = ?3) "
      "AND (?4 OR group_seq IN (SELECT seq FROM scaling_groups)) AND (?5 OR status IN (SELECT CAST(value AS INTEGER) "
      "FROM "
      "json_each(?6))) AND started >= ?7 AND started <= ?8 AND seq < ?9 ORDER BY seq DESC LIMIT ?10",
      f.tokens.empty(), store::JsonArray(f.tokens), f.group, f.deleted_groups, f.statuses.empty(),
      store::JsonArray(f.statuses), f.started_from, f.started_until,
      f.before.value_or(std::numeric_limits<int64_t>::max()), f.max_records);
}

absl::StatusOr<std::vector<Activity>> ActivityTable::ListOpen(int64_t group_seq, const std::string& member) {
  return Activities().Select(connection_,
                             "scaling_activities WHERE group_seq = ? AND member = ? AND ended IS NULL ORDER BY seq",
                             group_seq, member);
}

absl::Status ActivityTable::Update(const Activity& activity) { return Activities().Overwrite(connection_, activity); }

absl::Status ActivityTable::DeleteBefore(absl::Time limit, int max_rows) {
  return connection_.Run(
      "DELETE FROM scaling_activities WHERE seq IN (SELECT seq FROM scaling_activities WHERE ended < ? LIMIT ?)", limit,
      max_rows);
}

}  // namespace brume::autoscaling
