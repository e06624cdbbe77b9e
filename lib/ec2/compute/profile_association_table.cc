#include "lib/ec2/compute/profile_association_table.h"

#include "absl/strings/str_cat.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/store/connection.h"

namespace brume::compute {
namespace {

ProfileAssociation ReadAssociation(store::Row& row) {
  ProfileAssociation a;
  row.Read(a.id, a.instance_id, a.profile_id, a.profile_arn, a.associated);
  return a;
}

std::string SelectAssociations(absl::string_view rest) {
  return absl::StrCat(
      "SELECT profile_associations.id, instance_id, profile_id, profile_arn, associated FROM profile_associations ",
      rest);
}

}  // namespace

absl::Status ProfileAssociationTable::Insert(const ProfileAssociation& a) {
  return connection_.Run(
      "INSERT INTO profile_associations (id, instance_id, profile_id, profile_arn, associated) VALUES (?, ?, ?, ?, ?)",
      a.id, a.instance_id, a.profile_id, a.profile_arn, a.associated);
}

absl::StatusOr<std::optional<ProfileAssociation>> ProfileAssociationTable::Find(const std::string& id) {
  return connection_.First(SelectAssociations("WHERE id = ?"), ReadAssociation, id);
}

absl::StatusOr<std::vector<ProfileAssociation>> ProfileAssociationTable::List() {
  return connection_.All(SelectAssociations("JOIN instances ON instances.id = instance_id WHERE state <> ? "
                                            "ORDER BY profile_associations.id"),
                         ReadAssociation, InstanceState::kTerminated);
}

absl::StatusOr<std::vector<ProfileAssociation>> ProfileAssociationTable::ListOf(
    absl::Span<const InstanceId> instances) {
  return connection_.All(SelectAssociations("WHERE instance_id IN (SELECT value FROM json_each(?))"), ReadAssociation,
                         store::JsonArrayOfIds(instances));
}

absl::Status ProfileAssociationTable::Delete(const std::string& id) {
  return connection_.Run("DELETE FROM profile_associations WHERE id = ?", id);
}

}  // namespace brume::compute
