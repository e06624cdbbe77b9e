// Network ACLs. Source of behaviour: EC2 API reference, CreateNetworkAcl, CreateNetworkAclEntry,
// ReplaceNetworkAclEntry, DeleteNetworkAclEntry, ReplaceNetworkAclAssociation, DeleteNetworkAcl.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/random.h"
#include "lib/ec2/idempotency/client_tokens.h"
#include "lib/ec2/network/model/network_acl.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct NetworkAclView {
  NetworkAcl acl;
  std::vector<NetworkAclEntry> entries;  // by direction and number
  std::vector<NetworkAclAssociation> associations;
  TagMap tags;
};

// Thread-safe.
class NetworkAclService {
 public:
  // `wake` is called with the VPC after a commit that the fabric must follow.
  NetworkAclService(store::Database& database, Random& random, std::function<void(const VpcId&)> wake);

  // One that denies everything. Errors: InvalidVpcID.NotFound, NetworkAclLimitExceeded.
  absl::StatusOr<NetworkAclView> Create(const VpcId& vpc, const TagMap& tags, const idempotency::CallToken& token = {});
  // Errors: InvalidNetworkAclID.NotFound, InvalidParameterValue for a default one, DependencyViolation while a subnet
  // has it.
  absl::Status Delete(const NetworkAclId& id);
  // The entry is normalised. Errors: InvalidNetworkAclID.NotFound, NetworkAclEntryAlreadyExists,
  // NetworkAclEntryLimitExceeded, those of NormaliseEntry.
  absl::Status AddEntry(NetworkAclEntry entry);
  // Error: InvalidNetworkAclEntry.NotFound.
  absl::Status ReplaceEntry(NetworkAclEntry entry);
  absl::Status RemoveEntry(const NetworkAclId& id, bool egress, int number);
  // The subnet has this ACL from now on, by a new association. Errors: the ids' NotFound, InvalidParameterValue for
  // another VPC's ACL.
  absl::StatusOr<NetworkAclAssociation> ReplaceAssociation(const NetworkAclAssociationId& id, const NetworkAclId& acl);
  absl::StatusOr<NetworkAclAssociation> GetAssociation(const NetworkAclAssociationId& id);
  // Those of `ids`, or else those that have a tag of `tags`, or all. Error: InvalidNetworkAclID.NotFound.
  absl::StatusOr<std::vector<NetworkAclView>> List(absl::Span<const NetworkAclId> ids,
                                                   const std::optional<tagging::TagQuery>& tags = {});

 private:
  // Runs in one transaction and wakes the VPC of the ACL.
  absl::Status Change(const NetworkAclId& id,
                      const std::function<absl::Status(store::Connection&, const NetworkAcl&)>& change);

  store::Database& database_;
  Random& random_;
  const std::function<void(const VpcId&)> wake_;
};

// Checks and normalises number, protocol and ports as EC2 does. Errors: InvalidParameterValue.
absl::Status NormaliseEntry(NetworkAclEntry& entry);

// Inside a transaction of the caller's: the VPC's ACLs without their tags.
absl::StatusOr<std::vector<NetworkAclView>> ReadAcls(store::Connection& connection, const VpcId& vpc);

}  // namespace brume::network
