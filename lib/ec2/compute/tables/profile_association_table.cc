#include "lib/ec2/compute/tables/profile_association_table.h"

#include "absl/strings/str_cat.h"
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

absl::StatusOr<std::vector<ProfileAssociation>> ProfileAssociationTable::List(absl::Span<const std::string> ids) {
  constexpr char kAlive[] = "(SELECT state FROM instances WHERE instances.id = instance_id) <> ? ORDER BY id";
  if (ids.empty()) {
    return Associations().Select(connection_, absl::StrCat("profile_associations WHERE ", kAlive),
                                 InstanceState::kTerminated);
  }
  return Associations().Select(
      connection_, absl::StrCat("profile_associations WHERE id IN (SELECT value FROM json_each(?)) AND ", kAlive),
      store::JsonArray({ids.begin(), ids.end()}), InstanceState::kTerminated);
}

absl::StatusOr<std::vector<ProfileAssociation>> ProfileAssociationTable::ListOf(
    absl::Span<const InstanceId> instances) {
  return Associations().Select(connection_,
                               "(SELECT value AS wanted FROM json_each(?)) CROSS JOIN profile_associations "
                               "ON instance_id = wanted",
                               store::JsonArrayOfIds(instances));
}

absl::Status ProfileAssociationTable::Delete(const std::string& id) { return Associations().Delete(connection_, id); }

}  // namespace brume::compute
