#include "lib/ec2/network/prefix_list_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/quota_weights.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/security_group_rules.h"
#include "lib/ec2/network/tables/prefix_list_table.h"
#include "lib/ec2/network/tables/routing_table.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::network {
namespace {

// EC2's quotas. The oldest version goes for one more.
constexpr size_t kMaxLists = 100;
constexpr int64_t kMaxVersions = 1000;
// Of what is in the way of a new size, as many as EC2 names.
constexpr size_t kMaxNamed = 10;

int64_t OldestVersion(const PrefixList& list) { return std::max<int64_t>(1, list.current_version - kMaxVersions + 1); }

absl::Status CheckName(const std::string& name) {
  if (!absl::StartsWithIgnoreCase(name, "com.amazonaws")) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Value (", name,
                                 ") for parameter PrefixListName is invalid: names that begin with com.amazonaws are "
                                 "those of AWS's own lists"));
}

absl::Status CheckCount(const PrefixList& list, size_t count) {
  if (count <= static_cast<size_t>(list.max_entries)) return absl::OkStatus();
  return ec2::Error("PrefixListMaxEntriesExceeded",
                    absl::StrCat("The prefix list '", list.id.text(), "' may have ", list.max_entries, " entries, and ",
                                 count, " are to be in it: change MaxEntries first"));
}

absl::Status CheckVersion(const PrefixList& list, std::optional<int64_t> version) {
  if (!version.has_value() || *version == list.current_version) return absl::OkStatus();
  return ec2::Error("PrefixListVersionMismatch",
                    absl::StrCat("The prefix list has the incorrect version number. (", list.id.text(), " has version ",
                                 list.current_version, ")"));
}

// Error: InvalidParameterValue for one that is not there, or no longer.
absl::Status CheckStored(const PrefixList& list, int64_t version) {
  if (version >= OldestVersion(list) && version <= list.current_version) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("The version ", version, " of the prefix list '", list.id.text(),
                                 "' does not exist: there are ", OldestVersion(list), " to ", list.current_version));
}

bool HasEntry(const std::vector<PrefixListEntry>& entries, const AnyCidr& cidr) {
  return std::any_of(entries.begin(), entries.end(), [&](const PrefixListEntry& each) { return each.cidr == cidr; });
}

absl::Status GivenTwice(const AnyCidr& cidr) {
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("The CIDR (", TextOf(cidr), ") is given more than once, host bits cleared"));
}

absl::StatusOr<std::vector<PrefixListEntry>> ParseEntries(const std::vector<PrefixListEntryRequest>& requested,
                                                          bool ipv6) {
  std::vector<PrefixListEntry> entries;
  for (const PrefixListEntryRequest& each : requested) {
    ASSIGN_OR_RETURN(const AnyCidr cidr, ParseAnyCidr(each.cidr, ipv6));
    if (HasEntry(entries, cidr)) return GivenTwice(cidr);
    if (!IsAllowedText(each.description)) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The description of the entry ", TextOf(cidr),
                                     " is invalid: up to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"));
    }
    entries.push_back({.cidr = cidr, .description = each.description});
  }
  return entries;
}

// What a change leaves of the entries. Errors: those of Modify.
absl::StatusOr<std::vector<PrefixListEntry>> Changed(const PrefixList& list, std::vector<PrefixListEntry> entries,
                                                     const PrefixListChange& change) {
  const auto bad = [&](const AnyCidr& cidr, absl::string_view what) {
    return ec2::Error("InvalidPrefixListModification",
                      absl::StrCat("The CIDR (", TextOf(cidr), ") in the prefix list '", list.id.text(), "' ", what));
  };
  ASSIGN_OR_RETURN(const std::vector<PrefixListEntry> added, ParseEntries(change.add, list.ipv6));
  std::vector<PrefixListEntryRequest> named;
  for (const std::string& cidr : change.remove) named.push_back({.cidr = cidr});
  ASSIGN_OR_RETURN(const std::vector<PrefixListEntry> removed, ParseEntries(named, list.ipv6));
  for (const PrefixListEntry& each : removed) {
    if (HasEntry(added, each.cidr)) return GivenTwice(each.cidr);
    if (!HasEntry(entries, each.cidr)) return bad(each.cidr, "does not exist.");
    std::erase_if(entries, [&](const PrefixListEntry& entry) { return entry.cidr == each.cidr; });
  }
  for (const PrefixListEntry& each : added) {
    if (HasEntry(entries, each.cidr)) return bad(each.cidr, "already exists.");
    entries.push_back(each);
  }
  return entries;
}

// Makes a new version of these entries.
absl::Status SetEntries(store::Connection& c, PrefixList& list, const std::vector<PrefixListEntry>& wanted) {
  RETURN_IF_ERROR(CheckCount(list, wanted.size()));
  PrefixListTable lists(c);
  ASSIGN_OR_RETURN(const std::vector<PrefixListEntry> present, lists.ListEntries(list.id, list.current_version));
  ++list.current_version;
  const auto missing_in = [](const std::vector<PrefixListEntry>& entries, const PrefixListEntry& entry) {
    return std::find(entries.begin(), entries.end(), entry) == entries.end();
  };
  for (const PrefixListEntry& entry : present) {
    if (missing_in(wanted, entry)) RETURN_IF_ERROR(lists.RemoveEntry(list.id, list.current_version, entry.cidr));
  }
  for (const PrefixListEntry& entry : wanted) {
    if (missing_in(present, entry)) RETURN_IF_ERROR(lists.AddEntry(list.id, list.current_version, entry));
  }
  return lists.DeleteVersionsBefore(list.id, OldestVersion(list));
}

// What names the list and has no room for it at its new size.
absl::StatusOr<std::vector<std::string>> TooSmallFor(store::Connection& c, const PrefixList& list) {
  PrefixListTable lists(c);
  Weights weights(c);
  weights.Assume(list);
  std::vector<std::string> ids;
  ASSIGN_OR_RETURN(const std::vector<SecurityGroupId> groups, lists.GroupsNaming(list.id));
  for (const SecurityGroupId& group : groups) {
    ASSIGN_OR_RETURN(const std::vector<SecurityGroupRule> rules, SecurityGroupTable(c).ListRules(group));
    const absl::Status fits = CheckRuleQuota(group, rules, weights);
    if (absl::IsResourceExhausted(fits)) ids.push_back(group.text());
    if (!fits.ok() && !absl::IsResourceExhausted(fits)) return fits;
  }
  ASSIGN_OR_RETURN(const std::vector<RouteTableId> tables, lists.TablesNaming(list.id));
  for (const RouteTableId& table : tables) {
    ASSIGN_OR_RETURN(const std::vector<VpcRoute> routes, RoutingTable(c).ListRoutesOf(table));
    const absl::Status fits = CheckRouteQuota(routes, weights);
    if (absl::IsResourceExhausted(fits)) ids.push_back(table.text());
    if (!fits.ok() && !absl::IsResourceExhausted(fits)) return fits;
  }
  return ids;
}

// The state of the list says how it went.
absl::Status Resize(store::Connection& c, PrefixList& list, int max_entries) {
  PrefixList resized = list;
  resized.max_entries = max_entries;
  ASSIGN_OR_RETURN(const std::vector<PrefixListEntry> entries,
                   PrefixListTable(c).ListEntries(list.id, list.current_version));
  RETURN_IF_ERROR(CheckCount(resized, entries.size()));
  ASSIGN_OR_RETURN(std::vector<std::string> too_small, TooSmallFor(c, resized));
  if (too_small.empty()) {
    list.max_entries = max_entries;
    return absl::OkStatus();
  }
  too_small.resize(std::min(too_small.size(), kMaxNamed));
  list.state = PrefixListState::kModifyFailed;
  list.state_message = absl::StrCat("The maximum number of entries stays ", list.max_entries, ": ", max_entries,
                                    " would exceed the quota of rules or routes of ", absl::StrJoin(too_small, ", "));
  return absl::OkStatus();
}

absl::StatusOr<PrefixListUsers> UsersOf(store::Connection& c, const PrefixListId& id) {
  PrefixListTable lists(c);
  PrefixListUsers users;
  ASSIGN_OR_RETURN(const std::vector<SecurityGroupId> groups, lists.GroupsNaming(id));
  for (const SecurityGroupId& group : groups) {
    ASSIGN_OR_RETURN(const SecurityGroup row, SecurityGroupTable(c).Get(group));
    users.by_rules.insert(row.vpc_id);
  }
  ASSIGN_OR_RETURN(const std::vector<RouteTableId> tables, lists.TablesNaming(id));
  for (const RouteTableId& table : tables) {
    ASSIGN_OR_RETURN(const RouteTable row, RoutingTable(c).GetTable(table));
    users.by_routes.insert(row.vpc_id);
  }
  return users;
}

absl::StatusOr<PrefixListView> ViewOf(store::Connection& c, PrefixList list) {
  ASSIGN_OR_RETURN(TagMap tags, tagging::GetTags(c, list.id.text()));
  return PrefixListView{std::move(list), std::move(tags)};
}

}  // namespace

PrefixListService::PrefixListService(store::Database& database, Random& random,
                                     std::function<void(const PrefixListId&, const PrefixListUsers&)> wake)
    : database_(database), random_(random), wake_(std::move(wake)) {}

absl::StatusOr<PrefixListView> PrefixListService::Create(const NewPrefixList& wanted) {
  RETURN_IF_ERROR(CheckName(wanted.name));
  RETURN_IF_ERROR(CheckTags(wanted.tags));
  ASSIGN_OR_RETURN(const std::vector<PrefixListEntry> entries, ParseEntries(wanted.entries, wanted.ipv6));
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<PrefixListView> {
    PrefixListTable lists(c);
    ASSIGN_OR_RETURN(const std::optional<PrefixList> before, lists.FindByToken(wanted.client_token));
    if (before.has_value()) {
      if (before->parameters_digest == wanted.parameters_digest) return ViewOf(c, *before);
      return ec2::ErrorAnd(absl::StrCat("The client token is '", wanted.client_token, "'."), ec2::kTokenReused);
    }
    ASSIGN_OR_RETURN(const std::vector<PrefixList> all, lists.List());
    if (all.size() >= kMaxLists) return QuotaReached("ResourceLimitExceeded", "prefix lists", kMaxLists);
    PrefixList list{.id = PrefixListId::New(random_),
                    .name = wanted.name,
                    .ipv6 = wanted.ipv6,
                    .max_entries = wanted.max_entries,
                    .client_token = wanted.client_token,
                    .parameters_digest = wanted.parameters_digest};
    RETURN_IF_ERROR(CheckCount(list, entries.size()));
    RETURN_IF_ERROR(lists.Insert(list));
    for (const PrefixListEntry& entry : entries) {
      RETURN_IF_ERROR(lists.AddEntry(list.id, list.current_version, entry));
    }
    RETURN_IF_ERROR(tagging::SetTags(c, list.id.text(), wanted.tags));
    return PrefixListView{std::move(list), wanted.tags};
  });
}

absl::StatusOr<PrefixListView> PrefixListService::Change(
    const PrefixListId& id, const std::function<absl::Status(store::Connection&, PrefixList&)>& change) {
  PrefixListUsers users;
  ASSIGN_OR_RETURN(PrefixListView view, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<PrefixListView> {
    PrefixListTable lists(c);
    ASSIGN_OR_RETURN(PrefixList list, lists.Get(id));
    const int64_t before = list.current_version;
    list.state_message.clear();
    RETURN_IF_ERROR(change(c, list));
    RETURN_IF_ERROR(lists.Set(list));
    users = {};
    if (list.current_version != before) {
      ASSIGN_OR_RETURN(users, UsersOf(c, id));
    }
    return ViewOf(c, std::move(list));
  }));
  wake_(id, users);
  return view;
}

absl::StatusOr<PrefixListView> PrefixListService::Modify(const PrefixListId& id, const PrefixListChange& change) {
  const bool entries = !change.add.empty() || !change.remove.empty();
  if (!entries && !change.name.has_value() && !change.max_entries.has_value()) {
    return ec2::Error(ec2::kMissingParameter, "addEntry, removeEntry, maxEntries or prefixListName");
  }
  if (entries && change.max_entries.has_value()) {
    return ec2::Error("InvalidParameterCombination",
                      "You cannot modify the entries and the maximum entries for the prefix list in the same request.");
  }
  if (change.name.has_value()) RETURN_IF_ERROR(CheckName(*change.name));
  return Change(id, [&](store::Connection& c, PrefixList& list) -> absl::Status {
    RETURN_IF_ERROR(CheckVersion(list, change.current_version));
    list.state = PrefixListState::kModifyComplete;
    if (change.name.has_value()) list.name = *change.name;
    if (change.max_entries.has_value()) return Resize(c, list, *change.max_entries);
    if (!entries) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::vector<PrefixListEntry> present, PrefixListTable(c).ListEntries(id, list.current_version));
    ASSIGN_OR_RETURN(const std::vector<PrefixListEntry> wanted, Changed(list, std::move(present), change));
    return SetEntries(c, list, wanted);
  });
}

absl::StatusOr<PrefixListView> PrefixListService::Restore(const PrefixListId& id, int64_t previous, int64_t current) {
  return Change(id, [&](store::Connection& c, PrefixList& list) -> absl::Status {
    RETURN_IF_ERROR(CheckVersion(list, current));
    RETURN_IF_ERROR(CheckStored(list, previous));
    ASSIGN_OR_RETURN(const std::vector<PrefixListEntry> wanted, PrefixListTable(c).ListEntries(id, previous));
    list.state = PrefixListState::kRestoreComplete;
    return SetEntries(c, list, wanted);
  });
}

absl::StatusOr<PrefixListView> PrefixListService::Delete(const PrefixListId& id) {
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<PrefixListView> {
    PrefixListTable lists(c);
    ASSIGN_OR_RETURN(PrefixList list, lists.Get(id));
    ASSIGN_OR_RETURN(const std::vector<SecurityGroupId> groups, lists.GroupsNaming(id));
    ASSIGN_OR_RETURN(const std::vector<RouteTableId> tables, lists.TablesNaming(id));
    if (!groups.empty() || !tables.empty()) {
      return ec2::ErrorAnd(
          absl::StrCat("(", groups.empty() ? tables.front().text() : groups.front().text(), " names it)"),
          ec2::kHasDependent, id.text());
    }
    ASSIGN_OR_RETURN(PrefixListView view, ViewOf(c, std::move(list)));
    RETURN_IF_ERROR(lists.Delete(id));
    return view;
  });
}

absl::StatusOr<std::vector<PrefixListView>> PrefixListService::List(absl::Span<const PrefixListId> ids,
                                                                    const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<PrefixListView>> {
    PrefixListTable lists(c);
    ASSIGN_OR_RETURN(
        std::vector<PrefixList> rows,
        tagging::ChooseRows<PrefixListId>(
            c, ids, tags, [&](const PrefixListId& id) { return lists.Get(id); }, [&] { return lists.List(); }));
    return tagging::WithTags(c, std::move(rows), &PrefixListView::list);
  });
}

absl::StatusOr<std::vector<PrefixListEntry>> PrefixListService::Entries(const PrefixListId& id,
                                                                        std::optional<int64_t> version) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<PrefixListEntry>> {
    PrefixListTable lists(c);
    ASSIGN_OR_RETURN(const PrefixList list, lists.Get(id));
    RETURN_IF_ERROR(CheckStored(list, version.value_or(list.current_version)));
    return lists.ListEntries(id, version.value_or(list.current_version));
  });
}

absl::StatusOr<std::vector<std::string>> PrefixListService::Associations(const PrefixListId& id) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<std::string>> {
    PrefixListTable lists(c);
    RETURN_IF_ERROR(lists.Get(id).status());
    std::vector<std::string> ids;
    ASSIGN_OR_RETURN(const std::vector<SecurityGroupId> groups, lists.GroupsNaming(id));
    for (const SecurityGroupId& group : groups) ids.push_back(group.text());
    ASSIGN_OR_RETURN(const std::vector<RouteTableId> tables, lists.TablesNaming(id));
    for (const RouteTableId& table : tables) ids.push_back(table.text());
    return ids;
  });
}

absl::StatusOr<PrefixList> GetPrefixList(store::Connection& connection, const PrefixListId& id) {
  return PrefixListTable(connection).Get(id);
}

template <typename Range>
static absl::StatusOr<std::vector<Range>> RangesOfList(store::Connection& connection, const PrefixListId& id) {
  PrefixListTable lists(connection);
  const absl::StatusOr<PrefixList> list = lists.Get(id);
  if (absl::IsNotFound(list.status())) return std::vector<Range>();
  RETURN_IF_ERROR(list.status());
  ASSIGN_OR_RETURN(const std::vector<PrefixListEntry> entries, lists.ListEntries(id, list->current_version));
  std::vector<Range> ranges;
  for (const PrefixListEntry& entry : entries) {
    if (const Range* const range = std::get_if<Range>(&entry.cidr)) ranges.push_back(*range);
  }
  return ranges;
}

absl::StatusOr<std::vector<Cidr>> Ipv4RangesOf(store::Connection& connection, const PrefixListId& id) {
  return RangesOfList<Cidr>(connection, id);
}

absl::StatusOr<std::vector<CidrIpv6>> ListIpv6RangesOf(store::Connection& connection, const PrefixListId& id) {
  return RangesOfList<CidrIpv6>(connection, id);
}

}  // namespace brume::network
