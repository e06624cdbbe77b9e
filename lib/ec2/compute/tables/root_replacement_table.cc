#include "lib/ec2/compute/tables/root_replacement_table.h"

#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::compute {
namespace {

const auto& Tasks() {
  using T = RootReplacement;
  static const auto table = store::DescribeTable<T>(
      "root_replacements", "root volume replacement task", store::Key("id", &T::id), store::Version(&T::version),
      store::Fixed("instance_id", &T::instance_id), store::Column("state", &T::state),
      store::Column("state_since", &T::state_since), store::Fixed("started", &T::started),
      store::Column("completed", &T::completed), store::Fixed("snapshot_id", &T::snapshot_id),
      store::Fixed("image_id", &T::image_id), store::Fixed("delete_replaced", &T::delete_replaced),
      store::Fixed("volume_id", &T::volume_id), store::Fixed("replaced_id", &T::replaced_id),
      store::Fixed("replaced_image_id", &T::replaced_image_id), store::Fixed("client_token", &T::client_token),
      store::Fixed("parameters_digest", &T::parameters_digest), store::Unmapped("seq"));
  return table;
}

}  // namespace

store::TableDescription RootReplacementTable::Describe() { return Tasks().Describe(); }

absl::Status RootReplacementTable::Insert(const RootReplacement& task) { return Tasks().Insert(connection_, task); }

absl::StatusOr<RootReplacement> RootReplacementTable::Get(const ReplaceRootVolumeTaskId& id) {
  return Tasks().Get(connection_, id);
}

absl::Status RootReplacementTable::Update(RootReplacement& task) { return Tasks().Update(connection_, task); }

absl::StatusOr<std::vector<RootReplacement>> RootReplacementTable::List() {
  return Tasks().Select(connection_, "root_replacements ORDER BY seq");
}

absl::StatusOr<std::vector<RootReplacement>> RootReplacementTable::ListOf(const InstanceId& id) {
  return Tasks().Select(connection_, "root_replacements WHERE instance_id = ? ORDER BY seq", id);
}

// 0, 1 and 2 are pending, in-progress and failing, as literals so that the partial index serves.
absl::StatusOr<std::optional<RootReplacement>> RootReplacementTable::FindInWork(const InstanceId& id) {
  return Tasks().First(connection_, "root_replacements WHERE instance_id = ? AND state IN (0, 1, 2)", id);
}

absl::StatusOr<std::vector<InstanceId>> RootReplacementTable::ListInstancesInWork() {
  return connection_.All("SELECT instance_id FROM root_replacements WHERE state IN (0, 1, 2)", [](store::Row& row) {
    InstanceId id;
    row.Read(id);
    return id;
  });
}

absl::StatusOr<std::optional<RootReplacement>> RootReplacementTable::FindByToken(const std::string& client_token) {
  return Tasks().First(connection_, "root_replacements WHERE client_token = ? AND client_token <> ''", client_token);
}

}  // namespace brume::compute
