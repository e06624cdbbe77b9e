#include "lib/cloudwatch/tables/alarm_history_table.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::cloudwatch {
namespace {

using alarm::DueAction;
using alarm::HistoryItem;
using alarm::Kind;

const auto& Items() {
  using I = HistoryItem;
  static const auto table = store::DescribeTable<I>(
      "alarm_history", "item of an alarm's history", store::Assigned("seq", &I::number),
      store::Fixed("alarm", &I::alarm), store::Fixed("kind", &I::kind), store::Fixed("time", &I::time),
      store::Fixed("type", &I::type), store::Fixed("summary", &I::summary), store::Fixed("data", &I::data));
  return table;
}

const auto& DueActions() {
  using D = DueAction;
  static const auto table = store::DescribeTable<D>(
      "alarm_due_actions", "due action of an alarm", store::Assigned("seq", &D::number),
      store::Fixed("alarm", &D::alarm), store::Fixed("kind", &D::kind), store::Fixed("action", &D::action),
      store::Fixed("state", &D::state), store::Fixed("time", &D::time), store::Fixed("instance_id", &D::instance_id),
      store::Fixed("message_id", &D::message_id), store::Fixed("message", &D::message),
      store::Column("step", &D::step));
  return table;
}

}  // namespace

store::TableDescription AlarmHistoryTable::Describe() { return Items().Describe(); }

absl::Status AlarmHistoryTable::Append(const HistoryItem& item, int keep) {
  RETURN_IF_ERROR(Items().Insert(connection_, item));
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
  return Items().Select(
      connection_,
      absl::StrCat("alarm_history WHERE (?1 IS NULL OR alarm = ?1) AND ((?2 AND kind = 0) OR (?3 AND kind = 1)) "
                   "AND (?4 IS NULL OR type = ?4) AND (?5 IS NULL OR time >= ?5) AND (?6 IS NULL OR time <= ?6) "
                   "AND (?7 = 0 OR seq ",
                   query.oldest_first ? ">" : "<", " ?7) ORDER BY seq ", query.oldest_first ? "ASC" : "DESC",
                   " LIMIT ?8"),
      query.alarm, metric, composite, query.type, query.since, query.until, query.after, query.max_records);
}

absl::StatusOr<bool> AlarmHistoryTable::Evict(absl::Time oldest, int max_rows) {
  RETURN_IF_ERROR(connection_.Run(
      "DELETE FROM alarm_history WHERE seq IN (SELECT seq FROM alarm_history WHERE time < ? ORDER BY time LIMIT ?)",
      oldest, max_rows));
  return connection_.changed_rows() == max_rows;
}

store::TableDescription AlarmDueActionTable::Describe() { return DueActions().Describe(); }

absl::Status AlarmDueActionTable::Add(DueAction& due) {
  RETURN_IF_ERROR(DueActions().Insert(connection_, due));
  due.number = connection_.inserted_row();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<DueAction>> AlarmDueActionTable::List() {
  return DueActions().Select(connection_, "alarm_due_actions ORDER BY seq");
}

absl::StatusOr<std::optional<DueAction>> AlarmDueActionTable::First(const std::string& alarm,
                                                                    const std::string& action) {
  return DueActions().First(connection_, "alarm_due_actions WHERE alarm = ? AND action = ? ORDER BY seq LIMIT 1", alarm,
                            action);
}

absl::Status AlarmDueActionTable::SetStep(int64_t number, alarm::Step step) {
  return connection_.Run("UPDATE alarm_due_actions SET step = ? WHERE seq = ?", step, number);
}

absl::Status AlarmDueActionTable::Remove(int64_t number) { return DueActions().Delete(connection_, number); }

}  // namespace brume::cloudwatch
