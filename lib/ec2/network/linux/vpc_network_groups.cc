// Security groups and prefix lists. Part of VpcNetwork, in a file of its own.
#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/vpc_network.h"

namespace brume::network {
namespace {

bool SamePermissions(const std::vector<SecurityGroupRule>& a, const std::vector<SecurityGroupRule>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& one, const auto& other) { return one.SamePermission(other); });
}

// Prefix lists are compared with those of the whole VPC, and so is a group whose rules name one.
bool DiffersInMembersAlone(const GroupSpec& spec, const GroupRules& group) {
  return spec.prefix_lists.empty() && group.prefix_lists.empty() && group.ipv6.prefix_lists.empty() &&
         SamePermissions(spec.rules, group.rules) && SamePermissions(spec.ipv6_rules, group.ipv6.rules) &&
         std::set<Ipv6>(spec.ipv6_members.begin(), spec.ipv6_members.end()) == group.ipv6.members;
}

}  // namespace

std::vector<PrefixListId> VpcNetwork::UnnamedPrefixLists(const SecurityGroupId& group, const GroupRules* after) const {
  std::set<PrefixListId> named;
  for (const auto& [id, rules] : rules_.groups) {
    if (id != group) named.insert(rules.prefix_lists.begin(), rules.prefix_lists.end());
  }
  if (after != nullptr) named.insert(after->prefix_lists.begin(), after->prefix_lists.end());
  std::vector<PrefixListId> unnamed;
  for (const auto& [id, intervals] : rules_.prefix_lists) {
    if (!named.contains(id)) unnamed.push_back(id);
  }
  return unnamed;
}

absl::Status VpcNetwork::DoApplyGroup(const GroupSpec& spec) {
  RETURN_IF_ERROR(NeedSync());
  const auto before = rules_.groups.find(spec.group.id);
  if (before != rules_.groups.end() && DiffersInMembersAlone(spec, before->second)) {
    RETURN_IF_ERROR(ChangeMembers(spec.group.id, AddressSet(spec.members), before->second));
    return SyncIpv6Rules();
  }
  GroupRules after = GroupRulesOf(spec.rules, spec.members);
  after.ipv6 = Ipv6GroupRulesOf(spec.ipv6_rules, spec.ipv6_members);
  std::map<PrefixListId, Intervals> lists;
  for (const PrefixListSpec& list : spec.prefix_lists) lists[list.id] = IntervalsOf(list.ranges);
  for (const PrefixListId& id : after.prefix_lists) lists.try_emplace(id);
  std::string text;
  for (const auto& [id, intervals] : lists) {
    const auto old = rules_.prefix_lists.find(id);
    absl::StrAppend(&text, ChangePrefixList(id, old == rules_.prefix_lists.end() ? nullptr : &old->second, intervals));
  }
  absl::StrAppend(&text, ChangeGroup(spec.group.id, before == rules_.groups.end() ? nullptr : &before->second, after));
  const std::vector<PrefixListId> unnamed = UnnamedPrefixLists(spec.group.id, &after);
  for (const PrefixListId& id : unnamed) absl::StrAppend(&text, RemovePrefixListText(id));
  RETURN_IF_ERROR(nft_->Run(text));
  rules_.groups[spec.group.id] = std::move(after);
  for (auto& [id, intervals] : lists) rules_.prefix_lists[id] = std::move(intervals);
  for (const PrefixListId& id : unnamed) rules_.prefix_lists.erase(id);
  for (const PrefixListSpec& list : spec.prefix_lists) {
    rules_.ipv6.prefix_lists[list.id] = Ipv6IntervalsOf(list.ipv6_ranges);
  }
  return SyncIpv6Rules();
}

absl::Status VpcNetwork::DoApplyMembers(const GroupMembers& members) {
  RETURN_IF_ERROR(NeedSync());
  const auto group = rules_.groups.find(members.group);
  if (group == rules_.groups.end()) {
    return absl::NotFoundError(absl::StrCat(id_.text(), " has no ", members.group.text(), " on the host"));
  }
  RETURN_IF_ERROR(ChangeMembers(members.group, AddressSet(members.members), group->second));
  group->second.ipv6.members = {members.ipv6_members.begin(), members.ipv6_members.end()};
  return SyncIpv6Rules();
}

absl::Status VpcNetwork::ChangeMembers(const SecurityGroupId& id, AddressSet members, GroupRules& group) {
  RETURN_IF_ERROR(nft_->Change({.table = "brume",
                                .set = id.text(),
                                .added = members.Without(group.members),
                                .removed = group.members.Without(members)}));
  group.members = std::move(members);
  return absl::OkStatus();
}

absl::Status VpcNetwork::DoApplyPrefixList(const PrefixListSpec& spec) {
  RETURN_IF_ERROR(NeedSync());
  if (const auto ipv6 = rules_.ipv6.prefix_lists.find(spec.id); ipv6 != rules_.ipv6.prefix_lists.end()) {
    ipv6->second = Ipv6IntervalsOf(spec.ipv6_ranges);
    RETURN_IF_ERROR(SyncIpv6Rules());
  }
  const auto present = rules_.prefix_lists.find(spec.id);
  if (present == rules_.prefix_lists.end()) return absl::OkStatus();
  Intervals after = IntervalsOf(spec.ranges);
  RETURN_IF_ERROR(nft_->Run(ChangePrefixList(spec.id, &present->second, after)));
  present->second = std::move(after);
  return absl::OkStatus();
}

absl::Status VpcNetwork::DoRemoveGroup(const SecurityGroupId& group) {
  RETURN_IF_ERROR(NeedSync());
  if (!rules_.groups.contains(group)) return absl::OkStatus();
  for (const auto& [tap, port] : rules_.ports) {
    if (std::find(port.groups.begin(), port.groups.end(), group) != port.groups.end()) {
      return absl::FailedPreconditionError(absl::StrCat(group.text(), " is in use by ", tap));
    }
  }
  for (const EndpointRules& endpoint : rules_.endpoints) {
    if (std::find(endpoint.groups.begin(), endpoint.groups.end(), group) != endpoint.groups.end()) {
      return absl::FailedPreconditionError(absl::StrCat(group.text(), " is in use by a VPC endpoint"));
    }
  }
  bool named = false;
  for (const auto& [id, rules] : rules_.groups) named = named || (id != group && rules.peers.contains(group));
  const std::vector<PrefixListId> unnamed = UnnamedPrefixLists(group, nullptr);
  std::string text = RemoveGroupText(group, rules_.groups[group], named || rules_.groups[group].peers.contains(group));
  for (const PrefixListId& id : unnamed) absl::StrAppend(&text, RemovePrefixListText(id));
  RETURN_IF_ERROR(nft_->Run(text));
  rules_.groups.erase(group);
  for (const PrefixListId& id : unnamed) rules_.prefix_lists.erase(id);
  return SyncIpv6Rules();
}

}  // namespace brume::network
