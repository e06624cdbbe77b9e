// Managed prefix lists. Source of behaviour: EC2 API reference, CreateManagedPrefixList, ModifyManagedPrefixList,
// DeleteManagedPrefixList, RestoreManagedPrefixListVersion, GetManagedPrefixListEntries,
// GetManagedPrefixListAssociations.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/random.h"
#include "lib/ec2/network/model/prefix_list.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct PrefixListView {
  PrefixList list;
  TagMap tags;
};

// An entry as a request has it: its family is the list's.
struct PrefixListEntryRequest {
  std::string cidr;
  std::string description = {};
};

struct NewPrefixList {
  std::string name;
  bool ipv6 = false;
  int max_entries = 0;
  std::vector<PrefixListEntryRequest> entries = {};
  TagMap tags = {};
  std::string client_token = {};  // empty = none
  std::string parameters_digest = {};
};

struct PrefixListChange {
  std::optional<int64_t> current_version;  // that the change is about; unset = whichever there is
  std::optional<std::string> name;
  std::optional<int> max_entries;
  std::vector<PrefixListEntryRequest> add;
  std::vector<std::string> remove;
};

// The VPCs whose packets a list decides about.
struct PrefixListUsers {
  std::set<VpcId> by_rules, by_routes;
};

// Thread-safe.
class PrefixListService {
 public:
  // `wake` is called with the list whose entries changed, after the commit.
  PrefixListService(store::Database& database, Random& random,
                    std::function<void(const PrefixListId&, const PrefixListUsers&)> wake);

  // Errors: InvalidParameterValue for a name of AWS's, a malformed CIDR, one of the other family and one that is there
  // twice; PrefixListMaxEntriesExceeded, ResourceLimitExceeded, IdempotentParameterMismatch.
  absl::StatusOr<PrefixListView> Create(const NewPrefixList& wanted);
  // All or nothing. What has no room for a new size leaves the list as it was, and in the state modify-failed.
  // Errors: InvalidPrefixListID.NotFound, MissingParameter, InvalidParameterCombination, InvalidParameterValue,
  // PrefixListVersionMismatch, InvalidPrefixListModification for an entry that is there already, or not there,
  // PrefixListMaxEntriesExceeded.
  absl::StatusOr<PrefixListView> Modify(const PrefixListId& id, const PrefixListChange& change);
  // Errors: InvalidPrefixListID.NotFound, PrefixListVersionMismatch, InvalidParameterValue for a version that is not
  // there, PrefixListMaxEntriesExceeded.
  absl::StatusOr<PrefixListView> Restore(const PrefixListId& id, int64_t previous, int64_t current);
  // What it was. Errors: InvalidPrefixListID.NotFound; DependencyViolation while a rule or a route names it.
  absl::StatusOr<PrefixListView> Delete(const PrefixListId& id);

  // Those of `ids`, or else those that have a tag of `tags`, or all. Error: InvalidPrefixListID.NotFound.
  absl::StatusOr<std::vector<PrefixListView>> List(absl::Span<const PrefixListId> ids,
                                                   const std::optional<tagging::TagQuery>& tags = {});
  // Errors: InvalidPrefixListID.NotFound, InvalidParameterValue for a version that is not there.
  absl::StatusOr<std::vector<PrefixListEntry>> Entries(const PrefixListId& id, std::optional<int64_t> version = {});
  // Ids of the security groups and route tables that name it. Error: InvalidPrefixListID.NotFound.
  absl::StatusOr<std::vector<std::string>> Associations(const PrefixListId& id);

 private:
  // Runs in one transaction and wakes those who use the list.
  absl::StatusOr<PrefixListView> Change(const PrefixListId& id,
                                        const std::function<absl::Status(store::Connection&, PrefixList&)>& change);

  store::Database& database_;
  Random& random_;
  const std::function<void(const PrefixListId&, const PrefixListUsers&)> wake_;
};

// Inside a transaction of the caller's.

// The list. Error: InvalidPrefixListID.NotFound.
absl::StatusOr<PrefixList> GetPrefixList(store::Connection& connection, const PrefixListId& id);
// Its IPv4 ranges; none of a list of IPv6 ranges, nor of one that is not
// there.
absl::StatusOr<std::vector<Cidr>> Ipv4RangesOf(store::Connection& connection, const PrefixListId& id);

// Likewise its IPv6 ranges.
absl::StatusOr<std::vector<CidrIpv6>> ListIpv6RangesOf(store::Connection& connection, const PrefixListId& id);

}  // namespace brume::network
