#include "lib/cloudwatch/alarm_history_table.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"

namespace brume::cloudwatch {
namespace {

using alarm::DueAction;
using alarm::HistoryItem;
using alarm::Kind;

constexpr char kSelectDue[] =
    "SELECT seq, alarm, kind, action, state, time, instance_id, message_id, message, step FROM alarm_due_actions";

HistoryItem ReadItem(store::Row& row) {
  HistoryItem item;
  row.Read(item.number, item.alarm, item.kind, item.time, item.type, item.summary, item.data);
  return item;
}

DueAction ReadDue(store::Row& row) {
  DueAction due;
  row.Read(due.number, due.alarm, due.kind, due.action, due.state, due.time, due.instance_id, due.message_id,
           due.message, due.step);
  return due;
}

}  // namespace

absl::Status AlarmHistoryTable::Append(const HistoryItem& item, int keep) {
  RETURN_IF_ERROR(
      connection_.Run("INSERT INTO alarm_history (alarm, kind, time, type, summary, data) VALUES (?, ?, ?, ?, ?, ?)",
                      item.alarm, item.kind, item.time, item.type, item.summary, item.data));
  return connection_.Run(
      "DELETE FROM alarm_history WHERE alarm = ?1 AND seq <= "
      "(SELECT seq FROM alarm_history WHERE alarm = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
      item.alarm, keep);
}

absl::StatusOr<std::vector<HistoryItem>> AlarmHistoryTable::Find(const alarm::HistoryQuery& query) {
  const bool all = query.kinds.empty();
  bool metric = all, composite = all;
  for (const Kind kind : query.kinds) (kind == Kind::kMetric ? metric : composite) = true;
  // A named alarm's items are few; without a name the newest come first by their number alone.
  return connection_.All(
      absl::StrCat("SELECT seq, alarm, kind, time, type, summary, data FROM alarm_history "
                   "WHERE (?1 IS NULL OR alarm = ?1) AND ((?2 AND kind = 0) OR (?3 AND kind = 1)) "
                   "AND (?4 IS NULL OR type = ?4) AND (?5 IS NULL OR time >= ?5) AND (?6 IS NULL OR time <= ?6) "
                   "AND (?7 = 0 OR seq ",
                   query.oldest_first ? ">" : "<", " ?7) ORDER BY seq ", query.oldest_first ? "ASC" : "DESC",
                   " LIMIT ?8"),
      ReadItem, query.alarm, metric, composite, query.type, query.since, query.until, query.after, query.most);
}

absl::StatusOr<bool> AlarmHistoryTable::Evict(absl::Time oldest, int most) {
  RETURN_IF_ERROR(connection_.Run(
      "DELETE FROM alarm_history WHERE seq IN (SELECT seq FROM alarm_history WHERE time < ? ORDER BY time LIMIT ?)",
      oldest, most));
  return connection_.changed_rows() == most;
}

absl::Status AlarmDueActionTable::Add(DueAction& due) {
  return connection_.Query(
      "INSERT INTO alarm_due_actions (alarm, kind, action, state, time, instance_id, message_id, message, step) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
      [&](store::Row& row) { row.Read(due.number); }, due.alarm, due.kind, due.action, due.state, due.time,
      due.instance_id, due.message_id, due.message, due.step);
}

absl::StatusOr<std::vector<DueAction>> AlarmDueActionTable::List() {
  return connection_.All(absl::StrCat(kSelectDue, " ORDER BY seq"), ReadDue);
}

absl::StatusOr<std::optional<DueAction>> AlarmDueActionTable::First(const std::string& alarm,
                                                                    const std::string& action) {
  return connection_.First(absl::StrCat(kSelectDue, " WHERE alarm = ? AND action = ? ORDER BY seq LIMIT 1"), ReadDue,
                           alarm, action);
}

absl::Status AlarmDueActionTable::SetStep(int64_t number, alarm::Step step) {
  return connection_.Run("UPDATE alarm_due_actions SET step = ? WHERE seq = ?", step, number);
}

absl::Status AlarmDueActionTable::Remove(int64_t number) {
  return connection_.Run("DELETE FROM alarm_due_actions WHERE seq = ?", number);
}

}  // namespace brume::cloudwatch
