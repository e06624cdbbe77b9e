#include "lib/autoscaling/activity_table.h"

#include <limits>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "lib/store/connection.h"

namespace brume::autoscaling {
namespace {

using scaling::Activity;

constexpr char kColumns[] =
    "token, group_seq, group_name, member, kind, instance_id, zone, description, cause, status, message, started";

template <typename A>
auto Fields(A& a) {
  return std::tie(a.token, a.group_seq, a.group, a.member, a.kind, a.instance, a.zone, a.description, a.cause, a.status,
                  a.status_message, a.started);
}

// None while it is under way, so that those have an index of their own.
std::optional<absl::Time> EndOf(const Activity& a) {
  if (a.ended == absl::InfiniteFuture()) return std::nullopt;
  return a.ended;
}

Activity Read(store::Row& row) {
  Activity a;
  std::optional<absl::Time> ended;
  row.Read(a.seq, ended, Fields(a));
  a.ended = ended.value_or(absl::InfiniteFuture());
  return a;
}

std::string Select(absl::string_view rest) {
  return absl::StrCat("SELECT seq, ended, ", kColumns, " FROM scaling_activities ", rest);
}

}  // namespace

absl::Status ActivityTable::Insert(const Activity& a) {
  return connection_.Run(absl::StrCat("INSERT INTO scaling_activities (ended, ", kColumns, ") VALUES (",
                                      store::Placeholders(13), ") ON CONFLICT (token) DO NOTHING"),
                         EndOf(a), Fields(a));
}

absl::StatusOr<std::vector<Activity>> ActivityTable::List(const ActivityFilter& f) {
  return connection_.All(
      Select("WHERE (?1 OR token IN (SELECT value FROM json_each(?2))) AND (?3 IS NULL OR group_name = ?3) "
             "AND (?4 OR group_seq IN (SELECT seq FROM scaling_groups)) AND seq < ?5 ORDER BY seq DESC LIMIT ?6"),
      Read, f.tokens.empty(), store::JsonArray(f.tokens), f.group, f.deleted_groups,
      f.before.value_or(std::numeric_limits<int64_t>::max()), f.most);
}

absl::StatusOr<std::vector<Activity>> ActivityTable::ListOpen(int64_t group_seq, const std::string& member) {
  return connection_.All(Select("WHERE group_seq = ? AND member = ? AND ended IS NULL ORDER BY seq"), Read, group_seq,
                         member);
}

absl::StatusOr<int64_t> ActivityTable::CountOpen(int64_t group_seq) {
  const auto read = [](store::Row& row) {
    int64_t count = 0;
    row.Read(count);
    return count;
  };
  ASSIGN_OR_RETURN(const std::optional<int64_t> count,
                   connection_.First("SELECT count(*) FROM scaling_activities WHERE group_seq = ? AND ended IS NULL",
                                     read, group_seq));
  return count.value_or(0);
}

absl::Status ActivityTable::Update(const Activity& a) {
  return connection_.Run(
      "UPDATE scaling_activities SET instance_id = ?, description = ?, status = ?, message = ?, ended = ? "
      "WHERE token = ?",
      a.instance, a.description, a.status, a.status_message, EndOf(a), a.token);
}

absl::Status ActivityTable::DeleteBefore(absl::Time limit, int most) {
  return connection_.Run(
      "DELETE FROM scaling_activities WHERE seq IN (SELECT seq FROM scaling_activities WHERE ended < ? LIMIT ?)", limit,
      most);
}

}  // namespace brume::autoscaling
