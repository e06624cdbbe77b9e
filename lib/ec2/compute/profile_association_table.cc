#include "lib/ec2/compute/profile_association_table.h"

#include "lib/ec2/compute/model/instance.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::compute {
namespace {

const auto& Associations() {
  using A = ProfileAssociation;
  static const auto table =
      store::DescribeTable<A>("profile_associations", "instance profile association", store::Key("id", &A::id),
                              store::Fixed("instance_id", &A::instance_id), store::Fixed("profile_id", &A::profile_id),
                              store::Fixed("profile_arn", &A::profile_arn), store::Fixed("associated", &A::associated));
  return table;
}

}  // namespace

store::TableDescription ProfileAssociationTable::Describe() { return Associations().Describe(); }

absl::Status ProfileAssociationTable::Insert(const ProfileAssociation& association) {
  return Associations().Insert(connection_, association);
}

absl::StatusOr<std::optional<ProfileAssociation>> ProfileAssociationTable::Find(const std::string& id) {
  return Associations().Find(connection_, id);
}

absl::StatusOr<std::vector<ProfileAssociation>> ProfileAssociationTable::List() {
  return Associations().Select(connection_,
                               "profile_associations WHERE (SELECT state FROM instances WHERE instances.id = "
                               "instance_id) <> ? ORDER BY id",
                               InstanceState::kTerminated);
}

absl::StatusOr<std::vector<ProfileAssociation>> ProfileAssociationTable::ListOf(
    absl::Span<const InstanceId> instances) {
  return Associations().Select(connection_,
                               "profile_associations WHERE instance_id IN (SELECT value FROM json_each(?))",
                               store::JsonArrayOfIds(instances));
}

absl::Status ProfileAssociationTable::Delete(const std::string& id) { return Associations().Delete(connection_, id); }

}  // namespace brume::compute
