#include "lib/gateway/event_table.h"

#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::gateway {
namespace {

const auto& Events() {
  using E = Event;
  static const auto table = store::DescribeTable<E>(
      "events", "event", store::Assigned("seq", &E::number), store::Fixed("time", &E::time),
      store::Fixed("request_id", &E::request_id), store::Fixed("principal", &E::principal),
      store::Fixed("access_key_id", &E::access_key_id), store::Fixed("source", &E::source),
      store::Fixed("user_agent", &E::user_agent), store::Fixed("action", &E::action),
      store::Fixed("read_only", &E::read_only), store::Fixed("parameters", &E::parameters),
      store::Fixed("vpc_endpoint_id", &E::vpc_endpoint_id), store::Fixed("outcome", &E::outcome),
      store::Fixed("message", &E::message), store::Fixed("duration_us", &E::duration));
  return table;
}

struct EventResource {
  std::string resource_id;
  int64_t event = 0;
};
const auto& Resources() {
  static const auto table = store::DescribeTable<EventResource>("event_resources", "resource of the event",
                                                                store::Key("resource_id", &EventResource::resource_id),
                                                                store::Key("event", &EventResource::event));
  return table;
}

}  // namespace

std::vector<store::TableDescription> EventTable::Describe() { return {Events().Describe(), Resources().Describe()}; }

absl::Status EventTable::Append(const Event& event) {
  RETURN_IF_ERROR(Events().Insert(connection_, event));
  const int64_t number = connection_.inserted_row();
  for (const std::string& resource : event.resources) {
    RETURN_IF_ERROR(Resources().Put(connection_, {resource, number}));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Event>> EventTable::Lookup(const EventQuery& query, int64_t before, int limit) {
  constexpr char kEvents[] =
      "events WHERE (?1 = 0 OR seq < ?1) AND (?2 IS NULL OR action = ?2) AND (?3 IS NULL OR principal = ?3) "
      "AND (?4 IS NULL OR access_key_id = ?4) AND (?5 IS NULL OR request_id = ?5) AND (?6 IS NULL OR outcome = ?6) "
      "AND (?7 IS NULL OR read_only = ?7) AND (?8 IS NULL OR time >= ?8) AND (?9 IS NULL OR time <= ?9) "
      "AND (?10 IS NULL OR seq IN (SELECT event FROM event_resources WHERE resource_id = ?10)) "
      "ORDER BY seq DESC LIMIT ?11";
  ASSIGN_OR_RETURN(std::vector<Event> events,
                   Events().Select(connection_, kEvents, before, query.action, query.principal, query.access_key_id,
                                   query.request_id, query.outcome, query.read_only, query.since, query.until,
                                   query.resource, limit));
  for (Event& event : events) {
    RETURN_IF_ERROR(connection_.Query(
        "SELECT resource_id FROM event_resources WHERE event = ? ORDER BY resource_id",
        [&](store::Row& row) { row.Read(event.resources.emplace_back()); }, event.number));
  }
  return events;
}

absl::StatusOr<bool> EventTable::Evict(bool read_only, absl::Time oldest, int64_t keep, int max_rows) {
  // The first number that stays: the newest `keep` do, unless they are too old; and of what goes, only the first
  // `max_rows`.
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
      [&](store::Row& row) { row.Read(wanted, floor); }, read_only, keep, oldest, max_rows));
  const bool more = floor != 0 && wanted > floor;
  if (!more) floor = wanted;
  RETURN_IF_ERROR(connection_.Run("UPDATE event_floor SET seq = max(seq, ?) WHERE read_only = ?", floor, read_only));
  RETURN_IF_ERROR(connection_.Run("DELETE FROM events WHERE read_only = ? AND seq < ?", read_only, floor));
  return more;
}

}  // namespace brume::gateway
