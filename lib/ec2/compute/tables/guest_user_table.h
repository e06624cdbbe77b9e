// Repository of the users of the host that guests run as.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/resource/ids.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::compute {

class GuestUserTable {
 public:
  explicit GuestUserTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  // 0 = the instance has none.
  absl::StatusOr<int64_t> Find(const InstanceId& id);
  // Those that instances have, in order.
  absl::StatusOr<std::vector<int64_t>> List();
  // In the place of the one it has. AlreadyExists when another instance has the id. It goes with the instance's row.
  absl::Status Set(const InstanceId& id, int64_t user_id);

 private:
  store::Connection& connection_;
};

}  // namespace brume::compute
