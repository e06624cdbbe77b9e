#include "lib/gateway/event_table.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"

namespace brume::gateway {
namespace {

constexpr char kColumns[] =
    "seq, time, request_id, principal, access_key_id, source, user_agent, action, read_only, parameters, outcome, "
    "message, duration_us";

Event ReadEvent(store::Row& row) {
  Event event;
  int64_t micros = 0;
  row.Read(event.number, event.time, event.request_id, event.principal, event.access_key_id, event.source,
           event.user_agent, event.action, event.read_only, event.parameters, event.outcome, event.message, micros);
  event.duration = absl::Microseconds(micros);
  return event;
}

}  // namespace

absl::Status EventTable::Append(const Event& event) {
  int64_t number = 0;
  RETURN_IF_ERROR(connection_.Query(
      "INSERT INTO events (time, request_id, principal, access_key_id, source, user_agent, action, read_only, "
      "parameters, outcome, message, duration_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
      [&](store::Row& row) { row.Read(number); }, event.time, event.request_id, event.principal, event.access_key_id,
      event.source, event.user_agent, event.action, event.read_only, event.parameters, event.outcome, event.message,
      absl::ToInt64Microseconds(event.duration)));
  for (const std::string& resource : event.resources) {
    RETURN_IF_ERROR(
        connection_.Run("INSERT OR IGNORE INTO event_resources (resource_id, event) VALUES (?, ?)", resource, number));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Event>> EventTable::Lookup(const EventQuery& query, int64_t before, int limit) {
  constexpr char kConditions[] =
      " WHERE (?1 = 0 OR seq < ?1) AND (?2 IS NULL OR action = ?2) AND (?3 IS NULL OR principal = ?3) "
      "AND (?4 IS NULL OR access_key_id = ?4) AND (?5 IS NULL OR request_id = ?5) AND (?6 IS NULL OR outcome = ?6) "
      "AND (?7 IS NULL OR read_only = ?7) AND (?8 IS NULL OR time >= ?8) AND (?9 IS NULL OR time <= ?9) "
      "AND (?10 IS NULL OR seq IN (SELECT event FROM event_resources WHERE resource_id = ?10)) "
      "ORDER BY seq DESC LIMIT ?11";
  ASSIGN_OR_RETURN(std::vector<Event> events,
                   connection_.All(absl::StrCat("SELECT ", kColumns, " FROM events", kConditions), ReadEvent, before,
                                   query.action, query.principal, query.access_key_id, query.request_id, query.outcome,
                                   query.read_only, query.since, query.until, query.resource, limit));
  for (Event& event : events) {
    RETURN_IF_ERROR(connection_.Query(
        "SELECT resource_id FROM event_resources WHERE event = ? ORDER BY resource_id",
        [&](store::Row& row) { row.Read(event.resources.emplace_back()); }, event.number));
  }
  return events;
}

absl::StatusOr<bool> EventTable::Evict(bool read_only, absl::Time oldest, int64_t keep, int most) {
  // The first number that stays: the newest `keep` do, unless they are too old; and of what goes, only the first
  // `most`.
  int64_t floor = 0;
  int64_t wanted = 0;
  RETURN_IF_ERROR(connection_.Query(
      "WITH of_kind AS (SELECT seq, time FROM events WHERE read_only = ?1), "
      "by_count (seq) AS (SELECT coalesce((SELECT seq FROM of_kind ORDER BY seq DESC LIMIT 1 OFFSET ?2), 0) + 1), "
      "by_age (seq) AS (SELECT coalesce((SELECT seq FROM of_kind WHERE time >= ?3 ORDER BY seq LIMIT 1), "
      "  (SELECT max(seq) + 1 FROM of_kind), 0)), "
      "batch (seq) AS (SELECT coalesce((SELECT seq FROM of_kind ORDER BY seq LIMIT 1 OFFSET ?4), "
      "  (SELECT max(seq) + 1 FROM of_kind), 0)) "
      "SELECT max(by_count.seq, by_age.seq), batch.seq FROM by_count, by_age, batch",
      [&](store::Row& row) { row.Read(wanted, floor); }, read_only, keep, oldest, most));
  const bool more = floor != 0 && wanted > floor;
  if (!more) floor = wanted;
  RETURN_IF_ERROR(connection_.Run("UPDATE event_floor SET seq = max(seq, ?) WHERE read_only = ?", floor, read_only));
  RETURN_IF_ERROR(connection_.Run("DELETE FROM events WHERE read_only = ? AND seq < ?", read_only, floor));
  return more;
}

}  // namespace brume::gateway
