// Rows of network ACLs, their rules and associations. Inside transactions of its callers.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/network/model/network_acl.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::network {

class NetworkAclTable {
 public:
  explicit NetworkAclTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status Insert(const NetworkAcl& acl);
  absl::StatusOr<NetworkAcl> Get(const NetworkAclId& id);  // InvalidNetworkAclID.NotFound
  // Of all VPCs, or one; oldest first.
  absl::StatusOr<std::vector<NetworkAcl>> List(const std::optional<VpcId>& vpc);
  absl::StatusOr<std::optional<NetworkAcl>> DefaultOf(const VpcId& vpc);
  absl::Status Delete(const NetworkAclId& id);  // with its rules; no subnet may have it (FailedPrecondition)

  absl::Status InsertEntry(const NetworkAclEntry& entry);
  absl::StatusOr<std::optional<NetworkAclEntry>> FindEntry(const NetworkAclId& acl, bool egress, int number);
  absl::Status SetEntry(const NetworkAclEntry& entry);
  absl::Status DeleteEntry(const NetworkAclId& acl, bool egress, int number);
  // Of one ACL, by direction and number.
  absl::StatusOr<std::vector<NetworkAclEntry>> ListEntries(const NetworkAclId& acl);

  absl::Status InsertAssociation(const NetworkAclAssociation& association);
  absl::StatusOr<NetworkAclAssociation> GetAssociation(const NetworkAclAssociationId& id);
  absl::StatusOr<std::vector<NetworkAclAssociation>> ListAssociations(const NetworkAclId& acl);
  absl::Status DeleteAssociation(const NetworkAclAssociationId& id);

 private:
  store::Connection& connection_;
};

}  // namespace brume::network
