// Rows of elastic addresses and their associations. Inside transactions of its callers.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/network/model/routing.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::network {

class AddressTable {
 public:
  explicit AddressTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status Insert(const ElasticAddress& address);
  absl::StatusOr<ElasticAddress> Get(const AllocationId& id);  // InvalidAllocationID.NotFound
  absl::StatusOr<std::optional<ElasticAddress>> FindByAddress(Ipv4 address);
  absl::StatusOr<std::vector<ElasticAddress>> List();  // oldest first
  // Those of them that are there, oldest first.
  absl::StatusOr<std::vector<ElasticAddress>> FindMany(absl::Span<const AllocationId> ids);
  absl::StatusOr<std::vector<ElasticAddress>> ListNamed();  // those that have a domain name
  absl::Status SetDomainName(const AllocationId& id, const std::string& domain_name);
  absl::Status Delete(const AllocationId& id);  // it is associated with nothing (FailedPrecondition)

  absl::Status InsertAssociation(const AddressAssociation& association);
  absl::StatusOr<AddressAssociation> GetAssociation(const AddressAssociationId& id);  // InvalidAssociationID.NotFound
  absl::StatusOr<std::optional<AddressAssociation>> AssociationOf(const AllocationId& address);
  absl::StatusOr<std::optional<AddressAssociation>> AssociationOf(const EniId& eni, Ipv4 private_ip);
  absl::StatusOr<std::vector<AddressAssociation>> ListAssociationsOf(absl::Span<const AllocationId> addresses);
  absl::Status DeleteAssociation(const AddressAssociationId& id);

 private:
  store::Connection& connection_;
};

}  // namespace brume::network
