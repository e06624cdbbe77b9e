// Repository of events: append, look up, evict the oldest.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "lib/gateway/event.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::gateway {

class EventTable {
 public:
  explicit EventTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status Append(const Event& event);
  // Newest first, those with a smaller number than `before` (0 = all), at most `limit`.
  absl::StatusOr<std::vector<Event>> Lookup(const EventQuery& query, int64_t before, int limit);
  // Evicts, of one kind, those before `oldest` and all but the newest `keep`; at most `max_rows` of them, so that the
  // writer is not held. True when there may be more to evict.
  absl::StatusOr<bool> Evict(bool read_only, absl::Time oldest, int64_t keep, int max_rows);

 private:
  store::Connection& connection_;
};

}  // namespace brume::gateway
