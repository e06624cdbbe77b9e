// Rows of managed prefix lists and their entries. Inside transactions of its callers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/network/model/prefix_list.h"
#include "lib/resource/ids.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::network {

class PrefixListTable {
 public:
  explicit PrefixListTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status Insert(const PrefixList& list);
  absl::StatusOr<PrefixList> Get(const PrefixListId& id);  // InvalidPrefixListID.NotFound
  absl::StatusOr<std::vector<PrefixList>> List();
  absl::StatusOr<std::optional<PrefixList>> FindByToken(const std::string& client_token);
  absl::Status Set(const PrefixList& list);
  absl::Status Delete(const PrefixListId& id);  // with its entries and tags; FailedPrecondition while a rule names it

  // Of one version, in the order they were added.
  absl::StatusOr<std::vector<PrefixListEntry>> ListEntries(const PrefixListId& id, int64_t version);
  // Of the versions from `version` on.
  absl::Status AddEntry(const PrefixListId& id, int64_t version, const PrefixListEntry& entry);
  // From the version on it is not there any more.
  absl::Status RemoveEntry(const PrefixListId& id, int64_t version, const AnyCidr& cidr);
  // What only versions before this one have.
  absl::Status DeleteVersionsBefore(const PrefixListId& id, int64_t version);

  // What names the list, by id.
  absl::StatusOr<std::vector<SecurityGroupId>> GroupsNaming(const PrefixListId& id);
  absl::StatusOr<std::vector<RouteTableId>> TablesNaming(const PrefixListId& id);

 private:
  store::Connection& connection_;
};

}  // namespace brume::network
