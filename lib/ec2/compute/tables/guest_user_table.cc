#include "lib/ec2/compute/tables/guest_user_table.h"

#include <optional>

#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::compute {
namespace {

struct GuestUser {
  InstanceId instance_id;
  int64_t user_id = 0;
};

const auto& Users() {
  static const auto table =
      store::DescribeTable<GuestUser>("guest_users", "guest user", store::Key("instance_id", &GuestUser::instance_id),
                                      store::Fixed("user_id", &GuestUser::user_id));
  return table;
}

}  // namespace

store::TableDescription GuestUserTable::Describe() { return Users().Describe(); }

absl::StatusOr<int64_t> GuestUserTable::Find(const InstanceId& id) {
  ASSIGN_OR_RETURN(const std::optional<GuestUser> found, Users().Find(connection_, id));
  return found.has_value() ? found->user_id : 0;
}

absl::StatusOr<std::vector<int64_t>> GuestUserTable::List() {
  ASSIGN_OR_RETURN(const std::vector<GuestUser> all, Users().Select(connection_, "guest_users ORDER BY user_id"));
  std::vector<int64_t> ids;
  ids.reserve(all.size());
  for (const GuestUser& each : all) ids.push_back(each.user_id);
  return ids;
}

absl::Status GuestUserTable::Set(const InstanceId& id, int64_t user_id) {
  RETURN_IF_ERROR(Users().Delete(connection_, id));
  return Users().Insert(connection_, {id, user_id});
}

}  // namespace brume::compute
